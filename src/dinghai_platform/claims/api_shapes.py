"""What the claims API takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Field, Schema

from dinghai.foundation.money import MAXIMUM_FEN, Fen
from dinghai_platform.core.schemas import Part

Line = Literal["enterprise", "small_firm"]
"""Which kind of contract an incident or a claim stands under."""


class ClockAnswer(Schema):
    """One statutory clock as it stands."""

    clock: str
    name: str
    statute: str
    due: datetime | None
    met_at: datetime | None
    state: str
    remaining: int | None = Field(description="seconds, negative when late")
    reason: str


class IncidentAnswer(Schema):
    """An incident."""

    id: UUID
    number: str
    policy_no: str
    line: Line
    state: str
    title: str
    discovered_at: datetime
    reported_at: datetime
    facts: dict[str, Any]
    grade: dict[str, Any] | None
    claim: UUID | None
    clocks: list[ClockAnswer]


class IncidentPart(Part):
    """Part of the incidents."""

    items: list[IncidentAnswer]


class IncidentNew(Schema):
    """The first notice."""

    policy: UUID = Field(description="an enterprise's policy or a small firm's")
    title: str = Field(min_length=1, max_length=200)
    discovered_at: datetime
    occurred_at: datetime | None = None
    description: str = ""
    contact: str = Field("", max_length=200)
    facts: dict[str, Any] = {}


class Triage(Schema):
    """Numbers and, if needed, a person's finding."""

    facts: dict[str, Any] = {}
    operator: str = "general"
    involves_critical: bool | None = False
    family: str = ""
    judged: str | None = None
    reason: str = ""


class DutyMet(Schema):
    """That the report to the authority was made."""

    channel: str = Field(min_length=1, max_length=100)
    reference: str = ""
    reported_at: datetime | None = None


class Words(Schema):
    """A text for the record."""

    text: str = ""
    days: int | None = Field(None, ge=1, le=365, description="term to answer, request_evidence")


class Reserve(Schema):
    """A case reserve."""

    reserve_fen: Fen = Field(ge=0, le=MAXIMUM_FEN)
    reason: str = ""


class FactsBody(Schema):
    """Facts by id: {"value": …, "evidence": […]}, {"absent": true}, or null to forget."""

    facts: dict[str, Any]


class ItemNew(Schema):
    """A loss item."""

    coverage: str
    description: str = Field("", max_length=300)
    insured: str = Field("", max_length=60, description="member of a programme, by its id")
    supplier: str = Field("", max_length=200, description="whose stop caused it")
    facts: dict[str, Any] = {}


class PayBody(Schema):
    """Who is paid."""

    payee: str = Field("", max_length=200)
    account_tail: str = Field("", max_length=4)
    amount_fen: Fen | None = Field(
        None, ge=1, le=MAXIMUM_FEN, description="for a payment in advance")


class ItemParty(Schema):
    """Whose loss an item is in a programme, and which supplier caused it."""

    insured: str = Field("", max_length=60)
    supplier: str = Field("", max_length=200)


class ItemAnswer(Schema):
    """A loss item."""

    no: int
    coverage: str
    description: str
    insured: str
    supplier: str
    facts: dict[str, Any]


class DecisionAnswer(Schema):
    """A decision without its content; see its document."""

    id: UUID
    sequence: int
    state: str
    total_fen: Fen
    hash: str
    made_at: datetime
    issued_at: datetime | None


class StepAnswer(Schema):
    """What may come next, and why not."""

    event: str
    allowed: bool
    reason: str


class ClaimAnswer(Schema):
    """A claim."""

    id: UUID
    number: str
    incident: UUID
    policy_no: str
    line: Line
    state: str
    received_at: datetime
    reserve_fen: Fen
    paid_fen: Fen
    ordered_fen: Fen | None = Field(description="a payment in advance, ordered and not yet paid")
    facts: dict[str, Any]
    items: list[ItemAnswer]
    decisions: list[DecisionAnswer]
    clocks: list[ClockAnswer]
    next: list[StepAnswer]


class ClaimPart(Part):
    """Part of the claims."""

    items: list[ClaimAnswer]


class EvidenceAnswer(Schema):
    """A document handed in."""

    id: UUID
    reference: str
    kind: str
    name: str
    sha256: str


class ReplayAnswer(Schema):
    """Whether a recomputation gives the same bytes."""

    same: bool
    hash: str
    line: int | None
    field: str | None
    message: str
