"""The API of incidents and claims: the same verbs as the pages, amounts in whole fen."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from ninja import File, Form, Query, Router, Status, UploadedFile

from dinghai.foundation.clock import SHANGHAI
from dinghai.foundation.errors import InputError
from dinghai_platform.claims import queries, services
from dinghai_platform.claims.api_bench import router as bench_router
from dinghai_platform.claims.api_shapes import (
    ClaimAnswer,
    ClaimPart,
    DutyMet,
    EvidenceAnswer,
    FactsBody,
    IncidentAnswer,
    IncidentNew,
    IncidentPart,
    ItemNew,
    Line,
    PayBody,
    ReplayAnswer,
    Reserve,
    Triage,
    Words,
)
from dinghai_platform.claims.api_statistics import StatisticsAnswer, statistics
from dinghai_platform.claims.clocks import ClockReading, claim_clocks, incident_clocks
from dinghai_platform.claims.contracts import contract_seen
from dinghai_platform.claims.models import Claim, DecisionRecord, Incident, LossItem, ReportingDuty
from dinghai_platform.claims.reading import (
    claim_document,
    decision_content,
    replay_record,
)
from dinghai_platform.core.permissions import require
from dinghai_platform.core.schemas import ERRORS, PageQuery, part_of
from dinghai_platform.core.tenancy import visible_or_404

router = Router(tags=["claims"])
router.add_router("", bench_router)
# Before the addresses of single claims, whose keys stand in the same place.
router.get("/statistics", response={200: StatisticsAnswer, **ERRORS},
           operation_id="claims_statistics")(statistics)


def _clock(reading: ClockReading) -> dict[str, Any]:
    return {"clock": reading.clock, "name": reading.name, "statute": reading.statute,
            "due": reading.due, "met_at": reading.met_at, "state": reading.state,
            "remaining": reading.remaining, "reason": reading.reason}


def _incident(row: Incident) -> dict[str, Any]:
    claim = getattr(row, "claim", None)
    return {
        "id": row.pk, "number": row.number, "policy_no": row.policy_no,
        "line": queries.line_of(row), "state": row.state, "title": row.title,
        "discovered_at": row.discovered_at, "reported_at": row.reported_at,
        "facts": row.facts, "grade": row.grade,
        "claim": claim.pk if claim else None,
        "clocks": [_clock(one) for one in incident_clocks(row)],
    }


def _shape_for(request: HttpRequest) -> Any:
    actor = request.actor
    inside = actor.tenant is not None or actor.role in {"loss_adjuster", "arbiter"}

    def shape(row: Claim) -> dict[str, Any]:
        return {
            "id": row.pk, "number": row.number, "incident": row.incident_id,
            "policy_no": row.incident.policy_no, "line": queries.line_of(row), "state": row.state,
            "received_at": row.received_at, "reserve_fen": row.reserve_fen,
            "paid_fen": queries.paid_fen(row),
            "ordered_fen": next((one.amount_fen for one in row.interim_orders.all()
                                 if inside and one.is_open), None),
            "facts": row.facts,
            "items": [{"no": one.no, "coverage": one.coverage, "description": one.description,
                       "insured": one.member, "supplier": one.supplier, "facts": one.facts}
                      for one in row.items.all()],
            "decisions": [_decision(one) for one in row.decisions.all()
                          if inside or one.is_issued],
            "clocks": [_clock(one) for one in claim_clocks(row)],
            "next": [{"event": one.event, "allowed": one.allowed, "reason": str(one.reason)}
                     for one in queries.claim_steps(row, actor)],
        }

    return shape


def _decision(row: DecisionRecord) -> dict[str, Any]:
    return {"id": row.pk, "sequence": row.sequence, "state": row.state,
            "total_fen": row.total_fen, "hash": row.hash, "made_at": row.made_at,
            "issued_at": row.issued_at}


def _claim(request: HttpRequest, key: UUID) -> Claim:
    require(request.actor, "claims.view")
    row: Claim = visible_or_404(
        Claim.objects.select_related("policy", "incident").prefetch_related("items"),
        request.actor, pk=key)
    return row


def _incident_row(request: HttpRequest, key: UUID) -> Incident:
    require(request.actor, "claims.view")
    row: Incident = visible_or_404(Incident.objects.select_related("claim"),
                                   request.actor, pk=key)
    return row


def _again(request: HttpRequest, key: UUID) -> dict[str, Any]:
    answer: dict[str, Any] = _shape_for(request)(_claim(request, key))
    return answer


@router.get("/incidents", response={200: IncidentPart, **ERRORS}, operation_id="incidents")
def list_incidents(request: HttpRequest, page: Query[PageQuery], line: Line | None = None
                   ) -> dict[str, Any]:
    """The incidents the actor sees, newest first; of one kind of contract if ``line`` names it."""
    require(request.actor, "claims.view")
    return part_of(queries.of_line(queries.incidents(request.actor), line or ""), page, _incident)


@router.post("/incidents", response={201: IncidentAnswer, **ERRORS},
             operation_id="report_incident")
def report(request: HttpRequest, body: IncidentNew) -> Status:
    """Report an incident under an enterprise's policy or a small firm's; its claim file opens with
    it."""
    require(request.actor, "claims.report")
    made = services.report_incident(
        contract_seen(request.actor, body.policy), title=body.title,
        discovered_at=_aware(body.discovered_at), occurred_at=_aware(body.occurred_at),
        description=body.description, contact=body.contact, facts=body.facts, actor=request.actor)
    return Status(201, _incident(made))


@router.get("/incidents/{key}", response={200: IncidentAnswer, **ERRORS},
            operation_id="incident")
def get_incident(request: HttpRequest, key: UUID) -> dict[str, Any]:
    """One incident."""
    return _incident(_incident_row(request, key))


@router.post("/incidents/{key}/triage", response={200: IncidentAnswer, **ERRORS},
             operation_id="triage_incident")
def triage(request: HttpRequest, key: UUID, body: Triage) -> dict[str, Any]:
    """Grade an incident; the clocks of its reports follow."""
    row = services.triage_incident(
        _incident_row(request, key), actor=request.actor, operator=_operator(body.operator),
        involves_critical=body.involves_critical, family=body.family[:40], facts=body.facts,
        judged=body.judged, reason=body.reason)  # type: ignore[arg-type]
    return _incident(row)


@router.post("/incidents/{key}/advance/{event}", response={200: IncidentAnswer, **ERRORS},
             operation_id="advance_incident")
def advance(request: HttpRequest, key: UUID, event: str, body: Words) -> dict[str, Any]:
    """Contain, eradicate, recover, close or dismiss."""
    row = services.advance_incident(_incident_row(request, key), event, text=body.text,
                                    actor=request.actor)
    return _incident(row)


@router.post("/duties/{key}/met", response={200: IncidentAnswer, **ERRORS},
             operation_id="record_report_to_authority")
def duty_met(request: HttpRequest, key: UUID, body: DutyMet) -> dict[str, Any]:
    """Record that the insured has reported to the authority itself."""
    require(request.actor, "claims.view")
    duty = visible_or_404(ReportingDuty.objects.select_related("incident"), request.actor, pk=key)
    services.record_report_to_authority(
        duty, channel=body.channel, reference=body.reference,
        reported_at=_aware(body.reported_at), actor=request.actor)
    return _incident(_incident_row(request, duty.incident_id))


@router.post("/incidents/{key}/evidence", response={201: EvidenceAnswer, **ERRORS},
             operation_id="add_evidence")
def evidence(
    request: HttpRequest, key: UUID, file: File[UploadedFile], kind: Form[str]
) -> Status:
    """Hand in a document."""
    made = services.add_evidence(
        _incident_row(request, key), file.read(), name=file.name or "document", kind=kind[:60],
        media_type=file.content_type or "application/octet-stream", actor=request.actor)
    return Status(201, {"id": made.pk, "reference": made.reference, "kind": made.kind,
                        "name": made.name, "sha256": made.sha256})


@router.get("", response={200: ClaimPart, **ERRORS}, operation_id="claims")
def list_claims(request: HttpRequest, page: Query[PageQuery], line: Line | None = None
                ) -> dict[str, Any]:
    """The claims the actor sees, newest first; of one kind of contract if ``line`` names it."""
    require(request.actor, "claims.view")
    rows = queries.of_line(queries.claims(request.actor), line or "").prefetch_related("items")
    return part_of(rows, page, _shape_for(request))


@router.get("/{key}", response={200: ClaimAnswer, **ERRORS}, operation_id="claim")
def get_claim(request: HttpRequest, key: UUID) -> dict[str, Any]:
    """One claim."""
    return _again(request, key)


@router.get("/{key}/file", response={200: dict[str, Any], **ERRORS}, operation_id="claim_file")
def get_file(request: HttpRequest, key: UUID) -> HttpResponse:
    """The claim file (dinghai.claim/1) as the engine takes it, canonical."""
    content = decision_content(claim_document(_claim(request, key)))
    return HttpResponse(content.encode(), content_type="application/json")


@router.post("/{key}/register", response={200: ClaimAnswer, **ERRORS},
             operation_id="register_claim")
def register(request: HttpRequest, key: UUID, body: Reserve) -> dict[str, Any]:
    """Take a claim as its handler and set the first reserve."""
    services.register_claim(_claim(request, key), reserve_fen=body.reserve_fen,
                            note=body.reason, actor=request.actor)
    return _again(request, key)


@router.put("/{key}/reserve", response={200: ClaimAnswer, **ERRORS}, operation_id="set_reserve")
def reserve(request: HttpRequest, key: UUID, body: Reserve) -> dict[str, Any]:
    """Change the reserve, with its reason."""
    services.set_reserve(_claim(request, key), reserve_fen=body.reserve_fen, reason=body.reason,
                         actor=request.actor)
    return _again(request, key)


@router.put("/{key}/facts", response={200: ClaimAnswer, **ERRORS}, operation_id="set_facts")
def set_facts(request: HttpRequest, key: UUID, body: FactsBody) -> dict[str, Any]:
    """Establish or forget facts of the event."""
    services.set_facts(_claim(request, key), body.facts, actor=request.actor)
    return _again(request, key)


@router.post("/{key}/items", response={201: ClaimAnswer, **ERRORS}, operation_id="add_item")
def add_item(request: HttpRequest, key: UUID, body: ItemNew) -> Status:
    """Add a loss item."""
    services.add_item(_claim(request, key), body.coverage, description=body.description,
                      facts=body.facts, member=body.insured, supplier=body.supplier,
                      actor=request.actor)
    return Status(201, _again(request, key))


@router.put("/{key}/items/{no}/facts", response={200: ClaimAnswer, **ERRORS},
            operation_id="set_item_facts")
def set_item_facts(
    request: HttpRequest, key: UUID, no: int, body: FactsBody
) -> dict[str, Any]:
    """Establish or forget facts of one loss item."""
    row = _claim(request, key)
    item: LossItem | None = next((one for one in row.items.all() if one.no == no), None)
    if item is None:
        raise Http404("no such item")
    services.set_item_facts(item, body.facts, actor=request.actor)
    return _again(request, key)


_PLAIN = {
    "request_evidence": lambda row, body, actor: services.request_evidence(
        row, note=body.text, answer_days=body.days, actor=actor),
    "go_on": lambda row, body, actor: services.go_on_without_evidence(
        row, reason=body.text, actor=actor),
    "receive": lambda row, body, actor: services.receive_evidence(
        row, note=body.text, actor=actor),
    "permit": lambda row, body, actor: services.permit_another_request(
        row, reason=body.text, actor=actor),
    "survey": lambda row, body, actor: services.survey_claim(row, note=body.text, actor=actor),
    "quantify": lambda row, body, actor: services.quantify_claim(
        row, note=body.text, actor=actor),
    "adjudicate": lambda row, body, actor: services.adjudicate_claim(row, actor=actor),
    "approve": lambda row, body, actor: services.approve_claim(row, note=body.text, actor=actor),
    "reject": lambda row, body, actor: services.reject_claim(row, reason=body.text, actor=actor),
    "agree": lambda row, body, actor: services.agree_decision(row, actor=actor),
    "dispute": lambda row, body, actor: services.dispute_decision(
        row, reason=body.text, actor=actor),
    "end_dispute": lambda row, body, actor: services.end_dispute(
        row, opinion=body.text, actor=actor),
    "proceed": lambda row, body, actor: services.begin_proceedings(
        row, note=body.text, actor=actor),
    "withdraw": lambda row, body, actor: services.withdraw_objection(row, actor=actor),
    "close": lambda row, body, actor: services.close_claim(row, reason=body.text, actor=actor),
    "reopen": lambda row, body, actor: services.reopen_claim(row, reason=body.text, actor=actor),
}


@router.post("/{key}/steps/{event}", response={200: ClaimAnswer, **ERRORS},
             operation_id="claim_step")
def step(request: HttpRequest, key: UUID, event: str, body: Words) -> dict[str, Any]:
    """One step that needs a text at most: request_evidence, receive, go_on, survey,
    quantify, adjudicate, approve, reject, agree, dispute, end_dispute, proceed, withdraw,
    close, reopen, permit."""
    row = _claim(request, key)
    verb = _PLAIN.get(event)
    if verb is None:
        raise Http404("no such step")
    verb(row, body, request.actor)
    return _again(request, key)


@router.post("/{key}/agreement-on-paper", response={200: ClaimAnswer, **ERRORS},
             operation_id="record_agreement")
def agreement(
    request: HttpRequest, key: UUID, file: File[UploadedFile], signed_by: Form[str],
    signed_on: Form[date],
) -> dict[str, Any]:
    """Record that a small firm agreed to the decision on paper, with the signed paper."""
    services.record_agreement(
        _claim(request, key), file.read(), name=file.name or "document",
        media_type=file.content_type or "application/octet-stream", signed_by=signed_by,
        signed_on=signed_on, actor=request.actor)
    return _again(request, key)


@router.post("/{key}/payment", response={200: ClaimAnswer, **ERRORS}, operation_id="pay_claim")
def pay(request: HttpRequest, key: UUID, body: PayBody) -> dict[str, Any]:
    """Pay the issued decision; asking again pays nothing twice."""
    services.pay_claim(_claim(request, key), payee=body.payee, account_tail=body.account_tail,
                       actor=request.actor)
    return _again(request, key)


@router.post("/{key}/interim", response={200: ClaimAnswer, **ERRORS},
             operation_id="order_interim")
def order_interim(request: HttpRequest, key: UUID, body: PayBody) -> dict[str, Any]:
    """Order the part that is certain to be paid in advance (the approver)."""
    services.order_interim(_claim(request, key), amount_fen=body.amount_fen, payee=body.payee,
                           account_tail=body.account_tail, actor=request.actor)
    return _again(request, key)


@router.post("/{key}/interim/payment", response={200: ClaimAnswer, **ERRORS},
             operation_id="pay_interim")
def pay_interim(request: HttpRequest, key: UUID) -> dict[str, Any]:
    """Pay what was ordered in advance (a payer who is neither handler nor approver)."""
    services.pay_interim(_claim(request, key), actor=request.actor)
    return _again(request, key)


@router.get("/decisions/{key}/document", response={200: dict[str, Any], **ERRORS},
            operation_id="decision_document")
def document(request: HttpRequest, key: UUID) -> HttpResponse:
    """The decision (dinghai.decision/1), byte for byte as it was made."""
    return HttpResponse(_record(request, key).content.encode(), content_type="application/json")


@router.post("/decisions/{key}/replay", response={200: ReplayAnswer, **ERRORS},
             operation_id="replay_decision")
def replay(request: HttpRequest, key: UUID) -> dict[str, Any]:
    """Recompute a decision from its own inputs."""
    return replay_record(_record(request, key)).to_dict()


def _record(request: HttpRequest, key: UUID) -> DecisionRecord:
    found = (DecisionRecord.objects.unscoped("its claim decides who sees it")
             .select_related("claim").filter(pk=key).first())
    if found is None:
        raise Http404("no such decision")
    _claim(request, found.claim_id)
    actor = request.actor
    inside = actor.tenant is not None or actor.role in {"loss_adjuster", "arbiter"}
    if not found.is_issued and not inside:
        raise Http404("no such decision")
    return found


def _aware(moment: datetime | None) -> Any:
    """Shanghai's time where the caller gave no zone."""
    if moment is not None and moment.tzinfo is None:
        return moment.replace(tzinfo=SHANGHAI)
    return moment


def _operator(code: str) -> Any:
    if code not in Incident.Operator.values:
        raise InputError("there is no such kind of operator", field="operator",
                         mend=", ".join(Incident.Operator.values))
    return code
