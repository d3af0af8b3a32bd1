"""Reads nuclei's results: JSON lines (``-jsonl``), or a JSON array or object (``-json-export``)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from dinghai.evidence.gathering import (
    Gathering,
    bounded,
    mapping_of,
    moment_of,
    plain_text,
    texts_of,
)
from dinghai.evidence.ratings import cves_in, cwes_in, rate

FORMAT = "nuclei-json"
_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"\s*")
_SCHEME_PORTS = {"http": 80, "https": 443, "ftp": 21, "ssh": 22}
_MEND = "run nuclei again with -jsonl, or mend this record"
# A template's matcher decides on a live answer; detection templates can be fooled by a banner.
_MATCHED_CONFIDENCE_PPM = 900_000


def read_nuclei(text: str, gathering: Gathering) -> None:
    """Findings of a nuclei report, one record per result."""
    gathering.tool = "nuclei"
    records = _array(text) if text.lstrip().startswith("[") else _lines(text)
    for line, reference, value in records:
        if isinstance(value, _Blank):
            gathering.ignore(reference, "blank line")
        elif isinstance(value, _Unreadable):
            gathering.reject(reference, value.reason, _MEND, line)
        else:
            _record(value, line, reference, gathering)


class _Blank:
    pass


class _Unreadable:
    def __init__(self, reason: str) -> None:
        self.reason = reason


def _lines(text: str) -> Iterator[tuple[int, str, Any]]:
    """One object per line; a single object that spans lines is read as one."""
    whole = _decode(text.strip())
    if isinstance(whole, dict):
        yield 1, "object", whole
        return
    for number, line in enumerate(text.removesuffix("\n").split("\n"), start=1):
        value = _decode(line.strip()) if line.strip() else _Blank()
        yield number, f"line {number}", value


def _decode(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        return _Unreadable(f"not JSON: {plain_text(str(error), 200)}")


def _array(text: str) -> Iterator[tuple[int, str, Any]]:
    """Elements one by one, so that what stands before a break is kept."""
    position, line, number = text.index("[") + 1, 1, 0
    counted = 0
    while True:
        position = _skip(text, position)
        line += text.count("\n", counted, position)
        counted = position
        if text[position:position + 1] == "]":
            if text[position + 1:].strip():
                yield line, "after the array", _Unreadable("text after the end of the array")
            return
        if number:
            if text[position:position + 1] != ",":
                yield line, f"[{number}]", _Unreadable("the array breaks off")
                return
            position = _skip(text, position + 1)
        try:
            value, position = _DECODER.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            yield line, f"[{number}]", _Unreadable(f"not JSON: {plain_text(str(error), 200)}")
            return
        yield line, f"[{number}]", value
        number += 1


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _record(value: Any, line: int, reference: str, gathering: Gathering) -> None:
    if not isinstance(value, dict):
        return gathering.reject(reference, "a result must be a JSON object", _MEND, line)
    template = plain_text(value.get("template-id") or value.get("templateID"))
    if not template:
        return gathering.reject(reference, "the result names no template", _MEND, line)
    matched = plain_text(value.get("matched-at") or value.get("matched"), 300)
    host = plain_text(value.get("host"), 300)
    name, port = _place(matched or host, value)
    address = plain_text(value.get("ip")).rstrip(".")
    if not (address or name):
        return gathering.reject(reference, "the result names no host", _MEND, line)
    if value.get("matcher-status") is False:
        return gathering.ignore(reference, "the template did not match")
    info = mapping_of(value.get("info"))
    facts = mapping_of(info.get("classification"))
    rating = rate(
        score=facts.get("cvss-score"),
        vector=plain_text(facts.get("cvss-metrics")),
        word=plain_text(info.get("severity")),
    )
    matcher = plain_text(value.get("matcher-name") or value.get("matcher_name"))
    extracted = texts_of(value.get("extracted-results") or value.get("extracted_results"))
    cves = cves_in([*texts_of(facts.get("cve-id")), template])
    title = plain_text(info.get("name")) or template
    gathering.find(
        reference if reference.startswith("line") else f"line {line} {reference}",
        kind=_kind(template, info, rating.severity, cves, extracted, matcher),
        asset=address or name,
        hostname=name,
        port=port,
        protocol="tcp" if port is not None else "",
        service=plain_text(value.get("type")),
        title=": ".join(part for part in (title, matcher or ", ".join(extracted)[:120]) if part),
        cves=cves,
        cwes=cwes_in(texts_of(facts.get("cwe-id"))),
        cpe=texts_of(facts.get("cpe")),
        cvss=rating.cvss,
        cvss_vector=rating.vector,
        severity=rating.severity,
        severity_basis=rating.basis,
        rule=f"{template}:{matcher}" if matcher else template,
        location=matched or host,
        observed_at=moment_of(value.get("timestamp")),
        confidence_ppm=_MATCHED_CONFIDENCE_PPM,
        raw=bounded(json.dumps(value, ensure_ascii=False)),
    )
    return None


def _place(matched: str, value: Mapping[str, Any]) -> tuple[str, int | None]:
    """Host name and port of ``https://host:8443/path``, ``host:22`` or ``host``."""
    text = matched if "://" in matched else f"//{matched}"
    try:
        parts = urlsplit(text)
        name, port = parts.hostname or "", parts.port
    except ValueError:
        name, port = "", None
    stated = plain_text(value.get("port"))
    if port is None and stated.isascii() and stated.isdigit() and int(stated[:6]) <= 65_535:
        port = int(stated)
    if port is None and "://" in matched:
        port = _SCHEME_PORTS.get(matched.partition("://")[0].lower())
    return plain_text(name), port


def _kind(
    template: str,
    info: Mapping[str, Any],
    severity: str,
    cves: tuple[str, ...],
    extracted: tuple[str, ...],
    matcher: str,
) -> str:
    """What a template's result is, from its CVE, its name and its tags."""
    if cves:
        return "vulnerability"
    words = {template.lower(), *(tag.lower() for tag in texts_of(info.get("tags")))}
    text = " ".join(words)
    if "eol" in words or "end-of-life" in text or "-eol" in template:
        return "end_of_life"
    if _weak_encryption(template, extracted, matcher):
        return "weak_encryption"
    if "misconfig" in words or "missing" in template or "exposure" in words:
        return "misconfiguration"
    if severity == "info":
        return "service"
    return "vulnerability" if {"cve", "vuln", "rce", "sqli", "xss"} & words else "misconfiguration"


def _weak_encryption(template: str, extracted: tuple[str, ...], matcher: str) -> bool:
    if template in ("deprecated-tls", "weak-cipher-suites") or "weak-ssh" in template:
        return True
    offered = {text.lower() for text in (*extracted, matcher)}
    return template == "tls-version" and bool(offered & {"ssl20", "ssl30", "tls10", "tls11"})
