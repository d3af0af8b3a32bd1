"""The golden claims reach the whole language: every coverage, exclusion, mode, kind and stage.

A feature that no hand-derived claim touches is a feature whose figures nobody has checked, so a
word added to the language fails here until somebody derives a claim for it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from typing import Any, get_args, get_type_hints

import pytest

from dinghai.claims.adjudication import adjudicate
from dinghai.vocabulary.coverages import coverages
from dinghai.vocabulary.exclusions import exclusions
from dinghai.wording.exclusions import Effect
from dinghai.wording.layers import Layer
from dinghai.wording.schema import Basis, Limits, OtherInsurance
from dinghai.wording.sections import Tower
from dinghai.wording.words import (
    RetentionKind,
    Stage,
    TriggerBasis,
    ValuationMethod,
    WaitingMode,
)
from tests.golden.test_claims import FILES, golden_claim, golden_history, golden_policy

LEAST = 150
"""How many golden claims there are at least."""


def _words(prefix: str, values: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(f"{prefix}:{one}" for one in values)


def _field(owner: type, name: str) -> tuple[Any, ...]:
    """The closed list that a field of the language allows."""
    return get_args(get_type_hints(owner)[name])


WANTED: tuple[str, ...] = (
    *exclusions(),
    *_words("waiting", get_args(WaitingMode)),
    *_words("retention", get_args(RetentionKind)),
    *_words("effect", _field(Effect, "type")),
    *_words("valuation", get_args(ValuationMethod)),
    *_words("stage", get_args(Stage)),
    *_words("basis", get_args(TriggerBasis)),
    *_words("aggregation", _field(Basis, "aggregation_rule")),
    *_words("other_insurance", _field(OtherInsurance, "rule")),
    *_words("layer", _field(Layer, "basis")),
    *_words("sublimit", ("annual", "each_event", "per_insured", "multiple_of_fee")),
    *_words("tower", _field(Tower, "cap")),
    *_words("defence", _field(Limits, "defence")),
    "order:changed",
)
"""What some file must say in ``shows`` that it exercises."""


@cache
def _cases() -> tuple[dict[str, Any], ...]:
    return tuple(tomllib.loads(path.read_text("utf-8")) for path in FILES)


@cache
def _shown() -> frozenset[str]:
    return frozenset(word for case in _cases() for word in case["shows"])


def _lines(coverage: str) -> Iterator[tuple[int, str]]:
    """What each file that shows a coverage expects of its lines: fen, and the outcome if said."""
    for case in _cases():
        if coverage not in case["shows"]:
            continue
        expected = case["expected"]
        for name, fen in expected["lines"].items():
            if name.partition("@")[0] == coverage:
                yield fen, expected.get("outcomes", {}).get(name, "")


def test_there_are_enough() -> None:
    assert len(FILES) >= LEAST


@pytest.mark.parametrize("coverage", coverages())
def test_a_coverage_pays_in_one_and_not_in_another(coverage: str) -> None:
    """A service in kind never pays cash: there, rendering it stands for paying."""
    lines = list(_lines(coverage))
    if coverages()[coverage].trigger.basis == "in_kind":
        assert any(outcome == "in_kind" for _, outcome in lines)
    else:
        assert any(fen > 0 for fen, _ in lines)
    assert any(fen == 0 and outcome != "in_kind" for fen, outcome in lines)


@pytest.mark.parametrize("word", WANTED)
def test_something_shows_it(word: str) -> None:
    assert word in _shown()


@cache
def _exclusions_seen() -> tuple[frozenset[str], frozenset[str]]:
    """Exclusions that acted in some golden claim, and that were agreed and did not act in one."""
    acted: set[str] = set()
    rested: set[str] = set()
    for case in _cases():
        policy = golden_policy(case)
        decision = adjudicate(policy.to_dict(), golden_claim(case), golden_history(case))
        here = {step["code"] for line in decision["lines"] for step in line["steps"]
                if step["rule"] == "exclusion" and step["outputs"]["applies"] == "true"}
        acted |= here
        rested |= {one.code for one in policy.product.exclusions} - here
    return frozenset(acted), frozenset(rested)


@pytest.mark.parametrize("code", exclusions())
def test_an_exclusion_acts_in_one_and_not_in_another(code: str) -> None:
    acted, rested = _exclusions_seen()
    assert code in acted
    assert code in rested


def test_services_in_kind_are_worth_what_was_derived() -> None:
    """They pay no cash, so ``lines`` says nothing of their value: ``in_kind`` does."""
    checked = set()
    for case in _cases():
        for coverage, fen in case["expected"].get("in_kind", {}).items():
            decision = adjudicate(golden_policy(case).to_dict(), golden_claim(case),
                                  golden_history(case))
            rendered = {line["coverage"]: line.get("in_kind_fen") for line in decision["lines"]}
            assert rendered[coverage] == fen, case["title"]
            checked.add(coverage)
    assert checked == {one.id for one in coverages().values() if one.trigger.basis == "in_kind"}


def test_every_claim_says_where_its_figures_come_from() -> None:
    """A source with what it is worth: A to T, M, D, or the text that is derived from."""
    silent = [path.name for path, case in zip(FILES, _cases(), strict=True)
              if not case["source"].strip()]
    assert not silent
