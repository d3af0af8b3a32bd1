"""Incident grades and the authority's clocks (golden example G7)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from dinghai.foundation.clock import SHANGHAI
from dinghai.foundation.errors import InputError
from dinghai.vocabulary.clocks import clocks
from dinghai.vocabulary.grading import grade_incident, reporting_clock

TEN = datetime(2026, 9, 7, 10, 0, tzinfo=SHANGHAI)
PERSONS = "notice.personal_data_persons"


def test_g7_a_million_persons_is_larger_and_due_at_two() -> None:
    grade = grade_incident({PERSONS: 1_000_000}, critical_infrastructure=False)
    assert (grade.grade, grade.needs_judgement, grade.reportable) == ("较大", False, True)
    assert grade.met[0].fact == PERSONS and grade.confidence == "T"
    (duty,) = reporting_clock("general", grade, TEN)
    assert duty.due == TEN.replace(hour=14) and duty.certain
    assert "第4条" in duty.statute


def test_g7_one_person_fewer_needs_judgement() -> None:
    grade = grade_incident({PERSONS: 999_999}, critical_infrastructure=False)
    assert (grade.grade, grade.needs_judgement, grade.reportable) == (None, True, None)
    (duty,) = reporting_clock("general", grade, TEN)
    assert not duty.certain
    assert reporting_clock("general", grade_incident(
        {PERSONS: 999_999}, critical_infrastructure=False, judged="一般"), TEN) == ()


@pytest.mark.parametrize(("operator", "involves", "hours"), [
    ("critical_infrastructure", False, 1), ("central_state_organ", False, 2), ("general", False, 4),
    ("general", True, 1)])
def test_hours_by_operator_and_by_event(operator: str, involves: bool, hours: int) -> None:
    grade = grade_incident({PERSONS: 20_000_000}, critical_infrastructure=False)
    assert grade.grade == "重大"
    (duty,) = reporting_clock(operator, grade, TEN,  # type: ignore[arg-type]
                              involves_critical_infrastructure=involves)
    assert duty.due - TEN == timedelta(hours=hours)


@pytest.mark.parametrize(("fact", "at_least", "grade", "below"), [
    ("notice.personal_data_persons", 100_000_000, "特别重大", "重大"),
    ("notice.direct_loss", 10_000_000_000, "特别重大", "重大"),
    ("notice.direct_loss", 500_000_000, "较大", None),
    ("notice.site_outage_seconds", 7_200, "较大", None),
    ("notice.people_affected", 100_000, "较大", None)])
def test_thresholds_include_the_number(fact: str, at_least: int, grade: str,
                                       below: str | None) -> None:
    assert grade_incident({fact: at_least}, critical_infrastructure=False).grade == grade
    assert grade_incident({fact: at_least - 1}, critical_infrastructure=False).grade == below


def test_outages_of_critical_infrastructure_count_only_there() -> None:
    facts = {"notice.critical_full_outage_seconds": 21_600}
    assert grade_incident(facts, critical_infrastructure=True).grade == "特别重大"
    assert grade_incident(facts, critical_infrastructure=False).grade is None
    unsure = grade_incident(facts, critical_infrastructure=None)
    assert unsure.grade is None and "notice.critical_full_outage_seconds" in unsure.unknown


def test_draft_thresholds_say_so_and_judgement_only_raises() -> None:
    draft = grade_incident({"notice.direct_loss": 500_000_000}, critical_infrastructure=False)
    assert draft.confidence == "A" and "征求意见稿" in draft.source
    assert grade_incident({PERSONS: 1_000_000}, critical_infrastructure=False,
                          judged="一般").grade == "较大"
    raised = grade_incident({PERSONS: 1_000_000}, critical_infrastructure=False, judged="重大")
    assert raised.grade == "重大" and raised.judged_by_person
    assert raised.to_dict()["grade"] == "重大"


def test_authorities_are_pluggable() -> None:
    grade = grade_incident({PERSONS: 10_000_000}, critical_infrastructure=False,
                           authority="miit_data")
    assert grade.grade == "重大"
    with pytest.raises(InputError, match="no grading table"):
        grade_incident({}, critical_infrastructure=None, authority="nobody")


def test_clocks_run_by_hours_days_and_years() -> None:
    decide = clocks()["CLK-CL-DEC"]
    assert decide.due(TEN) == datetime(2026, 10, 8, tzinfo=SHANGHAI)
    assert decide.due(TEN, paused=timedelta(days=5)) == datetime(2026, 10, 13, tzinfo=SHANGHAI)
    with pytest.raises(ValueError, match="paused"):
        clocks()["CLK-CL-PAY"].due(TEN, paused=timedelta(days=1))
    assert clocks()["CLK-CL-LIM"].due(datetime(2028, 2, 29, 9, tzinfo=SHANGHAI)) == datetime(
        2030, 3, 1, tzinfo=SHANGHAI)
    assert clocks()["CLK-PI-NOTIFY"].due(TEN) == TEN
    # Sunday 20 September 2026 is a make-up working day.
    assert clocks()["CLK-FILE"].due(TEN) == datetime(2026, 9, 21, tzinfo=SHANGHAI)
