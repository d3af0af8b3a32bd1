"""The columns of a list of residents, by the names that people give them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from dinghai.experience.own_values import ordinary
from dinghai.foundation.errors import Fault, InputError
from dinghai.schemes.mass_table import MassTable

NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("name", "fullname", "residentname", "姓名", "居民姓名", "被保险人", "被保险人姓名"),
    "identity": ("identity", "identitynumber", "idnumber", "id", "idcard", "idno", "身份证",
                 "身份证号", "身份证号码", "证件号", "证件号码", "公民身份号码",
                 "被保险人证件号码"),
    "mobile": ("mobile", "mobilenumber", "phone", "phonenumber", "手机", "手机号", "手机号码",
               "电话", "联系电话", "联系方式"),
    "plan": ("plan", "plancode", "方案", "方案代码", "保障方案", "档次", "计划"),
    "consent": ("consent", "consented", "同意", "是否同意", "本人同意", "授权同意"),
    "consented_on": ("consentedon", "consentdate", "consentday", "同意日期", "授权日期",
                     "同意时间"),
}
"""By field, its names without case, spaces and marks."""
REQUIRED: Final = ("name", "identity", "mobile", "consent", "consented_on")


def columns_of(table: MassTable, *, plan_required: bool) -> dict[str, int]:
    """Where each field stands. Raises InputError that names every missing or doubled column."""
    places, faults = places_of(table, NAMES)
    for field in (*REQUIRED, *(("plan",) if plan_required else ())):
        if field not in places:
            faults.append(missing(table, field, NAMES))
    if faults:
        raise InputError.of(faults)
    return places


def places_of(
    table: MassTable, names: Mapping[str, tuple[str, ...]]
) -> tuple[dict[str, int], list[Fault]]:
    """Where the fields stand that a table has, and a fault for each that stands there twice."""
    places: dict[str, int] = {}
    faults: list[Fault] = []
    for place, heading in enumerate(table.header):
        word = re.sub(r"[\W_]", "", ordinary(heading)).casefold()
        field = next((one for one, known in names.items() if word in known), None)
        if field in places:
            faults.append(Fault(
                f"the columns {table.header[places[field]]!r} and {heading!r} mean the same",
                table.name, table.header_line, field, "leave one of them out"))
        elif field is not None:
            places[field] = place
    return places, faults


def missing(table: MassTable, field: str, names: Mapping[str, tuple[str, ...]]) -> Fault:
    """That a column is not there, and what it may be called."""
    return Fault("there is no such column", table.name, table.header_line, field,
                 "add it, called one of: " + ", ".join(names[field]))
