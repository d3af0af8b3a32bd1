"""Jobs: what runs, what waits and why."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from dinghai_platform.core import jobs as service
from dinghai_platform.core.models import Job
from dinghai_platform.core.tenancy import visible_or_404
from dinghai_platform.core.web import page, page_of


@page("core.view_jobs")
def jobs(request: HttpRequest) -> HttpResponse:
    """The actor's jobs, newest first."""
    rows = Job.objects.visible_to(request.actor)
    state = request.GET.get("state", "")
    if state in Job.State.values:
        rows = rows.filter(state=state)
    context = {"page": page_of(request, rows), "states": Job.State.choices, "state": state}
    return render(request, "core/jobs.html", context)


@never_cache
@page("core.view_jobs")
def job(request: HttpRequest, job: UUID) -> HttpResponse:
    """One job. htmx asks again every second until it has ended."""
    found = visible_or_404(Job, request.actor, pk=job)
    context = {"job": found, "reason": service.why_it_waits(found)}
    template = "core/parts/job_state.html" if request.htmx else "core/job.html"
    return render(request, template, context)


@never_cache
@page("core.view_jobs")
def job_json(request: HttpRequest, job: UUID) -> HttpResponse:
    """One job for a program."""
    return JsonResponse(service.job_state(visible_or_404(Job, request.actor, pk=job)))


@require_POST
@page("core.run_jobs")
def cancel(request: HttpRequest, job: UUID) -> HttpResponse:
    """Ask a job to stop."""
    found = visible_or_404(Job, request.actor, pk=job)
    service.cancel_job(found, actor=request.actor)
    messages.success(request, _("The job stops after its present step."))
    return redirect("core:job", job=found.pk)


@require_POST
@page("core.run_jobs")
def retry(request: HttpRequest, job: UUID) -> HttpResponse:
    """Let a failed or cancelled job go on."""
    found = visible_or_404(Job, request.actor, pk=job)
    service.retry_job(found, actor=request.actor)
    return redirect("core:job", job=found.pk)
