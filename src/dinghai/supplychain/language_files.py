"""What the two files of a step language consist of: steps.toml and mitigations.toml."""

from __future__ import annotations

from typing import Annotated, Final, Literal, get_args

import msgspec

from dinghai.supplychain.chain import AssetKind, LinkKind

STEPS_FILE: Final = "steps.toml"
MITIGATIONS_FILE: Final = "mitigations.toml"
LINK_KINDS: Final[tuple[LinkKind, ...]] = get_args(LinkKind)
ASSET_KINDS: Final[tuple[AssetKind, ...]] = get_args(AssetKind)
Severity = Literal["critical", "high", "medium", "low"]
Confidence = Literal["T", "A", "M", "M-", "D"]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a file."""


class Figure(_Part, frozen=True):
    """A figure with the range that a reviewer would accept."""

    value: float
    interval: tuple[float, float]


class Step(_Part, frozen=True):
    """One kind of step. See docs/reference/step-language.md."""

    id: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z_]*$")]
    name_zh: str
    name_en: str
    tactic: str
    techniques: tuple[str, ...]
    chance: Figure
    days: Figure
    sigma: Figure
    source: str
    confidence: Confidence
    also: tuple[str, ...] = ()
    gate: Literal["or", "and"] = "or"
    after: tuple[str, ...] = ()
    assets: tuple[AssetKind, ...] = ()
    once: bool = False
    exposed: bool = False
    opened_on: tuple[AssetKind, ...] = ()
    flaw_on: tuple[AssetKind, ...] = ()
    entry: LinkKind | None = None
    exits: tuple[LinkKind, ...] = ()
    peril: str | None = None
    stops: Figure | None = None
    note: str = ""

    @property
    def by_asset(self) -> bool:
        """Whether each asset of its kinds has a copy of its own."""
        return bool(self.assets) and not self.once


class Control(_Part, frozen=True):
    """How one indicator acts on the steps."""

    indicator: str
    mitigations: tuple[str, ...]
    capability: Figure
    reliability: Figure
    source: str
    confidence: Confidence
    steps: tuple[str, ...] = ()
    shape: Literal["linear", "complete_only"] = "linear"
    slows: Figure | None = None


class Watch(_Part, frozen=True):
    """How one indicator shortens the time until an attack is contained."""

    indicator: str
    strength: Figure
    source: str
    confidence: Confidence


class Containment(_Part, frozen=True):
    """How long an attack inside a firm goes on: a lognormal time."""

    median_days: Figure
    sigma: Figure
    source: str
    confidence: Confidence
    controls: tuple[Watch, ...]


class Findings(_Part, frozen=True):
    """How much a finding raises the chance of a step that it concerns."""

    kev_exposed: Figure
    epss: Figure
    inside: Figure
    severity: dict[Severity, Figure]
    technique: dict[Severity, Figure]
    source: str
    confidence: Confidence


class Tempering(_Part, frozen=True):
    """How far controls move chances and times, about half-implemented ones: exponents, fitted to
    the loss model. ``alone`` is for steps that lead to one peril only, by peril; ``shared`` for all
    others; ``containment`` for the time until an attack is contained."""

    shared: float
    containment: float
    alone: dict[str, float]
    source: str
    confidence: Confidence


class StepsFile(_Part, frozen=True):
    """steps.toml."""

    schema: Literal["dinghai.step-language/1"]
    version: str
    as_of: str
    start: str
    highest_chance: float
    steps: tuple[Step, ...]


class MitigationsFile(_Part, frozen=True):
    """mitigations.toml."""

    schema: Literal["dinghai.step-mitigations/1"]
    version: str
    as_of: str
    controls: tuple[Control, ...]
    containment: Containment
    tempering: Tempering
    findings: Findings
