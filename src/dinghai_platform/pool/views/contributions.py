"""What one's own organisation gave: the form with its dry run, the list, one batch, credits."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dinghai.experience.pool_records import BOUNDS, COLUMNS, rejected_rows, template
from dinghai.experience.pool_rules import pool_rules
from dinghai.foundation.errors import DinghaiError, InputError
from dinghai_platform.core.web import csv_answer, fault_of, page
from dinghai_platform.pool import queries
from dinghai_platform.pool.forms import ContributionForm
from dinghai_platform.pool.models import Batch, CreditEntry
from dinghai_platform.pool.services import contributions
from dinghai_platform.pool.words import credits_text, purpose_name
from dinghai_platform.site.answers import answer
from dinghai_platform.site.lists import Column, Filter, List, list_page

MOST_FAULTS_SHOWN = 500


@page("pool.contribute")
def contribute(request: HttpRequest) -> HttpResponse:
    """Give a file: checked first, kept when asked."""
    form = ContributionForm(request.POST or None, request.FILES or None,
                            initial={"purposes": ["market_statistics"]})
    context: dict[str, Any] = {
        "form": form, "columns": COLUMNS, "member": queries.membership(request.actor),
        "pool": queries.the_pool(), "credits": pool_rules().credits,
    }
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            BOUNDS.check_file(upload.size, upload.name)
            content = upload.read()
            if "keep" in request.POST:
                batch = contributions.contribute_file(
                    content, name=upload.name, purposes=form.cleaned_data["purposes"],
                    actor=request.actor)
                return redirect("pool:batch", batch.pk)
            found = contributions.check_file(content, name=upload.name, actor=request.actor)
        except DinghaiError as error:
            fault = fault_of(error)
            context["refused"] = _worded(fault.message) + (
                f" ({_worded(fault.mend)})" if fault.mend else "")
            faults = error.faults if isinstance(error, InputError) else ()
            context["faults"] = [_fault(one.to_dict()) for one in faults
                                 if one.line is not None][:MOST_FAULTS_SHOWN]
        else:
            context |= {
                "checked": found, "rejected": rejected_rows(found),
                "faults": [_fault(one.to_dict()) for one in found.rejected[:MOST_FAULTS_SHOWN]],
                "faults_more": max(len(found.rejected) - MOST_FAULTS_SHOWN, 0),
            }
            if "faults" in request.POST:
                return _faults_file(found.rejected)
    return render(request, "pool/contribute.html", context,
                  status=400 if "refused" in context else 200)


def _faults_file(rejected: Any) -> HttpResponse:
    heading = [_("Line of the file"), _("Field"), _("What is wrong"), _("How to mend it")]
    return csv_answer("rejected", heading,
                      ([one.line, one.field or "", _worded(one.message), _worded(one.mend or "")]
                       for one in rejected))


def _fault(fault: dict[str, Any]) -> dict[str, Any]:
    """A fault in the reader's language where the words are known."""
    return {**fault, "message": _worded(fault["message"]), "mend": _worded(fault["mend"] or "")}


def _worded(text: str) -> str:
    """A sentence in the reader's language; what follows a colon are codes and numbers."""
    head, colon, codes = text.partition(": ")
    return f"{_(head)}{colon}{codes}" if head else ""


