"""The rules of the shared data pool as data: what is released, how privately, what it earns."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

import msgspec

from dinghai.foundation.errors import InputError
from dinghai.foundation.reading import read_toml


class ReleaseRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a figure may leave the pool. Shares are parts per million."""

    least_firms: int
    least_other_firms: int
    most_share_ppm: int
    quartiles_least_firms: int
    significant_digits: int
    firms_base: int
    least_interval_ppm: int


class PrivateRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds of a differentially private release, and what a year may spend."""

    most_events_of_a_firm: int
    largest_amount_fen: int
    least_noisy_events: int
    least_sum_to_noise: int
    year_epsilon_ppm: int
    year_delta_ppb: int


class CreditRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a record earns, in thousandths of a credit."""

    event: int
    cover: int
    known_measure: int
    recent_years: int
    recent: int
    rare_events: int
    rare: int
    most_of_a_batch: int


class Purpose(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a contributor may allow its records to be used for."""

    id: str
    name_zh: str
    name_en: str


class PoolRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of it, with a version that releases name."""

    schema: str
    version: str
    release: ReleaseRules
    private: PrivateRules
    credits: CreditRules
    purposes: tuple[Purpose, ...]


@cache
def pool_rules() -> PoolRules:
    """The rules that ship with the house."""
    return read_toml(Path(str(files("dinghai.data").joinpath("pool/rules.toml"))), PoolRules)


def purposes() -> Mapping[str, Purpose]:
    """The purposes by code."""
    return {one.id: one for one in pool_rules().purposes}


def check_purpose(code: str) -> str:
    """The code itself. Raises InputError for one that the vocabulary does not have."""
    if code not in purposes():
        raise InputError(f"{code!r} is not a purpose", field="purpose",
                         mend="one of: " + ", ".join(purposes()))
    return code
