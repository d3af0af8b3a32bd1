"""Reads that cross the rooms: a case through the six steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from dinghai.vocabulary.lifecycle import six_steps
from dinghai_platform.claims.models import Incident
from dinghai_platform.core.actors import Actor
from dinghai_platform.site.formats import (
    day_text,
    money_text,
    percent_text,
    score_text,
    short_money_text,
)
from dinghai_platform.site.words import name_of
from dinghai_platform.underwriting.models import Case, Policy, Quote


def address(name: str, *arguments: Any) -> str:
    """Where a page is; empty where this site has no such page."""
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:
        return ""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened in a step, with its papers."""

    when: datetime | None
    title: Any
    text: str = ""
    href: str = ""
    icon: str = "point"
    tone: str = "info"
    status: str = ""
    links: tuple[tuple[str, str], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As the timeline component takes it."""
        return {"when": self.when, "title": self.title, "text": self.text, "href": self.href,
                "icon": self.icon, "tone": self.tone, "status": self.status, "links": self.links}


@dataclass(frozen=True, slots=True)
class StepOfCase:
    """One of the six steps: how far it is, and what happened in it."""

    no: int
    label: str
    state: str
    summary: str
    events: tuple[Event, ...]

    def to_dict(self) -> dict[str, Any]:
        """As the steps component takes it."""
        return {"label": self.label, "state": self.state, "text": self.summary,
                "href": f"#step-{self.no}" if self.events else ""}


@dataclass(slots=True)
class CaseReading:
    """A case with everything that hangs on it, read once."""

    case: Case
    steps: list[StepOfCase] = field(default_factory=list)
    figures: list[tuple[str, str, str]] = field(default_factory=list)
    policy: Policy | None = None


def cases(actor: Actor) -> QuerySet[Case]:
    """The cases the actor sees, newest first."""
    return Case.objects.visible_to(actor).select_related("insured").order_by("-opened_at")


def read_case(case: Case, actor: Actor) -> CaseReading:
    """The six steps of one case with their documents, and its key figures."""
    reading = CaseReading(case)
    reading.policy = (Policy.objects.visible_to(actor).filter(case=case)
                      .order_by("-id").first())
    found = list(Incident.objects.visible_to(actor).filter(policy__case=case)
                 .select_related("claim").prefetch_related(
                     "duties", "orders__provider", "claim__decisions", "claim__payments",
                     "claim__requests").order_by("reported_at"))
    chapters = [
        list(_diagnosis(case, actor)), list(_treatment(case, actor)),
        list(_cover(case, actor, reading.policy)), list(_watch(actor, reading.policy)),
        list(_rescue(found)), list(_compensation(found, actor)),
    ]
    reached = max((no for no, events in enumerate(chapters, start=1) if events), default=1)
    for step, events in zip(six_steps(), chapters, strict=True):
        reading.steps.append(StepOfCase(
            step.step, name_of(step), _state(step.step, reached, bool(events), found),
            _summary(events), tuple(sorted(events, key=_moment))))
    reading.figures = _figures(case, actor, reading.policy, found)
    return reading


def _moment(event: Event) -> float:
    return event.when.timestamp() if event.when else 0.0


def _state(no: int, reached: int, has_events: bool, found: list[Incident]) -> str:
    open_claim = any(one.claim.is_open for one in found if hasattr(one, "claim"))
    open_incident = any(one.state not in {"closed", "not_incident"} for one in found)
    if not has_events:
        return "planned"
    if (no == 5 and open_incident) or (no == 6 and open_claim):
        return "current"
    return "current" if no == reached and no < 5 else "done"


def _summary(events: list[Event]) -> str:
    moments = [event.when for event in events if event.when]
    return day_text(max(moments)) if moments else ""


def _diagnosis(case: Case, actor: Actor) -> Iterator[Event]:
    for dossier in case.dossiers.all().order_by("id"):
        if dossier.version > 1:
            continue
        yield Event(dossier.imported_at or dossier.created_at, _("Dossier imported"),
                    _("%(files)s files, %(findings)s findings") % {
                        "files": dossier.files, "findings": f"{dossier.findings_count:,}"},
                    address("underwriting:dossier", dossier.pk), "file-import")
    first = case.assessments.order_by("id").first()
    if first is not None:
        yield Event(first.created_at, _("Assessed"),
                    _("%(score)s points, grade %(grade)s") % {
                        "score": score_text(first.score_ppm), "grade": first.grade},
                    address("underwriting:assessment", first.pk), "stethoscope", "good")


def _treatment(case: Case, actor: Actor) -> Iterator[Event]:
    for plan in case.treatment_plans.all().order_by("id"):
        fixes = list(plan.fixes.exclude(state="proposed"))
        yield Event(plan.planned_at, _("Treatment plan"),
                    _("%(count)s fixes, each with its worth") % {"count": plan.fixes.count()},
                    address("underwriting:plan", plan.pk), "tool")
        for fix in fixes:
            yield Event(fix.verified_at or plan.planned_at,
                        _("Fix undertaken: %(name)s") % {"name": fix.name},
                        _("by %(day)s") % {"day": day_text(fix.due)} if fix.due else "",
                        "", "checklist", "good" if fix.verified_at else "info", fix.state)


def _cover(case: Case, actor: Actor, policy: Policy | None) -> Iterator[Event]:
    quotes = Quote.objects.visible_to(actor).filter(case=case).order_by("id")
    for quote in quotes:
        yield Event(quote.priced_at, _("Quote %(number)s") % {"number": quote.number},
                    _("%(gross)s with VAT for a limit of %(limit)s") % {
                        "gross": money_text(quote.gross_fen),
                        "limit": money_text(quote.limit_fen)},
                    address("underwriting:quote", quote.pk), "report-money", "info", quote.state)
    if policy is None:
        return
    papers = tuple((f"{paper.get_kind_display()} PDF", address("underwriting:paper", paper.pk))
                   for paper in policy.papers.filter(language="zh", endorsement=None))
    yield Event(policy.bound_at, _("Policy %(number)s bound") % {"number": policy.policy_no},
                f"{policy.inception} – {policy.expiry}",
                address("underwriting:policy", policy.pk), "shield-check", "good",
                policy.state, papers)
    if policy.paid_at:
        yield Event(policy.paid_at, _("Premium received"), money_text(policy.gross_premium_fen),
                    "", "receipt-yuan", "good")


def _watch(actor: Actor, policy: Policy | None) -> Iterator[Event]:
    if policy is None:
        return
    for reading in policy.readings.all().order_by("sequence"):
        if reading.cause == "bind":
            continue
        yield Event(reading.taken_at, reading.get_cause_display(),
                    _("score %(score)s, expected loss %(loss)s") % {
                        "score": score_text(reading.score_ppm),
                        "loss": money_text(reading.expected_loss_fen)},
                    address("monitoring:policy", policy.pk), "radar-2")
    for notice in policy.notices.select_related("proposal").order_by("id"):
        file = address("monitoring:notice_pdf", notice.pk)
        state = notice.proposal.state if notice.proposal else (
            "acknowledged" if notice.acknowledged_at else "notified")
        yield Event(notice.issued_at, f"{notice.get_kind_display()} {notice.number}",
                    "", address("monitoring:notice", notice.pk), "mail",
                    "warn" if state == "notified" else "good", state,
                    (("PDF", file),) if file else ())
    for endorsement in policy.endorsements.all().order_by("id"):
        papers = tuple(("PDF", address("underwriting:paper", paper.pk))
                       for paper in endorsement.papers.filter(language="zh"))
        yield Event(endorsement.issued_at,
                    _("Endorsement %(number)s") % {"number": endorsement.number},
                    money_text(endorsement.amount_fen), "", "pencil", "good", "", papers)


def _rescue(found: list[Incident]) -> Iterator[Event]:
    for incident in found:
        href = address("claims:incident", incident.pk)
        yield Event(incident.reported_at, f"{incident.number} {incident.title}",
                    incident.grade_name, href, "bell-ringing", "warn", incident.state,
                    ((_("Draft for 12387"), address("claims:authority_report", incident.pk)),))
        for duty in incident.duties.all():
            if duty.met_at:
                yield Event(duty.met_at, _("Reported to the authority"),
                            f"{duty.name} · {duty.channel}", href, "building-bank", "good")
        for order in incident.orders.all():
            if order.arrived_at:
                yield Event(order.arrived_at, _("Responders arrived"), str(order.provider), href,
                            "users")
        if incident.closed_at:
            yield Event(incident.closed_at, _("Incident closed"), "", href, "archive", "good")


def _compensation(found: list[Incident], actor: Actor) -> Iterator[Event]:
    for incident in found:
        claim = getattr(incident, "claim", None)
        if claim is None or claim.registered_at is None:
            continue
        href = address("claims:claim", claim.pk)
        yield Event(claim.registered_at, _("Claim %(number)s registered") % {
            "number": claim.number}, "", href, "clipboard-list", "info")
        for request in claim.requests.all():
            yield Event(request.requested_at, _("Evidence asked for, once"), "", href,
                        "file-search", "warn" if request.answered_at is None else "info", "",
                        (("PDF", address("claims:request_notice", request.pk)),))
        for record in claim.decisions.all():
            if record.is_issued:
                links = ((("PDF", address("claims:notice", record.pk, "zh")),)
                         if record.notice_id else ())
                yield Event(record.issued_at, _("Decision issued"),
                            money_text(record.total_fen),
                            address("claims:decision", record.pk), "gavel", "good",
                            record.state, links)
        for payment in claim.payments.all():
            yield Event(payment.paid_at, payment.get_kind_display(),
                        money_text(payment.amount_fen), href, "receipt-yuan", "good", "paid")


def _figures(
    case: Case, actor: Actor, policy: Policy | None, found: list[Incident]
) -> list[tuple[str, str, str]]:
    """Label, value, hint."""
    figures: list[tuple[str, str, str]] = []
    first = case.assessments.order_by("id").first()
    last = case.assessments.order_by("-id").first()
    if first is not None and last is not None:
        moved = _("at bind %(score)s") % {"score": score_text(first.score_ppm)}
        figures.append((_("Score"), f"{score_text(last.score_ppm)} · {last.grade}",
                        moved if last.pk != first.pk else ""))
    if policy is not None:
        rate = policy.net_premium_fen * 1_000_000 // policy.aggregate_limit_fen
        figures.append((_("Limit"), short_money_text(policy.aggregate_limit_fen),
                        policy.policy_no))
        figures.append((_("Premium with VAT"), money_text(policy.gross_premium_fen),
                        _("rate on line %(rate)s") % {"rate": percent_text(rate)}))
        refund = -sum(one.amount_fen for one in policy.endorsements.all() if one.amount_fen < 0)
        if refund:
            figures.append((_("Refunded"), money_text(refund), _("by the day")))
    paid = sum(payment.amount_fen for one in found if hasattr(one, "claim")
               for payment in one.claim.payments.all())
    if found:
        figures.append((_("Paid for claims"), money_text(paid),
                        _("%(count)s incidents") % {"count": len(found)}))
    return figures
