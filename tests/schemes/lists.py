"""Made-up residents and a scheme, for tests of lists."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

from dinghai.schemes.people import check_digit
from dinghai.schemes.resident_scheme import ResidentScheme, scheme_from

AS_OF: Final = date(2026, 12, 2)
HEADER: Final = "姓名,身份证号,手机号,方案,是否同意,同意日期"
DOCUMENT: Final = {
    "schema": "dinghai.resident-scheme/1", "id": "street-2027", "name_zh": "某街道反诈险",
    "product": "resident-anti-fraud", "channel": "community", "applicant_zh": "某街道办事处",
    "first_day": "2027-01-01", "last_day": "2027-12-31",
    "plans": [
        {"code": "P1", "name_zh": "1万元", "sum_insured_fen": 1_000_000, "premium_fen": 300},
        {"code": "P5", "name_zh": "5万元", "sum_insured_fen": 5_000_000, "premium_fen": 1_200}]}
SCHEME: Final[ResidentScheme] = scheme_from(DOCUMENT)


def identity(number: int, *, born: str = "19800229") -> str:
    """The identity number of a number below a thousand."""
    first = f"110105{born}{number:03}"
    return first + check_digit(first)


def row(number: int, **cells: str) -> str:
    """A good line of a list; ``cells`` take the place of its own."""
    good = {"name": "张明远", "identity": identity(number), "mobile": f"138{number:08}",
            "plan": "P5", "consent": "是", "consented_on": "2026-11-05"}
    return ",".join({**good, **cells}.values())


def write(path: Path, rows: list[str], *, header: str = HEADER, encoding: str = "utf-8",
          end: str = "\n") -> Path:
    """A list as a file."""
    path.write_bytes(end.join([header, *rows, ""]).encode(encoding))
    return path
