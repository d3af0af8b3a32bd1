"""The API of streams: a list sent in parts as it is gathered."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Path, Router, Status

from dinghai_platform.core.permissions import require
from dinghai_platform.core.schemas import ERRORS
from dinghai_platform.core.tenancy import visible_or_404
from dinghai_platform.residents import queries
from dinghai_platform.residents.list_answers import list_answer
from dinghai_platform.residents.models import ListStream, ResidentScheme
from dinghai_platform.residents.schemas import ResidentListAnswer
from dinghai_platform.residents.services import streams
from dinghai_platform.residents.stream_schemas import (
    ResidentStreamAnswer,
    ResidentStreamCloseNew,
    ResidentStreamNew,
    ResidentStreamPartAnswer,
    ResidentStreamPartNew,
)

router = Router(tags=["residents"])
Document = dict[str, Any]


@router.post("/schemes/{key}/streams", response={201: ResidentStreamAnswer, **ERRORS},
             operation_id="open_resident_stream")
def stream_new(request: HttpRequest, key: UUID, body: ResidentStreamNew) -> Status:
    """Open a stream for a list that comes in parts; an open one of that name is answered."""
    require(request.actor, "residents.enrol")
    scheme = visible_or_404(ResidentScheme, request.actor, pk=key)
    return Status(201, _stream(streams.open_stream(scheme, name=body.name, actor=request.actor)))


@router.get("/streams/{key}", response={200: ResidentStreamAnswer, **ERRORS},
            operation_id="resident_stream")
def stream_one(request: HttpRequest, key: UUID) -> Document:
    """A stream: which part comes next is ``parts`` + 1."""
    require(request.actor, "residents.view")
    return _stream(_one(request, key))


@router.put("/streams/{key}/parts/{number}", response={200: ResidentStreamPartAnswer, **ERRORS},
            operation_id="take_resident_part")
def part_new(request: HttpRequest, key: UUID, body: ResidentStreamPartNew,
             number: int = Path(ge=1, le=1_000_000)) -> Document:  # type: ignore[type-arg]
    """Take the next part; its faulty rows are named at once and may be mended in a later part."""
    require(request.actor, "residents.enrol")
    part = streams.take_part(_one(request, key), number,
                             [row.model_dump() for row in body.rows], actor=request.actor)
    return {"number": part.number, "rows": part.rows, "accepted": part.accepted,
            "faults": part.faults}


@router.post("/streams/{key}/close", response={202: ResidentListAnswer, **ERRORS},
             operation_id="close_resident_stream")
def stream_close(request: HttpRequest, key: UUID, body: ResidentStreamCloseNew) -> Status:
    """Close a stream: its good rows become a list, which is looked through."""
    require(request.actor, "residents.enrol")
    made = streams.close_stream(_one(request, key), parts=body.parts, actor=request.actor)
    return Status(202, list_answer(queries.list_of(request.actor, made.pk)))


def _one(request: HttpRequest, key: UUID) -> ListStream:
    found: ListStream = visible_or_404(
        ListStream.objects.select_related("scheme", "enrolment"), request.actor, pk=key)
    return found


def _stream(one: ListStream) -> Document:
    return {"id": one.pk, "scheme": one.scheme.number, "name": one.name, "parts": one.parts,
            "rows": one.rows, "accepted": one.accepted, "list": one.enrolment_id}
