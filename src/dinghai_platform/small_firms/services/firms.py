"""One firm: it begins, its answers are kept as typed, it is priced at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import F

from dinghai.foundation.canonical import document_hash
from dinghai.foundation.errors import Refusal
from dinghai.schemes.small_firm_file import SmallFirm
from dinghai.schemes.small_firm_quote import FirmQuote
from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import require
from dinghai_platform.small_firms.cells import (
    cells_of,
    firm_document,
    minutes_between,
    read_cells,
    typed_cells,
)
from dinghai_platform.small_firms.engine import (
    desk_of,
    market_factor_of,
    plans,
    probe_of,
    product_on_sale,
)
from dinghai_platform.small_firms.models import Answers, Batch, Firm, Link, Policy, Quote
from dinghai_platform.small_firms.rules import LINK
from dinghai_platform.small_firms.services.common import (
    FARTHEST_DAYS,
    VALID_DAYS,
    books_of,
    broker_of,
    channel_of,
    first_day,
    home_of,
    known_firm,
)
from dinghai_platform.small_firms.services.refusals import require_not_refused
from dinghai_platform.underwriting.numbers import next_number

MOST_PRICES: Final = 20
"""So often a link may ask for a price."""
_PREFIX: Final = "SF"


@transaction.atomic
def start_firm(
    *, actor: Actor, insurer: Organisation | None = None, link: Link | None = None
) -> Firm:
    """Begin the way of one firm at an insurer. A link leads to one firm: asked again, that one.

    Raises Refusal where the insurer does not sell the plans.
    """
    if link is None:
        require(actor, "small_firms.start")
    tenant = link.tenant if link is not None else home_of(actor, insurer)
    with books_of(actor, tenant):
        product_on_sale(tenant)
        audit.hold_chain(tenant)
        if link is not None:
            before = Firm.objects.within(tenant).filter(link=link).first()
            if before is not None:
                return before
        own = actor.organisation if channel_of(actor) == Firm.Channel.OWN else None
        firm = Firm.objects.create(
            tenant=tenant, insured=own, broker=link.broker if link else broker_of(actor),
            link=link, number=next_number(Firm, "number", tenant, _PREFIX),
            channel=channel_of(actor), created_by=actor.user,
            draft={} if own is None else {"name": own.name_zh,
                                          "credit_code": own.credit_code or ""},
            draft_at=clock.machine_now())
        audit.append(actor, "small_firms.begun", firm,
                     {"number": firm.number, "channel": firm.channel})
    return firm


@transaction.atomic
def save_draft(firm: Firm, given: Mapping[str, Any], *, actor: Actor) -> Firm:
    """Keep what was typed so far; nothing is checked or priced yet, and an insured firm keeps its
    policy. Raises InputError for a cell that is too long."""
    require(actor, "small_firms.answer", firm)
    cells = typed_cells(given)
    with books_of(actor, firm.tenant):
        firm = audit.locked(firm)
        firm.draft = {**firm.draft, **cells}
        firm.draft_at = firm.draft_at or clock.machine_now()
        firm.save(update_fields=("draft", "draft_at"))
    return firm


def price_firm(
    firm: Firm, *, actor: Actor, given: Mapping[str, Any] | None = None,
    inception: date | None = None,
) -> Quote:
    """Read the answers, price every plan and keep the quote. The same answers on the same day for
    the same first day answer the quote of before. Of a firm whose cover ends soon the first day is
    the one after it, unless another is given.

    Raises InputError with the faults of the answers by column, Refusal where the insurer does not
    sell the plans, a link has asked too often or an underwriter has refused the firm.
    """
    require(actor, "small_firms.answer", firm)
    if given:
        firm = save_draft(firm, given, actor=actor)
    day = first_day(inception or after_cover(firm))
    tenant = firm.tenant
    with books_of(actor, tenant):
        _check_asked(firm, actor)
        product = product_on_sale(tenant)
        answers = _read(firm)
        scans = list(firm.scans.select_related("file").order_by("id"))
        desk = desk_of(tenant, product, clock.today(), day)
        quoted = desk.quote(answers, probe_of(answers, scans))
        return keep_quote(firm, answers, quoted, product=product,
                          factor_ppm=market_factor_of(desk), inception=day, actor=actor)


def after_cover(firm: Firm) -> date | None:
    """The day after the cover that a firm has, where that is near enough to be quoted for."""
    last = Policy.objects.within(firm.tenant).filter(firm=firm, state="in_force").order_by(
        "-expiry").values_list("expiry", flat=True).first()
    if last is None:
        return None
    left = (last - clock.today()).days
    return last + timedelta(days=1) if 0 <= left < FARTHEST_DAYS else None


def _check_asked(firm: Firm, actor: Actor) -> None:
    if actor.role == LINK and firm.link is not None and firm.link.prices >= MOST_PRICES:
        raise Refusal("by this link no further price is given",
                      reasons=["ask whoever gave you the link"])


def _read(firm: Firm) -> SmallFirm:
    """The firm of the draft, with the day of its consent: that of the answers before, as long as
    nothing new is consented to."""
    today = clock.today()
    before = firm.answers.order_by("-id").first()
    minutes = "" if before is not None or firm.draft_at is None else minutes_between(
        firm.draft_at.isoformat(), clock.machine_now())
    read = read_cells(firm.draft, plans(), on=today, consent_on=today, minutes=minutes)
    if before is not None and before.consent and before.consent_on is not None and (
            read.consent) and set(read.domains) <= set(before.scope):
        read = read_cells(firm.draft, plans(), on=today, consent_on=before.consent_on,
                          minutes=minutes)
    return read


@dataclass(frozen=True, slots=True)
class Terms:
    """By what, on which day and from which day on a quote is made."""

    product: ProductVersion
    factor_ppm: int
    on: date
    inception: date


def new_quote(firm: Firm, answers: Answers, quoted: FirmQuote, terms: Terms, *, number: str,
              actor: Actor) -> Quote:
    """The row of a quote, to be saved."""
    document, plan = quoted.to_dict(), quoted.plan(quoted.offered_plan)
    return Quote(
        tenant=firm.tenant, broker=firm.broker, insured=firm.insured, firm=firm, answers=answers,
        number=number, on=terms.on, inception=terms.inception,
        valid_until=min(terms.inception, terms.on + timedelta(days=VALID_DAYS)),
        document=document, document_hash=document_hash(document), product=terms.product,
        market_factor_ppm=terms.factor_ppm, outcome=quoted.outcome, reduced=quoted.reduced,
        score_ppm=quoted.score_ppm, grade=quoted.grade, wanted_plan=quoted.wanted_plan,
        offered_plan=quoted.offered_plan, gross_fen=None if plan is None else plan.gross_fen,
        created_by=actor.user)


@transaction.atomic
def keep_quote(
    firm: Firm, answers: SmallFirm, quoted: FirmQuote, *, product: ProductVersion,
    factor_ppm: int, inception: date, actor: Actor, batch: Batch | None = None,
    number: str = "",
) -> Quote:
    """Keep answers and quote, and let the firm stand where the quote puts it.

    The firm's line of a batch is kept once. Raises Refusal while an underwriter's refusal stands.
    """
    firm = audit.locked(firm)
    require_not_refused(firm, answers.credit_code, actor)
    _name(firm, answers, actor)
    kept = _keep_answers(firm, answers, actor)
    document = quoted.to_dict()
    digest = document_hash(document)
    before = firm.quotes.order_by("-id").first()
    if batch is None and before is not None and before.document_hash == digest and (
            before.on == clock.today() and before.inception == inception
            and before.answers_id == kept.pk
            and before.product_id == product.pk
            and before.market_factor_ppm == factor_ppm and not before.decision):
        return before
    quote = new_quote(firm, kept, quoted, Terms(product, factor_ppm, clock.today(), inception),
                      number=number or next_number(Quote, "number", firm.tenant, "SQ"),
                      actor=actor)
    quote.batch, quote.line = batch, answers.line if batch is not None else None
    quote.save(force_insert=True)
    _stand(firm, answers, quote, actor)
    if batch is None:
        audit.append(actor, "small_firms.quoted", quote, {
            "number": quote.number, "firm": firm.number, "outcome": quote.outcome,
            "gross_fen": None if quote.gross_fen is None else str(quote.gross_fen),
            "hash": digest, "answers": kept.document_hash})
    return quote


def _name(firm: Firm, answers: SmallFirm, actor: Actor) -> None:
    """Who the firm is, and its organisation here, where the insurer's own desk says so."""
    if firm.credit_code not in ("", answers.credit_code) and firm.policies.exists():
        raise Refusal("an insured firm keeps its credit code",
                      reasons=["begin another firm for another credit code"])
    firm.credit_code, firm.name, firm.industry = (
        answers.credit_code, answers.name, answers.industry)
    if actor.tenant is not None and actor.role != LINK and firm.channel != Firm.Channel.OWN:
        firm.insured = known_firm(firm.tenant, answers.credit_code)


