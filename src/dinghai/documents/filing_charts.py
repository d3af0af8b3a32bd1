"""Charts of the actuarial report: limit relativities, and what assumptions do to the premium."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from dinghai.documents.blocks import Cell, Column, Table
from dinghai.documents.drawing import AMBER, GREY, NAVY, RED, RULE, SEA, Chart, Pen, drawn
from dinghai.documents.formats import fixed, number, percent, plain_money, short_number
from dinghai.documents.phrases import Language, phrase
from dinghai.documents.report import indicator_name
from dinghai.pricing.filing import Relativity
from dinghai.pricing.sensitivity import Moved

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LINES: Final = (NAVY, SEA, AMBER, RED, GREY)
_MARKS: Final = ("o", "s", "^", "D", "v")


def relativity_chart(found: Sequence[Relativity], language: Language) -> Chart:
    """Charged premium at each limit over that at the default limit, one line a revenue."""
    revenues = list(dict.fromkeys(one.priced.firm.revenue_fen for one in found))

    def paint(axes: Axes, pen: Pen) -> None:
        for place, revenue in enumerate(revenues):
            own = [one for one in found if one.priced.firm.revenue_fen == revenue]
            axes.plot([one.priced.limit_fen / 100 for one in own], [one.charged for one in own],
                      color=_LINES[place % 5], marker=_MARKS[place % 5], markersize=3.5,
                      linewidth=1.2, label=phrase("filing.revenue_is", language,
                                                  revenue=short_number(revenue / 100, language)))
        axes.set_xscale("log")
        pen.amounts(axes.xaxis)
        axes.set_xticks(sorted({one.priced.limit_fen / 100 for one in found}))
        pen.axes(axes, phrase("filing.limit", language), phrase("filing.relativity", language))
        pen.legend(axes, "upper left")

    return Chart(drawn(paint, language), phrase("filing.relativities_chart", language),
                 relativity_table(found, "limit", language))


def relativity_table(found: Sequence[Relativity], by: str, language: Language) -> Table:
    """Relativities by limit or deductible, a column a revenue; the default in bold."""
    revenues = list(dict.fromkeys(one.priced.firm.revenue_fen for one in found))
    steps: dict[int, dict[int, Relativity]] = {}
    for one in found:
        step = one.priced.limit_fen if by == "limit" else one.priced.deductible_fen
        steps.setdefault(step, {})[one.priced.firm.revenue_fen] = one
    rows: tuple[tuple[str | Cell, ...], ...] = tuple(
        (plain_money(step), *(Cell(fixed(own[revenue].charged, 3),
                                   strong=all(one.charged == 1.0 for one in own.values()))
                              for revenue in revenues))
        for step, own in steps.items())
    return Table((Column(phrase(f"filing.{by}", language), "right", 40),
                  *(Column(phrase("filing.revenue_is", language,
                                  revenue=short_number(one / 100, language)), "right")
                    for one in revenues)), rows, whole=True)


def assumption_name(moved: Moved, language: Language) -> str:
    """The assumption in words; a single control by its indicator."""
    one = moved.assumption
    return phrase(f"filing_assumption.{one.code}", language, indicator=one.indicator)


def sensitivity_chart(moved: Sequence[Moved], language: Language) -> Chart:
    """Change of the technical premium at both ends of every assumption, one bar a posture."""
    postures = list(dict.fromkeys(one.firm.posture_ppm for one in moved))
    names = list(dict.fromkeys(assumption_name(one, language) for one in moved))

    def paint(axes: Axes, pen: Pen) -> None:
        thick = 0.8 / len(postures)
        for place, posture in enumerate(postures):
            own = {assumption_name(one, language): one for one in moved
                   if one.firm.posture_ppm == posture}
            spots = np.arange(len(names)) + (place - (len(postures) - 1) / 2) * thick
            score = phrase("filing.score_at", language, score=percent(posture))
            for end, color in (("low", _LIGHT[place % 2]), ("high", _DARK[place % 2])):
                values = [(own[name].low_change if end == "low" else own[name].high_change)
                          for name in names]
                label = f"{score} · {phrase(f'filing.{end}_end', language)}"
                axes.barh(spots, values, height=thick * 0.9, color=color, label=label)
        axes.axvline(0.0, color=GREY, linewidth=0.7)
        axes.set_yticks(np.arange(len(names)), names)
        axes.set_ylim(len(names) - 0.4, -0.6)
        pen.shares(axes.xaxis)
        pen.axes(axes, phrase("filing.sensitivity_y", language), "")
        axes.grid(visible=False, axis="y")
        for place in range(1, len(names)):
            axes.axhline(place - 0.5, color=RULE, linewidth=0.3)
        pen.legend(axes, "lower right")

    widest = max(moved, key=lambda one: one.width)
    left = 0.255 if language == "zh" else 0.30
    return Chart(
        drawn(paint, language, height=0.21 * len(names) + 0.7,
              box=(left, 0.13, 0.985 - left, 0.855)),
        phrase("filing.sensitivity_chart", language, weak=percent(postures[0]),
               strong=percent(postures[-1]), widest=assumption_name(widest, language)),
        _sensitivity_table(moved, postures, names, language))


_LIGHT: Final = ("#9fb3c2", "#a9cbd1")
_DARK: Final = (NAVY, SEA)


def _sensitivity_table(
    moved: Sequence[Moved], postures: Sequence[int], names: Sequence[str], language: Language
) -> Table:
    rows = []
    for name in names:
        own = [one for one in moved if assumption_name(one, language) == name]
        one = own[0].assumption
        ends = (phrase("filing.ends_declared", language) if one.low is None or one.high is None
                else phrase("filing.ends_stress", language, low=f"×{number(one.low)}",
                            high=f"×{number(one.high)}"))
        if one.indicator:
            name = indicator_name(one.indicator, language)
        rows.append((name, ends, *(cell for each in own for cell in (
            signed(each.low_change), signed(each.high_change)))))
    columns = [Column(f"{phrase('filing.score_at', language, score=percent(posture))}\n"
                      f"{phrase(f'filing.{end}_end', language)}", "right", 23)
               for posture in postures for end in ("low", "high")]
    return Table((Column(phrase("filing.assumption", language), share=3),
                  Column(phrase("filing.ends", language), share=2), *columns), tuple(rows))


def signed(change: float) -> str:
    """``+1.2%``, ``−0.3%``; what rounds to nothing has no sign."""
    text = f"{abs(change) * 100:.1f}%"
    return text if text == "0.0%" else f"{'+' if change > 0 else '−'}{text}"
