"""The numba interpreter: the same integer steps over blocks of events.

Each step runs over a block of lanes (one lane an event), so that the inner loops are plain and
wide. Products go through 128 bits whenever 64 could overflow. There is no floating point here.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from numba import njit, uint64

from dinghai.foundation.errors import InputError
from dinghai.terms.program import LARGEST_PRODUCT, Program
from dinghai.terms.specialising import specialise
from dinghai.vocabulary.facts import ABSENT, UNKNOWN

_UNKNOWN = np.int64(UNKNOWN)
_ABSENT = np.int64(ABSENT)
_LANES = 256
_LARGEST = np.int64(LARGEST_PRODUCT)
_SAFE = np.int64(3_037_000_499)  # the largest whole number whose square fits in int64
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
def _divide(a, b, c):  # type: ignore[no-untyped-def]
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
    quotient, remainder = _divide(abs(a), abs(b), c)
    if half_up:
        if remainder >= c - remainder and quotient < _LARGEST:
            quotient += 1
        return -quotient if negative else quotient
    if negative:
        return -quotient - (1 if remainder > 0 else 0)
    return quotient


@njit(cache=True, nogil=True)
def _allot(registers, lane, dst, src, count, amount, total):  # type: ignore[no-untyped-def]
    """Floor each part of the amount; what is missing goes to the largest remainders."""
    missing = amount
    remainders = np.empty(count, dtype=np.int64)
    for k in range(count):
        part, remainders[k] = _divide(registers[src + k, lane], amount, total)
        registers[dst + k, lane] = part
        missing -= part
    for _ in range(missing):
        best = 0
        for k in range(1, count):
            if remainders[k] > remainders[best]:
                best = k
        registers[dst + best, lane] += 1
        remainders[best] = np.int64(-1)


@njit(cache=True, nogil=True)
def _split(registers, lane, dst, src, count, cap):  # type: ignore[no-untyped-def]
    cap = max(cap, np.int64(0))
    total = np.int64(0)
    for k in range(count):
        total += registers[src + k, lane]
    if total <= cap:
        for k in range(count):
            registers[dst + k, lane] = registers[src + k, lane]
        return
    _allot(registers, lane, dst, src, count, cap, total)


@njit(cache=True, nogil=True)
def _share(registers, lane, dst, src, count, amount):  # type: ignore[no-untyped-def]
    total = np.int64(0)
    for k in range(count):
        total += registers[src + k, lane]
    if total <= 0:
        for k in range(count):
            registers[dst + k, lane] = np.int64(0)
        return
    _allot(registers, lane, dst, src, count, max(amount, np.int64(0)), total)


@njit(cache=True, nogil=True)
def _run_block(steps, r, lanes):  # type: ignore[no-untyped-def]
    for s in range(steps.shape[0]):
        op, dst, a, b, c = steps[s, 0], steps[s, 1], steps[s, 2], steps[s, 3], steps[s, 4]
        if op == 17:
            for j in range(lanes):
                r[dst, j] = r[b, j] if r[a, j] == 2 else r[c, j]
        elif op == 11:
            for j in range(lanes):
                r[dst, j] = r[a, j] + r[b, j]
        elif op == 12:
            for j in range(lanes):
                r[dst, j] = r[a, j] - r[b, j]
        elif op == 13:
            for j in range(lanes):
                r[dst, j] = min(r[a, j], r[b, j])
        elif op == 14:
            for j in range(lanes):
                r[dst, j] = max(r[a, j], r[b, j])
        elif op == 6:
            for j in range(lanes):
                r[dst, j] = min(r[a, j], r[b, j])
        elif op == 7:
            for j in range(lanes):
                r[dst, j] = max(r[a, j], r[b, j])
        elif op == 5:
            for j in range(lanes):
                r[dst, j] = 2 - r[a, j]
        elif op == 10:
            for j in range(lanes):
                r[dst, j] = np.int64(0) if r[a, j] <= _ABSENT else r[a, j]
        elif op == 9:
            for j in range(lanes):
                r[dst, j] = 0 if r[a, j] == _UNKNOWN else 2
        elif op == 8:
            for j in range(lanes):
                x = r[a, j]
                r[dst, j] = 1 if x == _UNKNOWN else (0 if x == _ABSENT else 2)
        elif op == 0:
            for j in range(lanes):
                x = r[a, j]
                r[dst, j] = 1 if x == _UNKNOWN else (2 if x == 1 else 0)
        elif op == 1:
            for j in range(lanes):
                x = r[a, j]
                r[dst, j] = 1 if x == _UNKNOWN else (2 if x == 0 else 0)
        elif op <= 4:
            for j in range(lanes):
                x, y = r[a, j], r[b, j]
                if x == _UNKNOWN or y == _UNKNOWN:
                    r[dst, j] = 1
                elif x == _ABSENT or y == _ABSENT:
                    r[dst, j] = 0
                elif op == 2:
                    r[dst, j] = 2 if x == y else 0
                elif op == 3:
                    r[dst, j] = 2 if x < y else 0
                else:
                    r[dst, j] = 2 if x <= y else 0
        elif op == 15:
            for j in range(lanes):
                r[dst, j] = _product(r[a, j], r[b, j], r[c, j], False)
        elif op == 16:
            for j in range(lanes):
                r[dst, j] = _product(r[a, j], r[b, j], r[c, j], True)
        elif op == 18:
            for j in range(lanes):
                _split(r, j, dst, a, b, r[c, j])
        elif op == 19:
            for j in range(lanes):
                _share(r, j, dst, a, b, r[c, j])


@njit(cache=True, nogil=True)
def _run(steps, initial, columns, column_registers, output_registers, out):  # type: ignore[no-untyped-def]
    events = out.shape[1]
    r = np.empty((initial.shape[0], _LANES), dtype=np.int64)
    for register in range(initial.shape[0]):
        r[register, :] = initial[register]
    for first in range(0, events, _LANES):
        lanes = min(_LANES, events - first)
        for k in range(column_registers.shape[0]):
            r[column_registers[k], :lanes] = columns[k, first:first + lanes]
        _run_block(steps, r, lanes)
        for k in range(output_registers.shape[0]):
            out[k, first:first + lanes] = r[output_registers[k], :lanes]


def run(
    program: Program,
    columns: Mapping[str, npt.NDArray[np.int64] | int],
    outputs: tuple[str, ...] = ("total",),
) -> dict[str, npt.NDArray[np.int64]]:
    """Evaluate many events.

    ``columns`` maps an input's name to int64 cells of shape (events,), or to one cell for all.
    Returns int64 arrays of shape (events,) by output name. Inputs left out stay unknown.
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
    events = len(varying[0]) if varying else 1
    block = np.empty((len(varying), events), dtype=np.int64)
    for index, one in enumerate(varying):
        block[index] = one
    wanted = tuple(program.outputs[name] for name in outputs)
    once, each = specialise(program, tuple(registers), wanted)
    folded = initial.reshape(-1, 1)
    _run_block(once, folded, 1)
    out = np.empty((len(outputs), events), dtype=np.int64)
    _run(each, folded[:, 0], block, np.array(registers, dtype=np.int64),
         np.array(wanted, dtype=np.int64), out)
    return dict(zip(outputs, out, strict=True))
