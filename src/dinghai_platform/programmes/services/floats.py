"""Floating premiums of members: proposed from studies, approved by another, told, agreed,
applied."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from django.db import transaction

from dinghai.foundation.calendar import add_working_days
from dinghai.foundation.errors import InputError, Refusal
from dinghai.foundation.money import PPM
from dinghai.pricing.floating import refund_by_day
from dinghai.supplychain.chain_float_document import MACHINE
from dinghai.vocabulary.lifecycle import machines
from dinghai_platform.chains.services.common import given_reason
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import locked
from dinghai_platform.programmes.engine import enrolment_of, factors_of, period_of
from dinghai_platform.programmes.models import Member, MemberFloat, Standing, Study
from dinghai_platform.programmes.services.common import held_open
from dinghai_platform.programmes.services.premiums import new_steps, post_steps
from dinghai_platform.underwriting.numbers import next_number

REFUND: Final = "refund"
UNDER_WAY: Final = ("proposed", "notified", "agreed", "disputed")


@transaction.atomic
def propose_floats(study: Study, *, actor: Actor) -> list[MemberFloat]:
    """Propose a refund to each member whose premium falls by as many studies as the rule asks for.

    Increases wait for the anniversary and are held. What was proposed before and is not applied
    is superseded. Raises InputError for a study that is no finished float.
    """
    require(actor, "programmes.float", study)
    programme = held_open(study.programme)
    if study.kind != Study.Kind.FLOAT or study.state != Study.State.DONE or not study.document:
        raise InputError("this study says nothing of floating premiums", field="study",
                         mend="choose a finished one")
    if Study.objects.within(study.tenant_id).filter(
            programme=programme, kind=study.kind, state=study.state, pk__gt=study.pk).exists():
        raise Refusal("a later study says how members stand now", reasons=["propose that one"])
    if MemberFloat.objects.within(study.tenant_id).filter(standing__study=study).exists():
        raise Refusal("floats were proposed from this study before")
    wanted = int(study.document["rule_agreeing_readings"])
    rows = list(Standing.objects.within(study.tenant_id).filter(
        study=study, member__state=Member.State.ENROLLED).select_related("member"))
    streak = _agreeing(study, [one.member_id for one in rows])
    effective = min(max(clock.today(), programme.inception), programme.expiry)
    made: list[MemberFloat] = []
    for standing in rows:
        member, proposal = standing.member, standing.document["proposal"]
        if proposal not in (REFUND, "increase_at_anniversary"):
            continue
        if streak.get(member.pk, 0) < wanted:
            continue
        before = factors_of(member)[-1][1] if member.factors else PPM
        amount = -refund_by_day(member.annual_fen, before, standing.factor_ppm,
                                period_of(member).left(max(effective, member.first)),
                                period_of(member).days)
        held = amount >= 0
        made.append(MemberFloat(
            tenant=study.tenant, owner=study.owner, member=member, standing=standing,
            number="", state="held" if held else "proposed", factor_before_ppm=before,
            factor_ppm=standing.factor_ppm, effective=max(effective, member.first),
            amount_fen=amount, proposed_by=actor.user))
    MemberFloat.objects.within(study.tenant_id).filter(
        member__in=[one.member for one in made], state__in=(*UNDER_WAY, "held")).update(
            state="superseded")
    for one in made:
        one.number = next_number(MemberFloat, "number", study.tenant, "PF")
        one.save(force_insert=True)
    audit.append(actor, "programmes.floats_proposed", study, {
        "number": programme.number, "proposed": sum(one.state == "proposed" for one in made),
        "held": sum(one.state == "held" for one in made),
        "amount_fen": str(sum(one.amount_fen for one in made if one.state == "proposed"))})
    return made


def _agreeing(study: Study, members: list[Any]) -> dict[Any, int]:
    """How many studies in a row, this one the last, say the same of each member."""
    rows = Standing.objects.within(study.tenant_id).filter(
        member__in=members, study__programme=study.programme_id,
        study_id__lte=study.pk).order_by("-study_id").values_list(
            "member", "document__proposal")
    said: dict[Any, str] = {}
    count: dict[Any, int] = {}
    seen: set[Any] = set()
    for member, proposal in rows:
        if member not in said:
            said[member], count[member] = proposal, 1
        elif count.get(member, 0) > 0 and member not in seen:
            if proposal == said[member]:
                count[member] += 1
            else:
                seen.add(member)
    return count


@transaction.atomic
def approve_floats(study: Study, *, actor: Actor) -> list[MemberFloat]:
    """Approve what another one proposed from a study; the members are told, and may appeal.

    Raises Refusal for whoever proposed, and where nothing waits.
    """
    require(actor, "programmes.float", study)
    held_open(study.programme)
    rows = list(MemberFloat.objects.within(study.tenant_id).filter(
        standing__study=study, state="proposed").select_related("member"))
    if not rows:
        raise Refusal("no float of this study waits for approval")
    if actor.user is None or any(one.proposed_by_id == actor.user.pk for one in rows):
        raise Refusal("whoever proposed a float does not approve it",
                      reasons=["ask a colleague with this authority"])
    now, today = clock.now(), clock.today()
    until = add_working_days(today, _appeal_days())
    for one in rows:
        one.state = machines()[MACHINE].step(one.state, "notify").target
        one.approved_by, one.told_at, one.appeal_until = actor.user, now, until
    MemberFloat.objects.within(study.tenant_id).bulk_update(
        rows, ("state", "approved_by", "told_at", "appeal_until"))
    audit.append(actor, "programmes.floats_approved", study, {
        "members": [one.number for one in rows], "appeal_until": until.isoformat()})
    return rows


def _appeal_days() -> int:
    dispute = next(one for one in machines()[MACHINE].transitions if one.event == "dispute")
    return next(one.amount for one in dispute.service_levels if one.unit == "working_day")


@transaction.atomic
def agree_float(row: MemberFloat, *, actor: Actor) -> MemberFloat:
    """The member, or the chain owner who pays, agrees to what it was told."""
    require(actor, "programmes.answer_float", row if row.owner_id == actor.organisation.pk
            else row.member)
    return _moved(row, "agree", actor)


@transaction.atomic
def appeal_float(row: MemberFloat, *, reason: str, actor: Actor) -> MemberFloat:
    """The member asks for the figures to be checked again. Raises Refusal after the last day."""
    require(actor, "programmes.answer_float", row if row.owner_id == actor.organisation.pk
            else row.member)
    reason = given_reason(reason)
    if row.appeal_until is not None and clock.today() > row.appeal_until:
        raise Refusal("the time to appeal is over")
    moved = _moved(row, "dispute", actor, reason)
    moved.appeal_reason = reason
    moved.save(update_fields=("appeal_reason",))
    return moved


@transaction.atomic
def recheck_float(row: MemberFloat, *, reason: str, actor: Actor) -> MemberFloat:
    """An appeal was checked and the figures stand; they wait for approval again."""
    require(actor, "programmes.float", row)
    reason = given_reason(reason)
    moved = _moved(row, "recheck", actor, reason)
    moved.proposed_by, moved.approved_by = actor.user, None
    moved.save(update_fields=("proposed_by", "approved_by"))
    return moved


@transaction.atomic
def apply_float(row: MemberFloat, *, actor: Actor) -> MemberFloat:
    """Post the refund by day that was agreed, and let the new factor count."""
    require(actor, "programmes.administer", row)
    programme = held_open(row.member.programme)
    moved = _moved(row, "apply", actor)
    member = locked(moved.member)
    factors = (*factors_of(member), (moved.effective, moved.factor_ppm))
    steps = new_steps(member, enrolment_of(member, factors=factors), member.steps.count())
    if sum(one.fen for one in steps) != moved.amount_fen:
        raise Refusal("the member's premium changed since", reasons=["propose it again"])
    member.factors = [[day.isoformat(), ppm] for day, ppm in factors]
    member.save(update_fields=("factors",))
    kept = post_steps(programme, [(member, step) for step in steps],
                      key=f"float:{moved.pk}", actor=actor, effective=_day(moved))
    moved.step = kept[0]
    moved.save(update_fields=("step",))
    return moved


def _day(row: MemberFloat) -> date:
    return max(row.effective, clock.today())


def _moved(row: MemberFloat, event: str, actor: Actor, reason: str = "") -> MemberFloat:
    audit.hold_chain(row.tenant)
    fresh = locked(row)
    fresh.state = machines()[MACHINE].step(fresh.state, event).target
    fresh.save(update_fields=("state",))
    audit.append(actor, f"programmes.float_{event}", fresh, {
        "number": fresh.number, "state": fresh.state, "amount_fen": str(fresh.amount_fen),
        **({"reason": reason} if reason else {})})
    return fresh
