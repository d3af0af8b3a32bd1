"""Readers of public incident data into the one incident table.

VERIS Community Database (CC BY-SA 4.0), HHS breach portal and Washington State Attorney General
(public domain), Have I Been Pwned (CC BY 4.0), Showing the Receipts (CC BY 4.0). Only what is
fitted to them is shipped.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from dinghai.experience.incidents import Cause, Incident, Precision, screen_records
from dinghai.foundation.errors import InputError

LARGEST: Final = 512 * 1024 * 1024
_BANDS: Final = {
    "1 to 10": "1-10", "11 to 100": "11-100", "101 to 1000": "101-1000",
    "1001 to 10000": "1001-10000", "10001 to 25000": "over-10000", "25001 to 50000": "over-10000",
    "50001 to 100000": "over-10000", "Over 100000": "over-10000",
}
_INDUSTRIES: Final = {"Health": "62", "Finance": "52", "Education": "61", "Government": "92"}
_BUSINESSES: Final = {
    "Retail": "44", "Hospitality": "72", "Professional Services": "54", "Manufacturing": "31",
    "Software": "51", "Legal": "54", "Construction": "23", "Transportation": "48",
    "Telecommunications": "51", "Entertainment": "71",
}


_ATTACKS: Final[Mapping[str, Cause]] = {
    "Ransomware": "ransomware", "Phishing": "intrusion_breach", "Malware": "intrusion_breach",
    "Skimmers": "intrusion_breach",
}


def read_source(path: Path) -> list[Incident]:
    """The incidents of a file, told apart by its content. Raises InputError."""
    text = _text(path)
    head = text.lstrip("\ufeff \r\n")[:1]
    try:
        if head == "[":
            raw = json.loads(text)
            return list(_json_source(raw, path))
        rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"), newline="")))
    except (json.JSONDecodeError, csv.Error, RecursionError) as error:
        raise InputError(f"cannot be read: {error}", file=str(path),
                         mend="give the file as its source publishes it") from error
    for columns, reader in _CSV_SOURCES.items():
        if rows and set(columns) <= set(rows[0]):
            return [reader(row, line) for line, row in enumerate(rows, start=2)]
    raise _unknown(path)


def _json_source(raw: Any, path: Path) -> Iterator[Incident]:
    first = raw[0] if isinstance(raw, list) and raw else None
    if isinstance(first, dict) and "incident_id" in first and "action" in first:
        yield from (_veris(one) for one in raw)
    elif isinstance(first, dict) and "PwnCount" in first:
        yield from (_pwned(one) for one in raw)
    else:
        raise _unknown(path)


def _unknown(path: Path) -> InputError:
    return InputError("this is none of the sources that are read", file=str(path),
                      mend="give VERIS JSON, the HHS or Washington breach list as CSV, or the "
                           "breaches of Have I Been Pwned as JSON")


def _text(path: Path) -> str:
    """A file, plain, gzip or the one member of a zip, bounded when unpacked."""
    name = str(path)
    if not path.is_file():
        raise InputError("there is no such file", file=name, mend="check the path")
    try:
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                (member,) = archive.namelist()
                with archive.open(member) as source:
                    raw = source.read(LARGEST + 1)
        else:
            with (gzip.open(path) if path.suffix == ".gz" else path.open("rb")) as source:
                raw = source.read(LARGEST + 1)
    except (OSError, EOFError, ValueError, zlib.error, zipfile.BadZipFile) as error:
        raise InputError(f"cannot be unpacked: {error}", file=name,
                         mend="give a whole file, or a zip of one file") from error
    if len(raw) > LARGEST:
        raise InputError(f"the file is larger than {LARGEST} bytes", file=name, mend="split it")
    return raw.decode("utf-8", errors="replace")


# --- VERIS ---------------------------------------------------------------------------------------

_IN_DAYS: Final = {"Seconds": 0.0, "Minutes": 0.0, "Hours": 1 / 24, "Days": 1.0, "Weeks": 7.0,
                   "Months": 30.4, "Years": 365.25}


def _veris(raw: Mapping[str, Any]) -> Incident:
    victim, impact = raw.get("victim", {}), raw.get("impact", {})
    records = raw.get("attribute", {}).get("confidentiality", {}).get("data_total")
    occurred, precision = _veris_day(raw.get("timeline", {}).get("incident", {}))
    amount = impact.get("overall_amount")
    currency = str(impact.get("iso_currency_code") or "")
    confirmed = raw.get("security_incident") == "Confirmed"
    naics = str(victim.get("industry") or "")
    return Incident(
        source="vcdb", source_id=str(raw["incident_id"]),
        organisation=str(victim.get("victim_id") or ""), occurred=occurred,
        occurred_precision=precision, discovered=_discovered(raw, occurred, precision),
        naics="" if naics.startswith("0") else naics,
        size_band=_BANDS.get(str(victim.get("employee_count")), ""), peril=_veris_peril(raw),
        records=records,
        amount_minor=None if amount is None else round(100 * amount), currency=currency,
        screened="" if confirmed else "not a confirmed incident",
        records_screened="a single record" if records == 1 else screen_records(records),
        amount_screened="no currency" if amount is not None and not currency else "")


def _veris_day(raw: Mapping[str, Any]) -> tuple[date | None, Precision]:
    year, month, day = raw.get("year"), raw.get("month"), raw.get("day")
    if not isinstance(year, int) or not 1970 <= year <= 2100:
        return None, ""
    try:
        if month and day:
            return date(year, month, day), "day"
        return (date(year, month, 1), "month") if month else (date(year, 1, 1), "year")
    except ValueError:
        return date(year, 1, 1), "year"


def _discovered(
    raw: Mapping[str, Any], occurred: date | None, precision: Precision
) -> date | None:
    """The day of discovery, where the day of the incident and the time between are known."""
    span = raw.get("timeline", {}).get("discovery", {})
    unit, value = _IN_DAYS.get(str(span.get("unit"))), span.get("value")
    if occurred is None or precision != "day" or unit is None or value is None:
        return None
    return occurred + timedelta(days=min(round(unit * value), 36_500))


def _veris_peril(raw: Mapping[str, Any]) -> Cause:
    """By what was done, the gravest first. Theft and loss of things are none of the six."""
    action = raw.get("action", {})

    def varieties(kind: str) -> set[str]:
        return {str(one) for one in action.get(kind, {}).get("variety", [])}

    integrity = {str(one) for one in raw.get("attribute", {}).get("integrity", {}).get(
        "variety", [])}
    if "Ransomware" in varieties("malware"):
        return "ransomware"
    if "social" in action and "Fraudulent transaction" in integrity:
        return "bec_fraud"
    if "DoS" in varieties("hacking") | varieties("malware") or (
            "hacking" in action and "Defacement" in integrity):
        return "ddos_web"
    if "partner" in raw.get("actor", {}) and "external" not in raw.get("actor", {}):
        return "third_party"
    if {"hacking", "malware", "social"} & set(action):
        return "intrusion_breach"
    return "error_insider" if {"error", "misuse"} & set(action) else ""


# --- breach registers and Have I Been Pwned ------------------------------------------------------


def _hhs(row: Mapping[str, str], line: int) -> Incident:
    kind, partner = row["Type of Breach"] or "", row["Business Associate Present"]
    records = _count(row["Individuals Affected"])
    notified = _day(row["Breach Submission Date"], "%m/%d/%Y")
    peril: Cause = ""
    if "Hacking" in kind:
        peril = "third_party" if partner == "Yes" else "intrusion_breach"
    elif "Unauthorized" in kind:
        peril = "error_insider"
    return Incident(
        source="hhs_ocr", source_id=f"line {line}",
        organisation=row["Name of Covered Entity"] or "", notified=notified, naics="62",
        peril=peril, records=records, floor_records=500,
        screened="" if notified else "no day of notice",
        records_screened=_floored(records, 500))


def _washington(row: Mapping[str, str], line: int) -> Incident:
    records = _count(row["WashingtoniansAffected"])
    start = _day(row["DateStart"], "%m/%d/%Y")
    industry = row["IndustryType"]
    peril: Cause = _ATTACKS.get(row["CyberattackType"], "")
    if not peril and row["DataBreachCause"]:
        peril = "intrusion_breach" if row["DataBreachCause"] == "Cyberattack" else "error_insider"
    return Incident(
        source="wa_ag", source_id=row["Id"] or f"line {line}", organisation=row["Name"] or "",
        occurred=start, occurred_precision="day" if start else "",
        discovered=_day(row["DateAware"], "%m/%d/%Y"),
        notified=_day(row["DateSubmitted"], "%m/%d/%Y"),
        naics=_INDUSTRIES.get(industry, _BUSINESSES.get(row["BusinessType"], "")), peril=peril,
        records=records, floor_records=500, records_screened=_floored(records, 500))


def _pwned(raw: Mapping[str, Any]) -> Incident:
    reason = next((words for flag, words in (
        ("IsSpamList", "a list for spam"), ("IsFabricated", "fabricated"),
        ("IsMalware", "collected by malware"), ("IsStealerLog", "collected by malware"))
        if raw.get(flag)), "")
    if not reason and not raw.get("IsVerified", True):
        reason = "not verified"
    occurred = _day(str(raw.get("BreachDate") or ""), "%Y-%m-%d")
    return Incident(
        source="hibp", source_id=str(raw["Name"]), organisation=str(raw.get("Domain") or ""),
        occurred=occurred, occurred_precision="day" if occurred else "",
        notified=_day(str(raw.get("AddedDate") or ""), "%Y-%m-%d"), peril="intrusion_breach",
        records=raw["PwnCount"], screened=reason, records_screened=screen_records(raw["PwnCount"]))


def _receipt(row: Mapping[str, str], line: int) -> Incident:
    """What one ransom address received: one payment or several, so an upper bound of one."""
    try:
        amount = round(100 * float(row["amountReceivedUSD"]))
    except ValueError:
        amount = None
    return Incident(
        source="ransom_payments", source_id=row["address"] or f"line {line}", peril="ransomware",
        amount_minor=amount, currency="USD",
        amount_screened="no number" if amount is None else "" if amount > 0 else "nothing received")


def _count(text: str | None) -> int | None:
    """A whole number that a register wrote as text; None where it is none."""
    try:
        return int(float((text or "").replace(",", "")))
    except ValueError:
        return None


def _floored(records: int | None, floor: int) -> str:
    if records is None:
        return "no number"
    return "below the reporting floor" if records < floor else screen_records(records)


def _day(text: str | None, style: str) -> date | None:
    word = (text or "").split("T")[0].split(" ")[0]
    try:
        return datetime.strptime(word, style).replace(tzinfo=UTC).date()
    except ValueError:
        return None


_CSV_SOURCES: Final[Mapping[tuple[str, ...], Callable[[Mapping[str, str], int], Incident]]] = {
    ("Name of Covered Entity", "Individuals Affected", "Breach Submission Date"): _hhs,
    ("DateStart", "DateAware", "DateSubmitted", "WashingtoniansAffected"): _washington,
    ("address", "type", "amountReceivedUSD"): _receipt,
}
