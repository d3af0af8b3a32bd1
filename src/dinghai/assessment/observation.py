"""Findings meet indicators: what a scan shows about each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final

from dinghai.assessment.rules import Check, CheckRule, check_table
from dinghai.evidence.components import known_exploited
from dinghai.evidence.feeds import EpssTable, KevTable
from dinghai.evidence.finding import EvidenceReading, Finding
from dinghai.foundation.calendar import shanghai_day
from dinghai.foundation.trace import Source

HIGH_EPSS_PPM: Final = 500_000
"""From here a vulnerability is likely enough to be exploited within 30 days to count."""


@dataclass(frozen=True, slots=True)
class RuleHit:
    """A rule of a check that found something: how many, and which findings."""

    check: str
    rule: str
    count: int
    score_ppm: int
    finding_ids: tuple[str, ...]
    knock_out: bool
    confidence_ppm: int
    observed_on: date | None


@dataclass(frozen=True, slots=True)
class Observation:
    """What scans show about one indicator. ``score_ppm`` None: nothing that counts was seen.

    ``covered`` is whether a scan that would show it was made at all; ``observed_on`` the day of
    the newest such scan, or of the findings.
    """

    indicator: str
    score_ppm: int | None
    covered: bool
    hits: tuple[RuleHit, ...]
    observed_on: date | None
    source: Source

    @property
    def finding_ids(self) -> tuple[str, ...]:
        """Findings of the rules that set the score, each once."""
        leading = [hit for hit in self.hits if hit.score_ppm == self.score_ppm]
        return tuple(dict.fromkeys(name for hit in leading for name in hit.finding_ids))


def observe(
    readings: Sequence[EvidenceReading],
    findings: Iterable[Finding],
    *,
    kev: KevTable,
    epss: EpssTable | None,
    indicators: Mapping[str, bool],
) -> dict[str, Observation]:
    """Observations of the given indicators.

    ``indicators`` maps a code to whether only a scan can score it: such an indicator gets the
    clean score where a covering scan found nothing, any other then simply has no observation.
    """
    listed = [finding for finding in findings if finding.status == "observed"]
    exploited = _by_finding(listed, kev)
    found: dict[str, list[RuleHit]] = {}
    for check in check_table().checks:
        for rule in check.rules:
            hit = _apply(check, rule, listed, exploited, epss)
            if hit is not None:
                for code in rule.indicators:
                    found.setdefault(code, []).append(hit)
    return {
        code: _observation(code, scan_only, check, readings, tuple(found.get(code, ())))
        for code, scan_only in indicators.items()
        for check in [_checks().get(code)] if check is not None
    }


@cache
def _checks() -> dict[str, Check]:
    """The first check that has a rule for the indicator."""
    return {code: check for check in reversed(check_table().checks)
            for rule in check.rules for code in rule.indicators}


def _observation(
    code: str, scan_only: bool, check: Check, readings: Sequence[EvidenceReading],
    hits: tuple[RuleHit, ...],
) -> Observation:
    covering = [reading for reading in readings
                if reading.vantage == "external" and reading.format in check.covered_by]
    days = [day for reading in covering if (day := _day_of(reading)) is not None]
    days.extend(hit.observed_on for hit in hits if hit.observed_on is not None)
    scores = [hit.score_ppm for hit in hits]
    if scan_only and covering:
        scores.append(check.clean_ppm)
    return Observation(
        indicator=code,
        score_ppm=min(scores, default=None),
        covered=bool(covering),
        hits=hits,
        observed_on=max(days, default=None),
        source=Source(check.source, check.confidence, check_table().version),
    )


def _day_of(reading: EvidenceReading) -> date | None:
    moments = [finding.observed_at for finding in reading.findings if finding.observed_at]
    moments.extend([reading.observed_at] if reading.observed_at else [])
    return shanghai_day(max(moments)) if moments else None


def _by_finding(findings: Sequence[Finding], kev: KevTable) -> dict[str, tuple[str, ...]]:
    """Known-exploited CVEs by finding, package ranges included."""
    found: dict[str, list[str]] = {}
    for item in known_exploited(findings, kev):
        found.setdefault(item.finding.finding_id, []).append(item.cve)
    return {name: tuple(cves) for name, cves in found.items()}


def _apply(
    check: Check, rule: CheckRule, findings: Sequence[Finding],
    exploited: Mapping[str, tuple[str, ...]], epss: EpssTable | None,
) -> RuleHit | None:
    matched: list[Finding] = []
    counted: set[object] = set()
    for finding in findings:
        if not _matches(rule, finding):
            continue
        cves = _cves(rule, finding, exploited, epss)
        if rule.feed and not cves:
            continue
        matched.append(finding)
        counted.update(_units(rule, finding, cves))
    score = rule.score_ppm(len(counted))
    if score is None:
        return None
    days = [shanghai_day(item.observed_at) for item in matched if item.observed_at]
    return RuleHit(
        check=check.id,
        rule=rule.id,
        count=len(counted),
        score_ppm=score,
        finding_ids=tuple(sorted({item.finding_id for item in matched})),
        knock_out=rule.knock_out,
        confidence_ppm=max(item.confidence_ppm for item in matched),
        observed_on=max(days, default=None),
    )


def _matches(rule: CheckRule, finding: Finding) -> bool:
    if finding.vantage not in rule.vantages:
        return False
    if rule.kinds and finding.kind not in rule.kinds:
        return False
    if rule.ports and finding.port not in rule.ports:
        return False
    if rule.severities and finding.severity not in rule.severities:
        return False
    if rule.words:
        text = f"{finding.title} {finding.rule} {finding.product} {finding.service}".lower()
        return any(word in text for word in rule.words)
    return True


def _cves(rule: CheckRule, finding: Finding, exploited: Mapping[str, tuple[str, ...]],
          epss: EpssTable | None) -> tuple[str, ...]:
    if rule.feed == "kev":
        return exploited.get(finding.finding_id, ())
    if rule.feed == "epss" and epss is not None:
        known = exploited.get(finding.finding_id, ())
        scored = ((cve, epss.get(cve)) for cve in finding.cves if cve not in known)
        return tuple(cve for cve, score in scored
                     if score is not None and score.epss_ppm >= HIGH_EPSS_PPM)
    return () if rule.feed else finding.cves


def _units(rule: CheckRule, finding: Finding, cves: Sequence[str]) -> Iterable[object]:
    if rule.count == "cves":
        return cves
    if rule.count == "services":
        return [(finding.asset, finding.protocol, finding.port)]
    return [finding.finding_id]
