"""Applications: their lists, one of them, and what each side does to it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p
from django.views.decorators.http import require_POST

from dinghai.foundation.errors import DinghaiError
from dinghai_platform.core.files import file_response
from dinghai_platform.core.permissions import allowed, require
from dinghai_platform.core.tenancy import scope_of
from dinghai_platform.core.web import page
from dinghai_platform.site.lists import Column, Filter, List, list_page
from dinghai_platform.subsidies import queries
from dinghai_platform.subsidies.forms import (
    ChangeForm,
    ConfirmForm,
    ObjectionForm,
    StatementForm,
    WithdrawForm,
)
from dinghai_platform.subsidies.models import Application
from dinghai_platform.subsidies.plainly import condition_text
from dinghai_platform.subsidies.rule_files import kept_rule
from dinghai_platform.subsidies.services import applications as services
from dinghai_platform.subsidies.services.changes import report_change
from dinghai_platform.subsidies.services.publication import object_to
from dinghai_platform.subsidies.views.frame import (
    done,
    first_error,
    frame_of,
    in_hand,
    show_faults,
)
from dinghai_platform.subsidies.words import (
    KINDS,
    OBJECTIONS,
    SIZES,
    said_reasons,
    sector_name,
    word,
)


def application_list(name: Any, *, with_subsidy: bool, empty: dict[str, Any]) -> List:
    """The columns of applications; with the subsidy where they are of several."""
    subsidy = (Column(_p("subsidy", "Subsidy"), lambda row: row.subsidy.name,
                      sort="subsidy__name_zh"),) if with_subsidy else (
        Column(_p("application", "Source"), lambda row: row.get_source_display(), sort="source"),)
    return List(
        name=name,
        columns=(
            Column(_p("application", "Number"), lambda row: row.number, "code", "number",
                   lambda row: reverse("subsidies:application", args=[row.pk])),
            Column(_p("application", "Firm"), lambda row: row.name, sort="name",
                   note=lambda row: row.policy_no),
            *subsidy,
            Column(_("State"), lambda row: row.state_code, "status", "state"),
            Column(_p("application", "Sector"), lambda row: row.sector or "—", sort="sector"),
            Column(_p("application", "Area"), lambda row: row.area or "—", sort="area"),
            Column(_("Premium borne"), lambda row: row.basis_fen, "money", "basis_fen"),
            Column(_p("application", "Granted"), lambda row: row.granted_fen, "money",
                   "granted_fen"),
            Column(_p("application", "Paid"), lambda row: row.paid_fen, "money", "paid_fen"),
            Column(_("Due back"), lambda row: row.due_fen, "money", "due_fen"),
            Column(_p("application", "Applied"), lambda row: row.applied_at, "moment",
                   "applied_at"),
        ),
        filters=(Filter("state", _("State"), Application.State.choices),
                 Filter("source", _p("application", "Source"), Application.Source.choices)),
        search=("number__icontains", "name__icontains", "policy_no__icontains",
                "credit_code__istartswith"),
        default_sort="-applied_at", export="subsidy-applications", empty=empty)


@page("subsidies.view_applications")
def own_list(request: HttpRequest) -> HttpResponse:
    """The applications that the actor sees: an authority's, a firm's, an insurer's."""
    may_apply = allowed(request.actor, "subsidies.apply")
    shown = application_list(_("Subsidy applications"), with_subsidy=True, empty={
        "title": _("No application yet"),
        "text": (_("Look what is on offer: what you may expect is shown before you apply.")
                 if may_apply else _("Applications that rest on your policies stand here.")),
        "icon": "file-text", "href": reverse("subsidies:open") if may_apply else "",
        "action": _("Subsidies on offer")})
    return list_page(request, queries.applications(request.actor), shown)


@page("subsidies.view_register")
def list_of(request: HttpRequest, key: UUID) -> HttpResponse:
    """The applications of one subsidy."""
    row = in_hand(request, key)
    frame = frame_of(request, row, "applications")
    shown = application_list(_("Applications"), with_subsidy=False, empty={
        "title": _("No application yet"),
        "text": _("Firms apply with their policies; a list brings many at once."),
        "icon": "upload", "href": reverse("subsidies:lists", args=[row.pk]),
        "action": _("Give a list")})
    return list_page(request, queries.applications_of(row).select_related("subsidy"), shown,
                     template="subsidies/applications_of.html", context=frame)


@page("subsidies.view_applications")
def application(request: HttpRequest, key: UUID) -> HttpResponse:
    """One application: what was stated, what was decided and why, and what came of it."""
    row = _one(request, key, "view_applications")
    rule = kept_rule(queries.rule_in_force(row.subsidy)).rule
    actor = request.actor
    may = {name: allowed(actor, f"subsidies.{name}", row) for name in (
        "administer", "apply", "confirm_premium")}
    with scope_of(actor, tenant=row.tenant):  # who sees the application sees its history
        history, papers = queries.entries_of(row), queries.enclosures_of(row)
    names = {one.id: one.name_zh for one in rule.documents}
    return render(request, "subsidies/application.html", {
        "row": row, "may_here": may, "reasons": said_reasons(rule, row.reasons),
        "stated": row.stated, "sector": sector_name(row.sector) if row.sector else "",
        "size": word(SIZES, row.size) if row.size else "",
        "facts": [(condition_text(one), row.stated.get("facts", {}).get(one.fact))
                  for one in rule.conditions],
        "history": [_event(one) for one in history],
        "papers": [(one, names.get(one.document, one.document)) for one in papers],
        "others_fen": row.stated.get("borne_by_others_fen"),
        "may_complete": may["apply"] and row.is_open and row.policy_id and row.subsidy.is_open,
        "may_withdraw": may["apply"] and row.may_be_withdrawn, "withdraw_form": WithdrawForm(),
        "may_confirm": may["confirm_premium"] and row.is_open,
        "objections": _objections(history),
        "confirm_form": ConfirmForm(initial={"borne_by_others": "0"}),
        "objection_form": ObjectionForm(), "change_form": ChangeForm()})


