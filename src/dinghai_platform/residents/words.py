"""Codes of residents' cover in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import pgettext_lazy as _p

from dinghai.schemes.resident_scheme import Plan
from dinghai_platform.ledger.words import DETAILS
from dinghai_platform.site.formats import is_chinese
from dinghai_platform.site.words import Word, register_states

FIELDS: Final[Mapping[str, Any]] = {
    "name": _p("resident", "Name"), "identity": _p("resident", "Identity number"),
    "mobile": _p("resident", "Mobile number"), "plan": _p("resident", "Plan"),
    "consent": _p("resident", "Consent"), "consented_on": _p("resident", "Day of consent"),
    "plans": _p("resident", "Plans"), "channel": _p("resident", "Channel"),
    "days": _p("resident", "Days"), "most": _p("resident", "Sales at most"),
    "code": _p("resident", "Code"), "product": _p("resident", "Product"),
    "first_day": _p("resident", "First day"), "last_day": _p("resident", "Last day"),
    "id": _p("resident", "Number"), "name_zh": _p("resident", "Chinese name"),
    "name_en": _p("resident", "English name"), "applicant_zh": _p("resident", "Applicant"),
    "reason": _p("resident", "Reason"), "certificate": _p("resident", "Certificate"),
    "kind": _p("resident", "Kind of change"), "from_day": _p("resident", "First day of the change"),
    "target": _p("resident", "Scheme of the next period"), "file": _p("resident", "File"),
    "whole": _p("resident", "Everybody"), "enrolment": _p("resident", "List of residents"),
    "consent_since": _p("resident", "Consent since"), "rows": _p("resident", "Rows"),
    "rows_a_second": _p("resident", "Rows a second"),
}
CHANNELS: Final[Mapping[str, Any]] = {
    "community": _p("channel", "Community"), "employer": _p("channel", "Employer"),
    "telecom": _p("channel", "Telecom operator"), "direct": _p("channel", "Residents themselves"),
}


def plan_name(plan: Plan) -> str:
    """A plan's name in the language of the page."""
    return plan.name_zh if is_chinese() or not plan.name_en else plan.name_en


def register() -> None:
    """Hand the room's words to the site and to the books."""
    register_states({
        "enrolment_reading": Word(_p("enrolment", "Being read"), "info"),
        "enrolment_checked": Word(_p("enrolment", "Checked"), "warn"),
        "enrolment_issuing": Word(_p("enrolment", "Being issued"), "info"),
        "enrolment_sealed": Word(_p("enrolment", "Issued"), "good"),
        "enrolment_cancelled": Word(_p("enrolment", "Cancelled")),
        "enrolment_unread": Word(_p("enrolment", "No list"), "bad"),
        "changes_reading": Word(_p("changes", "Being read"), "info"),
        "changes_checked": Word(_p("changes", "Checked"), "warn"),
        "changes_applying": Word(_p("changes", "Being done"), "info"),
        "changes_sealed": Word(_p("changes", "Done"), "good"),
        "changes_cancelled": Word(_p("changes", "Given up")),
        "changes_unread": Word(_p("changes", "No list"), "bad"),
        "sale_link_open": Word(_p("sale link", "Open"), "good"),
        "sale_link_sold_out": Word(_p("sale link", "Sold out"), "warn"),
        "sale_link_over": Word(_p("sale link", "Over")),
        "sale_link_withdrawn": Word(_p("sale link", "Withdrawn"), "bad"),
    })
    DETAILS.update({
        "scheme": _p("resident", "Scheme"), "certificates": _p("resident", "Certificates"),
        "root": _p("resident", "Merkle root"),
    })
