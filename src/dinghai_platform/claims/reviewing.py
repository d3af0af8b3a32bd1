"""What the approver must see: how the run put forward differs from the engine's run now and from
the runs before it, who changed which fact in between, and that the duties are apart."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from dinghai.vocabulary.roles import duty_rules
from dinghai_platform.claims.comparing import compare
from dinghai_platform.claims.comparison_view import (
    ComparisonView,
    FactChangeView,
    comparison_view,
    fact_change_view,
)
from dinghai_platform.claims.decision_view import DecisionView, decision_view
from dinghai_platform.claims.models import Claim, DecisionRecord
from dinghai_platform.claims.reading import decision_document, try_decision
from dinghai_platform.claims.steps import duty_conflict, holders_of
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import AuditEntry, User
from dinghai_platform.core.tenancy import crossing_tenants
from dinghai_platform.site.formats import is_chinese
from dinghai_platform.site.words import role_name

FACT_ACTIONS = ("claims.facts_set", "claims.item_facts_set", "claims.item_added",
                "claims.facts_kept")
Who = dict[tuple[int | None, str], AuditEntry]


@dataclass(frozen=True, slots=True)
class RunView:
    """One run beside the one before it; the first has nothing to be compared with."""

    record: DecisionRecord
    before: DecisionRecord | None
    moves: ComparisonView | None
    facts: tuple[FactChangeView, ...]


@dataclass(frozen=True, slots=True)
class DutyView:
    """Who has acted in one of the separated roles."""

    role: str
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """Everything on the approver's page."""

    record: DecisionRecord | None
    view: DecisionView | None
    same_now: bool
    problem: str
    now: ComparisonView | None
    """What differs between the run put forward and the engine's run on the file as it stands."""
    now_facts: tuple[FactChangeView, ...]
    runs: tuple[RunView, ...]
    duties: tuple[DutyView, ...]
    rules: tuple[str, ...]
    conflict: str


def read_review(claim: Claim, actor: Actor) -> Review:
    """The comparison of a claim's runs for whoever approves."""
    records = list(claim.decisions.order_by("sequence"))
    put_forward = next((one for one in reversed(records)
                        if one.state != DecisionRecord.State.REPLACED), None)
    entries = _entries(claim)
    runs = _runs(records, entries)
    view, same, problem, now, facts = None, False, "", None, ()
    if put_forward is not None:
        stored = decision_document(put_forward)
        evidence = {one.reference: one for one in claim.incident.evidence.all()}
        view = decision_view(stored, evidence)
        fresh, problem = try_decision(claim)
        if fresh is not None:
            same = fresh["hash"] == stored["hash"]
            now = comparison_view(compare(stored, fresh), fresh)
            facts = _with_authors(compare(stored, fresh).facts, _since(
                entries, _sequence_of(entries, put_forward), None))
    return Review(
        record=put_forward, view=view, same_now=same, problem=problem, now=now, now_facts=facts,
        runs=tuple(reversed(runs)), duties=_duties(claim), rules=_rules(),
        conflict=duty_conflict(claim, actor))


def _runs(records: Sequence[DecisionRecord], entries: Sequence[AuditEntry]) -> list[RunView]:
    found = []
    for before, record in zip([None, *records], records, strict=False):
        if before is None:
            found.append(RunView(record, None, None, ()))
            continue
        earlier, later = decision_document(before), decision_document(record)
        difference = compare(earlier, later)
        between = _since(entries, _sequence_of(entries, before), _sequence_of(entries, record))
        found.append(RunView(record, before, comparison_view(difference, later),
                             _with_authors(difference.facts, between)))
    return found


def _entries(claim: Claim) -> list[AuditEntry]:
    with crossing_tenants("the audit chain says who changed a fact, whoever asks"):
        return list(AuditEntry.objects.within(claim.tenant_id).filter(
            subject_type="claims.claim", subject_id=str(claim.pk),
            action__in=(*FACT_ACTIONS, "claims.adjudicated")).select_related("user")
            .order_by("sequence"))


def _sequence_of(entries: Sequence[AuditEntry], record: DecisionRecord) -> int:
    """Where in the chain a run was made."""
    for entry in entries:
        if entry.action == "claims.adjudicated" and (
                json.loads(entry.payload)["decision"] == record.sequence):
            return entry.sequence
    return 0


def _since(entries: Sequence[AuditEntry], first: int, last: int | None) -> Who:
    """Who touched which fact last, between two places in the chain."""
    found: Who = {}
    for entry in entries:
        if entry.sequence <= first or (last is not None and entry.sequence > last):
            continue
        payload = json.loads(entry.payload)
        for place in _places(entry.action, payload):
            found[place] = entry
    return found


def _places(action: str, payload: Mapping[str, Any]) -> list[tuple[int | None, str]]:
    if action == "claims.facts_kept":
        return [(change[0], change[1]) for change in payload["changes"]]
    return [(payload.get("item"), change[0]) for change in payload.get("facts", ())]


def _with_authors(changes: Sequence[Any], who: Who) -> tuple[FactChangeView, ...]:
    found = []
    for change in changes:
        view = fact_change_view(change)
        entry = who.get((change.item, change.fact))
        if entry is not None:
            view = replace(
                view, who=f"{_name(entry.user)} · {role_name(entry.role)}", when=entry.at,
                why=json.loads(entry.payload).get("note", ""))
        found.append(view)
    return tuple(found)


def _name(user: User | None) -> str:
    return str(user) if user is not None else _("the house")


def _duties(claim: Claim) -> tuple[DutyView, ...]:
    holders = holders_of(claim)
    keys = {key for people in holders.values() for key in people}
    names = {str(user.pk): str(user) for user in User.objects.filter(pk__in=keys)}
    return tuple(DutyView(role_name(role), tuple(sorted(names.get(key, key) for key in people)))
                 for role, people in holders.items())


def _rules() -> tuple[str, ...]:
    return tuple(rule.text_zh if is_chinese() else rule.text_en
                 for rule in duty_rules().values()
                 if rule.kind == "distinct_persons" and rule.scope in {"claim", "policy"})
