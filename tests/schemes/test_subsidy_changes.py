"""What goes back of a subsidy: golden cases by hand, and bounds that hold of any."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dinghai.schemes.subsidy_changes import Change, ChangesTaken, take_changes
from dinghai.schemes.subsidy_register import ChangeKind, Register
from dinghai.schemes.subsidy_report import report
from dinghai.schemes.subsidy_rule import RuleText
from dinghai.schemes.subsidy_standing import Standing
from tests.schemes.subsidies import application, outcomes, paid, rule, run

LATER = date(2026, 12, 31)
TERM = {"inception": date(2026, 1, 1), "expiry": date(2026, 12, 31)}


def change(number: str, amount: int | None, *, policy: str = "P1", kind: ChangeKind = "cancelled",
           day: date = date(2026, 7, 1), to_others: int | None = None, name: str = "") -> Change:
    return Change(2, number, policy, kind, day, amount, to_others, name)


def take(text: RuleText, register: Register, *changes: Change,
         day: date = LATER) -> tuple[Register, ChangesTaken]:
    found = take_changes(text, register, changes, day=day)
    return register.with_entries(found.entries), found


def dues(found: ChangesTaken) -> list[tuple[int, int]]:
    """Grant and what is due back after each change."""
    return [(one.granted_fen, one.due_fen) for one in found.entries]


def test_a_cancelled_policy_gives_back_the_subsidy_on_the_premium_refunded() -> None:
    """¥100,000 × 50% = 50,000 paid; 40,000 refunded, 60,000 stay: 30,000; 20,000 go back."""
    text = rule()
    register = paid(text, run(text, [application(1)])[0])
    _, found = take(text, register, change("E1", 4_000_000))
    assert dues(found) == [(3_000_000, 2_000_000)]


def test_the_cap_is_applied_again() -> None:
    """Cap ¥30,000, premium ¥100,000 (a half is 50,000). After 20,000 refunded a half of 80,000 is
    still above the cap: nothing goes back. After 40,000 more a half of 40,000 is 20,000: 10,000
    go back."""
    text = rule(cap_per_firm_fen=3_000_000)
    register = paid(text, run(text, [application(1)])[0])
    register, found = take(text, register, change("E1", 2_000_000, kind="refunded"))
    assert dues(found) == [(3_000_000, 0)]
    _, found = take(text, register, change("E2", 4_000_000))
    assert dues(found) == [(2_000_000, 1_000_000)]


def test_a_policy_is_cancelled_by_day_once() -> None:
    """The second cancellation finds no days left; further premium back is a refund of its own."""
    text = rule()
    register = paid(text, run(text, [application(1, **TERM)])[0])
    register, _ = take(text, register, change("E1", None))
    register, found = take(text, register, change("E2", None, day=date(2026, 8, 1)))
    assert [one.field for one in found.rejected] == ["amount"]
    _, found = take(text, register, change("E3", 100, kind="refunded"))
    assert not found.rejected


def test_a_refund_falls_on_all_who_bore_the_premium() -> None:
    """Firm 50,000 and owner 30,000 of 80,000; of 16,000 back the firm has 10,000 and bears 40,000:
    ¥20,000 instead of ¥25,000. Were all of it the firm's, 34,000 would stay: ¥17,000."""
    text = rule()
    register = paid(text, run(text, [application(1, 8_000_000, borne_by_others_fen=3_000_000)])[0])
    _, found = take(text, register, change("E1", 1_600_000, kind="refunded"))
    assert dues(found) == [(2_000_000, 500_000)] and found.entries[0].to_others_fen == 600_000
    _, found = take(text, register, change("E1", 1_600_000, kind="refunded", to_others=0))
    assert dues(found) == [(1_700_000, 800_000)]


def test_without_an_amount_a_cancellation_is_reckoned_by_day() -> None:
    """365 days from 1 January; cancelled on 1 July, 184 days left: 100,000 × 184 ÷ 365 = ¥50,410.96
    go back; a half of 49,589.04 is ¥24,794.52; 25,205.48 are due."""
    text = rule()
    register = paid(text, run(text, [application(1, **TERM)])[0])
    _, found = take(text, register, change("E1", None))
    assert found.entries[0].refund_fen == 5_041_096
    assert dues(found) == [(2_479_452, 2_520_548)]


