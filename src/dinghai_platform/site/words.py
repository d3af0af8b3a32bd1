"""Codes put into words: states, severities, confidence marks, roles, names in a trace.

A room adds its own codes with `register_states` and `register_names` when it is loaded. A code
nobody registered shows as it is, so that nothing is ever hidden.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

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


STATES: dict[str, Word] = {
    "draft": Word(_("Draft")),
    "submitted": Word(_("Submitted"), "info"),
    "info_requested": Word(_("Information requested"), "warn"),
    "under_assessment": Word(_("Under assessment"), "info"),
    "treatment": Word(_("In treatment"), "info"),
    "ready_to_quote": Word(_("Ready to quote"), "good"),
    "declined": Word(_("Declined"), "bad"),
    "withdrawn": Word(_("Withdrawn")),
    "converted": Word(_("Converted"), "good"),
    "priced": Word(_("Priced"), "info"),
    "referred": Word(_("Referred"), "warn"),
    "approved": Word(_("Approved"), "good"),
    "issued": Word(_("Issued"), "info"),
    "accepted": Word(_("Accepted"), "good"),
    "expired": Word(_("Expired")),
    "rejected": Word(_("Rejected"), "bad"),
    "bound": Word(_("Bound"), "info"),
    "premium_due": Word(_("Premium due"), "warn"),
    "in_force": Word(_("In force"), "good"),
    "suspended": Word(_("Suspended"), "warn"),
    "lapsed": Word(_("Lapsed"), "bad"),
    "cancelled": Word(_("Cancelled")),
    "renewed": Word(_("Renewed"), "good"),
    "measured": Word(_("Measured"), "info"),
    "proposed": Word(_("Proposed"), "info"),
    "notified": Word(_("Notified"), "info"),
    "agreed": Word(_("Agreed"), "good"),
    "applied": Word(_("Applied"), "good"),
    "disputed": Word(_("Disputed"), "warn"),
    "detected": Word(_("Detected"), "warn"),
    "triaged": Word(_("Triaged"), "info"),
    "acknowledged": Word(_("Acknowledged"), "info"),
    "fixing": Word(_("Being fixed"), "info"),
    "verified": Word(_("Verified"), "good"),
    "overdue": Word(_("Overdue"), "bad"),
    "accepted_risk": Word(_("Risk accepted"), "warn"),
    "false_positive": Word(_("False positive")),
    "reported": Word(_("Reported"), "warn"),
    "ir_dispatched": Word(_("Responders sent"), "info"),
    "contained": Word(_("Contained"), "info"),
    "eradicated": Word(_("Eradicated"), "info"),
    "recovered": Word(_("Recovered"), "good"),
    "closed": Word(_("Closed")),
    "not_incident": Word(_("Not an incident")),
    "registered": Word(_("Registered"), "info"),
    "evidence_pending": Word(_("Evidence requested"), "warn"),
    "under_survey": Word(_("Under survey"), "info"),
    "quantified": Word(_("Quantified"), "info"),
    "adjudicated": Word(_("Adjudicated"), "info"),
    "decision_issued": Word(_("Decision issued"), "info"),
    "interim_paid": Word(_("Interim paid"), "info"),
    "paid": Word(_("Paid"), "good"),
    "recovery": Word(_("In recovery"), "info"),
    "open": Word(_("Open"), "warn"),
    "queued": Word(_("Queued")),
    "running": Word(_("Running"), "info"),
    "done": Word(_("Done"), "good"),
    "failed": Word(_("Failed"), "bad"),
    "paused": Word(_("Paused"), "warn"),
    "met": Word(_("Met"), "good"),
    "late": Word(_("Late"), "bad"),
    "planned": Word(_("Planned")),
    "current": Word(_("Current"), "info"),
    "missing": Word(_("Missing"), "warn"),
    "unknown": Word(_("Unknown"), "warn"),
    "quote": Word(_("Quote"), "good"),
    "quote_with_conditions": Word(_("Quote with conditions"), "warn"),
    "treat_before_bind": Word(_("Treat before binding"), "warn"),
    "decline": Word(_("Decline"), "bad"),
    "refer": Word(_("Refer"), "warn"),
}

SEVERITIES: dict[str, Word] = {
    "info": Word(_("Information"), "neutral"),
    "low": Word(_("Low"), "info"),
    "medium": Word(_("Medium"), "warn"),
    "high": Word(_("High"), "high"),
    "critical": Word(_("Critical"), "bad"),
}

CONFIDENCES: dict[str, Word] = {
    "T": Word("T", "good", _("The source's own text was read")),
    "A": Word("A", "info", _("Read in a third party's analysis; the original was not seen")),
    "M": Word("M", "warn", _("From memory, not checked against the source")),
    "M-": Word("M-", "warn", _("From memory, and uncertain")),
    "D": Word("D", "neutral", _("A design choice of this platform, without a source")),
    "high": Word(_("high"), "good", _("High confidence")),
    "medium": Word(_("medium"), "info", _("Medium confidence")),
    "low": Word(_("low"), "warn", _("Low confidence")),
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
