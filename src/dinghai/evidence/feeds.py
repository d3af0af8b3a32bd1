"""Threat feeds: CISA's known exploited vulnerabilities (KEV) and FIRST's EPSS."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from dinghai.evidence.intake import read_bounded, text_of
from dinghai.foundation.errors import Fault, InputError

_CVE = re.compile(r"CVE-\d{4}-\d{4,19}", re.ASCII)
_SHIPPED_KEV = re.compile(r"kev_(\d{4}-\d{2}-\d{2})\.csv")
_SHIPPED_EPSS = re.compile(r"epss_kev_(\d{4}-\d{2}-\d{2})\.csv")
KEV_COLUMNS = ("cve", "date_added", "due_date", "vendor", "product", "known_ransomware_use")
EPSS_COLUMNS = ("cve", "epss_ppm", "percentile_ppm")
_CISA_COLUMNS = ("cveID", "dateAdded", "dueDate", "vendorProject", "product",
                 "knownRansomwareCampaignUse")


@dataclass(frozen=True, slots=True)
class KevEntry:
    """One vulnerability that CISA knows to be exploited.

    ``ransomware_use`` is True when CISA knows of it, None when CISA says "Unknown".
    """

    cve: str
    date_added: date
    due_date: date
    vendor: str
    product: str
    ransomware_use: bool | None


@dataclass(frozen=True, slots=True)
class KevTable:
    """The catalogue as it stood at the end of ``as_of``."""

    as_of: date
    entries: Mapping[str, KevEntry]
    source: str = ""

    def __contains__(self, cve: object) -> bool:
        return cve in self.entries

    def __len__(self) -> int:
        return len(self.entries)

    def get(self, cve: str) -> KevEntry | None:
        """The entry of a CVE, or None when it is not known to be exploited."""
        return self.entries.get(cve)

    def added_since(self, older: KevTable) -> tuple[KevEntry, ...]:
        """Entries that the older table does not have, by date added and identifier."""
        added = (entry for cve, entry in self.entries.items() if cve not in older.entries)
        return tuple(sorted(added, key=lambda entry: (entry.date_added, entry.cve)))


@dataclass(frozen=True, slots=True)
class EpssScore:
    """Probability of exploitation in 30 days and its percentile, both parts per million."""

    epss_ppm: int
    percentile_ppm: int


@dataclass(frozen=True, slots=True)
class EpssTable:
    """EPSS scores as published for one day. A CVE that is absent has no known score."""

    as_of: date
    scores: Mapping[str, EpssScore]
    source: str = ""
    model_version: str = ""

    def __len__(self) -> int:
        return len(self.scores)

    def get(self, cve: str) -> EpssScore | None:
        """The score of a CVE, or None when the table does not have it."""
        return self.scores.get(cve)


def shipped_kev_dates() -> tuple[date, ...]:
    """The as-of dates of the KEV tables that ship with the product, oldest first."""
    return _shipped_dates(_SHIPPED_KEV)


def shipped_kev(as_of: date | None = None) -> KevTable:
    """The newest shipped KEV table that is not after ``as_of`` (None: the newest of all).

    Raises InputError when every shipped table is younger.
    """
    chosen = _newest(shipped_kev_dates(), as_of, "KEV")
    return _load_shipped_kev(chosen)


def shipped_epss(as_of: date | None = None) -> EpssTable:
    """The newest shipped EPSS table that is not after ``as_of`` (None: the newest of all).

    It holds the CVEs of the KEV catalogue only. Raises InputError when it is younger.
    """
    chosen = _newest(_shipped_dates(_SHIPPED_EPSS), as_of, "EPSS")
    return _load_shipped_epss(chosen)


def load_kev(path: Path, *, as_of: date | None = None) -> KevTable:
    """A KEV table from CISA's JSON, CISA's CSV or the product's own CSV; ``.gz`` allowed.

    The date is the JSON's ``catalogVersion``; for a CSV it is ``as_of`` or, without one, the
    latest date added. Raises InputError with every faulty line.
    """
    name, text = path.name, text_of(read_bounded(path).data)
    if text.lstrip().startswith("{"):
        return _kev_from_json(name, text, as_of)
    return _kev_from_csv(name, text, as_of)


def load_epss(path: Path, *, as_of: date | None = None) -> EpssTable:
    """An EPSS table from FIRST's CSV (or the product's own); ``.gz`` allowed.

    The date is the ``score_date`` of the comment line, or ``as_of``. Raises InputError with
    every faulty line, and when there is no date at all.
    """
    return _epss_from_csv(path.name, text_of(read_bounded(path).data), as_of)


def _kev_from_json(name: str, text: str, as_of: date | None) -> KevTable:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"not JSON: {str(error)[:200]}", file=name,
                         line=getattr(error, "lineno", None),
                         mend="fetch known_exploited_vulnerabilities.json again") from error
    rows = document.get("vulnerabilities") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        raise InputError("this is not CISA's KEV catalogue", file=name, field="vulnerabilities",
                         mend="a KEV JSON has catalogVersion and a list of vulnerabilities")
    version = str(document.get("catalogVersion", "")).replace(".", "-")
    stated = as_of or _date_or_none(version)
    if stated is None:
        raise InputError("the catalogue has no date", file=name, field="catalogVersion",
                         mend="expected YYYY.MM.DD")
    return _kev_table(name, ((None, f"vulnerabilities[{number}]", row)
                             for number, row in enumerate(rows)), stated)


def _kev_from_csv(name: str, text: str, as_of: date | None) -> KevTable:
    header, rows = _csv_rows(name, text)
    if header[:1] == ["cve"]:
        _require(name, header, KEV_COLUMNS)
        renamed = dict(zip(KEV_COLUMNS, _CISA_COLUMNS, strict=True))
        rows = [(line, {renamed.get(key, key): value for key, value in row.items()})
                for line, row in rows]
    else:
        _require(name, header, _CISA_COLUMNS)
    return _kev_table(name, ((line, f"line {line}", row) for line, row in rows), as_of)


def _kev_table(
    name: str, rows: Iterable[tuple[int | None, str, Any]], as_of: date | None
) -> KevTable:
    entries: dict[str, KevEntry] = {}
    faults: list[Fault] = []
    for line, place, row in rows:
        try:
            entry = _kev_entry(row)
        except InputError as error:
            fault = error.fault
            field = fault.field if line else f"{place}.{fault.field}"
            faults.append(Fault(fault.message, name, line, field, fault.mend))
            continue
        entries[entry.cve] = entry
    if faults:
        raise InputError.of(faults)
    if not entries:
        raise InputError("the KEV table is empty", file=name, mend="fetch the catalogue again")
    return KevTable(as_of or max(entry.date_added for entry in entries.values()), entries, name)


def _kev_entry(row: Any) -> KevEntry:
    if not isinstance(row, dict):
        raise InputError("an entry must be an object", field="cveID", mend="see kev_schema.json")
    values = {key: str(row.get(key) or "").strip() for key in _CISA_COLUMNS}
    if not _CVE.fullmatch(values["cveID"]):
        raise InputError("not a CVE identifier", field="cveID", mend="expected CVE-YYYY-NNNN")
    use = values["knownRansomwareCampaignUse"]
    if use not in ("Known", "Unknown"):
        raise InputError("unknown word for ransomware use", field="knownRansomwareCampaignUse",
                         mend="expected Known or Unknown")
    return KevEntry(
        cve=values["cveID"],
        date_added=_date(values["dateAdded"], "dateAdded"),
        due_date=_date(values["dueDate"], "dueDate"),
        vendor=values["vendorProject"],
        product=values["product"],
        ransomware_use=True if use == "Known" else None,
    )


def _epss_from_csv(name: str, text: str, as_of: date | None) -> EpssTable:
    comment = ""
    if text.startswith("#"):
        comment, _, text = text.partition("\n")
    facts = dict(part.partition(":")[::2] for part in comment.lstrip("#").strip().split(","))
    stated = as_of or _date_or_none(facts.get("score_date", "")[:10])
    if stated is None:
        raise InputError("the table has no date", file=name, line=1, field="score_date",
                         mend="keep the comment line '#model_version:…,score_date:…'")
    first = 2 if comment else 1
    header, rows = _csv_rows(name, text, first)
    own = header[:2] == list(EPSS_COLUMNS[:2])
    _require(name, header, EPSS_COLUMNS if own else ("cve", "epss", "percentile"), first)
    scores: dict[str, EpssScore] = {}
    faults: list[Fault] = []
    for line, row in rows:
        try:
            scores[row["cve"]] = _epss_score(row, own)
        except InputError as error:
            fault = error.fault
            faults.append(Fault(fault.message, name, line, fault.field, fault.mend))
    if faults:
        raise InputError.of(faults)
    if not scores:
        raise InputError("the EPSS table is empty", file=name, mend="fetch the table again")
    return EpssTable(stated, scores, name, facts.get("model_version", ""))


def _epss_score(row: Mapping[str, str], own: bool) -> EpssScore:
    if not _CVE.fullmatch(row["cve"]):
        raise InputError("not a CVE identifier", field="cve", mend="expected CVE-YYYY-NNNN")
    if own:
        return EpssScore(*(_ppm(row[key], 1, key) for key in EPSS_COLUMNS[1:]))
    return EpssScore(*(_ppm(row[key], 1_000_000, key) for key in ("epss", "percentile")))


def _ppm(text: str, scale: int, field: str) -> int:
    try:
        value = round(float(text) * scale)
    except (ValueError, OverflowError) as error:
        raise InputError("not a number", field=field, mend="expected 0 to 1") from error
    if not 0 <= value <= 1_000_000:
        raise InputError("a probability outside 0 to 1", field=field, mend="expected 0 to 1")
    return value


def _csv_rows(
    name: str, text: str, first_line: int = 1
) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Header and rows with the line each starts on; a row with other columns is a fault."""
    reader = csv.reader(io.StringIO(text, newline=""))
    faults: list[Fault] = []
    rows: list[tuple[int, dict[str, str]]] = []
    line = first_line
    try:
        header = [cell.strip() for cell in next(reader, [])]
        for row in _with_lines(reader):
            line = first_line - 1 + row[0]
            if not row[1]:
                continue
            if len(row[1]) != len(header):
                faults.append(Fault(f"{len(row[1])} fields where the header has {len(header)}",
                                    name, line, None, "quote fields that hold commas"))
                continue
            rows.append((line, dict(zip(header, row[1], strict=True))))
    except csv.Error as error:
        raise InputError(f"not CSV: {error}", file=name, line=line,
                         mend="fetch the table again") from error
    if faults:
        raise InputError.of(faults)
    return header, rows


