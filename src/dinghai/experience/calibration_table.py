"""The calibration table: rows of figures with their provenance, and its text, byte for byte."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

from dinghai.foundation.trace import Source

Mark = Literal["T", "A", "M", "D"]
SCHEMA: Final = "dinghai.calibration/1"
KNOWN_AFTER: Final = "wa_ag.delay.clusters_once.known_"
"""Before the age in days: the share of incidents known by then."""
_DIGITS: Final = 5
"""Significant digits of a figure: more would be the search's noise, and tie the bytes to it."""
_HEAD: Final = """\
# Figures fitted to public data, each with its interval at 95%. Made by `dinghai calibrate`;
# a test makes it again and compares the bytes. Do not edit by hand. Fields: see
# docs/reference/calibration.md. Rows of the sources themselves are not shipped.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. ``interval`` is at 95%; ``n`` is how many observations stand behind it.

    A row that checks something has ``expected``, and ``held`` says whether it lay inside.
    """

    code: str
    value: float
    interval: tuple[float, float]
    unit: str
    n: int
    source: Source
    method: str
    note: str = ""
    expected: float | None = None
    held: bool | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """One series of losses as it was fitted: what was screened, by which law, with what warnings.

    ``floor`` is the reporting floor, ``law`` the best by AIC, ``ks`` its distance from the losses.
    ``mean_finite`` is None where there is no tail, or its interval holds one.
    """

    code: str
    unit: str
    source: Source
    n: int
    floor: float | None
    screened: Mapping[str, int]
    law: str
    ks: float | None
    mean_finite: bool | None
    warnings: Sequence[str]


@cache
def shipped_table() -> Mapping[str, Any]:
    """The table that ships with the engine, parsed."""
    table = files("dinghai.data").joinpath("calibration", "experience.toml")
    return tomllib.loads(table.read_text("utf-8"))


def rounded(value: float) -> float:
    """To the digits that the table keeps."""
    if value == 0.0 or not math.isfinite(value):
        return value
    return float(f"{value:.{_DIGITS}g}")


def to_toml(rows: Iterable[Row], series: Iterable[Series]) -> str:
    """The text of the table: the same rows give the same bytes."""
    lines = [_HEAD + f"schema = {_text(SCHEMA)}"]
    for one in series:
        lines += ["", "[[series]]", *_pairs(series_to_dict(one))]
    for row in rows:
        lines += ["", "[[rows]]", *_pairs(row_to_dict(row))]
    return "\n".join(lines) + "\n"


def row_to_dict(row: Row) -> dict[str, object]:
    """The fields of a row in the order of the file; what is not there is left out."""
    out: dict[str, object] = {
        "code": row.code, "value": rounded(row.value),
        "interval": [rounded(one) for one in row.interval], "unit": row.unit, "n": row.n,
        "source": row.source.name, "confidence": row.source.confidence,
        "as_of": row.source.as_of, "method": row.method,
    }
    if row.expected is not None:
        out["expected"] = rounded(row.expected)
    if row.held is not None:
        out["held"] = row.held
    if row.note:
        out["note"] = row.note
    return out


def series_to_dict(series: Series) -> dict[str, object]:
    """The fields of a series in the order of the file; what is not there is left out."""
    out: dict[str, object] = {
        "code": series.code, "unit": series.unit, "n": series.n, "floor": series.floor,
        "law": series.law or None, "ks": None if series.ks is None else rounded(series.ks),
        "mean_finite": series.mean_finite, "screened": dict(series.screened),
        "warnings": list(series.warnings), "source": series.source.name,
        "confidence": series.source.confidence, "as_of": series.source.as_of,
    }
    return {name: value for name, value in out.items() if value is not None}


def _pairs(fields: Mapping[str, object]) -> list[str]:
    return [f"{name} = {_value(value)}" for name, value in fields.items()]


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_text(str(name))} = {_value(one)}" for name, one in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    return repr(value)


def _text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
