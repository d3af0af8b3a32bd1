"""Verbs on incidents: report, grade, send responders, report on, contain, recover, close."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from dinghai.foundation.clock import SHANGHAI
from dinghai.foundation.errors import InputError, Refusal
from dinghai.vocabulary.clocks import clocks
from dinghai.vocabulary.facts import parse_facts
from dinghai.vocabulary.grading import (
    GRADES,
    Grade,
    IncidentGrade,
    OperatorKind,
    grade_incident,
    reporting_clock,
)
from dinghai.vocabulary.lifecycle import machines
from dinghai_platform.claims.contracts import (
    Contract,
    broker_of,
    case_of,
    has_begun,
    insured_of,
    keep_reachable,
    require_reporter,
)
from dinghai_platform.claims.models import Incident, ReportingDuty, ResponseOrder
from dinghai_platform.claims.services.claims import notify_claim
from dinghai_platform.claims.services.common import next_number, required, write_timeline
from dinghai_platform.claims.steps import check_step
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor, system_actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import scope_of
from dinghai_platform.underwriting.models import Case, Policy
from dinghai_platform.underwriting.services.cases import reach_step

SUMMARY_REPORT = "CLK-RPT-SUM"
PERSONAL_DATA = "CLK-PI-NOTIFY"
LIMITATION = "CLK-CL-LIM"


@transaction.atomic
def report_incident(
    contract: Contract,
    *,
    title: str,
    discovered_at: datetime,
    actor: Actor,
    description: str = "",
    occurred_at: datetime | None = None,
    contact: str = "",
    facts: Mapping[str, Any] | None = None,
) -> Incident:
    """The first notice (报案): an incident under a contract, with what is known so far.

    The moments go into the facts too, so that they are stated once. Opens the claim file that
    everything later hangs on. Raises InputError for facts the registry refuses or a discovery in
    the future, Refusal before cover has begun, PermissionDenied for a contract of somebody else.
    """
    require(actor, "claims.report", contract)
    require_reporter(contract, actor)
    if not has_begun(contract):
        raise Refusal(_("cover has not begun: the premium has not been paid"))
    if discovered_at > clock.now():
        raise InputError(_("the discovery lies in the future"), field="discovered_at",
                         mend=_("give the moment it was noticed"))
    if occurred_at is not None and occurred_at > discovered_at:
        raise InputError(_("it began after it was discovered"), field="occurred_at",
                         mend=_("leave it empty if it is not known"))
    known = dict(facts or {})
    known["incident.discovered_at"] = _moment(discovered_at)
    if occurred_at is not None:
        known["incident.first_occurrence_at"] = _moment(occurred_at)
    incident = Incident(
        tenant=contract.tenant,
        policy=contract if isinstance(contract, Policy) else None,
        firm_policy=None if isinstance(contract, Policy) else contract,
        policy_no=contract.policy_no,
        title=required(title, "title")[:200],
        description=description.strip(),
        contact=contact.strip()[:200],
        discovered_at=discovered_at,
        occurred_at=occurred_at,
        reported_at=clock.now(),
        reported_by=actor.user,
        facts=plain_facts(known),
    )
    # The books are the insurer's, whoever reports: a broker's row is neither its own nor about it.
    with scope_of(actor, tenant=contract.tenant):
        incident.insured = insured_of(contract)
        incident.number = next_number("INC", Incident, contract.tenant)
        incident.save(force_insert=True)
        write_timeline(incident, "report", actor=actor, text=incident.title)
        audit.append(actor, "claims.incident_reported", incident,
                     {"number": incident.number, "policy": contract.policy_no,
                      "discovered_at": discovered_at.isoformat(), "facts": incident.facts})
        claim = notify_claim(incident, actor=actor)
        if (broker := broker_of(contract)) is not None:
            house = system_actor(contract.tenant, request_id=actor.request_id)
            for row in (incident, claim):
                share_with(row, broker, _("broker of the policy"), house)
        keep_reachable(contract, clocks()[LIMITATION].due(discovered_at))
        if (case := case_of(contract)) is not None:
            reach_step(case, Case.Step.RESCUE, actor=actor)
    return incident


@transaction.atomic
def triage_incident(
    incident: Incident,
    *,
    actor: Actor,
    operator: OperatorKind = "general",
    involves_critical: bool | None = False,
    family: str = "",
    facts: Mapping[str, Any] | None = None,
    judged: Grade | None = None,
    reason: str = "",
    authority: str = "cac",
) -> Incident:
    """Grade the incident and start the clocks of the reports it owes.

    Numbers grade by themselves; ``judged`` is a person's finding on the general clauses, needs
    its reason, raises and never lowers. May be repeated while facts come in: duties are renewed,
    one that was met stays met. Raises InputError for facts or a judgement without reason.
    """
    incident = audit.locked(incident)
    first = incident.state == "reported"
    if first:
        incident.state = check_step(incident, "triage", actor).target
    else:
        require(actor, "claims.triage", incident)
        _refuse_when_over(incident)
    if judged is not None:
        if judged not in GRADES:
            raise InputError(_("there is no such grade"), field="judged", mend="、".join(GRADES))
        required(reason, "reason")
    if facts:
        incident.facts = plain_facts({**incident.facts, **facts})
    grade = grade_of(incident, operator, involves_critical, authority, judged)
    incident.operator, incident.involves_critical = operator, involves_critical
    incident.family, incident.authority = family, authority
    incident.grade = grade.to_dict()
    incident.judged_reason = reason.strip() if judged else ""
    incident.judged_by = actor.user if judged else None
    incident.triaged_at = clock.now()
    incident.save()
    _renew_duties(incident, grade)
    write_timeline(incident, "triage", actor=actor, text=reason, grade=incident.grade_name)
    audit.append(actor, "claims.incident_triaged", incident,
                 {"number": incident.number, "grade": incident.grade, "reason": reason,
                  "operator": operator, "duties": _duty_list(incident)})
    return incident


def grade_of(
    incident: Incident,
    operator: str,
    involves_critical: bool | None,
    authority: str = "cac",
    judged: Grade | None = None,
) -> IncidentGrade:
    """The grade the engine gives for the incident's facts; reads only."""
    numbers = {
        name: entry.get("value")
        for name, entry in incident.facts.items()
        if name.startswith("notice.")
    }
    critical = True if operator == "critical_infrastructure" else involves_critical
    return grade_incident(numbers, critical_infrastructure=critical, authority=authority,
                          judged=judged)


