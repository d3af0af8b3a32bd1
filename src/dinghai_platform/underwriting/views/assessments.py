"""The assessment and the treatment plan."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dinghai.foundation.errors import DinghaiError, InputError
from dinghai_platform.catalogue.queries import products_on_sale
from dinghai_platform.core.permissions import allowed
from dinghai_platform.core.web import fault_of, page
from dinghai_platform.site.answers import answer, said
from dinghai_platform.underwriting import queries
from dinghai_platform.underwriting.explained import budget_page
from dinghai_platform.underwriting.forms import BudgetForm
from dinghai_platform.underwriting.models import Assessment, Fix, OwnFixCosts, TreatmentPlan
from dinghai_platform.underwriting.reading import assessment_page, plan_page
from dinghai_platform.underwriting.services.costs import (
    LARGEST_COSTS,
    current_costs,
    give_costs,
    take_costs_back,
)
from dinghai_platform.underwriting.services.history import case_history
from dinghai_platform.underwriting.services.treatment import commit_fix, plan_treatment
from dinghai_platform.underwriting.words import EFFORTS


@page("underwriting.view")
def assessment(request: HttpRequest, key: UUID) -> HttpResponse:
    """One assessment with everything behind it."""
    row = queries.whole(Assessment, request.actor, key, "case", "dossier")
    context = {
        "assessment": row,
        "plan": queries.plans(request.actor).filter(assessment=row).order_by("-id").first(),
        "products": products_on_sale(row.tenant).defer("document"),
        **assessment_page(row),
    }
    return render(request, "underwriting/assessment.html", context)


@require_POST
@page("underwriting.plan")
def assessment_plan(request: HttpRequest, key: UUID) -> HttpResponse:
    """Plan the treatment under the first product on sale, or the one that is named."""
    row = queries.whole(Assessment, request.actor, key, "case", "dossier")

    def act() -> TreatmentPlan:
        products = products_on_sale(row.tenant)
        if wanted := request.POST.get("product"):
            products = products.filter(pk=wanted)
        product = products.first()
        if product is None:
            raise InputError("no product is on sale", field="product",
                             mend="release one in the catalogue")
        return plan_treatment(row, product, actor=request.actor)

    return answer(
        request, act, _("The treatment was planned."),
        lambda made: reverse("underwriting:plan", args=[made.pk]),
    )


@page("underwriting.view")
def plan(request: HttpRequest, key: UUID) -> HttpResponse:
    """One treatment plan: fixes with their worth, and the curve."""
    row = queries.whole(TreatmentPlan, request.actor, key, "case", "assessment", "product")
    context = {
        "plan": row,
        "fixes": _by_indicator(queries.fixes_of(row)),
        "costs": current_costs(row.case), "may_give_costs": allowed(
            request.actor, "underwriting.give_costs", row.case),
        "is_outdated": (allowed(request.actor, "underwriting.plan", row)
                        and _history_hash(row) != row.history_hash),
        "may_commit": allowed(request.actor, "underwriting.commit_fix", row),
        **plan_page(row),
    }
    return render(request, "underwriting/plan.html", context)


def _history_hash(row: TreatmentPlan) -> str:
    """What names the case's history as it is now."""
    history = case_history(row.case)
    return "" if history is None else history.sha256


@require_POST
@page("underwriting.give_costs")
def plan_costs(request: HttpRequest, key: UUID) -> HttpResponse:
    """Give the enterprise's own costs of fixes as a file, or go back to the shipped ones."""
    row = queries.whole(TreatmentPlan, request.actor, key, "case")
    where = reverse("underwriting:plan", args=[row.pk])
    if "back" in request.POST:
        return answer(request, lambda: take_costs_back(row.case, actor=request.actor),
                      _("The shipped costs count again."), where)

    def act() -> OwnFixCosts:
        upload = request.FILES.get("file")
        if upload is None or upload.size > LARGEST_COSTS:
            raise InputError("no file of costs was given", field="file",
                             mend="choose a TOML file of at most 256 KiB")
        return give_costs(row.case, upload.read(), name=upload.name, actor=request.actor)

    return answer(request, act, _("The enterprise's own costs count now."), where)


@page("underwriting.view")
def plan_budget(request: HttpRequest, key: UUID) -> HttpResponse:
    """The best fixes for a budget: a part of the plan's page."""
    row = queries.whole(TreatmentPlan, request.actor, key, "case", "assessment", "product")
    form = BudgetForm(request.GET)
    context: dict[str, Any] = {"plan": row}
    if form.is_valid():
        context["budget"] = form.cleaned_data["budget"]
        try:
            context |= budget_page(row, form.cleaned_data["budget"] * 100)
        except DinghaiError as error:
            context["fault"] = said(fault_of(error))
    else:
        context["fault"] = " ".join(form.errors.get("budget", []))
    return render(request, "underwriting/parts/budget.html", context)


def _by_indicator(fixes: list[Fix]) -> list[dict[str, Any]]:
    """One line for each indicator: to its next anchor, to full marks, or both."""
    lines: dict[str, dict[str, Any]] = {}
    for fix in fixes:
        read = fix.document
        line = lines.setdefault(read["indicator"], {
            "code": read["indicator"], "name": fix.name, "from_ppm": read["from_ppm"],
            "knock_out": False, "effort": EFFORTS.get(fix.effort, fix.effort), "open": [],
            "under_way": [],
        })
        line[read["level"]] = fix
        line["knock_out"] |= read["knock_out"]
        line["open" if fix.state == Fix.State.PROPOSED else "under_way"].append(fix)
    return list(lines.values())


@require_POST
@page("underwriting.view")
def fix_commit(request: HttpRequest, key: UUID) -> HttpResponse:
    """Undertake a fix by a day."""
    row = queries.whole(Fix, request.actor, key, "plan")

    def act() -> Fix:
        try:
            due = date.fromisoformat(request.POST.get("due", ""))
        except ValueError as error:
            raise InputError("this is not a day", field="due", mend="choose a day") from error
        return commit_fix(row, due=due, actor=request.actor)

    return answer(
        request, act, _("The fix is planned."), reverse("underwriting:plan", args=[row.plan_id])
    )
