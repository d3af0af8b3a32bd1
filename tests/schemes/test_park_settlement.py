"""What members of a park are paid of an event: by hand, and for any claims."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dinghai.foundation.errors import InputError
from dinghai.schemes.park_claims import PaidBefore, ParkClaim
from dinghai.schemes.park_file import BASE
from dinghai.schemes.park_settlement import SettledEvent, settle_park, share_limit
from dinghai.schemes.park_settlement_document import settlement_document
from tests.schemes.parks import claim, code, member, park

ROLL = [member(1), member(2), member(3, "more"), member(4, "more", "ransom"),
        member(5, joined=date(2026, 6, 1))]


def covers(event: SettledEvent) -> dict[tuple[str, str], int]:
    return {(one.member, one.cover): one.entitled_fen for one in event.covers}


def test_the_park_limit_is_shared_pro_rata_and_the_cut_stays_with_who_suffers() -> None:
    """Own limits grant 600 + 600 + 300 = 1 500; the park pays 1 000 each event: two thirds, that is
    400, 400 and 200. The period's 1 500 hold 500 after it."""
    (found,) = settle_park(park(), ROLL, [claim(1, 600), claim(2, 800), claim(3, 300)])
    assert covers(found) == {(code(1), BASE): 40_000, (code(2), BASE): 40_000,
                             (code(3), BASE): 20_000}
    assert [one.unpaid for one in found.lines] == [
        {"park_event_limit": 20_000}, {"own_limits": 20_000, "park_event_limit": 20_000},
        {"park_event_limit": 10_000}]
    assert (found.left_before_fen, found.left_after_fen) == (150_000, 50_000)
    assert [(one.limit, one.member, one.left_fen) for one in found.cuts] == [
        ("each event", code(2), 60_000), ("each event", "", 100_000)]


def test_an_odd_fen_goes_to_the_largest_remainder_then_to_the_first() -> None:
    """Three equal shares of 1 000.00: 333.34, 333.33, 333.33."""
    (found,) = settle_park(park(), ROLL, [claim(one, 500) for one in (3, 2, 1)])
    assert covers(found) == {(code(3), BASE): 33_334, (code(2), BASE): 33_333,
                             (code(1), BASE): 33_333}


def test_the_limit_of_the_period_erodes_by_what_was_paid() -> None:
    """The first event pays 1 000 of 1 500; the second, presented with 400 and 600, shares 500:
    200 and 300. The member that got 600 × 1 000 ÷ 1 200 = 500 keeps 400 of its own 900."""
    claims = [claim(1, 600), claim(2, 600),
              claim(1, 600, event="F", day=date(2026, 8, 1)),
              claim(3, 600, event="F", day=date(2026, 8, 2))]
    first, second = settle_park(park(), ROLL, claims)
    assert covers(first) == {(code(1), BASE): 50_000, (code(2), BASE): 50_000}
    assert covers(second) == {(code(1), BASE): 20_000, (code(3), BASE): 30_000}
    assert second.left_after_fen == 0
    assert second.lines[0].unpaid == {"own_limits": 20_000, "park_period_limit": 20_000}


def test_sublimit_then_each_event_limit_within_a_member() -> None:
    """Response 500 is cut to 200; 200 + 1 000 are above 600: 100 and 500 in proportion."""
    (found,) = settle_park(park(), ROLL, [claim(1, 500, "FP-IR"), claim(1, 1_000)])
    paid = {one.claim.coverage: one.paid[BASE] for one in found.lines}
    assert paid == {"FP-IR": 10_000, "FP-BI": 50_000}


def test_top_ups_pay_before_or_after_the_base_from_their_own_limit() -> None:
    """Member 4: response 150, of which `ransom` pays 100 first, the base 50; interruption 800: the
    base pays the 600 of its event limit, cut as 50 : 800 to 35.29 and 564.71, then `more` pays 200
    of the 235.29 left. Under the park's 1 000 stand 600 + 200; `ransom` stands outside."""
    (found,) = settle_park(park(), ROLL, [claim(4, 150, "FP-IR"), claim(4, 800)])
    assert covers(found) == {(code(4), BASE): 60_000, (code(4), "more"): 20_000,
                             (code(4), "ransom"): 10_000}
    response, interruption = found.lines
    assert interruption.paid == {BASE: 56_471, "more": 20_000}
    assert response.paid == {"ransom": 10_000, BASE: 3_529}
    assert found.left_after_fen == 150_000 - 80_000


