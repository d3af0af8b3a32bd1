"""The loss model: directions, splits, controls, determinism and the simulation as its check."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dinghai.assessment.profile import Provider
from dinghai.foundation.canonical import canonical_bytes
from dinghai.foundation.errors import InputError
from dinghai.losses.effects import control_factor, control_factors, scores_of, shaped
from dinghai.losses.evaluation import Evaluator
from dinghai.losses.exposure import industry_relativity
from dinghai.losses.severity import industry_normaliser
from dinghai.losses.simulation import exceedance, simulate_years
from dinghai.losses.tables import EFFECT_GROUPS, PERILS, shipped_tables
from dinghai.vocabulary.indicators import indicators
from tests.losses.risks import evaluator, model, policy, profile

HALF: dict[str, int | None] = dict.fromkeys(indicators(), 500_000)


def test_own_and_common_add_up_and_common_is_the_declared_share() -> None:
    shares = shipped_tables().frequency["common_share"]
    for peril, one in model().perils.items():
        frequency = one.frequency
        assert frequency.own + frequency.common == pytest.approx(frequency.per_year)
        assert frequency.common == pytest.approx(frequency.per_year * shares[peril])


def test_half_implemented_controls_change_nothing_but_complete_only_ones() -> None:
    tables = shipped_tables()
    linear = {**HALF, "IAM-01": 793_701, "IAM-02": 793_701}  # the cube of 0.7937 is a half
    for peril in PERILS:
        found = control_factor(tables, scores_of(linear, tables), peril, "frequency")
        assert found.factor == pytest.approx(1.0, abs=1e-6)
    assert control_factor(tables, scores_of(HALF, tables), "ransomware", "frequency").factor > 1.0


def test_the_number_of_every_factor_is_that_of_its_reasons() -> None:
    tables = shipped_tables()
    posture = {code: None if place % 7 == 0 else place * 97_003 % 1_000_001
               for place, code in enumerate(indicators())}
    found = control_factors(tables, scores_of(posture, tables))
    assert list(found) == list(PERILS)
    for factors in found.values():
        assert list(factors) == ["frequency", *EFFECT_GROUPS]
        assert list(factors.on_severity) == list(EFFECT_GROUPS)
        for factor in factors.values():
            assert factor.trace.value == factor.factor
            assert sum(float(part.value or 0.0) for part in factor.trace.children) == (
                pytest.approx(factor.log_effect))
            assert (factor.factor == 1.0) == (factor.log_effect == 0.0)
        for group in EFFECT_GROUPS:
            assert factors.on_severity[group].factor == factors[group].factor
            assert factors.by_group[group] == factors[group].factor
        assert "frequency" not in factors.on_severity
    assert len({factor.factor for one in found.values() for factor in one.values()}) > 10


def test_complete_only_controls_are_convex() -> None:
    steps = [shaped(k / 4.0, "complete_only") for k in range(5)]
    gains = [b - a for a, b in itertools.pairwise(steps)]
    assert gains == sorted(gains) and gains[-1] > 4.0 * gains[0]


def test_all_controls_stay_inside_the_declared_bounds() -> None:
    tables = shipped_tables()
    for peril in PERILS:
        full = control_factor(tables, scores_of(dict.fromkeys(indicators(), 1_000_000), tables),
                              peril, "frequency")
        none = control_factor(tables, scores_of(dict.fromkeys(indicators(), 0), tables), peril,
                              "frequency")
        assert 0.5 < full.factor < 1.0 < none.factor < 1.8


def test_an_unknown_indicator_is_read_by_the_cautious_prior_and_said_so() -> None:
    tables = shipped_tables()
    unknown = control_factor(tables, scores_of({**HALF, "HRD-01": None}, tables), "ransomware",
                             "frequency")
    prior = control_factor(tables, scores_of({**HALF, "HRD-01": 350_000}, tables), "ransomware",
                           "frequency")
    assert unknown.factor == prior.factor
    part = unknown.trace.find("indicator.HRD-01")
    assert part.children[0].operation == "prior"


@given(st.sampled_from(sorted(indicators())), st.integers(0, 4), st.integers(0, 4))
@settings(max_examples=60, deadline=None)
def test_a_better_control_never_costs_more(indicator: str, one: int, other: int) -> None:
    low, high = sorted((one, other))
    start = model()
    worse = evaluator().evaluate(start.with_posture({**start.posture, indicator: low * 250_000}))
    better = evaluator().evaluate(start.with_posture({**start.posture, indicator: high * 250_000}))
    assert better.expected <= worse.expected
    assert better.standard_deviation <= worse.standard_deviation
    assert better.common <= worse.common


def test_every_indicator_is_worth_something_even_when_all_others_are_full() -> None:
    full = dict.fromkeys(indicators(), 1_000_000)
    start = model(full)
    best = evaluator().evaluate(start).expected
    for indicator in indicators():
        without = evaluator().evaluate(start.with_posture({**full, indicator: 750_000})).expected
        assert without > best, indicator


def _expected(**changes: object) -> dict[str, float]:
    found = evaluator().evaluate(model(**changes))
    return {"total": found.expected, **found.by_section, **found.by_peril}


@pytest.mark.parametrize(("change", "rising"), [
    ({"revenue_fen": 120_000_000_000}, ("total", "FP-IR", "ransomware")),
    ({"gross_profit_rate_ppm": 600_000}, ("total", "FP-BI")),
    ({"gross_profit_per_day_fen": 200_000_000}, ("total", "FP-BI")),
    ({"online_revenue_ppm": 800_000}, ("total", "FP-BI", "ddos_web")),
    ({"pi_records_general": 9_000_000}, ("total", "FP-NOTIF", "TP-PRIV", "intrusion_breach")),
    ({"pi_records_sensitive": 2_000_000}, ("total", "FP-NOTIF", "TP-PRIV")),
    ({"important_data": True}, ("total", "FP-LEGAL", "FP-REGINV")),
    ({"critical_infrastructure": True}, ("total", "FP-LEGAL", "ddos_web")),
    ({"tolerable_outage_seconds": 3_600}, ("total", "FP-BI")),
    ({"ot_systems": 400}, ("total", "ransomware")),
    ({"headcount": 9_000}, ("total", "error_insider", "bec_fraud")),
    ({"endpoints": 20_000}, ("total", "ransomware", "intrusion_breach")),
    ({"jurisdictions": ("CN-mainland", "CN-HK", "other")}, ("total", "TP-PRIV", "TP-NETSEC")),
    ({"high_value_payments_per_year": 20_000}, ("total", "bec_fraud")),
    ({"providers": tuple(Provider(f"p-{n}", "x", "saas", True) for n in range(12))},
     ("total", "third_party")),
])
def test_every_exposure_moves_the_price_in_its_direction(
    change: dict[str, object], rising: tuple[str, ...]
) -> None:
    before, after = _expected(), _expected(**change)
    for name in rising:
        assert after[name] > before[name], name


def test_more_revenue_means_more_claims_and_more_interruption() -> None:
    small, large = model(), model(revenue_fen=160_000_000_000)
    assert large.claims_per_year > small.claims_per_year
    lost = [m.perils["ransomware"].events.amounts["interruption"].sum() for m in (small, large)]
    assert lost[1] > lost[0]


def test_interruption_is_time_times_the_enterprises_own_gross_profit() -> None:
    events = model().perils["ransomware"].events
    fall = events.standard_turnover - events.actual_turnover
    profit = fall * (events.gross_profit_rate_ppm / 1e6) - events.saved_costs
    assert np.abs(events.amounts["interruption"] - profit).max() <= 2.0
    stopped = events.duration_seconds > 0
    assert events.standard_turnover[~stopped].sum() == 0 and stopped.any() and not stopped.all()


def test_the_industry_severity_relativity_holds_for_the_average_claim() -> None:
    """The section's own mix does not count a second time."""
    tables = shipped_tables()
    book = tables.frequency["book_mix"]
    means = {peril: tables.perils[peril].average_claim_usd for peril in PERILS}
    for section in "CFIQ":
        industry = industry_relativity(section)
        own_average = sum(industry.mix[p] * means[p] for p in PERILS)
        book_average = sum(book[p] * means[p] for p in PERILS)
        assert industry_normaliser(tables, industry) * own_average == pytest.approx(
            industry.severity * book_average)


