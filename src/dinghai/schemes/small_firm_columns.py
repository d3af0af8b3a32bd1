"""The columns of a small firms' file: their ids, headings, and what each holds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from dinghai.experience.own_columns import plain
from dinghai.experience.tabular import TableFile
from dinghai.foundation.errors import Fault, InputError
from dinghai.vocabulary.indicators import light_indicators

ColumnKind = Literal["credit_code", "name", "industry", "revenue", "count", "domains", "yes_no",
                     "day", "word", "seconds", "share", "words", "answer"]
_UNIT: Final = re.compile(r"^(.*?)\s*[（(]\s*(元|万元|万|亿|亿元|yuan|fen|分)\s*[)）]\s*$",
                          re.DOTALL)
_CODE: Final = re.compile(r"[A-Z]{3}-\d{2}")
_LONGEST_HEADING: Final = 200


@dataclass(frozen=True, slots=True)
class FirmColumn:
    """One column: its id, what it holds, other headings it may stand under, whether it must be
    there, and, for an exposure, whether the firm's profile takes it in place of the usual value."""

    id: str
    kind: ColumnKind
    headings: tuple[str, ...]
    required: bool = False
    exposure: bool = False


FIRM_COLUMNS: Final = (
    FirmColumn("credit_code", "credit_code", ("统一社会信用代码", "信用代码"), True),
    FirmColumn("name", "name", ("企业名称", "公司名称", "名称"), True),
    FirmColumn("industry", "industry", ("sector", "行业门类", "行业", "所属行业"), True),
    FirmColumn("revenue", "revenue", ("营业收入", "年营业收入", "年收入"), True),
    FirmColumn("employees", "count", ("headcount", "从业人数", "员工人数", "人数"), True),
    FirmColumn("domain", "domains", ("domains", "域名", "互联网资产"), True),
    FirmColumn("consent", "yes_no", ("probe_consent", "检测授权", "授权检测", "同意检测"), True),
    FirmColumn("consent_on", "day", ("consent_day", "授权日期"), True),
    FirmColumn("plan", "word", ("方案", "投保方案"), True),
    FirmColumn("minutes", "seconds", ("answering_minutes", "作答分钟", "作答用时"), True),
    FirmColumn("answered_on", "day", ("answered_at", "作答日期", "填报日期")),
    FirmColumn("products", "words", ("software", "使用产品", "软硬件产品")),
    FirmColumn("endpoints", "count", ("终端数量", "终端数"), exposure=True),
    FirmColumn("records_general", "count", ("一般个人信息条数", "个人信息条数"), exposure=True),
    FirmColumn("records_sensitive", "count", ("敏感个人信息条数",), exposure=True),
    FirmColumn("gross_profit_rate", "share", ("毛利率",), exposure=True),
    FirmColumn("online_revenue", "share", ("线上收入占比",), exposure=True),
    FirmColumn("critical_providers", "count", ("关键服务商数量", "关键服务商"), exposure=True),
    FirmColumn("ot_systems", "count", ("工控系统数量", "工控系统"), exposure=True),
    FirmColumn("high_value_payments", "count", ("每年大额付款笔数", "大额付款笔数"), exposure=True),
    FirmColumn("mlps_level", "count", ("等保级别", "等保定级"), exposure=True),
    FirmColumn("important_data", "yes_no", ("重要数据",), exposure=True),
    FirmColumn("critical_infrastructure", "yes_no", ("关键信息基础设施", "关基"), exposure=True),
)


@dataclass(frozen=True, slots=True)
class FoundColumn:
    """Where a column stands, its heading as written, and the unit the heading names."""

    column: FirmColumn
    place: int
    heading: str
    unit: str


def read_header(table: TableFile) -> tuple[Mapping[str, FoundColumn], tuple[str, ...]]:
    """The columns by id, and the headings that are not read.

    Raises InputError with every required column that is missing and every one that stands twice.
    """
    known = _known()
    found: dict[str, FoundColumn] = {}
    unread: list[str] = []
    faults: list[Fault] = []
    for place, heading in enumerate(table.header):
        text, unit = _split(heading[:_LONGEST_HEADING])
        column = known.get(plain(text)) or known.get(plain(_answer_code(text)))
        if column is None:
            unread.extend([heading[:_LONGEST_HEADING]] if heading else [])
        elif column.id in found:
            faults.append(Fault(f"two columns are {column.id}: {found[column.id].heading!r} and "
                                f"{heading[:_LONGEST_HEADING]!r}", table.file, table.header_line,
                                column.id, "keep one of them"))
        else:
            found[column.id] = FoundColumn(column, place, heading[:_LONGEST_HEADING], unit)
    faults.extend(_missing(table, found))
    if faults:
        raise InputError.of(faults)
    return found, tuple(unread)


def _missing(table: TableFile, found: Mapping[str, FoundColumn]) -> Iterator[Fault]:
    for column in (*FIRM_COLUMNS, *_answer_columns()):
        if column.required and column.id not in found:
            names = ", ".join((column.id, *column.headings))
            yield Fault(f"there is no column {column.id}", table.file, table.header_line,
                        column.id, f"add one headed {names}")


def _known() -> dict[str, FirmColumn]:
    return {plain(heading): column for column in (*FIRM_COLUMNS, *_answer_columns())
            for heading in (column.id, *column.headings)}


def _answer_columns() -> tuple[FirmColumn, ...]:
    return tuple(FirmColumn(code, "answer", (), True) for code in light_indicators())


def _split(heading: str) -> tuple[str, str]:
    found = _UNIT.match(heading)
    return (heading, "") if found is None else (found[1], found[2])


def _answer_code(text: str) -> str:
    """The code at the head of ``GOV-01 网络安全责任制``."""
    found = _CODE.match(text.strip().upper())
    return found[0] if found else text
