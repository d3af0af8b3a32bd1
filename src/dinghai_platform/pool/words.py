"""The pool's codes in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai.experience.pool_rules import purposes
from dinghai.vocabulary.industries import industries
from dinghai.vocabulary.perils import perils
from dinghai_platform.site.formats import is_chinese
from dinghai_platform.site.words import Word, name_of

STATES: Mapping[str, Word] = {
    "active": Word(_p("member", "Member"), "good"),
    "ended": Word(_p("member", "No member any more")),
    "earned": Word(_p("credits", "Earned"), "good"),
    "reversed": Word(_p("credits", "Taken back"), "warn"),
    "requested": Word(_p("release", "Requested"), "info"),
    "published": Word(_p("release", "Published"), "good"),
    "suppressed": Word(_p("method", "Small cells withheld"), "info"),
    "private": Word(_p("method", "Differentially private"), "info"),
}

DIMENSIONS: Mapping[str, Any] = {
    "peril": _("Peril"), "section": _("Industry"), "size_band": _("Employees"),
    "year": _("Year"),
}

REASONS: Mapping[str, Any] = {
    "few_firms": _("Too few firms"),
    "few_others": _("Too few firms beside one contributor's"),
    "dominant": _("One firm or contributor dominates"),
    "complementary": _("Withheld so that another cell cannot be worked out"),
    "differencing": _("Too few firms changed since an earlier release"),
}


def purpose_name(code: str) -> str:
    """A purpose in the language of the page."""
    return name_of(purposes()[code]) if code in purposes() else code


def purpose_choices() -> list[tuple[str, str]]:
    """Every purpose with its name, for a form."""
    return [(code, purpose_name(code)) for code in purposes()]


def value_name(dimension: str, value: str) -> str:
    """A value along a dimension, in words."""
    if dimension == "peril" and value in perils():
        return name_of(perils()[value])
    if dimension == "section" and value in industries():
        return f"{value} {name_of(industries()[value])}"
    if dimension == "size_band" and value.startswith("over-"):
        number = f"{int(value.removeprefix('over-')):,}"
        return f"{number} 人以上" if is_chinese() else f"over {number}"
    return value.replace("-", "–")


def table_name(dimensions: Any) -> str:
    """A table by its dimensions."""
    return " × ".join(str(DIMENSIONS[one]) for one in dimensions) or str(_("All events"))


def credits_text(milli: int) -> str:
    """Credits to a tenth."""
    return f"{milli / 1000:,.1f}"
