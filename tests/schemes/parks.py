"""A small park for tests: two sizes, one class, two sections, two top-ups."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import date
from typing import Any

from dinghai.assessment.profile import CREDIT_ALPHABET, credit_check_character
from dinghai.schemes.park_claims import ParkClaim
from dinghai.schemes.park_file import Park, park_from
from dinghai.schemes.park_members import ChosenTopUp, ParkMember

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)


def code(number: int) -> str:
    """A well-formed credit code."""
    body = CREDIT_ALPHABET[number // 31] + CREDIT_ALPHABET[number % 31]
    head = "91320100MAYT000" + body
    return head + credit_check_character(head)


RAW: dict[str, Any] = {
    "schema": "dinghai.park/1", "id": "p", "name_zh": "园区", "policy_no": "P1",
    "product": "cyber-comprehensive-standard", "inception": "2026-01-01",
    "expiry": "2026-12-31", "operator": {"name_zh": "运营方", "credit_code": code(0)},
    "limits": {"each_event": "1000元", "annual": "1500元"},
    "base": {"limits": [{"each_event": "600元", "annual": "900元"},
                        {"each_event": "300元", "factor": "50%"}],
             "sections": [{"coverage": "FP-IR", "sublimit": "200元"}, {"coverage": "FP-BI"}]},
    "top_ups": [
        {"id": "more", "name_zh": "增额", "coverages": ["FP-BI"], "each_event": "200元",
         "shared": {"each_event": "300元", "annual": "300元"}, "prices": [{"premium": "73元"}]},
        {"id": "ransom", "name_zh": "勒索", "coverages": ["FP-EXT-C", "FP-IR"], "order": "first",
         "each_event": "100元", "under_park_limits": False, "prices": [{"premium": "36.5元"}]}],
    "classes": [{"id": "all", "name_zh": "全部"}],
    "sizes": [{"id": "micro", "name_zh": "微型", "revenue_below": "500万"},
              {"id": "small", "name_zh": "小型"}],
    "premium": {"rates": [{"size": "micro", "premium": "365元"}, {"premium": "730元"}],
                "grades": [{"grade": "A", "factor": "80%"}]}}


def park(changes: Mapping[str, Any] | None = None) -> Park:
    """The park, with whole keys changed."""
    return park_from({**copy.deepcopy(RAW), **(changes or {})})


def member(number: int, *top_ups: str, joined: date = FIRST, left: date | None = None,
           grade: str = "", size: str = "micro", of: Park | None = None, **others: Any
           ) -> ParkMember:
    """A member of it by number."""
    given: dict[str, Any] = {
        "credit_code": code(number), "name": f"企业{number}", "name_en": "", "sector": "C",
        "rating_class": "all", "size": size, "revenue_fen": None, "joined": joined, "left": left,
        "limit": (of or park()).base.limits[0],
        "top_ups": tuple(ChosenTopUp(one, joined) for one in top_ups), "network": None,
        "providers": None, "grade": grade, "findings": None}
    return ParkMember(**{**given, **others})


def claim(number: int, yuan: int, coverage: str = "FP-BI", *, event: str = "E", name: str = "",
          day: date = date(2026, 5, 1), top_up: str = "") -> ParkClaim:
    """A claim of a member in whole yuan."""
    return ParkClaim(event, name, code(number), coverage, top_up, day, yuan * 100)
