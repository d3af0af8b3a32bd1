"""What the page of a plan of fixes shows: the waterfall, each fix, and the years before and after.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p
from django.utils.translation import pgettext_lazy

from dinghai_platform.chains.nodes import Node
from dinghai_platform.chains.words import LINK_KINDS, indicator_name, word
from dinghai_platform.site.charts import Chart, curve_chart, waterfall_chart
from dinghai_platform.site.formats import percent_text, short_money_text

MOST_STEPS: Final = 14
"""Fixes that the waterfall shows one by one; further ones are one step together."""
_NORMAL_95: Final = 1.959964
METRICS: Final = {
    "mean": pgettext_lazy("chain", "the loss of an average year"),
    "tvar99": pgettext_lazy("chain", "the loss of the worst 1% of years"),
}


def fixes_page(document: Mapping[str, Any], nodes: Mapping[str, Node]) -> dict[str, Any]:
    """The plan in words and charts."""
    spent = 0
    rows = []
    for number, one in enumerate(document["fixes"], start=1):
        spent += one["cost_fen"]
        rows.append({
            **one, "number": number, "name": fix_name(one), "spent_fen": spent,
            "firm_name": nodes[one["firm"]].name if one["firm"] in nodes else one["firm"],
            "low_fen": round(one["on_top"]["averted_fen"]
                             - _NORMAL_95 * one["on_top"]["averted_se_fen"]),
            "high_fen": round(one["on_top"]["averted_fen"]
                              + _NORMAL_95 * one["on_top"]["averted_se_fen"])})
    plan, before, after = document["plan"], document["before"], document["after"]
    half = _NORMAL_95 * plan["averted_se_fen"]
    return {
        "plan": document, "rows": rows, "waterfall": (drawn := _waterfall(before, after, rows)),
        "is_cut": "min" in drawn.option["yAxis"],
        "exceedance": _exceedance(document["exceedance"]),
        "interval": _("95%% between %(low)s and %(high)s") % {
            "low": short_money_text(round(plan["averted_fen"] - half)),
            "high": short_money_text(round(plan["averted_fen"] + half))},
        "looked": _("%(count)s tries") % {"count": f"{document['looked_at']:,}"},
        "most": document.get("most"),
        "averted_ppm": plan["averted_fen"] * 1_000_000 // before["expected_fen"]
        if before["expected_fen"] else 0,
        "metric": METRICS.get(document["metric"], document["metric"]),
        "return_rows": document["exceedance"]}


def fix_name(one: Mapping[str, Any]) -> str:
    """What is done, in words."""
    match one["kind"]:
        case "control":
            return _("%(control)s from %(before)s to %(after)s") % {
                "control": indicator_name(one["indicator"]),
                "before": _p("chain", "not known") if one.get("from_ppm") is None
                else percent_text(one["from_ppm"], 0),
                "after": percent_text(one["to_ppm"], 0)}
        case "mfa":
            return _("MFA on %(link)s from %(party)s") % {
                "link": word(LINK_KINDS, one["link"]), "party": one["from"]}
        case "segment" | "segmentation" | "segmented":
            return _("Segment %(link)s from %(party)s") % {
                "link": word(LINK_KINDS, one["link"]), "party": one["from"]}
        case _ if one.get("asset"):
            return _("Close %(finding)s on %(asset)s") % {
                "finding": one.get("cve") or one.get("technique") or "—", "asset": one["asset"]}
        case _:
            return str(one["id"])


def _waterfall(
    before: Mapping[str, Any], after: Mapping[str, Any], rows: list[dict[str, Any]]
) -> Chart:
    steps: list[Any] = [(_p("chain", "Before"), before["expected_fen"], "total")]
    level = before["expected_fen"]
    for one in rows[:MOST_STEPS]:
        steps.append((f"{one['number']} {one['firm_name']}", -one["on_top"]["averted_fen"],
                      "change"))
        level -= one["on_top"]["averted_fen"]
    rest = after["expected_fen"] - level
    if len(rows) > MOST_STEPS and rest:
        steps.append((_("%(count)d more fixes") % {"count": len(rows) - MOST_STEPS}, rest,
                      "change"))
    steps.append((_p("chain", "After"), after["expected_fen"], "total"))
    drawn = waterfall_chart(steps, unit="fen").with_height("large")
    averted = before["expected_fen"] - after["expected_fen"]
    floor = after["expected_fen"] - averted
    if floor <= 0 or averted <= 0:
        return drawn
    # So that a small fix beside a large loss is seen; the page says that the axis is cut.
    return replace(drawn, option={**drawn.option, "yAxis": {"type": "value", "min": floor}})


def _exceedance(rows: list[Mapping[str, Any]]) -> Chart:
    points = {
        name: sorted((max(float(one[key]), 100.0), round(1_000_000 / one["return_years"]))
                     for one in rows if one[key] > 0)
        for name, key in ((_p("chain", "Before"), "before_fen"),
                          (_p("chain", "After"), "after_fen"))}
    return curve_chart({name: found for name, found in points.items() if found}, unit="fen",
                       x_name=_("Loss of a year"), y_name=_("Chance of more"),
                       x_logarithmic=True, y_logarithmic=True)