@transaction.atomic
def record_report_to_authority(
    duty: ReportingDuty, *, channel: str, reference: str, actor: Actor,
    reported_at: datetime | None = None,
) -> ReportingDuty:
    """Record that the insured has reported: when, by which channel, under which receipt number.

    The platform drafts the form and never sends it. Raises Refusal when it is recorded already.
    """
    duty = audit.locked(duty)
    require(actor, "claims.record_report", duty)
    if duty.met_at is not None or duty.withdrawn_at is not None:
        raise Refusal(_("this report is recorded already, or no longer due"))
    moment = reported_at or clock.now()
    if moment > clock.now():
        raise InputError(_("the report lies in the future"), field="reported_at",
                         mend=_("give the moment it was made"))
    duty.met_at, duty.met_by = moment, actor.user
    duty.channel, duty.reference = required(channel, "channel")[:100], reference.strip()[:100]
    duty.save(update_fields=("met_at", "met_by", "channel", "reference"))
    write_timeline(duty.incident, "duty_met", actor=actor, text=duty.channel,
                   clock=duty.clock_id, reference=duty.reference)
    audit.append(actor, "claims.reported_to_authority", duty.incident,
                 {"clock": duty.clock_id, "at": moment.isoformat(), "due": duty.due.isoformat(),
                  "channel": duty.channel, "reference": duty.reference})
    return duty


