"""The exceedance curve of what a run found: how likely a year costs more than an amount."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from dinghai_platform.site.charts import Chart, curve_chart


def exceedance_chart(distributions: Mapping[str, Mapping[str, Any]]) -> Chart:
    """Curves by name from the engine's distributions (``quantile_fen`` by level)."""
    return curve_chart(
        {name: points for name, found in distributions.items()
         if (points := _points(found["quantile_fen"]))},
        unit="fen", x_name=_("Loss of a year"), y_name=_("Chance of more"), x_logarithmic=True,
        y_logarithmic=True)


def _points(quantiles: Mapping[str, int]) -> list[tuple[float, float]]:
    return sorted((max(float(amount), 100.0), round((1.0 - float(level)) * 1e6))
                  for level, amount in quantiles.items() if amount > 0)
