"""Verbs that put a claim together: notify, register, ask once, receive, appoint, close."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from dinghai.foundation.errors import InputError, Refusal
from dinghai.vocabulary.facts import fact
from dinghai.vocabulary.lifecycle import machines
from dinghai_platform.claims.contracts import case_of
from dinghai_platform.claims.models import (
    Claim,
    ClockPause,
    DecisionRecord,
    EvidenceRequest,
    Incident,
    ReserveChange,
)
from dinghai_platform.claims.services.common import move_claim, next_number, note_claim, required
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import require
from dinghai_platform.ledger.services import credit, debit, post_entry
from dinghai_platform.site.formats import moment_text
from dinghai_platform.underwriting.models import Case
from dinghai_platform.underwriting.services.cases import reach_step

DECISION_CLOCK = "CLK-CL-DEC"
LONGEST_TERM = 365


@transaction.atomic
def notify_claim(incident: Incident, *, actor: Actor, description: str = "") -> Claim:
    """Open the claim file of an incident (the notice of the event is the notice of the claim).

    The claim starts from what was reported. Safe to repeat: there is one file per incident.
    """
    found = Claim.objects.within(incident.tenant_id).filter(incident=incident).first()
    if found is not None:
        return found
    claim = Claim(
        tenant=incident.tenant, insured_id=incident.insured_id, incident=incident,
        **incident.contract_columns(), description=description or incident.title,
        facts=incident.facts, received_at=incident.reported_at)
    claim.number = next_number("CLM", Claim, incident.tenant)
    claim.save(force_insert=True)
    note_claim(claim, "claim_notified", actor, incident=incident.number)
    return claim


@transaction.atomic
def register_claim(claim: Claim, *, reserve_fen: int, actor: Actor, note: str = "") -> Claim:
    """Register the claim (立案): the handler takes it and sets the first reserve.

    Raises Refusal where the state or separation of duties forbids it.
    """
    claim = audit.locked(claim)
    move_claim(claim, "register", actor=actor, handler=actor.user, registered_at=clock.now())
    change_reserve(claim, reserve_fen, note or _("at registration"), actor)
    note_claim(claim, "claim_registered", actor, reserve_fen=str(reserve_fen))
    if (case := case_of(claim.contract)) is not None:
        reach_step(case, Case.Step.PAY, actor=actor)
    return claim


@transaction.atomic
def set_reserve(claim: Claim, *, reserve_fen: int, reason: str, actor: Actor) -> Claim:
    """Change the case reserve, with the reason and its posting."""
    claim = audit.locked(claim)
    require(actor, "claims.set_reserve", claim)
    if claim.state in {"notified", "closed", "paid"}:
        raise Refusal(_("a reserve is kept from registration to payment"))
    change_reserve(claim, reserve_fen, required(reason, "reason"), actor)
    note_claim(claim, "reserve_set", actor, reserve_fen=str(reserve_fen), reason=reason)
    return claim


def change_reserve(claim: Claim, reserve_fen: int, reason: str, actor: Actor) -> None:
    """Bring the reserve of a locked claim to an amount and post the difference."""
    if reserve_fen < 0:
        raise InputError(_("a reserve is not negative"), field="reserve_fen", mend="0")
    before, difference = claim.reserve_fen, reserve_fen - claim.reserve_fen
    if difference == 0:
        return
    change = ReserveChange.objects.create(
        tenant=claim.tenant, insured_id=claim.insured_id, claim=claim, before_fen=before,
        after_fen=reserve_fen, reason=reason[:300], changed_at=clock.now(),
        changed_by=actor.user)
    amount = abs(difference)
    up = [debit("outstanding_claims_change", amount), credit("outstanding_claims", amount)]
    down = [debit("outstanding_claims", amount), credit("outstanding_claims_change", amount)]
    post_entry(up if difference > 0 else down, source=claim, key=f"reserve:{change.pk}",
               narrative="claims.reserve", actor=actor,
               details={"claim": claim.number, "reserve_fen": str(reserve_fen)})
    claim.reserve_fen = reserve_fen
    claim.save(update_fields=("reserve_fen",))


@transaction.atomic
def permit_another_request(claim: Claim, *, reason: str, actor: Actor) -> Claim:
    """The approver lets the handler ask a second time, with a reason that is kept.

    The law asks for one request (保险法22条); another one is counted as a defect of the process.
    """
    claim = audit.locked(claim)
    require(actor, "claims.permit_request", claim)
    if not claim.requests.exists():
        raise Refusal(_("the first request needs no permission"))
    claim.further_request_by, claim.further_request_reason = (
        actor.user, required(reason, "reason"))
    claim.save(update_fields=("further_request_by", "further_request_reason"))
    note_claim(claim, "another_request_permitted", actor, reason=reason)
    return claim


@transaction.atomic
def request_evidence(
    claim: Claim,
    *,
    actor: Actor,
    entries: Sequence[dict[str, Any]] | None = None,
    note: str = "",
    answer_days: int | None = None,
) -> EvidenceRequest:
    """Ask the insured for everything that is missing, once (保险法22条), and stop the clock.

    ``entries`` (line, coverage, facts, documents) default to what the engine's provisional
    decision lacks on the insured's side; ``answer_days`` (days) to the lifecycle's term, after
    which the handler may go on without an answer. A second request needs
    `permit_another_request` first. An adjudicated claim goes back for it: its run is replaced.
    Raises Refusal when nothing is missing or the request was made already, InputError for a term
    below the lifecycle's.
    """
    from dinghai_platform.claims.papers import keep_request_notice
    from dinghai_platform.claims.reading import missing_evidence

    claim = audit.locked(claim)
    again = claim.requests.count()
    if again and not claim.further_request_reason:
        raise Refusal(_("evidence is asked for once; another request needs the approver's reason"),
                      reasons=["保险法22条"])
    wanted = list(entries) if entries is not None else missing_evidence(claim)
    if not wanted:
        raise Refusal(_("nothing is missing that the insured would have to prove"))
    for entry in wanted:
        for name in entry["facts"]:
            fact(name)
    days = answer_term() if answer_days is None else answer_days
    if not answer_term() <= days <= LONGEST_TERM:
        raise InputError(_("the term to answer is not within its bounds"), field="answer_days",
                         mend=f"{answer_term()} – {LONGEST_TERM}")
    move_claim(claim, "request_evidence", actor=actor)
    claim.decisions.filter(state=DecisionRecord.State.PROVISIONAL).update(
        state=DecisionRecord.State.REPLACED)
    request = EvidenceRequest.objects.create(
        tenant=claim.tenant, insured_id=claim.insured_id, claim=claim, no=again + 1,
        document={"schema": "dinghai.evidence-request/1", "claim_no": claim.number,
                  "policy_no": claim.incident.policy_no,
                  "requested_at": clock.now().isoformat(), "entries": wanted},
        note=note.strip(), is_defect=again > 0, reason=claim.further_request_reason,
        requested_at=clock.now(), requested_by=actor.user, answer_days=days)
    if again:
        claim.further_request_by, claim.further_request_reason = None, ""
        claim.save(update_fields=("further_request_by", "further_request_reason"))
    ClockPause.objects.create(
        tenant=claim.tenant, insured_id=claim.insured_id, claim=claim, clock_id=DECISION_CLOCK,
        started_at=clock.now(), reason="waiting_for_papers",
        law="保险法司法解释（二）15条")
    keep_request_notice(request, actor=actor)
    note_claim(claim, "evidence_requested", actor, no=request.no, defect=request.is_defect,
               entries=wanted, answer_days=str(days))
    return request


def answer_term() -> int:
    """Days the insured has at least to answer the request, by the lifecycle's table."""
    move = machines()["claim"].step("evidence_pending", "receive")
    return move.service_levels[0].amount


