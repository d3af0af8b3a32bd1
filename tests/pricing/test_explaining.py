"""The explanation of a price: Shapley values by hand, and additivity to the fen on the examples."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinghai.foundation.trace import Trace
from dinghai.losses.reference import EXPOSURE_GROUPS, industry_average, mixed_exposure
from dinghai.losses.tables import shipped_tables
from dinghai.pricing.explaining import GROUPS, Explanation, explain, shapley, subsets
from dinghai.pricing.rating import load_rating
from tests.losses.risks import PRODUCT, evaluator, model
from tests.pricing.test_quote import pricer, quoted

DOSSIERS = ("donghai", "pilot-small", "pilot-average", "pilot-large")


def test_the_glove_game() -> None:
    # Two hold a left glove, one a right one; a pair is worth 600. Of the six orders the right
    # glove completes a pair in four (not when it comes first): 400; each left one in one: 100.
    def value(group: frozenset[str]) -> int:
        return 600 if "right" in group and len(group) > 1 else 0

    assert shapley(("left", "other", "right"), value) == {"left": 100, "other": 100, "right": 400}


def test_what_does_not_divide_goes_to_the_largest_remainders() -> None:
    # Only all three together are worth 100: a third each, and the first listed takes the unit.
    def value(group: frozenset[str]) -> int:
        return 100 if len(group) == 3 else 0

    assert shapley(("a", "b", "c"), value) == {"a": 34, "b": 33, "c": 33}


@given(st.lists(st.integers(-10**12, 10**12), min_size=16, max_size=16))
def test_shares_add_up_whatever_the_game(values: list[int]) -> None:
    players = ("a", "b", "c", "d")
    game = dict(zip(subsets(players), values, strict=True))
    shares = shapley(players, game.__getitem__)
    assert sum(shares.values()) == game[frozenset(players)] - game[frozenset()]


@given(st.lists(st.integers(-10**9, 10**9), min_size=4, max_size=4))
def test_in_an_additive_game_everyone_gets_his_own(own: list[int]) -> None:
    players = ("a", "b", "c", "d")
    worth = dict(zip(players, own, strict=True))
    assert shapley(players, lambda group: sum(worth[one] for one in group)) == worth


@cache
def explained(name: str) -> Explanation:
    """The explanation of an example's quote."""
    return quoted(name).explanation


@pytest.mark.parametrize("name", DOSSIERS)
def test_the_contributions_lead_from_the_average_firm_to_the_quote(name: str) -> None:
    one, premium = explained(name), quoted(name).premium
    assert one.pure_fen == premium.pure
    assert one.technical_fen == premium.technical_net
    assert tuple(part.group for part in one.contributions) == GROUPS
    assert one.average_pure_fen + sum(x.pure_fen for x in one.contributions) == one.pure_fen
    assert (one.average_technical_fen + sum(x.technical_fen for x in one.contributions)
            == one.technical_fen)


@pytest.mark.parametrize("name", DOSSIERS)
def test_a_mixture_of_everything_is_the_enterprise_and_of_nothing_the_average(name: str) -> None:
    own = pricer(name).model.exposure
    average = industry_average(shipped_tables(), own.industry)
    assert mixed_exposure(own, average, tuple(EXPOSURE_GROUPS)) == own
    assert mixed_exposure(own, average, ()) == average


def test_a_mixture_keeps_ratios_to_the_revenue() -> None:
    own = pricer("pilot-large").model.exposure
    average = industry_average(shipped_tables(), own.industry)
    grown = mixed_exposure(own, average, ("size",))
    assert grown.revenue_fen == own.revenue_fen
    assert grown.headcount == pytest.approx(
        average.headcount * own.revenue_fen / average.revenue_fen, abs=1)
    assert grown.online_revenue_ppm == average.online_revenue_ppm


def test_the_average_firm_itself_owes_nothing_to_any_exposure() -> None:
    average = industry_average(shipped_tables(), "C")
    like = model({}).with_exposure(average, {})
    one = explain(like, evaluator(), load_rating(PRODUCT))
    parts = {part.group: part.pure_fen for part in one.contributions}
    assert all(parts[group] == 0 for group in EXPOSURE_GROUPS)
    assert parts["controls_frequency"] > 0  # nothing known is below half-implemented


def test_more_of_a_group_alone_moves_its_own_part() -> None:
    few, many = (explain(model(pi_records_general=records), evaluator(), load_rating(PRODUCT))
                 for records in (1_000, 5_000_000))
    grown = {one.group: other.pure_fen - one.pure_fen
             for one, other in zip(few.contributions, many.contributions, strict=True)}
    assert max(grown, key=grown.__getitem__) == "data"


def test_every_factor_has_its_row_with_source_and_mark() -> None:
    def leaves(trace: Trace) -> Iterator[Trace]:
        yield from ([trace] if trace.source else ())
        for child in trace.children:
            yield from leaves(child)

    for part in explained("donghai").contributions:
        assert part.factors, part.group
        for factor in part.factors:
            rows = list(leaves(factor))
            assert rows, factor.name
            assert all(row.source and row.source.name and row.source.confidence for row in rows)
