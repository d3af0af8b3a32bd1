"""What the platform knows of a policy: its premium, who owes it, what the ledger says was paid and
what went back. Read in the insurer's books, whoever asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from dinghai.foundation.clock import SHANGHAI
from dinghai.schemes.subsidy_changes import Change
from dinghai_platform.core.actors import system_actor
from dinghai_platform.core.tenancy import crossing_tenants, scope_of
from dinghai_platform.ledger.models import JournalEntry
from dinghai_platform.subsidies.models import Application
from dinghai_platform.underwriting.models import Endorsement, Policy

CANCELLED = ("cancelled", "lapsed")
"""States of a policy that end it before its time."""


@dataclass(frozen=True, slots=True)
class KnownPolicy:
    """A policy as the insurer's books have it. ``borne_by_others_fen`` is None where the applicant
    of the contract is another than the insured: who bore what only the insurer can say.
    ``paid_on`` is None until the ledger has the premium."""

    policy: Policy
    number: str
    product: str
    premium_fen: int
    vat_fen: int
    refunded_fen: int
    borne_by_others_fen: int | None
    paid_on: date | None
    section: str


def register_number(policy: Policy) -> str:
    """The policy's number for a register: insurers count each for themselves, so that a number
    alone would take two insurers' policies for one."""
    insurer = policy.tenant.credit_code or policy.tenant_id.hex[-12:].upper()
    return f"{policy.policy_no.upper()}@{insurer}"


def known_of(policy: Policy, *, until: datetime | None = None) -> KnownPolicy:
    """What is known of a policy in hand. Of refunds those ``until`` a moment: the register learns
    of later ones as changes, and must not count them twice."""
    with scope_of(system_actor(policy.tenant)):
        paid = JournalEntry.objects.within(policy.tenant_id).filter(
            idempotency_key=f"policy:{policy.pk}:paid", reversed_by=None).first()
        given_back = Endorsement.objects.within(policy.tenant_id).filter(
            policy=policy, amount_fen__lt=0)
        if until is not None:
            given_back = given_back.filter(issued_at__lte=until)
        back = sum(-one for one in given_back.values_list("amount_fen", flat=True))
        section = _section(policy)
    return KnownPolicy(
        policy=policy, number=register_number(policy),
        product=str(policy.document["product"]["product_id"]),
        premium_fen=policy.gross_premium_fen, vat_fen=policy.vat_fen,
        refunded_fen=min(back, policy.gross_premium_fen),
        borne_by_others_fen=0 if policy.applicant_id == policy.insured_id else None,
        paid_on=None if paid is None else paid.effective_date, section=section)


def _section(policy: Policy) -> str:
    """The section of GB/T 4754 that the enterprise's dossier states; empty where it states none."""
    statements = policy.quote.assessment.dossier.statements
    industry = str((statements.get("profile") or {}).get("industry") or "")
    return industry[:1] if industry[:1].isalpha() and industry[:1].isupper() else ""


def policies_named(rows: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str], Policy]:
    """The policies here that rows of a list mean: of (number, credit code, name), by number and
    credit code. A row means a policy where number and firm are both its own."""
    wanted = {(number.upper(), code): name for number, code, name in rows}
    if not wanted:
        return {}
    numbers = sorted({number for number, _code in wanted})
    found: dict[tuple[str, str], Policy] = {}
    with crossing_tenants("a list names policies of any insurer"):
        for start in range(0, len(numbers), 500):
            for policy in Policy.objects.unscoped("a list names policies of any insurer").filter(
                    policy_no__in=numbers[start:start + 500]).select_related(
                    "tenant", "insured", "quote__assessment__dossier"):
                for (number, code), name in wanted.items():
                    if number == policy.policy_no.upper() and (
                            policy.insured.credit_code == code or policy.insured.name_zh == name):
                        found[number, code] = policy
    return found


def changes_of(rows: Sequence[Application], known: Iterable[str]) -> list[Change]:
    """What happened since to the policies that applications rest on, as changes that the register
    has not: endorsements that gave premium back, and policies that ended early.

    A cancelled policy whose endorsements say nothing of a refund is reckoned by the day.
    """
    taken, found = set(known), list[Change]()
    for row in rows:
        if row.policy is None:
            continue
        stated, policy = row.stated, row.policy
        applied = row.created_at
        back = [one for one in policy.endorsements.all()
                if one.amount_fen < 0 and one.issued_at > applied]
        cancelled = policy.state in CANCELLED
        for one in back:
            number = number_in_register(one.number, policy)
            if number not in taken:
                found.append(Change(
                    0, number, stated["policy"], "refunded",
                    one.issued_at.astimezone(SHANGHAI).date(), -one.amount_fen, None,
                    row.number))
        number = number_in_register(f"{policy.policy_no}-CANCELLED", policy)
        if cancelled and number not in taken:
            found.append(Change(0, number, stated["policy"], "cancelled", _ended_on(policy, back),
                                0 if back else None, 0 if back else None, row.number))
    return found


def number_in_register(own: str, policy: Policy) -> str:
    """The number of what happened to a policy, as the register knows it."""
    return f"{own}@{policy.tenant.credit_code or policy.tenant_id.hex[-12:].upper()}"[:64]


def _ended_on(policy: Policy, back: Sequence[Endorsement]) -> date:
    """The day from which a cancelled policy covers nothing more."""
    days = [one.effective for one in policy.endorsements.all()]
    return max(days) if days else policy.inception


def with_policies(**narrowed: Any) -> list[Application]:
    """Live applications that rest on policies here, these and their endorsements in hand. The
    caller has said across which tenants."""
    return list(Application.objects.unscoped("policies of any insurer are followed").filter(
        ~Q(policy=None), **narrowed).exclude(
        state__in=(Application.State.REFUSED, Application.State.WITHDRAWN)).select_related(
        "policy__tenant", "subsidy").prefetch_related("policy__endorsements").order_by("id"))
