"""Versions of tables: the list, one version with its difference and impact, its figures, verbs."""

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

from dinghai.foundation.errors import DinghaiError, Fault, InputError, Refusal
from dinghai.foundation.reading import plain
from dinghai.foundation.toml_text import toml_text
from dinghai.pricing.tables import CONFIDENCES
from dinghai_platform.actuarial import queries
from dinghai_platform.actuarial.differences import differences
from dinghai_platform.actuarial.figures import (
    groups_of,
    read_figure,
    rules_of,
    value_at,
)
from dinghai_platform.actuarial.forms import DecisionForm, DraftForm, UploadForm
from dinghai_platform.actuarial.impact_view import sums
from dinghai_platform.actuarial.in_force import document_of, table_in_force
from dinghai_platform.actuarial.kinds import KINDS, kind_of
from dinghai_platform.actuarial.models import ImpactRun, TableVersion
from dinghai_platform.actuarial.services.decisions import (
    approve_version,
    propose_version,
    reject_version,
    required_impact,
)
from dinghai_platform.actuarial.services.drafts import (
    LONGEST_TABLE,
    NewFigure,
    change_figures,
    draft_version,
    replace_document,
    roll_back,
    upload_version,
    withdraw_version,
)
from dinghai_platform.actuarial.services.impacts import start_impact
from dinghai_platform.actuarial.words import CHANGES, EVENTS, HEADER, kind_name, place_name
from dinghai_platform.core import clock
from dinghai_platform.core.permissions import allowed
from dinghai_platform.core.web import fault_of, page
from dinghai_platform.site.answers import answer, said
from dinghai_platform.site.lists import Column, Filter, List, list_page

_HEADER_FIELDS = ("as_of", "filing", "name_zh", "name_en")


def _who(row: TableVersion) -> str:
    return row.drafted_by.full_name or row.drafted_by.username if row.drafted_by else "—"


@page("actuarial.view")
def version_list(request: HttpRequest) -> HttpResponse:
    """Versions of rating tables and referral rules, and what is in force today."""
    shown = List(
        name=_("Rating and rules"),
        columns=(
            Column(_("Version"), lambda row: row.label, "link", "number",
                   lambda row: reverse("actuarial:version", args=[row.pk]),
                   note=lambda row: row.reason[:80]),
            Column(_p("rates", "Table"), lambda row: kind_name(row.kind), sort="kind",
                   note=lambda row: row.table_id),
            Column(_("State"), lambda row: row.state_code, "status", "state"),
            Column(_("In force from"), lambda row: row.in_force_from, "day", "in_force_from"),
            Column(_("Drafted by"), _who),
            Column("SHA-256", lambda row: row.document_hash[:12], "code"),
        ),
        filters=(
            Filter("kind", _("Kind"), [(one.code, one.label) for one in KINDS.values()]),
            Filter("state", _("State"),
                   TableVersion.State.choices),
        ),
        search=("label__icontains", "reason__icontains", "document_hash__istartswith"),
        default_sort="-number",
        export="table-versions",
        empty={
            "title": _("No version of your own yet"),
            "text": _("Until then the tables that come with the platform price. An actuary begins "
                      "a version here; another person approves it."),
            "icon": "table", "href": "", "action": "",
        },
    )
    context = {
        "in_force": [{"table": one, "kind": kind_name(one.kind), "name": one.table,
                      "state": "table_in_force" if one.version else "shipped_table"}
                     for one in queries.all_in_force(request.actor.own_tenant())],
        "may_draft": allowed(request.actor, "actuarial.draft"),
        "draft_form": DraftForm(), "upload_form": UploadForm(auto_id="upload_%s"),
    }
    return list_page(request, queries.versions(request.actor), shown,
                     template="actuarial/versions.html", context=context)


