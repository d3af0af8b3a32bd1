"""Needs: from the enterprise's own loss model, by the stated rule, with every gap in fen."""

from __future__ import annotations

from datetime import date
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from dinghai.assessment.assess import assess
from dinghai.assessment.dossier import read_dossier
from dinghai.comparison.frontier import frontier
from dinghai.comparison.ground_up import GroundUp
from dinghai.comparison.needs import needs, rounded_up
from dinghai.comparison.needs_documents import Needs
from dinghai.evidence.feeds import shipped_epss, shipped_kev
from dinghai.foundation.canonical import canonical_bytes
from dinghai.losses.effects import Posture
from dinghai.losses.model import build_loss_model
from dinghai.pricing.quote import Pricer
from dinghai.pricing.rating import FixCosts
from dinghai.pricing.treatment import treatment_plan
from dinghai.wording.sections import Section, Sublimit
from tests.comparison.making import EXAMPLES, profile, standard, variant, with_section

ON = date(2026, 3, 12)


@cache
def posture() -> Posture:
    return assess(read_dossier(EXAMPLES / "donghai"), kev=shipped_kev(ON), epss=shipped_epss(),
                  on=ON).posture


@cache
def ground_up() -> GroundUp:
    return GroundUp(build_loss_model(profile(), posture()))


@cache
def found() -> Needs:
    return needs(profile(), posture(), (standard(),))


def test_every_part_of_the_loss_stands_under_one_coverage() -> None:
    """Summed over the coverages, the losses are the model's own ground-up losses."""
    whole = ground_up()
    for peril, one in whole.model.perils.items():
        total = np.zeros_like(one.events.loss)
        for by_peril in whole.by_coverage.values():
            if peril in by_peril:
                total = total + by_peril[peril]
        assert np.array_equal(total, one.events.loss)


def test_the_mean_is_the_models() -> None:
    whole = ground_up()
    cap = 7_000_000_000
    everything = whole.together(whole.by_coverage)
    expected = sum(one.frequency.per_year * whole.model.ground_up_mean(peril, cap)
                   for peril, one in whole.model.perils.items())
    assert everything.mean(cap) == pytest.approx(expected, rel=1e-9)
    assert everything.hits_per_year() == pytest.approx(whole.model.claims_per_year, rel=1e-9)


def test_the_year_agrees_with_a_simulation() -> None:
    """Independent oracle: draw years of incidents from the grid; compare the 1-in-100 year."""
    losses = ground_up().coverage("FP-IR")
    model = ground_up().model
    draw = np.random.default_rng(7)
    years = 200_000
    state = draw.choice(len(model.latent.nodes), size=years, p=model.latent.weights)
    totals = np.zeros(years)
    for peril, amounts in losses.amounts.items():
        one = model.perils[peril]
        for index, node in enumerate(model.latent.nodes):
            here = np.flatnonzero(state == index)
            counts = draw.poisson(one.frequency.per_year * node, size=here.size)
            parts = [(amounts[g.start:g.stop], np.full(g.stop - g.start, g.chance))
                     for g in one.events.grid.groups if g.state == index]
            pool = np.concatenate([part for part, _ in parts])
            chance = np.concatenate([weight for _, weight in parts])
            severity = draw.choice(pool, size=int(counts.sum()), p=chance / chance.sum())
            np.add.at(totals, np.repeat(here, counts), severity)
    (hundred,) = losses.year(0.99)
    share = float((totals > hundred).mean())
    assert share == pytest.approx(0.01, abs=0.0012)


def test_the_rule_of_the_limit() -> None:
    for one in found().needs:
        if one.basis == "loss_model" and one.proposed_limit_fen is not None:
            assert one.proposed_limit_fen == rounded_up(
                max(one.year_1_in_100_fen or 0, one.incident_1_in_20_fen or 0))
            assert (one.hits_per_year_ppm or 0) >= found().rule.rarest_hits_ppm
    assert found().aggregate_limit_fen >= max(
        one.proposed_limit_fen or 0 for one in found().needs)


@pytest.mark.parametrize(("amount", "expected"), [
    (0, 0), (1, 100), (99_00, 99_00), (100_00, 100_00), (101_00, 110_00),
    (123_456_789, 130_000_000), (130_000_000, 130_000_000), (999_000_001, 1_000_000_000),
])
def test_rounding_up_to_two_digits_of_yuan(amount: int, expected: int) -> None:
    assert rounded_up(amount) == expected


