"""Members' premiums under a park's master policy: by the table or allocated, by day, to the fen.

Each cover of a member is charged for itself: premium × days ÷ days of the policy, halves up, as in
a chain's programme (`supplychain.enrolment`); leaving gives the days left back, never more than was
owed. VAT follows the running sum, so that what is charged and given back carries the same VAT to
the fen (DECISIONS 24). Refunds go to the applicant, who paid (DECISIONS 13), unless agreed
otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import PPM, Fen, apply_ppm, multiply_divide
from dinghai.schemes.park_file import BASE, Park, ParkPremium, rate_of
from dinghai.schemes.park_members import ParkMember
from dinghai.supplychain.enrolment import (
    Enrolment,
    Reason,
    allocate_premium,
    joining_premium,
    premium_steps,
)

PREMIUM_SCHEMA: Final = "dinghai.park-premium/1"


@dataclass(frozen=True, slots=True)
class ParkStep:
    """What a cover of a member costs from a day on (negative: goes back), in fen:
    ``gross = net + vat``."""

    member: str
    cover: str
    on: date
    reason: Reason
    days_left: int
    net_fen: Fen
    vat_fen: Fen

    @property
    def gross_fen(self) -> Fen:
        """With VAT."""
        return self.net_fen + self.vat_fen

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {"member": self.member, "cover": self.cover, "on": self.on.isoformat(),
                "reason": self.reason, "days_left": self.days_left, "net_fen": self.net_fen,
                "vat_fen": self.vat_fen, "gross_fen": self.gross_fen}


@dataclass(frozen=True, slots=True)
class MemberPremium:
    """A stay of a member: its premiums for the whole policy period by cover (as the file's
    amounts are, net or gross), and the steps by day."""

    member: ParkMember
    last: date
    period_fen: Mapping[str, Fen]
    steps: tuple[ParkStep, ...]

    @property
    def net_fen(self) -> Fen:
        """Owed for its days, before VAT."""
        return sum(one.net_fen for one in self.steps)

    @property
    def vat_fen(self) -> Fen:
        """Its VAT."""
        return sum(one.vat_fen for one in self.steps)


def base_premiums(park: Park, members: Sequence[ParkMember]) -> list[Fen]:
    """Each member's base premium for the whole policy period, in the order given.

    Rate × factor of the limit × factor of the grade, in one step, halves up; an allocated total is
    cut by these weights to the members of the first day, of equal remainders to the one listed
    first (DECISIONS 8). Raises InputError where a total is to be allocated and nobody is in on the
    first day.
    """
    weights = [_weight(park, one) for one in members]
    if park.premium.basis == "table":
        return [multiply_divide(weight, 1, PPM * PPM, "half_up") for weight in weights]
    total = park.premium.total_fen or 0
    first = {one.credit_code: weight for one, weight in zip(members, weights, strict=True)
             if one.joined == park.inception}
    if not any(first.values()):
        raise InputError("the premium is allocated to the members of the first day, and there is "
                         "none with a weight", field="premium.basis",
                         mend="enrol members from the first day, or use a table of premiums")
    parts = allocate_premium(total, first)
    return [parts[one.credit_code] if one.joined == park.inception
            else joining_premium(total, first, weight)
            for one, weight in zip(members, weights, strict=True)]


def _weight(park: Park, one: ParkMember) -> int:
    """Rate (fen or weight) × both factors, in units of ppm × ppm."""
    rate = rate_of(park.premium.rates, one.rating_class, one.size)
    assert rate is not None  # the park's file was checked for gaps
    value = rate.weight if park.premium.basis == "allocated" else rate.premium_fen
    grade = next((each.factor_ppm for each in park.premium.grades if each.grade == one.grade), PPM)
    return (value or 0) * one.limit.factor_ppm * grade


def park_premiums(park: Park, members: Sequence[ParkMember]) -> tuple[MemberPremium, ...]:
    """What each stay costs, step by step, in the order given. Raises InputError."""
    return tuple(_member_premium(park, one, base) for one, base in zip(
        members, base_premiums(park, members), strict=True))


def _member_premium(park: Park, one: ParkMember, base: Fen) -> MemberPremium:
    periods = {BASE: base, **{each.id: _top_up_price(park, one, each.id) for each in one.top_ups}}
    first = {BASE: one.joined, **{each.id: each.first for each in one.top_ups}}
    last = one.left or park.expiry
    steps = tuple(step for cover, fen in periods.items()
                  for step in _steps(park, one, cover, fen, first[cover], last))
    return MemberPremium(one, last, periods, steps)


def _top_up_price(park: Park, one: ParkMember, code: str) -> Fen:
    rate = rate_of(park.top_up(code).prices, one.rating_class, one.size)
    assert rate is not None and rate.premium_fen is not None  # checked with the park's file
    return rate.premium_fen


def _steps(park: Park, one: ParkMember, cover: str, fen: Fen, first: date, last: date
           ) -> Iterator[ParkStep]:
    owed = 0
    for step in premium_steps(Enrolment(one.credit_code, fen, first, last), park.period):
        before, after = net_and_vat(owed, park.premium), net_and_vat(owed + step.fen, park.premium)
        owed += step.fen
        yield ParkStep(one.credit_code, cover, step.on, step.reason, step.days_left,
                       after[0] - before[0], after[1] - before[1])


def net_and_vat(amount_fen: Fen, premium: ParkPremium) -> tuple[Fen, Fen]:
    """An amount of the file as net premium and VAT, halves up: gross = net × (1 + VAT)."""
    if premium.amounts == "net":
        return amount_fen, apply_ppm(amount_fen, premium.vat_ppm)
    net = multiply_divide(amount_fen, PPM, PPM + premium.vat_ppm, "half_up")
    return net, amount_fen - net


def premium_document(park: Park, found: Sequence[MemberPremium]) -> dict[str, JSON]:
    """All stays with their steps, and the endorsements of each day (schema
    dinghai.park-premium/1). Amounts in fen."""
    net, vat = sum(one.net_fen for one in found), sum(one.vat_fen for one in found)
    days = _by_day(found)
    first = 0 if days and days[0][0] == park.inception else 1
    return {
        "schema": PREMIUM_SCHEMA, "park": park.id, "policy_no": park.policy_no,
        "inception": park.inception.isoformat(), "expiry": park.expiry.isoformat(),
        "days": park.period.days, "basis": park.premium.basis, "amounts": park.premium.amounts,
        "vat_ppm": park.premium.vat_ppm, "applicant": park.operator.name_zh,
        "refund_to": park.refund_to,
        "members": [_member(one, park) for one in found],
        "endorsements": [_endorsement(number, day, steps, park)
                         for number, (day, steps) in enumerate(days, start=first)],
        "net_fen": net, "vat_fen": vat, "gross_fen": net + vat}


def _member(one: MemberPremium, park: Park) -> dict[str, JSON]:
    return {
        "credit_code": one.member.credit_code, "name_zh": one.member.name,
        "rating_class": one.member.rating_class, "size": one.member.size,
        "grade": one.member.grade, "limit_fen": one.member.limit.each_event_fen,
        "first": one.member.joined.isoformat(), "last": one.last.isoformat(),
        "days": park.period.left(one.member.joined) - (
            park.expiry - one.last).days,
        "period_fen": dict(one.period_fen), "net_fen": one.net_fen, "vat_fen": one.vat_fen,
        "gross_fen": one.net_fen + one.vat_fen, "steps": [step.to_dict() for step in one.steps]}


def _by_day(found: Sequence[MemberPremium]) -> list[tuple[date, list[ParkStep]]]:
    days: dict[date, list[ParkStep]] = {}
    for one in found:
        for step in one.steps:
            days.setdefault(step.on, []).append(step)
    return sorted(days.items())


def _endorsement(number: int, day: date, steps: Sequence[ParkStep], park: Park
                 ) -> dict[str, JSON]:
    """What changes on a day, as one endorsement (批单); number 0 is the issue of the policy."""
    return {
        "number": number, "on": day.isoformat(),
        "joining": len({step.member for step in steps
                        if step.reason == "enrolled" and step.cover == BASE}),
        "leaving": len({step.member for step in steps
                        if step.reason == "left" and step.cover == BASE}),
        "top_ups": sum(step.cover != BASE and step.reason == "enrolled" for step in steps),
        "charged_fen": sum(max(step.gross_fen, 0) for step in steps),
        "refunded_fen": -sum(min(step.gross_fen, 0) for step in steps),
        "refund_to": park.refund_to,
        "net_fen": sum(step.net_fen for step in steps),
        "vat_fen": sum(step.vat_fen for step in steps)}
