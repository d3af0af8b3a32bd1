"""Rules of referral as data: what is taken, on which condition, and who must decide the rest."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final, Literal

from dinghai.foundation.canonical import JSON, document_hash
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.reading import plain, typed
from dinghai.foundation.truth import Truth, every, some
from dinghai.pricing.referral_facts import FACTS, Fact, FactValue
from dinghai.pricing.tables import CONFIDENCES, TableStruct, read_checked
from dinghai.vocabulary.roles import roles

REFERRAL_SCHEMA: Final = "dinghai.referral/1"
Comparison = Literal["above", "at_least", "below", "at_most", "equals", "in", "not_in",
                     "includes_any"]
Effect = Literal["condition", "refer", "decline"]
_STRICTNESS: Final = ("quote", "quote_with_conditions", "inclusive_offer", "refer",
                      "treat_before_bind", "decline")
_AT_LEAST: Final[Mapping[Effect, str]] = {
    "condition": "quote_with_conditions", "refer": "refer", "decline": "decline"}
_ORDER: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "above": operator.gt, "at_least": operator.ge, "below": operator.lt, "at_most": operator.le}
_FITTING: Final[Mapping[str, tuple[str, ...]]] = {
    "fen": (*_ORDER, "equals"), "ppm": (*_ORDER, "equals"), "count": (*_ORDER, "equals"),
    "truth": ("equals",), "word": ("equals", "in", "not_in"), "words": ("includes_any",)}
_SETS: Final = ("in", "not_in", "includes_any")


class Condition(TableStruct, frozen=True):
    """One fact compared with a value, or with another fact of the same kind (``than``)."""

    fact: str
    comparison: Comparison
    value: int | bool | str | tuple[str, ...] | None = None
    than: str | None = None

    def reads(self) -> tuple[str, ...]:
        """The names of the facts it looks at."""
        return (self.fact,) if self.than is None else (self.fact, self.than)

    def holds(self, facts: Mapping[str, FactValue]) -> Truth:
        """Whether it holds; unknown where a fact is unknown."""
        left = facts.get(self.fact)
        right = self.value if self.than is None else facts.get(self.than)
        if left is None or right is None:
            return Truth.UNKNOWN
        return Truth.of(_compare(self.comparison, left, right))


def _compare(comparison: Comparison, left: Any, right: Any) -> bool:
    match comparison:
        case "equals":
            return bool(left == right)
        case "in":
            return left in right
        case "not_in":
            return left not in right
        case "includes_any":
            return any(one in right for one in left)
        case _:
            return _ORDER[comparison](left, right)


class Rule(TableStruct, frozen=True):
    """One rule: when its conditions hold, what follows, and who decides.

    ``match`` says whether all conditions must hold or any one. ``to`` is a role.
    """

    id: str
    reason: str
    name_zh: str
    name_en: str
    when: tuple[Condition, ...]
    outcome: Effect
    to: str
    source: str
    confidence: str
    match: Literal["all", "any"] = "all"

    def reads(self) -> tuple[str, ...]:
        """The names of the facts it looks at, each once."""
        return tuple(dict.fromkeys(name for one in self.when for name in one.reads()))

    def holds(self, facts: Mapping[str, FactValue]) -> Truth:
        """Whether it applies, in three-valued logic."""
        found = [one.holds(facts) for one in self.when]
        return every(found) if self.match == "all" else some(found)


class ReferralRules(TableStruct, frozen=True):
    """A table of rules of referral (schema dinghai.referral/1)."""

    schema: Literal["dinghai.referral/1"]
    id: str
    version: str
    as_of: str
    name_zh: str
    name_en: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class RuleResult:
    """One rule on one quote: whether it applies, the facts it looked at, those unknown."""

    rule: Rule
    truth: Truth
    facts: Mapping[str, FactValue]
    unknown: tuple[str, ...]

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {
            "id": self.rule.id, "reason": self.rule.reason, "outcome": self.rule.outcome,
            "to": self.rule.to,
            "facts": {name: list(value) if isinstance(value, tuple) else value
                      for name, value in self.facts.items()},
        }


@dataclass(frozen=True, slots=True)
class ReferralReading:
    """What a table of rules says of one quote."""

    table: str
    version: str
    sha256: str
    results: tuple[RuleResult, ...]

    @property
    def applied(self) -> tuple[RuleResult, ...]:
        """The rules that apply, in the table's order."""
        return tuple(one for one in self.results if one.truth is Truth.TRUE)

    @property
    def evidence_needed(self) -> tuple[RuleResult, ...]:
        """The rules nobody can decide yet: neither clean nor against the applicant."""
        return tuple(one for one in self.results if one.truth is Truth.UNKNOWN)

    @property
    def reasons(self) -> tuple[str, ...]:
        """The codes of the rules that apply."""
        return tuple(dict.fromkeys(one.rule.reason for one in self.applied))

    def stricter(self, outcome: str) -> str:
        """The outcome of the assessment, made stricter by the rules that apply; never softer."""
        reached = [outcome, *(_AT_LEAST[one.rule.outcome] for one in self.applied)]
        return max(reached, key=_STRICTNESS.index)

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON: the table, the rules that apply, and what is still to be found out."""
        return {
            "id": self.table, "version": self.version, "sha256": self.sha256,
            "applied": [one.to_dict() for one in self.applied],
            "evidence_needed": [{"id": one.rule.id, "to": one.rule.to,
                                 "unknown": list(one.unknown)} for one in self.evidence_needed],
        }


def apply_rules(rules: ReferralRules, facts: Mapping[str, FactValue]) -> ReferralReading:
    """What the rules say of these facts. Unknown facts settle nothing either way."""
    results = []
    for rule in rules.rules:
        seen = {name: facts.get(name) for name in rule.reads()}
        truth = rule.holds(facts)
        unknown = tuple(name for name, value in seen.items() if value is None)
        results.append(RuleResult(rule, truth, seen, unknown))
    return ReferralReading(rules.id, rules.version, referral_hash(rules), tuple(results))


@cache
def referral_hash(rules: ReferralRules) -> str:
    """SHA-256 over the canonical JSON of the table."""
    return document_hash(plain(rules))


def read_referral(path: Path) -> ReferralRules:
    """A table of rules from its TOML file. Raises InputError with every fault and its line."""
    return read_checked(path, ReferralRules, checked_referral)


def referral_of(document: JSON) -> ReferralRules:
    """A table of rules from its plain document. Raises InputError."""
    return checked_referral(typed(document, ReferralRules))


def checked_referral(rules: ReferralRules, file: str | None = None) -> ReferralRules:
    """The rules themselves. Raises InputError for rules that say nothing sensible."""
    faults = [Fault(message, file, None, field, mend)
              for message, field, mend in _faults(rules)]
    if faults:
        raise InputError.of(faults)
    return rules


def _faults(rules: ReferralRules) -> Sequence[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    seen: set[str] = set()
    for name in ("id", "version", "name_zh", "name_en"):
        if not str(getattr(rules, name)).strip():
            found.append((f"{name} is empty", name, "name the table and its version"))
    for place, rule in enumerate(rules.rules):
        at = f"rules[{place}]"
        if rule.id in seen:
            found.append((f"the rule {rule.id!r} stands twice", f"{at}.id",
                          "give each its own id"))
        seen.add(rule.id)
        for name in ("id", "reason", "name_zh", "name_en"):
            if not getattr(rule, name).strip():
                found.append((f"{name} is empty", f"{at}.{name}", "write it"))
        if not rule.when:
            found.append(("the rule has no condition", f"{at}.when", "say when it applies"))
        if rule.to not in roles():
            found.append((f"{rule.to!r} is not a role", f"{at}.to",
                          "name a role of the vocabulary"))
        if not rule.source.strip():
            found.append(("the rule has no source", f"{at}.source", "say where it comes from"))
        if rule.confidence not in CONFIDENCES:
            found.append((f"{rule.confidence!r} is no confidence mark", f"{at}.confidence",
                          "one of: " + ", ".join(CONFIDENCES)))
        for number, condition in enumerate(rule.when):
            found += _condition_faults(condition, f"{at}.when[{number}]")
    return found


def _condition_faults(condition: Condition, at: str) -> list[tuple[str, str, str]]:
    fact = FACTS.get(condition.fact)
    if fact is None:
        return [(f"there is no fact {condition.fact!r}", f"{at}.fact", _near(condition.fact))]
    if condition.comparison not in _FITTING[fact.kind]:
        return [(f"{condition.comparison!r} does not fit {condition.fact}, which is a {fact.kind}",
                 f"{at}.comparison", "one of: " + ", ".join(_FITTING[fact.kind]))]
    if (condition.value is None) == (condition.than is None):
        return [("a condition compares with a value or with another fact", f"{at}.value",
                 "give value or than, one of the two")]
    if condition.than is not None:
        other = FACTS.get(condition.than)
        if other is None:
            return [(f"there is no fact {condition.than!r}", f"{at}.than",
                     _near(condition.than))]
        if other.kind != fact.kind or condition.comparison in _SETS:
            return [(f"{condition.than} cannot be compared with {condition.fact}", f"{at}.than",
                     f"name a fact of kind {fact.kind}")]
        return []
    return _value_faults(condition, fact, at)


def _value_faults(condition: Condition, fact: Fact, at: str) -> list[tuple[str, str, str]]:
    value = condition.value
    if condition.comparison in _SETS:
        fits, mend = isinstance(value, tuple) and bool(value), "write a list of texts"
    elif fact.kind == "truth":
        fits, mend = isinstance(value, bool), "write true or false"
    elif fact.kind == "word":
        fits, mend = isinstance(value, str), "write a text in quotes"
    else:
        fits = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        mend = "write a whole number: fen for amounts, parts per million for ratios"
    return [] if fits else [(f"the value does not fit {condition.fact}", f"{at}.value", mend)]


def _near(name: str) -> str:
    near = get_close_matches(name, FACTS, n=1)
    return f"did you mean {near[0]}?" if near else "see docs/reference/referral.md for all facts"


@cache
def load_referral() -> ReferralRules:
    """The rules that ship with the engine."""
    with as_file(files("dinghai.data").joinpath("rating", "referral.toml")) as path:
        return read_referral(path)
