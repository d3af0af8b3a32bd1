"""The risk portrait of a park: grades, what its firms share, the worst findings, single points."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p

from dinghai_platform.core.permissions import require
from dinghai_platform.core.web import page
from dinghai_platform.parks import queries
from dinghai_platform.parks.portrait_view import day_of, portrait_of
from dinghai_platform.parks.views.frame import frame_of
from dinghai_platform.parks.words import KINDS, NOT_KNOWN, word
from dinghai_platform.site.charts import Chart, bar_chart

MOST_DRAWN = 10
_TONES = ("good", "good", "neutral", "warn", "bad", "neutral")


@page("parks.view")
def portrait_page(request: HttpRequest, key: UUID) -> HttpResponse:
    """The portrait of the members in cover on a day; as JSON where that is asked."""
    row = queries.park(request.actor, key)
    require(request.actor, "parks.view", row)
    on = day_of(request.GET.get("on", ""), row)
    document, names = portrait_of(row, on)
    if request.GET.get("export") == "json":
        answer = HttpResponse(json.dumps(document, ensure_ascii=False, indent=1),
                              content_type="application/json; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="portrait-{row.number}-{on}.json"'
        return answer
    shared = [{**one, "kind_name": word(KINDS, one["kind"]),
               "firms": [names.get(code, code) for code in one["credit_codes"]]}
              for one in document["shared"]]
    return render(request, "parks/portrait.html", {
        **frame_of(request, row, "portrait"), "on": on, "document": document, "shared": shared,
        "grades_chart": _grades(document), "shared_chart": _shared(shared),
        "largest_fen": max((one["largest_event_fen"] for one in shared), default=0),
        "findings": [{**one, "cvss_text": _score(one["cvss_tenths"]),
                      "firms": [names.get(code, code) for code in one["credit_codes"]]}
                     for one in document["worst_findings"]],
        "not_known": [(word(NOT_KNOWN, name), count)
                      for name, count in document["not_known"].items() if count]})


def _score(tenths: int | None) -> str:
    return "" if tenths is None else f"{tenths // 10}.{tenths % 10}"


def _grades(document: dict[str, Any]) -> Chart | None:
    if not document["members"]:
        return None
    return bar_chart(
        [one["grade"] or str(_p("grade", "Not known")) for one in document["grades"]],
        {str(_p("park", "Members")): [one["members"] for one in document["grades"]]},
        unit="count", first_column=str(_("Grade")), tones=_TONES).with_height("small")


def _shared(shared: list[dict[str, Any]]) -> Chart | None:
    shown = shared[:MOST_DRAWN]
    if not shown:
        return None
    return bar_chart(
        [f"{one['name']} ({one['kind_name']})" for one in shown],
        {str(_p("park", "The policy pays at most")): [one["payable_fen"] for one in shown],
         str(_p("park", "Stays with the firms")): [one["short_fen"] for one in shown]},
        unit="fen", first_column=str(_p("park", "Shared by")), horizontal=True, stacked=True)
