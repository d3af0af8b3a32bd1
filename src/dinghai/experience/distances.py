"""How far a law lies from the losses it was fitted to."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def kolmogorov_smirnov(model: npt.NDArray[np.float64]) -> float:
    """The largest distance between the losses' distribution and a law's.

    ``model`` is the law's cumulative chance at each loss, in rising order of losses.
    """
    steps = np.arange(len(model) + 1.0) / len(model)
    return float(max(np.max(np.abs(steps[1:] - model)), np.max(np.abs(steps[:-1] - model))))


def distance_of_censored(
    chances: npt.NDArray[np.float64], censored: npt.NDArray[np.bool_]
) -> float:
    """The largest distance between even chances and the product-limit estimate of theirs.

    ``chances`` lie between 0 and 1; of a censored one only that it is at least so large is known.
    Without censored ones it is the distance of Kolmogorov and Smirnov.
    """
    order = np.lexsort((censored, chances))
    ordered, exact = chances[order], ~censored[order]
    at_risk = np.arange(len(ordered), 0, -1.0)
    after = 1.0 - np.cumprod(1.0 - exact / at_risk)
    before = np.concatenate(([0.0], after[:-1]))
    if not exact.any():
        return 0.0
    return float(max(np.abs(after - ordered)[exact].max(), np.abs(before - ordered)[exact].max()))
