"""Tables of a decision as a folder of CSV or Parquet files: all of them, or none."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

import pyarrow as pa
import pyarrow.parquet as parquet

from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.schemes.resident_claim_results import COLUMNS, Rows

TableFormat = Literal["csv", "parquet"]
_WHOLE: Final = frozenset({"line", "measure", "ring_persons"})
_TRUTHS: Final = frozenset({"holds_back", "stop_payment"})
_RUN: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would run as a formula; such texts get an apostrophe before them in CSV."""


def write_tables(
    folder: Path, tables: Mapping[str, Rows], summary: Mapping[str, JSON], form: TableFormat
) -> list[str]:
    """Write every table and ``summary.json``; their names. Raises InputError for a place that is
    taken or cannot be written; then nothing of it stays."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError("something is already there", file=str(folder), field="--output",
                         mend="name an empty or a new folder")
    names = [*(f"{name}.{form}" for name in tables), "summary.json"]
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".residents-") as room:
            whole = Path(room) / "whole"
            whole.mkdir()
            for name, rows in tables.items():
                content = _csv(name, rows) if form == "csv" else _parquet(name, rows)
                (whole / f"{name}.{form}").write_bytes(content)
            (whole / "summary.json").write_text(
                json.dumps(summary, ensure_ascii=False, indent=2) + "\n", "utf-8")
            if folder.exists():
                folder.rmdir()
            whole.rename(folder)
    except OSError as error:
        raise InputError(f"cannot write: {error.strerror}", file=str(folder), field="--output",
                         mend="choose a folder that can be written") from error
    return names


def _csv(name: str, rows: Rows) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    columns = COLUMNS[name]
    writer.writerow(columns)
    writer.writerows([_cell(row[one]) for one in columns] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _cell(value: JSON) -> JSON:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_RUN) else value
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else value


def _parquet(name: str, rows: Rows) -> bytes:
    schema = pa.schema([(one, _kind(one)) for one in COLUMNS[name]])
    out = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows, schema), out)
    return out.getvalue()


def _kind(column: str) -> pa.DataType:
    if column.endswith("_fen") or column in _WHOLE:
        return pa.int64()
    return pa.bool_() if column in _TRUTHS else pa.string()