@require_POST
@page("actuarial.draft")
def new_draft(request: HttpRequest) -> HttpResponse:
    """Begin a version as a copy of the table in force."""
    form = DraftForm(request.POST)

    def act() -> TableVersion:
        if not form.is_valid():
            raise InputError("table, name and reason are needed", mend="fill in the form")
        kind, _slash, table = form.cleaned_data["table"].partition("/")
        return draft_version(kind, table, label=form.cleaned_data["label"],
                             reason=form.cleaned_data["reason"], actor=request.actor)

    return answer(request, act, _("The draft is a copy of the table in force. Change its figures."),
                  lambda made: reverse("actuarial:edit", args=[made.pk]))


@require_POST
@page("actuarial.draft")
def upload(request: HttpRequest) -> HttpResponse:
    """Begin a version from a TOML file."""
    form = UploadForm(request.POST, request.FILES)

    def act() -> TableVersion:
        if not form.is_valid():
            raise InputError("file, kind and reason are needed", mend="fill in the form")
        return upload_version(form.cleaned_data["kind"], _bounded(form.cleaned_data["file"]),
                              reason=form.cleaned_data["reason"], actor=request.actor)

    return answer(request, act, _("The file was read. Look at what differs."),
                  lambda made: reverse("actuarial:version", args=[made.pk]))


def _bounded(file: Any) -> bytes:
    if file is None or file.size is None or file.size > LONGEST_TABLE:
        raise InputError("the file is too large for a table", field="file",
                         mend="upload one table")
    content: bytes = file.read()
    return content


@page("actuarial.view")
def version(request: HttpRequest, key: UUID) -> HttpResponse:
    """One version: state, difference to another, impact on the book, life, and what is next."""
    row = queries.version(request.actor, key)
    standing = table_in_force(row.tenant, row.kind, row.table_id, clock.today())
    others = list(queries.others_of(row))
    against, before = _against(request, row, others)
    rules = rules_of(before, row.document)
    runs = list(queries.runs_of(row)[:5])
    latest = next((one for one in runs if one.document_hash == row.document_hash), None)
    actor, state = request.actor, row.state
    may = {verb: allowed(actor, f"actuarial.{permission}", row) for verb, permission in (
        ("draft", "draft"), ("propose", "propose"), ("withdraw", "withdraw"),
        ("impact", "run_impact"), ("decide", "decide"))}
    return render(request, "actuarial/version.html", {
        "version": row, "kind": kind_name(row.kind), "standing": standing,
        "is_standing": standing.sha256 == row.document_hash,
        "others": [one for one in others if one.pk != row.pk], "against": against,
        "changes": [
            {"place": one.place, "name": place_name(one.place, rules), "change": one.change,
             "change_name": CHANGES[one.change], "before": value_at(one.place, one.before, rules),
             "after": value_at(one.place, one.after, rules)}
            for one in differences(before, row.document)],
        "groups": groups_of(row.kind, row.document),
        "events": _life(row), "runs": runs, "latest": latest,
        "impact": sums(latest.summary["policies"])
        if latest and latest.summary else None,
        "missing": _missing(row, standing) if state == "proposed" else "",
        "may_edit": may["draft"] and state == "draft",
        "may_propose": may["propose"] and state == "draft",
        "may_impact": may["impact"] and state in ("draft", "proposed"),
        "may_decide": may["decide"] and state == "proposed",
        "may_withdraw": may["withdraw"] and row.is_open,
        "may_roll_back": may["draft"] and state == "superseded",
        "own": actor.user is not None and actor.user.pk in (row.drafted_by_id, row.proposed_by_id),
        "today": clock.today(),
    })


def _against(
    request: HttpRequest, row: TableVersion, others: list[TableVersion]
) -> tuple[str, dict[str, Any]]:
    """What a version is held against: another one that was chosen, else what it was drafted from.
    """
    wanted = request.GET.get("against", "")
    shipped = kind_of(row.kind).shipped_document(row.table_id)
    if wanted == "shipped":
        return "shipped", shipped
    chosen = next((one for one in others if str(one.pk) == wanted), None) or row.based_on
    if chosen is None:
        return "shipped", shipped
    return str(chosen.pk), document_of(chosen)


