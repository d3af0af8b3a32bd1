"""The six perils: how harm comes about."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final, Literal, get_args

import msgspec

from dinghai.vocabulary.tables import by_id, read_table

PerilCode = Literal[
    "ransomware", "intrusion_breach", "bec_fraud", "ddos_web", "error_insider", "third_party"
]
PERILS: Final[tuple[PerilCode, ...]] = get_args(PerilCode)


class Peril(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One peril, with the event families of GB/T 20986 it belongs to."""

    id: PerilCode
    name_zh: str
    name_en: str
    definition_zh: str
    definition_en: str
    gbt20986_families: tuple[str, ...]
    source: str
    confidence: str


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: str
    perils: tuple[Peril, ...]


@cache
def perils() -> Mapping[str, Peril]:
    """The perils by code, in the order of ``PERILS``."""
    return by_id(read_table("perils", _Table).perils, "perils")
