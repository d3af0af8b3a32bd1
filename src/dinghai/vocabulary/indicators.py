"""The 46 security indicators in 12 domains, and the 13 exposures of the risk questionnaire."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final, Literal

import msgspec

from dinghai.vocabulary.perils import PerilCode
from dinghai.vocabulary.tables import by_id, read_table

Measurement = Literal["questionnaire", "evidence", "outside_in_scan"]
Component = Literal["frequency", "severity", "both"]
Action = Literal["refer", "decline_until_fixed", "sublimit_zero_without"]

FULL_WEIGHT_MILLIS: Final = 100_000
"""All weights add up to 100, kept in thousandths so that no sum is ever rounded."""

HIGHEST_SCORE: Final = 4


class Domain(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A group of indicators. ``weight_millis`` is thousandths of a point of 100."""

    id: str
    name_zh: str
    name_en: str
    weight_millis: int
    rationale_zh: str
    rationale_en: str
    source: str
    confidence: str


class ProfileTest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A test on the profile of the enterprise, such as its MLPS level."""

    fact: str
    op: Literal["ge"]
    value: int


class Minimum(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A minimum requirement as a rule, and what follows when it is not met.

    ``score_at_least`` looks at the indicator's score (0–4); ``no_finding`` looks for findings of
    the named scan check. ``coverage`` names the cover that is withheld without the control.
    """

    kind: Literal["score_at_least", "no_finding"]
    action: Action
    text_zh: str
    text_en: str
    source: str
    confidence: str
    score: int | None = None
    check: str | None = None
    coverage: str | None = None
    applies_when: ProfileTest | None = None


class Signal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A published association of the control with fewer incidents; ``ratio`` is a decimal text."""

    control: str
    ratio: str
    source: str
    confidence: str


class Frameworks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the indicator stands in other frameworks."""

    djcp_gbt22239: tuple[str, ...]
    csf2: tuple[str, ...]
    cis_v8_1: tuple[str, ...]
    attack_mitigations: tuple[str, ...]


class Indicator(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One security indicator, scored 0 to 4.

    Anchors describe scores 0, 2 and 4; 1 and 3 lie between by share covered. ``light`` marks the
    28 of the light questionnaire; ``check`` names the scan check that observes it.
    """

    id: str
    domain: str
    name_zh: str
    name_en: str
    question_zh: str
    question_en: str
    anchors_zh: dict[str, str]
    anchors_en: dict[str, str]
    weight_millis: int
    measured_by: tuple[Measurement, ...]
    perils: tuple[PerilCode, ...]
    component: Component
    light: bool
    minimum: Minimum | None
    check: str | None
    evidence_zh: str
    refresh_days: int
    signal: Signal | None
    mapping: Frameworks
    source: str
    confidence: str

    @property
    def scan_only(self) -> bool:
        """Whether only a scan can score it: what the questionnaire says is a statement."""
        return self.measured_by == ("outside_in_scan",)


class Exposure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One exposure measure; ``fields`` are the keys of the profile that hold it."""

    id: str
    name_zh: str
    name_en: str
    unit: str
    use: str
    fields: tuple[str, ...]
    source: str
    confidence: str


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: str
    domains: tuple[Domain, ...]
    indicators: tuple[Indicator, ...]
    exposures: tuple[Exposure, ...]


@cache
def _table() -> _Table:
    return read_table("indicators", _Table)


@cache
def indicators() -> Mapping[str, Indicator]:
    """All 46 indicators by code."""
    return by_id(_table().indicators, "indicators")


@cache
def light_indicators() -> Mapping[str, Indicator]:
    """The 28 indicators of the light questionnaire."""
    return by_id((item for item in _table().indicators if item.light), "indicators")


@cache
def domains() -> Mapping[str, Domain]:
    """The 12 domains by code."""
    return by_id(_table().domains, "domains")


@cache
def exposures() -> Mapping[str, Exposure]:
    """The 13 exposures by code."""
    return by_id(_table().exposures, "exposures")
