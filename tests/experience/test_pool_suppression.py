"""No withheld cell can be had: an attacker with exact arithmetic, bounds, and earlier releases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from dinghai.experience.pool_cells import (
    TABLES,
    Cell,
    Event,
    Table,
    cells_of,
    check_tables,
    fault_of,
    fewer,
    snapshot,
)
from dinghai.experience.pool_rules import pool_rules
from dinghai.experience.pool_suppression import Told, withheld_cells
from dinghai.foundation.errors import InputError, Refusal
from tests.experience.pooling import MEMBERS, PERILS, SECTIONS, book, event

RULES = pool_rules().release
FLAT: tuple[Table, ...] = check_tables([("peril",), ("section",), ("peril", "section")])
Row = list[Fraction]


def echelon(rows: Iterable[Sequence[int]]) -> list[Row]:
    """Rows in echelon form, in exact fractions."""
    out: list[Row] = []
    for row in rows:
        rest = reduced([Fraction(one) for one in row], out)
        if any(rest):
            lead = next(one for one in rest if one)
            out.append([one / lead for one in rest])
    return out


def reduced(row: Row, basis: list[Row]) -> Row:
    """What of a row no combination of the basis gives."""
    for one in basis:
        lead = next(at for at, value in enumerate(one) if value)
        if row[lead]:
            factor = row[lead]
            row = [mine - factor * other for mine, other in zip(row, one, strict=True)]
    return row


def indicator(inside: Iterable[Event], universe: Sequence[Event]) -> list[int]:
    """A sum over single events: the attacker of the tests does not even group them."""
    chosen = set(inside)
    return [int(one in chosen) for one in universe]


def told_of(events: Sequence[Event], tables: Sequence[Table],
            earlier: Sequence[Told] = ()) -> Told:
    """The cells that a release tells."""
    withheld = withheld_cells(events, tables, RULES, earlier)
    return Told(tuple(events), frozenset(cells_of(events, tables)) - frozenset(withheld))


def rows_of(told: Told) -> list[list[Event]]:
    """The sets of events that a release tells sums over."""
    tables = sorted({table for table, _ in told.cells})
    cells = cells_of(told.events, tables)
    return [list(cells[one]) for one in sorted(told.cells)]


def sensitive(events: Sequence[Event], tables: Iterable[Table]) -> dict[Cell, list[Event]]:
    """Every cell that must stay unknown."""
    return {cell: inside for cell, inside in cells_of(events, tables).items()
            if fault_of(inside, RULES) is not None}


def check_one_release(events: Sequence[Event], tables: Sequence[Table]) -> Told:
    """No cell of any table of the dimensions follows, nor what a told cell leaves over."""
    told = told_of(events, tables)
    basis = echelon(indicator(one, events) for one in rows_of(told))
    finest = max(tables, key=len)
    for cell, inside in sensitive(events, [*tables, *fewer(finest)]).items():
        assert cell not in told.cells
        assert any(reduced([Fraction(one) for one in indicator(inside, events)], basis)), cell
    cells = cells_of(events, tables)
    for whole in told.cells:
        for part in tables:
            if set(whole[0]) < set(part):
                inside = {cell for cell in told.cells if cell[0] == part
                          and set(cells[cell]) <= set(cells[whole])}
                left = set(cells[whole]) - {one for cell in inside for one in cells[cell]}
                assert not left or not inside or fault_of(left, RULES) is None
    return told


cell_sizes = st.lists(
    st.tuples(st.sampled_from(sorted(set(PERILS))), st.sampled_from("CIJG"),
              st.integers(1, 12), st.sampled_from([10_000, 1_000_000, 90_000_000])),
    min_size=1, max_size=12, unique_by=lambda one: one[:2])


def made(sizes: Iterable[tuple[str, str, int, int]]) -> list[Event]:
    """So many firms in each cell, given by the members in turn."""
    return [event(f"{peril}-{section}-{number}", MEMBERS[number % 4], peril=peril,
                  section=section, amount_fen=amount + number)
            for peril, section, count, amount in sizes for number in range(count)]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(cell_sizes)
def test_no_withheld_cell_follows_from_rows_columns_and_totals(
    sizes: list[tuple[str, str, int, int]]
) -> None:
    check_one_release(made(sizes), FLAT)


def test_a_single_withheld_cell_takes_others_with_it() -> None:
    """Two by two, one cell too small: withholding it alone would tell it by subtraction."""
    events = made([("ransomware", "C", 12, 5_000), ("ransomware", "I", 2, 5_000),
                   ("bec_fraud", "C", 11, 5_000), ("bec_fraud", "I", 10, 5_000)])
    withheld = withheld_cells(events, FLAT, RULES)
    assert withheld[("peril", "section"), ("ransomware", "I")] == "few_firms"
    assert "complementary" in withheld.values()
    naive = [inside for cell, inside in cells_of(events, FLAT).items()
             if fault_of(inside, RULES) is None]
    small = indicator([one for one in events
                       if (one.peril, one.section) == ("ransomware", "I")], events)
    row = [Fraction(one) for one in small]
    assert not any(reduced(row, echelon(indicator(one, events) for one in naive)))
    check_one_release(events, FLAT)


@pytest.mark.parametrize("seed", range(3))
def test_all_tables_of_a_made_up_pool_hold(seed: int) -> None:
    events = snapshot(book(150, 70, seed)).events
    told = check_one_release(events, check_tables(TABLES))
    assert len(told.cells) > 10, "and something is told"


@pytest.mark.parametrize("seed", range(2))
def test_bounds_of_a_withheld_cell_are_wide(seed: int) -> None:
    """Whoever knows every told sum, and that no loss is below zero, knows no withheld cell of
    the release closer than the rules say."""
    events = snapshot(book(150, 70, seed)).events
    tables = check_tables(TABLES)
    told = told_of(events, tables)
    known = np.array([indicator(one, events) for one in rows_of(told)])
    amounts = np.array([one.amount_fen or 0 for one in events]) / 1e6
    checked = 0
    for inside in list(sensitive(events, tables).values())[::4]:
        target = np.array(indicator(inside, events))
        for truth in (np.ones(len(events)), amounts):
            ends = [sign * linprog(sign * target, A_eq=known, b_eq=known @ truth).fun
                    for sign in (1, -1)]
            true = float(target @ truth)
            assert ends[1] - ends[0] >= true * (RULES.least_interval_ppm / 1e6 - 1e-4)
            assert ends[0] - 1e-6 <= true <= ends[1] + 1e-6
            checked += 1
    assert checked >= 6


@pytest.mark.parametrize("seed", range(3))
def test_one_release_after_another_tells_no_small_change(seed: int) -> None:
    """Records come, records are withdrawn: neither change can be had by taking one release from
    the other, straight or roundabout, where it is of too few."""
    first = snapshot(book(160, 80, seed)).events
    gone = [one for one in first if "丁" in one.contributors][:9]
    come = snapshot(book(40, 25, seed + 50, first=500)).events
    second = (*(one for one in first if one not in gone), *come)
    tables = check_tables([("peril",), ("section",), ("peril", "section")])
    before = told_of(first, tables)
    after = told_of(second, tables, [before])
    universe = sorted({*first, *second}, key=lambda one: (one.firm, one.day, one.peril))
    basis = echelon(indicator(one, universe) for one in [*rows_of(before), *rows_of(after)])
    lattice = fewer(("peril", "section"))
    old, new = cells_of(first, lattice), cells_of(second, lattice)
    hidden = 0
    for cell in {*old, *new}:
        mine, other = set(old.get(cell, ())), set(new.get(cell, ()))
        for part in (mine, other, mine - other, other - mine):
            if part and fault_of(part, RULES) is not None:
                row = [Fraction(one) for one in indicator(part, universe)]
                assert any(reduced(row, basis)), cell
                hidden += 1
        if mine ^ other and fault_of(mine ^ other, RULES) is not None:
            signed = [after - first for after, first in zip(
                indicator(other, universe), indicator(mine, universe), strict=True)]
            assert any(reduced([Fraction(one) for one in signed], basis)), cell
    assert hidden > 5
    assert after.cells, "and the second release tells something"


changes = st.lists(st.tuples(st.sampled_from(["ransomware", "bec_fraud", "ddos_web"]),
                             st.sampled_from("CIJG"), st.integers(1, 8)),
                   min_size=0, max_size=4, unique_by=lambda one: one[:2])


@settings(max_examples=40, deadline=None, derandomize=True)
@given(cell_sizes, changes, st.integers(0, 12))
def test_no_small_change_follows_from_any_two_releases(
    sizes: list[tuple[str, str, int, int]], more: list[tuple[str, str, int]], fewer_by: int
) -> None:
    first = made(sizes)
    come = [event(f"new-{peril}-{section}-{number}", MEMBERS[number % 4], peril=peril,
                  section=section, amount_fen=1_000_000 + number)
            for peril, section, count in more for number in range(count)]
    second = [*first[fewer_by:], *come]
    if not second:
        return
    before = told_of(first, FLAT)
    after = told_of(second, FLAT, [before])
    universe = [*first, *come]
    basis = echelon(indicator(one, universe) for one in [*rows_of(before), *rows_of(after)])
    lattice = fewer(("peril", "section"))
    old, new = cells_of(first, lattice), cells_of(second, lattice)
    for cell in {*old, *new}:
        mine, other = set(old.get(cell, ())), set(new.get(cell, ()))
        for part in (mine, other, mine - other, other - mine):
            if part and fault_of(part, RULES) is not None:
                assert any(reduced([Fraction(one) for one in indicator(part, universe)], basis))


def test_one_more_firm_does_not_show() -> None:
    """The straight attack: the same release before and after one firm's event."""
    first = made([("ransomware", "C", 12, 5_000), ("bec_fraud", "C", 11, 5_000)])
    before = told_of(first, FLAT)
    second = [*first, event("the one", "甲", peril="ransomware", amount_fen=77)]
    after = told_of(second, FLAT, [before])
    assert (("peril",), ("ransomware",)) in before.cells
    assert (("peril",), ("ransomware",)) not in after.cells
    assert ((), ()) not in after.cells
    assert (("peril",), ("bec_fraud",)) in after.cells, "what did not change is told again"


