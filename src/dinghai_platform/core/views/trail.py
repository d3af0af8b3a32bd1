"""The audit trail: search, export, verify, checkpoint."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dinghai_platform.core import audit, checkpoints, clock, queries
from dinghai_platform.core.forms import AuditFilter
from dinghai_platform.core.web import csv_answer, page, page_of

MOST_EXPORTED = 100_000


@page("core.view_audit")
def trail(request: HttpRequest) -> HttpResponse:
    """The entries of the actor's tenant, newest first."""
    form = AuditFilter(request.GET or None)
    rows = queries.audit_entries(request.actor, _filters(form))
    return render(request, "core/audit.html", {"form": form, "page": page_of(request, rows)})


@page("core.view_audit")
def export(request: HttpRequest) -> HttpResponse:
    """The same entries as CSV, the newest hundred thousand of them."""
    rows = queries.audit_entries(request.actor, _filters(AuditFilter(request.GET)))[:MOST_EXPORTED]
    heading = (
        _("No."), _("When"), _("User name"), _("Organisation"), _("Role"), _("Action"),
        _("Subject"), _("Identifier"), _("Content"), _("Hash"),
    )
    lines = [
        (
            row.sequence,
            row.at.astimezone(clock.SHANGHAI).isoformat(),
            row.user.username if row.user else "",
            row.organisation.name,
            row.role,
            row.action,
            row.subject_type,
            row.subject_id,
            row.payload,
            row.hash,
        )
        for row in rows
    ]
    return csv_answer("audit", heading, lines)


@require_POST
@page("core.view_audit")
def verify(request: HttpRequest) -> HttpResponse:
    """Walk the tenant's chain now."""
    reading = audit.verify_chain(request.actor.own_tenant())
    return render(request, "core/audit_verified.html", {"reading": reading})


@page("core.view_audit")
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The signed head of the tenant's chain, to be kept elsewhere."""
    document = checkpoints.make_checkpoint(request.actor.own_tenant())
    text = json.dumps(document, ensure_ascii=False, indent=1)
    response = HttpResponse(text, content_type="application/json")
    response["Content-Disposition"] = (
        f'attachment; filename="audit-checkpoint-{clock.today().isoformat()}.json"'
    )
    return response


def _filters(form: AuditFilter) -> dict[str, Any]:
    return form.cleaned_data if form.is_bound and form.is_valid() else {}