def test_fft_and_closed_form_agree_on_the_year() -> None:
    found = evaluator().evaluate(model())
    year = found.aggregate
    # The year's distribution is before the annual aggregate, the expected loss after it.
    assert 0.999 < found.exhaustion_ppb / 1e9 <= 1.0
    assert found.expected == pytest.approx(year.mean(), rel=1e-3)
    assert year.standard_deviation() == pytest.approx(found.standard_deviation, rel=1e-3)
    assert year.lost < 1e-6


def test_simulated_years_agree_with_the_fft() -> None:
    one = model(dict.fromkeys(indicators(), 0), revenue_fen=2_000_000_000_000)
    found = evaluator().evaluate(one)
    years = simulate_years(one, found, 400_000, seed=7).total
    error = found.standard_deviation / 400_000**0.5
    assert abs(float(years.mean()) - found.aggregate.mean()) < error  # stratified: four before
    for level in (0.95, 0.99):
        quantile = found.aggregate.quantile(level)
        beyond = float((years > quantile + found.aggregate.step_fen).mean())
        within = float((years > max(quantile - found.aggregate.step_fen, 0)).mean())
        spread = 4.0 * (level * (1.0 - level) / 400_000) ** 0.5
        assert beyond - spread <= 1.0 - level <= within + spread


