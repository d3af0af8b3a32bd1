"""Which column of a plain supplier list is what: guessed by heading and content, and said so."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal, TypeVar

import msgspec

from dinghai.assessment.profile import valid_credit_code
from dinghai.experience.own_columns import plain
from dinghai.experience.tabular import Row, TableFile
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import Fault, InputError
from dinghai.supplychain.chain import ProviderKind, Role
from dinghai.vocabulary.tables import read_toml_table

SupplierKind = Literal["text", "role", "tier", "amount", "count", "share", "span", "flag",
                       "industry", "list", "none"]
Code = TypeVar("Code", bound=str)
How = Literal["asked", "name", "part of the name", "content"]
_BRACKETED: Final = re.compile(r"[(\[【]([^()\[\]【】]*)[)\]】]")
_UNITS: Final[Mapping[str, str]] = {
    "分": "fen", "元": "yuan", "rmb": "yuan", "cny": "yuan", "yuan": "yuan", "万": "万",
    "万元": "万", "亿": "亿", "亿元": "亿", "人民币元": "yuan", "人民币万元": "万",
    "天": "d", "日": "d", "days": "d", "day": "d", "d": "d", "小时": "h", "hours": "h", "h": "h",
    "周": "w", "weeks": "w", "月": "个月", "个月": "个月", "months": "个月",
    "%": "%", "percent": "%", "人": "", "名": "", "台": ""}
_ENDINGS: Final = ("万元", "亿元", "元", "天数", "天", "(%)", "%")
_SHORTEST_PART: Final = 2
_SHORTEST_LATIN_PART: Final = 5
_HEADER_ROWS: Final = 10
_MOSTLY: Final = 0.8
_PROVINCES: Final = frozenset((
    "北京", "天津", "河北", "山西", "内蒙古", "辽宁", "吉林", "黑龙江", "上海", "江苏", "浙江",
    "安徽", "福建", "江西", "山东", "河南", "湖北", "湖南", "广东", "广西", "海南", "重庆", "四川",
    "贵州", "云南", "西藏", "陕西", "甘肃", "青海", "宁夏", "新疆", "台湾", "香港", "澳门"))
_PROVINCE_TAIL: Final = re.compile(r"(省|市|壮族自治区|回族自治区|维吾尔自治区|自治区|特别行政区)$")
_COMPANY: Final = re.compile(r"(公司|厂|集团|合作社|Co\.?,? ?Ltd\.?|Inc\.?|GmbH|Corp\.?)$",
                             re.IGNORECASE)


class SupplierColumn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One column that a supplier list may have, and every name it goes by."""

    id: str
    kind: SupplierKind
    name_zh: str
    name_en: str
    names: tuple[str, ...]
    kept: bool = True