def test_a_later_version_does_not_reach_back() -> None:
    """Granted at 50% under version 1; version 2 gives 10%. After ¥20,000 refunded 80,000 × 50% =
    ¥40,000 stand, not ¥8,000."""
    register = paid(rule(), run(rule(), [application(1)])[0])
    later = rule(version="2", ratio_ppm=100_000, cap_per_firm_fen=1_000_000)
    _, found = take(later, register, change("E1", 2_000_000, kind="refunded"))
    assert dues(found) == [(4_000_000, 1_000_000)]


def test_changes_count_in_the_order_of_their_days() -> None:
    """20,000 back on 1 March, cancelled on 1 July: 80,000 × 184 ÷ 365 = ¥40,328.77 more, whatever
    the order of the file."""
    text = rule()
    register = paid(text, run(text, [application(1, **TERM)])[0])
    _, found = take(text, register, change("E2", None),
                    change("E1", 2_000_000, kind="refunded", day=date(2026, 3, 1)))
    assert [one.refund_fen for one in found.entries] == [2_000_000, 4_032_877]


def test_before_payment_the_grant_falls_and_nothing_is_due() -> None:
    text = rule(budget_fen=5_000_000)
    register, found = run(text, [application(1), application(2)])
    assert outcomes(found)["A2"] == ("waiting_budget", 0)
    register, taken = take(text, register, change("E1", 4_000_000))
    assert dues(taken) == [(3_000_000, 0)]
    _, later = run(text, [], register)
    assert outcomes(later) == {"A2": ("granted", 2_000_000)}


def test_paid_money_frees_the_budget_only_when_it_is_back() -> None:
    text = rule(budget_fen=5_000_000)
    register = paid(text, run(text, [application(1), application(2)])[0])
    register, _ = take(text, register, change("E1", 4_000_000))
    assert report(text, register).budget.left_fen == 0
    register, found = take(text, register, change("E2", 2_000_000, kind="returned"))
    assert dues(found) == [(3_000_000, 0)] and found.due_fen == 0
    assert report(text, register).budget.left_fen == 2_000_000


def test_freed_budget_lapses_where_the_rule_says_so() -> None:
    text = rule(budget_fen=5_000_000, freed_budget="lapses")
    register, _ = run(text, [application(1), application(2)])
    register, _ = take(text, register, change("E1", 10_000_000))
    assert report(text, register).budget.left_fen == 0
    assert run(text, [], register)[1].entries == ()


def test_a_refund_while_it_waits_lowers_the_later_grant() -> None:
    """Half of 100,000 − 40,000 = ¥30,000; without any premium left it is refused."""
    text = rule(documents=[{"id": "policy", "name_zh": "保险单"}])
    register, _ = run(text, [application(1), application(2)])
    register, _ = take(text, register, change("E1", 4_000_000),
                       change("E2", 10_000_000, policy="P2"))
    whole = [application(place, documents=("policy",)) for place in (1, 2)]
    assert outcomes(run(text, whole, register)[1]) == {
        "A1": ("granted", 3_000_000), "A2": ("refused", 0)}


def test_a_share_of_a_closed_budget_falls_as_its_entitlement() -> None:
    """Entitled 50,000 and 50,000 over ¥60,000: 30,000 each. After 40,000 refunded 30,000 of 50,000
    are entitled: 30,000 × 3/5 = ¥18,000; the other share stands."""
    text = rule(mode="proportional", budget_fen=6_000_000)
    register, _ = run(text, [application(1), application(2)], day=date(2027, 1, 1), close=True)
    register = paid(text, register)
    register, found = take(text, register, change("E1", 4_000_000))
    assert dues(found) == [(1_800_000, 1_200_000)]
    assert Standing(text.rule, register.entries).cases["A2"].granted_fen == 3_000_000