def test_a_top_up_may_have_a_limit_that_its_holders_share() -> None:
    """`more` grants 200 and 200, shared 300: 150 each; then the park: 600 + 600 + 300 = 1 500
    against 1 000: 400, 400, 100, 100. The base's cuts are of the park, the rest of the top-up."""
    (found,) = settle_park(park(), ROLL, [claim(3, 900), claim(4, 900)])
    assert covers(found) == {(code(3), BASE): 40_000, (code(3), "more"): 10_000,
                             (code(4), BASE): 40_000, (code(4), "more"): 10_000}
    assert found.lines[0].unpaid == {"own_limits": 10_000, "top_up_limit": 5_000,
                                     "park_event_limit": 25_000}


def test_what_was_paid_before_in_the_event_is_kept_and_the_others_share_the_rest() -> None:
    """Entitled 500 each of 1 500 against 1 000: a third each. Member 1 was paid 400 before: it
    keeps 400, the others share 600. Nothing more is due to member 1."""
    (found,) = settle_park(park(), ROLL, [claim(one, 500) for one in (1, 2, 3)],
                           [PaidBefore("E", code(1), BASE, 40_000)])
    assert covers(found) == {(code(1), BASE): 40_000, (code(2), BASE): 30_000,
                             (code(3), BASE): 30_000}
    assert [one.due_fen for one in found.covers] == [0, 30_000, 30_000]


def test_what_was_paid_for_other_events_erodes_before() -> None:
    """1 200 of the period's 1 500 were paid for another event; member 1 had 600 of its own 900."""
    paid = [PaidBefore("D", code(1), BASE, 60_000), PaidBefore("D", code(2), BASE, 60_000)]
    (found,) = settle_park(park(), ROLL, [claim(1, 600), claim(3, 300)], paid)
    assert found.left_before_fen == 30_000
    assert covers(found) == {(code(1), BASE): 15_000, (code(3), BASE): 15_000}


def test_more_than_its_own_limits_grant_is_shown_and_not_taken_back() -> None:
    (found,) = settle_park(park(), ROLL, [claim(1, 100)], [PaidBefore("E", code(1), BASE, 15_000)])
    (one,) = found.covers
    assert (one.granted_fen, one.entitled_fen, one.due_fen, one.overpaid_fen) == (
        10_000, 15_000, 0, 5_000)


@pytest.mark.parametrize(("line", "reason"), [
    (claim(5, 10), "not_in_cover"), (claim(1, 10, "FP-EXT-C"), "coverage_not_held"),
    (claim(1, 10, top_up="more"), "coverage_not_held")])
def test_why_nothing_is_paid(line: ParkClaim, reason: str) -> None:
    (found,) = settle_park(park(), ROLL, [line])
    assert found.lines[0].paid == {} and found.lines[0].unpaid == {reason: 1_000}


def test_cover_holds_to_24_00_of_the_last_day() -> None:
    roll = [member(1, left=date(2026, 5, 1)), member(1, joined=date(2026, 5, 3))]
    paid = [sum(settle_park(park(), roll, [claim(1, 10, day=date(2026, 5, day))])[0].lines[0]
                .paid.values()) for day in (1, 2, 3)]
    assert paid == [1_000, 0, 1_000]


def test_amounts_below_zero_and_strangers_are_refused() -> None:
    for claims, paid in (([replace(claim(1, 1), amount_fen=-1)], []), ([claim(9, 1)], []),
                         ([], [PaidBefore("E", code(1), BASE, -1)]),
                         ([], [PaidBefore("E", code(9), BASE, 1)])):
        with pytest.raises(InputError):
            settle_park(park(), ROLL, claims, paid)


