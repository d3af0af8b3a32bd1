"""An impact run: its progress, its figures, and all its rows as CSV."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dinghai_platform.actuarial import queries
from dinghai_platform.actuarial.impact_view import export_columns, export_row, impact_page
from dinghai_platform.actuarial.words import kind_name
from dinghai_platform.core.jobs import why_it_waits
from dinghai_platform.core.web import csv_answer, page
from dinghai_platform.site.lists import MOST_EXPORTED


@page("actuarial.view")
def impact(request: HttpRequest, key: UUID) -> HttpResponse:
    """One run: while it goes on its progress, afterwards what would change."""
    run = queries.run(request.actor, key)
    context: dict[str, Any] = {
        "run": run, "version": run.version, "kind": kind_name(run.version.kind), "job": run.job,
        "is_current": run.document_hash == run.version.document_hash,
    }
    if run.job is not None and not run.job.has_ended:
        context["reason"] = why_it_waits(run.job)
    if request.headers.get("HX-Request"):
        answer = render(request, "actuarial/parts/progress.html", context)
        if run.job is None or run.job.has_ended:
            answer["HX-Refresh"] = "true"  # the page now has more to show than its progress
        return answer
    if run.summary:
        context |= impact_page(run)
    return render(request, "actuarial/impact.html", context)


@page("actuarial.view")
def export(request: HttpRequest, key: UUID) -> HttpResponse:
    """Every row of a run as CSV."""
    run = queries.run(request.actor, key)
    rows = queries.rows_of(run).order_by("id")[:MOST_EXPORTED]
    return csv_answer(f"impact-{run.version.label}", export_columns(),
                      (export_row(row) for row in rows.iterator(chunk_size=1_000)))
