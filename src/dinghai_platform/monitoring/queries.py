"""Reads of monitoring: policies under watch, their events, findings, notices, proposals."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from dinghai_platform.core.actors import Actor
from dinghai_platform.core.tenancy import visible_or_404
from dinghai_platform.monitoring.models import FloatProposal, MonitoredFinding, Notice, Reading
from dinghai_platform.site.charts import Chart, line_chart
from dinghai_platform.site.formats import is_chinese
from dinghai_platform.site.words import SEVERITIES
from dinghai_platform.underwriting.models import Policy

OPEN = ("notified", "acknowledged", "fixing", "overdue", "disputed", "accepted_risk")


def policies(actor: Actor) -> QuerySet[Policy]:
    """Policies that are or were under watch, with their latest reading and open findings."""
    last = Reading.objects.visible_to(actor).filter(policy=OuterRef("pk")).order_by("-sequence")
    return (
        Policy.objects.visible_to(actor)
        .filter(state__in=("in_force", "suspended", "expired", "renewed"))
        .select_related("insured", "case")
        .defer("document")
        .annotate(
            last_on=Subquery(last.values("as_of")[:1]),
            last_grade=Subquery(last.values("grade")[:1]),
            last_score=Subquery(last.values("score_ppm")[:1]),
            last_loss=Subquery(last.values("expected_loss_fen")[:1]),
            open_findings=Count(
                "monitored_findings", filter=Q(monitored_findings__state__in=OPEN), distinct=True
            ),
        )
    )


def findings(actor: Actor) -> QuerySet[MonitoredFinding]:
    """Findings under watch."""
    return MonitoredFinding.objects.visible_to(actor).select_related(
        "policy", "insured", "notice"
    ).defer("policy__document", "notice__document")


def notices(actor: Actor) -> QuerySet[Notice]:
    """Written notices."""
    return (
        Notice.objects.visible_to(actor)
        .select_related("policy", "insured", "acknowledged_by")
        .defer("document", "policy__document")
    )


def floats(actor: Actor) -> QuerySet[FloatProposal]:
    """What the float rule said of readings."""
    return (
        FloatProposal.objects.visible_to(actor)
        .select_related("policy", "insured", "reading", "endorsement")
        .defer("policy__document", "reading__document")
    )


def whole(model: Any, actor: Actor, key: Any, *related: str) -> Any:
    """One row with everything in it, or Http404."""
    rows = model.objects.all().select_related("tenant", "insured", *related)
    return visible_or_404(rows, actor, pk=key)


def readings_of(policy: Policy) -> list[Reading]:
    """A policy's readings, the one at bind first."""
    rows = Reading.objects.within(policy.tenant).filter(policy=policy)
    return list(rows.select_related("assessment").order_by("sequence"))


def curve(readings: list[Reading]) -> tuple[Chart, Chart]:
    """Score and expected loss over time."""
    days = [f"{row.as_of} {row.get_cause_display()}" for row in readings]
    score = line_chart(
        days, {_("Score"): [row.score_ppm for row in readings]}, unit="score",
        first_column=_("Reading"), step=True,
    )
    loss = line_chart(
        days, {_("Expected loss"): [row.expected_loss_fen for row in readings]}, unit="fen",
        first_column=_("Reading"), step=True,
    )
    return score, loss


def events(policy: Policy, readings: list[Reading]) -> list[dict[str, Any]]:
    """Everything that happened to a policy under watch, oldest first."""
    found: list[dict[str, Any]] = [
        {"when": row.taken_at, "title": row.get_cause_display(), "icon": "activity",
         "tone": "info", "text": f"{_('Grade')} {row.grade} · {row.score_ppm / 10_000:.1f}"}
        for row in readings
    ]
    for notice in Notice.objects.within(policy.tenant).filter(policy=policy):
        found.append({"when": notice.issued_at, "title": f"{notice.get_kind_display()} "
                      f"{notice.number}", "icon": "mail", "tone": "warn", "notice": notice.pk,
                      "text": notice.text_zh if is_chinese() else notice.text_en})
        if notice.acknowledged_at:
            found.append({"when": notice.acknowledged_at, "icon": "check", "tone": "good",
                          "title": f"{_('Notice acknowledged')} {notice.number}"})
    for finding in MonitoredFinding.objects.within(policy.tenant).filter(
        policy=policy, closed_at__isnull=False
    ):
        found.append({"when": finding.closed_at, "icon": "circle-check", "tone": "good",
                      "title": f"{finding.cve} · {finding.asset}", "status": finding.state})
    for proposal in FloatProposal.objects.within(policy.tenant).filter(
        policy=policy, endorsement__isnull=False
    ).select_related("endorsement"):
        found.append({"when": proposal.endorsement.issued_at, "icon": "coin", "tone": "good",
                      "title": f"{_('Endorsement')} {proposal.endorsement.number}",
                      "status": proposal.state})
    return sorted(found, key=lambda one: one["when"])


def severity_choices() -> list[tuple[str, Any]]:
    """Severities with their words."""
    return [(code, word.label) for code, word in SEVERITIES.items()]
