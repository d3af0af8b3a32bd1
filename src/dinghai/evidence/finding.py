"""One observed fact about an asset, and what became of every record of a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from dinghai.foundation.canonical import canonical_bytes, sha256_hex
from dinghai.foundation.errors import InputError
from dinghai.foundation.identifiers import stable_identifier

READING_SCHEMA = "dinghai.evidence-reading/1"
RAW_LIMIT = 2_000
"""Characters of the original record that a finding keeps."""

KINDS = (
    "open_port",
    "service",
    "vulnerability",
    "misconfiguration",
    "component",
    "end_of_life",
    "weak_encryption",
)
SEVERITIES = ("info", "low", "medium", "high", "critical")
SEVERITY_BASES = ("cvss", "scanner", "convention")
VANTAGES = ("external", "internal", "unstated")
STATUSES = ("observed", "stated_not_affected")

# What makes two observations "the same finding", so that a re-scan closes or confirms it.
# Time, file, line, raw text and ratings are left out: they change while the fault stays.
_IDENTITY = (
    "source_format", "vantage", "kind", "rule", "asset", "port", "protocol", "location",
    "product", "version", "purl", "cves",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One observed fact.

    ``port`` is 0–65535; ``cvss`` a base score 0.0–10.0; ``confidence_ppm`` parts per million;
    ``observed_at`` carries its time zone. None means unknown, an empty text "not stated".
    """

    finding_id: str
    kind: str
    asset: str
    title: str
    source_format: str
    source_name: str
    reference: str
    hostname: str = ""
    port: int | None = None
    protocol: str = ""
    service: str = ""
    product: str = ""
    version: str = ""
    purl: str | None = None
    cpe: tuple[str, ...] = ()
    cves: tuple[str, ...] = ()
    cwes: tuple[str, ...] = ()
    cvss: float | None = None
    cvss_vector: str = ""
    severity: str = "info"
    severity_basis: str = "scanner"
    rule: str = ""
    location: str = ""
    vantage: str = "unstated"
    status: str = "observed"
    observed_at: datetime | None = None
    confidence_ppm: int = 1_000_000
    raw: str = ""

    def __post_init__(self) -> None:
        """Raises ValueError for a value outside its range: a reader's own fault, not the file's."""
        _one_of("kind", self.kind, KINDS)
        _one_of("severity", self.severity, SEVERITIES)
        _one_of("severity_basis", self.severity_basis, SEVERITY_BASES)
        _one_of("vantage", self.vantage, VANTAGES)
        _one_of("status", self.status, STATUSES)
        if self.port is not None and not 0 <= self.port <= 65_535:
            raise ValueError(f"port {self.port} is not 0–65535")
        if not 0 <= self.confidence_ppm <= 1_000_000:
            raise ValueError(f"confidence {self.confidence_ppm} is not in parts per million")
        if self.observed_at is not None and self.observed_at.tzinfo is None:
            raise ValueError("observed_at needs its time zone")
        if len(self.raw) > RAW_LIMIT:
            raise ValueError(f"raw is longer than {RAW_LIMIT} characters")

    def identified(self, occurrence: int = 1) -> Finding:
        """The same finding under the identifier that its content gives.

        ``occurrence`` counts equal records of one file from 1, so that each keeps its own
        identifier.
        """
        identity: dict[str, Any] = {name: getattr(self, name) for name in _IDENTITY}
        identity["occurrence"] = occurrence
        digest = sha256_hex(canonical_bytes(identity))
        return replace(self, finding_id=stable_identifier("F", digest))

    def to_dict(self) -> dict[str, Any]:
        """Every field as JSON; tuples become lists, the moment ISO 8601."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        for name in ("cpe", "cves", "cwes"):
            values[name] = list(values[name])
        values["observed_at"] = _moment_text(self.observed_at)
        return values

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Finding:
        """The finding that ``to_dict`` wrote. Raises InputError for anything else."""
        known = {item.name for item in fields(cls)}
        unknown = sorted(set(value) - known)
        if unknown:
            raise InputError("a finding has no such field", field=unknown[0],
                             mend="see the schema finding.schema.json")
        values = dict(value)
        try:
            for name in ("cpe", "cves", "cwes"):
                values[name] = tuple(values.get(name, ()))
            values["observed_at"] = _moment(values.get("observed_at"))
            return cls(**values)
        except (TypeError, ValueError) as error:
            raise InputError(f"not a finding: {error}", mend="see the schema finding.schema.json"
                             ) from error


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that could not be turned into a finding: where, why and how to mend it."""

    line: int | None
    reference: str
    reason: str
    mend: str

    def to_dict(self) -> dict[str, Any]:
        """The four fields as JSON."""
        return {"line": self.line, "reference": self.reference, "reason": self.reason,
                "mend": self.mend}


@dataclass(frozen=True, slots=True)
class Ignored:
    """Sound records that report nothing (a closed port, a blank line), counted by reason."""

    reason: str
    count: int
    first_reference: str

    def to_dict(self) -> dict[str, Any]:
        """The three fields as JSON."""
        return {"reason": self.reason, "count": self.count,
                "first_reference": self.first_reference}


@dataclass(frozen=True, slots=True)
class EvidenceReading:
    """What one file gave. ``records`` = findings + rejected + every ignored count, always."""

    format: str
    source_name: str
    sha256: str
    vantage: str
    tool: str
    observed_at: datetime | None
    records: int
    findings: tuple[Finding, ...]
    rejected: tuple[Rejection, ...]
    ignored: tuple[Ignored, ...]

    def __post_init__(self) -> None:
        """Raises ValueError when a record went missing."""
        accounted = len(self.findings) + len(self.rejected) + self.ignored_count
        if accounted != self.records:
            raise ValueError(f"{self.records} records seen, {accounted} accounted for")

    @property
    def ignored_count(self) -> int:
        """How many records reported nothing."""
        return sum(item.count for item in self.ignored)

    def to_dict(self) -> dict[str, Any]:
        """The document ``dinghai.evidence-reading/1``."""
        return {
            "schema": READING_SCHEMA,
            "format": self.format,
            "source_name": self.source_name,
            "sha256": self.sha256,
            "vantage": self.vantage,
            "tool": self.tool,
            "observed_at": _moment_text(self.observed_at),
            "records": self.records,
            "findings": [item.to_dict() for item in self.findings],
            "rejected": [item.to_dict() for item in self.rejected],
            "ignored": [item.to_dict() for item in self.ignored],
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> EvidenceReading:
        """The reading that ``to_dict`` wrote. Raises InputError for anything else."""
        if value.get("schema") != READING_SCHEMA:
            raise InputError("not an evidence reading", field="schema",
                             mend=f"the schema must be {READING_SCHEMA}")
        try:
            return cls(
                format=value["format"],
                source_name=value["source_name"],
                sha256=value["sha256"],
                vantage=value["vantage"],
                tool=value["tool"],
                observed_at=_moment(value["observed_at"]),
                records=value["records"],
                findings=tuple(Finding.from_dict(item) for item in value["findings"]),
                rejected=tuple(Rejection(**item) for item in value["rejected"]),
                ignored=tuple(Ignored(**item) for item in value["ignored"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"not an evidence reading: {error}",
                             mend="see the schema evidence-reading.schema.json") from error


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} {value!r} is not one of {', '.join(allowed)}")


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _moment_text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
