"""The average firm of an industry, and the firms between it and a given one.

Between the two an enterprise is mixed group by group: what comes from the average firm keeps its
usual ratio to the revenue in force, what comes from the enterprise keeps the enterprise's own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Final

from dinghai.foundation.money import PPM, multiply_divide
from dinghai.losses.exposure import Exposure
from dinghai.losses.tables import CalibrationTables

EXPOSURE_GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "size": ("revenue_fen",),
    "data": ("records_general", "records_sensitive", "important_data",
             "critical_infrastructure", "jurisdictions"),
    "dependence": ("gross_profit_rate_ppm", "gross_profit_per_day_fen", "online_revenue_ppm",
                   "tolerable_outage_seconds", "critical_providers", "ot_systems"),
    "people": ("headcount", "endpoints", "high_value_payments"),
}
"""The exposures of each group."""

_EXTENSIVE: Final = frozenset({"records_general", "records_sensitive", "gross_profit_per_day_fen",
                               "headcount", "endpoints"})
"""Exposures that grow with the revenue: a mixed firm keeps their ratio to it."""


def reference_exposure(
    tables: CalibrationTables, revenue_usd: float, industry: str = ""
) -> Exposure:
    """The firm with the declared usual ratios at a revenue in USD."""
    firm = tables.severity["reference_firm"]
    revenue_fen = int(revenue_usd * tables.fen_per_usd)
    millions = revenue_usd / 1e6
    records = int(firm["records_per_million_usd"] * millions)
    sensitive = int(records * firm["sensitive_share"])
    rate = round(firm["gross_profit_rate"] * PPM)
    tolerance = int(tables.severity["interruption"]["tolerance_reference_hours"]) * 3600
    return Exposure(
        revenue_fen=revenue_fen,
        gross_profit_rate_ppm=rate,
        gross_profit_per_day_fen=revenue_fen * rate // PPM // 365,
        industry=industry,
        records_general=records - sensitive,
        records_sensitive=sensitive,
        important_data=False,
        critical_infrastructure=False,
        online_revenue_ppm=round(firm["online_revenue"] * PPM),
        tolerable_outage_seconds=tolerance,
        critical_providers=int(firm["critical_providers"]),
        ot_systems=int(firm["ot_systems"]),
        headcount=int(firm["headcount_per_million_usd"] * millions),
        endpoints=int(firm["endpoints_per_million_usd"] * millions),
        jurisdictions=1,
        high_value_payments=int(firm["high_value_payments"]),
    )


def industry_average(tables: CalibrationTables, industry: str) -> Exposure:
    """The average firm of an industry: the usual ratios at the declared typical revenue."""
    return reference_exposure(tables, float(tables.severity["reference_firm"]["revenue_usd"]),
                              industry)


def mixed_exposure(own: Exposure, average: Exposure, groups: Collection[str]) -> Exposure:
    """The firm that takes these groups from ``own`` and all others from ``average``.

    With every group it is ``own``, with none ``average``, to the last unit.
    """
    revenue = own.revenue_fen if "size" in groups else average.revenue_fen
    values: dict[str, int | bool] = {"revenue_fen": revenue}
    for group, names in EXPOSURE_GROUPS.items():
        firm = own if group in groups else average
        for name in names:
            value = getattr(firm, name)
            if name in _EXTENSIVE:
                value = multiply_divide(value, revenue, firm.revenue_fen, "half_up")
            if name != "revenue_fen":
                values[name] = value
    return replace(own, **values)  # type: ignore[arg-type]
