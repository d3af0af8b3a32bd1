"""Which components are affected by which CVE, and which of those CVEs are known to be exploited.

A component is matched by the bill's own ``vulnerabilities`` section, or by its package URL and
version against the shipped table of ranges. Never by its name alone.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from packageurl import PackageURL
from univers.version_range import RANGE_CLASS_BY_SCHEMES, InvalidVersionRange, VersionRange
from univers.versions import InvalidVersion

from dinghai.evidence.feeds import KevTable
from dinghai.evidence.finding import Finding
from dinghai.foundation.errors import InputError

RANGES_SCHEMA = "dinghai.package-ranges/1"
_MARKS = ("T", "A", "M", "M-", "D")
_FIELDS = ("type", "namespace", "name", "versions", "cve", "advisory", "confidence")
_PackageKey = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class PackageRange:
    """One row: the versions of one package that one CVE affects, and where that is written."""

    type: str
    namespace: str
    name: str
    versions: str
    cve: str
    advisory: str
    read: date
    confidence: str
    range: Any

    def affects(self, version: str) -> bool | None:
        """Whether a version is in the range; None when the version cannot be ordered."""
        try:
            return bool(self.range.version_class(version) in self.range)
        except (InvalidVersion, ValueError, TypeError, AttributeError):
            return None


@dataclass(frozen=True, slots=True)
class PackageRanges:
    """The table of ranges, found by package."""

    rows: tuple[PackageRange, ...]
    by_package: Mapping[_PackageKey, tuple[PackageRange, ...]]

    def matches(self, purl: str | None, version: str = "") -> tuple[PackageRange, ...]:
        """The rows that affect a package URL; ``version`` counts when the URL names none.

        Empty for no or a broken package URL, and for a version that cannot be ordered.
        """
        package = _package(purl)
        if package is None:
            return ()
        chosen = package.version or version
        rows = self.by_package.get(_key(package.type, package.namespace or "", package.name), ())
        return tuple(row for row in rows if chosen and row.affects(chosen))


@dataclass(frozen=True, slots=True)
class KnownExploited:
    """A finding that concerns a CVE on the KEV catalogue, with CISA's dates.

    ``basis`` says how it is known: ``reported`` (by the scanner or the bill) or the advisory of
    the package range that matched. ``confidence`` is the range's mark, empty when reported.
    """

    finding: Finding
    cve: str
    since: date
    due: date
    ransomware_use: bool | None
    basis: str
    confidence: str

    def to_dict(self) -> dict[str, Any]:
        """As JSON; the finding is named by its identifier."""
        return {
            "finding_id": self.finding.finding_id,
            "asset": self.finding.asset,
            "product": self.finding.product,
            "version": self.finding.version,
            "purl": self.finding.purl,
            "vantage": self.finding.vantage,
            "cve": self.cve,
            "since": self.since.isoformat(),
            "due": self.due.isoformat(),
            "ransomware_use": self.ransomware_use,
            "basis": self.basis,
            "confidence": self.confidence,
        }


@cache
def shipped_ranges() -> PackageRanges:
    """The table that ships with the product."""
    text = (resources.files("dinghai.data") / "feeds" / "package_ranges.toml").read_text("utf-8")
    return _parse(text, "package_ranges.toml")


def load_ranges(path: Path) -> PackageRanges:
    """A table of the same format from a file. Raises InputError naming the faulty row."""
    try:
        return _parse(path.read_text("utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("the file cannot be read", file=path.name, mend="check the path"
                         ) from error


def known_exploited(
    findings: Iterable[Finding], kev: KevTable, *, ranges: PackageRanges | None = None
) -> tuple[KnownExploited, ...]:
    """Every finding that concerns a known-exploited CVE, each CVE of an asset, port, package once.

    Vulnerabilities join by their CVEs, components by the ranges. What the bill's author states
    as not affected is left out, for the range match too: it stays visible as a finding's status.
    """
    listed = list(findings)
    table = ranges if ranges is not None else shipped_ranges()
    cleared = _pairs(item for item in listed if item.status == "stated_not_affected")
    reported = _pairs(item for item in listed if item.status == "observed")
    found: list[KnownExploited] = []
    for item in listed:
        if item.status != "observed":
            continue
        found.extend(_joined(item, item.cves, kev, "reported"))
        if item.kind != "component":
            continue
        for row in table.matches(item.purl, item.version):
            pair = (item.asset, item.purl or "", row.cve)
            if pair not in cleared and pair not in reported:
                found.extend(_joined(item, (row.cve,), kev, row.advisory, row.confidence))
    once = {(item.finding.vantage, item.finding.asset, item.finding.port, item.finding.product,
             item.finding.version, item.finding.purl, item.cve): item for item in reversed(found)}
    return tuple(reversed(once.values()))


def _pairs(findings: Iterable[Finding]) -> set[tuple[str, str, str]]:
    """Asset, package and CVE of vulnerabilities that a bill itself states."""
    return {(item.asset, item.purl, cve) for item in findings if item.purl for cve in item.cves}


def _joined(
    finding: Finding, cves: Sequence[str], kev: KevTable, basis: str, confidence: str = ""
) -> list[KnownExploited]:
    entries = [entry for entry in map(kev.get, cves) if entry is not None]
    return [
        KnownExploited(finding, entry.cve, entry.date_added, entry.due_date,
                       entry.ransomware_use, basis, confidence)
        for entry in entries
    ]


def _parse(text: str, name: str) -> PackageRanges:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"not TOML: {error}", file=name, mend="mend the syntax") from error
    if document.get("schema") != RANGES_SCHEMA:
        raise InputError("not a table of package ranges", file=name, field="schema",
                         mend=f"the schema must be {RANGES_SCHEMA}")
    rows = tuple(_row(row, f"range[{number}]", name)
                 for number, row in enumerate(document.get("range", [])))
    grouped: dict[_PackageKey, list[PackageRange]] = defaultdict(list)
    for row in rows:
        grouped[_key(row.type, row.namespace, row.name)].append(row)
    return PackageRanges(rows, {key: tuple(group) for key, group in grouped.items()})


def _row(row: Any, place: str, name: str) -> PackageRange:
    missing = [key for key in _FIELDS if not isinstance(row.get(key), str)]
    if missing or not isinstance(row.get("read"), date):
        raise InputError("a field is missing", file=name,
                         field=f"{place}.{(missing or ['read'])[0]}", mend="see the first rows")
    if row["confidence"] not in _MARKS:
        raise InputError("unknown confidence mark", file=name, field=f"{place}.confidence",
                         mend=f"expected {', '.join(_MARKS)}")
    try:
        versions: Any = VersionRange.from_string(row["versions"])  # type: ignore[no-untyped-call]
    except (InvalidVersionRange, InvalidVersion, ValueError) as error:
        raise InputError(f"not a VERS range: {error}", file=name, field=f"{place}.versions",
                         mend="expected vers:type/>=1.0|<2.0") from error
    if not isinstance(versions, RANGE_CLASS_BY_SCHEMES.get(row["type"], ())):
        raise InputError("the range is of another ecosystem than the package", file=name,
                         field=f"{place}.versions", mend=f"expected vers:{row['type']}/…")
    values = {key: row[key] for key in (*_FIELDS, "read")}
    return PackageRange(range=versions, **values)


def _package(purl: str | None) -> PackageURL | None:
    if not purl:
        return None
    try:
        return PackageURL.from_string(purl)
    except ValueError:
        return None


def _key(type_: str, namespace: str, name: str) -> _PackageKey:
    """The canonical parts, by the package URL rules of each type (case, underscores)."""
    canonical = PackageURL(type=type_, namespace=namespace or None, name=name)
    return canonical.type, canonical.namespace or "", canonical.name
