"""A list of members as a file: CSV, Excel or Parquet, with a fault for every row that is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dinghai.experience.own_values import CellFault
from dinghai.experience.tabular import Row, TableFile, table_of
from dinghai.foundation.errors import Fault, InputError
from dinghai.supplychain.chain import Chain
from dinghai.supplychain.chain_cells import Kind, read_cell
from dinghai_platform.chains.services.common import file_name
from dinghai_platform.core.models import Organisation
from dinghai_platform.programmes.services.members import Joining

LARGEST: Final = 4 * 1024 * 1024
MOST_ROWS: Final = 20_000
_COLUMNS: Final[Mapping[str, str]] = {
    "firm": "firm", "id": "firm", "企业": "firm", "编号": "firm", "成员": "firm",
    "供应商": "firm", "first": "first", "首日": "first", "生效日": "first",
    "premium": "premium", "保费": "premium", "保险费": "premium",
    "organisation": "organisation", "机构": "organisation", "组织": "organisation"}


def read_roster(
    content: bytes, name: str, *, chain: Chain, organisations: Mapping[str, Organisation]
) -> list[Joining]:
    """Who joins by a file. ``organisations`` by name and credit code. Raises InputError with every
    fault, each with its line."""
    name = file_name(name)
    if len(content) > LARGEST:
        raise InputError("the list is too large", file=name, field="file",
                         mend="give at most 4 MB")
    table = table_of(content, name)
    places = _places(table)
    firms = {one.id: one.id for one in chain.firms}
    for attribute in ("name_zh", "name_en", "credit_code"):
        for one in chain.firms:
            firms.setdefault(getattr(one, attribute) or one.id, one.id)
    faults: list[Fault] = []
    found = [one for row in table.rows if any(cell.strip() for cell in row.cells)
             and (one := _joining(row, places, name, firms, organisations, faults)) is not None]
    if len(table.rows) > MOST_ROWS:
        faults.append(Fault("the list has too many rows", name, None, "file",
                            f"give at most {MOST_ROWS}"))
    if not table.rows:
        faults.append(Fault("the list names nobody", name, 1, "file", "give a row for each firm"))
    if faults:
        raise InputError.of(faults)
    return found


def _places(table: TableFile) -> dict[str, int]:
    places: dict[str, int] = {}
    faults = []
    for place, heading in enumerate(table.header):
        field = _COLUMNS.get(heading.strip().casefold())
        if field is None and heading.strip():
            faults.append(Fault(f"there is no column {heading!r}", table.file, table.header_line,
                                heading, "known here: firm, first, premium, organisation"))
        elif field in places:
            faults.append(Fault(f"the column {field} stands twice", table.file,
                                table.header_line, field, "keep one of the two"))
        elif field is not None:
            places[field] = place
    if "firm" not in places and not faults:
        faults.append(Fault("the column 'firm' is missing", table.file, table.header_line, "firm",
                            "add it to the header"))
    if faults:
        raise InputError.of(faults)
    return places


def _joining(
    row: Row, places: Mapping[str, int], file: str, firms: Mapping[str, str],
    organisations: Mapping[str, Organisation], faults: list[Fault],
) -> Joining | None:
    before = len(faults)

    def cell(field: str) -> str:
        return row.at(places[field]) if field in places else ""

    def value(field: str, kind: Kind) -> object:
        text = cell(field)
        if not text:
            return None
        try:
            return read_cell(kind, text)
        except CellFault as fault:
            faults.append(Fault(fault.message, file, row.line, field, fault.mend))
            return None

    named, partner = cell("firm"), cell("organisation")
    firm = firms.get(named)
    if not named:
        faults.append(Fault("this row names no firm", file, row.line, "firm",
                            "name a firm's id, or its name as the chain has it"))
    elif firm is None:
        faults.append(Fault(f"there is no firm {named[:80]!r} in the chain", file, row.line,
                            "firm", "name a firm's id, or its name as the chain has it"))
    if partner and partner not in organisations:
        faults.append(Fault("this organisation is not one you deal with", file, row.line,
                            "organisation", "add it to your partners first"))
    first, premium = value("first", "day"), value("premium", "amount")
    if len(faults) > before or firm is None:
        return None
    return Joining(firm, first, premium, organisations.get(partner), row.line)  # type: ignore[arg-type]
