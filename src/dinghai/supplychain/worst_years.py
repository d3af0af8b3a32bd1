"""The worst share of simulated years: their mean, and how far it is known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dinghai.supplychain.step_graph import Floats
from dinghai.supplychain.years import Whole


def tail_mean_of(loss: Whole, worst: float) -> float:
    """The mean of the worst share of years (one year at least), in fen."""
    number = worst_years(len(loss), worst)
    return int(np.partition(loss, len(loss) - number)[len(loss) - number:].sum()) / number


def worst_years(years: int, worst: float) -> int:
    """How many years are the worst share of them."""
    return max(round(years * worst), 1)


def tail_influence(loss: Whole, worst: float) -> Floats:
    """What each year adds to the mean of the worst: how far it lies above where they begin."""
    number = worst_years(len(loss), worst)
    begin = np.partition(loss, len(loss) - number)[len(loss) - number]
    above: Floats = np.maximum(loss - begin, 0) * (len(loss) / number)
    return above


def error_of(years: npt.NDArray[np.int64] | Floats) -> float:
    """The standard error of a mean over independent years."""
    return float(np.std(years, ddof=1)) / len(years) ** 0.5 if len(years) > 1 else 0.0
