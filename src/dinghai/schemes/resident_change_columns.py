"""The columns of a list of changes, by the names that people give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from dinghai.foundation.errors import Fault, InputError
from dinghai.schemes.mass_table import MassTable
from dinghai.schemes.resident_columns import NAMES, missing, places_of

ChangeKind = Literal["correction", "plan", "renewal", "cancellation"]
"""A wrong name or mobile number put right; another plan from a day on; the next period; the end."""

CHANGE_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "certificate": ("certificate", "certificatenumber", "certificateno", "number", "凭证号",
                    "凭证编号", "保险凭证", "保险凭证号", "电子凭证号", "保单号"),
    "identity": NAMES["identity"],
    "name": (*NAMES["name"], "newname", "correctedname", "新姓名", "更正姓名", "更正后姓名",
             "正确姓名"),
    "mobile": (*NAMES["mobile"], "newmobile", "newphone", "新手机", "新手机号", "更正手机号",
               "更正后手机号", "正确手机号"),
    "plan": (*NAMES["plan"], "newplan", "新方案", "变更方案", "变更后方案", "续保方案"),
    "consent": (*NAMES["consent"], "renew", "是否续保", "同意续保"),
}
"""By field, its names without case, spaces and marks."""
USED: Final[Mapping[ChangeKind, tuple[str, ...]]] = {
    "correction": ("name", "mobile"), "plan": ("plan",), "renewal": ("plan", "consent"),
    "cancellation": ()}
"""What a kind of change reads besides the certificate and the identity number."""
_REQUIRED: Final[Mapping[ChangeKind, tuple[str, ...]]] = {
    "correction": (), "plan": ("plan",), "renewal": (), "cancellation": ()}


def change_columns(table: MassTable, kind: ChangeKind) -> dict[str, int]:
    """Where the fields stand that a kind of change reads. Raises InputError that names every
    column that is missing or stands there twice."""
    known = ("certificate", "identity", *USED[kind])
    places, faults = places_of(table, {one: CHANGE_NAMES[one] for one in known})
    if "certificate" not in places and "identity" not in places:
        faults.append(Fault(
            "neither certificates nor identity numbers stand in the list", table.name,
            table.header_line, "certificate", "add a column called one of: "
            + ", ".join((*CHANGE_NAMES["certificate"], *CHANGE_NAMES["identity"]))))
    if kind == "correction" and not {"name", "mobile"} & set(places):
        faults.append(Fault(
            "neither names nor mobile numbers stand in the list", table.name, table.header_line,
            "name", "add a column with what is right, called 新姓名 or 新手机号"))
    faults += [missing(table, field, CHANGE_NAMES) for field in _REQUIRED[kind]
               if field not in places]
    if faults:
        raise InputError.of(faults)
    return places
