"""Replay: the same bytes, or the line that differs."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from dinghai.claims.adjudication import adjudicate
from dinghai.claims.replay import replay
from dinghai.foundation.canonical import canonical_bytes, document_hash
from dinghai.foundation.errors import InputError, Refusal
from tests.making import INTERRUPTION, make_claim, make_policy


@pytest.fixture
def decision() -> dict[str, Any]:
    items = [INTERRUPTION, {"coverage": "FP-IR", "facts": {"item.amount": 10_000_000}}]
    return adjudicate(make_policy().to_dict(), make_claim(items))


def test_it_works(decision: dict[str, Any]) -> None:
    result = replay(decision)
    assert result.same
    assert result.hash == decision["hash"]


def test_two_decisions_are_the_same_bytes(decision: dict[str, Any]) -> None:
    inputs = decision["inputs"]
    again = adjudicate(inputs["policy"], inputs["claim"])
    assert canonical_bytes(again) == canonical_bytes(decision)


def test_a_changed_amount_names_its_line(decision: dict[str, Any]) -> None:
    decision["lines"][1]["payable_fen"] += 1
    result = replay(decision)
    assert (result.same, result.line, result.field) == (False, 2, "payable_fen")


def test_a_changed_amount_with_a_new_hash_still_shows(decision: dict[str, Any]) -> None:
    decision["lines"][1]["payable_fen"] += 1
    decision["total_fen"] += 1
    decision["hash"] = document_hash(decision)
    assert replay(decision).line == 2


def test_a_changed_input_names_the_line_it_moves(decision: dict[str, Any]) -> None:
    decision["inputs"]["claim"]["items"][1]["facts"]["item.amount"] = 9_000_000
    result = replay(decision)
    assert (result.same, result.line) == (False, 2)


def test_a_changed_term_names_the_line_it_moves(decision: dict[str, Any]) -> None:
    decision["inputs"]["policy"]["schedule"]["event_deductible_fen"] = 20_000_000
    assert replay(decision).line == 1


def test_an_input_that_moves_no_line_still_breaks_the_hash(decision: dict[str, Any]) -> None:
    decision["inputs"]["claim"]["description"] = "changed afterwards"
    result = replay(decision)
    assert (result.same, result.line, result.field) == (False, None, "hash")


def test_a_dropped_line_and_a_wrong_total(decision: dict[str, Any]) -> None:
    short = copy.deepcopy(decision)
    short["lines"].pop()
    assert (replay(short).line, replay(short).field) == (2, "presence")
    decision["total_fen"] += 1
    assert replay(decision).field == "total_fen"


def test_inputs_that_make_no_decision_are_not_those_of_then(decision: dict[str, Any]) -> None:
    decision["inputs"]["claim"]["items"][0]["facts"]["bi.gross_profit_rate"] = "40%"
    result = replay(decision)
    assert not result.same
    assert result.field == "inputs.claim.items[0].facts.bi.gross_profit_rate"


def test_other_rules_are_refused_not_guessed(decision: dict[str, Any]) -> None:
    decision["rules"]["terms"] = "0"
    with pytest.raises(Refusal, match="rules"):
        replay(decision)


@pytest.mark.parametrize("document", [[], {}, {"schema": "dinghai.decision/1"}, "x", None])
def test_something_else_is_not_a_decision(document: Any) -> None:
    with pytest.raises(InputError):
        replay(document)
