"""What the platform knows of a policy: its premium, who owes it, what the ledger says was paid and
what went back. Read in the insurer's books, whoever asks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db.models import Q

from dinghai.foundation.clock import SHANGHAI
from dinghai.schemes.subsidy_changes import Change
from dinghai.schemes.subsidy_register import Changed
from dinghai_platform.core.actors import system_actor
from dinghai_platform.core.tenancy import crossing_tenants, scope_of
from dinghai_platform.ledger.models import JournalEntry
from dinghai_platform.small_firms.models import Policy as FirmPolicy
from dinghai_platform.subsidies.contracts import (
    Contract,
    Endorsed,
    code_of,
    endorsements_of,
    is_applicants_own,
    name_of,
    payment_key,
    section_of,
)
from dinghai_platform.subsidies.models import Application
from dinghai_platform.subsidies.register_numbers import number_in_register, register_number
from dinghai_platform.subsidies.same_event import by_application, reported_by_hand
from dinghai_platform.underwriting.models import Policy

CANCELLED = ("cancelled", "lapsed")
"""States of a policy that end it before its time."""
FLOAT: Final = "premium_float"
"""The kind of endorsement that gives premium back while the policy goes on."""


@dataclass(frozen=True, slots=True)
class KnownPolicy:
    """A policy as the insurer's books have it. ``borne_by_others_fen`` is None where the applicant
    of the contract is another than the insured: who bore what only the insurer can say.
    ``paid_on`` is None until the ledger has the premium. ``refunded_fen`` is the sum of the
    endorsements ``counted``, named by number."""

    policy: Contract
    number: str
    product: str
    premium_fen: int
    vat_fen: int
    refunded_fen: int
    borne_by_others_fen: int | None
    paid_on: date | None
    section: str
    counted: tuple[str, ...] = ()


def known_of(policy: Contract, *, taken: Collection[str] = ()) -> KnownPolicy:
    """What is known of a policy in hand. Of its refunds all that the register has not ``taken``
    already as changes of the same application: each is counted once, by its number and not by
    its moment, which another clock or a later commit would blur.

    To be called with the subsidy's row held, where the answer goes into a decision.
    """
    with scope_of(system_actor(policy.tenant)):
        paid = JournalEntry.objects.within(policy.tenant_id).filter(
            idempotency_key=payment_key(policy), reversed_by=None).first()
        back = [(number, fen) for number, fen in refunds_of(policy)
                if number_in_register(number, policy) not in taken]
        section = section_of(policy)
    return KnownPolicy(
        policy=policy, number=register_number(policy),
        product=str(policy.document["product"]["product_id"]),
        premium_fen=policy.gross_premium_fen, vat_fen=policy.vat_fen,
        refunded_fen=min(sum(fen for _number, fen in back), policy.gross_premium_fen),
        borne_by_others_fen=0 if is_applicants_own(policy) else None,
        paid_on=None if paid is None else paid.effective_date, section=section,
        counted=tuple(number for number, _fen in back))


def refunds_of(policy: Contract) -> list[tuple[str, int]]:
    """The endorsements that gave premium back, in their order: number and fen. Read in the
    insurer's books."""
    with scope_of(system_actor(policy.tenant)):
        return [(one.number, -one.amount_fen) for one in endorsements_of(policy)
                if one.amount_fen < 0]


def changes_taken(changes: Mapping[str, Changed], application: str) -> frozenset[str]:
    """The numbers of the changes that a register has of one application."""
    return frozenset(number for number, one in changes.items() if one.application == application)


def policies_named(rows: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str], Contract]:
    """The policies here that rows of a list mean: of (number, credit code, name), by number and
    credit code. A row means a policy where number and firm are both its own."""
    wanted: dict[str, dict[str, str]] = {}
    for number, code, name in rows:
        wanted.setdefault(number.upper(), {})[code] = name
    numbers = sorted(wanted)
    found: dict[tuple[str, str], Contract] = {}
    with crossing_tenants("a list names policies of any insurer"):
        for start in range(0, len(numbers), 500):
            for policy in _numbered(numbers[start:start + 500]):
                number = policy.policy_no.upper()
                for code, name in wanted[number].items():
                    if code_of(policy) == code or name_of(policy) == name:
                        found[number, code] = policy
    return found


