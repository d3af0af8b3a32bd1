"""What a chain is at a glance: counts, what is estimated, who depends on whom, what is shared."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dinghai.evidence.feeds import KevTable
from dinghai.foundation.canonical import JSON
from dinghai.supplychain.chain import Chain, Firm, Goods
from dinghai.supplychain.chain_checks import share_of
from dinghai.supplychain.held_products import held_products

ESTIMABLE: Final = (
    "gross_profit_rate_ppm", "headcount", "endpoints", "records_general", "records_sensitive",
    "important_data", "critical_infrastructure", "online_revenue_ppm", "tolerable_outage_seconds",
    "operations_systems", "recovery_seconds")
"""Facts of a firm that its template stands in for where nobody states them."""


@dataclass(frozen=True, slots=True)
class SingleSource:
    """A delivery of an item that its buyer gets from one firm alone."""

    buyer: str
    source: str
    item: str
    share_ppm: int
    stock_seconds: int | None

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {"buyer": self.buyer, "from": self.source, "item": self.item,
                "share_ppm": self.share_ppm, "stock_seconds": self.stock_seconds}


def overview(chain: Chain, kev: KevTable | None = None) -> dict[str, JSON]:
    """The document ``dinghai.chain-overview/1``. With the catalogue of exploited vulnerabilities it
    says which products of it are held by whom, those of the most firms first."""
    products = held_products(chain, kev)
    known = Counter(one.known_by for one in chain.controls)
    scored = {one.firm for one in chain.controls}
    return {
        "schema": "dinghai.chain-overview/1", "chain": chain.id, "name_zh": chain.name_zh,
        "owner": chain.owner, "as_of": chain.as_of.isoformat(), "firms": len(chain.firms),
        "by_role": dict(Counter(one.role for one in chain.firms)),
        "by_tier": {str(tier): count for tier, count in sorted(
            Counter(one.tier for one in chain.firms).items())},
        "by_industry": dict(sorted(Counter(one.industry for one in chain.firms).items())),
        "revenue_fen": sum(one.revenue_fen for one in chain.firms),
        "controls": dict(known), "firms_without_controls": [
            one.id for one in chain.firms if one.id not in scored],
        "assets": dict(Counter(one.kind for one in chain.assets)),
        "weaknesses": dict(Counter(one.severity for one in chain.weaknesses)),
        "links": dict(Counter(one.kind for one in chain.links)),
        "goods": len(chain.goods),
        "estimated": estimated(chain),
        "depended_on": [{"firm": one, "share_ppm": share, "buyers": list(buyers)}
                        for one, share, buyers in depended_on(chain)],
        "shared_providers": [{"provider": code, "firms": list(firms)}
                             for code, firms in shared_providers(chain).items()],
        "products": [one.to_dict() for one in sorted(
            products, key=lambda one: (-len(one.firms), one.id))],
        "firms_without_products": firms_without_products(chain),
        "single_sources": [one.to_dict() for one in single_sources(chain)],
    }


def estimated(chain: Chain) -> dict[str, JSON]:
    """By field: how many firms leave it out or have it assumed."""
    counts: Counter[str] = Counter()
    for firm in chain.firms:
        counts.update(unknown_of(firm))
        counts.update(firm.estimated)
    return dict(counts.most_common())


def unknown_of(firm: Firm) -> tuple[str, ...]:
    """What a firm leaves out and its template stands in for."""
    return tuple(name for name in ESTIMABLE if getattr(firm, name) is None)


def depended_on(chain: Chain) -> Sequence[tuple[str, int, tuple[str, ...]]]:
    """Firms that deliver, by the sum of their buyers' output that stops for good without them."""
    totals: dict[str, int] = defaultdict(int)
    buyers: dict[str, list[str]] = defaultdict(list)
    for goods in chain.goods:
        totals[goods.source] += share_of(goods)
        if goods.target not in buyers[goods.source]:
            buyers[goods.source].append(goods.target)
    return sorted(((one, total, tuple(buyers[one])) for one, total in totals.items()),
                  key=lambda row: (-row[1], row[0]))


def shared_providers(chain: Chain) -> Mapping[str, tuple[str, ...]]:
    """Firms that use each provider, the most used first."""
    users: dict[str, dict[str, None]] = {one.id: {} for one in chain.providers}
    for link in chain.links:
        if link.source in users and link.target in chain.firm:
            users[link.source][link.target] = None
    return {code: tuple(firms) for code, firms in sorted(
        users.items(), key=lambda row: (-len(row[1]), row[0]))}


def firms_without_products(chain: Chain) -> int:
    """Firms of which no product is known: no common vulnerability can reach them."""
    return len(chain.firm.keys() - {one.firm for one in chain.assets if one.products})


def single_sources(chain: Chain) -> tuple[SingleSource, ...]:
    """Deliveries of which the buyer has no second source and can buy nothing elsewhere, the
    largest first."""
    sources: dict[tuple[str, str], set[str]] = defaultdict(set)
    for goods in chain.goods:
        sources[goods.target, goods.item].add(goods.source)
    found = [SingleSource(one.target, one.source, one.item, one.share_ppm, one.stock_seconds)
             for one in chain.goods if _single(one, sources)]
    return tuple(sorted(found, key=lambda one: (-one.share_ppm, one.buyer, one.source)))


def _single(goods: Goods, sources: Mapping[tuple[str, str], set[str]]) -> bool:
    if goods.share_ppm == 0 or goods.substitutable_ppm:
        return False
    return bool(goods.item) and len(sources[goods.target, goods.item]) == 1


def firm_overview(chain: Chain, firm: Firm) -> dict[str, JSON]:
    """One firm of the chain (``dinghai.chain-firm/1``): what is known, and whom it deals with."""
    scores = [one for one in chain.controls if one.firm == firm.id]
    return {
        "schema": "dinghai.chain-firm/1", "chain": chain.id, "firm": firm.id,
        "name_zh": firm.name_zh, "role": firm.role, "tier": firm.tier, "industry": firm.industry,
        "revenue_fen": firm.revenue_fen, "headcount": firm.headcount, "province": firm.province,
        "not_known": list(unknown_of(firm)), "estimated": list(firm.estimated),
        "controls": {one.indicator: {"score_ppm": one.score_ppm, "known_by": one.known_by}
                     for one in scores},
        "assets": [{"id": one.id, "kind": one.kind, "name": one.name, "exposed": one.exposed,
                    "products": len(one.products)}
                   for one in chain.assets if one.firm == firm.id],
        "weaknesses": [{"asset": one.asset, "cve": one.cve, "technique": one.technique,
                        "severity": one.severity, "source": one.source}
                       for one in chain.weaknesses if one.firm == firm.id],
        "links_in": [{"from": one.source, "kind": one.kind, "mfa": one.mfa}
                     for one in chain.links if one.target == firm.id],
        "links_out": [{"to": one.target, "kind": one.kind, "mfa": one.mfa}
                      for one in chain.links if one.source == firm.id],
        "buys_from": [{"from": one.source, "item": one.item, "share_ppm": one.share_ppm,
                       "stock_seconds": one.stock_seconds}
                      for one in chain.goods if one.target == firm.id],
        "delivers_to": [{"to": one.target, "item": one.item, "share_ppm": one.share_ppm,
                         "stock_seconds": one.stock_seconds}
                        for one in chain.goods if one.source == firm.id],
    }