def _event(document: Any) -> dict[str, Any]:
    """An entry of the register as an event of a timeline."""
    kind = document.get("change") or document["kind"]
    status = ""
    if document["kind"] == "decided":
        status = f"subsidy_{document['outcome']}"
    elif document["kind"] == "objected":
        status = f"objection_{document['status']}"
    return {"kind": kind, "title": word(KINDS, kind), "day": document["day"], "status": status,
            "number": document.get("number", ""), "text": document.get("text", ""),
            "granted_fen": document.get("granted_fen"), "fen": document.get("fen"),
            "refund_fen": document.get("refund_fen"), "due_fen": document.get("due_fen"),
            "returned_fen": document.get("returned_fen"),
            "until": document.get("objections_until"), "hash": document["hash"]}


def _objections(history: list[Any]) -> list[tuple[str, str, str]]:
    """Each objection with what it has come to."""
    last = {one["number"]: one for one in history if one["kind"] == "objected"}
    return [(number, f"objection_{one['status']}", word(OBJECTIONS, one["status"]))
            for number, one in last.items()]


@page("subsidies.apply")
def complete(request: HttpRequest, key: UUID) -> HttpResponse:
    """Hand in again what was missing."""
    row = _one(request, key, "apply")
    rule = kept_rule(queries.rule_in_force(row.subsidy)).rule
    before = services.said_in(row)
    known = row.policy is not None and row.policy.insured.credit_code
    form = StatementForm(
        request.POST or None, request.FILES or None, rule=rule, asks_code=not known,
        initial={"sector": before.sector, "area": before.area, "size": before.size,
                 "credit_code": before.credit_code,
                 "other_subsidies": f"{before.other_subsidies_fen / 100:.2f}",
                 **{f"fact.{name}": value for name, value in before.facts.items()}})
    if request.method == "POST" and form.is_valid():
        try:
            services.complete(row, form.statement(), papers=form.papers(), actor=request.actor)
        except DinghaiError as error:
            show_faults(form, error)
        else:
            messages.success(request, _("The application was handed in again and decided."))
            return redirect("subsidies:application", key=row.pk)
    return render(request, "subsidies/complete.html", {
        "row": row, "form": form, "reasons": said_reasons(rule, row.reasons)},
        status=400 if request.method == "POST" else 200)


@require_POST
@page("subsidies.apply")
def withdraw(request: HttpRequest, key: UUID) -> HttpResponse:
    """Take the application back before anything is paid."""
    row = _one(request, key, "apply")
    done(request, lambda: services.withdraw_application(
        row, reason=request.POST.get("reason", ""), actor=request.actor),
        _("The application was withdrawn."))
    return redirect("subsidies:application", key=row.pk)


@require_POST
@page("subsidies.confirm_premium")
def confirm(request: HttpRequest, key: UUID) -> HttpResponse:
    """Confirm, as the insurer, what others bore."""
    row = _one(request, key, "confirm_premium")
    form = ConfirmForm(request.POST)
    if form.is_valid():
        done(request, lambda: services.confirm_premium(
            row, borne_by_others_fen=form.cleaned_data["borne_by_others"], actor=request.actor),
            _("The premium was confirmed, and the application decided anew."))
    else:
        messages.error(request, first_error(form))
    return redirect("subsidies:application", key=row.pk)


@require_POST
@page("subsidies.administer")
def objection(request: HttpRequest, key: UUID) -> HttpResponse:
    """Note an objection."""
    row = _one(request, key, "administer")
    form = ObjectionForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        done(request, lambda: object_to(
            row, number=data["number"], status=data["status"], text=data["text"],
            actor=request.actor), _("The objection was noted."))
    else:
        messages.error(request, first_error(form))
    return redirect("subsidies:application", key=row.pk)


@require_POST
@page("subsidies.administer")
def change(request: HttpRequest, key: UUID) -> HttpResponse:
    """Report what happened to the policy, or that subsidy came back."""
    row = _one(request, key, "administer")
    form = ChangeForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        done(request, lambda: report_change(
            row, number=data["number"], change=data["change"], day=data["day"],
            amount_fen=data["amount"], to_others_fen=data["to_others"],
            different=data["different"], actor=request.actor),
            _("It was entered in the register."))
    else:
        messages.error(request, first_error(form))
    return redirect("subsidies:application", key=row.pk)


@page("subsidies.view_applications")
def paper(request: HttpRequest, key: UUID) -> HttpResponse:
    """An enclosed paper."""
    row = queries.enclosure(request.actor, key)
    require(request.actor, "subsidies.view_applications", row.application)
    with scope_of(request.actor, tenant=row.tenant):  # who sees the application sees its papers
        return file_response(row.file)


def _one(request: HttpRequest, key: UUID, permission: str) -> Application:
    row = queries.application(request.actor, key)
    require(request.actor, f"subsidies.{permission}", row)
    return row
