"""The light score against the full one: how well it ranks, on what assumptions, where not."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from dinghai.schemes.small_firm_panel import panel_table
from dinghai.schemes.small_firm_validation import Validation, scored_pairs, validate
from dinghai_platform.core.web import csv_answer, page
from dinghai_platform.site.charts import Chart
from dinghai_platform.site.formats import percent_text, score_text
from dinghai_platform.small_firms.words import CASES, READINGS, industry_name
from dinghai_platform.underwriting.engine import Kept

SHOWN_PAIRS = 400
_kept = Kept(1)


def validation_of_house() -> Validation:
    """The engine's validation under the assumptions that ship; made once in a process."""
    found: Validation = _kept.get(panel_table().version, lambda: validate(panel_table()))
    return found


def case_words(group: str, case: str) -> str:
    """A reading's case in words."""
    if case in CASES:
        return str(CASES[case])
    if group == "sector":
        return industry_name(case)
    if group == "general_and_domain_ppm":
        general, _plus, domain = case.partition("+")
        return _("common to all %(general)s, to a domain %(domain)s") % {
            "general": percent_text(int(general), 0), "domain": percent_text(int(domain), 0)}
    return percent_text(int(case), 0) if case.isdigit() else case


def correlation_text(ppm: int | None) -> str:
    """A correlation to three places."""
    return "—" if ppm is None else f"{ppm / 1_000_000:.3f}"


def scatter_chart(pairs: tuple[tuple[int, int], ...]) -> Chart:
    """Light score across, full score up; the table names every point."""
    points = [[light, full] for light, full in pairs]
    option: dict[str, Any] = {
        "xAxis": {"type": "value", "name": _("Light score"), "min": 0, "max": 1_000_000},
        "yAxis": {"type": "value", "name": _("Full score"), "min": 0, "max": 1_000_000},
        "series": [{"type": "scatter", "name": _("Firms of the panel"), "symbolSize": 5,
                    "data": points}]}
    return Chart(option, "score", (_("Light score"), _("Full score")),
                 tuple((score_text(light), score_text(full)) for light, full in pairs),
                 height="large")


@page("small_firms.validation")
def validation(request: HttpRequest) -> HttpResponse:
    """The validation with its picture, its readings, its assumptions and its limits."""
    found = validation_of_house()
    weak = set(found.weaker)
    rows = [{"group": str(READINGS.get(one.group, one.group)),
             "case": case_words(one.group, one.case), "firms": one.found.firms,
             "correlation": correlation_text(one.found.ppm),
             "low": correlation_text(one.found.low_ppm),
             "high": correlation_text(one.found.high_ppm), "is_weak": one in weak}
            for one in found.readings]
    if request.GET.get("export") == "csv":
        return csv_answer("light-against-full", [
            _("Reading"), _("Case"), _("Firms"), _("Rank correlation"), _("From"), _("To")],
            ([one["group"], one["case"], one["firms"], one["correlation"], one["low"],
              one["high"]] for one in rows))
    table = found.table
    return render(request, "small_firms/validation.html", {
        "found": found, "rows": rows, "table": table,
        "headline": correlation_text(found.headline.ppm),
        "low": correlation_text(found.headline.low_ppm),
        "high": correlation_text(found.headline.high_ppm),
        "target": correlation_text(table.target_ppm), "grades": found.grades,
        "assumptions": [
            (_("Common to all answers"), percent_text(table.structure.general_ppm, 0)),
            (_("Common to the answers of a domain"),
             percent_text(table.structure.domain_ppm, 0)),
            (_("Answers one word too good"), percent_text(table.respondent.overstated_ppm, 0)),
            (_("Answers one word too bad"), percent_text(table.respondent.understated_ppm, 0)),
            (_("Answers nobody knows"), percent_text(table.respondent.unknown_ppm, 0)),
            (_("Optimists among the respondents"),
             percent_text(table.respondent.optimists_ppm, 0))],
        "chart": scatter_chart(scored_pairs(table, most=SHOWN_PAIRS)), "shown": SHOWN_PAIRS})
