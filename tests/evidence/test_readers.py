"""What single records become, format by format."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from dinghai.evidence.finding import EvidenceReading, Finding
from dinghai.evidence.reading import read_evidence, read_evidence_bytes
from dinghai.foundation.errors import InputError

NMAP = """<?xml version="1.0"?><nmaprun scanner="nmap" version="7.93" start="1772503200">
<host endtime="1772503260"><status state="up"/>
<address addr="203.0.113.9" addrtype="ipv4"/><hostnames><hostname name="a.example" type="user"/>
</hostnames><ports>
{ports}
</ports></host></nmaprun>"""
OPEN = '<port protocol="tcp" portid="{number}"><state state="open"/>{more}</port>'
CSV_HEAD = "IP,Hostname,Port,Port Protocol,CVSS,Severity,NVT Name,NVT OID,CVEs,Timestamp\n"
RESULT = {"template-id": "x-detect", "info": {"name": "X", "severity": "info"},
          "host": "https://a.example", "matched-at": "https://a.example:8443/x"}


def read(text: str | bytes, name: str = "file") -> EvidenceReading:
    return read_evidence_bytes(text.encode() if isinstance(text, str) else text, name)


def nmap(ports: str) -> EvidenceReading:
    return read(NMAP.format(ports=ports), "nmap.xml")


def only(reading: EvidenceReading) -> Finding:
    assert len(reading.findings) == 1, reading
    return reading.findings[0]


def bill(**parts: object) -> EvidenceReading:
    return read(json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", **parts}), "bom.json")


def test_an_open_port_is_one_finding() -> None:
    finding = only(nmap(OPEN.format(number=443, more="")))
    assert (finding.kind, finding.asset, finding.hostname, finding.port) == (
        "open_port", "203.0.113.9", "a.example", 443)
    assert finding.observed_at is not None
    assert finding.observed_at.timestamp() == 1772503260


@pytest.mark.parametrize("number", ["65536", "-1", "x", "", "٣"])
def test_a_port_without_a_number_is_rejected_with_its_line(number: str) -> None:
    reading = nmap(OPEN.format(number=number, more=""))
    assert reading.findings == ()
    assert reading.rejected[0].line == 5
    assert "65535" in reading.rejected[0].reason


def test_closed_ports_are_counted_and_not_reported() -> None:
    reading = nmap('<port protocol="tcp" portid="22"><state state="closed"/></port>' * 3)
    assert reading.records == 3
    assert [(item.reason, item.count) for item in reading.ignored] == [("port is closed", 3)]


def test_weak_protocols_are_weak_encryption() -> None:
    script = ('<script id="ssl-enum-ciphers" output=""><table key="TLSv1.0"/>'
              '<table key="TLSv1.2"/><elem key="least strength">C</elem></script>')
    weak = nmap(OPEN.format(number=443, more=script)).findings[1]
    assert (weak.kind, weak.severity) == ("weak_encryption", "medium")
    assert "TLSv1.0" in weak.title


def test_sound_protocols_are_no_finding() -> None:
    script = ('<script id="ssl-enum-ciphers"><table key="TLSv1.3"/>'
              '<elem key="least strength">A</elem></script>')
    assert nmap(OPEN.format(number=443, more=script)).findings[1:] == ()


def test_an_expired_certificate_is_a_misconfiguration() -> None:
    script = ('<script id="ssl-cert"><table key="validity">'
              '<elem key="notAfter">2025-01-01T00:00:00</elem></table></script>')
    expired = nmap(OPEN.format(number=443, more=script)).findings[1]
    assert (expired.kind, expired.title) == ("misconfiguration",
                                             "Certificate expired on 2025-01-01")


def test_a_tested_vulnerability_names_its_cve() -> None:
    script = ('<script id="smb-vuln-ms17-010"><table key="CVE-2017-0143">'
              '<elem key="title">SMBv1 RCE</elem><elem key="state">VULNERABLE</elem>'
              "</table></script>")
    found = nmap(OPEN.format(number=445, more=script)).findings[1]
    assert (found.kind, found.cves, found.severity) == ("vulnerability", ("CVE-2017-0143",), "high")


def test_nmap_keeps_what_stands_before_a_break() -> None:
    whole = NMAP.format(ports=OPEN.format(number=22, more="") + OPEN.format(number=80, more=""))
    cut = whole[: whole.index('portid="80"')]
    reading = read(cut, "nmap.xml")
    assert [item.port for item in reading.findings] == [22]
    assert "breaks off" in reading.rejected[0].reason
    assert reading.rejected[0].line


def test_each_jsonl_line_stands_alone() -> None:
    reading = read("\n".join([json.dumps(RESULT), "{broken", "", "[1]", json.dumps(RESULT)]))
    assert len(reading.findings) == 2
    assert [item.line for item in reading.rejected] == [2, 4]
    assert reading.records == 5
    assert reading.findings[0].finding_id != reading.findings[1].finding_id


def test_an_array_keeps_what_stands_before_a_break() -> None:
    text = json.dumps([RESULT, RESULT], indent=1)
    reading = read(text[: text.rindex("matched-at")])
    assert len(reading.findings) == 1
    assert reading.rejected[0].line is not None
    assert reading.rejected[0].line > 5


def test_nuclei_reads_host_and_port() -> None:
    finding = only(read(json.dumps(RESULT)))
    assert (finding.asset, finding.port, finding.location) == (
        "a.example", 8443, "https://a.example:8443/x")


def test_nuclei_prefers_the_vector() -> None:
    rated = {**RESULT, "template-id": "CVE-2021-44228", "info": {
        "severity": "low", "classification": {
            "cvss-metrics": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"}}}
    finding = only(read(json.dumps(rated)))
    assert (finding.cvss, finding.severity, finding.kind) == (10.0, "critical", "vulnerability")
    assert finding.cves == ("CVE-2021-44228",)


def test_a_result_that_did_not_match_is_ignored() -> None:
    reading = read(json.dumps({**RESULT, "matcher-status": False}))
    assert (reading.findings, reading.ignored_count) == ((), 1)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_dialects(delimiter: str) -> None:
    text = CSV_HEAD + "10.0.0.1,,443,tcp,9.8,High,Bad thing,1.2.3,CVE-2021-44228,\n"
    finding = only(read(text.replace(",", delimiter)))
    assert (finding.port, finding.severity, finding.cves) == (443, "critical", ("CVE-2021-44228",))


def test_csv_of_chinese_excel() -> None:
    text = CSV_HEAD + "10.0.0.1,,443,tcp,5.0,Medium,弱口令,1.2.3,,\n"
    assert only(read(text.encode("gb18030"))).title == "弱口令"
    assert only(read(text.encode("utf-8-sig"))).title == "弱口令"
    assert only(read(text.encode("utf-16"))).title == "弱口令"


def test_csv_rows_are_rejected_one_by_one() -> None:
    text = CSV_HEAD + ("10.0.0.1,,443,tcp,5.0,Medium,Good,1,,\n"
                       "10.0.0.1,,443\n"
                       ",,443,tcp,5.0,Medium,No host,1,,\n"
                       "10.0.0.1,,99999,tcp,5.0,Medium,Bad port,1,,\n"
                       "\n"
                       "10.0.0.1,,22,tcp,5.0,False Positive,Not so,1,,\n")
    reading = read(text)
    assert len(reading.findings) == 1
    assert [item.line for item in reading.rejected] == [3, 4, 5]
    assert reading.ignored_count == 2


def test_a_multi_line_record_counts_lines_right() -> None:
    text = CSV_HEAD + '10.0.0.1,,443,tcp,5.0,Medium,"two\nlines",1,,\n10.0.0.1\n'
    assert read(text).rejected[0].line == 4


def test_a_faulty_component_does_not_stop_the_others() -> None:
    reading = bill(components=[
        {"name": "good", "version": "1", "purl": "pkg:npm/good@1", "components": [
            {"name": "inner", "version": "2"}]},
        {"version": "1"}, "text", {"name": "bad", "purl": "not a purl"}, None])
    assert [item.product for item in reading.findings] == ["good", "inner"]
    assert [item.reference for item in reading.rejected] == [
        "components[1]", "components[2]", "components[3]", "components[4]"]


def test_a_vulnerability_must_point_into_the_bill() -> None:
    reading = bill(
        components=[{"bom-ref": "a", "name": "a", "version": "1", "purl": "pkg:npm/a@1"}],
        vulnerabilities=[{"id": "CVE-2021-44228", "affects": [
            {"ref": "a"}, {"ref": "nowhere"}, {"ref": "urn:cdx:x/1#a"},
            {"ref": "a", "versions": [{"version": "1", "status": "unaffected"}]}]}])
    assert [item.kind for item in reading.findings] == ["component", "vulnerability",
                                                        "vulnerability"]
    assert "nowhere" in reading.rejected[0].reason
    assert reading.ignored_count == 1
    assert reading.findings[1].severity_basis == "convention"


def test_the_mark_of_a_bill_may_stand_at_its_end() -> None:
    components = [{"name": f"c{number}", "version": "1"} for number in range(3_000)]
    text = json.dumps({"components": components, "bomFormat": "CycloneDX", "specVersion": "1.5"})
    assert len(read(text).findings) == 3_000


def test_bill_versions() -> None:
    for version in ("1.0", "1.3", "1.6"):
        assert read(json.dumps({"bomFormat": "CycloneDX", "specVersion": version}))
    with pytest.raises(InputError, match="not read"):
        read(json.dumps({"bomFormat": "CycloneDX", "specVersion": "2.0"}))


def test_xml_bill_counts_inventory_only() -> None:
    reading = read("""<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><metadata><tools><components>
    <component><name>tool</name><version>3</version></component></components></tools>
    <component><name>app</name></component></metadata><components>
    <component><name>one</name><version>1</version><components><component><name>two</name>
    </component></components><pedigree><ancestors><component><name>old</name></component>
    </ancestors></pedigree></component></components></bom>""")
    assert sorted(item.product for item in reading.findings) == ["one", "two"]
    assert {item.asset for item in reading.findings} == {"app"}
    assert reading.tool == "tool 3"


def test_the_folder_is_the_vantage(tmp_path: Path) -> None:
    text = NMAP.format(ports=OPEN.format(number=443, more=""))
    for folder, vantage in (("external", "external"), ("internal", "internal"),
                            ("inventory", "internal"), ("else", "unstated")):
        path = tmp_path / folder / "scan"
        path.parent.mkdir()
        path.write_text(text)
        assert read_evidence(path).findings[0].vantage == vantage
        assert read_evidence(path, vantage="external").vantage == "external"


def test_gzip_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "scan.bin"
    path.write_bytes(gzip.compress(NMAP.format(ports=OPEN.format(number=1, more="")).encode()))
    assert len(read_evidence(path).findings) == 1


def test_a_finding_keeps_its_identity_over_time_and_files() -> None:
    first = nmap(OPEN.format(number=443, more="")).findings[0]
    later = read_evidence_bytes(
        ("\n\n" + NMAP.format(ports=OPEN.format(number=443, more=""))).replace(
            "1772503260", "1782503260").strip().encode(), "other.xml").findings[0]
    other = nmap(OPEN.format(number=444, more="")).findings[0]
    assert first.finding_id == later.finding_id != other.finding_id
    assert first.finding_id.startswith("F-")
