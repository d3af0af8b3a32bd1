"""Verbs on decisions: survey, quantify, adjudicate, approve, refuse, agree, object, settle it."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from dinghai.foundation.errors import Refusal
from dinghai.vocabulary.clocks import clocks
from dinghai_platform.claims.models import Claim, DecisionRecord, Objection, Payment
from dinghai_platform.claims.papers import keep_decision_notice
from dinghai_platform.claims.reading import (
    contributions_of,
    decision_content,
    decision_document,
    gross_of,
    line_totals,
    main_reason,
    presented_of,
    prior_payments,
    provisional_decision,
    same_inputs,
)
from dinghai_platform.claims.services.claims import change_reserve
from dinghai_platform.claims.services.common import move_claim, note_claim, required
from dinghai_platform.claims.steps import duty_conflict
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import crossing_tenants
from dinghai_platform.ledger.services import credit, debit, post_entry

LIMITATION = "CLK-CL-LIM"


@transaction.atomic
def survey_claim(claim: Claim, *, actor: Actor, note: str) -> Claim:
    """The adjuster (or responder) begins the survey; its firm took no other part in the claim."""
    claim = audit.locked(claim)
    if actor.role == "loss_adjuster":
        _refuse_without_adjuster(claim)
    said = required(note, "note")
    move_claim(claim, "survey", actor=actor)
    note_claim(claim, "survey_begun", actor, note=said)
    return claim


@transaction.atomic
def quantify_claim(claim: Claim, *, actor: Actor, note: str) -> Claim:
    """The adjuster fixes the amounts: every item stands under a coverage code with its facts."""
    claim = audit.locked(claim)
    _refuse_without_adjuster(claim)
    require(actor, "claims.step.quantify", claim)
    if not claim.items.exists():
        raise Refusal(_("there is no loss item yet"))
    said = required(note, "note")
    move_claim(claim, "quantify", actor=actor)
    note_claim(claim, "amounts_fixed", actor, note=said,
               items=[[item.no, item.coverage] for item in claim.items.all()])
    return claim


def _refuse_without_adjuster(claim: Claim) -> None:
    if claim.adjuster_id is None:
        raise Refusal(_("this claim has no adjuster yet"))


@transaction.atomic
def adjudicate_claim(claim: Claim, *, actor: Actor) -> DecisionRecord:
    """Run the engine on the file and keep the provisional decision.

    May be repeated while nothing has been issued: the run before is replaced. Raises InputError
    for a bad file, Refusal for the state or separation of duties.
    """
    claim = audit.locked(claim)
    if claim.state == "adjudicated":
        require(actor, "claims.adjudicate", claim)
        if conflict := duty_conflict(claim, actor):
            raise Refusal(conflict)
    else:
        move_claim(claim, "adjudicate", actor=actor, adjudicated_at=clock.now())
    return keep_run(claim, actor)


def keep_run(claim: Claim, actor: Actor) -> DecisionRecord:
    """One run of the engine on a locked claim, in place of a provisional one before it."""
    decision = provisional_decision(claim)
    last = claim.decisions.order_by("-sequence").first()
    if last is not None and last.state == DecisionRecord.State.PROVISIONAL:
        last.state = DecisionRecord.State.REPLACED
        last.save(update_fields=("state",))
    record = DecisionRecord.objects.create(
        tenant=claim.tenant, insured_id=claim.insured_id, claim=claim,
        sequence=(last.sequence if last else 0) + 1,
        content=decision_content(decision), hash=decision["hash"],
        total_fen=decision["total_fen"], contribution_fen=contributions_of(decision),
        presented_fen=sum(presented_of(line) for line in decision["lines"]),
        gross_fen=gross_of(decision), main_reason=main_reason(decision), made_at=clock.now(),
        made_by=actor.user)
    claim.adjudicated_at = clock.now()
    claim.save(update_fields=("adjudicated_at",))
    note_claim(claim, "adjudicated", actor, decision=record.sequence, hash=record.hash,
               total_fen=str(record.total_fen))
    return record


@transaction.atomic
def approve_claim(claim: Claim, *, actor: Actor, note: str = "") -> DecisionRecord:
    """Four eyes: issue the provisional decision, post what is payable, write the notice.

    The engine runs again under the lock of the policy; facts that changed since, or a limit that
    another claim has used, send it back to the handler. Raises Refusal.
    """
    claim, record = _to_issue(claim, actor)
    gross = sum(line_totals(decision_document(record)).values())
    if gross <= 0:
        raise Refusal(_("nothing is payable: issue a refusal with its reasons instead"))
    _refuse_without_room(claim, record)
    move_claim(claim, "approve", actor=actor, decided_at=clock.now(), agreed_at=None)
    _issue(claim, record, DecisionRecord.State.ISSUED, actor, note)
    _post_decision(claim, record, actor)
    change_reserve(claim, 0, _("replaced by the decision"), actor)
    keep_decision_notice(record, actor=actor)
    note_claim(claim, "decision_issued", actor, decision=record.sequence, hash=record.hash,
               total_fen=str(record.total_fen))
    return record


@transaction.atomic
def reject_claim(claim: Claim, *, actor: Actor, reason: str) -> DecisionRecord:
    """Issue a refusal with its reasons (保险法24条); the insured may appeal.

    Only where the engine pays nothing, and not for want of papers nobody has asked for.
    Raises Refusal.
    """
    claim, record = _to_issue(claim, actor)
    said = required(reason, "reason")
    decision = decision_document(record)
    if sum(line_totals(decision).values()) > 0:
        raise Refusal(_("something is payable: this is not a refusal"))
    unasked = [line["no"] for line in decision["lines"] if line["outcome"] == "evidence_needed"]
    asked = claim.requests.exclude(answered_at=None, lapsed_at=None).exists()
    if unasked and not asked:
        raise Refusal(_("evidence is missing and nobody has asked for it: ask once first"),
                      reasons=["保险法22条"])
    move_claim(claim, "reject", actor=actor, rejected_at=clock.now(), decided_at=clock.now())
    _issue(claim, record, DecisionRecord.State.REFUSED, actor, said)
    # A refusal after a dispute takes back what the decision before it had made payable.
    _post_decision(claim, record, actor)
    change_reserve(claim, 0, _("refused"), actor)
    keep_decision_notice(record, actor=actor)
    note_claim(claim, "claim_refused", actor, decision=record.sequence, hash=record.hash,
               reason=said)
    return record


@transaction.atomic
def agree_decision(claim: Claim, *, actor: Actor) -> Claim:
    """The insured agrees: from now on the ten days of payment run (保险法23条)."""
    claim = audit.locked(claim)
    move_claim(claim, "agree", actor=actor, agreed_at=clock.now())
    note_claim(claim, "decision_agreed", actor)
    return claim


@transaction.atomic
def dispute_decision(claim: Claim, *, actor: Actor, reason: str) -> Objection:
    """The insured objects to a decision or appeals against a refusal, within the limitation.

    Raises Refusal after two years from knowing of the incident (保险法26条).
    """
    claim = audit.locked(claim)
    said = required(reason, "reason")
    event = "appeal" if claim.state == "rejected" else "dispute"
    if clock.now() > clocks()[LIMITATION].due(claim.incident.discovered_at):
        raise Refusal(_("the limitation period has run out"), reasons=["保险法26条"])
    move_claim(claim, event, actor=actor)
    objection = Objection.objects.create(
        tenant=claim.tenant, insured_id=claim.insured_id, claim=claim,
        decision=_issued(claim), reason=said, raised_at=clock.now(), raised_by=actor.user)
    note_claim(claim, "decision_disputed", actor, reason=said)
    return objection


@transaction.atomic
def end_dispute(claim: Claim, *, actor: Actor, opinion: str) -> DecisionRecord:
    """The arbiter's opinion (mediation), award or judgment: the claim is adjudicated again on
    the facts as they now stand, and needs its approval again."""
    claim = audit.locked(claim)
    said = required(opinion, "opinion")
    event = "decide" if claim.state == "in_proceedings" else "mediate"
    move_claim(claim, event, actor=actor)
    _end_objection(claim, event, said, actor)
    note_claim(claim, f"dispute_{event}d", actor, opinion=said)
    return keep_run(claim, actor)


@transaction.atomic
def begin_proceedings(claim: Claim, *, actor: Actor, note: str) -> Claim:
    """The insured goes to arbitration or court."""
    claim = audit.locked(claim)
    said = required(note, "note")
    move_claim(claim, "proceed", actor=actor)
    note_claim(claim, "proceedings_begun", actor, note=said)
    return claim


@transaction.atomic
def withdraw_objection(claim: Claim, *, actor: Actor) -> Claim:
    """The insured withdraws; the decision that had granted a payment stands again."""
    claim = audit.locked(claim)
    if _issued(claim).state != DecisionRecord.State.ISSUED:
        raise Refusal(_("the decision had granted nothing: there is nothing to return to"))
    move_claim(claim, "withdraw", actor=actor)
    _end_objection(claim, "withdraw", "", actor)
    note_claim(claim, "objection_withdrawn", actor)
    return claim


def _to_issue(claim: Claim, actor: Actor) -> tuple[Claim, DecisionRecord]:
    """The claim and its provisional run under the lock of the policy, proved to be current."""
    audit.locked(claim.contract)
    claim = audit.locked(claim)
    require(actor, "claims.approve", claim)
    record = claim.decisions.filter(state=DecisionRecord.State.PROVISIONAL).first()
    if record is None:
        raise Refusal(_("there is no provisional decision to issue"))
    if conflict := duty_conflict(claim, actor):
        raise Refusal(conflict)
    if not same_inputs(record, claim):
        raise Refusal(_("facts or earlier payments have changed since: adjudicate again"))
    return claim, record


def _refuse_without_room(claim: Claim, record: DecisionRecord) -> None:
    """Limits erode by what was paid: decisions issued but not paid must fit together."""
    with crossing_tenants("all claims of a policy share its limits"):
        waiting = list(
            DecisionRecord.objects.within(claim.tenant_id)
            .filter(**claim.contract_columns("claim__"), state=DecisionRecord.State.ISSUED,
                    payments=None, claim__state__in=("decision_issued", "agreed"))
            .exclude(claim=claim).select_related("claim"))
    pending = sum(one.total_fen for one in waiting)
    prior = prior_payments(claim)["aggregate_paid_fen"]
    limit = claim.terms["schedule"]["aggregate_limit_fen"]
    if waiting and pending + prior + record.total_fen > limit:
        raise Refusal(
            _("claim %(number)s is decided and not yet paid; together they exceed the limit")
            % {"number": waiting[0].claim.number})


def _issue(
    claim: Claim, record: DecisionRecord, state: str, actor: Actor, note: str
) -> None:
    before = claim.decisions.filter(
        state__in=(DecisionRecord.State.ISSUED, DecisionRecord.State.REFUSED)
    ).order_by("-sequence").first()
    record.state, record.note = state, note.strip()
    record.issued_at, record.issued_by = clock.now(), actor.user
    record.supersedes = before
    record.save(update_fields=("state", "note", "issued_at", "issued_by", "supersedes"))


def _post_decision(claim: Claim, record: DecisionRecord, actor: Actor) -> None:
    """Post what is payable; a decision that supersedes one posts the difference.

    What a chain owner or supplier contributes by the chain's own agreement is no insurance money
    (保险法6条): it stands in accounts of its own and is never payable by the insurer.
    """
    details = {"claim": claim.number, "total_fen": str(record.total_fen), "hash": record.hash}
    _post_difference(
        record.insurance_fen - _payable_posted(record), "claims_paid", "claims_payable", record,
        f"decision:{record.pk}", "claims.decision", actor, details)
    before = record.supersedes.contribution_fen if record.supersedes is not None else 0
    _post_difference(
        record.contribution_fen - before, "commercial_receivable", "commercial_contribution",
        record, f"contribution:{record.pk}", "claims.contribution", actor, details)


def _post_difference(
    difference: int, first: str, second: str, record: DecisionRecord, key: str, narrative: str,
    actor: Actor, details: dict[str, str],
) -> None:
    """Debit the first account and credit the second; the other way round for less than nothing."""
    if difference == 0:
        return
    up, down = (first, second) if difference > 0 else (second, first)
    post_entry([debit(up, abs(difference)), credit(down, abs(difference))], source=record, key=key,
               narrative=narrative, actor=actor, details=details)


def _payable_posted(record: DecisionRecord) -> int:
    """What a superseded decision left payable and unpaid."""
    before = record.supersedes
    if before is None or before.state != DecisionRecord.State.ISSUED:
        return 0
    if before.payments.filter(kind=Payment.Kind.FINAL).exists():
        return 0
    return before.insurance_fen


def _issued(claim: Claim) -> DecisionRecord:
    record = claim.decisions.filter(
        state__in=(DecisionRecord.State.ISSUED, DecisionRecord.State.REFUSED)
    ).order_by("-sequence").first()
    if record is None:
        raise Refusal(_("no decision has been issued"))
    return record


def _end_objection(claim: Claim, outcome: str, opinion: str, actor: Actor) -> None:
    claim.objections.filter(ended_at=None).update(
        outcome=outcome, opinion=opinion, ended_at=clock.now(), ended_by=actor.user)