def _missing(row: TableVersion, standing: Any) -> str:
    """Why it cannot be approved yet, in words."""
    try:
        run = required_impact(row, standing)
    except Refusal as error:
        return said(fault_of(error))
    return "" if run is not None else _("The book is empty: no impact is needed.")


def _life(row: TableVersion) -> list[dict[str, Any]]:
    tones = {"approve": "good", "enter": "good", "reject": "bad", "withdraw": "neutral"}
    return [
        {"title": EVENTS[one.event], "when": one.at, "text": one.reason or _changed(one.changed),
         "actor": (one.by.full_name or one.by.username) if one.by else "",
         "tone": tones.get(one.event, "info"), "status": f"table_{one.state}"}
        for one in queries.events_of(row)
    ]


def _changed(places: list[str]) -> str:
    shown = [place_name(place) for place in places
             if place.rsplit(".", 1)[-1] not in ("source", "confidence", "version")]
    more = "" if len(shown) <= 4 else " …"
    return ", ".join(shown[:4]) + more


@page("actuarial.draft")
def edit(request: HttpRequest, key: UUID) -> HttpResponse:
    """The figures of a draft: a changed one needs its source and its mark of confidence."""
    row = queries.version(request.actor, key)
    groups = groups_of(row.kind, row.document)
    faults: list[dict[str, str]] = []
    if request.method == "POST":
        try:
            figures, header = _asked(request, row, groups)
            change_figures(row, figures, header=header, actor=request.actor)
        except DinghaiError as error:
            found = error.faults if isinstance(error, InputError) else (fault_of(error),)
            faults = [{"place": place_name(one.field or "", rules_of(row.document)),
                       "text": said(one)} for one in found]
        else:
            messages.success(request, _("The figures were kept."))
            return redirect("actuarial:version", key=row.pk)
    elif row.state != TableVersion.State.DRAFT:
        messages.error(request, _("Only a draft is changed: begin a new version."))
        return redirect("actuarial:version", key=row.pk)
    given = request.POST if request.method == "POST" else {}
    return render(request, "actuarial/edit.html", {
        "version": row, "kind": kind_name(row.kind), "faults": faults,
        "confidences": CONFIDENCES,
        "header": [{"name": name, "label": HEADER[name],
                    "value": given.get(f"h:{name}", row.document[name])}
                   for name in _HEADER_FIELDS if name in row.document],
        "groups": [
            {"group": group, "source": given.get(f"s:{group.code}", ""),
             "confidence": given.get(f"c:{group.code}", ""),
             "figures": [{"figure": one,
                          "value": given.get(f"f:{one.place}", one.written)}
                         for one in group.figures]}
            for group in groups],
    }, status=400 if faults else 200)


def _asked(
    request: HttpRequest, row: TableVersion, groups: Any
) -> tuple[dict[str, NewFigure], dict[str, str]]:
    """The figures that were changed, with what was said of them. Raises InputError for every
    figure that cannot be read."""
    figures, faults = {}, []
    for group in groups:
        source = request.POST.get(f"s:{group.code}", "")[:500]
        confidence = request.POST.get(f"c:{group.code}", "")
        for one in group.figures:
            text = request.POST.get(f"f:{one.place}")
            if text is None or text.strip() == one.written:
                continue
            try:
                value = read_figure(text[:500], one.unit, one.place)
            except InputError as error:
                faults += [Fault(each.message, field=each.field, mend=each.mend)
                           for each in error.faults]
                continue
            if value != one.value:
                figures[one.place] = NewFigure(value, source, confidence)
    if faults:
        raise InputError.of(faults)
    header = {name: request.POST[f"h:{name}"][:200] for name in _HEADER_FIELDS
              if name in row.document and f"h:{name}" in request.POST}
    return figures, header


