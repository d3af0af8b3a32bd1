"""How events begin: campaigns, providers' incidents, common vulnerabilities: declared data."""

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


class ThirdParties(_Part, frozen=True):
    """Fitted to the share of breaches that come from third parties: how often what leads from one
    party to another is tried (the interval: at the ends of what is published), and what of the loss
    model's own claims begins at the firm."""

    tries: Annotated[float, msgspec.Meta(ge=1, le=100)]
    tries_interval: tuple[float, float]
    begin_ppm: Share


class CommonVulnerabilities(_Part, frozen=True):
    """Events of one vulnerability at all who hold a product: how often, whom they reach (of
    holders that the internet sees, and of workstations), how fast, and what they aim at."""

    window_years: Annotated[float, msgspec.Meta(gt=0)]
    prior_years: Annotated[float, msgspec.Meta(gt=0)]
    most_ppm_a_year: Annotated[int, msgspec.Meta(ge=0)]
    exposed_ppm: Share
    exposed_interval_ppm: tuple[Share, Share]
    lured_ppm: Share
    lured_interval_ppm: tuple[Share, Share]
    median_days: Annotated[float, msgspec.Meta(gt=0)]
    sigma: Annotated[float, msgspec.Meta(ge=0)]
    aims_ppm: Mapping[str, Share]


class EventTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole table."""

    schema: Literal["dinghai.chain-events/1"]
    version: str
    campaigns: Campaigns
    third_parties: ThirdParties
    providers: ProviderIncidents
    common_vulnerabilities: CommonVulnerabilities


@cache
def event_table() -> EventTable:
    """The table that ships with the engine."""
    with as_file(files("dinghai.data") / "supplychain" / "events.toml") as path:
        return read_toml(path, EventTable)
