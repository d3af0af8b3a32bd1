"""Published statistics of claims (GUIDE 6.3, no. 10): how long, how often refused or reduced and
why, how often appealed and overturned, by insurer and period of the first decision.

Aggregates only. No figure stands for fewer than five claims, counted or left over: neither may it
be had by taking one published figure from another (quarters from a year, insurers from the market).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median_low
from typing import Any, Literal

from dinghai.foundation.clock import SHANGHAI
from dinghai_platform.claims.models import (
    DecisionRecord,
    EvidenceRequest,
    Objection,
    Payment,
)
from dinghai_platform.core import roles
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.tenancy import crossing_tenants

LEAST = 5
"""Claims that a published figure stands for at least."""
MARKET = ""
UNSEEN = "?"
"""All insurers together whom the reader does not see by name."""
OTHER = "other"
Grain = Literal["quarter", "year"]
GRAINS: tuple[Grain, ...] = ("quarter", "year")
MEASURES = ("decided", "paid", "refused", "reduced", "appealed", "ended", "overturned", "defects")
_BASE = {"overturned": "ended"}
"""What a measure is counted among, where it is not all decided claims."""


@dataclass(frozen=True, slots=True)
class Case:
    """What statistics take of one decided claim."""

    insurer: str
    decided_at: datetime
    decision_time: timedelta
    payment_time: timedelta | None
    refused: bool
    reason: str
    reduced: bool
    appealed: bool
    overturned: bool | None
    """None while there is no appeal that has ended."""
    defect: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """A count of claims among others; ``count`` is None where it is not published."""

    count: int | None
    of: int

    @property
    def share_ppm(self) -> int | None:
        """The share, half up."""
        if self.count is None or not self.of:
            return None
        return (2 * self.count * 1_000_000 + self.of) // (2 * self.of)


@dataclass(frozen=True, slots=True)
class Row:
    """Published figures of one insurer (MARKET: all of them) in one period."""

    period: str
    insurer: str
    name_zh: str
    name_en: str
    cells: Mapping[str, Cell]
    decision_days: float | None
    payment_days: float | None
    reasons: tuple[tuple[str, int], ...]
    """Why refused, by code, the most frequent first; small ones together as OTHER."""


def published_statistics(actor: Actor, grain: Grain) -> list[Row]:
    """The rows an actor reads, newest period first: an authority every insurer, an insurer its own;
    both the whole market."""
    with crossing_tenants("statistics are sums over the whole market and show no single row"):
        cases = list(_cases())
        insurers = {str(one.pk): one for one in Organisation.objects.filter(
            kind=Organisation.Kind.INSURER)}
    shown = set(insurers) if actor.role in roles.REGULATORS else {
        str(actor.tenant.pk)} if actor.tenant is not None else set()
    names = {key: (one.name_zh, one.name_en) for key, one in insurers.items() if key in shown}
    return tabulate(cases, grain, names, own=actor.role not in roles.REGULATORS)


def tabulate(
    cases: Sequence[Case], grain: Grain, shown: Mapping[str, tuple[str, str]], *,
    own: bool = False,
) -> list[Row]:
    """Published rows of some cases for a reader who sees these insurers by name.

    ``own``: the reader is that insurer, and knows its own claims whether published or not.
    """
    table = _Table(cases, set(shown), own)
    rows = []
    for period in sorted({period_of(one.decided_at, grain) for one in cases}, reverse=True):
        for insurer in (*sorted(shown, key=lambda key: shown[key]), MARKET):
            found = table.cases(grain, period, insurer)
            if not found:
                continue
            names = shown.get(insurer, ("", ""))
            rows.append(Row(
                period, insurer, *names, cells=table.cells(grain, period, insurer),
                decision_days=_median_days([one.decision_time for one in found]),
                payment_days=_median_days([one.payment_time for one in found
                                           if one.payment_time is not None]),
                reasons=table.reasons(grain, period, insurer)))
    return rows


def period_of(moment: datetime, grain: Grain) -> str:
    """``2026`` or ``2026-Q4``, by Shanghai's calendar."""
    local = moment.astimezone(SHANGHAI)
    return str(local.year) if grain == "year" else f"{local.year}-Q{(local.month + 2) // 3}"


def _median_days(times: Sequence[timedelta]) -> float | None:
    """Days to a tenth; the lower of two middle ones. None for fewer than LEAST."""
    if len(times) < LEAST:
        return None
    return round(median_low(times).total_seconds() / 86_400, 1)


_COUNTED: Mapping[str, Callable[[Case], bool]] = {
    "decided": lambda one: True,
    "paid": lambda one: one.payment_time is not None,
    "refused": lambda one: one.refused,
    "reduced": lambda one: one.reduced,
    "appealed": lambda one: one.appealed,
    "ended": lambda one: one.overturned is not None,
    "overturned": lambda one: bool(one.overturned),
    "defects": lambda one: one.defect,
}


Place = tuple[str, str, str]
"""A row: grain, period, insurer."""
_WITHHELD = Cell(None, LEAST - 1)


def _counts(cases: Iterable[Case], measure: str) -> tuple[int, int]:
    """How many, of how many: overturned is counted among the appeals that have ended."""
    among = [one for one in cases if measure != "overturned" or one.overturned is not None]
    return sum(1 for one in among if _COUNTED[measure](one)), len(among)


