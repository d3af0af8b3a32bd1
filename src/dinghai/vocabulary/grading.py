"""Grades of network security incidents and the reporting clocks that follow from them.

Thresholds are tables per authority. One threshold met gives the grade ("以上" includes the number
itself). With none met the general clauses remain, and they need a person's judgement: the
platform never says 一般 by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Final, Literal, get_args

import msgspec

from dinghai.foundation.errors import InputError
from dinghai.vocabulary.clocks import clocks
from dinghai.vocabulary.tables import by_id, read_table

Grade = Literal["特别重大", "重大", "较大", "一般"]
GRADES: Final[tuple[Grade, ...]] = get_args(Grade)
"""The gravest first."""

OperatorKind = Literal["critical_infrastructure", "central_state_organ", "general"]

_FIRST_REPORT: Final[dict[OperatorKind, str]] = {
    "critical_infrastructure": "CLK-RPT-CII",
    "central_state_organ": "CLK-RPT-GOV",
    "general": "CLK-RPT-GEN",
}


class Threshold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A number that, once reached, gives the grade. ``critical_only``: critical infrastructure."""

    fact: str
    at_least: int
    critical_only: bool
    source: str
    confidence: str


class Level(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One grade with its thresholds."""

    grade: Grade
    name_en: str
    thresholds: tuple[Threshold, ...]


class Authority(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An authority's grading table; ``report_from`` is the lightest grade to report."""

    id: str
    name_zh: str
    name_en: str
    statute: str
    effective_from: date | None
    report_from: Grade
    scope: str
    levels: tuple[Level, ...]
    source: str
    confidence: str


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: str
    authorities: tuple[Authority, ...]


@cache
def authorities() -> Mapping[str, Authority]:
    """The grading tables by authority."""
    return by_id(read_table("grading", _Table).authorities, "grading")


class IncidentGrade(msgspec.Struct, frozen=True):
    """The grade that follows from the numbers, or the need for a person's judgement.

    ``grade`` None means that no numeric threshold is met: the general clauses must be judged.
    ``unknown`` names the facts that nobody has given yet; one of them could still raise the grade.
    """

    authority: str
    grade: Grade | None
    met: tuple[Threshold, ...]
    needs_judgement: bool
    judged_by_person: bool
    reportable: bool | None
    unknown: tuple[str, ...]
    confidence: str
    source: str

    def to_dict(self) -> dict[str, object]:
        """Plain JSON."""
        document: dict[str, object] = msgspec.to_builtins(self)
        return document


def grade_incident(
    facts: Mapping[str, int | None],
    *,
    critical_infrastructure: bool | None,
    authority: str = "cac",
    judged: Grade | None = None,
) -> IncidentGrade:
    """Grade an incident by the facts ``notice.*`` (seconds, persons, fen; None is unknown).

    ``judged`` is a person's finding on the general clauses: it can raise the numeric grade, never
    lower it. Raises InputError for an authority that has no table.
    """
    if authority not in authorities():
        raise InputError(f"there is no grading table for {authority!r}", field="authority",
                         mend="one of: " + ", ".join(authorities()))
    table = authorities()[authority]
    unknown: list[str] = []
    grade: Grade | None = None
    met: tuple[Threshold, ...] = ()
    for level in table.levels:
        reached = []
        for threshold in level.thresholds:
            if threshold.critical_only and critical_infrastructure is False:
                continue
            value = facts.get(threshold.fact)
            applicable = not threshold.critical_only or critical_infrastructure is True
            if value is None or not applicable:
                unknown.append(threshold.fact)
            elif value >= threshold.at_least:
                reached.append(threshold)
        if reached and grade is None:
            grade, met = level.grade, tuple(reached)
    by_person = judged is not None and (grade is None or _graver(judged, grade))
    final = judged if by_person else grade
    return IncidentGrade(
        authority=table.id,
        grade=final,
        met=met,
        needs_judgement=final is None,
        judged_by_person=by_person,
        reportable=None if final is None else not _graver(table.report_from, final),
        unknown=tuple(dict.fromkeys(unknown)),
        confidence=_best(met) if met else table.confidence,
        source=met[0].source if met else table.source,
    )


def _graver(one: Grade, other: Grade) -> bool:
    return GRADES.index(one) < GRADES.index(other)


def _best(met: tuple[Threshold, ...]) -> str:
    """One threshold is enough, so the best attested of those met carries the grade."""
    return min((threshold.confidence for threshold in met), key="TAMD".index)


class ReportingDuty(msgspec.Struct, frozen=True):
    """One report that is due; not ``certain`` while a person must judge whether it is."""

    clock: str
    due: datetime
    to_zh: str
    statute: str
    certain: bool
    confidence: str


def reporting_clock(
    operator: OperatorKind,
    grade: IncidentGrade,
    discovered_at: datetime,
    *,
    involves_critical_infrastructure: bool = False,
) -> tuple[ReportingDuty, ...]:
    """The operator's own report to the authority: 1, 2 or 4 hours from discovery.

    The one-hour clock follows events that involve critical infrastructure, whoever reports. An
    incident found not reportable gives nothing; one that still needs judgement gives the duty as
    not certain, so that the clock is seen while people think.
    """
    if grade.reportable is False:
        return ()
    kind: OperatorKind = "critical_infrastructure" if involves_critical_infrastructure else operator
    clock = clocks()[_FIRST_REPORT[kind]]
    return (ReportingDuty(clock=clock.id, due=clock.due(discovered_at), to_zh=clock.to_zh,
                          statute=clock.statute, certain=grade.reportable is True,
                          confidence=clock.confidence),)
