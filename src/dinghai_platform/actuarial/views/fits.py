"""Fits of one's own data: the list, a file and its questions, what was found, two side by side."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p
from django.views.decorators.http import require_POST

from dinghai.documents.fit_charts import law_name
from dinghai.documents.phrases import LANGUAGES
from dinghai.documents.webpage import html_file, stylesheet
from dinghai.foundation.errors import DinghaiError, Fault, InputError
from dinghai_platform.actuarial import queries
from dinghai_platform.actuarial.fit_forms import (
    QUESTIONS,
    AboutForm,
    QuestionForm,
    UploadForm,
    WithdrawForm,
)
from dinghai_platform.actuarial.fit_shipped import against_shipped, compare_fits
from dinghai_platform.actuarial.fit_words import FIELDS, fault_words, reason_of_line, sentence
from dinghai_platform.actuarial.models import FitReport
from dinghai_platform.actuarial.own_losses import enough_losses
from dinghai_platform.actuarial.services.fits import (
    KEPT_DAYS,
    ask_fit,
    check_size,
    fit_own_claims,
    upload_fit,
    withdraw_fit,
)
from dinghai_platform.actuarial.services.fitting import MOST_LINES
from dinghai_platform.core.jobs import why_it_waits
from dinghai_platform.core.permissions import allowed
from dinghai_platform.core.web import fault_of, page
from dinghai_platform.site.formats import is_chinese
from dinghai_platform.site.lists import Column, Filter, List, list_page

MOST_OFFERED = 100


def language() -> Any:
    """The language of papers on this page."""
    return "zh" if is_chinese() else "en"


def _law(row: FitReport) -> str:
    return law_name(row.law, language()) if row.law else "—"


def _kind(row: FitReport) -> str:
    return str(row.get_kind_display()) if row.kind else "—"


def _who(row: FitReport) -> str:
    return row.begun_by.full_name or row.begun_by.username if row.begun_by else "—"


def _list() -> List:
    return List(
        name=_("Fit reports"),
        columns=(
            Column(_("Title"), lambda row: row.title, "link", "title",
                   lambda row: reverse("actuarial:fit", args=[row.pk]),
                   note=lambda row: row.purpose[:80]),
            Column(_("Kind"), _kind, sort="kind"),
            Column(_("State"), lambda row: row.state_code, "status", "state"),
            Column(_p("fit", "Observations"), lambda row: row.observations, "count",
                   "observations"),
            Column(_("Chosen law"), _law, sort="law"),
            Column(_("Data"), lambda row: row.file_name, sort="file_name",
                   note=lambda row: f"SHA-256 {row.file_sha256[:12]}"),
            Column(_p("fit", "Begun by"), _who),
            Column(_p("fit", "Begun"), lambda row: row.created_at, "moment", "created_at"),
        ),
        filters=(
            Filter("kind", _("Kind"), FitReport.Kind.choices),
            Filter("state", _("State"), FitReport.State.choices),
            Filter("origin", _("Data"), FitReport.Origin.choices),
        ),
        search=("title__icontains", "purpose__icontains", "file_name__icontains",
                "file_sha256__istartswith"),
        default_sort="-created_at",
        export="fit-reports",
        empty={
            "title": _("No fit of your own data yet"),
            "text": _("Upload a file of losses, claims or incidents. The page then offers its "
                      "columns; the report says which law they follow, how heavy the tail is, and "
                      "what to beware of."),
            "icon": "chart-dots", "href": "", "action": "",
        },
    )


@page("actuarial.view")
def fit_list(request: HttpRequest) -> HttpResponse:
    """The fits of the tenant, and where a new one begins."""
    return _listed(request)


def _listed(request: HttpRequest, **given: Any) -> HttpResponse:
    may_fit = allowed(request.actor, "actuarial.fit")
    done = queries.fits(request.actor).filter(state=FitReport.State.DONE).order_by("-id")
    context = {
        "may_fit": may_fit, "kept_days": KEPT_DAYS,
        "upload_form": UploadForm(auto_id="upload_%s"),
        "own_form": AboutForm(auto_id="own_%s"),
        "own": enough_losses(request.actor.own_tenant()) if may_fit else None,
        "done": list(done[:MOST_OFFERED]), **given,
    }
    return list_page(request, queries.fits(request.actor), _list(),
                     template="actuarial/fits.html", context=context)


@require_POST
@page("actuarial.fit")
def upload(request: HttpRequest) -> HttpResponse:
    """Take a file; its columns are offered next."""
    form = UploadForm(request.POST, request.FILES, auto_id="upload_%s")

    def act() -> FitReport:
        given = form.cleaned_data
        check_size(given["file"].size, given["file"].name)
        return upload_fit(given["file"].read(), name=given["file"].name, title=given["title"],
                          purpose=given["purpose"], actor=request.actor)

    return _begun(request, form, "upload_form", act)


@require_POST
@page("actuarial.fit")
def own_claims(request: HttpRequest) -> HttpResponse:
    """Take the decided claims of the claims room."""
    form = AboutForm(request.POST, auto_id="own_%s")
    return _begun(request, form, "own_form", lambda: fit_own_claims(
        title=form.cleaned_data["title"], purpose=form.cleaned_data["purpose"],
        actor=request.actor))


def _begun(
    request: HttpRequest, form: AboutForm, name: str, act: Callable[[], FitReport]
) -> HttpResponse:
    """The page of what was begun, or the form with its faults."""
    if form.is_valid():
        try:
            made = act()
        except DinghaiError as error:
            _add(form, error)
        else:
            messages.success(request, _("The file was read. Choose what to fit."))
            return redirect("actuarial:fit", key=made.pk)
    answer = _listed(request, failed=True, **{name: form})
    answer.status_code = 400
    return answer


def _add(form: Any, error: DinghaiError) -> None:
    """An error where it belongs: at its field, else above the form."""
    faults = error.faults if isinstance(error, InputError) else (fault_of(error),)
    for one in faults:
        field = one.field if one.field in form.fields else None
        form.add_error(field, fault_words(one))


@page("actuarial.view")
def fit(request: HttpRequest, key: UUID) -> HttpResponse:
    """One fit: its questions, its progress, or what was found."""
    row = queries.fit(request.actor, key)
    if request.headers.get("HX-Request"):
        answer = render(request, "actuarial/parts/fit_progress.html", _progress(row))
        if row.job is None or row.job.has_ended:
            answer["HX-Refresh"] = "true"  # the page now has more to show than its progress
        return answer
    return _shown(request, row)


def _progress(row: FitReport) -> dict[str, Any]:
    job = row.job
    return {"fit": row, "job": job,
            "reason": why_it_waits(job) if job is not None and not job.has_ended else ""}


def _shown(
    request: HttpRequest, row: FitReport, *, asked: QuestionForm | None = None
) -> HttpResponse:
    may = allowed(request.actor, "actuarial.fit", row)
    there = row.may_be_asked and queries.has_upload(row)
    context = {
        **_progress(row), "may_fit": may, "kept_days": KEPT_DAYS, "law": _law(row),
        "kind": _kind(row), "is_there": there,
        "forms": _questions(row, asked) if may and there else [],
        "fault": fault_words(Fault(**row.fault)) if row.fault else "",
        "notes": [sentence(one) for one in row.notes],
        "question": _asked(row),
        "screened": [(line, reason_of_line(reason)) for line, reason in row.screened],
        "most_lines": MOST_LINES,
        "beside": against_shipped(row) if row.state == FitReport.State.DONE else None,
        # Made by the engine's own setter, which escapes every text and writes no script or style.
        "body": SafeString(queries.fit_body(row, language()))
        if row.state == FitReport.State.DONE else "",
        "languages": LANGUAGES, "language": language(),
        "withdraw_form": WithdrawForm(), "who": _who(row),
    }
    return render(request, "actuarial/fit.html", context, status=400 if asked else 200)


def _questions(row: FitReport, asked: QuestionForm | None) -> list[dict[str, Any]]:
    """A form for each kind of fit; open are the one that was asked, else the first that suits."""
    days = sum(one["days"] for one in row.columns)
    amounts = any(one["amounts"] for one in row.columns)
    suits = {"severity": amounts, "frequency": days > 0, "delay": days > 1}
    chosen = (asked.kind if asked else row.kind) or next(
        (kind for kind, fits in suits.items() if fits), "")
    return [
        {"kind": kind, "name": FitReport.Kind(kind).label, "suits": suits[kind],
         "is_open": kind == chosen,
         "form": asked if asked is not None and asked.kind == kind else make(
             row, initial=row.question if row.kind == kind else {})}
        for kind, make in QUESTIONS.items()]


def _asked(row: FitReport) -> list[tuple[str, str]]:
    """What was asked, in words."""
    return [(str(FIELDS.get(name, name)), _plain(name, value))
            for name, value in row.question.items()
            if name != "kind" and not (name == "per" and row.kind != "frequency")]


def _plain(name: str, value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(f"{one:,.12g}" for one in value)
    if name == "per":
        return {"day": _p("fit", "Day"), "month": _p("fit", "Month"),
                "year": _p("fit", "Year")}[value]
    return f"{value:,.12g}" if isinstance(value, int | float) else str(value)


@require_POST
@page("actuarial.fit")
def ask(request: HttpRequest, key: UUID) -> HttpResponse:
    """Put a question to the file of a fit."""
    row = queries.fit(request.actor, key)
    make = QUESTIONS.get(request.POST.get("kind", ""))
    if make is None or not row.may_be_asked:
        messages.error(request, _("This fit was asked already."))
        return redirect("actuarial:fit", key=row.pk)
    form = make(row, request.POST)
    if form.is_valid():
        try:
            ask_fit(row, form.question(), unit=form.cleaned_data.get("unit", ""),
                    shipped=form.cleaned_data["shipped"], actor=request.actor)
        except DinghaiError as error:
            _add(form, error)
        else:
            return redirect("actuarial:fit", key=row.pk)
    return _shown(request, row, asked=form)


@require_POST
@page("actuarial.fit")
def withdraw(request: HttpRequest, key: UUID) -> HttpResponse:
    """Take a fit back: file, result and papers go."""
    row = queries.fit(request.actor, key)
    try:
        withdraw_fit(row, reason=request.POST.get("reason", ""), actor=request.actor)
    except DinghaiError as error:
        messages.error(request, fault_words(fault_of(error)))
    else:
        messages.success(request, _("The fit was withdrawn. Its file and its result are deleted."))
    return redirect("actuarial:fit", key=row.pk)


@page("actuarial.view")
def paper(request: HttpRequest, key: UUID) -> HttpResponse:
    """A fit as PDF, as one HTML file, or as the engine's JSON."""
    row = queries.fit(request.actor, key)
    form, tongue = request.GET.get("as", "pdf"), request.GET.get("in", language())
    return paper_answer(row, form, tongue)


