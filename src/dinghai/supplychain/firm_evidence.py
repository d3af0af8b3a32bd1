"""What answers, scans and bills of materials say of one firm: scores, assets, weaknesses."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final, Literal

import msgspec

from dinghai.assessment.answers import Answer
from dinghai.assessment.observation import observe
from dinghai.assessment.scoring import score_indicator
from dinghai.evidence.components import shipped_ranges
from dinghai.evidence.feeds import EpssTable, KevTable
from dinghai.evidence.finding import EvidenceReading, Finding
from dinghai.foundation.calendar import shanghai_day
from dinghai.foundation.canonical import sha256_hex
from dinghai.supplychain.chain import Asset, AssetKind, ControlScore, Weakness
from dinghai.supplychain.chain_checks import is_cve
from dinghai.vocabulary.indicators import indicators
from dinghai.vocabulary.tables import read_toml_table

Severity = Literal["critical", "high", "medium", "low"]
_WORST_FIRST: Final[tuple[Severity, ...]] = ("critical", "high", "medium", "low")
_FAULTS: Final = ("vulnerability", "misconfiguration", "end_of_life", "weak_encryption",
                  "open_port", "service")
_NAMELESS: Final = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_ID: Final = 64
_LONGEST_TEXT: Final = 200


class KindRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ports and words by which a host is known to be of a kind."""

    kind: AssetKind
    ports: tuple[int, ...]
    words: tuple[str, ...]


class TechniqueRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The technique that a finding without a CVE opens. ``severity`` None keeps the finding's."""

    technique: str
    kinds: tuple[str, ...]
    vantages: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    words: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    severity: Severity | None = None


class ScanAssets(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole table."""

    schema: Literal["dinghai.scan-assets/1"]
    version: str
    source: str
    confidence: str
    inventory: AssetKind
    other: AssetKind
    kinds: tuple[KindRule, ...]
    techniques: tuple[TechniqueRule, ...]


@cache
def scan_assets() -> ScanAssets:
    """The table that ships with the engine."""
    return read_toml_table("scan_assets", ScanAssets, room="supplychain")


@dataclass(frozen=True, slots=True)
class FirmEvidence:
    """What is known of a firm. ``left_out`` counts findings that are no weakness, by reason."""

    controls: tuple[ControlScore, ...]
    assets: tuple[Asset, ...]
    weaknesses: tuple[Weakness, ...]
    left_out: Mapping[str, int]


def firm_evidence(
    firm: str, answers: Mapping[str, Answer], readings: Sequence[EvidenceReading], *,
    kev: KevTable, epss: EpssTable | None, on: date, assessed: bool = False,
) -> FirmEvidence:
    """Scores exactly as an assessment gives them, and the assets and weaknesses of the scans.

    ``assessed`` says that this is a whole dossier: then every score is known by assessment.
    """
    once: dict[str, Finding] = {}
    for reading in readings:
        for finding in reading.findings:
            once.setdefault(finding.finding_id, finding)
    findings = tuple(once.values())
    left_out: dict[str, int] = defaultdict(int)
    weaknesses = _weaknesses(firm, findings, left_out)
    weak = {one.asset for one in weaknesses}
    shown = {asset_id(one.asset) for one in findings
             if one.port is not None or one.kind == "component"}
    assets = tuple(one for one in _assets(firm, findings) if one.id in weak | shown)
    scores = _scores(firm, answers, readings, findings, kev, epss, on)
    if assessed:
        scores = tuple(msgspec.structs.replace(one, known_by="assessment") for one in scores)
    return FirmEvidence(scores, assets, weaknesses, dict(left_out))


def place_assets(found: FirmEvidence,
                 mine: dict[str, Asset]) -> tuple[Mapping[str, str], set[str]]:
    """Put a firm's assets among those known of it, by id: one of the same id or name is kept and
    filled up. Gives the id that each has there, and the ids that are new."""
    names: dict[str, str] = {}
    new: set[str] = set()
    for asset in found.assets:
        known = mine.get(asset.id) or next(
            (one for one in mine.values() if one.name and one.name == asset.name), None)
        if known is None:
            known = asset
            new.add(asset.id)
        else:
            further = [one for one in asset.products if one not in known.products]
            known = msgspec.structs.replace(
                known, exposed=asset.exposed if known.exposed is None else known.exposed,
                products=(*known.products, *further))
        mine[known.id] = known
        names[asset.id] = known.id
    return names, new


def _scores(
    firm: str, answers: Mapping[str, Answer], readings: Sequence[EvidenceReading],
    findings: Sequence[Finding], kev: KevTable, epss: EpssTable | None, on: date,
) -> tuple[ControlScore, ...]:
    observed = observe(readings, findings, kev=kev, epss=epss,
                       indicators={code: one.scan_only for code, one in indicators().items()})
    found = []
    for code, item in indicators().items():
        answer, seen = answers.get(code), observed.get(code)
        scored, _ = score_indicator(item, item.weight_millis, answer, seen, on)
        if scored.score_ppm is None:
            continue
        by_answer = scored.counted_ppm is not None
        by_scan = scored.observed_ppm is not None
        found.append(ControlScore(
            firm, code, scored.score_ppm,
            "assessment" if (by_answer and (by_scan or (answer and answer.evidence)))
            else "questionnaire" if by_answer else "scan",
            _day_of(answer if by_answer else None, seen.observed_on if seen else None)))
    return tuple(found)


def _day_of(answer: Answer | None, seen: date | None) -> date | None:
    days = [one for one in (answer.answered_at if answer else None, seen) if one is not None]
    return max(days, default=None)


def asset_id(name: str) -> str:
    """An identifier for an address, a host name or an application."""
    plain = _NAMELESS.sub("-", name).strip("-._")
    if plain and plain == name and len(plain) <= _LONGEST_ID:
        return plain
    mark = sha256_hex(name.encode("utf-8", "replace"))[:8]
    return f"{plain[:_LONGEST_ID - 9].rstrip('-._')}-{mark}" if plain else f"asset-{mark}"


def _clean(text: str) -> str:
    """A scanner's text on one line, bounded."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())[
        :_LONGEST_TEXT].strip()


