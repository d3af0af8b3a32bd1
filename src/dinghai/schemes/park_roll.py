"""The roll of a park and the results of an enrolment as tables that read back."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

from dinghai.foundation.canonical import JSON
from dinghai.schemes.park_file import Park
from dinghai.schemes.park_members import MemberList, ParkMember
from dinghai.supplychain.chain_cells import write_cell

ENROLMENT_SCHEMA: Final = "dinghai.park-enrolment/1"
ROLL_COLUMNS: Final = ("credit_code", "name", "name_en", "sector", "size", "revenue", "joined",
                       "left", "limit", "top_ups", "network", "providers", "grade", "findings")
RESULT_COLUMNS: Final = ("line", "status", "credit_code", "name", "field", "message", "mend")


def roll_csv(roll: Sequence[ParkMember]) -> str:
    """The roll as CSV that reads back as itself. An empty cell is not known, "none" is nothing."""
    return _csv(ROLL_COLUMNS, ([
        one.credit_code, _text(one.name), _text(one.name_en), one.sector, one.size,
        "" if one.revenue_fen is None else f"{one.revenue_fen}fen", one.joined.isoformat(),
        "" if one.left is None else one.left.isoformat(), f"{one.limit.each_event_fen}fen",
        ";".join(f"{each.id}@{each.first.isoformat()}" for each in one.top_ups),
        _list(one.network), _list(one.providers), one.grade,
        _list(None if one.findings is None else [each.cell for each in one.findings])]
        for one in roll))


def results_csv(found: MemberList) -> str:
    """What became of each row, as CSV: a row at fault once for each of its faults."""
    return _csv(RESULT_COLUMNS, (
        [str(one.line), one.status, one.credit_code, _text(one.name), _text(field), _text(message),
         _text(mend)]
        for one in found.results
        for field, message, mend in [
            (fault.field or "", fault.message, fault.mend or "") for fault in one.faults
        ] or [("", "", "")]))


def enrolment_document(park: Park, found: MemberList, *, dry_run: bool, written: bool
                       ) -> dict[str, JSON]:
    """What became of a list (schema dinghai.park-enrolment/1)."""
    return {
        "schema": ENROLMENT_SCHEMA, "park": park.id, "file": found.file, "dry_run": dry_run,
        "written": written, "rows": len(found.results),
        "counts": {"joined": found.count("joined"), "left": found.count("left"),
                   "rejected": found.count("rejected")},
        "roll": len(found.roll), "columns": dict(found.headings),
        "not_read": list(found.strange), "notes": list(found.notes),
        "results": [one.to_dict() for one in found.results]}


def _text(text: str) -> str:
    return write_cell("text", text)


def _list(parts: Sequence[str] | None) -> str:
    return "" if parts is None else _text(";".join(parts)) or "none"


def _csv(columns: Sequence[str], rows: Iterable[list[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue()
