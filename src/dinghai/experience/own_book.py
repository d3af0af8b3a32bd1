"""Own claims tied to own exposures: each claim meets the policy period it belongs to."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from dinghai.experience.exposures import Exposures, PolicyPeriod
from dinghai.experience.own_claims import OwnClaim, OwnClaims

NO_CLAIM_STATES: Final = ("refused", "withdrawn")
"""A claim refused or withdrawn is known, and is no claim of a frequency."""


@dataclass(frozen=True, slots=True)
class BookClaim:
    """A claim with its policy period."""

    claim: OwnClaim
    period: PolicyPeriod

    @property
    def occurred(self) -> date:
        """Its day; a usable claim has one."""
        assert self.claim.occurred is not None
        return self.claim.occurred


@dataclass(frozen=True, slots=True)
class Book:
    """Policy periods begun and claims known by a day; ``left_out`` counts the others by reason."""

    as_of: date
    periods: tuple[PolicyPeriod, ...]
    claims: tuple[BookClaim, ...]
    left_out: dict[str, int]


def book_of(claims: OwnClaims, exposures: Exposures, as_of: date | None = None) -> Book:
    """The book on a day: the last day that the claims name, unless another is given.

    Claims that were not yet known then, belong to no policy in force, or were refused or withdrawn
    are left out and counted.
    """
    day = as_of if as_of is not None else last_day(claims.usable, exposures.usable)
    periods = tuple(one for one in exposures.usable if one.first <= day)
    by_policy, by_insured = _index(periods)
    found, left_out = [], Counter({f"claim: {reason}": count
                                   for reason, count in claims.screening().items()})
    left_out.update({f"exposure: {reason}": count
                     for reason, count in exposures.screening().items()})
    for one in claims.usable:
        reason, period = _standing(one, day, by_policy, by_insured)
        if period is None:
            left_out[f"claim: {reason}"] += 1
        else:
            found.append(BookClaim(_with_terms(one, period), period))
    later = len(exposures.usable) - len(periods)
    if later:
        left_out["exposure: begins later"] = later
    return Book(day, periods, tuple(found), dict(left_out.most_common()))


def _with_terms(claim: OwnClaim, period: PolicyPeriod) -> OwnClaim:
    """The claim with its policy's deductible and limit, where it names none of its own."""
    if claim.currency != period.currency:
        return claim
    return replace(
        claim,
        deductible_minor=(period.deductible_minor if claim.deductible_minor is None
                          else claim.deductible_minor),
        limit_minor=period.limit_minor if claim.limit_minor is None else claim.limit_minor)


def last_day(claims: Iterable[OwnClaim], periods: Iterable[PolicyPeriod]) -> date:
    """The last day that claims name (notice, closing, occurrence); without claims the last day on
    which a policy began."""
    days = [day for one in claims for day in (one.occurred, one.notified, one.closed)
            if day is not None]
    return max(days or [one.first for one in periods], default=date.min)


Index = dict[str, list[PolicyPeriod]]


def _index(periods: Sequence[PolicyPeriod]) -> tuple[Index, Index]:
    by_policy: Index = {}
    by_insured: Index = {}
    for one in sorted(periods, key=lambda period: period.first):
        by_policy.setdefault(one.policy_no, []).append(one)
        if one.insured_key:
            by_insured.setdefault(one.insured_key, []).append(one)
    return by_policy, by_insured


def _standing(
    claim: OwnClaim, as_of: date, by_policy: Index, by_insured: Index
) -> tuple[str, PolicyPeriod | None]:
    assert claim.occurred is not None
    known = claim.notified or claim.occurred
    if known > as_of:
        return "not yet known on that day", None
    if claim.state in NO_CLAIM_STATES:
        return claim.state, None
    held = by_policy.get(claim.policy_no) if claim.policy_no else by_insured.get(
        claim.insured_key)
    if not held:
        return "no such policy in the exposures", None
    place = bisect_right(held, claim.occurred, key=lambda period: period.first) - 1
    # periods of one insured may overlap: the latest begun that still runs
    while place >= 0 and held[place].last < claim.occurred:
        place -= 1
    if place < 0:
        return "occurred outside the policy's period", None
    return "", held[place]
