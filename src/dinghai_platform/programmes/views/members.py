"""Members: their list, joining and leaving, certificates, and the page of one of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p
from django.views.decorators.http import require_POST

from dinghai.foundation.errors import DinghaiError
from dinghai_platform.chains.documents import chain_of_version, name_of
from dinghai_platform.chains.faults import fault_row
from dinghai_platform.core.files import file_response
from dinghai_platform.core.models import Organisation, Relation
from dinghai_platform.core.permissions import allowed, require
from dinghai_platform.core.tenancy import scope_of
from dinghai_platform.core.web import fault_of, page
from dinghai_platform.programmes import queries
from dinghai_platform.programmes.forms import EnrolForm, LeaveForm, LinkForm
from dinghai_platform.programmes.member_view import member_view
from dinghai_platform.programmes.models import Member, Programme
from dinghai_platform.programmes.roster import read_roster
from dinghai_platform.programmes.services.certificates import issue_certificate
from dinghai_platform.programmes.services.members import Joining, enrol, leave, link_organisation
from dinghai_platform.programmes.views.frame import done, first_error, frame_of
from dinghai_platform.programmes.words import ROLES, word
from dinghai_platform.site.formats import is_chinese
from dinghai_platform.site.lists import Column, Filter, List, list_page

GRADES = tuple((one, one) for one in "ABCDE")


def _list(row: Programme) -> List:
    return List(
        name=_p("programme", "Members"),
        columns=(
            Column(_p("programme", "Member"), lambda one: one.name, "link", "name_zh",
                   lambda one: reverse("programmes:member", args=[one.pk]),
                   note=lambda one: one.firm),
            Column(_p("programme", "Role"), lambda one: word(ROLES, one.role), sort="role"),
            Column(_p("programme", "Tier"), lambda one: one.tier, "count", "tier"),
            Column(_("State"), lambda one: one.state_code, "status", "state"),
            Column(_("Grade"), lambda one: one.grade or None, "grade", "grade"),
            Column(_p("member", "First day"), lambda one: one.first, "day", "first"),
            Column(_p("member", "Last day"), lambda one: one.last, "day", "last"),
            Column(_p("member", "Premium of the whole period"), lambda one: one.annual_fen,
                   "money", "annual_fen", note=lambda one: one.get_basis_display()),
            Column(_p("member", "Premium by the day"), lambda one: one.premium_fen, "money",
                   "premium_fen"),
            Column(_p("programme", "Organisation here"), lambda one: one.organisation or "—"),
        ),
        filters=(Filter("state", _("State"), Member.State.choices),
                 Filter("grade", _("Grade"), GRADES)),
        search=("name_zh__icontains", "name_en__icontains", "firm__icontains"),
        default_sort="id", export=f"members-{row.number}",
        empty={"title": _("No member yet"),
               "text": _("Enrol firms of the chain by a list or one by one: each owes its premium "
                         "by the day."), "icon": "building-factory", "href": "", "action": ""},
    )


@page("programmes.view")
def member_list(request: HttpRequest, key: UUID) -> HttpResponse:
    """The members of a programme."""
    row = queries.programme(request.actor, key)
    require(request.actor, "programmes.view", row)
    return list_page(request, queries.members_of(row), _list(row),
                     template="programmes/members.html", context=frame_of(request, row, "members"))


def partners_of(row: Programme) -> Any:
    """Organisations that a member may be."""
    return Organisation.objects.filter(
        kind__in=("insured", "chain_owner"),
        pk__in=Relation.objects.within(row.tenant_id).values("organisation")).order_by("name_zh")


def by_name(organisations: Any) -> dict[str, Organisation]:
    """Organisations by their names and credit codes."""
    found: dict[str, Organisation] = {}
    for one in organisations:
        for text in (one.name_zh, one.name_en, one.credit_code):
            if text:
                found.setdefault(text, one)
    return found


@page("programmes.administer")
def enrol_page(request: HttpRequest, key: UUID) -> HttpResponse:
    """Enrol firms by a list, or those that are ticked; nothing is written while a row is wrong."""
    row = queries.programme(request.actor, key)
    require(request.actor, "programmes.administer", row)
    chain = chain_of_version(row.version)
    inside = set(queries.members_of(row).filter(state="enrolled").values_list("firm", flat=True))
    english = not is_chinese()
    firms = [(one.id, f"{name_of(one, english=english)} ({one.id})") for one in chain.firms
             if one.id not in inside]
    partners = partners_of(row)
    form = EnrolForm(request.POST or None, request.FILES or None, firms=firms,
                     organisations=partners)
    faults: list[dict[str, Any]] = []
    if request.method == "POST" and form.is_valid():
        data, file = form.cleaned_data, form.cleaned_data["file"]
        try:
            joining = (read_roster(file.read(), file.name, chain=chain,
                                   organisations=by_name(partners)) if file else
                       [Joining(one, data["first"], data["premium"],
                                data["organisation"] if len(data["firms"]) == 1 else None)
                        for one in data["firms"]])
            made = enrol(row, joining, actor=request.actor, file=file.name if file else None)
        except DinghaiError as error:
            faults = [fault_row(one) for one in getattr(error, "faults", (fault_of(error),))]
        else:
            messages.success(request, _("%(count)d members were enrolled.") % {
                "count": len(made)})
            return redirect("programmes:members", key=row.pk)
    return render(request, "programmes/enrol.html", {
        **frame_of(request, row, "members"), "form": form, "faults": faults, "firms": firms},
        status=400 if request.method == "POST" else 200)


@page("programmes.view_member")
def member(request: HttpRequest, key: UUID) -> HttpResponse:
    """A member's page: its score, why, and what lowers its premium. Nobody else is on it."""
    row = queries.member(request.actor, key)
    require(request.actor, "programmes.view_member", row)
    may = allowed(request.actor, "programmes.administer", row)
    return render(request, "programmes/member.html", {
        "member": row, **member_view(row), "may_administer": may,
        "sees_programme": allowed(request.actor, "programmes.view", row),
        "may_float": allowed(request.actor, "programmes.float", row),
        "may_answer": allowed(request.actor, "programmes.answer_float", row),
        "leave_form": LeaveForm() if may else None,
        "link_form": LinkForm(organisations=partners_of(row.programme))
        if may and row.organisation_id is None else None})


