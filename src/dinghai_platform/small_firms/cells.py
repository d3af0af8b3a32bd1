"""Answers on a page as a row of the engine's own file: nothing is read here that the engine reads.

A draft holds texts by column, as they were typed. To price it, it becomes a table of one row, and
the engine says what is wrong with it, by column.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

import msgspec

from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import Fault, InputError
from dinghai.schemes.small_firm_columns import FIRM_COLUMNS
from dinghai.schemes.small_firm_file import SmallFirm, firms_of_bytes
from dinghai.schemes.small_firm_plans import PlanTable
from dinghai.vocabulary.indicators import light_indicators

LONGEST_CELL: Final = 400
FILE: Final = "answers"
REVENUE_HEADING: Final = "revenue(万元)"
MADE_HERE: Final = frozenset({"consent_on", "answered_on", "minutes"})
"""Columns that the house fills itself: nobody types the day of a consent."""


def columns() -> tuple[str, ...]:
    """The columns of a draft, in the order of the engine's file."""
    return (*(one.id for one in FIRM_COLUMNS), *light_indicators())


def typed_cells(given: Mapping[str, Any]) -> dict[str, str]:
    """What was typed into known columns; nothing else of a request is kept.

    Raises InputError for a cell that is too long.
    """
    kept: dict[str, str] = {}
    for name in columns():
        if name in MADE_HERE or name not in given:
            continue
        text = str(given[name] or "").replace("\x00", "").strip()
        if len(text) > LONGEST_CELL:
            raise InputError(f"a cell has more than {LONGEST_CELL} characters", field=name,
                             mend="shorten it")
        kept[name] = text
    return kept


def answered(cells: Mapping[str, str]) -> int:
    """How many of the 28 questions have an answer, "do not know" among them."""
    return sum(bool(cells.get(code)) for code in light_indicators())


def read_cells(
    cells: Mapping[str, str], plans: PlanTable, *, on: date, consent_on: date | None,
    minutes: str = "",
) -> SmallFirm:
    """The firm of a draft. Raises InputError with every fault, each with its column as field."""
    row = {**cells, "answered_on": on.isoformat(), "minutes": minutes,
           "consent_on": "" if consent_on is None else consent_on.isoformat()}
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([REVENUE_HEADING if name == "revenue" else name for name in columns()])
    writer.writerow([" ".join(row.get(name, "").split()) for name in columns()])
    found = firms_of_bytes(text.getvalue().encode(), f"{FILE}.csv", plans, on=on)
    if found.rejected:
        raise InputError.of(tuple(_of_page(one) for one in found.rejected))
    return found.firms[0]


def _of_page(fault: Fault) -> Fault:
    """A fault of the one row as a page says it: no file, no line, the column as its field."""
    name = "revenue" if fault.field == REVENUE_HEADING else fault.field
    return Fault(fault.message, None, None, name, fault.mend)


def firm_document(firm: SmallFirm) -> dict[str, JSON]:
    """A firm as plain JSON, to keep."""
    document: dict[str, JSON] = msgspec.to_builtins(firm)
    return document


def firm_of(document: Mapping[str, Any]) -> SmallFirm:
    """The firm of a kept document."""
    return msgspec.convert(document, SmallFirm)


def cells_of(firm: SmallFirm) -> dict[str, str]:
    """A firm back as the cells of a draft, to answer again from there."""
    words = {0: "no", 2: "partly", 4: "yes"}
    cells = {code: "unknown" if score is None else words.get(score, str(score))
             for code, score in firm.answers.items()}
    cells |= {"credit_code": firm.credit_code, "name": firm.name, "industry": firm.industry,
              "revenue": _ten_thousands(firm.revenue_fen), "employees": str(firm.headcount),
              "domain": "; ".join(firm.domains), "plan": firm.plan,
              "products": "; ".join(firm.products),
              "consent": {True: "yes", False: "no", None: ""}[firm.consent]}
    for name, value in firm.exposures.items():
        cells[name] = _exposure(name, value)
    return cells


def _ten_thousands(fen: int) -> str:
    whole, rest = divmod(fen, 1_000_000)
    return f"{whole}.{rest:06d}".rstrip("0") if rest else str(whole)


def _exposure(name: str, value: int | bool) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name in ("gross_profit_rate", "online_revenue"):
        return f"{value // 10_000}.{value % 10_000:04d}%"
    return str(value)


def minutes_between(first: str, now: datetime) -> str:
    """The time that answering took, in minutes as the engine reads them; nothing where the start
    is not known or the time is no honest one."""
    try:
        seconds = int((now - datetime.fromisoformat(first)).total_seconds())
    except (ValueError, TypeError):
        return ""
    return f"{seconds / 60:.2f}" if 5 <= seconds <= 36_000 else ""
