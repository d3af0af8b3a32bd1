"""Shapes of the API of supply chains."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Field, Schema

from dinghai_platform.chains.services.runs import (
    LEAST_YEARS,
    MOST_BUDGET,
    MOST_SEED,
    MOST_YEARS,
)
from dinghai_platform.core.schemas import ErrorDetail, Part


class SupplyChainAnswer(Schema):
    """A supply chain. What is known of it stands in its versions."""

    id: UUID
    code: str
    name_zh: str
    name_en: str
    state: Literal["active", "withdrawn"]
    insurer: UUID
    owner: UUID | None
    latest: int
    firms: int
    revenue_fen: int
    as_of: date | None
    created_at: datetime
    withdrawn_at: datetime | None
    withdrawal_reason: str


class SupplyChainPart(Part):
    """Supply chains, newest first."""

    items: list[SupplyChainAnswer]


class ChainVersionAnswer(Schema):
    """A version. ``document_hash`` is the SHA-256 of its canonical JSON (RFC 8785)."""

    id: UUID
    chain: UUID
    number: int
    as_of: date
    document_hash: str
    counts: dict[str, int]
    source: Literal["folder", "json", "list"]
    file_name: str
    file_sha256: str
    report: dict[str, Any]
    note: str
    kept_by: str | None
    created_at: datetime
    document: dict[str, Any] | None = None


class ChainVersionPart(Part):
    """Versions of a chain, newest first."""

    items: list[ChainVersionAnswer]


class ChainTableDifference(Schema):
    """What changed in a table; of each kind the first 200 rows are named."""

    table: str
    before: int
    after: int
    added_count: int
    removed_count: int
    changed_count: int
    added: list[dict[str, Any]]
    removed: list[dict[str, Any]]
    changed: list[dict[str, Any]]


class ChainDifferenceAnswer(Schema):
    """Two versions of a chain."""

    first: int
    second: int
    tables: list[ChainTableDifference]


class ChainUploadNew(Schema):
    """What goes with a file. ``chain`` makes it a next version. A supplier list of a new chain
    needs ``code``, ``owner_name``, ``industry`` and ``revenue`` (such as 80亿); a chain owner who
    deals with several insurers names one."""

    chain: UUID | None = None
    insurer: UUID | None = None
    owner: UUID | None = None
    code: str = Field("", max_length=64)
    name_zh: str = Field("", max_length=200)
    owner_name: str = Field("", max_length=200)
    industry: str = Field("", max_length=1)
    revenue: str = Field("", max_length=40)
    as_of: date | None = None


class ChainReadingNew(Schema):
    """How a supplier list is read: headings by column, and values for what nobody states."""

    columns: dict[str, str] = Field(default_factory=dict, max_length=60)
    assume: dict[str, str] = Field(default_factory=dict, max_length=20)


class ChainKeepingNew(Schema):
    """A word on the version that is made."""

    note: str = Field("", max_length=500)


class ChainWithdrawalNew(Schema):
    """Why a chain is taken out of use."""

    reason: str = Field(min_length=1, max_length=2_000)


class ChainImportAnswer(Schema):
    """A file that was read. ``report`` says guesses, counts, what was left out and why; while it
    has ``faults`` it cannot be kept."""

    id: UUID
    chain: UUID | None
    state: Literal["read", "kept", "dropped"]
    source: Literal["folder", "json", "list"]
    file_name: str
    file_size: int
    file_sha256: str
    settings: dict[str, Any]
    document_hash: str
    report: dict[str, Any]
    faults: list[ErrorDetail]
    version: int | None
    created_at: datetime


class ChainRunNew(Schema):
    """What is asked of the twin. Without ``version`` it is the last one, without ``day`` today."""

    version: int | None = Field(None, ge=1, le=1_000_000)
    years: int = Field(20_000, ge=LEAST_YEARS, le=MOST_YEARS)
    seed: int = Field(1, ge=0, le=MOST_SEED)
    day: date | None = None
    budget_fen: int | None = Field(None, ge=0, le=MOST_BUDGET)


class ChainRunAnswer(Schema):
    """A run. ``holds`` are parts that can be fetched, ``lacks`` those it does not make; ``job`` can
    be followed under ``/core/jobs/{id}``."""

    id: UUID
    chain: UUID
    version: int
    state: Literal["running", "done", "failed"]
    years: int
    seed: int
    day: date
    kev_as_of: date | None
    epss_as_of: date | None
    budget_fen: int | None
    holds: list[str]
    lacks: list[str]
    mean_fen: int | None
    tail_fen: int | None
    paid_fen: int | None
    fault: dict[str, Any] | None
    job: UUID | None
    job_state: str | None
    created_at: datetime
    finished_at: datetime | None


class ChainRunPart(Part):
    """Runs of a chain, newest first."""

    items: list[ChainRunAnswer]


class ChainNodeAnswer(Schema):
    """A firm or provider, or a product whose vulnerabilities strike many firms at once, with what
    the last run of the version found. Fen a year; null is not known or not run."""

    id: str
    name: str
    kind: Literal["firm", "provider", "common_vulnerability"]
    role: str
    tier: int | None
    section: str
    group: str
    province: str
    revenue_fen: int | None
    score_ppm: int | None
    scores: int
    weaknesses: int
    links_in: int
    links_out: int
    grade: str | None
    index_ppm: int | None
    struck_a_year: float | None
    own_fen: int | None
    inherited_fen: int | None
    exported_fen: int | None
    through_goods_fen: int | None
    averted_fen: int | None


class ChainNodePart(Part):
    """Nodes of a version, in the order of the chain's document, then the products of its run."""

    items: list[ChainNodeAnswer]


class ChainMapAnswer(Schema):
    """The picture of a chain: circles with their place, and curves between them."""

    schema_: str = Field(alias="schema")
    group: str
    group_name: str
    size: str
    width: int
    height: int
    columns: list[dict[str, Any]]
    marks: list[dict[str, Any]]
    edges: list[dict[str, Any]]
    hidden_nodes: int
    hidden_edges: int
