"""What happens to policies after a grant, and what goes back for it (追回).

The subsidy is on premium actually borne. After each change the rule is asked again what it gives on
the premium that stays, caps and all; the grant falls to that and never rises, and what was paid
out above it is due back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from dinghai.foundation.calendar import policy_days
from dinghai.foundation.errors import Fault
from dinghai.foundation.money import PPM, Fen, multiply_divide
from dinghai.pricing.floating import refund_by_day
from dinghai.schemes.subsidy_eligibility import basis_fen, entitled_fen
from dinghai.schemes.subsidy_register import Changed, ChangeKind, Register, due_of
from dinghai.schemes.subsidy_rule import RuleText
from dinghai.schemes.subsidy_standing import Case, Standing, others_part_fen
from dinghai.schemes.subsidy_table import Column, ReadRow, ReadTable, one_of, read_rows

_KINDS: Final[Mapping[str, ChangeKind]] = {
    "cancelled": "cancelled", "退保": "cancelled", "解除": "cancelled", "解除合同": "cancelled",
    "refunded": "refunded", "退费": "refunded", "减保": "refunded",
    "returned": "returned", "退回补贴": "returned", "追回到账": "returned"}


COLUMNS: Final = (
    Column("change_no", "code", ("变更编号", "批单号"), True),
    Column("policy_no", "code", ("保单号", "保险单号"), True),
    Column("change", "text", ("变更类型", "类型"), True, one_of(_KINDS, "change")),
    Column("day", "day", ("日期", "变更日期"), True),
    Column("amount", "amount", ("金额", "退还保费")),
    Column("to_others", "amount", ("退还他方", "其中退还他方")),
    Column("application_id", "code", ("申请编号", "申请号")),
)


@dataclass(frozen=True, slots=True)
class Change:
    """One row: ``amount_fen`` is the premium that went back, or the subsidy that came back."""

    line: int
    number: str
    policy: str
    kind: ChangeKind
    day: date
    amount_fen: Fen | None = None
    to_others_fen: Fen | None = None
    application: str = ""


@dataclass(frozen=True, slots=True)
class ChangesTaken:
    """The entries that changes make, those that the register has already, and rows left out."""

    entries: tuple[Changed, ...]
    unchanged: tuple[str, ...]
    rejected: tuple[Fault, ...]
    due_fen: Fen
    """What is due back of all applications together, after these changes."""


class _WrongError(Exception):
    """A change that cannot be: message, field, mend."""

    def __init__(self, message: str, field: str, mend: str) -> None:
        self.message, self.field, self.mend = message, field, mend
        super().__init__(message)


def read_changes(path: Path) -> tuple[list[Change], ReadTable]:
    """The changes of a file, and the table they stand in with its rejected rows. Raises
    InputError."""
    table = read_rows(path, COLUMNS)
    return [_change(one) for one in table.rows], table


def _change(row: ReadRow) -> Change:
    values: Mapping[str, Any] = row.values
    return Change(row.line, values["change_no"], values["policy_no"], values["change"],
                  values["day"], values.get("amount"), values.get("to_others"),
                  values.get("application_id", ""))


def take_changes(
    text: RuleText, register: Register, changes: Sequence[Change], *, day: date,
    file: str | None = None,
) -> ChangesTaken:
    """Changes in the order of their days (ties: of the file). A change whose number the register
    has is taken once."""
    standing = Standing(text.rule, register.entries)
    entries: list[Changed] = []
    unchanged: list[str] = []
    rejected: list[Fault] = []
    for one in sorted(changes, key=lambda one: one.day):
        try:
            if _known(one, standing):
                unchanged.append(one.number)
                continue
            entry = _entry(standing, one, day)
        except _WrongError as wrong:
            rejected.append(Fault(wrong.message, file, one.line, wrong.field, wrong.mend))
            continue
        standing.apply(entry)
        entries.append(entry)
    return ChangesTaken(tuple(entries), tuple(unchanged),
                        tuple(sorted(rejected, key=lambda one: one.line or 0)),
                        sum(one.due_fen for one in standing.cases.values()))


def _known(one: Change, standing: Standing) -> bool:
    """Whether the register has this change. Raises _WrongError where it has another one of its
    number."""
    before = standing.changes.get(one.number)
    if before is None:
        return False
    amount = before.returned_fen if before.change == "returned" else before.refund_fen
    if (before.change, before.day) != (one.kind, one.day) or (
            one.amount_fen not in (None, amount)
            or one.to_others_fen not in (None, before.to_others_fen)
            or standing.cases[before.application].application.policy != one.policy):
        raise _WrongError(f"change {one.number} is in the register and says something else",
                          "change_no", "give another change another number")
    return True


def _entry(standing: Standing, one: Change, day: date) -> Changed:
    if one.day > day:
        raise _WrongError(f"{one.day} is after {day}", "day", "report it when it has happened")
    case = _case(standing, one)
    name = case.application.id
    if one.kind == "returned":
        returned = _returned_fen(case, one)
        return Changed(
            day=one.day, application=name, number=one.number, change="returned",
            returned_fen=returned, granted_fen=case.granted_fen,
            due_fen=due_of(case.paid_fen, case.returned_fen + returned, case.granted_fen))
    refund = _refund_fen(case, one)
    others = _to_others_fen(case, one, refund)
    granted = granted_after(standing, case, refund, others)
    return Changed(
        day=one.day, application=name, number=one.number, change=one.kind, refund_fen=refund,
        to_others_fen=others, granted_fen=granted,
        due_fen=due_of(case.paid_fen, case.returned_fen, granted))


def granted_after(standing: Standing, case: Case, refund_fen: Fen,
                  to_others_fen: Fen) -> Fen:
    """What the rule, in the version that decided, gives on the premium that stays after one more
    refund, at most what is granted.

    A grant that was cut to the budget's rest stays within that rest; a share of a proportional
    budget falls as the entitlement it was a share of (cut down to whole fen).
    """
    terms, application = case.terms, case.application
    basis = basis_fen(terms, application, case.refund_fen + refund_fen,
                      case.refund_to_others_fen + to_others_fen)
    held = standing.firm_held_fen(application.credit_code, but=application.id)
    given = entitled_fen(terms, basis, held)
    if terms.mode == "proportional" and case.entitled_fen:
        given = multiply_divide(given, case.decided_fen, case.entitled_fen, "floor")
    return min(given, case.granted_fen)


def _case(standing: Standing, one: Change) -> Case:
    case = (standing.cases.get(one.application) if one.application
            else standing.latest_of(one.policy))
    if case is None or case.application.policy != one.policy:
        raise _WrongError(f"no application for policy {one.policy} is in the register",
                          "policy_no", "check the number")
    if not case.live and case.paid_fen == 0:
        raise _WrongError(f"policy {one.policy} has no subsidy: application "
                          f"{case.application.id} was refused or withdrawn", "policy_no",
                          "leave the row out")
    return case


def _returned_fen(case: Case, one: Change) -> Fen:
    if not one.amount_fen:
        raise _WrongError("how much came back is not said", "amount", "give the amount")
    if one.amount_fen > case.due_fen:
        raise _WrongError(f"{one.amount_fen} fen came back and {case.due_fen} fen were due",
                          "amount", "book what is due here, and the rest elsewhere")
    return one.amount_fen


def _refund_fen(case: Case, one: Change) -> Fen:
    """The premium that went back: as stated, else of a cancellation by the days left."""
    application = case.application
    left = application.premium_fen - application.refunded_fen - case.refund_fen
    refund = one.amount_fen
    if refund is None:
        first, last = application.inception, application.expiry
        # of a policy that was cancelled before no days are left to reckon by
        if one.kind != "cancelled" or case.cancelled or first is None or last is None:
            raise _WrongError("the refund is not stated, and cannot be reckoned by day", "amount",
                              "give the premium that went back, 0 if none did")
        if not first <= one.day <= last:
            raise _WrongError(f"the policy runs from {first} to {last}", "day",
                              "check the day, or give the amount")
        refund = refund_by_day(left, PPM, 0, policy_days(one.day, last), policy_days(first, last))
    if refund > left:
        raise _WrongError(f"{refund} fen went back, and of the premium only {left} fen are left",
                          "amount", "check the amount and its unit")
    return refund


def _to_others_fen(case: Case, one: Change, refund: Fen) -> Fen:
    application = case.application
    if one.to_others_fen is None:
        return others_part_fen(case, refund)
    others = ((application.borne_by_others_fen or 0) + application.other_subsidies_fen
              - case.refund_to_others_fen)
    if one.to_others_fen > min(refund, others):
        raise _WrongError(f"others bear {max(others, 0)} fen of the premium, and {refund} fen went "
                          "back", "to_others", "give at most the lesser of the two")
    return one.to_others_fen
