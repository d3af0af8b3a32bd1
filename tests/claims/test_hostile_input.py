"""Documents with anything changed anywhere: an answer or a clear error, never a crash."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest

from dinghai.claims.adjudication import adjudicate
from dinghai.claims.replay import Replay, replay
from dinghai.foundation.errors import InputError, Refusal
from tests.making import INTERRUPTION, make_claim, make_policy

JUNK: list[Any] = [None, True, -1, 0, 10**30, 1.5, "", "x", "FP-BI", [], [1], {}, {"fact": "x"},
                   "2026-13-45", "incident.ncbr", {"value": 1}, float("inf")]


def _places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(document, dict):
        for key in document:
            found += _places(document[key], (*path, key))
    elif isinstance(document, list):
        for index in range(len(document)):
            found += _places(document[index], (*path, index))
    return found


def _spoiled(source: random.Random, document: Any, places: list[tuple[Any, ...]]) -> Any:
    spoiled = copy.deepcopy(document)
    *parents, last = source.choice(places)
    holder = spoiled
    for key in parents:
        holder = holder[key]
    if source.random() < 0.2:
        del holder[last]
    else:
        holder[last] = copy.deepcopy(source.choice(JUNK))
    return spoiled


@pytest.mark.parametrize("seed", range(3))
def test_spoiled_documents_are_answered(seed: int) -> None:
    source = random.Random(seed)
    items = [INTERRUPTION, {"coverage": "FP-IR", "facts": {"item.amount": 10_000_000}}]
    policy = make_policy().to_dict()
    claim = make_claim(items, {"vuln.root_cause": True},
                       evidence=[{"id": "E-01", "document": "ir_report"}])
    decision = adjudicate(policy, claim)
    places = {"policy": _places(policy), "claim": _places(claim), "decision": _places(decision)}
    answered = refused = 0
    for _ in range(250):
        try:
            adjudicate(_spoiled(source, policy, places["policy"]), claim)
            answered += 1
        except InputError as error:
            assert error.fault.message
            refused += 1
        try:
            adjudicate(policy, _spoiled(source, claim, places["claim"]))
        except InputError as error:
            assert error.fault.message
        try:
            assert isinstance(replay(_spoiled(source, decision, places["decision"])), Replay)
        except (InputError, Refusal):
            refused += 1
    assert answered
    assert refused
