"""Products that somebody may read: versions in catalogues, and the wordings that come along.

Both are asked for by one key: a version's own, or the id of a shipped wording. A shipped wording
that a visible version already has, word for word, is that version.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from django.http import Http404

from dinghai.foundation.canonical import document_hash
from dinghai.wording.conformance import ConformanceReport, check_product
from dinghai.wording.products import load_product, shipped_products
from dinghai.wording.schema import Product
from dinghai_platform.catalogue import queries
from dinghai_platform.catalogue.models import ON_SALE, ProductVersion
from dinghai_platform.core.actors import Actor
from dinghai_platform.site.words import name_of
from dinghai_platform.underwriting.engine import Kept

SHIPPED = "shipped"
"""The state of a wording that comes with the platform and stands in nobody's catalogue here."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A product with what is known of its standing. ``row`` is None for a shipped wording."""

    key: str
    product: Product
    document_hash: str
    row: ProductVersion | None = None

    @property
    def status(self) -> str:
        """The version's state, or that it merely comes along."""
        return self.row.status if self.row is not None else SHIPPED

    @property
    def on_sale(self) -> bool:
        """Whether it may be quoted."""
        return self.status in ON_SALE

    @property
    def name(self) -> str:
        """Its name in the language of the page."""
        return name_of(self.product)

    @property
    def insurer(self) -> str:
        """Whose it is; empty for a shipped wording."""
        return str(self.row.tenant) if self.row is not None else ""

    @property
    def coverages(self) -> tuple[str, ...]:
        """Sections and towers, in the wording's order."""
        return tuple(one.coverage for one in (*self.product.sections, *self.product.towers))

    @property
    def report(self) -> ConformanceReport:
        """The check against the market standard."""
        return report_of(self)


_reports = Kept(512)


def report_of(offer: Offer) -> ConformanceReport:
    """The check of an offer's wording; kept in the process by its hash."""
    return _reports.get(offer.document_hash, lambda: check_product(offer.product))


@cache
def _shipped(product_id: str) -> Offer:
    product = load_product(product_id)
    return Offer(product_id, product, document_hash(product.to_dict()))


def shipped_offers() -> list[Offer]:
    """Every wording that comes with the platform."""
    return [_shipped(one) for one in shipped_products()]


def offers(actor: Actor) -> list[Offer]:
    """All that the actor may read: catalogues first, then what comes along, by id and version."""
    rows = ProductVersion.objects.visible_to(actor).select_related("tenant")
    return with_shipped(rows.order_by("product_id", "-installed_at"))


def with_shipped(rows: Iterable[ProductVersion]) -> list[Offer]:
    """Versions, and the shipped wordings that none of them has word for word."""
    own = [_of_row(row) for row in rows]
    known = {one.document_hash for one in own}
    return own + [one for one in shipped_offers() if one.document_hash not in known]


def one_of_each(found: Iterable[Offer], scope: str) -> list[Offer]:
    """The products on sale (``sale``) or all of them (``all``); all where none is on sale.

    Of two contents under one name and version the one on sale stands.
    """
    everything = list(found)
    on_sale = [one for one in everything if one.on_sale]
    wanted = everything if scope == "all" or not on_sale else on_sale
    return list({(one.product.product_id, one.product.version): one
                 for one in sorted(wanted, key=lambda one: one.on_sale)}.values())


def offer_of(actor: Actor, key: str) -> Offer:
    """The product of a key. Raises Http404: what one may not see and what is not are alike."""
    if key in shipped_products():
        return _shipped(key)
    try:
        wanted = UUID(key)
    except ValueError:
        raise Http404("no such product") from None
    row = (
        ProductVersion.objects.visible_to(actor).filter(pk=wanted)
        .select_related("tenant", "replaced_by").first()
    )
    if row is None:
        raise Http404("no such product")
    return _of_row(row)


def _of_row(row: ProductVersion) -> Offer:
    return Offer(str(row.pk), queries.product_of(row), row.document_hash, row)


def offer_dict(offer: Offer) -> dict[str, Any]:
    """An offer as programs read it."""
    product = offer.product
    return {
        "key": offer.key, "product_id": product.product_id, "version": product.version,
        "name_zh": product.name_zh, "name_en": product.name_en, "insurer": offer.insurer or None,
        "status": offer.status, "line": product.line, "tier": product.tier,
        "targets": list(product.targets), "sectors": list(product.sectors),
        "coverages": list(offer.coverages), "document_hash": offer.document_hash,
    }
