"""Claims of one insured that an insurer's own platform holds, as a claims history counts them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import OuterRef, Subquery, Sum

from dinghai.foundation.clock import SHANGHAI
from dinghai_platform.claims.contracts import paid_policies
from dinghai_platform.claims.models import Claim, DecisionRecord
from dinghai_platform.core.models import Organisation
from dinghai_platform.underwriting.stated import HELD, MOST_CLAIMS, StatedClaim


@dataclass(frozen=True, slots=True)
class HeldPast:
    """What is held of one insured: since when it is covered, its policies and its claims."""

    policies: int
    since: date | None
    until: date | None
    claims: tuple[StatedClaim, ...]


def held_past(tenant: Organisation, insured: Organisation) -> HeldPast:
    """The policies and claims of one insured with one insurer, an enterprise's and a small
    firm's alike. Four queries."""
    days = paid_policies(tenant, insured)
    claims = _claims(tenant, insured)
    return HeldPast(len(days), days[0][0] if days else None,
                    max((last for _first, last in days), default=None), claims)


def _claims(tenant: Organisation, insured: Organisation) -> tuple[StatedClaim, ...]:
    latest = DecisionRecord.objects.within(tenant).filter(claim=OuterRef("pk")).exclude(
        state=DecisionRecord.State.REPLACED).order_by("-sequence")
    rows = (
        Claim.objects.within(tenant).filter(insured=insured).select_related("incident")
        .annotate(paid=Sum("payments__amount_fen"),
                  presented=Subquery(latest.values("presented_fen")[:1]))
        .order_by("number")[:MOST_CLAIMS])
    return tuple(_stated(one) for one in rows)


def _stated(row: Claim) -> StatedClaim:
    """Before a reserve or a decision a loss is unknown, which is not nothing."""
    paid = row.paid or 0
    unknown = row.is_open and not (row.presented or paid or row.reserve_fen)
    incident = row.incident
    moment = incident.occurred_at or incident.discovered_at
    return StatedClaim(
        claim_no=row.number, occurred_on=moment.astimezone(SHANGHAI).date().isoformat(),
        notified_on=row.received_at.astimezone(SHANGHAI).date().isoformat(),
        ground_up_fen=row.presented or None, paid_fen=None if unknown else paid,
        outstanding_fen=None if unknown else row.reserve_fen if row.is_open else 0,
        state=_state(row, paid), origin=HELD)


def _state(row: Claim, paid: int) -> str:
    if row.state == "rejected":
        return "refused"
    if row.is_open or paid:
        return "open" if row.is_open else "closed"
    return "refused" if row.rejected_at is not None else "closed_without_payment"
