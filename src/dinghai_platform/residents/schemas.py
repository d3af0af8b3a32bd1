"""What the API of residents' cover takes and gives."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from ninja import Field, Schema

from dinghai_platform.core.schemas import Part


class ResidentSchemeNew(Schema):
    """A scheme as its document (dinghai.resident-scheme/1)."""

    document: dict[str, Any]


class ResidentSchemeAnswer(Schema):
    """A scheme and its figures from sealed lists; averages in fen, the rate in millionths."""

    id: UUID
    number: str
    name_zh: str
    name_en: str
    first_day: date
    last_day: date
    document: dict[str, Any]
    lists: int
    certificates: int
    rejected: int
    premium_fen: int
    sum_insured_fen: int
    average_premium_fen: int | None
    average_sum_insured_fen: int | None
    rate_ppm: int | None


class ResidentListAnswer(Schema):
    """A list on its way into a scheme. ``check`` is what looking through it came to
    (dinghai.resident-check/1, or its faults where it is no list)."""

    id: UUID
    scheme: str
    file: str
    sha256: str
    state: str
    job: UUID | None
    rows: int
    accepted: int
    accepted_by_plan: list[int]
    rejected: int
    premium_fen: int
    sum_insured_fen: int
    root: str
    sealed_at: datetime | None
    check: dict[str, Any] | None


class ResidentListPart(Part):
    """Lists of a scheme, newest first."""

    items: list[ResidentListAnswer]


class ResidentListIssueNew(Schema):
    """``all_or_nothing`` refuses to issue a list of which any row was rejected."""

    all_or_nothing: bool = False


class ResidentCertificateAnswer(Schema):
    """A certificate, its holder masked."""

    number: str
    id: int
    scheme: str
    plan: str
    sum_insured_fen: int
    premium_fen: int
    holder: str
    line: int
    enrolment: UUID


class ResidentCertificateWholeAnswer(ResidentCertificateAnswer):
    """A certificate with its signed code (for a QR mark) and masked identity number."""

    identity: str
    first_day: date
    last_day: date
    code: str
    public_key: str


class ResidentCertificateQuery(Schema):
    """A number, a whole identity number or a name; of many, those after a certificate."""

    search: str = Field("", max_length=100)
    after: int = Field(0, ge=0, le=9_223_372_036_854_775_807)
    limit: int = Field(50, ge=1, le=500)


class ResidentRevealNew(Schema):
    """Why the person behind a certificate is looked at."""

    reason: str = Field(min_length=1, max_length=500, pattern=r"\S")


class ResidentAnswer(Schema):
    """The person of a certificate."""

    name: str
    identity: str
    mobile: str
    consented_on: date