class _Table:
    """Cases by period and insurer, and what may be published of them."""

    def __init__(self, cases: Sequence[Case], shown: set[str], own: bool) -> None:
        self.shown, self.own = shown, own
        self.by: dict[Place, list[Case]] = defaultdict(list)
        for one in cases:
            for grain in GRAINS:
                period = period_of(one.decided_at, grain)
                self.by[(grain, period, one.insurer)].append(one)
                self.by[(grain, period, MARKET)].append(one)

    def cases(self, *place: str) -> list[Case]:
        """The cases of one row."""
        grain, period, insurer = place
        return self.by.get((grain, period, insurer), [])

    def cells(self, *place: str) -> dict[str, Cell]:
        """The published cells of a row. A share needs a published base."""
        found: dict[str, Cell] = {}
        for measure in MEASURES:
            cell = self._cell(place, measure)
            base = _BASE.get(measure, "decided")
            if measure != base and found[base].count is None:
                cell = _WITHHELD if cell.of else cell
            found[measure] = cell
        return found

    def _cell(self, place: Sequence[str], measure: str) -> Cell:
        count, of = _counts(self.cases(*place), measure)
        if _is_small(count, of) or any(
                _rest_is_small(count, of, [self._known(part, measure) for part in parts])
                for parts in self._parts(place)):
            return _WITHHELD
        return Cell(count, of)

    def _known(self, place: Place, measure: str) -> Cell:
        """What the reader knows of a part: what is published, and all of its own."""
        if place[2] == UNSEEN:
            return _WITHHELD
        if self.own and place[2] in self.shown:
            return Cell(*_counts(self.cases(*place), measure))
        return self._cell(place, measure)

    def _parts(self, place: Sequence[str]) -> list[list[Place]]:
        """Rows that the reader sees beside this one and that together make it up."""
        grain, period, insurer = place
        found: list[list[Place]] = []
        if grain == "year":
            found.append([("quarter", f"{period}-Q{no}", insurer) for no in (1, 2, 3, 4)
                          if self.cases("quarter", f"{period}-Q{no}", insurer)])
        if insurer == MARKET:
            everybody = {one.insurer for one in self.cases(grain, period, MARKET)}
            found.append([(grain, period, one) for one in sorted(everybody & self.shown)])
            if everybody - self.shown:
                found[-1].append((grain, period, UNSEEN))
        return found

    def reasons(self, *place: str) -> tuple[tuple[str, int], ...]:
        """Reasons of refusal, where the number of refusals is published."""
        if self.cells(*place)["refused"].count is None:
            return ()
        counts = self._counted_reasons(place)
        kept = {reason: count for reason, count in counts.items() if count >= LEAST and not any(
            0 < count - sum(self._known_reasons(part).get(reason, 0) for part in parts) < LEAST
            for parts in self._parts(place))}
        rest = sum(counts.values()) - sum(kept.values())
        while 0 < rest < LEAST and kept:
            smallest = min(kept, key=lambda reason: (kept[reason], reason))
            rest += kept.pop(smallest)
        if 0 < rest < LEAST:
            return ()
        ordered = sorted(kept.items(), key=lambda one: (-one[1], one[0]))
        return (*ordered, *(((OTHER, rest),) if rest else ()))

    def _known_reasons(self, place: Place) -> Mapping[str, int]:
        if self.own and place[2] in self.shown:
            return self._counted_reasons(place)
        return dict(self.reasons(*place)) if self.cases(*place) else {}

    def _counted_reasons(self, place: Sequence[str]) -> Counter[str]:
        return Counter(one.reason or OTHER for one in self.cases(*place) if one.refused)


def _is_small(count: int, of: int) -> bool:
    """Whether a count, or what it leaves over, stands for too few."""
    return 0 < of < LEAST or 0 < count < LEAST or 0 < of - count < LEAST


def _rest_is_small(count: int, of: int, parts: Sequence[Cell]) -> bool:
    """Whether taking the published parts from the whole would give away a few claims."""
    known = [part for part in parts if part.count is not None]
    if len(known) == len(parts):
        return False
    rest = count - sum(part.count or 0 for part in known)
    left = of - sum(part.of for part in known) - rest
    return 0 < rest < LEAST or 0 < left < LEAST


def _cases() -> Iterable[Case]:
    """Every claim with a decision, by its first one."""
    first: dict[Any, dict[str, Any]] = {}
    last: dict[Any, dict[str, Any]] = {}
    decided = (DecisionRecord.State.ISSUED, DecisionRecord.State.REFUSED)
    for row in DecisionRecord.objects.filter(state__in=decided).order_by("sequence").values(
            "claim_id", "tenant_id", "claim__received_at", "issued_at", "state", "gross_fen",
            "presented_fen", "main_reason"):
        first.setdefault(row["claim_id"], row)
        last[row["claim_id"]] = row
    paid: dict[Any, datetime] = {}
    for claim, moment in Payment.objects.filter(kind=Payment.Kind.FINAL).order_by(
            "paid_at").values_list("claim_id", "paid_at"):
        paid.setdefault(claim, moment)
    appeals: dict[Any, list[bool]] = defaultdict(list)
    for claim, ended in Objection.objects.values_list("claim_id", "ended_at"):
        appeals[claim].append(ended is not None)
    defects = set(EvidenceRequest.objects.filter(is_defect=True).values_list(
        "claim_id", flat=True))
    for claim, row in first.items():
        received = row["claim__received_at"]
        refused = row["state"] == DecisionRecord.State.REFUSED
        yield Case(
            insurer=str(row["tenant_id"]), decided_at=row["issued_at"],
            decision_time=row["issued_at"] - received,
            payment_time=paid[claim] - received if claim in paid else None,
            refused=refused, reason=row["main_reason"] if refused else "",
            reduced=not refused and row["gross_fen"] < row["presented_fen"],
            appealed=claim in appeals,
            overturned=last[claim]["gross_fen"] > row["gross_fen"]
            if appeals.get(claim) and all(appeals[claim]) else None,
            defect=claim in defects)
