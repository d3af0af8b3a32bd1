"""The regulator's report on pages and as files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpResponse, JsonResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p

from dinghai.documents.subsidy_report import render_subsidy_report, subsidy_report_page
from dinghai.foundation.money import yuan
from dinghai.schemes.subsidy_report import UNKNOWN, Figures, SubsidyReport
from dinghai.schemes.subsidy_rule import SubsidyRule
from dinghai_platform.core import clock
from dinghai_platform.core.web import csv_answer
from dinghai_platform.site.charts import Chart, bar_chart
from dinghai_platform.site.formats import is_chinese
from dinghai_platform.subsidies.words import DIMENSIONS, SIZES, reason_word, sector_name, word


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a group: its name, its figures, and how many wait."""

    name: str
    figures: Figures

    @property
    def waiting(self) -> int:
        """All that wait, for whatever."""
        one = self.figures
        return one.waiting_budget + one.waiting_close + one.waiting_evidence


@dataclass(frozen=True, slots=True)
class GroupTable:
    """One dimension of the report."""

    code: str
    title: str
    lines: tuple[Line, ...]
    total: Line


def group_tables(found: SubsidyReport) -> list[GroupTable]:
    """A table for each dimension that has any application."""
    total = Line(_p("subsidy report", "All"), found.total)
    return [GroupTable(name, word(DIMENSIONS, name),
                       tuple(Line(key_name(name, key), one) for key, one in group.items()), total)
            for name, group in found.groups.items() if group]


def key_name(dimension: str, key: str) -> str:
    """A key of a dimension in words."""
    if key == UNKNOWN:
        return _p("subsidy report", "Not stated")
    if dimension == "sector":
        return sector_name(key)
    return word(SIZES, key) if dimension == "size" else key


def refusals(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Why applications were refused, the most frequent first."""
    return sorted(((reason_word(code), count) for code, count in counts.items()),
                  key=lambda one: (-one[1], one[0]))


def budget_chart(found: SubsidyReport) -> Chart:
    """What was granted and stands, by month of application."""
    months = found.groups["month"]
    return bar_chart(list(months), {
        _p("subsidy report", "Ever granted"): [one.granted_fen for one in months.values()],
        _p("subsidy report", "Stands"): [one.standing_fen for one in months.values()]},
        unit="fen", first_column=_p("subsidy report", "By month of application"))


def _csv(found: SubsidyReport, rule: SubsidyRule) -> HttpResponse:
    heading = [_p("subsidy report", "Group"), _p("subsidy report", "Name"), _("Applications"),
               _p("application", "Granted"), _p("subsidy", "Waiting"), _("Refused"),
               _p("application", "Withdrawn after an objection"),
               *(_("%(what)s (yuan)") % {"what": one} for one in (
                   _p("subsidy report", "Ever granted"), _p("subsidy report", "Stands"),
                   _p("application", "Paid"), _p("subsidy report", "Came back"),
                   _("Due back")))]
    rows = [_row(table.title, line) for table in group_tables(found) for line in table.lines]
    rows.append(_row(_p("subsidy report", "All"), Line("", found.total)))
    return csv_answer(f"subsidy-report-{rule.id}", heading, rows)


def _row(title: str, line: Line) -> list[Any]:
    one = line.figures
    return [title, line.name, one.applications, one.granted, line.waiting, one.refused,
            one.withdrawn, *(yuan(fen) for fen in (
                one.granted_fen, one.standing_fen, one.paid_fen, one.returned_fen, one.due_fen))]


def _json(found: SubsidyReport, rule: SubsidyRule) -> HttpResponse:
    return _named(JsonResponse(found.to_dict(), json_dumps_params={"ensure_ascii": False}),
                  rule, "json")


def _pdf(found: SubsidyReport, rule: SubsidyRule) -> HttpResponse:
    content = render_subsidy_report(found.to_dict(), rule, issued_on=clock.today(),
                                    language="zh" if is_chinese() else "en")
    return _named(HttpResponse(content, content_type="application/pdf"), rule, "pdf")


def _html(found: SubsidyReport, rule: SubsidyRule) -> HttpResponse:
    text = subsidy_report_page(found.to_dict(), rule, issued_on=clock.today(),
                               language="zh" if is_chinese() else "en")
    answer = _named(HttpResponse(text, content_type="application/octet-stream"), rule, "html")
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _named(answer: HttpResponse, rule: SubsidyRule, suffix: str) -> HttpResponse:
    answer["Content-Disposition"] = content_disposition_header(
        True, f"subsidy-report-{rule.id}.{suffix}")
    return answer


FILES: Final[Mapping[str, Callable[[SubsidyReport, SubsidyRule], HttpResponse]]] = {
    "csv": _csv, "json": _json, "pdf": _pdf, "html": _html}
