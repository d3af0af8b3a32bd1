"""A park's premiums by day, to the fen, by hand and for any members."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dinghai.foundation.errors import InputError
from dinghai.foundation.money import split
from dinghai.schemes.park_file import BASE
from dinghai.schemes.park_premium import base_premiums, park_premiums, premium_document
from tests.schemes.parks import FIRST, LAST, RAW, member, park


def test_joining_and_leaving_by_day() -> None:
    """¥365 a year is ¥1 a day. From 1 July 184 days are left: ¥184.00. Leaving after 30 September
    gives the 92 days of October to December back: −¥92.00; ¥92 for July to September remains. The
    VAT of 6% is 11.04, −5.52."""
    (found,) = park_premiums(park(), [member(1, joined=date(2026, 7, 1), left=date(2026, 9, 30))])
    assert [(one.on, one.reason, one.days_left, one.net_fen, one.vat_fen)
            for one in found.steps] == [
        (date(2026, 7, 1), "enrolled", 184, 18_400, 1_104),
        (date(2026, 10, 1), "left", 92, -9_200, -552)]
    assert (found.net_fen, found.vat_fen) == (9_200, 552)


def test_a_leap_year_has_366_days() -> None:
    """From 29 February 2028 to the end of that year: 31 + 28 days of 366 have gone, 307 are left;
    36 500 × 307 ÷ 366 = 30 616.12 fen."""
    leap = park({"inception": "2028-01-01", "expiry": "2028-12-31"})
    (found,) = park_premiums(leap, [member(1, joined=date(2028, 2, 29))])
    assert (found.steps[0].days_left, found.net_fen) == (307, 30_616)


def test_limit_grade_and_size_in_one_step() -> None:
    """730 × 50% × 80% = 292.00; a grade that is not known does nothing: 365.00."""
    small = member(1, size="small", grade="A", limit=park().base.limits[1])
    assert base_premiums(park(), [small, member(2)]) == [29_200, 36_500]


def test_a_top_up_is_charged_from_its_own_day() -> None:
    """¥36.50 for the year is 10 fen a day; from 1 July 184 days: ¥18.40, beside ¥365 of the base.
    """
    one = member(1, "ransom")
    one = replace(one, top_ups=(replace(one.top_ups[0], first=date(2026, 7, 1)),))
    (found,) = park_premiums(park(), [one])
    assert [(step.cover, step.net_fen) for step in found.steps] == [
        (BASE, 36_500), ("ransom", 1_840)]


def test_an_allocated_total_is_cut_to_the_first_day_and_joined_at_its_rate() -> None:
    """100.00 over weights 1, 1, 1 is 33.34, 33.33, 33.33 (the first listed takes the odd fen). Who
    joins on 2 July (183 of 365 days left) owes 100 × 1 ÷ 3 = 33.33 for a year: 16.71 for its days.
    """
    shared = park({"premium": {"basis": "allocated", "total": "100元", "rates": [{"weight": 1}]}})
    rows = [member(3), member(1), member(2), member(4, joined=date(2026, 7, 2))]
    assert base_premiums(shared, rows) == [3_334, 3_333, 3_333, 3_333]
    assert park_premiums(shared, rows)[3].net_fen == 1_671
    with pytest.raises(InputError, match="first day"):
        base_premiums(shared, rows[3:])


def test_gross_amounts_hold_their_vat() -> None:
    """¥106.00 with 6% VAT is ¥100.00 and ¥6.00; for 100 of 365 days 10 600 × 100 ÷ 365 = 2 904.1:
    net 2 904 ÷ 1.06 = 2 739.6, VAT 164."""
    gross = park({"premium": {"amounts": "gross", "rates": [{"premium": "106元"}]}})
    whole, part = park_premiums(gross, [
        member(1), member(2, left=date(2026, 4, 10))])
    assert (whole.net_fen, whole.vat_fen) == (10_000, 600)
    assert (part.net_fen, part.vat_fen) == (2_740, 164)


def test_endorsements_gather_the_steps_of_a_day() -> None:
    """Two are in from the first day, one of these leaves after 30 June, one joins on 1 July."""
    rows = [member(1), member(2, "more", left=date(2026, 6, 30)),
            member(3, joined=date(2026, 7, 1))]
    document = premium_document(park(), park_premiums(park(), rows))
    issue, change = document["endorsements"]
    assert (issue["number"], issue["joining"], issue["top_ups"]) == (0, 2, 1)
    assert (change["on"], change["joining"], change["leaving"]) == ("2026-07-01", 1, 1)
    assert change["refunded_fen"] == 18_400 + 1_104 + 3_680 + 221  # 73 × 184 ÷ 365 = 36.80
    assert change["charged_fen"] == 18_400 + 1_104
    assert [one["days"] for one in document["members"]] == [365, 181, 184]
    assert document["net_fen"] == sum(one["net_fen"] for one in document["endorsements"])


DAYS = st.integers(0, 364).map(lambda gone: FIRST + timedelta(days=gone))


@settings(max_examples=60, deadline=None)
@given(premium=st.integers(0, 10**9), gross=st.booleans(), first=DAYS, last=DAYS)
def test_nobody_gets_back_more_than_it_owed(
    premium: int, gross: bool, first: date, last: date
) -> None:
    priced = park({"premium": {"amounts": "gross" if gross else "net",
                               "rates": [{"premium_fen": premium}]}})
    first, last = min(first, last), max(first, last)
    (found,) = park_premiums(priced, [member(1, joined=first, left=last)])
    owed_net = owed_gross = 0
    for step in found.steps:
        owed_net, owed_gross = owed_net + step.net_fen, owed_gross + step.gross_fen
        assert owed_net >= 0 and owed_gross >= owed_net
    exact = premium * ((last - first).days + 1)
    charged = owed_gross if gross else owed_net
    assert abs(charged * 365 - exact) <= 365  # two roundings of half a fen


@settings(max_examples=40, deadline=None)
@given(weights=st.lists(st.integers(1, 50), min_size=1, max_size=9), total=st.integers(0, 10**9),
       order=st.randoms(use_true_random=False))
def test_an_allocated_total_is_exact_and_its_ties_go_to_the_first_listed(
    weights: list[int], total: int, order: Any
) -> None:
    priced = park({
        "sizes": [{"id": f"s{place}", "name_zh": f"{place}", "revenue_below_fen": place + 1}
                  for place in range(len(weights))],
        "top_ups": [],
        "premium": {"basis": "allocated", "total_fen": total,
                    "rates": [{"size": f"s{place}", "weight": weight}
                              for place, weight in enumerate(weights)]}})
    rows = [member(place, size=f"s{place}") for place in range(len(weights))]
    order.shuffle(rows)
    listed = [weights[int(one.size[1:])] for one in rows]
    assert base_premiums(priced, rows) == split(total, listed)


@pytest.mark.parametrize(("changes", "field"), [
    ({"expiry": "2027-01-01"}, "expiry"), ({"expiry": "2025-12-31"}, "expiry"),
    ({"operator": {"name_zh": "x", "credit_code": "1"}}, "operator.credit_code"),
    ({"members": "../x.csv"}, "members"), ({"product": "nothing"}, "product"),
    ({"limits": {"each_event": "2元", "annual": "1元"}}, "limits.annual"),
    ({"premium": {"rates": [{"size": "micro", "premium": "1元"}]}}, "premium.rates"),
    ({"premium": {"rates": [{"weight": 1}]}}, "premium.rates[0].premium"),
    ({"premium": {"rates": [{"premium": "1元"}], "total": "5元"}}, "premium.total"),
    ({"classes": [{"id": "a", "name_zh": "a", "sectors": ["Z"]}]}, "classes[0].sectors"),
    ({"sizes": [{"id": "a", "name_zh": "a"}, {"id": "b", "name_zh": "b"}]},
     "sizes[0].revenue_below"),
    ({"base": {**RAW["base"], "sections": [{"coverage": "FP-NONE"}]}},
     "base.sections[0].coverage"),
    ({"top_ups": [{**RAW["top_ups"][0], "id": "base"}]}, "top_ups[0].id"),
    ({"limits": {"each_event": "much", "annual": "1元"}}, "limits.each_event")])
def test_faults_of_a_park_are_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError) as raised:
        park(changes)
    fault = next(one for one in raised.value.faults if one.field == field)
    assert fault.mend


def test_the_year_may_end_on_its_last_day() -> None:
    assert park().period.days == 365 and park().expiry == LAST
