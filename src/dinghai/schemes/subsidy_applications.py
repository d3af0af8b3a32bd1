"""Applications for a subsidy: one row a policy, from CSV, Excel or Parquet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec

from dinghai.assessment.profile import valid_credit_code
from dinghai.experience.own_columns import plain
from dinghai.experience.own_values import CellFault
from dinghai.experience.tabular import TableFile, read_table_file
from dinghai.foundation.errors import Fault
from dinghai.schemes.subsidy_codes import FirmSize, read_area, read_firm_size, read_sector
from dinghai.schemes.subsidy_rule import Condition, SubsidyRule, Whole, kind_of_fact
from dinghai.schemes.subsidy_table import Column, ReadRow, rows_of
from dinghai.wording.words import Amount, Struct

Fact = bool | Whole | str


class Application(Struct, frozen=True):
    """One application as stated. Empty texts, None and missing facts are unknown, not "no".

    ``premium_fen`` is what the policy costs, VAT and all; ``borne_by_others_fen`` what a chain
    owner or anybody else pays of it.
    """

    id: str
    credit_code: str
    name: str
    policy: str
    premium_fen: Amount
    applied_at: Annotated[datetime, msgspec.Meta(tz=True)]
    sector: str = ""
    area: str = ""
    size: FirmSize | None = None
    product: str = ""
    line: str = ""
    vat_fen: Amount | None = None
    borne_by_others_fen: Amount | None = None
    other_subsidies_fen: Amount = 0
    refunded_fen: Amount = 0
    paid_on: date | None = None
    inception: date | None = None
    expiry: date | None = None
    documents: tuple[str, ...] | None = None
    facts: dict[str, Fact] = {}


@dataclass(frozen=True, slots=True)
class Applications:
    """The applications of a file with the lines they stand in, and the rows left out."""

    file: str
    rows: tuple[tuple[int, Application], ...]
    rejected: tuple[Fault, ...]
    total: int
    notes: tuple[str, ...] = ()


def read_credit_code(text: str) -> str:
    """A unified social credit code with its check character, and digits for the place where the
    firm is registered (eighteen zeros check as well). Raises CellFault."""
    code = plain(text).upper()
    if not valid_credit_code(code) or not code[2:8].isdigit() or code[2:8] == "000000":
        raise CellFault(f"{text[:40]!r} is not a unified social credit code",
                        "18 characters with a valid check character (GB 32100-2015)")
    return code


COLUMNS: Final = (
    Column("application_id", "code", ("申请编号", "申请号"), True),
    Column("credit_code", "code", ("统一社会信用代码", "信用代码"), True, read_credit_code),
    Column("name", "text", ("申请单位", "企业名称", "单位名称"), True),
    Column("sector", "text", ("行业", "行业代码", "国民经济行业代码"), False, read_sector),
    Column("area", "text", ("地区", "行政区划代码", "区划代码"), False, read_area),
    Column("size", "text", ("企业规模", "规模"), False, read_firm_size),
    Column("policy_no", "code", ("保单号", "保险单号"), True),
    Column("product", "text", ("产品", "产品代码")),
    Column("line", "text", ("险种",)),
    Column("premium", "amount", ("保费", "保险费"), True),
    Column("vat", "amount", ("增值税", "其中增值税")),
    Column("borne_by_others", "amount", ("他人承担保费", "他方承担", "链主承担保费")),
    Column("other_subsidies", "amount", ("其他补贴", "已获其他补贴")),
    Column("refunded", "amount", ("已退保费", "退费")),
    Column("paid_on", "day", ("缴费日期", "保费缴纳日期")),
    Column("inception", "day", ("起保日期", "保险起期")),
    Column("expiry", "day", ("终保日期", "保险止期")),
    Column("applied_at", "moment", ("申请时间", "申请日期"), True),
    Column("documents", "list", ("附件", "申请材料")),
)


def columns_for(rule: SubsidyRule) -> tuple[Column, ...]:
    """The columns that a rule's applications may have: the common ones and one for each fact."""
    facts: dict[str, Condition] = {}
    for one in rule.conditions:
        facts.setdefault(one.fact, one)
    # A fact that is called like a common column would hide it: it is then read as fact.NAME only.
    taken = {plain(name) for one in COLUMNS for name in (one.id, *one.names)}
    return (*COLUMNS, *(
        Column(f"fact.{name}", kind_of_fact(one), () if plain(name) in taken else (name,))
        for name, one in facts.items()))


def read_applications(path: Path, rule: SubsidyRule) -> Applications:
    """The applications of a file. Raises InputError for a file that is no such table."""
    return applications_of(read_table_file(path), rule)


def applications_of(table: TableFile, rule: SubsidyRule) -> Applications:
    """The same of a table in memory. An id that stands twice is taken once: the later rows are
    rejected, even where they say the same."""
    read = rows_of(table, columns_for(rule))
    rows: list[tuple[int, Application]] = []
    rejected = list(read.rejected)
    lines: dict[str, int] = {}
    for row in read.rows:
        made = application_of(row.values)
        faults = row_faults(made, row, read.file)
        if made.id in lines:
            faults.append(Fault(f"application {made.id} stands already in line {lines[made.id]}",
                                read.file, row.line, "application_id", "keep one of the two rows"))
        if faults:
            rejected += faults
            continue
        lines[made.id] = row.line
        rows.append((row.line, made))
    notes = (*read.notes, *(f"the column {one!r} is none of these files and was not read"
                            for one in read.strange))
    return Applications(read.file, tuple(rows), _sorted(rejected), read.total, notes)


def application_of(values: Mapping[str, Any]) -> Application:
    """The application of a row's values by column id."""
    own: dict[str, Any] = {}
    for name in ("credit_code", "name", "sector", "area", "size", "product", "line", "paid_on",
                 "inception", "expiry", "applied_at", "documents"):
        if name in values:
            own[name] = values[name]
    for name in ("premium", "vat", "borne_by_others", "other_subsidies", "refunded"):
        if name in values:
            own[f"{name}_fen"] = values[name]
    facts = {name.removeprefix("fact."): value for name, value in sorted(values.items())
             if name.startswith("fact.")}
    return Application(id=values["application_id"], policy=values["policy_no"], facts=facts, **own)


def row_faults(made: Application, row: ReadRow, file: str) -> list[Fault]:
    """What the cells of a row, each good alone, get wrong together."""
    def fault(message: str, field: str, mend: str) -> Fault:
        return Fault(message, file, row.line, field, mend)

    faults: list[Fault] = []
    less = (made.borne_by_others_fen or 0) + made.other_subsidies_fen + made.refunded_fen
    if less > made.premium_fen:
        faults.append(fault("what others pay and what came back is more than the premium",
                            "borne_by_others", "check the amounts and their units"))
    if made.vat_fen is not None and made.vat_fen > made.premium_fen:
        faults.append(fault("the VAT is more than the premium it stands in", "vat",
                            "give the VAT inside the premium"))
    if made.inception and made.expiry and made.expiry < made.inception:
        faults.append(fault("the policy ends before it begins", "expiry",
                            f"give {made.inception} or later"))
    return faults


def _sorted(faults: Sequence[Fault]) -> tuple[Fault, ...]:
    return tuple(sorted(faults, key=lambda one: one.line or 0))
