"""Members' premiums by day, exact to the fen, and what their certificates say."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dinghai.foundation.errors import InputError
from dinghai.foundation.money import PPM
from dinghai.supplychain.certificate import certificate_document
from dinghai.supplychain.chain_file import read_chain
from dinghai.supplychain.cover import programme_policy
from dinghai.supplychain.enrolment import (
    Enrolment,
    ProgrammePeriod,
    allocate_premium,
    enrolment_document,
    joining_premium,
    premium_steps,
)

YEAR = ProgrammePeriod(date(2026, 7, 1), date(2027, 6, 30))
HAIYUE = Path(__file__).parents[2] / "examples" / "haiyue"


def paid(one: Enrolment, period: ProgrammePeriod = YEAR) -> int:
    return sum(step.fen for step in premium_steps(one, period))


def test_g9_a_fall_of_the_factor_goes_back_by_day() -> None:
    day = YEAR.expiry - timedelta(days=145)
    steps = premium_steps(Enrolment("s1", 7_300_000, YEAR.inception, factors=((day, 900_000),)),
                          YEAR)
    assert [(one.reason, one.days_left, one.fen) for one in steps] == [
        ("enrolled", 365, 7_300_000), ("float", 146, -292_000)]


def test_joining_and_leaving_by_day() -> None:
    join, leave = date(2026, 10, 9), date(2027, 1, 16)
    steps = premium_steps(Enrolment("s1", 36_500, join, leave), YEAR)
    assert [(one.on, one.reason, one.days_left, one.fen) for one in steps] == [
        (join, "enrolled", 265, 26_500), (date(2027, 1, 17), "left", 165, -16_500)]
    assert paid(Enrolment("s1", 36_500, join, leave)) == 10_000  # a hundred days


def test_a_premium_is_allocated_to_the_fen_and_joined_at_the_same_rate() -> None:
    shares = allocate_premium(100, {"a": 1, "b": 1, "c": 1})
    assert shares == {"a": 34, "b": 33, "c": 33}
    assert joining_premium(100, {"a": 1, "b": 1, "c": 1}, 3) == 100
    assert joining_premium(99, {"a": 2}, 1) == 50
    for weights in ({}, {"a": 0}, {"a": -1}):
        with pytest.raises(InputError, match="allocated"):
            allocate_premium(1, weights)
    with pytest.raises(InputError, match="no rate"):
        joining_premium(1, {"a": 0}, 1)


@given(st.integers(0, 10**12), st.dictionaries(st.text(min_size=1), st.integers(0, 10**12),
                                               min_size=1, max_size=20))
def test_allocations_add_up(total: int, weights: dict[str, int]) -> None:
    assume(any(weights.values()))
    assert sum(allocate_premium(total, weights).values()) == total


def test_a_step_gives_back_no_more_than_was_owed() -> None:
    """Each step is rounded for itself: 631 fen for two days at 799 parts per million are none."""
    first = YEAR.inception + timedelta(days=1)
    steps = premium_steps(Enrolment("a", 631, first, first + timedelta(days=1),
                                    ((first, 799),)), YEAR)
    assert [one.fen for one in steps] == [629, -629, 0]


@given(st.integers(0, 10**11), st.lists(st.integers(0, 364), min_size=3, max_size=3),
       st.integers(0, 2 * PPM))
def test_what_a_member_pays_depends_on_its_days_alone(
    annual: int, days: list[int], factor: int
) -> None:
    """Leaving and joining again the next day costs nothing, to the fen."""
    first, middle, last = (YEAR.inception + timedelta(days=one) for one in sorted(days))
    assume(middle < last)
    whole = paid(Enrolment("a", annual, first, last))
    assert whole == paid(Enrolment("a", annual, first, middle)) + paid(
        Enrolment("a", annual, middle + timedelta(days=1), last))
    exact = annual * ((last - first).days + 1) / 365
    assert abs(whole - exact) <= 1 + exact * 1e-12
    floated = paid(Enrolment("a", annual, first, last, ((middle, factor),)))
    assert (floated <= whole) if factor <= PPM else (floated >= whole)
    assert floated >= 0
    assert paid(Enrolment("a", annual, YEAR.inception)) == annual


@pytest.mark.parametrize("one", [
    Enrolment("a", 1, date(2026, 6, 30)), Enrolment("a", 1, date(2027, 7, 1)),
    Enrolment("a", 1, date(2026, 8, 1), date(2026, 7, 31)),
    Enrolment("a", 1, date(2026, 8, 1), date(2027, 7, 1)),
    Enrolment("a", 1, date(2026, 8, 1), factors=((date(2026, 7, 31), 1),)),
    Enrolment("a", 1, date(2026, 8, 1), date(2026, 9, 1), ((date(2026, 9, 2), 1),)),
    Enrolment("a", -1, date(2026, 8, 1)), Enrolment("a", 1, date(2026, 8, 1),
                                                    factors=((date(2026, 8, 2), -1),))])
def test_days_out_of_order_and_negative_amounts_are_refused(one: Enrolment) -> None:
    with pytest.raises(InputError):
        premium_steps(one, YEAR)
    with pytest.raises(InputError, match="before the programme begins"):
        YEAR.left(date(2026, 6, 30))


def test_the_document_adds_up_and_knows_nobody_twice_at_once() -> None:
    leaving = Enrolment("b", 73_000, YEAR.inception, date(2026, 9, 30))
    document = enrolment_document(
        [Enrolment("a", 36_500, YEAR.inception), leaving,
         Enrolment("b", 73_000, date(2026, 12, 1))], YEAR, programme="P1")
    assert document["days"] == 365
    assert document["premium_fen"] == sum(one["premium_fen"] for one in document["members"])
    assert document["premium_fen"] == document["charged_fen"] - document["returned_fen"]
    assert [one["days"] for one in document["members"]] == [365, 92, 212]
    with pytest.raises(InputError, match="enrolled twice"):
        enrolment_document([leaving, Enrolment("b", 1, date(2026, 9, 30))], YEAR, programme="P1")


def test_a_certificate_says_what_the_policy_grants_one_member() -> None:
    policy = programme_policy(read_chain(HAIYUE))
    document = certificate_document(
        policy, "s102", number="C-1", first=date(2026, 8, 1), last=policy.schedule.expiry,
        premium_fen=5_000, limit_fen=150_000_000)
    sections = {one["coverage"]: one for one in document["sections"]}
    assert sections["FP-IR"] == {
        "coverage": "FP-IR", "clause": "2.4", "name_zh": sections["FP-IR"]["name_zh"],
        "name_en": sections["FP-IR"]["name_en"], "basis": "annual", "of_its_own": True,
        "limit_fen": 100_000_000}
    assert sections["FP-DATA"]["limit_fen"] == 150_000_000  # agreed below the section's 200
    assert sections["SC-CBI"]["of_its_own"] is False
    assert sections["SC-CBI"]["limit_fen"] == policy.sublimit("SC-CBI")
    assert sections["SC-CBI"]["waiting_seconds"] == 259_200
    assert document["event_deductible_fen"] == 50_000_000
    assert document["layers"][0]["shares"][1]["bearer"] == "root_cause"
    assert document["member"]["id"] == "s102"
    others = {one.name_zh for one in policy.schedule.members if one.id != "s102"}
    assert not others & set(str(document).split("'"))
    with pytest.raises(InputError, match="no member"):
        certificate_document(policy, "zz", number="C", first=date(2026, 8, 1),
                             last=date(2026, 8, 2), premium_fen=0)
    with pytest.raises(InputError, match="outside the policy"):
        certificate_document(policy, "s102", number="C", first=date(2026, 6, 1),
                             last=date(2026, 8, 2), premium_fen=0)
