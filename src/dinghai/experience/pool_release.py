"""A release of the shared data pool: statistics alone, as a frozen document with its hash."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

import msgspec

from dinghai.experience.pool_cells import (
    Cell,
    Cover,
    Event,
    Snapshot,
    Table,
    cells_of,
    check_tables,
    cover_fault_of,
    distinct_firms,
    fault_of,
)
from dinghai.experience.pool_private import Budget, NoisyTables, codes_of, noisy_tables
from dinghai.experience.pool_rules import PoolRules, ReleaseRules, check_purpose
from dinghai.experience.pool_suppression import Told, withheld_cells
from dinghai.foundation.canonical import document_hash
from dinghai.foundation.errors import InputError, Refusal
from dinghai.foundation.reading import plain, typed

SCHEMA: Final = "dinghai.pool-release/1"
METHOD_SUPPRESSED: Final = "suppressed"
METHOD_PRIVATE: Final = "private"
MOST_TABLES: Final = 12
_MILLION: Final = 1_000_000


class Figures(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is told of a cell. Amounts are fen, rounded; what stands on too few firms is left out.

    ``frequency_ppm`` is events of covered firms per million firm-years of cover. In a private
    release events, the amount and the mean carry noise, and the count may be below zero.
    """

    events: int
    firms_at_least: int | None = None
    amount_fen: int | None = None
    mean_fen: int | None = None
    lower_quartile_fen: int | None = None
    median_fen: int | None = None
    upper_quartile_fen: int | None = None
    ninetieth_fen: int | None = None
    median_hours: int | None = None
    frequency_ppm: int | None = None
    firm_years_about: int | None = None


