"""Charts of counts by period and of reporting delays, each with its figures and in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Final, Literal, cast

from dinghai.documents.blocks import Column, Table
from dinghai.documents.drawing import AMBER, NAVY, SEA, Chart, Pen, drawn
from dinghai.documents.formats import number, share
from dinghai.documents.phrases import Language, phrase
from dinghai.experience.frequency import Per, period_name
from dinghai.foundation.canonical import JSON

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_NAMED: Final = 24
_MOST_BARS: Final = 240


def period_names(document: Mapping[str, JSON]) -> list[str]:
    """The name of every period of a frequency document."""
    first = date.fromisoformat(document["first"])
    per = cast(Per, document["per"])
    return [period_name(first, per, place) for place in range(len(document["counts"]))]


def count_range(document: Mapping[str, JSON], law: Literal["poisson", "negative_binomial"]
                ) -> tuple[int, int]:
    """The central 95% of a law's counts."""
    from scipy import stats

    fit = document[law]
    size = fit.get("size")
    made = (stats.poisson(fit["mean"]) if size is None
            else stats.nbinom(size, size / (size + fit["mean"])))
    return int(made.ppf(0.025)), int(made.ppf(0.975))


def outside_range(document: Mapping[str, JSON]) -> int:
    """How many periods lie outside the Poisson law's central 95%."""
    low, high = count_range(document, "poisson")
    return sum(not low <= one <= high for one in document["counts"])


def counts_chart(document: Mapping[str, JSON], language: Language) -> Chart:
    """Counts of every period, their mean, and where the laws put 95% of them."""
    counts, names = document["counts"], period_names(document)
    chosen = document["preferred"]

    def paint(axes: Axes, pen: Pen) -> None:
        places = list(range(len(counts)))
        if chosen == "negative_binomial":
            low, high = count_range(document, "negative_binomial")
            axes.axhspan(low, high, color="#e4ecef", linewidth=0,
                         label=phrase("fit.counts_chosen", language))
        low, high = count_range(document, "poisson")
        axes.axhspan(low, high, color="#c3d6dc", linewidth=0,
                     label=phrase("fit.counts_poisson", language))
        if len(counts) > _MOST_BARS:
            axes.plot(places, counts, drawstyle="steps-mid", color=NAVY, linewidth=0.6)
        else:
            axes.bar(places, counts, width=0.8, color=NAVY)
        axes.axhline(document["mean"], color=AMBER, linewidth=1.2,
                     label=phrase("fit.counts_expected", language))
        named = 6 if document["per"] == "day" else 10
        every = max(math.ceil(len(counts) / named), 1)
        if document["per"] == "month" and every > 1:
            every = 12 * max(round(every / 12), 1)
        start = -int(names[0][-2:]) + 1 if document["per"] == "month" and every >= 12 else 0
        ticks = [one for one in range(start, len(counts), every) if one >= 0]
        axes.set_xticks(ticks, [names[one] for one in ticks])
        axes.set_xlim(-1, len(counts))
        axes.set_ylim(bottom=0)
        pen.axes(axes, phrase("fit.period", language), phrase("fit.counts_y", language))
        axes.grid(visible=False, axis="x")
        pen.legend(axes, "upper left")

    return Chart(
        drawn(paint, language),
        phrase("fit.counts_alternative", language,
               per=phrase(f"per.{document['per']}", language)),
        _counts_table(counts, names, language))


def _counts_table(counts: list[int], names: list[str], language: Language) -> Table:
    """Every period, or sums of the years where there are many."""
    if len(counts) <= _MOST_NAMED:
        return Table((Column(phrase("fit.period", language)),
                      Column(phrase("fit.counts_y", language), "right")),
                     tuple((name, f"{count:,}") for name, count in zip(names, counts, strict=True)))
    years: dict[str, list[int]] = {}
    for name, count in zip(names, counts, strict=True):
        years.setdefault(name[:4], []).append(count)
    return Table(
        (Column(phrase("fit.year", language)), Column(phrase("fit.periods", language), "right"),
         Column(phrase("fit.counts_y", language), "right"),
         Column(phrase("fit.mean_per", language), "right"),
         Column(phrase("fit.smallest", language), "right"),
         Column(phrase("fit.largest", language), "right")),
        tuple((year, str(len(one)), f"{sum(one):,}", number(sum(one) / len(one)),
               f"{min(one):,}", f"{max(one):,}") for year, one in years.items()))


def delay_chart(document: Mapping[str, JSON], language: Language) -> Chart:
    """Share known after so many days, as reported and with each cluster counted once."""
    def paint(axes: Axes, pen: Pen) -> None:
        for key, color, dashes in (("as_reported", NAVY, "solid"),
                                   ("clusters_once", SEA, (0, (4, 2)))):
            curve = document[key]["curve"]
            axes.step([0, *(days for days, _ in curve)], [0.0, *(known for _, known in curve)],
                      where="post", color=color, linewidth=1.4, linestyle=dashes,
                      label=phrase(f"fit.{key}", language))
        axes.set_ylim(0, 1.03)
        axes.set_xlim(left=0)
        pen.shares(axes.yaxis)
        pen.axes(axes, phrase("fit.delay_x", language), phrase("fit.delay_y", language))
        pen.legend(axes, "lower right")

    reported, once = document["as_reported"], document["clusters_once"]
    rows = tuple((days, share(known), share(once["known_after"][days]))
                 for days, known in reported["known_after"].items())
    halves = ((phrase("fit.median_days", language), reported["median_days"], once["median_days"]),
              (phrase("fit.p90_days", language), reported["p90_days"], once["p90_days"]))
    return Chart(
        drawn(paint, language), phrase("fit.delay_alternative", language),
        Table((Column(phrase("fit.delay_x", language), share=3),
               Column(phrase("fit.as_reported", language), "right", share=2),
               Column(phrase("fit.clusters_once", language), "right", share=2)), rows,
              foot=tuple((name, f"{one:,}", f"{other:,}") for name, one, other in halves)))
