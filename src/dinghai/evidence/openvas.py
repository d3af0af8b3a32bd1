"""Reads Greenbone/OpenVAS reports: GMP XML and the CSV exports, one record per result."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from dinghai.evidence.gathering import Gathering, bounded, moment_of, plain_text, texts_of
from dinghai.evidence.ratings import cves_in, rate
from dinghai.evidence.xml_stream import Node, stream
from dinghai.foundation.errors import InputError

XML_FORMAT = "openvas-xml"
CSV_FORMAT = "openvas-csv"
CSV_REQUIRED = ("IP", "NVT Name")
"""Columns without which a CSV is not one of Greenbone's."""
_DELIMITERS = (",", ";", "\t")
_NOT_A_RESULT = ("false positive", "error", "debug")
_MEND = "export the report again from Greenbone"
# Greenbone's own default filter: a result of unstated quality counts as 70%.
_DEFAULT_QUALITY_PPM = 700_000


def read_openvas_xml(data: bytes, gathering: Gathering) -> None:
    """Findings of a GMP report (``get_reports`` answer or exported file)."""
    reader = _XmlReader(gathering)
    broken = stream(data, gathering.source_name, reader.finished)
    if broken:
        gathering.reject("document", f"the XML breaks off: {broken.reason}", _MEND, broken.line)


class _XmlReader:
    def __init__(self, gathering: Gathering) -> None:
        self._gathering = gathering
        gathering.tool = "Greenbone/OpenVAS"

    def finished(self, node: Node, ancestors: Sequence[Node]) -> bool:
        parent = ancestors[-1].tag if ancestors else ""
        if parent == "report" and node.tag in ("scan_start", "timestamp"):
            self._gathering.observed_at = self._gathering.observed_at or moment_of(node.text)
        if node.tag == "result" and parent == "results":
            self._result(node)
            return True
        # Everything but results, and what leads to them, may be forgotten at once.
        return not any(item.tag == "result" for item in ancestors)

    def _result(self, result: Node) -> None:
        number = result.get("id")
        reference = f"line {result.line} result {number}".strip()
        nvt = result.child("nvt")
        host = result.word("host")
        if nvt is None or not host:
            missing = "vulnerability test" if nvt is None else "host"
            self._gathering.reject(reference, f"the result names no {missing}", _MEND, result.line)
            return
        references = [ref for node in nvt.all("refs") for ref in node.all("ref")]
        named = [ref.get("id") for ref in references if ref.get("type").lower() == "cve"]
        _found(self._gathering, reference, result.line, {
            "host": host,
            "hostname": result.word("host", "hostname") or result.word("hostname"),
            "port": result.word("port"),
            "score": result.word("severity") or nvt.word("cvss_base"),
            "word": result.word("threat"),
            "quality": result.word("qod", "value"),
            "name": nvt.word("name") or result.word("name"),
            "oid": nvt.get("oid"),
            "cves": [*named, *texts_of(nvt.word("cve"))],
            "detail": result.word("description"),
            "moment": moment_of(result.word("creation_time")) or self._gathering.observed_at,
            "raw": result.raw(),
        })


def read_openvas_csv(text: str, gathering: Gathering) -> None:
    """Findings of a CSV export, whatever columns and delimiter it has.

    Raises InputError when the needed columns are missing.
    """
    gathering.tool = "Greenbone/OpenVAS"
    delimiter, header = csv_header(text)
    missing = [column for column in CSV_REQUIRED if column not in header]
    if missing:
        raise InputError(f"the column {missing[0]} is missing", file=gathering.source_name, line=1,
                         field=missing[0], mend=_MEND)
    for line, row, fault in _rows(text, delimiter):
        reference = f"line {line}"
        if fault:
            gathering.reject(reference, fault, _MEND, line)
        elif not row:
            gathering.ignore(reference, "blank line")
        elif len(row) != len(header):
            gathering.reject(reference, f"{len(row)} fields where the header has {len(header)}",
                             "quote fields that hold the delimiter", line)
        else:
            _csv_row(dict(zip(header, row, strict=True)), line, reference, gathering)


