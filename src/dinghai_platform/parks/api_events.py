"""The API of a park's events, portrait and shared services."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Status

from dinghai_platform.core.permissions import require
from dinghai_platform.core.schemas import ERRORS, PageQuery, part_of
from dinghai_platform.parks import queries, schemas
from dinghai_platform.parks.models import EventSettlement, ServiceUse
from dinghai_platform.parks.portrait_view import day_of, portrait_of
from dinghai_platform.parks.services.settlements import (
    approve_settlement,
    propose_lines,
    reject_settlement,
    reverse_settlement,
)
from dinghai_platform.parks.services.shared import offer_service, record_use, withdraw_service

router = Router(tags=["parks"])
Made = dict[str, Any]
_SETTLEMENT = ("id", "number", "event", "day", "state", "firms", "claimed_fen", "due_fen",
               "retained_fen", "left_fen")


def _fields(row: Any, *names: str) -> Made:
    return {name: getattr(row, name) for name in names}


def _settlement(row: EventSettlement) -> Made:
    return {"park": row.park_id,
            **_fields(row, *_SETTLEMENT, "facts", "document", "document_hash", "note")}


def _service(row: Any) -> Made:
    return {"times": getattr(row, "times", 0), "users": getattr(row, "users", 0), **_fields(
        row, "id", "kind", "name_zh", "name_en", "provider", "note", "state")}


def _use(row: ServiceUse) -> Made:
    return {"service": row.service_id, "member": row.member_id,
            **_fields(row, "id", "on", "note")}


@router.get("/events/{key}", response={200: schemas.ParkSettlementAnswer, **ERRORS},
            operation_id="park_settlement")
def settlement_one(request: HttpRequest, key: UUID) -> Made:
    """A settlement: what one event costs whom."""
    require(request.actor, "parks.view")
    return _settlement(queries.settlement(request.actor, key))


@router.post("/events/{key}/approval", response={200: schemas.ParkSettlementAnswer, **ERRORS},
             operation_id="approve_park_settlement")
def settlement_approve(request: HttpRequest, key: UUID) -> Made:
    """Approve and post what another one proposed."""
    return _settlement(approve_settlement(queries.settlement(request.actor, key),
                                          actor=request.actor))


@router.post("/events/{key}/rejection", response={200: schemas.ParkSettlementAnswer, **ERRORS},
             operation_id="reject_park_settlement")
def settlement_reject(request: HttpRequest, key: UUID, body: schemas.ParkReasonNew) -> Made:
    """Send a proposal back."""
    return _settlement(reject_settlement(queries.settlement(request.actor, key),
                                         reason=body.reason, actor=request.actor))


@router.post("/events/{key}/reversal", response={200: schemas.ParkSettlementAnswer, **ERRORS},
             operation_id="reverse_park_settlement")
def settlement_reverse(request: HttpRequest, key: UUID, body: schemas.ParkReasonNew) -> Made:
    """Take a posted settlement back by mirrored entries."""
    return _settlement(reverse_settlement(queries.settlement(request.actor, key),
                                          reason=body.reason, actor=request.actor))


@router.post("/services/{key}/withdrawal", response={200: schemas.ParkServiceAnswer, **ERRORS},
             operation_id="withdraw_park_service")
def service_withdraw(request: HttpRequest, key: UUID) -> Made:
    """Offer a service no longer."""
    row = queries.service(request.actor, key)
    withdraw_service(row, actor=request.actor)
    return _service(queries.services_of(row.park).get(pk=row.pk))


@router.post("/services/{key}/uses", response={201: schemas.ParkUseAnswer, **ERRORS},
             operation_id="record_park_service_use")
def service_use(request: HttpRequest, key: UUID, body: schemas.ParkUseNew) -> Status:
    """Record that a member used a service on a day; the same is recorded once."""
    row = queries.service(request.actor, key)
    require(request.actor, "parks.serve", row)
    member = queries.member(request.actor, body.park_member)
    return Status(201, _use(record_use(row, member, on=body.on, note=body.note,
                                       actor=request.actor)))


@router.get("/{key}/events", response={200: schemas.ParkSettlementPart, **ERRORS},
            operation_id="park_settlements")
def settlement_list(request: HttpRequest, key: UUID, page: Query[PageQuery]) -> Made:
    """The settled events of a park, newest first."""
    require(request.actor, "parks.view")
    row = queries.park(request.actor, key)
    return part_of(queries.settlements_of(row).order_by("-id"), page,
                   lambda one: _fields(one, *_SETTLEMENT))


@router.post("/{key}/events", response={201: schemas.ParkSettlementAnswer, **ERRORS},
             operation_id="propose_park_settlement")
def settlement_propose(request: HttpRequest, key: UUID, body: schemas.ParkEventNew) -> Status:
    """Propose what an event costs whom, of all its claims."""
    row = queries.park(request.actor, key)
    require(request.actor, "parks.propose_settlement", row)
    lines = [{"claim": one.claim or str(place), "member": one.member, "coverage": one.coverage,
              "top_up": one.top_up, "day": one.day.isoformat(), "amount": f"{one.amount_fen}fen"}
             for place, one in enumerate(body.lines, 1)]
    return Status(201, _settlement(propose_lines(row, body.event, lines, facts=body.facts,
                                                 actor=request.actor)))


@router.get("/{key}/portrait", response={200: schemas.ParkPortraitAnswer, **ERRORS},
            operation_id="park_portrait")
def portrait_one(request: HttpRequest, key: UUID, on: date | None = None) -> Made:
    """The risk portrait on a day of the policy (today unless given)."""
    require(request.actor, "parks.view")
    row = queries.park(request.actor, key)
    return {"document": portrait_of(row, day_of("" if on is None else on.isoformat(), row))[0]}


@router.get("/{key}/services", response={200: list[schemas.ParkServiceAnswer], **ERRORS},
            operation_id="park_services")
def service_list(request: HttpRequest, key: UUID) -> list[Made]:
    """What a park offers its members besides insurance."""
    require(request.actor, "parks.view")
    row = queries.park(request.actor, key)
    return [_service(one) for one in queries.services_of(row).order_by("id")]


@router.post("/{key}/services", response={201: schemas.ParkServiceAnswer, **ERRORS},
             operation_id="offer_park_service")
def service_new(request: HttpRequest, key: UUID, body: schemas.ParkServiceNew) -> Status:
    """Offer a service to the park's members."""
    row = queries.park(request.actor, key)
    return Status(201, _service(offer_service(row, actor=request.actor, **body.model_dump())))