CLAIMS = st.lists(st.builds(
    claim, st.integers(1, 5), st.integers(0, 1_200),
    st.sampled_from(["FP-BI", "FP-IR", "FP-EXT-C"]),
    event=st.sampled_from("EFG"), name=st.sampled_from("abcd"),
    day=st.sampled_from([date(2026, 3, 1), date(2026, 7, 1)]),
    top_up=st.sampled_from(["", "", "more", "ransom"])), max_size=14)
PAID = st.lists(st.builds(
    PaidBefore, st.sampled_from("DEF"), st.integers(1, 5).map(code),
    st.sampled_from([BASE, "more", "ransom"]), st.integers(0, 40_000)), max_size=4)


@settings(max_examples=150, deadline=None)
@given(claims=CLAIMS, paid=PAID, order=st.randoms(use_true_random=False))
def test_totals_are_exact_and_the_order_moves_no_more_than_single_fen(
    claims: list[ParkClaim], paid: list[PaidBefore], order: Any
) -> None:
    found = settle_park(park(), ROLL, claims, paid)
    for event in found:
        for line in event.lines:
            assert sum(line.paid.values()) + sum(line.unpaid.values()) == line.claim.amount_fen
            assert min([*line.paid.values(), *line.unpaid.values(), 0]) == 0
        for one in event.covers:
            lines = sum(line.paid.get(one.cover, 0) for line in event.lines
                        if line.claim.member == one.member)
            assert lines == min(one.entitled_fen, one.granted_fen) and one.due_fen >= 0
    before = settlement_document(park(), ROLL, found)
    roll = list(ROLL)
    for rows in (paid, roll):
        order.shuffle(rows)
    assert settlement_document(park(), roll, settle_park(park(), roll, claims, paid)) == before
    order.shuffle(claims)
    first, again = found[:1], settle_park(park(), roll, claims, paid)[:1]
    for one, other in zip(first, again, strict=True):
        theirs = covers(other)
        assert all(abs(fen - theirs[key]) <= 4 for key, fen in covers(one).items())


@settings(max_examples=150, deadline=None)
@given(claims=CLAIMS)
def test_no_limit_is_ever_exceeded(claims: list[ParkClaim]) -> None:
    here = park()
    found = settle_park(here, ROLL, claims)
    under = [{key: fen for key, fen in covers(event).items() if key[1] != "ransom"}
             for event in found]
    assert all(sum(one.values()) <= here.limits.each_event_fen for one in under)
    assert sum(sum(one.values()) for one in under) <= here.limits.annual_fen
    own: dict[tuple[str, str], int] = {}
    for event in found:
        for key, fen in covers(event).items():
            own[key] = own.get(key, 0) + fen
            assert fen <= {BASE: 60_000, "more": 20_000, "ransom": 10_000}[key[1]]
        assert sum(fen for key, fen in covers(event).items() if key[1] == "more") <= 30_000
    assert all(fen <= {BASE: 90_000, "more": 20_000, "ransom": 10_000}[key[1]]
               for key, fen in own.items())


@settings(max_examples=100, deadline=None)
@given(claims=CLAIMS, more=st.integers(0, 100_000))
def test_a_higher_park_limit_never_pays_less_in_all(claims: list[ParkClaim], more: int) -> None:
    one_event = [replace(one, event="E") for one in claims]
    paid = []
    for extra in (0, more):
        here = park({"limits": {"each_event_fen": 100_000 + extra, "annual_fen": 300_000}})
        paid.append([sum(covers(event).values()) for event in settle_park(here, ROLL, one_event)])
    assert all(low <= high for low, high in zip(*paid, strict=True))


@settings(max_examples=200, deadline=None)
@given(limit=st.integers(0, 1_000), pairs=st.lists(st.tuples(
    st.integers(0, 400), st.integers(0, 400)), min_size=1, max_size=8))
def test_a_shared_limit_is_exact_and_takes_nothing_back(
    limit: int, pairs: list[tuple[int, int]]
) -> None:
    amounts, paid = [max(pair) for pair in pairs], [min(pair) for pair in pairs]
    parts = share_limit(limit, amounts, paid)
    assert sum(parts) == min(sum(amounts), max(limit, sum(paid)))
    assert all(low <= part <= high for low, part, high in zip(paid, parts, amounts, strict=True))
