"""Faults of a fit in words: which file, which line, which field, what is wrong, how to mend it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai.documents.screening import reason_words
from dinghai.foundation.errors import Fault
from dinghai_platform.actuarial.fit_faults import PATTERNS
from dinghai_platform.site.formats import is_chinese
from dinghai_platform.site.words import said_before_colon

FIELDS: Final[Mapping[str, Any]] = {
    "file": _("File"), "title": _("What the data are"), "purpose": _("What the fit is for"),
    "kind": _("Kind"), "column": _p("fit", "Column"), "known": _("Column of the days of notice"),
    "by": _("Fit each value of"), "per": _("Count by"), "floor": _("Reporting floor"),
    "threshold": _("Tail begins at"), "limits": _p("fit", "Limits"), "currency": _("Currency"),
    "unit": _("Unit"), "shipped": _("Hold against shipped figures of"), "reason": _("Reason"),
}
def sentence(text: str) -> str:
    """A sentence of the engine in the page's language, where its words are known."""
    whole = _t(text)
    if whole != text:
        return whole
    for pattern, words in PATTERNS.items():
        if match := re.fullmatch(pattern, text):
            return _t(words) % match.groupdict()
    return said_before_colon(text)  # what the one reader of tables says


def fault_words(fault: Fault) -> str:
    """A fault with its place, in one sentence."""
    place = [part for part in (
        fault.file or "",
        _("line %(line)d") % {"line": fault.line} if fault.line else "",
        str(FIELDS.get(fault.field or "", fault.field or ""))) if part]
    said = sentence(fault.message)
    mend = _(" (%(mend)s)") % {"mend": sentence(fault.mend)} if fault.mend else ""
    start = " · ".join(place)
    return _("%(place)s: %(said)s%(mend)s") % {
        "place": start, "said": said, "mend": mend} if start else f"{said}{mend}"


def reason_of_line(reason: str) -> str:
    """Why a line was not used."""
    return reason_words(reason, "zh" if is_chinese() else "en")
