"""A list of residents read row by row: who may be enrolled, and what is wrong with the others.

`read_resident` says what a row means. Rows that are plainly good, which are nearly all of a clean
file, are told apart by kernels over whole columns (`plain_rows`), with the same result.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt

from dinghai.experience.own_values import CellFault, ordinary, read_day
from dinghai.experience.tabular import EXCEL_FIRST_SERIAL
from dinghai.foundation.errors import Fault
from dinghai.schemes.mass_table import MASS, ROWS, MassTable, Rows
from dinghai.schemes.people import age_on, birth_of, read_identity, read_mobile, read_name
from dinghai.schemes.plain_rows import PlainRules, plain_rows
from dinghai.schemes.resident_columns import columns_of
from dinghai.schemes.resident_scheme import ResidentScheme

YES: Final = frozenset(("是", "同意", "已同意", "y", "yes", "true", "1", "√", "✓"))
NO: Final = frozenset(("否", "不同意", "n", "no", "false", "0", "×", "✗"))


@dataclass(frozen=True, slots=True)
class Resident:
    """A resident who may be enrolled; ``plan`` is a place among the scheme's plans."""

    name: str
    identity: str
    mobile: str
    plan: int
    consented_on: date


@dataclass(slots=True)
class ResidentRows:
    """Some rows of a list: those that are good, in the file's order, and the faults of the others.

    ``plan`` and ``consented_on`` (days since 1970) are arrays as long as ``line``.
    """

    line: npt.NDArray[np.int64]
    name: list[str]
    identity: list[str]
    mobile: list[str]
    plan: npt.NDArray[np.int16]
    consented_on: npt.NDArray[np.int32]
    faults: list[Fault] = field(default_factory=list)


def resident_rows(
    table: MassTable, scheme: ResidentScheme, *, as_of: date, rows: int = ROWS
) -> Iterator[ResidentRows]:
    """The rows of a list, so many at a time. Raises InputError for columns that are missing."""
    columns = columns_of(table, plan_required=not scheme.default_plan and len(scheme.plans) > 1)
    rules = PlainRules.of(scheme, as_of, YES)
    for part in table.batches(rows):
        yield _read(part, columns, scheme, rules, as_of, table.name)


def _read(
    part: Rows, columns: Mapping[str, int], scheme: ResidentScheme, rules: PlainRules,
    as_of: date, file: str,
) -> ResidentRows:
    number = len(part.line)
    texts = {one: [row[place] for row in part.cells] for one, place in columns.items()}
    plans = texts.pop("plan", None)
    plain = plain_rows(texts, plans, rules)
    faults = list(part.faults)
    good, plan, consented = plain.good, plain.plan, plain.consented_on
    for place in np.flatnonzero(~good).tolist():
        found = read_resident({one: column[place] for one, column in texts.items()},
                              "" if plans is None else plans[place], scheme, as_of=as_of)
        if isinstance(found, Resident):
            good[place] = True
            plan[place] = found.plan
            consented[place] = (found.consented_on - date(1970, 1, 1)).days
            texts["name"][place], texts["identity"][place] = found.name, found.identity
            texts["mobile"][place] = found.mobile
        else:
            faults += [Fault(one.message, file, part.line[place], one.field, one.mend)
                       for one in found]
    if good.all():
        names, identities, mobiles = texts["name"], texts["identity"], texts["mobile"]
    else:
        kept = np.flatnonzero(good).tolist()
        names, identities, mobiles = (
            [texts[one][place] for place in kept] for one in ("name", "identity", "mobile"))
    lines = np.array(part.line, dtype=np.int64).reshape(number)
    return ResidentRows(lines[good], names, identities, mobiles, plan[good], consented[good],
                        sorted(faults, key=lambda one: one.line or 0))


def read_resident(
    cells: Mapping[str, str], plan: str, scheme: ResidentScheme, *, as_of: date
) -> Resident | Sequence[Fault]:
    """What one row says, or everything that is wrong with it. Faults repeat nothing personal."""
    faults: list[Fault] = []

    def cell(field: str) -> str:
        text = cells[field]
        if not text.strip():
            raise CellFault("this is empty", "fill it in")
        if len(text) > MASS.text:
            raise CellFault(f"this has {len(text)} characters", "give what the column asks for")
        return text

    def fault(field: str, error: CellFault) -> None:
        faults.append(Fault(error.message, None, None, field, error.mend))

    name = identity = mobile = ""
    place, consented = 0, as_of
    try:
        name = read_name(cell("name"))
    except CellFault as error:
        fault("name", error)
    try:
        identity = read_identity(cell("identity"))
        check_age(identity, scheme)
    except CellFault as error:
        fault("identity", error)
    try:
        mobile = read_mobile(cell("mobile"))
    except CellFault as error:
        fault("mobile", error)
    try:
        place = read_plan(plan, scheme)
    except CellFault as error:
        fault("plan", error)
    try:
        read_consent(cell("consent"))
    except CellFault as error:
        fault("consent", error)
    try:
        consented = read_consent_day(cell("consented_on"), as_of)
    except CellFault as error:
        fault("consented_on", error)
    return faults or Resident(name, identity, mobile, place, consented)


def check_age(identity: str, scheme: ResidentScheme) -> None:
    """Raises CellFault for a person whose age the scheme does not take."""
    birth = birth_of(identity)
    assert birth is not None
    age = age_on(birth, scheme.first_day)
    if birth > scheme.first_day:
        raise CellFault("the person is not born on the first day of cover", "check the number")
    if not scheme.youngest <= age <= scheme.oldest:
        raise CellFault(f"the person is {age} on the first day of cover; the scheme takes "
                        f"{scheme.youngest} to {scheme.oldest}", "leave the person out")


def read_plan(text: str, scheme: ResidentScheme) -> int:
    """The place of a plan by its code or Chinese name. Raises CellFault."""
    word = ordinary(text).casefold()
    places = scheme.plan_places()
    if not word and (scheme.default_plan or len(places) == 1):
        return places[scheme.default_plan] if scheme.default_plan else 0
    for place, one in enumerate(scheme.plans):
        if word in (one.code.casefold(), ordinary(one.name_zh).casefold()):
            return place
    raise CellFault("the scheme has no such plan" if word else "this is empty",
                    "one of: " + ", ".join(places))


def read_consent(text: str) -> None:
    """Raises CellFault unless the person agreed."""
    word = ordinary(text).casefold()
    if word in NO:
        raise CellFault("the person did not agree", "leave the person out, or ask again")
    if word not in YES:
        raise CellFault("this does not say whether the person agreed", "write 是 or 否")


def read_consent_day(text: str, as_of: date) -> date:
    """The day on which the person agreed. Raises CellFault."""
    try:
        day = read_day(ordinary(text), "", EXCEL_FIRST_SERIAL)
    except CellFault as error:
        raise CellFault("this is not a day", error.mend) from None  # it may be a shifted column
    if day > as_of:
        raise CellFault(f"the day is after {as_of}", "give the day on which the person agreed")
    return day
