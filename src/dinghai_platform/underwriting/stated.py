"""Claims as a case states them: read by the published schema, kept as plain rows."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any, Final

from dinghai.experience.own_claims import OwnClaim, OwnClaims, own_claims_of
from dinghai.experience.own_columns import plain
from dinghai.experience.table_bounds import TableBounds
from dinghai.experience.tabular import Row, TableFile, read_table_file
from dinghai.foundation.canonical import canonical_bytes, sha256_hex
from dinghai.foundation.errors import Fault, InputError
from dinghai.pricing.claims_history import (
    ClaimsHistory,
    claims_of_insured,
    faults_of_insured,
    past_claims,
)

MOST_CLAIMS: Final = 1_000
"""Claims of one insured in one history."""
LARGEST_CLAIMS_FILE: Final = 8 * 1024 * 1024
CLAIMS_BOUNDS: Final = TableBounds(
    file_bytes=4 * LARGEST_CLAIMS_FILE, unpacked_bytes=16 * LARGEST_CLAIMS_FILE, rows=100_000,
    columns=200, cells=2_000_000, text=32_767)
"""Of a file of claims once it is unpacked: a small one may hold a very large table."""
MOST_FAULTS_SHOWN: Final = 200
ENTERED: Final = "entered"
FILE: Final = "file"
HELD: Final = "held"
_ENTERED_COLUMNS: Final = ("claim_no", "occurred_on", "notified_on", "peril", "ground_up",
                           "paid", "outstanding", "deductible", "state")
_MONEY: Final = ("ground_up", "paid", "outstanding", "deductible")


@dataclass(frozen=True, slots=True)
class StatedClaim:
    """One claim as stated. Amounts are in fen of ``currency``'s hundredths; None is unknown.

    ``origin`` is ``entered``, ``file`` or ``held``.
    """

    claim_no: str
    occurred_on: str
    notified_on: str | None = None
    peril: str = ""
    ground_up_fen: int | None = None
    paid_fen: int | None = None
    outstanding_fen: int | None = None
    deductible_fen: int | None = None
    limit_fen: int | None = None
    state: str = ""
    currency: str = "CNY"
    origin: str = ENTERED

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)

    @property
    def own_claim(self) -> OwnClaim:
        """The same as the engine's claim."""
        return OwnClaim(
            line=0, claim_no=self.claim_no, policy_no="", insured_key="",
            occurred=date.fromisoformat(self.occurred_on), discovered=None,
            notified=None if self.notified_on is None else date.fromisoformat(self.notified_on),
            closed=None, peril=self.peril, section="",  # type: ignore[arg-type]
            naics="", size_band="", revenue_fen=None, ground_up_minor=self.ground_up_fen,
            paid_minor=self.paid_fen, outstanding_minor=self.outstanding_fen,
            deductible_minor=self.deductible_fen, limit_minor=self.limit_fen, records=None,
            downtime_seconds=None, currency=self.currency,
            state=self.state)  # type: ignore[arg-type]


_NAMES: Final = frozenset(one.name for one in fields(StatedClaim))


def stated_of(row: Mapping[str, Any]) -> StatedClaim:
    """A claim from its plain row."""
    return StatedClaim(**{name: value for name, value in row.items() if name in _NAMES})


def _stated(one: OwnClaim, origin: str) -> StatedClaim:
    assert one.occurred is not None
    return StatedClaim(
        claim_no=one.claim_no, occurred_on=one.occurred.isoformat(),
        notified_on=None if one.notified is None else one.notified.isoformat(), peril=one.peril,
        ground_up_fen=one.ground_up_minor, paid_fen=one.paid_minor,
        outstanding_fen=one.outstanding_minor, deductible_fen=one.deductible_minor,
        limit_fen=one.limit_minor, state=one.state, currency=one.currency, origin=origin)


def rows_hash(rows: Sequence[Mapping[str, Any]]) -> str:
    """Names rows exactly."""
    return sha256_hex(canonical_bytes([dict(one) for one in rows]))


def entered_claim(texts: Mapping[str, str], *, number: str) -> StatedClaim:
    """One claim as somebody typed it: amounts in yuan, or with a unit. ``number`` is used where
    none was typed. Raises InputError with every field at fault."""
    given = {name: str(texts.get(name) or "").strip()[:200] for name in _ENTERED_COLUMNS}
    given["claim_no"] = given["claim_no"] or number
    header = tuple(f"{name} (yuan)" if name in _MONEY else name for name in _ENTERED_COLUMNS)
    read = own_claims_of(TableFile("", header, (
        Row(2, tuple(given[name] for name in _ENTERED_COLUMNS)),)))
    if read.faults:
        raise InputError.of(Fault(one.message, None, None, one.field, one.mend)
                            for one in read.faults)
    return _stated(read.rows[0], ENTERED)


