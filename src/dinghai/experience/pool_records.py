"""Records of the shared data pool: their schema, how they are read, and the firm's pseudonym.

A record is an event (a firm had an incident on a day) or a cover (a firm was insured in a year).
The firm is its unified social credit code at the door and a keyed hash from there on.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, Final, Literal, cast

from dinghai.experience.incidents import PEOPLE, SIZE_BANDS
from dinghai.experience.table_bounds import TableBounds
from dinghai.experience.tabular import TableFile, table_of
from dinghai.foundation.canonical import canonical_bytes, sha256_hex
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.money import MAXIMUM_FEN
from dinghai.vocabulary.industries import industries
from dinghai.vocabulary.perils import PERILS

Kind = Literal["event", "cover"]
Row = tuple[int, Mapping[str, str]]
"""The line in the file (the heading is line 1) and the cells by column."""
KINDS: Final[tuple[Kind, ...]] = ("event", "cover")
ROLES: Final = ("independent", "chain_owner", "supplier", "service_provider")
"""What the firm is in the event's supply chain."""
EARLIEST: Final = date(2000, 1, 1)
LONGEST_HOURS: Final = 24 * 366 * 5
_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WHOLE: Final = re.compile(r"\d{1,18}")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class PoolRecord:
    """One record. ``amount_fen`` is the whole loss of the event, not a share of it; None is
    unknown, 0 is none. A cover has a day in the year it stands for, and nothing of an event.
    """

    kind: Kind
    firm: str
    day: date
    section: str
    size_band: str
    peril: str = ""
    amount_fen: int | None = None
    records: int | None = None
    duration_hours: int | None = None
    role: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**{one.name: getattr(self, one.name) for one in fields(self)},
                "day": self.day.isoformat()}

    @property
    def fingerprint(self) -> str:
        """What makes two records the same: their whole content."""
        return sha256_hex(canonical_bytes(self.to_dict()))


COLUMNS: Final = tuple(one.name for one in fields(PoolRecord))
REQUIRED: Final = ("kind", "firm", "day", "section", "size_band")
MOST_ROWS: Final = 50_000
BOUNDS: Final = TableBounds(
    file_bytes=16 * 1024 * 1024, unpacked_bytes=128 * 1024 * 1024, rows=MOST_ROWS,
    columns=len(COLUMNS) + 20, cells=MOST_ROWS * (len(COLUMNS) + 20), text=200)
"""Of a contributed file. Columns beyond those of the pool are read to be refused by their name."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What became of every row of a file: the records with their lines, and the faults."""

    name: str
    rows: int
    records: tuple[PoolRecord, ...]
    lines: tuple[int, ...]
    rejected: tuple[Fault, ...]

    def with_pseudonyms(self, key: bytes) -> Contribution:
        """The same with each firm's code replaced by its keyed hash."""
        return replace(self, records=tuple(
            replace(one, firm=pseudonym(one.firm, key)) for one in self.records))


def read_contribution(content: bytes, name: str, *, until: date) -> Contribution:
    """A file of records, all rejected rows listed. ``until`` is the last day an event may have.

    Raises InputError for a file that cannot be read as a table of the pool's columns.
    """
    return check_rows(_rows(table_of(content, name, bounds=BOUNDS)), name, until=until)


def _rows(table: TableFile) -> Iterator[Row]:
    """The rows of a table by column, once its heading is found good."""
    headings = list(table.header)
    while headings and not headings[-1]:
        headings.pop()
    if not headings:
        raise InputError("the file is empty", file=table.file, mend="start from the template")
    for one in headings:
        if one not in COLUMNS:
            raise InputError(f"there is no column {one!r}", file=table.file,
                             line=table.header_line, field=one or None,
                             mend="the columns are: " + ", ".join(COLUMNS))
        if headings.count(one) > 1:
            raise InputError(f"the column {one!r} stands twice", file=table.file,
                             line=table.header_line, field=one, mend="keep one")
    for row in table.rows:
        cells = [cell.strip() for cell in row.cells]
        if any(cells[len(headings):]):
            raise InputError("the row has more cells than the heading", file=table.file,
                             line=row.line, mend="quote cells that hold a comma")
        if any(cells):
            yield row.line, dict(zip(headings, cells, strict=False))


