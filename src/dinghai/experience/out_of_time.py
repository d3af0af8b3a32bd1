"""Checks on what came later: laws fitted to some years against the losses and counts after."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

import numpy as np
import numpy.typing as npt
from scipy import stats

from dinghai.experience.frequency import count_periods, fit_frequency
from dinghai.experience.intervals import share_interval
from dinghai.experience.severity import fit_candidates, spliced
from dinghai.experience.studies import CountCheck, Level, OutOfTime
from dinghai.experience.tail import choose_threshold, fit_tail

Floats = npt.NDArray[np.float64]
LEVELS = (0.95, 0.99)


def check_severity(
    before: Floats, after: Floats, floor: float | None, years: tuple[int, int, int]
) -> OutOfTime:
    """The best law by AIC of the losses before, and how many losses after exceed its quantiles.

    ``years`` are the first and last year fitted and the last year tested.
    """
    fits = fit_candidates(before, floor)
    at = choose_threshold(before)
    tail = None if at is None else fit_tail(before, at)
    body = None if tail is None else spliced(before, floor, tail.threshold, tail.law)
    if body is not None:
        fits["spliced"] = body
    name = min(fits, key=lambda one: fits[one].aic)
    law = fits[name].law
    above = 1.0 if floor is None else float(law.survival(np.array([floor]))[0])
    levels = []
    for probability in LEVELS:
        quantile = float(law.quantile_of_survival(np.array([(1.0 - probability) * above]))[0])
        exceeded = int((after > quantile).sum())
        levels.append(Level(probability, quantile, exceeded, len(after),
                            share_interval(exceeded, len(after))))
    return OutOfTime(name, years[0], years[1], len(before), years[2], tuple(levels))


def check_counts(before: Sequence[date], after: Sequence[date]) -> CountCheck:
    """The number of events in the months after, against what the months before predict.

    The sum of later months is negative binomial; its variance counts what the months before leave
    open of the mean. Months are taken as independent: that is what is put to the test.
    """
    fit = fit_frequency(before, "month")
    months = len(count_periods(after, "month"))
    seen = len(fit.counts)
    mean = months * fit.mean
    variance = months * fit.variance + (months ** 2) * fit.variance / seen
    if variance > mean:
        size = mean * mean / (variance - mean)
        law = stats.nbinom(size, size / (size + mean))
    else:
        law = stats.poisson(mean)
    low, high = (float(law.ppf(tail)) for tail in (0.025, 0.975))
    return CountCheck(min(before).year, max(before).year, seen, months, len(after), mean,
                      (math.floor(low), math.ceil(high)))
