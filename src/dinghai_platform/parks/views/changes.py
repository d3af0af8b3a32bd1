"""Changes of members: a list or one firm is looked through, seen, and then applied or dropped."""

from __future__ import annotations

from collections.abc import Mapping
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
from dinghai.schemes.park_columns import park_columns
from dinghai_platform.core import clock
from dinghai_platform.core.permissions import require
from dinghai_platform.core.web import csv_answer, page
from dinghai_platform.parks import queries
from dinghai_platform.parks.engine import policy_of
from dinghai_platform.parks.faults import fault_row, said
from dinghai_platform.parks.forms import JoinForm, LeaveForm, ListForm
from dinghai_platform.parks.models import MemberChange, Park
from dinghai_platform.parks.services.changes import (
    apply_change,
    check_again,
    check_joining,
    check_leaving,
    check_list,
    drop_change,
)
from dinghai_platform.parks.views.frame import (
    choices_of,
    cover_names,
    done,
    faults_of,
    first_error,
    frame_of,
    named,
)
from dinghai_platform.parks.words import REASONS, word
from dinghai_platform.site.lists import Column, Filter, List, list_page

MOST_SHOWN = 100


def _list(row: Park) -> List:
    return List(
        name=_p("park", "Changes of members"),
        columns=(
            Column(_p("park", "Number"), lambda one: one.number, "link", "number",
                   lambda one: reverse("parks:change", args=[one.pk]),
                   note=lambda one: one.get_kind_display()),
            Column(_("File"), lambda one: one.file_name, sort="file_name"),
            Column(_("State"), lambda one: one.state_code, "status", "state"),
            Column(_p("park change", "Joining"), lambda one: one.joined, "count", "joined"),
            Column(_p("park change", "Leaving"), lambda one: one.left, "count", "left"),
            Column(_p("park change", "At fault"), lambda one: one.rejected, "count", "rejected"),
            Column(_p("park change", "Charged"), lambda one: one.charged_fen, "money",
                   "charged_fen"),
            Column(_p("park change", "Given back"), lambda one: one.refunded_fen, "money",
                   "refunded_fen"),
            Column(_("Asked by"), lambda one: one.asked_by or "—"),
            Column(_("Made"), lambda one: one.created_at, "moment", "created_at"),
        ),
        filters=(Filter("state", _("State"), MemberChange.State.choices),
                 Filter("kind", _p("park", "Kind"), MemberChange.Kind.choices)),
        search=("number__icontains", "file_name__icontains"), default_sort="-id",
        export=f"changes-{row.number}",
        empty={"title": _("No change yet"),
               "text": _("Every list that was looked through, and every firm that joined or left, "
                         "stands here."), "icon": "list-check", "href": "", "action": ""},
    )


@page("parks.view")
def change_list(request: HttpRequest, key: UUID) -> HttpResponse:
    """The changes of a park's members."""
    row = queries.park(request.actor, key)
    require(request.actor, "parks.view", row)
    return list_page(request, queries.changes_of(row), _list(row),
                     template="parks/changes.html", context=frame_of(request, row, "changes"))


def _columns(request: HttpRequest) -> Mapping[str, str]:
    """Which heading is which column, where a person said so."""
    known = [one.id for one in park_columns().of("members")]
    return {one: text for one in known
            if (text := request.POST.get(f"column_{one}", "").strip()[:200])}


@page("parks.enrol")
def enrol(request: HttpRequest, key: UUID) -> HttpResponse:
    """Give a list: it is looked through, and nothing is written yet."""
    row = queries.park(request.actor, key)
    require(request.actor, "parks.enrol", row)
    form = ListForm(request.POST or None, request.FILES or None)
    faults: list[dict[str, Any]] = []
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            made = check_list(row, file.read(), name=file.name, actor=request.actor,
                              columns=_columns(request))
        except DinghaiError as error:
            faults = faults_of(error)
        else:
            return redirect("parks:change", key=made.pk)
    return render(request, "parks/enrol.html", {
        **frame_of(request, row, "members"), "form": form, "faults": faults,
        "columns": [(one.id, one.name_zh, one.name_en, one.must)
                    for one in park_columns().of("members")]},
        status=400 if request.method == "POST" else 200)


@page("parks.enrol")
def join(request: HttpRequest, key: UUID) -> HttpResponse:
    """Let one firm join: its premium is shown before anything is done."""
    row = queries.park(request.actor, key)
    require(request.actor, "parks.enrol", row)
    choices = choices_of(policy_of(row))
    form = JoinForm(
        request.POST or None, sizes=choices["sizes"], limits=choices["limits"],
        top_ups=choices["top_ups"],
        initial={"joined": min(max(clock.today(), row.inception), row.expiry)})
    faults: list[dict[str, Any]] = []
    if request.method == "POST" and form.is_valid():
        try:
            made = check_joining(row, form.cells(), actor=request.actor)
        except DinghaiError as error:
            faults = faults_of(error)
        else:
            return redirect("parks:change", key=made.pk)
    return render(request, "parks/join.html", {
        **frame_of(request, row, "members"), "form": form, "faults": faults},
        status=400 if request.method == "POST" else 200)


