"""Monitoring's codes in words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from dinghai_platform.site.words import Word, register_states

FLOAT_REASONS: dict[str, Any] = {
    "within_hysteresis": _("the change is within the hysteresis: nothing moves"),
    "waiting_for_agreeing_reading": _("a second reading must agree first"),
    "hazard_clearly_fell": _("the hazard has clearly fallen: the premium must fall too"),
    "nothing_is_charged_before_the_anniversary": _(
        "an increase waits for the anniversary: nothing is charged before"
    ),
    "no_reading": _("there is no reading yet"),
    "other_asset_scope": _("a reading of other assets does not count"),
    "rule_never_rises": _("the rule never raises a premium"),
    "downward_at_anniversary": _("the rule lowers at the anniversary only"),
    "hazard_increase_established": _("a material increase in hazard was established"),
}


def float_reason(code: str) -> str:
    """A reason of the float rule in words."""
    name, _colon, day = code.partition(":")
    word = str(FLOAT_REASONS.get(name, name.replace("_", " ")))
    return f"{word} ({day})" if day else word


def register() -> None:
    """Hand monitoring's words to the site."""
    register_states(
        {
            "baseline": Word(_("No change"), "neutral"),
            "held": Word(_("Held until the anniversary"), "warn"),
            "superseded": Word(_("Superseded by a newer reading"), "neutral"),
        }
    )
