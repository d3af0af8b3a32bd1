"""The needs analysis as a document (schema dinghai.needs/1). Amounts are fen; null is no number."""

from __future__ import annotations

from typing import Literal

import msgspec

from dinghai.foundation.canonical import JSON, document_hash
from dinghai.foundation.reading import plain


class _Struct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Frozen and strict."""


class Rule(_Struct, frozen=True):
    """How limits are proposed, and where means stop counting."""

    zh: str
    en: str
    rarest_hits_ppm: int
    mean_limit_each_incident_fen: int


class Need(_Struct, frozen=True):
    """What could happen under one coverage, and the limit it asks for.

    ``hits_per_year_ppm``: incidents a year that cost anything under it, in millionths.
    ``incident_*`` look at these incidents only. A need from a scenario has only its amount.
    """

    coverage: str
    name_zh: str
    name_en: str
    basis: Literal["loss_model", "scenario"]
    scenario: str | None
    hits_per_year_ppm: int | None
    mean_year_fen: int | None
    year_1_in_20_fen: int | None
    year_1_in_100_fen: int | None
    incident_median_fen: int | None
    incident_1_in_20_fen: int | None
    incident_1_in_100_fen: int | None
    need_fen: int
    proposed_limit_fen: int | None
    not_proposed: str | None


class Gap(_Struct, frozen=True):
    """What a product leaves open of a proposed coverage.

    ``mean_year_fen`` is the expected loss of a year above the product's limit.
    """

    coverage: str
    name_zh: str
    name_en: str
    reason: str
    needed_fen: int
    limit_fen: int
    gap_fen: int
    mean_year_fen: int | None


class ProductGaps(_Struct, frozen=True):
    """The gaps of one product, bound with the proposed aggregate limit as far as it goes."""

    product: str
    version: str
    name_zh: str
    name_en: str
    aggregate_limit_fen: int
    aggregate_gap_fen: int
    gaps: tuple[Gap, ...]
    total_gap_fen: int
    uncovered_mean_year_fen: int


class FrontierPoint(_Struct, frozen=True):
    """After one more fix (empty: today): effort and money so far, premium, what stays with the
    firm.

    ``spent_fen`` is what the fixes so far cost in the first year; None from the first one on that
    the cost table has no cost for. ``expected_loss_fen`` is a year's ground-up mean,
    ``kept_fen`` what of it the policy leaves.
    """

    indicator: str
    effort: int
    spent_fen: int | None
    charged_net_fen: int
    expected_payout_fen: int
    expected_loss_fen: int
    kept_fen: int


class Frontier(_Struct, frozen=True):
    """Spending on controls against spending on transfer, under one product."""

    product: str
    version: str
    aggregate_limit_fen: int
    event_deductible_fen: int
    points: tuple[FrontierPoint, ...]


class Needs(_Struct, frozen=True):
    """Needs of one enterprise and the gaps of products. The same input gives the same bytes."""

    schema: Literal["dinghai.needs/1"]
    name_zh: str
    name_en: str
    calibration: str
    incidents_per_year_ppm: int
    rule: Rule
    needs: tuple[Need, ...]
    aggregate_limit_fen: int
    products: tuple[ProductGaps, ...]
    frontier: Frontier | None = None

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON with its own hash."""
        document = plain(self)
        return {**document, "hash": document_hash(document)}