def _keep_answers(firm: Firm, answers: SmallFirm, actor: Actor) -> Answers:
    document = firm_document(answers)
    digest = document_hash(document)
    last: Answers | None = firm.answers.order_by("-id").first()
    if last is not None and last.document_hash == digest and last.on == clock.today():
        return last
    made = Answers.objects.create(
        tenant=firm.tenant, broker=firm.broker, insured=firm.insured, firm=firm,
        on=clock.today(), document=document, document_hash=digest, consent=answers.consent,
        consent_on=answers.consent_on if answers.consent else None,
        scope=list(answers.domains) if answers.consent else [])
    if answers.consent and (last is None or last.scope != made.scope):
        audit.append(actor, "small_firms.probe_consented", made, {
            "firm": firm.number, "on": str(made.consent_on), "scope": made.scope})
    return made


def _stand(firm: Firm, answers: SmallFirm, quote: Quote, actor: Actor) -> None:
    if actor.role == LINK and firm.link is not None:
        Link.objects.within(firm.tenant).filter(pk=firm.link_id).update(
            prices=F("prices") + 1)
    firm.score_ppm, firm.grade, firm.on_offer_fen = (
        quote.score_ppm, quote.grade, quote.gross_fen)
    if firm.state != Firm.State.BOUND:
        firm.state = Firm.State(quote.outcome)
    firm.draft = cells_of(answers)
    firm.save()
