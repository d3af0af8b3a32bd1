"""The register of a subsidy in rows: read whole, added to in one transaction, projected.

Whoever adds holds the row of the subsidy, so that two never spend the same budget: the second reads
what the first wrote. Everything that follows from entries (applications, what is left, postings) is
written with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from django.db import transaction

from dinghai.foundation.canonical import JSON
from dinghai.foundation.chain import GENESIS
from dinghai.foundation.errors import Refusal
from dinghai.foundation.reading import plain
from dinghai.schemes.subsidy_register import (
    REGISTER_SCHEMA,
    Closed,
    Published,
    Register,
    register_from,
)
from dinghai.schemes.subsidy_register import Entry as RegisterEntry
from dinghai.schemes.subsidy_rule import RuleText
from dinghai.schemes.subsidy_standing import Case, Standing
from dinghai_platform.core import audit
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation, User
from dinghai_platform.core.tenancy import locked, scope_of
from dinghai_platform.ledger.models import JournalEntry
from dinghai_platform.subsidies.contracts import Contract, columns_of
from dinghai_platform.subsidies.models import Application, Entry, RuleVersion, Subsidy
from dinghai_platform.subsidies.posting import post_movements
from dinghai_platform.subsidies.rule_files import kept_rule

_PART: Final = 500


@dataclass(frozen=True, slots=True)
class Link:
    """What the platform knows of an application besides what was stated; of one that is there
    already only ``counted`` is news."""

    source: str = Application.Source.LIST
    organisation: Organisation | None = None
    broker: Organisation | None = None
    insurer: Organisation | None = None
    policy: Contract | None = None
    filed_by: User | None = None
    counted: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What was added: the entries with their hashes, the applications they touched, the posting."""

    entries: tuple[RegisterEntry, ...]
    applications: tuple[Application, ...]
    posted: JournalEntry | None = None

    @property
    def decided(self) -> Application:
        """The one application of a verb on one."""
        return self.applications[0]


NOTHING: Final = Written((), ())


class Book:
    """A subsidy in hand with its rule and register."""

    def __init__(self, subsidy: Subsidy) -> None:
        self.subsidy = subsidy
        self.text = rule_of(subsidy)
        self.register = register_of(subsidy)

    def standing(self) -> Standing:
        """How it stands now."""
        return Standing(self.text.rule, self.register.entries)

    def add(self, entries: Sequence[RegisterEntry], *, actor: Actor, narrative: str = "",
            links: Mapping[str, Link] | None = None) -> Written:
        """Add entries, and write what follows from them: applications, budget, postings.

        Raises Refusal where the budget would be passed; nothing is then written.
        """
        if not entries:
            return NOTHING
        before = self.standing()
        grown = self.register.with_entries(entries)
        added = grown.entries[len(self.register.entries):]
        after = Standing(self.text.rule, grown.entries)
        if after.budget_left_fen() < 0:
            raise Refusal("the budget does not reach", reasons=["look at what it has left"])
        self._keep(added)
        self.register = grown
        self._stand(after)
        rows = _project(self.subsidy, after, _touched(added), links or {})
        posted = post_movements(self.subsidy, added, before, after, narrative=narrative,
                                actor=actor)
        return Written(added, rows, posted)

    def _keep(self, added: Sequence[RegisterEntry]) -> None:
        own = self.subsidy
        Entry.objects.bulk_create([
            Entry(tenant=own.tenant, authority_id=own.authority_id, subsidy=own, sequence=sequence,
                  kind=document["kind"], day=one.day, document=document, hash=one.hash,
                  application=_application_of(one))
            for sequence, one in enumerate(added, start=own.length + 1)
            for document in (plain(one),)], batch_size=_PART)

    def _stand(self, after: Standing) -> None:
        own = self.subsidy
        own.length, own.head = len(self.register.entries), self.register.head
        own.left_fen, own.closed_on = after.budget_left_fen(), after.closed_on
        own.save(update_fields=("length", "head", "left_fen", "closed_on"))


@contextmanager
def held_book(subsidy: Subsidy, actor: Actor) -> Iterator[Book]:
    """The subsidy's book in one transaction, everybody else who would write in line behind."""
    with transaction.atomic(), scope_of(actor, tenant=subsidy.tenant):
        audit.hold_chain(subsidy.tenant)
        yield Book(locked(subsidy))


@contextmanager
def read_book(subsidy: Subsidy, actor: Actor) -> Iterator[Book]:
    """The same for looking: nobody waits, and nothing may be added. What others add meanwhile is
    not in it: entries are read up to the length of the row that was read first."""
    with scope_of(actor, tenant=subsidy.tenant):
        row: Subsidy = Subsidy.objects.within(subsidy.tenant_id).select_related(
            "tenant", "authority").get(pk=subsidy.pk)
        yield Book(row)