def paper_answer(row: FitReport, form: str, tongue: Any) -> HttpResponse:
    """A paper of a fit as a file. Raises Http404 for what there is not."""
    if row.state != FitReport.State.DONE or tongue not in LANGUAGES or (
            form not in ("pdf", "html", "json")):
        raise Http404("no such paper")
    policy = "default-src 'none'; sandbox"
    content: str | bytes
    if form == "json":
        content = json.dumps(row.document, ensure_ascii=False, indent=2)
    else:
        found = queries.fit_paper(row, tongue)
        if form == "pdf":
            content = bytes(found.pdf)
        else:
            content = html_file(found.body, title=row.title, language=tongue)
            style = base64.b64encode(hashlib.sha256(stylesheet().encode()).digest()).decode()
            policy = f"default-src 'none'; style-src 'sha256-{style}'; img-src data:; sandbox"
    answer = HttpResponse(content, content_type={
        "pdf": "application/pdf", "html": "text/html; charset=utf-8",
        "json": "application/json"}[form])
    name = f"fit-{row.document_hash[:12]}-{tongue}.{form}"
    answer["Content-Disposition"] = content_disposition_header(True, name)
    answer["Content-Security-Policy"] = policy
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, max-age=0"
    return answer


@page("actuarial.view")
def compare(request: HttpRequest) -> HttpResponse:
    """Two fits of one kind side by side."""
    done = list(queries.fits(request.actor).filter(state=FitReport.State.DONE)
                .order_by("-id")[:MOST_OFFERED])
    keys = [request.GET.get(name, "") for name in ("first", "second")]
    chosen = [queries.fit(request.actor, key) for key in keys if key]
    context: dict[str, Any] = {"done": done, "keys": keys}
    if len(chosen) == 2:
        first, second = chosen
        if any(one.state != FitReport.State.DONE for one in chosen):
            context["fault"] = _("Only fits that are done are held side by side.")
        elif first.kind != second.kind:
            context["fault"] = _("Two fits of the same kind are held side by side.")
        else:
            context |= {"first": first, "second": second, "kind": _kind(first),
                        "beside": compare_fits(first, second)}
    return render(request, "actuarial/fit_compare.html", context)
