"""A member's premium floats with what its events cost: better control never raises it, exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dinghai.evidence.feeds import shipped_epss, shipped_kev
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import PPM
from dinghai.pricing.floating import load_float_rule
from dinghai.supplychain.caused_payments import caused_payments, changed_setting, jackknife
from dinghai.supplychain.chain import Chain, ControlScore
from dinghai.supplychain.chain_float import (
    ChainFloat,
    Feeds,
    FirmFloat,
    FloatBase,
    blended_ppm,
    float_chain,
    ratio_ppm,
)
from dinghai.supplychain.chain_float_document import float_document
from dinghai.supplychain.compiling import posture_of
from dinghai.supplychain.float_changes import changes_of, fixes_of, incentives_for, reasons_for
from dinghai.supplychain.float_table import chain_float_table
from dinghai.supplychain.shared_events import share_events
from dinghai.vocabulary.indicators import indicators
from tests.supplychain.test_sharing import energy

RULE = load_float_rule("cyber-comprehensive-standard")
CODES = tuple(indicators())
BIND = energy().chain
FIRMS = tuple(one.id for one in BIND.firms)


@cache
def base() -> FloatBase:
    """The energy example at bind, few attempts."""
    return FloatBase(energy(), Feeds(), worlds=60, seed=5)


def with_scores(chain: Chain, scores: Mapping[tuple[str, str], int]) -> Chain:
    """The chain with these scores of (firm, indicator), assessed."""
    rows = [one for one in chain.controls if (one.firm, one.indicator) not in scores]
    return msgspec.structs.replace(chain, controls=(*rows, *(
        ControlScore(firm=firm, indicator=code, score_ppm=ppm, known_by="assessment")
        for (firm, code), ppm in scores.items())))


def moved(chain: Chain, firm: str, by_ppm: int) -> Chain:
    """All known scores of a firm moved, inside full marks."""
    scores = posture_of(chain, chain.firm[firm])
    return with_scores(chain, {(firm, code): min(max(ppm + by_ppm, 0), PPM)
                               for code, ppm in scores.items() if ppm is not None})


def of(found: ChainFloat, firm: str) -> FirmFloat:
    return found.firms[FIRMS.index(firm)]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(FIRMS), st.dictionaries(
    st.sampled_from(CODES), st.tuples(st.integers(0, PPM), st.integers(0, PPM)), min_size=1,
    max_size=6))
def test_a_better_control_never_raises_what_a_firm_causes_in_any_batch_of_luck(
    firm: str, steps: dict[str, tuple[int, int]]
) -> None:
    place, known = FIRMS.index(firm), posture_of(BIND, BIND.firm[firm])
    low = {(firm, code): min(pair) for code, pair in steps.items()}
    high = {(firm, code): max(pair) for code, pair in steps.items()}
    one = base()
    worse, better = (one.payments(one.with_firms(with_scores(BIND, scores), Feeds(), [place]),
                                  [place]) for scores in (low, high))
    for part in ("own", "exported", "supply", "brought"):
        assert (getattr(better, part)[:, place] <= getattr(worse, part)[:, place]).all()
    only_up = {key: max(ppm, known.get(key[1]) or PPM) for key, ppm in high.items()}
    found = one.payments(one.with_firms(with_scores(BIND, only_up), Feeds(), [place]), [place])
    assert (found.batches[:, place] <= one.at_bind(place).batches[:, place]).all()


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(FIRMS), st.sampled_from(FIRMS),
       st.dictionaries(st.sampled_from(CODES), st.integers(0, PPM), min_size=1, max_size=4),
       st.dictionaries(st.sampled_from(CODES), st.integers(0, PPM), min_size=1, max_size=4))
def test_a_better_control_never_raises_ones_premium_whatever_others_do(
    firm: str, other: str, better: dict[str, int], others: dict[str, int]
) -> None:
    known = posture_of(BIND, BIND.firm[firm])
    up = {(firm, code): max(ppm, known.get(code) or PPM) for code, ppm in better.items()}
    beside = {} if other == firm else {(other, code): ppm for code, ppm in others.items()}
    without = float_chain(base(), with_scores(BIND, beside), Feeds())
    found = float_chain(base(), with_scores(BIND, {**beside, **up}), Feeds())
    assert of(found, firm).indicated_ppm <= PPM
    assert of(found, firm).indicated_ppm <= of(without, firm).indicated_ppm
    assert all(one.indicated_ppm <= PPM for one in found.firms if not one.changed)


@pytest.mark.parametrize("rule", ["cyber-comprehensive-standard", "score-linear", "grade-bands"])
def test_a33_score_up_ten_is_not_dearer_and_score_down_is_told_with_reasons_and_appeal(
    rule: str,
) -> None:
    firm, known = "turbine", load_float_rule(rule)
    place = FIRMS.index(firm)
    for by, sign in ((100_000, -1), (-100_000, 1)):
        found = float_chain(base(), moved(BIND, firm, by), Feeds(), premium_fen=100_000_000)
        document = float_document(
            found, known, on=date(2026, 7, 2), inception=date(2026, 7, 1),
            expiry=date(2027, 6, 30), firms=[place])
        one = document["firms"][0]
        assert (one["score_after_ppm"] - one["score_before_ppm"]) * sign < 0
        assert one["change_a_year_fen"] * sign >= 0
        assert one["float"]["amount_fen"] == 0  # one reading is not enough
        if one["factor_ppm"] == PPM:
            assert rule == "grade-bands"
            continue
        assert one["reasons"]
        assert {each["table"] for each in one["reasons"]} == {"controls"}
        appeal = one["notice"]["appeal"]
        assert (appeal["working_days"], appeal["until"]) == (10, "2026-07-16")
        assert appeal["documents"] == ["D-REVIEW"]
        evidence = one["notice"]["evidence"]
        assert {each["known_by"] for each in evidence} == {"assessment"}
        expected = "refund" if sign < 0 else "increase_at_anniversary"
        if abs(one["factor_ppm"] - PPM) >= known.hysteresis_ppm:
            assert one["if_confirmed"]["proposal"] == expected
            refund = one["if_confirmed"]["amount_fen"]
            days = 364 / 365
            assert refund == (pytest.approx(-one["change_a_year_fen"] * days, abs=1.0)
                              if sign < 0 else 0)
        else:
            assert "within_hysteresis" in one["if_confirmed"]["reasons"]


def test_others_lower_a_premium_and_never_raise_it() -> None:
    worse = float_chain(base(), moved(BIND, "turbine", -500_000), Feeds())
    assert worse.chain_ppm > PPM
    assert of(worse, "turbine").indicated_ppm > PPM
    assert all(one.indicated_ppm <= PPM for one in worse.firms if not one.changed)
    better = float_chain(base(), moved(BIND, "turbine", 500_000), Feeds())
    assert better.chain_ppm < PPM
    assert all(one.indicated_ppm < PPM for one in better.firms
               if not one.changed and one.bound_ppm < PPM)


@given(st.integers(0, 2 * PPM), st.integers(0, 2 * PPM), st.integers(0, 2 * PPM),
       st.integers(0, PPM), st.integers(0, PPM), st.integers(0, PPM), st.integers(0, 3))
def test_the_blend_falls_with_every_ratio_and_with_evidence(
    own: int, everything: int, chain: int, bound: int, now: int, less: int, which: int
) -> None:
    before = blended_ppm(own, everything, chain, bound, now)
    values = [own, everything, chain]
    if which < 3:
        values[which] = max(values[which] - less, 0)
        assert blended_ppm(*values, bound, now) <= before
    else:
        assert blended_ppm(*values, bound, min(now + less, PPM)) <= before
    if own <= PPM:
        assert before <= PPM


def test_credibility_is_the_evidence_against_a_declared_constant() -> None:
    table = chain_float_table().credibility
    assert table.of(()) == 0
    full = [ControlScore(firm="f", indicator=code, score_ppm=0, known_by="assessment")
            for code in CODES]
    assert table.evidence(full) == pytest.approx(len(CODES))
    assert table.of(full) == round(len(CODES) / (len(CODES) + table.half_at) * PPM)
    half = [msgspec.structs.replace(one, known_by="questionnaire") for one in full]
    assert table.evidence(half) == pytest.approx(len(CODES) / 2)
    unknown = [msgspec.structs.replace(one, score_ppm=None) for one in full]
    assert table.of(unknown) == 0


def test_caused_payments_agree_with_simulated_years() -> None:
    """Without limits that members share the two are the same expectation."""
    model = energy()
    events = share_events(model, model.events(years=6_000, seed=11))
    simulated = float(events.payable.sum()) / 6_000
    error = float(events.by_year(events.payable).std()) / 6_000**0.5
    one = FloatBase(model, Feeds(), worlds=1_000, seed=11)
    caused = one.caused
    own_error = float(caused.batches.sum(axis=1).std(ddof=1)) / len(caused.batches) ** 0.5
    assert abs(float(caused.total.sum()) - simulated) < 4 * (error**2 + own_error**2) ** 0.5 + (
        0.05 * simulated)
    again = caused_payments(one.setting, range(one.setting.firms), worlds=1_000, seed=11,
                            workers=1)
    assert (again.batches == caused.batches).all()


def test_each_change_stands_for_itself_and_fixes_are_what_is_left() -> None:
    firm, place = "turbine", FIRMS.index("turbine")
    assert changes_of(BIND, BIND, firm) == []
    scores = {(firm, "IAM-01"): PPM, (firm, "BCR-01"): 0}
    after = with_scores(BIND, scores)
    assert {one.subject for one in changes_of(BIND, after, firm)} == {"IAM-01", "BCR-01"}
    found = float_chain(base(), after, Feeds(), premium_fen=100_000_000)
    reasons = {one.change.subject: one for one in reasons_for(found, place, RULE)}
    assert reasons["IAM-01"].caused_fen < 0 < reasons["BCR-01"].caused_fen
    fixes = fixes_of(after, firm, BIND.as_of)
    assert "IAM-01" not in {one.subject for one in fixes}
    assert "BCR-01" in {one.subject for one in fixes}
    for one in fixes[:3]:
        assert one.put_into(after) != after
    leading = incentives_for(found, place, RULE, most=3)
    assert 0 < len(leading) <= 3
    assert all(one.caused_fen < 0 and one.premium_fen <= 0 for one in leading)
    falls = [one.factor_ppm for one in leading]
    assert falls == sorted(falls)


def test_threat_tables_that_changed_are_a_reason_of_their_own() -> None:
    place = FIRMS.index("turbine")
    after = with_scores(BIND, {("turbine", "IAM-01"): PPM})
    same, other = (float_chain(base(), after, feeds, premium_fen=100_000_000)
                   for feeds in (Feeds(), Feeds(shipped_kev(), shipped_epss())))
    alone = {one.change.table: one for one in reasons_for(same, place, RULE)}
    both = {one.change.table: one for one in reasons_for(other, place, RULE)}
    assert set(alone) == {"controls"}
    assert set(both) == {"controls", "threats"}
    assert both["controls"] == alone["controls"]
    assert both["threats"].change.subject == shipped_kev().as_of.isoformat()
    assert both["threats"].caused_fen >= 0


def test_members_must_be_the_same_and_turnover_is_no_float() -> None:
    with pytest.raises(InputError, match="who is in the chain"):
        float_chain(base(), msgspec.structs.replace(BIND, firms=BIND.firms[:-1]), Feeds())
    richer = msgspec.structs.replace(BIND, firms=tuple(
        msgspec.structs.replace(one, revenue_fen=2 * one.revenue_fen) for one in BIND.firms))
    found = float_chain(base(), richer, Feeds())
    assert found.changed == ()
    assert all(one.indicated_ppm == PPM for one in found.firms)


def test_ratios_and_their_error() -> None:
    assert ratio_ppm(5.0, 10.0) == 500_000
    assert ratio_ppm(0.0, 0.0) == PPM
    assert ratio_ppm(1.0, 0.0) == 2 * PPM
    before = np.full(4, 2.0)
    assert jackknife(np.array([1.0, 1.0, 1.0, 1.0]), before) == 0.0
    spread = np.array([1.0, 2.0, 1.0, 2.0])
    assert jackknife(spread, before) == pytest.approx(
        float(spread.std(ddof=1)) / 4**0.5 / 2.0)
    assert jackknife(spread, np.zeros(4)) == 0.0


def test_a_setting_takes_no_other_parties() -> None:
    """A changed chain that lost a party would let the kernel read beyond its arrays."""
    model = energy()
    fewer = replace(model.twin, names=model.twin.names[:-1])
    with pytest.raises(ValueError, match="parties"):
        changed_setting(base().setting, model, fewer, {})
