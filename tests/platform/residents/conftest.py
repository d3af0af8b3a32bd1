"""An insurer with a scheme, lists of made-up residents, and a worker that runs their jobs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import pytest

from dinghai.schemes.people import check_digit
from dinghai.schemes.resident_list import Resident
from dinghai_platform.core.worker import Worker
from dinghai_platform.residents.models import Enrolment, ResidentScheme
from dinghai_platform.residents.services.lists import issue_list, take_list
from dinghai_platform.residents.services.schemes import open_scheme

SCHEME: dict[str, Any] = {
    "schema": "dinghai.resident-scheme/1", "id": "street-2027", "name_zh": "某街道反诈险",
    "product": "resident-anti-fraud", "channel": "community", "applicant_zh": "某街道办事处",
    "first_day": "2027-01-01", "last_day": "2027-12-31",
    "plans": [
        {"code": "P1", "name_zh": "1万元", "sum_insured_fen": 1_000_000, "premium_fen": 300},
        {"code": "P5", "name_zh": "5万元", "sum_insured_fen": 5_000_000, "premium_fen": 1_200},
    ]}
HEADER = "姓名,身份证号,手机号,方案,是否同意,同意日期"


def row(number: int, *, plan: str = "P5", name: str = "张明远", consent: str = "是") -> str:
    """A line of a list: the resident of a number, the same each time."""
    place, rest = number // 1_000 % 9, number // 9_000
    first = (f"11010{1 + place}{1960 + rest % 40}0{1 + rest // 40 % 9}1{rest // 360 % 10}"
             f"{number % 1_000:03}")
    return (f"{name},{first}{check_digit(first)},138{number:08},{plan},{consent},"
            "2026-01-05")


def listed(rows: Sequence[str]) -> bytes:
    """A list as a file."""
    return "\n".join([HEADER, *rows, ""]).encode()


def buyer(number: int, scheme: ResidentScheme, *, plan: str = "P5", mobile: str = "") -> Resident:
    """The resident of a number as somebody who buys at a link."""
    name, identity, own, *_rest = row(number).split(",")
    return Resident(name, identity, mobile or own, scheme.terms().plan_places()[plan],
                    date(2026, 1, 5))


@pytest.fixture
def underwriter(act_as: Callable[..., Any], insurer: Any) -> Any:
    """Who enrols residents."""
    return act_as("underwriter", insurer)


@pytest.fixture
def scheme(underwriter: Any) -> ResidentScheme:
    """A scheme of two plans."""
    return open_scheme(SCHEME, actor=underwriter)


@pytest.fixture
def enrol(scheme: ResidentScheme, underwriter: Any) -> Callable[..., Enrolment]:
    """Take, look through and issue a list."""
    def run(content: bytes, name: str = "list.csv") -> Enrolment:
        enrolment = take_list(scheme, content, name=name, actor=underwriter)
        Worker().run_until_idle()
        enrolment.refresh_from_db()
        issue_list(enrolment, actor=underwriter)
        Worker().run_until_idle()
        enrolment.refresh_from_db()
        return enrolment
    return run
