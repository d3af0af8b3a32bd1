"""Members' premiums in a programme: allocation, and what joining, leaving and floating cost by day.

Each step is premium × days left ÷ days, halves up, as in every refund (G9). What a member was
charged less what it got back depends on its days and factors alone, so that leaving and joining
again the next day costs nothing. A refund goes to the applicant, who paid (DECISIONS 13).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from dinghai.foundation.calendar import policy_days
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import PPM, Fen, multiply_divide, split
from dinghai.pricing.floating import refund_by_day

ENROLMENT_SCHEMA: Final = "dinghai.chain-enrolment/1"
Reason = Literal["enrolled", "left", "float"]


@dataclass(frozen=True, slots=True)
class ProgrammePeriod:
    """First and last day of the programme, both covered."""

    inception: date
    expiry: date

    @property
    def days(self) -> int:
        """Days of cover."""
        return policy_days(self.inception, self.expiry)

    def left(self, first: date) -> int:
        """Days from a day on, that day included; none after the expiry. Raises InputError for a day
        before the inception."""
        if first < self.inception:
            raise InputError(f"{first} is before the programme begins", field="first",
                             mend=f"give {self.inception} or later")
        return 0 if first > self.expiry else policy_days(first, self.expiry)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One member's time in the programme. ``annual_fen`` is its premium for the whole period,
    ``last`` its last day (None: to the expiry), ``factors`` the days from which a float's factor
    (ppm) holds."""

    member: str
    annual_fen: Fen
    first: date
    last: date | None = None
    factors: tuple[tuple[date, int], ...] = ()


@dataclass(frozen=True, slots=True)
class PremiumStep:
    """A step of a member's premium: what is owed from a day on (negative: goes back)."""

    member: str
    on: date
    reason: Reason
    days_left: int
    fen: Fen

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {"member": self.member, "on": self.on.isoformat(), "reason": self.reason,
                "days_left": self.days_left, "fen": self.fen}


def allocate_premium(total_fen: Fen, weights: Mapping[str, int]) -> dict[str, Fen]:
    """A programme's premium cut to its members in proportion to their weights, to the fen (largest
    remainders, first listed wins). Raises InputError for no member and for weights that are none.
    """
    if not weights or min(weights.values()) < 0 or not any(weights.values()) or total_fen < 0:
        raise InputError("the premium cannot be allocated", field="weights",
                         mend="give each member a weight of zero or more, and one above zero")
    return dict(zip(weights, split(total_fen, list(weights.values())), strict=True))


def joining_premium(total_fen: Fen, weights: Mapping[str, int], weight: int) -> Fen:
    """What a member that joins later pays for a whole period: at the rate of those who are in.
    Nobody else's premium changes. Raises InputError for weights that are none."""
    whole = sum(weights.values())
    if whole <= 0 or weight < 0:
        raise InputError("there is no rate to join at", field="weights",
                         mend="give the weights of those who are in the programme")
    return multiply_divide(total_fen, weight, whole, "half_up")


def premium_steps(one: Enrolment, period: ProgrammePeriod) -> tuple[PremiumStep, ...]:
    """What a member owes and gets back, in the order of the days. What goes back is never more than
    the member owed, though each step is rounded for itself.

    Raises InputError for days outside the programme or out of order, and for an amount or factor
    that is none.
    """
    last = period.expiry if one.last is None else one.last
    _check(one, last, period)
    steps = [_step(one, one.first, "enrolled", 0, PPM, period, owed=0)]
    owed, factor = steps[0].fen, PPM
    changes: list[tuple[date, Reason, int]] = [(day, "float", after) for day, after in one.factors]
    if last < period.expiry:
        changes.append((last + timedelta(days=1), "left", 0))
    for day, reason, after in changes:
        steps.append(_step(one, day, reason, factor, after, period, owed=owed))
        owed, factor = owed + steps[-1].fen, after
    return tuple(steps)


def _check(one: Enrolment, last: date, period: ProgrammePeriod) -> None:
    days = [one.first, *(day for day, _ in one.factors)]
    if not (period.inception <= one.first <= last <= period.expiry) or days != sorted(days) or (
            days[-1] > last):
        raise InputError(f"the days of {one.member} are not in order inside the programme",
                         field="enrolment", mend="inception ≤ first ≤ factors ≤ last ≤ expiry")
    if one.annual_fen < 0 or any(ppm < 0 for _, ppm in one.factors):
        raise InputError(f"an amount or a factor of {one.member} is negative", field="enrolment",
                         mend="give fen and parts per million of zero or more")


def _step(
    one: Enrolment, day: date, reason: Reason, before: int, after: int, period: ProgrammePeriod, *,
    owed: Fen,
) -> PremiumStep:
    left = period.left(day)
    fen = -min(refund_by_day(one.annual_fen, before, after, left, period.days), owed)
    return PremiumStep(one.member, day, reason, left, fen)


def enrolment_document(
    enrolments: Sequence[Enrolment], period: ProgrammePeriod, *, programme: str
) -> dict[str, JSON]:
    """All members of a programme with their steps (schema dinghai.chain-enrolment/1). A member may
    stand several times, one time after another; amounts in fen."""
    rows: list[JSON] = []
    charged = returned = 0
    until: dict[str, date] = {}
    for one in sorted(enrolments, key=lambda each: each.first):
        if one.member in until and one.first <= until[one.member]:
            raise InputError(f"{one.member} is enrolled twice on {one.first}", field="enrolments",
                             mend="let it join after its last day")
        until[one.member] = period.expiry if one.last is None else one.last
    for one in enrolments:
        steps = premium_steps(one, period)
        up = sum(step.fen for step in steps if step.fen > 0)
        down = -sum(step.fen for step in steps if step.fen < 0)
        charged, returned = charged + up, returned + down
        last = period.expiry if one.last is None else one.last
        rows.append({
            "member": one.member, "first": one.first.isoformat(), "last": last.isoformat(),
            "days": policy_days(one.first, last), "annual_fen": one.annual_fen,
            "charged_fen": up, "returned_fen": down, "premium_fen": up - down,
            "steps": [step.to_dict() for step in steps]})
    return {
        "schema": ENROLMENT_SCHEMA, "programme": programme,
        "inception": period.inception.isoformat(), "expiry": period.expiry.isoformat(),
        "days": period.days, "members": rows, "charged_fen": charged, "returned_fen": returned,
        "premium_fen": charged - returned}
