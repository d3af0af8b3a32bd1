"""Shares of a programme: the three-party bar, and studies that say who bears and causes what."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dinghai.foundation.errors import Fault
from dinghai_platform.chains import queries as chain_queries
from dinghai_platform.chains.faults import fault_words
from dinghai_platform.core.permissions import require
from dinghai_platform.core.web import page
from dinghai_platform.programmes import queries
from dinghai_platform.programmes.engine import agreement_of
from dinghai_platform.programmes.forms import FloatStudyForm, StudyForm
from dinghai_platform.programmes.models import Programme, Study
from dinghai_platform.programmes.services.studies import start_study
from dinghai_platform.programmes.shares_view import bars_of, explained, groups_of, parties_of
from dinghai_platform.programmes.views.frame import done, firm_names, first_error, frame_of

MOST_STUDIES = 8


@page("programmes.view")
def shares(request: HttpRequest, key: UUID) -> HttpResponse:
    """Who shares which layer as agreed, and how its causes would."""
    row = queries.programme(request.actor, key)
    require(request.actor, "programmes.view", row)
    found = queries.last_study(row, Study.Kind.SHARES)
    document = found.document if found else None
    return render(request, "programmes/shares.html", {
        **frame_of(request, row, "shares"), "bars": bars_of(agreement_of(row), document),
        "study": found, "figures": explained(document) if document else [],
        "groups": groups_of(document) if document else [],
        "parties": parties_of(document, firm_names(row)) if document else [],
        "studies": _studies(row, Study.Kind.SHARES), "study_form": StudyForm()})


def _studies(row: Programme, kind: str) -> list[tuple[Study, str]]:
    found = queries.studies_of(row).filter(kind=kind)[:MOST_STUDIES]
    return [(one, fault_words(Fault(**one.fault)) if one.fault else "") for one in found]


@require_POST
@page("programmes.study")
def start(request: HttpRequest, key: UUID) -> HttpResponse:
    """Ask for a study of shares or of floating premiums."""
    row = queries.programme(request.actor, key)
    require(request.actor, "programmes.study", row)
    floats = request.POST.get("kind") == Study.Kind.FLOAT
    numbers = list(chain_queries.versions(row.chain).values_list("number", flat=True)[:200])
    form = (FloatStudyForm(request.POST, versions=numbers) if floats
            else StudyForm(request.POST))
    if not form.is_valid():
        messages.error(request, first_error(form))
    else:
        data = form.cleaned_data
        done(request, lambda: start_study(
            row, kind=Study.Kind.FLOAT if floats else Study.Kind.SHARES, runs=data["runs"],
            seed=data["seed"], actor=request.actor,
            after=chain_queries.version(row.chain, int(data["after"])) if floats else None),
            _("The study was queued; a worker computes it."))
    return redirect("programmes:floats" if floats else "programmes:shares", key=row.pk)


@page("programmes.view")
def study(request: HttpRequest, key: UUID) -> HttpResponse:
    """What a study found, as the engine says it."""
    found = queries.study(request.actor, key)
    require(request.actor, "programmes.view", found)
    answer = JsonResponse(found.document or {}, json_dumps_params={
        "ensure_ascii": False, "indent": 1})
    answer["Content-Disposition"] = content_disposition_header(
        True, f"{found.programme.number}-{found.kind}.json")
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