def rule_of(subsidy: Subsidy) -> RuleText:
    """The rule in force."""
    row = RuleVersion.objects.within(subsidy.tenant_id).get(
        subsidy=subsidy, version=subsidy.version)
    return kept_rule(row)


def register_of(subsidy: Subsidy) -> Register:
    """The register of a subsidy in hand. Raises Refusal where entries are missing at its end; that
    each is what was written `verified` proves."""
    found = tuple(msgspec.convert(_documents(subsidy), list[RegisterEntry]))
    head = found[-1].hash if found else GENESIS
    if len(found) != subsidy.length or head != subsidy.head:
        raise Refusal("the register is not whole", reasons=["restore it from a backup"])
    return Register(subsidy.code, found)


def register_document(subsidy: Subsidy) -> dict[str, JSON]:
    """The register as `dinghai subsidy` reads it."""
    return {"schema": REGISTER_SCHEMA, "rule": subsidy.code, "entries": _documents(subsidy),
            "head": subsidy.head}


def verified(subsidy: Subsidy) -> Register:
    """The register, each entry proved against its hash. Raises InputError naming the first that is
    not what was written."""
    return register_from(register_document(subsidy), rule_of(subsidy))


def _documents(subsidy: Subsidy) -> list[JSON]:
    return list(Entry.objects.within(subsidy.tenant_id).filter(
        subsidy=subsidy, sequence__lte=subsidy.length).order_by("sequence").values_list(
        "document", flat=True))


def _application_of(entry: RegisterEntry) -> str:
    if isinstance(entry, (Closed, Published)):
        return ""
    named = entry.application
    return named if isinstance(named, str) else named.id


def _touched(entries: Iterable[RegisterEntry]) -> list[str]:
    names: dict[str, None] = {}
    for one in entries:
        names.update(dict.fromkeys(one.applications if isinstance(one, Published)
                                   else (_application_of(one),)))
    names.pop("", None)
    return list(names)


def _project(subsidy: Subsidy, after: Standing, names: Sequence[str],
             links: Mapping[str, Link]) -> tuple[Application, ...]:
    """The rows of the applications that entries touched, as the register leaves them."""
    there: dict[str, Application] = {}
    for start in range(0, len(names), _PART):
        there.update((row.number, row) for row in Application.objects.within(
            subsidy.tenant_id).filter(subsidy=subsidy, number__in=names[start:start + _PART]))
    made, changed = [], []
    for name in names:
        row = there.get(name)
        if row is None:
            row = _new(subsidy, name, links.get(name, Link()))
            made.append(row)
        else:
            changed.append(row)
            counted = links.get(name, Link()).counted
            row.counted = row.counted if counted is None else list(counted)
        _stand_in(row, after.cases[name])
        there[name] = row
    Application.objects.bulk_create(made, batch_size=_PART)
    if changed:
        Application.objects.within(subsidy.tenant_id).bulk_update(
            changed, _STANDING, batch_size=100)
    return tuple(there[name] for name in names)


def _new(subsidy: Subsidy, name: str, link: Link) -> Application:
    return Application(
        tenant=subsidy.tenant, authority_id=subsidy.authority_id, subsidy=subsidy, number=name,
        source=link.source, organisation=link.organisation, broker=link.broker,
        insurer=link.insurer, filed_by=link.filed_by, **columns_of(link.policy),
        counted=None if link.counted is None else list(link.counted))


_STANDING: Final = (
    "state", "name", "credit_code", "sector", "area", "size", "policy_no", "stated", "counted",
    "reasons", "applied_at", "decided_on", "premium_fen", "basis_fen", "entitled_fen",
    "granted_fen", "decided_fen", "paid_fen", "returned_fen", "due_fen", "refund_fen",
    "cancelled", "published_until")


def _state(case: Case) -> str:
    if case.given_up:
        return Application.State.GIVEN_UP
    return Application.State.WITHDRAWN if case.withdrawn else case.outcome


def _stand_in(row: Application, case: Case) -> None:
    one = case.application
    values: dict[str, Any] = {
        "state": _state(case),
        "name": one.name, "credit_code": one.credit_code, "sector": one.sector, "area": one.area,
        "size": one.size or "", "policy_no": one.policy.partition("@")[0], "stated": plain(one),
        "reasons": [plain(each) for each in case.reasons], "applied_at": one.applied_at,
        "decided_on": case.decided_on, "premium_fen": one.premium_fen,
        "basis_fen": case.basis_fen, "entitled_fen": case.entitled_fen,
        "granted_fen": case.granted_fen, "decided_fen": case.decided_fen,
        "paid_fen": case.paid_fen, "returned_fen": case.returned_fen, "due_fen": case.due_fen,
        "refund_fen": case.refund_fen, "cancelled": case.cancelled,
        "published_until": case.published_until}
    for name, value in values.items():
        setattr(row, name, value)
