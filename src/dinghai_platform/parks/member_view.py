"""What the page of one member shows. The firm itself may not see the park's rows: all of it comes
from the member's own rows and its certificate."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils.translation import pgettext as _p

from dinghai.foundation.calendar import policy_days
from dinghai_platform.parks import queries
from dinghai_platform.parks.models import ParkCertificate, ParkMember
from dinghai_platform.parks.words import REASONS, UNPAID, coverage_words, word
from dinghai_platform.site.formats import is_chinese


def member_view(row: ParkMember) -> dict[str, Any]:
    """The parts of the page."""
    papers = list(queries.certificates_of(row)[:20])
    document: dict[str, Any] = {}
    if papers:
        document = ParkCertificate.objects.within(row.tenant_id).values_list(
            "document", flat=True).get(pk=papers[0].pk)
    covers = _covers(row, document)
    steps = list(queries.steps_of(row))
    return {
        "papers": papers, "document": document, "cover_names": covers,
        "covers": [_cover(code, name, row, document) for code, name in covers.items()],
        "sections": [(coverage_words(one["coverage"]), one["sublimit_fen"])
                     for one in document["base"]["sections"]] if document else [],
        "steps": [(one, covers.get(one.cover, one.cover), word(REASONS, one.reason),
                   _whole(row, one.cover)) for one in steps],
        "owed": _owed(row),
        "claims": [(one, [(coverage_words(line["coverage"]), line,
                           [(word(UNPAID, why), fen)
                            for why, fen in line["unpaid_fen"].items()])
                          for line in one.lines])
                   for one in queries.claims_of_member(row)],
        "uses": list(queries.uses_of_member(row)[:50])}


def _covers(row: ParkMember, document: dict[str, Any]) -> dict[str, str]:
    """Covers by their names, those that never began too."""
    names = {"base": str(_p("park", "Base cover"))}
    for one in document.get("top_ups", ()):
        names[one["cover"]] = one["name_zh"] if is_chinese() or not one["name_en"] else (
            one["name_en"])
    return names | {code: code for code in row.period_fen if code not in names}


def _cover(code: str, name: str, row: ParkMember, document: dict[str, Any]) -> dict[str, Any]:
    if code == "base":
        base = document.get("base", {})
        return {"name": name, "first": row.first, "each_event_fen": row.limit_fen,
                "period_fen": base.get("period_fen"), "whole_fen": _whole(row, code)}
    found = next((one for one in document.get("top_ups", ()) if one["cover"] == code), {})
    first = next((one["first"] for one in row.top_ups if one["id"] == code), None)
    return {"name": name, "first": first, "each_event_fen": found.get("each_event_fen"),
            "period_fen": found.get("period_fen"), "whole_fen": _whole(row, code)}


def _whole(row: ParkMember, cover: str) -> int | None:
    fen = row.period_fen.get(cover)
    return None if fen is None else int(fen)


def _owed(row: ParkMember) -> dict[str, Any]:
    """The days of the member, for the arithmetic of its premium."""
    return {"days": policy_days(row.first, row.last), "after": row.last + timedelta(days=1)}
