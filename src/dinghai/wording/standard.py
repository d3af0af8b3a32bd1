"""The market standard that a product is checked against: data, with source and confidence.

Core covers and exclusions by kind of product, what the law allows at most, what is usual, the
standard terms, and every rule with its severity and weight. Kept as tables, so that a working
group can argue about a row without reading code.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal

import msgspec

from dinghai.vocabulary.coverages import coverages
from dinghai.vocabulary.tables import by_id, read_toml_table
from dinghai.wording.schema import Product

Severity = Literal["error", "warning", "note"]
Promise = Literal["limit", "deductible", "exclusion"]
Unit = Literal["seconds", "days", "hours", "ppm"]

_ROOM = "standard"


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule: what it asks, what it says when a product departs from it, what that costs.

    ``zh`` and ``en`` have the places {subject}, {found} and {expected}. A deviation costs
    ``weight`` points of 100, all deviations from one rule at most ``most``.
    """

    id: str
    group: Literal["cover", "parameter", "statute", "filing", "exclusion", "text", "totals"]
    severity: Severity
    weight: int
    most: int
    asks_zh: str
    asks_en: str
    zh: str
    en: str
    source: str
    confidence: str


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is core for one kind of product, and how the kind is told."""

    id: str
    name_zh: str
    name_en: str
    lines: tuple[str, ...]
    source: str
    confidence: str
    tiers: tuple[str, ...] = ()
    led_by: tuple[str, ...] = ()
    has: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    at_most: int = 0
    core: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    expected: tuple[str, ...] = ()
    exclusions: tuple[str, ...] = ()

    def fits(self, product: Product) -> bool:
        """Whether a product is of this kind."""
        granted = [one.coverage for one in product.sections]
        cash = [one for one in product.sections if one.trigger_basis != "in_kind"]
        return (product.line in self.lines
                and (not self.tiers or product.tier in self.tiers)
                and (not self.led_by or bool(set(granted[:1]).intersection(self.led_by)))
                and (not self.has or bool(set(granted).intersection(self.has)))
                and set(self.needs).issubset(granted)
                and not set(granted).intersection(self.without)
                and (not self.at_most or len(cash) <= self.at_most))


class Range(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A usual or lawful range of one number, of some coverages or of the whole product."""

    id: str
    rule: str
    unit: Unit
    source: str
    confidence: str
    coverages: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None

    def holds(self, value: int) -> bool:
        """Whether a number is inside."""
        return (self.minimum is None or value >= self.minimum) and (
            self.maximum is None or value <= self.maximum)


class StatedDuty(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A duty that a wording states, and the words by which it is known."""

    id: str
    rule: str
    who: str
    words: tuple[str, ...]
    without: tuple[str, ...] = ()


class Prohibition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An exclusion whose ground is a prohibition of law: highlighting alone suffices."""

    code: str
    law: str


class StandardTerm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A defined term; ``instead_of`` are other words for it that texts should not use."""

    id: str
    zh: str
    en: str
    text_zh: str
    text_en: str
    source: str
    confidence: str
    instead_of: tuple[str, ...] = ()


class MonotoneRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way in which a total stops being monotone, with an example that shows it.

    ``zh`` and ``en`` have the place {subject}: the sections or layers concerned.
    """

    id: str
    zh: str
    en: str
    example_zh: str
    example_en: str


class _Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rules: tuple[Rule, ...]


class _Core(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    profiles: tuple[Profile, ...]


class _Usual(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    ranges: tuple[Range, ...]
    duties: tuple[StatedDuty, ...]
    prohibitions: tuple[Prohibition, ...]


class _Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    terms: tuple[StandardTerm, ...]


class _Monotone(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    breaks: tuple[MonotoneRule, ...]


@cache
def rules() -> Mapping[str, Rule]:
    """Every rule of the standard by id."""
    return by_id(read_toml_table("rules", _Rules, room=_ROOM).rules, "rules")


@cache
def profiles() -> Mapping[str, Profile]:
    """The kinds of product, in the order in which they are tried."""
    return by_id(read_toml_table("core", _Core, room=_ROOM).profiles, "profiles")


@cache
def standard_terms() -> Mapping[str, StandardTerm]:
    """The standard terms by code."""
    return by_id(read_toml_table("terms", _Terms, room=_ROOM).terms, "terms")


@cache
def monotone_rules() -> Mapping[str, MonotoneRule]:
    """The named ways in which totals stop being monotone."""
    return by_id(read_toml_table("monotone", _Monotone, room=_ROOM).breaks, "monotone rules")


@cache
def _usual() -> _Usual:
    return read_toml_table("usual", _Usual, room=_ROOM)


def ranges() -> tuple[Range, ...]:
    """Every range, of products and of coverages."""
    return _usual().ranges


def stated_duties() -> tuple[StatedDuty, ...]:
    """The duties that a wording must or should state."""
    return _usual().duties


def prohibitions() -> frozenset[str]:
    """Exclusions whose ground is a prohibition of law (解释二10条)."""
    return frozenset(one.code for one in _usual().prohibitions)


def profile_of(product: Product) -> Profile | None:
    """The kind of a product; None when the standard knows none for its line."""
    return next((one for one in profiles().values() if one.fits(product)), None)


def range_of(name: str, coverage: str = "") -> Range | None:
    """The range of one number: of the coverage where one stands, else that of the vocabulary."""
    named = [one for one in ranges() if one.id == name]
    found = next((one for one in named if coverage in one.coverages), None)
    if found is not None or not coverage:
        return found or next((one for one in named if not one.coverages), None)
    return _vocabulary_range(name, coverage)


def _vocabulary_range(name: str, coverage: str) -> Range | None:
    standard = coverages().get(coverage)
    if standard is None:
        return None
    limit, waiting = standard.limit, standard.waiting
    values: dict[str, tuple[str, Unit, tuple[int, ...]]] = {
        "waiting": ("PR-WAITING", "seconds", () if waiting is None else (
            waiting.minimum_seconds, waiting.maximum_seconds)),
        "window": ("PR-WINDOW", "days", limit.window_days),
        "sublimit": ("PR-SUBLIMIT", "ppm", limit.share_of_aggregate_ppm),
        "fee_multiple": ("PR-FEE", "ppm", limit.fee_multiple),
        "insured_share": ("PR-SHARE", "ppm", standard.insured_share_ppm or (0, 0)),
    }
    if name not in values or not values[name][2]:
        return None
    rule, unit, numbers = values[name]
    # a window is a least one: longer is to the insured's benefit
    highest = None if name == "window" else max(numbers)
    lowest = 0 if name == "insured_share" else min(numbers)
    return Range(id=name, rule=rule, unit=unit, source=standard.source,
                 confidence=standard.confidence, coverages=(coverage,), minimum=lowest,
                 maximum=highest)
