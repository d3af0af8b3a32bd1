"""What the verbs on residents' claims refuse, in the language of the page."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_noop as _

from dinghai.foundation.errors import DinghaiError, Fault
from dinghai_platform.core.web import fault_of
from dinghai_platform.resident_claims.facts import stated_columns
from dinghai_platform.site.formats import is_chinese

KNOWN: Final = (
    _("this claim is being decided now"),
    _("try again in a minute"),
    _("this needs a reason"),
    _("say why"),
    _("a reason has at most 2000 characters"),
    _("several claims of this certificate are begun already"),
    _("finish or withdraw one of them"),
    _("what was submitted stands"),
    _("report money that came back, add a paper, or call the insurer"),
    _("the claimant has not submitted this claim yet"),
    _("the text is too long"),
    _("shorten it"),
    _("the file is empty"),
    _("choose another one"),
    _("the file is larger than 10 MB"),
    _("take a smaller photo, or split the PDF"),
    _("this is no PDF, JPEG or PNG"),
    _("take a photo of the paper, or save it as PDF"),
    _("a claim has at most 20 papers"),
    _("put several pages into one PDF"),
    _("a paper that was submitted stays"),
    _("add the right one besides"),
    _("the declaration is not made"),
    _("read it and tick the box"),
    _("a claim needs the day and the amount of the loss"),
    _("a claim needs the account to be paid to"),
    _("go back to the step that asks for it"),
    _("this claim is determined: its facts stand"),
    _("object to the determination, or report money that came back"),
    _("this value is none of its column"),
    _("neither yes nor no"),
    _("an amount below nothing or beyond any"),
    _("check the unit"),
    _("more was recovered than lost"),
    _("check the unit of both amounts"),
    _("the police filed before the loss"),
    _("the insurer was told before the loss"),
    _("check both days"),
    _("a day of filing, but no case was filed"),
    _("mend police_filed or leave the day out"),
    _("more days than have passed since the filing"),
    _("leave it out: it follows from filing_day"),
    _("the day has not come yet"),
    _("check the day"),
    _("this claim does not wait for the rule"),
    _("decide it by hand"),
    _("this claim is determined"),
    _("papers were asked for already: the law lets the insurer ask once"),
    _("decide on what there is"),
    _("nothing is missing"),
    _("decide the claim"),
    _("the wait is not over: the terms give nothing yet"),
    _("it ends on %(day)s"),
    _("the terms give nothing on these facts"),
    _("establish the facts first, or decide that nothing is payable"),
    _("nobody has said whether the scheme's terms were explained"),
    _("say so under Settings before claims are decided"),
    _("this claim does not wait for approval"),
    _("whoever decided a claim does not approve it"),
    _("ask a colleague with this authority"),
    _("only what is not paid yet goes back"),
    _("this claim is not decided"),
    _("nothing is to be paid on this claim now"),
    _("whoever decided or approved a claim does not pay it"),
    _("whoever stated the facts of a claim does not approve it"),
    _("whoever stated the facts of a claim does not pay it"),
    _("the same amount of the same day is reported already"),
    _("say so if it is another return"),
    _("this was sent already with another amount or day"),
    _("begin anew, with another key"),
    _("ask a colleague who pays"),
    _("nothing is to be paid now"),
    _("this day has not come yet"),
    _("the money came back before it was lost"),
    _("an amount is more than nothing"),
    _("give what came back"),
    _("more came back than was lost"),
    _("nothing was paid on this claim"),
    _("state it among the facts of the claim"),
    _("money that arrived has the bank's reference"),
    _("copy it from the statement"),
    _("this recovery was dropped"),
    _("this money was received"),
    _("reverse its entry in the books"),
    _("later recoveries rest on this one"),
    _("drop the last one first"),
    _("nothing is determined yet"),
    _("an objection has words, and no more than 2000 characters"),
    _("say what is wrong in the decision"),
    _("this objection is answered"),
    _("an objection is answered by somebody who had no part in the decision"),
    _("ask a colleague"),
    _("nobody else here may: have the role given to somebody who had no part in it"),
    _("an objection to your decision was upheld: somebody else decides whether to refuse"),
    _("this stands already: it was established or reported"),
    _("leave it as it stands, or call the insurer"),
    _("something was paid on this claim: it cannot be withdrawn"),
    _("wait for the decision, or call the insurer"),
    _("no more claims of this certificate are begun today"),
    _("go on with one of them, come again tomorrow, or call the insurer"),
    _("no claim is ready to be decided"),
    _("say for each scheme whether its terms were explained"),
    _("the run goes on"),
    _("cancel its job first"),
    _("the file has not been looked through yet"),
    _("the import was cancelled"),
    _("no row of the file can be taken in"),
    _("mend the file"),
    _("its claims are made already"),
    _("an explanation has its day"),
    _("give the day on which the applicant was told"),
    _("the claim has a day that has not come yet"),
    _("check its days"),
    _("the file has no usable name"),
    _("rename the file"),
    # The engine's reader of claims, and what holds a file against the register.
    _("this is no sum insured of the cover"),
    _("the certificate has another sum insured"),
    _("the certificate begins on another day"),
    _("give that of the certificate"),
    _("give the number on the certificate"),
    _("leave the row out, or number it anew"),
    _("the row has more cells than the header"),
    _("quote texts that hold the separator"),
    _("the cell is empty"),
    _("let them agree"),
    _("keep one of the two rows"),
)


WAIT_ENDS: Final = "it ends on "


def fault_words(error: DinghaiError) -> str:
    """An error in one sentence: where, what is wrong, how to mend it."""
    return " ".join(_sentence(one) for one in getattr(error, "faults", (fault_of(error),)))


def _sentence(fault: Fault) -> str:
    head = field_name(fault.field)
    said = _said(fault.message)
    mend = "; ".join(_said(one) for one in (fault.mend or "").split("; ") if one)
    text = f"{head}{'：' if is_chinese() else ': '}{said}" if head else said
    return f"{text}{'（' if is_chinese() else ' ('}{mend}{'）' if is_chinese() else ')'}" if (
        mend) else text


def _said(text: str) -> str:
    if text.startswith("the day is after "):
        return _t("the day has not come yet")
    if text.startswith(WAIT_ENDS):
        return _t("it ends on %(day)s") % {"day": text.removeprefix(WAIT_ENDS)}
    if text == "check the day, or decide later (--as-of)":
        return _t("check the day")
    return _t(text) if text else ""


def field_name(field: str | None) -> str:
    """A fact's name in the language of the page; empty for what is none."""
    column = stated_columns().get(field or "")
    if column is None:
        return ""
    return column.name_zh if is_chinese() else column.name_en


def fault_row(one: dict[str, Any]) -> dict[str, Any]:
    """A kept fault of a file for a table, in the language of the page."""
    return {**one, "message": _said(one["message"]), "mend": _said(one.get("mend") or ""),
            "field": field_name(one.get("field")) or one.get("field")}