def check_rows(rows: Iterable[Row], name: str, *, until: date) -> Contribution:
    """The records among rows, and the faults of the others, each with line, field and mend."""
    good: list[PoolRecord] = []
    lines: list[int] = []
    faults: list[Fault] = []
    seen: dict[PoolRecord, int] = {}
    count = 0
    for line, cells in rows:
        count += 1
        try:
            record = _record(cells, until)
        except InputError as error:
            faults += [Fault(one.message, name, line, one.field, one.mend)
                       for one in error.faults]
            continue
        if record in seen:
            faults.append(Fault(f"the same row as line: {seen[record]}", name, line,
                                None, "leave one of them out"))
            continue
        seen[record] = line
        good.append(record)
        lines.append(line)
    return Contribution(name, count, tuple(good), tuple(lines), tuple(faults))


def rejected_rows(contribution: Contribution) -> int:
    """How many rows were rejected; one row may have several faults."""
    return contribution.rows - len(contribution.records)


def pseudonym(firm: str, key: bytes) -> str:
    """The firm's keyed hash: the same firm under one key is the same text, and nobody without
    the key can tell or try which firm it is. Raises ValueError for a key below 32 bytes.
    """
    if len(key) < 32:
        raise ValueError("the key of the pseudonyms has 32 bytes at least")
    return hmac.new(key, firm.encode(), hashlib.sha256).hexdigest()[:32]


def check_character(code: str) -> str:
    """The check character of the first 17 characters of a code (GB 32100-2015)."""
    total = sum(_ALPHABET.index(one) * pow(3, at, 31) for at, one in enumerate(code[:17]))
    return _ALPHABET[-total % 31]


def template() -> str:
    """A CSV to start from: the heading and two rows that are clearly no firm's."""
    example = "91000000" + "000000000"
    firm = example + check_character(example)
    return "\n".join((
        ",".join(COLUMNS),
        f"event,{firm},2026-03-15,C,101-1000,ransomware,125000000,0,72,supplier",
        f"cover,{firm},2026-01-01,C,101-1000,,,,,", ""))


def _record(cells: Mapping[str, str], until: date) -> PoolRecord:
    faults: list[Fault] = []

    def take(field: str, read: Callable[[str, str], Any], unknown: Any = None) -> Any:
        text = cells.get(field, "")
        if not text:
            if field in REQUIRED:
                faults.append(Fault("the cell is blank", field=field, mend="fill it in"))
            return unknown
        try:
            return read(text, field)
        except InputError as error:
            faults.extend(error.faults)
            return unknown

    kind = take("kind", _among(KINDS))
    made = {
        "kind": kind, "firm": take("firm", _firm),
        "day": take("day", lambda text, field: _day(text, field, until)),
        "section": take("section", _among(tuple(industries()))),
        "size_band": take("size_band", _among(SIZE_BANDS)),
        "peril": take("peril", _among(PERILS), ""),
        "amount_fen": take("amount_fen", _whole(MAXIMUM_FEN)),
        "records": take("records", _whole(PEOPLE)),
        "duration_hours": take("duration_hours", _whole(LONGEST_HOURS)),
        "role": take("role", _among(ROLES), ""),
    }
    if kind == "event" and not cells.get("peril"):
        faults.append(Fault("an event without a peril", field="peril",
                            mend="one of: " + ", ".join(PERILS)))
    if kind == "cover":
        faults += [Fault("a cover has nothing of an event", field=field, mend="leave it blank")
                   for field in ("peril", "amount_fen", "records", "duration_hours", "role")
                   if cells.get(field)]
        if made["day"] is not None:
            # The year is all that a cover says; the day of the file would tell rows apart.
            made["day"] = made["day"].replace(month=1, day=1)
    if faults:
        raise InputError.of(faults)
    return PoolRecord(**made)


def _among(codes: tuple[str, ...]) -> Callable[[str, str], str]:
    def read(text: str, field: str) -> str:
        if text not in codes:
            raise InputError("not one of the codes", field=field,
                             mend="one of: " + ", ".join(codes))
        return text

    return cast(Callable[[str, str], str], read)


def _whole(most: int) -> Callable[[str, str], int]:
    def read(text: str, field: str) -> int:
        if not text.isascii() or not _WHOLE.fullmatch(text) or int(text) > most:
            raise InputError("not a whole number within bounds", field=field,
                             mend=f"from 0 to: {most}")
        return int(text)

    return read


def _day(text: str, field: str, until: date) -> date:
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        raise InputError("this is no day", field=field, mend="write it like 2026-01-01")
    if not EARLIEST <= day <= until:
        raise InputError("the day is out of bounds", field=field,
                         mend=f"between: {EARLIEST} – {until}")
    return day


def _firm(text: str, field: str) -> str:
    code = text.upper()
    if len(code) != 18 or set(code) - set(_ALPHABET) or check_character(code) != code[17]:
        raise InputError("not a unified social credit code", field=field,
                         mend="write its 18 characters; the last one checks the others")
    return code