class ReleasedCell(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One cell: its values along the table's dimensions, and its figures or why there are none.

    ``carried_from`` is the hash of the earlier release that a cell's figures are repeated from,
    because too few firms changed since.
    """

    values: tuple[str, ...]
    figures: Figures | None = None
    withheld: Literal["few_firms", "few_others", "dominant", "complementary",
                      "differencing"] | None = None
    carried_from: str | None = None


class ReleasedTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One cross table; cells without any event are not listed in a suppressed release."""

    dimensions: tuple[Literal["peril", "section", "size_band", "year"], ...]
    cells: tuple[ReleasedCell, ...]


class Privacy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a private release spent, and how wide its noise is (standard deviations)."""

    epsilon_ppm: int
    delta_ppb: int
    mechanism: Literal["laplace", "gaussian"]
    most_events_of_a_firm: int
    largest_amount_fen: int
    count_noise: float
    amount_noise_fen: float


class PoolRelease(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A release: what it is for, how it was made, and its tables. It never changes."""

    schema: Literal["dinghai.pool-release/1"]
    purpose: str
    method: Literal["suppressed", "private"]
    as_of: date
    rules: str
    least_firms: int
    contributors: int
    tables: tuple[ReleasedTable, ...]
    privacy: Privacy | None = None
    hash: str = ""


@dataclass(frozen=True)
class Before:
    """An earlier suppressed release with the events it was made of."""

    release: PoolRelease
    events: tuple[Event, ...]

    @property
    def told(self) -> Told:
        """The cells it told by itself."""
        return Told(self.events, frozenset(
            (table.dimensions, cell.values) for table in self.release.tables
            for cell in table.cells if cell.figures is not None and cell.carried_from is None))


def suppressed_release(
    pool: Snapshot, *, purpose: str, as_of: date, tables: Sequence[Sequence[str]],
    rules: PoolRules, contributors: int, earlier: Sequence[Before] = (),
) -> PoolRelease:
    """A release of exact (rounded) figures of cells that may be told.

    Raises InputError for a purpose or a table that is none, Refusal where nothing may be told or
    too few firms changed since an earlier release.
    """
    wanted = _tables(tables)
    for one in earlier:
        changed = set(pool.events) ^ set(one.events)
        if changed and fault_of(changed, rules.release) is not None:
            raise Refusal("too few firms changed since an earlier release",
                          reasons=["wait until more records came or went",
                                   f"the release of {one.release.as_of}"])
    withheld = withheld_cells(pool.events, wanted, rules.release, [one.told for one in earlier])
    cells = cells_of(pool.events, wanted)
    if len(withheld) == len(cells):
        raise Refusal("no cell stands for enough firms yet",
                      reasons=["release when more members have contributed"])
    carried = _carried(cells, purpose, earlier)
    made = []
    for table in wanted:
        rows = []
        covers = _covers_by(pool.covers, table)
        for cell in sorted((one for one in cells if one[0] == table), key=_place):
            reason = withheld.get(cell)
            if reason is None:
                figures = _figures(cells[cell], covers, cell, rules.release)
                rows.append(ReleasedCell(cell[1], figures))
            elif reason in ("differencing", "complementary") and cell in carried:
                rows.append(carried[cell])
            else:
                rows.append(ReleasedCell(cell[1], withheld=reason))
        made.append(ReleasedTable(table, tuple(rows)))
    return _sealed(PoolRelease(
        schema=SCHEMA, purpose=check_purpose(purpose), method=METHOD_SUPPRESSED, as_of=as_of,
        rules=rules.version, least_firms=rules.release.least_firms, contributors=contributors,
        tables=tuple(made)))


def private_release(
    pool: Snapshot, *, purpose: str, as_of: date, tables: Sequence[Sequence[str]],
    years: Sequence[int], budget: Budget, rules: PoolRules, contributors: int,
) -> PoolRelease:
    """A release of noisy counts, sums and means. Raises InputError."""
    wanted = _tables(tables)
    found = noisy_tables(pool.events, wanted, years, budget, rules.private)
    return _sealed(PoolRelease(
        schema=SCHEMA, purpose=check_purpose(purpose), method=METHOD_PRIVATE, as_of=as_of,
        rules=rules.version, least_firms=rules.release.least_firms, contributors=contributors,
        tables=tuple(_noisy_table(table, found) for table in wanted),
        privacy=Privacy(budget.epsilon_ppm, budget.delta_ppb,
                        "gaussian" if budget.delta_ppb else "laplace",
                        rules.private.most_events_of_a_firm, rules.private.largest_amount_fen,
                        round(found.count_noise, 6), round(found.amount_noise_fen, 2))))


def release_of(document: Any, *, file: str | None = None) -> PoolRelease:
    """A release from its document. Raises InputError for one that is none or was changed."""
    release = typed(document, PoolRelease, file=file)
    if document_hash(document) != release.hash:
        raise InputError("the release is not the one that was published", file=file, field="hash",
                         mend="get the release again")
    return release


def public_part(release: PoolRelease) -> tuple[ReleasedTable, ...]:
    """What everybody sees: the tables of at most one dimension."""
    return tuple(one for one in release.tables if len(one.dimensions) < 2)


def counts_of(release: PoolRelease) -> dict[str, int]:
    """How many cells are told, carried from an earlier release, and withheld by each reason."""
    counts = {"told": 0, "carried": 0}
    for table in release.tables:
        for cell in table.cells:
            kind = "carried" if cell.carried_from else cell.withheld or "told"
            counts[kind] = counts.get(kind, 0) + 1
    return counts


def _place(cell: Cell) -> list[int]:
    """Where a cell stands: as the vocabulary has its values, years by number."""
    return [int(value) if name == "year" else codes_of(name, ()).index(value)
            for name, value in zip(*cell, strict=True)]


def _tables(tables: Sequence[Sequence[str]]) -> tuple[Table, ...]:
    wanted = check_tables(tables)
    if len(wanted) > MOST_TABLES:
        raise InputError(f"more than {MOST_TABLES} tables", field="tables", mend="choose fewer")
    return wanted


def _sealed(release: PoolRelease) -> PoolRelease:
    return msgspec.structs.replace(release, hash=document_hash(plain(release)))


def _noisy_table(table: Table, found: NoisyTables) -> ReleasedTable:
    return ReleasedTable(table, tuple(
        ReleasedCell(values, Figures(one.events, amount_fen=one.amount_fen, mean_fen=one.mean_fen))
        for (of, values), one in found.cells.items() if of == table))


def _carried(
    cells: Mapping[Cell, Sequence[Event]], purpose: str, earlier: Sequence[Before]
) -> dict[Cell, ReleasedCell]:
    """What the latest release of the same purpose told of a cell, where nothing that it was made
    of has gone since: it tells nothing new, and nothing withdrawn."""
    same = [one for one in earlier if one.release.purpose == purpose]
    if not same:
        return {}
    last = same[-1]
    before = cells_of(last.events, [one.dimensions for one in last.release.tables])
    found = {}
    for table in last.release.tables:
        for told in table.cells:
            cell = (table.dimensions, told.values)
            if told.figures is None or cell not in cells or told.carried_from is not None:
                continue
            if set(before[cell]) <= set(cells[cell]):
                found[cell] = ReleasedCell(told.values, told.figures,
                                           carried_from=last.release.hash)
    return found


def _figures(
    events: Sequence[Event], covers: Mapping[tuple[str, ...], Sequence[Cover]], cell: Cell,
    rules: ReleaseRules,
) -> Figures:
    firms = distinct_firms(events)
    amounts: dict[str, int | None] = {}
    known = [one for one in events if one.amount_fen is not None]
    unknown = [one for one in events if one.amount_fen is None]
    if _tellable(known, unknown, rules):
        sizes = sorted(one.amount_fen for one in known if one.amount_fen is not None)
        digits = rules.significant_digits
        amounts["mean_fen"] = rounded(_divided(sum(sizes), len(sizes)), digits)
        if distinct_firms(known) >= rules.quartiles_least_firms:
            for name, share in (("lower_quartile_fen", 25), ("median_fen", 50),
                                ("upper_quartile_fen", 75)):
                amounts[name] = rounded(_quantile(sizes, share), digits)
        if distinct_firms(known) >= 2 * rules.quartiles_least_firms:
            amounts["ninetieth_fen"] = rounded(_quantile(sizes, 90), digits)
    timed = [one for one in events if one.duration_hours is not None]
    if distinct_firms(timed) >= rules.quartiles_least_firms:
        hours = sorted(one.duration_hours for one in timed if one.duration_hours is not None)
        amounts["median_hours"] = rounded(_quantile(hours, 50), rules.significant_digits)
    return Figures(len(events), firms // rules.firms_base * rules.firms_base, **amounts,
                   **_frequency(events, covers, cell, rules))


def _tellable(
    inside: Collection[Event], outside: Collection[Event], rules: ReleaseRules
) -> bool:
    """Whether figures of a part may be told beside those of the whole."""
    return fault_of(inside, rules) is None and (
        not outside or fault_of(outside, rules) is None)


def _covers_by(
    covers: Sequence[Cover], table: Table
) -> dict[tuple[str, ...], list[Cover]]:
    """Cover by the cells of a table, whatever the peril: cover is against all of them."""
    found: dict[tuple[str, ...], list[Cover]] = {}
    for one in covers:
        values = tuple(str(getattr(one, name)) for name in table if name != "peril")
        found.setdefault(values, []).append(one)
    return found


def _frequency(
    events: Sequence[Event], covers: Mapping[tuple[str, ...], Sequence[Cover]], cell: Cell,
    rules: ReleaseRules,
) -> dict[str, int]:
    """Events of covered firms by firm-year. Nothing where events of too few firms are left over,
    or cover is of too few."""
    values = tuple(value for name, value in zip(*cell, strict=True) if name != "peril")
    inside = covers.get(values, ())
    if cover_fault_of(inside, rules) is not None:
        return {}
    covered = {(one.firm, one.year) for one in inside}
    counted = [one for one in events if (one.firm, one.year) in covered]
    rest = [one for one in events if (one.firm, one.year) not in covered]
    if not _tellable(counted, rest, rules):
        return {}
    years = len(covered) // rules.firms_base * rules.firms_base
    return {"frequency_ppm": rounded(_divided(len(counted) * _MILLION, years),
                                     rules.significant_digits),
            "firm_years_about": years}


def rounded(value: int, digits: int) -> int:
    """A whole number of zero or more to so many significant digits, half up."""
    if value < 0:
        raise ValueError("a figure of the pool is zero or more")
    unit = int("1" + "0" * max(len(str(value)) - digits, 0))
    return (2 * value + unit) // (2 * unit) * unit


def _divided(total: int, count: int) -> int:
    return (2 * total + count) // (2 * count)


def _quantile(values: Sequence[int], percent: int) -> int:
    """The value at the nearest rank from below."""
    return values[max(-(-len(values) * percent // 100), 1) - 1]


def table_keys(release: PoolRelease) -> list[str]:
    """The tables of a release as texts such as ``peril*section``; the total is ``total``."""
    return ["*".join(one.dimensions) or "total" for one in release.tables]