@transaction.atomic
def go_on_without_evidence(claim: Claim, *, actor: Actor, reason: str) -> Claim:
    """The term of the request has run out: the handler goes on with what there is.

    The reason is kept with the request, the request counts as made, and the pause of the clock
    ends now. Raises Refusal before the term is over.
    """
    claim = audit.locked(claim)
    said = required(reason, "reason")
    move_claim(claim, "go_on", actor=actor)
    now = clock.now()
    request = claim.requests.filter(answered_at=None, lapsed_at=None).first()
    if request is not None:
        if now < request.due:
            raise Refusal(_("the insured may still answer, until %(moment)s")
                          % {"moment": moment_text(request.due)})
        request.lapsed_at, request.lapsed_by, request.lapse_reason = now, actor.user, said
        request.save(update_fields=("lapsed_at", "lapsed_by", "lapse_reason"))
    claim.pauses.filter(ended_at=None).update(ended_at=now)
    note_claim(claim, "went_on_without_evidence", actor, reason=said)
    return claim


@transaction.atomic
def receive_evidence(claim: Claim, *, actor: Actor, note: str = "") -> Claim:
    """The insured has handed in what was asked for: the clock runs on."""
    claim = audit.locked(claim)
    move_claim(claim, "receive", actor=actor)
    claim.requests.filter(answered_at=None, lapsed_at=None).update(answered_at=clock.now(),
                                                   answered_by=actor.user)
    claim.pauses.filter(ended_at=None).update(ended_at=clock.now())
    note_claim(claim, "evidence_received", actor, note=note)
    return claim


