"""Faults of uploads and runs in words, and what the services refuse, for the translators."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_noop as _

from dinghai.foundation.errors import Fault
from dinghai_platform.actuarial.fit_words import sentence
from dinghai_platform.chains.engine_faults import in_words
from dinghai_platform.chains.words import FIELDS

KNOWN: Final = (
    _("this step needs its reason in at most 2,000 characters"),
    _("say why"),
    _("the file has no usable name"),
    _("rename the file"),
    _("it is not said to which insurer the chain is shown"),
    _("choose one of the insurers you deal with"),
    _("leave out scans that the chain does not need"),
    _("this is no ZIP that can be read"),
    _("zip the chain's folder again, without a password"),
    _("a chain is a ZIP of its folder, a JSON document, or a supplier list"),
    _("give .zip, .json, .csv, .xlsx or .parquet"),
    _("the ZIP holds no chain"),
    _("zip the folder that holds chain.toml"),
    _("a supplier list alone does not say whose suppliers they are"),
    _("fill in the owner, its industry and its revenue"),
    _("keep the id of the chain, or upload it as a new one"),
    _("this chain was withdrawn"),
    _("this chain was withdrawn before"),
    _("begin another one"),
    _("this upload is decided"),
    _("upload the file again"),
    _("only a supplier list is read in several ways"),
    _("this upload has faults"),
    _("mend them and upload it again"),
    _("this insurer keeps a chain of this id already"),
    _("upload it there as a new version"),
    _("this says the same as the last version"),
    _("drop it"),
    _("the chain has a newer version than this list was read into"),
    _("read the list again"),
    _("the note is longer than 500 characters"),
    _("shorten it"),
    _("another run of this version and seed goes on"),
    _("wait for it, cancel its job, or choose another seed"),
    _("there is no such seed"),
    _("there is no such budget"),
    _("give an amount of zero or more"),
    # The engine's readers of chains.
    _("the file is missing"),
    _("a chain has at least its owner in firms.csv"),
    _("a chain has no such file or folder"),
    _("see docs/reference/chain-files.md for what stands in a chain"),
    _("this is no chain"),
    _("this is no row"),
    _("mend these first"),
)


def said(text: str) -> str:
    """A sentence of a service or of the engine in the page's language, where it is known."""
    found = sentence(text)
    return in_words(text) if found == text else found


def fault_row(raw: dict[str, Any] | Fault) -> dict[str, Any]:
    """A fault as a row of a table: where, what, and how to mend it."""
    fault = raw if isinstance(raw, Fault) else Fault(
        raw["message"], raw.get("file"), raw.get("line"), raw.get("field"), raw.get("mend"))
    return {"file": fault.file or "", "line": fault.line, "field": field_name(fault.field or ""),
            "message": said(fault.message), "mend": said(fault.mend) if fault.mend else ""}


def field_name(field: str) -> str:
    """A field by its word."""
    return str(FIELDS.get(field, field))


def fault_words(fault: Fault) -> str:
    """A fault in one sentence."""
    row = fault_row(fault)
    place = " · ".join(str(part) for part in (
        row["file"], _t("line %(line)d") % {"line": fault.line} if fault.line else "",
        row["field"]) if part)
    text = f"{place}: {row['message']}" if place else row["message"]
    return f"{text} ({row['mend']})" if row["mend"] else text
