"""Changes of a firm's last policy: what each would come to, asking for it, its endorsement."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
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
from dinghai_platform.small_firms import change_queries
from dinghai_platform.small_firms.change_forms import ChangeForm, DayForm, StaffChangeForm
from dinghai_platform.small_firms.forms import PaymentForm
from dinghai_platform.small_firms.models import Change, Policy
from dinghai_platform.small_firms.plan_view import groups_of
from dinghai_platform.small_firms.queries import claims_beside
from dinghai_platform.small_firms.reckoning import Reckoned
from dinghai_platform.small_firms.services.change_money import record_money
from dinghai_platform.small_firms.services.change_papers import endorsement_of, make_endorsements
from dinghai_platform.small_firms.services.changes import (
    Asked,
    cancel_policy,
    change_plan,
    correct_name,
    preview_change,
    take_back,
)
from dinghai_platform.small_firms.services.common import channel_of
from dinghai_platform.small_firms.services.policies import COVERED, ONLINE, terms_of
from dinghai_platform.small_firms.views.frame import Way, done, frame_of, last_policy, of_firm
from dinghai_platform.small_firms.words import CHANGES, error_words, plan_name


def described(change: Change) -> str:
    """A change in a few words."""
    if change.kind == Change.Kind.PLAN:
        return f"{plan_name(change.before)} → {plan_name(change.after)}"
    return change.after if change.kind == Change.Kind.NAME else ""


def _changes(request: HttpRequest, way: Way) -> HttpResponse:
    """The changes of the last policy, and what can be asked for."""
    row = last_policy(way)
    may = allowed(way.actor, "small_firms.change", row) and row.state in COVERED
    pays = allowed(way.actor, "small_firms.record_payment", row)
    return render(request, "small_firms/changes.html", {
        **frame_of(way, "policy"), "policy": row, "may_change": may, "pays": pays,
        "payment_form": PaymentForm(), "changes": [{
            "row": one, "kind": CHANGES[one.kind], "words": described(one),
            "fallen_why": _(one.fallen_why) if one.fallen_why else "",
            "papers": [(label, way.to("endorsement", str(one.pk), code))
                       for label, code in (("中文", "zh"), ("English", "en"))],
            "back": way.to("change_back", str(one.pk)) if may and one.state in Change.OPEN
            and one.paid_at is None else ""} for one in row.changes.order_by("-id")],
        "plans": [(plan_name(code), way.to("change_plan", code))
                  for code in row.quote.bindable_plans() if code != row.plan]
        if row.state == "in_force" else [],
        "cancel_address": way.to("change_cancel"),
        "name_address": way.to("change_name") if row.state == "in_force" else ""})


def _look(way: Way, row: Policy, kind: str, request: HttpRequest, value: str = ""
          ) -> tuple[Reckoned | None, str, DayForm]:
    """What a change would come to on the day asked for, or why it cannot be."""
    given = request.POST if request.method == "POST" else request.GET
    form = DayForm(given if "day" in given else None)
    if form.is_bound and not form.is_valid():
        return None, "; ".join(form.errors.get("day", ())), form
    day = form.cleaned_data["day"] if form.is_bound else None
    try:
        return preview_change(row, kind, day=day, value=value, actor=way.actor), "", form
    except DinghaiError as error:
        return None, error_words(error), form


def _form(way: Way, request: HttpRequest) -> Any:
    online = channel_of(way.actor) in ("own", "link")
    return (ChangeForm if online else StaffChangeForm)(
        request.POST if request.method == "POST" else None)


def _asked(form: Any) -> Asked:
    said = form.cleaned_data
    return Asked(said["reason"], said["confirmed_by"], said.get("channel", ONLINE))


def _finish(request: HttpRequest, way: Way, made: Change | None) -> HttpResponse | None:
    if made is None:
        return None
    make_endorsements(made, actor=way.actor)
    return redirect(way.to("changes"))


def _cancel(request: HttpRequest, way: Way) -> HttpResponse:
    """What goes back if the policy ends on a day; sent, it ends."""
    row = last_policy(way)
    require(way.actor, "small_firms.change", row)
    found, why, day_form = _look(way, row, Change.Kind.CANCEL, request)
    form = _form(way, request)
    if request.method == "POST" and found is not None and form.is_valid():
        sent = _finish(request, way, done(request, lambda: cancel_policy(
            row, _asked(form), day=found.effective, actor=way.actor),
            _("The policy is cancelled. Here is the endorsement.")))
        if sent is not None:
            return sent
    return render(request, "small_firms/change.html", {
        **frame_of(way, "policy"), "policy": row, "found": found, "why": why, "form": form,
        "day_form": day_form, "heading": CHANGES["cancel"], "back_address": way.to("changes"),
        "beside": claims_beside(row) if way.actor.tenant is not None and not way.is_link else None},
        status=400 if request.method == "POST" else 200)


def _plan(request: HttpRequest, way: Way, plan: str) -> HttpResponse:
    """What another plan costs or gives back from a day on, with all its terms; sent, it is
    agreed."""
    row = last_policy(way)
    require(way.actor, "small_firms.change", row)
    if plan not in {one["plan"] for one in row.quote.document["plans"]}:
        raise Http404("no such plan")
    found, why, day_form = _look(way, row, Change.Kind.PLAN, request, plan)
    form = _form(way, request)
    groups = groups_of(terms_of(row.quote, plan)) if found is not None else []
    if request.method == "POST" and found is not None and form.is_valid():
        read = set(request.POST.getlist("read"))
        keys = [one.key for group in groups if group.kind in read for one in group.terms]
        sent = _finish(request, way, done(request, lambda: change_plan(
            row, plan, keys, _asked(form), day=found.effective, actor=way.actor),
            _("The change of plan is agreed. Here is the endorsement.")))
        if sent is not None:
            return sent
    return render(request, "small_firms/change.html", {
        **frame_of(way, "policy"), "policy": row, "found": found, "why": why, "form": form,
        "day_form": day_form, "heading": CHANGES["plan"], "groups": groups,
        "new_plan": plan_name(plan), "online": channel_of(way.actor) in ("own", "link"),
        "back_address": way.to("changes")}, status=400 if request.method == "POST" else 200)


def _name(request: HttpRequest, way: Way) -> HttpResponse:
    """Mend the firm's name."""
    row = last_policy(way)
    require(way.actor, "small_firms.change", row)
    form = _form(way, request)
    if request.method == "POST" and form.is_valid():
        sent = _finish(request, way, done(request, lambda: correct_name(
            row, request.POST.get("name", ""), _asked(form), actor=way.actor),
            _("The name is mended. Here is the endorsement.")))
        if sent is not None:
            return sent
    return render(request, "small_firms/change.html", {
        **frame_of(way, "policy"), "policy": row, "form": form, "heading": CHANGES["name"],
        "asks_name": True, "name_now": row.document["schedule"]["insured"]["name_zh"],
        "back_address": way.to("changes")}, status=400 if request.method == "POST" else 200)


