"""Fit the severity scales once, deterministically: ``python -m dinghai.losses.fit > FILE``.

Targets are claims averages by revenue band and by peril (never a market price). The two sets of
the source contradict each other: its perils add up to more than its book. So the perils keep
their proportions and are all multiplied by one reconciling factor; the bands are met as printed.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dinghai.losses.effects import neutral_factors
from dinghai.losses.exposure import IndustryRelativity
from dinghai.losses.frequency import base_frequency
from dinghai.losses.grid import event_weights, peril_grid
from dinghai.losses.reference import reference_exposure
from dinghai.losses.severity import EventGrid, event_grid, scales_of
from dinghai.losses.tables import (
    DECLARED,
    PERILS,
    CalibrationTables,
    shipped_raw,
    source_of,
    tables_from,
)

ITERATIONS = 60
_CNY_FEN = 100.0


@dataclass(frozen=True, slots=True)
class Check:
    """Targets and what the model gives, in USD of mean limited loss per claim."""

    bands: tuple[tuple[float, float], ...]
    perils: Mapping[str, tuple[float, float]]
    interruption: tuple[tuple[float, float], ...]
    book: tuple[float, float]
    reconciling: float


def book_industry(tables: CalibrationTables) -> IndustryRelativity:
    """The all-industry firm: relativities of one and the book's peril mix."""
    mix = tables.frequency["book_mix"]
    return IndustryRelativity("book", 1.0, 1.0, {p: float(mix[p]) for p in PERILS},
                              source_of(mix))


def claim_weights(tables: CalibrationTables) -> list[float]:
    """Share of the book's claims in each revenue band."""
    raw = [
        band["policies"] * base_frequency(tables, int(band["revenue_usd"] * tables.fen_per_usd))
        for band in tables.severity["bands"]
    ]
    return [value / sum(raw) for value in raw]


def reference_events(tables: CalibrationTables, revenue_usd: float, peril: str) -> EventGrid:
    """The neutral event grid of a peril for a band's reference firm."""
    exposure = reference_exposure(tables, revenue_usd)
    scales = scales_of(tables, exposure, book_industry(tables), peril)
    return event_grid(tables, exposure, peril_grid(tables, peril), scales, neutral_factors())


def mean_usd(tables: CalibrationTables, events: EventGrid, amount: str | None = None) -> float:
    """Mean per claim in USD, each event limited as declared; of one component or of the whole."""
    limit = tables.severity["limit"]["event_usd"] * tables.fen_per_usd
    values = events.loss if amount is None else events.amounts[amount]
    weights = events.grid.weights(event_weights(tables))
    return math.fsum((weights * np.minimum(values, limit)).tolist()) / tables.fen_per_usd


def check(tables: CalibrationTables) -> Check:
    """What the fitted tables give against their targets."""
    severity = tables.severity
    mix, shares = tables.frequency["book_mix"], claim_weights(tables)
    cells = {(b, p): mean_usd(tables, reference_events(tables, band["revenue_usd"], p))
             for b, band in enumerate(severity["bands"]) for p in PERILS}
    model_bands = [sum(mix[p] * cells[b, p] for p in PERILS) for b in range(len(shares))]
    model_perils = {p: sum(shares[b] * cells[b, p] for b in range(len(shares))) for p in PERILS}
    return Check(
        bands=tuple((float(band["average_claim_usd"]), model_bands[b])
                    for b, band in enumerate(severity["bands"])),
        perils={p: (tables.perils[p].average_claim_usd, model_perils[p]) for p in PERILS},
        interruption=tuple(_interruption_cells(tables)),
        book=(float(severity["book"]["average_claim_usd"]),
              sum(s * m for s, m in zip(shares, model_bands, strict=True))),
        reconciling=reconciling_factor(tables),
    )


def reconciling_factor(tables: CalibrationTables) -> float:
    """One factor that makes the mix of the perils' averages equal the mix of the bands'."""
    shares = claim_weights(tables)
    book = sum(s * band["average_claim_usd"]
               for s, band in zip(shares, tables.severity["bands"], strict=True))
    mix = tables.frequency["book_mix"]
    return float(book) / sum(float(mix[p]) * tables.perils[p].average_claim_usd for p in PERILS)


def _interruption_targets(tables: CalibrationTables) -> list[float]:
    """Interruption cost where it occurs, by band, growing with revenue by the elasticity."""
    row, bands = tables.severity["interruption"], tables.severity["bands"]
    shape = [(band["revenue_usd"] / bands[0]["revenue_usd"]) ** row["elasticity"]
             for band in bands]
    level = sum(s * x for s, x in zip(claim_weights(tables), shape, strict=True))
    return [float(row["average_usd"] * reconciling_factor(tables) * x / level) for x in shape]


def _interruption_cells(tables: CalibrationTables) -> list[tuple[float, float]]:
    occurs = tables.perils["ransomware"].interruption_probability
    return [
        (target, mean_usd(tables, reference_events(tables, band["revenue_usd"], "ransomware"),
                          "interruption") / occurs)
        for band, target in zip(tables.severity["bands"], _interruption_targets(tables),
                                strict=True)
    ]


