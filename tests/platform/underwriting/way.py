"""The way from a sealed dossier to a policy in force, in one call."""

from __future__ import annotations

from datetime import date

from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.underwriting.models import Dossier, Policy, Quote
from dinghai_platform.underwriting.services.assessments import assess_dossier
from dinghai_platform.underwriting.services.contracts import bind_policy, pay_premium
from dinghai_platform.underwriting.services.explanations import record_explanations, terms_of
from dinghai_platform.underwriting.services.quotes import (
    accept_quote,
    approve_quote,
    issue_quote,
    price_quote,
)
from tests.platform.story import World

INCEPTION = date(2026, 4, 1)


def issued_quote(
    dossier: Dossier, product: ProductVersion, world: World, inception: date = INCEPTION
) -> Quote:
    """A quote that is in the applicant's hands."""
    underwriter = world.actor("underwriter")
    assessment = assess_dossier(dossier, actor=underwriter)
    quote = price_quote(assessment, product, actor=underwriter, inception=inception)
    return issue_quote(approve_quote(quote, actor=underwriter), actor=underwriter)


def policy_in_force(
    dossier: Dossier, product: ProductVersion, world: World, inception: date = INCEPTION
) -> Policy:
    """A policy whose premium is paid."""
    quote = issued_quote(dossier, product, world, inception)
    insured, underwriter = world.actor("insured_admin"), world.actor("underwriter")
    record_explanations(quote, [term.key for term in terms_of(quote)], actor=insured)
    policy = bind_policy(accept_quote(quote, actor=insured), actor=underwriter)
    return pay_premium(policy, reference="B-1", actor=underwriter)