def _numbered(numbers: Sequence[str]) -> Iterator[Contract]:
    why = "a list names policies of any insurer"
    yield from FirmPolicy.objects.unscoped(why).filter(policy_no__in=numbers).select_related(
        "tenant", "insured", "firm").prefetch_related("changes")
    yield from Policy.objects.unscoped(why).filter(policy_no__in=numbers).select_related(
        "tenant", "insured", "quote__assessment__dossier")


def changes_of(rows: Sequence[Application], known: Mapping[str, Changed]) -> list[Change]:
    """What happened since to the policies that applications rest on, as changes that the register
    has not: endorsements that gave premium back, and policies that ended early.

    A cancelled policy whose endorsements say nothing of a refund for its end is reckoned by the
    day. One whose end the authority has reported is not ended a second time, and an endorsement
    whose refund it has reported under a number of its own is not taken a second time.
    """
    found = list[Change]()
    taken = {number: one.application for number, one in known.items()}
    changes = by_application(known)
    for row in rows:
        policy, named = row.contract, str(row.stated["policy"])
        if policy is None:
            continue
        cancelled = policy.state in CANCELLED
        ended = _end_of(policy, row.number, taken)
        at_the_end = _refunds_at_the_end(policy) if cancelled else frozenset()
        told = cancelled and row.cancelled and ended not in taken
        told_of = reported_by_hand(
            policy, changes.get(row.number, {}), row.number, row.counted or ())
        for one in endorsements_of(policy):
            number = number_in_register(one.number, policy)
            if number in taken or number in told_of or not _is_news(one, row) or (
                    told and one.number in at_the_end):
                continue
            found.append(Change(
                0, number, named, "refunded", one.issued_at.astimezone(SHANGHAI).date(),
                -one.amount_fen, None, row.number))
        if cancelled and not told and ended not in taken:
            amount = 0 if at_the_end else None
            found.append(Change(0, ended, named, "cancelled", _ended_on(policy), amount, amount,
                                row.number))
            taken[ended] = row.number
    return found


def _end_of(policy: Contract, application: str, taken: Mapping[str, str]) -> str:
    """The number of a policy's end for an application: one that was withdrawn and made again ends
    with its policy as well."""
    plain = number_in_register(f"{policy.policy_no}-CANCELLED", policy)
    if taken.get(plain, application) == application:
        return plain
    return number_in_register(f"{policy.policy_no}-CANCELLED-{application}", policy)


def _is_news(one: Endorsed, row: Application) -> bool:
    """Whether an endorsement gave premium back that was not in what was stated."""
    if one.amount_fen >= 0:
        return False
    if row.counted is None:
        return bool(one.issued_at > row.created_at)
    return one.number not in row.counted


def _refunds_at_the_end(policy: Contract) -> frozenset[str]:
    """The endorsements that gave premium back because the policy ended."""
    last = _ended_on(policy)
    return frozenset(one.number for one in endorsements_of(policy)
                     if one.amount_fen < 0 and one.kind != FLOAT and one.effective == last)


def _ended_on(policy: Contract) -> date:
    """The day from which a cancelled policy covers nothing more."""
    days = [one.effective for one in endorsements_of(policy)]
    return max(days) if days else policy.inception


def with_policies(**narrowed: Any) -> list[Application]:
    """Live applications that rest on policies here, these and their endorsements in hand. The
    caller has said across which tenants."""
    return list(Application.objects.unscoped("policies of any insurer are followed").filter(
        ~Q(policy=None) | ~Q(firm_policy=None), **narrowed).exclude(
        state__in=Application.OVER).select_related(
        "policy__tenant", "firm_policy__tenant", "subsidy").prefetch_related(
        "policy__endorsements", "firm_policy__changes").order_by("id"))
