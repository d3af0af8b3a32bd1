"""One finding: its evidence, and the dispute about it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dinghai_platform.core.files import store_file
from dinghai_platform.core.models import StoredFile
from dinghai_platform.core.permissions import allowed
from dinghai_platform.core.tenancy import visible_or_404
from dinghai_platform.core.web import page
from dinghai_platform.site.answers import answer
from dinghai_platform.underwriting import queries
from dinghai_platform.underwriting.forms import ReasonForm
from dinghai_platform.underwriting.models import Dispute, Finding
from dinghai_platform.underwriting.services.disputes import decide_dispute, dispute_finding
from dinghai_platform.underwriting.words import KINDS, VANTAGES


@page("underwriting.view")
def finding(request: HttpRequest, key: UUID) -> HttpResponse:
    """One finding with the line it was read from."""
    rows = Finding.objects.all().filter(dossier__state="sealed").select_related(
        "dossier", "dossier__case", "insured", "tenant"
    )
    row = visible_or_404(rows, request.actor, pk=key)
    return render(
        request,
        "underwriting/finding.html",
        {
            "finding": row,
            "kind": KINDS.get(row.kind, row.kind),
            "vantage": VANTAGES.get(row.vantage, row.vantage),
            "disputes": queries.disputes_of(row),
            "form": ReasonForm(),
            "may_dispute": row.state == Finding.State.OPEN
            and allowed(request.actor, "underwriting.dispute", row),
            "may_decide": allowed(request.actor, "underwriting.decide_dispute", row),
        },
    )


@require_POST
@page("underwriting.view")
def finding_dispute(request: HttpRequest, key: UUID) -> HttpResponse:
    """Say why a finding is wrong."""
    row = queries.whole(Finding, request.actor, key)
    form = ReasonForm(request.POST, request.FILES)
    form.is_valid()

    def act() -> Dispute:
        upload = form.cleaned_data.get("evidence")
        kept: StoredFile | None = None
        if upload:
            kept = store_file(
                upload.read(), name=upload.name,
                media_type=upload.content_type or "application/octet-stream",
                actor=request.actor, tenant=row.tenant,
            )
        return dispute_finding(
            row, reason=form.cleaned_data.get("reason", ""), evidence=kept, actor=request.actor
        )

    where = reverse("underwriting:finding", args=[row.pk])
    return answer(request, act, _("The finding is disputed."), where)


@require_POST
@page("underwriting.view")
def dispute_decide(request: HttpRequest, key: UUID) -> HttpResponse:
    """Decide a dispute, with reasons."""
    row: Any = queries.whole(Dispute, request.actor, key, "finding")
    accepted = request.POST.get("accepted") == "yes"
    return answer(
        request,
        lambda: decide_dispute(
            row, accepted=accepted, decision=request.POST.get("reason", ""), actor=request.actor
        ),
        _("The dispute was decided."),
        reverse("underwriting:finding", args=[row.finding_id]),
    )
