"""The check against the market standard made ready for a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dinghai.wording.conformance import ConformanceReport
from dinghai.wording.deviations import Deviation
from dinghai.wording.monotone import MonotoneBreak
from dinghai.wording.saying import coverage_name, joined
from dinghai.wording.standard import profiles, rules
from dinghai_platform.catalogue.offers import Offer
from dinghai_platform.catalogue.words import both, language, said
from dinghai_platform.site.charts import Chart, bar_chart
from dinghai_platform.site.words import name_of

Row = dict[str, Any]
_ORDER = ("error", "warning", "note")


def summary_rows(offers: Sequence[Offer]) -> list[Row]:
    """One row for each product: score, counts, whether totals are monotone. Worst first."""
    rows = [{
        "offer": one, "name": one.name, "version": one.product.version, "insurer": one.insurer,
        "status": one.status, "kind": kind_name(one.report), "score": one.report.score,
        "conforming": one.report.conforming, "errors": one.report.count("error"),
        "warnings": one.report.count("warning"), "notes": one.report.count("note"),
        "breaks": len(one.report.breaks),
    } for one in offers]
    return sorted(rows, key=lambda row: (row["conforming"], row["score"], row["name"]))


def kind_name(report: ConformanceReport) -> str:
    """The kind of product it was checked as."""
    known = profiles().get(report.kind)
    return name_of(known) if known is not None else "—"


def score_chart(rows: Sequence[Row]) -> Chart | None:
    """Scores side by side, worst first; none where there are too many to be read."""
    if not rows or len(rows) > 40:
        return None
    tones = ["bad" if not row["conforming"] else "good" if row["score"] >= 95 else "warn"
             for row in rows]
    chart = bar_chart([row["name"] for row in rows], {"": [row["score"] for row in rows]},
                      unit="count", horizontal=True, maximum=100, tones=tones)
    return chart.with_height("large")


def report_view(offer: Offer) -> Row:
    """One product's report: the sum in words, deviations by severity, what breaks monotonicity."""
    report = offer.report
    groups = []
    for severity in _ORDER:
        found = [one for one in report.deviations if one.severity == severity
                 and one.rule != "MO-BREAK"]
        if found:
            groups.append({"severity": severity, "name": said("severity", severity),
                           "rows": [_deviation(one) for one in found]})
    return {
        "report": report, "kind": kind_name(report), "groups": groups,
        "arithmetic": [_line(one) for one in report.arithmetic],
        "breaks": [_break(one) for one in report.breaks],
    }


def _line(own: Any) -> Row:
    rule = rules()[own.rule]
    return {"rule": own.rule, "asks": both(rule.asks_zh, rule.asks_en), "count": own.count,
            "weight": own.weight, "most": own.most, "points": own.points,
            "capped": own.count * own.weight > own.most}


def _deviation(own: Deviation) -> Row:
    rule = rules()[own.rule]
    return {
        "rule": own.rule, "asks": both(rule.asks_zh, rule.asks_en), "clause": own.clause,
        "field": own.field, "found": both(own.found_zh, own.found),
        "expected": both(own.expected_zh, own.expected), "said": both(own.zh, own.en),
        "source": rule.source, "confidence": rule.confidence,
    }


def _break(own: MonotoneBreak) -> Row:
    tongue = language()
    return {
        "rule": own.rule, "said": both(own.zh, own.en),
        "example": both(own.example_zh, own.example_en),
        "promises": joined((said("promise", one) for one in own.promises), tongue),
        "subjects": joined((coverage_name(one, tongue) for one in own.subjects), tongue),
    }
