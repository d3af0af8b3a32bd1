"""From an incident to the last fen: what may be tried at each state of a claim."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.claims import services
from dinghai_platform.claims.models import (
    Claim,
    DecisionRecord,
    Incident,
    Payment,
    Recourse,
    ReportingDuty,
    ResponseOrder,
)
from dinghai_platform.claims.reading import (
    decision_document,
    line_totals,
    missing_evidence,
    try_decision,
)
from dinghai_platform.core.actors import Actor
from dinghai_platform.underwriting.models import Policy
from tests.platform.simulation.attempts import Attempt, may, must, never, same
from tests.platform.simulation.material import evidence_files, facts_with, incident_story

if TYPE_CHECKING:
    from tests.platform.simulation.world import Simulation


MOST_AT_ONCE = 3
_ORDER = {state: place for place, state in enumerate((
    "notified", "registered", "evidence_pending", "interim_paid", "under_survey", "quantified",
    "adjudicated", "disputed", "in_proceedings", "decision_issued", "agreed"), start=1)}


def attempts(sim: Simulation) -> Iterator[Attempt]:
    """Everything incidents and claims allow (or must refuse) now."""
    rows = list(Claim.objects.within(sim.tenant).select_related("incident", "policy"))
    running = [one for one in rows if one.is_open]
    if len(running) < MOST_AT_ONCE:
        for policy in Policy.objects.within(sim.tenant).filter(state="in_force"):
            if sim.today >= policy.inception:
                yield from reporting(sim, policy)
    if not rows:
        return
    # Mostly the claim that is furthest on, so that the story comes to its end.
    rows.sort(key=lambda one: _ORDER.get(one.state, 0))
    claim = rows[-1] if sim.random.random() < 0.7 else sim.random.choice(rows)
    if sim.random.random() < 0.2:
        yield from _response(sim, claim.incident)
    yield from _of_claim(sim, claim)


def reporting(sim: Simulation, policy: Policy) -> Iterator[Attempt]:
    """The first notice of an incident under a policy, by the insured or its handler."""
    story = incident_story(sim.random)
    found = sim.now - timedelta(hours=sim.random.randint(1, 30))
    actor = sim.random.choice((
        sim.person("insured_admin", policy.insured), sim.staff("claims_handler")))

    def report(by: Actor = actor, discovered: Any = found) -> Incident:
        return services.report_incident(
            policy, title=story["report"]["title_zh"], discovered_at=discovered,
            occurred_at=found - timedelta(hours=5), facts=story["report"]["facts"], actor=by)

    def told(row: Incident) -> None:
        sim.stories[str(row.pk)] = {"story": story, "references": {}, "entered": False}

    yield must("report_incident", report, weight=2, then=told)
    yield never("report an incident of tomorrow", lambda: report(
        discovered=sim.now + timedelta(days=1)), (InputError,))


def _response(sim: Simulation, incident: Incident) -> Iterator[Attempt]:
    story = sim.stories[str(incident.pk)]["story"]
    lead = sim.cast.first("ir_lead", sim.cast.provider)
    security = sim.person("insured_security", incident.insured)
    handler = sim.staff("claims_handler")
    if incident.state == "reported":
        yield must("triage_incident", lambda: services.triage_incident(
            incident, actor=handler, family="malware", facts=story["triage"]["facts"]), weight=3)
        yield never("contain before triage", lambda: services.advance_incident(
            incident, "contain", actor=lead, text="x"), (Refusal,))
    orders = ResponseOrder.objects.within(sim.tenant).filter(incident=incident)
    if incident.state == "triaged" and not orders.filter(declined_at=None).exists():
        yield must("dispatch_response", lambda: services.dispatch_response(
            incident, sim.cast.provider, mode="remote", actor=handler))
    for order in orders.filter(accepted_at=None, declined_at=None):
        yield must("accept_order", lambda order=order: services.accept_order(order, actor=lead))
        yield must("decline_order", lambda order=order: services.decline_order(
            order, reason="没有人手", actor=lead))
    for order in orders.exclude(accepted_at=None).filter(arrived_at=None):
        yield must("arrive", lambda order=order: services.arrive(order, actor=lead))
    steps = {"ir_dispatched": ("contain", lead), "contained": ("eradicate", lead),
             "eradicated": ("recover", security), "recovered": ("close", lead)}
    if incident.state in steps:
        event, actor = steps[incident.state]
        trial = may if event == "close" else must
        yield trial(f"incident {event}", lambda: services.advance_incident(
            incident, event, actor=actor, text="完成"))
    duty = ReportingDuty.objects.within(sim.tenant).filter(
        incident=incident, withdrawn_at=None).first()
    if duty is not None:
        def record() -> ReportingDuty:
            return services.record_report_to_authority(
                duty, channel="12387", reference="R-1", actor=security)

        if duty.met_at is None:
            yield must("record_report_to_authority", record)
        else:
            yield never("report to the authority twice", record, (Refusal,))


def _of_claim(sim: Simulation, claim: Claim) -> Iterator[Attempt]:
    makers = {
        "notified": _notified, "registered": _registered, "evidence_pending": _pending,
        "under_survey": _survey, "quantified": _quantified, "interim_paid": _interim_paid,
        "adjudicated": _adjudicated, "decision_issued": _issued, "agreed": _agreed,
        "paid": _paid, "recovery": _recovery, "rejected": _rejected, "disputed": _disputed,
        "in_proceedings": _proceedings, "closed": _closed,
    }
    yield from makers[claim.state](sim, claim)
    if claim.state not in ("agreed", "paid", "recovery"):
        wrong = [one for one in claim.decisions.all() if one.payments.filter(kind="final")]
        if not wrong:
            yield never(f"pay from {claim.state}", lambda: services.pay_claim(
                claim, actor=sim.staff("claims_payment")), (Refusal,))
    if claim.state not in ("adjudicated",):
        yield never(f"approve from {claim.state}", lambda: services.approve_claim(
            claim, actor=sim.staff("claims_approver")), (Refusal,))


def _notified(sim: Simulation, claim: Claim) -> Iterator[Attempt]:
    handler = sim.staff("claims_handler")
    yield must("register_claim", lambda: services.register_claim(
        claim, reserve_fen=sim.random.randint(0, 400_000_000), actor=handler), weight=4)
    yield never("a negative reserve", lambda: services.register_claim(
        claim, reserve_fen=-1, actor=handler), (InputError,))
    yield never("the approver registers", lambda: services.register_claim(
        claim, reserve_fen=1, actor=sim.staff("claims_approver")))


def _hand_in(sim: Simulation, claim: Claim, *, supplement: bool) -> Attempt:
    known = sim.stories[str(claim.incident_id)]
    files = evidence_files(known["story"], supplement=supplement)
    new = [one for one in files if one[0] not in known["references"]]
    chosen = [one for one in new if sim.random.random() < 0.9]
    admin = sim.person("insured_admin", claim.insured)

    def hand_in() -> dict[str, str]:
        return {name: services.add_evidence(
            claim.incident, content, name=name, kind=kind, media_type="text/plain",
            actor=admin).reference for name, kind, content in chosen}

    return must(f"hand in {len(chosen)} documents", hand_in, faultable=False,
                then=known["references"].update)


def _enter(sim: Simulation, claim: Claim) -> Attempt:
    known = sim.stories[str(claim.incident_id)]
    story, references = known["story"], known["references"]
    handler = sim.staff("claims_handler")

    def enter() -> None:
        services.set_facts(claim, facts_with(story["facts"], references), actor=handler)
        for item in story["items"]:
            facts = dict(item["facts"])
            if not item["late"]:
                facts |= item.get("supplement", {})
            services.add_item(claim, item["coverage"], description=item["description"],
                              facts=facts_with(facts, references), actor=handler)

    return must("enter facts and items", enter, weight=4, faultable=False,
                then=lambda _none: known.update(entered=True))


def _registered(sim: Simulation, claim: Claim) -> Iterator[Attempt]:
    known = sim.stories[str(claim.incident_id)]
    handler, approver = sim.staff("claims_handler"), sim.staff("claims_approver")
    yield _hand_in(sim, claim, supplement=False)
    if not known["entered"]:
        yield _enter(sim, claim)
        return
    if claim.adjuster_id is None:
        yield must("appoint_adjuster", lambda: services.appoint_adjuster(
            claim, sim.cast.adjuster, actor=handler), weight=4)
    else:
        yield must("survey_claim", lambda: services.survey_claim(
            claim, note="查勘", actor=sim.cast.first("loss_adjuster", sim.cast.adjuster)),
            weight=6)
    asked = claim.requests.exists() and not claim.further_request_reason
    if try_decision(claim)[0] is not None and missing_evidence(claim) and not asked:
        yield must("request_evidence", lambda: services.request_evidence(
            claim, actor=handler), weight=4)
    else:
        yield never("request_evidence again", lambda: services.request_evidence(
            claim, actor=handler), (Refusal,))
    if claim.requests.exists() and not claim.further_request_reason:
        yield must("permit_another_request", lambda: services.permit_another_request(
            claim, reason="漏项", actor=approver))
    yield from _interim(sim, claim)
    yield must("set_reserve", lambda: services.set_reserve(
        claim, reserve_fen=sim.random.randint(0, 500_000_000), reason="重估", actor=handler))


def _interim(sim: Simulation, claim: Claim) -> Iterator[Attempt]:
    def paid(row: Payment) -> None:
        sim.money["cash"] -= row.amount_fen

    approver, payer = sim.staff("claims_approver"), sim.staff("claims_payment")
    yield may("order_interim", lambda: services.order_interim(claim, actor=approver),
              refusals=(Refusal, InputError))
    order = claim.interim_orders.filter(payment=None, replaced_at=None).first()
    if order is not None:
        yield may("pay_interim", lambda: services.pay_interim(claim, actor=payer),
                  refusals=(Refusal,), then=paid, weight=3)
        someone = sim.actor_of_user(order.ordered_by_id)
        if someone is not None:
            both = sim.cast.as_role(someone, "claims_payment")
            yield never("one person orders and pays in advance", lambda: services.pay_interim(
                claim, actor=both), (Refusal,))
    else:
        yield never("pay in advance without an order", lambda: services.pay_interim(
            claim, actor=payer), (Refusal,))
    yield never("the approver pays in advance", lambda: services.pay_interim(
        claim, actor=approver))
    yield never("the handler orders an advance", lambda: services.order_interim(
        claim, actor=sim.staff("claims_handler")))


def _pending(sim: Simulation, claim: Claim) -> Iterator[Attempt]:
    yield _hand_in(sim, claim, supplement=True)
    yield must("receive_evidence", lambda: services.receive_evidence(
        claim, actor=sim.person("insured_admin", claim.insured)), weight=2)
    handler = sim.staff("claims_handler")
    request = claim.requests.get(answered_at=None, lapsed_at=None)

    def go_on() -> Claim:
        return services.go_on_without_evidence(claim, actor=handler, reason="逾期未补充")

    if sim.now < request.due:
        yield never("go on before the term is over", go_on, (Refusal,))
    else:
        yield must("go on without the papers", go_on, weight=2)
    yield never("adjudicate while papers are awaited", lambda: services.adjudicate_claim(
        claim, actor=sim.staff("claims_handler")), (Refusal,))


def _supplement(sim: Simulation, claim: Claim) -> Iterator[Attempt]:
    known = sim.stories[str(claim.incident_id)]
    late = [(number, item) for number, item in enumerate(known["story"]["items"], start=1)
            if item["late"]]
    if not late or not known["entered"]:
        return
    number, item = late[0]
    row = claim.items.filter(no=number).first()
    if row is None:
        return
    facts = facts_with(item["supplement"], known["references"])
    yield must("enter the supplement", lambda: services.set_item_facts(
        row, facts, actor=sim.staff("claims_handler")), weight=3,
        then=lambda _row: item.update(late=False))


def _survey(sim: Simulation, claim: Claim) -> Iterator[Attempt]:
    yield from _supplement(sim, claim)
    adjuster = sim.cast.first("loss_adjuster", sim.cast.adjuster)
    trial = must if claim.adjuster_id and claim.items.exists() else may
    yield trial("quantify_claim", lambda: services.quantify_claim(
        claim, note="核定", actor=adjuster), weight=3)
    yield from _interim(sim, claim)


def _interim_paid(sim: Simulation, claim: Claim) -> Iterator[Attempt]:
    yield from _supplement(sim, claim)
    if claim.adjuster_id is None:
        yield must("appoint_adjuster", lambda: services.appoint_adjuster(
            claim, sim.cast.adjuster, actor=sim.staff("claims_handler")), weight=3)
        return
    yield must("quantify after the advance", lambda: services.quantify_claim(
        claim, note="核定", actor=sim.cast.first("loss_adjuster", sim.cast.adjuster)), weight=3)
    yield never("a second advance", lambda: services.order_interim(
        claim, actor=sim.staff("claims_approver")), (Refusal,))


def _quantified(sim: Simulation, claim: Claim) -> Iterator[Attempt]:
    yield from _supplement(sim, claim)
    yield must("adjudicate_claim", lambda: services.adjudicate_claim(
        claim, actor=sim.staff("claims_handler")), weight=4)
    yield never("the payer adjudicates", lambda: services.adjudicate_claim(
        claim, actor=sim.staff("claims_payment")))
    yield from _interim(sim, claim)


def _adjudicated(sim: Simulation, claim: Claim) -> Iterator[Attempt]:
    record = claim.decisions.get(state=DecisionRecord.State.PROVISIONAL)
    handler, approver = sim.staff("claims_handler"), sim.staff("claims_approver")
    gross = sum(line_totals(decision_document(record)).values())
    if gross > 0:
        yield may("approve_claim", lambda: services.approve_claim(claim, actor=approver),
                  refusals=(Refusal,), weight=5)
        yield never("reject what is payable", lambda: services.reject_claim(
            claim, actor=approver, reason="不赔"), (Refusal,))
    else:
        yield may("reject_claim", lambda: services.reject_claim(
            claim, actor=approver, reason="除外责任"), refusals=(Refusal,), weight=5)
        yield may("close without payment", lambda: services.close_claim(
            claim, actor=handler, reason="低于免赔额"), refusals=(Refusal,))
        yield never("approve nothing", lambda: services.approve_claim(claim, actor=approver),
                    (Refusal,))
        if missing_evidence(claim) and not claim.requests.exists():
            yield must("request_evidence after the run", lambda: services.request_evidence(
                claim, actor=handler), weight=4)
    if gross > 0:
        yield never("close what is payable", lambda: services.close_claim(
            claim, actor=handler, reason="x"), (Refusal,))
    yield must("adjudicate again", lambda: services.adjudicate_claim(claim, actor=handler))
    yield from _supplement(sim, claim)
    maker = sim.actor_of_user(record.made_by_id)
    if maker is not None and maker.role == "claims_handler":
        both = sim.cast.as_role(maker, "claims_approver")
        yield never("the handler approves its own run", lambda: services.approve_claim(
            claim, actor=both), (Refusal,), weight=2)
    yield never("the underwriter approves", lambda: services.approve_claim(
        claim, actor=sim.staff("underwriter")))


def _issued(sim: Simulation, claim: Claim) -> Iterator[Attempt]:
    admin = sim.person("insured_admin", claim.insured)
    yield must("agree_decision", lambda: services.agree_decision(claim, actor=admin), weight=4)
    yield must("dispute_decision", lambda: services.dispute_decision(
        claim, reason="金额过低", actor=admin))
    yield never("pay before the insured agrees", lambda: services.pay_claim(
        claim, actor=sim.staff("claims_payment")), (Refusal,))
    yield never("the handler agrees for the insured", lambda: services.agree_decision(
        claim, actor=sim.staff("claims_handler")))
    yield never("facts after the decision", lambda: services.set_fact(
        claim, "event.data_loss", True, actor=sim.staff("claims_handler")), (Refusal,))


def _agreed(sim: Simulation, claim: Claim) -> Iterator[Attempt]:
    record = claim.decisions.filter(state="issued").order_by("-sequence").first()
    assert record is not None
    def paid(row: Payment | None) -> None:
        sim.money["cash"] -= row.amount_fen if row else 0
        sim.memory["paid"] = sim.memory.get("paid", 0) + 1

    # Paid, or sent back to a new decision where a limit has eroded: never stuck.
    yield must("pay_claim", lambda: services.pay_claim(
        claim, actor=sim.staff("claims_payment")), weight=6, then=paid)
    for user in (record.issued_by_id, claim.handler_id):
        someone = sim.actor_of_user(user)
        if someone is not None:
            both = sim.cast.as_role(someone, "claims_payment")
            yield never("one person decides and pays", lambda both=both: services.pay_claim(
                claim, actor=both), (Refusal,), weight=2)


def _paid(sim: Simulation, claim: Claim) -> Iterator[Attempt]:
    record = claim.decisions.filter(state="issued").order_by("-sequence").first()
    if record is not None and record.payments.filter(kind="final").exists():
        yield same("pay_claim again", lambda: services.pay_claim(
            claim, actor=sim.staff("claims_payment")), weight=2)
    paid = sum(claim.payments.values_list("amount_fen", flat=True))
    handler = sim.staff("claims_handler")
    if paid and not Recourse.objects.within(sim.tenant).filter(claim=claim).exists():
        yield must("open_recourse", lambda: services.open_recourse(
            claim, against="运维供应商", ground="账号失窃", demanded_fen=paid, actor=handler))
    yield never("recourse above what was paid", lambda: services.open_recourse(
        claim, against="x", ground="x", demanded_fen=paid + 1, actor=handler), (InputError,))
    yield _close(sim, claim)


def _recovery(sim: Simulation, claim: Claim) -> Iterator[Attempt]:
    recourse = Recourse.objects.within(sim.tenant).get(claim=claim)
    handler = sim.staff("claims_handler")
    count = recourse.recoveries.count()
    amount = 1_000 * (count + 1)

    def record(reference: str, fen: int) -> object:
        return services.record_recovery(recourse, amount_fen=fen, reference=reference,
                                        actor=handler)

    def recovered(row: Any) -> None:
        sim.money["cash"] += row.amount_fen

    yield must("record_recovery", lambda: record(f"R-{count + 1}", amount), then=recovered)
    if count:
        yield same("record_recovery repeated", lambda: record("R-1", 1_000))
        yield never("a reference with another amount", lambda: record("R-1", 7), (Refusal,))
    yield _close(sim, claim)


def _close(sim: Simulation, claim: Claim) -> Attempt:
    return must("close_claim", lambda: services.close_claim(
        claim, reason="结案", actor=sim.staff("claims_handler")))


def _rejected(sim: Simulation, claim: Claim) -> Iterator[Attempt]:
    admin = sim.person("insured_admin", claim.insured)
    yield must("appeal", lambda: services.dispute_decision(
        claim, reason="不服", actor=admin), weight=2)
    yield _close(sim, claim)


def _disputed(sim: Simulation, claim: Claim) -> Iterator[Attempt]:
    admin = sim.person("insured_admin", claim.insured)
    arbiter = sim.cast.first("arbiter", sim.cast.mediator)
    war = sim.random.random() < 0.4
    for name in ("incident.armed_conflict", "causation.EX-WAR"):
        yield must("a fact turns up in the dispute", partial(
            services.set_fact, claim, name, war, actor=sim.staff("claims_handler")))
    yield from _supplement(sim, claim)
    yield must("mediate", lambda: services.end_dispute(
        claim, opinion="调解意见", actor=arbiter), weight=2)
    yield may("withdraw_objection", lambda: services.withdraw_objection(claim, actor=admin))
    yield must("begin_proceedings", lambda: services.begin_proceedings(
        claim, note="起诉", actor=admin))
    yield never("the handler mediates", lambda: services.end_dispute(
        claim, opinion="x", actor=sim.staff("claims_handler")))


def _proceedings(sim: Simulation, claim: Claim) -> Iterator[Attempt]:
    yield must("the court decides", lambda: services.end_dispute(
        claim, opinion="判决", actor=sim.cast.first("arbiter", sim.cast.mediator)), weight=2)


def _closed(sim: Simulation, claim: Claim) -> Iterator[Attempt]:
    if sim.random.random() < 0.4:
        yield must("reopen_claim", lambda: services.reopen_claim(
            claim, reason="新的损失", actor=sim.staff("claims_approver")))
    yield never("the handler reopens", lambda: services.reopen_claim(
        claim, reason="x", actor=sim.staff("claims_handler")))
