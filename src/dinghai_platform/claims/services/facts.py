"""Facts of a claim, typed by the registry, each with the evidence it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from dinghai.foundation.errors import Fault, InputError, Refusal
from dinghai.vocabulary.coverages import coverages
from dinghai.vocabulary.facts import Scope, fact, parse_facts
from dinghai_platform.claims.models import Claim, LossItem
from dinghai_platform.claims.services.common import note_claim
from dinghai_platform.core import audit
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import allowed

Changes = Mapping[str, Any]
"""Fact id to ``{"value": …, "evidence": […]}``, ``{"absent": true}``, or None to forget it."""


def set_fact(claim: Claim, fact_id: str, entry: Any, *, actor: Actor) -> Claim:
    """Establish one fact of the event. See `set_facts`."""
    return set_facts(claim, {fact_id: entry}, actor=actor)


@transaction.atomic
def set_facts(claim: Claim, changes: Changes, *, actor: Actor) -> Claim:
    """Establish (or forget, with None) facts of the event.

    The handler and the adjuster may set any, the insured only those it must prove itself and only
    while the claim is being put together. Raises InputError naming each bad fact, Refusal once
    the decision is issued.
    """
    claim = audit.locked(claim)
    check_may_set(claim, changes, actor)
    claim.facts = _merged(claim.facts, changes, "event", claim)
    claim.save(update_fields=("facts",))
    note_claim(claim, "facts_set", actor, facts=_plain(changes))
    return claim


def set_item_fact(item: LossItem, fact_id: str, entry: Any, *, actor: Actor) -> LossItem:
    """Establish one fact of a loss item. See `set_facts`."""
    return set_item_facts(item, {fact_id: entry}, actor=actor)


@transaction.atomic
def set_item_facts(item: LossItem, changes: Changes, *, actor: Actor) -> LossItem:
    """Establish (or forget, with None) facts of one loss item; rights as in `set_facts`."""
    claim = audit.locked(item.claim)
    check_may_set(claim, changes, actor)
    item = audit.locked(item)
    item.facts = _merged(item.facts, changes, "item", claim)
    item.save(update_fields=("facts",))
    note_claim(claim, "item_facts_set", actor, item=item.no, facts=_plain(changes))
    return item


@transaction.atomic
def add_item(
    claim: Claim, coverage: str, *, description: str, actor: Actor, facts: Changes | None = None,
    member: str = "", supplier: str = "",
) -> LossItem:
    """One more loss item, under a coverage of the vocabulary.

    ``member`` is whose of a programme's insureds the loss is, ``supplier`` whose stop caused it.
    Raises InputError, Refusal.
    """
    claim = audit.locked(claim)
    if coverage not in coverages():
        raise InputError(_("there is no such coverage"), field="coverage",
                         mend=_("use a code such as FP-BI"))
    check_may_set(claim, facts or {}, actor)
    whose = checked_party(claim, member, supplier)
    item = LossItem.objects.create(
        tenant=claim.tenant, insured_id=claim.insured_id, claim=claim,
        no=claim.items.count() + 1, coverage=coverage, description=description.strip()[:300],
        facts=_merged({}, facts or {}, "item", claim), **whose)
    note_claim(claim, "item_added", actor, item=item.no, coverage=coverage,
               facts=_plain(facts or {}), **{name: said for name, said in whose.items() if said})
    return item


@transaction.atomic
def assign_item(item: LossItem, *, member: str, supplier: str, actor: Actor) -> LossItem:
    """Say whose loss an item is in a programme, and which supplier caused it."""
    claim = audit.locked(item.claim)
    check_may_set(claim, {}, actor)
    item = audit.locked(item)
    whose = checked_party(claim, member, supplier)
    item.member, item.supplier = whose["member"], whose["supplier"]
    item.save(update_fields=("member", "supplier"))
    note_claim(claim, "item_assigned", actor, item=item.no, **whose)
    return item


def checked_party(claim: Claim, member: str, supplier: str) -> dict[str, str]:
    """Member and supplier as an item keeps them. Raises InputError for an unknown member."""
    known = [one["id"] for one in claim.terms["schedule"].get("members", ())]
    named = member.strip()
    if named and named not in known:
        raise InputError(_("the policy has no such member"), field="member",
                         mend=", ".join(known) or _("leave it empty"))
    return {"member": named, "supplier": supplier.strip()[:200]}


def check_may_set(claim: Claim, changes: Changes, actor: Actor) -> None:
    """Raise PermissionDenied or Refusal unless the actor may set these facts now."""
    if claim.state not in Claim.FACTS_OPEN:
        raise Refusal(_("the facts are fixed: a decision rests on them"))
    if allowed(actor, "claims.edit_facts", claim):
        return
    if not allowed(actor, "claims.state_facts", claim):
        raise PermissionDenied("claims.edit_facts")
    if claim.state not in {"notified", "registered", "evidence_pending"}:
        raise Refusal(_("the survey has begun: hand in evidence and ask the handler"))
    foreign = [name for name in changes if fact(name).prover != "insured"]
    if foreign:
        raise PermissionDenied(f"claims.edit_facts: {foreign[0]}")


def _merged(known: Mapping[str, Any], changes: Changes, scope: Scope, claim: Claim
            ) -> dict[str, Any]:
    forgotten = {name for name, entry in changes.items() if entry is None}
    given = {name: entry for name, entry in changes.items() if entry is not None}
    parsed = parse_facts(given, scope=scope, where="facts")
    there = set(claim.incident.evidence.values_list("reference", flat=True))
    faults = [Fault(_("there is no evidence %(reference)s") % {"reference": one},
                    field=name, mend=_("hand it in first"))
              for name, entry in parsed.items() for one in entry.evidence if one not in there]
    if faults:
        raise InputError.of(faults)
    kept = {name: entry for name, entry in known.items() if name not in forgotten}
    return kept | {name: entry.to_dict() for name, entry in parsed.items()}


def _plain(changes: Changes) -> list[list[Any]]:
    return [[name, entry] for name, entry in changes.items()]


def evidence_of(facts: Mapping[str, Any]) -> Sequence[str]:
    """References of the evidence that some facts rest on, in order."""
    return sorted({one for entry in facts.values() for one in entry.get("evidence", ())})
