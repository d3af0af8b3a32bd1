"""What a list would add to a register: the same pure reading for its dry run and for taking it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import msgspec

from dinghai.experience.tabular import TableFile, read_table_file
from dinghai.foundation.errors import Fault, InputError
from dinghai.schemes.subsidy_applications import Application as Stated
from dinghai.schemes.subsidy_applications import Applications, applications_of
from dinghai.schemes.subsidy_carry import carry, grants_of
from dinghai.schemes.subsidy_changes import read_changes, take_changes
from dinghai.schemes.subsidy_decide import decide
from dinghai.schemes.subsidy_publication import read_objections, take_objections
from dinghai.schemes.subsidy_register import Decided, Register
from dinghai.schemes.subsidy_register import Entry as RegisterEntry
from dinghai.schemes.subsidy_rule import RuleText
from dinghai_platform.subsidies.book import Link
from dinghai_platform.subsidies.models import Application, FileList
from dinghai_platform.subsidies.policies import known_of, policies_named, register_number
from dinghai_platform.subsidies.rule_files import by_path, renamed
from dinghai_platform.underwriting.models import Policy

LARGEST_LIST: Final = 4 * 1024 * 1024
MOST_ROWS: Final = 5_000
_OF_THE_PLATFORM: Final = re.compile(r"SA[0-9]{4}-")


@dataclass(frozen=True, slots=True)
class ListRead:
    """What a list adds. ``rejected`` are its rows left out, with line, field and mend."""

    rows: int
    entries: tuple[RegisterEntry, ...]
    unchanged: tuple[str, ...]
    rejected: tuple[Fault, ...]
    notes: tuple[str, ...] = ()
    links: dict[str, Link] = field(default_factory=dict)

    def summary(self) -> dict[str, Any]:
        """The same as plain data, for the row of the list."""
        decided = [one for one in self.entries if isinstance(one, Decided)]
        return {
            "rows": self.rows, "entries": len(self.entries), "unchanged": list(self.unchanged),
            "counts": dict(sorted(Counter(one.outcome for one in decided).items())),
            "granted_fen": sum(one.granted_fen for one in decided), "notes": list(self.notes),
            "rejected": [one.to_dict() for one in self.rejected],
            "decisions": [{
                "number": one.application.id, "name": one.application.name,
                "outcome": one.outcome, "basis_fen": one.basis_fen,
                "granted_fen": one.granted_fen,
                "reasons": [msgspec.to_builtins(each) for each in one.reasons]}
                for one in decided],
            "lines": _lines(self.entries)}


def read_list(
    kind: str, content: bytes, name: str, *, text: RuleText, register: Register, day: date,
    filed_here: frozenset[str] = frozenset(),
) -> ListRead:
    """Read a list of a kind against a register. ``filed_here`` are numbers of applications that
    firms filed on the platform, which no list overwrites. Raises InputError for a file that is no
    such list, or too large."""
    if len(content) > LARGEST_LIST:
        raise InputError("the list is too large", file=name, field="file", mend="split it")
    found = by_path(content, name, lambda path: _READERS[kind](
        path, text, register, day, filed_here))
    if found.rows > MOST_ROWS:
        raise InputError("the list has too many rows", file=name, field="file",
                         mend=f"give at most {MOST_ROWS} at a time")
    return replace(found, rejected=tuple(sorted(
        (renamed(one, name) for one in found.rejected), key=lambda one: one.line or 0)))


def _table(path: Path) -> TableFile:
    table = read_table_file(path)
    if len(table.rows) > MOST_ROWS:
        raise InputError("the list has too many rows", field="file",
                         mend=f"give at most {MOST_ROWS} at a time")
    return table


def _applications(path: Path, text: RuleText, register: Register, day: date,
                  filed_here: frozenset[str]) -> ListRead:
    read = applications_of(_table(path), text.rule)
    rows, links, faults = _with_policies(read, filed_here)
    found = decide(text, register, rows, day=day, file=read.file)
    return ListRead(read.total, found.entries, found.unchanged,
                    (*read.rejected, *faults, *found.rejected), read.notes, links)


def _with_policies(
    read: Applications, filed_here: frozenset[str]
) -> tuple[list[tuple[int, Stated]], dict[str, Link], list[Fault]]:
    """The rows, those of policies here with what the insurer's books say of them. A row that says
    another premium than the books is left out."""
    policies = policies_named((one.policy, one.credit_code, one.name) for _line, one in read.rows)
    rows: list[tuple[int, Stated]] = []
    links: dict[str, Link] = {}
    faults: list[Fault] = []
    for line, one in read.rows:
        policy = policies.get((one.policy, one.credit_code))
        if one.id not in filed_here and _OF_THE_PLATFORM.match(one.id):
            faults.append(Fault(
                f"numbers like {one.id} are given by the platform", read.file, line,
                "application_id", "give this one another number"))
        elif one.id in filed_here:
            faults.append(Fault(
                f"application {one.id} was filed on the platform", read.file, line,
                "application_id", "complete it there, or give this one another number"))
        elif policy is None:
            rows.append((line, one))
        else:
            made, fault = _of_policy(one, policy)
            if fault is not None:
                faults.append(replace(fault, file=read.file, line=line))
                continue
            rows.append((line, made))
            links[one.id] = Link(Application.Source.LIST, policy.insured, None, policy.tenant,
                                 policy)
    return rows, links, faults


def _of_policy(one: Stated, policy: Policy) -> tuple[Stated, Fault | None]:
    known = known_of(policy)
    if one.premium_fen != known.premium_fen:
        return one, Fault(
            f"the insurer's books have a premium of {known.premium_fen} fen, the row says "
            f"{one.premium_fen}", field="premium", mend="give the premium of the policy, with VAT")
    others = one.borne_by_others_fen
    return msgspec.structs.replace(
        one, policy=known.number, vat_fen=known.vat_fen, paid_on=known.paid_on,
        inception=policy.inception, expiry=policy.expiry,
        refunded_fen=max(one.refunded_fen, known.refunded_fen),
        borne_by_others_fen=known.borne_by_others_fen if others is None else others), None


def _earlier(path: Path, text: RuleText, register: Register, day: date,
             filed_here: frozenset[str]) -> ListRead:
    read = grants_of(_table(path), text)
    policies = policies_named(
        (row.values["policy_no"], row.values["credit_code"], row.values["name"])
        for row in read.rows)
    rows, faults, links = [], [], {}
    for row in read.rows:
        number = row.values["application_id"]
        policy = policies.get((row.values["policy_no"].upper(), row.values["credit_code"]))
        if _OF_THE_PLATFORM.match(number):
            faults.append(Fault(
                f"numbers like {number} are given by the platform", read.file, row.line,
                "application_id", "give this one another number"))
            continue
        links[number] = Link(Application.Source.EARLIER) if policy is None else Link(
            Application.Source.EARLIER, policy.insured, None, policy.tenant, policy)
        rows.append(row if policy is None else replace(
            row, values={**row.values, "policy_no": register_number(policy)}))
    found = carry(text, register, replace(read, rows=tuple(rows)), day=day)
    return ListRead(found.rows, found.entries, (), (*faults, *found.rejected), found.notes,
                    {name: links[name] for name in found.applications})


def _changes(path: Path, text: RuleText, register: Register, day: date,
             filed_here: frozenset[str]) -> ListRead:
    changes, read = read_changes(path)
    found = take_changes(text, register, changes, day=day, file=read.file)
    return ListRead(read.total, found.entries, found.unchanged,
                    (*read.rejected, *found.rejected), read.notes)


def _objections(path: Path, text: RuleText, register: Register, day: date,
                filed_here: frozenset[str]) -> ListRead:
    objections, read = read_objections(path)
    found = take_objections(text, register, objections, day=day, file=read.file)
    return ListRead(read.total, found.entries, (), (*read.rejected, *found.rejected), read.notes)


_READERS: Final = {
    FileList.Kind.APPLICATIONS: _applications, FileList.Kind.EARLIER: _earlier,
    FileList.Kind.CHANGES: _changes, FileList.Kind.OBJECTIONS: _objections}


def _lines(entries: Sequence[RegisterEntry]) -> list[dict[str, Any]]:
    """What entries that are no decisions say, one line each."""
    found: list[dict[str, Any]] = []
    for one in entries:
        if not isinstance(one, Decided):
            document: dict[str, Any] = msgspec.to_builtins(one)
            found.append({name: document[name] for name in (
                "kind", "day", "application", "number", "change", "status", "refund_fen",
                "returned_fen", "granted_fen", "due_fen", "fen") if name in document})
    return found
