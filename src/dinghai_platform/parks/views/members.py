"""Members: their list, one of them with its premium and papers, certificates, the statement."""

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

from dinghai.documents.park_certificate import park_certificate_html, render_park_certificate
from dinghai.schemes.park_roll import roll_csv
from dinghai.vocabulary.industries import industries
from dinghai_platform.core.files import file_response
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import allowed, require
from dinghai_platform.core.tenancy import scope_of
from dinghai_platform.core.web import page
from dinghai_platform.ledger.models import JournalEntry
from dinghai_platform.parks import queries
from dinghai_platform.parks.engine import policy_of, roll_of
from dinghai_platform.parks.forms import LeaveForm, LinkForm
from dinghai_platform.parks.member_view import member_view
from dinghai_platform.parks.models import Park, ParkMember
from dinghai_platform.parks.services.certificates import start_pack
from dinghai_platform.parks.services.shared import link_organisation
from dinghai_platform.parks.views.frame import (
    cover_names,
    done,
    first_error,
    frame_of,
    named,
    partners,
)
from dinghai_platform.site.formats import money_text
from dinghai_platform.site.lists import Column, Filter, List, list_page

GRADES = tuple((one, one) for one in "ABCDE")


def _list(row: Park) -> List:
    policy = policy_of(row)
    covers = cover_names(policy, "")
    sizes = {one.id: named(one) for one in policy.sizes}
    classes = {one.id: named(one) for one in policy.classes}
    return List(
        name=_p("park", "Members"),
        columns=(
            Column(_p("park", "Member"), lambda one: one.name, "link", "name_zh",
                   lambda one: reverse("parks:member", args=[one.pk]),
                   note=lambda one: one.credit_code),
            Column(_p("park", "Class and size"),
                   lambda one: f"{classes.get(one.rating_class, one.rating_class)} · "
                               f"{sizes.get(one.size, one.size)}", sort="size"),
            Column(_("State"), lambda one: one.state_code, "status", "state"),
            Column(_("Grade"), lambda one: one.grade or None, "grade", "grade"),
            Column(_p("member", "First day"), lambda one: one.first, "day", "first"),
            Column(_p("member", "Last day"), lambda one: one.last, "day", "last"),
            Column(_p("park", "Limit each event"), lambda one: one.limit_fen, "money",
                   "limit_fen"),
            Column(_p("park", "Top-ups"), lambda one: "、".join(
                covers.get(each["id"], each["id"]) for each in one.top_ups) or "—"),
            Column(_p("park", "Premium before VAT"), lambda one: one.net_fen, "money", "net_fen",
                   note=lambda one: _("VAT %(vat)s") % {"vat": money_text(one.vat_fen)}),
        ),
        filters=(
            Filter("state", _("State"), ParkMember.State.choices),
            Filter("grade", _("Grade"), GRADES),
            Filter("top_up", _p("park", "Top-up"),
                   [(f";{one.id};", named(one)) for one in policy.top_ups],
                   "top_up_codes__contains"),
            Filter("limit", _p("park", "Limit each event"),
                   [(str(one.each_event_fen), f"{one.each_event_fen // 100:,}")
                    for one in policy.base.limits], "limit_fen"),
            Filter("size", _p("park", "Size"), list(sizes.items())),
        ),
        search=("name_zh__icontains", "name_en__icontains", "credit_code__icontains"),
        default_sort="sequence", export=f"members-{row.number}",
        empty={"title": _("No member yet"),
               "text": _("Give a list of the park's firms: it is looked through first, and every "
                         "row at fault is shown with its mend."),
               "icon": "building-factory", "href": reverse("parks:enrol", args=[row.pk]),
               "action": _("Enrol by a list")},
    )


@page("parks.view")
def member_list(request: HttpRequest, key: UUID) -> HttpResponse:
    """The members of a park."""
    row = queries.park(request.actor, key)
    require(request.actor, "parks.view", row)
    return list_page(request, queries.members_of(row), _list(row),
                     template="parks/members.html", context=frame_of(request, row, "members"))


