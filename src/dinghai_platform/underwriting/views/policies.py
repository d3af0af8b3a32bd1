"""The policy and its papers."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dinghai.wording.explaining import terms_to_explain
from dinghai.wording.policy import explained, read_policy
from dinghai_platform.core.files import file_response
from dinghai_platform.core.permissions import allowed
from dinghai_platform.core.web import page
from dinghai_platform.site.answers import answer
from dinghai_platform.site.formats import is_chinese
from dinghai_platform.underwriting import queries
from dinghai_platform.underwriting.models import Paper, Policy
from dinghai_platform.underwriting.services.contracts import pay_premium


@page("underwriting.view")
def policy(request: HttpRequest, key: UUID) -> HttpResponse:
    """One policy: amounts, papers, endorsements, explanations, postings."""
    row = queries.whole(Policy, request.actor, key, "case", "quote", "quote__product", "applicant")
    contract = read_policy(row.document)
    zh = is_chinese()
    sections = []
    for scheduled in contract.schedule.sections:
        section = contract.product.section(scheduled.coverage)
        if section is not None:
            sections.append({
                "code": section.coverage, "clause": section.clause,
                "name": section.name_zh if zh else section.name_en,
                "plain": section.plain_zh if zh else section.plain_en,
                "sublimit": scheduled.sublimit_fen,
                "waiting": section.waiting.seconds if section.waiting else None,
            })
    towers = [
        {"code": tower.coverage, "clause": tower.clause, "law": tower.law,
         "name": tower.name_zh if zh else tower.name_en}
        for tower in contract.product.towers
    ]
    terms = terms_to_explain(contract)
    unproved = [
        {"key": term.key, "clause": term.clause, "name": term.name_zh if zh else term.name_en}
        for term in terms
        if not explained(contract, term.key, term.duty)
    ]
    is_staff = allowed(request.actor, "underwriting.view_rating", row)
    return render(request, "underwriting/policy.html", {
        "policy": row, "sections": sections, "towers": towers, "schedule": contract.schedule,
        "proved": len(terms) - len(unproved), "unproved": unproved,
        "papers": queries.papers_of(policy=row),
        "endorsements": queries.endorsements_of(row),
        "entries": queries.postings_of(row) if is_staff else [],
        "is_staff": is_staff,
        "may_pay": row.state == "premium_due"
        and allowed(request.actor, "underwriting.record_payment", row),
    })


@require_POST
@page("underwriting.view")
def policy_pay(request: HttpRequest, key: UUID) -> HttpResponse:
    """Record that the premium has arrived."""
    row = queries.whole(Policy, request.actor, key, "case")
    return answer(
        request,
        lambda: pay_premium(
            row, reference=request.POST.get("reference", ""), actor=request.actor
        ),
        _("The premium has arrived: the policy is in force."),
        reverse("underwriting:policy", args=[row.pk]),
    )


@page("underwriting.view")
def paper(request: HttpRequest, key: UUID) -> HttpResponse:
    """One PDF."""
    row = queries.whole(Paper, request.actor, key, "file")
    return file_response(row.file)
