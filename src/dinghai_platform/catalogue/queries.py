"""Reads of the catalogue: products on sale, and the threat tables in force on a day."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from dinghai.evidence.feeds import EpssTable, KevTable, shipped_epss, shipped_kev
from dinghai.foundation.errors import InputError
from dinghai.foundation.reading import typed
from dinghai.wording.policy import Product
from dinghai_platform.catalogue.models import ON_SALE, FeedTable, ProductVersion
from dinghai_platform.catalogue.services import read_feed
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.files import read_file
from dinghai_platform.core.models import Organisation


def products(actor: Actor, filters: dict[str, Any]) -> QuerySet[ProductVersion]:
    """The versions an actor sees, without their documents."""
    found = ProductVersion.objects.visible_to(actor).defer("document")
    if text := filters.get("q"):
        found = found.filter(
            Q(name_zh__icontains=text) | Q(name_en__icontains=text)
            | Q(product_id__icontains=text)
        )
    if status := filters.get("status"):
        found = found.filter(status=status)
    if product_id := filters.get("product_id"):
        found = found.filter(product_id=product_id)
    return found.select_related("tenant").order_by("product_id", "-version")


def products_on_sale(tenant: Organisation) -> QuerySet[ProductVersion]:
    """The versions a tenant may quote."""
    return ProductVersion.objects.within(tenant).filter(status__in=ON_SALE).order_by(
        "product_id", "-version"
    )


def product_of(row: ProductVersion) -> Product:
    """The engine's product of a version; kept in the process by the hash of its content."""
    kept = _products.get(row.document_hash)
    if kept is None:
        kept = typed(row.document, Product)
        while len(_products) >= _MOST_KEPT:
            _products.pop(next(iter(_products)), None)
        _products[row.document_hash] = kept
    return kept


_MOST_KEPT = 256
_products: dict[str, Product] = {}


def feeds(actor: Actor) -> QuerySet[FeedTable]:
    """The threat tables an actor's tenant loaded, newest first."""
    return (
        FeedTable.objects.visible_to(actor)
        .select_related("file", "job")
        .order_by("kind", "-as_of", "-id")
    )


def kev_in_force(tenant: Organisation, on: date) -> KevTable:
    """The KEV table that counts for a tenant on a day: its newest loaded one, else the shipped.

    A table counts from the day it was loaded: what nobody had cannot have been acted on.
    """
    table = _loaded(tenant, FeedTable.Kind.KEV, on)
    return table if isinstance(table, KevTable) else shipped_kev(on)


def epss_in_force(tenant: Organisation, on: date) -> EpssTable | None:
    """The EPSS table that counts for a tenant on a day; None where there is none so old."""
    table = _loaded(tenant, FeedTable.Kind.EPSS, on)
    if isinstance(table, EpssTable):
        return table
    try:
        return shipped_epss(on)
    except InputError:
        return None


def kev_of(tenant: Organisation, as_of: date) -> KevTable:
    """The KEV table of exactly that date, loaded or shipped. Raises InputError."""
    row = (
        FeedTable.objects.within(tenant).filter(kind=FeedTable.Kind.KEV, as_of=as_of)
        .select_related("file").order_by("-id").first()
    )
    table = _table(row) if row is not None else shipped_kev(as_of)
    if not isinstance(table, KevTable) or table.as_of != as_of:
        raise InputError(f"there is no KEV table of {as_of}", field="as_of", mend="load it")
    return table


def _loaded(tenant: Organisation, kind: str, on: date) -> KevTable | EpssTable | None:
    row = (
        FeedTable.objects.within(tenant)
        .filter(kind=kind, as_of__lte=on, loaded_at__date__lte=on)
        .select_related("file").order_by("-as_of", "-id").first()
    )
    return None if row is None else _table(row)


def _table(row: FeedTable) -> KevTable | EpssTable:
    key = (str(row.pk), row.sha256)
    if key not in _tables:
        if len(_tables) >= 8:
            _tables.pop(next(iter(_tables)))
        _tables[key] = read_feed(read_file(row.file), row.file.name, row.kind, row.as_of)
    return _tables[key]


_tables: dict[tuple[str, str], KevTable | EpssTable] = {}
