"""What is never allowed: foreign tenants, wrong people, reused keys, the books by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.claims import services
from dinghai_platform.claims.models import Claim, Incident, Payment
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.idempotency import Answer, KeyReused, answer_once
from dinghai_platform.ledger.models import JournalEntry
from dinghai_platform.ledger.services import credit, debit, post_entry, reverse_entry
from dinghai_platform.monitoring.models import FloatProposal, MonitoredFinding, Notice
from dinghai_platform.monitoring.services.findings import acknowledge_notice, move_finding
from dinghai_platform.monitoring.services.floats import agree_float, apply_float, notify_float
from dinghai_platform.monitoring.services.readings import take_reading
from dinghai_platform.underwriting.models import Case, Dossier, Policy, Quote
from dinghai_platform.underwriting.services.assessments import assess_dossier
from dinghai_platform.underwriting.services.contracts import bind_policy, pay_premium
from dinghai_platform.underwriting.services.dossiers import import_dossier
from dinghai_platform.underwriting.services.quotes import (
    accept_quote,
    approve_quote,
    issue_quote,
    refer_quote,
)
from tests.platform.simulation.attempts import Attempt, must, never, same
from tests.platform.simulation.material import zipped

if TYPE_CHECKING:
    from tests.platform.simulation.world import Simulation

DENIED = (PermissionDenied, Refusal)


def attempts(sim: Simulation) -> Iterator[Attempt]:
    """A few things that must be refused now, whatever the state."""
    yield from _foreign(sim)
    yield from _books(sim)
    yield from _keys(sim)


def _foreign(sim: Simulation) -> Iterator[Attempt]:
    """Another insurer, and another enterprise, in the very role that the verb asks for."""
    for model, verbs in _VERBS.items():
        row = model._base_manager.filter(tenant=sim.tenant).order_by("-id").first()
        if row is None:
            continue
        for name, role, verb in verbs:
            home = sim.cast.stranger if role.startswith("insured") else sim.cast.foreign
            actor = sim.cast.of(role, home, sim.random)
            yield never(f"foreign {role}: {name}", _bound(verb, row, actor, sim), DENIED)


def _bound(verb: Callable[..., Any], row: Any, actor: Actor, sim: Simulation) -> Callable[[], Any]:
    return lambda: verb(row, actor, sim)


def _report(policy: Policy, actor: Actor, sim: Simulation) -> Incident:
    return services.report_incident(
        policy, title="x", discovered_at=sim.now - timedelta(hours=1), actor=actor)


_VERBS: dict[Any, tuple[tuple[str, str, Callable[..., Any]], ...]] = {
    Case: (("import", "underwriter", lambda row, by, _s: import_dossier(
        row, zipped({"a": "b"}), name="a.zip", actor=by)),
        ("import", "insured_admin", lambda row, by, _s: import_dossier(
            row, zipped({"a": "b"}), name="a.zip", actor=by))),
    Dossier: (("assess", "underwriter", lambda row, by, _s: assess_dossier(row, actor=by)),),
    Quote: (
        ("approve", "underwriter", lambda row, by, _s: approve_quote(row, actor=by)),
        ("approve", "chief_underwriter", lambda row, by, _s: approve_quote(row, actor=by)),
        ("refer", "underwriter", lambda row, by, _s: refer_quote(row, reason="x", actor=by)),
        ("issue", "underwriter", lambda row, by, _s: issue_quote(row, actor=by)),
        ("accept", "insured_admin", lambda row, by, _s: accept_quote(row, actor=by)),
        ("bind", "underwriter", lambda row, by, _s: bind_policy(row, actor=by)),
    ),
    Policy: (
        ("pay premium", "underwriter", lambda row, by, _s: pay_premium(
            row, reference="x", actor=by)),
        ("read", "underwriter", lambda row, by, _s: take_reading(
            row, cause="review", actor=by)),
        ("report an incident", "claims_handler", _report),
        ("report an incident", "insured_admin", _report),
    ),
    MonitoredFinding: (
        ("fix", "insured_security", lambda row, by, _s: move_finding(row, "fix", actor=by)),
        ("dismiss", "underwriter", lambda row, by, _s: move_finding(
            row, "dismiss", reason="x", actor=by)),
    ),
    Notice: (("acknowledge", "insured_admin", lambda row, by, _s: acknowledge_notice(
        row, actor=by)),),
    FloatProposal: (
        ("notify", "underwriter", lambda row, by, _s: notify_float(row, actor=by)),
        ("agree", "insured_admin", lambda row, by, _s: agree_float(row, actor=by)),
        ("apply", "underwriter", lambda row, by, _s: apply_float(row, actor=by)),
    ),
    Incident: (
        ("triage", "claims_handler", lambda row, by, _s: services.triage_incident(
            row, actor=by)),
        ("recover", "insured_security", lambda row, by, _s: services.advance_incident(
            row, "recover", actor=by, text="x")),
        ("add evidence", "claims_handler", lambda row, by, _s: services.add_evidence(
            row, b"x", name="x.txt", kind="ir_report", actor=by)),
        ("add evidence", "insured_admin", lambda row, by, _s: services.add_evidence(
            row, b"x", name="x.txt", kind="ir_report", actor=by)),
    ),
    Claim: (
        ("register", "claims_handler", lambda row, by, _s: services.register_claim(
            row, reserve_fen=1, actor=by)),
        ("set a fact", "claims_handler", lambda row, by, _s: services.set_fact(
            row, "event.data_loss", True, actor=by)),
        ("set a fact", "insured_admin", lambda row, by, _s: services.set_fact(
            row, "event.data_loss", True, actor=by)),
        ("set reserve", "claims_handler", lambda row, by, _s: services.set_reserve(
            row, reserve_fen=1, reason="x", actor=by)),
        ("adjudicate", "claims_handler", lambda row, by, _s: services.adjudicate_claim(
            row, actor=by)),
        ("order an advance", "claims_approver", lambda row, by, _s: services.order_interim(
            row, actor=by)),
        ("pay an advance", "claims_payment", lambda row, by, _s: services.pay_interim(
            row, actor=by)),
        ("approve", "claims_approver", lambda row, by, _s: services.approve_claim(
            row, actor=by)),
        ("agree", "insured_admin", lambda row, by, _s: services.agree_decision(row, actor=by)),
        ("pay", "claims_payment", lambda row, by, _s: services.pay_claim(row, actor=by)),
        ("reopen", "claims_approver", lambda row, by, _s: services.reopen_claim(
            row, reason="x", actor=by)),
    ),
}


def _books(sim: Simulation) -> Iterator[Attempt]:
    payer, underwriter = sim.staff("claims_payment"), sim.staff("underwriter")
    source = ("test.paper", "1")

    def post(*lines: Any, key: str, by: Actor = payer) -> JournalEntry:
        return post_entry(lines, source=source, key=key, narrative="test.by_hand", actor=by)

    yield never("an unbalanced entry", lambda: post(
        debit("cash", 5), credit("claims_paid", 4), key="x1"), (InputError,))
    yield never("a negative line", lambda: post(
        debit("cash", -5), credit("claims_paid", -5), key="x2"), (InputError,))
    yield never("commercial money mixed with insurance", lambda: post(
        debit("commercial_receivable", 5), credit("claims_paid", 5), key="x3"), (Refusal,))
    yield never("an auditor posts", lambda: post(
        debit("cash", 5), credit("claims_paid", 5), key="x4", by=sim.staff("auditor")),
        (PermissionDenied,))
    entry = JournalEntry.objects.within(sim.tenant).order_by("number").first()
    if entry is not None:
        yield never("a key with another entry", lambda: post(
            debit("cash", 5), credit("claims_paid", 5), key=entry.idempotency_key), (Refusal,))
        yield never("an underwriter reverses", lambda: reverse_entry(
            entry, reason="x", actor=underwriter), (PermissionDenied,))


def _keys(sim: Simulation) -> Iterator[Attempt]:
    """A payment asked for under an idempotency key, again, and with another body."""
    used = sim.memory.setdefault("keys", [])
    payer = sim.cast.first("claims_payment", sim.tenant)

    def ask(claim: Claim, key: str, body: bytes) -> Answer:
        def produce() -> Answer:
            payment = services.pay_claim(claim, actor=payer)
            return Answer(200, json.dumps({"payment": str(payment.pk) if payment else None}))

        return answer_once(owner=payer.key, key=key, operation="pay", body=body, produce=produce)

    for claim, key, body in used[-3:]:
        yield same("an idempotency key replayed", lambda claim=claim, key=key, body=body: ask(
            claim, key, body))
        yield never("an idempotency key with another body", lambda claim=claim, key=key: ask(
            claim, key, b"other"), (KeyReused,))
    final = Payment.objects.within(sim.tenant).filter(kind="final").order_by("id").last()
    if final is not None and final.claim.state == "paid":
        key = f"key-{final.pk}"
        if all(one[1] != key for one in used):
            yield must("a payment repeated under a new key", lambda: ask(
                final.claim, key, b"body"),
                then=lambda _a: used.append((final.claim, key, b"body")))
