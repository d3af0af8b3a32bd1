"""What the engine's readers of subsidies say, for the translators.

Each sentence stands once, with its figures as ``%(a)s``; the pattern that finds it in what the
engine said is made of it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_noop as _

from dinghai.foundation.errors import Fault
from dinghai_platform.chains.faults import said as said_elsewhere

SENTENCES: Final = (
    _("%(a)s is not a unified social credit code"),
    _("18 characters with a valid check character (GB 32100-2015)"),
    _("GB/T 4754 has no division %(a)s"),
    _("write 01 to 97"),
    _("division %(a)s belongs to section %(b)s, not %(c)s"),
    _("write %(a)s"),
    _("write a section's letter or a division, such as Q84"),
    _("%(a)s is no code of an administrative division"),
    _("write its six digits, such as 310115"),
    _("%(a)s is no class of size"),
    _("one of: %(a)s"),
    _("application %(a)s stands already in line %(b)s"),
    _("keep one of the two rows"),
    _("the policy ends before it begins"),
    _("give %(a)s or later"),
    _("the VAT is more than the premium it stands in"),
    _("give the VAT inside the premium"),
    _("what others pay and what came back is more than the premium"),
    _("check the amounts and their units"),
    _("there is no column %(a)s"),
    _("add a column headed %(a)s"),
    _("two columns are the %(a)s: %(b)s and %(c)s"),
    _("leave one of them out"),
    _("the cell is empty"),
    _("the cell has %(a)s characters"),
    _("write at most %(a)s"),
    _("%(a)s is no number of a paper"),
    _("write up to 64 letters, digits and marks"),
    _("%(a)s is no time of a day"),
    _("write it like 2026-03-02 10:00"),
    _("the number is larger than any that is kept"),
    _("write at most 10^15"),
    _("it was applied on %(a)s, after %(b)s"),
    _("mend the time, or decide later"),
    _("application %(a)s stands as %(b)s and says something else"),
    _("report what changed as a change of its policy"),
    _("application %(a)s was filed on the platform"),
    _("complete it there, or give this one another number"),
    _("application %(a)s was withdrawn by its firm"),
    _("where the firm applies anew, give it another number"),
    _("the insurer's books have a premium of %(a)s fen, the row says %(b)s"),
    _("give the premium of the policy, with VAT"),
    _("the policy's firm has another credit code here"),
    _("give the credit code of the policy's insured"),
    _("by the insurer's books %(a)s fen had gone back in turn, the row says %(b)s"),
    _("give what had gone back when the grant was reckoned"),
    _("change %(a)s is in the register and says something else"),
    _("give another change another number"),
    _("a refund of %(a)s fen on %(b)s is there already as %(c)s"),
    _("leave it out, or say that it is a different one"),
    _("leave it out, or report it on its application's page as a different one"),
    _("%(a)s is after %(b)s"),
    _("report it when it has happened"),
    _("no application for policy %(a)s is in the register"),
    _("check the number"),
    _("policy %(a)s has no subsidy: application %(b)s was refused or withdrawn"),
    _("leave the row out"),
    _("how much came back is not said"),
    _("give the amount"),
    _("%(a)s fen came back and %(b)s fen were due"),
    _("book what is due here, and the rest elsewhere"),
    _("the refund is not stated, and cannot be reckoned by day"),
    _("give the premium that went back, 0 if none did"),
    _("the policy runs from %(a)s to %(b)s"),
    _("check the day, or give the amount"),
    _("%(a)s fen went back, and of the premium only %(b)s fen are left"),
    _("check the amount and its unit"),
    _("others bear %(a)s fen of the premium, and %(b)s fen went back"),
    _("give at most the lesser of the two"),
    _("application %(a)s is in the register"),
    _("policy %(a)s is application %(b)s already"),
    _("check the day"),
    _("more was paid than granted"),
    _("what others bear of the premium is not stated"),
    _("state it, 0 if nobody bears any"),
    _("the grant is nothing, or more than ratio and caps give"),
    _("take over what the rule allows, and settle the rest before"),
    _("the budget has less left"),
    _("check budget and amounts"),
    _("application %(a)s stands on no public list"),
    _("objection %(a)s was %(b)s"),
    _("give a new objection a number of its own"),
    _("%(a)s is no change"),
    _("%(a)s is no state of an objection"),
    # The rule itself.
    _("the ratio is nothing"),
    _("write it like 50%%"),
    _("the budget is nothing"),
    _("write it like 500万"),
    _("the period ends before it begins"),
    _("applications end before the period begins"),
    _("document %(a)s stands twice"),
    _("keep one"),
    _("%(a)s is written without its letter or in words"),
    _("%(a)s begins no code of an administrative division"),
    _("write two, four or six digits, such as 31 or 310115"),
    _("%(a)s compares whole numbers"),
    _("write a whole number"),
    _("%(a)s does not go with this value"),
    _("write op = \"in\" with a list of texts, and no list otherwise"),
    _("the fact %(a)s is a %(b)s elsewhere and a %(c)s here"),
    _("compare it with values of one kind"),
    _("the rule publishes nothing"),
    _("add [publication] with objection_days"),
    _("only a proportional rule is closed"),
    _("leave it out: first come, first served decides at once"),
    _("the rule was closed on %(a)s"),
    _("leave it out"),
    _("applications may come until %(a)s"),
    _("close on a day after %(a)s"),
    # What the services say.
    _("the dossier behind the policy states section %(a)s"),
    _("state the sector of the dossier, or have the insurer correct it"),
    _("write id = %(a)s, or open another subsidy"),
    _("give at least %(a)s fen"),
    _("keep mode = %(a)s"),
    _("give at most %(a)s at a time"),
    _("give 0 to %(a)s fen"),
    _("choose one of: %(a)s"),
)


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    made = []
    for one in SENTENCES:
        parts = re.split(r"%\((\w)\)s", one)
        text = "".join(re.escape(part.replace("%%", "%")) if at % 2 == 0 else f"(?P<{part}>.+?)"
                       for at, part in enumerate(parts))
        made.append((re.compile(text, re.DOTALL), one))
    return tuple(made)


def said(text: str) -> str:
    """A sentence of the engine or of a service in the page's language, where it is known."""
    for pattern, words in _patterns():
        if match := pattern.fullmatch(text):
            return _t(words) % match.groupdict()
    return said_elsewhere(text)


def fault_row(fault: Fault | dict[str, Any]) -> dict[str, Any]:
    """A fault as a row of a table: where, what, and how to mend it."""
    one = fault if isinstance(fault, Fault) else Fault(
        fault["message"], fault.get("file"), fault.get("line"), fault.get("field"),
        fault.get("mend"))
    return {"file": one.file or "", "line": one.line, "field": one.field or "",
            "message": said(one.message), "mend": said(one.mend) if one.mend else ""}


def fault_words(fault: Fault) -> str:
    """A fault in one sentence."""
    row = fault_row(fault)
    return f"{row['message']} ({row['mend']})" if row["mend"] else str(row["message"])
