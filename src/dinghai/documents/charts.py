"""Charts of documents as SVG, drawn with the documents' own fonts and no clock."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dinghai.documents.typesetting import FONT_FILES, font_folder

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NAVY, _GREY, _RULE, _PALE = "#12324d", "#5c6873", "#c8d1d8", "#edf1f4"
_BANDS = ((0.4, "#a3261f"), (0.6, "#b7791f"), (0.8, "#1b6a78"), (1.01, "#1f6b3a"))


def score_bars(rows: Sequence[tuple[str, int | None, int]], *, unknown: str) -> str:
    """Horizontal bars of (name, score in ppm or None, weight in ppm) as SVG text.

    The weight stands behind the name; a score that is unknown has no bar and says so.
    """
    from matplotlib import rc_context  # slow to import, and needed here only
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

    regular = FontProperties(fname=str(font_folder() / FONT_FILES[0]), size=8)
    medium = FontProperties(fname=str(font_folder() / FONT_FILES[1]), size=8)
    with rc_context({"svg.hashsalt": "dinghai", "svg.fonttype": "path"}):
        figure = Figure(figsize=(6.6, 0.29 * len(rows) + 0.35))
        axes = figure.add_axes((0.31, 0.1, 0.62, 0.88))
        for index, (name, score, weight) in enumerate(rows):
            _bar(axes, len(rows) - 1 - index, name, score, weight, unknown, regular, medium)
        axes.set_xlim(0, 1)
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.set_xticks([0, 0.2, 0.4, 0.6, 0.8, 1.0], ["0", "20", "40", "60", "80", "100"],
                        fontproperties=regular, color=_GREY)
        axes.set_yticks([])
        axes.tick_params(length=0)
        axes.grid(axis="x", color=_RULE, linewidth=0.5)
        axes.set_axisbelow(True)
        for side in axes.spines.values():
            side.set_visible(False)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def _bar(
    axes: Axes, place: int, name: str, score: int | None, weight: int, unknown: str,
    regular: Any, medium: Any,
) -> None:
    axes.text(-0.1, place, name, ha="right", va="center", color=_NAVY, fontproperties=medium)
    axes.text(-0.015, place, f"{weight / 10_000:g}%", ha="right", va="center", color=_GREY,
              fontproperties=regular)
    axes.barh(place, 1, height=0.56, color=_PALE)
    if score is None:
        axes.text(0.012, place, unknown, va="center", color=_GREY, fontproperties=regular)
        return
    share = score / 1_000_000
    colour = next(one for bound, one in _BANDS if share < bound)
    axes.barh(place, share, height=0.56, color=colour)
    axes.text(1.012, place, f"{share * 100:.0f}", va="center", color=_NAVY,
              fontproperties=medium)
