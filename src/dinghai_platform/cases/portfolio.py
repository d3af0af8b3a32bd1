"""Figures of an insurer's book from its register and its ledger, and sums over the market."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext_lazy

from dinghai_platform.claims.models import Claim
from dinghai_platform.core import roles
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import allowed
from dinghai_platform.core.tenancy import crossing_tenants
from dinghai_platform.ledger.queries import balances
from dinghai_platform.underwriting.models import Policy


@dataclass(frozen=True, slots=True)
class Portfolio:
    """Figures of one insurer from its register and its ledger, in fen."""

    policies: int
    limit_fen: int
    premium_fen: int
    rate_on_line_ppm: int | None
    open_claims: int
    written_fen: int
    incurred_fen: int
    reserve_fen: int
    payable_fen: int
    refunds_fen: int

    @property
    def paid_fen(self) -> int:
        """Claims incurred that are not payable any more."""
        return self.incurred_fen - self.payable_fen

    def to_dict(self) -> dict[str, int | None]:
        """Plain JSON."""
        return {name: getattr(self, name) for name in (
            "policies", "limit_fen", "premium_fen", "rate_on_line_ppm", "open_claims",
            "written_fen", "incurred_fen", "reserve_fen", "payable_fen", "paid_fen")}


def portfolio(actor: Actor) -> Portfolio | None:
    """The figures of the actor's own insurer; None for anybody without books here."""
    if not allowed(actor, "ledger.view"):
        return None
    tenant = actor.own_tenant()
    register = Policy.objects.within(tenant).filter(state="in_force").aggregate(
        count=Count("id"), limit=Sum("aggregate_limit_fen", default=0),
        premium=Sum("net_premium_fen", default=0))
    books = {one.account.key: one.balance_fen for one in balances(tenant)}
    limit, premium = int(register["limit"]), int(register["premium"])
    return Portfolio(
        policies=register["count"], limit_fen=limit, premium_fen=premium,
        rate_on_line_ppm=premium * 1_000_000 // limit if limit else None,
        open_claims=Claim.objects.within(tenant).filter(state__in=Claim.OPEN).count(),
        written_fen=books.get("premium_income", 0), incurred_fen=books.get("claims_paid", 0),
        reserve_fen=books.get("outstanding_claims", 0),
        payable_fen=books.get("claims_payable", 0), refunds_fen=books.get("refund_payable", 0))


def market(actor: Actor) -> dict[str, int] | None:
    """Sums over all insurers for an authority, which sees no single row."""
    if actor.role not in roles.REGULATORS:
        return None
    with crossing_tenants("an authority sees sums over the whole market and no single row"):
        register = Policy.objects.filter(state="in_force").aggregate(
            count=Count("id"), limit=Sum("aggregate_limit_fen", default=0),
            premium=Sum("net_premium_fen", default=0))
        counted = Claim.objects.aggregate(
            count=Count("id"), open=Count("id", filter=Q(state__in=Claim.OPEN)))
        paid = Claim.objects.aggregate(paid=Sum("payments__amount_fen", default=0))
        defects = Claim.objects.filter(requests__is_defect=True).distinct().count()
        insurers = Organisation.objects.filter(kind=Organisation.Kind.INSURER).count()
    return {"insurers": insurers, "policies": register["count"],
            "limit_fen": int(register["limit"]), "premium_fen": int(register["premium"]),
            "claims": counted["count"], "open_claims": counted["open"],
            "paid_fen": int(paid["paid"]), "defects": defects}


MARKET_NAMES = {
    "insurers": gettext_lazy("Insurers"), "policies": gettext_lazy("Policies in force"),
    "limit_fen": gettext_lazy("Limits in force"), "premium_fen": gettext_lazy("Premium"),
    "claims": gettext_lazy("Claims"), "open_claims": gettext_lazy("Open claims"),
    "paid_fen": gettext_lazy("Paid"), "defects": gettext_lazy("Second evidence requests"),
}