@page("pool.contribute")
def template_file(request: HttpRequest) -> HttpResponse:
    """The CSV to start from."""
    response = HttpResponse("\ufeff" + template(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="pool-template.csv"'
    return response


@page("pool.contribute")
def batch_list(request: HttpRequest) -> HttpResponse:
    """One's own batches."""
    shown = List(
        name=_("Contributions"),
        columns=(
            Column(_("Number"), lambda row: row.number, "code", "number",
                   lambda row: reverse("pool:batch", args=[row.pk])),
            Column(_("File"), lambda row: row.name, sort="name"),
            Column(_("Events"), lambda row: row.events, "count", "events"),
            Column(_("Years of cover"), lambda row: row.covers, "count", "covers"),
            Column(_("Firms"), lambda row: row.firms, "count", "firms"),
            Column(_("Rejected"), lambda row: row.rejected, "count", "rejected"),
            Column(_("Purposes"),
                   lambda row: " · ".join(purpose_name(one) for one in row.purposes)),
            Column(_("Given"), lambda row: row.created_at, "moment", "created_at"),
            Column(_("State"), lambda row: row.state, "status", "state"),
        ),
        filters=(Filter("state", _("State"), Batch.State.choices),),
        search=("number__icontains", "name__icontains", "sha256__istartswith"),
        default_sort="-number", export="contributions",
        empty={
            "title": _("Nothing was given yet"),
            "text": _("Give a file of records: the template says how."),
            "icon": "upload", "href": reverse("pool:contribute"), "action": _("Contribute"),
        },
    )
    context = {"has_some": queries.batches(request.actor).filter(
        state=Batch.State.ACCEPTED).exists()}
    return list_page(request, queries.batches(request.actor), shown,
                     template="pool/batches.html", context=context)


@page("pool.contribute")
def batch(request: HttpRequest, key: UUID) -> HttpResponse:
    """One batch: its receipt, its purposes, its credits, what was rejected, and taking it back."""
    row = queries.batch_of(request.actor, key)
    earned = row.credits.filter(kind=CreditEntry.Kind.EARNED).first()
    parts = earned.parts if earned else {}
    names = (("records", _("Records")), ("complete", _("Complete records")),
             ("recent", _("Recent events")), ("rare", _("Rare events")))
    return render(request, "pool/batch.html", {
        "batch": row, "purposes": [purpose_name(one) for one in row.purposes],
        "credits": credits_text(earned.amount_milli if earned else 0),
        "parts": [(name, credits_text(parts.get(code, 0))) for code, name in names],
        "faults": [_fault(one) for one in row.faults[:MOST_FAULTS_SHOWN]],
        "releases": queries.releases_of(row),
        "is_withdrawn": row.state == Batch.State.WITHDRAWN,
    })


@require_POST
@page("pool.contribute")
def withdraw(request: HttpRequest, key: UUID) -> HttpResponse:
    """Take a batch back."""
    row = queries.batch_of(request.actor, key)
    return answer(
        request,
        lambda: contributions.withdraw_batch(
            row, reason=request.POST.get("reason", ""), actor=request.actor),
        _("The batch was withdrawn: every later release leaves it out."),
        reverse("pool:batch", args=[row.pk]))


@require_POST
@page("pool.contribute")
def withdraw_everything(request: HttpRequest) -> HttpResponse:
    """Take all batches back."""
    return answer(
        request,
        lambda: contributions.withdraw_all(
            reason=request.POST.get("reason", ""), actor=request.actor),
        _("All your batches were withdrawn: every later release leaves them out."),
        reverse("pool:batches"))


@page("pool.contribute")
def credit_list(request: HttpRequest) -> HttpResponse:
    """One's own credits, entry by entry."""
    shown = List(
        name=_("Contribution credits"),
        columns=(
            Column(_("Batch"), lambda row: row.batch.number, "code", "batch__number",
                   lambda row: reverse("pool:batch", args=[row.batch_id])),
            Column(_("Kind of entry"), lambda row: row.kind, "status", "kind"),
            Column(_("Credits"), lambda row: credits_text(row.amount_milli), "count",
                   "amount_milli"),
            Column(_("When"), lambda row: row.created_at, "moment", "created_at"),
        ),
        filters=(Filter("kind", _("Kind of entry"), CreditEntry.Kind.choices),),
        search=("batch__number__icontains",), default_sort="-created_at", export="credits",
        empty={
            "title": _("No credits yet"),
            "text": _("Accepted records earn credits; a withdrawal takes them back."),
            "icon": "coin", "href": reverse("pool:contribute"), "action": _("Contribute"),
        },
    )
    context = {"balance": credits_text(queries.balance(request.actor.organisation)),
               "weights": pool_rules().credits}
    return list_page(request, queries.credit_entries(request.actor), shown,
                     template="pool/credits.html", context=context)
