"""Shapes of the API of residents' claims. Amounts in fen."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Field, Schema

from dinghai_platform.core.schemas import Part

State = Literal["submitted", "waiting", "asked", "referred", "proposed", "approved", "paid",
                "refused", "withdrawn"]
Reason = Field(min_length=1, max_length=2_000, pattern=r"\S")


class ResidentClaimQuery(Schema):
    """Which claims: ``scheme`` is its number, ``flagged`` whether a pattern was found."""

    state: State | None = None
    scheme: str = Field("", max_length=40)
    number: str = Field("", max_length=64)
    certificate_no: str = Field("", max_length=64)
    flagged: bool | None = None


class ResidentClaimAnswer(Schema):
    """A claim, its holder masked. ``expected_fen`` is due after the wait if nothing comes back."""

    id: UUID
    number: str
    scheme: str
    certificate_no: str
    holder: str
    channel: Literal["phone", "file"]
    state: State
    outcome: str
    flagged: bool
    loss_day: date | None
    loss_fen: int | None
    pay_fen: int
    expected_fen: int
    paid_fen: int
    wait_until: date | None
    decide_by: date | None
    submitted_at: datetime | None
    decided_at: datetime | None
    paid_at: datetime | None
    run: UUID | None
    deciding: bool


class ResidentClaimPart(Part):
    """Claims, newest first."""

    items: list[ResidentClaimAnswer]


class ResidentDecisionAnswer(Schema):
    """A decision. ``document`` is dinghai.resident-claim-decision/1: the engine's row, reasons,
    requests and right of recourse, with product and rules."""

    sequence: int
    outcome: str
    by_hand: bool
    pay_fen: int
    document: dict[str, Any]
    hash: str
    created_at: datetime


class ResidentPaperAnswer(Schema):
    """A paper that was handed in; its bytes stay sealed."""

    id: UUID
    kind: str
    media_type: str
    size: int
    digest: str


class ResidentPaymentAnswer(Schema):
    """A payment and the number of its entry in the books."""

    id: UUID
    amount_fen: int
    entry_number: int
    limitation_day: date | None
    created_at: datetime


class ResidentRecoveryAnswer(Schema):
    """Money that came back after payment, and whose it is."""

    id: UUID
    returned_on: date
    amount_fen: int
    insured_fen: int
    insurer_fen: int
    rule: str
    state: Literal["reported", "received", "dropped"]
    by_claimant: bool
    reference: str


class ResidentObjectionAnswer(Schema):
    """An objection; its words are sealed."""

    id: UUID
    upheld: bool | None
    answered_at: datetime | None
    created_at: datetime


class ResidentClaimWholeAnswer(ResidentClaimAnswer):
    """A claim with everything but people and accounts. ``facts`` are columns of the engine's
    file (fen, ISO days, 1 and 0); unknown ones are not there."""

    facts: dict[str, Any]
    decisions: list[ResidentDecisionAnswer]
    papers: list[ResidentPaperAnswer]
    payments: list[ResidentPaymentAnswer]
    recoveries: list[ResidentRecoveryAnswer]
    objections: list[ResidentObjectionAnswer]


class ResidentClaimFactsNew(Schema):
    """Facts that a handler establishes."""

    facts: dict[str, int | str | None] = Field(max_length=60)
    reason: str = Reason


class ResidentClaimHandNew(Schema):
    """A decision by hand: the amount is what the terms give."""

    pay: bool
    reason: str = Reason


class ResidentClaimReasonNew(Schema):
    """Why."""

    reason: str = Reason


class ResidentClaimPersonAnswer(Schema):
    """Who claims, and what they wrote; ``words`` by field."""

    name: str
    identity: str
    mobile: str
    words: dict[str, str]


class ResidentRecoveryNew(Schema):
    """Money that came back. A ``key`` of the program's own makes the statement count once;
    ``another`` says that as much came back on this day before."""

    amount_fen: int = Field(gt=0, le=10**13)
    returned_on: date
    key: str = Field("", max_length=64)
    another: bool = False


class ResidentReferenceNew(Schema):
    """The bank's reference of money that arrived."""

    reference: str = Field(min_length=1, max_length=100, pattern=r"\S")


class ResidentAnswerNew(Schema):
    """An answer to an objection, shown to the claimant."""

    upheld: bool
    answer: str = Reason


class ResidentJobAnswer(Schema):
    """The job that does it."""

    job: UUID


class ResidentRunAnswer(Schema):
    """A mass decision. ``outcomes`` counts by outcome; ``left`` are for the next run."""

    id: UUID
    as_of: date
    state: Literal["running", "done", "ended"]
    claims: int
    decided: int
    left: int
    outcomes: dict[str, int]
    pay_fen: int
    rules_hash: str
    job: UUID | None
    created_at: datetime
    finished_at: datetime | None


class ResidentRunPart(Part):
    """Mass decisions, newest first."""

    items: list[ResidentRunAnswer]


class ResidentClaimImportAnswer(Schema):
    """A file of claims. ``faults`` are the first thousand: line, field, message, mend."""

    id: UUID
    file_name: str
    state: Literal["reading", "checked", "taking", "taken", "cancelled"]
    rows: int
    accepted: int
    rejected: int
    taken: int
    faults: list[dict[str, Any]]
    notes: list[str]
    job: UUID | None
    created_at: datetime


class ResidentClaimImportPart(Part):
    """Files of claims, newest first."""

    items: list[ResidentClaimImportAnswer]


class ResidentRecourseAnswer(Schema):
    """A payment's right of recourse: ``right_fen`` is what was paid less what came back to the
    insurer, which stands against the claim's earliest payment first."""

    claim: str
    claim_id: UUID
    bank: str
    amount_fen: int
    back_fen: int
    right_fen: int
    limitation_day: date | None
    law: str


class ResidentRecoursePart(Part):
    """Rights of recourse."""

    items: list[ResidentRecourseAnswer]


class ResidentFiguresAnswer(Schema):
    """What residents' claims came to. Days are means, null where there is none."""

    by_state: dict[str, int]
    submitted: int
    paid: int
    paid_fen: int
    to_pay_fen: int
    waiting_fen: int
    refused_by_rule: int
    refused_by_hand: int
    flagged: int
    back_fen: int
    days_to_decision: int | None
    days_to_payment: int | None
    overdue: int
    unpaid_late: int


class ResidentSettingAnswer(Schema):
    """How a scheme's claims are decided; null where nobody said."""

    scheme: UUID
    number: str
    terms_explained: bool | None
    explained_on: date | None
    approve_above_fen: int | None
    reason: str


class ResidentSettingNew(Schema):
    """Whether terms were explained, and above what amount a second person approves."""

    terms_explained: bool
    explained_on: date | None = None
    approve_above_fen: int = Field(3_000_000, ge=0, le=10**12)
    reason: str = Field(min_length=1, max_length=500, pattern=r"\S")
