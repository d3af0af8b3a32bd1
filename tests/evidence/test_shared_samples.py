"""Every sample of the supported formats, with counts taken from the files by other means.

The expected numbers were counted in the files with plain text tools: ``<port`` with an open
state, lines of JSON, ``<result id``, CSV records, ``<component``, ``"bom-ref"`` and so on.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import re
from pathlib import Path

import pytest

from dinghai.evidence.finding import EvidenceReading
from dinghai.evidence.reading import read_evidence
from dinghai.foundation.errors import InputError

SHARED = os.environ.get("DINGHAI_SHARED")
SCANS = Path(SHARED or ".") / "data" / "scans"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(SHARED is None, reason="DINGHAI_SHARED is not set"),
]

# file: (format, findings, rejected, ignored)
EXPECTED = {
    "nmap/issue12411.xml": ("nmap-xml", 4, 0, 5),
    "nmap/nmap_0port.xml": ("nmap-xml", 0, 0, 1),
    "nmap/nmap_1port.xml": ("nmap-xml", 1, 0, 1),
    "nmap/nmap_script_vulners.xml": ("nmap-xml", 3, 0, 0),
    "nuclei/invalid_cwe.json": ("nuclei-json", 1, 0, 0),
    "nuclei/issue_9201.json": ("nuclei-json", 1, 0, 0),
    "nuclei/many_findings.json": ("nuclei-json", 18, 0, 0),
    "nuclei/many_findings_third.json": ("nuclei-json", 2, 0, 0),
    "nuclei/multi_cwe_fabricated.json": ("nuclei-json", 1, 0, 0),
    "nuclei/multiple_matches.json": ("nuclei-json", 2, 0, 0),
    "nuclei/multiple_v3.json": ("nuclei-json", 6, 0, 0),
    "openvas/many_vuln.csv": ("openvas-csv", 4, 0, 0),
    "openvas/many_vuln.xml": ("openvas-xml", 44, 0, 0),
    "openvas/no_vuln.csv": ("openvas-csv", 0, 0, 0),
    "openvas/no_vuln.xml": ("openvas-xml", 0, 0, 0),
    "openvas/one_vuln.csv": ("openvas-csv", 1, 0, 0),
    "openvas/report_combine_v2.csv": ("openvas-csv", 2, 0, 0),
    "openvas/report_detail_v2.csv": ("openvas-csv", 1, 0, 0),
    "openvas/report_using_CVE.csv": ("openvas-csv", 43, 0, 0),
    "openvas/report_using_openVAS.csv": ("openvas-csv", 13, 0, 0),
    "cyclonedx/dd_1_15_0.xml": ("cyclonedx-xml", 308 + 381, 0, 1),
    "cyclonedx/grype_dd_1_14_1.xml": ("cyclonedx-xml", 307 + 312, 0, 1),
    "cyclonedx/issue_8022.json": ("cyclonedx-json", 1 + 1, 0, 0),
    "cyclonedx/issue_9277.json": ("cyclonedx-json", 102 + 14, 0, 1),
    "cyclonedx/jake.xml": ("cyclonedx-xml", 204, 0, 0),
    "cyclonedx/juice-shop_bom.1.4.json.gz": ("cyclonedx-json", 1115, 0, 1),
    "cyclonedx/log4j.json": ("cyclonedx-json", 1 + 8, 0, 1),
    "cyclonedx/log4j.xml": ("cyclonedx-xml", 1 + 8, 0, 1),
    "cyclonedx/multiple_cwes_fabricated.xml": ("cyclonedx-xml", 1 + 1, 0, 1),
    "cyclonedx/spec1_lowfirst.xml": ("cyclonedx-xml", 1 + 1, 0, 0),
}
UNSUPPORTED = {"tenable": "Tenable", "trivy": "Trivy", "qualys_vmdr": "Qualys",
               "testssl": "testssl"}


def read(name: str) -> EvidenceReading:
    return read_evidence(SCANS / name)


@pytest.mark.parametrize("name", EXPECTED)
def test_sample_has_the_expected_counts(name: str) -> None:
    reading = read(name)
    counts = (reading.format, len(reading.findings), len(reading.rejected), reading.ignored_count)
    assert counts == EXPECTED[name]
    assert all(item.reason and item.mend for item in reading.rejected)
    assert len({item.finding_id for item in reading.findings}) == len(reading.findings)
    assert EvidenceReading.from_dict(json.loads(json.dumps(reading.to_dict()))) == reading


def test_the_table_misses_no_sample() -> None:
    folders = ("nmap", "nuclei", "openvas", "cyclonedx")
    present = {f"{folder}/{item.name}" for folder in folders
               for item in (SCANS / folder).iterdir()}
    assert present == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_counts_agree_with_a_plain_count_of_the_file(name: str) -> None:
    data = (SCANS / name).read_bytes()
    text = (gzip.decompress(data) if name.endswith(".gz") else data).decode("utf-8")
    assert len(read(name).findings) == plain_count(name, text)


def plain_count(name: str, text: str) -> int:
    """Counted without any reader of ours."""
    if name.startswith("nmap/"):
        rows = len(re.findall(r'<elem key="id">CVE', text))
        return len(re.findall(r'<port [^>]*><state state="open"', text)) + rows
    if name.startswith("nuclei/"):
        return len(re.findall(r'"(?:template-id|templateID)"\s*:', text))
    if name.endswith(".csv"):
        return len(list(csv.reader(io.StringIO(text, newline="")))) - 1
    if name.startswith("openvas/"):
        return len(re.findall(r"<result id=", text))
    if name.endswith(".xml"):
        subject = len(re.findall(r"<metadata>.*?<component", text, re.DOTALL))
        components = len(re.findall(r"<component ", text)) - subject
        targets = len(re.findall(r"<target>", text)) or len(re.findall(r"<v:vulnerability ", text))
        return components + targets
    document = json.loads(text)
    affected = sum(len(item["affects"]) for item in document.get("vulnerabilities", []))
    return depth_count(document["components"]) + affected


def depth_count(components: list[dict[str, object]]) -> int:
    return sum(1 + depth_count(item.get("components", [])) for item in components)  # type: ignore


@pytest.mark.parametrize("folder", UNSUPPORTED)
def test_formats_of_later_days_are_refused_by_name(folder: str) -> None:
    files = [item for item in (SCANS / folder).rglob("*") if item.is_file()]
    assert files
    for item in files:
        with pytest.raises(InputError) as caught:
            read_evidence(item)
        assert "nmap XML" in (caught.value.fault.mend or "")
        if item.name != "legacy_no_vuln.json":
            assert UNSUPPORTED[folder] in caught.value.fault.message


def test_the_best_rating_wins_over_the_first() -> None:
    finding = read("cyclonedx/spec1_lowfirst.xml").findings[1]
    assert (finding.cvss, finding.severity, finding.severity_basis) == (9.8, "critical", "cvss")
    assert finding.cves == ("CVE-2018-7489",)
    assert finding.cwes == ("CWE-184", "CWE-502")
    assert finding.purl == "pkg:maven/com.fasterxml.jackson.core/jackson-databind@2.9.9"


def test_a_bill_may_state_that_it_is_not_affected() -> None:
    finding = read("cyclonedx/issue_8022.json").findings[1]
    assert finding.status == "stated_not_affected"
    assert finding.cves == ("CVE-2018-7489",)
    assert finding.rule == "SNYK-JAVA-COMFASTERXMLJACKSONCORE-32111"


def test_both_spellings_of_a_bill_say_the_same() -> None:
    def essence(name: str) -> list[tuple[object, ...]]:
        return [(item.kind, item.purl, item.cves, item.cvss, item.severity, item.rule)
                for item in read(name).findings]
    assert essence("cyclonedx/log4j.json") == essence("cyclonedx/log4j.xml")


def test_nmap_names_product_and_vulnerabilities() -> None:
    service, first, second = read("nmap/nmap_script_vulners.xml").findings
    assert (service.asset, service.port, service.product, service.version, service.cpe) == (
        "192.168.0.1", 5022, "OpenSSH", "7.4", ("cpe:/a:openbsd:openssh:7.4",))
    assert [first.cves, second.cves] == [("CVE-2018-15919",), ("CVE-2017-15906",)]
    assert (first.cvss, first.severity) == (5.0, "medium")


def test_greenbone_results_carry_quality_and_place() -> None:
    finding = read("openvas/many_vuln.xml").findings[0]
    assert (finding.asset, finding.port, finding.protocol) == ("192.168.1.1001", 512, "tcp")
    assert (finding.cvss, finding.severity, finding.confidence_ppm) == (10.0, "critical", 800_000)
    assert finding.cves == ("CVE-1999-0618",)


def test_nuclei_leaves_out_what_is_no_weakness_number() -> None:
    assert read("nuclei/invalid_cwe.json").findings[0].cwes == ()
    finding = read("nuclei/multi_cwe_fabricated.json").findings[0]
    assert (finding.cwes, finding.cves) == (("CWE-79", "CWE-89"), ("CVE-2021-0001",))
