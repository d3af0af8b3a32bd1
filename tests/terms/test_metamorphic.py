"""What must hold between two runs of one policy, whatever its terms are.

Limits, deductibles and added exclusions are held in `tests/wording/test_monotone_breaks.py`, for
the products that the checker calls monotone.
"""

from __future__ import annotations

import random
from typing import Any

from dinghai.terms import tracing
from dinghai.terms.compiler import compile_policy
from dinghai.terms.program import ItemShape, Program
from dinghai.vocabulary.facts import UNKNOWN, fact
from dinghai.wording.monotone import monotone_breaks
from dinghai.wording.policy import Policy
from tests.terms.generating import random_cells, random_items, random_policy


def _monotone_policy(source: random.Random) -> Policy:
    """A policy whose product nothing keeps from being monotone."""
    while True:
        policy = random_policy(source)
        if not monotone_breaks(policy.product):
            return policy


def _identifier(name: str) -> str:
    return name.split("].", 1)[1] if name.startswith("item[") else name


def _insurers(program: Program) -> list[str]:
    """Inputs the insurer must prove, as yes or no or as an amount."""
    return [name for name in program.inputs if not name.startswith("prior.") and "@" not in name
            and fact(_identifier(name)).prover == "insurer"
            and fact(_identifier(name)).type in {"boolean", "money"}]


def test_unknown_never_pays_less_than_proven_against_the_insured() -> None:
    """Of a fact the insurer must prove, not knowing it is never worse than the worse answer."""
    source = random.Random(30)
    compared = moved = 0
    for _ in range(60):
        policy = _monotone_policy(source)
        shapes = random_items(source, policy)
        program = compile_policy(policy, shapes)
        names = _insurers(program)
        for _ in range(6):
            cells = random_cells(source, program)
            for name in source.sample(names, min(4, len(names))):
                values = (0, 1) if fact(_identifier(name)).type == "boolean" else (
                    0, 1_000_000, 10**15)
                paid = [tracing.run(program, {**cells, name: value}).output("due")
                        for value in values]
                unknown = tracing.run(program, {**cells, name: UNKNOWN}).output("due")
                assert unknown + len(shapes) >= min(paid), (name, cells)
                compared += 1
                moved += min(paid) < max(paid)
    assert compared > 1_000
    assert moved > 10


def _shuffled(
    source: random.Random, shapes: list[ItemShape], cells: dict[str, int]
) -> tuple[list[ItemShape], dict[str, int]]:
    """The same items in another order."""
    order = list(range(len(shapes)))
    source.shuffle(order)
    place = {old: new for new, old in enumerate(order)}
    moved = {}
    for name, cell in cells.items():
        if name.startswith("item["):
            position, rest = name[5:].split("].", 1)
            moved[f"item[{place[int(position)]}].{rest}"] = cell
        else:
            moved[name] = cell
    return [shapes[old] for old in order], moved


def test_the_order_of_the_items_does_not_matter() -> None:
    source = random.Random(31)
    paid = 0
    for _ in range(150):
        policy = _monotone_policy(source)
        shapes = random_items(source, policy)
        cells = random_cells(source, compile_policy(policy, shapes))
        others, moved = _shuffled(source, shapes, cells)
        one = tracing.run(compile_policy(policy, shapes), cells)
        other = tracing.run(compile_policy(policy, others), moved)
        assert abs(one.output("total") - other.output("total")) <= len(shapes)
        paid += one.output("due") > 0
    assert paid > 50


def test_shares_add_up_to_what_is_placed_to_the_fen() -> None:
    source = random.Random(32)
    seen = 0
    while seen < 300:
        policy = random_policy(source)
        if not policy.schedule.layers:
            continue
        program = compile_policy(policy, random_items(source, policy))
        run = tracing.run(program, random_cells(source, program))
        outputs: dict[str, Any] = {name: run.output(name) for name in program.outputs}
        for layer in policy.schedule.layers:
            shares = [outputs[f"share.{layer.id}.{one.party}"] for one in layer.participants
                      if f"layer.{layer.id}" in outputs]
            if not shares:
                continue
            placed = sum(one.share_ppm for one in layer.participants)
            borne = outputs[f"layer.{layer.id}"]
            assert sum(shares) == (borne * placed * 2 + 1_000_000) // 2_000_000
            seen += borne > 0


def test_lines_add_up_to_the_total() -> None:
    source = random.Random(33)
    for _ in range(200):
        policy = random_policy(source)
        program = compile_policy(policy, random_items(source, policy))
        run = tracing.run(program, random_cells(source, program))
        lines = sum(run.output(name) for name in program.outputs if name.startswith("pay."))
        assert lines == run.output("due") == run.output("total") + run.output("interim")
        assert run.output("inside") + run.output("outside") == lines
        assert all(run.output(name) >= 0 for name in program.outputs)
