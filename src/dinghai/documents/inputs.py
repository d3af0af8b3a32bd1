"""What callers hand to documents that have no engine document of their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from dinghai.experience.studies import CountCheck
from dinghai.foundation.canonical import JSON
from dinghai.foundation.money import Fen
from dinghai.foundation.trace import Source


@dataclass(frozen=True, slots=True)
class PremiumSplit:
    """How a premium is made up: rows of (code of ``[premium]`` in the label table, fen).

    ``gross_fen`` includes VAT.
    """

    rows: tuple[tuple[str, Fen], ...]
    gross_fen: Fen


@dataclass(frozen=True, slots=True)
class Addressee:
    """Who a notice goes to."""

    name: str
    policy_no: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Proof that a notice arrived; None while it has not."""

    channel: str = ""
    sent_at: datetime | None = None
    received_at: datetime | None = None
    received_by: str = ""
    proof: str = ""


@dataclass(frozen=True, slots=True)
class NotedFinding:
    """A finding as a notice states it. ``evidence`` is the raw line or its place."""

    finding_id: str
    title: str
    asset: str
    severity: str
    evidence: str
    risk: str
    advice: str
    observed_at: datetime | None = None
    cves: tuple[str, ...] = ()
    indicators: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RemediationNotice:
    """A written safety notice (保险法51条)."""

    number: str
    issued_on: date
    issuer: str
    addressee: Addressee
    findings: tuple[NotedFinding, ...]
    due_on: date
    consequence: str = ""
    dispute_days: int = 10
    delivery: Delivery | None = None


@dataclass(frozen=True, slots=True)
class FloatNotice:
    """A proposed change of premium. Factors are ppm of the base premium."""

    number: str
    issued_on: date
    issuer: str
    addressee: Addressee
    rule: str
    """Id of the float rule, or its name in words."""
    base_premium_fen: Fen
    factor_before_ppm: int
    factor_after_ppm: int
    effective_on: date
    policy_last_day: date
    policy_days: int
    days_left: int
    change_fen: Fen
    """Negative: a refund."""
    reasons: tuple[str, ...]
    """Codes of the float result, or sentences."""
    readings: tuple[tuple[date, str, int], ...] = ()
    """Day, source, factor of each agreeing reading."""
    charged_at_anniversary_only: bool = False


@dataclass(frozen=True, slots=True)
class Endorsement:
    """A written change of the contract (保险法20条). ``change_fen`` negative is a refund."""

    number: str
    issued_on: date
    issuer: str
    addressee: Addressee
    effective_on: date
    policy_last_day: date
    policy_days: int
    days_left: int
    changes: tuple[tuple[str, str, str], ...]
    """What, before, after."""
    annual_premium_fen: Fen
    factor_before_ppm: int
    factor_after_ppm: int
    change_fen: Fen
    ground: str = ""
    payee: str = ""


@dataclass(frozen=True, slots=True)
class RequestedItem:
    """One line of an evidence request. ``facts`` and ``documents`` are codes of the vocabulary."""

    line: int
    coverage: str
    subject: str
    facts: tuple[str, ...]
    documents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EvidenceRequest:
    """The one request for further papers (保险法22条)."""

    number: str
    issued_on: date
    issuer: str
    addressee: Addressee
    claim_no: str
    items: tuple[RequestedItem, ...]
    answer_by: date
    contact: str = ""


@dataclass(frozen=True, slots=True)
class ClockLine:
    """One statutory clock of a claim: its code in the vocabulary and its moments."""

    clock: str
    started_at: datetime | None = None
    due_at: datetime | None = None
    done_at: datetime | None = None
    paused_seconds: int = 0


@dataclass(frozen=True, slots=True)
class DocumentStudy:
    """A fit of counts or of delays: its document, what the data are, and for counts how the fit
    did afterwards."""

    code: str
    title_zh: str
    title_en: str
    source: Source
    document: JSON
    licence: str = ""
    check: CountCheck | None = None
