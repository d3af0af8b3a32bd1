"""The tracing and the numba interpreter give the same fen on random policies and events."""

from __future__ import annotations

import random

import numpy as np
import pytest

from dinghai.terms import kernel, tracing
from dinghai.terms.compiler import compile_policy
from tests.terms.generating import random_cells, random_items, random_policy


def _agree(seed: int, policies: int, events: int) -> tuple[int, int]:
    source = random.Random(seed)
    compared = paid = 0
    for _ in range(policies):
        policy = random_policy(source)
        program = compile_policy(policy, random_items(source, policy))
        cells = [random_cells(source, program) for _ in range(events)]
        columns = {name: np.array([one[name] for one in cells], dtype=np.int64)
                   for name in program.inputs}
        outputs = tuple(program.outputs)
        fast = kernel.run(program, columns, outputs)
        for index, one in enumerate(cells):
            traced = tracing.run(program, one)
            for name in outputs:
                assert traced.output(name) == fast[name][index], (seed, name, one)
            compared += 1
            paid += traced.output("due") > 0
    return compared, paid


def test_they_agree_on_20_000_random_events() -> None:
    compared, paid = _agree(20261123, policies=200, events=100)
    assert compared == 20_000
    assert paid > 5_000  # the generator must reach the interesting parts


@pytest.mark.soak
def test_they_agree_on_a_million_random_events() -> None:
    compared, _ = _agree(1, policies=2_000, events=500)
    assert compared == 1_000_000
