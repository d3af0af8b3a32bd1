"""Grants from before the register, taken over from a table, so that caps and duplicates hold.

What an authority granted elsewhere is taken as it is only where the rule allows it: a register must
not begin beyond its own caps and budget.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from dinghai.experience.tabular import TableFile, read_table_file
from dinghai.foundation.errors import Fault
from dinghai.foundation.money import Fen
from dinghai.schemes.subsidy_applications import (
    Application,
    application_of,
    columns_for,
    row_faults,
)
from dinghai.schemes.subsidy_eligibility import basis_fen, entitled_fen, reason
from dinghai.schemes.subsidy_register import Decided, Entry, Paid, Published, Register
from dinghai.schemes.subsidy_rule import RuleText
from dinghai.schemes.subsidy_standing import Standing
from dinghai.schemes.subsidy_table import Column, ReadRow, ReadTable, rows_of

COLUMNS: Final = (
    Column("granted", "amount", ("已批补贴", "补贴金额"), True),
    Column("paid", "amount", ("已付补贴",)),
    Column("granted_on", "day", ("批准日期",), True),
    Column("objections_until", "day", ("公示截止日",)),
)


@dataclass(frozen=True, slots=True)
class Carried:
    """What a table of earlier grants adds to a register, and its rows that cannot be taken."""

    entries: tuple[Entry, ...]
    applications: tuple[str, ...]
    granted_fen: Fen
    paid_fen: Fen
    rejected: tuple[Fault, ...]
    budget_left_fen: Fen
    rows: int
    notes: tuple[str, ...]


def read_grants(path: Path, text: RuleText) -> ReadTable:
    """The earlier grants of a file: the columns of an application, and those of a grant. Raises
    InputError."""
    return grants_of(read_table_file(path), text)


def grants_of(table: TableFile, text: RuleText) -> ReadTable:
    """The same of a table in memory."""
    return rows_of(table, (*columns_for(text.rule), *COLUMNS))


def carry(text: RuleText, register: Register, table: ReadTable, *, day: date) -> Carried:
    """Take over grants in the order of the file, each within what the rule and those before it
    leave."""
    standing = Standing(text.rule, register.entries)
    entries: list[Entry] = []
    taken: list[str] = []
    rejected = list(table.rejected)
    granted = paid = 0
    for row in table.rows:
        application = application_of(row.values)
        faults = row_faults(application, row, table.file)
        fault = _fault(text, standing, application, row, day, table.file)
        if faults or fault is not None:
            rejected += faults or [one for one in (fault,) if one is not None]
            continue
        for entry in _entries(text, application, row):
            standing.apply(entry)
            entries.append(entry)
        taken.append(application.id)
        granted += row.values["granted"]
        paid += row.values.get("paid", 0)
    return Carried(tuple(entries), tuple(taken), granted, paid,
                   tuple(sorted(rejected, key=lambda one: one.line or 0)),
                   standing.budget_left_fen(), table.total, table.notes)


def _entries(text: RuleText, application: Application, row: ReadRow) -> list[Entry]:
    granted, on = row.values["granted"], row.values["granted_on"]
    made: list[Entry] = [Decided(
        day=on, application=application, outcome="granted", granted_fen=granted,
        basis_fen=basis_fen(text.rule.terms, application), entitled_fen=granted,
        rule_version=text.rule.version, rule_hash=text.hash, terms=text.rule.terms,
        reasons=(reason(text, "taken_over", "", found=on),))]
    if "objections_until" in row.values:
        made.append(Published(day=on, applications=(application.id,),
                              objections_until=row.values["objections_until"]))
    if row.values.get("paid"):
        made.append(Paid(day=on, application=application.id, fen=row.values["paid"]))
    return made


def _fault(text: RuleText, standing: Standing, one: Application, row: ReadRow, day: date,
           file: str) -> Fault | None:
    def fault(message: str, field: str, mend: str) -> Fault:
        return Fault(message, file, row.line, field, mend)

    granted, holder = row.values["granted"], standing.holder_of(one.policy)
    held = standing.firm_held_fen(one.credit_code)
    if one.id in standing.cases:
        return fault(f"application {one.id} is in the register", "application_id",
                     "leave the row out")
    if holder is not None:
        return fault(f"policy {one.policy} is application {holder.application.id} already",
                     "policy_no", "leave the row out")
    if row.values["granted_on"] > day:
        return fault(f"{row.values['granted_on']} is after {day}", "granted_on", "check the day")
    if row.values.get("paid", 0) > granted:
        return fault("more was paid than granted", "paid", "check the amounts and their units")
    if one.borne_by_others_fen is None:
        return fault("what others bear of the premium is not stated", "borne_by_others",
                     "state it, 0 if nobody bears any")
    if not 0 < granted <= entitled_fen(text.rule.terms, basis_fen(text.rule.terms, one), held):
        return fault("the grant is nothing, or more than ratio and caps give", "granted",
                     "take over what the rule allows, and settle the rest before")
    if granted > standing.budget_left_fen():
        return fault("the budget has less left", "granted", "check budget and amounts")
    return None
