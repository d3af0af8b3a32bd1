"""The chart of accounts, read from `chart.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DEBIT, CREDIT = "debit", "credit"
COMMERCIAL, MEMO = "commercial", "memo"
NORMAL_SIDE = {"asset": DEBIT, "expense": DEBIT, "liability": CREDIT, "income": CREDIT}


@dataclass(frozen=True, slots=True)
class ChartLine:
    """One account as the chart has it."""

    key: str
    number: str
    name_zh: str
    name_en: str
    account_class: str
    normal_side: str


@cache
def chart() -> tuple[ChartLine, ...]:
    """Every account, in the order of the file."""
    path = Path(__file__).with_name("chart.toml")
    lines = tomllib.loads(path.read_text(encoding="utf-8"))["account"]
    return tuple(
        ChartLine(
            key=line["key"],
            number=line["number"],
            name_zh=line["name_zh"],
            name_en=line["name_en"],
            account_class=line["class"],
            normal_side=line.get("normal") or NORMAL_SIDE[line["class"]],
        )
        for line in lines
    )