def fit(raw: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The scales, by iterative proportional fitting from the same start every time."""
    severity = raw["severity"]
    per_day = [
        band["revenue_usd"] * raw["frequency"]["exchange_rate"]["cny_per_usd"] * _CNY_FEN
        * severity["reference_firm"]["gross_profit_rate"] / 365.0
        for band in severity["bands"]
    ]
    state: dict[str, Any] = {
        "size": {"factors": [0.7, 1.2, 2.0]},
        "affected": {"gross_profit_per_day_fen": [int(x) for x in per_day],
                     "median_share": [0.8, 0.4, 0.2]},
        "medians_usd": {
            row["id"]: {name: mean / 3.0 for name, mean in row["means_usd"].items()}
            for row in severity["perils"]
        },
    }
    for _ in range(ITERATIONS):
        _step(tables_from({**raw, "severity_fit": state}), state)
    return _rounded(state)


def _step(tables: CalibrationTables, state: dict[str, Any]) -> None:
    bands, shares = tables.severity["bands"], claim_weights(tables)
    mix = tables.frequency["book_mix"]
    events = {(b, p): reference_events(tables, band["revenue_usd"], p)
              for b, band in enumerate(bands) for p in PERILS}
    for b, (target, found) in enumerate(_interruption_cells(tables)):
        state["affected"]["median_share"][b] *= (target / found) ** 0.7
    reconciling = reconciling_factor(tables)
    for p in PERILS:
        row = tables.perils[p]
        found = sum(shares[b] * mean_usd(tables, events[b, p]) for b in range(len(bands)))
        fixed = sum(shares[b] * _fixed_mean(tables, events[b, p]) for b in range(len(bands)))
        ratio = max(reconciling * row.average_claim_usd - fixed, 1.0) / (found - fixed)
        parts = {name: sum(shares[b] * mean_usd(tables, events[b, p], name)
                           for b in range(len(bands))) for name in row.means_usd}
        level = sum(parts.values()) / sum(row.means_usd.values())
        for name, mean in row.means_usd.items():
            # Parts keep their declared proportions; the whole meets the peril's average.
            state["medians_usd"][p][name] *= ratio * level * mean / parts[name]
    sizes = state["size"]["factors"]
    for b, band in enumerate(bands):
        found = sum(mix[p] * mean_usd(tables, events[b, p]) for p in PERILS)
        fixed = sum(mix[p] * _fixed_mean(tables, events[b, p]) for p in PERILS)
        sizes[b] *= max(band["average_claim_usd"] - fixed, 1.0) / (found - fixed)
    level = sum(share * size for share, size in zip(shares, sizes, strict=True))
    state["size"]["factors"] = [size / level for size in sizes]


def _fixed_mean(tables: CalibrationTables, events: EventGrid) -> float:
    """The part that exposure alone decides: interruption and notification."""
    return mean_usd(tables, events, "interruption") + mean_usd(tables, events, "notification")


def _rounded(state: dict[str, Any]) -> dict[str, Any]:
    return {
        "size": {"factors": [round(x, 5) for x in state["size"]["factors"]]},
        "affected": {
            "gross_profit_per_day_fen": state["affected"]["gross_profit_per_day_fen"],
            "median_share": [round(x, 5) for x in state["affected"]["median_share"]],
        },
        "medians_usd": {
            peril: {name: round(value, 2) for name, value in row.items()}
            for peril, row in state["medians_usd"].items()
        },
    }


def to_toml(fitted: Mapping[str, Any]) -> str:
    """The text of severity_fit.toml."""
    lines = [
        "# Scales that make the model meet the targets of severity.toml. Made by",
        "# `python -m dinghai.losses.fit`; a test works the check out again. Do not edit by hand.",
        'source = "Iterative proportional fitting to severity.toml on the shipped grid"',
        'confidence = "D"',
        "",
        "# Factor on cost components at the three places of the revenue bands.",
        "[size]",
        f"factors = {fitted['size']['factors']}",
        "",
        "# Median share of gross profit that stops while the systems are down.",
        "[affected]",
        f"gross_profit_per_day_fen = {fitted['affected']['gross_profit_per_day_fen']}",
        f"median_share = {fitted['affected']['median_share']}",
        "",
    ]
    for peril, row in fitted["medians_usd"].items():
        lines.append(f"[medians_usd.{peril}]")
        lines += [f"{name} = {value}" for name, value in row.items()]
        lines.append("")
    return "\n".join(lines)


def main() -> int:
    """Print the fitted table on stdout and its check on stderr."""
    raw = shipped_raw(DECLARED)
    fitted = fit(raw)
    sys.stdout.write(to_toml(fitted))
    result = check(tables_from({**raw, "severity_fit": fitted}))
    sys.stderr.write(f"{result}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
