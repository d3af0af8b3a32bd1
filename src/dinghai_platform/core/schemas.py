"""Shapes of the core's API answers, and how long lists are paged."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Field, Schema


class ErrorDetail(Schema):
    """Where the fault is and how to mend it."""

    file: str | None = None
    line: int | None = None
    field: str | None = None
    message: str
    mend: str | None = None


class ErrorAnswer(Schema):
    """Every error of the API."""

    error: ErrorDetail


ERRORS = dict.fromkeys((400, 401, 403, 404, 405, 409, 413, 415, 422, 429), ErrorAnswer)
"""Spread into an operation's ``response``: ``{200: Shape, **ERRORS}``."""


class PageQuery(Schema):
    """Which part of a long list: ``limit`` rows from ``offset``."""

    limit: int = Field(50, ge=1, le=500)
    offset: int = Field(0, ge=0, le=10_000_000)


def part_of(rows: Any, page: PageQuery, shape: Any) -> dict[str, Any]:
    """One part of a list: ``{"count", "limit", "offset", "items"}``; ``shape`` makes an item."""
    return {
        "count": rows.count(),
        "limit": page.limit,
        "offset": page.offset,
        "items": [shape(row) for row in rows[page.offset : page.offset + page.limit]],
    }


class Part(Schema):
    """What every part of a list says besides its items."""

    count: int
    limit: int
    offset: int


class OrganisationAnswer(Schema):
    """An organisation."""

    id: UUID
    kind: str
    name_zh: str
    name_en: str
    credit_code: str | None = None


class OrganisationPart(Part):
    """Organisations."""

    items: list[OrganisationAnswer]


class OrganisationNew(Schema):
    """An organisation the actor's tenant deals with (tenants are made by the platform)."""

    kind: Literal[
        "insured", "broker", "provider", "adjuster", "chain_owner", "park", "reinsurer",
        "regulator", "mediator",
    ]
    name_zh: str = Field(min_length=1, max_length=200, pattern=r"\S")
    name_en: str = Field("", max_length=200)
    credit_code: str | None = Field(None, max_length=18)


class MeAnswer(Schema):
    """Who acts."""

    user: str | None
    username: str | None
    organisation: OrganisationAnswer
    role: str
    tenant: UUID | None
    scopes: list[str] | None
    permissions: list[str]


class JobAnswer(Schema):
    """A job."""

    id: UUID
    kind: str
    title: str
    state: str
    progress: int
    total: int | None
    percent: int | None
    message: str
    reason: str
    error: str
    result: Any = None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class JobPart(Part):
    """Jobs."""

    items: list[JobAnswer]


class AuditAnswer(Schema):
    """One link of the audit chain."""

    id: UUID
    sequence: int
    at: datetime
    user: str | None
    organisation: UUID
    role: str
    action: str
    subject_type: str
    subject_id: str
    payload: dict[str, Any]
    leaf_count: int | None
    merkle_root: str
    request_id: str
    previous_hash: str
    hash: str


class AuditPart(Part):
    """Links."""

    items: list[AuditAnswer]


class BrokenLinkAnswer(Schema):
    """The first link that does not hold."""

    sequence: int
    reason: str


class ChainAnswer(Schema):
    """What the walk over the chain found."""

    tenant: UUID
    name: str
    length: int
    head: str
    holds: bool
    first_broken: BrokenLinkAnswer | None
