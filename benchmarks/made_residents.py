"""Lists of made-up residents: the same everywhere, by keyed draws, all rows of a file good."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from dinghai.foundation.streams import uniforms
from dinghai.schemes.people import CHECKS, WEIGHTS

HEADER: Final = "姓名,身份证号,手机号,方案,是否同意,同意日期\n"
FAMILY: Final = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN: Final = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平"
AREAS: Final = ("110105", "310104", "320102", "330106", "440305", "510104", "420102", "610113")
PART: Final = 200_000
PLANS: Final = (
    {"code": "P1", "name_zh": "1万元", "sum_insured_fen": 1_000_000, "premium_fen": 240},
    {"code": "P5", "name_zh": "5万元", "sum_insured_fen": 5_000_000, "premium_fen": 1_200},
    {"code": "P10", "name_zh": "10万元", "sum_insured_fen": 10_000_000, "premium_fen": 2_400},
)
"""Sums insured of the retail market; premiums at the pilot's rate of 0.024% (GUIDE A02)."""
SCHEME: Final[dict[str, Any]] = {
    "schema": "dinghai.resident-scheme/1", "id": "benchmark", "name_zh": "试例",
    "product": "resident-anti-fraud", "channel": "community", "applicant_zh": "试例",
    "first_day": "2027-01-01", "last_day": "2027-12-31", "plans": list(PLANS)}


def write_residents(path: Path, number: int, *, first: int = 0, plan: str = "") -> None:
    """A CSV of so many residents from the ``first`` on; no two of them share a number. Without a
    ``plan``, one in eleven has ¥10,000 and one in eleven ¥100,000 so that the mean is ¥50,000
    only where all have it: with ``plan`` all have the same."""
    with path.open("w", encoding="utf-8") as target:
        target.write(HEADER)
        for start in range(first, first + number, PART):
            target.writelines(_lines(start, min(PART, first + number - start), plan))


def _lines(start: int, number: int, plan: str) -> list[str]:
    luck = uniforms(1, f"benchmark.residents.{start}", number, 5)
    digits = _digits(start, number, luck)
    weighed = digits @ np.array(WEIGHTS) % 11
    identities = ["".join(map(str, row)) + CHECKS[check]
                  for row, check in zip(digits.tolist(), weighed.tolist(), strict=True)]
    names = (luck[:, :3] * (len(FAMILY), len(GIVEN), len(GIVEN))).astype(int).tolist()
    mobiles = (13_000_000_000 + luck[:, 3] * 999_999_999).astype(np.int64).tolist()
    codes = [plan or ("P1" if one < 0.09 else "P10" if one > 0.96 else "P5")
             for one in luck[:, 4].tolist()]
    return [f"{FAMILY[a]}{GIVEN[b]}{GIVEN[c]},{identity},{mobile},{code},是,2026-11-0{1 + a % 9}\n"
            for (a, b, c), identity, mobile, code in zip(names, identities, mobiles, codes,
                                                         strict=True)]


def _digits(start: int, number: int, luck: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The first 17 digits: the running number is written into area, day of birth and order, so
    that numbers differ."""
    running = np.arange(start, start + number)
    area, rest = running % 8, running // 8
    day, rest = 1 + rest % 28, rest // 28
    month, rest = 1 + rest % 12, rest // 12
    year, order = 1947 + rest % 58, rest // 58
    if int(order.max(initial=0)) > 999:
        raise ValueError("there are no more numbers")
    areas = np.array([[int(one) for one in text] for text in AREAS])[area]
    parts = [areas, *(
        (part[:, None] // 10 ** np.arange(width - 1, -1, -1)) % 10
        for part, width in ((year, 4), (month, 2), (day, 2), (order, 3)))]
    return np.concatenate(parts, axis=1)
