"""Codes of parks in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai.vocabulary.coverages import coverages
from dinghai_platform.ledger.words import DETAILS, NARRATIVES
from dinghai_platform.site.words import Word, name_of, register_states

REASONS: Final[Mapping[str, Any]] = {
    "enrolled": _p("premium step", "Joined"), "left": _p("premium step", "Left"),
}
UNPAID: Final[Mapping[str, Any]] = {
    "not_in_cover": _p("unpaid", "not in cover on the day"),
    "coverage_not_held": _p("unpaid", "cover not held"),
    "own_limits": _p("unpaid", "above its own limits"),
    "top_up_limit": _p("unpaid", "cut by the top-up's shared limit"),
    "park_event_limit": _p("unpaid", "cut by the park's limit each event"),
    "park_period_limit": _p("unpaid", "cut by the park's limit of the period"),
}
LIMITS: Final[Mapping[str, Any]] = {
    "each event": _p("limit at work", "limit each event"),
    "period": _p("limit at work", "what is left for the period"),
}
KINDS: Final[Mapping[str, Any]] = {
    "network": _p("shared resource", "Network"), "provider": _p("shared resource", "Provider"),
}
NOT_KNOWN: Final[Mapping[str, Any]] = {
    "network": _p("not known of", "network"), "providers": _p("not known of", "providers"),
    "findings": _p("not known of", "findings"), "grade": _p("not known of", "grade"),
}


def word(table: Mapping[str, Any], code: str) -> str:
    """A code in words; itself where nobody named it."""
    return str(table.get(code, code.replace("_", " ")))


def limit_words(limit: str) -> str:
    """A limit at work in words; a sublimit with its section."""
    kind, _space, section = limit.partition(" ")
    if kind == "sublimit":
        return str(_("sublimit of %(section)s") % {"section": coverage_words(section)})
    return word(LIMITS, limit)


def coverage_words(code: str) -> str:
    """A coverage by its code and name."""
    found = coverages().get(code)
    return code if found is None else f"{code} {name_of(found)}"


def register() -> None:
    """Hand the room's words to the site and to the books."""
    register_states({
        "park_draft": Word(_p("park", "Draft"), "info"),
        "park_in_force": Word(_p("park", "Bound"), "good"),
        "park_closed": Word(_p("park", "Closed")),
        "park_member_enrolled": Word(_p("park member", "Enrolled"), "good"),
        "park_member_left": Word(_p("park member", "Left")),
        "park_change_checked": Word(_p("park change", "Looked through"), "warn"),
        "park_change_applied": Word(_p("park change", "Applied"), "good"),
        "park_change_dropped": Word(_p("park change", "Dropped")),
        "park_service_offered": Word(_p("park service", "Offered"), "good"),
        "park_service_withdrawn": Word(_p("park service", "Withdrawn")),
    })
    NARRATIVES.update({
        "parks.premium": _("Premium of members of a park"),
        "parks.refund": _("Premium of a park's members that goes back"),
        "parks.claims": _("Claims payable by a park's settlement"),
        "parks.retention": _("What a park's members retain of a settlement"),
    })
    DETAILS.update({
        "park": _("Park"), "change": _("Change of members"), "day": _("Day"),
    })
