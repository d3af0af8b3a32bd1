"""Disputing a finding, and deciding the dispute."""

from __future__ import annotations

from django.db import transaction

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import StoredFile
from dinghai_platform.core.permissions import require
from dinghai_platform.underwriting.models import Assessment, Dispute, Finding
from dinghai_platform.underwriting.services.assessments import assess_dossier


@transaction.atomic
def dispute_finding(
    finding: Finding, *, reason: str, actor: Actor, evidence: StoredFile | None = None
) -> Dispute:
    """Say why a finding is wrong. Raises InputError without a reason, Refusal while one is open
    or after the finding was disregarded."""
    require(actor, "underwriting.dispute", finding)
    if not reason.strip():
        raise InputError("a dispute needs its reason", field="reason", mend="say what is wrong")
    finding = audit.locked(finding)
    if finding.state != Finding.State.OPEN:
        raise Refusal("this finding is already disputed or disregarded")
    dispute = Dispute.objects.create(
        tenant=finding.tenant,
        insured=finding.insured,
        finding=finding,
        reason=reason.strip(),
        evidence=evidence,
        raised_by=actor.user,
    )
    finding.state = Finding.State.DISPUTED
    finding.save(update_fields=("state",))
    audit.append(
        actor,
        "underwriting.finding_disputed",
        dispute,
        {"finding": finding.finding_id, "reason": dispute.reason,
         "evidence": evidence.sha256 if evidence else None},
    )
    return dispute


@transaction.atomic
def decide_dispute(
    dispute: Dispute, *, accepted: bool, decision: str, actor: Actor
) -> tuple[Dispute, Assessment | None]:
    """Decide a dispute with reasons. An accepted one leaves the finding out and assesses again.

    Raises Refusal for a dispute that was decided, or for whoever raised it; InputError without
    reasons.
    """
    require(actor, "underwriting.decide_dispute", dispute)
    if not decision.strip():
        raise InputError("a decision needs its reasons", field="decision", mend="give them")
    dispute = audit.locked(dispute)
    if dispute.accepted is not None:
        raise Refusal("this dispute has been decided")
    if actor.user is not None and dispute.raised_by_id == actor.user.pk:
        raise Refusal("whoever raised a dispute does not decide it")
    finding = audit.locked(dispute.finding)
    dispute.accepted, dispute.decision = accepted, decision.strip()
    dispute.decided_by, dispute.decided_at = actor.user, clock.now()
    dispute.save()
    finding.state = Finding.State.DISREGARDED if accepted else Finding.State.OPEN
    finding.save(update_fields=("state",))
    audit.append(
        actor,
        "underwriting.dispute_decided",
        dispute,
        {"finding": finding.finding_id, "accepted": accepted, "decision": dispute.decision},
    )
    if not accepted:
        return dispute, None
    return dispute, assess_dossier(finding.dossier, actor=actor)