@require_POST
@page("actuarial.draft")
def replace_file(request: HttpRequest, key: UUID) -> HttpResponse:
    """Put an uploaded file in the place of a draft's document."""
    row = queries.version(request.actor, key)
    return answer(
        request,
        lambda: replace_document(row, _bounded(request.FILES.get("file")), actor=request.actor),
        _("The file was read. Look at what differs."),
        reverse("actuarial:version", args=[row.pk]))


@page("actuarial.view")
def as_toml(request: HttpRequest, key: UUID) -> HttpResponse:
    """A version as the TOML file that may be uploaded again."""
    row = queries.version(request.actor, key)
    return _toml(row.document, f"{row.table_id}-{row.label}")


@page("actuarial.view")
def in_force_toml(request: HttpRequest) -> HttpResponse:
    """The table in force today as a TOML file."""
    kind, table_id = _named(request.GET.get("table", ""))
    found = table_in_force(request.actor.own_tenant(), kind, table_id, clock.today())
    return _toml(plain(found.table), f"{table_id}-{found.label}")


def _named(text: str) -> tuple[str, str]:
    """The table that ``kind/id`` names, or Http404."""
    kind, _slash, table_id = text.partition("/")
    if kind not in KINDS or table_id not in KINDS[kind].table_ids():
        raise Http404("no such table")
    return kind, table_id


def _toml(document: dict[str, Any], name: str) -> HttpResponse:
    response = HttpResponse(toml_text(document), content_type="application/toml; charset=utf-8")
    plain_name = "".join(one if one.isalnum() or one in "-._" else "-" for one in name)
    response["Content-Disposition"] = f'attachment; filename="{plain_name}.toml"'
    return response


@require_POST
@page("actuarial.view")
def step(request: HttpRequest, key: str, verb: str) -> HttpResponse:
    """One step of a version: propose, approve, reject, withdraw, run the impact, put back."""
    row = queries.version(request.actor, key)
    form, actor = DecisionForm(request.POST), request.actor
    reason = form.said("reason") or ""
    where: Any = reverse("actuarial:version", args=[row.pk])

    def approve() -> TableVersion:
        day = form.said("in_force_from")
        if day is None:
            raise InputError("an approval needs its day", field="in_force_from",
                             mend="choose today or a later day")
        return approve_version(row, in_force_from=day, reason=reason, actor=actor)

    acts: dict[str, tuple[Any, str, Any]] = {
        "propose": (lambda: propose_version(row, reason=reason, actor=actor),
                    _("The version waits for another pair of eyes."), where),
        "approve": (approve, _("The version was approved."), where),
        "reject": (lambda: reject_version(row, reason=reason, actor=actor),
                   _("The version was rejected."), where),
        "withdraw": (lambda: withdraw_version(row, reason=reason, actor=actor),
                     _("The version was withdrawn."), where),
        "impact": (lambda: start_impact(row, actor=actor), "", _to_impact),
        "roll_back": (lambda: roll_back(row.kind, row.table_id, to=row,
                                        label=form.said("label") or "", reason=reason,
                                        actor=actor),
                      _("The former table is a draft again: run its impact and propose it."),
                      _to_version),
    }
    act, done, lead = acts[verb]
    return answer(request, act, done, lead)


def _to_impact(run: ImpactRun) -> str:
    return reverse("actuarial:impact", args=[run.pk])


def _to_version(row: TableVersion) -> str:
    return reverse("actuarial:version", args=[row.pk])


@require_POST
@page("actuarial.draft")
def back_to_shipped(request: HttpRequest) -> HttpResponse:
    """Draft the table that comes with the platform as a new version."""
    kind, table_id = _named(request.POST.get("table", ""))
    form = DecisionForm(request.POST)
    return answer(
        request,
        lambda: roll_back(kind, table_id, to=None, label=form.said("label") or "",
                          reason=form.said("reason") or "", actor=request.actor),
        _("The former table is a draft again: run its impact and propose it."), _to_version)
