"""Charts as data: what to draw, in which unit, and the same figures as a table.

A view builds a `Chart` and the template draws it with ``{% chart "id" chart title=… %}``. Colours,
fonts and number formats are the browser module's business (static/site/js/charts.js); here is only
what ECharts needs to know and no script is ever written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from django.utils.translation import gettext as _

from dinghai_platform.site.formats import value_text

Unit = Literal["fen", "ppm", "score", "count", "ratio", "number"]
Values = Sequence[int | float | None]


@dataclass(frozen=True, slots=True)
class Chart:
    """One drawing with its figures.

    ``option`` is plain ECharts JSON without colours and formats; ``unit`` says how values are
    written; ``columns`` and ``rows`` are the table that goes with it.
    """

    option: Mapping[str, Any]
    unit: Unit
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    height: Literal["small", "medium", "large"] = "medium"
    kind: str = "cartesian"
    tones: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """What the browser module reads."""
        return {
            "kind": self.kind,
            "unit": self.unit,
            "tones": list(self.tones),
            "option": dict(self.option),
        }

    def with_height(self, height: Literal["small", "medium", "large"]) -> Chart:
        """The same chart in another height."""
        return replace(self, height=height)


def _table(
    first: str, categories: Sequence[str], series: Mapping[str, Values], unit: Unit
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    columns = (first, *series)
    rows = tuple(
        (category, *(value_text(values[at], unit) for values in series.values()))
        for at, category in enumerate(categories)
    )
    return columns, rows


def bar_chart(
    categories: Sequence[str],
    series: Mapping[str, Values],
    *,
    unit: Unit,
    first_column: str = "",
    horizontal: bool = False,
    stacked: bool = False,
    maximum: float | None = None,
    tones: Sequence[str] = (),
) -> Chart:
    """Bars by category. ``series`` maps the name of each series to its values.

    ``tones`` colours single bars of one series (good, warn, bad, neutral, main) instead of series.
    """
    columns, rows = _table(first_column or _("Category"), categories, series, unit)
    shown = list(reversed(categories)) if horizontal else list(categories)
    category_axis: dict[str, Any] = {"type": "category", "data": shown}
    value_axis: dict[str, Any] = {"type": "value"}
    if maximum is not None:
        value_axis["max"] = maximum
    option = {
        "xAxis": value_axis if horizontal else category_axis,
        "yAxis": category_axis if horizontal else value_axis,
        "series": [
            {
                "type": "bar",
                "name": name,
                "data": list(reversed(values)) if horizontal else list(values),
                **({"stack": "all"} if stacked else {}),
            }
            for name, values in series.items()
        ],
    }
    ordered = tuple(reversed(tones)) if horizontal else tuple(tones)
    return Chart(option, unit, columns, rows, tones=ordered)


def line_chart(
    categories: Sequence[str],
    series: Mapping[str, Values],
    *,
    unit: Unit,
    first_column: str = "",
    area: bool = False,
    step: bool = False,
) -> Chart:
    """Lines over ordered categories (days, versions). None breaks the line."""
    columns, rows = _table(first_column or _("Category"), categories, series, unit)
    option = {
        "xAxis": {"type": "category", "data": list(categories), "boundaryGap": False},
        "yAxis": {"type": "value"},
        "series": [
            {
                "type": "line",
                "name": name,
                "data": list(values),
                **({"areaStyle": {}} if area else {}),
                **({"step": "end"} if step else {}),
            }
            for name, values in series.items()
        ],
    }
    return Chart(option, unit, columns, rows)


def curve_chart(
    points: Mapping[str, Sequence[tuple[float, float]]],
    *,
    unit: Unit,
    x_name: str,
    y_name: str,
    x_logarithmic: bool = False,
    y_logarithmic: bool = False,
) -> Chart:
    """Curves of (x, y): ``unit`` writes x, y is a probability in ppm (an exceedance curve)."""
    rows = tuple(
        (name, value_text(x, unit), value_text(y, "ppm"))
        for name, pairs in points.items()
        for x, y in pairs
    )
    option = {
        "xAxis": {"type": "log" if x_logarithmic else "value", "name": x_name},
        "yAxis": {"type": "log" if y_logarithmic else "value", "name": y_name},
        "series": [
            {"type": "line", "name": name, "data": [list(pair) for pair in pairs]}
            for name, pairs in points.items()
        ],
    }
    return Chart(option, unit, (_("Series"), x_name, y_name), rows, kind="curve")


def waterfall_chart(
    steps: Sequence[tuple[str, int | float, Literal["total", "change"]]], *, unit: Unit
) -> Chart:
    """How a value is built: totals stand on the ground, changes hang between them."""
    base: list[float] = []
    height: list[float] = []
    tones: list[str] = []
    level: float = 0
    for _label, value, kind in steps:
        if kind == "total":
            level = value
            base.append(0)
            height.append(value)
            tones.append("main")
        else:
            base.append(min(level, level + value))
            height.append(abs(value))
            tones.append("warn" if value > 0 else "good")
            level += value
    option = {
        "xAxis": {"type": "category", "data": [label for label, _value, _kind in steps]},
        "yAxis": {"type": "value"},
        "series": [
            {"type": "bar", "name": "", "stack": "all", "data": base, "silent": True},
            {"type": "bar", "name": _("Amount"), "stack": "all", "data": height},
        ],
    }
    rows = tuple(
        (label, "" if kind == "total" else _("change"), value_text(value, unit))
        for label, value, kind in steps
    )
    columns = (_("Step"), _("Kind"), _("Amount"))
    return Chart(option, unit, columns, rows, kind="waterfall", tones=tuple(tones))


def radar_chart(
    axes: Sequence[str], series: Mapping[str, Values], *, unit: Unit, maximum: float
) -> Chart:
    """One polygon per series over named axes, all on the same scale."""
    columns, rows = _table(_("Domain"), axes, series, unit)
    option = {
        "radar": {"indicator": [{"name": axis, "max": maximum} for axis in axes]},
        "series": [
            {
                "type": "radar",
                "data": [
                    {"name": name, "value": [value or 0 for value in values]}
                    for name, values in series.items()
                ],
            }
        ],
    }
    return Chart(option, unit, columns, rows, height="large", kind="radar")
