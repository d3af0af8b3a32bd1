"""The tracing and the numba interpreter give the same fen on random policies and years."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest

from dinghai.terms import kernel, tracing
from dinghai.terms.compiler import compile_policy
from dinghai.terms.sequences import eroding, run_years, trace_year
from tests.terms.generating import random_cells, random_items, random_policy

KEPT = Path(__file__).parent / "kept_seeds.json"
"""Seeds that once showed a fault: the soak adds what it finds, the suite walks them again."""


def kept_seeds() -> list[int]:
    """The seeds kept."""
    seeds: list[int] = json.loads(KEPT.read_text("utf-8"))
    return seeds


def _agree(seed: int, policies: int, sequences: int) -> tuple[int, int]:
    """Every output of every event of every sequence; how many sequences, and how many paid."""
    source = random.Random(seed)
    compared = paid = 0
    for number in range(policies):
        policy = random_policy(source)
        program = compile_policy(policy, random_items(source, policy))
        names = eroding(program)
        lengths = [source.choice((1, 1, 2, 3)) for _ in range(sequences)]
        rows = [[random_cells(source, program) for _ in range(length)] for length in lengths]
        events = [[source.randrange(2) for _ in range(length)] for length in lengths]
        flat = [cells for sequence in rows for cells in sequence]
        columns = {name: np.array([cells[name] for cells in flat], dtype=np.int64)
                   for name in program.inputs if name.removeprefix("prior.") not in names}
        outputs = tuple(program.outputs)
        fast = run_years(program, columns, np.repeat(np.arange(sequences), lengths),
                         np.array([one for of in events for one in of]), outputs)
        row = 0
        for sequence, of in zip(rows, events, strict=True):
            given = [{name: cell for name, cell in cells.items() if name in columns}
                     for cells in sequence]
            for traced in trace_year(program, given, of):
                for name in outputs:
                    assert traced.output(name) == fast[name][row], (seed, number, row, name)
                paid += traced.output("due") > 0
                row += 1
            compared += 1
    return compared, paid


def test_they_agree_on_20_000_random_years() -> None:
    compared, paid = _agree(20261125, policies=400, sequences=50)
    assert compared == 20_000
    assert paid > 5_000  # the generator must reach the interesting parts


def test_they_agree_on_what_was_paid_before() -> None:
    source = random.Random(7)
    for _ in range(40):
        policy = random_policy(source)
        program = compile_policy(policy, random_items(source, policy))
        cells = [random_cells(source, program) for _ in range(20)]
        columns = {name: np.array([one[name] for one in cells], dtype=np.int64)
                   for name in program.inputs}
        fast = kernel.run(program, columns, tuple(program.outputs))
        for index, one in enumerate(cells):
            traced = tracing.run(program, one)
            for name in program.outputs:
                assert traced.output(name) == fast[name][index], (name, one)


def test_they_agree_where_they_once_did_not() -> None:
    for seed in kept_seeds():
        _agree(seed, policies=40, sequences=10)
    assert kept_seeds()


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1, 51))
def test_they_agree_on_a_million_random_years(seed: int) -> None:
    try:
        compared, _ = _agree(seed, policies=200, sequences=100)
    except BaseException:
        KEPT.write_text(json.dumps(sorted({*kept_seeds(), seed})) + "\n", "utf-8")
        raise
    assert compared == 20_000
