"""Published statistics: a page and a CSV for authorities and insurers."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from dinghai.documents.phrases import has_phrase, phrase, pick
from dinghai.vocabulary.exclusions import exclusions
from dinghai_platform.claims.fields import language
from dinghai_platform.claims.published import (
    GRAINS,
    LEAST,
    MARKET,
    OTHER,
    Cell,
    Grain,
    Row,
    published_statistics,
)
from dinghai_platform.core import roles
from dinghai_platform.core.web import csv_answer, page
from dinghai_platform.site.formats import percent_text


@page("claims.statistics")
def statistics(request: HttpRequest) -> HttpResponse:
    """By insurer and period; an insurer reads its own figures and the market's."""
    grain = _grain(request)
    rows = published_statistics(request.actor, grain)
    return render(request, "claims/statistics.html", {
        "grain": grain, "least": LEAST,
        "rows": [(row, insurer_name(row)) for row in rows],
        "reasons": [(row, insurer_name(row), reason_name(code), count,
                     Cell(count, row.cells["refused"].count or 0).share_ppm)
                    for row in rows for code, count in row.reasons],
        "is_authority": request.actor.role in roles.REGULATORS})


@page("claims.statistics")
def export(request: HttpRequest) -> HttpResponse:
    """The same as CSV: one line for each figure."""
    rows = published_statistics(request.actor, _grain(request))
    return csv_answer(
        "claims-statistics",
        (_("Period"), _("Insurer"), _("Figure"), _("Claims"), _("Of"), _("Share"), _("Days")),
        (line for row in rows for line in _lines(row)))


def _lines(row: Row) -> list[tuple[Any, ...]]:
    head = (row.period, insurer_name(row))
    found: list[tuple[Any, ...]] = [
        (*head, measure_name(name), _shown(cell.count), _of(cell), _percent(cell), "")
        for name, cell in row.cells.items() if name != "ended"]
    found += [(*head, _("Median days to decision"), "", "", "", _shown(row.decision_days)),
              (*head, _("Median days to payment"), "", "", "", _shown(row.payment_days))]
    refused = row.cells["refused"].count or 0
    found += [(*head, _("Refused: %(reason)s") % {"reason": reason_name(code)}, count, refused,
               _percent(Cell(count, refused)), "") for code, count in row.reasons]
    return found


def _grain(request: HttpRequest) -> Grain:
    wanted = request.GET.get("by", "quarter")
    return next((one for one in GRAINS if one == wanted), "quarter")


def insurer_name(row: Row) -> str:
    """The insurer in the language of the page; the market by its word."""
    if row.insurer == MARKET:
        return _("All insurers")
    return pick(language(), row.name_zh, row.name_en)


def reason_name(code: str) -> str:
    """Why a claim was refused, in words."""
    if code == OTHER:
        return _("other reasons")
    kind, _separator, exclusion = code.partition(":")
    if exclusion and exclusion in exclusions():
        found = exclusions()[exclusion]
        return pick(language(), found.name_zh, found.name_en)
    name = f"outcome.{kind}"
    return phrase(name, language()) if has_phrase(name) else code


def measure_name(code: str) -> str:
    """What a count counts."""
    return {
        "decided": _("Claims decided"), "paid": _("Paid"), "refused": _("Refused"),
        "reduced": _("Paid less than presented"), "appealed": _("Appealed or objected to"),
        "overturned": _("Overturned in favour of the insured"),
        "defects": _("Second evidence requests"),
    }[code]


def _shown(value: float | None) -> Any:
    return _("withheld") if value is None else value


def _of(cell: Cell) -> Any:
    return cell.of if cell.of == 0 or cell.of >= LEAST else _("withheld")


def _percent(cell: Cell) -> str:
    return "" if cell.share_ppm is None else percent_text(cell.share_ppm, 1)
