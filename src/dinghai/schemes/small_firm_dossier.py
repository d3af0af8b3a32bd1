"""A row of a small firms' file as a dossier: its answers, its exposures, and scans by consent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final, Literal

from dinghai.assessment.answers import Answer
from dinghai.assessment.dossier import Dossier
from dinghai.assessment.profile import LimitsWanted, Organisation, Profile, Provider
from dinghai.evidence.finding import EvidenceReading, Finding
from dinghai.evidence.reading import read_evidence
from dinghai.foundation.calendar import shanghai_day
from dinghai.foundation.errors import Fault, InputError
from dinghai.losses.tables import shipped_tables
from dinghai.pricing.reference_grid import ReferenceFirm, reference_profile
from dinghai.schemes.small_firm_file import SmallFirm
from dinghai.schemes.small_firm_plans import Plan

ANSWERED_BY: Final = "轻量问卷"
ProbeState = Literal["used", "no_consent", "no_scan", "nothing_consented"]
_PROFILE_FIELDS: Final = {
    "endpoints": "endpoints", "records_general": "pi_records_general",
    "records_sensitive": "pi_records_sensitive", "gross_profit_rate": "gross_profit_rate_ppm",
    "online_revenue": "online_revenue_ppm", "ot_systems": "ot_systems",
    "high_value_payments": "high_value_payments_per_year", "mlps_level": "mlps_level",
    "important_data": "important_data", "critical_infrastructure": "critical_infrastructure"}


@dataclass(frozen=True, slots=True)
class Probe:
    """What a firm's consent lets be used: the readings, and how many findings were left out.

    ``no_consent``: nothing was looked at, even where a scan was given. ``nothing_consented``: no
    finding of the scans given is on the firm's own assets and after its consent.
    """

    state: ProbeState
    readings: tuple[EvidenceReading, ...] = ()
    left_out: int = 0


def profile_of(firm: SmallFirm, plan: Plan) -> Profile:
    """The firm's exposures: what its row states, else what is usual at its revenue.

    Usual values are those of the loss tables' own reference firm, so that the model takes them as
    neither better nor worse than others; a flag that the row does not state stays unknown.
    """
    usual = _usual(firm.industry, firm.revenue_fen)
    stated = {_PROFILE_FIELDS[name]: value for name, value in firm.exposures.items()
              if name in _PROFILE_FIELDS}
    providers = usual.providers
    if "critical_providers" in firm.exposures:
        providers = tuple(Provider(f"provider-{one + 1}", "", "other", True)
                          for one in range(min(int(firm.exposures["critical_providers"]), 1_000)))
    given = {"important_data": None, "critical_infrastructure": None, **stated}
    return replace(
        usual, organisation=Organisation(firm.name, "", firm.credit_code),
        headcount=firm.headcount, providers=providers,
        limits_wanted=LimitsWanted(plan.aggregate_limit_fen, plan.event_deductible_fen),
        **given)  # type: ignore[arg-type]  # the names are the profile's own


@cache
def _usual(industry: str, revenue_fen: int) -> Profile:
    return reference_profile(ReferenceFirm(industry, revenue_fen, 0), shipped_tables())


def dossier_of(firm: SmallFirm, plan: Plan, probe: Probe) -> Dossier:
    """The firm's dossier: 28 answers without evidence, and the scans that its consent allows."""
    answers = {code: Answer(code, score, ANSWERED_BY, firm.answered_on, "", "")
               for code, score in firm.answers.items()}
    return Dossier(profile_of(firm, plan), answers, probe.readings)


def read_probe(firm: SmallFirm, folder: Path | None) -> Probe:
    """The scans in ``folder/<credit code>``, as far as the firm consented.

    Without consent no file is opened. Raises InputError with the faults of all its files.
    """
    if firm.consent is not True:
        return Probe("no_consent")
    own = None if folder is None else folder / firm.credit_code
    if own is None or not own.is_dir():
        return Probe("no_scan")
    faults: list[Fault] = []
    readings: list[EvidenceReading] = []
    for path in sorted(one for one in own.iterdir() if one.is_file()):
        try:
            readings.append(read_evidence(path, vantage="external", source_name=path.name))
        except InputError as error:
            faults.extend(error.faults)
    if faults:
        raise InputError.of(faults)
    return consented(firm, readings)


def consented(firm: SmallFirm, readings: Iterable[EvidenceReading]) -> Probe:
    """The findings on assets that the firm named, seen on or after the day of its consent.

    What nobody knows is not consented to: a finding without a day or on an asset that was not
    named is left out, and a reading none of whose findings remain says nothing of this firm.
    """
    if firm.consent is not True or firm.consent_on is None:
        return Probe("no_consent")
    kept: list[EvidenceReading] = []
    left_out = 0
    given = list(readings)
    for reading in given:
        own = tuple(one for one in reading.findings if _allowed(one, reading, firm))
        left_out += len(reading.findings) - len(own)
        if own:
            records = reading.records - len(reading.findings) + len(own)
            kept.append(replace(reading, findings=own, records=records))
    if not given:
        return Probe("no_scan")
    return Probe("used" if kept else "nothing_consented", tuple(kept), left_out)


def _allowed(finding: Finding, reading: EvidenceReading, firm: SmallFirm) -> bool:
    moment = finding.observed_at or reading.observed_at
    if moment is None or firm.consent_on is None or shanghai_day(moment) < firm.consent_on:
        return False
    return any(_within(name.lower().rstrip("."), firm.domains)
               for name in (finding.asset, finding.hostname) if name)


def _within(name: str, domains: tuple[str, ...]) -> bool:
    return any(name == domain or name.endswith(f".{domain}") for domain in domains)