def _with_lines(reader: Any) -> Iterable[tuple[int, list[str]]]:
    while True:
        start = reader.line_num + 1
        row = next(reader, None)
        if row is None:
            return
        yield start, row


def _require(name: str, header: list[str], columns: Iterable[str], line: int = 1) -> None:
    missing = [column for column in columns if column not in header]
    if missing:
        raise InputError(f"the column {missing[0]} is missing", file=name, line=line,
                         field=missing[0], mend=f"expected the columns {', '.join(columns)}")


def _date(text: str, field: str) -> date:
    moment = _date_or_none(text)
    if moment is None:
        raise InputError("not a date", field=field, mend="expected YYYY-MM-DD")
    return moment


def _date_or_none(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _shipped_dates(pattern: re.Pattern[str]) -> tuple[date, ...]:
    folder = resources.files("dinghai.data") / "feeds"
    matches = (pattern.fullmatch(item.name) for item in folder.iterdir())
    return tuple(sorted(date.fromisoformat(match.group(1)) for match in matches if match))


def _newest(dates: tuple[date, ...], as_of: date | None, what: str) -> date:
    usable = [day for day in dates if as_of is None or day <= as_of]
    if not usable:
        raise InputError(f"no shipped {what} table is as old as {as_of}", field="as_of",
                         mend=f"the shipped tables are of {', '.join(map(str, dates))}")
    return usable[-1]


@cache
def _load_shipped_kev(day: date) -> KevTable:
    name = f"kev_{day}.csv"
    return _kev_from_csv(name, _shipped_text(name), day)


@cache
def _load_shipped_epss(day: date) -> EpssTable:
    name = f"epss_kev_{day}.csv"
    return _epss_from_csv(name, _shipped_text(name), day)


def _shipped_text(name: str) -> str:
    return (resources.files("dinghai.data") / "feeds" / name).read_text(encoding="utf-8")
