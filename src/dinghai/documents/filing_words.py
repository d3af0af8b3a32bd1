"""What the papers of a rate filing share: names, versions, and the figures of a rating in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from dinghai.documents.formats import money, number, percent
from dinghai.documents.phrases import Language, has_phrase, phrase, pick
from dinghai.documents.workbook import Kind, Value
from dinghai.foundation.canonical import JSON
from dinghai.foundation.money import PPM
from dinghai.losses.tables import CalibrationTables
from dinghai.pricing.rating import Rating
from dinghai.vocabulary.industries import industries
from dinghai.vocabulary.perils import perils


@dataclass(frozen=True, slots=True)
class RatingRow:
    """One figure of a rating: the table it stands in, its words, and its number with a unit."""

    table: str
    name: str
    label: str
    number: Value
    kind: Kind
    unit: str
    source: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Marks:
    """How many sourced entries a table has by confidence mark, and how many have an interval."""

    by_mark: Mapping[str, int]
    intervals: int

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.by_mark.values())

    def of(self, mark: str) -> int:
        """Those with one mark."""
        return self.by_mark.get(mark, 0)


def industry_name(code: str, language: Language) -> str:
    """The name of a section of GB/T 4754."""
    row = industries()[code]
    return pick(language, row.name_zh, row.name_en)


def peril_name(code: str, language: Language) -> str:
    """The name of a peril."""
    row = perils()[code]
    return pick(language, row.name_zh, row.name_en)


def known_words(group: str, code: str, language: Language) -> str:
    """The words of a code; the code itself where a table has one that nobody named."""
    return phrase(f"{group}.{code}", language) if has_phrase(f"{group}.{code}") else code


def tables_versions(tables: CalibrationTables) -> str:
    """``frequency seed-1 (2025-12-31), …``"""
    return "; ".join(f"{name} {raw['version']} ({raw['as_of']})" for name, raw in
                     sorted(tables.raw.items()) if "version" in raw)


def marks_of(raw: Mapping[str, Any]) -> Marks:
    """The sourced entries of a table: every part of it that says its confidence."""
    found: dict[str, int] = {}
    intervals = 0
    for part in _parts(raw):
        if "confidence" in part:
            mark = str(part["confidence"])
            found[mark] = found.get(mark, 0) + 1
            intervals += bool(part.get("interval"))
    return Marks(found, intervals)


def summed(marks: list[Marks]) -> Marks:
    """The entries of several tables together."""
    found: dict[str, int] = {}
    for one in marks:
        for mark, count in one.by_mark.items():
            found[mark] = found.get(mark, 0) + count
    return Marks(found, sum(one.intervals for one in marks))


def rating_rows(rating: Rating, language: Language) -> list[RatingRow]:
    """Every figure of a rating in its order."""
    plain: dict[str, Any] = msgspec.to_builtins(rating)
    found = []
    for table, part in _tables(plain):
        for name, value in part.items():
            if isinstance(value, int) and not isinstance(value, bool):
                shown, kind, unit = _figure(name, value, language)
                found.append(RatingRow(
                    table, known_words("rating_table", table, language),
                    known_words("rating_field", name, language), shown, kind, unit,
                    str(part.get("source", "")), str(part.get("confidence", ""))))
    return found


def rating_field(path: str, language: Language) -> str:
    """``loads.parameter.ppm_of_pure`` as words."""
    table, _, name = path.rpartition(".")
    label = known_words("rating_field", name, language)
    if not table:
        return label
    return f"{known_words('rating_table', table, language)} · {label}"


def rating_value(path: str, value: JSON, language: Language) -> str:
    """A field of a rating as it is read: money, share, days or text."""
    name = path.rpartition(".")[2]
    if value is None:
        return "—"
    if isinstance(value, int) and name.endswith("_fen"):
        return money(value)
    if isinstance(value, int) and "ppm" in name:
        return f"×{number(value / PPM, 7)}" if name == "factor_ppm" else percent(value)
    if isinstance(value, int) and name == "quote_days":
        return f"{value} {phrase('filing.days', language)}"
    return str(value)


def _figure(name: str, value: int, language: Language) -> tuple[Value, Kind, str]:
    if name.endswith("_fen"):
        return value / 100, "money", phrase("filing.yuan", language)
    if "factor" in name:
        return value / PPM, "number", phrase("filing.times", language)
    if "ppm" in name:
        return value / PPM, "small_percent", "%"
    return value, "integer", phrase("filing.days", language)


def _tables(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Tables within tables, the outer first, by their dotted names."""
    if prefix:
        yield prefix, value
    for name, part in value.items():
        if isinstance(part, Mapping):
            yield from _tables(part, f"{prefix}.{name}" if prefix else name)


def _parts(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        yield value
        for part in value.values():
            yield from _parts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _parts(part)
