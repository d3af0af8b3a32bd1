"""What a list would add to a register: the same pure reading for its dry run and for taking it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
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
from dinghai.schemes.subsidy_changes import Change, read_changes, take_changes
from dinghai.schemes.subsidy_decide import decide
from dinghai.schemes.subsidy_publication import read_objections, take_objections
from dinghai.schemes.subsidy_register import Changed, Decided, Register
from dinghai.schemes.subsidy_register import Entry as RegisterEntry
from dinghai.schemes.subsidy_rule import RuleText
from dinghai.schemes.subsidy_standing import Standing
from dinghai_platform.subsidies.book import Link
from dinghai_platform.subsidies.contracts import Contract, code_of
from dinghai_platform.subsidies.models import Application, FileList
from dinghai_platform.subsidies.policies import (
    changes_taken,
    known_of,
    policies_named,
    refunds_of,
)
from dinghai_platform.subsidies.register_numbers import register_number
from dinghai_platform.subsidies.rule_files import by_path, renamed
from dinghai_platform.subsidies.same_event import by_application, reported_by_hand, twin_of

LARGEST_LIST: Final = 4 * 1024 * 1024
MOST_ROWS: Final = 5_000
_OF_THE_PLATFORM: Final = re.compile(r"SA[0-9]{4}-")


@dataclass(frozen=True, slots=True)
class Here:
    """What the platform has of a subsidy besides its register: ``filed`` are numbers of
    applications that firms filed here, which no list overwrites; ``codes`` the credit code that
    each organisation has applied under; ``shown`` applications whose grants the reader put on a
    public list, and ``whom_to_ask`` who decides objections to them instead; ``resting`` the
    applications by number that rest on policies here, for a list of changes; ``counted`` the
    endorsements whose refund is in what a list stated before."""

    filed: frozenset[str] = frozenset()
    codes: Mapping[Any, str] = field(default_factory=dict)
    shown: frozenset[str] = frozenset()
    whom_to_ask: str = ""
    resting: Mapping[str, Application] = field(default_factory=dict)
    counted: Mapping[str, Sequence[str]] = field(default_factory=dict)


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
    here: Here,
) -> ListRead:
    """Read a list of a kind against a register and what is here. Raises InputError for a file that
    is no such list, or too large."""
    if len(content) > LARGEST_LIST:
        raise InputError("the list is too large", file=name, field="file", mend="split it")
    found = by_path(content, name, lambda path: _READERS[kind](path, text, register, day, here))
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
                  here: Here) -> ListRead:
    read = applications_of(_table(path), text.rule)
    standing = Standing(text.rule, register.entries)
    rows, links, faults = _with_policies(read, here, standing.changes, frozenset(
        name for name, case in standing.cases.items() if case.given_up))
    found = decide(text, register, rows, day=day, file=read.file)
    # A row that was not taken counted nothing, though its application may have been served.
    made = {one.id: one for _line, one in rows}
    taken = {entry.application.id for entry in found.entries if isinstance(entry, Decided)
             and made.get(entry.application.id) == entry.application}
    links = {name: link for name, link in links.items() if name in taken}
    return ListRead(read.total, found.entries, found.unchanged,
                    (*read.rejected, *faults, *found.rejected), read.notes, links)


def _with_policies(
    read: Applications, here: Here, changes: Mapping[str, Changed], given_up: frozenset[str]
) -> tuple[list[tuple[int, Stated]], dict[str, Link], list[Fault]]:
    """The rows, those of policies here with what the insurer's books say of them. A row that says
    another premium than the books is left out, and one whose firm took it back: no list brings back
    what a firm has withdrawn."""
    policies = policies_named((one.policy, one.credit_code, one.name) for _line, one in read.rows)
    rows: list[tuple[int, Stated]] = []
    links: dict[str, Link] = {}
    faults: list[Fault] = []
    codes = dict(here.codes)
    told = by_application(changes)
    for line, one in read.rows:
        policy = policies.get((one.policy, one.credit_code))
        if one.id not in here.filed and _OF_THE_PLATFORM.match(one.id):
            faults.append(Fault(
                f"numbers like {one.id} are given by the platform", read.file, line,
                "application_id", "give this one another number"))
        elif one.id in here.filed:
            faults.append(Fault(
                f"application {one.id} was filed on the platform", read.file, line,
                "application_id", "complete it there, or give this one another number"))
        elif one.id in given_up:
            faults.append(Fault(
                f"application {one.id} was withdrawn by its firm", read.file, line,
                "application_id", "where the firm applies anew, give it another number"))
        elif policy is None:
            rows.append((line, one))
        else:
            made, counted, fault = _of_policy(
                one, policy, told.get(one.id, {}), here.counted.get(one.id, ()))
            fault = fault or _code_fault(policy, one.credit_code, codes)
            if fault is not None:
                faults.append(replace(fault, file=read.file, line=line))
                continue
            rows.append((line, made))
            links[one.id] = Link(Application.Source.LIST, policy.insured, None, policy.tenant,
                                 policy, counted=counted)
    return rows, links, faults


def _code_fault(policy: Contract, code: str, codes: dict[Any, str]) -> Fault | None:
    """A firm has one credit code: that of the platform, else the first it applied under. Notes the
    code of a row that is taken."""
    own = code_of(policy) or codes.setdefault(policy.insured_id, code)
    if own == code:
        return None
    return Fault("the policy's firm has another credit code here", field="credit_code",
                 mend="give the credit code of the policy's insured")


def _of_policy(
    one: Stated, policy: Contract, changes: Mapping[str, Changed], counted: Sequence[str]
) -> tuple[Stated, tuple[str, ...], Fault | None]:
    """The row with what the books say; of refunds what the register has not as changes of this
    application, so that a row which is handed in again counts none of them twice."""
    taken = changes_taken(changes, one.id)
    known = known_of(policy, taken=taken | reported_by_hand(policy, changes, one.id, counted))
    since = sum(changes[name].refund_fen for name in taken)
    if one.premium_fen != known.premium_fen:
        return one, (), Fault(
            f"the insurer's books have a premium of {known.premium_fen} fen, the row says "
            f"{one.premium_fen}", field="premium", mend="give the premium of the policy, with VAT")
    others = one.borne_by_others_fen
    return msgspec.structs.replace(
        one, policy=known.number, vat_fen=known.vat_fen, paid_on=known.paid_on,
        inception=policy.inception, expiry=policy.expiry,
        refunded_fen=max(one.refunded_fen - since, known.refunded_fen),
        borne_by_others_fen=known.borne_by_others_fen if others is None else others
    ), known.counted, None


def _earlier(path: Path, text: RuleText, register: Register, day: date, here: Here) -> ListRead:
    read = grants_of(_table(path), text)
    policies = policies_named(
        (row.values["policy_no"], row.values["credit_code"], row.values["name"])
        for row in read.rows)
    rows, faults, links = [], [], {}
    codes = dict(here.codes)
    for row in read.rows:
        number, code = row.values["application_id"], row.values["credit_code"]
        policy = policies.get((row.values["policy_no"].upper(), code))
        if _OF_THE_PLATFORM.match(number):
            faults.append(Fault(
                f"numbers like {number} are given by the platform", read.file, row.line,
                "application_id", "give this one another number"))
            continue
        if policy is None:
            links[number] = Link(Application.Source.EARLIER)
            rows.append(row)
            continue
        counted, fault = _refunds_in(policy, row.values.get("refunded", 0))
        fault = fault or _code_fault(policy, code, codes)
        if fault is not None:
            faults.append(replace(fault, file=read.file, line=row.line))
            continue
        links[number] = Link(Application.Source.EARLIER, policy.insured, None, policy.tenant,
                             policy, counted=counted)
        rows.append(replace(row, values={**row.values, "policy_no": register_number(policy)}))
    found = carry(text, register, replace(read, rows=tuple(rows)), day=day)
    return ListRead(found.rows, found.entries, (), (*faults, *found.rejected), found.notes,
                    {name: links[name] for name in found.applications})


def _refunds_in(policy: Contract, said_fen: int) -> tuple[tuple[str, ...], Fault | None]:
    """Which refunds an earlier grant was reckoned after: the first so many whose sum is what the
    row says. Those that are left follow as changes of the policy."""
    counted, sums = list[str](), [0]
    for number, fen in refunds_of(policy):
        if sums[-1] == said_fen:
            break
        counted.append(number)
        sums.append(sums[-1] + fen)
    if sums[-1] == said_fen:
        return tuple(counted), None
    return (), Fault(
        f"by the insurer's books {', '.join(map(str, sums))} fen had gone back in turn, the row "
        f"says {said_fen}", field="refunded",
        mend="give what had gone back when the grant was reckoned")


def _changes(path: Path, text: RuleText, register: Register, day: date, here: Here) -> ListRead:
    changes, read = read_changes(path)
    news, faults = _without_twins(changes, Standing(text.rule, register.entries), here, read.file)
    found = take_changes(text, register, news, day=day, file=read.file)
    return ListRead(read.total, found.entries, found.unchanged,
                    (*read.rejected, *faults, *found.rejected), read.notes)


def _without_twins(
    changes: Sequence[Change], standing: Standing, here: Here, file: str | None
) -> tuple[list[Change], list[Fault]]:
    """The changes without those that are there under another number, or stand above in the list."""
    news, faults = list[Change](), list[Fault]()
    before = by_application(standing.changes)
    for one in changes:
        case = (standing.cases.get(one.application) if one.application
                else standing.latest_of(one.policy))
        if case is None or one.kind == "returned" or one.number in standing.changes:
            news.append(one)
            continue
        name = case.application.id
        own, row = before.setdefault(name, {}), here.resting.get(name)
        twin = twin_of(one.number, one.day, one.amount_fen, application=name, changes=own,
                       policy=None if row is None else row.contract)
        if twin:
            faults.append(Fault(
                f"a refund of {one.amount_fen} fen on {one.day} is there already as {twin}", file,
                one.line, "change_no",
                "leave it out, or report it on its application's page as a different one"))
            continue
        news.append(one)
        own[one.number] = Changed(
            day=one.day, application=name, number=one.number, change=one.kind,
            refund_fen=one.amount_fen or 0, granted_fen=0, due_fen=0)
    return news, faults


def _objections(path: Path, text: RuleText, register: Register, day: date,
                here: Here) -> ListRead:
    objections, read = read_objections(path)
    cases = Standing(text.rule, register.entries).cases
    own = {one.line for one in objections if one.application in here.shown and one.status not in (
        "open", cases[one.application].objections.get(one.number))}
    found = take_objections(text, register, [one for one in objections if one.line not in own],
                            day=day, file=read.file)
    faults = [Fault("whoever published a grant does not decide an objection to it", read.file,
                    line, "status", here.whom_to_ask) for line in own]
    unchanged = tuple(
        one.number for one in objections if one.application in cases
        and cases[one.application].objections.get(one.number) == one.status)
    return ListRead(read.total, found.entries, unchanged,
                    (*read.rejected, *faults, *found.rejected), read.notes)


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
