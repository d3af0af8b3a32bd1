"""Codes of subsidies in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai.schemes.subsidy_register import Reason
from dinghai.schemes.subsidy_rule import SubsidyRule
from dinghai.schemes.subsidy_words import SaidReason, say_reason
from dinghai.vocabulary.industries import industries
from dinghai_platform.ledger.words import DETAILS, NARRATIVES
from dinghai_platform.site.formats import is_chinese
from dinghai_platform.site.words import Word, register_states

SIZES: Final[Mapping[str, Any]] = {
    "micro": _p("firm size", "Micro"), "small": _p("firm size", "Small"),
    "medium": _p("firm size", "Medium"), "large": _p("firm size", "Large"),
}
MODES: Final[Mapping[str, Any]] = {
    "first_come": _p("subsidy", "First come, first served"),
    "proportional": _p("subsidy", "Shared out in proportion at the end"),
}
HELD: Final[Mapping[str, Any]] = {
    "not_published": _p("held payment", "not published yet"),
    "open_to_objections": _p("held payment", "still open to objections"),
    "objection_open": _p("held payment", "an objection is open"),
}
KINDS: Final[Mapping[str, Any]] = {
    "decided": _p("entry", "Decided"), "closed": _p("entry", "Shared out"),
    "published": _p("entry", "Published"), "objected": _p("entry", "Objection"),
    "paid": _p("entry", "Paid"), "cancelled": _p("entry", "Policy cancelled"),
    "refunded": _p("entry", "Premium went back"), "returned": _p("entry", "Subsidy came back"),
    "withdrawn": _p("entry", "Withdrawn by the firm"),
}
OBJECTIONS: Final[Mapping[str, Any]] = {
    "open": _p("objection", "Being looked into"), "upheld": _p("objection", "Upheld"),
    "dismissed": _p("objection", "Dismissed"),
}
DIMENSIONS: Final[Mapping[str, Any]] = {
    "sector": _p("subsidy report", "By sector"), "area": _p("subsidy report", "By area"),
    "size": _p("subsidy report", "By size of firm"),
    "month": _p("subsidy report", "By month of application"),
    "insurer": _p("subsidy report", "By insurer"),
}
REASONS: Final[Mapping[str, Any]] = {
    "sector": _p("refusal", "sector"), "area": _p("refusal", "area"),
    "size": _p("refusal", "size of the firm"), "product": _p("refusal", "product"),
    "line": _p("refusal", "line"), "period": _p("refusal", "outside the period"),
    "late": _p("refusal", "applied too late"), "no_premium": _p("refusal", "bears no premium"),
    "too_small": _p("refusal", "less than a fen"), "firm_cap": _p("refusal", "cap of the firm"),
    "duplicate": _p("refusal", "applied for twice"), "closed": _p("refusal", "shared out before"),
    "shared_out": _p("refusal", "nothing left to share out"),
}


def word(table: Mapping[str, Any], code: str) -> str:
    """A code in words; itself where nobody named it."""
    return str(table.get(code, code.replace("_", " ")))


def reason_word(code: str) -> str:
    """What a refusal is counted under, in a word; a condition by its fact."""
    return code.removeprefix("condition:") if ":" in code else word(REASONS, code)


def sector_name(code: str) -> str:
    """A code of GB/T 4754 with the name of its section."""
    section = industries().get(code[:1])
    if section is None:
        return code
    return f"{code} {section.name_zh if is_chinese() else section.name_en}"


def said_reasons(rule: SubsidyRule, reasons: Iterable[Mapping[str, Any]]) -> list[SaidReason]:
    """The reasons of a decision in the language of the page."""
    language = "zh" if is_chinese() else "en"
    return [say_reason(rule, msgspec.convert(dict(one), Reason),
                       "zh" if language == "zh" else "en") for one in reasons]


def register() -> None:
    """Hand the room's words to the site and to the books."""
    register_states({
        "subsidy_open": Word(_p("subsidy", "Open"), "good"),
        "subsidy_ended": Word(_p("subsidy", "Ended")),
        "subsidy_granted": Word(_p("application", "Granted"), "good"),
        "subsidy_waiting_evidence": Word(_p("application", "Waits for evidence"), "warn"),
        "subsidy_waiting_budget": Word(_p("application", "Waits for budget"), "info"),
        "subsidy_waiting_close": Word(_p("application", "Waits for the sharing out"), "info"),
        "subsidy_refused": Word(_p("application", "Refused"), "bad"),
        "subsidy_withdrawn": Word(_p("application", "Withdrawn after an objection"), "bad"),
        "subsidy_given_up": Word(_p("application", "Withdrawn by the firm")),
        "list_checked": Word(_p("list", "Looked through"), "info"),
        "list_taking": Word(_p("list", "Being taken"), "warn"),
        "list_taken": Word(_p("list", "Taken"), "good"),
        "list_dropped": Word(_p("list", "Dropped")),
        "objection_open": Word(_p("objection", "Being looked into"), "warn"),
        "objection_upheld": Word(_p("objection", "Upheld"), "bad"),
        "objection_dismissed": Word(_p("objection", "Dismissed"), "good"),
    })
    NARRATIVES.update({
        "subsidies.paid": _("Subsidies of premiums paid"),
        "subsidies.changed": _("Subsidies of premiums due back"),
        "subsidies.returned": _("Subsidies of premiums that came back"),
        "subsidies.carried": _("Subsidies of premiums from before the register"),
    })
    DETAILS.update({"subsidy": _("Subsidy"), "head": _("Head of the register")})
