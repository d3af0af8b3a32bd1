"""The loss quantification sheet (损失理算书), which is also the table of the adjuster's report.

Every figure is read from the decision's own steps: what a column shows was taken off, or found,
by the rule of its name. What no column shows stands among the adjustments, so that a line's
verified loss less all that was taken is what it pays.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from dinghai.claims.claim_file import Claim, read_claim
from dinghai.documents.blocks import (
    Block,
    Cell,
    Column,
    Document,
    Figures,
    Heading,
    Paragraph,
    Signatures,
    Table,
)
from dinghai.documents.decision import line_title, presented_fen
from dinghai.documents.decision_shares import share_figures
from dinghai.documents.formats import capital_amount, day, money, plain_money
from dinghai.documents.interruption_sheet import interruption_blocks
from dinghai.documents.phrases import Language
from dinghai.documents.reader import Reader
from dinghai.documents.typesetting import set_pdf
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.wording.policy import read_policy

_COLUMN_OF: Final = {
    "waiting": "retention", "waiting_test": "retention", "retention": "retention",
    "event_deductible": "deductible",
    "retention_minimum": "deductible", "retention_maximum": "deductible",
    "insured_share": "share", "other_insurance": "other",
}
"""Rules that have a column of what they took."""
_UNCOVERED: Final = "section_loss"
_ON_TOP: Final = "defence_outside"


def render_loss_sheet(
    decision: JSON, *, decided_on: date, number: str = "", language: Language = "zh"
) -> bytes:
    """The sheet of a decision document (dinghai.decision/1) as PDF. Raises InputError."""
    return set_pdf(loss_sheet(decision, decided_on=decided_on, number=number, language=language))


def loss_sheet(
    decision: JSON, *, decided_on: date, number: str = "", language: Language = "zh"
) -> Document:
    """The sheet as blocks."""
    if not isinstance(decision, dict) or decision.get("schema") != "dinghai.decision/1":
        raise InputError("this is not a decision", field="schema",
                         mend="give a document of schema dinghai.decision/1")
    policy = read_policy(decision["inputs"]["policy"], file="policy")
    claim, _ = read_claim(decision["inputs"]["claim"], file="claim")
    reader = Reader(policy.product, policy, language)
    say, schedule = reader.say, policy.schedule
    insurer = reader.pick(schedule.insurer.name_zh, schedule.insurer.name_en)
    total = int(decision["total_fen"])
    presented = sum(presented_fen(line) for line in decision["lines"])
    blocks: list[Block] = [
        Paragraph(say("loss.lead")),
        Figures(((say("decision.presented"), money(presented), ""),
                 (say("decision.total"), money(total),
                  capital_amount(max(total, 0)) if language == "zh" else ""),
                 *share_figures(decision, reader))),
        Heading(say("loss.table")), quantification_table(decision, claim, reader),
        Heading(say("loss.interruptions")), *interruption_blocks(decision, claim, reader),
        Signatures(((say("loss.prepared"), (say("common.sign"), say("common.signed_on"))),
                    (say("loss.checked"), (say("common.sign"), say("common.signed_on"))))),
    ]
    return Document(
        language=language, title=say("loss.title"),
        subtitle=reader.pick(policy.product.name_zh, policy.product.name_en),
        number=number or claim.claim_no, issued_on=decided_on, issuer=insurer,
        source_hash=decision["hash"], layout="landscape",
        meta=((say("decision.claim_no"), claim.claim_no),
              (say("common.policy_no"), schedule.policy_no),
              (say("common.insured"), reader.pick(schedule.insured.name_zh,
                                                  schedule.insured.name_en)),
              (say("decision.decided_on"), day(decided_on, language))),
        blocks=tuple(blocks))


def quantification_table(decision: JSON, claim: Claim, reader: Reader) -> Table:
    """The table of GUIDE §6.2: a row an item, then what its line takes off and pays."""
    say = reader.say
    rows = [row for line in decision["lines"] for row in _line_rows(line, claim, reader)]
    narrow, money_width = 9, 17
    columns = (
        Column(say("loss.line_no"), millimetres=8), Column(say("loss.coverage"), share=5),
        Column(say("loss.item"), share=4), Column(say("loss.claimed"), "right", money_width),
        Column(say("loss.evidence"), millimetres=11),
        Column(say("loss.verified"), "right", money_width), Column(say("loss.reason"), share=8),
        Column(say("loss.betterment"), "right", 14),
        Column(say("loss.average"), "right", money_width),
        Column(say("loss.retention"), "right", 15),
        Column(say("loss.sublimit"), "right", money_width),
        Column(say("loss.deductible"), "right", 15), Column(say("loss.share"), "right", 14),
        Column(say("loss.other"), "right", 14),
        Column(say("loss.aggregate"), "right", money_width),
        Column(say("loss.payable"), "right", money_width),
        Column(say("loss.clause"), millimetres=narrow))
    foot = ("", say("loss.total"), *[""] * 13, plain_money(int(decision["total_fen"])), "")
    return Table(columns, tuple(rows), (foot,))


def _line_rows(line: JSON, claim: Claim, reader: Reader) -> Iterator[tuple[str | Cell, ...]]:
    items = [item_figures(line, no, claim, reader) for no in line["items"]]
    whole = line_figures(line, reader)
    name = Cell(line_title(line, reader), str(line["coverage"]), strong=True)
    lead = (str(line["no"]), name)
    tail = (_cell(whole["average"]), _cell(whole["retention"]), _cell(whole["sublimit"]),
            _cell(whole["deductible"]), _cell(whole["share"]), _cell(whole["other"]),
            _cell(whole["aggregate"]),
            Cell(plain_money(int(line["payable_fen"])), strong=True), str(line["clause"]) or "—")
    reason = "\n".join(whole["reasons"])
    if len(items) == 1:
        one = items[0]
        both = "\n".join(part for part in (*one["reasons"], reason) if part)
        yield (*lead, one["name"], one["claimed"], one["evidence"], _cell(one["verified"]),
               both or "—", _cell(one["betterment"]), *tail)
        return
    for index, one in enumerate(items):
        yield (*(lead if index == 0 else ("", "")), one["name"], one["claimed"],
               one["evidence"], _cell(one["verified"]), "\n".join(one["reasons"]) or "—",
               _cell(one["betterment"]), *[""] * 9)
    yield (*(("", "") if items else lead), reader.say("loss.line_row") if items else "", "", "",
           _cell(sum(one["verified"] or 0 for one in items) if items else None),
           reason or "—", "", *tail)


def _cell(value: int | None) -> str:
    return "—" if value is None else plain_money(value)


def item_figures(line: JSON, no: int, claim: Claim, reader: Reader) -> dict[str, JSON]:
    """Claimed, evidence, verified, adjustments and betterment of one loss item."""
    subject = f"item {no}"
    steps = [step for step in line["steps"] if step.get("subject") == subject]
    valued = next((int(step["outputs"]["amount"]) for step in steps
                   if step["rule"] == "valuation"), None)
    verified, betterment, reasons = valued, None, []
    for step in steps:
        before, after = step["inputs"].get("before"), step["outputs"].get("after")
        if before is None or after is None:
            continue
        verified = int(after)
        if before != after:
            reasons.append(_change(step, int(before) - int(after), reader))
            if step.get("code") == "EX-BETTER":
                betterment = int(before) - int(after)
    facts = [one for one in line["facts"] if one.get("item") == no]
    stated = next((one.facts.get("item.claimed_amount") for one in claim.items if one.no == no),
                  None)
    claimed = stated.get("value") if isinstance(stated, dict) else stated
    name = next((one.description for one in claim.items if one.no == no), "")
    evidence = sorted({mark for one in facts for mark in one["evidence"]})
    return {
        "name": reader.say("loss.item_no", no=no, name=name).strip(),
        "claimed": Cell(plain_money(claimed)) if isinstance(claimed, int) else Cell(
            _cell(valued), reader.say("loss.as_valued") if valued is not None else ""),
        "evidence": "\n".join(evidence) or "—", "verified": verified, "betterment": betterment,
        "reasons": reasons,
    }


def line_figures(line: JSON, reader: Reader) -> dict[str, JSON]:
    """What the stages took off one line, column by column; the rest among the reasons."""
    figures: dict[str, JSON] = dict.fromkeys(
        ("average", "retention", "sublimit", "deductible", "share", "other", "aggregate"))
    reasons: list[str] = []
    for step in line["steps"]:
        before, after = _moved(step)
        if before is None or after is None or str(step.get("subject", "")).startswith("item "):
            continue
        rule, taken = step["rule"], before - after
        if rule == "average":
            figures["average"] = after
        elif rule in {"sublimit", "aggregate_limit"}:
            figures[rule.removesuffix("_limit")] = step["inputs"].get("limit_left")
        column = _COLUMN_OF.get(rule)
        if column is not None:
            figures[column] = (figures[column] or 0) + taken
        elif taken:
            reasons.append(_change(step, taken, reader))
    figures["reasons"] = reasons
    return figures


def _moved(step: JSON) -> tuple[int | None, int | None]:
    """Amount before and after, the section's own loss being before where it is not covered."""
    inputs, outputs = step["inputs"], step["outputs"]
    if step["rule"] == _UNCOVERED:
        return inputs.get("items"), outputs.get("amount")
    if step["rule"] == "payability":
        return inputs.get("nominal"), outputs.get("after")
    if step["rule"] == "interim":
        return inputs.get("due"), outputs.get("total")
    if step["rule"] == _ON_TOP:
        return 0, outputs.get("after")
    return inputs.get("before"), outputs.get("after")


def _change(step: JSON, taken: int, reader: Reader) -> str:
    """The rule, or the exclusion by name, and what it took."""
    exclusion = reader.product.exclusion(str(step.get("code", "")))
    name = (reader.say(f"rule.{step['rule']}") if exclusion is None
            else f"{exclusion.clause} {reader.pick(exclusion.name_zh, exclusion.name_en)}")
    code = "loss.change" if taken > 0 else "loss.change_up"
    return reader.say(code, name=name, amount=plain_money(abs(taken)))
