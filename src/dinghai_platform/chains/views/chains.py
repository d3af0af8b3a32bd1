"""The list of chains, one chain at a glance, its versions and exports, and its withdrawal."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p
from django.views.decorators.http import require_POST

from dinghai.foundation.errors import DinghaiError
from dinghai.supplychain.chain_export import GRAPHS, graphml_of
from dinghai.supplychain.chain_overview import overview
from dinghai_platform.chains import queries
from dinghai_platform.chains.beside import beside_of
from dinghai_platform.chains.differences import MOST_SHOWN, differences
from dinghai_platform.chains.documents import chain_of_version, names_of
from dinghai_platform.chains.faults import fault_words
from dinghai_platform.chains.forms import RunForm, WithdrawForm
from dinghai_platform.chains.models import ChainVersion, SupplyChain
from dinghai_platform.chains.queries import Choice
from dinghai_platform.chains.services.chains import withdraw_chain
from dinghai_platform.chains.words import (
    FIELDS,
    LINK_KINDS,
    PARTS,
    ROLES,
    TABLES,
    coded,
    indicator_name,
    industry_name,
    word,
)
from dinghai_platform.core.permissions import allowed
from dinghai_platform.core.web import fault_of, page
from dinghai_platform.site.formats import is_chinese, value_text
from dinghai_platform.site.lists import Column, Filter, List, list_page

MOST_LISTED = 10


def _list(*, may_import: bool) -> List:
    return List(
        name=_("Supply chains"),
        columns=(
            Column(_("Chain"), lambda row: row.name, "link", "name_zh",
                   lambda row: reverse("chains:chain", args=[row.pk]),
                   note=lambda row: row.code),
            Column(_("Chain owner"), lambda row: row.owner or "—", sort="owner__name_zh"),
            Column(_("Insurer"), lambda row: row.tenant, sort="tenant__name_zh"),
            Column(_("State"), lambda row: row.state_code, "status", "state"),
            Column(_("Version"), lambda row: row.latest, "count", "latest"),
            Column(_p("chain", "Firms"), lambda row: row.firms, "count", "firms"),
            Column(_p("chain", "Revenue of all"), lambda row: row.revenue_fen, "money",
                   "revenue_fen"),
            Column(_("As of"), lambda row: row.as_of, "day", "as_of"),
        ),
        filters=(Filter("state", _("State"), SupplyChain.State.choices),),
        search=("name_zh__icontains", "name_en__icontains", "code__icontains",
                "owner__name_zh__icontains"),
        default_sort="-id", export="supply-chains",
        empty={
            "title": _("No supply chain yet"),
            "text": _("Upload the folder of a chain, or a plain list of suppliers: the page shows "
                      "what it understood before anything is kept."),
            "icon": "affiliate", "href": reverse("chains:new") if may_import else "",
            "action": _("Upload a chain"),
        },
    )


@page("chains.view")
def chain_list(request: HttpRequest) -> HttpResponse:
    """The chains that the actor sees, and uploads that wait for a decision."""
    may_import = allowed(request.actor, "chains.import")
    waiting = list(queries.imports(request.actor).filter(state="read").order_by("-id")[:20])
    return list_page(request, queries.chains(request.actor),
                     _list(may_import=may_import),
                     template="chains/chains.html",
                     context={"may_import": may_import, "waiting": waiting})


def choice_of(request: HttpRequest, key: UUID) -> Choice:
    """The chain, version and run that the address asks for."""
    return queries.choose(request.actor, key, number=request.GET.get("v", ""),
                          run_key=request.GET.get("run", ""))


def frame_of(request: HttpRequest, choice: Choice, tab: str) -> dict[str, Any]:
    """What the head of every page of a chain is given."""
    asked = []
    if choice.run_asked and choice.run is not None:
        asked.append(f"run={choice.run.pk}")
    elif choice.version_asked:
        asked.append(f"v={choice.version.number}")
    return {"chain": choice.chain, "version": choice.version, "run": choice.run,
            "choice": choice, "tab": tab, "asked": f"?{'&'.join(asked)}" if asked else "",
            "may_import": allowed(request.actor, "chains.import", choice.chain),
            "may_run": allowed(request.actor, "chains.run", choice.chain),
            "may_withdraw": allowed(request.actor, "chains.withdraw", choice.chain)}


@page("chains.view")
def chain(request: HttpRequest, key: UUID) -> HttpResponse:
    """One chain at a glance: what is known and what is not, who depends on whom, its runs."""
    choice = choice_of(request, key)
    return shown(request, choice)


def shown(request: HttpRequest, choice: Choice, *, run_form: RunForm | None = None
          ) -> HttpResponse:
    """The page of a chain; with a form that could not be taken it answers 400."""
    whole = chain_of_version(choice.version)
    found, names = overview(whole), names_of(whole, english=not is_chinese())
    simulation = queries.part(choice.run, "simulation") if choice.run else None
    context = {
        **frame_of(request, choice, "overview"), "overview": found, "simulation": simulation,
        "roles": [(word(ROLES, code), count) for code, count in found["by_role"].items()],
        "industries": [(industry_name(code), count)
                       for code, count in sorted(found["by_industry"].items(),
                                                 key=lambda one: -one[1])],
        "estimated": [(word(FIELDS, name), count, count * 1_000_000 // found["firms"])
                      for name, count in found["estimated"].items()],
        "depended_on": [(one["firm"], names[one["firm"]], one["share_ppm"], len(one["buyers"]))
                        for one in found["depended_on"][:MOST_LISTED]],
        "providers": [(one["provider"], names[one["provider"]], len(one["firms"]))
                      for one in found["shared_providers"][:MOST_LISTED]],
        "single": [{**one, "from_name": names[one["from"]], "buyer_name": names[one["buyer"]]}
                   for one in found["single_sources"][:MOST_LISTED]],
        "without_controls": [(one, names[one]) for one in found["firms_without_controls"]],
        "counts": [(word(TABLES, name), count) for name, count in choice.version.counts.items()],
        "versions": list(queries.versions(choice.chain)[:MOST_LISTED]),
        "runs": list(queries.runs_of(choice.chain)[:MOST_LISTED]),
        "run_form": run_form or RunForm(), "withdraw_form": WithdrawForm(),
        "lacks": [word(PARTS, name) for name in choice.run.lacks] if choice.run else [],
        "beside": beside_of(request.actor, choice.chain),
    }
    return render(request, "chains/chain.html", context, status=400 if run_form else 200)


@require_POST
@page("chains.withdraw")
def withdraw(request: HttpRequest, key: UUID) -> HttpResponse:
    """Take a chain out of use."""
    row = queries.chain(request.actor, key)
    try:
        withdraw_chain(row, reason=request.POST.get("reason", ""), actor=request.actor)
    except DinghaiError as error:
        messages.error(request, fault_words(fault_of(error)))
    else:
        messages.success(request, _("The chain was withdrawn. What was kept stays readable."))
    return redirect("chains:chain", key=row.pk)


def _version_list(row: SupplyChain) -> List:
    home = reverse("chains:chain", args=[row.pk])
    return List(
        name=_("Versions"),
        columns=(
            Column(_("Version"), lambda one: f"v{one.number}", "link", "number",
                   lambda one: f"{home}?v={one.number}"),
            Column(_("As of"), lambda one: one.as_of, "day", "as_of"),
            Column(_p("chain", "Came from"), lambda one: one.get_source_display(), sort="source",
                   note=lambda one: one.file_name),
            *(Column(label, _counted(name), "count") for name, label in TABLES.items()),
            Column(_("Note on this version"), lambda one: one.note),
            Column(_p("chain", "Kept by"), lambda one: one.kept_by),
            Column(_p("chain", "Kept on"), lambda one: one.created_at, "moment", "created_at"),
            Column("SHA-256", lambda one: one.document_hash[:12], "code"),
        ),
        filters=(Filter("source", _p("chain", "Came from"), ChainVersion.Source.choices),),
        search=("note__icontains", "file_name__icontains", "document_hash__istartswith"),
        default_sort="-number", export=f"versions-{row.code}",
        empty={"title": _("No version yet"), "text": "", "icon": "history", "href": "",
               "action": ""},
    )


def _counted(name: str) -> Any:
    return lambda one: one.counts.get(name, 0)


@page("chains.view")
def versions(request: HttpRequest, key: UUID) -> HttpResponse:
    """Every version of a chain."""
    choice = choice_of(request, key)
    numbers = list(queries.versions(choice.chain).values_list("number", flat=True)[:200])
    return list_page(request, queries.versions(choice.chain), _version_list(choice.chain),
                     template="chains/versions.html",
                     context={**frame_of(request, choice, "versions"), "numbers": numbers})


@page("chains.view")
def difference(request: HttpRequest, key: UUID) -> HttpResponse:
    """Two versions side by side: rows that are new, gone or other."""
    row = queries.chain(request.actor, key)
    first, second = (_numbered(row, request.GET.get(name, ""), default) for name, default in (
        ("first", max(row.latest - 1, 1)), ("second", row.latest)))
    old, new = chain_of_version(first), chain_of_version(second)
    english = not is_chinese()
    names = {**names_of(old, english=english), **names_of(new, english=english)}
    found = differences(old, new)
    choice = queries.choose(request.actor, key)
    return render(request, "chains/difference.html", {
        **frame_of(request, choice, "versions"), "first": first, "second": second,
        "numbers": list(queries.versions(row).values_list("number", flat=True)[:200]),
        "tables": [_shown_table(one, names) for one in found if not one.is_alike],
        "summary": [(word(TABLES, one.table), one.before, one.after, *one.counts)
                    for one in found],
        "most_shown": MOST_SHOWN})


def _numbered(row: SupplyChain, text: str, default: int) -> ChainVersion:
    if text and not text.isdecimal():
        raise Http404("no such version")
    return queries.version(row, int(text[:9]) if text else default)


def _shown_table(found: Any, names: dict[str, str]) -> dict[str, Any]:
    def key_of(change: Any) -> str:
        return " · ".join(_part_of_key(found.table, part, names) for part in change.key if part)

    return {
        "name": word(TABLES, found.table), "counts": found.counts,
        "added": [key_of(one) for one in found.added],
        "removed": [key_of(one) for one in found.removed],
        "changed": [(key_of(one), [(word(FIELDS, name), _value(name, before), _value(name, after))
                                   for name, before, after in one.fields])
                    for one in found.changed]}


def _part_of_key(table: str, part: str, names: dict[str, str]) -> str:
    if part in names:
        return f"{names[part]} ({part})"
    if table == "controls":
        return indicator_name(part)
    return word(LINK_KINDS, part) if table == "links" and part in LINK_KINDS else part


def _value(field: str, value: Any) -> str:
    """A value of a chain's row as text."""
    if value is None or value == "":
        return _p("chain", "not known")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, tuple):
        return ", ".join(str(one) for one in value) or "—"
    for ending, unit in (("_fen", "fen"), ("_ppm", "ppm"), ("_seconds", "seconds")):
        if field.endswith(ending):
            return value_text(value, unit)
    return coded(field, str(value))


@page("chains.view")
def export(request: HttpRequest, key: UUID) -> HttpResponse:
    """A version as the engine's JSON, or as GraphML."""
    choice = choice_of(request, key)
    return exported(choice.version, request.GET.get("as", "json"),
                    request.GET.get("graph", ""))


def exported(version: ChainVersion, form: str, graph: str = "") -> HttpResponse:
    """A version as a file. Raises Http404 for a form or a graph that there is not."""
    whole = chain_of_version(version)
    if form == "json":
        content, kind = json_text(version), "application/json"
    elif form == "graphml" and graph in ("", *GRAPHS):
        chosen = [one for one in GRAPHS if graph in ("", one)]
        content, kind = graphml_of(whole, chosen), "application/graphml+xml"
    else:
        raise Http404("no such form")
    answer = HttpResponse(content, content_type=kind)
    name = f"{whole.id}-v{version.number}.{form}"
    answer["Content-Disposition"] = content_disposition_header(True, name)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def json_text(version: ChainVersion) -> str:
    """The document of a version as people read it."""
    text = ChainVersion.objects.within(version.tenant_id).values_list(
        "document", flat=True).get(pk=version.pk)
    return json.dumps(json.loads(text), ensure_ascii=False, indent=1)