@transaction.atomic
def appoint_adjuster(claim: Claim, adjuster: Organisation, *, actor: Actor) -> Claim:
    """Appoint an independent loss adjuster and show it the claim and the incident.

    Raises Refusal for a firm that responded to the same incident (`SOD-FIRMS`).
    """
    from dinghai_platform.claims.services.incidents import share_with

    claim = audit.locked(claim)
    require(actor, "claims.appoint_adjuster", claim)
    if adjuster.kind != Organisation.Kind.ADJUSTER:
        raise InputError(_("this organisation is no loss adjuster"), field="adjuster",
                         mend=_("choose a loss adjuster"))
    if claim.incident.orders.filter(provider=adjuster, declined_at=None).exists():
        raise Refusal(_("responder and adjuster of a claim are different firms"))
    claim.adjuster = adjuster
    claim.save(update_fields=("adjuster",))
    # A small firm's policy is read through its claim, and its row stays the firm's own.
    shown = (claim, claim.incident, *(() if claim.is_of_small_firm else (claim.policy,)))
    for row in shown:
        share_with(row, adjuster, _("loss adjuster's mandate"), actor)
    note_claim(claim, "adjuster_appointed", actor, adjuster=str(adjuster.pk))
    return claim


@transaction.atomic
def close_claim(claim: Claim, *, actor: Actor, reason: str) -> Claim:
    """Close the file: after payment or recourse, after a refusal without appeal, or without
    payment (withdrawn, below the retention). What is left of the reserve is released.

    Raises Refusal for an adjudicated claim that is owed a decision.
    """
    claim = audit.locked(claim)
    said = required(reason, "reason")
    if claim.state == "adjudicated":
        _refuse_when_owed(claim)
    move_claim(claim, "close", actor=actor, closed_at=clock.now())
    change_reserve(claim, 0, said, actor)
    note_claim(claim, "claim_closed", actor, reason=said)
    return claim


def _refuse_when_owed(claim: Claim) -> None:
    """An adjudicated claim closes without payment only where there is nothing to decide."""
    from dinghai_platform.claims.reading import decision_document, line_totals

    if claim.payments.exists() or claim.decisions.exclude(issued_at=None).exists():
        raise Refusal(_("something was decided or paid before: a new decision must end this"))
    run = claim.decisions.filter(state=DecisionRecord.State.PROVISIONAL).first()
    if run is not None and sum(line_totals(decision_document(run)).values()) > 0:
        raise Refusal(_("something is payable: the claim is owed its decision"))


@transaction.atomic
def reopen_claim(claim: Claim, *, actor: Actor, reason: str) -> Claim:
    """Open a closed file again because of new facts, with the reason."""
    claim = audit.locked(claim)
    said = required(reason, "reason")
    move_claim(claim, "reopen", actor=actor, closed_at=None, decided_at=None, rejected_at=None,
               agreed_at=None, paid_at=None)
    audit.append(actor, "claims.claim_reopened", claim, {"number": claim.number, "reason": said})
    return claim
