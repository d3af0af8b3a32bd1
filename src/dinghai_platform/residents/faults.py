"""Faults of residents' lists and forms in words.

Each sentence of the engine stands once, with its figures as ``%(a)s``, and ``%(w)s`` where that
is one word; the pattern that finds it in what the engine said is made of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_noop as _

from dinghai.foundation.errors import Fault
from dinghai_platform.residents.changes_faults import CHANGES
from dinghai_platform.residents.words import FIELDS

SENTENCES: Final = (
    # Rows of a list.
    _("this is empty"),
    _("fill it in"),
    _("this has %(a)s characters"),
    _("give what the column asks for"),
    _("the number was rounded by a spreadsheet"),
    _("format the column as text and enter the number again"),
    _("this is an identity number of 15 digits, which is out of use"),
    _("give the number of 18 places"),
    _("an identity number has 18 places, this has %(a)s"),
    _("an identity number has digits, and X at its end"),
    _("copy it from the card"),
    _("no place begins with %(a)s"),
    _("copy the number from the card"),
    _("the number holds no day of birth"),
    _("the last place does not check: a spreadsheet may have rounded the number"),
    _("the last place does not check: a digit is wrong or two are exchanged"),
    _("this is no mobile number of the mainland"),
    _("give 11 digits that begin with 13 to 19"),
    _("a name has at most %(a)s characters, this has %(b)s"),
    _("give the name as on the card"),
    _("this is not the name of a person"),
    _("the person is not born on the first day of cover"),
    _("check the number"),
    _("the person is %(a)s on the first day of cover; the scheme takes %(b)s to %(c)s"),
    _("leave the person out"),
    _("the scheme has no such plan"),
    _("one of: %(a)s"),
    _("the person did not agree"),
    _("leave the person out, or ask again"),
    _("this does not say whether the person agreed"),
    _("write 是 or 否"),
    _("this is not a day"),
    _("the day is after %(w)s"),
    _("give the day on which the person agreed"),
    _("write it like 2026-03-02"),
    _("the person stands in the list before, at line %(a)s"),
    _("the person stands in the list before"),
    _("leave one of the two rows out"),
    _("the person was enrolled in the scheme before"),
    _("leave the row out"),
    # Files.
    _("the columns %(a)s and %(b)s mean the same"),
    _("leave one of them out"),
    _("there is no such column"),
    _("add it, called one of: %(a)s"),
    _("this file is packed"),
    _("unpack it with gunzip"),
    _("this is an old or a protected Excel file"),
    _("save it as .xlsx without a password, or as CSV"),
    _("the header has characters that cannot be read"),
    _("save the file as UTF-8"),
    _("the header is not CSV: %(a)s"),
    _("mend the quotes at this line"),
    _("the file has no header"),
    _("write the columns' names in the first line"),
    _("the line has more than %(a)s characters"),
    _("shorten it, or mend its end"),
    _("the line has characters that cannot be read"),
    _("write it again, and save the file as UTF-8"),
    _("the row has %(a)s cells, the header %(b)s"),
    _("put cells with a separator inside between \" and \""),
    _("the line is not CSV: %(a)s"),
    _("mend its quotes; a row stands on one line"),
    _("the table breaks off: %(a)s"),
    _("write it again"),
    _("the file is larger than %(a)s bytes"),
    _("split it"),
    _("the file has no usable name"),
    _("rename the file"),
    # Schemes.
    _("the last day is before the first"),
    _("give a day of the period's end"),
    _("nobody is of these ages"),
    _("give oldest ≥ youngest"),
    _("two plans are called %(a)s"),
    _("give each plan a code and a name of its own"),
    _("no plan is called %(a)s"),
    _("there is a scheme %(a)s already"),
    _("the field is missing"),
    # Steps of a list.
    _("the list has not been looked through yet"),
    _("the enrolment was cancelled"),
    _("nobody on the list can be enrolled"),
    _("%(a)s rows are rejected, and all or none was asked for"),
    _("%(a)s rows were rejected at the end, and all or none was asked for"),
    _("leave the faulty rows out and send the list again"),
    _("its certificates are issued: cancel them instead"),
    _("the list is not issued yet"),
    _("the list is not issued: its faults are in the check"),
    _("there is no such language"),
    _("an identity number does not belong into an address, which logs and histories keep"),
    _("send it in the body of POST /residents/certificates/search"),
    _("looking at a person needs a reason"),
    _("say why"),
    # Sales.
    _("the channel has no name"),
    _("say where the link is shown"),
    _("a sale link lives 1 to %(a)s days"),
    _("choose fewer days"),
    _("a sale link sells 1 to %(a)s certificates"),
    _("choose fewer"),
    _("the wording of this product is not here, so nothing of it can be explained"),
    _("name one of: %(a)s"),
    _("the scheme is over"),
    _("open the scheme of the next period"),
    _("this link cannot insure this person"),
    _("ask the insurer, with the identity card at hand"),
    _("this form was sent before with other details"),
    _("open the link again and fill in a new form"),
    _("this link sells nothing any more"),
    _("ask whoever gave it to you for a new one"),
    # Codes.
    _("this is not the code of a certificate"),
    _("scan it again: it begins with %(a)s"),
    _("the signature does not hold: the code was changed, or signed by somebody else"),
    _("ask the insurer"),
    _("the code is broken"),
    _("scan it again"),
    _("send the PDF of one certificate, or paste its code"),
    _("this file is no proof of enrolment"),
    _("send it as it was downloaded"),
    _("the file holds the codes of several certificates"),
    _("send the file of one, or paste the code of one"),
    _("no code of a certificate is found in the file"),
    _("scan the QR mark with any scanner and paste what it says"),
    _("the leaf is another certificate's"),
    _("the certificate is not under the root of its chunk"),
    _("the chunk is not under the root of the enrolment"),
    _("the root is not signed by this key"),
    _("ask the insurer for the proof"),
    *CHANGES,
)
_WHOLE: Final = frozenset(one for one in SENTENCES if "%(" not in one)
_ANY: Final = ".+?"
_WORD: Final = r"\S+"


def said(text: str) -> str:
    """A sentence of the engine in the page's language; itself where it is not known."""
    if not text or text in _WHOLE:  # of a million rows nearly all say one of a few
        return _t(text) if text else text
    for pattern, sentence in _patterns():
        if (match := pattern.fullmatch(text)) is not None:
            return _t(sentence) % match.groupdict() if match.groupdict() else _t(sentence)
    return text


