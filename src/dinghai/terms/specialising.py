"""Cut a program down to what one run needs: constants are folded, unused results are dropped.

In a simulation most facts are the same for every event (nobody is at war, every term is
explained). Steps that read only such registers are done once; steps that no wanted output reads
are not done at all. The numbers are the same by construction: the steps that remain are untouched.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from dinghai.terms.program import Op, Program

Steps = npt.NDArray[np.int32]
_Row = tuple[int, int, int, int, int]
_ONE_OPERAND = frozenset({Op.IS_TRUE, Op.IS_FALSE, Op.NOT, Op.EXISTS, Op.KNOWN, Op.VALUE})
_THREE_OPERANDS = frozenset({Op.SELECT, Op.PRODUCT_FLOOR, Op.PRODUCT_HALF_UP})


def reads(op: int, a: int, b: int, c: int) -> Sequence[int]:
    """Registers that a step reads."""
    if op in (Op.SPLIT, Op.SHARE):
        return (*range(a, a + b), c)
    if op in _ONE_OPERAND:
        return (a,)
    return (a, b, c) if op in _THREE_OPERANDS else (a, b)


def writes(op: int, dst: int, b: int) -> Sequence[int]:
    """Registers that a step writes."""
    return range(dst, dst + b) if op in (Op.SPLIT, Op.SHARE) else (dst,)


@lru_cache(maxsize=256)
def specialise(
    program: Program, varying: tuple[int, ...], wanted: tuple[int, ...]
) -> tuple[Steps, Steps]:
    """Steps to do once and steps to do for every event, both in order.

    ``varying`` are the registers that differ between events, ``wanted`` those to be read after.
    """
    rows = program.steps.tolist()
    changing = set(varying)
    for op, dst, a, b, c in rows:
        if not changing.isdisjoint(reads(op, a, b, c)):
            changing.update(writes(op, dst, b))
    needed = set(wanted)
    once: list[_Row] = []
    each: list[_Row] = []
    for op, dst, a, b, c in reversed(rows):
        made = writes(op, dst, b)
        if needed.isdisjoint(made):
            continue
        needed.update(reads(op, a, b, c))
        (once if changing.isdisjoint(made) else each).append((op, dst, a, b, c))
    return _array(once), _array(each)


def _array(rows: list[_Row]) -> Steps:
    return np.array(rows[::-1], dtype=np.int32).reshape(-1, 5)
