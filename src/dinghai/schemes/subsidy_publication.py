"""The public list (公示) with its objections, and the payment list after them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final, Literal

from dinghai.foundation.calendar import add_working_days, holidays_known
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.money import Fen
from dinghai.schemes.subsidy_register import (
    Entry,
    Objected,
    ObjectionStatus,
    Paid,
    Published,
    Register,
    due_of,
)
from dinghai.schemes.subsidy_rule import Publication, RuleText
from dinghai.schemes.subsidy_standing import Case, Standing
from dinghai.schemes.subsidy_table import Column, ReadTable, one_of, read_rows

HeldReason = Literal["not_published", "open_to_objections", "objection_open"]
_MASK: Final = "＊"
_STATES: Final[Mapping[str, ObjectionStatus]] = {
    "open": "open", "受理": "open", "处理中": "open", "upheld": "upheld", "成立": "upheld",
    "dismissed": "dismissed", "不成立": "dismissed", "驳回": "dismissed"}


OBJECTION_COLUMNS: Final = (
    Column("objection_no", "code", ("异议编号",), True),
    Column("application_id", "code", ("申请编号", "申请号"), True),
    Column("day", "day", ("日期",), True),
    Column("status", "text", ("状态", "处理结果"), True, one_of(_STATES, "state of an objection")),
    Column("text", "text", ("异议内容", "说明")),
)


@dataclass(frozen=True, slots=True)
class PublicRow:
    """One line of the public list."""

    application: str
    name: str
    credit_code: str
    area: str
    basis_fen: Fen
    granted_fen: Fen


@dataclass(frozen=True, slots=True)
class PublicList:
    """A public list; ``entry`` is None where there is nothing new to publish."""

    day: date
    objections_until: date
    rows: tuple[PublicRow, ...]
    entry: Published | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Payment:
    """What a firm is paid for one application. ``firm_due_fen`` is due back from it elsewhere."""

    application: str
    name: str
    credit_code: str
    fen: Fen
    firm_due_fen: Fen


@dataclass(frozen=True, slots=True)
class Payments:
    """A payment list: the entries, what is paid, what is held back and why, rows left out."""

    entries: tuple[Entry, ...]
    payments: tuple[Payment, ...]
    held: tuple[tuple[str, HeldReason], ...]
    rejected: tuple[Fault, ...]


def masked_name(name: str) -> str:
    """A firm's name with its middle hidden: the first two and the last two signs stay, of a name
    of up to four the first alone."""
    shown = (1, 0) if len(name) <= 4 else (2, 2)
    hidden = len(name) - sum(shown)
    return name[:shown[0]] + _MASK * hidden + (name[-shown[1]:] if shown[1] else "")


def masked_code(code: str) -> str:
    """A credit code whose last four signs stay."""
    return "*" * (len(code) - 4) + code[-4:]


def publish(text: RuleText, register: Register, *, day: date) -> PublicList:
    """The public list of a day: all grants that no list has shown. Raises InputError where the rule
    publishes nothing."""
    rules = text.rule.publication
    if rules is None:
        raise InputError("the rule publishes nothing", file=text.file, field="publication",
                         mend="add [publication] with objection_days")
    standing = Standing(text.rule, register.entries)
    new = [one for one in standing.cases.values()
           if one.live and one.granted_fen and one.published_until is None]
    until = _until(rules, day)
    rows = tuple(_public_row(one, rules) for one in new)
    entry = Published(day=day, applications=tuple(one.application for one in rows),
                      objections_until=until) if rows else None
    notes = () if rules.count == "calendar_days" or holidays_known(until.year) else (
        f"the holidays of {until.year} are not known: only weekends were left out",)
    return PublicList(day, until, rows, entry, notes)


def _until(rules: Publication, day: date) -> date:
    """The last day for objections: the day of the list does not count."""
    if rules.count == "working_days":
        return add_working_days(day, rules.objection_days)
    return day + timedelta(days=rules.objection_days)


def _public_row(case: Case, rules: Publication) -> PublicRow:
    one, whole = case.application, rules.names == "full"
    return PublicRow(one.id, one.name if whole else masked_name(one.name),
                     one.credit_code if whole else masked_code(one.credit_code), one.area,
                     case.basis_fen, case.granted_fen)


@dataclass(frozen=True, slots=True)
class Objection:
    """One row of a file of objections."""

    line: int
    number: str
    application: str
    day: date
    status: ObjectionStatus
    text: str = ""


def read_objections(path: Path) -> tuple[list[Objection], ReadTable]:
    """The objections of a file, and the table they stand in with its rejected rows. Raises
    InputError."""
    table = read_rows(path, OBJECTION_COLUMNS)
    found: list[Objection] = []
    for row in table.rows:
        values: Mapping[str, Any] = row.values
        found.append(Objection(row.line, values["objection_no"], values["application_id"],
                               values["day"], values["status"], values.get("text", "")))
    return found, table


def pay(
    text: RuleText, register: Register, objections: Sequence[Objection] = (), *, day: date,
    file: str | None = None,
) -> Payments:
    """First what objections have come to, then the payment of every grant that may be paid."""
    standing = Standing(text.rule, register.entries)
    taken = _objections(standing, objections, day, file)
    entries: list[Entry] = list(taken.entries)
    payments: list[Payment] = []
    held: list[tuple[str, HeldReason]] = []
    for case, unpaid in _unpaid(standing):
        why = _held(text, case, day)
        if why is not None:
            held.append((case.application.id, why))
            continue
        paid = Paid(day=day, application=case.application.id, fen=unpaid)
        payments.append(_payment(standing, case, unpaid))
        standing.apply(paid)
        entries.append(paid)
    return Payments(tuple(entries), tuple(payments), tuple(held), taken.rejected)


@dataclass(frozen=True, slots=True)
class ObjectionsTaken:
    """What objections add to a register, and rows left out."""

    entries: tuple[Objected, ...]
    rejected: tuple[Fault, ...]


def take_objections(
    text: RuleText, register: Register, objections: Sequence[Objection], *, day: date,
    file: str | None = None,
) -> ObjectionsTaken:
    """What objections have come to, and nothing is paid: in the order of their days. One that the
    register has in the same state is taken once."""
    return _objections(Standing(text.rule, register.entries), objections, day, file)


def _objections(standing: Standing, objections: Sequence[Objection], day: date,
                file: str | None) -> ObjectionsTaken:
    entries: list[Objected] = []
    rejected: list[Fault] = []
    for one in sorted(objections, key=lambda one: one.day):
        fault = _objection_fault(standing, one, day, file)
        if fault is not None:
            rejected.append(fault)
        elif standing.cases[one.application].objections.get(one.number) != one.status:
            entry = _objected(standing.cases[one.application], one)
            standing.apply(entry)
            entries.append(entry)
    return ObjectionsTaken(tuple(entries),
                           tuple(sorted(rejected, key=lambda one: one.line or 0)))


def _unpaid(standing: Standing) -> Iterator[tuple[Case, Fen]]:
    for case in standing.cases.values():
        unpaid = case.granted_fen - (case.paid_fen - case.returned_fen)
        if case.live and unpaid > 0:
            yield case, unpaid


def _payment(standing: Standing, case: Case, fen: Fen) -> Payment:
    one = case.application
    return Payment(one.id, one.name, one.credit_code, fen, standing.firm_due_fen(one.credit_code))


def _held(text: RuleText, case: Case, day: date) -> HeldReason | None:
    if "open" in case.objections.values():
        return "objection_open"
    if text.rule.publication is None:
        return None
    if case.published_until is None:
        return "not_published"
    return "open_to_objections" if day <= case.published_until else None


def _objected(case: Case, one: Objection) -> Objected:
    granted = 0 if one.status == "upheld" else case.granted_fen
    return Objected(
        day=one.day, application=one.application, number=one.number, status=one.status,
        text=one.text, granted_fen=granted,
        due_fen=due_of(case.paid_fen, case.returned_fen, granted))


def _objection_fault(standing: Standing, one: Objection, day: date,
                     file: str | None) -> Fault | None:
    case = standing.cases.get(one.application)
    if case is None or case.published_until is None:
        return Fault(f"application {one.application} stands on no public list", file, one.line,
                     "application_id", "check the number")
    if one.day > day:
        return Fault(f"{one.day} is after {day}", file, one.line, "day",
                     "report it when it has happened")
    before = case.objections.get(one.number)
    if before in ("upheld", "dismissed") and before != one.status:
        return Fault(f"objection {one.number} was {before}", file, one.line, "status",
                     "give a new objection a number of its own")
    return None
