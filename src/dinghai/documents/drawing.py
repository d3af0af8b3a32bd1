"""What charts share: one canvas with the documents' fonts and colours, drawn without a clock."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from dinghai.documents.blocks import Block, Picture, Table
from dinghai.documents.formats import short_number
from dinghai.documents.phrases import Language
from dinghai.documents.typesetting import FONT_FILES, font_folder

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAVY, SEA, GREY, RULE, PALE, AMBER, RED = (
    "#12324d", "#1b6a78", "#5c6873", "#c8d1d8", "#edf1f4", "#b7791f", "#a3261f")
_WIDTH: Final = 6.6
_SHORT: Final = 6
Place = Literal["upper left", "upper right", "lower left", "lower right"]


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing, in words what it shows, and its figures as a table."""

    svg: str
    alternative: str
    table: Table

    def blocks(self) -> list[Block]:
        """The picture and its table, which stays in one piece where it is short."""
        short = len(self.table.rows) + len(self.table.foot) <= _SHORT
        return [Picture(self.svg, self.alternative, True), replace(self.table, whole=short)]


@dataclass(frozen=True, slots=True)
class Pen:
    """Fonts of one chart, and the words of its axes."""

    small: Any
    medium: Any
    language: Language

    def axes(self, axes: Axes, x: str, y: str) -> None:
        """Name the axes and set their look. Call it when everything is drawn."""
        from matplotlib.ticker import NullLocator

        axes.set_xlabel(x, fontproperties=self.small, color=GREY, labelpad=3)
        axes.set_ylabel(y, fontproperties=self.small, color=GREY, labelpad=4)
        axes.grid(color=RULE, linewidth=0.4)
        axes.set_axisbelow(True)
        axes.tick_params(length=2, color=RULE, pad=2)
        axes.xaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_minor_locator(NullLocator())
        for name, spine in axes.spines.items():
            spine.set_visible(name in {"left", "bottom"})
            spine.set_color(RULE)
        for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
            label.set_fontproperties(self.small)
            label.set_color(GREY)

    def amounts(self, axis: Any) -> None:
        """Ticks of a logarithmic axis as short amounts; a short axis has more of them."""
        from matplotlib.ticker import FuncFormatter, LogLocator

        low, high = axis.get_view_interval()
        if 0.0 < low < high < 100.0 * low:
            axis.set_major_locator(LogLocator(base=10.0, subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter(FuncFormatter(
            lambda value, _place: short_number(value, self.language)))

    def counts(self, axis: Any) -> None:
        """Ticks of a logarithmic axis at 1, 2 and 5 times tens."""
        from matplotlib.ticker import FuncFormatter, LogLocator

        axis.set_major_locator(LogLocator(base=10.0, subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter(FuncFormatter(lambda value, _place: f"{value:,.0f}"))

    def shares(self, axis: Any) -> None:
        """Ticks of an axis as percentages."""
        from matplotlib.ticker import FuncFormatter

        axis.set_major_formatter(FuncFormatter(lambda value, _place: f"{value * 100:.4g}%"))

    def legend(self, axes: Axes, place: Place) -> None:
        """The legend, inside the axes."""
        legend = axes.legend(prop=self.small, loc=place, frameon=True, framealpha=0.9,
                             edgecolor="none", labelcolor=NAVY, handlelength=2.0,
                             borderpad=0.3, labelspacing=0.35)
        legend.set_zorder(5)

    def write(self, axes: Axes, x: float, y: float, text: str, **how: Any) -> None:
        """A note beside a mark, on a light ground."""
        axes.text(x, y, text, fontproperties=self.small, color=how.pop("color", GREY),
                  bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.85},
                  **how)


def drawn(
    paint: Callable[[Axes, Pen], None], language: Language, *, height: float = 2.25,
    box: Sequence[float] = (0.115, 0.2, 0.865, 0.76),
) -> str:
    """One chart as SVG text: the same bytes for the same figures. ``box`` is where the axes lie."""
    from matplotlib import rc_context  # slow to import, and needed here only
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

    pen = Pen(FontProperties(fname=str(font_folder() / FONT_FILES[0]), size=7.5),
              FontProperties(fname=str(font_folder() / FONT_FILES[1]), size=8), language)
    with rc_context({"svg.hashsalt": "dinghai", "svg.fonttype": "path",
                     "axes.unicode_minus": True, "axes.formatter.useoffset": False}):
        figure = Figure(figsize=(_WIDTH, height))
        axes = figure.add_axes((box[0], box[1], box[2], box[3]))
        paint(axes, pen)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()
