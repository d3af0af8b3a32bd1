"""Writes of the catalogue: a product comes, is released, filed, revised, withdrawn; threat tables.
"""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

from django.db import transaction

from dinghai.evidence.feeds import EpssTable, KevTable, load_epss, load_kev
from dinghai.foundation.canonical import document_hash
from dinghai.foundation.errors import Fault, InputError, Refusal
from dinghai.vocabulary.lifecycle import machines
from dinghai.wording.library import version_key
from dinghai.wording.products import load_product, read_product, shipped_products
from dinghai.wording.schema import Product
from dinghai_platform.actuarial.in_force import rating_in_force
from dinghai_platform.catalogue.models import ON_SALE as ON_SALE
from dinghai_platform.catalogue.models import FeedTable, ProductVersion
from dinghai_platform.core import audit, clock, files
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require

LONGEST_WORDING = 1024 * 1024
"""Bytes of an uploaded wording; what ships is far smaller."""
_LONGEST_REASON = 2_000
_RELEASE = ("structure", "legal", "actuary", "approve", "use")


@transaction.atomic
def install_product(product_id: str, *, actor: Actor) -> ProductVersion:
    """Put a shipped product into the tenant's catalogue, as a draft.

    Installing the same version again answers the row that is there. Raises InputError for an
    unknown product, Refusal when that version stands with another content.
    """
    require(actor, "catalogue.install")
    if product_id not in shipped_products():
        raise InputError(f"there is no product {product_id!r}", field="product_id",
                         mend="name one that comes with the platform")
    return _install(load_product(product_id), actor)


@transaction.atomic
def install_wording(content: bytes, *, actor: Actor) -> ProductVersion:
    """Put the insurer's own ``product.toml`` into its catalogue, as a draft.

    Raises InputError with the lines of a wording that cannot be decided by, Refusal when that
    version stands with another content.
    """
    require(actor, "catalogue.install")
    return _install(read_wording(content), actor)


def read_wording(content: bytes) -> Product:
    """The product in a file's bytes, resolved and checked. Raises InputError."""
    with tempfile.TemporaryDirectory(prefix="wording-") as room:
        path = Path(room) / "product.toml"
        path.write_bytes(content)
        try:
            return read_product(Path(room))
        except InputError as error:
            raise InputError.of(
                Fault(one.message, path.name, one.line, one.field, one.mend)
                for one in error.faults
            ) from error
        except UnicodeDecodeError as error:
            raise InputError("not UTF-8 text", file=path.name, mend="save it as UTF-8") from error


def _install(product: Product, actor: Actor) -> ProductVersion:
    tenant = actor.own_tenant()
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
    _check_lengths(product)
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


def _check_lengths(product: Product) -> None:
    """What the register's columns hold; an engine's product may be longer."""
    for name, most in (("product_id", 80), ("version", 40), ("name_zh", 200), ("name_en", 200)):
        text = getattr(product, name)
        if not text.strip() or len(text) > most:
            raise InputError(f"{name} is empty or longer than {most} characters",
                             file="product.toml", field=name, mend="shorten it")


@transaction.atomic
def advance_product(product: ProductVersion, event: str, *, actor: Actor) -> ProductVersion:
    """Move a product one step through its reviews. Raises Refusal for a step that is not next."""
    require(actor, "catalogue.install", product)
    product = audit.locked(product)
    if product.status == "revised":
        raise Refusal("a revised version stays what it was",
                      reasons=["install the new version and release that"])
    move = machines()["product"].step(product.status, event)
    product.status = move.target
    product.save(update_fields=("status",))
    audit.append(
        actor, "catalogue.product_advanced", product, {"event": event, "status": product.status}
    )
    return product


@transaction.atomic
def release_product(product: ProductVersion, *, actor: Actor) -> ProductVersion:
    """Walk a product through all its reviews until it is in use; each step is in the audit.

    Raises Refusal for one whose sale has ended.
    """
    require(actor, "catalogue.install", product)
    product = audit.locked(product)
    if product.status in ("revised", "withdrawn"):
        raise Refusal("the sale of this version has ended",
                      reasons=["install the new version and release that"])
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
    rating = rating_in_force(product.tenant, product.document["rating"]["table"], clock.today())
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
    product = audit.locked(product)
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
def revise_product(product: ProductVersion, *, actor: Actor) -> ProductVersion:
    """End a filed version's sale because a newer version of it is on sale. Policies keep theirs.

    Raises Refusal while there is no newer version on sale: cover would not be on offer at all.
    """
    require(actor, "catalogue.revise", product)
    product = audit.locked(product)
    move = machines()["product"].step(product.status, "revise")
    newer = [
        one for one in ProductVersion.objects.within(product.tenant_id).filter(
            product_id=product.product_id, status__in=ON_SALE)
        if version_key(one.version) > version_key(product.version)
    ]
    if not newer:
        raise Refusal(
            "no newer version of this product is on sale",
            reasons=["install and release the new version first"],
        )
    product.replaced_by = max(newer, key=lambda one: version_key(one.version))
    return _end_sale(product, move.target, "", actor, "catalogue.product_revised",
                     {"replaced_by": product.replaced_by.version})


@transaction.atomic
def withdraw_product(
    product: ProductVersion, *, reason: str, actor: Actor
) -> ProductVersion:
    """Take a filed version off the market, with the reason. Policies in force keep their wording.

    Raises InputError without a reason, Refusal for a version that is not filed.
    """
    require(actor, "catalogue.withdraw", product)
    reason = reason.strip()
    if not reason or len(reason) > _LONGEST_REASON:
        raise InputError("the withdrawal needs its reason in at most 2,000 characters",
                         field="reason", mend="say why the product is withdrawn")
    product = audit.locked(product)
    move = machines()["product"].step(product.status, "withdraw")
    return _end_sale(product, move.target, reason, actor, "catalogue.product_withdrawn",
                     {"reason": reason})


def _end_sale(
    product: ProductVersion, status: str, reason: str, actor: Actor, action: str,
    payload: dict[str, str],
) -> ProductVersion:
    product.status, product.off_sale_at, product.off_sale_reason = status, clock.now(), reason
    product.save(update_fields=("status", "off_sale_at", "off_sale_reason", "replaced_by"))
    audit.append(actor, action, product,
                 {"product": product.product_id, "version": product.version, **payload})
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
