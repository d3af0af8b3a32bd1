"""Findings under watch: detection, the written notice, the insured's answer, closing, delay."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from dinghai.evidence.components import KnownExploited
from dinghai.foundation.errors import InputError, Refusal
from dinghai.vocabulary.lifecycle import machines
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.keys import new_key
from dinghai_platform.core.permissions import require
from dinghai_platform.monitoring.models import MonitoredFinding, Notice, Reading
from dinghai_platform.monitoring.services.notices import (
    issue_overdue_notice,
    issue_remedy_notice,
)
from dinghai_platform.monitoring.services.readings import exploited_in
from dinghai_platform.underwriting.models import Finding, Policy
from dinghai_platform.underwriting.models.evidence import SEVERITY_ORDER

MACHINE = "monitoring_finding"
# Days from the notice, as the machine's guard states them (lifecycle table).
DAYS_TO_MEND = {"critical": 7, "high": 7, "medium": 30, "low": 90, "info": 90}
OPEN = ("notified", "acknowledged", "fixing", "overdue", "accepted_risk", "disputed")
PERMISSION = {
    "fix": "monitoring.respond",
    "accept": "monitoring.respond",
    "dispute": "monitoring.respond",
    "uphold": "monitoring.verify",
    "dismiss": "monitoring.verify",
    "reopen": "monitoring.notify",
}
NEEDS_REASON = frozenset({"accept", "dispute", "uphold", "dismiss"})


def due_after(severity: str, notified: datetime) -> datetime:
    """Until when a finding should be mended: 7, 30 or 90 days from its notice."""
    return notified + timedelta(days=DAYS_TO_MEND[severity])


@transaction.atomic
def watch_exploited(policy: Policy, reading: Reading, *, actor: Actor) -> Notice | None:
    """Put what a reading shows as known to be exploited under watch, and notify it in writing.

    A pair of finding and CVE comes under watch once; what was known at bind is in the price and
    in the treatment plan and is no news. None when nothing is new. A finding that is exploited
    somewhere counts as high at least, whatever its base score.
    """
    require(actor, "monitoring.notify", policy)
    policy = audit.locked(policy)
    watched = set(
        MonitoredFinding.objects.within(policy.tenant)
        .filter(policy=policy)
        .values_list("key", "cve")
    )
    at_bind = Reading.objects.within(policy.tenant).get(policy=policy, sequence=0)
    watched |= {
        (item["finding_id"], item["cve"]) for item in at_bind.document["known_exploited"]
    }
    fresh = [
        item
        for item in exploited_in(reading.assessment)
        if (item.finding.finding_id, item.cve) not in watched
    ]
    if not fresh:
        return None
    rows = Finding.objects.within(policy.tenant).filter(
        dossier=reading.assessment.dossier,
        finding_id__in={item.finding.finding_id for item in fresh},
    )
    by_id = {row.finding_id: row for row in rows}
    moment = clock.now()
    found = [
        _watched(policy, by_id[item.finding.finding_id], item, moment)
        for item in fresh
        if item.finding.finding_id in by_id
    ]
    MonitoredFinding.objects.bulk_create(found)
    audit.append(
        actor,
        "monitoring.findings_detected",
        reading,
        {"policy_no": policy.policy_no, "findings": len(found)},
        leaves=[f"{one.key}:{one.cve}".encode() for one in found],
    )
    return issue_remedy_notice(policy, found, actor=actor)


def _watched(
    policy: Policy, row: Finding, item: KnownExploited, moment: datetime
) -> MonitoredFinding:
    severity = row.severity if row.severity in ("high", "critical") else "high"
    machine = machines()[MACHINE]
    state = machine.step(machine.step(machine.initial, "triage").target, "notify").target
    return MonitoredFinding(
        id=new_key(),
        tenant=policy.tenant,
        insured=policy.insured,
        policy=policy,
        finding=row,
        key=row.finding_id,
        cve=item.cve,
        asset=row.asset,
        title=row.title,
        severity=severity,
        severity_rank=SEVERITY_ORDER.index(severity),
        state=state,
        document=item.to_dict(),
        detected_at=moment,
        due=due_after(severity, moment),
    )


@transaction.atomic
def acknowledge_notice(notice: Notice, *, actor: Actor) -> Notice:
    """The insured has read the notice: the time is kept, its findings are acknowledged."""
    require(actor, "monitoring.acknowledge", notice)
    notice = audit.locked(notice)
    if notice.acknowledged_at is not None:
        return notice
    notice.acknowledged_by, notice.acknowledged_at = actor.user, clock.now()
    notice.save(update_fields=("acknowledged_by", "acknowledged_at"))
    acknowledged = 0
    for finding in MonitoredFinding.objects.within(notice.tenant).filter(notice=notice):
        if finding.state == "notified":
            finding.state = machines()[MACHINE].step(finding.state, "ack").target
            finding.save(update_fields=("state",))
            acknowledged += 1
    audit.append(
        actor, "monitoring.notice_acknowledged", notice,
        {"number": notice.number, "findings": acknowledged},
    )
    return notice


@transaction.atomic
def move_finding(
    finding: MonitoredFinding, event: str, *, actor: Actor, reason: str = ""
) -> MonitoredFinding:
    """One step of a finding: fix, accept, dispute, uphold, dismiss or reopen.

    Raises Refusal for a step that is not possible now, InputError where a reason is missing.
    """
    if event not in PERMISSION:
        raise Refusal(f"{event!r} is not a step that a person takes")
    require(actor, PERMISSION[event], finding)
    if event in NEEDS_REASON and not reason.strip():
        raise InputError("this step needs its reason", field="reason", mend="say why")
    finding = audit.locked(finding)
    finding.state = machines()[MACHINE].step(finding.state, event).target
    if finding.state == "false_positive":
        finding.closed_at = clock.now()
    finding.save(update_fields=("state", "closed_at"))
    audit.append(
        actor, f"monitoring.finding_{finding.state}", finding,
        {"cve": finding.cve, "event": event, "reason": reason.strip()},
    )
    return finding


@transaction.atomic
def close_mended(policy: Policy, reading: Reading, *, actor: Actor) -> list[MonitoredFinding]:
    """Verify the findings that a clean re-scan does not show any more."""
    require(actor, "monitoring.verify", policy)
    still = {(item.finding.finding_id, item.cve) for item in exploited_in(reading.assessment)}
    closed = []
    rows = MonitoredFinding.objects.within(policy.tenant).filter(policy=policy, state__in=OPEN)
    for finding in rows:
        if (finding.key, finding.cve) in still:
            continue
        if "verify" not in machines()[MACHINE].events(finding.state):
            continue
        finding.state = machines()[MACHINE].step(finding.state, "verify").target
        finding.closed_at, finding.closing_reading = clock.now(), reading
        closed.append(finding)
    MonitoredFinding.objects.within(policy.tenant).bulk_update(
        closed, ("state", "closed_at", "closing_reading")
    )
    if closed:
        audit.append(
            actor,
            "monitoring.findings_verified",
            reading,
            {"policy_no": policy.policy_no, "findings": len(closed)},
            leaves=[f"{one.key}:{one.cve}".encode() for one in closed],
        )
    return closed


@transaction.atomic
def sweep_overdue(*, actor: Actor) -> int:
    """Mark what was not mended in time as overdue and say so in writing; how many there were."""
    require(actor, "monitoring.notify")
    late: Any = (
        MonitoredFinding.objects.within(actor.own_tenant())
        .filter(state__in=("notified", "acknowledged", "fixing"), due__lt=clock.now())
        .select_related("policy", "policy__tenant", "policy__insured", "finding")
        .order_by("policy_id", "id")
    )
    by_policy: dict[Any, list[MonitoredFinding]] = {}
    for finding in late:
        finding.state = machines()[MACHINE].step(finding.state, "timeout").target
        by_policy.setdefault(finding.policy_id, []).append(finding)
    for findings in by_policy.values():
        MonitoredFinding.objects.within(findings[0].tenant_id).bulk_update(findings, ("state",))
        issue_overdue_notice(findings[0].policy, findings, actor=actor)
    return sum(len(findings) for findings in by_policy.values())
