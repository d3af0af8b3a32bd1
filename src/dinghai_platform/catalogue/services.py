"""Writes of the catalogue: products are installed, released and filed; threat tables are kept."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

from django.db import transaction

from dinghai.evidence.feeds import EpssTable, KevTable, load_epss, load_kev
from dinghai.foundation.canonical import document_hash
from dinghai.foundation.errors import InputError, Refusal
from dinghai.pricing.rating import load_rating
from dinghai.vocabulary.lifecycle import machines
from dinghai.wording.products import load_product
from dinghai_platform.catalogue.models import FeedTable, ProductVersion
from dinghai_platform.core import audit, clock, files
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import locked

ON_SALE = ("in_use", "filed")
_RELEASE = ("structure", "legal", "actuary", "approve", "use")


@transaction.atomic
def install_product(product_id: str, *, actor: Actor) -> ProductVersion:
    """Put a shipped product into the tenant's catalogue, as a draft.

    Installing the same version again answers the row that is there. Raises InputError for an
    unknown product, Refusal when that version stands with another content.
    """
    require(actor, "catalogue.install")
    tenant = actor.own_tenant()
    product = load_product(product_id)
    document = product.to_dict()
    digest = document_hash(document)
    audit.hold_chain(tenant)
    there = (
        ProductVersion.objects.within(tenant)
        .filter(product_id=product.product_id, version=product.version)
        .first()
    )
    if there is not None:
        if there.document_hash != digest:
            raise Refusal(
                f"{product.product_id} {product.version} is installed with another content",
                reasons=["give the changed product a new version"],
            )
        return there
    installed = ProductVersion.objects.create(
        tenant=tenant,
        product_id=product.product_id,
        version=product.version,
        name_zh=product.name_zh,
        name_en=product.name_en,
        document=document,
        document_hash=digest,
        status=machines()["product"].initial,
    )
    audit.append(
        actor,
        "catalogue.product_installed",
        installed,
        {"product": product.product_id, "version": product.version, "hash": digest},
    )
    return installed


@transaction.atomic
def advance_product(product: ProductVersion, event: str, *, actor: Actor) -> ProductVersion:
    """Move a product one step through its reviews. Raises Refusal for a step that is not next."""
    require(actor, "catalogue.install", product)
    product = locked(product)
    move = machines()["product"].step(product.status, event)
    product.status = move.target
    product.save(update_fields=("status",))
    audit.append(
        actor, "catalogue.product_advanced", product, {"event": event, "status": product.status}
    )
    return product


@transaction.atomic
def release_product(product: ProductVersion, *, actor: Actor) -> ProductVersion:
    """Walk a product through all its reviews until it is in use; each step is in the audit."""
    product = locked(product)
    for event in _RELEASE:
        if event in machines()["product"].events(product.status):
            product = advance_product(product, event, actor=actor)
    return product


@transaction.atomic
def file_product(
    product: ProductVersion,
    *,
    actor: Actor,
    filing_number: str | None = None,
    factor_minimum_ppm: int | None = None,
    factor_maximum_ppm: int | None = None,
) -> ProductVersion:
    """Record the filing: from now on every charged rate is held against its bounds (报行合一).

    Number and bounds are those of the product's rating table unless given. Raises InputError
    for bounds out of order, Refusal for a product that is not in use.
    """
    require(actor, "catalogue.file", product)
    rating = load_rating(product.document["rating"]["table"])
    filing_number = rating.filing if filing_number is None else filing_number
    if factor_minimum_ppm is None:
        factor_minimum_ppm = rating.filed.factor_minimum_ppm
    if factor_maximum_ppm is None:
        factor_maximum_ppm = rating.filed.factor_maximum_ppm
    if not filing_number.strip():
        raise InputError("the filing has no number", field="filing_number", mend="copy it")
    if not 0 < factor_minimum_ppm <= factor_maximum_ppm:
        raise InputError(
            "the filed bounds are out of order", field="factor_minimum_ppm", mend="order them"
        )
    product = locked(product)
    product.status = machines()["product"].step(product.status, "file").target
    product.filing_number = filing_number.strip()
    product.filed_at = clock.now()
    product.filed_factor_minimum_ppm = factor_minimum_ppm
    product.filed_factor_maximum_ppm = factor_maximum_ppm
    product.save()
    audit.append(
        actor,
        "catalogue.product_filed",
        product,
        {
            "number": product.filing_number,
            "factor_ppm": [factor_minimum_ppm, factor_maximum_ppm],
        },
    )
    return product


@transaction.atomic
def keep_feed_table(
    content: bytes, *, name: str, kind: str, actor: Actor, as_of: date | None = None
) -> FeedTable:
    """Read a threat table and keep it for the tenant; the same table is kept once.

    Raises InputError with the faulty lines of a file that is none, and for a table from the
    future.
    """
    require(actor, "catalogue.load_feed")
    tenant = actor.own_tenant()
    table = read_feed(content, name, kind, as_of)
    if table.as_of > clock.today():
        raise InputError(
            f"the table is of {table.as_of}, which has not come yet", field="as_of", file=name,
            mend="load it on that day",
        )
    stored = files.store_file(
        content, name=name, media_type="application/octet-stream", actor=actor
    )
    kept, made = FeedTable.objects.within(tenant).get_or_create(
        tenant=tenant,
        kind=kind,
        as_of=table.as_of,
        sha256=stored.sha256,
        defaults={"rows": len(table), "file": stored},
    )
    if made:
        audit.append(
            actor,
            "catalogue.feed_loaded",
            kept,
            {"kind": kind, "as_of": table.as_of.isoformat(), "rows": len(table),
             "sha256": stored.sha256},
        )
    return kept


def read_feed(content: bytes, name: str, kind: str, as_of: date | None) -> KevTable | EpssTable:
    """The table in a file's bytes. Raises InputError."""
    if kind not in FeedTable.Kind.values:
        raise InputError(f"{kind!r} is no kind of table", field="kind", mend="kev or epss")
    plain = Path(name.replace("\\", "/")).name or "table"
    with tempfile.TemporaryDirectory(prefix="feed-") as room:
        path = Path(room) / plain
        path.write_bytes(content)
        if kind == FeedTable.Kind.KEV:
            return load_kev(path, as_of=as_of)
        return load_epss(path, as_of=as_of)