def _of_policy(way: Way, change: UUID) -> Change:
    found: Change | None = change_queries.whole_changes(
        last_policy(way).changes.filter(pk=change)).first()
    if found is None:
        raise Http404("no such change")
    return found


def _back(request: HttpRequest, way: Way, change: UUID) -> HttpResponse:
    """Take a change back before its first day."""
    row = _of_policy(way, change)
    require(way.actor, "small_firms.change", row)
    if request.method == "POST":
        done(request, lambda: take_back(row, reason=request.POST.get("reason", ""),
                                        actor=way.actor),
             _("The change is taken back; the policy stays as it was."))
    return redirect(way.to("changes"))


def _endorsement(request: HttpRequest, way: Way, change: UUID, language: str) -> HttpResponse:
    """The endorsement of a change."""
    row = _of_policy(way, change)
    if language not in ("zh", "en"):
        raise Http404("no such paper")
    made = endorsement_of(row, "en" if language == "en" else "zh", actor=way.actor)
    with scope_of(way.actor, tenant=row.tenant):  # who sees the policy sees its papers
        return file_response(made.file)


changes, changes_by_link = of_firm(_changes)
cancel, cancel_by_link = of_firm(_cancel)
plan, plan_by_link = of_firm(_plan)
name, name_by_link = of_firm(_name)
back, back_by_link = of_firm(_back)
endorsement, endorsement_by_link = of_firm(_endorsement)
changes = page("small_firms.view")(changes)
cancel = page("small_firms.view")(cancel)
plan = page("small_firms.view")(plan)
name = page("small_firms.view")(name)
back = page("small_firms.view")(back)
endorsement = page("small_firms.view")(endorsement)


def _list() -> List:
    return List(
        name=_("Changes of small firms' policies"),
        columns=(
            Column(_("Number"), lambda row: row.number, "link", "number",
                   lambda row: reverse("small_firms:changes", args=[row.policy.firm_id]),
                   note=lambda row: f"{row.policy.firm.name} · {row.policy.policy_no}"),
            Column(_("Kind"), lambda row: CHANGES[row.kind], note=described),
            Column(_("State"), lambda row: row.state_code, "status", "state"),
            Column(_p("change", "From"), lambda row: row.effective, "day", "effective"),
            Column(_p("change", "Charged or given back"), lambda row: row.amount_fen, "money",
                   "amount_fen"),
            Column(_p("change", "Paid on"), lambda row: row.paid_at, "moment", "paid_at"),
            Column(_("Reason"), lambda row: row.reason),
            Column(_("Broker"), lambda row: row.broker or "—"),
        ),
        filters=(Filter("kind", _("Kind"), tuple(CHANGES.items())),
                 Filter("state", _("State"), Change.State.choices)),
        search=("number__icontains", "policy__policy_no__icontains",
                "policy__firm__name__icontains"),
        default_sort="-id", export="small-firm-changes",
        empty={"title": _("No change yet"),
               "text": _("A change is asked for on the page of the firm's policy."),
               "icon": "pencil", "href": reverse("small_firms:policies"),
               "action": _("Policies of small firms")})


@page("small_firms.view")
def change_list(request: HttpRequest) -> HttpResponse:
    """The changes that the actor sees."""
    return list_page(request, change_queries.changes(request.actor), _list(),
                     template="small_firms/change_list.html")


@require_POST
@page("small_firms.record_payment")
def pay(request: HttpRequest, key: UUID) -> HttpResponse:
    """Record that an additional premium has arrived, or that a refund has left the bank."""
    row = change_queries.change(request.actor, key)
    require(request.actor, "small_firms.record_payment", row)
    done(request, lambda: record_money(
        row, reference=request.POST.get("reference", ""), actor=request.actor),
        _("The payment is posted."))
    return redirect("small_firms:changes", key=row.policy.firm_id)
