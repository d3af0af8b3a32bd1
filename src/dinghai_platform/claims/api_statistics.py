"""The API of published statistics: aggregates only."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Schema

from dinghai_platform.claims.published import LEAST, MARKET, Row, published_statistics
from dinghai_platform.core.permissions import require


class CountAnswer(Schema):
    """How many claims, of how many; null where it is withheld."""

    count: int | None
    of: int | None
    share_ppm: int | None


class ReasonAnswer(Schema):
    """Refusals for one reason: an outcome, ``excluded:`` with the exclusion's code, or other."""

    reason: str
    count: int


class StatisticsRow(Schema):
    """One insurer (null: all of them) in one period of first decisions."""

    period: str
    insurer: UUID | None
    name_zh: str
    name_en: str
    decided: CountAnswer
    paid: CountAnswer
    refused: CountAnswer
    reduced: CountAnswer
    appealed: CountAnswer
    overturned: CountAnswer = Field(description="among the appeals that have ended")
    defects: CountAnswer = Field(description="claims with a second evidence request")
    median_decision_days: float | None
    median_payment_days: float | None
    refused_by_reason: list[ReasonAnswer]


class StatisticsAnswer(Schema):
    """Published rows, newest period first."""

    by: str
    least_claims: int = Field(description="claims that a figure stands for at least")
    rows: list[StatisticsRow]


def statistics(
    request: HttpRequest, by: Literal["quarter", "year"] = "quarter"
) -> dict[str, Any]:
    """How long, how often refused or reduced and why, how often appealed and overturned: by
    insurer and period. An insurer reads its own rows and the market's."""
    require(request.actor, "claims.statistics")
    return {"by": by, "least_claims": LEAST,
            "rows": [_row(one) for one in published_statistics(request.actor, by)]}


def _row(row: Row) -> dict[str, Any]:
    cells = {name: {"count": cell.count, "of": cell.of if cell.count is not None else None,
                    "share_ppm": cell.share_ppm}
             for name, cell in row.cells.items() if name != "ended"}
    return {
        "period": row.period, "insurer": None if row.insurer == MARKET else row.insurer,
        "name_zh": row.name_zh, "name_en": row.name_en, **cells,
        "median_decision_days": row.decision_days, "median_payment_days": row.payment_days,
        "refused_by_reason": [{"reason": code, "count": count} for code, count in row.reasons],
    }
