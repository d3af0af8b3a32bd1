"""Premium principles: what is added to the expected payment because it is uncertain.

The tail principles read the year's payments cut at the annual aggregate. What stands outside the
aggregate (rescue, survey) is loaded in the same proportion. References: Wang (1996, 2000), Bühlmann
(1970); a distortion never charges less than the mean and more for a year that is worse in every
quantile.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from scipy import special

from dinghai.foundation.errors import InputError
from dinghai.foundation.money import PPM
from dinghai.losses.compound import Aggregate
from dinghai.pricing.rating import RiskLoad


class Evaluated(Protocol):
    """The figures of an evaluated year that a premium is made of, in fen."""

    @property
    def expected(self) -> float: ...
    @property
    def common(self) -> float: ...
    @property
    def standard_deviation(self) -> float: ...
    @property
    def inside(self) -> Aggregate: ...


def risk_load(evaluation: Evaluated, load: RiskLoad) -> float:
    """The load in fen for one policy's year. Raises InputError for an incomplete principle."""
    for name, mend in load.faults():
        raise InputError("the risk load is not complete", field=f"loads.risk.{name}", mend=mend)
    if load.principle == "variance":
        deviation = evaluation.standard_deviation
        return deviation * deviation / (2.0 * (load.risk_tolerance_fen or 0))
    year = evaluation.inside
    mean = year.mean()
    if mean <= 0.0:
        return 0.0
    return max(_tail_load(year, mean, load), 0.0) / mean * evaluation.expected


def _tail_load(year: Aggregate, mean: float, load: RiskLoad) -> float:
    if load.principle == "tail_value_at_risk":
        beyond = year.tail_value_at_risk((load.level_ppm or 0) / PPM) - mean
        return beyond * (load.cost_of_capital_ppm or 0) / PPM
    survival = year.survival()
    if load.principle == "wang":
        distorted = special.ndtr(special.ndtri(survival) + (load.shift_ppm or 0) / PPM)
    else:
        distorted = np.power(survival, PPM / (load.hazard_ppm or PPM))
    return float(np.sum(distorted)) * year.step_fen - mean
