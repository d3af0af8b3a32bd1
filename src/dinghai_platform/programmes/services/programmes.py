"""Verbs on a whole programme: open it for a chain, close it."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path
from typing import Final

from django.db import transaction

from dinghai.foundation.canonical import document_hash
from dinghai.foundation.errors import Fault, InputError, Refusal
from dinghai.foundation.reading import plain
from dinghai.pricing.rating import load_rating
from dinghai.supplychain.cover import programme_policy
from dinghai.supplychain.layer_file import ChainLayers, check_parties, layers_of, read_layers
from dinghai_platform.chains.documents import chain_of_version
from dinghai_platform.chains.models import ChainVersion
from dinghai_platform.chains.services.common import file_name, given_reason
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.programmes.models import Programme
from dinghai_platform.programmes.services.common import held_open
from dinghai_platform.underwriting.models import Policy
from dinghai_platform.underwriting.numbers import next_number

LARGEST_LAYERS: Final = 256 * 1024
MOST_PREMIUM: Final = 10**14


def read_agreement(content: bytes, name: str) -> ChainLayers:
    """The layers of an uploaded file (TOML or JSON). Raises InputError with every fault, by the
    name the file was given."""
    plain_name = file_name(name)
    suffix = Path(plain_name).suffix.lower()
    if suffix not in (".toml", ".json"):
        raise InputError("layers are a file in TOML or JSON", file=plain_name, field="layers",
                         mend="give .toml or .json")
    if len(content) > LARGEST_LAYERS:
        raise InputError("the file of layers is too large", file=plain_name, field="layers",
                         mend="give one agreement of at most 256 KB")
    with tempfile.TemporaryDirectory(prefix="layers-") as room:
        path = Path(room) / f"layers{suffix}"
        path.write_bytes(content)
        try:
            return read_layers(path)
        except InputError as error:
            raise InputError.of(Fault(one.message, plain_name, one.line, one.field, one.mend)
                                for one in error.faults) from None


@transaction.atomic
def open_programme(
    version: ChainVersion, *, inception: date, expiry: date, actor: Actor,
    layers: bytes | None = None, layers_name: str = "", premium_fen: int | None = None,
    policy: Policy | None = None, name_zh: str = "", name_en: str = "",
) -> Programme:
    """Open a programme for a chain under the product that the chain names.

    Without a file the layers are those of the wording. ``premium_fen`` is of the whole period
    before tax; without it the agreement's. Raises InputError for faults of the file, a period that
    is none or longer than a year, and a premium that nobody gives; Refusal for a chain that was
    withdrawn.
    """
    require(actor, "programmes.administer", version)
    tenant = version.tenant
    audit.hold_chain(tenant)
    chain_row = version.chain
    chain_row.refresh_from_db()
    if not chain_row.is_active:
        raise Refusal("this chain was withdrawn", reasons=["begin another one"])
    if not inception <= expiry or (expiry - inception).days > 366:
        raise InputError("this is no period of insurance", field="expiry",
                         mend="give a first day and a last one at most a year later")
    if policy is not None and policy.tenant_id != tenant.pk:
        raise InputError("there is no such policy", field="policy", mend="choose one of yours")
    chain = chain_of_version(version)
    wording = programme_policy(chain)
    agreement = (layers_of(wording) if layers is None
                 else read_agreement(layers, layers_name))
    check_parties(agreement, chain, file=layers_name or None)
    premium = agreement.premium_fen if premium_fen is None else premium_fen
    if premium is None or not 0 < premium <= MOST_PREMIUM:
        raise InputError("the premium of the programme is not known", field="premium",
                         mend="give its premium for the whole period before tax")
    document = plain(agreement)
    row = Programme.objects.create(
        tenant=tenant, owner=version.owner, chain=chain_row, version=version, policy=policy,
        number=next_number(Programme, "number", tenant, "SC"),
        name_zh=name_zh.strip() or agreement.name_zh, name_en=name_en.strip() or agreement.name_en,
        product_id=wording.product.product_id, product_version=wording.product.version,
        inception=inception, expiry=expiry, premium_fen=premium,
        vat_ppm=load_rating(wording.product.rating.table).tax.vat_ppm,
        aggregate_fen=wording.schedule.aggregate_limit_fen, layers=document,
        layers_hash=document_hash(document),
        layers_file=file_name(layers_name) if layers is not None else "", opened_by=actor.user)
    audit.append(actor, "programmes.opened", row, {
        "number": row.number, "chain": chain_row.code, "version": version.number,
        "chain_hash": version.document_hash, "layers_hash": row.layers_hash,
        "premium_fen": str(premium), "inception": inception.isoformat(),
        "expiry": expiry.isoformat()})
    return row


@transaction.atomic
def close_programme(programme: Programme, *, reason: str, actor: Actor) -> Programme:
    """Close a programme: nobody joins, leaves or is settled any more; all stays readable.

    Raises InputError without a reason, Refusal for one that is closed or has settlements that
    wait.
    """
    require(actor, "programmes.administer", programme)
    reason = given_reason(reason)
    row = held_open(programme)
    if row.settlements.filter(state="proposed").exists():
        raise Refusal("a settlement of this programme waits for approval",
                      reasons=["approve or reject it first"])
    row.state, row.closed_at, row.closing_reason = Programme.State.CLOSED, clock.now(), reason
    row.save(update_fields=("state", "closed_at", "closing_reason"))
    audit.append(actor, "programmes.closed", row, {"number": row.number, "reason": reason})
    return row
