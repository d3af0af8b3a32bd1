"""Exclusions and conditions of a product: predicates over facts, with graded effects."""

from __future__ import annotations

from typing import Literal

from dinghai.foundation.canonical import JSON
from dinghai.wording.words import ActsOn, Count, Duty, Ratio, Struct, Texts


class Band(Struct, frozen=True):
    """The insured's share up to a value of the fact; the last band has no upper bound."""

    insured_share_ppm: Ratio
    up_to: Count | None = None


class Effect(Struct, frozen=True):
    """What an exclusion or condition does once its predicate is true.

    ``exclude_event`` takes the whole event, ``exclude_item`` the item; ``reduce_by_fact`` takes an
    amount off, ``reduce_by_ratio_fact`` a share, ``reduce_hours_by_fact`` hours of an interruption;
    ``reduce_to_fact`` caps by an amount, ``reduce_to_ratio`` pays numerator ÷ denominator;
    ``coinsurance`` adds points to the insured's share, ``sliding_coinsurance`` does so by the
    value of a fact; ``deductible_uplift`` adds points (``points``) or multiplies the deductible
    (``multiply``); ``extend_waiting`` adds ``hours`` to waiting times; ``graded`` takes the first
    rung that holds; ``decline_quote`` acts before binding only.
    """

    type: Literal[
        "none", "exclude_event", "exclude_item", "reduce_by_fact", "reduce_by_ratio_fact",
        "reduce_hours_by_fact", "reduce_to_fact", "reduce_to_ratio", "coinsurance",
        "sliding_coinsurance", "deductible_uplift", "extend_waiting", "graded", "decline_quote",
    ]
    fact: str | None = None
    insured_share_ppm: Ratio = 0
    mode: Literal["points", "multiply"] = "points"
    rate_ppm: Ratio = 0
    hours: Count = 0
    bands: tuple[Band, ...] = ()
    steps: tuple[GradedStep, ...] = ()
    numerator: dict[str, str] | None = None
    denominator: dict[str, str] | None = None


class GradedStep(Struct, frozen=True):
    """One rung: when the predicate is true, this follows. The first rung that holds decides."""

    when: dict[str, JSON]
    effect: Effect


class CarveBack(Struct, frozen=True):
    """Where an exclusion gives way: for these coverages (all when empty), while ``when`` holds."""

    coverages: tuple[str, ...] = ()
    when: dict[str, JSON] | None = None
    text_zh: str = ""
    text_en: str = ""


class Exclusion(Texts, frozen=True):
    """An exclusion or reducing condition as this product words it.

    A code beginning with ``CX-`` is the product's own: it must bring its texts, predicate, effect
    and ``acts_on``, and the conformance checker names it as not standard.
    """

    code: str
    clause: str
    variant: str = ""
    """Which variant of the standard exclusion this is, where there are several (LMA 5567 …)."""
    highlighted: bool = True
    duty: Duty | None = None
    """保险法17条: ``highlight`` alone suffices for statutory prohibitions (解释二10条); ``none``
    where the law itself is the rule."""
    coverages: tuple[str, ...] = ()
    """The only coverages it touches; all when empty."""
    penalty_group: str = ""
    """Penalties of one group rest on one fact: the heaviest applies. Left empty, reading the
    product puts those that ask about a common fact of the insured's state into one."""
    cumulative: bool = False
    """Whether this product adds penalties of one group up after all."""
    acts_on: ActsOn = ""
    predicate: dict[str, JSON] | None = None
    effect: Effect | None = None
    burden: Literal["insurer", "insured", ""] = ""
    law: str = ""
    carve_backs: tuple[CarveBack, ...] | None = None
