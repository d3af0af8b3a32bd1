"""Cases and their dossiers: open, import with progress, what was read and what was not."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dinghai.foundation.errors import DinghaiError
from dinghai.vocabulary.lifecycle import six_steps
from dinghai_platform.core import jobs
from dinghai_platform.core.forms import show_error
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import allowed
from dinghai_platform.core.queries import organisations_visible_to
from dinghai_platform.core.services import introduce_organisation
from dinghai_platform.core.web import page
from dinghai_platform.site.answers import answer
from dinghai_platform.site.formats import day_text
from dinghai_platform.site.words import name_of
from dinghai_platform.underwriting import queries
from dinghai_platform.underwriting.forms import CaseForm, ImportForm
from dinghai_platform.underwriting.models import Case, Dossier, EvidenceReading
from dinghai_platform.underwriting.services.assessments import assess_dossier
from dinghai_platform.underwriting.services.cases import open_case
from dinghai_platform.underwriting.services.dossiers import import_dossier
from dinghai_platform.underwriting.services.history import current_version
from dinghai_platform.underwriting.services.screenings import screening_today
from dinghai_platform.underwriting.words import VANTAGES

MOST_SHOWN = 200


@page("underwriting.open_case")
def case_new(request: HttpRequest) -> HttpResponse:
    """A new case."""
    known = organisations_visible_to(request.actor).exclude(kind__in=Organisation.TENANTS)
    form = CaseForm(request.POST or None, organisations=known)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            insured = data["insured"] or introduce_organisation(
                kind=Organisation.Kind.INSURED, name_zh=data["name_zh"],
                name_en=data["name_en"], credit_code=data["credit_code"] or None,
                actor=request.actor,
            )
            opened = open_case(insured, title=data["title"], actor=request.actor)
        except DinghaiError as error:
            show_error(form, error)
        else:
            return redirect("underwriting:case", opened.pk)
    return render(request, "underwriting/case_new.html", {"form": form})


@page("underwriting.view")
def case(request: HttpRequest, key: UUID) -> HttpResponse:
    """One case: its six steps, and everything that hangs on it."""
    row = queries.whole(Case, request.actor, key)
    found = {
        "dossiers": list(queries.dossiers(request.actor).filter(case=row).order_by("-version")),
        "assessments": list(queries.assessments(request.actor).filter(case=row)[:20]),
        "plans": list(queries.plans(request.actor).defer("document").filter(case=row)[:5]),
        "quotes": list(queries.quotes(request.actor).filter(case=row).order_by("-number")[:20]),
        "policies": list(queries.policies(request.actor).filter(case=row)[:20]),
    }
    context = {
        "case": row, "form": ImportForm(), "steps": _steps(row, found), "next": _next(found),
        **found, **_before_pricing(request, row),
    }
    return render(request, "underwriting/case.html", context)


def _before_pricing(request: HttpRequest, row: Case) -> dict[str, Any]:
    """What a price takes besides the dossier: the claims history, and the screening."""
    may_see = allowed(request.actor, "underwriting.view_screening", row)
    screening = screening_today(row.tenant_id, row.insured_id) if may_see else None
    return {"history": current_version(row), "may_see_screening": may_see, "screening": screening,
            "screening_code": f"screening_{screening.result}" if screening else ""}


def _steps(row: Case, found: dict[str, list[Any]]) -> list[dict[str, Any]]:
    first = {name: rows[0] if rows else None for name, rows in found.items()}
    links = {
        1: _link("underwriting:assessment", first["assessments"]),
        2: _link("underwriting:plan", first["plans"]),
        3: _link("underwriting:policy", first["policies"])
        or _link("underwriting:quote", first["quotes"]),
        4: _link("monitoring:policy", first["policies"]),
    }
    texts = {
        1: f"{_('Grade')} {first['assessments'].grade}" if first["assessments"] else "",
        2: day_text(first["plans"].planned_at) if first["plans"] else "",
        3: first["policies"].policy_no if first["policies"]
        else first["quotes"].number if first["quotes"] else "",
    }
    return [
        {
            "label": name_of(step),
            "state": "done" if step.step < row.step
            else "current" if step.step == row.step else "planned",
            "href": links.get(step.step, ""),
            "text": texts.get(step.step, ""),
        }
        for step in six_steps()
    ]


def _link(name: str, row: Any) -> str:
    if row is None:
        return ""
    try:
        return reverse(name, args=[row.pk])
    except NoReverseMatch:
        return ""


def _next(found: dict[str, list[Any]]) -> str:
    """What to do next, as a code that the page puts into words."""
    sealed = [one for one in found["dossiers"] if one.state == Dossier.State.SEALED]
    if not found["dossiers"]:
        return "import"
    if not sealed:
        return "wait"
    if not found["assessments"]:
        return "assess"
    if not found["quotes"]:
        return "price"
    return "" if found["policies"] else "quote"


@require_POST
@page("underwriting.view")
def case_import(request: HttpRequest, key: UUID) -> HttpResponse:
    """Queue the import of an uploaded dossier."""
    row = queries.whole(Case, request.actor, key)
    form = ImportForm(request.POST, request.FILES)
    where = reverse("underwriting:case", args=[row.pk])
    if not form.is_valid():
        return answer(request, lambda: None, "", where)
    upload = form.cleaned_data["archive"]
    return answer(
        request,
        lambda: import_dossier(row, upload.read(), name=upload.name, actor=request.actor),
        "",
        lambda started: reverse("underwriting:dossier", args=[started.pk]),
    )


@page("underwriting.view")
def dossier(request: HttpRequest, key: UUID) -> HttpResponse:
    """One dossier: progress while it is read, then its files, rejected records and faults."""
    row = queries.whole(Dossier, request.actor, key, "case", "job", "source")
    context: dict[str, Any] = {"dossier": row}
    if row.job is not None:
        context["waits"] = jobs.why_it_waits(row.job)
    if request.headers.get("HX-Request"):
        if row.state != Dossier.State.READING:
            response = HttpResponse()
            response["HX-Refresh"] = "true"
            return response
        return render(request, "underwriting/parts/import_progress.html", context)
    if row.state == Dossier.State.SEALED:
        readings = EvidenceReading.objects.within(row.tenant).filter(dossier=row)
        context["readings"] = list(readings.defer("document"))
        for one in context["readings"]:
            one.seen = VANTAGES.get(one.vantage, one.vantage)
        context["rejected"] = _rejected(row)
        context["assessments"] = queries.assessments(request.actor).filter(dossier=row)[:10]
        context["profile"] = row.statements["profile"]
        context["answers"] = len(row.statements["answers"])
    return render(request, "underwriting/dossier.html", context)


def _rejected(row: Dossier) -> list[dict[str, Any]]:
    """Records that became no finding: file, line, why, how to mend it."""
    documents = EvidenceReading.objects.within(row.tenant).filter(
        dossier=row, rejected_count__gt=0
    )
    found = []
    for name, document in documents.values_list("source_name", "document"):
        found += [{"file": name, **item} for item in document["rejected"]]
        if len(found) >= MOST_SHOWN:
            break
    return found[:MOST_SHOWN]


@require_POST
@page("underwriting.assess")
def dossier_assess(request: HttpRequest, key: UUID) -> HttpResponse:
    """Assess a dossier today."""
    row = queries.whole(Dossier, request.actor, key, "case")
    return answer(
        request,
        lambda: assess_dossier(row, actor=request.actor),
        _("The dossier was assessed."),
        lambda made: reverse("underwriting:assessment", args=[made.pk]),
    )
