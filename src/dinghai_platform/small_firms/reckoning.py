"""What a change of a small firm's policy would come to: a pure reading, for its dry view
and for the change itself alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec

from dinghai.experience.own_values import CellFault
from dinghai.foundation.errors import InputError, Refusal
from dinghai.schemes.small_firm_cells import read_name
from dinghai.schemes.small_firm_change import ChangeStep, Owed, Period, end_step, plan_step
from dinghai.vocabulary.lifecycle import machines
from dinghai_platform.core import clock
from dinghai_platform.small_firms.models import Change, Policy, Quote
from dinghai_platform.small_firms.services.policies import COVERED, draft_of, offer_of

Kind = Change.Kind
State = Change.State


@dataclass(frozen=True, slots=True)
class Reckoned:
    """A change as it would be now. ``step`` None leaves the premium alone; ``falling`` are changes
    that fall away with it; ``successor`` is a policy after this one, which stays as it is."""

    kind: str
    effective: date
    before: str
    after: str
    period: Period
    step: ChangeStep | None = None
    unpaid: bool = False
    falling: tuple[Change, ...] = ()
    successor: str = ""
    limits_fen: tuple[int, int] | None = None

    @property
    def amount_fen(self) -> int:
        """Charged with VAT; negative, it goes back."""
        return 0 if self.step is None else self.step.amount_fen

    @property
    def is_whole(self) -> bool:
        """Whether the contract would be taken back before its first day."""
        return self.kind == Kind.CANCEL and self.effective <= self.period.first

    def document(self) -> dict[str, Any]:
        """The same as plain data, to be kept."""
        document: dict[str, Any] = {
            "period": {"first": self.period.first.isoformat(),
                       "last": self.period.last.isoformat()},
            "step": None if self.step is None else msgspec.to_builtins(self.step),
            "unpaid": self.unpaid, "falling": [one.number for one in self.falling]}
        if self.limits_fen is not None:
            document["limits_fen"] = list(self.limits_fen)
        return document


def reckon(policy: Policy, kind: str, *, day: date | None = None, value: str = "") -> Reckoned:
    """A change of a policy from a day on (None: the earliest there is). ``value`` is the new plan
    or the new name.

    Raises InputError for a day or a value that cannot be, Refusal where the policy does not allow
    it.
    """
    if kind == Kind.CANCEL:
        return _cancel(policy, day)
    if kind == Kind.PLAN:
        return _plan(policy, value, day)
    if kind == Kind.NAME:
        return _name(policy, value, day)
    raise InputError("there is no such kind of change", field="change",
                     mend="one of: " + ", ".join(Kind.values))


def open_changes(policy: Policy) -> list[Change]:
    """Changes that wait for their day or their premium, in their order."""
    return sorted((one for one in policy.changes.all() if one.state in Change.OPEN),
                  key=lambda one: (one.effective, one.number))


def cancellation_of(policy: Policy) -> Change | None:
    """The cancellation of a policy that stands or was done."""
    return next((one for one in policy.changes.all()
                 if one.kind == Kind.CANCEL and one.state != State.FALLEN), None)


def period_of(policy: Policy) -> Period:
    """The period as the contract has it, whatever ended it since."""
    schedule = policy.document["schedule"]
    return Period(date.fromisoformat(schedule["inception"]),
                  date.fromisoformat(schedule["expiry"]))


def owed_of(policy: Policy, *, without: tuple[Change, ...] = ()) -> Owed:
    """What is owed for a policy by its bind and its changes."""
    left_out = {one.pk for one in without}
    steps = [one for one in policy.changes.all()
             if one.kind == Kind.PLAN and one.state != State.FALLEN and one.pk not in left_out]
    return Owed(policy.net_premium_fen + sum(one.net_fen for one in steps),
                policy.vat_fen + sum(one.vat_fen for one in steps))


def annual_before(policy: Policy, day: date) -> int:
    """The premium of the whole period, VAT included, of the plan that is in force before a day."""
    earlier = [one for one in policy.changes.all() if one.kind == Kind.PLAN and (
        (one.state == State.STANDING and one.effective < day)
        or (one.state == State.DONE and one.effective <= day))]
    if not earlier:
        return policy.gross_premium_fen
    last = max(earlier, key=lambda one: (one.effective, one.number))
    return int(last.document["step"]["after_fen"])


def _require_covered(policy: Policy) -> None:
    if policy.state not in COVERED:
        raise Refusal("this policy covers nothing any more",
                      reasons=["look at the firm's last policy"])
    stands = cancellation_of(policy)
    if stands is not None:
        raise Refusal("this policy is cancelled already",
                      reasons=[f"{stands.number}: {stands.effective}"])


def _day(policy: Policy, day: date | None, period: Period) -> date:
    """The first day of a change: never before today nor before the first day of cover."""
    today = clock.today()
    if day is not None and day < today:
        raise InputError("the day is before today", field="from_day",
                         mend="give this day or a later one")
    found = max(day or today, period.first)
    if found > period.last:
        raise InputError("the day is after the last day of cover", field="from_day",
                         mend="give a day of the period")
    return found


def _cancel(policy: Policy, day: date | None) -> Reckoned:
    _require_covered(policy)
    machines()["policy"].step(policy.state, "cancel_by_insured")
    period = period_of(policy)
    if policy.state == "premium_due":
        # Unpaid, it covers nothing: there is no day on which it could end but its first.
        owed = owed_of(policy)
        step = end_step(policy.gross_premium_fen, period=period, day=period.first, owed=owed)
        return Reckoned(Kind.CANCEL, period.first, policy.plan, "", period, step, unpaid=True)
    effective = _day(policy, day, period)
    falling = tuple(one for one in open_changes(policy)
                    if one.state == State.DUE or one.effective >= effective)
    # What was paid for a plan that never begins goes back whole; other open steps fall away.
    paid = [one for one in falling if one.state == State.STANDING and one.amount_fen > 0]
    owed = owed_of(policy, without=tuple(one for one in falling if one not in paid))
    step = end_step(annual_before(policy, effective), period=period, day=effective, owed=owed,
                    besides_fen=sum(one.amount_fen for one in paid))
    later = policy.firm.policies.filter(state__in=COVERED, inception__gt=period.last).first()
    return Reckoned(Kind.CANCEL, effective, policy.plan, "", period, step, falling=falling,
                    successor="" if later is None else later.policy_no)


def _endorse(policy: Policy) -> None:
    _require_covered(policy)
    if policy.state != "in_force":
        raise Refusal("the premium of this policy is not paid yet",
                      reasons=["pay it first, or cancel it and take another offer"])
    machines()["policy"].step(policy.state, "endorse")


def _plan(policy: Policy, plan: str, day: date | None) -> Reckoned:
    _endorse(policy)
    waiting = [one for one in open_changes(policy) if one.kind == Kind.PLAN]
    if waiting:
        raise Refusal("another change of the plan waits",
                      reasons=[f"take it back first: {waiting[0].number}"])
    if plan == policy.plan:
        raise InputError("the policy has this plan", field="plan", mend="choose another one")
    quote: Quote = policy.quote
    if plan not in {one["plan"] for one in quote.document["plans"]}:
        raise InputError("this quote has no such plan", field="plan", mend="choose one it offers")
    if plan not in quote.bindable_plans():
        raise Refusal("this plan is not on offer to this firm",
                      reasons=["take a plan that is on offer, or treat what stands against it"])
    period = period_of(policy)
    effective = _day(policy, day, period)
    offer = offer_of(quote, plan)
    step = plan_step(annual_before(policy, effective),
                     Owed(offer["charged_net_fen"], offer["vat_fen"]),
                     period=period, day=effective, owed=owed_of(policy))
    draft_of(quote, plan)  # refuses where the plans have changed since
    return Reckoned(Kind.PLAN, effective, policy.plan, plan, period, step, limits_fen=(
        policy.aggregate_limit_fen, offer["aggregate_limit_fen"]))


def _name(policy: Policy, name: str, day: date | None) -> Reckoned:
    _endorse(policy)
    try:
        said = read_name(name)
    except CellFault as fault:
        raise InputError(fault.message, field="name", mend=fault.mend) from fault
    today = clock.today()
    if day is not None and day != today:
        raise InputError("a name is mended from today on", field="from_day", mend="leave it out")
    before = str(policy.document["schedule"]["insured"]["name_zh"])
    if said == before:
        raise InputError("the policy has this name", field="name", mend="give the new one")
    return Reckoned(Kind.NAME, today, before, said, period_of(policy))
