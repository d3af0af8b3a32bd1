"""Incidents of a small firm, reported and answered from its own pages: bounded where by a link.

The claims room does the work; here is only which of the firm's policies it is, and how often
whoever holds a link may write.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.db import transaction

from dinghai.foundation.clock import SHANGHAI
from dinghai.foundation.errors import Refusal
from dinghai_platform.claims import services as claims
from dinghai_platform.claims.models import Claim, EvidenceDocument, Incident
from dinghai_platform.core import audit
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.tenancy import TenantQuerySet
from dinghai_platform.small_firms.models import Firm, Policy
from dinghai_platform.small_firms.rules import LINK

MOST_REPORTS: Final = 20
"""So many incidents a link may report."""
MOST_PAPERS: Final = 60
"""So many documents a link may hand in about one incident."""


def incidents_of(firm: Firm, actor: Actor) -> TenantQuerySet:
    """The incidents under a firm's policies that an actor sees, newest first. A link shows those
    of its own firm, whoever reported them, and nobody else's."""
    rows = Incident.objects.within(firm.tenant) if actor.role == LINK else (
        Incident.objects.visible_to(actor))
    found: TenantQuerySet = rows.filter(firm_policy__firm=firm).select_related(
        "claim", "insured").order_by("-reported_at", "-id")
    return found


def policy_at(firm: Firm, moment: datetime) -> Policy:
    """The firm's policy of the day of an event; before the first or after the last day of cover the
    nearest one before, whose terms then say what is covered. Raises Refusal where cover never
    began."""
    day = moment.astimezone(SHANGHAI).date()
    paid = firm.policies.filter(paid_at__isnull=False).order_by("inception")
    found: Policy | None = paid.filter(inception__lte=day).last() or paid.first()
    if found is None:
        raise Refusal("cover has not begun: the premium has not been paid",
                      reasons=["pay the premium first, or ask your insurer"])
    return found


@transaction.atomic
def report_of(
    firm: Firm, *, actor: Actor, discovered_at: datetime, occurred_at: datetime | None = None,
    **notice: Any,
) -> Incident:
    """Report an incident of a firm under its policy of that day.

    Raises as `claims.report_incident`, and Refusal for a link that has reported too often.
    """
    audit.hold_chain(firm.tenant)
    if actor.role == LINK and incidents_of(firm, actor).count() >= MOST_REPORTS:
        raise Refusal("by this link no further incident is taken",
                      reasons=["call your insurer"])
    return claims.report_incident(
        policy_at(firm, occurred_at or discovered_at), actor=actor, discovered_at=discovered_at,
        occurred_at=occurred_at, **notice)


def hand_in(
    incident: Incident, content: bytes, *, name: str, kind: str, media_type: str, actor: Actor
) -> EvidenceDocument:
    """Hand in a document about an incident. Raises as `claims.add_evidence`, and Refusal for a link
    that has handed in too many."""
    if actor.role == LINK and incident.evidence.count() >= MOST_PAPERS:
        raise Refusal("so many documents of one incident are not taken by a link",
                      reasons=["send what is left to your insurer"])
    return claims.add_evidence(incident, content, name=name, kind=kind, media_type=media_type,
                               actor=actor)


def answer_request(claim: Claim, *, actor: Actor) -> Claim:
    """What was asked for is handed in: the insurer's clock runs on."""
    return claims.receive_evidence(claim, actor=actor)


def agree(claim: Claim, *, actor: Actor) -> Claim:
    """The firm agrees to the decision: from now on the ten days of payment run."""
    return claims.agree_decision(claim, actor=actor)


def disagree(claim: Claim, reason: str, *, actor: Actor) -> Claim:
    """The firm objects to a decision, or appeals against a refusal, with its reason."""
    return claims.dispute_decision(claim, reason=reason, actor=actor).claim
