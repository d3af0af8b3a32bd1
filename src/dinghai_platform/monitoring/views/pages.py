"""One policy under watch, one finding, one notice, one proposal, and their verbs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dinghai.foundation.errors import InputError
from dinghai.vocabulary.lifecycle import machines
from dinghai_platform.core.files import file_response, store_file
from dinghai_platform.core.permissions import allowed
from dinghai_platform.core.web import page
from dinghai_platform.monitoring import queries
from dinghai_platform.monitoring.forms import FeedForm, RescanForm, VerifyForm
from dinghai_platform.monitoring.models import FloatProposal, MonitoredFinding, Notice, Reading
from dinghai_platform.monitoring.services import feeds, findings, floats, notices, rescans
from dinghai_platform.monitoring.services.readings import take_reading
from dinghai_platform.monitoring.words import float_reason
from dinghai_platform.site.answers import answer
from dinghai_platform.site.formats import is_chinese
from dinghai_platform.underwriting.models import Endorsement, Fix, Policy

_FINDING_STEPS = ("fix", "accept", "dispute", "uphold", "dismiss", "reopen")


@page("monitoring.view")
def policy(request: HttpRequest, key: UUID) -> HttpResponse:
    """A policy's watch: readings over time, events, findings, notices, float."""
    row = queries.whole(Policy, request.actor, key, "case", "quote")
    readings = queries.readings_of(row)
    fixes = list(
        Fix.objects.within(row.tenant)
        .filter(plan__case=row.case_id, state=Fix.State.PLANNED)
        .order_by("due")
    )
    events = queries.events(row, readings)
    for one in events:
        if "notice" in one:
            one["href"] = reverse("monitoring:notice", args=[one["notice"]])
    context: dict[str, Any] = {
        "policy": row, "readings": readings, "events": events, "fixes": fixes,
        "findings": queries.findings(request.actor).filter(policy=row),
        "floats": queries.floats(request.actor).filter(policy=row).order_by("-id")[:20],
        "rescan_form": RescanForm(), "verify_form": VerifyForm(),
        "may_verify": allowed(request.actor, "monitoring.verify", row),
        "may_read": allowed(request.actor, "monitoring.read", row),
    }
    if readings:
        context["score"], context["loss"] = queries.curve(readings)
        context["first"], context["last"] = readings[0], readings[-1]
        context["ratio"] = (
            readings[-1].expected_loss_fen * 1_000_000 // max(readings[0].expected_loss_fen, 1)
        )
        context["known_at_bind"] = readings[0].document["known_exploited"]
    return render(request, "monitoring/policy.html", context)


@require_POST
@page("monitoring.view")
def policy_read(request: HttpRequest, key: UUID) -> HttpResponse:
    """Take a reading now."""
    row = queries.whole(Policy, request.actor, key, "case", "quote")
    return answer(
        request, lambda: take_reading(row, cause=Reading.Cause.REVIEW, actor=request.actor),
        _("The risk was read again."), reverse("monitoring:policy", args=[row.pk]),
    )


@require_POST
@page("monitoring.view")
def policy_rescan(request: HttpRequest, key: UUID) -> HttpResponse:
    """Take a re-scan in."""
    row = queries.whole(Policy, request.actor, key, "case", "quote")
    upload = request.FILES.get("archive")

    def act() -> Any:
        if upload is None:
            raise InputError("the file is missing", field="archive", mend="choose a ZIP")
        return rescans.record_rescan(row, upload.read(), name=upload.name, actor=request.actor)

    return answer(request, act, _("The re-scan was read."),
                  reverse("monitoring:policy", args=[row.pk]))


@require_POST
@page("monitoring.view")
def fix_verify(request: HttpRequest, key: UUID, fix: UUID) -> HttpResponse:
    """Verify a planned fix with its evidence."""
    row = queries.whole(Policy, request.actor, key, "case", "quote")
    planned = queries.whole(Fix, request.actor, fix, "plan")
    upload = request.FILES.get("evidence")

    def act() -> Any:
        if upload is None:
            raise InputError("the file is missing", field="evidence", mend="choose the evidence")
        kept = store_file(
            upload.read(), name=upload.name,
            media_type=upload.content_type or "application/octet-stream", actor=request.actor,
        )
        return rescans.verify_fix(
            planned, row, evidence=kept, verified_by=request.POST.get("verified_by", ""),
            actor=request.actor,
        )

    return answer(request, act, _("The fix is verified; the risk was read again."),
                  reverse("monitoring:policy", args=[row.pk]))


@page("monitoring.view")
def finding(request: HttpRequest, key: UUID) -> HttpResponse:
    """One finding under watch, and the steps that are possible now."""
    row = queries.whole(MonitoredFinding, request.actor, key, "policy", "finding", "notice",
                        "closing_reading")
    possible = machines()["monitoring_finding"].events(row.state)
    may = [
        event for event in possible
        if event in _FINDING_STEPS
        and allowed(request.actor, findings.PERMISSION[event], row)
    ]
    return render(request, "monitoring/finding.html", {
        "finding": row, "may": may, "needs_reason": findings.NEEDS_REASON,
        "states": machines()["monitoring_finding"].states,
    })


