"""Rows of small firms' files for tests."""

from __future__ import annotations

import csv
import io
from datetime import date

from dinghai.schemes.small_firm_file import FirmFile, SmallFirm, firms_of_bytes
from dinghai.schemes.small_firm_plans import shipped_plans
from dinghai.vocabulary.indicators import light_indicators
from tools.example_small_firms import credit_code

ON = date(2026, 4, 20)


def row(number: int = 1, **changes: str) -> dict[str, str]:
    """A firm that answers yes to everything, with changes."""
    return {
        "credit_code": credit_code(number), "name": f"测试企业{number}", "industry": "C",
        "revenue": "2000万", "employees": "40", "domain": f"firm{number}.example", "consent": "no",
        "consent_on": "", "plan": "plus", "minutes": "12", "answered_on": "2026-04-18",
        **dict.fromkeys(light_indicators(), "yes"), **changes}


def partly(number: int = 1, **changes: str) -> dict[str, str]:
    """A firm that answers partly to everything."""
    return row(number, **{**dict.fromkeys(light_indicators(), "partly"), **changes})


def as_csv(*rows: dict[str, str]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def read(*rows: dict[str, str]) -> FirmFile:
    return firms_of_bytes(as_csv(*rows).encode(), "firms.csv", shipped_plans(), on=ON)


def firm(number: int = 1, **changes: str) -> SmallFirm:
    found = read(row(number, **changes))
    assert found.rejected == ()
    return found.firms[0]
