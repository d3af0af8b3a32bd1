"""The catalogue's API: products in the tenant's catalogue."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema

from dinghai_platform.catalogue import queries
from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.core.permissions import require
from dinghai_platform.core.schemas import ERRORS, PageQuery, part_of
from dinghai_platform.core.tenancy import visible_or_404

router = Router(tags=["products"])


class ProductAnswer(Schema):
    """A product version; ``document`` is dinghai.product/1."""

    id: UUID
    product_id: str
    version: str
    name_zh: str
    name_en: str
    status: str
    installed_at: datetime
    filing_number: str
    document_hash: str
    document: dict[str, Any] | None = None


class ProductPart(Schema):
    """A part of the catalogue."""

    count: int
    limit: int
    offset: int
    items: list[ProductAnswer]


@router.get("", response={200: ProductPart, **ERRORS}, operation_id="products")
def product_list(request: HttpRequest, page: Query[PageQuery]) -> dict[str, Any]:
    """The versions in the tenant's catalogue."""
    require(request.actor, "catalogue.view")
    return part_of(queries.products(request.actor, {}), page, product_shape)


@router.get("/{key}", response={200: ProductAnswer, **ERRORS}, operation_id="product")
def product_one(request: HttpRequest, key: UUID) -> dict[str, Any]:
    """One version with its whole wording."""
    require(request.actor, "catalogue.view")
    row = visible_or_404(ProductVersion, request.actor, pk=key)
    return {**product_shape(row), "document": row.document}


def product_shape(row: ProductVersion) -> dict[str, Any]:
    """A product version as the API says it."""
    names = ("product_id", "version", "name_zh", "name_en", "status", "installed_at",
             "filing_number", "document_hash")
    return {"id": row.pk, **{name: getattr(row, name) for name in names}}
