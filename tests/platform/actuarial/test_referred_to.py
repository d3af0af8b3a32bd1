"""A referral is decided by whom the rules send it to, and by nobody below."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied

from dinghai.foundation.errors import Refusal
from dinghai_platform.actuarial.services.decisions import approve_version, propose_version
from dinghai_platform.actuarial.services.drafts import NewFigure, change_figures, draft_version
from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.core import clock
from dinghai_platform.underwriting.models import Dossier, Quote
from dinghai_platform.underwriting.services.assessments import assess_dossier
from dinghai_platform.underwriting.services.quotes import (
    approve_quote,
    price_quote,
    refer_quote,
    referred_to,
)
from tests.platform.story import World


def rules_in_force(world: World, **figures: NewFigure) -> None:
    """Rules of referral with other figures, in force from today on an empty book."""
    actuary = world.actor("actuary")
    version = draft_version("referral", "referral", label="2026.2", reason="x", actor=actuary)
    change_figures(version, {place.replace("__", "."): one for place, one in figures.items()},
                   actor=actuary)
    propose_version(version, reason="x", actor=actuary)
    approve_version(version, in_force_from=clock.today(), reason="x",
                    actor=world.actor("chief_underwriter"))


def referred(world: World, product: ProductVersion, dossier: Dossier) -> Quote:
    underwriter = world.actor("underwriter")
    quote = price_quote(assess_dossier(dossier, actor=underwriter), product, actor=underwriter)
    return refer_quote(quote, reason="超出权限", actor=underwriter)


def test_what_is_above_the_chief_goes_to_the_actuary(
    world: World, product: ProductVersion, dossier: Dossier
) -> None:
    rules_in_force(world, **{"rules[LIMIT-CHIEF].when[0].value": NewFigure(1, "x", "D")})
    quote = referred(world, product, dossier)
    assert quote.document["outcome"] == "refer" and referred_to(quote) == ("actuary",)
    with pytest.raises(Refusal, match="higher authority"):
        approve_quote(quote, actor=world.actor("chief_underwriter"))
    for role in ("underwriter", "compliance"):
        with pytest.raises(PermissionDenied):
            approve_quote(quote, actor=world.actor(role))
    assert approve_quote(quote, actor=world.actor("actuary")).state == "approved"


def test_what_compliance_clears_only_compliance_decides(
    world: World, product: ProductVersion, dossier: Dossier
) -> None:
    from dinghai.foundation.toml_text import toml_text
    from dinghai_platform.actuarial.kinds import KINDS
    from dinghai_platform.actuarial.services.drafts import upload_version

    document = KINDS["referral"].shipped_document("referral") | {"version": "2026.2"}
    for rule in document["rules"]:
        if rule["id"] == "LIMIT-CHIEF":
            rule["to"], rule["when"][0]["value"] = "compliance", 1
    actuary = world.actor("actuary")
    version = upload_version("referral", toml_text(document).encode(), reason="x", actor=actuary)
    propose_version(version, reason="x", actor=actuary)
    approve_version(version, in_force_from=clock.today(), reason="x",
                    actor=world.actor("chief_underwriter"))
    quote = referred(world, product, dossier)
    for role in ("chief_underwriter", "actuary"):
        with pytest.raises(Refusal, match="higher authority"):
            approve_quote(quote, actor=world.actor(role))
    assert approve_quote(quote, actor=world.actor("compliance")).state == "approved"


def test_a_quote_made_before_the_rules_is_decided_as_ever(
    world: World, product: ProductVersion, dossier: Dossier
) -> None:
    quote = referred(world, product, dossier)
    document = dict(quote.document)
    del document["referral"]
    del document["rating"]["sha256"]
    Quote.objects.within(world.insurer).filter(pk=quote.pk).update(document=document)
    assert approve_quote(quote, actor=world.actor("chief_underwriter")).state == "approved"
