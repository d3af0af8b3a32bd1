"""What the API of streams takes and gives."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ninja import Field, Schema

from dinghai_platform.residents.services.streams import ROWS


class ResidentStreamNew(Schema):
    """A stream's name, unique in its scheme: the same name again is the same stream."""

    name: str = Field(min_length=1, max_length=150)


class ResidentStreamAnswer(Schema):
    """A stream: how many parts and rows arrived, and its list once it is closed."""

    id: UUID
    scheme: str
    name: str
    parts: int
    rows: int
    accepted: int
    list: UUID | None


class ResidentStreamRow(Schema):
    """A resident as the columns of a list say it, each as text; ``plan`` may be empty where the
    scheme has a plan for that."""

    name: str = Field("", max_length=4_000)
    identity: str = Field("", max_length=4_000)
    mobile: str = Field("", max_length=4_000)
    plan: str = Field("", max_length=4_000)
    consent: str = Field("", max_length=4_000)
    consented_on: str = Field("", max_length=4_000)


class ResidentStreamPartNew(Schema):
    """The rows of a part."""

    rows: list[ResidentStreamRow] = Field(max_length=ROWS)


class ResidentStreamPartAnswer(Schema):
    """What was taken of a part, and every fault of the other rows; ``line`` is the row from 1."""

    number: int
    rows: int
    accepted: int
    faults: list[dict[str, Any]]


class ResidentStreamCloseNew(Schema):
    """How many parts were sent."""

    parts: int = Field(ge=0, le=1_000_000)
