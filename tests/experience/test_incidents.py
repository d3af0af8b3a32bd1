"""Public sources become one table: what is kept, what is screened and why, and how many."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dinghai.cli.main import main
from dinghai.experience.incidents import (
    Incident,
    read_incidents,
    screening,
    without_repeats,
    write_incidents,
)
from dinghai.experience.public_sources import read_source
from dinghai.foundation.errors import InputError


def veris(**changes: Any) -> dict[str, Any]:
    """A small VERIS incident of our own."""
    return {
        "incident_id": "A-1", "security_incident": "Confirmed",
        "action": {"hacking": {"variety": ["Use of stolen creds"]}},
        "actor": {"external": {}},
        "victim": {"victim_id": "Firm", "industry": "522110", "employee_count": "101 to 1000"},
        "timeline": {"incident": {"year": 2018, "month": 3, "day": 5},
                     "discovery": {"unit": "Weeks", "value": 2}},
        "attribute": {"confidentiality": {"data_total": 4000}},
        "impact": {"overall_amount": 12.5, "iso_currency_code": "USD"}, **changes,
    }


def read_veris(folder: Path, *incidents: dict[str, Any]) -> list[Incident]:
    path = folder / "vcdb.json"
    path.write_text(json.dumps(list(incidents)), "utf-8")
    return read_source(path)


def test_veris(tmp_path: Path) -> None:
    (one,) = read_veris(tmp_path, veris())
    assert (one.source, one.source_id, one.organisation) == ("vcdb", "A-1", "Firm")
    assert (one.occurred, one.occurred_precision) == (date(2018, 3, 5), "day")
    assert one.discovered == date(2018, 3, 19)
    assert (one.naics, one.section, one.size_band) == ("522110", "J", "101-1000")
    assert (one.records, one.amount_minor, one.currency) == (4000, 1250, "USD")
    assert one.peril == "intrusion_breach"
    assert not one.screened + one.records_screened + one.amount_screened


@pytest.mark.parametrize(("changes", "peril"), [
    ({"action": {"malware": {"variety": ["Ransomware"]}}}, "ransomware"),
    ({"action": {"social": {"variety": ["Phishing"]}},
      "attribute": {"integrity": {"variety": ["Fraudulent transaction"]}}}, "bec_fraud"),
    ({"action": {"hacking": {"variety": ["DoS"]}}}, "ddos_web"),
    ({"action": {"error": {"variety": ["Misdelivery"]}}, "actor": {"internal": {}}},
     "error_insider"),
    ({"actor": {"partner": {}}}, "third_party"),
    ({"action": {"physical": {"variety": ["Theft"]}}}, ""),
])
def test_perils_by_what_was_done(tmp_path: Path, changes: dict[str, Any], peril: str) -> None:
    assert read_veris(tmp_path, veris(**changes))[0].peril == peril


@pytest.mark.parametrize(("changes", "measure", "reason"), [
    ({"security_incident": "Near miss"}, "screened", "not a confirmed incident"),
    ({"attribute": {"confidentiality": {"data_total": 1}}}, "records_screened",
     "a single record"),
    ({"attribute": {"confidentiality": {"data_total": 12_000_000_000}}}, "records_screened",
     "more records than people"),
    ({"attribute": {"confidentiality": {"data_total": 0}}}, "records_screened", "no records"),
    ({"impact": {"overall_amount": 5}}, "amount_screened", "no currency"),
])
def test_what_cannot_be_right_is_kept_and_screened(
    tmp_path: Path, changes: dict[str, Any], measure: str, reason: str
) -> None:
    (one,) = read_veris(tmp_path, veris(**changes))
    assert getattr(one, measure) == reason
    assert sum(screening([one]).values()) == 1


@pytest.mark.parametrize(("when", "day", "precision"), [
    ({"year": 2018}, date(2018, 1, 1), "year"), ({"year": 2018, "month": 4}, date(2018, 4, 1),
                                                 "month"),
    ({"year": 2018, "month": 2, "day": 31}, date(2018, 1, 1), "year"), ({}, None, ""),
    ({"year": 20018}, None, ""),
])
def test_days_as_far_as_they_are_known(
    tmp_path: Path, when: dict[str, int], day: date | None, precision: str
) -> None:
    (one,) = read_veris(tmp_path, veris(timeline={"incident": when}))
    assert (one.occurred, one.occurred_precision, one.discovered) == (day, precision, None)


HHS = ("Name of Covered Entity,State,Individuals Affected,Breach Submission Date,Type of Breach,"
       "Business Associate Present\n")
WASHINGTON = ("Id,Name,DateStart,DateAware,DateSubmitted,WashingtoniansAffected,IndustryType,"
              "BusinessType,DataBreachCause,CyberattackType\n")


def test_the_health_register(tmp_path: Path) -> None:
    path = tmp_path / "hhs.csv.gz"
    path.write_bytes(gzip.compress((HHS + "A,WI,13055.0,04/26/2024,Hacking/IT Incident,No\n"
                                    "A,WI,13055.0,04/26/2024,Hacking/IT Incident,No\n"
                                    "B,IL,499,04/27/2024,Unauthorized Access/Disclosure,No\n"
                                    "C,IL,,,Theft,No\n"
                                    "D,IL,800,01/02/2024,Hacking/IT Incident,Yes\n").encode()))
    found = without_repeats(read_source(path))
    assert [one.records for one in found] == [13055, 13055, 499, None, 800]
    assert [one.peril for one in found] == ["intrusion_breach", "intrusion_breach",
                                            "error_insider", "", "third_party"]
    assert [one.screened for one in found] == ["", "stands twice", "", "no day of notice", ""]
    assert [one.records_screened for one in found] == ["", "", "below the reporting floor",
                                                       "no number", ""]
    assert {one.floor_records for one in found} == {500}


def test_the_washington_register(tmp_path: Path) -> None:
    path = tmp_path / "wa.csv"
    path.write_text(WASHINGTON + "7,Shop,02/04/2021 12:00:00 AM,02/05/2021,03/17/2021,695,Business,"
                    "Retail,Cyberattack,Ransomware\n8,Bank,,,03/17/2021,5000,Finance,,"
                    "Unauthorized Access,\n", "utf-8")
    one, other = read_source(path)
    assert (one.occurred, one.discovered, one.notified) == (
        date(2021, 2, 4), date(2021, 2, 5), date(2021, 3, 17))
    assert (one.peril, one.section, other.peril, other.section) == (
        "ransomware", "F", "error_insider", "J")


def test_have_i_been_pwned_and_ransoms(tmp_path: Path) -> None:
    path = tmp_path / "breaches.json"
    plain = {"Name": "X", "Domain": "x.example", "BreachDate": "2015-03-01",
             "AddedDate": "2015-10-26T23:35:45Z", "PwnCount": 5, "IsVerified": True}
    path.write_text(json.dumps([plain, {**plain, "IsSpamList": True},
                                {**plain, "IsVerified": False}]), "utf-8")
    assert [one.screened for one in read_source(path)] == ["", "a list for spam", "not verified"]
    ransoms = tmp_path / "ransoms.csv"
    ransoms.write_text("address,type,amountReceivedUSD\na,x,274.5\nb,x,0\nc,x,much\n", "utf-8")
    found = read_source(ransoms)
    assert [one.amount_minor for one in found] == [27450, 0, None]
    assert [one.amount_screened for one in found] == ["", "nothing received", "no number"]


def test_a_table_is_read_back_the_same(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    incidents = read_veris(tmp_path, veris(), veris(timeline={}, impact={}))
    write_incidents(path, incidents)
    assert read_incidents(path) == incidents
    path.write_bytes(b"PAR1 no table")
    with pytest.raises(InputError, match="not a table"):
        read_incidents(path)


@pytest.mark.parametrize(("name", "content", "words"), [
    ("a.csv", b"x,y\n1,2\n", "none of the sources"), ("a.json", b"[1, 2]", "none of the sources"),
    ("a.json", b"[{", "cannot be read"), ("a.zip", b"no zip", "unpacked"),
    ("a.csv.gz", b"no gzip", "unpacked"), ("a.csv", b"", "none of the sources"),
])
def test_other_files_are_refused(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=words):
        read_source(path)
    with pytest.raises(InputError, match="no such file"):
        read_source(tmp_path / "missing.csv")


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with zipfile.ZipFile(tmp_path / "vcdb.zip", "w") as archive:
        archive.writestr("vcdb.json", json.dumps([veris(), veris(security_incident="Near miss")]))
    table = tmp_path / "table.parquet"
    assert main(["incidents", str(tmp_path / "vcdb.zip"), "-o", str(table), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["incidents"], found["usable"], found["with_records"]) == (2, 1, 1)
    assert found["screened"] == {"row: not a confirmed incident": 1}
    assert len(read_incidents(table)) == 2
    assert main(["incidents", str(tmp_path / "vcdb.zip")]) == 0
    assert "! screened row: not a confirmed incident: 1" in capsys.readouterr().out


def test_the_shared_sources_count_as_their_notes_say(shared: Path) -> None:
    data = shared / "data"
    vcdb = read_source(data / "vcdb/vcdb_2020-03-07.json.zip")
    assert len(vcdb) == 8553
    assert screening(vcdb)["records: a single record"] == 888
    hhs = without_repeats(one for path in sorted((data / "hhs_ocr").glob("*.gz"))
                          for one in read_source(path))
    assert sum(not one.screened for one in hhs) == 6274
    assert len(read_source(data / "wa_ag/wa_breach_notifications_2016_2024-05.csv.gz")) == 1109
    pwned = read_source(data / "hibp/breaches_2025-03.json.gz")
    assert len(pwned) == 875
    assert Counter(one.screened for one in pwned)["a list for spam"] == 16
    receipts = read_source(data / "ransom_payments/showing_the_receipts_addresses.csv.gz")
    assert len(receipts) == 1013
