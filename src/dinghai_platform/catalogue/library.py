"""The list of products: what may be read, searched, filtered and sorted in the page's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from dinghai.vocabulary.coverages import coverages
from dinghai.wording.saying import joined
from dinghai_platform.catalogue.offers import Offer
from dinghai_platform.catalogue.words import (
    coverage_name,
    language,
    said,
    sector_name,
    target_name,
)
from dinghai_platform.site.formats import short_money_text
from dinghai_platform.site.lists import Column, Filter
from dinghai_platform.site.words import state_word

LINES = ("property", "liability", "product_service", "service", "personal")
_TIERS = ("inclusive", "standard", "demonstration")
_TARGETS = ("sme", "large", "vendor", "chain", "resident")


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The products that an address leaves, in its order, with what it asked for."""

    rows: list[Offer]
    query: str
    chosen: Mapping[str, str]
    sort: str

    @property
    def is_narrowed(self) -> bool:
        """Whether anything was asked for."""
        return bool(self.query) or any(self.chosen.values())


def columns(*, with_score: bool, exact: bool = False) -> tuple[Column, ...]:
    """What the list shows, or with ``exact`` its CSV. ``sort`` names a key of `_ORDERS`."""
    shown = [
        Column(_("Product"), lambda one: one.name, "text", "name", address_of,
               lambda one: one.product.product_id),
        Column(_("Version"), lambda one: one.product.version, "code", "version"),
        Column(_("Line"), lambda one: capfirst(said("line", one.product.line)), "text", "line",
               None, lambda one: said("tier", one.product.tier)),
        Column(_("For"), lambda one: capfirst(joined(map(target_name, one.product.targets),
                                                     language()))),
        Column(_("Covers"), lambda one: len(one.coverages), "count", "covers"),
        *(_exact_limits() if exact else
          [Column(_("Limits"), _limits, "text", "limit")]),
    ]
    if with_score:
        shown.append(Column(_("Conformance"), lambda one: one.report.score, "count", "score"))
    shown.append(Column(_("State"), lambda one: one.status, "status", "status", None,
                        lambda one: one.insurer))
    return tuple(shown)


def _exact_limits() -> list[Column]:
    return [
        Column(_("Limit from"), lambda one: one.product.limits.aggregate_minimum_fen, "money"),
        Column(_("Limit to"), lambda one: one.product.limits.aggregate_maximum_fen, "money"),
    ]


def _limits(one: Offer) -> str:
    limits = one.product.limits
    return (f"{short_money_text(limits.aggregate_minimum_fen)} – "
            f"{short_money_text(limits.aggregate_maximum_fen)}")


def filters(offers: Sequence[Offer]) -> tuple[Filter, ...]:
    """The choices above the list; sectors, coverages and states are those that occur."""
    sectors = sorted({code for one in offers for code in one.product.sectors})
    covered = {code for one in offers for code in one.coverages}
    states = sorted({one.status for one in offers})
    return (
        Filter("line", _("Line"), [(one, capfirst(said("line", one))) for one in LINES]),
        Filter("tier", _("Tier"), [(one, capfirst(said("tier", one))) for one in _TIERS]),
        Filter("sector", _("Sector"), [(one, sector_name(one)) for one in sectors]),
        Filter("target", _("For"), [(one, capfirst(target_name(one))) for one in _TARGETS]),
        Filter("coverage", _("Covers"),
               [(one, f"{one} {coverage_name(one)}") for one in coverages() if one in covered]),
        Filter("state", _("State"), [(one, state_word(one).label) for one in states]),
    )


def narrowed(
    offers: Sequence[Offer], asked: QueryDict, choices: Sequence[Filter], *, with_score: bool
) -> Narrowed:
    """The offers that an address leaves, in its order; what it says wrongly is not said."""
    text = asked.get("q", "").strip()[:200]
    chosen = {one.name: asked.get(one.name, "") for one in choices}
    known = {one.name: {code for code, _label in one.choices} for one in choices}
    chosen = {name: code if code in known[name] else "" for name, code in chosen.items()}
    rows = [one for one in offers if _matches(one, text.lower())
            and all(not code or _HAS[name](one, code) for name, code in chosen.items())]
    wanted = asked.get("sort", "")
    orders = {name for name in _ORDERS if with_score or name != "score"}
    sort = wanted if wanted.removeprefix("-") in orders else "standing"
    rows.sort(key=lambda one: (one.name, one.key))
    rows.sort(key=_ORDERS[sort.removeprefix("-")], reverse=sort.startswith("-"))
    return Narrowed(rows, text, chosen, sort)


def _matches(one: Offer, text: str) -> bool:
    """Names, id, summaries and the coverages' own names."""
    if not text:
        return True
    product = one.product
    parts = (product.product_id, product.name_zh, product.name_en, product.summary_zh,
             product.summary_en, one.insurer,
             *(part for section in (*product.sections, *product.towers)
               for part in (section.coverage, section.name_zh, section.name_en)))
    return any(text in part.lower() for part in parts)


_HAS: Mapping[str, Callable[[Offer, str], bool]] = {
    "line": lambda one, code: one.product.line == code,
    "tier": lambda one, code: one.product.tier == code,
    # A product without sectors is for all of them.
    "sector": lambda one, code: not one.product.sectors or code in one.product.sectors,
    "target": lambda one, code: code in one.product.targets,
    "coverage": lambda one, code: code in one.coverages,
    "state": lambda one, code: one.status == code,
}
_ORDERS: Mapping[str, Callable[[Offer], Any]] = {
    "standing": lambda one: (one.row is None, not one.on_sale),
    "name": lambda one: one.name,
    "version": lambda one: one.product.version,
    "line": lambda one: (LINES.index(one.product.line), _TIERS.index(one.product.tier)),
    "covers": lambda one: len(one.coverages),
    "limit": lambda one: one.product.limits.aggregate_minimum_fen,
    "score": lambda one: one.report.score,
    "status": lambda one: one.status,
}


def address_of(one: Offer) -> str:
    """Where a product is read."""
    if one.row is not None:
        return reverse("catalogue:product", args=[one.row.pk])
    return f"{reverse('catalogue:reference')}?p={one.key}"
