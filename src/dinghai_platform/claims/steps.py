"""The next step: whether an actor may take it, and in words why not.

Services ask the same questions as pages, so that a button that shows is a step that works.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dinghai.foundation.errors import Refusal
from dinghai.vocabulary.lifecycle import Transition, machines
from dinghai.vocabulary.roles import duty_rules
from dinghai_platform.claims.contracts import underwriting_of
from dinghai_platform.claims.models import (
    Claim,
    DecisionRecord,
    Incident,
    InterimOrder,
    Payment,
)
from dinghai_platform.claims.rules import came_by_its_link
from dinghai_platform.core import clock, roles
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import AuditEntry
from dinghai_platform.core.permissions import allowed
from dinghai_platform.core.tenancy import crossing_tenants
from dinghai_platform.site.formats import is_chinese, moment_text
from dinghai_platform.site.words import role_name

SEPARATED = {"claims_handler", "claims_approver", "claims_payment"}


def move_of(row: Claim | Incident, event: str) -> Transition:
    """The lifecycle's move for an event. Raises Refusal when the state does not allow it."""
    machine = machines()["claim" if isinstance(row, Claim) else "incident"]
    if event not in machine.events(row.state):
        raise Refusal(
            _("this is not possible now: the state is “%(state)s”")
            % {"state": state_name(row)},
            reasons=[state_name(row)],
        )
    return machine.step(row.state, event)


def state_name(row: Claim | Incident) -> str:
    """The state in the language of the page, by the lifecycle's own names."""
    machine = machines()["claim" if isinstance(row, Claim) else "incident"]
    for state in machine.states:
        if state.id == row.state:
            return state.name_zh if is_chinese() else state.name_en
    return row.state


def check_step(row: Claim | Incident, event: str, actor: Actor) -> Transition:
    """The move an event makes, if the actor may make it.

    Raises Refusal for a wrong state or duties that must stay apart, PermissionDenied for a role.
    """
    move = move_of(row, event)
    if not may_step(row, event, actor):
        raise PermissionDenied(f"claims.{event}")
    if isinstance(row, Claim) and (conflict := duty_conflict(row, actor)):
        raise Refusal(conflict)
    return move


def may_step(row: Claim | Incident, event: str, actor: Actor) -> bool:
    """Whether the actor's role may make the move from the present state."""
    prefix = "claims.step" if isinstance(row, Claim) else "claims.incident"
    if not allowed(actor, f"{prefix}.{event}", row):
        return False
    wanted = move_of(row, event).roles
    if came_by_its_link(actor, row):
        return not set(wanted).isdisjoint(roles.INSURED)
    return actor.role in wanted or "system" in wanted


def why_not(row: Claim | Incident, event: str, actor: Actor) -> str:
    """Why the actor may not take a step that the state allows; empty when they may."""
    if not may_step(row, event, actor):
        names = [role for role in move_of(row, event).roles if role != "system"]
        return for_roles(*(names or ["claims_handler"]))
    if not isinstance(row, Claim):
        return ""
    return duty_conflict(row, actor) or _not_yet(row, event)


def for_roles(*names: str) -> str:
    """“for: loss adjuster, responder” in the language of the page."""
    listed = ("、" if is_chinese() else ", ").join(role_name(name) for name in names)
    return _("for: %(roles)s") % {"roles": listed}


def _not_yet(claim: Claim, event: str) -> str:
    """What a step still waits for, where the state alone does not say it."""
    if event == "go_on":
        waiting = next((one for one in claim.requests.all() if one.is_open), None)
        if waiting is not None and clock.now() < waiting.due:
            return _("the insured may still answer, until %(moment)s") % {
                "moment": moment_text(waiting.due)}
    if event == "interim" and not any(one.is_open for one in claim.interim_orders.all()):
        return _("the approver has not ordered it")
    return ""


def duty_conflict(claim: Claim, actor: Actor) -> str:
    """Why the actor's person may not act in this role on this claim; empty when they may.

    Handler, approver and payer are three people; who underwrote the policy approves none of its
    claims (`roles.json`, separation of duties).
    """
    if actor.user is None or actor.role not in SEPARATED:
        return ""
    holders = {role: set(users) for role, users in holders_of(claim).items()}
    holders.setdefault(actor.role, set()).add(str(actor.user.pk))
    for rule in duty_rules().values():
        if rule.kind != "distinct_persons" or rule.scope not in {"claim", "policy"}:
            continue
        for first, second, person in rule.broken_by(holders):
            if person == str(actor.user.pk) and actor.role in (first, second):
                other = second if actor.role == first else first
                said = rule.text_zh if is_chinese() else rule.text_en
                return _("%(rule)s: you have acted here as %(role)s") % {
                    "rule": said, "role": role_name(other)}
    return ""


def holders_of(claim: Claim) -> dict[str, set[str]]:
    """Who has acted in which of the separated roles on a claim and its policy."""
    found: dict[str, set[str]] = {
        "claims_handler": _keys([claim.handler_id]),
        "claims_approver": set(),
        "claims_payment": set(),
        "underwriter": set(),
    }
    # The run of the engine behind a payment in advance is the approver's own, not the handler's.
    for made, issued in DecisionRecord.objects.within(claim.tenant_id).filter(
            claim=claim, interim_order=None).values_list("made_by_id", "issued_by_id"):
        found["claims_handler"] |= _keys([made])
        found["claims_approver"] |= _keys([issued])
    found["claims_approver"] |= _keys(InterimOrder.objects.within(claim.tenant_id).filter(
        claim=claim).values_list("ordered_by_id", flat=True))
    found["claims_payment"] |= _keys(Payment.objects.within(claim.tenant_id).filter(
        claim=claim).values_list("paid_by_id", flat=True))
    found["underwriter"] |= _underwriters(claim)
    return found


def _underwriters(claim: Claim) -> set[str]:
    """Who acted as underwriter on the contract or its quote, by the audit chain."""
    with crossing_tenants("the audit chain says who underwrote, whoever asks"):
        return _keys(AuditEntry.objects.within(claim.tenant_id).filter(
            **underwriting_of(claim.contract), role__in=roles.UNDERWRITING,
        ).values_list("user_id", flat=True).distinct())


def _keys(users: Iterable[object]) -> set[str]:
    return {str(user) for user in users if user is not None}


def days_text(count: int) -> str:
    """“3 days” in the language of the page."""
    return ngettext("%(count)s day", "%(count)s days", count) % {"count": count}
