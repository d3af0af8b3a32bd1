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