def test_ransom_and_fines_are_needs_that_nobody_may_insure() -> None:
    refused = {one.coverage: one.not_proposed for one in found().needs if one.not_proposed}
    assert refused == {"FP-EXT-R": "not_insurable_on_the_mainland",
                       "TP-FINE": "not_insurable_on_the_mainland"}


def test_gaps_are_named_with_their_amounts() -> None:
    by_need = {one.coverage: one for one in found().needs}
    (product,) = found().products
    gaps = {one.coverage: one for one in product.gaps}
    fraud = gaps["FP-FRAUD"]
    assert fraud.reason == "not_covered"
    assert fraud.gap_fen == by_need["FP-FRAUD"].proposed_limit_fen
    assert fraud.mean_year_fen == by_need["FP-FRAUD"].mean_year_fen
    liability = gaps["TP-PRIV"]
    assert liability.reason == "limit_below_need"
    assert liability.limit_fen == product.aggregate_limit_fen // 2
    assert liability.gap_fen == liability.needed_fen - liability.limit_fen
    assert 0 < (liability.mean_year_fen or 0) < (by_need["TP-PRIV"].mean_year_fen or 0)
    assert product.total_gap_fen == sum(one.gap_fen for one in product.gaps)
    assert "FP-MIT" not in gaps


def test_a_section_more_closes_its_gap_and_a_lower_sublimit_opens_one() -> None:
    more = variant(sections=(Section(coverage="FP-FRAUD", clause="2.15"),))
    less = with_section("FP-IR", sublimit=Sublimit(amount_fen=1_000_000))
    closed, opened = (needs(profile(), posture(), (one,)).products[0] for one in (more, less))
    assert "FP-FRAUD" not in {one.coverage for one in closed.gaps}
    assert next(one for one in opened.gaps if one.coverage == "FP-IR").limit_fen == 1_000_000


def test_what_the_model_does_not_know_comes_from_the_scenarios() -> None:
    supplier = next(one for one in found().needs if one.coverage == "SC-CBI")
    assert (supplier.basis, supplier.scenario) == ("scenario", "supplier-attack")
    assert supplier.need_fen == 140_000_000  # 1,301,500 yuan, rounded up
    assert supplier.year_1_in_100_fen is None


def test_the_same_input_gives_the_same_bytes() -> None:
    products = (standard(), variant())
    one = needs(profile(), posture(), products).to_dict()
    other = needs(profile(), posture(), products[::-1]).to_dict()
    assert canonical_bytes(one) == canonical_bytes(other)


def test_the_frontier_falls_with_every_fix() -> None:
    dossier = read_dossier(EXAMPLES / "donghai")
    assessment = assess(dossier, kev=shipped_kev(ON), epss=shipped_epss(), on=ON)
    pricer = Pricer.of(dossier, assessment, standard())
    points = frontier(pricer, limit_fen=1_000_000_000, deductible_fen=10_000_000,
                      inception=date(2026, 1, 1), mean_limit_fen=7_000_000_000).points
    assert points[0].indicator == ""
    assert points[0].effort == 0
    assert points[0].expected_loss_fen == round(
        ground_up().together(ground_up().by_coverage).mean(7_000_000_000))
    for before, after in pairwise(points):
        assert after.effort > before.effort
        assert after.charged_net_fen <= before.charged_net_fen
        assert after.expected_loss_fen <= before.expected_loss_fen
        assert after.kept_fen == after.expected_loss_fen - after.expected_payout_fen


def test_the_frontier_says_what_was_spent_and_stops_where_a_cost_is_missing() -> None:
    dossier = read_dossier(EXAMPLES / "donghai")
    assessment = assess(dossier, kev=shipped_kev(ON), epss=shipped_epss(), on=ON)
    pricer = Pricer.of(dossier, assessment, standard())

    def spent(costs: FixCosts | None) -> list[int | None]:
        found = frontier(pricer, limit_fen=1_000_000_000, deductible_fen=10_000_000,
                         inception=date(2026, 1, 1), mean_limit_fen=7_000_000_000, costs=costs)
        return [one.spent_fen for one in found.points]

    shipped = spent(None)
    assert shipped[0] == 0
    assert all(after > before for before, after in pairwise(shipped))  # type: ignore[operator]
    plan = treatment_plan(pricer, pricer.schedule(
        inception=date(2026, 1, 1), limit_fen=1_000_000_000, deductible_fen=10_000_000))
    own = FixCosts(schema="dinghai.fix-costs/1", version="1", source="Offers", confidence="T",
                   full_fen={plan.path[0].indicator: 4_000_000})
    found = spent(own)
    assert found[1] is not None and 0 < found[1] <= 4_000_000
    assert found[2:] == [None] * (len(found) - 2)
