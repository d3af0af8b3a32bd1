"""Shapes of changes of small firms' policies in the API."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Field, Schema

from dinghai_platform.core.schemas import Part

Channel = Literal["online", "in_person", "telephone", "paper"]


class SmallFirmChangeLook(Schema):
    """A change to be reckoned: ``value`` is the new plan or the new name."""

    change: Literal["cancel", "plan", "name"]
    from_day: date | None = None
    value: str = Field("", max_length=400)


class SmallFirmChangeReckoned(Schema):
    """What a change would come to. ``amount_fen`` is charged with VAT; negative, it goes back (of
    an ``unpaid`` policy nothing does). ``falling`` are changes that would fall away with it."""

    change: str
    from_day: date
    days: int
    days_left: int
    before: str
    after: str
    before_fen: int | None
    after_fen: int | None
    amount_fen: int
    vat_fen: int
    unpaid: bool
    falling: list[str]
    successor: str


class SmallFirmCancellationNew(Schema):
    """End a policy at the applicant's request."""

    from_day: date | None = None
    reason: str = Field(max_length=2_000)
    confirmed_by: str = Field("", max_length=100)
    channel: Channel = "online"


class SmallFirmPlanChangeNew(SmallFirmCancellationNew):
    """Give a policy another plan; ``read`` names the terms that were explained."""

    plan: str = Field(max_length=40)
    read: list[str] = Field(max_length=500)


class SmallFirmNameNew(Schema):
    """Mend the name of a policy's firm."""

    name: str = Field(max_length=400)
    reason: str = Field(max_length=2_000)
    confirmed_by: str = Field("", max_length=100)
    channel: Channel = "online"


class SmallFirmChangeBack(Schema):
    """Why a change is taken back."""

    reason: str = Field(max_length=2_000)


class SmallFirmChangeAnswer(Schema):
    """A change (批单). ``document`` says what was reckoned, and of a change of plan the contract
    after it."""

    id: UUID
    policy: UUID
    policy_no: str
    number: str
    change: str
    state: str
    from_day: date
    before: str
    after: str
    reason: str
    asked_by: str
    amount_fen: int
    vat_fen: int
    refund_fen: int
    issued_at: datetime
    paid_at: datetime | None
    fallen_why: str
    document: dict[str, Any]
    document_hash: str


class SmallFirmChangePart(Part):
    """Changes."""

    items: list[SmallFirmChangeAnswer]
