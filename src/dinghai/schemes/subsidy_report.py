"""The regulator's report of a subsidy: by sector, area, size and month, agreeing to the fen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Final, Literal

from dinghai.foundation.calendar import shanghai_day
from dinghai.foundation.canonical import JSON
from dinghai.foundation.money import Fen
from dinghai.schemes.subsidy_register import Register
from dinghai.schemes.subsidy_rule import RuleText
from dinghai.schemes.subsidy_standing import Case, Standing

REPORT_SCHEMA: Final = "dinghai.subsidy-report/1"
UNKNOWN: Final = "unknown"
Dimension = Literal["sector", "area", "size", "month", "insurer"]
_Keys = Mapping[Dimension, Callable[[Case], str]]
_KEYS: Final[_Keys] = {
    "sector": lambda case: case.application.sector[:1] or UNKNOWN,
    "area": lambda case: case.application.area or UNKNOWN,
    "size": lambda case: case.application.size or UNKNOWN,
    "month": lambda case: f"{shanghai_day(case.application.applied_at):%Y-%m}"}


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of applications by what became of them, and amounts in fen.

    Every application is counted once in one of ``granted``, ``waiting_…``, ``refused`` and
    ``withdrawn``. ``granted_fen`` is all ever granted, of which ``fallen_fen`` was taken back by
    changes and objections and ``standing_fen`` stands; of the money ``paid_fen`` went out,
    ``returned_fen`` came back and ``due_fen`` is still to come back.
    """

    applications: int = 0
    granted: int = 0
    waiting_evidence: int = 0
    waiting_budget: int = 0
    waiting_close: int = 0
    refused: int = 0
    withdrawn: int = 0
    granted_fen: Fen = 0
    fallen_fen: Fen = 0
    standing_fen: Fen = 0
    paid_fen: Fen = 0
    returned_fen: Fen = 0
    due_fen: Fen = 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(getattr(self, one.name) + getattr(other, one.name)
                         for one in fields(self)))


@dataclass(frozen=True, slots=True)
class BudgetFigures:
    """The budget: what was fixed, what grants and money take of it, what is left."""

    budget_fen: Fen
    used_fen: Fen
    left_fen: Fen


@dataclass(frozen=True, slots=True)
class SubsidyReport:
    """Figures in all and by group; each refusal is counted by its first "no", in all
    (``refused_by_reason``) and in each group (``group_reasons``)."""

    rule: str
    version: str
    total: Figures
    groups: Mapping[Dimension, Mapping[str, Figures]]
    refused_by_reason: Mapping[str, int]
    group_reasons: Mapping[Dimension, Mapping[str, Mapping[str, int]]]
    budget: BudgetFigures
    head: str

    def to_dict(self) -> dict[str, JSON]:
        """The document (schema dinghai.subsidy-report/1)."""
        return {
            "schema": REPORT_SCHEMA, "rule": self.rule, "version": self.version,
            "register_head": self.head, "budget": asdict(self.budget),
            "total": asdict(self.total), "refused_by_reason": dict(self.refused_by_reason),
            "groups": {name: [
                {"key": key, **asdict(one),
                 "refused_by_reason": dict(self.group_reasons[name].get(key, {}))}
                for key, one in group.items()] for name, group in self.groups.items()}}


def report(
    text: RuleText, register: Register, *, insurers: Mapping[str, str] | None = None,
) -> SubsidyReport:
    """The report of a register as it stands.

    With ``insurers``, which names the insurer of an application by its number, also by insurer:
    the register does not say who insures.
    """
    standing = Standing(text.rule, register.entries)
    keys = _KEYS if insurers is None else {
        **_KEYS, "insurer": lambda case: insurers.get(case.application.id) or UNKNOWN}
    groups: dict[Dimension, dict[str, Figures]] = {name: {} for name in keys}
    reasons: dict[Dimension, dict[str, Counter[str]]] = {name: {} for name in keys}
    total, refusals = Figures(), Counter[str]()
    for case in standing.cases.values():
        figures, why = _figures(case), _first_no(case)
        total += figures
        refusals.update(why)
        for name, key_of in keys.items():
            key = key_of(case)
            groups[name][key] = groups[name].get(key, Figures()) + figures
            reasons[name].setdefault(key, Counter()).update(why)
    budget, left = text.rule.budget_fen, standing.budget_left_fen()
    return SubsidyReport(
        text.rule.id, text.rule.version, total,
        {name: dict(sorted(group.items())) for name, group in groups.items()},
        dict(sorted(refusals.items())), reasons, BudgetFigures(budget, budget - left, left),
        register.head)


def _first_no(case: Case) -> list[str]:
    """The code of the reason that a refusal is counted by; none where it was not refused."""
    if case.outcome != "refused":
        return []
    return [next((one.code for one in case.reasons if one.truth == "false"), UNKNOWN)]


def _figures(case: Case) -> Figures:
    outcome = "withdrawn" if case.withdrawn else case.outcome
    return Figures(
        applications=1, **{outcome: 1}, granted_fen=case.ever_granted_fen,
        fallen_fen=case.ever_granted_fen - case.granted_fen, standing_fen=case.granted_fen,
        paid_fen=case.paid_fen, returned_fen=case.returned_fen, due_fen=case.due_fen)
