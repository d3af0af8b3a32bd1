"""Shapes of monitoring's API. Amounts are whole fen, ratios parts per million."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from ninja import Field, Schema


class ReadingAnswer(Schema):
    """A reading of a policy's risk."""

    id: UUID
    policy: UUID
    sequence: int
    as_of: date
    cause: str
    score_ppm: int
    grade: str
    expected_loss_fen: int
    model_hash: str


class WatchedAnswer(Schema):
    """A finding under watch."""

    id: UUID
    policy: UUID
    finding_id: str
    cve: str
    asset: str
    severity: str
    state: str
    due: datetime | None
    closed_at: datetime | None


class NoticeAnswer(Schema):
    """A written notice with the proof of its delivery."""

    id: UUID
    number: str
    policy: UUID
    kind: str
    text_zh: str
    text_en: str
    issued_at: datetime
    due: datetime | None
    sha256: str
    channel: str
    delivered_to: str
    delivered_at: datetime | None
    delivery_sha256: str
    acknowledged_at: datetime | None


class FloatAnswer(Schema):
    """What the float rule says of a reading; ``document`` is dinghai.float/1 with its inputs."""

    id: UUID
    policy: UUID
    reading: UUID
    state: str
    factor_ppm: int
    amount_fen: int
    effective: date | None
    document: dict[str, Any]


class FeedAnswer(Schema):
    """A threat table; ``job`` reads the policies in force again."""

    id: UUID
    kind: str
    as_of: date
    rows: int
    sha256: str
    job: UUID | None


class RescanAnswer(Schema):
    """What a re-scan led to."""

    reading: ReadingAnswer
    closed: list[WatchedAnswer]
    notice: UUID | None


class StepNew(Schema):
    """A reason, where a step asks for one."""

    reason: str = Field("", max_length=5_000)


class RefundPaid(Schema):
    """The bank's reference of a refund."""

    reference: str = Field(min_length=1, max_length=200)


class DeliveryNew(Schema):
    """By which way and to whom a notice was delivered."""

    channel: str = Field(min_length=1, max_length=40)
    delivered_to: str = Field(min_length=1, max_length=200)


class WatchedPart(Schema):
    """A part of the findings under watch."""

    count: int
    limit: int
    offset: int
    items: list[WatchedAnswer]


class NoticePart(Schema):
    """A part of the notices."""

    count: int
    limit: int
    offset: int
    items: list[NoticeAnswer]


class FloatPart(Schema):
    """A part of the proposals."""

    count: int
    limit: int
    offset: int
    items: list[FloatAnswer]
