"""Codes of programmes in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai_platform.chains.words import indicator_name
from dinghai_platform.ledger.words import DETAILS, NARRATIVES
from dinghai_platform.site.words import Word, register_states

KINDS: Final[Mapping[str, Any]] = {
    "insurance": _p("share", "Insurance"),
    "commercial_contribution": _p("share", "Commercial contribution"),
    "contribution": _p("share", "Commercial contribution"),
    "retention": _p("share", "Retained"), "retained": _p("share", "Retained"),
}
ROLES: Final[Mapping[str, Any]] = {
    "lead_insurer": _p("share", "Lead insurer"),
    "following_insurer": _p("share", "Following insurer"),
    "captive": _p("share", "Captive"), "chain_owner": _p("share", "Chain owner"),
    "supplier": _p("share", "Supplier"), "insured": _p("share", "Insured"),
    "": _p("share", "Who suffered it"),
}
BEARERS: Final[Mapping[str, Any]] = {
    "named": "", "root_cause": _p("share", "where the cause lies"),
    "sufferer": _p("share", "who suffers it"), "enrolled": _p("share", "all members"),
}
REASONS: Final[Mapping[str, Any]] = {
    "share": _p("settlement reason", "share of the layer"),
    "deductible": _p("settlement reason", "deductible"),
    "uplift": _p("settlement reason", "overdue finding"),
    "unplaced": _p("settlement reason", "share that nobody took"),
    "above_layers": _p("settlement reason", "above the layers"),
}
STEPS: Final[Mapping[str, Any]] = {
    "enrolled": _p("premium step", "Joined"), "left": _p("premium step", "Left"),
    "float": _p("premium step", "Premium floated"),
}
GROUPS: Final[Mapping[str, Any]] = {
    "owner": _p("party group", "Chain owner"), "supplier-1": _p("party group", "Tier 1"),
    "supplier-2": _p("party group", "Tier 2"), "supplier-3": _p("party group", "Tier 3"),
    "supplier-4": _p("party group", "Tier 4 and beyond"), "dealer": _p("party group", "Dealers"),
    "customer": _p("party group", "Customers"), "provider": _p("party group", "Providers"),
    "common_cause": _p("party group", "Shared causes"),
}


def word(table: Mapping[str, Any], code: str) -> str:
    """A code in words; itself where nobody named it."""
    return str(table.get(code, code.replace("_", " ")))


def subject_words(table: str, subject: str) -> str:
    """What a reason or a fix is about, to the member itself."""
    if table == "controls":
        return indicator_name(subject)
    if table == "weaknesses":
        return str(_("Finding %(subject)s") % {"subject": subject})
    if table == "assets":
        return str(_("Asset %(subject)s") % {"subject": subject})
    if table == "links":
        return str(_("A connection to another firm"))
    if table == "threats":
        return str(_("What is known of vulnerabilities that are exploited"))
    return str(_("The chain as a whole became safer"))


def fix_words(table: str, subject: str) -> str:
    """What a member could do."""
    if table == "controls":
        return str(_("Bring to full marks: %(control)s") % {"control": indicator_name(subject)})
    if table == "weaknesses":
        return str(_("Close the finding %(subject)s") % {"subject": subject})
    return subject_words(table, subject)


def register() -> None:
    """Hand the room's words to the site and to the books."""
    register_states({
        "programme_open": Word(_p("programme", "Open"), "good"),
        "programme_closed": Word(_p("programme", "Closed")),
        "member_enrolled": Word(_p("member", "Enrolled"), "good"),
        "member_left": Word(_p("member", "Left")),
        "settlement_proposed": Word(_p("settlement", "Waits for approval"), "warn"),
        "settlement_posted": Word(_p("settlement", "Posted"), "good"),
        "settlement_rejected": Word(_p("settlement", "Rejected"), "bad"),
        "settlement_reversed": Word(_p("settlement", "Reversed")),
        "float_proposed": Word(_p("float", "Waits for approval"), "warn"),
        "float_notified": Word(_p("float", "Told"), "info"),
        "float_agreed": Word(_p("float", "Agreed"), "info"),
        "float_disputed": Word(_p("float", "Appealed"), "warn"),
        "float_applied": Word(_p("float", "Applied"), "good"),
        "float_held": Word(_p("float", "Held to the anniversary")),
        "float_superseded": Word(_p("float", "Superseded")),
    })
    NARRATIVES.update({
        "programmes.premium": _("Premium of members of a programme"),
        "programmes.refund": _("Premium of members that goes back"),
        "programmes.insurance": _("Insurance payable by a settlement"),
        "programmes.contribution": _("Commercial contributions of a settlement"),
        "programmes.retention": _("What members retain of a settlement"),
    })
    DETAILS.update({
        "programme": _("Programme"), "steps": _("Steps of premium"),
        "settlement": _("Settlement"), "event": _("Event"),
    })
