"""Incidents of a small firm, reported and answered from its own pages: bounded where by a link.

The claims room does the work; here is only which of the firm's policies it is, and how often
whoever holds a link may write.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from dinghai.foundation.clock import SHANGHAI
from dinghai.foundation.errors import Refusal
from dinghai_platform.claims import services as claims
from dinghai_platform.claims.models import Claim, EvidenceDocument, Incident
from dinghai_platform.claims.services.reporting import Reported, report_once, same_notice
from dinghai_platform.core import audit
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.tenancy import TenantQuerySet
from dinghai_platform.small_firms.answering_policy import (
    Answering,
    answering,
    nearest_of,
    paid_policies_of,
    policy_for,
)
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
    """The firm's policy of a day; before the first or after the last day of cover the nearest one
    before. Raises Refusal where cover never began."""
    return nearest_of(paid_policies_of(firm), moment.astimezone(SHANGHAI).date())


@transaction.atomic
def report_of(
    firm: Firm, *, actor: Actor, discovered_at: datetime, occurred_at: datetime | None = None,
    facts: Mapping[str, Any] | None = None, **notice: Any,
) -> Reported:
    """Report an incident of a firm under the policy that answers it. The same notice again within
    minutes answers the incident that it made.

    Raises as `claims.report_incident`, and Refusal for a link that has reported too often.
    """
    audit.hold_chain(firm.tenant)
    told = dict(facts or {})
    policy = policy_for(firm, discovered_at=discovered_at, occurred_at=occurred_at,
                        signs=[name for name, value in told.items() if value is True])
    whole = {"discovered_at": discovered_at, "occurred_at": occurred_at, "facts": told, **notice}
    if actor.role == LINK and same_notice(policy, **whole) is None and (
            incidents_of(firm, actor).count() >= MOST_REPORTS):
        raise Refusal("by this link no further incident is taken",
                      reasons=["call your insurer"])
    return report_once(policy, actor=actor, **whole)


def also_answering(incident: Incident) -> list[Answering]:
    """Other policies of the firm whose sections answer an incident by their own basis: it began
    under one and was discovered under the next. They are reported under as well."""
    policy = incident.firm_policy
    if policy is None or incident.occurred_at is None:
        return []
    others = [one for one in paid_policies_of(policy.firm) if one.pk != policy.pk]
    found = answering(
        others, discovered_at=incident.discovered_at, occurred_at=incident.occurred_at,
        signs=[name for name, known in incident.facts.items() if known.get("value") is True])
    return [one for one in found if one.sections]


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
