"""Other ways to the same answers."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def panjer(a: float, b: float, nothing: float, severity: Floats) -> Floats:
    """Panjer's recursion for claim counts with p(n) = (a + b/n) p(n − 1). ``nothing`` = p of 0."""
    cells = severity.shape[0]
    out = np.zeros(cells)
    out[0] = nothing
    scale = 1.0 / (1.0 - a * severity[0])
    for s in range(1, cells):
        x = np.arange(1, s + 1)
        out[s] = scale * float(np.sum((a + b * x / s) * severity[1 : s + 1] * out[s - 1 :: -1][:s]))
    return out


def panjer_poisson(rate: float, severity: Floats) -> Floats:
    """Compound Poisson."""
    return panjer(0.0, rate, math.exp(-rate * (1.0 - severity[0])), severity)


def panjer_negative_binomial(mean: float, size: float, severity: Floats) -> Floats:
    """Compound negative binomial of the given mean and size."""
    p = mean / (mean + size)
    nothing = ((1.0 - p) / (1.0 - p * severity[0])) ** size
    return panjer(p, (size - 1.0) * p, nothing, severity)
