"""Quotes: pricing, referral, approval, issue, and the applicant's answer."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
from django.core.exceptions import PermissionDenied
from django.db import transaction

from dinghai.foundation.errors import InputError, Refusal
from dinghai.pricing.claims_history import ClaimsHistory
from dinghai.pricing.quote import Quote as EngineQuote
from dinghai.pricing.screening import Screening as EngineScreening
from dinghai.vocabulary.lifecycle import machines
from dinghai.wording.policy import Party, Schedule, bind
from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.catalogue.queries import product_of
from dinghai_platform.catalogue.services import ON_SALE
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import require
from dinghai_platform.core.roles import role_name
from dinghai_platform.underwriting.engine import Kept, hashes_of, pricer_of, tables_of
from dinghai_platform.underwriting.models import Assessment, Case, Quote
from dinghai_platform.underwriting.numbers import next_number
from dinghai_platform.underwriting.services.cases import reach_step
from dinghai_platform.underwriting.services.history import case_history
from dinghai_platform.underwriting.services.screenings import (
    check_no_later_hit,
    engine_screening,
    screening_today,
)

BINDABLE = ("quote", "quote_with_conditions", "inclusive_offer")
NEVER = ("treat_before_bind", "decline")
AUTHORITY = {
    "chief_underwriter": ("underwriter", "chief_underwriter"),
    "actuary": ("underwriter", "chief_underwriter", "actuary"),
    "compliance": ("underwriter", "chief_underwriter", "actuary", "compliance"),
}
"""For whose authority a role may decide a referral: the last one named decides the whole."""
_prices = Kept(32)


def first_day() -> date:
    """The first day of cover that is offered: the first of the month after next week."""
    soon = clock.today() + timedelta(days=7)
    return (soon.replace(day=1) + timedelta(days=32)).replace(day=1)


def party_of(organisation: Organisation) -> Party:
    """An organisation as a party of a contract."""
    return Party(
        name_zh=organisation.name_zh,
        name_en=organisation.name_en,
        credit_code=organisation.credit_code or "",
    )


def check_on_sale(product: ProductVersion, assessment: Assessment) -> None:
    """Raises Refusal for a product of another tenant or one that is not on sale."""
    if product.tenant_id != assessment.tenant_id:
        raise Refusal("this product is not in the catalogue of the case's insurer")
    if product.status not in ON_SALE:
        raise Refusal(
            "this product is not on sale yet", reasons=["release it in the catalogue first"]
        )


def price(
    assessment: Assessment,
    product: ProductVersion,
    *,
    inception: date | None = None,
    limit_fen: int | None = None,
    deductible_fen: int | None = None,
    history: ClaimsHistory | None = None,
    screening: EngineScreening | None = None,
) -> EngineQuote:
    """A price without keeping it: what a slider asks for, with the history and the screening that
    are given. Raises InputError outside the product's bounds.

    The last prices stay in the process, by everything they depend on.
    """
    day = inception or first_day()
    tables = tables_of(assessment, product)

    def make() -> EngineQuote:
        pricer = pricer_of(assessment, product, tables, screening)
        return pricer.quote(
            pricer.schedule(inception=day, limit_fen=limit_fen, deductible_fen=deductible_fen),
            history,
        )

    inputs = (assessment.document_hash, product.document_hash, *hashes_of(tables), day, limit_fen,
              deductible_fen, None if history is None else history.sha256,
              None if screening is None else (screening.to_dict()["hash"], clock.today()))
    return _prices.get(inputs, make)


def standing(assessment: Assessment) -> dict[str, Any]:
    """What a price of today takes besides the dossier: the case's claims history, and the
    screening that holds."""
    screened = screening_today(assessment.tenant_id, assessment.insured_id)
    return {"history": case_history(assessment.case),
            "screening": None if screened is None else engine_screening(screened)}


@transaction.atomic
def price_quote(
    assessment: Assessment,
    product: ProductVersion,
    *,
    actor: Actor,
    inception: date | None = None,
    limit_fen: int | None = None,
    deductible_fen: int | None = None,
) -> Quote:
    """Price a dossier under a product and keep the quote.

    Limit and deductible are the dossier's wishes unless given; ``inception`` the first of the
    next month. The claims history of the case and the screening that holds today go in.
    Raises InputError outside the product's bounds or for a first day that has
    passed, Refusal for a product not on sale.
    """
    require(actor, "underwriting.price", assessment)
    check_on_sale(product, assessment)
    day = inception or first_day()
    if day < clock.today():
        raise InputError("the first day has passed", field="inception", mend="choose a later day")
    history = case_history(assessment.case)
    screened = screening_today(assessment.tenant_id, assessment.insured_id)
    priced = price(
        assessment, product, inception=day, limit_fen=limit_fen, deductible_fen=deductible_fen,
        history=history, screening=None if screened is None else engine_screening(screened),
    )
    document = priced.to_dict()
    number = next_number(Quote, "number", assessment.tenant, "Q")
    premium = priced.premium
    quote = Quote.objects.create(
        tenant=assessment.tenant,
        insured=assessment.insured,
        case=assessment.case,
        assessment=assessment,
        product=product,
        number=number,
        state=machines()["quote"].initial,
        document=document,
        document_hash=document["hash"],
        history=None if history is None else history.to_dict(),
        screening=screened,
        policy_document=_draft(assessment, product, priced.schedule, number, premium.gross),
        inception=priced.schedule.inception,
        expiry=priced.schedule.expiry,
        limit_fen=priced.schedule.aggregate_limit_fen,
        deductible_fen=priced.schedule.event_deductible_fen,
        expected_loss_fen=priced.expected_loss_fen,
        technical_fen=premium.technical_net,
        charged_fen=premium.charged_net,
        vat_fen=premium.vat,
        gross_fen=premium.gross,
        adequacy_ppm=premium.adequacy_ppm,
        market_factor_ppm=premium.market_factor_ppm,
        valid_until=clock.today() + (priced.valid_until - priced.on),
    )
    check_filing(quote)
    audit.append(
        actor,
        "underwriting.quote_priced",
        quote,
        {"number": number, "gross_fen": str(quote.gross_fen), "hash": quote.document_hash,
         "rating": document["rating"], "history": history.sha256 if history else None,
         "screening": screened.document_hash if screened else None},
    )
    reach_step(assessment.case, Case.Step.COVER, actor=actor)
    return quote


def _draft(
    assessment: Assessment, product: ProductVersion, schedule: Schedule, number: str, gross: int
) -> dict[str, object]:
    insured = party_of(assessment.insured)
    named = msgspec.structs.replace(
        schedule,
        policy_no=number,
        insurer=party_of(assessment.tenant),
        insured=insured,
        applicant=insured,
        gross_premium_fen=gross,
    )
    return bind(product_of(product), named).to_dict()


def check_filing(quote: Quote) -> None:
    """What is charged must be what is filed (报行合一). Raises Refusal outside the bounds."""
    product = quote.product
    low, high = product.filed_factor_minimum_ppm, product.filed_factor_maximum_ppm
    if low is not None and high is not None and not low <= quote.market_factor_ppm <= high:
        raise Refusal(
            "the market factor is outside its filed bounds (报行合一)",
            reasons=[f"filed {low} to {high} ppm, charged {quote.market_factor_ppm} ppm"],
        )


@transaction.atomic
def refer_quote(quote: Quote, *, reason: str, actor: Actor) -> Quote:
    """Put a quote before a higher authority. Raises InputError without a reason."""
    require(actor, "underwriting.refer", quote)
    if not reason.strip():
        raise InputError("a referral needs its reason", field="reason", mend="say why")
    quote = audit.locked(quote)
    quote.referral = reason.strip()
    quote.decided_by = actor.user
    return _move(quote, "refer", actor, {"reason": quote.referral}, "referral", "decided_by")


@transaction.atomic
def approve_quote(quote: Quote, *, actor: Actor, opinion: str = "") -> Quote:
    """Approve a quote: within authority by the underwriter, a referred one by a higher authority
    who did not refer it, and to whom the rules of referral send it.

    Raises Refusal when the outcome does not let anybody bind, asks for a referral first, or for a
    higher authority than the actor's.
    """
    require(actor, approval_of(quote), quote)
    quote = audit.locked(quote)
    require(actor, approval_of(quote), quote)
    outcome, reasons = quote.document["outcome"], quote.document["reasons"]
    if outcome in NEVER:
        raise Refusal(f"the outcome does not allow to bind: {outcome}", reasons=reasons)
    if quote.state == "referred":
        if actor.user is not None and quote.decided_by_id == actor.user.pk:
            raise PermissionDenied("underwriting.approve_referred")
        _check_referred_to(quote, actor)
    elif outcome not in BINDABLE:
        raise Refusal("this quote is above your authority: refer it", reasons=reasons)
    quote.decided_by = actor.user
    return _move(quote, "approve", actor, {"opinion": opinion.strip()}, "decided_by")


def approval_of(quote: Quote) -> str:
    """The permission that approving a quote in its present state asks for."""
    if quote.state == "referred":
        return "underwriting.approve_referred"
    return "underwriting.approve"


def referred_to(quote: Quote) -> tuple[str, ...]:
    """The roles to whom the rules of referral send a quote; none for one made before them."""
    applied = quote.document.get("referral", {}).get("applied", ())
    return tuple(dict.fromkeys(one["to"] for one in applied if one["outcome"] == "refer"))


def _check_referred_to(quote: Quote, actor: Actor) -> None:
    wanted = referred_to(quote)
    if actor.role == "compliance" and "compliance" not in wanted:
        raise PermissionDenied("underwriting.approve_referred")
    above = [role for role in wanted if role not in AUTHORITY.get(actor.role, (role,))]
    if above:
        raise Refusal("this referral is decided by a higher authority",
                      reasons=[role_name(role) for role in above])


@transaction.atomic
def issue_quote(quote: Quote, *, actor: Actor) -> Quote:
    """Hand the quote to the applicant; it is valid from now for the filed number of days.

    Raises Refusal where a hit on a sanctions list was recorded since it was priced.
    """
    require(actor, "underwriting.issue", quote)
    quote = audit.locked(quote)
    check_filing(quote)
    check_no_later_hit(quote)
    document = quote.document
    days = date.fromisoformat(document["valid_until"]) - date.fromisoformat(document["on"])
    quote.valid_until = clock.today() + days
    details = {"valid_until": quote.valid_until.isoformat()}
    return _move(quote, "issue", actor, details, "valid_until")


@transaction.atomic
def accept_quote(quote: Quote, *, actor: Actor) -> Quote:
    """The applicant takes the offer. Raises Refusal after its day, or while terms are neither
    explained nor waived (保险法17条)."""
    from dinghai_platform.underwriting.services.explanations import require_explained

    require(actor, "underwriting.answer", quote)
    quote = audit.locked(quote)
    if quote.valid_until is not None and clock.today() > quote.valid_until:
        raise Refusal(f"the offer was valid until {quote.valid_until}")
    if quote.state == "issued":
        require_explained(quote)
    return _move(quote, "accept", actor, {"hash": quote.document_hash})


@transaction.atomic
def reject_quote(quote: Quote, *, reason: str, actor: Actor) -> Quote:
    """The applicant declines the offer; the reason is kept for the book's statistics."""
    require(actor, "underwriting.answer", quote)
    quote = audit.locked(quote)
    return _move(quote, "reject", actor, {"reason": reason.strip()})


@transaction.atomic
def expire_quotes(*, actor: Actor) -> int:
    """Let every issued offer of the tenant whose day has passed expire; how many there were."""
    require(actor, "underwriting.issue")
    late = Quote.objects.within(actor.own_tenant()).filter(
        state="issued", valid_until__lt=clock.today()
    )
    rows = list(late.order_by("id"))
    for row in rows:
        _move(audit.locked(row), "expire", actor, {"valid_until": row.valid_until.isoformat()})
    return len(rows)


def _move(
    quote: Quote, event: str, actor: Actor, details: dict[str, object], *changed: str
) -> Quote:
    quote.state = machines()["quote"].step(quote.state, event).target
    quote.save(update_fields=("state", *changed))
    audit.append(
        actor, f"underwriting.quote_{quote.state}", quote, {"number": quote.number, **details}
    )
    return quote
