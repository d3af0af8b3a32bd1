"""What the oracle reads: facts in three values, predicates, exclusions; and how it rounds and cuts.

Part of the second reading of docs/explanation/terms.md (see oracle.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Any

from dinghai.terms.program import ItemShape
from dinghai.vocabulary.facts import ABSENT, UNKNOWN, fact
from dinghai.wording.exclusions import Effect, Exclusion
from dinghai.wording.policy import Policy

WHOLE = 1_000_000
HOUR = 3600
DAY = 86_400
Truth = bool | None
"""True, false, or None for unknown."""


def half_up(value: Fraction) -> int:
    """The nearest whole number, halves upwards; only asked of what is not negative."""
    return floor(value + Fraction(1, 2))


def part(amount: int, ppm: int) -> int:
    """A ratio of an amount, half up to the fen."""
    return half_up(Fraction(amount * ppm, WHOLE))


def pro_rata(amount: int, numerator: int, denominator: int) -> int:
    """amount × numerator ÷ denominator, half up."""
    return half_up(Fraction(amount * numerator, denominator))


def cut(amounts: Sequence[int], cap: int) -> list[int]:
    """Amounts taken to a common cap, to the fen."""
    cap, whole = max(cap, 0), sum(amounts)
    return list(amounts) if whole <= cap else allot(cap, amounts)


def allot(total: int, weights: Sequence[int]) -> list[int]:
    """A total by weights: floors, then a fen each to the largest remainders, first of equals."""
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    shares = [Fraction(total * weight, whole) for weight in weights]
    parts = [floor(share) for share in shares]
    by_remainder = sorted(range(len(weights)), key=lambda one: parts[one] - shares[one])
    for one in by_remainder[:total - sum(parts)]:
        parts[one] += 1
    return parts


def every(truths: Iterable[Truth]) -> Truth:
    """All of them."""
    held = list(truths)
    if False in held:
        return False
    return None if None in held else True


def some(truths: Iterable[Truth]) -> Truth:
    """At least one of them."""
    held = list(truths)
    if True in held:
        return True
    return None if None in held else False


def negation(truth: Truth) -> Truth:
    """Not; unknown stays unknown."""
    return None if truth is None else not truth


@dataclass(frozen=True)
class Facts:
    """The cells of one event, read by name."""

    policy: Policy
    items: Sequence[ItemShape]
    cells: Mapping[str, int]

    def cell(self, identifier: str, item: int | None = None) -> int:
        """The cell of a fact; of the item's facts only where the registry says so."""
        if item is not None and fact(identifier.partition("@")[0]).scope == "item":
            return self.cells[f"item[{item}].{identifier}"]
        return self.cells[identifier]

    def known(self, identifier: str, item: int | None = None) -> bool:
        """Whether somebody gave it a value."""
        return self.cell(identifier, item) not in (UNKNOWN, ABSENT)

    def amount(self, identifier: str, item: int | None = None, otherwise: int = 0) -> int:
        """Its value; an unknown or absent one counts nothing."""
        found = self.cell(identifier, item)
        return otherwise if found in (UNKNOWN, ABSENT) else found

    def before(self, name: str) -> int:
        """What earlier claims took."""
        return self.cells[f"prior.{name}"]

    def holds(self, predicate: Mapping[str, Any] | None, item: int | None = None) -> Truth:
        """A predicate in three values."""
        if predicate is None:
            return True
        if "all" in predicate:
            return every(self.holds(one, item) for one in predicate["all"])
        if "any" in predicate:
            return some(self.holds(one, item) for one in predicate["any"])
        if "not" in predicate:
            return negation(self.holds(predicate["not"], item))
        return self._test(predicate, self.cell(predicate["fact"], item))

    def _test(self, test: Mapping[str, Any], cell: int) -> Truth:
        if cell == UNKNOWN:
            return None
        op: str = test["op"]
        value: Any = test.get("value")
        if op in {"missing", "exists"}:
            return (cell == ABSENT) == (op == "missing")
        if cell == ABSENT:
            return False  # what there is none of passes no test, not even "another than"
        if op in {"is_true", "is_false"}:
            return bool(cell) == (op == "is_true")
        if op == "nonempty":
            return cell > 0
        definition = fact(test["fact"])
        if op == "in":
            return cell in [definition.encode(one) for one in value]
        other: int | None = (self.policy.term(value["policy"]) if isinstance(value, dict)
                 else definition.encode(value))
        if other is None:
            return op == "neq"
        return {"eq": cell == other, "neq": cell != other, "gt": cell > other,
                "ge": cell >= other, "lt": cell < other, "le": cell <= other}[op]


def is_explained(policy: Policy, key: str, duty: str | None = "explain") -> bool:
    """Whether a term's duty of 保险法17条 is proved; what is not does not apply."""
    record = policy.schedule.explanations.get(key)
    if duty == "none":
        return True
    if record is None or not record.highlighted:
        return False
    return duty == "highlight" or record.explained_at is not None


def acts(facts: Facts, own: Exclusion, coverage: str, item: int | None = None) -> bool:
    """Whether an exclusion is proved against a coverage, explained, and not carved back."""
    if not is_explained(facts.policy, own.code, own.duty):
        return False
    if own.coverages and coverage not in own.coverages:
        return False
    carved = [facts.holds(one.when, item) for one in own.carve_backs or ()
              if coverage in one.coverages or (not one.coverages and one.when is not None)]
    return every([facts.holds(own.predicate, item), negation(some(carved))]) is True


def effect_of(facts: Facts, own: Exclusion, item: int | None = None) -> Effect:
    """What an exclusion does: of a graded one, the first rung that holds."""
    effect = own.effect
    assert effect is not None
    if effect.type != "graded":
        return effect
    for step in effect.steps:
        if facts.holds(step.when, item) is True:
            return step.effect
    return Effect(type="none")


def points(facts: Facts, effect: Effect, item: int | None = None) -> int:
    """The insured's share that an effect sets, in ppm."""
    if effect.type == "coinsurance":
        return effect.insured_share_ppm
    if effect.type == "deductible_uplift" and effect.mode == "points":
        return effect.rate_ppm
    if effect.type == "sliding_coinsurance" and facts.known(str(effect.fact), item):
        value = facts.amount(str(effect.fact), item)
        return next(one.insured_share_ppm for one in effect.bands
                    if one.up_to is None or value <= one.up_to)
    return 0
