"""The 58 standard exclusions as predicates over incident facts, with graded effects."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

import msgspec

from dinghai.vocabulary.tables import by_id, read_table

ExclusionKind = Literal["event_cause", "loss_type", "item", "condition", "timing", "jurisdiction"]
Explanation = Literal["highlight_and_explain", "highlight_only", "statutory_none"]


class CarveBack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the exclusion gives way: for named coverages, when a predicate holds.

    With no coverage and no predicate it is already part of the exclusion's own predicate or of
    the kinds of loss, and the text says so.
    """

    coverages: tuple[str, ...]
    when: dict[str, Any] | None
    text_zh: str
    text_en: str


class Exclusion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One standard exclusion.

    ``clause_*`` is the standard text, ``plain_*`` says the same in at most 120
    characters, and ``example_*`` shows one case in as few.
    ``predicate`` and ``effect`` are data for the product language: an unknown fact never
    excludes. ``explanation`` says what 保险法17条 asks for before it may apply.
    """

    id: str
    name_zh: str
    name_en: str
    kind: ExclusionKind
    clause_zh: str
    clause_en: str
    plain_zh: str
    plain_en: str
    example_zh: str
    example_en: str
    predicate: dict[str, Any]
    effect: dict[str, Any]
    burden_of_proof: Literal["insurer"]
    causation_test: str
    carve_backs: tuple[CarveBack, ...]
    explanation: Explanation
    statute: str
    policy_level_default: bool
    standardisation: Literal["core", "graded_recommended", "cliff_flag"]
    legal_note_zh: str
    certainty: str
    source: str
    confidence: str


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: str
    exclusions: tuple[Exclusion, ...]


@cache
def exclusions() -> Mapping[str, Exclusion]:
    """The 58 exclusions by code. Predicates and effects are shared: copy before changing one."""
    return by_id(read_table("exclusions", _Table).exclusions, "exclusions")
