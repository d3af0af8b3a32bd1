"""The picture of a chain, its nodes as a list, and the page of one node."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p

from dinghai.vocabulary.industries import industries
from dinghai_platform.chains import queries
from dinghai_platform.chains.documents import chain_of_version
from dinghai_platform.chains.node_view import level_view, node_view
from dinghai_platform.chains.nodes import GRADES, Node, nodes_of
from dinghai_platform.chains.picture import LAYERS, SIZES, Picture, Size, picture_of
from dinghai_platform.chains.queries import Choice
from dinghai_platform.chains.views.chains import choice_of, frame_of
from dinghai_platform.chains.words import PROVIDER_KINDS, ROLES, industry_name
from dinghai_platform.core.tenancy import scope_of
from dinghai_platform.core.web import page
from dinghai_platform.site.formats import is_chinese
from dinghai_platform.site.lists import Column, Filter, List, rows_page


def rows_of(choice: Choice) -> list[Node]:
    """The nodes of the version shown, with the figures of its run."""
    parts = {name: queries.part(choice.run, name) if choice.run else None
             for name in ("simulation", "ranking", "levels")}
    return nodes_of(chain_of_version(choice.version), parts, english=not is_chinese())


def drawn(request: HttpRequest, choice: Choice) -> Picture:
    """The picture that the address asks for. Raises Http404 for a bubble there is not."""
    size: Size = _one_of(request.GET.get("size", ""), SIZES)  # type: ignore[assignment]
    if choice.run is None:
        size = "revenue"
    found = picture_of(
        chain_of_version(choice.version), rows_of(choice), group=request.GET.get("group", ""),
        size=size, layer=_one_of(request.GET.get("layer", ""), LAYERS))
    if found is None:
        raise Http404("no such part of the chain")
    return found


def _one_of(asked: str, known: Any) -> str:
    return asked if asked in known else str(known[0])


@page("chains.view")
def chain_map(request: HttpRequest, key: UUID) -> HttpResponse:
    """The picture, drawn by the server: usable without script and by keyboard."""
    choice = choice_of(request, key)
    picture = drawn(request, choice)
    asked = {name: request.GET[name] for name in ("v", "run") if request.GET.get(name)}
    context = {
        **frame_of(request, choice, "map"), "picture": picture, "query": asked,
        "layer": _one_of(request.GET.get("layer", ""), LAYERS),
        "has_grades": bool(choice.run and "levels" in choice.run.holds),
        "letters": [*GRADES, ""],
        "layers": [("both", _p("chain", "Both kinds of links")),
                   ("attack", _p("chain", "Attack links")), ("goods", _p("chain", "Deliveries"))],
        "sizes": [("revenue", _p("chain", "Size: revenue")),
                  *([("exported", _p("chain", "Size: what it costs others")),
                     ("loss", _p("chain", "Size: what it loses"))] if choice.run else [])],
    }
    of_map = request.headers.get("HX-Target") == "chain-map"
    return render(request, "chains/parts/map.html" if of_map else "chains/map.html", context)


@page("chains.view")
def map_data(request: HttpRequest, key: UUID) -> HttpResponse:
    """The picture as JSON."""
    return JsonResponse(drawn(request, choice_of(request, key)).to_dict())


def _list(choice: Choice, asked: str) -> List:
    home = choice.chain.pk
    has_run = choice.run is not None
    figures = (
        Column(_p("chain", "Own"), lambda row: row.own_fen, "money", "own_fen"),
        Column(_p("chain", "Inherited"), lambda row: row.inherited_fen, "money",
               "inherited_fen"),
        Column(_p("chain", "Exported"), lambda row: row.exported_fen, "money", "exported_fen"),
        Column(_("Averted if protected"), lambda row: row.averted_fen, "money", "averted_fen"),
    ) if has_run else ()
    return List(
        name=_p("chain", "Nodes"),
        columns=(
            Column(_("Name"), lambda row: row.name, "link", "name",
                   lambda row: reverse("chains:node", args=[home, row.id]) + asked,
                   note=lambda row: row.id),
            Column(_p("chain", "Place"), lambda row: row.tier_name, sort="column"),
            Column(_("Industry"), lambda row: row.industry, sort="industry"),
            Column(_("Grade"), lambda row: row.grade, "grade", "grade"),
            Column(_p("chain", "Known scores"), lambda row: row.score_ppm, "score", "score_ppm",
                   note=lambda row: _p("chain", "of %(count)d indicators") % {
                       "count": row.scores} if row.scores else ""),
            Column(_("Annual revenue"), lambda row: row.revenue_fen, "money", "revenue_fen"),
            *figures,
            Column(_("Findings"), lambda row: row.weaknesses, "count", "weaknesses"),
            Column(_p("chain", "Links in"), lambda row: row.links_in, "count", "links_in"),
            Column(_p("chain", "Links out"), lambda row: row.links_out, "count", "links_out"),
        ),
        filters=(
            Filter("role", _p("chain", "Role"), list(ROLES.items())),
            Filter("tier", _p("chain", "Tier"), [(str(one), str(one)) for one in range(8)]),
            Filter("section", _("Industry"), [
                *((code, f"{code} {industry_name(code)}") for code in industries()),
                *PROVIDER_KINDS.items()]),
            Filter("state", _("Grade"), [*((one, one) for one in GRADES),
                                         ("none", _("No grade yet"))]),
        ),
        search=("id", "name", "province", "industry"),
        default_sort="-own_fen" if has_run else "-revenue_fen",
        export=f"nodes-{choice.chain.code}-v{choice.version.number}",
        empty={"title": _("No node"), "text": "", "icon": "affiliate", "href": "", "action": ""},
    )


@page("chains.view")
def nodes(request: HttpRequest, key: UUID) -> HttpResponse:
    """Every firm and provider: searched, filtered, sorted, exported."""
    choice = choice_of(request, key)
    frame = frame_of(request, choice, "nodes")
    return rows_page(request, rows_of(choice), _list(choice, frame["asked"]),
                     template="chains/nodes.html", context=frame)


@page("chains.view")
def node(request: HttpRequest, key: UUID, node: str) -> HttpResponse:
    """One node: facts, controls, findings, links, goods, losses, and where they come from."""
    choice = choice_of(request, key)
    chain = chain_of_version(choice.version)
    rows = {one.id: one for one in rows_of(choice)}
    if node not in rows:
        raise Http404("no such node")
    with scope_of(request.actor, tenant=choice.chain.tenant):  # threat tables are the insurer's
        found = node_view(choice, chain, rows[node], rows)
    return render(request, "chains/node.html", {
        **frame_of(request, choice, "nodes"), "node": rows[node], **found,
        **level_view(choice, rows[node], rows)})
