"""The register of a subsidy (schema dinghai.subsidy-register/1): an append-only list of entries.

Each entry carries the hash of all before it and of itself, so that a changed entry shows; that the
end was cut off shows only against a head noted elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from dinghai.foundation.canonical import JSON, canonical_bytes
from dinghai.foundation.chain import GENESIS, link_hash
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import Fen
from dinghai.foundation.reading import located, plain, read_document, typed
from dinghai.schemes.subsidy_applications import Application
from dinghai.schemes.subsidy_rule import RuleText, Terms
from dinghai.wording.words import Amount, Struct

REGISTER_SCHEMA: Final = "dinghai.subsidy-register/1"
Outcome = Literal["granted", "waiting_evidence", "waiting_budget", "waiting_close", "refused"]
ChangeKind = Literal["cancelled", "refunded", "returned"]
ObjectionStatus = Literal["open", "upheld", "dismissed"]
Hash = str


class Reason(Struct, frozen=True):
    """Why: a code, the part of the rule that says so and its line, what was found and wanted."""

    code: str
    part: str
    truth: Literal["false", "unknown"]
    line: int | None = None
    found: str = ""
    wanted: str = ""


class Decided(Struct, frozen=True, tag_field="kind", tag="decided"):
    """What became of an application on a day. ``entitled_fen`` is what the rule gives on the basis
    before the budget; ``granted_fen`` what it gets."""

    day: date
    application: Application
    outcome: Outcome
    basis_fen: Amount
    entitled_fen: Amount
    granted_fen: Amount
    rule_version: str
    rule_hash: Hash
    terms: Terms
    reasons: tuple[Reason, ...] = ()
    hash: Hash = ""


class Closed(Struct, frozen=True, tag_field="kind", tag="closed"):
    """The end of a proportional rule: so much budget over so much entitlement."""

    day: date
    available_fen: Amount
    entitled_fen: Amount
    hash: Hash = ""


class Published(Struct, frozen=True, tag_field="kind", tag="published"):
    """A public list (公示): whose grants it shows, and the last day for objections."""

    day: date
    applications: tuple[str, ...]
    objections_until: date
    hash: Hash = ""


class Objected(Struct, frozen=True, tag_field="kind", tag="objected"):
    """What an objection has come to. An upheld one takes the grant away; ``due_fen`` goes back."""

    day: date
    application: str
    number: str
    status: ObjectionStatus
    text: str = ""
    granted_fen: Amount = 0
    due_fen: Amount = 0
    hash: Hash = ""


class Paid(Struct, frozen=True, tag_field="kind", tag="paid"):
    """Money paid out to a firm."""

    day: date
    application: str
    fen: Amount
    hash: Hash = ""


class Changed(Struct, frozen=True, tag_field="kind", tag="changed"):
    """A policy ended, premium went back, or a firm returned subsidy.

    ``refund_fen`` is what went back in all and ``to_others_fen`` the others' part of it;
    ``granted_fen`` is the grant afterwards and ``due_fen`` what is then to go back in all;
    ``returned_fen`` money that came back.
    """

    day: date
    application: str
    number: str
    change: ChangeKind
    granted_fen: Amount
    due_fen: Amount
    refund_fen: Amount = 0
    to_others_fen: Amount = 0
    returned_fen: Amount = 0
    hash: Hash = ""


class Withdrawn(Struct, frozen=True, tag_field="kind", tag="withdrawn"):
    """The firm took its application back before anything was paid; ``text`` is what it said."""

    day: date
    application: str
    text: str = ""
    granted_fen: Amount = 0
    hash: Hash = ""


Entry = Decided | Closed | Published | Objected | Paid | Changed | Withdrawn


class RegisterDocument(Struct, frozen=True):
    """The register as a document. ``head`` is the hash of the last entry."""

    schema: Literal["dinghai.subsidy-register/1"]
    rule: str
    entries: tuple[Entry, ...]
    head: Hash


@dataclass(frozen=True, slots=True)
class Register:
    """A rule's entries in their order, each with its hash."""

    rule: str
    entries: tuple[Entry, ...] = field(default=())

    @property
    def head(self) -> Hash:
        """Hash of the last entry, of none the hash chain's beginning."""
        return self.entries[-1].hash if self.entries else GENESIS

    def with_entries(self, added: Iterable[Entry]) -> Register:
        """The register with more entries at its end."""
        entries, head = list(self.entries), self.head
        for one in added:
            made = _hashed(one, head)
            entries.append(made)
            head = made.hash
        return Register(self.rule, tuple(entries))

    def to_dict(self) -> dict[str, JSON]:
        """The document."""
        return plain(RegisterDocument(
            schema=REGISTER_SCHEMA, rule=self.rule, entries=self.entries, head=self.head))


def read_register(path: Path, rule: RuleText) -> Register:
    """The register of a file, which must be this rule's. Raises InputError, also where an entry is
    not what it was when it was written."""
    raw = read_document(path)
    with located(path):
        return register_from(raw, rule, file=str(path))


def register_from(raw: JSON, rule: RuleText, *, file: str | None = None) -> Register:
    """The same of plain data. Raises InputError."""
    found = typed(raw, RegisterDocument, file=file)
    if found.rule != rule.rule.id:
        raise InputError(f"this is the register of the rule {found.rule}, not of {rule.rule.id}",
                         file=file, field="rule", mend="name the rule's own register")
    head = GENESIS
    for place, one in enumerate(found.entries):
        if _hashed(one, head).hash != one.hash:
            raise InputError("the entry is not what was written here", file=file,
                             field=f"entries[{place}].hash",
                             mend="restore the register: entries are added, never changed")
        head = one.hash
    if found.head != head:
        raise InputError("the last entry is not what the head says", file=file, field="head",
                         mend="restore the register: an entry is missing at its end")
    _check_names(found.entries, file)
    _check_rule(found.entries, rule, file)
    return Register(found.rule, found.entries)


def _check_names(entries: Sequence[Entry], file: str | None) -> None:
    """Nothing is published, paid or changed that was not decided before."""
    decided: set[str] = set()
    for place, one in enumerate(entries):
        if isinstance(one, Decided):
            decided.add(one.application.id)
            continue
        names = (one.applications if isinstance(one, Published)
                 else () if isinstance(one, Closed) else (one.application,))
        strange = next((name for name in names if name not in decided), None)
        if strange is not None:
            raise InputError(f"application {strange} was not decided before", file=file,
                             field=f"entries[{place}]", mend="restore the register")


def _check_rule(entries: Sequence[Entry], rule: RuleText, file: str | None) -> None:
    """A rule that says something else under the same version would leave no trace."""
    for place, one in enumerate(entries):
        if isinstance(one, Decided) and one.rule_version == rule.rule.version and (
                one.rule_hash != rule.hash):
            raise InputError(
                f"version {rule.rule.version} of the rule said something else when it decided",
                file=file, field=f"entries[{place}].rule_hash",
                mend="give the changed rule a version of its own")


def _hashed(one: Entry, before: Hash) -> Entry:
    content: dict[str, Any] = plain(one)
    content.pop("hash", None)
    return msgspec.structs.replace(one, hash=link_hash(before, canonical_bytes(content)))


def due_of(paid_fen: Fen, returned_fen: Fen, granted_fen: Fen) -> Fen:
    """What is to go back: paid out, less what came back, less what the rule still gives."""
    return max(paid_fen - returned_fen - granted_fen, 0)