def field_name(field: str) -> str:
    """A field by its word; a plan's field by its place and word."""
    if (match := re.fullmatch(r"plans\[(\d+)\](?:\.(\w+))?", field)) is not None:
        own = str(FIELDS.get(match[2] or "", match[2] or ""))
        return f"{FIELDS['plans']} {int(match[1]) + 1} {own}".strip()
    return str(FIELDS.get(field, field))


def fault_row(raw: Mapping[str, Any] | Fault) -> dict[str, Any]:
    """A fault as a row of a table: where, what, and how to mend it."""
    fault = raw if isinstance(raw, Fault) else Fault(
        raw["message"], raw.get("file"), raw.get("line"), raw.get("field"), raw.get("mend"))
    return {"line": fault.line, "field": field_name(fault.field or ""),
            "message": said(fault.message), "mend": said(fault.mend) if fault.mend else ""}


def fault_words(fault: Fault) -> str:
    """A fault in one sentence."""
    mend = _t(" (%(mend)s)") % {"mend": said(fault.mend)} if fault.mend else ""
    if not fault.field:
        return f"{said(fault.message)}{mend}"
    return _t("%(field)s: %(said)s%(mend)s") % {
        "field": field_name(fault.field), "said": said(fault.message), "mend": mend}


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """The sentences with their patterns, the most definite first."""
    return tuple((_pattern(one), one) for one in sorted(SENTENCES, key=lambda one: (
        one.count("%("), -len(one))))


def _pattern(sentence: str) -> re.Pattern[str]:
    parts = re.split(r"%\((\w)\)s", sentence)  # text, name, text, name, … text
    return re.compile("".join(
        f"(?P<{part}>{_WORD if part == 'w' else _ANY})" if place % 2 else re.escape(part)
        for place, part in enumerate(parts)), re.DOTALL)