@require_POST
@page("parks.enrol")
def leave(request: HttpRequest, key: UUID) -> HttpResponse:
    """Let one firm leave: what goes back is shown before anything is done."""
    member = queries.member(request.actor, key)
    require(request.actor, "parks.enrol", member)
    form = LeaveForm(request.POST)
    if not form.is_valid():
        messages.error(request, first_error(form))
        return redirect("parks:member", key=member.pk)
    made = done(request, lambda: check_leaving(
        member, last=form.cleaned_data["last"], reason=form.cleaned_data["reason"],
        actor=request.actor), _("Look at what goes back, then let it leave."))
    if made is None:
        return redirect("parks:member", key=member.pk)
    return redirect("parks:change", key=made.pk)


@page("parks.view")
def change(request: HttpRequest, key: UUID) -> HttpResponse:
    """A change: what would come of it, each row at fault, what it costs and gives back."""
    row = queries.change(request.actor, key)
    require(request.actor, "parks.view", row)
    park = queries.park(request.actor, row.park_id)
    covers = cover_names(policy_of(park), str(_p("park", "Base cover")))
    faults = list(_faults(row))
    results = row.outcome["results"]
    steps = row.preview.get("steps", ())
    return render(request, "parks/change.html", {
        **frame_of(request, park, "changes"), "change": row,
        "faults": faults[:MOST_SHOWN], "more_faults": max(len(faults) - MOST_SHOWN, 0),
        "results": [one for one in results if one["status"] != "rejected"][:MOST_SHOWN],
        "rows": len(results), "days": row.preview.get("days", ()),
        "steps": [{**one, "cover_name": covers.get(one["cover"], one["cover"]),
                   "reason_name": word(REASONS, one["reason"])} for one in steps[:MOST_SHOWN]],
        "steps_count": len(steps), "more_steps": max(len(steps) - MOST_SHOWN, 0),
        "whole_days": (
            park.expiry - park.inception).days + 1,
        "backdated": [one for one in row.preview.get("days", ())
                      if one["on"] < clock.today().isoformat()
                      and one["on"] != park.inception.isoformat()],
        "headings": [(_heading(code), text) for code, text in row.outcome["columns"].items()],
        "notes": [said(one) for one in row.outcome["notes"]][:MOST_SHOWN],
        "waits": row.state == MemberChange.State.CHECKED,
        "good": row.joined + row.left})


def _heading(code: str) -> str:
    found = next((one for one in park_columns().of("members") if one.id == code), None)
    return code if found is None else named(found)


def _faults(row: MemberChange) -> Any:
    for result in row.outcome["results"]:
        for raw in result["faults"]:
            yield {**fault_row(raw), "file": "", "firm": result["name"] or result["credit_code"],
                   "line": result["line"]}


@page("parks.view")
def faults(request: HttpRequest, key: UUID) -> HttpResponse:
    """Every row at fault with its line, field and mend, as CSV."""
    row = queries.change(request.actor, key)
    require(request.actor, "parks.view", row)
    heading = (_("Line"), _p("park", "Member"), _("Field"), _("What is wrong"), _("How to mend it"))
    return csv_answer(f"faults-{row.number}", heading, (
        (one["line"], one["firm"], one["field"], one["message"], one["mend"])
        for one in _faults(row)))


@require_POST
@page("parks.enrol")
def apply(request: HttpRequest, key: UUID) -> HttpResponse:
    """Apply what was seen."""
    row = queries.change(request.actor, key)
    require(request.actor, "parks.enrol", row)
    done(request, lambda: apply_change(
        row, seen=request.POST.get("seen", ""), actor=request.actor,
        all_or_nothing=request.POST.get("rows") == "all"),
        _("Applied: the members, their premium and their certificates are in the books."))
    return redirect("parks:change", key=row.pk)


@require_POST
@page("parks.enrol")
def again(request: HttpRequest, key: UUID) -> HttpResponse:
    """Look through again."""
    row = queries.change(request.actor, key)
    require(request.actor, "parks.enrol", row)
    done(request, lambda: check_again(row, actor=request.actor),
         _("Looked through again, against the members of now."))
    return redirect("parks:change", key=row.pk)


@require_POST
@page("parks.enrol")
def drop(request: HttpRequest, key: UUID) -> HttpResponse:
    """Give a change up."""
    row = queries.change(request.actor, key)
    require(request.actor, "parks.enrol", row)
    done(request, lambda: drop_change(row, actor=request.actor),
         _("Dropped. Nothing was changed."))
    return redirect("parks:change", key=row.pk)
