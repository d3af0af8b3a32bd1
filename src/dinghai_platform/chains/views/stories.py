"""What a run tells: the storyboard of an event, attack paths, providers, and the plan of fixes."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p
from django.utils.translation import pgettext_lazy

from dinghai_platform.chains import queries
from dinghai_platform.chains.documents import chain_of_version
from dinghai_platform.chains.fixes_view import fixes_page
from dinghai_platform.chains.forms import RunForm
from dinghai_platform.chains.paths_view import likely_ways, paths_page
from dinghai_platform.chains.providers_view import providers_page
from dinghai_platform.chains.queries import Choice
from dinghai_platform.chains.storyboard import STATES, storyboard_of
from dinghai_platform.chains.views.chains import choice_of, frame_of
from dinghai_platform.chains.views.maps import rows_of
from dinghai_platform.chains.words import PARTS, word
from dinghai_platform.core.web import page
from dinghai_platform.site.charts import bar_chart
from dinghai_platform.site.words import traced_name

EVENTS: Final = {
    "widest": pgettext_lazy("chain", "The event that struck most firms"),
    "worst": pgettext_lazy("chain", "The event that cost most"),
    "rare": pgettext_lazy("chain", "The costliest event of a one-in-a-hundred year"),
    "median": pgettext_lazy("chain", "The event in the middle of those that cost something"),
}


def _missing(request: HttpRequest, choice: Choice, tab: str, part: str) -> HttpResponse:
    """The page where the run does not hold the part: it says so, and how to get it."""
    return render(request, "chains/missing.html", {
        **frame_of(request, choice, tab), "part": word(PARTS, part), "part_code": part,
        "run_form": RunForm(initial={"years": choice.run.years, "seed": choice.run.seed}
                            if choice.run else None)})


@page("chains.view")
def storyboard(request: HttpRequest, key: UUID) -> HttpResponse:
    """One simulated event day by day."""
    choice = choice_of(request, key)
    document = queries.part(choice.run, "replay") if choice.run else None
    if document is None or not document["events"]:
        return _missing(request, choice, "storyboard", "replay")
    events = document["events"]
    offered = [name for name in EVENTS if name in events]  # a database may keep no order
    chosen = request.GET.get("event", "")
    chosen = chosen if chosen in events else offered[0]
    told = events[chosen]
    nodes = {one.id: one for one in rows_of(choice)}
    board = storyboard_of(told, nodes, chain_of_version(choice.version))
    return render(request, "chains/storyboard.html", {
        **frame_of(request, choice, "storyboard"), "told": told, "board": board,
        "chosen": chosen, "events": [(name, EVENTS[name]) for name in offered],
        "root": nodes[told["root"]].name if told["root"] in nodes else told["root"],
        "aim": traced_name(told["aim"]) or told["aim"],
        "states": list(STATES.items()),
        "data": {"frames": [one.to_dict() for one in board.frames],
                 "states": {name: str(label) for name, label in STATES.items()}},
        "output": _output(told, nodes),
        "query": {name: request.GET[name] for name in ("v", "run") if request.GET.get(name)}})


def _output(told: dict[str, Any], nodes: dict[str, Any]) -> Any:
    """Lost gross profit for lack of supplies, and stopped output, by day."""
    days = told["days"][:90]
    if not days:
        return None
    start = (told.get("stops_from") or 0) // 86_400
    return bar_chart(
        [str(start + one["day"] + 1) for one in days],
        {_p("chain", "Firms that stopped themselves"): [
            sum(row["own_ppm"] > 0 for row in one["output"]) for one in days],
         _p("chain", "Firms short of supplies"): [
            sum(row["supply_ppm"] > 0 for row in one["output"]) for one in days]},
        unit="count", stacked=True, first_column=_("Day"))


@page("chains.view")
def paths(request: HttpRequest, key: UUID) -> HttpResponse:
    """The ways that simulated attacks took."""
    choice = choice_of(request, key)
    document = queries.part(choice.run, "paths") if choice.run else None
    if document is None:
        return _missing(request, choice, "paths", "paths")
    frame = frame_of(request, choice, "paths")
    nodes = {one.id: one for one in rows_of(choice)}
    owner = chain_of_version(choice.version).owner
    return render(request, "chains/paths.html", {
        **frame, **paths_page(document, nodes, kind=request.GET.get("kind", ""),
                              order=request.GET.get("by", "")),
        "owner": nodes[owner],
        "likely": likely_ways(queries.part(choice.run, "likely") if choice.run else None, owner,
                              nodes)})


@page("chains.view")
def providers(request: HttpRequest, key: UUID) -> HttpResponse:
    """Providers that several firms use, and how far their compromise reaches."""
    choice = choice_of(request, key)
    return render(request, "chains/providers.html", {
        **frame_of(request, choice, "providers"), **providers_page(choice, rows_of(choice))})


@page("chains.view")
def fixes(request: HttpRequest, key: UUID) -> HttpResponse:
    """The plan of fixes for a budget: before, each fix, after."""
    choice = choice_of(request, key)
    document = queries.part(choice.run, "hardening") if choice.run else None
    if document is None and choice.run is not None and not choice.run_asked:
        planned = next((one for one in queries.runs_of(choice.chain).filter(
            version=choice.version, state="done")[:50] if "hardening" in one.holds), None)
        if planned is not None:
            choice = queries.choose(request.actor, key, run_key=str(planned.pk))
            document = queries.part(planned, "hardening")
    if document is None:
        return _missing(request, choice, "fixes", "hardening")
    frame = frame_of(request, choice, "fixes")
    return render(request, "chains/fixes.html", {
        **frame, **fixes_page(document, {one.id: one for one in rows_of(choice)}),
        "run_form": RunForm(initial={"years": choice.run.years, "seed": choice.run.seed}
                            if choice.run else None),
        "words": _("Plan of fixes")})