def entered_claims(listed: Sequence[Mapping[str, Any]]) -> list[StatedClaim]:
    """Claims as a program gives them: amounts in fen. Raises InputError with every fault."""
    found, faults = [], []
    for place, row in enumerate(listed):
        texts = {name: "" if (value := row.get(f"{name}_fen" if name in _MONEY else name)) is None
                 else f"{value}fen" if name in _MONEY else str(value)
                 for name in _ENTERED_COLUMNS}
        try:
            found.append(entered_claim(texts, number=f"{place + 1}"))
        except InputError as error:
            faults += [Fault(one.message, None, None, f"claims[{place}].{one.field}", one.mend)
                       for one in error.faults]
    if faults:
        raise InputError.of(faults[:MOST_FAULTS_SHOWN])
    return found


@dataclass(frozen=True, slots=True)
class FileReading:
    """What would become of a file: this insured's claims, the rows of others, every fault.

    ``names_insured`` false: no row says whose it is, so every one counts as this insured's.
    ``kept`` is what may be kept of the file, under ``kept_name``: the file as it came, or where it
    holds rows of others, its header and this insured's rows as CSV.
    """

    name: str
    claims: tuple[StatedClaim, ...]
    of_others: int
    faults: tuple[Fault, ...]
    faults_total: int
    ignored: tuple[str, ...]
    names_insured: bool
    kept: bytes
    kept_name: str

    def require_good(self) -> None:
        """Raises InputError while a row of this insured cannot be read: it may be a claim."""
        if self.faults:
            raise InputError.of(self.faults[:MOST_FAULTS_SHOWN])


def read_claims_file(content: bytes, name: str, keys: Sequence[str]) -> FileReading:
    """A file of claims by the published schema, for the insured of these keys. Raises InputError
    for a file that is none, is too large, or is another insured's."""
    if len(content) > LARGEST_CLAIMS_FILE:
        raise InputError("the file is too large", field="file",
                         mend="give this insured's claims alone")
    plain_name = Path(name.replace("\\", "/")).name[:200] or "claims"
    with tempfile.TemporaryDirectory(prefix="claims-") as room:
        path = Path(room) / f"claims{Path(plain_name).suffix[:10]}"
        path.write_bytes(content)
        try:
            table = read_table_file(path, bounds=CLAIMS_BOUNDS)
            read = own_claims_of(table)
            own = claims_of_insured(read, keys)
        except InputError as error:
            raise InputError.of(_named(error.faults, plain_name)) from error
    if len(own) == len(read.rows):
        return _reading(read, own, plain_name, content, plain_name)
    return _reading(read, own, plain_name, _own_rows(table, own),
                    f"{Path(plain_name).stem[:190]}.csv")


def _own_rows(table: TableFile, own: Sequence[OwnClaim]) -> bytes:
    """The header and these claims' rows, cell by cell: what others claimed is none of a case's."""
    lines = {one.line for one in own}
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(table.header)
    writer.writerows(row.cells for row in table.rows if row.line in lines)
    return text.getvalue().encode()


def _reading(
    read: OwnClaims, own: Sequence[OwnClaim], name: str, kept: bytes, kept_name: str
) -> FileReading:
    faults = _named(faults_of_insured(read, own), name)
    total = (len(faults) if read.faults_total == len(read.faults) else read.faults_total)
    if len(own) > MOST_CLAIMS:
        raise InputError(f"the file has more than {MOST_CLAIMS} claims of this insured",
                         file=name, field="file", mend="leave old years out")
    return FileReading(
        name, tuple(_stated(one, FILE) for one in own if not one.screened),
        len(read.rows) - len(own), tuple(faults), total, read.ignored,
        any(one.insured_key for one in read.rows), kept, kept_name)


def _named(faults: Iterable[Fault], name: str) -> list[Fault]:
    return [Fault(one.message, name, one.line, one.field, one.mend) for one in faults]


def merged(before: Sequence[StatedClaim], more: Sequence[StatedClaim]) -> list[StatedClaim]:
    """Rows with those of a file: a number that stands already is replaced by its latest state."""
    new = {plain(one.claim_no): one for one in more}
    kept = [new.pop(plain(one.claim_no), one) for one in before]
    return [*kept, *new.values()]


def history_of_stated(
    stated: Iterable[StatedClaim], held: Iterable[StatedClaim], *, first: date, last: date
) -> ClaimsHistory:
    """The engine's history. What the platform holds comes first, so that the same number in what
    was stated is the one that does not count again."""
    claims = [one.own_claim for one in (*held, *stated)]
    return ClaimsHistory("case", first, last, past_claims(claims, first=first, last=last))
