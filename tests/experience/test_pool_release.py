"""Releases as documents: what they say, that they follow from their input, and privately."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from statistics import fmean, pstdev

import pytest

from dinghai.experience.pool_cells import TABLES, Given, Snapshot, snapshot
from dinghai.experience.pool_private import Budget, bounded, noisy_tables
from dinghai.experience.pool_release import (
    Before,
    Figures,
    PoolRelease,
    counts_of,
    private_release,
    public_part,
    release_of,
    rounded,
    suppressed_release,
)
from dinghai.experience.pool_rules import pool_rules
from dinghai.foundation.errors import InputError, Refusal
from dinghai.foundation.reading import plain
from tests.experience.pooling import MEMBERS, book, event, record

RULES = pool_rules()
DAY = date(2026, 12, 1)


def released(pool: Snapshot, *earlier: Before, tables: object = TABLES) -> PoolRelease:
    return suppressed_release(pool, purpose="market_statistics", as_of=DAY, tables=tables,  # type: ignore[arg-type]
                              rules=RULES, contributors=4, earlier=earlier)


def figures(release: PoolRelease, *cell: str) -> Figures:
    """The figures of a cell named by dimensions and values: "peril", "ransomware"."""
    names, values = tuple(cell[::2]), tuple(cell[1::2])
    table = next(one for one in release.tables if one.dimensions == names)
    found = next(one for one in table.cells if one.values == values)
    assert found.figures is not None
    return found.figures


def test_figures_are_those_of_the_events() -> None:
    events = [event(f"f{at:02}", MEMBERS[at % 4], amount_fen=(at + 1) * 1_234_567,
                    duration_hours=at + 1) for at in range(20)]
    found = figures(released(Snapshot(tuple(events))))
    amounts = sorted(one.amount_fen or 0 for one in events)
    assert found == Figures(
        events=20, firms_at_least=20, mean_fen=rounded(round(fmean(amounts)), 3),
        lower_quartile_fen=rounded(amounts[4], 3), median_fen=rounded(amounts[9], 3),
        upper_quartile_fen=rounded(amounts[14], 3), ninetieth_fen=rounded(amounts[17], 3),
        median_hours=10)


def test_few_firms_have_a_mean_and_no_quartiles() -> None:
    events = [event(f"f{at}", MEMBERS[at % 4]) for at in range(9)]
    found = figures(released(Snapshot(tuple(events))))
    assert (found.events, found.firms_at_least, found.mean_fen) == (9, 5, 1_000_000)
    assert (found.median_fen, found.median_hours) == (None, None)
    unknown = [replace(one, amount_fen=None) for one in events[:2]]
    part = figures(released(Snapshot((*unknown, *events[2:]))))
    assert part.mean_fen is None, "what two unknown amounts leave would tell them apart"


def test_what_two_members_report_of_a_firm_is_one_event() -> None:
    one = Given("甲", record("f", amount_fen=5, duration_hours=None))
    other = Given("乙", record("f", amount_fen=9, section="I"))
    (made,) = snapshot([one, other]).events
    assert made.contributors == {"甲", "乙"}
    assert (made.amount_fen, made.duration_hours) == (9, 24)
    assert snapshot([other, one]).events == (made,), "in whatever order they came"
    assert len(snapshot([one, Given("甲", record("g"))]).events) == 2


def test_frequency_is_by_covered_firm_year() -> None:
    pool = snapshot(book(150, 60, covers=True))
    found = figures(released(pool))
    covered = {(one.firm, one.year) for one in pool.covers}
    counted = sum((one.firm, one.year) in covered for one in pool.events)
    years = len(covered) // 5 * 5
    assert found.firm_years_about == years
    assert found.frequency_ppm == rounded(round(counted * 1e6 / years), 3)
    assert figures(released(replace(pool, covers=()))).frequency_ppm is None
    few = tuple(one for one in pool.covers if one.firm == pool.covers[0].firm)
    assert figures(released(replace(pool, covers=few))).frequency_ppm is None


def test_a_release_is_sealed() -> None:
    release = released(snapshot(book(150, 60)))
    document = plain(release)
    assert release_of(document) == release
    assert released(snapshot(reversed(book(150, 60)))) == release, "the order does not count"
    with pytest.raises(InputError, match="not the one"):
        release_of({**document, "contributors": 5})
    text = str(document)
    assert not any(one.firm in text for one in snapshot(book(150, 60)).events)


def test_everybody_sees_one_dimension_only() -> None:
    release = released(snapshot(book(150, 60)))
    assert [one.dimensions for one in public_part(release)] == [
        (), ("peril",), ("section",), ("size_band",), ("year",)]
    counts = counts_of(release)
    assert counts["told"] > 10 and counts["few_firms"] > 10
    assert sum(counts.values()) == sum(len(one.cells) for one in release.tables)


def test_nothing_is_released_of_too_few() -> None:
    with pytest.raises(Refusal, match="no cell"):
        released(Snapshot(tuple(event(str(at), MEMBERS[at % 4]) for at in range(4))))
    with pytest.raises(InputError, match="purpose"):
        suppressed_release(snapshot(book(60, 30)), purpose="marketing", as_of=DAY,
                           tables=TABLES, rules=RULES, contributors=4)


def test_a_release_after_a_small_change_is_refused() -> None:
    pool = snapshot(book(150, 60))
    first = Before(released(pool), pool.events)
    with pytest.raises(Refusal, match="too few firms changed"):
        released(Snapshot((*pool.events, event("one more"))), first)
    again = released(pool, first)
    assert again == first.release, "nothing changed: the same figures, the same hash"


def test_a_cell_of_too_small_a_change_repeats_its_earlier_figures() -> None:
    events = [event(f"{peril}{at:02}", MEMBERS[at % 4], peril=peril)
              for peril in ("ransomware", "bec_fraud") for at in range(15)]
    first = Before(released(Snapshot(tuple(events)), tables=[("peril",)]), tuple(events))
    more = [event(f"n{at}", MEMBERS[at % 4]) for at in range(12)]
    few = [event("m1", peril="bec_fraud"), event("m2", "乙", peril="bec_fraud")]
    second = released(Snapshot((*events, *more, *few)), first, tables=[("peril",)])
    (table,) = [one for one in second.tables if one.dimensions == ("peril",)]
    cells = {one.values[0]: one for one in table.cells}
    assert cells["bec_fraud"].carried_from == first.release.hash
    assert cells["bec_fraud"].figures == figures(first.release, "peril", "bec_fraud")
    gone = [one for one in events if one.firm != "bec_fraud00"]
    third = released(Snapshot((*gone, *more)), first, tables=[("peril",)])
    (table,) = [one for one in third.tables if one.dimensions == ("peril",)]
    cells = {one.values[0]: one for one in table.cells}
    assert cells["bec_fraud"].withheld == "differencing"
    assert cells["bec_fraud"].figures is None, "nothing withdrawn is repeated"


# --- private releases -----------------------------------------------------------------------------


def test_private_cells_do_not_depend_on_the_data() -> None:
    def cells(pool: Snapshot) -> list[tuple[str, ...]]:
        made = private_release(pool, purpose="academic_research", as_of=DAY,
                               tables=[("peril", "year")], years=[2024, 2025], rules=RULES,
                               budget=Budget(1_000_000), contributors=4)
        return [cell.values for table in made.tables for cell in table.cells]

    assert cells(Snapshot(())) == cells(snapshot(book(150, 60)))
    assert len(cells(Snapshot(()))) == 1 + 6 * 2


def test_a_firm_counts_with_its_first_few_events() -> None:
    most = RULES.private.most_events_of_a_firm
    events = [event("one", day=f"2025-{month:02}-01") for month in range(1, 13)]
    other = event("two", year=2019, day="2019-01-01")
    assert bounded([*reversed(events), other], [2025], RULES.private) == events[:most]


@pytest.mark.parametrize("budget", [Budget(1_000_000), Budget(1_000_000, 1_000)])
def test_noise_is_as_wide_as_said_and_centred(budget: Budget) -> None:
    events = [event(f"f{at}", amount_fen=10**12) for at in range(40)]
    found = [noisy_tables(events, [()], [2025], budget, RULES.private) for _ in range(400)]
    counts = [one.cells[(), ()].events for one in found]
    sums = [one.cells[(), ()].amount_fen for one in found]
    width, wide = found[0].count_noise, found[0].amount_noise_fen
    assert abs(fmean(counts) - 40) < 5 * width / math.sqrt(400)
    assert 0.7 * width < pstdev(counts) < 1.4 * width
    clamped = 40 * RULES.private.largest_amount_fen
    assert abs(fmean(sums) - clamped) < 5 * wide / math.sqrt(400)
    assert len(set(counts)) > 10, "no two askings are the same"


def test_noise_grows_as_the_budget_shrinks_and_the_tables_grow() -> None:
    def width(epsilon: int, *tables: tuple[str, ...]) -> float:
        return noisy_tables([], [(), *tables], [2025], Budget(epsilon),  # type: ignore[list-item]
                            RULES.private).count_noise

    most = RULES.private.most_events_of_a_firm
    assert width(1_000_000) == pytest.approx(math.sqrt(2) * most / 0.5, rel=1e-6)
    assert width(500_000) == pytest.approx(2 * width(1_000_000), rel=1e-6)
    assert width(1_000_000, ("peril",)) == pytest.approx(2 * width(1_000_000), rel=1e-6)


def test_laplace_noise_has_the_ratio_it_promises() -> None:
    """One firm more or less changes how often any answer comes by at most e to the epsilon."""
    rules = replace_rules(most_events_of_a_firm=1)
    budget = Budget(2_000_000)
    draws = 2_000

    def answers(firms: int) -> list[int]:
        events = [event(f"f{at}") for at in range(firms)]
        return [noisy_tables(events, [()], [2025], budget, rules).cells[(), ()].events
                for _ in range(draws)]

    with_one, without = answers(10), answers(9)
    for at_least in (9, 10, 11):
        share = sum(one >= at_least for one in with_one) / draws
        other = sum(one >= at_least for one in without) / draws
        assert share <= math.exp(1.0) * other * 1.3, "the counts' half of epsilon 2"
        assert share > other


def replace_rules(**changes: int) -> object:
    import msgspec

    return msgspec.structs.replace(RULES.private, **changes)


@pytest.mark.parametrize("budget", [Budget(9_999), Budget(-1), Budget(10_000_001),
                                    Budget(10_000, -1), Budget(10_000, 10_001)])
def test_a_budget_that_is_none_is_refused(budget: Budget) -> None:
    with pytest.raises(InputError):
        noisy_tables([], [()], [2025], budget, RULES.private)


def test_a_private_release_says_what_it_spent() -> None:
    made = private_release(snapshot(book(60, 30)), purpose="academic_research", as_of=DAY,
                           tables=[("peril",)], years=[2024], rules=RULES,
                           budget=Budget(500_000, 10), contributors=4)
    assert made.privacy is not None
    assert (made.privacy.epsilon_ppm, made.privacy.delta_ppb) == (500_000, 10)
    assert made.privacy.mechanism == "gaussian"
    assert release_of(plain(made)) == made
    for wrong in ([], None):
        with pytest.raises((InputError, TypeError)):
            private_release(snapshot([]), purpose="academic_research", as_of=DAY, tables=[()],
                            years=wrong, rules=RULES, budget=Budget(10_000), contributors=0)  # type: ignore[arg-type]
