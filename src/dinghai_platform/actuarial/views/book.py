"""Pages about what prices the book: referral rules, adequacy, calibration tables."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p

from dinghai.foundation.reading import plain
from dinghai_platform.actuarial import queries
from dinghai_platform.actuarial.calibration import calibration_rows, calibration_tables
from dinghai_platform.actuarial.figures import condition_text
from dinghai_platform.actuarial.in_force import rating_in_force, table_in_force
from dinghai_platform.actuarial.kinds import KINDS, REFERRAL
from dinghai_platform.actuarial.models import TableVersion
from dinghai_platform.actuarial.trying import SUPPOSED, quote_to_try, try_rules
from dinghai_platform.actuarial.words import (
    EFFECTS,
    SEGMENTS,
    TABLES,
    calibration_name,
    fact_name,
    segment_name,
    unit_name,
)
from dinghai_platform.catalogue.queries import product_of
from dinghai_platform.core import clock
from dinghai_platform.core.web import csv_answer, page, page_of
from dinghai_platform.site.charts import bar_chart
from dinghai_platform.site.formats import note_text, source_text
from dinghai_platform.site.words import CONFIDENCES, Word
from dinghai_platform.underwriting.queries import quotes

MOST_OFFERED = 50
CALIBRATION_ROWS = 50


@page("actuarial.view")
def referral(request: HttpRequest) -> HttpResponse:
    """The rules in force in words, and any of them tried on a quote."""
    tenant = request.actor.own_tenant()
    standing = table_in_force(tenant, REFERRAL, KINDS[REFERRAL].table_ids()[0], clock.today())
    versions = list(TableVersion.objects.within(tenant).filter(kind=REFERRAL)
                    .defer("document").order_by("-number")[:MOST_OFFERED])
    wanted = request.GET.get("version", "")
    chosen = next((one for one in versions if str(one.pk) == wanted), None)
    rules = (KINDS[REFERRAL].read(chosen.document) if chosen is not None else standing.table)
    supposed = {name: request.GET.get(name, "") for name in SUPPOSED}
    context: dict[str, Any] = {
        "standing": standing, "rules": rules, "versions": versions, "chosen": chosen,
        "shown": [
            {"rule": one, "effect": EFFECTS[one.outcome],
             "conditions": [condition_text(plain(each)) for each in one.when]}
            for one in rules.rules],
        "quotes": quotes(request.actor).order_by("-id")[:MOST_OFFERED],
        "supposed": [{"name": name, "label": fact_name(name), "value": value}
                     for name, value in supposed.items()],
        "wanted": request.GET.get("quote", ""),
    }
    if context["wanted"]:
        quote = quote_to_try(request.actor, context["wanted"])
        rating = rating_in_force(quote.tenant, product_of(quote.product).rating.table,
                                 clock.today())
        context["trial"] = try_rules(
            rules, rating, quote,
            {name: value == "true" for name, value in supposed.items() if value})
    return render(request, "actuarial/referral.html", context)


@page("actuarial.view")
def adequacy(request: HttpRequest) -> HttpResponse:
    """Charged against technical premium of the book, by segment."""
    whole, groups = queries.adequacy(request.actor)
    segments = [
        {"code": name, "name": SEGMENTS[name],
         "rows": [{"name": segment_name(name, one.code), "one": one} for one in rows],
         "chart": bar_chart(
             [segment_name(name, one.code) for one in rows],
             {_("Adequacy"): [one.adequacy_ppm for one in rows]}, unit="ppm",
             first_column=str(SEGMENTS[name]), horizontal=True,
             tones=["bad" if (one.adequacy_ppm or 0) < 1_000_000 else "good" for one in rows],
         ).with_height("medium" if len(rows) > 3 else "small")}
        for name, rows in groups.items()]
    return render(request, "actuarial/adequacy.html", {
        "whole": whole, "segments": segments, "used": queries.tables_used(request.actor)})


@page("actuarial.view")
def adequacy_export(request: HttpRequest) -> HttpResponse:
    """The same as CSV: amounts in yuan, ratios in percent."""
    _whole, groups = queries.adequacy(request.actor)
    heading = [_("Segment"), _("Group"), _("Policies"), _("Technical premium"),
               _("Charged premium before VAT"), _("Expected loss"), _("Adequacy")]
    rows = ([str(SEGMENTS[name]), segment_name(name, one.code), one.policies,
             f"{one.technical_fen / 100:.2f}", f"{one.charged_fen / 100:.2f}",
             f"{one.expected_fen / 100:.2f}",
             "" if one.adequacy_ppm is None else f"{one.adequacy_ppm / 10_000:.2f}"]
            for name, found in groups.items() for one in found)
    return csv_answer("adequacy", heading, rows)


@page("actuarial.view")
def calibration(request: HttpRequest) -> HttpResponse:
    """Every figure that the loss model rests on, with interval, source and confidence."""
    tables = calibration_tables()
    known = {one.name for one in tables}
    table = request.GET.get("table", "")
    chosen = {"table": table if table in known else "",
              "confidence": request.GET.get("confidence", "")[:10],
              "text": request.GET.get("q", "")[:200]}
    rows = calibration_rows(**chosen)
    if request.GET.get("export") == "csv":
        return csv_answer(
            "calibration",
            [_p("rates", "Table"), _p("rates", "Figure"), _p("rates", "Value"), _("Unit"),
             _("Interval"), _("Sample"), _p("rates", "Source"), _p("rates", "Confidence"),
             _("As of"), _("Note"), _p("rates", "Measured"), _p("rates", "Taken")],
            ([str(TABLES.get(one.table, one.table)), one.place, one.value, unit_name(one.unit),
              one.interval,
              one.sample, source_text(one.source), one.confidence, one.as_of,
              note_text(one.note), one.measured,
              "" if one.taken is None else one.taken] for one in rows))
    marks = sorted({row.confidence for one in tables for row in one.rows if row.confidence})
    return render(request, "actuarial/calibration.html", {
        "tables": [{"table": one, "name": TABLES.get(one.name, one.name)} for one in tables],
        "names": {one.name: TABLES.get(one.name, one.name) for one in tables},
        "page": page_of(request, _Named(rows), size=CALIBRATION_ROWS), "count": len(rows),
        "chosen": chosen, "is_narrowed": any(chosen.values()), "marks": marks,
        "legend": [(code, CONFIDENCES.get(code, Word(code))) for code in marks],
        "used": queries.tables_used(request.actor),
    })


class _Named:
    """Rows with the name of their table, made only for the page that is shown."""

    def __init__(self, rows: Any) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, part: slice) -> list[dict[str, Any]]:
        return [{"row": one, "table": TABLES.get(one.table, one.table),
                 "name": calibration_name(one.place), "unit": unit_name(one.unit)}
                for one in self._rows[part]]
