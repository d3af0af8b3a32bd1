"""The catalogue's API: versions in the tenant's catalogue, and the verbs on them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, File, Query, Router, Schema, Status
from ninja.files import UploadedFile

from dinghai.foundation.errors import InputError
from dinghai_platform.catalogue import api_reading, queries, services
from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.core.permissions import require
from dinghai_platform.core.schemas import ERRORS, PageQuery, part_of
from dinghai_platform.core.tenancy import visible_or_404

router = Router(tags=["products"])
one = Router(tags=["products"])
# In this order: /{key} fits every word, and the first path that fits takes the request.
router.add_router("", api_reading.router)
router.add_router("", one)


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
    off_sale_at: datetime | None
    off_sale_reason: str
    document_hash: str
    document: dict[str, Any] | None = None


class ProductNew(Schema):
    """Which shipped product to install."""

    product_id: str = Field(min_length=1, max_length=100)


class WithdrawalNew(Schema):
    """Why a product leaves the market."""

    reason: str = Field(min_length=1, max_length=2000)


class FilingNew(Schema):
    """The filing's number and the bounds of the market factor, in parts per million."""

    filing_number: str | None = Field(None, max_length=80)
    factor_minimum_ppm: int | None = Field(None, ge=1, le=10**9)
    factor_maximum_ppm: int | None = Field(None, ge=1, le=10**9)


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


@router.post("", response={201: ProductAnswer, **ERRORS}, operation_id="install_product")
def product_install(request: HttpRequest, body: ProductNew) -> Status:
    """Put a shipped product into the catalogue, as a draft; the same version again is answered."""
    return Status(201, product_shape(
        services.install_product(body.product_id, actor=request.actor)
    ))


@router.post("/wordings", response={201: ProductAnswer, **ERRORS},
             operation_id="install_wording")
def wording_install(request: HttpRequest, wording: File[UploadedFile]) -> Status:
    """Put the insurer's own product.toml into the catalogue, as a draft."""
    require(request.actor, "catalogue.install")
    if wording.size is None or wording.size > services.LONGEST_WORDING:
        raise InputError("the file is too large for a wording", field="wording",
                         mend="upload product.toml")
    return Status(201, product_shape(
        services.install_wording(wording.read(), actor=request.actor)
    ))


@router.post("/{key}/release", response={200: ProductAnswer, **ERRORS},
             operation_id="release_product")
def product_release(request: HttpRequest, key: UUID) -> dict[str, Any]:
    """Walk a product through all its reviews until it is in use."""
    row = visible_or_404(ProductVersion, request.actor, pk=key)
    require(request.actor, "catalogue.install", row)
    return product_shape(services.release_product(row, actor=request.actor))


@router.post("/{key}/filing", response={200: ProductAnswer, **ERRORS},
             operation_id="file_product")
def product_file(request: HttpRequest, key: UUID, body: FilingNew) -> dict[str, Any]:
    """Record the filing of a product in use; what is left out is what its rating table says."""
    row = visible_or_404(ProductVersion, request.actor, pk=key)
    return product_shape(services.file_product(
        row, actor=request.actor, filing_number=body.filing_number,
        factor_minimum_ppm=body.factor_minimum_ppm, factor_maximum_ppm=body.factor_maximum_ppm,
    ))


@router.post("/{key}/revision", response={200: ProductAnswer, **ERRORS},
             operation_id="revise_product")
def product_revise(request: HttpRequest, key: UUID) -> dict[str, Any]:
    """End the sale of a filed version that a newer version on sale takes the place of."""
    row = visible_or_404(ProductVersion, request.actor, pk=key)
    return product_shape(services.revise_product(row, actor=request.actor))


@router.post("/{key}/withdrawal", response={200: ProductAnswer, **ERRORS},
             operation_id="withdraw_product")
def product_withdraw(request: HttpRequest, key: UUID, body: WithdrawalNew) -> dict[str, Any]:
    """Take a filed version off the market; policies in force keep their wording."""
    row = visible_or_404(ProductVersion, request.actor, pk=key)
    return product_shape(services.withdraw_product(
        row, reason=body.reason, actor=request.actor))


@one.get("/{key}", response={200: ProductAnswer, **ERRORS}, operation_id="product")
def product_one(request: HttpRequest, key: UUID) -> dict[str, Any]:
    """One version with its whole wording."""
    require(request.actor, "catalogue.view")
    row = visible_or_404(ProductVersion, request.actor, pk=key)
    return {**product_shape(row), "document": row.document}


def product_shape(row: ProductVersion) -> dict[str, Any]:
    """A product version as the API says it."""
    names = ("product_id", "version", "name_zh", "name_en", "status", "installed_at",
             "filing_number", "off_sale_at", "off_sale_reason", "document_hash")
    return {"id": row.pk, **{name: getattr(row, name) for name in names}}
