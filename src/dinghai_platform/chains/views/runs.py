"""Runs of a chain: ask for one, follow it, read what it found, compare with those before."""

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

from dinghai.foundation.errors import DinghaiError, Fault
from dinghai_platform.chains import queries
from dinghai_platform.chains.documents import chain_of_version, names_of
from dinghai_platform.chains.exceedance import exceedance_chart
from dinghai_platform.chains.faults import fault_words
from dinghai_platform.chains.forms import RunForm
from dinghai_platform.chains.models import ChainRun, SupplyChain
from dinghai_platform.chains.nodes import PRODUCT
from dinghai_platform.chains.parts import EXPECTED
from dinghai_platform.chains.services.runs import start_run
from dinghai_platform.chains.views.chains import choice_of, frame_of, shown
from dinghai_platform.chains.words import PARTS, word
from dinghai_platform.core.jobs import why_it_waits
from dinghai_platform.core.permissions import require
from dinghai_platform.core.web import fault_of, page
from dinghai_platform.site.charts import bar_chart
from dinghai_platform.site.formats import is_chinese
from dinghai_platform.site.lists import Column, Filter, List, list_page

MOST_BARS = 12
MOST_PARTIES = 60


@require_POST
@page("chains.run")
def start(request: HttpRequest, key: UUID) -> HttpResponse:
    """Ask for a run of the version shown."""
    choice = choice_of(request, key)
    require(request.actor, "chains.run", choice.chain)
    form = RunForm(request.POST)
    if not form.is_valid():
        return shown(request, choice, run_form=form)
    data = form.cleaned_data
    try:
        made = start_run(choice.version, years=data["years"], seed=data["seed"], day=data["day"],
                         budget_fen=data["budget"], actor=request.actor)
    except DinghaiError as error:
        messages.error(request, fault_words(fault_of(error)))
        return redirect("chains:chain", key=choice.chain.pk)
    return redirect("chains:run", key=made.pk)


def _list(row: SupplyChain) -> List:
    return List(
        name=_p("chain", "Runs"),
        columns=(
            Column(_p("chain", "Run"), lambda one: one.created_at, "moment", "created_at",
                   lambda one: reverse("chains:run", args=[one.pk])),
            Column(_("State"), lambda one: one.state_code, "status", "state"),
            Column(_("Version"), lambda one: f"v{one.version.number}", sort="version__number"),
            Column(_("Simulated years"), lambda one: one.years, "count", "years"),
            Column(_("Seed"), lambda one: one.seed, "count", "seed"),
            Column(_("Day of the threat tables"), lambda one: one.day, "day", "day"),
            Column(_("Loss a year"), lambda one: one.mean_fen, "money", "mean_fen"),
            Column(_("In the worst 1% of years"), lambda one: one.tail_fen, "money", "tail_fen"),
            Column(_("Paid by the programme"), lambda one: one.paid_fen, "money", "paid_fen"),
            Column(_p("chain", "Asked by"), lambda one: one.asked_by),
        ),
        filters=(Filter("state", _("State"), ChainRun.State.choices),),
        search=("version__note__icontains", "asked_by__username__icontains"),
        default_sort="-created_at", export=f"runs-{row.code}",
        empty={"title": _("No run yet"),
               "text": _("A run simulates years of the chain's twin: what is lost, in which part "
                         "of the chain it begins, and what protection is worth."),
               "icon": "player-play", "href": "", "action": ""},
    )


@page("chains.view")
def run_list(request: HttpRequest, key: UUID) -> HttpResponse:
    """The runs of a chain."""
    choice = choice_of(request, key)
    return list_page(request, queries.runs_of(choice.chain), _list(choice.chain),
                     template="chains/runs.html",
                     context={**frame_of(request, choice, "runs"), "run_form": RunForm()})


@page("chains.view")
def run(request: HttpRequest, key: UUID) -> HttpResponse:
    """One run: its progress, or what it found."""
    found = queries.run(request.actor, key)
    context = _progress(found)
    if request.headers.get("HX-Request"):
        answer = render(request, "chains/parts/run_progress.html", context)
        if not found.is_going_on:
            answer["HX-Refresh"] = "true"  # the page now has more to show than its progress
        return answer
    choice = queries.choose(request.actor, found.chain_id, run_key=str(found.pk))
    context |= frame_of(request, choice, "runs")
    context |= {"holds": [(name, word(PARTS, name)) for name in found.holds],
                "lacks": [word(PARTS, name) for name in EXPECTED if name not in found.holds]
                if not found.is_going_on else [],
                "fault": _fault(found)}
    simulation = queries.part(found, "simulation")
    if simulation is not None:
        context |= _found(found, simulation)
    return render(request, "chains/run.html", context)


def _progress(found: ChainRun) -> dict[str, Any]:
    job = found.job
    return {"run": found, "job": job, "reason": why_it_waits(job) if found.is_going_on and job
            else ""}


def _fault(found: ChainRun) -> str:
    return fault_words(Fault(**found.fault)) if found.fault else ""


def _found(found: ChainRun, simulation: dict[str, Any]) -> dict[str, Any]:
    chain = chain_of_version(found.version)
    names = names_of(chain, english=not is_chinese())
    nodes = set(names)
    for one in simulation["parties"]:  # products stand in no file
        if one["kind"] == PRODUCT:
            nodes.add(one["id"])
            names[one["id"]] = one["name_zh"] if is_chinese() else one["name_en"]
    parties = [{**one, "name": names.get(one["id"], one["id"]), "is_node": one["id"] in nodes,
                "total_fen": one["own_fen"] + one["inherited_fen"]}
               for one in simulation["parties"]]
    by_size = sorted(parties, key=lambda one: -(one["own_fen"] + one["exported_fen"]))
    worst = by_size[:MOST_BARS]
    ranking = queries.part(found, "ranking")
    worth = {one["id"]: one for one in ranking["parties"]} if ranking else {}
    for one in parties:
        one["worth"] = worth.get(one["id"])
    best = [one for one in (ranking or {}).get("parties", ()) if one["averted_fen"] > 0][:MOST_BARS]
    return {
        "simulation": simulation, "parties": by_size[:MOST_PARTIES], "parties_count": len(parties),
        "curve": exceedance_chart({
            _("Loss of all, before insurance"): simulation["loss"],
            _("Paid by the programme"): simulation["programme"]}),
        "sources": bar_chart(
            [one["name"] for one in worst],
            {_p("chain", "Own"): [one["own_fen"] for one in worst],
             _p("chain", "Exported"): [one["exported_fen"] for one in worst]},
            unit="fen", horizontal=True, stacked=True,
            first_column=_p("chain", "Firm")).with_height("large"),
        "best": bar_chart(
            [names.get(one["id"], one["id"]) for one in best],
            {_("Loss averted a year"): [one["averted_fen"] for one in best]}, unit="fen",
            horizontal=True, first_column=_p("chain", "Firm")).with_height("large")
        if best else None,
    }


@page("chains.view")
def document(request: HttpRequest, key: UUID, part: str) -> HttpResponse:
    """A part of what a run found, as the engine says it."""
    return part_answer(queries.run(request.actor, key), part)


def part_answer(found: ChainRun, part: str) -> HttpResponse:
    """A part as a file. Raises Http404 for one that the run does not hold."""
    content = queries.part(found, part)
    if content is None:
        raise Http404("the run holds no such part")
    answer = HttpResponse(json.dumps(content, ensure_ascii=False, indent=1),
                          content_type="application/json")
    name = f"{found.chain.code}-v{found.version.number}-{part}.json"
    answer["Content-Disposition"] = content_disposition_header(True, name)
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
