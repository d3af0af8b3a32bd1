"""The steps of a claim on a phone: which there are, what each asks, how far it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from dinghai.foundation.money import format_yuan
from dinghai_platform.resident_claims.forms import (
    AccountForm,
    BankForm,
    DeclareForm,
    EventForm,
    LossForm,
    PoliceForm,
)
from dinghai_platform.resident_claims.models import Claim
from dinghai_platform.resident_claims.sealing import unseal_words

Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StepOf:
    """One step. ``facts`` and ``words`` are the fields it states; ``is_done`` says whether what
    matters most of it is known."""

    code: str
    label: Any
    form: type[forms.Form]
    facts: tuple[str, ...]
    words: tuple[str, ...]
    is_done: Callable[[Claim, Words], bool]


STEPS: Final = (
    StepOf("event", _("What happened"), EventForm,
           ("loss_day", "telecom_fraud", "induced", "credential_given", "cash", "family"),
           ("story",), lambda claim, words: "loss_day" in claim.facts),
    StepOf("loss", _("What you lost"), LossForm, ("loss", "recovered"),
           ("payee_account", "payee_name"),
           lambda claim, words: {"loss", "recovered"} <= set(claim.facts)),
    StepOf("police", _("Police filing"), PoliceForm, ("police_filed", "filing_day"),
           ("police_case",),
           lambda claim, words: {"police_filed", "police_notice"} <= set(claim.facts)),
    StepOf("bank", _("Bank records"), BankForm, (), (),
           lambda claim, words: "bank_records" in claim.facts),
    StepOf("account", _("Account for payment"), AccountForm, (),
           ("holder_account", "holder_bank"),
           lambda claim, words: bool(words.get("holder_account"))),
    StepOf("declare", _("Declaration"), DeclareForm, (), (),
           lambda claim, words: claim.submitted_at is not None),
)
BY_CODE: Final = {one.code: one for one in STEPS}
SEALED_SHOWN: Final = ("story", "holder_bank", "payee_name", "police_case")
"""What a claimant sees again of what was sealed; account numbers are shown by their end alone."""


def steps_of(claim: Claim, here: str = "") -> list[dict[str, Any]]:
    """The steps for the page of a claim."""
    words = unseal_words(claim.tenant_id, claim.sealed)
    return [{
        "label": one.label, "href": reverse("resident_claims:step", args=[claim.pk, one.code]),
        "state": "current" if one.code == here else "done" if one.is_done(claim, words)
        else "planned"} for one in STEPS]


def initial_of(claim: Claim, step: StepOf) -> dict[str, Any]:
    """What a step's form shows at first."""
    words = unseal_words(claim.tenant_id, claim.sealed)
    found: dict[str, Any] = {}
    for name in step.facts:
        value = claim.facts.get(name)
        if value is None:
            continue
        found[name] = format_yuan(value).removeprefix("¥") if name in (
            "loss", "recovered") else value
    found |= {name: words[name] for name in step.words
              if name in SEALED_SHOWN and words.get(name)}
    if step.code == "loss":
        found["payee_bank"] = claim.bank
    return found


def kept_numbers(claim: Claim, step: StepOf) -> list[tuple[str, str]]:
    """Account numbers that are kept, by their last four places: (field, what stands there)."""
    words = unseal_words(claim.tenant_id, claim.sealed)
    return [(name, f"•••• {words[name][-4:]}") for name in step.words
            if name not in SEALED_SHOWN and words.get(name)]


def next_of(step: StepOf) -> str:
    """The code of the step after; empty after the last."""
    place = STEPS.index(step)
    return STEPS[place + 1].code if place + 1 < len(STEPS) else ""
