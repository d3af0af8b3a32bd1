"""Intervals of fitted parameters by resampling: the same draws for the same seed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from dinghai.experience.severity import fit_candidates
from dinghai.foundation.streams import uniforms

Intervals = Mapping[str, Mapping[str, tuple[float, float]]]


def parameter_intervals(
    losses: npt.NDArray[np.float64], floor: float | npt.NDArray[np.float64] | None, *,
    samples: int, seed: int, censored: npt.NDArray[np.bool_] | None = None,
) -> Intervals:
    """95% percentile intervals of every candidate's parameters, from so many resamples of rows,
    each with its own floor and limit where they have any."""
    found: dict[str, dict[str, list[float]]] = {}
    for number in range(samples):
        places = uniforms(seed, "fit.bootstrap", 1, len(losses), first_unit=number)[0]
        rows = (places * len(losses)).astype(np.int64)
        floors = floor[rows] if isinstance(floor, np.ndarray) else floor
        for name, fit in fit_candidates(
                losses[rows], floors, None if censored is None else censored[rows]).items():
            for parameter, value in fit.parameters.items():
                found.setdefault(name, {}).setdefault(parameter, []).append(value)
    return {name: {parameter: (float(np.quantile(values, 0.025)),
                               float(np.quantile(values, 0.975)))
                   for parameter, values in parameters.items()}
            for name, parameters in found.items()}
