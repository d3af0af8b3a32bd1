"""The front door: looks at a file's content, refuses what is unsafe, and calls its reader."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from dinghai.evidence import cyclonedx, nmap, nuclei, openvas
from dinghai.evidence.cyclonedx_json import read_cyclonedx_json
from dinghai.evidence.cyclonedx_xml import read_cyclonedx_xml
from dinghai.evidence.finding import VANTAGES, EvidenceReading
from dinghai.evidence.gathering import Gathering, plain_text
from dinghai.evidence.intake import Intake, read_bounded, text_of, unpack
from dinghai.foundation.errors import InputError

SUPPORTED = (
    "nmap XML (-oX)",
    "nuclei JSON lines or JSON (-jsonl, -json-export)",
    "Greenbone/OpenVAS XML",
    "Greenbone/OpenVAS CSV",
    "CycloneDX JSON",
    "CycloneDX XML",
)
CONTAINER_LIMIT = 2_000_000
"""Opening brackets in a JSON file: beyond it the values would not fit in memory."""

_HEAD = 64 * 1024
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_ROOT = re.compile(r"<(?![?!])(?:[\w.-]+:)?([A-Za-z_][\w.-]*)([^>]*)")
_BILL = re.compile(rb'"bomFormat"\s*:\s*"CycloneDX"')
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_OTHER_ROOTS = {"NessusClientData_v2": "Tenable Nessus", "SCAN": "Qualys", "testsuites": "JUnit",
                "OWASPZAPReport": "OWASP ZAP", "issues": "Burp Suite"}


def read_evidence(
    path: Path, *, vantage: str | None = None, source_name: str | None = None
) -> EvidenceReading:
    """Findings, rejections and ignored records of a file of any supported format.

    ``vantage`` says from where the scanner looked (external, internal, unstated); by default the
    name of the file's folder decides. Raises InputError for a file that is missing, too large,
    unsafe or of no supported format.
    """
    intake = read_bounded(path)
    chosen = vantage if vantage is not None else _vantage_of(path)
    return _read(intake, source_name or path.name, chosen)


def read_evidence_bytes(
    stored: bytes, source_name: str, *, vantage: str = "unstated"
) -> EvidenceReading:
    """The same for bytes at hand (an upload). Raises InputError like ``read_evidence``."""
    return _read(unpack(stored, source_name), source_name, vantage)


def sniff(data: bytes, source_name: str = "") -> str:
    """The format of unpacked bytes: one of the readers' FORMAT names.

    Raises InputError with the supported formats when it is none of them.
    """
    if not data.strip():
        raise _unsupported(source_name, "an empty file")
    if data.startswith(b"PK\x03\x04"):
        raise _unsupported(source_name, "a ZIP archive: unpack it first")
    head = text_of(data[:_HEAD] if data.startswith(_UTF16_MARKS) else _whole_lines(data))
    start = head.lstrip("\ufeff \t\r\n")
    if start.startswith("<"):
        return _sniff_xml(start, source_name)
    if start.startswith(("{", "[")):
        return _sniff_json(start, data, source_name)
    return _sniff_csv(start, source_name)


def _read(intake: Intake, source_name: str, vantage: str) -> EvidenceReading:
    if vantage not in VANTAGES:
        raise InputError(f"the vantage {vantage!r} is unknown", field="vantage",
                         mend=f"expected {', '.join(VANTAGES)}")
    name = plain_text(source_name)
    found = sniff(intake.data, name)
    gathering = Gathering(found, name, vantage)
    try:
        _dispatch(found, intake.data, gathering, name.partition(".")[0])
    except RecursionError as error:
        raise InputError("the values are nested too deep", file=name,
                         mend="this is not a scanner's report") from error
    return gathering.reading(intake.sha256)


def _dispatch(found: str, data: bytes, gathering: Gathering, stem: str) -> None:
    if found == nmap.FORMAT:
        nmap.read_nmap(data, gathering)
    elif found == openvas.XML_FORMAT:
        openvas.read_openvas_xml(data, gathering)
    elif found == openvas.CSV_FORMAT:
        openvas.read_openvas_csv(text_of(data), gathering)
    elif found == cyclonedx.XML_FORMAT:
        read_cyclonedx_xml(data, gathering, stem)
    elif found == nuclei.FORMAT:
        nuclei.read_nuclei(_bounded_json(data, gathering.source_name), gathering)
    else:
        read_cyclonedx_json(_document(data, gathering.source_name), gathering, stem)


def _bounded_json(data: bytes, name: str) -> str:
    if data.count(b"{") + data.count(b"[") > CONTAINER_LIMIT:
        raise InputError("the JSON has too many objects and lists", file=name,
                         mend="split the report")
    return text_of(data).lstrip("\ufeff")


def _document(data: bytes, name: str) -> dict[str, Any]:
    try:
        value = json.loads(_bounded_json(data, name))
    except json.JSONDecodeError as error:
        raise InputError(f"not JSON: {error.msg}", file=name, line=error.lineno,
                         mend="the file is damaged here: make it again") from error
    except ValueError as error:
        raise InputError(f"not JSON: {plain_text(str(error), 200)}", file=name,
                         mend="make the file again") from error
    if not isinstance(value, dict):
        raise _unsupported(name, "a JSON list")
    return value


def _vantage_of(path: Path) -> str:
    """A scan says by its folder where it was made; an inventory is always seen from inside."""
    folder = path.absolute().parent.name
    if folder == "inventory":
        return "internal"
    return folder if folder in VANTAGES else "unstated"


def _whole_lines(data: bytes) -> bytes:
    """The head of a file without a character cut in two."""
    if len(data) <= _HEAD:
        return data
    head = data[:_HEAD]
    return head[: head.rfind(b"\n") + 1] or head.decode("utf-8", "ignore").encode()


def _sniff_xml(head: str, name: str) -> str:
    match = _ROOT.search(_COMMENT.sub("", head))
    if match is None:
        raise _unsupported(name, "XML without a root element")
    tag, rest = match.groups()
    if tag == "nmaprun":
        return nmap.FORMAT
    if tag in ("report", "get_reports_response") and _greenbone(head):
        return openvas.XML_FORMAT
    if tag == "bom" and "cyclonedx.org/schema/bom" in rest:
        return cyclonedx.XML_FORMAT
    raise _unsupported(name, _OTHER_ROOTS.get(tag, f"XML with the root element {tag}"))


def _greenbone(head: str) -> bool:
    return any(word in head for word in ("<gmp", "<omp", "format_id=", "<report_format",
                                         "<results", "get_reports_response"))


def _sniff_json(head: str, data: bytes, name: str) -> str:
    keys = set(re.findall(r'"([A-Za-z$_-]{2,30})"\s*:', head[:20_000]))
    if "info" in keys and keys & {"template-id", "templateID", "template", "matched-at"}:
        return nuclei.FORMAT
    # Some tools write bomFormat after the components, at the very end of the file.
    if "bomFormat" in keys or {"specVersion", "components"} <= keys or _BILL.search(data):
        return cyclonedx.JSON_FORMAT
    if head.replace(" ", "").replace("\n", "") == "[]":
        return nuclei.FORMAT
    if keys & {"SchemaVersion", "ClusterName"} or {"Target", "Vulnerabilities"} <= keys:
        raise _unsupported(name, "a Trivy report")
    if "runs" in keys and "$schema" in keys:
        raise _unsupported(name, "a SARIF report")
    if "catalogVersion" in keys:
        raise _unsupported(name, "CISA's KEV catalogue: load it as a feed")
    if "spdxVersion" in keys:
        raise _unsupported(name, "an SPDX bill of materials")
    raise _unsupported(name, "JSON of another kind")


def _sniff_csv(head: str, name: str) -> str:
    _, header = openvas.csv_header(head)
    columns = set(header)
    if {"NVT Name", "NVT OID"} & columns and columns & {"IP", "Hostname", "CVSS"}:
        return openvas.CSV_FORMAT
    if {"Plugin ID", "Plugin", "definition.id"} & columns:
        raise _unsupported(name, "a Tenable CSV")
    if {"QID", "CVE-Description"} & columns or "QID" in head[:4_000]:
        raise _unsupported(name, "a Qualys CSV")
    if {"fqdn/ip", "finding"} <= columns:
        raise _unsupported(name, "a testssl.sh CSV")
    if {"cveID", "dateAdded"} <= columns or "epss" in columns:
        raise _unsupported(name, "a threat feed: load it as a feed")
    raise _unsupported(name, "a file of unknown kind")


def _unsupported(name: str, what: str) -> InputError:
    return InputError(f"{what} is not a supported format", file=name or None,
                      mend=f"supported today: {'; '.join(SUPPORTED)}")