def csv_header(text: str) -> tuple[str, list[str]]:
    """Delimiter and column names of a CSV: the delimiter that makes the most columns."""
    first = text.lstrip("\ufeff").partition("\n")[0][:20_000]
    best = max(_DELIMITERS, key=first.count)
    try:
        cells = next(csv.reader([first], delimiter=best), [])
    except csv.Error:
        cells = []
    return best, [cell.strip() for cell in cells]


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str], str]]:
    """Every row after the header with the line it starts on, or the fault of that row."""
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=delimiter)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, [], f"not CSV: {error}"
            continue
        if line > 1:
            yield line, row, ""


def _csv_row(row: Mapping[str, str], line: int, reference: str, gathering: Gathering) -> None:
    host = plain_text(row["IP"]) or plain_text(row.get("Hostname"))
    if not host or not plain_text(row["NVT Name"]):
        missing = "vulnerability test" if host else "host"
        gathering.reject(reference, f"the row names no {missing}", _MEND, line)
        return
    port = plain_text(row.get("Port"))
    protocol = plain_text(row.get("Port Protocol"))
    _found(gathering, reference, line, {
        "host": host,
        "hostname": plain_text(row.get("Hostname")),
        "port": f"{port}/{protocol}" if port else "",
        "score": row.get("CVSS"),
        "word": row.get("Severity") or "",
        "quality": row.get("QoD") or "",
        "name": plain_text(row["NVT Name"]),
        "oid": plain_text(row.get("NVT OID")),
        "cves": [*texts_of(row.get("CVEs")), row["NVT Name"][:40]],
        "detail": plain_text(row.get("Specific Result")),
        "moment": moment_of(row.get("Timestamp")),
        "raw": bounded(",".join(f"{key}={value}" for key, value in row.items() if value)),
    })


def _found(gathering: Gathering, reference: str, line: int, facts: Mapping[str, Any]) -> None:
    port, protocol, fault = _port(facts["port"])
    if fault:
        gathering.reject(reference, fault, "expected 443/tcp or general/tcp", line)
        return
    if facts["word"].strip().lower() in _NOT_A_RESULT:
        gathering.ignore(reference, f"the scanner marks it {facts['word'].strip().lower()}")
        return
    rating = rate(score=facts["score"], word=facts["word"])
    cves = cves_in(facts["cves"])
    moment: datetime | None = facts["moment"]
    gathering.find(
        reference,
        kind=_kind(facts["name"], rating.severity, cves),
        asset=facts["host"],
        hostname=facts["hostname"],
        port=port,
        protocol=protocol,
        title=facts["name"],
        cves=cves,
        cvss=rating.cvss,
        severity=rating.severity,
        severity_basis=rating.basis,
        rule=facts["oid"],
        observed_at=moment,
        confidence_ppm=_quality(facts["quality"]),
        raw=facts["raw"],
    )


def _port(text: str) -> tuple[int | None, str, str]:
    """Port and protocol of ``443/tcp``, ``https (443/tcp)``, ``general/tcp`` or nothing."""
    place = text.rpartition("(")[2].rstrip(")").strip()
    number, _, protocol = place.partition("/")
    if number in ("", "general"):
        return None, protocol.lower(), ""
    if number.isascii() and number.isdigit() and int(number[:9]) <= 65_535:
        return int(number), protocol.lower(), ""
    return None, "", "the port is not a number from 0 to 65535"


def _quality(text: str) -> int:
    """Greenbone's quality of detection, 0–100 per cent, as parts per million."""
    word = text.strip()
    if word.isascii() and word.isdigit() and int(word[:9]) <= 100:
        return int(word) * 10_000
    return _DEFAULT_QUALITY_PPM


def _kind(name: str, severity: str, cves: tuple[str, ...]) -> str:
    words = name.lower()
    if "end of life" in words or "(eol)" in words:
        return "end_of_life"
    encrypted = words.startswith(("ssl/tls", "ssh ", "ssh:", "deprecated ssh"))
    if encrypted and any(word in words for word in ("weak", "deprecated", "vulnerable cipher")):
        return "weak_encryption"
    if cves:
        return "vulnerability"
    if severity == "info":
        return "service"
    misconfigured = ("default", "missing", "cleartext", "unprotected", "anonymous", "timestamp")
    if any(word in words for word in misconfigured) or encrypted:
        return "misconfiguration"
    return "vulnerability"
