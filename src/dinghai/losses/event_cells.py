"""Kernels that fill the cells of event grids.

Rows are of one enterprise and have a cell for each point; other kernels take several enterprises
one after another, with their scales. Every amount is a whole number of its own and is added to the
ground-up loss; where nobody asks for the amount itself, ``out`` has no rows.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from dinghai.foundation.money import PPM
from dinghai.foundation.streams import fill_exponentials, fill_logarithms

_LARGEST_FEN = 1e15
"""¥10 trillion: no component of a simulated event is allowed to be larger."""


@njit(cache=True, nogil=True, inline="always")
def _whole(value):  # type: ignore[no-untyped-def]
    """Nearest whole number, halves to even, inside what the engine accepts."""
    return np.int64(np.rint(min(max(value, 0.0), _LARGEST_FEN)))


@njit(cache=True, nogil=True, error_model="numpy")
def interruption_row(  # type: ignore[no-untyped-def]
    duration, affected, happens, scales, longest, saved_ratio, rows
):
    """``rows``: seconds, share in ppm, standard turnover, what is left of it, what is saved, and
    the gross profit that is lost for good. ``scales``: factor on the duration, median share,
    turnover a second, gross-profit rate."""
    scale, median, per_second, rate = scales[0], scales[1], scales[2], scales[3]
    seconds, share, standard = rows[0], rows[1], rows[2]
    actual, saved, profit = rows[3], rows[4], rows[5]
    # loops of few arrays: a compiler makes wide steps of these, and not of one with them all
    for i in range(happens.shape[0]):
        seconds[i] = happens[i] * _whole(min(duration[i] * scale, longest))
        share[i] = happens[i] * _whole(min(affected[i] * median, 1.0) * PPM)
    for i in range(happens.shape[0]):
        standard[i] = _whole(seconds[i] * per_second)
        lost = _whole(standard[i] * (share[i] / PPM))
        actual[i] = standard[i] - lost
    for i in range(happens.shape[0]):
        gross = _whole((standard[i] - actual[i]) * rate)
        saved[i] = _whole(gross * saved_ratio)
        profit[i] = gross - saved[i]


@njit(cache=True, nogil=True)
def scaled_row(shape, scale, out):  # type: ignore[no-untyped-def]
    """The whole of shape × scale."""
    for i in range(shape.shape[0]):
        out[i] = _whole(shape[i] * scale)


@njit(cache=True, nogil=True, error_model="numpy")
def labour_row(shape, scale, hourly, hours, out):  # type: ignore[no-untyped-def]
    """Full hours and their price: what is over is not worked."""
    for i in range(shape.shape[0]):
        amount = _whole(shape[i] * scale)
        worked = np.int64(amount / hourly)  # as near as floats are; then exact
        worked -= np.int64(worked * hourly > amount)
        worked += np.int64((worked + 1) * hourly <= amount)
        hours[i], out[i] = worked, worked * hourly


@njit(cache=True, nogil=True)
def fill_records(shape, places, scales, prices, records, exposed, out, loss):  # type: ignore[no-untyped-def]
    """Records exposed, the same weighted, and what it costs to tell: N × notice + N × uptake ×
    monitoring + set-up, where anyone is to be told. ``scales`` by enterprise: factor on the share,
    personal records, and their number with sensitive ones counted several times."""
    notice, uptake, monitoring, setup = prices
    for firm in range(scales.shape[0]):
        scale, personal, weighted = scales[firm, 0], scales[firm, 1], scales[firm, 2]
        for i in places:
            share = min(shape[i] * scale, 1.0)
            number = _whole(share * personal)
            exposed[firm, i] = share * weighted
            cost = np.int64(0)
            if number > 0:
                monitored = (number * uptake + PPM // 2) // PPM
                cost = number * notice + monitored * monitoring + setup
            if out.shape[0] > 0:
                records[firm, i], out[firm, i] = number, cost
            loss[firm, i] += cost


@njit(cache=True, nogil=True)
def add_scaled(shape, scales, out, loss):  # type: ignore[no-untyped-def]
    """The whole of shape × scale."""
    for firm in range(scales.shape[0]):
        scale = scales[firm]
        for i in range(shape.shape[0]):
            loss[firm, i] += _whole(shape[i] * scale)
        if out.shape[0] > 0:
            scaled_row(shape, scale, out[firm])


@njit(cache=True, nogil=True)
def add_scaled_where(shape, scales, places, out, loss):  # type: ignore[no-untyped-def]
    """The whole of shape × scale at the places where something happens; the rest stays nothing."""
    for firm in range(scales.shape[0]):
        scale = scales[firm]
        for i in places:
            amount = _whole(shape[i] * scale)
            if out.shape[0] > 0:
                out[firm, i] = amount
            loss[firm, i] += amount


@njit(cache=True, nogil=True, error_model="numpy")
def add_scaled_by_records(shape, scales, places, weighted, reference, exponent, out, loss):  # type: ignore[no-untyped-def]
    """The same, growing with a power of the records exposed."""
    growth, power = np.empty(places.shape[0]), np.empty(places.shape[0])
    for firm in range(scales.shape[0]):
        scale = scales[firm]
        for place in range(places.shape[0]):
            growth[place] = max(weighted[firm, places[place]] / reference + 1.0, 1.0)
        fill_logarithms(growth, power)
        for place in range(places.shape[0]):
            power[place] *= exponent
        fill_exponentials(power, growth)
        for place in range(places.shape[0]):
            i = places[place]
            amount = _whole(shape[i] * scale * growth[place])
            if out.shape[0] > 0:
                out[firm, i] = amount
            loss[firm, i] += amount