def test_exceedance_statistics_hold_the_exact_ones_within_their_errors() -> None:
    one = model(dict.fromkeys(indicators(), 0), revenue_fen=2_000_000_000_000)
    found = evaluator().evaluate(one)
    years = simulate_years(one, found, 200_000, seed=11)
    annual, occurrence = (exceedance(part, (0.9, 0.99)) for part in (years.total, years.largest))
    for level in (0.9, 0.99):
        exact = found.aggregate
        row = annual[f"{level:g}"]
        assert abs(row["quantile"].value - exact.quantile(level)) <= (
            4.0 * row["quantile"].standard_error + 2 * exact.step_fen)
        assert abs(row["tail_mean"].value - exact.tail_value_at_risk(level)) <= (
            4.0 * row["tail_mean"].standard_error + 2 * exact.step_fen)
        assert occurrence[f"{level:g}"]["quantile"].value <= row["quantile"].value
    # The largest event of a year exceeds x when any does: 1 − Σ w e^(−λ node P(X > x)).
    level = occurrence["0.99"]["quantile"].value
    latent, chance = one.latent, 0.0
    for state, (weight, node) in enumerate(zip(latent.weights, latent.nodes, strict=True)):
        expected = sum(
            one.perils[peril].frequency.per_year * node * group.chance
            * int((found.payments[peril].total[group.start:group.stop] > level).sum())
            for peril in PERILS for group in found.payments[peril].groups if group.state == state)
        chance += weight * (1.0 - math.exp(-expected))
    assert chance == pytest.approx(0.01, abs=4.0 * (0.01 * 0.99 / 200_000) ** 0.5)


def test_any_cut_of_the_simulation_gives_the_same_years() -> None:
    one = model()
    found = evaluator().evaluate(one)
    whole = simulate_years(one, found, 1_000, seed=3)
    parts = [simulate_years(one, found, 1_000, seed=3, first=250 * k, last=250 * (k + 1))
             for k in range(4)]
    assert np.array_equal(whole.total, np.concatenate([part.total for part in parts]))
    assert np.array_equal(whole.largest, np.concatenate([part.largest for part in parts]))


@pytest.mark.parametrize("years", [0, -1, 10**9])
def test_senseless_numbers_of_years_are_refused(years: int) -> None:
    with pytest.raises(InputError):
        simulate_years(model(), evaluator().evaluate(model()), years, seed=1)


def test_the_same_dossier_gives_the_same_bytes() -> None:
    first, second = model(), model()
    assert canonical_bytes(first.to_dict()) == canonical_bytes(second.to_dict())
    one = Evaluator.of(policy()).evaluate(first).to_dict()
    two = Evaluator.of(policy()).evaluate(second).to_dict()
    assert canonical_bytes(one) == canonical_bytes(two)
    assert first.trace.hash == second.trace.hash


def test_a_frequency_what_if_shares_the_events() -> None:
    start = model()
    other = start.with_posture({**start.posture, "HRD-01": 0})
    assert other.perils["ransomware"].events is start.perils["ransomware"].events
    assert other.claims_per_year > start.claims_per_year


def test_the_document_says_where_every_number_comes_from() -> None:
    document = json.loads(json.dumps(model().to_dict()))
    assert document["schema"] == "dinghai.loss-model/1"
    for peril in PERILS:
        row = document["perils"][peril]
        assert row["per_year"] == pytest.approx(row["own"] + row["common"])
        names = [child["name"] for child in row["frequency"]["children"]]
        assert names == ["base", "industry", "mix", "exposure", "controls.frequency",
                         "common_share"]
        assert all("source" in child for child in row["frequency"]["children"])


def test_bad_exposures_are_refused() -> None:
    with pytest.raises(InputError):
        model(revenue_fen=0)
    with pytest.raises(InputError):
        model(industry="Z")
    assert replace(profile(), gross_profit_per_day_fen=None).gross_profit_per_day_fen is None
    assert model(gross_profit_per_day_fen=None).exposure.gross_profit_per_day_fen > 0


def test_more_limit_never_pays_less_and_more_deductible_never_pays_more() -> None:
    one = model()
    by_limit = [Evaluator.of(policy(limit, 5_000_000)).evaluate(one).expected
                for limit in (100_000_000, 300_000_000, 766_700_000, 2_000_000_000)]
    assert by_limit == sorted(by_limit)
    rate = [b / a for a, b in zip((1.0, 3.0, 7.667, 20.0), by_limit, strict=True)]
    assert rate == sorted(rate, reverse=True)  # concave in the limit
    by_deductible = [Evaluator.of(policy(766_700_000, d)).evaluate(one).expected
                     for d in (0, 1_000_000, 5_000_000, 50_000_000)]
    assert by_deductible == sorted(by_deductible, reverse=True)