@transaction.atomic
def dispatch_response(
    incident: Incident, provider: Organisation, *, mode: str, actor: Actor, note: str = ""
) -> ResponseOrder:
    """Ask a provider to help; the incident is shown to it. It goes on once the order is accepted.

    Raises Refusal for an organisation that is no provider or an order still open.
    """
    incident = audit.locked(incident)
    require(actor, "claims.dispatch", incident)
    move = machines()["incident"].step(incident.state, "dispatch") if (
        incident.state == "triaged") else None
    if move is None:
        _refuse_when_over(incident)
    if provider.kind != Organisation.Kind.PROVIDER:
        raise InputError(_("this organisation is no security-service provider"),
                         field="provider", mend=_("choose one of the panel"))
    if incident.orders.filter(provider=provider, declined_at=None).exists():
        raise Refusal(_("this provider has an order already"))
    order = ResponseOrder.objects.create(
        tenant=incident.tenant, insured_id=incident.insured_id, incident=incident,
        provider=provider, mode=mode, ordered_at=clock.now(), ordered_by=actor.user,
        due=clock.now() + _service_level(mode), note=note.strip())
    share_with(incident, provider, _("response order"), actor)
    write_timeline(incident, "order", actor=actor, text=note, provider=provider.name_zh)
    audit.append(actor, "claims.response_ordered", incident,
                 {"number": incident.number, "provider": str(provider.pk), "mode": mode})
    return order


@transaction.atomic
def accept_order(order: ResponseOrder, *, actor: Actor, note: str = "") -> ResponseOrder:
    """The provider takes the order; with the first one the incident counts as dispatched."""
    order = _own_order(order, actor)
    if order.accepted_at or order.declined_at:
        raise Refusal(_("this order is answered already"))
    order.accepted_at, order.accepted_by = clock.now(), actor.user
    order.save(update_fields=("accepted_at", "accepted_by"))
    incident = audit.locked(order.incident)
    if incident.state == "triaged":
        # The handler ordered, the panel vendor accepts: the guard of the move is met.
        incident.state = machines()["incident"].step("triaged", "dispatch").target
        incident.save(update_fields=("state",))
    write_timeline(incident, "accept", actor=actor, text=note)
    audit.append(actor, "claims.response_accepted", incident, {"order": str(order.pk)})
    return order


@transaction.atomic
def decline_order(order: ResponseOrder, *, reason: str, actor: Actor) -> ResponseOrder:
    """The provider cannot come, and says why; the handler asks somebody else."""
    order = _own_order(order, actor)
    if order.accepted_at or order.declined_at:
        raise Refusal(_("this order is answered already"))
    order.declined_at, order.reason = clock.now(), required(reason, "reason")
    order.save(update_fields=("declined_at", "reason"))
    write_timeline(order.incident, "decline", actor=actor, text=order.reason)
    audit.append(actor, "claims.response_declined", order.incident, {"order": str(order.pk)})
    return order


@transaction.atomic
def arrive(order: ResponseOrder, *, actor: Actor, note: str = "") -> ResponseOrder:
    """The responders are there (or connected)."""
    order = _own_order(order, actor)
    if not order.accepted_at or order.arrived_at:
        raise Refusal(_("an order is accepted once and arrived at once"))
    order.arrived_at = clock.now()
    order.save(update_fields=("arrived_at",))
    write_timeline(order.incident, "arrive", actor=actor, text=note)
    audit.append(actor, "claims.response_arrived", order.incident, {"order": str(order.pk)})
    return order


@transaction.atomic
def advance_incident(
    incident: Incident, event: str, *, actor: Actor, text: str = ""
) -> Incident:
    """One move of the incident: contain, eradicate, recover, close or dismiss, with its words.

    Recovery starts the 30 days of the summary report where a report was due; closing asks that
    every report that is certain has been made. Raises Refusal where the move is not possible.
    """
    incident = audit.locked(incident)
    if event in {"triage", "dispatch"}:
        raise Refusal(_("this step has its own form"))
    move = check_step(incident, event, actor)
    said = required(text, "text")
    if event == "close" and (open_ := open_duties(incident)):
        raise Refusal(_("reports are still due: %(names)s")
                      % {"names": "、".join(duty.name for duty in open_)})
    incident.state = move.target
    if event in {"close", "dismiss"}:
        incident.closed_at = clock.now()
    incident.save(update_fields=("state", "closed_at"))
    if event == "recover" and (incident.grade or {}).get("reportable"):
        _add_duty(incident, SUMMARY_REPORT, clock.now(), certain=True)
    write_timeline(incident, event, actor=actor, text=said)
    audit.append(actor, f"claims.incident_{event}", incident,
                 {"number": incident.number, "state": incident.state, "text": said})
    return incident


