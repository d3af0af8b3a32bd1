"""What a release is made of: events of firms, cells of cross tables, the rule a cell passes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from dinghai.experience.pool_records import PoolRecord
from dinghai.experience.pool_rules import ReleaseRules
from dinghai.foundation.errors import InputError

Dimension = Literal["peril", "section", "size_band", "year"]
DIMENSIONS: Final[tuple[Dimension, ...]] = ("peril", "section", "size_band", "year")
Table = tuple[Dimension, ...]
TABLES: Final[tuple[Table, ...]] = (
    (), ("peril",), ("section",), ("size_band",), ("year",),
    ("peril", "section"), ("peril", "size_band"), ("peril", "year"),
)
"""What a release shows unless asked otherwise."""
Reason = Literal["few_firms", "few_others", "dominant", "complementary", "differencing"]
_MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Given:
    """A record and the member who gave it."""

    contributor: str
    record: PoolRecord


@dataclass(frozen=True, slots=True)
class Event:
    """One event of one firm, whoever reported it."""

    firm: str
    peril: str
    section: str
    size_band: str
    year: int
    day: str
    amount_fen: int | None
    duration_hours: int | None
    contributors: frozenset[str]

    def value(self, dimension: Dimension) -> str:
        """Where it stands along a dimension."""
        return str(getattr(self, dimension))

    def values(self, table: Table) -> tuple[str, ...]:
        """Its cell of a table."""
        return tuple(str(getattr(self, one)) for one in table)


@dataclass(frozen=True, slots=True)
class Cover:
    """One year of cover of one firm."""

    firm: str
    section: str
    size_band: str
    year: int
    contributors: frozenset[str]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What stood in the pool for a purpose at one moment."""

    events: tuple[Event, ...]
    covers: tuple[Cover, ...] = ()


def snapshot(given: Iterable[Given]) -> Snapshot:
    """Events and covers of records; what several members report of a firm is counted once.

    Events of one firm, day and peril are one event: its amount is the largest reported (a record
    has the whole loss, not a share of it), its section and size band those of the first member.
    """
    events: dict[tuple[str, str, str], list[Given]] = defaultdict(list)
    covers: dict[tuple[str, int], list[Given]] = defaultdict(list)
    for one in given:
        record = one.record
        if record.kind == "event":
            events[record.firm, record.day.isoformat(), record.peril].append(one)
        else:
            covers[record.firm, record.day.year].append(one)
    return Snapshot(tuple(_event(events[key]) for key in sorted(events)),
                    tuple(_cover(covers[key]) for key in sorted(covers)))


def _event(reports: list[Given]) -> Event:
    reports = sorted(reports, key=lambda one: (one.contributor, one.record.fingerprint))
    first = reports[0].record
    amounts = [one.record.amount_fen for one in reports if one.record.amount_fen is not None]
    hours = [one.record.duration_hours for one in reports
             if one.record.duration_hours is not None]
    return Event(first.firm, first.peril, first.section, first.size_band, first.day.year,
                 first.day.isoformat(), max(amounts, default=None), max(hours, default=None),
                 frozenset(one.contributor for one in reports))


def _cover(reports: list[Given]) -> Cover:
    first = min(reports, key=lambda one: (one.contributor, one.record.fingerprint)).record
    return Cover(first.firm, first.section, first.size_band, first.day.year,
                 frozenset(one.contributor for one in reports))


def check_tables(tables: Sequence[Sequence[str]]) -> tuple[Table, ...]:
    """Tables with their dimensions in order, the grand total first. Raises InputError."""
    found: set[Table] = {()}
    for one in tables:
        if set(one) - set(DIMENSIONS) or len(set(one)) < len(one):
            raise InputError(f"{'×'.join(one)[:80]!r} is not a table", field="tables",
                             mend="cross some of: " + ", ".join(DIMENSIONS))
        found.add(tuple(dimension for dimension in DIMENSIONS if dimension in one))
    return tuple(sorted(found, key=lambda one: (len(one), [DIMENSIONS.index(d) for d in one])))


def by_cell(events: Iterable[Event], table: Table) -> dict[tuple[str, ...], list[Event]]:
    """The events of every cell that has any."""
    cells: dict[tuple[str, ...], list[Event]] = defaultdict(list)
    for one in events:
        cells[one.values(table)].append(one)
    return cells


def fault_of(events: Collection[Event], rules: ReleaseRules) -> Reason | None:
    """Why figures of these events may not be told; None where they may."""
    return _few(events, rules) or _dominated(events, rules.most_share_ppm)


def cover_fault_of(covers: Collection[Cover], rules: ReleaseRules) -> Reason | None:
    """The same for years of cover, which have no amount."""
    return _few(covers, rules)


def _few(parts: Collection[Event] | Collection[Cover], rules: ReleaseRules) -> Reason | None:
    givers: dict[str, list[frozenset[str]]] = defaultdict(list)
    for one in parts:
        givers[one.firm].append(one.contributors)
    if len(givers) < rules.least_firms:
        return "few_firms"
    # A firm is gone with a contributor where every event of it came through that contributor.
    only: dict[str, int] = defaultdict(int)
    for reports in givers.values():
        for contributor in frozenset.intersection(*reports):
            only[contributor] += 1
    if len(givers) - max(only.values(), default=0) < rules.least_other_firms:
        return "few_others"
    return None


def _dominated(events: Collection[Event], most_ppm: int) -> Reason | None:
    firms: dict[str, int] = defaultdict(int)
    givers: dict[str, int] = defaultdict(int)
    for one in events:
        firms[one.firm] += one.amount_fen or 0
        for contributor in one.contributors:
            givers[contributor] += one.amount_fen or 0
    total = sum(firms.values())
    largest = max(max(firms.values(), default=0), max(givers.values(), default=0))
    return "dominant" if largest * _MILLION > most_ppm * total else None


def distinct_firms(events: Iterable[Event]) -> int:
    """How many firms."""
    return len({one.firm for one in events})


Cell = tuple[Table, tuple[str, ...]]
Cells = Mapping[Cell, Sequence[Event]]


def cells_of(events: Sequence[Event], tables: Iterable[Table]) -> dict[Cell, list[Event]]:
    """Every cell that has an event, of every table."""
    return {(table, values): found for table in tables
            for values, found in by_cell(events, table).items()}


def fewer(table: Table) -> list[Table]:
    """Every table that has some of the dimensions of one, itself and the total among them."""
    out: list[Table] = [()]
    for dimension in table:
        out += [(*one, dimension) for one in out]
    return out
