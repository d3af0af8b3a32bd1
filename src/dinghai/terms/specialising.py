"""Cut a program down to what one run needs, without moving a single fen.

In a simulation most facts are the same for every event (nobody is at war, every term is
explained). Steps that read only such registers are done once; a step that a known operand decides
gives way to its result; steps that no wanted output reads are not done at all; and the registers
that remain are numbered anew, so that a block of events fits in the cache. How a program was
cut is kept as a recipe: it serves every policy with the same steps whose figures answer its
questions alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from dinghai.foundation.money import PPM
from dinghai.foundation.truth import Truth
from dinghai.terms.program import Op
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


def divide(
    steps: Steps, varying: tuple[int, ...], wanted: tuple[int, ...]
) -> tuple[Steps, tuple[Row, ...]]:
    """Steps to do once and steps to do for every event, both in order; only what is wanted.

    ``varying`` are the registers that differ between events, ``wanted`` those to be read after.
    """
    changing = set(varying)
    rows: list[Row] = [(op, dst, a, b, c) for op, dst, a, b, c in steps.tolist()]
    for op, dst, a, b, c in rows:
        if not changing.isdisjoint(reads(op, a, b, c)):
            changing.update(writes(op, dst, b))
    kept = _needed(rows, wanted)
    once = [row for row in kept if row[1] not in changing]
    return _steps(once), tuple(row for row in kept if row[1] in changing)


@dataclass(frozen=True, slots=True)
class Compact:
    """What is left to run: steps over few registers, where columns go in and outputs come out."""

    steps: Steps
    initial: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int64]
    outputs: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """How a program was cut down, and which known values that rests on.

    ``folds`` are steps found to be the same for every event, in order; ``tests`` rows of
    (register, other register or −1, value, whether they were equal). Where the tests come out the
    same for other known values, the same cut is right for them.
    """

    folds: Steps
    tests: npt.NDArray[np.int64]
    steps: Steps
    columns: npt.NDArray[np.int64]
    outputs: npt.NDArray[np.int64]
    fixed: npt.NDArray[np.int64]
    places: npt.NDArray[np.int64]
    size: int

    def fits(self, values: npt.NDArray[np.int64]) -> bool:
        """Whether the cut is right for these known values (after the folds)."""
        left, other, constant, equal = self.tests.T
        right = np.where(other < 0, constant, values[other])
        return bool(np.array_equal(values[left] == right, equal.astype(np.bool_)))

    def compact(self, values: npt.NDArray[np.int64]) -> Compact:
        """What is left to run with these known values (after the folds)."""
        initial = np.zeros(self.size, dtype=np.int64)
        initial[self.places] = values[self.fixed]
        return Compact(self.steps, initial, self.columns, self.outputs)


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """The known values of a cut, which remembers every question it asks of them."""

    values: npt.NDArray[np.int64]
    changing: set[int]
    tests: dict[tuple[int, int, int], bool]

    def equals(self, register: int, value: int) -> bool:
        """Whether a register is known to hold the value."""
        if register in self.changing:
            return False
        found = int(self.values[register]) == value
        self.tests[register, -1, value] = found
        return found

    def alike(self, register: int, other: int) -> bool:
        """Whether two registers are known to hold the same value, above zero."""
        if register in self.changing or other in self.changing:
            return False
        found = int(self.values[register]) == int(self.values[other])
        self.tests[register, other, 0] = found
        return found and not self.equals(register, 0)


def specialise(
    each: Sequence[Row], values: npt.NDArray[np.int64], varying: Sequence[int],
    wanted: Sequence[int],
) -> Recipe:
    """Simplify and renumber. ``values`` holds every register that does not vary, and is filled
    with what the folds give; its last cell is the largest product."""
    known = _Known(values, set(varying), {})
    rows, folds, alias = _simplify(each, known)
    wanted = [alias.get(one, one) for one in wanted]
    return _renumber(_needed(rows, wanted), folds, known.tests, varying, wanted)


def _simplify(each: Sequence[Row], known: _Known) -> tuple[list[Row], list[Row], dict[int, int]]:
    """Steps that a known operand decides become another name or a known value."""
    grouped = {one for op, _dst, a, b, _c in each if op in _MANY for one in range(a, a + b)}
    alias: dict[int, int] = {}
    changing = known.changing
    rows: list[Row] = []
    folds: list[Row] = []
    for op, dst, a, b, c in each:
        if op in _MANY:
            rows.append((op, dst, a, b, alias.get(c, c)))
            changing.update(range(dst, dst + b))
            continue
        a, b, c = alias.get(a, a), alias.get(b, b), alias.get(c, c)
        if changing.isdisjoint(reads(op, a, b, c)) and dst not in grouped:
            known.values[dst] = step_value(op, known.values, a, b, c)
            folds.append((op, dst, a, b, c))
            continue
        row, same = _decided((op, dst, a, b, c), known)
        if same is not None and dst not in grouped:
            alias[dst] = same
            continue
        if same is not None:  # parts of a cut must stand side by side: copy
            row = (Op.MAXIMUM, dst, same, same, 0)
        changing.add(dst)
        rows.append(row)
    return rows, folds, alias


def _decided(row: Row, known: _Known) -> tuple[Row, int | None]:
    """The step in its cheapest form, or the register that already holds its result."""
    op, _dst, a, b, c = row
    if op == Op.SELECT:
        if a not in known.changing:
            return row, b if known.equals(a, Truth.TRUE) else c
        return row, b if b == c else None
    if op in (Op.AND, Op.OR):
        through, stops = ((Truth.TRUE, Truth.FALSE) if op == Op.AND
                          else (Truth.FALSE, Truth.TRUE))
        for one, other in ((a, b), (b, a)):
            if known.equals(one, through):
                return row, other
            if known.equals(one, stops):
                return row, one
        return row, None
    if op == Op.ADD:
        for one, other in ((a, b), (b, a)):
            if known.equals(one, 0):
                return row, other
    if op == Op.SUBTRACT and known.equals(b, 0):
        return row, a
    if op in (Op.PRODUCT_FLOOR, Op.PRODUCT_HALF_UP):
        return _product(row, known), None
    return row, None


def _product(row: Row, known: _Known) -> Row:
    """Products whose divisor is known; the whole of an amount is that amount, saturated."""
    op, dst, a, b, c = row
    if known.alike(b, c):
        return Op.MINIMUM, dst, a, len(known.values) - 1, 0
    if op == Op.PRODUCT_HALF_UP and known.equals(c, PPM):
        return PRODUCT_OF_PPM, dst, a, b, 0
    if known.equals(c, 1):
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
    rows: list[Row], folds: list[Row], tests: Mapping[tuple[int, int, int], bool],
    varying: Sequence[int], wanted: Sequence[int],
) -> Recipe:
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
    return Recipe(
        folds=_steps(folds),
        tests=np.array([(*test, equal) for test, equal in tests.items()],
                       dtype=np.int64).reshape(-1, 4),
        steps=_steps(out),
        columns=np.array(columns, dtype=np.int64),
        outputs=np.array([places.of[one] for one in wanted], dtype=np.int64),
        fixed=np.array(fixed, dtype=np.int64),
        places=np.array([places.of[one] for one in fixed], dtype=np.int64),
        size=places.size)


def _steps(rows: list[Row]) -> Steps:
    return np.array(rows, dtype=np.int32).reshape(-1, 5)


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
