"""The figures of the shipped calibration tables as the actuary's pages show them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import Any, Final

from dinghai.documents.note_words import note_words
from dinghai.documents.source_words import source_words
from dinghai.foundation.canonical import canonical_bytes, sha256_hex
from dinghai.losses.provenance import ProvenanceRow
from dinghai.losses.provenance import rows as shipped_rows
from dinghai.losses.tables import shipped_raw

INDUSTRIES: Final = "industries"


@dataclass(frozen=True, slots=True)
class CalibrationRow:
    """One figure of a calibration table. What the table does not say is empty.

    ``measured`` is what public data say of a figure, ``taken`` whether the figure is that (None
    where data say nothing of it).
    """

    table: str
    place: str
    value: str
    unit: str
    interval: str
    sample: str
    source: str
    confidence: str
    as_of: str
    note: str
    measured: str
    taken: bool | None


@dataclass(frozen=True, slots=True)
class CalibrationTable:
    """One shipped table: its version, date, hash and caution, and its figures."""

    name: str
    version: str
    as_of: str
    sha256: str
    caution: str
    rows: tuple[CalibrationRow, ...]


@cache
def calibration_tables() -> tuple[CalibrationTable, ...]:
    """Every table of figures that the loss model ships with, in the order of the files."""
    return tuple(_table(name, _raw(name), tuple(map(_row, found)))
                 for name, found in groupby(shipped_rows(), key=lambda row: row.table))


def calibration_rows(
    *, table: str = "", confidence: str = "", text: str = ""
) -> tuple[CalibrationRow, ...]:
    """The figures that a search leaves."""
    wanted = text.strip().lower()
    return tuple(
        row for one in calibration_tables() if not table or one.name == table
        for row in one.rows
        if (not confidence or row.confidence == confidence)
        and (not wanted or wanted in _searched(row)))


@cache
def _searched(row: CalibrationRow) -> str:
    """What a search looks through: a row's words in both languages."""
    return (f"{row.place} {row.value} {row.source} {source_words(row.source, 'zh')} {row.note} "
            f"{note_words(row.note, 'zh')}").lower()


def _raw(name: str) -> dict[str, Any]:
    if name == INDUSTRIES:
        industries = files("dinghai.data").joinpath("vocabulary", f"{INDUSTRIES}.json")
        found: dict[str, Any] = json.loads(industries.read_text("utf-8"))
        return found
    return dict(shipped_raw((name,))[name])


def _table(
    name: str, raw: dict[str, Any], rows: tuple[CalibrationRow, ...]
) -> CalibrationTable:
    return CalibrationTable(
        name, str(raw.get("version", raw.get("schema", ""))), str(raw.get("as_of", "")),
        sha256_hex(canonical_bytes(_plain(raw))), str(raw.get("caution", raw.get("caveat", ""))),
        rows)


def _row(row: ProvenanceRow) -> CalibrationRow:
    measured = row.measured
    said = "" if measured is None else " ".join(part for part in (
        _text(measured.value), _between(measured.source.interval)) if part)
    return CalibrationRow(
        table=row.table, place=row.code, value=_text(row.value),
        unit="" if row.unit == "number" else row.unit,
        interval=_interval(row.source.interval), sample="" if row.n is None else f"{row.n:,}",
        source=row.source.name, confidence=row.source.confidence, as_of=row.source.as_of or "",
        note=row.note, measured=said, taken=row.taken)


def _interval(interval: Sequence[float] | None) -> str:
    return "" if interval is None else f"{_text(interval[0])} – {_text(interval[1])}"


def _between(interval: Sequence[float] | None) -> str:
    return f"({_interval(interval)})" if interval is not None else ""


def _text(value: float) -> str:
    if value.is_integer() or abs(value) >= 1e6:
        return f"{value:,.0f}"
    return f"{value:,.6g}"


def _plain(value: Any) -> Any:
    """Days of TOML as texts, so that the hash is of plain JSON."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
