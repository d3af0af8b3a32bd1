"""Money out and back: the payment, the payment in advance, recourse and recoveries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from dinghai.claims.adjudication import adjudicate
from dinghai.foundation.errors import InputError, Refusal
from dinghai.foundation.money import split
from dinghai.vocabulary.clocks import clocks
from dinghai_platform.claims.models import (
    Claim,
    DecisionRecord,
    InterimOrder,
    Payment,
    Recourse,
    Recovery,
)
from dinghai_platform.claims.papers import keep_interim_notice
from dinghai_platform.claims.reading import (
    JSONDocument,
    certain_of,
    decision_document,
    line_totals,
    outside_codes,
    policy_history,
    prior_payments,
    provisional_decision,
)
from dinghai_platform.claims.services.claims import change_reserve
from dinghai_platform.claims.services.common import move_claim, note_claim, required
from dinghai_platform.claims.services.decisions import keep_run
from dinghai_platform.claims.steps import check_step, duty_conflict, move_of
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor, system_actor
from dinghai_platform.core.permissions import require
from dinghai_platform.ledger.services import credit, debit, post_entry

INTERIM_CLOCK = "CLK-CL-INT"


@transaction.atomic
def pay_claim(
    claim: Claim, *, actor: Actor, payee: str = "", account_tail: str = ""
) -> Payment | None:
    """Pay the issued decision: claims payable → cash, limits erode by what was paid.

    Never twice: the claim and its policy are locked, a decision has one payment, and asking
    again answers the payment there is. None when an advance had already paid all of it, or when
    other payments have eroded a limit since the decision: then nothing is paid and the claim is
    back at ``adjudicated`` with a new run of the engine, to be approved and agreed again.
    Raises Refusal for the state or separation of duties.
    """
    audit.locked(claim.contract)
    claim = audit.locked(claim)
    record = claim.decisions.filter(state=DecisionRecord.State.ISSUED).order_by("-sequence").first()
    if record is None:
        raise Refusal(_("no decision has been issued"))
    if (done := record.payments.filter(kind=Payment.Kind.FINAL).first()) is not None:
        require(actor, "claims.pay", claim)
        return done
    check_step(claim, "pay", actor)
    decision = decision_document(record)
    if not _still_due(claim, decision):
        _send_back(claim, record)
        return None
    move_claim(claim, "pay", actor=actor, paid_at=clock.now())
    payment = None
    if record.insurance_fen > 0:
        payment = _pay(claim, record, Payment.Kind.FINAL, record.insurance_fen,
                       _net_of(line_totals(decision), claim.payments.all()), actor,
                       payee or claim.insured.name_zh, account_tail, "claims_payable")
    note_claim(claim, "claim_paid", actor, decision=record.sequence,
               amount_fen=str(record.insurance_fen))
    return payment


def _still_due(claim: Claim, decision: JSONDocument) -> bool:
    """Whether the engine gives the decision's amounts with what has been paid until now."""
    inputs = decision["inputs"]
    prior = {"interim_paid_fen": prior_payments(claim)["interim_paid_fen"]}
    now = adjudicate(inputs["policy"], {**inputs["claim"], "prior": prior},
                     policy_history(claim))
    return now["total_fen"] == decision["total_fen"] and line_totals(now) == line_totals(decision)


def _send_back(claim: Claim, record: DecisionRecord) -> None:
    """A limit has eroded since the decision: the house runs the engine again, for approval."""
    house = system_actor(claim.tenant)
    move_claim(claim, "limits_changed", actor=house, agreed_at=None)
    run = keep_run(claim, house)
    run.note = DecisionRecord.LIMITS_CHANGED
    run.save(update_fields=("note",))
    note_claim(claim, "limits_changed", house, decided_fen=str(record.total_fen),
               total_fen=str(run.total_fen), decision=run.sequence)


@transaction.atomic
def order_interim(
    claim: Claim, *, actor: Actor, amount_fen: int | None = None, payee: str = "",
    account_tail: str = "",
) -> InterimOrder:
    """The approver orders the part that is certain to be paid in advance (保险法25条).

    The certain part is what insurers pay on the facts established so far. Nothing leaves the
    bank until a payer has done `pay_interim`; a new order takes the place of an unpaid one.
    Raises Refusal when nothing is certain, one was paid already, or the state has passed.
    """
    audit.locked(claim.contract)
    claim = audit.locked(claim)
    require(actor, "claims.order_interim", claim)
    move_of(claim, "interim")
    _refuse_second(claim)
    if conflict := duty_conflict(claim, actor):
        raise Refusal(conflict)
    record = keep_run(claim, actor)
    record.state = DecisionRecord.State.REPLACED
    record.note = _("certain part, for the payment in advance")
    record.save(update_fields=("state", "note"))
    if record.insurance_fen <= 0:
        raise Refusal(_("nothing is certain yet"))
    amount = record.insurance_fen if amount_fen is None else amount_fen
    if not 0 < amount <= record.insurance_fen:
        raise InputError(_("the amount is not within the certain part"), field="amount_fen",
                         mend=f"1 – {record.insurance_fen}")
    claim.interim_orders.filter(payment=None, replaced_at=None).update(replaced_at=clock.now())
    order = InterimOrder.objects.create(
        tenant=claim.tenant, insured_id=claim.insured_id, claim=claim, decision=record,
        amount_fen=amount, payee=required(payee or claim.insured.name_zh, "payee")[:200],
        account_tail=account_tail.strip()[-4:], ordered_at=clock.now(), ordered_by=actor.user)
    note_claim(claim, "interim_ordered", actor, amount_fen=str(amount), hash=record.hash)
    return order


