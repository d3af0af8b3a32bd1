"""The cells of an Open Exposure Data account file, with errors that name file, line and field.

Source of names, codes and defaults: `data/exchange/oed.toml`.
"""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.money import MAXIMUM_FEN, PPM, fen_from_yuan

LARGEST_FILE: Final = 64 * 1024 * 1024
_KINDS: Final = ("DedType", "DedCode", "LimitType", "LimitCode", "MinDed", "MaxDed", "Ded", "Limit")
_TERM: Final = re.compile(rf"^Pol({'|'.join(_KINDS)})(?P<of>[A-Z6]\w*)$")
_PATTERNS: Final = (
    re.compile(r"^Flexi(Acc|Pol)\w*$"),
    re.compile(r"^(CompanyID(Scheme|Code)|Industry(Scheme|Code|Vintage))\d*$"),
)
BLANKET: Final = "6All"
"""The suffix of fields about all coverages of a policy together."""


@dataclass(frozen=True, slots=True)
class OedCoverage:
    """A cyber coverage of OED: our section for it, and whether it insures lost time."""

    code: str
    id: int
    coverage: str
    time: bool = False
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OedTable:
    """The codes and names of the standard that an account is read by."""

    coverages: Mapping[str, OedCoverage]
    groups: Mapping[str, Sequence[str]]
    perils: Mapping[str, Sequence[str]]
    read: frozenset[str]
    noted: frozenset[str]
    neutral: Mapping[str, str]

    def members(self, name: str) -> tuple[str, ...]:
        """The coverages that a code or group stands for; none when nobody knows it."""
        name = name.upper()
        if name in self.groups:
            return tuple(self.groups[name])
        return tuple(one.code for one in self.coverages.values()
                     if name in (one.code, str(one.id), *one.also))

    def spellings(self) -> dict[str, str]:
        """The standard's spelling of every column that is read or noted, by its folded name."""
        terms = (f"Pol{kind}{of}" for kind in _KINDS for of in (*self.coverages, BLANKET))
        return {one.casefold(): one for one in (*self.read, *self.noted, *terms)}

    def is_read(self, name: str) -> bool:
        """Whether the reader makes terms of this field."""
        term = _TERM.match(name)
        return name in self.read or (term is not None and (
            term["of"] == BLANKET or term["of"] in self.coverages))

    def is_noted(self, name: str) -> bool:
        """Whether this field is known to say nothing about terms."""
        return name in self.noted or any(one.match(name) for one in _PATTERNS)


@cache
def oed_table() -> OedTable:
    """The shipped table."""
    text = files("dinghai.data").joinpath("exchange/oed.toml").read_text("utf-8")
    raw = tomllib.loads(text)
    coverages = [OedCoverage(**{**row, "also": tuple(row.get("also", ()))})
                 for row in raw["coverages"]]
    return OedTable({one.code: one for one in coverages}, raw["groups"], raw["perils"],
                    frozenset(raw["fields"]["read"]), frozenset(raw["fields"]["noted"]),
                    raw["neutral"])


@dataclass(frozen=True, slots=True)
class Money:
    """How amounts of one currency become fen: the fen of one unit, exactly."""

    rates: Mapping[str, Decimal]

    def rate(self, currency: str) -> Decimal | None:
        """CNY for one unit; None when nobody gave a rate."""
        return Decimal(1) if currency == "CNY" else self.rates.get(currency)


