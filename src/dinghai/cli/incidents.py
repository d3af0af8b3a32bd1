"""`dinghai incidents`: incident data as one table, with what was screened and why."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import get_args

from dinghai.cli.output import Answer, Parser, add_command, table
from dinghai.experience.incidents import (
    Incident,
    is_incident_table,
    read_incidents,
    screening,
    without_repeats,
    write_incidents,
)
from dinghai.experience.own_claims import Floor, own_claims_of
from dinghai.experience.own_columns import file_kind
from dinghai.experience.public_sources import read_source
from dinghai.experience.tabular import TableFile, is_workbook_or_parquet, read_table_file
from dinghai.foundation.errors import Fault, InputError

_SHOWN = 20


def register(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the command."""
    parser = add_command(subparsers, "incidents", _incidents,
                         "read public incident data and own claims into one table")
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE",
                        help="VERIS or Have I Been Pwned JSON, HHS, Washington or ransom CSV "
                             "(plain, .gz or .zip); own claims as CSV, Excel or Parquet; a table "
                             "made before")
    parser.add_argument("-o", "--output", type=Path, metavar="TABLE.parquet",
                        help="write the table here")
    parser.add_argument("--floor", choices=get_args(Floor), default="deductible",
                        help="of own claims: below its deductible no loss is known (default), or "
                             "all are")


def _incidents(arguments: argparse.Namespace) -> Answer:
    faults: list[Fault] = []
    found = without_repeats(one for path in arguments.files
                            for one in _read(path, arguments.floor, faults))
    if arguments.output is not None:
        write_incidents(arguments.output, found)
    usable = [one for one in found if not one.screened]
    screened = screening(found)
    sources = dict(Counter(one.source for one in usable))
    perils = dict(Counter(one.peril or "none" for one in usable).most_common())
    document = {
        "schema": "dinghai.incidents-read/1", "incidents": len(found), "usable": len(usable),
        "by_source": sources, "by_peril": perils,
        "with_records": sum(one.records is not None and not one.records_screened
                            for one in usable),
        "with_amount": sum(one.amount_minor is not None and not one.amount_screened
                           for one in usable),
        "screened": screened,
        "faults": [one.to_dict() for one in faults],
        "output": None if arguments.output is None else str(arguments.output),
    }
    return Answer(document, [
        f"{len(found)} incidents, {len(usable)} usable, {document['with_records']} with records, "
        f"{document['with_amount']} with an amount",
        *table(("source or peril", "usable"), [*sources.items(), *perils.items()]),
        *(f"! screened {reason}: {count}" for reason, count in screened.items()),
        *(f"! {one}" for one in faults[:_SHOWN]),
        *([f"! and {len(faults) - _SHOWN} more faults (all in --json)"]
          if len(faults) > _SHOWN else [])])


def _read(path: Path, floor: Floor, faults: list[Fault]) -> list[Incident]:
    """Public sources by their content; else an insurer's own claims."""
    if is_incident_table(path):
        return read_incidents(path)
    if path.suffix != ".zip" and is_workbook_or_parquet(path):
        return _own(path, read_table_file(path), floor, faults)
    try:
        return read_source(path)
    except InputError as error:
        if path.suffix in (".json", ".zip") or not path.is_file():
            raise
        return _own(path, read_table_file(path), floor, faults, error)


def _own(
    path: Path, table: TableFile, floor: Floor, faults: list[Fault],
    before: InputError | None = None,
) -> list[Incident]:
    """An insurer's own claims. ``before`` is why the file is no public source."""
    kind = file_kind(table.header)
    if kind == "exposures":
        raise InputError("these are exposures, not claims", file=str(path),
                         mend="read them by dinghai experience summary CLAIMS EXPOSURES")
    if kind is None:
        mend = "give own claims with the columns of dinghai experience template"
        if before is None:
            raise InputError("the header is not that of claims", file=str(path),
                             line=table.header_line, mend=mend)
        raise InputError(before.fault.message, file=str(path),
                         mend=f"{before.fault.mend}; or {mend}") from before
    claims = own_claims_of(table)
    faults += claims.faults
    return [one.incident(floor) for one in claims.rows]
