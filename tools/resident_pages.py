"""The reference page of residents' claims, from the tables themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from dinghai.schemes.resident_claim_results import COLUMNS
from dinghai.schemes.resident_claim_tables import (
    Named,
    RingRule,
    SharedRule,
    SingleRule,
    claim_columns,
    shipped_rules,
    stop_payment,
)

_HEAD = """# Residents' claims: files of `dinghai residents`

## The claims file

CSV (UTF-8 with or without mark, UTF-16, GB18030), Excel or Parquet. A column is found by its id,
its Chinese or English name, or another spelling given here; full-width digits and spreadsheet days
are read. Amounts name their unit in the heading (`loss_yuan`, `loss_fen`, `被骗金额（元）`) or in
the cell (`4万`). An empty cell is *unknown*, never zero and never "no". Cells that look like a
person's number are refused: put a keyed hash (HMAC-SHA-256) there. Schema of a row:
`resident-claims.schema.json`.

```
claim_id,certificate_no,person,sum_insured_yuan,inception,terms_explained,loss_day,loss_yuan,recovered_yuan,police_filed,filing_day,prior_paid_yuan,police_notice,bank_records
C1,P1,5f0c7a,50000,2026-01-01,yes,2026-03-01,40000,5000,yes,2026-03-02,0,yes,yes
```
"""
_RETURNS = """
## The file of returns

`dinghai residents returns` reads `claim_id`, `loss`, `recovered_before`, `paid`, `returned`
(amounts with their unit as above); several rows of one claim came back one after another. JSON:
`dinghai.resident-returns/1` (`resident-returns.schema.json`).

```
claim_id,loss_yuan,recovered_before_yuan,paid_yuan,returned_yuan
C1,40000,5000,22400,20000
```
"""


Table = Callable[[Sequence[str], Iterable[Sequence[object]]], str]


def resident_claims_page(table: Table) -> str:
    """Columns, tables written, rules and guidance."""
    rules, guidance = shipped_rules(), stop_payment()
    return "\n".join([
        _HEAD,
        table(("column", "中文", "English", "kind", "needed", "may be empty", "stands for",
                "other spellings"),
               ((f"`{one.id}`", one.name_zh, one.name_en, one.kind, "yes" if one.must else "",
                 "yes" if one.blank else "", f"`{one.fact or one.document}`"
                 if one.fact or one.document else "", ", ".join(one.names))
                for one in claim_columns())),
        "", "All rows of one certificate must agree on sum insured, days of cover, explanation,",
        "insured and what was paid before. `expiry` is the eve of the anniversary unless given.",
        "",
        "## What is written", "",
        "`-o DIR` holds these tables as CSV or Parquet (`--format`) and `summary.json`",
        "(`dinghai.resident-decisions/1`, `resident-decisions.schema.json`). Amounts in fen;",
        "`loss_fen` is the sum of the lines from `recovered_fen` to `other_fen` and `terms_fen`.",
        "",
        table(("table", "columns"), ((name, ", ".join(f"`{one}`" for one in columns))
                                      for name, columns in COLUMNS.items())),
        _RETURNS,
        "## Rules of the decision", "",
        "`resident_claim_rules.toml`; `--rules` takes a file of one's own in the same form.", "",
        table(("proof", "中文", "English", "holds a payment back", "source", "mark"),
               ((f"`{one.document}`", one.name_zh, one.name_en, "yes" if one.holds_back else "",
                 one.source, one.confidence) for one in rules.proofs)), "",
        table(("pattern", "中文", "English", "when", "innocent reading", "source", "mark"),
               ((f"`{one.id}`", one.name_zh, one.name_en, _when(one), one.innocent_en, one.source,
                 one.confidence) for one in rules.patterns)), "",
        table(("rule of returns", "中文", "English", "source", "mark"),
               ((f"`{one.id}`" + (" (default)" if one.id == rules.returns.rule else ""),
                 one.name_zh, one.name_en, one.source, one.confidence)
                for one in rules.returns.rules)), "",
        "## Stopping the payment", "",
        f"Steps while less than {guidance.young_hours} hours have passed since the transfer.", "",
        table(("step", "call", "中文", "English", "source", "mark"),
               ((f"`{one.id}`", one.call, one.text_zh, one.text_en, one.source, one.confidence)
                for one in guidance.steps)), ""])


def _when(one: Named) -> str:
    if isinstance(one, SharedRule):
        return f"{one.key} of {one.persons_least} to {one.persons_common} persons"
    if isinstance(one, SingleRule):
        bound = f"{one.least} or more" if one.least is not None else f"up to {one.most}"
        return f"{one.measure}: {bound}"
    assert isinstance(one, RingRule)
    ties = ", ".join(f"{tie.key} (weighs {tie.weight}, up to {tie.persons_most} persons)"
                     for tie in one.ties)
    return (f"{one.persons_least} to {one.persons_most} persons, {one.kinds_least} kinds or more, "
            f"pairs weigh {one.weight_least}: {ties}")
