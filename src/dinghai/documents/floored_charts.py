"""Charts of losses whose rows have floors of their own or stop at a limit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from dinghai.documents.blocks import Cell, Column, Table
from dinghai.documents.drawing import AMBER, GREY, NAVY, RED, SEA, Chart, Pen, drawn
from dinghai.documents.fit_charts import law_name, quantiles_painter
from dinghai.documents.formats import fixed, number, share
from dinghai.documents.phrases import Language, phrase
from dinghai.experience.diagnostics import thinned
from dinghai.experience.product_limit import ProductLimit
from dinghai.foundation.laws import Law

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LEVELS: Final = (0.5, 0.75, 0.9, 0.99)


def floored_survival_chart(
    found: ProductLimit, laws: Mapping[str, Law], best: str, *, threshold: float | None,
    unit: str, language: Language,
) -> Chart:
    """The estimated share at least as large as each amount, against the laws from the same amount
    on; both axes logarithmic."""
    places = thinned(len(found.amounts))
    line = np.geomspace(found.start, found.amounts[-1] * 2.0, 200)

    def paint(axes: Axes, pen: Pen) -> None:
        for place, name in enumerate(one for one in laws if one != best):
            axes.plot(line, found.modelled(laws[name], line), color=GREY, linewidth=0.7,
                      linestyle=(0, (4, 2)),
                      label=phrase("fit.other_laws", language) if place == 0 else None)
        axes.plot(line, found.modelled(laws[best], line), color=SEA, linewidth=1.5,
                  label=law_name(best, language))
        axes.plot(found.amounts[places], found.at_least[places], linestyle="", marker="o",
                  markersize=2.2, color=NAVY, label=phrase("fit.product_limit", language))
        axes.axvline(found.start, color=AMBER, linewidth=1.0, linestyle=(0, (2, 2)),
                     label=phrase("fit.product_limit_start", language))
        if threshold is not None:
            axes.axvline(threshold, color=RED, linewidth=1.0, linestyle=(0, (1, 1.5)),
                         label=phrase("fit.threshold_mark", language))
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_ylim(0.4 * float(found.at_least[found.at_least > 0.0].min()), 1.6)
        pen.amounts(axes.xaxis)
        pen.shares(axes.yaxis)
        pen.axes(axes, phrase("fit.amount_in", language, unit=unit),
                 phrase("fit.survival_y", language))
        pen.legend(axes, "lower left")

    rows = []
    for place in _places(found):
        amount = found.amounts[place:place + 1]
        rows.append((number(float(amount[0])), f"{int(found.in_sight[place]):,}",
                     share(float(found.above[place])),
                     share(float(found.modelled(laws[best], amount)[0]))))
    return Chart(
        drawn(paint, language, height=2.4, box=(0.115, 0.19, 0.865, 0.775)),
        phrase("fit.product_limit_alternative", language, best=law_name(best, language),
               start=number(found.start)),
        Table((Column(phrase("fit.amount_in", language, unit=unit)),
               Column(phrase("fit.in_sight", language), "right"),
               Column(phrase("fit.observed_share", language), "right"),
               Column(phrase("fit.modelled_chance", language), "right")), tuple(rows)))


def floored_qq_chart(
    found: ProductLimit, law: Law, best: str, *, unit: str, language: Language
) -> Chart:
    """Known losses against the law's quantiles at the estimated chances; axes logarithmic."""
    modelled = found.modelled_quantile(law, 0.5 * (found.at_least + found.above))
    places = thinned(len(found.amounts))

    paint = quantiles_painter(modelled[places], found.amounts[places], "fit.product_limit",
                              unit=unit, language=language)
    rows = []
    for place in _places(found):
        below = float(modelled[place])
        ratio = float(found.amounts[place]) / below if 0.0 < below < np.inf else np.nan
        rows.append((share(1.0 - float(found.above[place])),
                     number(float(found.amounts[place])), number(below),
                     Cell(fixed(ratio), tone="" if 0.5 <= ratio <= 2.0 else "warn")))
    return Chart(
        drawn(paint, language, height=2.3, box=(0.115, 0.195, 0.865, 0.77)),
        phrase("fit.qq_alternative", language, best=law_name(best, language)),
        Table((Column(phrase("fit.level", language)),
               Column(phrase("fit.qq_y", language, unit=unit), "right"),
               Column(phrase("fit.qq_x", language, unit=unit), "right"),
               Column(phrase("fit.qq_ratio", language), "right")), tuple(rows)))


def _places(found: ProductLimit) -> list[int]:
    """The levels' places, each once."""
    return sorted({found.place(level) for level in _LEVELS})
