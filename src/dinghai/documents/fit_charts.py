"""Charts of a severity fit, each with its figures as a table and an alternative in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from dinghai.documents.blocks import Cell, Column, Table
from dinghai.documents.drawing import AMBER, GREY, NAVY, RED, SEA, Chart, Pen, drawn
from dinghai.documents.formats import fixed, number, share
from dinghai.documents.phrases import Language, phrase
from dinghai.experience.diagnostics import (
    ThresholdFit,
    empirical_survival,
    hill_estimates,
    mean_excess,
    quantile_pairs,
    survival_above,
    thinned,
    threshold_fits,
)
from dinghai.experience.studies import OutOfTime
from dinghai.foundation.canonical import JSON
from dinghai.foundation.laws import Law

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = npt.NDArray[np.float64]
_LEVELS: Final = (0.5, 0.75, 0.9, 0.99, 0.999)
_TABLE_ROWS: Final = 5


def law_name(name: str, language: Language) -> str:
    """The name of a candidate law."""
    return phrase(f"fit_law.{name}", language)


def survival_chart(
    losses: Floats, laws: Mapping[str, Law], best: str, *, floor: float | None,
    threshold: float | None, unit: str, language: Language,
) -> Chart:
    """Share of losses at least as large as each amount, against the laws; both axes logarithmic."""
    ordered, chance = empirical_survival(losses)
    places = thinned(len(ordered))
    line = np.geomspace(ordered[0], ordered[-1] * 2.0, 200)
    label = phrase("fit.survival_observed", language)

    def paint(axes: Axes, pen: Pen) -> None:
        others = [one for one in laws if one != best]
        for place, name in enumerate(others):
            axes.plot(line, survival_above(laws[name], floor, line), color=GREY, linewidth=0.7,
                      linestyle=(0, (4, 2)),
                      label=phrase("fit.other_laws", language) if place == 0 else None)
        axes.plot(line, survival_above(laws[best], floor, line), color=SEA, linewidth=1.5,
                  label=law_name(best, language))
        axes.plot(ordered[places], chance[places], linestyle="", marker="o", markersize=2.2,
                  color=NAVY, label=label)
        if floor is not None and floor > 0.0:
            axes.axvline(floor, color=AMBER, linewidth=1.0, linestyle=(0, (2, 2)),
                         label=phrase("fit.floor", language))
        if threshold is not None:
            axes.axvline(threshold, color=RED, linewidth=1.0, linestyle=(0, (1, 1.5)),
                         label=phrase("fit.threshold_mark", language))
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_ylim(0.4 / len(ordered), 1.6)
        pen.amounts(axes.xaxis)
        pen.shares(axes.yaxis)
        pen.axes(axes, phrase("fit.amount_in", language, unit=unit),
                 phrase("fit.survival_y", language))
        pen.legend(axes, "lower left")

    rows = []
    for level in _LEVELS:
        amount = float(np.quantile(losses, level))
        above = int((losses > amount).sum())
        modelled = float(survival_above(laws[best], floor, np.array([amount]))[0])
        rows.append((share(level), number(amount), f"{above:,}", number(modelled * len(losses))))
    floor_words = (phrase("fit.survival_no_floor", language) if floor is None
                   else phrase("fit.survival_floor", language, floor=number(floor)))
    return Chart(
        drawn(paint, language, height=2.4, box=(0.115, 0.19, 0.865, 0.775)),
        phrase("fit.survival_alternative", language, n=f"{len(losses):,}",
               best=law_name(best, language), floor=floor_words),
        Table((Column(phrase("fit.level", language)),
               Column(phrase("fit.amount_in", language, unit=unit), "right"),
               Column(phrase("fit.observed_above", language), "right"),
               Column(phrase("fit.modelled_above", language), "right")), tuple(rows)))


def qq_chart(
    losses: Floats, law: Law, best: str, *, floor: float | None, unit: str, language: Language
) -> Chart:
    """Observed against modelled quantiles, both axes logarithmic."""
    modelled, observed = quantile_pairs(law, floor, losses)
    places = thinned(len(observed))

    paint = quantiles_painter(modelled[places], observed[places], "fit.qq_observed", unit=unit,
                              language=language)
    rows = []
    for level in _LEVELS:
        place = min(int(level * len(observed)), len(observed) - 1)
        below = float(modelled[place])
        ratio = float(observed[place]) / below if 0.0 < below < np.inf else np.nan
        rows.append((share(level), number(float(observed[place])), number(below),
                     Cell(fixed(ratio), tone="" if 0.5 <= ratio <= 2.0 else "warn")))
    return Chart(
        drawn(paint, language, height=2.3, box=(0.115, 0.195, 0.865, 0.77)),
        phrase("fit.qq_alternative", language, best=law_name(best, language)),
        Table((Column(phrase("fit.level", language)),
               Column(phrase("fit.qq_y", language, unit=unit), "right"),
               Column(phrase("fit.qq_x", language, unit=unit), "right"),
               Column(phrase("fit.qq_ratio", language), "right")), tuple(rows)))


def quantiles_painter(
    modelled: Floats, observed: Floats, code: str, *, unit: str, language: Language
) -> Callable[[Axes, Pen], None]:
    """Draws observed against modelled quantiles with their diagonal; ``code`` names the points."""
    def paint(axes: Axes, pen: Pen) -> None:
        drawable = np.isfinite(modelled) & (modelled > 0.0)
        x, y = modelled[drawable], observed[drawable]
        low, high = min(float(x[0]), float(y[0])), max(float(x[-1]), float(y[-1]))
        axes.plot([low, high], [low, high], color=SEA, linewidth=1.0,
                  label=phrase("fit.diagonal", language))
        axes.plot(x, y, linestyle="", marker="o", markersize=2.2, color=NAVY,
                  label=phrase(code, language))
        axes.set_xscale("log")
        axes.set_yscale("log")
        pen.amounts(axes.xaxis)
        pen.amounts(axes.yaxis)
        pen.axes(axes, phrase("fit.qq_x", language, unit=unit),
                 phrase("fit.qq_y", language, unit=unit))
        pen.legend(axes, "upper left")

    return paint


def mean_excess_chart(
    losses: Floats, tail: Mapping[str, JSON] | None, *, unit: str, language: Language
) -> Chart | None:
    """By how much losses above a threshold exceed it on average; None with too few losses."""
    thresholds, means, counts = mean_excess(losses)
    if len(thresholds) < 2:
        return None
    places = thinned(len(thresholds))

    def paint(axes: Axes, pen: Pen) -> None:
        axes.plot(thresholds[places], means[places], linestyle="", marker="o", markersize=2.2,
                  color=NAVY, label=phrase("fit.mean_excess", language))
        if tail is not None:
            start, xi, beta = float(tail["threshold"]), float(tail["xi"]), float(tail["beta"])
            axes.axvline(start, color=RED, linewidth=1.0, linestyle=(0, (1, 1.5)),
                         label=phrase("fit.threshold_mark", language))
            if xi < 1.0:
                line = np.geomspace(max(start, float(thresholds[0])), float(thresholds[-1]), 60)
                excess = (beta + xi * (line - start)) / (1.0 - xi)
                axes.plot(line[excess > 0.0], excess[excess > 0.0], color=SEA, linewidth=1.3,
                          label=phrase("fit.mean_excess_modelled", language))
        axes.set_xscale("log")
        axes.set_yscale("log")
        pen.amounts(axes.xaxis)
        pen.amounts(axes.yaxis)
        pen.axes(axes, phrase("fit.mean_excess_x", language, unit=unit),
                 phrase("fit.mean_excess_y", language, unit=unit))
        pen.legend(axes, "upper left")

    rows = tuple((number(float(thresholds[one])), f"{int(counts[one]):,}",
                  number(float(means[one]))) for one in _some(len(thresholds)))
    return Chart(
        drawn(paint, language), phrase("fit.mean_excess_alternative", language),
        Table((Column(phrase("fit.mean_excess_x", language, unit=unit), "right"),
               Column(phrase("fit.exceedances", language), "right"),
               Column(phrase("fit.mean_excess_y", language, unit=unit), "right")), rows))


def threshold_chart(
    losses: Floats, chosen: float | None, *, language: Language, floors: Floats | None = None,
    censored: npt.NDArray[np.bool_] | None = None,
) -> tuple[Chart, tuple[ThresholdFit, ...]] | None:
    """ξ with its interval against the number of exceedances; None with too few losses."""
    fits = threshold_fits(losses, chosen, floors, censored)
    if len(fits) < 2:
        return None
    border = phrase("fit.mean_border", language)

    def paint(axes: Axes, pen: Pen) -> None:
        _error_bars(axes, [one for one in fits if one.threshold != chosen], NAVY, "o", "white",
                    None)
        _error_bars(axes, [one for one in fits if one.threshold == chosen], RED, "D", RED,
                    phrase("fit.stability_chosen", language))
        axes.axhline(1.0, color=AMBER, linewidth=0.9, linestyle=(0, (4, 2)), label=border)
        axes.set_xscale("log")
        low = min(one.interval[0] for one in fits)
        high = max(one.interval[1] for one in fits)
        axes.set_ylim(max(low - 0.1, -1.0), min(max(high, 1.0) + 0.1, 4.0))
        pen.counts(axes.xaxis)
        pen.axes(axes, phrase("fit.stability_x", language), phrase("fit.stability_y", language))
        pen.legend(axes, "upper right")

    shown = [fits[one] for one in _some(len(fits))]
    shown += [one for one in fits if one.threshold == chosen and one not in shown]
    rows = tuple(
        (Cell(number(one.threshold), strong=one.threshold == chosen,
              note=phrase("fit.stability_chosen", language) if one.threshold == chosen else ""),
         f"{one.exceedances:,}", fixed(one.xi),
         phrase("fit.to", language, low=fixed(one.interval[0]), high=fixed(one.interval[1])))
        for one in sorted(shown, key=lambda one: one.threshold))
    return Chart(
        drawn(paint, language), phrase("fit.stability_alternative", language),
        Table((Column(phrase("fit.threshold", language)),
               Column(phrase("fit.exceedances", language), "right"),
               Column(phrase("fit.stability_y", language), "right"),
               Column(phrase("fit.interval", language), "right")), rows)), fits


def _error_bars(
    axes: Axes, fits: Sequence[ThresholdFit], color: str, marker: str, fill: str,
    label: str | None,
) -> None:
    if fits:
        values = [one.xi for one in fits]
        spread = [[max(one.xi - one.interval[0], 0.0) for one in fits],
                  [max(one.interval[1] - one.xi, 0.0) for one in fits]]
        axes.errorbar([one.exceedances for one in fits], values, yerr=spread, linestyle="",
                      marker=marker, markersize=3.6, color=color, markerfacecolor=fill,
                      elinewidth=0.7, capsize=1.5, label=label)


def hill_chart(
    losses: Floats, tail: Mapping[str, JSON] | None, *, language: Language
) -> Chart | None:
    """The Hill estimate of the tail exponent; None with too few losses."""
    estimates = hill_estimates(losses)
    if len(estimates) < 2:
        return None
    exponent = None if tail is None else tail.get("tail_exponent")

    def paint(axes: Axes, pen: Pen) -> None:
        k = [one.largest for one in estimates]
        axes.fill_between(k, [one.interval[0] for one in estimates],
                          [one.interval[1] for one in estimates], color="#d5e2e7", linewidth=0)
        axes.plot(k, [one.alpha for one in estimates], color=NAVY, linewidth=1.2,
                  label=phrase("fit.hill_line", language))
        axes.axhline(1.0, color=AMBER, linewidth=0.9, linestyle=(0, (4, 2)),
                     label=phrase("fit.alpha_border", language))
        if exponent is not None and float(exponent) < 10.0:
            axes.axhline(float(exponent), color=SEA, linewidth=1.0, linestyle=(0, (1, 1.5)),
                         label=phrase("fit.hill_tail", language))
        axes.set_xscale("log")
        axes.set_ylim(bottom=0.0)
        pen.counts(axes.xaxis)
        pen.axes(axes, phrase("fit.hill_x", language), phrase("fit.hill_y", language))
        pen.legend(axes, "lower right")

    rows = tuple((f"{one.largest:,}", fixed(one.alpha),
                  phrase("fit.to", language, low=fixed(one.interval[0]),
                         high=fixed(one.interval[1])))
                 for one in (estimates[place] for place in _some(len(estimates))))
    return Chart(
        drawn(paint, language), phrase("fit.hill_alternative", language),
        Table((Column(phrase("fit.hill_x", language), "right"),
               Column(phrase("fit.hill_estimate", language), "right"),
               Column(phrase("fit.interval", language), "right")), rows))


def out_of_time_chart(check: OutOfTime, *, language: Language) -> Chart:
    """Modelled chances of exceeding each level with the observed shares and their intervals."""
    levels = check.levels
    least = min(1.0 - one.probability for one in levels) / 8.0

    def paint(axes: Axes, pen: Pen) -> None:
        x = np.arange(len(levels))
        observed = np.array([one.exceeded / one.of for one in levels])
        low = np.maximum([one.interval[0] for one in levels], least)
        high = np.array([one.interval[1] for one in levels])
        shown = np.maximum(observed, least)
        axes.errorbar(x, shown, yerr=[np.maximum(shown - low, 0.0), np.maximum(high - shown, 0.0)],
                      linestyle="", marker="o", markersize=4, color=NAVY, elinewidth=1.0,
                      capsize=3, label=phrase("fit.observed_share", language))
        axes.plot(x, [1.0 - one.probability for one in levels], linestyle="", marker="_",
                  markersize=16, markeredgewidth=2.0, color=RED,
                  label=phrase("fit.modelled_chance", language))
        axes.set_yscale("log")
        axes.set_xlim(-0.6, len(levels) - 0.4)
        axes.set_xticks(x, [share(one.probability) for one in levels])
        pen.shares(axes.yaxis)
        pen.axes(axes, phrase("fit.level", language), phrase("fit.survival_y", language))
        pen.legend(axes, "upper right")

    rows = tuple(
        (share(one.probability), number(one.quantile), f"{one.expected:,.1f}", f"{one.exceeded:,}",
         f"{one.of:,}", phrase("fit.to", language, low=share(one.interval[0]),
                               high=share(one.interval[1])),
         Cell(phrase("fit.yes" if one.held else "fit.no", language),
              tone="good" if one.held else "bad"))
        for one in levels)
    return Chart(
        drawn(paint, language), phrase("fit.out_of_time_alternative", language),
        Table((Column(phrase("fit.level", language), millimetres=16),
               Column(phrase("fit.qq_modelled", language), "right", share=3),
               Column(phrase("fit.expected", language), "right", share=2),
               Column(phrase("fit.exceeded", language), "right", share=2),
               Column(phrase("fit.of", language), "right", share=2),
               Column(phrase("fit.interval", language), "right", share=4),
               Column(phrase("fit.holds", language), "center", 14)), rows))


def _some(count: int) -> list[int]:
    """A few places from the first to the last."""
    if count <= _TABLE_ROWS:
        return list(range(count))
    return sorted({round(one) for one in np.linspace(0, count - 1, _TABLE_ROWS).tolist()})