@transaction.atomic
def add_note(incident: Incident, *, text: str, actor: Actor) -> None:
    """A note in the response timeline."""
    require(actor, "claims.note", incident)
    write_timeline(incident, "note", actor=actor, text=required(text, "text"))
    audit.append(actor, "claims.note_added", incident, {"number": incident.number})


def open_duties(incident: Incident) -> list[ReportingDuty]:
    """Reports that are certainly due and not made."""
    return list(incident.duties.filter(met_at=None, withdrawn_at=None, certain=True))


def plain_facts(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Event facts in the one shape rows keep. Raises InputError for what the registry refuses."""
    return {name: known.to_dict()
            for name, known in parse_facts(raw, scope="event", where="facts").items()}


def share_with(row: Any, organisation: Organisation, reason: str, actor: Actor) -> None:
    """Show a row to a partner; the verb that does so has asked for the permission."""
    from dinghai_platform.core.services import share_row

    share_row(row, organisation, reason=reason, actor=actor)


def _renew_duties(incident: Incident, grade: IncidentGrade) -> None:
    wanted = {
        duty.clock: duty
        for duty in reporting_clock(
            incident.operator, grade, incident.discovered_at,
            involves_critical_infrastructure=incident.involves_critical is True)
    }
    for duty in incident.duties.filter(withdrawn_at=None, met_at=None).exclude(
            clock_id__in=(SUMMARY_REPORT, PERSONAL_DATA)):
        if duty.clock_id not in wanted:
            duty.withdrawn_at = clock.now()
            duty.save(update_fields=("withdrawn_at",))
    for duty in wanted.values():
        _add_duty(incident, duty.clock, incident.discovered_at, certain=duty.certain)
    leak = incident.facts.get("event.personal_data_breach", {}).get("value")
    if leak is True:
        _add_duty(incident, PERSONAL_DATA, incident.discovered_at, certain=True)


def _add_duty(incident: Incident, clock_id: str, start: datetime, *, certain: bool) -> None:
    known = clocks()[clock_id]
    found = incident.duties.filter(clock_id=clock_id, withdrawn_at=None).first()
    if found is not None:
        if found.certain != certain and found.met_at is None:
            found.certain = certain
            found.save(update_fields=("certain",))
        return
    ReportingDuty.objects.create(
        tenant=incident.tenant, insured_id=incident.insured_id, incident=incident,
        clock_id=clock_id, due=known.due(start), to_zh=known.to_zh, statute=known.statute,
        certain=certain, confidence=known.confidence)


def _duty_list(incident: Incident) -> list[list[str]]:
    return [[duty.clock_id, duty.due.isoformat()]
            for duty in incident.duties.filter(withdrawn_at=None)]


def _service_level(mode: str) -> timedelta:
    move = machines()["incident"].step("triaged", "dispatch")
    for level in move.service_levels:
        if level.case == mode:
            return timedelta(hours=level.amount)
    raise InputError(_("there is no such way to help"), field="mode", mend="remote, on_site")


def _own_order(order: ResponseOrder, actor: Actor) -> ResponseOrder:
    order = audit.locked(order)
    require(actor, "claims.answer_order")
    if order.provider_id != actor.organisation.pk:
        raise PermissionDenied("claims.answer_order")
    return order


def _refuse_when_over(incident: Incident) -> None:
    if incident.state in machines()["incident"].terminal:
        raise Refusal(_("the incident is closed"))


def _moment(moment: datetime) -> str:
    return moment.astimezone(SHANGHAI).isoformat()
