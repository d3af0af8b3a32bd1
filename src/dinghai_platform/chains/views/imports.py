"""Uploads of chains: give a file, see what was understood, read it otherwise, keep or drop it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dinghai.foundation.errors import DinghaiError, InputError
from dinghai.supplychain.supplier_columns import supplier_columns
from dinghai_platform.chains import queries
from dinghai_platform.chains.differences import differences
from dinghai_platform.chains.documents import decoded
from dinghai_platform.chains.faults import fault_row, fault_words, said
from dinghai_platform.chains.forms import ColumnsForm, KeepForm, NewChainForm, UploadForm
from dinghai_platform.chains.models import ChainImport, ChainVersion, SupplyChain
from dinghai_platform.chains.services.common import insurers_of
from dinghai_platform.chains.services.imports import (
    KEPT_DAYS,
    check_size,
    drop_import,
    keep_import,
    latest_chain,
    read_again,
    read_file,
)
from dinghai_platform.chains.words import FIELDS, GUESSED_BY, TABLES, UNITS, word
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import allowed, require
from dinghai_platform.core.queries import organisations_visible_to
from dinghai_platform.core.web import fault_of, page
from dinghai_platform.site.words import name_of

MOST_ROWS = 300


def _new_form(request: HttpRequest, *given: Any) -> NewChainForm:
    actor = request.actor
    insurers = owners = None
    if actor.tenant is None:
        insurers = Organisation.objects.filter(pk__in=[one.pk for one in insurers_of(actor)])
    else:
        owners = organisations_visible_to(actor).exclude(kind__in=Organisation.TENANTS)
    return NewChainForm(*given, insurers=insurers, owners=owners)


@page("chains.import")
def new(request: HttpRequest) -> HttpResponse:
    """A new chain from a file."""
    if request.method != "POST":
        return render(request, "chains/new.html", {"form": _new_form(request)})
    form = _new_form(request, request.POST, request.FILES)
    if form.is_valid():
        data = form.cleaned_data
        try:
            check_size(data["file"].size, data["file"].name)
            made = read_file(
                data["file"].read(), name=data["file"].name, settings=form.settings(),
                insurer=data.get("insurer"), owner=data.get("owner"), actor=request.actor)
        except DinghaiError as error:
            _add(form, error)
        else:
            return redirect("chains:import", key=made.pk)
    return render(request, "chains/new.html", {"form": form}, status=400)


@require_POST
@page("chains.import")
def next_version(request: HttpRequest, key: UUID) -> HttpResponse:
    """A file as the next version of a chain."""
    row = queries.chain(request.actor, key)
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        given = form.cleaned_data["file"]
        try:
            check_size(given.size, given.name)
            made = read_file(given.read(), name=given.name, chain=row, actor=request.actor)
        except DinghaiError as error:
            messages.error(request, "; ".join(map(fault_words, _faults(error)[:3])))
        else:
            return redirect("chains:import", key=made.pk)
    else:
        messages.error(request, _("Choose a file."))
    return redirect("chains:chain", key=row.pk)


def _faults(error: DinghaiError) -> Any:
    return error.faults if isinstance(error, InputError) else (fault_of(error),)


def _add(form: Any, error: DinghaiError) -> None:
    for one in _faults(error):
        field = one.field if one.field in form.fields else None
        form.add_error(field, fault_words(one))


@page("chains.view")
def waiting(request: HttpRequest, key: UUID) -> HttpResponse:
    """What would come of an upload: guesses, faults, counts and changes."""
    row = queries.waiting(request.actor, key)
    return _shown(request, row)


def _shown(
    request: HttpRequest, row: ChainImport, *, columns_form: ColumnsForm | None = None,
    keep_form: KeepForm | None = None,
) -> HttpResponse:
    report = row.report
    names = {one.id: name_of(one) for one in supplier_columns().columns}
    context: dict[str, Any] = {
        "row": row, "report": report, "kept_days": KEPT_DAYS,
        "faults": [fault_row(one) for one in row.faults[:MOST_ROWS]],
        "faults_count": len(row.faults), "most_rows": MOST_ROWS,
        "counts": [(word(TABLES, name), count)
                   for name, count in report.get("counts", {}).items()],
        "notes": [fault_row(one) for one in report.get("notes", ())[:MOST_ROWS]],
        "keep_form": keep_form or KeepForm(),
        "may_decide": row.is_open and allowed(request.actor, "chains.import", row),
    }
    if row.source == ChainVersion.Source.LIST:
        context |= {
            "guesses": [{**one, "name": names.get(one["column"], "—"),
                         "how_words": word(GUESSED_BY, one["how"]),
                         "unit": UNITS.get(one.get("unit") or "", one.get("unit"))}
                        for one in report.get("guesses", ())],
            "rejected": [fault_row(one) for one in report.get("rejected", ())[:MOST_ROWS]],
            "unread": [fault_row(one) for one in report.get("unread", ())[:MOST_ROWS]],
            "assumed": [{**one, "field": word(FIELDS, one["field"]), "why": said(one["why"])}
                        for one in report.get("assumed", ())[:MOST_ROWS]],
            "missing": [(said(what), len(firms))
                        for what, firms in report.get("missing", {}).items()],
            "list_notes": [said(one) for one in report.get("list_notes", ())],
            "columns_form": columns_form or _columns_form(row),
        }
    if row.is_open and row.document and row.chain is not None:
        context["changes"] = _changes(row, row.chain)
    failed = columns_form is not None or keep_form is not None
    return render(request, "chains/import.html", context, status=400 if failed else 200)


def _headings(row: ChainImport) -> list[str]:
    report = row.report
    return [one for one in (*(guess["heading"] for guess in report.get("guesses", ())),
                            *report.get("not_read", ()), *report.get("headings", ())) if one]


def _columns_form(row: ChainImport, *given: Any) -> ColumnsForm:
    settings = row.settings
    initial = {**{f"column_{name}": value for name, value in settings["columns"].items()},
               **{f"assume_{name}": value for name, value in settings["assume"].items()}}
    return ColumnsForm(*given, headings=list(dict.fromkeys(_headings(row))), initial=initial)


def _changes(row: ChainImport, chain: SupplyChain) -> list[tuple[str, int, int, int, int, int]]:
    last = latest_chain(chain)
    if last is None:
        return []
    return [(word(TABLES, one.table), one.before, one.after, *one.counts)
            for one in differences(last, decoded(row.document))]


@require_POST
@page("chains.import")
def again(request: HttpRequest, key: UUID) -> HttpResponse:
    """Read a supplier list with other columns or assumptions."""
    row = queries.waiting(request.actor, key)
    require(request.actor, "chains.import", row)
    form = _columns_form(row, request.POST)
    if not form.is_valid():
        return _shown(request, row, columns_form=form)
    try:
        read_again(row, columns=form.chosen("column_"), assume=form.chosen("assume_"),
                   actor=request.actor)
    except DinghaiError as error:
        messages.error(request, fault_words(fault_of(error)))
    return redirect("chains:import", key=row.pk)


@require_POST
@page("chains.import")
def keep(request: HttpRequest, key: UUID) -> HttpResponse:
    """Make the chain, or its next version, of an upload."""
    row = queries.waiting(request.actor, key)
    require(request.actor, "chains.import", row)
    form = KeepForm(request.POST)
    if not form.is_valid():
        return _shown(request, row, keep_form=form)
    try:
        version = keep_import(row, note=form.cleaned_data["note"], actor=request.actor)
    except DinghaiError as error:
        messages.error(request, fault_words(fault_of(error)))
        return redirect("chains:import", key=row.pk)
    messages.success(request, _("Version %(number)d is kept.") % {"number": version.number})
    return redirect("chains:chain", key=version.chain_id)


@require_POST
@page("chains.import")
def drop(request: HttpRequest, key: UUID) -> HttpResponse:
    """Leave an upload."""
    row = queries.waiting(request.actor, key)
    try:
        drop_import(row, actor=request.actor)
    except DinghaiError as error:
        messages.error(request, fault_words(fault_of(error)))
    else:
        messages.success(request, _("The upload was dropped; its file is deleted."))
    if row.chain_id:
        return redirect("chains:chain", key=row.chain_id)
    return redirect("chains:chains")
