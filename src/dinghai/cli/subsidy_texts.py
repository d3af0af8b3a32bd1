"""What `dinghai subsidy` prints: rules, decisions with their reasons, reports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from dinghai.cli.output import table
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import Fault
from dinghai.foundation.money import format_yuan
from dinghai.schemes.subsidy_register import Decided
from dinghai.schemes.subsidy_report import BudgetFigures, Figures, SubsidyReport
from dinghai.schemes.subsidy_rule import SubsidyRule
from dinghai.schemes.subsidy_words import say_reason

_SHOWN: Final = 50


def rule_lines(rule: SubsidyRule) -> list[str]:
    """A rule in a few lines."""
    scope, period = rule.scope, rule.period

    def cap(fen: int | None) -> str:
        return "none" if fen is None else format_yuan(fen)

    return [
        f"{rule.id} {rule.version}: {rule.name_zh}, {rule.authority}",
        f"source: {rule.source} (confidence {rule.confidence})",
        f"ratio {rule.ratio_ppm / 10_000:g}% of the premium borne"
        + ("" if rule.vat_counts else ", without VAT"),
        f"cap a firm {cap(rule.cap_per_firm_fen)}, a policy {cap(rule.cap_per_policy_fen)}",
        f"budget {format_yuan(rule.budget_fen)}, {rule.mode.replace('_', ' ')}; what is freed "
        + ("comes back to it" if rule.freed_budget == "returned" else "lapses"),
        f"{period.counts_by.replace('_', ' ')} {period.first} – {period.last}"
        + ("" if period.apply_by is None else f", applications until {period.apply_by}"),
        *(f"{name}: {', '.join(codes)}" for name, codes in (
            ("sectors", scope.sectors), ("areas", scope.areas), ("sizes", scope.sizes),
            ("products", scope.products), ("lines", scope.lines)) if codes),
        *(f"condition {one.fact} {one.op} {one.value}: {one.text_zh}" for one in rule.conditions),
        *(f"document {one.id}: {one.name_zh}" for one in rule.documents)]


def decision_dict(rule: SubsidyRule, one: Decided) -> dict[str, JSON]:
    """A decision with its reasons in words of both languages."""
    reasons = []
    for each in one.reasons:
        zh, en = say_reason(rule, each, "zh"), say_reason(rule, each, "en")
        reasons.append({
            "code": each.code, "part": each.part, "line": each.line, "truth": each.truth,
            "found": each.found, "wanted": each.wanted, "text_zh": zh.text, "text_en": en.text,
            "mend_zh": zh.mend, "mend_en": en.mend})
    return {"application": one.application.id, "policy": one.application.policy,
            "credit_code": one.application.credit_code, "name": one.application.name,
            "outcome": one.outcome, "basis_fen": one.basis_fen,
            "entitled_fen": one.entitled_fen, "granted_fen": one.granted_fen, "reasons": reasons}


def decision_rows(rule: SubsidyRule, decided: Sequence[Decided]) -> Iterator[str]:
    """A line for each decision, and below it why."""
    rows = table(("application", "outcome", "premium borne", "subsidy", "name"),
                 [(one.application.id, one.outcome.replace("_", " "), format_yuan(one.basis_fen),
                   format_yuan(one.granted_fen), one.application.name) for one in decided])
    yield rows[0]
    for line, one in islice(zip(rows[1:], decided, strict=True), _SHOWN):
        yield line
        for each in one.reasons:
            said = say_reason(rule, each)
            place = "" if each.line is None else f" [{each.part}, line {each.line}]"
            yield f"    {said.text}{place}" + (f" → {said.mend}" if said.mend else "")
    if len(decided) > _SHOWN:
        yield f"and {len(decided) - _SHOWN} more: see --json"


def fault_lines(rejected: Sequence[Fault]) -> Iterator[str]:
    """Every rejected row."""
    yield from (f"! {one}" for one in rejected)


def budget_lines(budget: BudgetFigures) -> list[str]:
    """The budget in one line."""
    return [f"budget {format_yuan(budget.budget_fen)}, used {format_yuan(budget.used_fen)}, left "
            f"{format_yuan(budget.left_fen)}"]


def report_lines(found: SubsidyReport) -> Iterator[str]:
    """The figures, one table a dimension."""
    yield f"{found.rule} {found.version}"
    for name, group in found.groups.items():
        yield ""
        yield from table(
            (name, "applications", "granted", "waiting", "refused", "withdrawn", "ever granted",
             "stands", "paid", "came back", "due back"),
            [_row(key, one) for key, one in (*group.items(), ("all", found.total))])
    if found.refused_by_reason:
        yield ""
        yield from table(("refused for", "applications"), list(found.refused_by_reason.items()))


def _row(key: str, one: Figures) -> tuple[object, ...]:
    waiting = one.waiting_budget + one.waiting_close + one.waiting_evidence
    return (key, one.applications, one.granted, waiting, one.refused, one.withdrawn,
            *(format_yuan(fen) for fen in (one.granted_fen, one.standing_fen, one.paid_fen,
                                           one.returned_fen, one.due_fen)))