def test_a_refund_before_the_close_lowers_the_weight() -> None:
    """Weights 30,000 and 50,000 over ¥40,000: 15,000 and 25,000."""
    text = rule(mode="proportional", budget_fen=4_000_000)
    register, _ = run(text, [application(1), application(2)])
    register, _ = take(text, register, change("E1", 4_000_000))
    _, found = run(text, [], register, day=date(2027, 1, 1), close=True)
    assert outcomes(found) == {"A1": ("granted", 1_500_000), "A2": ("granted", 2_500_000)}


@pytest.mark.parametrize(("one", "field"), [
    (change("E1", 1, policy="P7"), "policy_no"),
    (change("E1", 1, policy="P2"), "policy_no"),  # refused: it has no subsidy
    (change("E1", 10_000_001), "amount"),
    (change("E1", None), "amount"),  # no term to reckon by
    (change("E1", None, kind="refunded"), "amount"),
    (change("E1", 1, kind="returned"), "amount"),  # nothing is due
    (change("E1", None, kind="returned"), "amount"),
    (change("E1", 5, to_others=6), "to_others"),
    (change("E1", 5, day=date(2027, 1, 1)), "day")])
def test_a_change_that_cannot_be_is_rejected_and_the_others_go_on(one: Change, field: str) -> None:
    text = rule()
    register = paid(text, run(text, [application(1), application(2, sector="C")])[0])
    _, found = take(text, register, one, change("E9", 100))
    assert [fault.field for fault in found.rejected] == [field]
    assert all(fault.mend for fault in found.rejected)
    assert [entry.number for entry in found.entries] == ["E9"]


def test_a_change_counts_once_and_its_number_is_its_own() -> None:
    text = rule()
    register = paid(text, run(text, [application(1)])[0])
    register, _ = take(text, register, change("E1", 100))
    after, found = take(text, register, change("E1", 100), change("E1", 101))
    assert after == register and found.unchanged == ("E1",)
    assert found.rejected[0].field == "change_no"


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 6_000_000), st.booleans(),
                          st.booleans()), max_size=8),
       st.integers(1, 1_000_000), st.one_of(st.none(), st.integers(0, 9_000_000)),
       st.integers(1, 12_000_000), st.sampled_from(["first_come", "proportional"]))
@settings(max_examples=120, deadline=None)
def test_never_negative_never_more_than_paid_and_never_above_the_rule(
    steps: list[tuple[int, int, bool, bool]], ratio: int, cap: int | None, budget: int, mode: Any
) -> None:
    text = rule(ratio_ppm=ratio, cap_per_firm_fen=cap, budget_fen=budget, mode=mode)
    register, _ = run(text, [application(place, firm=1 + place // 3, borne_by_others_fen=1_000_000)
                             for place in (1, 2, 3)], day=date(2027, 1, 1),
                      close=mode == "proportional")
    before = Standing(text.rule, register.entries)
    for place, (policy, amount, pay_now, give_back) in enumerate(steps):
        if pay_now:
            register = paid(text, register)
        if give_back:
            due = Standing(text.rule, register.entries).cases[f"A{policy}"].due_fen
            one = change(f"E{place}", due, policy=f"P{policy}", kind="returned")
        else:
            one = change(f"E{place}", amount, policy=f"P{policy}", kind="refunded")
        register, _ = take(text, register, one)
        after = Standing(text.rule, register.entries)
        for name, case in after.cases.items():
            stays = 9_000_000 - (case.refund_fen - case.refund_to_others_fen)
            assert case.granted_fen <= before.cases[name].granted_fen
            assert 0 <= case.due_fen <= case.paid_fen
            assert case.granted_fen * 1_000_000 <= max(stays, 0) * ratio
            assert 0 <= case.refund_to_others_fen <= case.refund_fen <= 10_000_000
        assert 0 <= after.budget_left_fen() <= budget
        assert sum(case.paid_fen - case.returned_fen for case in after.cases.values()) <= budget
        before = after