@dataclass(slots=True)
class OedRow:
    """One record. What is wrong with a cell is noted, and its default stands until all is read."""

    file: str
    line: int
    cells: Mapping[str, str]
    money: Money
    faults: list[Fault] = field(default_factory=list)

    def fault(self, name: str, message: str, mend: str) -> None:
        """Note what is wrong with a field."""
        self.faults.append(Fault(message, self.file, self.line, name, mend))

    def text(self, name: str, default: str = "") -> str:
        """A cell without its blanks."""
        return self.cells.get(name, "") or default

    def required(self, name: str) -> str:
        """A cell that must not be blank."""
        found = self.text(name)
        if not found:
            self.fault(name, "it is blank", "fill it in: the contract cannot be read without it")
        return found

    def number(
        self, name: str, default: str = "0", *, least: int = 0, most: int | None = None
    ) -> Decimal:
        """A decimal number inside its range."""
        text = self.text(name, default)
        try:
            value = Decimal(text)
        except InvalidOperation:
            self.fault(name, f"{text!r} is not a number", "write digits and a decimal point")
            return Decimal(default)
        if not value.is_finite() or value < least or (most is not None and value > most):
            wanted = f"{least} to {most}" if most is not None else f"{least} or more"
            self.fault(name, f"{text} is out of range", f"give {wanted}")
            return Decimal(default)
        return value

    def ratio(self, name: str, default: str = "0") -> int:
        """A share from 0 to 1 as parts per million, the nearest one."""
        value = self.number(name, default, most=1) * PPM
        return int((value + Decimal("0.5")).to_integral_value(rounding="ROUND_FLOOR"))

    def fen(self, name: str, currency: str) -> int:
        """An amount in currency units as fen, halves up."""
        return self.amount(name, self.number(name), currency)

    def amount(self, name: str, value: Decimal, currency: str) -> int:
        """A value in currency units as fen, halves up."""
        rate = self.money.rate(currency)
        if not value:
            return 0
        if rate is None:
            self.fault(name, f"it is in {currency}, and nobody gave a rate of exchange",
                       f"give the CNY of one {currency}: --rate {currency}=…")
            return 0
        amount = fen_from_yuan(value * rate)
        if amount > MAXIMUM_FEN:
            self.fault(name, "it is larger than any amount accepted", "check the unit")
            return 0
        return amount

    def day(self, name: str) -> date:
        """An ISO day; a time of day is cut off."""
        text = self.required(name)
        try:
            return date.fromisoformat(text[:10])
        except ValueError:
            if text:
                self.fault(name, f"{text!r} is not a day", "write it like 2026-01-31")
            return date(2000, 1, 1)


def read_rows(path: Path, money: Money) -> Iterator[OedRow]:
    """The records of an account file. Raises InputError for a file that is none."""
    name = str(path)
    if not path.is_file():
        raise InputError("there is no such file", file=name, mend="check the path")
    if path.stat().st_size > LARGEST_FILE:
        raise InputError(f"the file is larger than {LARGEST_FILE} bytes", file=name,
                         mend="split it by account")
    spelt = oed_table().spellings()
    try:
        with path.open(encoding="utf-8-sig", newline="") as source:
            reader = csv.reader(source, strict=True)
            headers = [spelt.get(one.strip().casefold(), one.strip()) for one in next(reader, [])]
            _check_headers(headers, name)
            line = reader.line_num + 1
            for record in reader:
                if any(cell.strip() for cell in record):
                    yield _row(record, headers, name, line, money)
                line = reader.line_num + 1
    except UnicodeDecodeError as error:
        raise InputError("not UTF-8 text", file=name, mend="save it as UTF-8") from error
    except csv.Error as error:
        raise InputError(f"not CSV: {error}", file=name, mend="mend the quotes") from error


def _check_headers(headers: list[str], name: str) -> None:
    if "AccNumber" not in headers:
        raise InputError("the first line does not name the columns of an OED account", file=name,
                         line=1, field="AccNumber", mend="begin with the header line")
    twice = sorted({one for one in headers if one and headers.count(one) > 1})
    if twice:
        raise InputError(f"{twice[0]} stands twice", file=name, line=1, field=twice[0],
                         mend="keep one column")


def _row(
    record: list[str], headers: list[str], name: str, line: int, money: Money
) -> OedRow:
    if len(record) > len(headers):
        raise InputError(f"the record has {len(record)} cells for {len(headers)} columns",
                         file=name, line=line, mend="quote cells that contain commas")
    cells = {header: cell.strip() for header, cell in zip(headers, record, strict=False)}
    row = OedRow(name, line, cells, money)
    for header, cell in cells.items():
        _refuse_unread(row, header, cell)
    return row


def _refuse_unread(row: OedRow, header: str, cell: str) -> None:
    """A value that no term comes from must not be passed over."""
    table = oed_table()
    if not cell or table.is_read(header) or table.is_noted(header):
        return
    neutral = table.neutral.get(header, "0")
    try:
        if Decimal(cell) == Decimal(neutral):
            return
    except InvalidOperation:
        pass
    if header.casefold() == "polsir":
        row.fault(header, "a self-insured retention is not read: the standard does not say whether "
                  "the policy's terms begin above it",
                  "leave it blank; where the policy pays above it, add it to PolDed")
        return
    row.fault(header, f"{cell} is not read: the reader takes cyber terms of policies and layers",
              "leave it blank, or express it in fields that docs/reference/oed.md lists")
