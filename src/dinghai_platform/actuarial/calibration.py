"""Calibration tables read generically: every figure with its interval, source, mark and date."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from dinghai.foundation.canonical import canonical_bytes, sha256_hex
from dinghai.losses.tables import shipped_raw

INDUSTRIES: Final = "industries"
_ABOUT: Final = ("source", "confidence", "certainty", "as_of", "note", "interval", "method", "n",
                 "unit", "caution", "caveat", "version", "schema")
_NAMES: Final = ("id", "indicator", "exposure", "name", "key", "peril", "series", "target")


@dataclass(frozen=True, slots=True)
class CalibrationRow:
    """One figure of a calibration table. What the table does not say is empty."""

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
    """Every table that ships with the engine: each file of data/calibration, and the industries."""
    folder = files("dinghai.data").joinpath("calibration")
    names = sorted(one.name.removesuffix(".toml") for one in folder.iterdir()
                   if one.name.endswith(".toml"))
    found = [_table(name, dict(raw)) for name, raw in shipped_raw(names).items()]
    industries = files("dinghai.data").joinpath("vocabulary", f"{INDUSTRIES}.json")
    return (*found, _table(INDUSTRIES, json.loads(industries.read_text("utf-8"))))


def calibration_rows(
    *, table: str = "", confidence: str = "", text: str = ""
) -> tuple[CalibrationRow, ...]:
    """The figures that a search leaves."""
    wanted = text.strip().lower()
    return tuple(
        row for one in calibration_tables() if not table or one.name == table
        for row in one.rows
        if (not confidence or row.confidence == confidence)
        and (not wanted or wanted in f"{row.place} {row.source} {row.note} {row.value}".lower()))


def _table(name: str, raw: dict[str, Any]) -> CalibrationTable:
    about = {"source": "", "confidence": "", "as_of": str(raw.get("as_of", "")), "note": ""}
    for key in ("source", "confidence"):
        about[key] = str(raw.get(key, ""))
    return CalibrationTable(
        name, str(raw.get("version", raw.get("schema", ""))), about["as_of"],
        sha256_hex(canonical_bytes(_plain(raw))), str(raw.get("caution", raw.get("caveat", ""))),
        tuple(_rows(name, raw, "", about)))


def _rows(
    table: str, part: dict[str, Any], at: str, above: dict[str, str]
) -> Iterator[CalibrationRow]:
    """The figures of a part; what it says of its source holds for everything below it."""
    about = {**above, **{key: str(part[key]) for key in ("source", "confidence", "as_of", "note")
                         if part.get(key)}}
    if part.get("certainty"):
        about["confidence"] = str(part["certainty"])
    for key, value in part.items():
        place = f"{at}.{key}" if at else key
        # A prior's own words stand beside it: missing_source, missing_confidence.
        if key in _ABOUT or key.endswith(("_source", "_confidence")):
            continue
        stem = key.rsplit("_", 2)[0]
        own = {name: str(part[f"{stem}_{name}"]) for name in ("source", "confidence")
               if f"{stem}_{name}" in part}
        yield from _values(table, part, place, value, {**about, **own})


def _values(
    table: str, part: dict[str, Any], place: str, value: Any, about: dict[str, str]
) -> Iterator[CalibrationRow]:
    if isinstance(value, dict):
        yield from _rows(table, value, place, about)
    elif isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        for number, one in enumerate(value):
            named = " · ".join(str(one[key]) for key in _NAMES if one.get(key))
            yield from _rows(table, one, f"{place}[{named or number}]", about)
    elif _is_figure(value):
        interval = part.get("interval")
        is_main = interval and place.rsplit(".", 1)[-1] in ("strength", "value")
        yield CalibrationRow(
            table, place, _text(value), str(part.get("unit", "")),
            _interval(interval) if is_main else "", _text(part["n"]) if "n" in part else "",
            about["source"], about["confidence"], about["as_of"],
            " · ".join(one for one in (str(part.get("method", "")), about["note"]) if one))


def _is_figure(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(_is_figure(one) for one in value)
    return isinstance(value, int | float) and not isinstance(value, bool)


def _interval(interval: Any) -> str:
    if isinstance(interval, list) and len(interval) == 2:
        return f"{_text(interval[0])} – {_text(interval[1])}"
    return _text(interval)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_text(one) for one in value)
    if isinstance(value, float):
        return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _plain(value: Any) -> Any:
    """Days of TOML as texts, so that the hash is of plain JSON."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