@require_POST
@page("monitoring.view")
def finding_step(request: HttpRequest, key: UUID, event: str) -> HttpResponse:
    """One step of a finding."""
    row = queries.whole(MonitoredFinding, request.actor, key)
    return answer(
        request,
        lambda: findings.move_finding(
            row, event, reason=request.POST.get("reason", ""), actor=request.actor
        ),
        _("The finding was moved on."), reverse("monitoring:finding", args=[row.pk]),
    )


@page("monitoring.view")
def notice(request: HttpRequest, key: UUID) -> HttpResponse:
    """One notice: its text, what it is about, and the proof that it arrived."""
    row = queries.whole(Notice, request.actor, key, "policy", "file", "acknowledged_by",
                        "proposal")
    return render(request, "monitoring/notice.html", {
        "notice": row, "text": row.text_zh if is_chinese() else row.text_en,
        "findings": MonitoredFinding.objects.within(row.tenant).filter(notice=row),
        "may_acknowledge": row.acknowledged_at is None
        and allowed(request.actor, "monitoring.acknowledge", row),
        "may_deliver": row.delivered_at is None
        and allowed(request.actor, "monitoring.notify", row),
    })


@require_POST
@page("monitoring.view")
def notice_step(request: HttpRequest, key: UUID, verb: str) -> HttpResponse:
    """Acknowledge a notice, or record its delivery."""
    row = queries.whole(Notice, request.actor, key, "policy", "file")
    acts: dict[str, Callable[[], Any]] = {
        "acknowledge": lambda: findings.acknowledge_notice(row, actor=request.actor),
        "deliver": lambda: notices.deliver_notice(
            row, channel=request.POST.get("channel", ""),
            delivered_to=request.POST.get("delivered_to", ""), actor=request.actor,
        ),
    }
    done = {"acknowledge": _("The notice is acknowledged."),
            "deliver": _("The delivery is on record.")}
    return answer(request, acts[verb], done[verb],
                  reverse("monitoring:notice", args=[row.pk]))


@page("monitoring.view")
def notice_pdf(request: HttpRequest, key: UUID) -> HttpResponse:
    """The notice as it was sent."""
    return file_response(queries.whole(Notice, request.actor, key, "file").file)


@page("monitoring.view")
def float_page(request: HttpRequest, key: UUID) -> HttpResponse:
    """One proposal with its arithmetic, and why nothing more follows."""
    row = queries.whole(FloatProposal, request.actor, key, "policy", "reading", "endorsement")
    document = row.document
    rule = document["rule_terms"]
    newest = not FloatProposal.objects.within(row.tenant).filter(
        policy=row.policy_id, id__gt=row.pk
    ).exists()
    possible = machines()["premium_float"].events(row.state) if newest else ()
    permission = {"notify": "propose", "recheck": "propose", "agree": "agree",
                  "dispute": "agree", "apply": "apply"}
    return render(request, "monitoring/float.html", {
        "float": row, "document": document, "rule": rule,
        "rule_name": rule["name_zh"] if is_chinese() else rule["name_en"],
        "reasons": [float_reason(one) for one in document["reasons"]],
        "notices": Notice.objects.within(row.tenant).filter(proposal=row),
        "papers": row.endorsement.papers.all() if row.endorsement else [],
        "amount": abs(row.amount_fen), "newest": newest,
        "may": [event for event in possible if event in permission
                and allowed(request.actor, f"monitoring.{permission[event]}", row)],
        "may_pay": row.endorsement is not None
        and allowed(request.actor, "underwriting.record_payment", row),
    })


@require_POST
@page("monitoring.view")
def float_step(request: HttpRequest, key: UUID, event: str) -> HttpResponse:
    """One step of a proposal: notify, agree, dispute, recheck, apply, or pay the refund."""
    row = queries.whole(FloatProposal, request.actor, key, "policy", "reading", "endorsement")
    reason, actor = request.POST.get("reason", ""), request.actor

    def pay() -> Endorsement:
        if row.endorsement is None:
            raise InputError("nothing is to be paid", field="reference", mend="apply it first")
        return floats.pay_refund(
            row.endorsement, reference=request.POST.get("reference", ""), actor=actor
        )

    acts: dict[str, tuple[Callable[[], Any], str]] = {
        "notify": (lambda: floats.notify_float(row, actor=actor), _("The notice was sent.")),
        "agree": (lambda: floats.agree_float(row, actor=actor), _("The change is agreed.")),
        "dispute": (lambda: floats.dispute_float(row, reason=reason, actor=actor),
                    _("The figures will be checked again.")),
        "recheck": (lambda: floats.recheck_float(row, reason=reason, actor=actor),
                    _("The check is on record.")),
        "apply": (lambda: floats.apply_float(row, actor=actor),
                  _("The policy is endorsed and the refund booked.")),
        "pay": (pay, _("The refund is posted.")),
    }
    act, done = acts[event]
    return answer(request, act, done, reverse("monitoring:float", args=[row.pk]))


@require_POST
@page("catalogue.load_feed")
def feed_load(request: HttpRequest) -> HttpResponse:
    """Load a threat table."""
    form = FeedForm(request.POST, request.FILES)

    def act() -> Any:
        if not form.is_valid():
            raise InputError("the form is not complete", mend="choose a table and a file")
        upload = form.cleaned_data["table"]
        return feeds.load_feed(
            upload.read(), name=upload.name, kind=form.cleaned_data["kind"],
            as_of=form.cleaned_data["as_of"], actor=request.actor,
        )

    return answer(request, act, _("The table was loaded; the policies are read again."),
                  reverse("monitoring:feeds"))
