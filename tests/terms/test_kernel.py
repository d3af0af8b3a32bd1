"""The kernel's own arithmetic: 128-bit products, splits, unknown cells, bad inputs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinghai.foundation.errors import InputError
from dinghai.foundation.money import multiply_divide, split
from dinghai.terms import kernel, tracing
from dinghai.terms.program import LARGEST_PRODUCT, Builder, Op
from dinghai.vocabulary.facts import ABSENT, UNKNOWN

AMOUNTS = st.one_of(
    st.integers(0, 10**15), st.sampled_from([0, 1, 3_037_000_499, 3_037_000_500, 2**53, 10**15]))


def _one_step(op: Op, *cells: int) -> tuple[int, int]:
    builder = Builder()
    registers = [builder.input(name, UNKNOWN) for name in "abc"[:len(cells)]]
    builder.outputs["out"] = builder.step(op, *registers)
    program = builder.build(())
    named = dict(zip("abc", cells, strict=False))
    fast = kernel.run(program, {k: np.array([v]) for k, v in named.items()}, ("out",))
    return tracing.run(program, named).output("out"), int(fast["out"][0])


@given(AMOUNTS, AMOUNTS, st.integers(1, 10**15))
def test_products_are_exact(a: int, b: int, c: int) -> None:
    if a * b // c >= LARGEST_PRODUCT:
        assert _one_step(Op.PRODUCT_FLOOR, a, b, c) == (LARGEST_PRODUCT,) * 2
        return
    assert _one_step(Op.PRODUCT_FLOOR, a, b, c) == (multiply_divide(a, b, c, "floor"),) * 2
    assert _one_step(Op.PRODUCT_HALF_UP, a, b, c) == (multiply_divide(a, b, c, "half_up"),) * 2


@given(st.lists(AMOUNTS, min_size=2, max_size=9), AMOUNTS)
def test_splits_are_exact_and_whole(parts: list[int], cap: int) -> None:
    builder = Builder()
    registers = [builder.input(f"p{index}", 0) for index in range(len(parts))]
    results = builder.split(registers, builder.input("cap", 0))
    for index, register in enumerate(results):
        builder.outputs[f"r{index}"] = register
    program = builder.build(())
    cells = {**{f"p{index}": part for index, part in enumerate(parts)}, "cap": cap}
    names = tuple(program.outputs)
    fast = kernel.run(program, {k: np.array([v]) for k, v in cells.items()}, names)
    got = [int(fast[name][0]) for name in names]
    assert sum(got) == min(sum(parts), cap)
    assert got == (parts if sum(parts) <= cap else split(cap, parts))
    traced = tracing.run(program, cells)
    assert got == [traced.output(name) for name in names]


@pytest.mark.parametrize(("op", "cells", "expected"), [
    (Op.IS_TRUE, (UNKNOWN,), 1), (Op.IS_TRUE, (1,), 2), (Op.IS_TRUE, (0,), 0),
    (Op.IS_FALSE, (ABSENT,), 0), (Op.EXISTS, (UNKNOWN,), 1), (Op.EXISTS, (ABSENT,), 0),
    (Op.EXISTS, (5,), 2), (Op.KNOWN, (ABSENT,), 2), (Op.VALUE, (UNKNOWN,), 0),
    (Op.EQUAL, (3, UNKNOWN), 1), (Op.EQUAL, (3, ABSENT), 0), (Op.LESS, (2, 3), 2),
    (Op.LESS_OR_EQUAL, (3, 3), 2), (Op.AND, (1, 0), 0), (Op.AND, (1, 2), 1), (Op.OR, (1, 2), 2),
    (Op.NOT, (1,), 1), (Op.SELECT, (1, 7, 9), 9), (Op.SELECT, (2, 7, 9), 7),
    (Op.PRODUCT_FLOOR, (5, 5, 0), 0),
])
def test_steps(op: Op, cells: tuple[int, ...], expected: int) -> None:
    assert _one_step(op, *cells) == (expected, expected)


def test_an_input_nobody_asks_for_is_refused() -> None:
    program = Builder().build(())
    with pytest.raises(InputError, match="do not ask"):
        kernel.run(program, {"incident.ncbr": 1}, ())
    with pytest.raises(InputError, match="do not ask"):
        tracing.run(program, {"incident.ncbr": 1})