def _assets(firm: str, findings: Iterable[Finding]) -> tuple[Asset, ...]:
    by_asset: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_asset[finding.asset].append(finding)
    return tuple(_asset(firm, name, group) for name, group in by_asset.items())


def _asset(firm: str, name: str, findings: Sequence[Finding]) -> Asset:
    hostname = next((one.hostname for one in findings if one.hostname), "")
    seen = [one for one in findings if one.port is not None]
    outside = any(one.vantage == "external" for one in findings)
    products: dict[str, None] = {}
    for one in findings:
        if one.status != "observed":
            continue
        for product in ((one.purl,) if one.purl else one.cpe):
            if _clean(product):
                products[_clean(product)] = None
    return Asset(firm, asset_id(name), _kind(name, hostname, findings),
                 _clean(hostname or name), True if outside and seen else None,
                 products=tuple(sorted(products)))


def _kind(name: str, hostname: str, findings: Sequence[Finding]) -> AssetKind:
    ports = {one.port for one in findings if one.kind in ("open_port", "service")
             or one.port is not None}
    words = " ".join((name, hostname, *(
        f"{one.service} {one.product}" for one in findings
        if one.kind in ("open_port", "service")))).casefold()
    rules = scan_assets().kinds
    named = next((one.kind for one in rules if any(word in words for word in one.words)), None)
    served = next((one.kind for one in rules if ports & set(one.ports)), None)
    if named or served:
        return named or served or scan_assets().other
    from_bill = all(one.source_format.startswith("cyclonedx") for one in findings)
    return scan_assets().inventory if from_bill else scan_assets().other


def _weaknesses(firm: str, findings: Sequence[Finding],
                left_out: dict[str, int]) -> tuple[Weakness, ...]:
    cleared = {(one.asset, one.purl, cve) for one in findings
               if one.status == "stated_not_affected" for cve in one.cves}
    worst: dict[tuple[str, str | None, str | None], Weakness] = {}
    for finding in findings:
        made = list(_weaknesses_of(firm, finding, cleared))
        if not made:
            left_out[_why_not(finding)] += 1
        for one in made:
            key = (one.asset, one.cve, one.technique)
            before = worst.get(key)
            if before is None or _WORST_FIRST.index(one.severity) < _WORST_FIRST.index(
                    before.severity):
                worst[key] = one
    return tuple(worst.values())


def _why_not(finding: Finding) -> str:
    if finding.status != "observed":
        return "stated as not affected"
    if finding.kind == "component":
        return "component without a known weakness"
    return "finding that opens no technique of the table"


def _weaknesses_of(firm: str, finding: Finding,
                   cleared: set[tuple[str, str | None, str]]) -> Iterator[Weakness]:
    if finding.status != "observed":
        return
    asset = asset_id(finding.asset)
    day = shanghai_day(finding.observed_at) if finding.observed_at else None
    source = _clean(f"{finding.source_name} {finding.rule}")
    if finding.cves and finding.severity != "info":
        for cve in filter(is_cve, finding.cves):
            yield Weakness(firm, asset, cve, None, _severity(finding), day, source)
    elif finding.kind == "component":
        for row in shipped_ranges().matches(finding.purl, finding.version):
            if (finding.asset, finding.purl, row.cve) not in cleared:
                yield Weakness(firm, asset, row.cve, None, "high", day,
                               _clean(f"{finding.source_name} {row.advisory}"))
    elif finding.kind in _FAULTS:
        rule = next((one for one in scan_assets().techniques if _fits(one, finding)), None)
        if rule is not None:
            yield Weakness(firm, asset, None, rule.technique, rule.severity or _severity(finding),
                           day, source)


def _severity(finding: Finding) -> Severity:
    return next((one for one in _WORST_FIRST if one == finding.severity), "low")


def _fits(rule: TechniqueRule, finding: Finding) -> bool:
    if finding.kind not in rule.kinds:
        return False
    if rule.vantages and finding.vantage not in rule.vantages:
        return False
    if rule.ports and finding.port not in rule.ports:
        return False
    if rule.severities and finding.severity not in rule.severities:
        return False
    text = f"{finding.rule} {finding.title} {finding.service} {finding.product}".casefold()
    return not rule.words or any(word in text for word in rule.words)