@page("parks.view")
def roll_file(request: HttpRequest, key: UUID) -> HttpResponse:
    """The roll as a list that reads back as itself."""
    row = queries.park(request.actor, key)
    require(request.actor, "parks.view", row)
    members = list(queries.members_of(row).order_by("sequence"))
    answer = HttpResponse("\ufeff" + roll_csv(roll_of(members, policy_of(row))),
                          content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="roll-{row.number}.csv"'
    return answer


@page("parks.view_member")
def member(request: HttpRequest, key: UUID) -> HttpResponse:
    """A member: its covers, premium by day, certificate and claims. Nobody else is on it."""
    row = queries.member(request.actor, key)
    require(request.actor, "parks.view_member", row)
    sees_park = allowed(request.actor, "parks.view", row)
    administers = allowed(request.actor, "parks.administer", row)
    enrols = allowed(request.actor, "parks.enrol", row) and row.state == "enrolled"
    sector = industries().get(row.sector)
    return render(request, "parks/member.html", {
        "member": row, **member_view(row), "sees_park": sees_park,
        "sector": named(sector) if sector is not None else row.sector,
        "leave_form": LeaveForm() if enrols else None,
        "link_form": LinkForm(organisations=partners(row, Organisation.Kind.INSURED))
        if administers and row.organisation_id is None else None})


@page("parks.own_membership")
def mine(request: HttpRequest) -> HttpResponse:
    """The memberships of the actor's own organisation; the only one at once."""
    rows = list(queries.own_members(request.actor).order_by("-id")[:50])
    if len(rows) == 1:
        return redirect("parks:member", key=rows[0].pk)
    return render(request, "parks/mine.html", {"rows": rows})


@require_POST
@page("parks.administer")
def link(request: HttpRequest, key: UUID) -> HttpResponse:
    """Say which organisation here a member is."""
    row = queries.member(request.actor, key)
    require(request.actor, "parks.administer", row)
    form = LinkForm(request.POST, organisations=partners(row, Organisation.Kind.INSURED))
    if form.is_valid():
        done(request, lambda: link_organisation(row, form.cleaned_data["organisation"],
                                                actor=request.actor),
             _("Its people see this page from now on."))
    else:
        messages.error(request, first_error(form))
    return redirect("parks:member", key=row.pk)


@page("parks.view_member")
def paper(request: HttpRequest, key: UUID, language: str, form: str) -> HttpResponse:
    """A certificate as PDF or as a web page of its own."""
    row = queries.certificate(request.actor, key)
    require(request.actor, "parks.view_member", row.member)
    if language not in ("zh", "en") or form not in ("pdf", "html"):
        raise Http404("no such paper")
    tongue: Any = language
    name = f"{row.number}-{row.revision}-{language}"
    if form == "html":
        answer = HttpResponse(park_certificate_html(
            row.document, issued_on=row.issued_on, language=tongue).encode(),
            content_type="text/html; charset=utf-8")
    else:
        answer = HttpResponse(render_park_certificate(
            row.document, issued_on=row.issued_on, language=tongue),
            content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return answer


@page("parks.view")
def certificates(request: HttpRequest, key: UUID) -> HttpResponse:
    """The certificates of all members as ZIPs; a POST asks for one more."""
    row = queries.park(request.actor, key)
    require(request.actor, "parks.view", row)
    if request.method == "POST":
        require(request.actor, "parks.pack_certificates", row)
        done(request, lambda: start_pack(row, language=request.POST.get("language", ""),
                                         actor=request.actor),
             _("The certificates are being made. This page shows when they are ready."))
        return redirect("parks:certificates", key=row.pk)
    return render(request, "parks/certificates.html", {
        **frame_of(request, row, "members"), "packs": list(queries.packs_of(row)[:20]),
        "members": queries.members_of(row).count()})


@page("parks.view")
def pack_file(request: HttpRequest, key: UUID) -> HttpResponse:
    """A ZIP of certificates."""
    row = queries.pack(request.actor, key)
    require(request.actor, "parks.view", row)
    if row.file is None:
        raise Http404("not made yet")
    with scope_of(request.actor, tenant=row.tenant):  # who sees the pack sees its file
        return file_response(row.file)


@page("parks.view")
def statement(request: HttpRequest, key: UUID) -> HttpResponse:
    """The premium of a park by change and day, beside what stands in the books."""
    row = queries.park(request.actor, key)
    require(request.actor, "parks.view", row)
    lines = queries.statement_of(row)
    entries: dict[tuple[str, Any], list[JournalEntry]] = {}
    if allowed(request.actor, "ledger.view"):
        for entry in JournalEntry.objects.within(row.tenant_id).filter(
                source_type="parks.memberchange",
                source_id__in={str(one["change"]) for one in lines}).order_by("number"):
            entries.setdefault((entry.source_id, entry.effective_date), []).append(entry)
    for one in lines:
        one["entries"] = entries.get((str(one["change"]), one["on"]), [])
    return render(request, "parks/statement.html", {
        **frame_of(request, row, "statement"), "lines": lines,
        "net_fen": sum(one["net"] for one in lines), "vat_fen": sum(one["vat"] for one in lines),
        "up_fen": sum(one["up"] for one in lines),
        "down_fen": sum(one["down"] for one in lines), "policy": policy_of(row)})
