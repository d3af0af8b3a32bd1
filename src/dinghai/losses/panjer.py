"""Panjer's recursion: the mass of a random sum on a lattice, one node after the other.

It is exact where the severity stands on the lattice, and the check of the FFT everywhere else.
Source: Loss Models (Klugman, Panjer, Willmot), theorem 9.8.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from dinghai.foundation.errors import InputError
from dinghai.losses.counts import Count

Floats = npt.NDArray[np.float64]
_LARGE = 1e200


def panjer_mass(count: Count, severity: Floats, cells: int) -> Floats:
    """The mass of the sum at the first ``cells`` nodes. Raises InputError outside (a, b, 0)."""
    recursion = count.recursion()
    if recursion is None:
        raise InputError("Panjer's recursion needs a Poisson, negative binomial or binomial number",
                         field="--method", mend="use --method fft")
    first, second = recursion
    mass, shift = _recur(first, second, np.ascontiguousarray(severity), cells)
    logs = count.log_generating(float(severity[0])) + shift
    out: Floats = mass * math.exp(logs) if logs > -700.0 else np.exp(
        np.log(np.maximum(mass, 1e-300)) + logs)
    return out


@njit(cache=True, nogil=True)
def _recur(first, second, severity, cells):  # type: ignore[no-untyped-def]
    """The recursion from one at zero, with the logarithm of what it was scaled down by."""
    mass = np.zeros(cells)
    mass[0] = 1.0
    shift = 0.0
    whole = 1.0 / (1.0 - first * severity[0])
    last = severity.shape[0] - 1
    for x in range(1, cells):
        total = 0.0
        for y in range(1, min(x, last) + 1):
            total += (first + second * y / x) * severity[y] * mass[x - y]
        mass[x] = whole * total
        if mass[x] > _LARGE:
            for i in range(x + 1):
                mass[i] /= _LARGE
            shift += math.log(_LARGE)
    return mass, shift
