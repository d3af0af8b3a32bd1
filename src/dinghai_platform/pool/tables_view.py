"""A release made ready for its page: tables in words, a chart, and the same as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from dinghai.experience.pool_release import (
    Figures,
    PoolRelease,
    ReleasedCell,
    ReleasedTable,
    public_part,
)
from dinghai_platform.pool.words import DIMENSIONS, REASONS, table_name, value_name
from dinghai_platform.site.charts import Chart, bar_chart
from dinghai_platform.site.formats import UNKNOWN, short_money_text

FIGURES = ("events", "firms_at_least", "frequency_ppm", "mean_fen", "lower_quartile_fen",
           "median_fen", "upper_quartile_fen", "ninetieth_fen", "median_hours")
SHOWN = ("events", "firms_at_least", "frequency_ppm", "mean_fen", "median_fen", "quartiles",
         "ninetieth_fen", "median_hours")
"""As the page has them: the two quartiles are one column."""
NOISY = ("events", "amount_fen", "mean_fen")
MOST_BARS = 12


@dataclass(frozen=True)
class Line:
    """One row of a table: values in words, figures as text, or why there are none."""

    values: tuple[str, ...]
    figures: tuple[str, ...]
    mark: str
    reason: str
    carried: bool


@dataclass(frozen=True)
class TableView:
    """One table of a release."""

    name: str
    headings: tuple[str, ...]
    figures: tuple[str, ...]
    lines: tuple[Line, ...]
    withheld: int
    key: str

    @property
    def is_crossed(self) -> bool:
        """Whether it is long: such a table opens when asked."""
        return len(self.headings) > 1


def shown_tables(release: PoolRelease, detail: bool) -> tuple[ReleasedTable, ...]:
    """All tables for who contributes, those of one dimension for everybody."""
    return release.tables if detail else public_part(release)


def heading(figure: str) -> str:
    """A figure's name."""
    return {
        "events": _("Events"), "firms_at_least": _("Firms, at least"),
        "frequency_ppm": _("Events per firm-year"), "mean_fen": _("Mean loss"),
        "median_fen": _("Median loss"), "quartiles": _("Quartiles"),
        "ninetieth_fen": _("90th percentile"),
        "median_hours": _("Median hours"), "amount_fen": _("Sum of losses"),
    }[figure]


def table_views(release: PoolRelease, detail: bool) -> list[TableView]:
    """The tables that a reader sees, in words. A figure that no cell has has no column."""
    made = []
    for table in shown_tables(release, detail):
        names = NOISY if release.method == "private" else SHOWN
        told = [one.figures for one in table.cells if one.figures is not None]
        used = [name for name in names
                if any(figure_text(name, one) != UNKNOWN for one in told)] or ["events"]
        made.append(TableView(
            table_name(table.dimensions),
            tuple(str(DIMENSIONS[one]) for one in table.dimensions),
            tuple(heading(name) for name in used),
            tuple(_line(table, cell, used) for cell in table.cells),
            sum(one.figures is None for one in table.cells),
            "-".join(table.dimensions) or "total"))
    return made


def _line(table: ReleasedTable, cell: ReleasedCell, used: Sequence[str]) -> Line:
    values = tuple(value_name(name, value) for name, value
                   in zip(table.dimensions, cell.values, strict=True))
    if cell.figures is None:
        reason = cell.withheld or ""
        return Line(values or (str(_("All events")),), (),
                    "<5" if reason == "few_firms" else str(_("suppressed")),
                    str(REASONS.get(reason, reason)), False)
    return Line(values or (str(_("All events")),),
                tuple(figure_text(name, cell.figures) for name in used),
                "", "", cell.carried_from is not None)


def figure_text(name: str, figures: Figures) -> str:
    """A figure as a page writes it."""
    if name == "quartiles":
        low, high = figures.lower_quartile_fen, figures.upper_quartile_fen
        return UNKNOWN if low is None else f"{short_money_text(low)} – {short_money_text(high)}"
    value = getattr(figures, name)
    if value is None:
        return UNKNOWN
    if name.endswith("_fen"):
        return short_money_text(value)
    if name == "frequency_ppm":
        return f"{value / 1_000_000:.3g}"
    if name == "firms_at_least":
        return f"≥ {value:,}"
    return f"{value:,}"


def release_chart(release: PoolRelease) -> Chart | None:
    """Events by peril, or by the first dimension there is; withheld cells have no bar."""
    for wanted in ("peril", "section", "size_band", "year"):
        for table in release.tables:
            if table.dimensions == (wanted,):
                cells = list(table.cells)[:MOST_BARS]
                return bar_chart(
                    [value_name(wanted, one.values[0]) for one in cells],
                    {heading("events"): [one.figures.events if one.figures else None
                                         for one in cells]},
                    unit="count", first_column=str(DIMENSIONS[wanted]), horizontal=True)
    return None


CSV_HEADING = ("table", "peril", "section", "size_band", "year", "status", *FIGURES, "amount_fen",
               "firm_years_about")


def csv_rows(release: PoolRelease, detail: bool) -> Iterable[list[Any]]:
    """The tables as rows of codes and plain numbers."""
    for table in shown_tables(release, detail):
        for cell in table.cells:
            at = dict(zip(table.dimensions, cell.values, strict=True))
            status = "carried" if cell.carried_from else cell.withheld or "told"
            yield ["*".join(table.dimensions) or "total",
                   *(at.get(name, "") for name in ("peril", "section", "size_band", "year")),
                   status,
                   *("" if cell.figures is None or getattr(cell.figures, name) is None
                     else getattr(cell.figures, name)
                     for name in CSV_HEADING[6:])]
