"""How events begin: campaigns and providers' incidents, as declared data."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import as_file, files
from typing import Annotated, Literal

import msgspec

from dinghai.foundation.money import PPM
from dinghai.foundation.reading import read_toml

Share = Annotated[int, msgspec.Meta(ge=0, le=PPM)]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    source: str
    confidence: str


class Campaigns(_Part, frozen=True):
    """``branching_ppm`` of all events are brought by others, on average ``memory_days`` later."""

    branching_ppm: Share
    branching_interval_ppm: tuple[Share, Share]
    memory_days: Annotated[float, msgspec.Meta(gt=0)]


class ProviderIncidents(_Part, frozen=True):
    """Incidents of a provider that reach clients, and what they aim at."""

    incidents_ppm_a_year: Annotated[int, msgspec.Meta(ge=0)]
    incidents_interval_ppm: tuple[int, int]
    aims_ppm: Mapping[str, Share]


class EventTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole table."""

    schema: Literal["dinghai.chain-events/1"]
    version: str
    campaigns: Campaigns
    providers: ProviderIncidents


@cache
def event_table() -> EventTable:
    """The table that ships with the engine."""
    with as_file(files("dinghai.data") / "supplychain" / "events.toml") as path:
        return read_toml(path, EventTable)
