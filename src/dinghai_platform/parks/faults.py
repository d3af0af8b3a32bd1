"""What the verbs on parks refuse, and what the engine says of lists, in the page's language."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_noop as _

from dinghai.foundation.errors import Fault
from dinghai.schemes.park_columns import park_columns
from dinghai_platform.chains.faults import said as said_of_chains
from dinghai_platform.parks.engine_faults import SENTENCES
from dinghai_platform.site.formats import is_chinese, short_money_text

KNOWN: Final = (
    _("this master policy is not bound yet"),
    _("bind it first"),
    _("this master policy was closed"),
    _("open another one"),
    _("a bound policy's document stands"),
    _("only a draft is bound"),
    _("a settlement of this park waits for approval"),
    _("approve or reject it first"),
    _("this organisation is no park operator you deal with"),
    _("add it to your partners first"),
    _("another open policy has this identifier"),
    _("give the document another id, or close the other one"),
    _("the premium of members who are in already would change"),
    _("let the firm join after the first day of the policy"),
    _("this member has left before"),
    _("this is not what you saw"),
    _("look at it again"),
    _("the members changed meanwhile"),
    _("look it through again"),
    _("rows are at fault"),
    _("mend them and give the list again"),
    _("nothing would change"),
    _("mend the rows at fault"),
    _("a firm would leave before the day of an event that is settled for it"),
    _("give a later last day, or reverse the settlement first"),
    _("this change is decided"),
    _("there is no such language"),
    _("give zh or en"),
    _("these certificates are being made"),
    _("wait for the job or cancel it"),
    _("this park has no member yet"),
    _("enrol firms first"),
    _("the event names nobody"),
    _("give a line for each firm"),
    _("whoever proposed a settlement does not approve it"),
    _("ask a colleague with this authority"),
    _("another event was settled meanwhile, or members changed"),
    _("reject this one and propose it again"),
    _("only a posted settlement is reversed"),
    _("a later settlement of this event counts this one as paid"),
    _("reverse the later one first"),
    _("the list is not of one event"),
    _("give the claims of one event with one name"),
    _("the event's name or facts are too long"),
    _("name it in at most 100 characters, its facts in 4,000"),
    _("this settlement is decided"),
    _("the service has no name"),
    _("name it in at most 200 characters"),
    _("there is no such kind of service"),
    _("the park offers this service already"),
    _("name it otherwise"),
    _("this firm is no member of the park"),
    _("choose one of its members"),
    _("the day lies outside the member's cover"),
    _("this service is offered no longer"),
    _("this organisation is no firm you deal with"),
    _("this member has its organisation already"),
    _("the file is of another kind"),
    _("split it"),
    _("the list has too many rows"),
    _("the list names nobody"),
    _("give a row for each firm"),
    _("say why"),
    _("cover is neither given nor taken back for days that are over"),
    _("the list is kept: ask the insurer to apply it"),
)

_FEN: Final = re.compile(r"\b(\d+)fen\b")


def said(text: str) -> str:
    """A sentence of a service or of the engine in the page's language, where it is known."""
    whole = _t(text)
    if whole != text:
        return whole
    for pattern, sentence in _patterns():
        if (match := pattern.fullmatch(text)) is not None:
            return _t(sentence) % {name: _named(value)
                                   for name, value in match.groupdict().items()}
    return said_of_chains(text)


def _named(value: str) -> str:
    """A column that a sentence names, by its word; anything else as it stands."""
    known = _columns().get(value.replace(" ", "_")) if is_chinese() else None
    return known or _FEN.sub(lambda one: short_money_text(int(one[1])), value)


@lru_cache(maxsize=1)
def _columns() -> dict[str, str]:
    table = park_columns()
    return {one.id: one.name_zh for one in (*table.paid, *table.claims, *table.members)}


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """The sentences with their patterns, the most definite first."""
    return tuple((_pattern(one), one) for one in sorted(SENTENCES, key=lambda one: (
        one.count("%("), -len(one))))


def _pattern(sentence: str) -> re.Pattern[str]:
    parts = re.split(r"%\((\w)\)s", sentence)
    return re.compile("".join(
        f"(?P<{part}>.+)" if place % 2 else re.escape(part.replace("%%", "%"))
        for place, part in enumerate(parts)), re.DOTALL)


def fault_row(raw: dict[str, Any] | Fault) -> dict[str, Any]:
    """A fault as a row of a table: where, what, and how to mend it."""
    fault = raw if isinstance(raw, Fault) else Fault(
        raw["message"], raw.get("file"), raw.get("line"), raw.get("field"), raw.get("mend"))
    return {"file": fault.file or "", "line": fault.line, "field": fault.field or "",
            "message": said(fault.message), "mend": said(fault.mend) if fault.mend else ""}


def fault_words(fault: Fault) -> str:
    """A fault in one sentence."""
    row = fault_row(fault)
    place = " · ".join(str(part) for part in (
        row["file"], _t("line %(line)d") % {"line": fault.line} if fault.line else "",
        row["field"]) if part)
    text = f"{place}: {row['message']}" if place else row["message"]
    return f"{text} ({row['mend']})" if row["mend"] else text