def test_the_rule_of_a_cell() -> None:
    many = [event(str(at), MEMBERS[at % 4]) for at in range(8)]
    assert fault_of(many, RULES) is None
    assert fault_of(many[:4], RULES) == "few_firms"
    again = [replace(many[0], day=f"2025-04-{at:02}") for at in range(1, 10)]
    assert fault_of([*many[:3], *again], RULES) == "few_firms", "one firm counts once"
    mine = [event(str(at), "甲") for at in range(20)]
    assert fault_of(mine, RULES) == "few_others", "one contributor alone"
    assert fault_of([*mine, event("x", "乙"), event("y", "乙")], RULES) == "few_others"
    three = [event(name, "乙") for name in "xyz"]
    shared = [replace(one, contributors=frozenset("甲乙")) for one in three]
    assert fault_of([*mine, *three], RULES) == "dominant"
    assert fault_of([*mine[:9], *three], RULES) is None
    assert fault_of([*mine[:9], *shared], RULES) == "few_others"
    giant = replace(many[0], amount_fen=100_000_000)
    assert fault_of([giant, *many[1:]], RULES) == "dominant"
    at_the_share = [replace(one, amount_fen=0) for one in many[2:]]
    exact = [replace(many[0], amount_fen=80), replace(many[1], amount_fen=20)]
    assert fault_of([*exact, *at_the_share], RULES) is None
    assert fault_of([replace(exact[0], amount_fen=81), *exact[1:], *at_the_share],
                    RULES) == "dominant"


def test_tables_are_put_in_order_and_checked() -> None:
    assert check_tables([("year", "peril"), ("peril", "year")]) == ((), ("peril", "year"))
    for wrong in (("month",), ("peril", "peril")):
        with pytest.raises(InputError):
            check_tables([wrong])


def test_a_pool_too_large_for_the_audit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dinghai.experience.pool_suppression.MOST_ATOMS", 5)
    with pytest.raises(Refusal, match="too many cells"):
        told_of(snapshot(book(60, 40)).events, check_tables(TABLES))


def test_sections_of_the_tests_are_sections() -> None:
    assert set(SECTIONS) <= set("ABCDEFGHIJKLMNOPQRST")
