"""Premium float: G9 to the fen, and the rules' conditions one by one."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinghai.foundation.errors import InputError
from dinghai.pricing.floating import (
    FloatRule,
    PolicyPeriod,
    Reading,
    float_premium,
    indicated_factor,
    load_float_rule,
    refund_by_day,
)
from dinghai.pricing.reading import asset_scope, take_reading
from tests.losses.risks import assessment, dossier, policy

RULE = load_float_rule("cyber-comprehensive-standard")
BIND = Reading(date(2026, 4, 1), 1_000_000, 690_000, "scope")
PERIOD = PolicyPeriod(date(2026, 4, 1), date(2027, 3, 31), 7_300_000)


def reading(on: date, loss: int, score: int = 690_000, scope: str = "scope") -> Reading:
    """A reading of the same assets."""
    return Reading(on, loss, score, scope)


def test_g9_the_hazard_falls_with_146_days_left() -> None:
    assert refund_by_day(7_300_000, 1_000_000, 900_000, 146, 365) == 292_000
    first_day_left = date(2027, 3, 31) - timedelta(days=145)
    result = float_premium(RULE, BIND, [
        reading(first_day_left - timedelta(days=20), 900_000),
        reading(first_day_left, 900_000)], PERIOD, first_day_left)
    assert (result.proposal, result.factor_ppm, result.days_left) == ("refund", 900_000, 146)
    assert result.amount_fen == 292_000  # ¥2,920.00
    assert result.recipient == "applicant" and result.law == ("保险法53条",)
    assert result.effective == first_day_left


def test_one_reading_is_not_enough() -> None:
    result = float_premium(RULE, BIND, [reading(date(2026, 6, 1), 800_000)], PERIOD,
                           date(2026, 6, 1))
    assert (result.proposal, result.amount_fen) == ("none", 0)
    assert result.reasons == ("waiting_for_agreeing_reading",)
    assert result.indicated_ppm == 800_000 and result.factor_ppm == 1_000_000


def test_a_reading_within_the_hysteresis_starts_the_count_again() -> None:
    days = [date(2026, 5, 1), date(2026, 6, 1), date(2026, 7, 1)]
    losses = [900_000, 960_000, 900_000]
    result = float_premium(RULE, BIND, [reading(d, x) for d, x in zip(days, losses, strict=True)],
                           PERIOD, days[-1])
    assert result.proposal == "none"
    near = float_premium(RULE, BIND, [reading(days[0], 960_000)], PERIOD, days[-1])
    assert near.reasons == ("within_hysteresis",)


def test_the_least_extreme_of_the_agreeing_readings_counts() -> None:
    result = float_premium(RULE, BIND, [reading(date(2026, 5, 6), 880_000),
                                        reading(date(2026, 7, 31), 930_000)], PERIOD,
                           date(2026, 8, 1))
    assert result.factor_ppm == 930_000 and result.effective == date(2026, 7, 31)
    assert result.days_left == 244


def test_upward_nothing_is_charged_before_the_anniversary() -> None:
    worse = [reading(date(2026, 4, 20), 1_200_000), reading(date(2026, 4, 27), 1_250_000)]
    result = float_premium(RULE, BIND, worse, PERIOD, date(2026, 4, 27))
    assert (result.proposal, result.amount_fen) == ("increase_at_anniversary", 0)
    assert result.factor_ppm == 1_000_000 and result.indicated_ppm == 1_250_000
    assert "nothing_is_charged_before_the_anniversary" in result.reasons
    assert result.law == ("保险法51条、52条",)


def test_upward_by_endorsement_when_the_hazard_materially_increased() -> None:
    worse = [reading(date(2026, 4, 20), 1_200_000), reading(date(2026, 4, 27), 1_200_000)]
    result = float_premium(RULE, BIND, worse, PERIOD, date(2026, 10, 1),
                           hazard_increase=date(2026, 4, 20))
    left = (date(2027, 3, 31) - date(2026, 10, 1)).days + 1
    assert result.proposal == "increase_by_endorsement"
    assert result.amount_fen == round(7_300_000 * 0.2 * left / 365)
    never = msgspec.structs.replace(RULE, upward="never")
    assert float_premium(never, BIND, worse, PERIOD, date(2026, 4, 28)).proposal == "none"


def test_caps_hold_in_both_directions() -> None:
    assert indicated_factor(RULE, BIND, reading(date(2026, 5, 1), 1)) == 750_000
    assert indicated_factor(RULE, BIND, reading(date(2026, 5, 1), 9_000_000)) == 1_350_000


def test_readings_of_other_assets_are_left_out_and_named() -> None:
    other = [reading(date(2026, 5, 1), 700_000, scope="other"),
             reading(date(2026, 6, 1), 700_000, scope="other")]
    result = float_premium(RULE, BIND, other, PERIOD, date(2026, 6, 2))
    assert result.proposal == "none"
    assert result.reasons == ("other_asset_scope:2026-05-01", "other_asset_scope:2026-06-01",
                              "no_reading")
    loose = msgspec.structs.replace(RULE, frozen_asset_scope=False)
    assert float_premium(loose, BIND, other, PERIOD, date(2026, 6, 2)).proposal == "refund"


def test_readings_after_the_day_and_outside_the_period_do_not_count() -> None:
    result = float_premium(RULE, BIND, [reading(date(2026, 3, 1), 1),
                                        reading(date(2026, 9, 1), 1),
                                        reading(date(2027, 6, 1), 1)], PERIOD, date(2026, 8, 1))
    assert result.reasons == ("no_reading",)


def test_a_second_fall_is_measured_from_the_factor_in_force() -> None:
    period = PolicyPeriod(PERIOD.inception, PERIOD.expiry, PERIOD.premium_fen, 900_000)
    again = [reading(date(2026, 9, 1), 900_000), reading(date(2026, 10, 1), 900_000)]
    assert float_premium(RULE, BIND, again, period, date(2026, 10, 1)).proposal == "none"
    lower = [reading(date(2026, 11, 1), 800_000), reading(date(2026, 12, 1), 800_000)]
    result = float_premium(RULE, BIND, lower, period, date(2026, 12, 1))
    left = (date(2027, 3, 31) - date(2026, 12, 1)).days + 1
    assert result.amount_fen == refund_by_day(7_300_000, 900_000, 800_000, left, 365)


def test_the_linear_rule_is_the_guides() -> None:
    rule = load_float_rule("score-linear")
    ten_up = reading(date(2026, 5, 1), 1, score=790_000)
    assert indicated_factor(rule, BIND, ten_up) == 880_000  # 1 − 0.012 × 10
    far_down = reading(date(2026, 5, 1), 1, score=100_000)
    assert indicated_factor(rule, BIND, far_down) == 1_350_000


def test_the_band_rule_compares_bands() -> None:
    rule = load_float_rule("grade-bands")
    assert indicated_factor(rule, BIND, reading(date(2026, 5, 1), 1, score=720_000)) == 950_000
    assert indicated_factor(rule, BIND, reading(date(2026, 5, 1), 1, score=690_001)) == 1_000_000


@given(st.integers(1, 10**9), st.integers(0, 1_000_000), st.integers(0, 365))
def test_a_refund_is_never_more_than_the_premium_left(premium: int, after: int, left: int) -> None:
    assert 0 <= refund_by_day(premium, 1_000_000, after, left, 365) <= premium


def test_bad_input_is_refused() -> None:
    with pytest.raises(InputError):
        load_float_rule("no-such-rule")
    with pytest.raises(InputError):
        refund_by_day(1, 1_000_000, 900_000, 400, 365)
    with pytest.raises(InputError):
        indicated_factor(RULE, Reading(date(2026, 4, 1), 0, 0), BIND)
    gap = FloatRule(**{**msgspec.structs.asdict(load_float_rule("grade-bands")), "bands": ()})
    with pytest.raises(InputError):
        indicated_factor(gap, BIND, BIND)


def test_a_reading_is_the_same_risk_through_the_same_terms() -> None:
    taken = take_reading(dossier("donghai"), assessment("donghai"), policy(),
                         on=date(2026, 4, 1), reference="bind")
    assert taken.expected_loss_fen > 0
    assert taken.score_ppm == assessment("donghai").total_ppm
    assert taken.asset_scope == asset_scope(dossier("donghai"))
    assert Reading.from_dict(taken.to_dict()) == taken


def test_the_result_says_how_it_came_about() -> None:
    result = float_premium(RULE, BIND, [reading(date(2026, 5, 6), 880_000),
                                        reading(date(2026, 7, 31), 880_000)], PERIOD,
                           date(2026, 8, 1))
    document = result.to_dict()
    assert document["schema"] == "dinghai.float/1"
    assert result.trace.find("premium").value == 7_300_000
    assert result.trace.find("reading.2026-07-31").value == 880_000
