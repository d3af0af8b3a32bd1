"""The month of a small firm on one page: score, changes, threats, three things to do, premium."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from dinghai.assessment.result import Assessment
from dinghai.evidence.components import known_exploited
from dinghai.evidence.feeds import KevEntry, KevTable
from dinghai.foundation.canonical import JSON, document_hash
from dinghai.foundation.money import Fen, multiply_divide
from dinghai.schemes.small_firm_dossier import Probe
from dinghai.schemes.small_firm_file import SmallFirm
from dinghai.schemes.small_firm_quote import FirmFix, FirmQuote, SmallFirmDesk
from dinghai.vocabulary.indicators import indicators

MONTH_SCHEMA: Final = "dinghai.small-firm-month/1"
TO_DO: Final = 3
SHOWN_CHANGES: Final = 6
SHOWN_THREATS: Final = 5
_WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class FirmMonth:
    """A firm as it stands at one desk: its row, what its consent lets be used."""

    desk: SmallFirmDesk
    firm: SmallFirm
    probe: Probe


@dataclass(frozen=True, slots=True)
class Change:
    """An indicator whose score moved, in ppm of full marks; None is not known.

    ``points_ppm`` is what the move did to the total where both scores are known: the total is the
    mean by weight of what is known now.
    """

    indicator: str
    from_ppm: int | None
    to_ppm: int | None
    points_ppm: int | None

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {name: getattr(self, name) for name in Change.__slots__}


@dataclass(frozen=True, slots=True)
class Threat:
    """A vulnerability known to be exploited that concerns the firm.

    ``basis``: ``finding`` (seen on ``where``, an asset of its own) or ``product`` (it said it uses
    the product ``where``; whether its version is affected nobody has looked). ``new``: added to
    the catalogue since last month. ``ransomware`` None is not known.
    """

    cve: str
    vendor: str
    product: str
    added: date
    basis: str
    where: str
    new: bool
    ransomware: bool | None

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {name: found.isoformat() if isinstance(found := getattr(self, name), date)
                else found for name in Threat.__slots__}


@dataclass(frozen=True, slots=True)
class MonthReport:
    """The page as data. Scores in ppm of full marks, premiums of a year in fen with VAT.

    What is None was not known last month, or has no price. ``premium_effect_fen`` is today's
    premium of the plan less what last month's posture would cost today.
    """

    on: date
    before_on: date | None
    credit_code: str
    name: str
    plan: str
    outcome: str
    score_ppm: int
    grade: str
    confidence_ppm: int
    score_before_ppm: int | None
    grade_before: str | None
    changes: tuple[Change, ...]
    changes_not_shown: int
    threats: tuple[Threat, ...]
    threats_not_shown: int
    probe: str
    to_do: tuple[FirmFix, ...]
    premium_fen: Fen | None
    premium_before_fen: Fen | None
    kev_as_of: date

    @property
    def premium_effect_fen(self) -> Fen | None:
        """What the month did to the premium; None where either is not known."""
        if self.premium_fen is None or self.premium_before_fen is None:
            return None
        return self.premium_fen - self.premium_before_fen

    def to_dict(self) -> dict[str, JSON]:
        """The document ``dinghai.small-firm-month/1`` with its own hash."""
        document: dict[str, JSON] = {"schema": MONTH_SCHEMA}
        for name in MonthReport.__slots__:
            value = getattr(self, name)
            if isinstance(value, tuple):
                value = [one.to_dict() for one in value]
            document[name] = value.isoformat() if isinstance(value, date) else value
        document["premium_effect_fen"] = self.premium_effect_fen
        return {**document, "hash": document_hash(document)}


def month_report(now: FirmMonth, before: FirmMonth | None) -> MonthReport:
    """One firm's page. ``before`` None is its first month. Raises InputError where no answer is
    known in either month."""
    _dossier, assessment = now.desk.assessed(now.firm, now.probe)
    quote = now.desk.quote(now.firm, now.probe)
    plan = quote.priced_plan or now.firm.plan
    priced = quote.plan(plan)
    earlier = None if before is None else before.desk.assessed(before.firm, before.probe)[1]
    changes = [] if earlier is None else sorted(
        _changes(earlier, assessment), key=lambda one: (-abs(one.points_ppm or 0), one.indicator))
    threats = sorted(_threats(now, before), key=_gravest_first)
    return MonthReport(
        on=now.desk.on, before_on=None if before is None else before.desk.on,
        credit_code=now.firm.credit_code, name=now.firm.name, plan=plan, outcome=quote.outcome,
        score_ppm=assessment.total_ppm, grade=assessment.grade,
        confidence_ppm=assessment.confidence_ppm,
        score_before_ppm=None if earlier is None else earlier.total_ppm,
        grade_before=None if earlier is None else earlier.grade,
        changes=tuple(changes[:SHOWN_CHANGES]),
        changes_not_shown=max(len(changes) - SHOWN_CHANGES, 0),
        threats=tuple(threats[:SHOWN_THREATS]),
        threats_not_shown=max(len(threats) - SHOWN_THREATS, 0),
        probe=now.probe.state, to_do=quote.fixes[:TO_DO],
        premium_fen=None if priced is None else priced.gross_fen,
        premium_before_fen=_premium_before(before, quote, plan),
        kev_as_of=now.desk.kev.as_of)


def _premium_before(before: FirmMonth | None, quote: FirmQuote, plan: str) -> Fen | None:
    if before is None or not quote.plans:
        return None
    priced = before.desk.price(before.firm, before.probe, before.desk.plans.plan(plan))
    return None if priced is None else priced.gross_fen


def _changes(before: Assessment, now: Assessment) -> Iterator[Change]:
    asked = {code: item.weight_millis for code, item in indicators().items()
             if code in now.indicators}
    known = sum(weight for code, weight in asked.items()
                if now.indicators[code].score_ppm is not None)
    for code, weight in asked.items():
        old = before.indicators[code].score_ppm
        new = now.indicators[code].score_ppm
        if old != new:
            points = None if old is None or new is None else (
                multiply_divide(new - old, weight, known, "half_up"))
            yield Change(code, old, new, points)


def _threats(now: FirmMonth, before: FirmMonth | None) -> Iterator[Threat]:
    """Each CVE once: what was seen on the firm's own assets, then what its products are hit by."""
    kev = now.desk.kev
    old = None if before is None else before.desk.kev
    seen: set[str] = set()
    findings = [one for reading in now.probe.readings for one in reading.findings]
    for known in known_exploited(findings, kev):
        entry = kev.get(known.cve)
        if entry is not None and known.cve not in seen:
            seen.add(known.cve)
            where = known.finding.hostname or known.finding.asset
            yield _threat(entry, "finding", where, old)
    for named in now.firm.products:
        for entry in entries_of(kev, named):
            if entry.cve not in seen:
                seen.add(entry.cve)
                yield _threat(entry, "product", named, old)


def _threat(entry: KevEntry, basis: str, where: str, old: KevTable | None) -> Threat:
    new = old is not None and entry.cve not in old
    return Threat(entry.cve, entry.vendor, entry.product, entry.date_added, basis, where, new,
                  entry.ransomware_use)


def entries_of(kev: KevTable, named: str) -> tuple[KevEntry, ...]:
    """The entries of a product that a firm names: all its words stand among those of the entry's
    vendor and product. A name of one letter names nothing."""
    words = _words(named)
    if not words or len("".join(words)) < 2:
        return ()
    return tuple(entry for entry in kev.entries.values()
                 if words <= _words(f"{entry.vendor} {entry.product}"))


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def _gravest_first(threat: Threat) -> tuple[bool, bool, bool, int, str]:
    return (threat.basis != "finding", not threat.new, threat.ransomware is not True,
            -threat.added.toordinal(), threat.cve)


def month_reports(
    now: Sequence[FirmMonth], before: Mapping[str, FirmMonth]
) -> Iterator[MonthReport]:
    """The pages of many firms; last month's is found by credit code."""
    for one in now:
        yield month_report(one, before.get(one.firm.credit_code))
