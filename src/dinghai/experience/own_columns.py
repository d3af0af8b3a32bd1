"""The published columns of an insurer's own files, and how a file's header is read by them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

import msgspec

from dinghai.experience.tabular import TableFile
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import Fen
from dinghai.vocabulary.perils import PerilCode, perils
from dinghai.vocabulary.tables import read_toml_table

Kind = Literal["text", "day", "money", "count", "hours", "industry", "size", "peril", "state",
               "currency"]
State = Literal["open", "closed", "closed_without_payment", "refused", "withdrawn", ""]
FileKind = Literal["claims", "exposures"]
CURRENCIES: Final = ("CNY", "USD", "EUR", "HKD", "GBP", "JPY", "SGD", "AUD", "CHF", "CAD")
_MONEY_UNITS: Final = {
    "分": "fen", "fen": "fen", "元": "yuan", "yuan": "yuan", "万": "万", "万元": "万",
    "亿": "亿", "亿元": "亿", "rmb": "yuan", "cny": "yuan", "人民币元": "yuan", "人民币": "yuan",
    "人民币万元": "万", "cnyyuan": "yuan", "cnyfen": "fen", "wan": "万",
    **{one.lower(): "yuan" for one in CURRENCIES},
}
_BRACKETED: Final = re.compile(r"[(\[【]([^()\[\]【】]*)[)\]】]")
_NOISE: Final = re.compile(r"[\s_\-./:,'\"]+")


class OwnColumn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One published column: its id, kind and every name it goes by."""

    id: str
    kind: Kind
    required: bool
    name_zh: str
    name_en: str
    names: tuple[str, ...]
    about_zh: str
    about_en: str
    example: str


class SizeClass(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Enterprises of a revenue below this bound, and not of a class before it."""

    id: str
    below_fen: Fen
    name_zh: str
    name_en: str


class OwnSchema(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The published schema of both files."""

    schema: Literal["dinghai.own-experience/1"]
    version: str
    claims: tuple[OwnColumn, ...]
    exposures: tuple[OwnColumn, ...]
    perils: dict[str, PerilCode]
    states: dict[str, State]
    sizes: tuple[SizeClass, ...]

    def columns(self, kind: FileKind) -> tuple[OwnColumn, ...]:
        """Of one of the two files."""
        return self.claims if kind == "claims" else self.exposures


@cache
def own_schema() -> OwnSchema:
    """The schema that ships with the engine."""
    return read_toml_table("own-experience", OwnSchema, room="experience")


@cache
def peril_words() -> Mapping[str, PerilCode]:
    """Every word for a peril in small letters, with its code."""
    found: dict[str, PerilCode] = {}
    for code, one in perils().items():
        for word in (code, one.name_zh, one.name_en):
            found[plain(word)] = one.id
    return {**{plain(word): code for word, code in own_schema().perils.items()}, **found}


@cache
def state_words() -> Mapping[str, State]:
    """Every word for a claim's state, with its code."""
    return {plain(word): code for word, code in own_schema().states.items()}


def plain(text: str) -> str:
    """Full-width forms made ordinary, in small letters, without spaces and marks."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", text).casefold())


@dataclass(frozen=True, slots=True)
class Found:
    """Where a column stands, its heading, and the unit and currency its heading names."""

    place: int
    heading: str
    unit: str = ""
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Header:
    """The columns of a file by id, and the headings that are none of them."""

    columns: Mapping[str, Found]
    ignored: tuple[str, ...]


def file_kind(header: tuple[str, ...]) -> FileKind | None:
    """Which of the two files a header belongs to: it must have the columns that are required."""
    known = {kind: {_name(one, kind)[0] for one in header} for kind in ("claims", "exposures")}
    for kind in ("claims", "exposures"):
        if all(one.id in known[kind] for one in own_schema().columns(kind) if one.required):
            return kind
    return None


def read_header(table: TableFile, kind: FileKind) -> Header:
    """The columns of a file. Raises InputError for one that is missing or stands twice."""
    found: dict[str, Found] = {}
    ignored = []
    for place, heading in enumerate(table.header):
        code, unit = _name(heading, kind)
        if not code:
            ignored += [heading] if heading else []
            continue
        if code in found:
            raise InputError(f"{heading!r} and {found[code].heading!r} are both the column {code}",
                             file=table.file, line=table.header_line, field=code,
                             mend="keep one of the two, or rename it")
        currency = unit.upper() if unit.upper() in CURRENCIES else ""
        found[code] = Found(place, heading, _MONEY_UNITS.get(unit, ""), currency)
    for one in own_schema().columns(kind):
        if one.required and one.id not in found:
            raise InputError(f"the column {one.id!r} ({one.name_zh}) is missing", file=table.file,
                             line=table.header_line, field=one.id,
                             mend="name it so, or make an empty file by: dinghai experience "
                                  "template")
    return Header(found, tuple(ignored))


@cache
def _names(kind: FileKind) -> Mapping[str, str]:
    return {plain(word): one.id for one in own_schema().columns(kind)
            for word in (one.id, one.name_zh, one.name_en, *one.names)}


def _name(heading: str, kind: FileKind) -> tuple[str, str]:
    """The id of a heading's column and its unit; both empty where it is none."""
    ordinary = unicodedata.normalize("NFKC", heading)
    unit = next((plain(one) for one in _BRACKETED.findall(ordinary)
                 if plain(one) in _MONEY_UNITS), "")
    word = plain(_BRACKETED.sub("", ordinary))
    names = _names(kind)
    if word in names:
        return names[word], unit
    for end in sorted(_MONEY_UNITS, key=len, reverse=True):
        if word.endswith(end) and word.removesuffix(end) in names:
            return names[word.removesuffix(end)], unit or end
    return "", ""