class SupplierColumns(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole table."""

    schema: Literal["dinghai.supplier-columns/1"]
    version: str
    columns: tuple[SupplierColumn, ...]
    roles: dict[Role, tuple[str, ...]]
    industries: dict[str, tuple[str, ...]]
    provider_kinds: dict[ProviderKind, tuple[str, ...]]


@cache
def supplier_columns() -> SupplierColumns:
    """The table that ships with the engine."""
    return read_toml_table("supplier_columns", SupplierColumns, room="supplychain")


@dataclass(frozen=True, slots=True)
class Guess:
    """One column of a file: what it is taken for ("" for nothing), how that is known, its unit."""

    file: str
    place: int
    heading: str
    column: str
    how: How
    unit: str = ""
    kept: bool = True

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {"file": self.file, "heading": self.heading, "column": self.column,
                "how": self.how, "unit": self.unit, "kept": self.kept}


@dataclass(frozen=True, slots=True)
class SupplierHeader:
    """The columns of a list by id, those that are known and not kept, and those of no meaning."""

    columns: Mapping[str, Guess]
    left: tuple[Guess, ...]
    strange: tuple[str, ...]
    notes: tuple[str, ...]


def with_header(table: TableFile, named: Callable[[str], str] | None = None) -> TableFile:
    """The table under the row that looks most like a header: titles may stand above it.

    ``named`` gives the column's id for a heading (default: of a supplier list), "" for none.
    """
    name_of = named or _supplier_column
    rows = [Row(table.header_line, table.header), *table.rows]
    best, most = 0, -1
    for place, row in enumerate(rows[:_HEADER_ROWS]):
        found = [name_of(cell) for cell in row.cells if cell.strip()]
        score = len({one for one in found if one}) + ("name" in found)
        if score > most:
            best, most = place, score
    if best == 0:
        return table
    header = rows[best]
    return TableFile(table.file, tuple(one.strip() for one in header.cells),
                     tuple(rows[best + 1:]), header.line, table.notes, table.first_serial)


def read_supplier_header(table: TableFile, asked: Mapping[str, str]) -> SupplierHeader:
    """What each column is taken for. ``asked`` maps column ids to headings and goes first.

    Raises InputError for ids and headings that are not there, and where no column is the name.
    """
    known = {one.id: one for one in supplier_columns().columns}
    _check_asked(table, asked, known)
    places = {heading: code for code, heading in asked.items()}
    found: dict[str, Guess] = {}
    notes: list[str] = []
    left: list[Guess] = []
    candidates: list[tuple[int, int, Guess]] = []
    strange: list[tuple[int, str]] = []
    for place, heading in enumerate(table.header):
        if not heading:
            continue
        unit = heading_unit(heading)
        if heading in places and places[heading] not in found:
            code = places[heading]
            found[code] = Guess(table.file, place, heading, code, "asked", unit)
            continue
        code, length, exact = _by_name(heading)
        if not code:
            strange.append((place, heading))
        elif not known[code].kept:
            left.append(Guess(table.file, place, heading, code,
                              "name" if exact else "part of the name", kept=False))
        else:
            how: How = "name" if exact else "part of the name"
            candidates.append((0 if exact else 1, -length,
                               Guess(table.file, place, heading, code, how, unit)))
    for _, _, guess in sorted(candidates, key=lambda one: (one[0], one[1], one[2].place)):
        if guess.column in found:
            notes.append(f"{guess.heading!r} may be {guess.column} too, but "
                         f"{found[guess.column].heading!r} is taken for it")
        else:
            found[guess.column] = guess
    named = []
    for place, heading in strange:
        code = _by_content(table, place)
        if code and code not in found:
            found[code] = Guess(table.file, place, heading, code, "content", heading_unit(heading))
        else:
            named.append(heading)
    if "name" not in found:
        raise InputError("no column is the name of the firm", file=table.file,
                         line=table.header_line, field="name",
                         mend="say which it is: --columns name=HEADING; there are: "
                              + ", ".join(one for one in table.header if one)[:300])
    return SupplierHeader(found, tuple(left), tuple(named), tuple(notes))


def _check_asked(table: TableFile, asked: Mapping[str, str],
                 known: Mapping[str, SupplierColumn]) -> None:
    faults = []
    for code, heading in asked.items():
        if code not in known or not known[code].kept:
            faults.append(Fault(f"{code!r} is no column of a supplier list", table.file,
                                table.header_line, "--columns",
                                "one of: " + ", ".join(key for key, one in known.items()
                                                       if one.kept)))
        elif heading not in table.header:
            faults.append(Fault(f"there is no column {heading!r}", table.file, table.header_line,
                                "--columns",
                                "one of: " + ", ".join(one for one in table.header if one)[:300]))
    if faults:
        raise InputError.of(faults)


def heading_unit(heading: str) -> str:
    """The unit that a heading names, in brackets or at its end; "" for none."""
    ordinary = unicodedata.normalize("NFKC", heading)
    for inside in _BRACKETED.findall(ordinary):
        word = inside.strip().casefold()
        if word in _UNITS:
            return _UNITS[word]
    word = plain(_BRACKETED.sub("", ordinary))
    for ending in _ENDINGS:
        if word.endswith(ending):
            return _UNITS[ending.removesuffix("数")]
    return ""


@cache
def _names() -> Mapping[str, str]:
    return {plain(word): one.id for one in supplier_columns().columns
            for word in (one.id, one.name_zh, one.name_en, *one.names)}


def _supplier_column(heading: str) -> str:
    return _by_name(heading)[0]


@cache
def _by_name(heading: str) -> tuple[str, int, bool]:
    return column_named(heading, _names())


def column_named(heading: str, names: Mapping[str, str]) -> tuple[str, int, bool]:
    """The id of a heading's column, how long a name was found, and whether it is the whole.

    ``names`` gives the id for every plain name.
    """
    word = plain(_BRACKETED.sub("", unicodedata.normalize("NFKC", heading)))
    if word in names:
        return names[word], len(word), True
    for ending in _ENDINGS:
        bare = word.removesuffix(ending)
        if bare != word and bare in names:
            return names[bare], len(bare), True
    inside = [name for name in names if len(name) >= _SHORTEST_PART and _stands_in(name, word)]
    if not inside:
        return "", 0, False
    # of equally long names the later counts: 供应商邮箱 is a mail box, not a supplier
    longest = max(inside, key=lambda name: (len(name), word.rfind(name)))
    last = max(inside, key=lambda name: (word.rfind(name) + len(name), len(name)))
    chosen = last if word.endswith(last) else longest
    return names[chosen], len(chosen), False


def _stands_in(name: str, word: str) -> bool:
    """Whether a name is part of a heading; letters only as a word among Chinese, or from five on:
    "note" is in "notebook" too, and "api" in "capital"."""
    if not name.isascii():
        return name in word
    alone = re.search(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", word)
    return alone is not None or (len(name) >= _SHORTEST_LATIN_PART and name in word)


def _by_content(table: TableFile, place: int) -> str:
    values = [text for row in table.rows[:200] if (text := row.at(place))]
    if len(values) < 2:
        return ""
    for code, fits in (("credit_code", lambda text: valid_credit_code(text.upper())),
                       ("province", is_province), ("name", _is_company)):
        if sum(map(fits, values)) >= _MOSTLY * len(values):
            return code
    return ""


def is_province(text: str) -> bool:
    """Whether a text is a province, with or without its ending."""
    return _PROVINCE_TAIL.sub("", text.strip()) in _PROVINCES


def _is_company(text: str) -> bool:
    return bool(_COMPANY.search(text.strip()))


def words_in(text: str, table: Mapping[Code, Sequence[str]]) -> Code | None:
    """The code whose longest word stands in a text; None where none does."""
    low = text.casefold()
    found = [(len(word), low.rfind(word), code) for code, words in table.items() for word in words
             if word in low]
    return max(found)[2] if found else None
