"""No file may crash a reader, fill the memory or reach outside."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dinghai.evidence import gathering
from dinghai.evidence.finding import EvidenceReading
from dinghai.evidence.intake import LIMIT_BYTES, unpack
from dinghai.evidence.reading import CONTAINER_LIMIT, read_evidence, read_evidence_bytes
from dinghai.foundation.errors import InputError

NMAP = (b'<?xml version="1.0"?><nmaprun start="1"><host><address addr="1.2.3.4" addrtype="ipv4"/>'
        b'<ports><port protocol="tcp" portid="22"><state state="open"/><service name="ssh" '
        b'method="probed" conf="10"><cpe>cpe:/a:x</cpe></service><script id="vulners" '
        b'output="CVE-2018-15919 5.0"/></port></ports></host></nmaprun>')
NUCLEI = (b'{"template-id":"t","info":{"name":"n","severity":"high","classification":{"cve-id":'
          b'["CVE-2021-0001"],"cvss-score":7.5}},"host":"https://h:1","ip":"1.2.3.4",'
          b'"timestamp":"2026-03-03T11:00:00.123456789+08:00"}\n') * 2
OPENVAS_CSV = (b'IP,Hostname,Port,Port Protocol,CVSS,Severity,QoD,NVT Name,NVT OID,CVEs,Timestamp\n'
               b'1.2.3.4,h,22,tcp,5.0,Medium,80,"a\nb",1.2,CVE-2021-0001,2026-03-03T00:00:00Z\n')
OPENVAS_XML = (b'<report format_id="x"><report><results><result id="1"><host>1.2.3.4</host>'
               b'<port>22/tcp</port><nvt oid="1"><name>n</name></nvt><severity>5.0</severity>'
               b'</result></results></report></report>')
BOM_JSON = (b'{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"component":{"name":"a"}},'
            b'"components":[{"name":"b","version":"1","purl":"pkg:npm/b@1","bom-ref":"b"}],'
            b'"vulnerabilities":[{"id":"CVE-2021-0001","ratings":[{"score":9.8,"method":"CVSSv31",'
            b'"vector":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],"affects":[{"ref":"b"}]}]}')
BOM_XML = (b'<bom xmlns="http://cyclonedx.org/schema/bom/1.4"><components><component bom-ref="b">'
           b'<name>b</name><version>1</version><purl>pkg:npm/b@1</purl></component></components>'
           b'<vulnerabilities><vulnerability><id>CVE-2021-0001</id><affects><target><ref>b</ref>'
           b'</target></affects></vulnerability></vulnerabilities></bom>')
SAMPLES = [NMAP, NUCLEI, OPENVAS_CSV, OPENVAS_XML, BOM_JSON, BOM_XML]
KEYS = ["bomFormat", "specVersion", "components", "vulnerabilities", "metadata", "name", "version",
        "purl", "ratings", "score", "vector", "affects", "ref", "id", "info", "template-id",
        "host", "matched-at", "ip", "timestamp", "severity", "classification", "cve-id", "tags",
        "extracted-results", "port", "versions", "analysis", "references", "tools", "cwes"]


def survive(data: bytes) -> EvidenceReading | None:
    """A reading that can be written down and read again, or a clear refusal."""
    try:
        reading = read_evidence_bytes(data, "file")
    except InputError as error:
        assert error.fault.message and error.fault.mend
        return None
    assert EvidenceReading.from_dict(json.loads(json.dumps(reading.to_dict()))) == reading
    return reading


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    survive(data)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(SAMPLES), st.data())
def test_broken_samples(sample: bytes, data: st.DataObject) -> None:
    broken = bytearray(sample)
    for _ in range(data.draw(st.integers(0, 4))):
        position = data.draw(st.integers(0, len(broken) - 1))
        broken[position:position + data.draw(st.integers(0, 6))] = data.draw(
            st.binary(max_size=6))
        if not broken:
            break
    survive(bytes(broken[: data.draw(st.integers(0, len(broken)))]))


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_truncation(sample: bytes) -> None:
    for end in range(len(sample)):
        survive(sample[:end])
    whole = survive(sample)
    assert whole is not None
    assert whole.findings


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8) | st.sampled_from(["CVE-2021-44228", "critical", "CVSSv3", "1.6",
                                             "CycloneDX", "pkg:npm/a@1", "https://[::1", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=8), st.booleans())
def test_wrong_types_anywhere(document: dict[str, object], bom: bool) -> None:
    head: dict[str, object] = (
        {"bomFormat": "CycloneDX", "specVersion": "1.6"} if bom
        else {"template-id": "t", "info": {}, "host": "h"})
    survive(json.dumps({**head, **document} if bom else {**document, **head}).encode())


def test_billion_laughs_is_refused() -> None:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<?xml version="1.0"?><!DOCTYPE nmaprun [<!ENTITY l0 "ha">{entities}]>'
    with pytest.raises(InputError, match="entities"):
        read_evidence_bytes(f"{bomb}<nmaprun><host>&l9;</host></nmaprun>".encode(), "bomb.xml")


@pytest.mark.parametrize("root", ["nmaprun", "report format_id='x'",
                                  "bom xmlns='http://cyclonedx.org/schema/bom/1.4'"])
def test_external_entities_are_refused(root: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    tag = root.split()[0]
    text = (f'<!DOCTYPE {tag} [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
            f"<{root}><host>&x;</host></{tag}>")
    with pytest.raises(InputError, match="entities"):
        read_evidence_bytes(text.encode(), "file.xml")


def test_a_document_type_without_entities_is_allowed() -> None:
    reading = read_evidence_bytes(NMAP.replace(b"<nmaprun", b"<!DOCTYPE nmaprun>\n<nmaprun"), "n")
    assert len(reading.findings) == 2


def test_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "gigabyte.xml"
    with path.open("wb") as handle:
        handle.truncate(1024**3)  # sparse: a gigabyte that no one reads
    with pytest.raises(InputError, match="larger"):
        read_evidence(path)


def test_gzip_bomb_is_refused() -> None:
    squeeze = zlib.compressobj(9, wbits=31)
    bomb = b"".join(squeeze.compress(b"\0" * 1024**2) for _ in range(80)) + squeeze.flush()
    assert len(bomb) < 200_000
    with pytest.raises(InputError, match="unpacks to more"):
        read_evidence_bytes(bomb, "bomb.gz")


@pytest.mark.parametrize("data", [
    # named, since a compressed file's bytes hold the time of its making
    pytest.param(gzip.compress(NMAP)[:-20], id="cut short"),
    pytest.param(gzip.compress(NMAP)[:12] + b"xxxx", id="broken off"),
    pytest.param(gzip.compress(gzip.compress(NMAP)), id="packed twice"),
    pytest.param(b"\x1f\x8b", id="only the mark"),
])
def test_bad_gzip_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="gzip"):
        read_evidence_bytes(data, "file.gz")


def test_joined_gzip_members_are_one_file() -> None:
    packed = gzip.compress(NMAP[:100]) + gzip.compress(NMAP[100:])
    assert unpack(packed, "x").data == NMAP


def test_the_bound_holds_for_plain_bytes() -> None:
    with pytest.raises(InputError, match="larger"):
        read_evidence_bytes(b" " * (LIMIT_BYTES + 1), "file")


@pytest.mark.parametrize("depth", [200, 5_000, 200_000])
def test_deep_json_is_refused_or_rejected(depth: int) -> None:
    nested = "[" * depth + "]" * depth
    text = '{"bomFormat":"CycloneDX","specVersion":"1.6","components":%s}' % nested  # noqa: UP031
    survive(text.encode())
    survive(('{"template-id":"t","info":{},"host":"h","x":%s}' % nested).encode())  # noqa: UP031
    survive((NUCLEI.decode() + nested).encode())


def test_deeply_nested_components_are_bounded() -> None:
    component: dict[str, object] = {"name": "leaf"}
    for _ in range(300):
        component = {"name": "n", "components": [component]}
    reading = survive(json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6",
                                  "components": [component]}).encode())
    assert reading is not None
    assert "nested too deep" in reading.rejected[0].reason


def test_deep_xml_is_refused() -> None:
    text = "<nmaprun>" + "<a>" * 10_000
    with pytest.raises(InputError, match="nested too deep"):
        read_evidence_bytes(text.encode(), "deep.xml")


def test_a_host_of_endless_elements_is_refused() -> None:
    with pytest.raises(InputError, match="too large"):
        read_evidence_bytes(b"<nmaprun><host>" + b"<x/>" * 600_000, "wide.xml")


def test_too_many_json_containers_are_refused() -> None:
    text = b'[{"template-id":"t","info":{}}' + b",[]" * (CONTAINER_LIMIT + 1) + b"]"
    with pytest.raises(InputError, match="too many"):
        read_evidence_bytes(text, "wide.json")


def test_a_file_of_nonsense_lines_is_refused_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "REJECTED_LIMIT", 50)
    with pytest.raises(InputError, match="unreadable records"):
        read_evidence_bytes(NUCLEI + b"x\n" * 60, "lines")


@pytest.mark.parametrize("text", ['{"a": 1e999999}', '{"x": NaN}', "9" * 5_000, '"\\ud800"'])
def test_odd_numbers_and_letters(text: str) -> None:
    survive(NUCLEI + text.encode())
    survive(NUCLEI.replace(b'"n"', text.encode()))


def test_control_letters_never_reach_a_finding() -> None:
    data = NUCLEI.replace(b'"name":"n"', b'"name":"a\\u0000\\u001b[31m\\ud800b"')
    reading = survive(data)
    assert reading is not None
    assert reading.findings[0].title == "a[31mb"


@pytest.mark.parametrize("data", [b"", b"   ", b"hello", b"PK\x03\x04zip", b"<html></html>",
                                  b"<bom xmlns='urn:other'/>", b'{"a":1}', b"a,b,c\n1,2,3\n",
                                  b'{"catalogVersion":"2025.08.25","vulnerabilities":[]}'])
def test_other_files_are_refused_with_what_is_supported(data: bytes) -> None:
    with pytest.raises(InputError) as caught:
        read_evidence_bytes(data, "file")
    assert "CycloneDX" in (caught.value.fault.mend or "")


def test_a_missing_file_and_an_unknown_vantage(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_evidence(tmp_path / "nothing")
    with pytest.raises(InputError, match="vantage"):
        read_evidence_bytes(NMAP, "n", vantage="moon")
