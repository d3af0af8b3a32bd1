"""The list of schemes, opening one, and the page of one."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p

from dinghai.foundation.errors import DinghaiError, Fault, InputError
from dinghai.foundation.reading import read_document
from dinghai.wording.products import load_product, shipped_products
from dinghai_platform.core.permissions import allowed
from dinghai_platform.core.tenancy import visible_or_404
from dinghai_platform.core.web import page
from dinghai_platform.residents import queries
from dinghai_platform.residents.forms import ListForm, SchemeFileForm, SchemeForm, SearchForm
from dinghai_platform.residents.models import ResidentScheme
from dinghai_platform.residents.services.schemes import open_scheme
from dinghai_platform.residents.views.frame import fault_rows
from dinghai_platform.residents.words import CHANNELS, plan_name
from dinghai_platform.site.formats import is_chinese
from dinghai_platform.site.lists import Column, List, rows_page

LARGEST_SCHEME = 1024 * 1024
SHOWN = 5


def _list(*, may_open: bool) -> List:
    return List(
        name=_("Residents' schemes"),
        columns=(
            Column(_p("resident", "Scheme"), lambda one: one.name, "link", "name",
                   lambda one: reverse("residents:scheme", args=[one.scheme.pk]),
                   note=lambda one: one.number),
            Column(_p("resident", "First day"), lambda one: one.scheme.first_day, "day",
                   "first_day"),
            Column(_p("resident", "Last day"), lambda one: one.scheme.last_day, "day",
                   "last_day"),
            Column(_p("resident", "Certificates"), lambda one: one.certificates, "count",
                   "certificates"),
            Column(_p("resident", "Premium incl. VAT"), lambda one: one.premium_fen, "money",
                   "premium_fen"),
            Column(_p("resident", "Sums insured"), lambda one: one.sum_insured_fen, "money",
                   "sum_insured_fen"),
            Column(_p("resident", "Average premium"), lambda one: one.average_premium_fen,
                   "money"),
            Column(_p("resident", "Rate"), lambda one: one.rate_text, "count"),
        ),
        search=("name", "number"), default_sort="-first_day", export="resident-schemes",
        empty={"title": _("No scheme yet"),
               "text": _("A scheme is a group policy: open one, then send lists of residents or "
                         "make a link by which they buy for themselves."),
               "icon": "users", "href": reverse("residents:new") if may_open else "",
               "action": _("Open a scheme")})


@page("residents.view")
def scheme_list(request: HttpRequest) -> HttpResponse:
    """All schemes with their figures."""
    may_open = allowed(request.actor, "residents.open_scheme")
    return rows_page(request, queries.figures(request.actor), _list(may_open=may_open),
                     template="residents/schemes.html",
                     context={"may_open": may_open, "search_form": SearchForm()})


def _products() -> list[tuple[str, str]]:
    """Shipped products for people."""
    found = [load_product(one) for one in shipped_products()]
    return [(one.product_id, one.name_zh if is_chinese() else one.name_en)
            for one in found if one.line == "personal"]


@page("residents.open_scheme")
def new(request: HttpRequest) -> HttpResponse:
    """Open a scheme, from a file or field by field."""
    sent, by_file = request.method == "POST", request.POST.get("by") == "file"
    file_form = SchemeFileForm(*((request.POST, request.FILES) if sent and by_file else ()))
    form = SchemeForm(*((request.POST,) if sent and not by_file else ()), products=_products())
    faults: list[dict[str, Any]] = []
    chosen = file_form if by_file else form
    if sent and chosen.is_valid():
        try:
            document, name = ((_document(file_form.cleaned_data["file"]),
                               file_form.cleaned_data["file"].name)
                              if by_file else (form.document(), None))
            made = open_scheme(document, actor=request.actor, file=name)
        except DinghaiError as error:
            faults = fault_rows(error)
        else:
            messages.success(request, _("The scheme is open. Send its first list of residents."))
            return redirect("residents:scheme", key=made.pk)
    return render(request, "residents/new.html", {
        "form": form, "file_form": file_form, "faults": faults},
        status=400 if sent else 200)


def _document(file: Any) -> Any:
    """What a scheme's file says. Raises InputError."""
    if file.size > LARGEST_SCHEME:
        raise InputError(f"the file is larger than {LARGEST_SCHEME} bytes", file=file.name,
                         mend="split it")
    kind = ".json" if file.name.lower().endswith(".json") else ".toml"
    with tempfile.NamedTemporaryFile(suffix=kind) as copy:
        copy.write(file.read())
        copy.flush()
        try:
            return read_document(Path(copy.name))
        except InputError as error:
            raise InputError.of(Fault(one.message, file.name, one.line, one.field, one.mend)
                                for one in error.faults) from error


@page("residents.view")
def scheme(request: HttpRequest, key: UUID) -> HttpResponse:
    """A scheme: its figures, plans, last lists and links."""
    row = visible_or_404(ResidentScheme, request.actor, pk=key)
    terms = row.terms()
    return render(request, "residents/scheme.html", {
        "scheme": row, "terms": terms, "figures": queries.figures_of(request.actor, row),
        "channel": CHANNELS[terms.channel],
        "plans": [{"code": one.code, "sum": one.sum_insured_fen, "premium": one.premium_fen,
                   "name": plan_name(one)}
                  for one in terms.plans],
        "lists": queries.lists_of(row).order_by("-id")[:SHOWN],
        "links": queries.links_of(row).order_by("-id")[:SHOWN],
        "list_form": ListForm(), "search_form": SearchForm(),
        "may_enrol": allowed(request.actor, "residents.enrol", row),
        "may_sell": allowed(request.actor, "residents.sell", row)})
