"""What nmap's script results mean: known vulnerabilities, weak encryption, missing headers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dinghai.evidence.gathering import Gathering, moment_of
from dinghai.evidence.ratings import cves_in, rate
from dinghai.evidence.xml_stream import Node

_VULNERS_LINE = re.compile(r"(CVE-\d{4}-\d{4,19})\s+(\d{1,2}(?:\.\d)?)\b", re.ASCII)
_OLD_PROTOCOLS = ("SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1")
_WEAK_SSH = re.compile(
    r"^(arcfour|.*-cbc|3des|none$|diffie-hellman-group1-|diffie-hellman-group-exchange-sha1"
    r"|hmac-md5|hmac-sha1-96|ssh-dss)")
# A matched product version is a strong hint, not a proof: distributions patch without renaming.
_VERSION_MATCH_CONFIDENCE_PPM = 600_000
_TESTED_CONFIDENCE_PPM = 950_000


def read_script(script: Node, gathering: Gathering, facts: dict[str, Any], reference: str) -> None:
    """Findings of one script result; a script that says nothing here is ignored by name."""
    name = script.get("id")
    if name == "vulners":
        _vulners(script, gathering, facts, reference)
    elif name == "ssl-enum-ciphers":
        _ssl_ciphers(script, gathering, facts, reference)
    elif name == "ssh2-enum-algos":
        _ssh_algorithms(script, gathering, facts, reference)
    elif name == "ssl-cert":
        _certificate(script, gathering, facts, reference)
    elif name == "http-security-headers":
        _headers(script, gathering, facts, reference)
    elif _says_vulnerable(script):
        _tested(script, gathering, facts, reference)
    else:
        gathering.ignore(reference, f"script result without a rule here: {name or 'unnamed'}")


def _vulners(script: Node, gathering: Gathering, facts: dict[str, Any], reference: str) -> None:
    rows = list(_vulners_rows(script))
    if not rows:
        gathering.ignore(reference, "vulners lists nothing")
    for line, identifier, score in rows:
        place = f"line {line} vulners {identifier}"
        cves = cves_in([identifier])
        if not cves:
            gathering.ignore(place, "vulners names an exploit or note without a CVE")
            continue
        rating = rate(score=score)
        gathering.find(
            place,
            **facts,
            kind="vulnerability",
            title=f"{cves[0]} by product version",
            cves=cves,
            cvss=rating.cvss,
            severity=rating.severity,
            severity_basis=rating.basis,
            rule="vulners",
            confidence_ppm=_VERSION_MATCH_CONFIDENCE_PPM,
        )


def _vulners_rows(script: Node) -> Iterator[tuple[int, str, str]]:
    tables = [node for node in script.walk() if node.tag == "table" and node.all("elem")]
    for table in tables:
        values = _elements(table)
        yield table.line, values.get("id", ""), values.get("cvss", "")
    if not tables:
        for identifier, score in _VULNERS_LINE.findall(script.attributes.get("output", "")):
            yield script.line, identifier, score


def _ssl_ciphers(
    script: Node, gathering: Gathering, facts: dict[str, Any], reference: str
) -> None:
    offered = [table.get("key") for table in script.all("table")]
    old = [name for name in offered if name in _OLD_PROTOCOLS]
    strength = _elements(script).get("least strength", "")
    if not old and strength in ("A", "B", ""):
        gathering.ignore(reference, "encryption is in order")
        return
    parts = ([", ".join(old) + " offered"] if old else []) + (
        [f"weakest cipher graded {strength}"] if strength not in ("A", "B", "") else [])
    gathering.find(
        reference,
        **facts,
        kind="weak_encryption",
        title=f"Weak TLS: {'; '.join(parts)}",
        severity="high" if {"SSLv2", "SSLv3"} & set(old) or strength == "F" else "medium",
        severity_basis="convention",
        rule="ssl-enum-ciphers",
        confidence_ppm=_TESTED_CONFIDENCE_PPM,
    )


def _ssh_algorithms(
    script: Node, gathering: Gathering, facts: dict[str, Any], reference: str
) -> None:
    weak = [elem.text for table in script.all("table") for elem in table.all("elem")
            if _WEAK_SSH.match(elem.text)]
    if not weak:
        gathering.ignore(reference, "encryption is in order")
        return
    gathering.find(
        reference,
        **facts,
        kind="weak_encryption",
        title=f"Weak SSH algorithms: {', '.join(weak[:8])}",
        severity="low",
        severity_basis="convention",
        rule="ssh2-enum-algos",
        confidence_ppm=_TESTED_CONFIDENCE_PPM,
    )


def _certificate(
    script: Node, gathering: Gathering, facts: dict[str, Any], reference: str
) -> None:
    validity = next((table for table in script.all("table") if table.get("key") == "validity"),
                    None)
    until = moment_of(_elements(validity).get("notAfter")) if validity else None
    seen = facts["observed_at"]
    if until is None or seen is None or seen <= until:
        gathering.ignore(reference, "certificate is not shown to be expired")
        return
    gathering.find(
        reference,
        **facts,
        kind="misconfiguration",
        title=f"Certificate expired on {until.date()}",
        severity="medium",
        severity_basis="convention",
        rule="ssl-cert",
        confidence_ppm=_TESTED_CONFIDENCE_PPM,
    )


def _headers(script: Node, gathering: Gathering, facts: dict[str, Any], reference: str) -> None:
    output = script.attributes.get("output", "")
    if "not configured" not in output:
        gathering.ignore(reference, "security headers are in order")
        return
    gathering.find(
        reference,
        **facts,
        kind="misconfiguration",
        title="HTTP security header not configured",
        severity="info",
        severity_basis="convention",
        rule="http-security-headers",
        confidence_ppm=_TESTED_CONFIDENCE_PPM,
    )


def _says_vulnerable(script: Node) -> bool:
    """nmap's vulnerability library writes a table with a state for each fault it tested."""
    return any(_elements(table).get("state", "").startswith(("VULNERABLE", "LIKELY VULNERABLE"))
               for table in script.all("table"))


def _tested(script: Node, gathering: Gathering, facts: dict[str, Any], reference: str) -> None:
    for table in script.all("table"):
        place = f"line {table.line} script {script.get('id')} {table.get('key')}"
        values = _elements(table)
        state = values.get("state", "")
        if not state.startswith(("VULNERABLE", "LIKELY VULNERABLE")):
            gathering.ignore(place, "tested and not shown to be vulnerable")
            continue
        names = [node.text for node in table.walk() if node.tag == "elem"]
        rating = rate(word="high")
        gathering.find(
            place,
            **facts,
            kind="vulnerability",
            title=values.get("title") or f"{script.get('id')} reports a vulnerability",
            cves=cves_in([table.get("key"), *names]),
            severity=rating.severity,
            severity_basis="convention",
            rule=script.get("id"),
            location=table.get("key"),
            confidence_ppm=_TESTED_CONFIDENCE_PPM if state.startswith("VULNERABLE")
            else _VERSION_MATCH_CONFIDENCE_PPM,
        )


def _elements(node: Node) -> dict[str, str]:
    return {elem.get("key"): elem.text for elem in node.all("elem")}
