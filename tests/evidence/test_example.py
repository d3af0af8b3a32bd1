"""The evidence of the example dossier tells its story."""

from __future__ import annotations

import ipaddress
import json
from datetime import date, datetime
from pathlib import Path

import pytest

from dinghai.evidence.components import KnownExploited, known_exploited
from dinghai.evidence.feeds import KevTable, shipped_kev
from dinghai.evidence.finding import Finding
from dinghai.evidence.reading import read_evidence

DONGHAI = Path(__file__).parents[2] / "examples" / "donghai"
OLD, NEW = shipped_kev(date(2025, 8, 25)), shipped_kev(date(2026, 4, 16))
# file: (format, findings, rejected)
FILES = {
    "scans/external/nmap.xml": ("nmap-xml", 8, 0),
    "scans/external/nuclei.jsonl": ("nuclei-json", 16, 0),
    "scans/external/greenbone.xml": ("openvas-xml", 8, 0),
    "scans/internal/nmap.xml": ("nmap-xml", 9, 0),
    "scans/internal/greenbone.xml": ("openvas-xml", 10, 0),
    "inventory/shop.cdx.json": ("cyclonedx-json", 188, 0),
    "inventory/erp.cdx.json": ("cyclonedx-json", 28, 0),
}
RISKY = {21, 23, 139, 445, 1433, 1521, 3306, 3389, 5432, 5900, 6379, 9200, 27017}


def findings(*names: str) -> list[Finding]:
    return [item for name in names for item in read_evidence(DONGHAI / name).findings]


def names(kev: KevTable, *files: str) -> set[tuple[str, str]]:
    return {(item.finding.product, item.cve) for item in known(kev, *files)}


def known(kev: KevTable, *files: str) -> tuple[KnownExploited, ...]:
    return known_exploited(findings(*files), kev)


@pytest.mark.parametrize("name", FILES)
def test_every_file_reads_whole(name: str) -> None:
    reading = read_evidence(DONGHAI / name)
    assert (reading.format, len(reading.findings), len(reading.rejected)) == FILES[name]
    assert reading.vantage == ("external" if "external" in name else "internal")
    begin = datetime.fromisoformat("2026-03-02T00:00:00+08:00")
    end = datetime.fromisoformat("2026-03-11T00:00:00+08:00")
    assert all(item.observed_at and begin <= item.observed_at < end for item in reading.findings)


def test_the_newer_catalogue_makes_one_component_known_exploited() -> None:
    before, after = names(OLD, *FILES), names(NEW, *FILES)
    assert before == {("apache-airflow", "CVE-2020-11978"), ("apache-airflow", "CVE-2020-13927")}
    assert after - before == {("next", "CVE-2025-55182")}


def test_the_perimeter_is_quotable() -> None:
    external = findings(*(name for name in FILES if "external" in name))
    assert known_exploited(external, NEW) == ()
    assert not {item.port for item in external} & RISKY
    assert {item.port for item in findings("scans/internal/nmap.xml")} & RISKY
    assert {"weak_encryption", "misconfiguration", "vulnerability"} <= {
        item.kind for item in external}


def test_the_scanners_agree_on_the_hosts() -> None:
    hosts = {item.asset for item in findings("scans/external/nmap.xml")}
    others = findings("scans/external/nuclei.jsonl", "scans/external/greenbone.xml")
    addresses = {item.asset for item in others if item.asset[0].isdigit()}
    assert addresses <= hosts
    allowed = ipaddress.ip_network("203.0.113.0/24"), ipaddress.ip_network("10.20.0.0/16")
    every = findings(*(name for name in FILES if "scans" in name))
    assert all(any(ipaddress.ip_address(item.asset) in network for network in allowed)
               for item in every if item.asset[0].isdigit())


def test_the_first_rescan_closes_the_component() -> None:
    first = "rescan/2026-05-06"
    assert names(NEW, f"{first}/inventory/shop.cdx.json") == set()
    gone = {item.finding_id for item in findings("inventory/shop.cdx.json")
            if item.product == "next"}
    assert not gone & {item.finding_id
                       for item in findings(f"{first}/inventory/shop.cdx.json")}


@pytest.mark.parametrize("day", ["2026-05-06", "2026-07-31"])
def test_the_rescans_agree_that_the_perimeter_is_mended(day: str) -> None:
    later = findings(f"rescan/{day}/scans/external/nmap.xml",
                     f"rescan/{day}/scans/external/nuclei.jsonl")
    assert {item.kind for item in later} == {"service"}
    assert all(item.observed_at and item.observed_at.date().isoformat() == day for item in later)


def test_the_second_rescan_is_free_of_known_exploited_components() -> None:
    second = "rescan/2026-07-31/inventory"
    assert names(NEW, f"{second}/shop.cdx.json", f"{second}/erp.cdx.json") == set()


def test_an_unchanged_port_keeps_its_identifier() -> None:
    before = {item.finding_id for item in findings("scans/external/nmap.xml")}
    after = {item.finding_id for item in findings("rescan/2026-05-06/scans/external/nmap.xml")}
    assert len(before & after) == 3  # mail 25 and 443, vpn 443


def test_bills_carry_no_address() -> None:
    for path in DONGHAI.rglob("*.cdx.json"):
        bill = json.loads(path.read_text(encoding="utf-8"))
        assert "externalReferences" not in json.dumps(bill["components"])
        assert bill["specVersion"] == "1.6"
