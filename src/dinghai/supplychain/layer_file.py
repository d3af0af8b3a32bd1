"""Layers and shares of a chain's programme as a file (schema dinghai.chain-layers/1).

The layers are those of the wording, so that what a chain agrees on is what its policy says. Amounts
and shares may be written as people do (`limit = "8000万"`, `share = "20%"`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.locating import with_lines
from dinghai.foundation.money import PPM
from dinghai.foundation.reading import located, read_document, typed
from dinghai.supplychain.chain import Chain, Identifier
from dinghai.supplychain.chain_cells import Kind
from dinghai.supplychain.plain_units import in_units
from dinghai.wording.layers import Layer
from dinghai.wording.policy import Policy
from dinghai.wording.words import Amount, Ratio, Struct

SCHEMA: Final = "dinghai.chain-layers/1"
INSURERS: Final = frozenset({"lead_insurer", "following_insurer", "captive"})
_PLAIN: Final[Mapping[str, tuple[str, Kind]]] = {
    "attachment": ("attachment_fen", "amount"), "limit": ("limit_fen", "amount"),
    "aggregate": ("aggregate_fen", "amount"), "premium": ("premium_fen", "amount"),
    "share": ("share_ppm", "share"), "rate": ("rate_ppm", "share")}


class Uplift(Struct, frozen=True):
    """What a member bears more on its own sections where an overdue finding of its own caused the
    event: points of the deductible's rate, or a multiple of it. Without coverages, on all its
    own sections; never on anybody else's (G3)."""

    code: str = "EX-UNREMEDIATED"
    clause: str = ""
    mode: Literal["points", "multiply"] = "points"
    rate_ppm: Annotated[int, msgspec.Meta(ge=0, le=10 * PPM)] = 100_000
    coverages: tuple[str, ...] = ()
    source: str = "GUIDE 6.4 G3; EX-UNREMEDIATED of the vocabulary"


class ChainLayers(Struct, frozen=True):
    """Who shares the risk of a chain. ``premium_fen`` is the programme's premium a year before tax,
    where it is agreed; shares of a layer below the whole stay with the firm that suffers."""

    schema: Literal["dinghai.chain-layers/1"]
    id: Identifier
    name_zh: str
    layers: tuple[Layer, ...]
    name_en: str = ""
    premium_fen: Amount | None = None
    level_ppm: Ratio = 990_000
    """The level of the tail that is looked at: the worst hundredth of years."""
    uplift: Uplift | None = Uplift()


def read_layers(path: Path) -> ChainLayers:
    """The layers of a file in TOML or JSON. Raises InputError with every fault that can be seen."""
    raw = read_document(path)
    with located(path):
        return layers_from(raw, file=str(path), text=path.read_text("utf-8", errors="replace"))


def layers_from(raw: JSON, *, file: str | None = None, text: str | None = None) -> ChainLayers:
    """The layers of plain data. Raises InputError."""
    faults: list[Fault] = []
    found = typed(in_units(raw, _PLAIN, file, faults), ChainLayers, file=file, text=text)
    faults += [Fault(one.message, file, None, one.field, one.mend) for one in _faults(found)]
    if faults:
        error = InputError.of(faults)
        raise with_lines(error, file, text) if file and text else error
    return found


def _faults(found: ChainLayers) -> Iterator[Fault]:
    if not found.layers:
        yield Fault("there is no layer", field="layers", mend="give at least one")
    if not 500_000 <= found.level_ppm < PPM:
        yield Fault("the tail begins between the middle year and the worst", field="level_ppm",
                    mend="give 500000 to 999999, such as 990000")
    reached = 0
    ids: set[str] = set()
    for place, layer in enumerate(found.layers):
        field = f"layers[{place}]"
        if layer.id in ids:
            yield Fault(f"layer {layer.id} stands twice", field=f"{field}.id",
                        mend="give each an id of its own")
        ids.add(layer.id)
        if not layer.limit_fen:
            yield Fault(f"layer {layer.id} has no limit", field=f"{field}.limit",
                        mend="give an amount, such as 8000万")
        if layer.attachment_ppm or layer.limit_ppm:
            yield Fault(f"layer {layer.id} says shares of an aggregate that stands elsewhere",
                        field=f"{field}.limit_ppm", mend="give attachment and limit as amounts")
        if layer.attachment_fen < reached:
            yield Fault(f"layer {layer.id} attaches below the top of the one beneath",
                        field=f"{field}.attachment", mend=f"attach at {reached} fen or above")
        reached = layer.attachment_fen + layer.limit_fen
        yield from _share_faults(layer, field)


def _share_faults(layer: Layer, field: str) -> Iterator[Fault]:
    if not layer.participants:
        yield Fault(f"nobody bears layer {layer.id}", field=field,
                    mend="name its participants with party, role and share")
    total = sum(one.share_ppm for one in layer.participants)
    if total > PPM:
        yield Fault(f"the shares of layer {layer.id} add up to {total} ppm",
                    field=f"{field}.participants", mend=f"let them sum to {PPM} or less")
    parties = [one.party for one in layer.participants]
    for place, one in enumerate(layer.participants):
        where = f"{field}.participants[{place}]"
        if one.party in parties[:place]:
            yield Fault(f"{one.party} stands twice in layer {layer.id}", field=f"{where}.party",
                        mend="give it one share")
        if one.bearer != "named" and one.role != "supplier":
            yield Fault(f"{one.party} is no supplier, and bears as {one.bearer}",
                        field=f"{where}.bearer", mend="drop it")


def layers_of(policy: Policy, *, premium_fen: int | None = None) -> ChainLayers:
    """The layers that a programme's policy is written with. Raises InputError where it has none."""
    if not policy.schedule.layers:
        raise InputError(f"{policy.product.product_id} has no layers", field="programme.product",
                         mend="give a file of layers")
    product = policy.product
    condition = product.exclusion(Uplift().code)
    effect = None if condition is None else condition.effect
    uplift = None
    if condition is not None and effect is not None and effect.type == "deductible_uplift":
        uplift = Uplift(
            code=condition.code, clause=condition.clause, rate_ppm=effect.rate_ppm or 0,
            mode="points" if effect.mode == "points" else "multiply",
            coverages=condition.coverages,
            source=f"{product.product_id} {product.version}")
    return ChainLayers(
        schema=SCHEMA, id=product.product_id, name_zh=product.name_zh, name_en=product.name_en,
        layers=policy.schedule.layers, premium_fen=premium_fen, uplift=uplift)


def check_parties(found: ChainLayers, chain: Chain, *, file: str | None = None) -> None:
    """That every supplier who bears by name is a firm of the chain. Raises InputError."""
    faults = [
        Fault(f"there is no firm {one.party!r} in the chain", file, None,
              f"layers[{place}].participants[{which}].party",
              "name a firm's id, or say bearer: root_cause, sufferer or enrolled")
        for place, layer in enumerate(found.layers)
        for which, one in enumerate(layer.participants)
        if one.role == "supplier" and one.bearer == "named" and one.party not in chain.firm]
    if faults:
        raise InputError.of(faults)
