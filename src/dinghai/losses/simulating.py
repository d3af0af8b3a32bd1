"""Years of losses drawn by keyed streams, stratified in the number and the size of losses.

Draw i of T falls into stratum π(i) of T, where π is a keyed bijection: every stratum is hit once
and no permutation is kept. It is a Feistel network on the digits of i in a base near √T, walked on
in the rare case that it lands above T. A draw is a function of (seed, purpose, T, i) alone: any cut
of the work gives the same bytes.

Sizes come from a table of cubics in the survival probability, 64 to an octave on both sides, whose
relative error is below 1e−9; discrete laws are looked up.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit, prange

from dinghai.foundation.laws import Discrete, Law
from dinghai.foundation.streams import stream_key
from dinghai.losses.counts import Count
from dinghai.losses.layered import Layer

Floats = npt.NDArray[np.float64]
_OCTAVES: Final = 52
_PARTS: Final = 64
_CHUNK: Final = 1024
_GUIDE: Final = 4096

_LOW = np.uint64(0xFFFFFFFF)
_S32 = np.uint64(32)
_SPACING: Final = 1.0 / (1 << 32)


def simulate_years(
    count: Count, law: Law, occurrence: Layer, *, years: int, seed: int
) -> Floats:
    """Sums of the layered losses of each year, shape (years,)."""
    numbers, totals = _numbers(count, years, stream_key(seed, "compound.number"))
    starts = np.append(0, np.cumsum(totals))
    out = np.empty(years)
    key = stream_key(seed, "compound.size")
    base = stratified_base(int(starts[-1]))
    limit, attachment = occurrence.limit, occurrence.attachment
    if isinstance(law, Discrete):
        cumulative = np.cumsum(law.chances)
        _sum_discrete(numbers, starts, base, key, np.asarray(law.values), cumulative, limit,
                      attachment, out)
    else:
        _sum_tabled(numbers, starts, base, key, quantile_table(law), limit, attachment, out)
    return out


@lru_cache(maxsize=16)
def quantile_table(law: Law) -> Floats:
    """Cubic coefficients of the quantile, shape (2 × octaves × parts, 4).

    The first half is in the chance of less, the second in the chance of more; part p of octave k
    covers 2^−(k+1) × (1 + p/64 … (p+1)/64), and its cubic runs in t from 0 to 1.
    """
    octave = np.repeat(np.arange(_OCTAVES), _PARTS)
    part = np.tile(np.arange(_PARTS), _OCTAVES)
    spots = 0.5 - 0.5 * np.cos(np.pi * (2.0 * np.arange(4) + 1.0) / 8.0)
    inverse = np.linalg.inv(np.vander(spots, 4, increasing=True))
    chance = 2.0 ** -(octave[:, None] + 1.0) * (1.0 + (part[:, None] + spots) / _PARTS)
    table = np.concatenate([law.quantile_of_survival(1.0 - chance) @ inverse.T,
                            law.quantile_of_survival(chance) @ inverse.T])
    table.setflags(write=False)
    return table


def _numbers(
    count: Count, years: int, key: np.uint64
) -> tuple[npt.NDArray[np.integer], npt.NDArray[np.int64]]:
    """The number of losses of each year, and of each chunk of years."""
    most = count.most()
    cumulative = np.cumsum(count.probabilities(most))
    cumulative[-1] = 1.0
    guide = np.searchsorted(cumulative, np.arange(_GUIDE) / _GUIDE, side="right").astype(np.int64)
    # fresh memory costs as much as the draws: a byte a year where it holds the number
    out: npt.NDArray[np.integer] = np.empty(years, dtype=np.uint8 if most < 256 else np.int32)
    totals = np.empty(-(-years // _CHUNK), dtype=np.int64)
    _draw_numbers(stratified_base(years), key, cumulative, guide, out, totals)
    return out, totals


def stratified_base(total: int) -> int:
    """The base of two digits that hold every index."""
    return max(math.isqrt(max(total - 1, 0)) + 1, 2)


@njit(cache=True, nogil=True, inline="always")
def _hashed(word, key, base):  # type: ignore[no-untyped-def]
    """A keyed hash of a small number: its upper 32 bits are evenly below a base.

    Twice a product is folded upon itself. Masks tell the compiler that factors have 32 bits, for
    which there is a fast multiplication of several numbers at once.
    """
    h = ((word + key) & 0xFFFFFFFF) * 0x7FEB352D
    h = ((h ^ (h >> 32)) & 0xFFFFFFFF) * 0x846CA68B
    return ((h ^ (h >> 32)) & 0xFFFFFFFF) * (base & 0xFFFFFFFF)


@njit(cache=True, nogil=True, inline="always")
def _shuffled(index, base, reciprocal, one, two):  # type: ignore[no-untyped-def]
    """One walk of the bijection of base² numbers, and a place within the stratum in 32 bits.

    Three rounds, in signed words, which convert to and from float64 fast. The place is what the
    last two hashes leave over.
    """
    high = np.int64(float(index) * reciprocal)
    low = index - (high & 0xFFFFFFFF) * (base & 0xFFFFFFFF)
    high += _hashed(low, one, base) >> 32
    high -= base * (high >= base)
    second = _hashed(high, two, base)
    low += second >> 32
    low -= base * (low >= base)
    third = _hashed(low, one ^ 0x5BD1E995, base)
    high += third >> 32
    high -= base * (high >= base)
    return (high & 0xFFFFFFFF) * (base & 0xFFFFFFFF) + low, (second ^ third) & 0xFFFFFFFF


@njit(cache=True, nogil=True)
def fill_stratified(first, total, base, key, out):  # type: ignore[no-untyped-def]
    """Uniforms in (0, 1) of consecutive indices: a stratum each, and a place within it."""
    reciprocal = (1.0 + 1e-15) / float(base)
    scale = 1.0 / float(total)
    one, two = np.int64(key & _LOW), np.int64(key >> _S32)
    walked = 0
    for i in range(out.shape[0]):
        stratum, place = _shuffled(first + i, base, reciprocal, one, two)
        walked += stratum >= total
        out[i] = (float(stratum) + (float(place) + 0.5) * _SPACING) * scale
    if walked > 0:
        for i in range(out.shape[0]):
            if out[i] >= 1.0:
                stratum, place = _shuffled(first + i, base, reciprocal, one, two)
                while stratum >= total:
                    stratum, place = _shuffled(stratum, base, reciprocal, one, two)
                out[i] = (float(stratum) + (float(place) + 0.5) * _SPACING) * scale


@njit(cache=True, nogil=True, parallel=True)
def _draw_numbers(base, key, cumulative, guide, out, totals):  # type: ignore[no-untyped-def]
    years = out.shape[0]
    for chunk in prange((years + _CHUNK - 1) // _CHUNK):
        first = chunk * _CHUNK
        uniforms = np.empty(min(_CHUNK, years - first))
        fill_stratified(first, years, base, key, uniforms)
        total = 0
        for i in range(uniforms.shape[0]):
            number = guide[int(uniforms[i] * _GUIDE)]
            while cumulative[number] < uniforms[i]:
                number += 1
            out[first + i] = number
            total += number
        totals[chunk] = total


@njit(cache=True, nogil=True)
def _sizes_from_table(uniforms, table):  # type: ignore[no-untyped-def]
    """The quantile of each uniform, in place: first where it stands, several at once, then the
    cubics, which must be looked up one by one."""
    rows = np.empty(uniforms.shape[0], dtype=np.int64)
    for i in range(uniforms.shape[0]):
        u = uniforms[i]
        chance = min(u, 1.0 - u)
        word = np.float64(chance).view(np.int64)
        scaled = float(word & 0xFFFFFFFFFFFFF) * (_PARTS / 4503599627370496.0)
        part = int(scaled)
        octave = min(1022 - (word >> 52), np.int64(_OCTAVES - 1))
        rows[i] = octave * _PARTS + part + (u > 0.5) * (_OCTAVES * _PARTS)
        uniforms[i] = scaled - part
    for i in range(uniforms.shape[0]):
        row, t = rows[i], uniforms[i]
        uniforms[i] = table[row, 0] + t * (table[row, 1] + t * (
            table[row, 2] + t * table[row, 3]))


@njit(cache=True, nogil=True)
def _sizes_from_values(uniforms, values, cumulative):  # type: ignore[no-untyped-def]
    """The discrete value of each uniform, in place."""
    for i in range(uniforms.shape[0]):
        place = np.searchsorted(cumulative, uniforms[i])
        uniforms[i] = values[min(place, values.shape[0] - 1)]


@njit(cache=True, nogil=True)
def _add_up(sizes, numbers, limit, attachment, out):  # type: ignore[no-untyped-def]
    """Sums of the layered sizes of each year."""
    at = 0
    if attachment > 0.0 or limit < np.inf:
        for i in range(sizes.shape[0]):
            sizes[i] = min(max(sizes[i] - attachment, 0.0), limit)
    for year in range(out.shape[0]):
        total = 0.0
        for _ in range(numbers[year]):
            total += sizes[at]
            at += 1
        out[year] = total


@njit(cache=True, nogil=True, parallel=True)
def _sum_tabled(  # type: ignore[no-untyped-def]
    numbers, starts, base, key, table, limit, attachment, out
):
    years = out.shape[0]
    for chunk in prange((years + _CHUNK - 1) // _CHUNK):
        first, last = chunk * _CHUNK, min((chunk + 1) * _CHUNK, years)
        sizes = np.empty(starts[chunk + 1] - starts[chunk])
        fill_stratified(starts[chunk], starts[-1], base, key, sizes)
        _sizes_from_table(sizes, table)
        _add_up(sizes, numbers[first:last], limit, attachment, out[first:last])


@njit(cache=True, nogil=True, parallel=True)
def _sum_discrete(  # type: ignore[no-untyped-def]
    numbers, starts, base, key, values, cumulative, limit, attachment, out
):
    years = out.shape[0]
    for chunk in prange((years + _CHUNK - 1) // _CHUNK):
        first, last = chunk * _CHUNK, min((chunk + 1) * _CHUNK, years)
        sizes = np.empty(starts[chunk + 1] - starts[chunk])
        fill_stratified(starts[chunk], starts[-1], base, key, sizes)
        _sizes_from_values(sizes, values, cumulative)
        _add_up(sizes, numbers[first:last], limit, attachment, out[first:last])
