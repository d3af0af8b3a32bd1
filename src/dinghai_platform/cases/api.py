"""The API of cases: the six steps of one case, and the figures of the book."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema

from dinghai_platform.cases import portfolio as book
from dinghai_platform.cases import queries
from dinghai_platform.core.permissions import require
from dinghai_platform.core.schemas import ERRORS
from dinghai_platform.core.tenancy import visible_or_404
from dinghai_platform.underwriting.models import Case

router = Router(tags=["cases"])


class EventAnswer(Schema):
    """One thing that happened."""

    when: datetime | None
    title: str
    text: str
    status: str


class CaseStepAnswer(Schema):
    """One of the six steps."""

    no: int
    name: str
    state: str
    events: list[EventAnswer]


class CaseTimeline(Schema):
    """A case through the six steps."""

    id: UUID
    number: str
    title: str
    steps: list[CaseStepAnswer]


class PortfolioAnswer(Schema):
    """Figures of the actor's insurer, in fen; all null for anybody without books."""

    policies: int | None = None
    limit_fen: int | None = None
    premium_fen: int | None = None
    rate_on_line_ppm: int | None = None
    open_claims: int | None = None
    written_fen: int | None = None
    incurred_fen: int | None = None
    reserve_fen: int | None = None
    payable_fen: int | None = None
    paid_fen: int | None = None


@router.get("/portfolio", response={200: PortfolioAnswer, **ERRORS}, operation_id="portfolio")
def portfolio(request: HttpRequest) -> dict[str, Any]:
    """The book from the register and the ledger."""
    require(request.actor, "cases.dashboard")
    found = book.portfolio(request.actor)
    return found.to_dict() if found else {}


@router.get("/{key}/timeline", response={200: CaseTimeline, **ERRORS},
            operation_id="case_timeline")
def timeline(request: HttpRequest, key: UUID) -> dict[str, Any]:
    """One case through the six steps."""
    require(request.actor, "cases.view")
    row = visible_or_404(Case, request.actor, pk=key)
    reading = queries.read_case(row, request.actor)
    return {
        "id": row.pk, "number": row.number, "title": row.title,
        "steps": [
            {"no": step.no, "name": step.label, "state": step.state,
             "events": [{"when": event.when, "title": str(event.title), "text": event.text,
                         "status": event.status} for event in step.events]}
            for step in reading.steps],
    }
