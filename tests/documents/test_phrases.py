"""Every code of the engine has words in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, get_args

import msgspec
import pytest

from dinghai.assessment.result import Reason
from dinghai.assessment.rules import OutcomeCode
from dinghai.claims.outcomes import OUTCOMES
from dinghai.documents.phrases import has_phrase, phrase, phrase_table
from dinghai.documents.readings import exclusion_words
from dinghai.evidence.finding import KINDS, SEVERITIES
from dinghai.foundation.errors import InputError
from dinghai.terms.compiler import compile_policy
from dinghai.terms.program import Rule
from dinghai.vocabulary.coverages import coverages
from dinghai.vocabulary.facts import facts
from dinghai.vocabulary.predicates import OPERATORS
from dinghai.wording import words
from dinghai.wording.exclusions import Effect
from dinghai.wording.policy import Policy
from dinghai.wording.sections import Retention, Valuation, Waiting
from tests.documents.making import make_policy

LITERALS = {
    "waiting_mode": words.WaitingMode, "waiting_mode_text": words.WaitingMode,
    "valuation": words.ValuationMethod, "valuation_text": words.ValuationMethod,
    "trigger_basis": words.TriggerBasis, "trigger_basis_text": words.TriggerBasis,
    "stage": words.Stage, "stage_text": words.Stage, "retention": words.RetentionKind,
    "payability": words.Payability, "payability_text": words.Payability,
    "duty": words.Duty, "status": words.Status, "assessment_outcome": OutcomeCode,
    "score_reason": Reason,
}


@pytest.mark.parametrize(("group", "literal"), LITERALS.items())
def test_codes_of_the_wording_have_words(group: str, literal: object) -> None:
    missing = [code for code in get_args(literal) if not has_phrase(f"{group}.{code}")]
    assert missing == []


def test_other_codes_have_words() -> None:
    codes = [f"{group}.{one}" for group in ("outcome", "outcome_text") for one in OUTCOMES]
    effects = next(field.type for field in msgspec.structs.fields(Effect)
                   if field.name == "type")
    codes += [f"effect.{one}" for one in get_args(effects)]
    codes += [f"operator.{one}" for one in OPERATORS]
    codes += [f"severity.{one}" for one in SEVERITIES] + [f"finding_kind.{one}" for one in KINDS]
    codes += [f"evidence.{one}" for coverage in coverages().values() for one in coverage.evidence]
    codes += [f"value.{one}" for fact in facts().values() for one in fact.values]
    codes += [f"unit.{fact.unit}" for fact in facts().values() if fact.unit]
    assert [one for one in codes if not has_phrase(one)] == []


def _variants() -> Iterator[Policy]:
    """Policies that together walk every stage, retention, waiting mode and valuation."""
    policy = make_policy()
    yield policy
    changes: list[dict[str, Any]] = [
        {"waiting": Waiting(seconds=3600, mode=mode)} for mode in get_args(words.WaitingMode)]
    changes += [{"waiting": None, "average": True,
                 "retention": Retention(kind=kind, amount_fen=1, ppm=1)}
                for kind in get_args(words.RetentionKind)]
    changes += [{"waiting": None, "valuation": Valuation(method=method, window_days=30),
                 "payability": payability}
                for method in get_args(words.ValuationMethod)
                for payability in get_args(words.Payability)]
    for change in changes:
        sections = tuple(msgspec.structs.replace(one, **change) if one.coverage == "FP-BI" else one
                         for one in policy.product.sections)
        product = msgspec.structs.replace(policy.product, sections=sections)
        yield msgspec.structs.replace(policy, product=product)


def _rules() -> Iterator[Rule]:
    for policy in _variants():
        granted = [one.coverage for one in policy.schedule.sections]
        towers = [one.coverage for one in policy.product.towers]
        yield from compile_policy(policy, granted + towers).rules


def test_every_rule_and_its_words_are_in_the_table() -> None:
    missing: set[str] = set()
    for rule in _rules():
        wanted = [f"rule.{rule.name}"]
        wanted += [f"word.{name}" for name in (*rule.inputs, *rule.outputs) if name not in facts()]
        missing |= {one for one in wanted if not has_phrase(one)}
    assert missing == set()


def test_every_exclusion_of_the_product_reads_as_words() -> None:
    policy = make_policy()
    for exclusion in policy.product.exclusions:
        for language in ("zh", "en"):
            words = "".join(exclusion_words(exclusion, language, terms=policy))
            assert "{" not in words
            assert not re.search(r"[a-z]+\.[a-z_]+", words), words


def test_both_languages_take_the_same_places() -> None:
    for code, (chinese, english) in phrase_table().items():
        assert sorted(re.findall(r"\{\w+\}", chinese)) == sorted(
            re.findall(r"\{\w+\}", english)), code


def test_chapters_stand_in_order() -> None:
    numbers = [int(code.split(".")[1]) for code in phrase_table() if code.startswith("chapter.")]
    assert all(one < other for one, other in pairwise(numbers))


def test_an_unknown_code_says_where_to_add_it() -> None:
    with pytest.raises(InputError, match=r"phrases\.toml"):
        phrase("rule.nonsense")