@page("programmes.own_membership")
def mine(request: HttpRequest) -> HttpResponse:
    """The memberships of the actor's own organisation; the only one at once."""
    rows = list(queries.own_members(request.actor).order_by("-id")[:50])
    if len(rows) == 1:
        return redirect("programmes:member", key=rows[0].pk)
    return render(request, "programmes/mine.html", {"rows": rows})


@require_POST
@page("programmes.administer")
def leave_page(request: HttpRequest, key: UUID) -> HttpResponse:
    """Let a member leave."""
    row = queries.member(request.actor, key)
    require(request.actor, "programmes.administer", row)
    form = LeaveForm(request.POST)
    if form.is_valid() and form.cleaned_data["last"]:
        done(request, lambda: leave(row, last=form.cleaned_data["last"],
                                    reason=form.cleaned_data["reason"], actor=request.actor),
             _("The member leaves; the premium of the days after goes back."))
    else:
        messages.error(request, first_error(form) or _("Give a day."))
    return redirect("programmes:member", key=row.pk)


@require_POST
@page("programmes.administer")
def link(request: HttpRequest, key: UUID) -> HttpResponse:
    """Say which organisation here a member is."""
    row = queries.member(request.actor, key)
    require(request.actor, "programmes.administer", row)
    form = LinkForm(request.POST, organisations=partners_of(row.programme))
    if form.is_valid():
        done(request, lambda: link_organisation(row, form.cleaned_data["organisation"],
                                                actor=request.actor),
             _("Its people see this page from now on."))
    else:
        messages.error(request, first_error(form))
    return redirect("programmes:member", key=row.pk)


@require_POST
@page("programmes.administer")
def certify(request: HttpRequest, key: UUID) -> HttpResponse:
    """Issue a member's certificate."""
    row = queries.member(request.actor, key)
    require(request.actor, "programmes.administer", row)
    done(request, lambda: issue_certificate(row, actor=request.actor),
         _("The certificate was issued in both languages."))
    return redirect("programmes:member", key=row.pk)


@page("programmes.view_member")
def paper(request: HttpRequest, key: UUID, language: str) -> HttpResponse:
    """A certificate as PDF."""
    row = queries.certificate(request.actor, key)
    require(request.actor, "programmes.view_member", row.member)
    if language not in ("zh", "en"):
        raise Http404("no such language")
    with scope_of(request.actor, tenant=row.tenant):  # who sees the certificate sees its paper
        return file_response(row.paper_zh if language == "zh" else row.paper_en)
