"""Who may do what with incidents and claims. The lifecycle's own tables say it."""

from __future__ import annotations

from typing import Any

import rules

from dinghai.vocabulary.lifecycle import machines
from dinghai_platform.claims.models import Claim
from dinghai_platform.claims.models.contract import ContractRow
from dinghai_platform.core import roles
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Relation
from dinghai_platform.core.permissions import has_role, is_system
from dinghai_platform.small_firms.rules import LINK, by_the_link

PARTNERS = ("ir_lead", "loss_adjuster", "arbiter")

sees_claims = has_role(
    *roles.INSURER_STAFF, *roles.INSURED, "broker", *PARTNERS
) | is_system


@rules.predicate
def acts_for_insurer(actor: Any, row: Any) -> bool:
    """True when the row is of the actor's own tenant (or none is named)."""
    return row is None or (
        isinstance(actor, Actor) and actor.tenant is not None and row.tenant_id == actor.tenant.pk
    )


@rules.predicate
def acts_for_insured(actor: Any, row: Any) -> bool:
    """True when the row is about the actor's own organisation (or none is named)."""
    return row is None or (isinstance(actor, Actor) and row.insured_id == actor.organisation.pk)


@rules.predicate
def has_order(actor: Any, row: Any) -> bool:
    """True when the actor's firm has a response order, not declined, on the incident or on the
    incident of the claim (or no row is named)."""
    if row is None or not isinstance(actor, Actor):
        return row is None
    incident = row.incident if isinstance(row, Claim) else row
    return any(order.provider_id == actor.organisation.pk and order.declined_at is None
               for order in incident.orders.all())


@rules.predicate
def has_mandate(actor: Any, row: Any) -> bool:
    """True when the actor's firm is the claim's adjuster (or no row is named)."""
    if row is None or not isinstance(actor, Actor):
        return row is None
    claim = row if isinstance(row, Claim) else getattr(row, "claim", None)
    return claim is not None and claim.adjuster_id == actor.organisation.pk


@rules.predicate
def is_of_the_house(actor: Any, row: Any) -> bool:
    """True when the row's insurer is the actor's own or deals with it (or no row is named)."""
    if row is None or not isinstance(actor, Actor):
        return row is None
    home = actor.organisation.pk
    return row.tenant_id == home or Relation.objects.within(row.tenant_id).filter(
        organisation_id=home).exists()


@rules.predicate
def came_by_its_link(actor: Any, row: Any) -> bool:
    """True for whoever came by the link of the small firm that the row is about: it has no account,
    and reports, answers and agrees for its firm all the same."""
    if not isinstance(actor, Actor) or actor.role != LINK or row is None:
        return False
    contract = row.contract if isinstance(row, ContractRow) else row
    return bool(by_the_link(actor, contract))


is_handler = has_role("claims_handler") & acts_for_insurer
is_approver = has_role("claims_approver") & acts_for_insurer
is_payer = has_role("claims_payment") & acts_for_insurer
is_insured = (has_role(*roles.INSURED) & acts_for_insured) | came_by_its_link
is_responder = has_role("ir_lead") & has_order
is_adjuster = has_role("loss_adjuster") & has_mandate
is_arbiter = has_role("arbiter") & is_of_the_house

rules.add_perm("claims.view", sees_claims)
rules.add_perm("claims.report",
               has_role(*roles.INSURED, "broker", "claims_handler") | came_by_its_link)
rules.add_perm("claims.triage", is_handler | is_responder)
rules.add_perm("claims.record_report", is_insured | is_handler)
rules.add_perm("claims.dispatch", is_handler)
rules.add_perm("claims.answer_order", has_role("ir_lead"))
rules.add_perm("claims.advance_incident",
               is_responder | (has_role("insured_security") & acts_for_insured))
rules.add_perm("claims.note",
               is_handler | is_insured | is_responder | is_adjuster | is_arbiter)

rules.add_perm("claims.register", is_handler)
rules.add_perm("claims.set_reserve", is_handler | is_approver)
rules.add_perm("claims.add_evidence", is_handler | is_insured | is_responder | is_adjuster)
rules.add_perm("claims.edit_facts", is_handler | is_adjuster)
rules.add_perm("claims.state_facts", is_insured)
rules.add_perm("claims.permit_request", is_approver)
rules.add_perm("claims.appoint_adjuster", is_handler)
rules.add_perm("claims.adjudicate", is_handler)
rules.add_perm("claims.approve", is_approver)
# A small firm without link or account agrees on paper; who handles the claim records it.
rules.add_perm("claims.record_agreement", is_handler)
rules.add_perm("claims.order_interim", is_approver)
rules.add_perm("claims.pay", is_payer)
rules.add_perm("claims.recover", is_handler | is_payer)
rules.add_perm("claims.export", sees_claims)
rules.add_perm("claims.review", has_role(*roles.INSURER_STAFF) & acts_for_insurer)
rules.add_perm("claims.statistics", has_role(*roles.INSURER_STAFF, *roles.REGULATORS))

_OWN = {"insured_admin": is_insured, "insured_security": is_insured,
        "supplier": has_role("supplier") & acts_for_insured, "claims_handler": is_handler,
        "claims_approver": is_approver, "claims_payment": is_payer, "ir_lead": is_responder,
        "loss_adjuster": is_adjuster, "arbiter": is_arbiter}


def _roles_of(machine: str, event: str) -> tuple[str, ...]:
    moves = machines()[machine].transitions
    return tuple(dict.fromkeys(role for move in moves if move.event == event
                               for role in move.roles))


def _predicate(names: tuple[str, ...]) -> Any:
    found: Any = rules.always_false
    for role in names:
        # What the house does by itself a handler may ask it to do. A role that nobody has tied
        # to the row is a KeyError at once.
        found = found | (is_system | is_handler if role == "system" else _OWN[role])
    return found


# One permission for each event of the two machines: claims.step.register, claims.step.agree …
for _machine, _prefix in (("claim", "claims.step"), ("incident", "claims.incident")):
    for _event in dict.fromkeys(move.event for move in machines()[_machine].transitions):
        rules.add_perm(f"{_prefix}.{_event}", _predicate(_roles_of(_machine, _event)))
