"""Reference firms, relativities, sensitivities and changes: through the model, and consistent."""

from __future__ import annotations

from datetime import date
from functools import cache

import msgspec
import pytest

from dinghai.foundation.errors import InputError
from dinghai.losses.evaluation import Evaluator
from dinghai.losses.tables import shipped_tables, tables_from
from dinghai.pricing.filing import FilingStudy, rating_changes, study_filing
from dinghai.pricing.premium import make_premium
from dinghai.pricing.rating import Rating, load_rating
from dinghai.pricing.reference_grid import (
    GridPricer,
    GridTable,
    ReferenceFirm,
    load_grid,
    reference_profile,
    unpriced_sections,
)
from dinghai.pricing.sensitivity import assumptions
from dinghai.vocabulary.industries import industries
from dinghai.wording.products import load_product

PRODUCT = "cyber-comprehensive-standard"
ON = date(2026, 3, 28)
FIRM = ReferenceFirm("C", 50_000_000_000, 500_000)


def small() -> GridTable:
    """The shipped grid with two revenues and two indicators."""
    return msgspec.structs.replace(load_grid(), revenues_fen=(2_000_000_000, 50_000_000_000),
                                   indicators_shown=2)


def other_rating() -> Rating:
    """The rating with a lower parameter load and a higher minimum premium."""
    rating = load_rating(PRODUCT)
    loads = msgspec.structs.replace(
        rating.loads, parameter=msgspec.structs.replace(rating.loads.parameter,
                                                        ppm_of_pure=100_000))
    filed = msgspec.structs.replace(rating.filed, minimum_premium_fen=700_000)
    return msgspec.structs.replace(rating, version="2025.1", loads=loads, filed=filed)


@cache
def pricer() -> GridPricer:
    """The standard product by its own rating."""
    return GridPricer.of(load_product(PRODUCT), load_rating(PRODUCT), shipped_tables(), ON)


@cache
def study() -> FilingStudy:
    """A filing against another rating."""
    return study_filing(load_product(PRODUCT), ON, against=other_rating(), grid_table=small())


def test_a_firm_is_priced_by_the_evaluator_that_quotes_use() -> None:
    priced = pricer().price(FIRM)[0]
    evaluator = pricer().evaluator(priced.limit_fen, priced.deductible_fen)
    model = pricer().model(FIRM)
    evaluation = Evaluator.of(evaluator.policy).evaluate(model)
    assert priced.expected == evaluation.expected
    assert priced.premium == make_premium(evaluation, load_rating(PRODUCT),
                                          revenue_fen=FIRM.revenue_fen, days=priced.days)
    assert priced.limit_fen == load_product(PRODUCT).limits.aggregate_default_fen
    assert evaluator.policy.schedule.event_deductible_fen == priced.deductible_fen


def test_a_branch_learns_nothing_into_the_evaluator_it_came_from() -> None:
    base = pricer().evaluator(pricer().limit_fen, pricer().deductible_fen)
    branch = base.branch()
    assert branch.evaluate(pricer().model(FIRM)).expected > 0.0
    assert len(base._memory) == 0 and len(branch._memory) == 6
    assert branch.branch().evaluate(pricer().model(FIRM)).expected == pricer().price(FIRM)[
        0].expected


def test_a_reference_firm_has_what_the_tables_call_usual() -> None:
    tables = shipped_tables()
    profile = reference_profile(FIRM, tables)
    million_usd = FIRM.revenue_fen / tables.fen_per_usd / 1e6
    assert profile.headcount == int(8.0 * million_usd)
    assert profile.endpoints == int(6.0 * million_usd)
    assert (profile.ot_systems, len(profile.providers)) == (2, 3)
    assert profile.pi_records_general + profile.pi_records_sensitive == int(2000.0 * million_usd)
    assert reference_profile(ReferenceFirm("C", 100, 0), tables).headcount == 1


def test_the_grid_holds_every_industry_at_every_revenue() -> None:
    found = [(one.firm.industry, one.firm.revenue_fen) for one in study().grid]
    assert len(found) == len(set(found)) == 2 * len(industries())
    for one in study().grid:
        premium = one.premium
        assert one.loss_ratio_ppm == pytest.approx(
            1e6 * premium.pure / premium.charged_net, abs=1)
        assert one.rate_on_line_ppm == pytest.approx(
            1e6 * premium.charged_net / one.limit_fen, abs=1)


