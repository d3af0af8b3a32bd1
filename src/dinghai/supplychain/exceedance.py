"""Exceedance curves of years of a chain: how much is lost how rarely, before and after a change.

A loss with a return period of N years is passed in one year of N. Where two states of a chain were
run on the same events, the change in a year is the change of that year's loss, not of two curves
drawn apart: its mean has the error of paired years. Bands of the curve are those of order
statistics: they say how far the number of simulated years determines it, not how far the model is
right.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import msgspec
import numpy as np
from scipy.stats import binom

from dinghai.foundation.errors import InputError
from dinghai.supplychain.step_graph import Floats
from dinghai.supplychain.years import Whole

EXCEEDANCE_SCHEMA = "dinghai.chain-exceedance/1"
RETURN_PERIODS: Final = (2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 250.0, 500.0, 1000.0)
_POINTS: Final = 120
_BAND: Final = 0.90
_FEWEST_BEYOND: Final = 5
"""A return period is shown where at least so many simulated years lie beyond it."""


class ExceedancePoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Losses in fen that are passed once in ``return_period`` years: the quantile, its 90% band,
    and the mean of the years at or above it (TVaR)."""

    return_period: float
    loss_fen: int
    low_fen: int
    high_fen: int
    tail_mean_fen: int


class Exceedance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One curve: ``any_ppm`` of years lose something at all; ``points`` are at the usual return
    periods, ``curve`` is for drawing, rarest last, as (return period, loss in fen)."""

    years: int
    mean_fen: int
    se_fen: int
    any_ppm: int
    points: tuple[ExceedancePoint, ...]
    curve: tuple[tuple[float, int], ...]


class ExceedanceChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a change does (schema dinghai.chain-exceedance/1), on the same events: to the mean of a
    year, with the standard error of paired years, and to quantile and tail mean by return
    period."""

    mean_fen: int
    se_fen: int
    better_years: int
    worse_years: int
    points: tuple[tuple[float, int, int], ...]


class ExceedanceDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Curves of a chain (schema dinghai.chain-exceedance/1): of the losses of all (``measure`` says
    which), and after a change where one was run."""

    schema: Literal["dinghai.chain-exceedance/1"]
    chain: str
    seed: int
    measure: Literal["loss", "paid"]
    before: Exceedance
    after: Exceedance | None = None
    change: ExceedanceChange | None = None


def exceedance_document(
    chain: str, seed: int, before: Whole, after: Whole | None = None, *,
    measure: Literal["loss", "paid"] = "loss",
    return_periods: Sequence[float] = RETURN_PERIODS,
) -> ExceedanceDocument:
    """The curve of yearly losses in fen, and of the same years after a change. Raises InputError
    for no years, or where the two have not the same number of years."""
    if after is not None and len(after) != len(before):
        raise InputError("the two states were not run on the same years", field="after",
                         mend="run both with the same number of years and the same seed")
    first = exceedance(before, return_periods=return_periods)
    if after is None:
        return ExceedanceDocument("dinghai.chain-exceedance/1", chain, seed, measure, first)
    second = exceedance(after, return_periods=return_periods)
    return ExceedanceDocument("dinghai.chain-exceedance/1", chain, seed, measure, first, second,
                              _change(before, after, first, second))


def exceedance(loss: Whole, *, return_periods: Sequence[float] = RETURN_PERIODS) -> Exceedance:
    """The curve of yearly losses in fen. Raises InputError for no years."""
    number = len(loss)
    if number == 0:
        raise InputError("a curve needs years", field="years", mend="simulate at least one year")
    ordered = np.sort(loss)
    tails = np.cumsum(ordered[::-1].astype(np.float64))[::-1]
    shown = [one for one in return_periods if number / one >= _FEWEST_BEYOND]
    return Exceedance(
        years=number, mean_fen=round(float(loss.mean())),
        se_fen=round(float(loss.std(ddof=1)) / number**0.5) if number > 1 else 0,
        any_ppm=round(float((loss > 0).mean()) * 1_000_000),
        points=tuple(_point(ordered, tails, one) for one in shown), curve=_curve(ordered))


def _place(number: int, return_period: float) -> int:
    """Where the quantile stands among the ordered years."""
    return min(max(int(np.ceil((1.0 - 1.0 / return_period) * number - 1e-9)) - 1, 0), number - 1)


def _point(ordered: Whole, tails: Floats, return_period: float) -> ExceedancePoint:
    number, level = len(ordered), 1.0 - 1.0 / return_period
    place = _place(number, return_period)
    below = int(binom.ppf((1.0 - _BAND) / 2.0, number, level)) - 1
    above = int(binom.ppf((1.0 + _BAND) / 2.0, number, level))
    return ExceedancePoint(
        return_period=return_period, loss_fen=int(ordered[place]),
        low_fen=int(ordered[max(below, 0)]), high_fen=int(ordered[min(above, number - 1)]),
        tail_mean_fen=round(float(tails[place]) / (number - place)))


def _curve(ordered: Whole) -> tuple[tuple[float, int], ...]:
    """At most so many points, evenly on a logarithmic scale of return periods."""
    number = len(ordered)
    ranks = np.unique(np.rint(np.geomspace(1, number, min(_POINTS, number))).astype(np.int64))
    return tuple((number / int(rank), int(ordered[number - int(rank)])) for rank in ranks[::-1])


def _change(before: Whole, after: Whole, first: Exceedance, second: Exceedance) -> ExceedanceChange:
    moved = (after - before).astype(np.float64)
    return ExceedanceChange(
        mean_fen=round(float(moved.mean())),
        se_fen=round(float(moved.std(ddof=1)) / len(moved)**0.5) if len(moved) > 1 else 0,
        better_years=int((moved < 0).sum()), worse_years=int((moved > 0).sum()),
        points=tuple((one.return_period, other.loss_fen - one.loss_fen,
                      other.tail_mean_fen - one.tail_mean_fen)
                     for one, other in zip(first.points, second.points, strict=True)))
