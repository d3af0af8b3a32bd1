"""Cut a program down to what one run needs, without moving a single fen.

In a simulation most facts are the same for every event (nobody is at war, every term is
explained). Steps that read only such registers are done once; a step that a known operand decides
gives way to its result; steps that no wanted output reads are not done at all; and the registers
that remain are numbered anew, so that a block of events fits in the cache.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from dinghai.foundation.money import PPM
from dinghai.foundation.truth import Truth
from dinghai.terms.program import LARGEST_PRODUCT, Op, Program
from dinghai.terms.tracing import step_value

Steps = npt.NDArray[np.int32]
Row = tuple[int, int, int, int, int]
PRODUCT_OF_PPM: Final = 32
"""a × b ÷ 1,000,000 half up: what a compiler divides by is known, so it need not divide."""
PRODUCT_OF_ONE: Final = 33
"""a × b."""
_ONE_OPERAND = frozenset({Op.IS_TRUE, Op.IS_FALSE, Op.NOT, Op.EXISTS, Op.KNOWN, Op.VALUE})
_THREE_OPERANDS = frozenset({Op.SELECT, Op.PRODUCT_FLOOR, Op.PRODUCT_HALF_UP})
_MANY = frozenset({Op.SPLIT, Op.SHARE})


def reads(op: int, a: int, b: int, c: int) -> Sequence[int]:
    """Registers that a step reads."""
    if op in _MANY:
        return (*range(a, a + b), c)
    if op in _ONE_OPERAND:
        return (a,)
    return (a, b, c) if op in _THREE_OPERANDS else (a, b)


def writes(op: int, dst: int, b: int) -> Sequence[int]:
    """Registers that a step writes."""
    return range(dst, dst + b) if op in _MANY else (dst,)


@lru_cache(maxsize=256)
def divide(
    program: Program, varying: tuple[int, ...], wanted: tuple[int, ...]
) -> tuple[Steps, tuple[Row, ...]]:
    """Steps to do once and steps to do for every event, both in order; only what is wanted.

    ``varying`` are the registers that differ between events, ``wanted`` those to be read after.
    """
    changing = set(varying)
    rows: list[Row] = [(op, dst, a, b, c) for op, dst, a, b, c in program.steps.tolist()]
    for op, dst, a, b, c in rows:
        if not changing.isdisjoint(reads(op, a, b, c)):
            changing.update(writes(op, dst, b))
    kept = _needed(rows, wanted)
    once = [row for row in kept if row[1] not in changing]
    return (np.array(once, dtype=np.int32).reshape(-1, 5),
            tuple(row for row in kept if row[1] in changing))


@dataclass(frozen=True, slots=True)
class Compact:
    """What is left to run: steps over few registers, where columns go in and outputs come out."""

    steps: Steps
    initial: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int64]
    outputs: npt.NDArray[np.int64]


def specialise(
    each: Sequence[Row], values: npt.NDArray[np.int64], varying: Sequence[int],
    wanted: Sequence[int],
) -> Compact:
    """Simplify and renumber. ``values`` holds every register that does not vary."""
    values = np.append(values, LARGEST_PRODUCT)
    rows, alias = _simplify(each, values, set(varying))
    wanted = [alias.get(one, one) for one in wanted]
    return _renumber(_needed(rows, wanted), values, varying, wanted)


def _simplify(
    each: Sequence[Row], values: npt.NDArray[np.int64], varying: set[int]
) -> tuple[list[Row], dict[int, int]]:
    """Steps that a known operand decides become another name or a known value."""
    grouped = {one for op, _dst, a, b, _c in each if op in _MANY for one in range(a, a + b)}
    alias: dict[int, int] = {}
    changing = set(varying)
    rows: list[Row] = []
    for op, dst, a, b, c in each:
        if op in _MANY:
            rows.append((op, dst, a, b, alias.get(c, c)))
            changing.update(range(dst, dst + b))
            continue
        a, b, c = alias.get(a, a), alias.get(b, b), alias.get(c, c)
        if changing.isdisjoint(reads(op, a, b, c)) and dst not in grouped:
            values[dst] = step_value(op, values, a, b, c)
            continue
        row, same = _decided((op, dst, a, b, c), values, changing)
        if same is not None and dst not in grouped:
            alias[dst] = same
            continue
        if same is not None:  # parts of a cut must stand side by side: copy
            row = (Op.MAXIMUM, dst, same, same, 0)
        changing.add(dst)
        rows.append(row)
    return rows, alias


def _decided(
    row: Row, values: npt.NDArray[np.int64], changing: set[int]
) -> tuple[Row, int | None]:
    """The step in its cheapest form, or the register that already holds its result."""
    op, _dst, a, b, c = row

    def known(register: int) -> int | None:
        return None if register in changing else int(values[register])

    if op == Op.SELECT:
        if (chosen := known(a)) is not None:
            return row, b if chosen == Truth.TRUE else c
        return row, b if b == c else None
    if op in (Op.AND, Op.OR):
        through, stops = ((Truth.TRUE, Truth.FALSE) if op == Op.AND
                          else (Truth.FALSE, Truth.TRUE))
        for one, other in ((a, b), (b, a)):
            if (truth := known(one)) is not None:
                if truth == through:
                    return row, other
                if truth == stops:
                    return row, one
        return row, None
    if op == Op.ADD:
        for one, other in ((a, b), (b, a)):
            if known(one) == 0:
                return row, other
    if op == Op.SUBTRACT and known(b) == 0:
        return row, a
    if op in (Op.PRODUCT_FLOOR, Op.PRODUCT_HALF_UP):
        return _product(row, known(b), known(c), len(values) - 1), None
    return row, None


def _product(row: Row, factor: int | None, divisor: int | None, largest: int) -> Row:
    """Products whose divisor is known; the whole of an amount is that amount, saturated."""
    op, dst, a, b, _c = row
    if factor == divisor and (factor or 0) > 0:
        return Op.MINIMUM, dst, a, largest, 0
    if divisor == PPM and op == Op.PRODUCT_HALF_UP:
        return PRODUCT_OF_PPM, dst, a, b, 0
    if divisor == 1:
        return PRODUCT_OF_ONE, dst, a, b, 0
    return row


def _needed(rows: list[Row], wanted: Sequence[int]) -> list[Row]:
    needed = set(wanted)
    kept: list[Row] = []
    for op, dst, a, b, c in reversed(rows):
        if not needed.isdisjoint(writes(op, dst, b)):
            needed.update(reads(op, a, b, c))
            kept.append((op, dst, a, b, c))
    return kept[::-1]


def _renumber(
    rows: list[Row], values: npt.NDArray[np.int64], varying: Sequence[int],
    wanted: Sequence[int],
) -> Compact:
    """Give registers few places: one is free again after its last reader."""
    last = {register: len(rows) for register in wanted}
    made: set[int] = set()
    for index, (op, dst, a, b, c) in enumerate(rows):
        made.update(writes(op, dst, b))
        for register in reads(op, a, b, c):
            last[register] = max(last.get(register, 0), index)
    blocks = {one: tuple(range(start, start + count)) for op, dst, a, count, _c in rows
              if op in _MANY for start in (a, dst) for one in range(start, start + count)}
    places = _Places()
    fixed = sorted((set(last) | set(wanted)) - made)
    for register in fixed:
        places.take(blocks.get(register, (register,)))
    columns = [places.take((register,))[register] for register in varying]
    out: list[Row] = []
    for index, (op, dst, a, b, c) in enumerate(rows):
        for register in writes(op, dst, b):
            if register not in places.of:
                places.take(blocks.get(register, (register,)))
        out.append((op, places.of[dst], *_placed(op, a, b, c, places.of)))
        for register in {*reads(op, a, b, c), *writes(op, dst, b)}:
            block = blocks.get(register, (register,))
            if all(one in made and last.get(one, index) <= index for one in block):
                places.free(block)
    initial = np.zeros(places.size, dtype=np.int64)
    for register in fixed:
        initial[places.of[register]] = values[register]
    return Compact(
        np.array(out, dtype=np.int32).reshape(-1, 5), initial,
        np.array(columns, dtype=np.int64),
        np.array([places.of[one] for one in wanted], dtype=np.int64))


def _placed(op: int, a: int, b: int, c: int, of: dict[int, int]) -> tuple[int, int, int]:
    if op in _MANY:
        return of[a], b, of[c]
    used = len(reads(op, a, b, c))
    return of[a], of[b] if used > 1 else 0, of[c] if used > 2 else 0


class _Places:
    """Places for registers: first fit, side by side for the parts of a cut."""

    def __init__(self) -> None:
        self.of: dict[int, int] = {}
        self.size = 0
        self._free: set[int] = set()

    def take(self, block: tuple[int, ...]) -> dict[int, int]:
        """Places for registers that stand side by side; where they are."""
        if block[0] not in self.of:
            start = self._fit(len(block))
            for offset, register in enumerate(block):
                self.of[register] = start + offset
        return self.of

    def _fit(self, count: int) -> int:
        if count == 1:
            start = min(self._free, default=self.size)
            self._free.discard(start)
            self.size = max(self.size, start + 1)
            return start
        start = 0
        while start < self.size and not all(
                one in self._free or one >= self.size for one in range(start, start + count)):
            start += 1
        self._free.difference_update(range(start, start + count))
        self.size = max(self.size, start + count)
        return start

    def free(self, block: tuple[int, ...]) -> None:
        """Nobody reads these any more. Their names keep their places: nothing is read twice."""
        self._free.update(self.of[one] for one in block)
