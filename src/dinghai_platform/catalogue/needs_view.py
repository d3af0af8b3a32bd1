"""A needs analysis made ready for its page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from dinghai.comparison.documents import Price
from dinghai.comparison.needs_documents import Frontier, Gap, Need, Needs, ProductGaps
from dinghai.comparison.scenarios import load_scenario
from dinghai.vocabulary.indicators import indicators
from dinghai_platform.catalogue.offers import Offer
from dinghai_platform.catalogue.words import both
from dinghai_platform.site.charts import Chart, bar_chart, line_chart
from dinghai_platform.site.words import name_of

Row = dict[str, Any]
MOST_DRAWN = 12


def need_rows(found: Needs) -> list[Row]:
    """One row for each coverage that an incident could hit."""
    return [_need(one) for one in found.needs]


def _need(own: Need) -> Row:
    return {
        "code": own.coverage, "name": name_of(own), "by_model": own.basis == "loss_model",
        "scenario": name_of(load_scenario(own.scenario)) if own.scenario else "",
        "years": _years(own.hits_per_year_ppm), "mean": own.mean_year_fen,
        "year_20": own.year_1_in_20_fen, "year_100": own.year_1_in_100_fen,
        "median": own.incident_median_fen, "worst": own.incident_1_in_20_fen,
        "worst_100": own.incident_1_in_100_fen, "need": own.need_fen,
        "proposed": own.proposed_limit_fen, "reason": _reason(own.not_proposed),
    }


def _years(hits_ppm: int | None) -> str:
    """How often an incident hits, as people say it."""
    if not hits_ppm:
        return ""
    years = 1_000_000 / hits_ppm
    shown = f"{years:,.1f}".removesuffix(".0") if years < 10 else f"{years:,.0f}"
    return _("once in %(years)s years") % {"years": shown}


def _reason(code: str | None) -> str:
    return {
        None: "",
        "too_rare": _("less than once in 1,000 years"),
        "not_insurable_on_the_mainland": _("not insurable on the mainland"),
    }.get(code, code or "")


def needs_chart(found: Needs) -> Chart | None:
    """The largest proposed limits beside an ordinary incident; None where nothing is proposed."""
    rows = [one for one in found.needs if one.proposed_limit_fen is not None]
    if not rows:
        return None
    rows.sort(key=lambda one: -(one.proposed_limit_fen or 0))
    rows = rows[:MOST_DRAWN]
    chart = bar_chart(
        [name_of(one) for one in rows],
        {_("Proposed limit"): [one.proposed_limit_fen for one in rows],
         _("Median incident"): [one.incident_median_fen for one in rows]},
        unit="fen", horizontal=True, first_column=_("Coverage"))
    return chart.with_height("large")


def product_rows(found: Needs, offer_for: Callable[[str, str], Offer]) -> list[Row]:
    """Products by what they leave open, the least first."""
    rows = [_product(one, offer_for(one.product, one.version)) for one in found.products]
    return sorted(rows, key=lambda row: (row["total"], row["name"]))


def _product(own: ProductGaps, offer: Offer) -> Row:
    return {
        "offer": offer, "name": name_of(own), "version": own.version, "status": offer.status,
        "limit": own.aggregate_limit_fen, "aggregate_gap": own.aggregate_gap_fen,
        "total": own.total_gap_fen, "mean": own.uncovered_mean_year_fen,
        "gaps": [_gap(one) for one in own.gaps],
    }


def _gap(own: Gap) -> Row:
    return {"code": own.coverage, "name": name_of(own), "reason": own.reason,
            "needed": own.needed_fen, "limit": own.limit_fen, "gap": own.gap_fen,
            "mean": own.mean_year_fen}


def frontier_chart(found: Frontier) -> Chart:
    """Premium and what stays with the firm, from today through each fix."""
    steps = [_step(number, one.indicator) for number, one in enumerate(found.points)]
    chart = line_chart(
        steps,
        {_("Premium charged (net)"): [one.charged_net_fen for one in found.points],
         _("Expected loss of a year"): [one.expected_loss_fen for one in found.points],
         _("Kept by the enterprise"): [one.kept_fen for one in found.points]},
        unit="fen", first_column=_("After the fix"))
    return chart.with_height("large")


def _step(number: int, indicator: str) -> str:
    if not indicator:
        return _("Today")
    known = indicators().get(indicator)
    return f"{number}. {name_of(known) if known is not None else indicator}"


def frontier_ends(found: Frontier) -> Row:
    """Where the walk begins and ends, and the effort in between."""
    first, last = found.points[0], found.points[-1]
    return {"first": first, "last": last, "fixes": len(found.points) - 1,
            "premium_saved": first.charged_net_fen - last.charged_net_fen,
            "kept_saved": first.kept_fen - last.kept_fen}


def price_reasons(price: Price) -> list[str]:
    """Why no premium can be shown for the whole product."""
    return [both(one.zh, one.en) for one in price.reasons]


