"""The API of small firms: the same verbs as the pages, for those who have an account."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from ninja import File, Form, Query, Router, Status
from ninja.files import UploadedFile

from dinghai.schemes.small_firm_plans import plan_document
from dinghai_platform.chains.services.common import insurers_of
from dinghai_platform.core.permissions import require
from dinghai_platform.core.schemas import ERRORS, PageQuery, part_of
from dinghai_platform.core.tenancy import visible_or_404
from dinghai_platform.small_firms import queries
from dinghai_platform.small_firms import schemas as shapes
from dinghai_platform.small_firms.api_answers import (
    batch_answer,
    firm_answer,
    link_answer,
    month_answer,
    policy_answer,
    quote_answer,
    run_answer,
    term_answer,
)
from dinghai_platform.small_firms.api_changes import router as changes_router
from dinghai_platform.small_firms.api_renewals import router as renewals_router
from dinghai_platform.small_firms.engine import plans
from dinghai_platform.small_firms.models import Link, MonthRun, Quote
from dinghai_platform.small_firms.services import batches as batch_services
from dinghai_platform.small_firms.services.firms import price_firm, save_draft, start_firm
from dinghai_platform.small_firms.services.links import make_link, revoke_link
from dinghai_platform.small_firms.services.months import month_of, run_months
from dinghai_platform.small_firms.services.policies import (
    Acceptance,
    bind_quote,
    pay_premium,
    terms_of,
)
from dinghai_platform.small_firms.services.referrals import decide_referral
from dinghai_platform.small_firms.services.refusals import ask_again, look_again
from dinghai_platform.small_firms.services.scans import LARGEST, hand_in_scan
from dinghai_platform.small_firms.views.validation import validation_of_house

router = Router(tags=["small firms"])
router.add_router("", renewals_router)
router.add_router("", changes_router)
Document = dict[str, Any]


@router.get("/plans", response={200: dict[str, Any], **ERRORS}, operation_id="small_firm_plans")
def plan_list(request: HttpRequest) -> Document:
    """The three plans (dinghai.small-firm-plans/1 with the product's retentions and waiting)."""
    require(request.actor, "small_firms.view")
    return dict(plan_document(plans()))


@router.get("/validation", response={200: dict[str, Any], **ERRORS},
            operation_id="small_firm_validation")
def validation(request: HttpRequest) -> Document:
    """The light score against the full one (dinghai.small-firm-validation/1)."""
    require(request.actor, "small_firms.validation")
    return dict(validation_of_house().to_dict())


@router.get("/firms", response={200: shapes.SmallFirmPart, **ERRORS}, operation_id="small_firms")
def firm_list(request: HttpRequest, page: Query[PageQuery]) -> Document:
    """The firms that the actor sees, newest first."""
    require(request.actor, "small_firms.view")
    return part_of(queries.firms(request.actor).order_by("-id"), page, firm_answer)


@router.post("/firms", response={201: shapes.SmallFirmAnswer, **ERRORS},
             operation_id="start_small_firm")
def firm_new(request: HttpRequest, body: shapes.SmallFirmNew) -> Status:
    """Begin the way of a firm."""
    require(request.actor, "small_firms.start")
    insurer = None
    if body.insurer is not None:
        insurer = next((one for one in insurers_of(request.actor) if one.pk == body.insurer), None)
        if insurer is None:
            return Status(404, {"error": {"message": "no such insurer"}})
    return Status(201, firm_answer(start_firm(actor=request.actor, insurer=insurer)))


@router.get("/firms/{key}", response={200: shapes.SmallFirmAnswer, **ERRORS},
            operation_id="small_firm")
def firm_one(request: HttpRequest, key: UUID) -> Document:
    """One firm."""
    require(request.actor, "small_firms.view")
    return firm_answer(queries.firm(request.actor, key))


@router.put("/firms/{key}/draft", response={200: shapes.SmallFirmAnswer, **ERRORS},
            operation_id="save_small_firm_draft")
def firm_draft(request: HttpRequest, key: UUID, body: shapes.SmallFirmCells) -> Document:
    """Keep answers as they are typed; nothing is checked yet."""
    row = queries.firm(request.actor, key)
    return firm_answer(save_draft(row, body.cells, actor=request.actor))


@router.post("/firms/{key}/quotes", response={201: shapes.SmallFirmQuoteAnswer, **ERRORS},
             operation_id="price_small_firm")
def firm_price(request: HttpRequest, key: UUID, body: shapes.SmallFirmCells) -> Status:
    """Read the answers (those given over those kept) and price every plan."""
    row = queries.firm(request.actor, key)
    made = price_firm(row, actor=request.actor, given=body.cells, inception=body.inception)
    return Status(201, quote_answer(made))


@router.get("/firms/{key}/quotes", response={200: shapes.SmallFirmQuotePart, **ERRORS},
            operation_id="small_firm_quotes")
def quote_list(request: HttpRequest, key: UUID, page: Query[PageQuery]) -> Document:
    """The quotes of a firm, newest first."""
    require(request.actor, "small_firms.view")
    row = queries.firm(request.actor, key)
    return part_of(row.quotes.order_by("-id"), page, quote_answer)


@router.post("/firms/{key}/scans", response={201: shapes.SmallFirmAnswer, **ERRORS},
             operation_id="hand_in_small_firm_scan")
def scan_new(request: HttpRequest, key: UUID, file: File[UploadedFile]) -> Status:
    """Hand a scan of a firm in that consented to it; the next price reads it."""
    row = queries.firm(request.actor, key)
    hand_in_scan(row, file.read(LARGEST + 1), name=file.name or "", actor=request.actor)
    return Status(201, firm_answer(row))


@router.post("/firms/{key}/months", response={201: shapes.SmallFirmMonthAnswer, **ERRORS},
             operation_id="make_small_firm_month")
def month_new(request: HttpRequest, key: UUID) -> Status:
    """The monthly page of today."""
    return Status(201, month_answer(month_of(
        queries.firm(request.actor, key), actor=request.actor)))


@router.get("/referrals", response={200: shapes.SmallFirmQuotePart, **ERRORS},
            operation_id="small_firm_referrals")
def referral_list(request: HttpRequest, page: Query[PageQuery]) -> Document:
    """Quotes that wait, or waited, for an underwriter."""
    require(request.actor, "small_firms.decide")
    return part_of(queries.referrals(request.actor).order_by("decision", "-id"), page,
                   quote_answer)


@router.get("/quotes/{key}", response={200: shapes.SmallFirmQuoteAnswer, **ERRORS},
            operation_id="small_firm_quote")
def quote_one(request: HttpRequest, key: UUID) -> Document:
    """One quote."""
    return quote_answer(_quote(request, key))


@router.get("/quotes/{key}/terms", response={200: list[shapes.SmallFirmTermAnswer], **ERRORS},
            operation_id="small_firm_quote_terms")
def quote_terms(request: HttpRequest, key: UUID, plan: str = "") -> list[Document]:
    """Every term of a plan that must be explained before it is taken (保险法17条)."""
    return [term_answer(one) for one in terms_of(_quote(request, key), plan)]


@router.post("/quotes/{key}/policy", response={201: shapes.SmallFirmPolicyAnswer, **ERRORS},
             operation_id="bind_small_firm_quote")
def quote_bind(request: HttpRequest, key: UUID, body: shapes.SmallFirmBindNew) -> Status:
    """Take the offer."""
    made = bind_quote(_quote(request, key), body.plan,
                      Acceptance(body.read, body.confirmed_by, body.channel), actor=request.actor)
    return Status(201, policy_answer(made))


@router.post("/quotes/{key}/decision", response={200: shapes.SmallFirmQuoteAnswer, **ERRORS},
             operation_id="decide_small_firm_referral")
def quote_decide(request: HttpRequest, key: UUID, body: shapes.SmallFirmDecisionNew) -> Document:
    """Approve a plan of a referred quote, or refuse it."""
    return quote_answer(decide_referral(
        _quote(request, key), approve=body.approve, plan=body.plan, reason=body.reason,
        actor=request.actor))


@router.post("/quotes/{key}/again", response={200: shapes.SmallFirmQuoteAnswer, **ERRORS},
             operation_id="question_small_firm_refusal")
def quote_again(request: HttpRequest, key: UUID, body: shapes.SmallFirmAgainNew) -> Document:
    """Ask, for the firm, that a refusal is looked at again."""
    return quote_answer(ask_again(_quote(request, key), text=body.text, actor=request.actor))


@router.post("/quotes/{key}/look", response={200: shapes.SmallFirmQuoteAnswer, **ERRORS},
             operation_id="look_at_small_firm_refusal")
def quote_look(request: HttpRequest, key: UUID, body: shapes.SmallFirmLookNew) -> Document:
    """Look at a refusal again: lift it, or let it stand."""
    return quote_answer(look_again(
        _quote(request, key), lift=body.lift, reason=body.reason, actor=request.actor))


def _quote(request: HttpRequest, key: UUID) -> Quote:
    require(request.actor, "small_firms.view")
    return queries.quote(request.actor, key)


@router.get("/policies", response={200: shapes.SmallFirmPolicyPart, **ERRORS},
            operation_id="small_firm_policies")
def policy_list(request: HttpRequest, page: Query[PageQuery]) -> Document:
    """The policies that the actor sees, newest first."""
    require(request.actor, "small_firms.view")
    rows = queries.policies(request.actor).defer(None).prefetch_related("payments")
    return part_of(rows.order_by("-id"), page, policy_answer)


@router.get("/policies/{key}", response={200: shapes.SmallFirmPolicyAnswer, **ERRORS},
            operation_id="small_firm_policy")
def policy_one(request: HttpRequest, key: UUID) -> Document:
    """One policy."""
    require(request.actor, "small_firms.view")
    return policy_answer(queries.policy(request.actor, key))


@router.post("/policies/{key}/payment", response={200: shapes.SmallFirmPolicyAnswer, **ERRORS},
             operation_id="pay_small_firm_premium")
def policy_pay(request: HttpRequest, key: UUID, body: shapes.SmallFirmPaymentNew) -> Document:
    """Record that the whole premium has arrived."""
    row = queries.policy(request.actor, key)
    return policy_answer(pay_premium(row, reference=body.reference, actor=request.actor))


@router.get("/batches", response={200: shapes.SmallFirmBatchPart, **ERRORS},
            operation_id="small_firm_batches")
def batch_list(request: HttpRequest, page: Query[PageQuery]) -> Document:
    """The batches that the actor sees, newest first."""
    require(request.actor, "small_firms.batch")
    return part_of(queries.batches(request.actor).defer(None).order_by("-id"), page, batch_answer)


@router.post("/batches", response={201: shapes.SmallFirmBatchAnswer, **ERRORS},
             operation_id="take_small_firm_batch")
def batch_new(request: HttpRequest, file: File[UploadedFile],
              body: Form[shapes.SmallFirmBatchNew]) -> Status:
    """Look a file of firms through: a dry run, nothing of it is written."""
    require(request.actor, "small_firms.batch")
    made = batch_services.take_batch(
        file.read(batch_services.LARGEST + 1), name=file.name or "", inception=body.inception,
        actor=request.actor)
    return Status(201, batch_answer(made))


@router.get("/batches/{key}", response={200: shapes.SmallFirmBatchAnswer, **ERRORS},
            operation_id="small_firm_batch")
def batch_one(request: HttpRequest, key: UUID) -> Document:
    """One batch: how far it is and what it came to."""
    require(request.actor, "small_firms.batch")
    return batch_answer(queries.batch(request.actor, key))


@router.get("/batches/{key}/quotes", response={200: shapes.SmallFirmQuotePart, **ERRORS},
            operation_id="small_firm_batch_quotes")
def batch_quotes(request: HttpRequest, key: UUID, page: Query[PageQuery]) -> Document:
    """The quotes of a batch in the file's order."""
    require(request.actor, "small_firms.batch")
    rows = queries.quotes_of(queries.batch(request.actor, key)).order_by("line")
    return part_of(rows, page, quote_answer)


@router.post("/batches/{key}/quotes", response={202: shapes.SmallFirmBatchAnswer, **ERRORS},
             operation_id="quote_small_firm_batch")
def batch_quote(request: HttpRequest, key: UUID, body: shapes.SmallFirmBatchStart) -> Status:
    """Have the firms of a batch quoted."""
    row = queries.batch(request.actor, key)
    return Status(202, batch_answer(batch_services.quote_batch(
        row, all_or_nothing=body.all_or_nothing, actor=request.actor)))


@router.post("/batches/{key}/policies", response={202: shapes.SmallFirmBatchAnswer, **ERRORS},
             operation_id="bind_small_firm_batch")
def batch_bind(request: HttpRequest, key: UUID, body: shapes.SmallFirmBatchBind) -> Status:
    """Have offers of a batch bound."""
    row = queries.batch(request.actor, key)
    return Status(202, batch_answer(batch_services.bind_batch(
        row, body.quotes, confirmed_by=body.confirmed_by, channel=body.channel,
        explained=body.explained, actor=request.actor)))


@router.post("/batches/{key}/cancellation", response={200: shapes.SmallFirmBatchAnswer, **ERRORS},
             operation_id="cancel_small_firm_batch")
def batch_cancel(request: HttpRequest, key: UUID) -> Document:
    """Give a batch up."""
    return batch_answer(batch_services.cancel_batch(
        queries.batch(request.actor, key), actor=request.actor))


@router.get("/links", response={200: shapes.SmallFirmLinkPart, **ERRORS},
            operation_id="small_firm_links")
def link_list(request: HttpRequest, page: Query[PageQuery]) -> Document:
    """The links of the actor's house, newest first."""
    require(request.actor, "small_firms.invite")
    return part_of(queries.links(request.actor).order_by("-id"), page, link_answer)


@router.post("/links", response={201: shapes.SmallFirmLinkAnswer, **ERRORS},
             operation_id="make_small_firm_link")
def link_new(request: HttpRequest, body: shapes.SmallFirmLinkNew) -> Status:
    """Make a link; its address is in this answer and in no other."""
    made, secret = make_link(label=body.label, days=body.days, actor=request.actor)
    address = request.build_absolute_uri(reverse("small_firms:link_enter", args=[secret]))
    return Status(201, {**link_answer(made), "address": address})


@router.post("/links/{key}/revocation", response={200: shapes.SmallFirmLinkAnswer, **ERRORS},
             operation_id="revoke_small_firm_link")
def link_revoke(request: HttpRequest, key: UUID) -> Document:
    """Withdraw a link; what was bought by it stays."""
    require(request.actor, "small_firms.invite")
    row: Link = visible_or_404(Link.objects.select_related("tenant", "broker"), request.actor,
                               pk=key)
    return link_answer(revoke_link(row, actor=request.actor))


@router.get("/months", response={200: shapes.SmallFirmMonthPart, **ERRORS},
            operation_id="small_firm_months")
def month_list(request: HttpRequest, page: Query[PageQuery]) -> Document:
    """Monthly pages, newest first."""
    require(request.actor, "small_firms.view")
    return part_of(queries.months(request.actor).defer(None).order_by("-id"), page, month_answer)


@router.post("/months/runs", response={202: shapes.SmallFirmRunAnswer, **ERRORS},
             operation_id="run_small_firm_months")
def run_new(request: HttpRequest, body: shapes.SmallFirmRunNew) -> Status:
    """Have the pages of today made for every firm that has answered."""
    return Status(202, run_answer(run_months(actor=request.actor, language=body.language)))


@router.get("/months/runs/{key}", response={200: shapes.SmallFirmRunAnswer, **ERRORS},
            operation_id="small_firm_month_run")
def run_one(request: HttpRequest, key: UUID) -> Document:
    """A run of monthly pages."""
    require(request.actor, "small_firms.report")
    row: MonthRun = visible_or_404(MonthRun.objects.select_related("job"), request.actor, pk=key)
    return run_answer(row)
