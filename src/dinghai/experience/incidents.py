"""The one incident table: what happened to whom, when, how large, and what of it cannot be used.

Nothing is dropped: a row or a field that cannot be right stays, with the reason it is screened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal

from dinghai.foundation.errors import InputError
from dinghai.vocabulary.perils import PerilCode

Precision = Literal["day", "month", "year", ""]
Cause = PerilCode | Literal[""]
"""One of the six perils, or none: a stolen laptop is no cyber peril."""
SCHEMA: Final = "dinghai.incidents/2"
_EARLIER: Final = "dinghai.incidents/1"
"""Without the columns of an insurer's own claims; still read."""
PEOPLE: Final = 8_200_000_000
"""More records than people are a count of something else."""
SIZE_BANDS: Final = ("1-10", "11-100", "101-1000", "1001-10000", "over-10000")
_SECTIONS: Final = {
    "11": "A", "21": "B", "22": "D", "23": "E", "31": "C", "32": "C", "33": "C", "42": "F",
    "44": "F", "45": "F", "48": "G", "49": "G", "51": "I", "52": "J", "53": "K", "54": "M",
    "55": "L", "56": "L", "61": "P", "62": "Q", "71": "R", "72": "H", "81": "O", "92": "S",
}
"""NAICS sectors to sections of GB/T 4754-2017, by their titles (confidence D)."""


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident of a source. ``amount_minor`` is in the currency's hundredths.

    ``floor_records`` is the number of records, ``floor_minor`` the amount, below which the source
    knows nothing; an ``amount_censored`` is only known to be at least so large (the payment reached
    the policy's limit). ``screened`` says why the whole row, ``records_screened`` and
    ``amount_screened`` why one measure, is not used. ``section_given`` is the section that a source
    names itself.
    """

    source: str
    source_id: str
    organisation: str = ""
    occurred: date | None = None
    occurred_precision: Precision = ""
    discovered: date | None = None
    notified: date | None = None
    naics: str = ""
    size_band: str = ""
    peril: Cause = ""
    records: int | None = None
    amount_minor: int | None = None
    currency: str = ""
    floor_records: int | None = None
    screened: str = ""
    records_screened: str = ""
    amount_screened: str = ""
    section_given: str = ""
    floor_minor: int | None = None
    amount_censored: bool = False
    downtime_seconds: int | None = None
    closed: date | None = None
    state: str = ""
    policy_no: str = ""
    insured_key: str = ""

    @property
    def section(self) -> str:
        """The section of GB/T 4754, where the industry is known."""
        return self.section_given or section_of_naics(self.naics)


def section_of_naics(naics: str) -> str:
    """The section of GB/T 4754 of a NAICS code; empty where there is none."""
    return _SECTIONS.get(naics[:2], "")


COLUMNS: Final = (*(one.name for one in fields(Incident)), "section")


def screen_records(records: int | None) -> str:
    """Why a number of records is no size of an incident; empty where it may be one."""
    if records is None:
        return ""
    if records <= 0:
        return "no records"
    return "more records than people" if records > PEOPLE else ""


def without_repeats(incidents: Iterable[Incident]) -> list[Incident]:
    """The same incidents; those that a source has twice (organisation, notice, number of records;
    of own claims the number of the claim) are screened but for the first."""
    seen: set[tuple[object, ...]] = set()
    out = []
    for one in incidents:
        key: tuple[object, ...] = (one.source, one.organisation, one.notified, one.records)
        told_apart = bool(one.organisation) and one.notified is not None
        if one.source == "own":
            key, told_apart = (one.source, one.source_id), True
        if told_apart and not one.screened:
            if key in seen:
                one = replace(one, screened="stands twice")
            seen.add(key)
        out.append(one)
    return out


def screening(incidents: Iterable[Incident]) -> dict[str, int]:
    """How many rows were screened, by measure and reason."""
    found: Counter[str] = Counter()
    for one in incidents:
        for label, reason in (("row", one.screened), ("records", one.records_screened),
                              ("amount", one.amount_screened)):
            if reason:
                found[f"{label}: {reason}"] += 1
    return dict(found.most_common())


def write_incidents(path: Path, incidents: Sequence[Incident]) -> None:
    """The table as Parquet; its metadata name the schema."""
    import pyarrow
    import pyarrow.parquet

    rows = [{**asdict(one), "section": one.section} for one in incidents]
    table = pyarrow.Table.from_pylist(rows, _arrow_schema())
    pyarrow.parquet.write_table(table, path, compression="zstd")


def read_incidents(path: Path) -> list[Incident]:
    """A table that ``write_incidents`` wrote, of this schema or the one before. Raises InputError
    for any other file."""
    import pyarrow
    import pyarrow.parquet

    mend = "make it by dinghai incidents"
    try:
        table = pyarrow.parquet.read_table(path)
    except (OSError, pyarrow.ArrowException) as error:
        raise InputError(f"not a table: {error}"[:300], file=str(path), mend=mend) from error
    schema = (table.schema.metadata or {}).get(b"dinghai")
    if schema not in (SCHEMA.encode(), _EARLIER.encode()):
        raise InputError(f"this is not a table of {SCHEMA}", file=str(path), mend=mend)
    known = [one.name for one in fields(Incident) if one.name in table.schema.names]
    expected = _arrow_schema()
    try:
        return [Incident(**row) for row in table.select(known).cast(pyarrow.schema(
            [expected.field(name) for name in known])).to_pylist()]
    except (pyarrow.ArrowException, TypeError, ValueError) as error:
        raise InputError(f"a column is not as {SCHEMA} has it: {error}"[:300], file=str(path),
                         mend=mend) from error


def is_incident_table(path: Path) -> bool:
    """Whether a file is a table that ``read_incidents`` reads."""
    import pyarrow
    import pyarrow.parquet

    if not path.is_file():
        return False
    try:
        metadata = pyarrow.parquet.read_schema(path).metadata or {}
    except (OSError, pyarrow.ArrowException):
        return False
    return metadata.get(b"dinghai") in (SCHEMA.encode(), _EARLIER.encode())


def _arrow_schema() -> Any:
    import pyarrow

    kinds: dict[str, Any] = {
        "occurred": pyarrow.date32(), "discovered": pyarrow.date32(),
        "notified": pyarrow.date32(), "records": pyarrow.int64(),
        "amount_minor": pyarrow.int64(), "floor_records": pyarrow.int64(),
        "floor_minor": pyarrow.int64(), "amount_censored": pyarrow.bool_(),
        "downtime_seconds": pyarrow.int64(), "closed": pyarrow.date32(),
    }
    return pyarrow.schema([(name, kinds.get(name, pyarrow.string())) for name in COLUMNS],
                          metadata={"dinghai": SCHEMA})
