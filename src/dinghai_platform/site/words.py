"""Codes put into words: states, severities, confidence marks, roles, names in a trace.

A room adds its own codes with `register_states` and `register_names` when it is loaded. A code
nobody registered shows as it is, so that nothing is ever hidden.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai.vocabulary.roles import roles
from dinghai_platform.site.formats import is_chinese

Text = Any
"""A string or a lazily translated one."""


@dataclass(frozen=True, slots=True)
class Word:
    """What a code is called and how it is coloured: neutral, info, good, warn or bad."""

    label: Text
    tone: str = "neutral"
    hint: Text = ""


def said_before_colon(text: str) -> str:
    """A sentence of the engine in the page's language; the codes and figures after its colon stay
    as they are."""
    head, colon, rest = text.partition(": ")
    return f"{_t(head)}{colon}{rest}" if head else text


STATES: dict[str, Word] = {
    "draft": Word(_p("state", "Draft")),
    "submitted": Word(_p("state", "Submitted"), "info"),
    "info_requested": Word(_p("state", "Information requested"), "warn"),
    "under_assessment": Word(_p("state", "Under assessment"), "info"),
    "treatment": Word(_p("state", "In treatment"), "info"),
    "ready_to_quote": Word(_p("state", "Ready to quote"), "good"),
    "declined": Word(_p("state", "Declined"), "bad"),
    "withdrawn": Word(_p("state", "Withdrawn")),
    "converted": Word(_p("state", "Converted"), "good"),
    "priced": Word(_p("state", "Priced"), "info"),
    "referred": Word(_p("state", "Referred"), "warn"),
    "approved": Word(_p("state", "Approved"), "good"),
    "issued": Word(_p("state", "Issued"), "info"),
    "accepted": Word(_p("state", "Accepted"), "good"),
    "expired": Word(_p("state", "Expired")),
    "rejected": Word(_p("state", "Rejected"), "bad"),
    "bound": Word(_p("state", "Bound"), "info"),
    "premium_due": Word(_p("state", "Premium due"), "warn"),
    "in_force": Word(_p("state", "In force"), "good"),
    "suspended": Word(_p("state", "Suspended"), "warn"),
    "lapsed": Word(_p("state", "Lapsed"), "bad"),
    "cancelled": Word(_p("state", "Cancelled")),
    "renewed": Word(_p("state", "Renewed"), "good"),
    "measured": Word(_p("state", "Measured"), "info"),
    "proposed": Word(_p("state", "Proposed"), "info"),
    "notified": Word(_p("state", "Notified"), "info"),
    "agreed": Word(_p("state", "Agreed"), "good"),
    "applied": Word(_p("state", "Applied"), "good"),
    "disputed": Word(_p("state", "Disputed"), "warn"),
    "detected": Word(_p("state", "Detected"), "warn"),
    "triaged": Word(_p("state", "Triaged"), "info"),
    "acknowledged": Word(_p("state", "Acknowledged"), "info"),
    "fixing": Word(_p("state", "Being fixed"), "info"),
    "verified": Word(_p("state", "Verified"), "good"),
    "overdue": Word(_p("state", "Overdue"), "bad"),
    "accepted_risk": Word(_p("state", "Risk accepted"), "warn"),
    "false_positive": Word(_p("state", "False positive")),
    "reported": Word(_p("state", "Reported"), "warn"),
    "ir_dispatched": Word(_p("state", "Responders sent"), "info"),
    "contained": Word(_p("state", "Contained"), "info"),
    "eradicated": Word(_p("state", "Eradicated"), "info"),
    "recovered": Word(_p("state", "Recovered"), "good"),
    "closed": Word(_p("state", "Closed")),
    "not_incident": Word(_p("state", "Not an incident")),
    "registered": Word(_p("state", "Registered"), "info"),
    "evidence_pending": Word(_p("state", "Evidence requested"), "warn"),
    "under_survey": Word(_p("state", "Under survey"), "info"),
    "quantified": Word(_p("state", "Quantified"), "info"),
    "adjudicated": Word(_p("state", "Adjudicated"), "info"),
    "decision_issued": Word(_p("state", "Decision issued"), "info"),
    "interim_paid": Word(_p("state", "Interim paid"), "info"),
    "paid": Word(_p("state", "Paid"), "good"),
    "recovery": Word(_p("state", "In recovery"), "info"),
    "open": Word(_p("state", "Open"), "warn"),
    "queued": Word(_p("state", "Queued")),
    "running": Word(_p("state", "Running"), "info"),
    "done": Word(_p("state", "Done"), "good"),
    "failed": Word(_p("state", "Failed"), "bad"),
    "paused": Word(_p("state", "Paused"), "warn"),
    "met": Word(_p("state", "Met"), "good"),
    "late": Word(_p("state", "Late"), "bad"),
    "planned": Word(_p("state", "Planned")),
    "current": Word(_p("state", "Current"), "info"),
    "missing": Word(_p("state", "Missing"), "warn"),
    "unknown": Word(_p("state", "Unknown"), "warn"),
    "quote": Word(_p("state", "Quote"), "good"),
    "quote_with_conditions": Word(_p("state", "Quote with conditions"), "warn"),
    "treat_before_bind": Word(_p("state", "Treat before binding"), "warn"),
    "decline": Word(_p("state", "Decline"), "bad"),
    "refer": Word(_p("state", "Refer"), "warn"),
}

SEVERITIES: dict[str, Word] = {
    "info": Word(_p("severity", "Information"), "neutral"),
    "low": Word(_p("severity", "Low"), "info"),
    "medium": Word(_p("severity", "Medium"), "warn"),
    "high": Word(_p("severity", "High"), "high"),
    "critical": Word(_p("severity", "Critical"), "bad"),
}

CONFIDENCES: dict[str, Word] = {
    "T": Word("T", "good", _("The source's own text was read")),
    "A": Word("A", "info", _("Read in a third party's analysis; the original was not seen")),
    "M": Word("M", "warn", _("From memory, not checked against the source")),
    "M-": Word("M-", "warn", _("From memory, and uncertain")),
    "D": Word("D", "neutral", _("A design choice of this platform, without a source")),
    "high": Word(_p("confidence", "high"), "good", _("High confidence")),
    "medium": Word(_p("confidence", "medium"), "info", _("Medium confidence")),
    "low": Word(_p("confidence", "low"), "warn", _("Low confidence")),
}

NAMES: dict[str, Text] = {
    "premium": _("Premium"),
    "pure": _("Pure premium"),
    "risk": _("Risk load"),
    "catastrophe": _("Catastrophe load"),
    "service": _("Service cost"),
    "expense": _("Expenses"),
    "commission": _("Commission"),
    "profit": _("Profit"),
    "guarantee_fund": _("Guarantee fund levy"),
    "technical": _("Technical premium"),
    "market_factor": _("Market factor"),
    "charged": _("Charged premium"),
    "vat": _("VAT"),
    "gross": _("Gross premium"),
    "adequacy": _("Adequacy"),
    "frequency": _("Frequency"),
    "severity": _("Severity"),
    "expected_loss": _("Expected loss"),
    "controls": _("Controls"),
    "industry": _("Industry"),
    "size": _("Size"),
    "base": _("Base"),
    "ransomware": _("Ransomware"),
    "intrusion_breach": _("Intrusion and data breach"),
    "bec_fraud": _("Business e-mail fraud"),
    "ddos_web": _("Denial of service and web attack"),
    "error_insider": _("Error and insider"),
    "third_party": _("Third-party outage"),
}

SECTIONS: dict[str, Text] = {
    "overview": "",
    "underwriting": _("Underwriting"),
    "monitoring": _("In force"),
    "claims": _("Incidents and claims"),
    "market": _("Market"),
    "books": _("Books"),
    "administration": _("Administration"),
}

OPERATIONS: dict[str, Text] = {
    "product": _("product of"),
    "sum": _("sum of"),
    "difference": _("difference of"),
    "maximum": _("largest of"),
    "minimum": _("smallest of"),
    "quotient": _("quotient of"),
    "table": _("from a table"),
    "input": _("given"),
    "precision_blend": _("blended by precision"),
    "credibility_blend": _("blended by credibility"),
    "taken": _("taken from data"),
    "judgement": _("judgement"),
    "beside_the_judgement": _("beside the judgement, not taken"),
}


def register_states(words: Mapping[str, Word]) -> None:
    """Add a room's states."""
    STATES.update(words)


def register_names(names: Mapping[str, Text]) -> None:
    """Add a room's names of traced values and the like."""
    NAMES.update(names)


def state_word(code: str) -> Word:
    """The word of a state; the code itself where none is registered."""
    return STATES.get(code) or Word(code.replace("_", " "))


def traced_name(code: str) -> Text | None:
    """The words for a traced code: the whole of it, or part by part; None when a part has none."""
    if code in NAMES:
        return NAMES[code]
    parts = [NAMES.get(part) for part in code.split(".")]
    if len(parts) > 1 and all(parts):
        return " · ".join(str(part) for part in parts)
    return None


def name_of(item: Any) -> str:
    """The name of a vocabulary item (or of its dict) in the page's language."""
    key = "name_zh" if is_chinese() else "name_en"
    found = item.get(key) if isinstance(item, Mapping) else getattr(item, key, None)
    return str(found or item)


def role_name(role: str) -> str:
    """A role of the standard vocabulary in the page's language."""
    item = roles().get(role)
    return name_of(item) if item else role.replace("_", " ")
