"""Public list, objections, payments and the regulator's report."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinghai.foundation.errors import InputError
from dinghai.schemes.subsidy_publication import Objection, masked_code, masked_name, pay, publish
from dinghai.schemes.subsidy_register import Register
from dinghai.schemes.subsidy_report import Figures, report
from dinghai.schemes.subsidy_standing import Standing
from tests.schemes.subsidies import application, credit_code, paid, rule, run
from tests.schemes.test_subsidy_changes import change, take

OPEN = {"publication": {"objection_days": 5}}
FRIDAY = date(2026, 3, 13)


def published(**changes: object) -> tuple[Register, date]:
    """Two grants on a list of Friday 13 March 2026: five working days end on Friday the 20th."""
    text = rule(**{**OPEN, **changes})
    register, _ = run(text, [application(1), application(2)], day=FRIDAY)
    found = publish(text, register, day=FRIDAY)
    assert found.entry is not None
    return register.with_entries([found.entry]), found.objections_until


def test_the_objection_period_and_the_day_after_it() -> None:
    register, until = published()
    assert until == date(2026, 3, 20)
    text = rule(**OPEN)
    assert [why for _, why in pay(text, register, day=until).held] == ["open_to_objections"] * 2
    assert sum(one.fen for one in pay(text, register, day=date(2026, 3, 21)).payments) == 10_000_000


def test_calendar_days_and_full_names() -> None:
    text = rule(publication={"objection_days": 7, "count": "calendar_days", "names": "full"})
    found = publish(text, run(text, [application(1)], day=FRIDAY)[0], day=FRIDAY)
    assert found.objections_until == date(2026, 3, 20)
    assert (found.rows[0].name, found.rows[0].credit_code) == ("第1示例医院", credit_code(1))


def test_nothing_is_published_or_paid_twice() -> None:
    text = rule(**OPEN)
    register, _ = published()
    assert publish(text, register, day=FRIDAY).entry is None
    register = register.with_entries(pay(text, register, day=date(2026, 4, 1)).entries)
    assert pay(text, register, day=date(2026, 4, 2)).payments == ()


def test_what_was_not_published_is_not_paid_unless_the_rule_publishes_nothing() -> None:
    text = rule(**OPEN)
    register, _ = run(text, [application(1)], day=FRIDAY)
    assert pay(text, register, day=date(2026, 12, 1)).held == (("A1", "not_published"),)
    with pytest.raises(InputError, match="publishes nothing"):
        publish(rule(), register, day=FRIDAY)


def test_an_objection_holds_a_payment_and_an_upheld_one_takes_the_grant() -> None:
    text = rule(**OPEN)
    register, _ = published()
    day = date(2026, 3, 23)
    found = pay(text, register, [Objection(2, "O1", "A1", date(2026, 3, 18), "open")], day=day)
    assert found.held == (("A1", "objection_open"),) and len(found.payments) == 1
    register = register.with_entries(found.entries)
    found = pay(text, register, [Objection(2, "O1", "A1", date(2026, 3, 24), "upheld")],
                day=date(2026, 3, 24))
    register = register.with_entries(found.entries)
    figures = report(text, register)
    assert found.payments == () and figures.total.withdrawn == 1
    assert figures.budget.left_fen == 95_000_000
    again, decided = run(text, [application(1)], register, day=date(2026, 4, 1))
    assert again == register and decided.unchanged == ("A1",)
    settled = pay(text, register, [Objection(2, "O1", "A1", date(2026, 4, 1), "dismissed")],
                  day=date(2026, 4, 1))
    assert settled.rejected[0].field == "status"


def test_an_objection_after_payment_makes_it_due() -> None:
    text = rule(**OPEN)
    register, _ = published()
    register = register.with_entries(pay(text, register, day=date(2026, 4, 1)).entries)
    found = pay(text, register, [Objection(2, "O1", "A1", date(2026, 4, 2), "upheld"),
                                 Objection(3, "O2", "A9", date(2026, 4, 2), "open")],
                day=date(2026, 4, 3))
    assert found.rejected[0].line == 3
    register = register.with_entries(found.entries)
    assert report(text, register).total.due_fen == 5_000_000
    register, taken = take(text, register, change("R1", 5_000_000, kind="returned", name="A1"))
    assert taken.due_fen == 0 and report(text, register).budget.left_fen == 95_000_000


@pytest.mark.parametrize(("name", "shown"), [
    ("东港示例医院", "东港＊＊医院"), ("甲乙医院", "甲＊＊＊"), ("甲", "甲"), ("", "")])
def test_masks(name: str, shown: str) -> None:
    assert masked_name(name) == shown
    assert masked_code(credit_code(1))[:-4] == "*" * 14


def test_the_report_by_hand() -> None:
    """Three granted (50,000 each, one fallen to 30,000 after payment), one refused, one waits."""
    text = rule()
    register, _ = run(text, [
        application(1), application(2, area="310101"), application(3, sector="Q85", size="small"),
        application(4, sector="C39"), application(5, borne_by_others_fen=None, area="")])
    register = paid(text, register)
    register, _ = take(text, register, change("E1", 4_000_000))
    found = report(text, register)
    assert found.total == Figures(
        applications=5, granted=3, waiting_evidence=1, refused=1, granted_fen=15_000_000,
        fallen_fen=2_000_000, standing_fen=13_000_000, paid_fen=15_000_000, due_fen=2_000_000)
    assert found.groups["area"]["310101"].paid_fen == 5_000_000
    assert found.groups["sector"]["C"].refused == 1
    assert found.groups["area"]["unknown"].waiting_evidence == 1
    assert found.groups["month"]["2026-03"] == found.total
    assert found.refused_by_reason == found.group_reasons["sector"]["C"] == {"sector": 1}
    assert (found.budget.used_fen, found.budget.left_fen) == (15_000_000, 85_000_000)


@given(st.lists(st.tuples(st.sampled_from(["Q84", "Q85", "C39", ""]),
                          st.sampled_from(["310115", "310101", "320500", ""]),
                          st.integers(0, 20_000_000), st.integers(0, 5_000_000)),
                min_size=1, max_size=10))
def test_every_grouping_adds_up_to_the_total(rows: list[tuple[str, str, int, int]]) -> None:
    text = rule(budget_fen=30_000_000)
    register, _ = run(text, [
        application(place, premium, sector=sector, area=area, minutes=place * 60 * 24 * 7)
        for place, (sector, area, premium, _) in enumerate(rows)])
    register = paid(text, register)
    register, _ = take(text, register, *(
        change(f"E{place}", refund, policy=f"P{place}") for place, (*_, refund) in
        enumerate(rows)))
    found = report(text, register)
    for group in found.groups.values():
        assert sum(group.values(), start=Figures()) == found.total
    for reasons in found.group_reasons.values():
        assert sum(reasons.values(), start=Counter()) == found.refused_by_reason
    total = found.total
    assert total.applications == len(rows) == (
        total.granted + total.waiting_evidence + total.waiting_budget + total.refused)
    assert total.granted_fen == total.fallen_fen + total.standing_fen
    assert total.paid_fen - total.returned_fen == total.standing_fen + total.due_fen
    assert sum(found.refused_by_reason.values()) == total.refused
    assert found.budget.budget_fen == found.budget.used_fen + found.budget.left_fen
    used = sum(case.held_fen for case in Standing(text.rule, register.entries).cases.values())
    assert found.budget.used_fen == used
