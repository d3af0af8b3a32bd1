"""The premium float: what a reading says of it, and the way to a refund."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from dinghai.documents.inputs import Addressee
from dinghai.documents.inputs import Endorsement as EndorsementPaper
from dinghai.documents.premium_changes import (
    notice_of_float,
    render_endorsement,
    render_float_notice,
)
from dinghai.documents.readings import law_words
from dinghai.foundation.calendar import policy_days
from dinghai.foundation.errors import InputError, Refusal
from dinghai.foundation.money import PPM, split
from dinghai.pricing.floating import PolicyPeriod, float_premium, load_float_rule
from dinghai.vocabulary.lifecycle import machines
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.ledger.services import credit, debit, post_entry
from dinghai_platform.monitoring.models import FloatProposal, Notice, Reading
from dinghai_platform.monitoring.services.notices import Language, keep_notice
from dinghai_platform.monitoring.services.readings import engine_reading
from dinghai_platform.underwriting.models import Endorsement, Paper, Policy
from dinghai_platform.underwriting.numbers import next_number
from dinghai_platform.underwriting.services.contracts import endorse_policy
from dinghai_platform.underwriting.services.papers import keep_paper

MACHINE = "premium_float"
REFUND = "refund"


def factor_in_force(policy: Policy) -> int:
    """The factor of the premium that counts now: one, or what the last applied float left."""
    applied = (
        FloatProposal.objects.within(policy.tenant)
        .filter(policy=policy, state="applied")
        .order_by("-id")
        .first()
    )
    return PPM if applied is None else int(applied.factor_ppm)


@transaction.atomic
def measure_float(reading: Reading, *, actor: Actor) -> FloatProposal:
    """What the product's float rule says of the readings so far, and how far that may go.

    A refund is proposed; an increase is held until the anniversary; within the hysteresis
    nothing changes; before the second agreeing reading it stays measured.
    """
    policy = reading.policy
    rows = list(
        Reading.objects.within(policy.tenant).filter(policy=policy).order_by("sequence")
    )
    rule = load_float_rule(policy.document["product"]["rating"]["float_rule"])
    before = factor_in_force(policy)
    period = PolicyPeriod(
        inception=policy.inception,
        expiry=policy.expiry,
        premium_fen=policy.gross_premium_fen,
        factor_ppm=before,
    )
    result = float_premium(
        rule, engine_reading(rows[0]), [engine_reading(row) for row in rows[1:]], period,
        reading.as_of,
    )
    machine = machines()[MACHINE]
    state = machine.step(machine.initial, "measure").target
    if result.proposal == REFUND:
        state = machine.step(state, "propose").target
    elif result.proposal == "increase_at_anniversary":
        state = machine.step(machine.step(state, "propose").target, "hold").target
    elif "within_hysteresis" in result.reasons:
        state = machine.step(state, "stay").target
    document = {
        **result.to_dict(),
        "factor_before_ppm": before,
        "rule_terms": {
            "type": rule.type,
            "name_zh": rule.name_zh,
            "name_en": rule.name_en,
            "hysteresis_ppm": rule.hysteresis_ppm,
            "agreeing_readings": rule.agreeing_readings,
            "floor_ppm": rule.floor_ppm,
            "cap_ppm": rule.cap_ppm,
        },
        "premium_fen": policy.gross_premium_fen,
        "days": period.days,
        "readings": [
            {"id": str(row.pk), **engine_reading(row).to_dict(), "cause": row.cause}
            for row in rows
        ],
    }
    _supersede_open(policy, actor)
    proposal = FloatProposal.objects.create(
        tenant=policy.tenant,
        insured=policy.insured,
        policy=policy,
        reading=reading,
        state=state,
        document=document,
        factor_ppm=result.factor_ppm,
        amount_fen=-result.amount_fen if result.proposal == REFUND else result.amount_fen,
        effective=result.effective,
    )
    audit.append(
        actor, "monitoring.float_measured", proposal,
        {"policy_no": policy.policy_no, "state": state, "proposal": result.proposal,
         "factor_ppm": result.factor_ppm, "amount_fen": str(proposal.amount_fen)},
    )
    return proposal


@transaction.atomic
def notify_float(proposal: FloatProposal, *, actor: Actor) -> Notice:
    """Tell the insured in writing, with the arithmetic by the day."""
    require(actor, "monitoring.propose", proposal)
    proposal = _current(proposal)
    policy = proposal.policy
    _move(proposal, "notify", actor)
    number = next_number(Notice, "number", policy.tenant, "N")
    document = proposal.document
    readings = [
        (date.fromisoformat(row["on"]), row["cause"], _factor_of(document, row))
        for row in document["readings"][1:]
    ]
    pdf = render_float_notice(
        notice_of_float(
            document, policy.document, number=number, issued_on=clock.today(),
            factor_before_ppm=document["factor_before_ppm"], readings=readings,
        )
    )
    yuan = f"{abs(proposal.amount_fen) / 100:,.2f}"
    return keep_notice(
        policy,
        number=number,
        kind=Notice.Kind.FLOAT,
        text_zh=f"危险程度明显减少，自 {proposal.effective} 起按日退还保险费 {yuan} 元"
        "（保险法53条）。",
        text_en=f"The hazard has clearly fallen: ¥{yuan} is refunded by the day from "
        f"{proposal.effective} (Insurance Law, article 53).",
        document={"schema": "dinghai.notice/1", "number": number, "kind": "float",
                  "policy_no": policy.policy_no, "float": document},
        pdf=pdf,
        proposal=proposal,
        actor=actor,
    )


def _factor_of(document: dict[str, object], row: dict[str, object]) -> int:
    for child in document["trace"]["children"]:  # type: ignore[index]
        if child["name"] == f"reading.{row['on']}":
            return int(child["value"])
    return int(document["factor_before_ppm"])  # type: ignore[call-overload, no-any-return]


@transaction.atomic
def agree_float(proposal: FloatProposal, *, actor: Actor) -> FloatProposal:
    """The insured agrees to what it was told."""
    require(actor, "monitoring.agree", proposal)
    return _move(_current(proposal), "agree", actor)


@transaction.atomic
def dispute_float(proposal: FloatProposal, *, reason: str, actor: Actor) -> FloatProposal:
    """The insured asks for the figures to be checked again. Raises InputError without reason."""
    require(actor, "monitoring.agree", proposal)
    if not reason.strip():
        raise InputError("a dispute needs its reason", field="reason", mend="say what is wrong")
    return _move(_current(proposal), "dispute", actor, reason=reason.strip())


@transaction.atomic
def recheck_float(proposal: FloatProposal, *, reason: str, actor: Actor) -> FloatProposal:
    """A disputed proposal was checked and stands; it is put forward again with the reasons."""
    require(actor, "monitoring.propose", proposal)
    if not reason.strip():
        raise InputError("the check needs its result", field="reason", mend="say what was checked")
    return _move(_current(proposal), "recheck", actor, reason=reason.strip())


@transaction.atomic
def apply_float(proposal: FloatProposal, *, actor: Actor) -> Endorsement:
    """Endorse the policy, book the refund to the applicant, and let the new factor count."""
    require(actor, "monitoring.apply", proposal)
    proposal = _current(proposal)
    policy = audit.locked(proposal.policy)
    document = proposal.document
    _move(proposal, "apply", actor)
    endorsement = endorse_policy(
        policy,
        kind="premium_float",
        document={"schema": "dinghai.endorsement/1", "policy_no": policy.policy_no,
                  "kind": "premium_float", "float": document},
        amount_fen=proposal.amount_fen,
        effective=proposal.effective or clock.today(),
        actor=actor,
    )
    _book_refund(policy, endorsement, actor)
    proposal.endorsement = endorsement
    proposal.save(update_fields=("endorsement",))
    languages: tuple[Language, ...] = ("zh", "en")
    for language in languages:
        keep_paper(
            render_endorsement(_paper(policy, proposal, endorsement, language), language=language),
            kind=Paper.Kind.ENDORSEMENT, language=language, number=endorsement.number,
            of=endorsement, actor=actor, policy=policy, endorsement=endorsement,
        )
    return endorsement


def _paper(
    policy: Policy, proposal: FloatProposal, endorsement: Endorsement, language: Language
) -> EndorsementPaper:
    document, zh = proposal.document, language == "zh"
    before, after = document["factor_before_ppm"], proposal.factor_ppm
    tenant, applicant = policy.tenant, policy.applicant
    payee = applicant.name_zh if zh else applicant.name_en or applicant.name_zh
    return EndorsementPaper(
        number=endorsement.number,
        issued_on=clock.today(),
        issuer=tenant.name_zh if zh else tenant.name_en or tenant.name_zh,
        addressee=Addressee(payee, policy.policy_no),
        effective_on=endorsement.effective,
        policy_last_day=policy.expiry,
        policy_days=document["days"],
        days_left=policy_days(endorsement.effective, policy.expiry),
        changes=(
            ("保险费浮动系数" if zh else "Premium factor", f"×{before / PPM:.4f}",
             f"×{after / PPM:.4f}"),
        ),
        annual_premium_fen=policy.gross_premium_fen,
        factor_before_ppm=before,
        factor_after_ppm=after,
        change_fen=endorsement.amount_fen,
        ground=("、" if zh else "; ").join(law_words(one, language) for one in document["law"]),
        payee=payee,
    )


def _book_refund(policy: Policy, endorsement: Endorsement, actor: Actor) -> None:
    refund = -endorsement.amount_fen
    if refund <= 0:
        raise Refusal("only a refund is applied before the anniversary")
    net, vat = split(refund, (policy.net_premium_fen, policy.vat_fen))
    post_entry(
        (
            debit("premium_income", net),
            debit("vat_payable", vat),
            credit("refund_payable", refund),
        ),
        source=endorsement,
        key=f"endorsement:{endorsement.pk}:refund",
        narrative="premium.refund",
        details={"policy_no": policy.policy_no, "endorsement": endorsement.number},
        actor=actor,
        tenant=policy.tenant,
    )


@transaction.atomic
def pay_refund(endorsement: Endorsement, *, reference: str, actor: Actor) -> Endorsement:
    """The refund has left the bank. Raises InputError without its reference; once only."""
    require(actor, "underwriting.record_payment", endorsement)
    if not reference.strip():
        raise InputError(
            "the payment has no reference", field="reference", mend="copy it from the bank"
        )
    refund = -endorsement.amount_fen
    post_entry(
        (debit("refund_payable", refund), credit("cash", refund)),
        source=endorsement,
        key=f"endorsement:{endorsement.pk}:refund_paid",
        narrative="premium.refund_paid",
        details={"endorsement": endorsement.number, "reference": reference.strip()},
        actor=actor,
        tenant=endorsement.tenant,
    )
    return endorsement


def _current(proposal: FloatProposal) -> FloatProposal:
    """The proposal, locked. Raises Refusal when a newer reading has taken its place."""
    fresh = audit.locked(proposal)
    newer = FloatProposal.objects.within(fresh.tenant).filter(
        policy=fresh.policy_id, id__gt=fresh.pk
    )
    if newer.exists():
        raise Refusal("a newer reading has taken the place of this proposal")
    return fresh


def _supersede_open(policy: Policy, actor: Actor) -> None:
    """A new reading takes the place of every proposal that has not come to its end."""
    machine = machines()[MACHINE]
    open_states = [one.id for one in machine.states if "supersede" in machine.events(one.id)]
    for older in (
        FloatProposal.objects.within(policy.tenant)
        .select_for_update()
        .filter(policy=policy, state__in=open_states)
    ):
        _move(older, "supersede", actor)


def _move(
    proposal: FloatProposal, event: str, actor: Actor, **details: str
) -> FloatProposal:
    proposal.state = machines()[MACHINE].step(proposal.state, event).target
    proposal.save(update_fields=("state",))
    audit.append(
        actor, f"monitoring.float_{proposal.state}", proposal,
        {"event": event, "amount_fen": str(proposal.amount_fen), **details},
    )
    return proposal
