"""Work that waits for somebody, over all rooms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from dinghai_platform.actuarial.models import TableVersion
from dinghai_platform.cases.queries import address
from dinghai_platform.chains.queries import imports
from dinghai_platform.claims.models import Claim, ReportingDuty, ResponseOrder
from dinghai_platform.claims.queries import claim_steps, claims, incident_steps, incidents
from dinghai_platform.core import clock, roles
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import allowed
from dinghai_platform.monitoring.models import FloatProposal, MonitoredFinding, Notice
from dinghai_platform.underwriting.models import Policy, Quote

MOST = 12


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One thing that waits for the actor."""

    title: Any
    about: str
    href: str
    icon: str
    since: datetime | None = None
    due: Any = None


def work_waiting(actor: Actor) -> list[WorkItem]:
    """What the actor can do next, over all rooms, oldest first."""
    found: list[WorkItem] = []
    if allowed(actor, "claims.view"):
        found += _work_on_claims(actor)
    if actor.role in roles.UNDERWRITING:
        found += _work_of_underwriters(actor)
    if actor.role in roles.INSURED:
        found += _work_of_insured(actor)
    if allowed(actor, "actuarial.decide"):
        found += _work_on_rates(actor)
    if allowed(actor, "chains.import"):
        found += _work_on_chains(actor)
    return sorted(found, key=lambda item: item.since or clock.now())


def _work_on_chains(actor: Actor) -> Iterator[WorkItem]:
    """Uploads of one's own that nobody kept or dropped yet."""
    rows = imports(actor).filter(state="read", begun_by=actor.user).order_by("-id")
    for row in rows[:MOST]:
        yield WorkItem(_("Keep or drop the upload"), row.file_name,
                       address("chains:import", row.pk), "affiliate", row.created_at)


def _work_on_claims(actor: Actor) -> Iterator[WorkItem]:
    for incident in incidents(actor).exclude(state__in=("closed", "not_incident"))[:MOST]:
        step = next((one for one in incident_steps(incident, actor) if one.allowed), None)
        if step is not None:
            yield WorkItem(step.label, f"{incident.number} {incident.title}", step.href, "virus",
                           incident.reported_at)
    for claim in claims(actor).filter(state__in=(*Claim.OPEN,))[:MOST]:
        step = next((one for one in claim_steps(claim, actor) if one.allowed
                     and one.event not in {"close", "order_interim"}), None)
        if step is not None:
            yield WorkItem(step.label, f"{claim.number} {claim.description}",
                           address("claims:claim", claim.pk), "gavel", claim.received_at)
    if allowed(actor, "claims.answer_order"):
        orders = ResponseOrder.objects.visible_to(actor).filter(
            provider=actor.organisation, accepted_at=None, declined_at=None)
        for order in orders.select_related("incident")[:MOST]:
            yield WorkItem(_("Answer the response order"), order.incident.number,
                           address("claims:incident", order.incident_id), "send",
                           order.ordered_at, order.due)
    if actor.role in roles.INSURED:
        duties = ReportingDuty.objects.visible_to(actor).filter(
            met_at=None, withdrawn_at=None).select_related("incident")
        for duty in duties[:MOST]:
            yield WorkItem(duty.name, duty.incident.number,
                           address("claims:record_report", duty.pk), "building-bank",
                           duty.incident.discovered_at, duty.due)


def _work_of_underwriters(actor: Actor) -> Iterator[WorkItem]:
    verbs = {"priced": _("Approve or refer the quote"), "approved": _("Issue the quote"),
             "accepted": _("Bind the policy"), "referred": _("Decide the referral")}
    quotes = Quote.objects.visible_to(actor).filter(state__in=verbs, policy=None)
    for quote in quotes.select_related("insured")[:MOST]:
        yield WorkItem(verbs[quote.state], f"{quote.number} {quote.insured}",
                       address("underwriting:quote", quote.pk), "report-money", quote.priced_at,
                       quote.valid_until)
    due = Policy.objects.visible_to(actor).filter(state="premium_due").select_related("insured")
    for policy in due[:MOST]:
        yield WorkItem(_("Record the premium"), f"{policy.policy_no} {policy.insured}",
                       address("underwriting:policy", policy.pk), "receipt-yuan",
                       policy.bound_at, policy.inception)
    floats = FloatProposal.objects.visible_to(actor).filter(state__in=("proposed", "agreed"))
    for proposal in floats.select_related("policy")[:MOST]:
        yield WorkItem(_("Premium float to carry on"), proposal.policy.policy_no,
                       address("monitoring:policy", proposal.policy_id) or address(
                           "underwriting:policy", proposal.policy_id),
                       "arrows-sort", proposal.created_at)
    late = MonitoredFinding.objects.visible_to(actor).filter(state="overdue")
    for finding in late.select_related("policy")[:MOST]:
        yield WorkItem(_("A finding is overdue"), f"{finding.cve} {finding.policy.policy_no}",
                       address("monitoring:finding", finding.pk), "bug", finding.detected_at,
                       finding.due)


def _work_on_rates(actor: Actor) -> Iterator[WorkItem]:
    """Proposals for other eyes than the proposer's, and an actuary's own drafts."""
    rows = TableVersion.objects.visible_to(actor).defer("document")
    for row in rows.filter(state="proposed").exclude(proposed_by=actor.user)[:MOST]:
        yield WorkItem(_("Decide the rate change"), str(row),
                       address("actuarial:version", row.pk), "table", row.proposed_at)
    for row in rows.filter(state="draft", drafted_by=actor.user)[:MOST]:
        yield WorkItem(_("Carry on with the draft"), str(row),
                       address("actuarial:version", row.pk), "pencil", row.created_at)


def _work_of_insured(actor: Actor) -> Iterator[WorkItem]:
    quotes = Quote.objects.visible_to(actor).filter(state="issued")
    for quote in quotes[:MOST]:
        yield WorkItem(_("Read the terms and answer the quote"), quote.number,
                       address("underwriting:quote", quote.pk), "report-money", quote.priced_at,
                       quote.valid_until)
    notices = Notice.objects.visible_to(actor).filter(
        acknowledged_at=None, delivered_at__isnull=False, kind="remedy")
    for notice in notices[:MOST]:
        yield WorkItem(_("Acknowledge the notice"), notice.number,
                       address("monitoring:notice", notice.pk), "mail", notice.issued_at,
                       notice.due)
    floats = FloatProposal.objects.visible_to(actor).filter(state="notified")
    for proposal in floats.select_related("policy")[:MOST]:
        yield WorkItem(_("Answer the change of premium"), proposal.policy.policy_no,
                       address("monitoring:policy", proposal.policy_id), "arrows-sort",
                       proposal.created_at)
