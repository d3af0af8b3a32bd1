"""The insurer's own decided claims as a table of losses: figures and days, nobody's name."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from dinghai.experience.severity import FEWEST
from dinghai.foundation.clock import SHANGHAI
from dinghai_platform.claims.models import DecisionRecord
from dinghai_platform.core.models import Organisation

COLUMNS: Final = ("loss_yuan", "paid_yuan", "occurred", "discovered", "notified", "decided",
                  "product")


@dataclass(frozen=True, slots=True)
class Enough:
    """How many decided claims have a loss above zero, and how many a fit needs at least."""

    count: int
    least: int = FEWEST

    @property
    def are_enough(self) -> bool:
        """Whether a law can be fitted to them at all."""
        return self.count >= self.least


def enough_losses(tenant: Organisation) -> Enough:
    """Whether the decided claims of a tenant can be fitted."""
    return Enough(_decided(tenant).filter(presented_fen__gt=0).count())


def own_losses(tenant: Organisation) -> bytes:
    """Every claim with a decision that stands and does not refuse it, as CSV: the loss as valued,
    what the lines come to, and the days. Ordered by decision, so that the same claims give the
    same bytes."""
    rows = (_decided(tenant).select_related(
                "claim__incident", "claim__policy__quote__product",
                "claim__firm_policy__quote__product")
            .only("presented_fen", "gross_fen", "issued_at", "claim__received_at",
                  "claim__incident__occurred_at", "claim__incident__discovered_at",
                  "claim__policy__quote__product__product_id",
                  "claim__firm_policy__quote__product__product_id")
            .order_by("id"))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for one in rows.iterator(chunk_size=1_000):
        claim = one.claim
        writer.writerow((
            f"{one.presented_fen / 100:.2f}", f"{one.gross_fen / 100:.2f}",
            _day(claim.incident.occurred_at), _day(claim.incident.discovered_at),
            _day(claim.received_at), _day(one.issued_at),
            (claim.policy or claim.firm_policy).quote.product.product_id))
    return text.getvalue().encode()


def _decided(tenant: Organisation) -> Any:
    # A refused claim is no loss of the book: what the insured presented was not covered.
    return DecisionRecord.objects.within(tenant).filter(
        state=DecisionRecord.State.ISSUED, superseded_by__isnull=True)


def _day(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(SHANGHAI).date().isoformat()
