"""Which of a firm's policies answers an incident.

A section answers by its own basis: some by the day on which it began, some by the day on which it
was discovered. Around a renewal these are two policies.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Exists, F, OuterRef

from dinghai.foundation.clock import SHANGHAI
from dinghai.foundation.errors import Refusal
from dinghai.wording.policy import read_policy
from dinghai_platform.small_firms.models import Change, Firm, Policy


@dataclass(frozen=True, slots=True)
class Answering:
    """A policy and those of its sections that answer, by coverage code."""

    policy: Policy
    sections: tuple[str, ...]


def paid_policies_of(firm: Firm) -> list[Policy]:
    """The policies under which there was cover, by their first day: paid, and not taken back before
    it."""
    taken_back = Change.objects.within(firm.tenant_id).filter(
        policy=OuterRef("pk"), kind=Change.Kind.CANCEL, state=Change.State.DONE,
        effective__lte=OuterRef("inception"))
    return list(firm.policies.filter(paid_at__isnull=False).exclude(
        Exists(taken_back)).order_by("inception", F("id")))


def answering(
    policies: Iterable[Policy], *, discovered_at: datetime, occurred_at: datetime | None,
    signs: Collection[str],
) -> list[Answering]:
    """The policies with the sections that what was seen calls upon, each in time by its own basis.
    Where the beginning is not known, the discovery stands for it. Who will claim against the firm
    and when is not known at the first notice, so that sections by claims made do not count."""
    days = {"occurrence": _day(occurred_at or discovered_at), "discovery": _day(discovered_at)}
    seen = set(signs)
    return [Answering(one, tuple(
        code for basis, day in days.items() if one.inception <= day <= one.expiry
        for code in _called_upon(one.document_on(day), basis, seen))) for one in policies]


def policy_for(
    firm: Firm, *, discovered_at: datetime, occurred_at: datetime | None = None,
    signs: Collection[str] = (),
) -> Policy:
    """The firm's policy under which more sections answer; as many under two, the one of the day on
    which it began. Where none answers the nearest one before that day, whose terms then say why.
    Raises Refusal where cover never began."""
    policies = paid_policies_of(firm)
    nearest = nearest_of(policies, _day(occurred_at or discovered_at))
    found = answering(policies, discovered_at=discovered_at, occurred_at=occurred_at, signs=signs)
    best = max(found, key=lambda one: (len(one.sections), one.policy.pk == nearest.pk))
    return best.policy if best.sections else nearest


def nearest_of(policies: list[Policy], day: date) -> Policy:
    """The policy of a day; before the first or after the last day of cover the nearest one before.
    Raises Refusal where there is none."""
    if not policies:
        raise Refusal("cover has not begun: the premium has not been paid",
                      reasons=["pay the premium first, or ask your insurer"])
    before = [one for one in policies if one.inception <= day]
    return before[-1] if before else policies[0]


def _called_upon(document: dict[str, Any], basis: str, seen: set[str]) -> list[str]:
    contract = read_policy(document)
    return [one.coverage for one in contract.product.sections
            if one.trigger_basis == basis and contract.grants(one.coverage)
            and not seen.isdisjoint(one.triggers or ())]


def _day(moment: datetime) -> date:
    return moment.astimezone(SHANGHAI).date()
