"""The numba interpreter: the same integer steps over blocks of events.

Each step runs over a block of lanes (one lane an event), so that the inner loops are plain and
wide. Products go through 128 bits whenever 64 could overflow. There is no floating point here.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from numba import njit, uint64

from dinghai.foundation.errors import InputError
from dinghai.terms.program import LARGEST_PRODUCT, Program
from dinghai.terms.specialising import Compact, Recipe, Row, Steps, divide, specialise
from dinghai.vocabulary.facts import ABSENT, UNKNOWN

_UNKNOWN = np.int64(UNKNOWN)
_ABSENT = np.int64(ABSENT)
LANES = 128
"""Events in a block."""
_RECIPES = 16  # cuts kept of one program: policies that differ more are cut each time
_KEPT_CELLS = 1 << 18  # two megabytes a thread
_CHUNK = 1 << 15  # events copied at a time: memory does not grow with their number
_LARGEST = np.int64(LARGEST_PRODUCT)
_SAFE = np.int64(3_037_000_499)  # the largest whole number whose square fits in int64
_SMALL = np.int64(1_518_500_249)  # the largest whole number whose square is within 2^61
_WITHIN_PPM = np.int64(9_000_000_000_000)  # times a million is still an int64
_LOW32 = np.uint64(0xFFFFFFFF)
_S32, _S63, _ONE = np.uint64(32), np.uint64(63), np.uint64(1)


@njit(cache=True, nogil=True)
def _wide_divide(a, b, c):  # type: ignore[no-untyped-def]
    """Quotient and remainder of a × b ÷ c for non-negative a, b and positive c, by 128 bits."""
    x, y, divisor = uint64(a), uint64(b), uint64(c)
    x_low, x_high = x & _LOW32, x >> _S32
    y_low, y_high = y & _LOW32, y >> _S32
    low_low, low_high = x_low * y_low, x_low * y_high
    high_low, high_high = x_high * y_low, x_high * y_high
    middle = (low_low >> _S32) + (low_high & _LOW32) + (high_low & _LOW32)
    low = (low_low & _LOW32) | (middle << _S32)
    high = high_high + (low_high >> _S32) + (high_low >> _S32) + (middle >> _S32)
    if high >= divisor:
        return _LARGEST, np.int64(0)
    remainder, quotient = high, uint64(0)
    for _ in range(64):
        remainder = (remainder << _ONE) | (low >> _S63)
        low <<= _ONE
        quotient <<= _ONE
        if remainder >= divisor:
            remainder -= divisor
            quotient |= _ONE
    if quotient >= uint64(_LARGEST):
        return _LARGEST, np.int64(0)
    return np.int64(quotient), np.int64(remainder)


@njit(cache=True, nogil=True, inline="always")
def exact_quotient(a, b, c):  # type: ignore[no-untyped-def]
    """Quotient and remainder of a × b ÷ c for non-negative a, b and positive c."""
    if (a <= _SAFE and b <= _SAFE) or a == 0 or b <= np.int64(9_223_372_036_854_775_807) // a:
        product = a * b
        if product // c >= _LARGEST:
            return _LARGEST, np.int64(0)
        return product // c, product % c
    return _wide_divide(a, b, c)


@njit(cache=True, nogil=True)
def _product(a, b, c, half_up):  # type: ignore[no-untyped-def]
    if c <= 0:
        return np.int64(0)
    negative = (a < 0) != (b < 0)
    quotient, remainder = exact_quotient(abs(a), abs(b), c)
    if half_up:
        if remainder >= c - remainder and quotient < _LARGEST:
            quotient += 1
        return -quotient if negative else quotient
    if negative:
        return -quotient - (1 if remainder > 0 else 0)
    return quotient


@njit(cache=True, nogil=True, inline="always")
def _ppm(a, b):  # type: ignore[no-untyped-def]
    """a × b ÷ 1,000,000 half up; the divisor is known here, so small amounts need no division."""
    if 0 <= a <= _WITHIN_PPM and 0 <= b <= 1_000_000:
        return (a * b + np.int64(500_000)) // np.int64(1_000_000)
    return _product(a, b, np.int64(1_000_000), True)


@njit(cache=True, nogil=True, inline="always")
def _units(a, b):  # type: ignore[no-untyped-def]
    """a × b, saturating."""
    if 0 <= a <= _SMALL and 0 <= b <= _SMALL:
        return a * b
    return _product(a, b, np.int64(1), False)


@njit(cache=True, nogil=True)
def _allot(r, lane, dst, src, count, amount, total):  # type: ignore[no-untyped-def]
    """Floor each part of the amount; what is missing goes to the largest remainders."""
    missing = amount
    remainders = np.empty(count, dtype=np.int64)
    for k in range(count):
        part, remainders[k] = exact_quotient(r[src + k, lane], amount, total)
        r[dst + k, lane] = part
        missing -= part
    for _ in range(missing):
        best = np.uint64(0)
        for k in range(_ONE, count):
            if remainders[k] > remainders[best]:
                best = np.uint64(k)
        r[dst + best, lane] += 1
        remainders[best] = np.int64(-1)


@njit(cache=True, nogil=True)
def _totals(r, src, count, width, totals):  # type: ignore[no-untyped-def]
    for j in range(width):
        totals[j] = r[src, j]
    for k in range(src + _ONE, src + count):
        for j in range(width):
            totals[j] += r[k, j]


@njit(cache=True, nogil=True)
def _split(r, dst, src, count, cap, width, totals):  # type: ignore[no-untyped-def]
    """Cut parts to a cap: mostly nothing is cut, so all lanes are copied and few mended."""
    _totals(r, src, count, width, totals)
    for k in range(count):
        for j in range(width):
            r[dst + k, j] = r[src + k, j]
    for j in range(width):
        if totals[j] > max(r[cap, j], np.int64(0)):
            _allot(r, j, dst, src, count, max(r[cap, j], np.int64(0)), totals[j])


@njit(cache=True, nogil=True)
def _share(r, dst, src, count, amount, width, totals):  # type: ignore[no-untyped-def]
    _totals(r, src, count, width, totals)
    for j in range(width):
        if totals[j] > 0:
            _allot(r, j, dst, src, count, max(r[amount, j], np.int64(0)), totals[j])
        else:
            for k in range(count):
                r[dst + k, j] = np.int64(0)


@njit(cache=True, nogil=True)
def run_block(steps, r, lanes, totals):  # type: ignore[no-untyped-def]
    """Steps over a block of at most ``LANES`` events; ``totals`` is room for as many sums."""
    width = np.uint64(lanes)
    for s in range(steps.shape[0]):
        op, dst, a, b, c = (steps[s, 0], np.uint64(steps[s, 1]), np.uint64(steps[s, 2]),
                            np.uint64(steps[s, 3]), np.uint64(steps[s, 4]))
        if op == 18:
            _split(r, dst, a, b, c, width, totals)
            continue
        if op == 19:
            _share(r, dst, a, b, c, width, totals)
            continue
        if op == 17:
            for j in range(width):
                left, right = r[b, j], r[c, j]
                r[dst, j] = left if r[a, j] == 2 else right
        elif op == 11:
            for j in range(width):
                r[dst, j] = r[a, j] + r[b, j]
        elif op == 12:
            for j in range(width):
                r[dst, j] = r[a, j] - r[b, j]
        elif op == 13:
            for j in range(width):
                r[dst, j] = min(r[a, j], r[b, j])
        elif op == 14:
            for j in range(width):
                r[dst, j] = max(r[a, j], r[b, j])
        elif op == 6:
            for j in range(width):
                r[dst, j] = min(r[a, j], r[b, j])
        elif op == 7:
            for j in range(width):
                r[dst, j] = max(r[a, j], r[b, j])
        elif op == 5:
            for j in range(width):
                r[dst, j] = 2 - r[a, j]
        elif op == 10:
            for j in range(width):
                r[dst, j] = np.int64(0) if r[a, j] <= _ABSENT else r[a, j]
        elif op == 9:
            for j in range(width):
                r[dst, j] = 0 if r[a, j] == _UNKNOWN else 2
        elif op == 8:
            for j in range(width):
                r[dst, j] = 1 if r[a, j] == _UNKNOWN else (0 if r[a, j] == _ABSENT else 2)
        elif op == 0:
            for j in range(width):
                r[dst, j] = 1 if r[a, j] == _UNKNOWN else (2 if r[a, j] == 1 else 0)
        elif op == 1:
            for j in range(width):
                r[dst, j] = 1 if r[a, j] == _UNKNOWN else (2 if r[a, j] == 0 else 0)
        elif op <= 4:
            _compare(op, r, dst, a, b, width)
        elif op == 15:
            for j in range(width):
                r[dst, j] = _product(r[a, j], r[b, j], r[c, j], False)
        elif op == 16:
            for j in range(width):
                r[dst, j] = _product(r[a, j], r[b, j], r[c, j], True)
        elif op == 32:
            for j in range(width):
                r[dst, j] = _ppm(r[a, j], r[b, j])
        elif op == 33:
            for j in range(width):
                r[dst, j] = _units(r[a, j], r[b, j])


@njit(cache=True, nogil=True)
def _compare(op, r, dst, a, b, width):  # type: ignore[no-untyped-def]
    for j in range(width):
        left, right = r[a, j], r[b, j]
        if left == _UNKNOWN or right == _UNKNOWN:
            r[dst, j] = 1
        elif left == _ABSENT or right == _ABSENT:
            r[dst, j] = 0
        elif op == 2:
            r[dst, j] = 2 if left == right else 0
        elif op == 3:
            r[dst, j] = 2 if left < right else 0
        else:
            r[dst, j] = 2 if left <= right else 0


@njit(cache=True, nogil=True)
def _run(steps, initial, columns, column_registers, output_registers, out):  # type: ignore[no-untyped-def]
    events = out.shape[1]
    totals = np.empty(LANES, dtype=np.int64)
    r = np.empty((max(initial.shape[0], 1), LANES), dtype=np.int64)
    for register in range(initial.shape[0]):
        r[register, :] = initial[register]
    for first in range(0, events, LANES):
        lanes = min(LANES, events - first)
        for k in range(column_registers.shape[0]):
            register = column_registers[k]
            for j in range(lanes):
                r[register, j] = columns[k, first + j]
        run_block(steps, r, lanes, totals)
        for k in range(output_registers.shape[0]):
            register = output_registers[k]
            for j in range(lanes):
                out[k, first + j] = r[register, j]


@dataclass(frozen=True, slots=True, eq=False)
class _Cuts:
    """What is done once for every event of a program, and the cuts found so far of the rest."""

    once: Steps
    each: tuple[Row, ...]
    recipes: list[Recipe]


@lru_cache(maxsize=128)
def _cuts(steps: bytes, varying: tuple[int, ...], wanted: tuple[int, ...]) -> _Cuts:
    rows = np.frombuffer(steps, dtype=np.int32).reshape(-1, 5)
    return _Cuts(*divide(rows, varying, wanted), [])


def _prepare(
    program: Program, initial: npt.NDArray[np.int64], varying: list[int],
    outputs: tuple[str, ...],
) -> Compact:
    """Do once what is the same for every event, and cut the rest down by a recipe that fits."""
    wanted = tuple(program.outputs[name] for name in outputs)
    cuts = _cuts(program.steps.tobytes(), tuple(varying), wanted)
    known = np.append(initial, LARGEST_PRODUCT)
    _once(cuts.once, known)
    for recipe in tuple(cuts.recipes):
        values = known.copy()
        _once(recipe.folds, values)
        if recipe.fits(values):
            return recipe.compact(values)
    recipe = specialise(cuts.each, known, varying, wanted)
    if len(cuts.recipes) < _RECIPES:
        cuts.recipes.append(recipe)
    return recipe.compact(known)


def _once(steps: Steps, values: npt.NDArray[np.int64]) -> None:
    """Run steps on single values, in place."""
    run_block(steps, values.reshape(-1, 1), 1, np.empty(1, dtype=np.int64))


def prepared(
    program: Program, cells: Mapping[str, int], varying: Sequence[str], outputs: tuple[str, ...]
) -> Compact:
    """What is left of a program to run for each event, where ``cells`` are the inputs that are the
    same in all and ``varying`` those that differ: the columns, in order. Inputs left out stay
    unknown. Raises KeyError for an input or output that the program does not have."""
    initial = program.initial.copy()
    for name, cell in cells.items():
        initial[program.inputs[name]] = cell
    return _prepare(program, initial, [program.inputs[name] for name in varying], outputs)


_threads = threading.local()


def _scratch(rows: int, columns: int) -> npt.NDArray[np.int64]:
    """Room for a chunk of columns; small ones use the thread's own again, so that pricing many
    risks does not ask for fresh memory each time."""
    size = rows * columns
    if size > _KEPT_CELLS:
        return np.empty((rows, columns), dtype=np.int64)
    if not hasattr(_threads, "cells"):
        _threads.cells = np.empty(_KEPT_CELLS, dtype=np.int64)
    cells: npt.NDArray[np.int64] = _threads.cells
    return cells[:size].reshape(rows, columns)


def run(
    program: Program,
    columns: Mapping[str, npt.NDArray[np.int64] | int],
    outputs: tuple[str, ...] = ("total",), *, events: int | None = None,
) -> dict[str, npt.NDArray[np.int64]]:
    """Evaluate many events.

    ``columns`` maps an input's name to int64 cells of shape (events,), or to one cell for all.
    Returns int64 arrays of shape (events,) by output name. Inputs left out stay unknown.
    ``events`` says how many there are where no column may vary; otherwise the columns say it.
    Raises InputError for an input that the program does not have, ValueError for unlike lengths.
    """
    initial = program.initial.copy()
    varying: list[npt.NDArray[np.int64]] = []
    registers: list[int] = []
    for name, column in columns.items():
        if name not in program.inputs:
            raise InputError("the policy's terms do not ask for this fact", field=name)
        if isinstance(column, np.ndarray):
            varying.append(np.ascontiguousarray(column, dtype=np.int64))
            registers.append(program.inputs[name])
        else:
            initial[program.inputs[name]] = column
    if events is None:
        events = len(varying[0]) if varying else 1
    if any(len(one) != events for one in varying):
        raise ValueError("columns are of unlike lengths")
    compact = _prepare(program, initial, registers, outputs)
    out = np.empty((len(outputs), events), dtype=np.int64)
    chunk = _scratch(len(varying), min(events, _CHUNK))
    for first in range(0, events, _CHUNK):
        last = min(first + _CHUNK, events)
        for index, one in enumerate(varying):
            chunk[index, :last - first] = one[first:last]
        _run(compact.steps, compact.initial, chunk, compact.columns, compact.outputs,
             out[:, first:last])
    return dict(zip(outputs, out, strict=True))
