"""What the page of one member shows, out of rows of that member alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from dinghai_platform.chains.words import KNOWN_BY, indicator_name, word
from dinghai_platform.programmes import queries
from dinghai_platform.programmes.models import Certificate, Member, MemberFloat, MemberStep
from dinghai_platform.programmes.words import STEPS, fix_words, subject_words
from dinghai_platform.site.charts import Chart, line_chart
from dinghai_platform.site.formats import day_text

MOST_HISTORY = 24
MOST_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Effect:
    """A reason or a fix in words, with what it does to the premium a year."""

    words: str
    premium_fen: int
    factor_ppm: int


def member_view(row: Member) -> dict[str, Any]:
    """The page's figures: level and history, reasons, fixes, premium, notices, certificates."""
    standings = list(queries.standings_of(row)[:MOST_HISTORY])
    last = standings[0] if standings else None
    document = last.document if last else {}
    fixes = _effects(document.get("fixes", ()), fix_words)
    steps = list(MemberStep.objects.within(row.tenant_id).filter(
        member=row).select_related("entry"))
    floats = list(MemberFloat.objects.within(row.tenant_id).filter(
        member=row).exclude(state__in=("proposed", "held", "superseded")).order_by("-id"))
    return {
        "standing": last, "document": document, "history": standings,
        "history_chart": _chart(standings) if len(standings) > 1 else None,
        "reasons": _effects(document.get("reasons", ()), subject_words),
        "fixes": fixes,
        "fixes_saved_fen": -min((one.premium_fen for one in fixes), default=0),
        "controls": [(indicator_name(one["indicator"]), one["score_ppm"],
                      word(KNOWN_BY, one["known_by"] or ""), one["as_of"])
                     for one in sorted(document.get("controls", ()),
                                       key=lambda each: each["score_ppm"] or 0)[:MOST_SHOWN]],
        "evidence": [(subject_words(one["table"], one["subject"]),
                      word(KNOWN_BY, one["known_by"] or "—"), one["as_of"])
                     for one in document.get("evidence", ())],
        "steps": [(one, word(STEPS, one.reason)) for one in steps],
        "certificates": list(Certificate.objects.within(row.tenant_id).filter(
            member=row).order_by("-id").defer("document")),
        "floats": floats,
    }


def _effects(rows: Any, words: Callable[[str, str], str]) -> list[Effect]:
    return [Effect(words(one["table"], one["subject"]), one["premium_fen"],
                   one["factor_ppm"]) for one in rows]


def _chart(standings: list[Any]) -> Chart:
    rows = list(reversed(standings))
    return line_chart([day_text(one.document.get("on")) for one in rows],
                      {_("Score"): [one.score_ppm for one in rows],
                       _("Premium factor"): [one.factor_ppm for one in rows]}, unit="ppm")