@transaction.atomic
def pay_interim(claim: Claim, *, actor: Actor) -> Payment:
    """Pay what the approver has ordered in advance; the final decision takes it off.

    The payer is neither the handler nor the approver. The engine runs again under the lock of
    the policy: an order above what is certain now is not paid. Raises Refusal.
    """
    audit.locked(claim.contract)
    claim = audit.locked(claim)
    check_step(claim, "interim", actor)
    _refuse_second(claim)
    order = claim.interim_orders.filter(payment=None, replaced_at=None).first()
    if order is None:
        raise Refusal(_("no payment in advance has been ordered"))
    sections = line_totals(decision_document(order.decision))
    shares = dict(zip(sections, split(order.amount_fen, list(sections.values())), strict=True))
    now = provisional_decision(claim)
    certain = line_totals(now)
    if order.amount_fen > certain_of(now) or any(
            fen > certain.get(code, 0) for code, fen in shares.items()):
        raise Refusal(_("the certain part is smaller than what was ordered: order it again"))
    move_claim(claim, "interim", actor=actor)
    payment = _pay(claim, order.decision, Payment.Kind.INTERIM, order.amount_fen, shares, actor,
                   order.payee, order.account_tail, "claims_paid")
    order.payment = payment
    order.save(update_fields=("payment",))
    change_reserve(claim, max(0, claim.reserve_fen - order.amount_fen), _("paid in advance"),
                   actor)
    keep_interim_notice(payment, actor=actor)
    note_claim(claim, "interim_paid", actor, amount_fen=str(order.amount_fen),
               hash=order.decision.hash)
    return payment


def _refuse_second(claim: Claim) -> None:
    if claim.payments.filter(kind=Payment.Kind.INTERIM).exists():
        raise Refusal(_("a payment in advance has been made already"))


def interim_due(claim: Claim) -> timedelta:
    """How long until the payment in advance falls due; negative when it is late."""
    return clocks()[INTERIM_CLOCK].due(claim.received_at) - clock.now()


@transaction.atomic
def open_recourse(
    claim: Claim, *, against: str, ground: str, demanded_fen: int, actor: Actor
) -> Recourse:
    """Take recourse against the third party who caused the loss, up to what was paid
    (保险法60条). Raises InputError above it."""
    claim = audit.locked(claim)
    paid = sum(claim.payments.values_list("amount_fen", flat=True))
    if not 0 < demanded_fen <= paid:
        raise InputError(_("recourse goes up to what was paid"), field="demanded_fen",
                         mend=f"1 – {paid}")
    move_claim(claim, "subrogate", actor=actor)
    recourse = Recourse.objects.create(
        tenant=claim.tenant, insured_id=claim.insured_id, claim=claim,
        against=required(against, "against")[:200], ground=required(ground, "ground"),
        demanded_fen=demanded_fen, opened_at=clock.now(), opened_by=actor.user)
    note_claim(claim, "recourse_opened", actor, against=recourse.against,
               demanded_fen=str(demanded_fen))
    return recourse


@transaction.atomic
def record_recovery(
    recourse: Recourse, *, amount_fen: int, reference: str, actor: Actor
) -> Recovery:
    """Book money that came back, once per reference."""
    claim = audit.locked(recourse.claim)
    require(actor, "claims.recover", claim)
    said = required(reference, "reference")[:100]
    there = recourse.recoveries.filter(reference=said).first()
    if there is not None:
        if there.amount_fen != amount_fen:
            raise Refusal(_("this reference was booked with another amount"))
        return there
    if amount_fen <= 0:
        raise InputError(_("an amount above zero"), field="amount_fen", mend="1")
    recovery = Recovery(
        tenant=claim.tenant, insured_id=claim.insured_id, recourse=recourse,
        amount_fen=amount_fen, reference=said, received_at=clock.now())
    entry = post_entry(
        [debit("cash", amount_fen), credit("subrogation_recovery", amount_fen)],
        source=recovery, key=f"recovery:{recourse.pk}:{said}", narrative="claims.recovery",
        actor=actor, details={"claim": claim.number})
    recovery.entry_id = entry.pk
    recovery.save(force_insert=True)
    note_claim(claim, "recovered", actor, amount_fen=str(amount_fen), reference=said)
    return recovery


def _pay(
    claim: Claim, record: DecisionRecord, kind: str, amount: int, sections: Mapping[str, int],
    actor: Actor, payee: str, account_tail: str, account: str,
) -> Payment:
    towers = outside_codes(claim)
    payment = Payment(
        tenant=claim.tenant, insured_id=claim.insured_id, claim=claim,
        **claim.contract_columns(), decision=record, kind=kind,
        payee=required(payee, "payee")[:200],
        account_tail=account_tail.strip()[-4:], amount_fen=amount, sections=dict(sections),
        outside_fen=sum(fen for code, fen in sections.items() if code in towers),
        paid_at=clock.now(), paid_by=actor.user)
    # Payments are append-only: the entry comes first, so that the row is written once.
    entry = post_entry(
        [debit(account, amount), credit("cash", amount)], source=payment,
        key=f"payment:{record.pk}:{kind}", narrative=f"claims.{kind}_payment", actor=actor,
        details={"claim": claim.number, "hash": record.hash})
    payment.entry_id, payment.entry_number = entry.pk, str(entry.number)
    payment.save(force_insert=True)
    return payment


def _net_of(sections: dict[str, int], paid: Iterable[Payment]) -> dict[str, int]:
    """What a payment takes out of each section: less what the claim has received already, in
    advance or under a decision before it was reopened."""
    before: Counter[str] = Counter()
    for payment in paid:
        before.update(payment.sections)
    net = {code: sections.get(code, 0) - before[code]
           for code in dict.fromkeys((*sections, *before))}
    return {code: fen for code, fen in net.items() if fen}
