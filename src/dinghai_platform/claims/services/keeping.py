"""What was tried on the workbench is kept in one go, and can be put back as it was."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from dinghai.foundation.canonical import document_hash
from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.claims.comparing import same_entry
from dinghai_platform.claims.models import Claim, LossItem
from dinghai_platform.claims.services.common import note_claim
from dinghai_platform.claims.services.facts import (
    Changes,
    assign_item,
    check_may_set,
    set_facts,
    set_item_facts,
)
from dinghai_platform.core import audit
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import AuditEntry
from dinghai_platform.core.tenancy import crossing_tenants

KEPT, PUT_BACK = "facts_kept", "facts_put_back"


@dataclass(frozen=True, slots=True)
class Trial:
    """Facts as they are tried: changes of the event, of items by number, and whose an item is.

    A change is an entry of a fact, or None for one that becomes unknown; ``parties`` gives member
    and supplier.
    """

    event: Changes = field(default_factory=dict)
    items: Mapping[int, Changes] = field(default_factory=dict)
    parties: Mapping[int, tuple[str, str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return (len(self.event) + sum(len(changes) for changes in self.items.values())
                + len(self.parties))


def facts_stamp(claim: Claim) -> str:
    """A hash of the facts as they stand: whoever worked on others must look again first."""
    return document_hash({
        "facts": claim.facts,
        "items": [[item.no, item.coverage, item.member, item.supplier, item.facts]
                  for item in claim.items.all()]})


@transaction.atomic
def keep_facts(
    claim: Claim, trial: Trial, *, actor: Actor, stamp: str = "", note: str = ""
) -> int:
    """Store a trial in one go, with what stood before and why; returns how many facts changed.

    ``stamp`` is `facts_stamp` of the facts the trial started from: Refusal where somebody has
    changed them since. Raises InputError for a bad fact or a loss item that is not there; then
    nothing is kept.
    """
    claim = audit.locked(claim)
    check_may_set(claim, _all_changes(trial), actor)
    if stamp and stamp != facts_stamp(claim):
        raise Refusal(_("somebody has changed the facts since you opened this page: look again"))
    items = _items(claim, trial)
    changes = [*_event_changes(claim, trial), *_item_changes(items, trial)]
    if not changes:
        return 0
    _store(claim, items, trial, actor)
    note_claim(claim, KEPT, actor, changes=changes, note=note.strip()[:300])
    return len(changes)


@transaction.atomic
def put_back_facts(claim: Claim, *, actor: Actor) -> int:
    """Undo the last trial that was kept and not put back yet; returns how many facts.

    Raises Refusal when there is none, or when one of its facts has been changed since.
    """
    claim = audit.locked(claim)
    check_may_set(claim, {}, actor)
    entry = last_kept(claim)
    if entry is None:
        raise Refusal(_("there is nothing to put back"))
    changes = json.loads(entry.payload)["changes"]
    if any(not _stands(claim, change) for change in changes):
        raise Refusal(_("one of these facts has been changed since: change it by hand"))
    trial = _inverse(changes)
    check_may_set(claim, _all_changes(trial), actor)
    _store(claim, _items(claim, trial), trial, actor)
    note_claim(claim, PUT_BACK, actor, of=str(entry.sequence), changes=[
        [item, name, after, before] for item, name, before, after in changes])
    return len(changes)


def last_kept(claim: Claim) -> AuditEntry | None:
    """The audit entry of the last kept trial that was not put back."""
    with crossing_tenants("what may be put back is the tenant's own record, whoever asks"):
        entries = list(AuditEntry.objects.within(claim.tenant_id).filter(
            subject_type="claims.claim", subject_id=str(claim.pk),
            action__in=(f"claims.{KEPT}", f"claims.{PUT_BACK}")).order_by("sequence"))
    undone = {json.loads(one.payload)["of"] for one in entries
              if one.action.endswith(PUT_BACK)}
    kept = [one for one in entries
            if one.action.endswith(KEPT) and str(one.sequence) not in undone]
    return kept[-1] if kept else None


PARTY = "party"
"""Stands in place of a fact's id where a change is about member and supplier."""


def _items(claim: Claim, trial: Trial) -> dict[int, LossItem]:
    there = {item.no: item for item in claim.items.all()}
    for no in {*trial.items, *trial.parties}:
        if no not in there:
            raise InputError(_("there is no such loss item"), field=f"items.{no}",
                             mend=", ".join(str(one) for one in there))
    return there


def _event_changes(claim: Claim, trial: Trial) -> list[list[Any]]:
    return [[None, name, claim.facts.get(name), entry] for name, entry in trial.event.items()
            if not same_entry(claim.facts.get(name), entry)]


def _item_changes(items: Mapping[int, LossItem], trial: Trial) -> list[list[Any]]:
    found: list[list[Any]] = [
        [no, name, items[no].facts.get(name), entry]
        for no, changes in trial.items.items() for name, entry in changes.items()
        if not same_entry(items[no].facts.get(name), entry)]
    for no, party in trial.parties.items():
        before = [items[no].member, items[no].supplier]
        if before != list(party):
            found.append([no, PARTY, before, list(party)])
    return found


def _store(
    claim: Claim, items: Mapping[int, LossItem], trial: Trial, actor: Actor
) -> None:
    if trial.event:
        set_facts(claim, trial.event, actor=actor)
    for no, changes in trial.items.items():
        if changes:
            set_item_facts(items[no], changes, actor=actor)
    for no, (member, supplier) in trial.parties.items():
        assign_item(items[no], member=member, supplier=supplier, actor=actor)


def _all_changes(trial: Trial) -> dict[str, Any]:
    """Every fact the trial touches, for the question who may set them."""
    return {name: entry for changes in (trial.event, *trial.items.values())
            for name, entry in changes.items()}


def _stands(claim: Claim, change: list[Any]) -> bool:
    """Whether a fact still is what the trial made it."""
    no, name, _before, after = change
    if no is None:
        return same_entry(claim.facts.get(name), after)
    item = next((one for one in claim.items.all() if one.no == no), None)
    if item is None:
        return False
    if name == PARTY:
        return [item.member, item.supplier] == after
    return same_entry(item.facts.get(name), after)


def _inverse(changes: list[list[Any]]) -> Trial:
    event: dict[str, Any] = {}
    items: dict[int, dict[str, Any]] = {}
    parties: dict[int, tuple[str, str]] = {}
    for no, name, before, _after in changes:
        if no is None:
            event[name] = before
        elif name == PARTY:
            parties[no] = (before[0], before[1])
        else:
            items.setdefault(no, {})[name] = before
    return Trial(event, items, parties)