def test_more_limit_costs_more_and_more_deductible_less() -> None:
    for revenue in small().revenues_fen:
        limits = [one for one in study().limits if one.priced.firm.revenue_fen == revenue]
        pure = [one.pure for one in limits]
        assert pure == sorted(pure) and len(pure) >= 5
        own = [one for one in study().deductibles if one.priced.firm.revenue_fen == revenue]
        assert [one.pure for one in own] == sorted((one.pure for one in own), reverse=True)
        assert sum(one.pure == 1.0 and one.charged == 1.0 for one in (*limits, *own)) == 2
        bounds = load_product(PRODUCT).limits
        assert all(bounds.aggregate_minimum_fen <= one.priced.limit_fen
                   <= bounds.aggregate_maximum_fen for one in limits)


def test_assumptions_move_the_premium_the_way_they_must() -> None:
    moved = {(one.assumption.code, one.assumption.indicator, one.firm.posture_ppm): one
             for one in study().moved}
    for posture in (250_000, 750_000):
        for code in ("base_frequency", "claim_costs", "interruption_share", "common_share"):
            one = moved[code, "", posture]
            assert one.low_change < 0.0 < one.high_change, code
        # payments are proportional to frequency but for what the annual limit cuts
        frequency = moved["base_frequency", "", posture]
        ratio = frequency.low.pure / frequency.base.pure
        assert ratio == pytest.approx(0.75, abs=0.002)
    weak, strong = (moved["control_effects", "", one] for one in (250_000, 750_000))
    assert weak.low_change < 0.0 < weak.high_change
    assert strong.high_change < 0.0 < strong.low_change
    single = [one for one in study().moved if one.assumption.indicator]
    assert len({one.assumption.indicator for one in single}) == 2


def test_the_short_way_of_an_indicator_gives_the_long_ways_price() -> None:
    found = next(one for one in study().moved if one.assumption.indicator)
    again = pricer().price(found.firm, tables=found.assumption.move(shipped_tables(), -1.0))
    assert again[0].premium == found.low


def test_a_declared_interval_of_the_bands_replaces_the_stress() -> None:
    tables, table = shipped_tables(), load_grid()
    assert not assumptions(tables, table)[0].declared
    raw = {name: msgspec.to_builtins(dict(part)) for name, part in tables.raw.items()}
    for band in raw["frequency"]["bands"]:
        band["interval"] = [0.5 * band["frequency"], 1.4 * band["frequency"]]
    found = assumptions(tables_from(raw), table)[0]
    assert found.declared
    assert (found.low, found.high) == (pytest.approx(0.5), pytest.approx(1.4))


def test_changes_name_every_field_and_their_impact() -> None:
    assert {(one.field, one.old, one.new) for one in study().changes} == {
        ("version", "2025.1", "2026.1"), ("loads.parameter.ppm_of_pure", 100_000, 200_000),
        ("filed.minimum_premium_fen", 700_000, 100_000)}
    assert rating_changes(other_rating(), other_rating()) == ()
    for one in study().impacts:
        old = pricer().price(one.priced.firm)[0]
        assert one.old == pricer().repriced(old, other_rating())
    assert {one.change > 0.0 for one in study().impacts} == {True, False}
    assert pricer().repriced(study().grid[0], load_rating(PRODUCT)) == study().grid[0].premium


def test_a_product_without_a_price_is_refused_and_unknown_covers_are_named() -> None:
    assert unpriced_sections(load_product(PRODUCT)) == ()
    product = load_product(PRODUCT)
    section = msgspec.structs.replace(product.sections[0], coverage="FP-HARDWARE")
    other = msgspec.structs.replace(product, sections=(section,), towers=())
    assert unpriced_sections(other) == ("FP-HARDWARE",)
    with pytest.raises(InputError, match="none of this product's covers"):
        GridPricer.of(other, load_rating(PRODUCT), shipped_tables(), ON)
