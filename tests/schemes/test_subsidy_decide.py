"""Decisions on subsidies: golden cases by hand, and what must hold of any."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dinghai.foundation.errors import InputError
from dinghai.schemes.subsidy_decide import Decisions
from dinghai.schemes.subsidy_eligibility import basis_fen, before_caps_fen
from dinghai.schemes.subsidy_register import Register
from dinghai.schemes.subsidy_standing import Standing
from tests.schemes.subsidies import application, credit_code, outcomes, rule, run


def codes(found: Decisions, name: str) -> list[tuple[str, str]]:
    """The reasons of one application: code and truth."""
    return next([(one.code, one.truth) for one in each.reasons] for each in found.decided
                if each.application.id == name)


def test_a_hundred_thousand_at_a_half() -> None:
    """¥100,000 × 50% = ¥50,000; ¥950,000 of the budget are left."""
    _, found = run(rule(), [application(1)])
    assert outcomes(found) == {"A1": ("granted", 5_000_000)}
    assert found.budget_left_fen == 95_000_000


@pytest.mark.parametrize(("changes", "fen"), [
    ({"cap_per_policy_fen": 3_000_000}, 3_000_000),
    ({"cap_per_firm_fen": 4_000_000}, 4_000_000),
    ({"cap_per_firm_fen": 4_000_000, "cap_per_policy_fen": 3_000_000}, 3_000_000),
    ({"budget_fen": 4_999_999}, 4_999_999)])
def test_the_ratio_never_passes_a_cap_or_the_budget(changes: dict[str, Any], fen: int) -> None:
    _, found = run(rule(**changes), [application(1)])
    assert outcomes(found) == {"A1": ("granted", fen)}


def test_only_what_the_firm_bears_counts() -> None:
    """¥100,000 − 30,000 of the owner − 10,000 of another subsidy − 5,000 back = ¥55,000; a half is
    ¥27,500."""
    one = application(1, borne_by_others_fen=3_000_000, other_subsidies_fen=1_000_000,
                      refunded_fen=500_000)
    _, found = run(rule(), [one])
    assert outcomes(found) == {"A1": ("granted", 2_750_000)}


@pytest.mark.parametrize(("vat", "basis"), [(None, 5_000_000), (600_002, 4_999_999)])
def test_vat_is_taken_out_of_the_firms_own_part(vat: int | None, basis: int) -> None:
    """Of ¥106,000 with VAT the firm bears ¥53,000. By the rule's rate 53,000 ÷ 1.06 = ¥50,000. A
    policy that states ¥6,000.02 of VAT: 5,300,000 × (10,600,000 − 600,002) ÷ 10,600,000 =
    4,999,999 fen."""
    one = application(1, 10_600_000, borne_by_others_fen=5_300_000, vat_fen=vat)
    assert basis_fen(rule(vat_counts=False).rule.terms, one) == basis
    assert basis_fen(rule().rule.terms, one) == 5_300_000


def test_half_a_fen_is_not_granted() -> None:
    """50% of 101 fen is 50.5: 51 would be more than the rule gives."""
    assert before_caps_fen(rule().rule.terms, 101) == 50


def test_a_firm_outside_the_sector_is_refused_with_reason_and_the_rules_part() -> None:
    _, found = run(rule(), [application(1, sector="C39")])
    reason = found.decided[0].reasons[0]
    assert outcomes(found) == {"A1": ("refused", 0)}
    assert (reason.code, reason.part, reason.truth) == ("sector", "scope.sectors", "false")
    assert (reason.found, reason.wanted) == ("C39", "Q")


def test_a_coarser_or_missing_answer_asks_for_evidence_and_refuses_nobody() -> None:
    text = rule(scope={"sectors": ["Q84"], "areas": ["3101"], "sizes": ["small"],
                       "products": ["cyber"]})
    _, found = run(text, [application(1, sector="Q", area="310000", size=None),
                          application(2, sector="", area="", product="other", size="small")])
    assert codes(found, "A1") == [("sector", "unknown"), ("area", "unknown"), ("size", "unknown"),
                                  ("product", "unknown")]
    assert outcomes(found)["A1"] == ("waiting_evidence", 0)
    assert outcomes(found)["A2"] == ("refused", 0)  # one "no" among what is not known


CONDITIONS = [{"fact": "filed", "op": "==", "value": True, "text_zh": "已备案"},
              {"fact": "score", "op": ">=", "value": 60, "text_zh": "六十分"},
              {"fact": "grade", "op": "in", "value": ["A", "B"], "text_zh": "甲乙等"}]


@pytest.mark.parametrize(("facts", "outcome"), [
    ({"filed": True, "score": 60, "grade": "B"}, "granted"),
    ({"filed": True, "score": 59, "grade": "B"}, "refused"),
    ({"filed": True, "score": 60}, "waiting_evidence"),
    ({"filed": False}, "refused"),
    ({"filed": True, "score": True, "grade": "A"}, "waiting_evidence"),
    ({}, "waiting_evidence")])
def test_conditions_have_three_values(facts: dict[str, Any], outcome: str) -> None:
    _, found = run(rule(conditions=CONDITIONS), [application(1, facts=facts)])
    assert outcomes(found)["A1"][0] == outcome


def test_missing_papers_and_payers_are_asked_for_and_then_granted() -> None:
    text = rule(documents=[{"id": "policy", "name_zh": "保险单"}])
    register, found = run(text, [application(1, borne_by_others_fen=None)])
    assert codes(found, "A1") == [("document:policy", "unknown"), ("borne_by_others", "unknown")]
    register, found = run(text, [application(1, documents=("保险单",))], register)
    assert outcomes(found) == {"A1": ("granted", 5_000_000)}


def test_the_period_and_its_ends() -> None:
    """Both ends count; before and after is a "no"; paid after the day of decision is not yet."""
    text = rule(period={"first": "2026-02-01", "last": "2026-02-28", "apply_by": "2026-03-01"})
    days = (date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 28), date(2026, 3, 1))
    _, found = run(text, [application(place, paid_on=day) for place, day in enumerate(days)])
    assert [one.outcome for one in found.decided] == ["refused", "granted", "granted", "refused"]
    _, late = run(text, [application(1, minutes=60 * 24)])
    assert codes(late, "A1") == [("late", "false")]
    _, early = run(rule(), [application(1, paid_on=date(2026, 6, 2))])
    assert codes(early, "A1") == [("not_paid_yet", "unknown")]


def test_one_policy_is_subsidised_once_in_one_file_and_across_files() -> None:
    text = rule()
    again = application(2, policy="P1", firm=1)
    register, found = run(text, [application(1), again])
    assert outcomes(found)["A2"] == ("refused", 0)
    assert codes(found, "A2") == [("duplicate", "false")]
    _, later = run(text, [application(3, policy="P1")], register)
    assert codes(later, "A3") == [("duplicate", "false")]


def test_a_refused_application_leaves_its_policy_free_and_may_be_mended() -> None:
    text = rule()
    register, _ = run(text, [application(1, sector="C39")])
    register, found = run(text, [application(2, policy="P1")], register)
    assert outcomes(found) == {"A2": ("granted", 5_000_000)}
    _, mended = run(text, [application(1, policy="P9")], register)
    assert outcomes(mended) == {"A1": ("granted", 5_000_000)}


def test_a_firms_cap_is_over_all_its_policies_and_runs() -> None:
    """Cap ¥80,000: ¥50,000, then ¥30,000 of ¥50,000, then nothing."""
    text = rule(cap_per_firm_fen=8_000_000)
    register, found = run(text, [application(1, firm=7), application(2, firm=7)])
    assert outcomes(found) == {"A1": ("granted", 5_000_000), "A2": ("granted", 3_000_000)}
    _, later = run(text, [application(3, firm=7)], register)
    assert codes(later, "A3") == [("firm_cap", "false")]


def test_first_come_the_last_is_cut_and_nobody_overtakes() -> None:
    """Budget ¥120,000: 50,000 + 50,000 + 20,000 of 50,000; then all wait, small ones too."""
    text = rule(budget_fen=12_000_000)
    many = [application(place) for place in (4, 3, 2, 1)] + [application(5, 100)]
    _, found = run(text, many)
    assert outcomes(found) == {
        "A1": ("granted", 5_000_000), "A2": ("granted", 5_000_000), "A3": ("granted", 2_000_000),
        "A4": ("waiting_budget", 0), "A5": ("waiting_budget", 0)}
    assert found.budget_left_fen == 0


def test_without_cutting_the_one_that_does_not_fit_waits_and_holds_the_queue() -> None:
    text = rule(budget_fen=12_000_000, cut_last=False)
    register, found = run(text, [application(place) for place in (1, 2, 3)] + [application(4, 100)])
    assert outcomes(found)["A3"] == outcomes(found)["A4"] == ("waiting_budget", 0)
    more = rule(budget_fen=15_000_050, cut_last=False, version="2")
    _, later = run(more, [], register)
    assert outcomes(later) == {"A3": ("granted", 5_000_000), "A4": ("granted", 50)}


def test_proportional_shares_at_the_close_to_the_fen() -> None:
    """Entitled 50,000 + 25,000 + 25,000 = ¥100,000 over ¥100.00: 5000, 2500, 2500 fen; with one fen
    more of budget the largest remainder (A1's ½) takes it."""
    many = [application(1), application(2, 5_000_000), application(3, 5_000_000)]
    for budget, shares in ((10_000, (5000, 2500, 2500)), (10_001, (5001, 2500, 2500))):
        text = rule(budget_fen=budget, mode="proportional")
        register, found = run(text, many)
        assert {one for one, _ in outcomes(found).values()} == {"waiting_close"}
        with pytest.raises(InputError, match="applications may come"):
            run(text, [], register, close=True)
        register, closed = run(text, [], register, day=date(2027, 1, 1), close=True)
        assert tuple(fen for _, fen in outcomes(closed).values()) == shares
        _, late = run(text, [application(9)], register, day=date(2027, 1, 1))
        assert codes(late, "A9") == [("closed", "false")]
        with pytest.raises(InputError, match="was closed"):
            run(text, [], register, day=date(2027, 1, 1), close=True)


def test_proportional_with_enough_budget_gives_everybody_all() -> None:
    text = rule(mode="proportional")
    _, found = run(text, [application(1)], day=date(2027, 1, 1), close=True)
    assert outcomes(found) == {"A1": ("granted", 5_000_000)}


def test_the_odd_fen_of_a_close_goes_by_number_whoever_was_decided_first() -> None:
    """Two equal halves of 10,001 fen: 5,000 and 5,000, the odd one to the first number."""
    text = rule(budget_fen=10_001, mode="proportional")
    register, _ = run(text, [application(2)])
    register, _ = run(text, [application(1)], register)
    _, closed = run(text, [], register, day=date(2027, 1, 1), close=True)
    assert outcomes(closed) == {"A1": ("granted", 5_001), "A2": ("granted", 5_000)}


def test_only_a_proportional_rule_is_closed() -> None:
    with pytest.raises(InputError, match="only a proportional rule"):
        run(rule(), [], close=True, day=date(2027, 1, 1))


def test_the_same_again_changes_nothing_and_another_content_is_rejected() -> None:
    text = rule(budget_fen=7_000_000)
    many = [application(1), application(2), application(3), application(4, sector="C"),
            application(5, area="")]
    register, _ = run(text, many)
    after, again = run(text, many, register)
    assert again.entries == () and after == register
    assert set(again.unchanged) == {"A1", "A2", "A3", "A4", "A5"}
    _, other = run(text, [application(1, 20_000_000)], register)
    assert other.entries == () and other.rejected[0].field == "application_id"


def test_an_application_from_the_future_is_rejected() -> None:
    _, found = run(rule(), [application(1)], day=date(2026, 2, 28))
    assert found.decided == () and found.rejected[0].field == "applied_at"
    assert found.rejected[0].line == 2


AMOUNTS = st.one_of(st.integers(0, 400), st.integers(0, 30_000_000))


@st.composite
def many(draw: st.DrawFn) -> list[Any]:
    """Applications of few firms and policies, at times of their own."""
    size = draw(st.integers(1, 12))
    return [application(
        place, draw(AMOUNTS), firm=draw(st.integers(1, 4)),
        policy=f"P{draw(st.integers(1, 15))}",
        sector=draw(st.sampled_from(["Q84", "Q84", "Q84", "C39", ""])),
        borne_by_others_fen=draw(st.sampled_from([0, 0, 0, None]))) for place in range(size)]


@st.composite
def rules(draw: st.DrawFn, modes: tuple[str, ...] = ("first_come", "proportional")) -> Any:
    return rule(
        ratio_ppm=draw(st.integers(1, 1_000_000)), budget_fen=draw(st.integers(1, 40_000_000)),
        cap_per_firm_fen=draw(st.one_of(st.none(), st.integers(0, 12_000_000))),
        cap_per_policy_fen=draw(st.one_of(st.none(), st.integers(0, 9_000_000))),
        cut_last=draw(st.booleans()), vat_counts=draw(st.booleans()),
        mode=draw(st.sampled_from(modes)))


@given(rules(), many())
@settings(max_examples=150, deadline=None)
def test_no_cap_no_ratio_and_no_budget_is_ever_passed(text: Any, applications: list[Any]) -> None:
    close = text.rule.mode == "proportional"
    register, _ = run(text, applications, day=date(2027, 1, 1), close=close)
    standing = Standing(text.rule, register.entries)
    firms: dict[str, int] = defaultdict(int)
    policies: dict[str, int] = defaultdict(int)
    for case in standing.cases.values():
        assert case.granted_fen * 1_000_000 <= case.basis_fen * text.rule.ratio_ppm
        assert case.granted_fen <= case.entitled_fen
        if text.rule.cap_per_policy_fen is not None:
            assert case.granted_fen <= text.rule.cap_per_policy_fen
        firms[case.application.credit_code] += case.granted_fen
        policies[case.application.policy] += case.granted_fen > 0
    total = sum(firms.values())
    assert total + standing.budget_left_fen() == text.rule.budget_fen
    assert total <= text.rule.budget_fen
    assert max(policies.values()) <= 1
    if text.rule.cap_per_firm_fen is not None:
        assert max(firms.values()) <= text.rule.cap_per_firm_fen
    live = [case for case in standing.cases.values() if case.outcome == "granted"]
    if close and sum(case.entitled_fen for case in live) >= text.rule.budget_fen:
        assert standing.budget_left_fen() == 0


@given(rules(), many(), st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_the_order_of_rows_does_not_matter(text: Any, applications: list[Any], random: Any) -> None:
    close = text.rule.mode == "proportional"
    mixed = list(applications)
    random.shuffle(mixed)
    first, second = (outcomes(run(text, rows, day=date(2027, 1, 1), close=close)[1])
                     for rows in (applications, mixed))
    assert first == second


@given(rules(("first_come",)), many(), st.integers(0, 12))
@settings(max_examples=80, deadline=None)
def test_two_runs_one_after_the_other_decide_as_one(
    text: Any, applications: list[Any], cut: int
) -> None:
    whole = Standing(text.rule, run(text, applications)[0].entries)
    register, _ = run(text, applications[:cut])
    register, _ = run(text, applications[cut:], register)
    parts = Standing(text.rule, register.entries)
    assert {name: (case.outcome, case.granted_fen) for name, case in whole.cases.items()} == {
        name: (case.outcome, case.granted_fen) for name, case in parts.cases.items()}


@given(many(), st.integers(1, 40_000_000), st.integers(0, 20_000_000))
@settings(max_examples=60, deadline=None)
def test_more_budget_never_gives_less_in_all(
    applications: list[Any], budget: int, more: int
) -> None:
    given_fen = [rule_.budget_fen - run(text, applications)[1].budget_left_fen
                 for text in (rule(budget_fen=budget), rule(budget_fen=budget + more))
                 for rule_ in [text.rule]]
    assert given_fen[0] <= given_fen[1]


def test_a_registers_entries_are_chained() -> None:
    text = rule()
    register, _ = run(text, [application(1)])
    longer, _ = run(text, [application(2)], register)
    assert longer.entries[:1] == register.entries
    assert longer.head != register.head != Register("r").head
    assert credit_code(1) == register.to_dict()["entries"][0]["application"]["credit_code"]
