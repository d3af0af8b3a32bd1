"""What a law says of limits: limited expected values, increased-limit factors, layer means."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.laws import Law


def limits_of(law: Law, floor: float | None, limits: Sequence[float]) -> list[dict[str, JSON]]:
    """For each limit E min(X, limit) of a loss at or above the floor, its ratio to the first
    limit's, and the mean of the layer from the limit before.
    """
    low = np.array([floor or 0.0])
    above = float(law.survival(low)[0])
    base = float(law.limited(low, 1)[0])
    means = [float(low[0]) + (float(law.limited(np.array([limit]), 1)[0]) - base) / above
             for limit in limits]
    before = [0.0, *means]
    return [{"limit": limit, "limited_mean": mean, "factor": mean / means[0],
             "layer_mean": mean - before[place]}
            for place, (limit, mean) in enumerate(zip(limits, means, strict=True))]


def read_limits(text: str, floor: float | None) -> tuple[float, ...]:
    """Rising limits such as ``100000,1000000``. Raises InputError."""
    try:
        limits = tuple(float(one) for one in text.split(","))
    except ValueError:
        limits = ()
    rising = all(one < other for one, other in pairwise(limits))
    if not limits or not rising or not all(map(math.isfinite, limits)) or (
            limits[0] <= (floor or 0.0)):
        raise InputError(f"{text!r} are not rising limits above the floor", field="--limits",
                         mend="write amounts such as 100000,1000000")
    return limits
