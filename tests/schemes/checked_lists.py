"""Schemes and lists of residents for tests: nobody in them exists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from dinghai.schemes.mass_table import open_mass_table
from dinghai.schemes.people import check_digit
from dinghai.schemes.resident_check import ResidentCheck, check_residents
from dinghai.schemes.resident_scheme import ResidentScheme, scheme_from

AS_OF = date(2026, 3, 31)
KEY = bytes(range(32))
HEADER = ("姓名", "身份证号", "手机号", "方案", "同意", "同意日期")


def number(place: int = 1, born: str = "19900307", area: str = "110101") -> str:
    """An identity number that checks."""
    first = f"{area}{born}{place:03d}"
    return first + check_digit(first)


def row(place: int = 1, **changes: str) -> list[str]:
    """A good row, with other cells where these are named by field."""
    cells = {"name": "王小明", "identity": number(place), "mobile": f"{13800000000 + place}",
             "plan": "P5", "consent": "是", "consented_on": "2026-03-01", **changes}
    return list(cells.values())


def text_of(rows: Iterable[Sequence[str]], header: Sequence[str] = HEADER) -> str:
    """Rows as plain CSV."""
    return "".join(",".join(one) + "\n" for one in (header, *rows))


def scheme(**changes: Any) -> ResidentScheme:
    """Three plans of 1, 5 and 10 times ¥10,000, for people of 18 to 85 years on 2026-04-01."""
    plans: Sequence[Mapping[str, Any]] = (
        {"code": "P1", "name_zh": "1万", "sum_insured_fen": 1_000_000, "premium_fen": 240},
        {"code": "P5", "name_zh": "5万", "sum_insured_fen": 5_000_000, "premium_fen": 1_200},
        {"code": "P10", "name_zh": "10万", "sum_insured_fen": 10_000_000, "premium_fen": 2_400})
    return scheme_from({
        "schema": "dinghai.resident-scheme/1", "id": "S-1", "name_zh": "社区",
        "channel": "community", "product": "resident-fraud", "applicant_zh": "社区服务中心",
        "first_day": "2026-04-01", "last_day": "2027-03-31",
        "plans": [dict(one) for one in plans], **changes})


def check(path: Path, content: str | bytes, **changes: Any) -> ResidentCheck:
    """A list of this content, held to the scheme."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return check_residents(open_mass_table(path), scheme(**changes), as_of=AS_OF, key=KEY)
