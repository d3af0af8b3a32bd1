"""How likely and how fast an attack crosses a link, by its kind and what guards it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from typing import Annotated, Literal

import msgspec

from dinghai.foundation.money import PPM
from dinghai.foundation.reading import read_toml
from dinghai.foundation.trace import Source
from dinghai.losses.curves import power
from dinghai.supplychain.chain import Link, LinkKind
from dinghai.supplychain.event_table import event_table

Share = Annotated[int, msgspec.Meta(ge=0, le=PPM)]


class _Factors(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    mfa_ppm: Share
    segmented_ppm: Share
    administrator_ppm: Annotated[int, msgspec.Meta(ge=PPM)]
    user_ppm: Share


class _Kind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: LinkKind
    chance_ppm: Share
    median_days: Annotated[float, msgspec.Meta(gt=0)]
    sigma: Annotated[float, msgspec.Meta(ge=0)]


class _Links(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: Literal["dinghai.links/1"]
    version: str
    source: str
    confidence: str
    factors: _Factors
    kinds: tuple[_Kind, ...]


@dataclass(frozen=True, slots=True)
class Crossing:
    """The chance that an attack can use a link, and ln of the days it takes."""

    chance: float
    mu: float
    sigma: float


@cache
def _table() -> tuple[_Links, Mapping[str, _Kind]]:
    with as_file(files("dinghai.data") / "supplychain" / "links.toml") as path:
        table = read_toml(path, _Links)
    return table, {one.id: one for one in table.kinds}


def link_source() -> Source:
    """Where the figures come from."""
    table, _ = _table()
    return Source(table.source, table.confidence, table.version)


def crossing(link: Link) -> Crossing:
    """How an attack crosses a link, tried as often as fitted. A guard that is not known to be there
    does not count."""
    table, kinds = _table()
    kind, factors = kinds[link.kind], table.factors
    chance = kind.chance_ppm / PPM
    if link.mfa:
        chance *= factors.mfa_ppm / PPM
    if link.segmented:
        chance *= factors.segmented_ppm / PPM
    if link.privilege is not None:
        chance *= (factors.administrator_ppm if link.privilege == "administrator"
                   else factors.user_ppm) / PPM
    return Crossing(tried(min(chance, 1.0)), math.log(kind.median_days), kind.sigma)


def reaching(*, exposed: bool) -> Crossing:
    """How an exploit of a product reaches a holder: from the internet, or by a lure."""
    rules = event_table().common_vulnerabilities
    return Crossing(tried((rules.exposed_ppm if exposed else rules.lured_ppm) / PPM),
                    math.log(rules.median_days), rules.sigma)


def tried(chance: float, times: float | None = None) -> float:
    """The chance that one of several tries succeeds; as many as fitted where ``times`` is None."""
    times = event_table().third_parties.tries if times is None else times
    return 1.0 - power(1.0 - chance, times) if chance < 1.0 else 1.0
