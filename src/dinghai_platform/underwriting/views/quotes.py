"""Pricing with sliders, the quote, and the explanation of its terms."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dinghai.foundation.errors import DinghaiError, Refusal
from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.catalogue.queries import product_of, products_on_sale
from dinghai_platform.core.permissions import allowed
from dinghai_platform.core.web import fault_of, page
from dinghai_platform.site.answers import answer, said
from dinghai_platform.site.formats import is_chinese
from dinghai_platform.underwriting import queries
from dinghai_platform.underwriting.explained import explained_page
from dinghai_platform.underwriting.forms import PriceForm
from dinghai_platform.underwriting.models import Assessment, Quote
from dinghai_platform.underwriting.reading import (
    experience_words,
    reason_words,
    referral_words,
    waterfall_of,
    waterfall_rows,
)
from dinghai_platform.underwriting.services import quotes as services
from dinghai_platform.underwriting.services.contracts import bind_policy
from dinghai_platform.underwriting.services.explanations import (
    record_explanations,
    terms_of,
    waive_explanations,
)
from dinghai_platform.underwriting.services.papers import make_policy_papers, make_quotation_slip
from dinghai_platform.underwriting.words import TERM_KINDS

COMPARED = (500_000, 1_000_000, 1_500_000, 2_000_000)
"""Limits shown side by side, in ppm of the one chosen."""


def _product(row: Assessment, wanted: str) -> ProductVersion:
    products = products_on_sale(row.tenant)
    product = (products.filter(pk=wanted) if wanted else products).first()
    if product is None:
        raise Refusal("no product is on sale", reasons=["release one in the catalogue"])
    return product


def _asked(request: HttpRequest) -> dict[str, Any]:
    """What the sliders say."""
    form = PriceForm(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    return {name: asked.get(name) for name in ("inception", "limit_fen", "deductible_fen")}


def _figures(row: Assessment, product: ProductVersion, given: dict[str, Any]) -> dict[str, Any]:
    """The price for what the sliders say: all that is worked out while they move."""
    priced = services.price(row, product, **given, **services.standing(row))
    return {"priced": priced, "experience": _experienced(priced),
            "reasons": [reason_words(one) for one in priced.reasons]}


def _experienced(priced: Any) -> dict[str, Any] | None:
    """What own claims did to a price that is not kept."""
    if priced.experience is None:
        return None
    return experience_words({"experience": priced.experience.to_dict(),
                             "premium": priced.premium.to_dict()})


def _details(row: Assessment, product: ProductVersion, given: dict[str, Any]) -> dict[str, Any]:
    """What lies behind a price: a few limits beside it, the waterfall, sections and factors."""
    standing = services.standing(row)
    priced = services.price(row, product, **given, **standing)
    limit = priced.schedule.aggregate_limit_fen
    bounds = product_of(product).limits
    compared = []
    for ppm in COMPARED:
        other = limit * ppm // 1_000_000
        if bounds.aggregate_minimum_fen <= other <= bounds.aggregate_maximum_fen:
            one = priced if other == limit else services.price(
                row, product, **{**given, "limit_fen": other}, **standing
            )
            compared.append({"limit": other, "gross": one.premium.gross,
                             "expected": one.expected_loss_fen, "rate": one.rate_on_line_ppm,
                             "chosen": other == limit})
    document = {
        "waterfall": [step.to_dict() for step in priced.waterfall],
        "premium": priced.premium.to_dict(),
    }
    return {
        "compared": compared,
        "waterfall": waterfall_of(document), "rows": waterfall_rows(document),
        "sections": _sections(product, priced.by_section, priced.schedule),
    }


def _sections(product: ProductVersion, by_section: Any, schedule: Any) -> list[dict[str, Any]]:
    engine = product_of(product)
    amounts = {one.coverage: one.sublimit_fen for one in schedule.sections}
    shown = []
    for code, fen in by_section.items():
        part = engine.section(code) or engine.tower(code)
        name = (part.name_zh if is_chinese() else part.name_en) if part else code
        shown.append({"code": code, "name": name, "sublimit": amounts.get(code), "fen": fen})
    return shown


def _stops(low: int, high: int, value: int) -> list[int]:
    steps = [fen for power in range(4, 14) for fen in (10**power, 2 * 10**power, 3 * 10**power,
                                                       5 * 10**power, 8 * 10**power)]
    return sorted({low, high, value, *(fen for fen in steps if low < fen < high)})


@page("underwriting.price")
def price(request: HttpRequest, key: UUID) -> HttpResponse:
    """Sliders for limit and deductible.

    htmx asks for the figures alone while a slider moves, and for what lies behind them
    (``part=details``, several prices more) once it rests.
    """
    row = queries.whole(Assessment, request.actor, key, "case", "dossier")
    wanted = request.POST.get("product") or request.GET.get("product") or ""
    if request.method == "POST":
        return _save(request, row, wanted)
    product = _product(row, wanted)
    context: dict[str, Any] = {"assessment": row, "product": product}
    part = request.GET.get("part", "figures") if request.headers.get("HX-Request") else ""
    given = _asked(request)
    try:
        if part != "details":
            context |= _figures(row, product, given)
        if part != "figures":
            context |= _details(row, product, given)
    except DinghaiError as error:
        context["fault"] = said(fault_of(error))
    if part:
        name = "details" if part == "details" else "figures"
        return render(request, f"underwriting/parts/{name}.html", context)
    if "priced" in context:
        schedule, limits = context["priced"].schedule, product_of(product).limits
        context |= {
            "limit": schedule.aggregate_limit_fen,
            "limit_stops": _stops(limits.aggregate_minimum_fen, limits.aggregate_maximum_fen,
                                  schedule.aggregate_limit_fen),
            "deductible": schedule.event_deductible_fen,
            "deductible_stops": [0, *_stops(
                max(limits.deductible_minimum_fen, 100_000), limits.deductible_maximum_fen,
                max(schedule.event_deductible_fen, 100_000))],
            "products": products_on_sale(row.tenant).defer("document"),
        }
    return render(request, "underwriting/price.html", context)


def _save(request: HttpRequest, row: Assessment, wanted: str) -> HttpResponse:
    form = PriceForm(request.POST)
    asked = form.cleaned_data if form.is_valid() else {}
    return answer(
        request,
        lambda: services.price_quote(
            row, _product(row, wanted), actor=request.actor, inception=asked.get("inception"),
            limit_fen=asked.get("limit_fen"), deductible_fen=asked.get("deductible_fen"),
        ),
        _("The quote was kept."),
        lambda made: reverse("underwriting:quote", args=[made.pk]),
    )


@page("underwriting.view")
def quote(request: HttpRequest, key: UUID) -> HttpResponse:
    """One quote. The insured sees the offer; the insurer also how it was made."""
    row = queries.whole(Quote, request.actor, key, "case", "product", "assessment")
    is_staff = allowed(request.actor, "underwriting.view_rating", row)
    terms = terms_of(row)
    done = set(queries.explanations_of(row))
    policy = queries.policies(request.actor).filter(quote=row).first()
    draft = row.policy_document["schedule"]
    context: dict[str, Any] = {
        "quote": row, "is_staff": is_staff, "policy": policy, "schedule": draft,
        "terms": len(terms), "explained": len(done), "waived": len(row.waived),
        "unexplained": len(terms) - len(done) - len(row.waived),
        "papers": queries.papers_of(quote=row),
        "sections": _quoted_sections(row),
        "may": {
            verb: allowed(request.actor, f"underwriting.{name}", row)
            for verb, name in (("refer", "refer"), ("issue", "issue"), ("answer", "answer"),
                               ("bind", "bind"))
        } | {"approve": allowed(request.actor, services.approval_of(row), row)},
    }
    if is_staff:
        context |= {
            "waterfall": waterfall_of(row.document), "rows": waterfall_rows(row.document),
            "trace": row.document["trace"], "premium": row.document["premium"],
            "reasons": [reason_words(one) for one in row.document["reasons"]],
            "referred": referral_words(row.document),
            "experience": experience_words(row.document),
            "screened": row.document.get("screening"),
            "may_state": allowed(request.actor, "underwriting.view_screening", row),
        }
    return render(request, "underwriting/quote.html", context)


@page("underwriting.view_rating")
def why(request: HttpRequest, key: UUID) -> HttpResponse:
    """What makes this price differ from the industry's average firm's."""
    row = queries.whole(Quote, request.actor, key, "case", "product", "assessment")
    context: dict[str, Any] = {"quote": row}
    try:
        context |= explained_page(row)
    except DinghaiError as error:
        context["fault"] = said(fault_of(error))
    return render(request, "underwriting/why.html", context)


def _quoted_sections(row: Quote) -> list[dict[str, Any]]:
    engine = product_of(row.product)
    amounts = {one["coverage"]: one["sublimit_fen"] for one in row.document["terms"]["sections"]}
    shown = []
    for code, fen in row.document["by_section_fen"].items():
        part = engine.section(code) or engine.tower(code)
        shown.append({
            "code": code, "sublimit": amounts.get(code), "fen": fen,
            "name": (part.name_zh if is_chinese() else part.name_en) if part else code,
            "plain": (part.plain_zh if is_chinese() else part.plain_en) if part else "",
        })
    return shown


@require_POST
@page("underwriting.view")
def quote_step(request: HttpRequest, key: UUID, verb: str) -> HttpResponse:
    """One step of a quote: refer, approve, issue, accept, reject or bind."""
    row = queries.whole(Quote, request.actor, key, "case", "product", "assessment")
    reason = request.POST.get("reason", "")
    actor = request.actor

    def issue() -> Quote:
        issued = services.issue_quote(row, actor=actor)
        make_quotation_slip(issued, actor=actor)
        return issued

    def bind() -> Any:
        policy = bind_policy(row, actor=actor)
        make_policy_papers(policy, actor=actor)
        return policy

    acts: dict[str, tuple[Any, str]] = {
        "refer": (lambda: services.refer_quote(row, reason=reason, actor=actor),
                  _("The quote was referred.")),
        "approve": (lambda: services.approve_quote(row, opinion=reason, actor=actor),
                    _("The quote was approved.")),
        "issue": (issue, _("The quote is in the applicant's hands.")),
        "accept": (lambda: services.accept_quote(row, actor=actor), _("The offer was accepted.")),
        "reject": (lambda: services.reject_quote(row, reason=reason, actor=actor),
                   _("The offer was declined.")),
        "bind": (bind, _("The policy is bound; the premium is due.")),
    }
    act, done = acts[verb]
    where: Any = reverse("underwriting:quote", args=[row.pk])
    if verb == "bind":
        return answer(request, act, done,
                      lambda made: reverse("underwriting:policy", args=[made.pk]))
    return answer(request, act, done, where)


@page("underwriting.view")
def explanations(request: HttpRequest, key: UUID) -> HttpResponse:
    """Every term to explain, in plain words and in the clause's, each to be confirmed."""
    row = queries.whole(Quote, request.actor, key, "case", "product", "assessment")
    if request.method == "POST":
        return _explain(request, row)
    records = queries.explanations_of(row)
    waived = {one["key"]: one for one in row.waived}
    groups: dict[str, list[dict[str, Any]]] = {}
    zh = is_chinese()
    for term in terms_of(row):
        groups.setdefault(term.kind, []).append({
            "key": term.key, "clause": term.clause, "duty": term.duty,
            "name": term.name_zh if zh else term.name_en,
            "text": term.text_zh if zh else term.text_en,
            "plain": term.plain_zh if zh else term.plain_en,
            "record": records.get(term.key), "waived": waived.get(term.key),
        })
    total = sum(len(terms) for terms in groups.values())
    done = len(records) + len(waived)
    return render(request, "underwriting/explanations.html", {
        "quote": row,
        "groups": [(TERM_KINDS.get(kind, kind), terms) for kind, terms in groups.items()],
        "total": total, "done": done,
        "may_explain": row.state == "issued"
        and allowed(request.actor, "underwriting.explain", row),
        "is_applicant": request.actor.tenant is None,
        "may_waive": row.state in ("issued", "accepted")
        and allowed(request.actor, "underwriting.waive", row),
    })


def _explain(request: HttpRequest, row: Quote) -> HttpResponse:
    keys = request.POST.getlist("term")
    where = reverse("underwriting:explanations", args=[row.pk])
    if request.POST.get("act") == "waive":
        return answer(
            request,
            lambda: waive_explanations(
                row, keys, reason=request.POST.get("reason", ""), actor=request.actor
            ),
            _("These terms will not apply."), where,
        )
    by_paper = request.actor.tenant is not None
    return answer(
        request,
        lambda: record_explanations(
            row, keys, actor=request.actor,
            channel=request.POST.get("channel", "") if by_paper else "online",
            confirmed_name=request.POST.get("confirmed_name", ""),
        ),
        _("The explanations are on record."), where,
    )
