"""Days that run out: unpaid policies lapse, policies past their last day expire, and the books
tie to the register afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from dinghai.foundation.errors import Refusal
from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.core import audit
from dinghai_platform.ledger.models import JournalEntry
from dinghai_platform.ledger.queries import balance_of, verify_books
from dinghai_platform.underwriting.models import Dossier, Policy
from dinghai_platform.underwriting.services.contracts import (
    bind_policy,
    expire_policies,
    lapse_policies,
    lapse_policy,
    pay_premium,
)
from dinghai_platform.underwriting.services.explanations import record_explanations, terms_of
from dinghai_platform.underwriting.services.quotes import accept_quote
from tests.platform.story import World, stand_at
from tests.platform.underwriting.way import issued_quote

ACCOUNTS = ("cash", "premium_receivable", "premium_income", "vat_payable")


@pytest.fixture
def unpaid(dossier: Dossier, product: ProductVersion, world: World) -> Policy:
    quote = issued_quote(dossier, product, world)
    insured = world.actor("insured_admin")
    record_explanations(quote, [term.key for term in terms_of(quote)], actor=insured)
    return bind_policy(accept_quote(quote, actor=insured), actor=world.actor("underwriter"))


def books(world: World) -> dict[str, int]:
    assert verify_books(world.insurer).holds
    return {key: balance_of(world.insurer, key) for key in ACCOUNTS}


def register(world: World) -> dict[str, int]:
    """What the accounts should hold, from the policies alone."""
    found = dict.fromkeys(ACCOUNTS, 0)
    for one in Policy.objects.within(world.insurer).exclude(state="lapsed"):
        found["premium_income"] += one.net_premium_fen
        found["vat_payable"] += one.vat_fen
        found["cash" if one.paid_at else "premium_receivable"] += one.gross_premium_fen
    return found


def test_an_unpaid_policy_lapses_after_its_first_day(unpaid: Policy, world: World) -> None:
    stand_at("2026-04-01T23:59:00")
    with pytest.raises(Refusal, match="may be paid until"):
        lapse_policy(unpaid, actor=world.system)
    assert lapse_policies(actor=world.system) == 0
    assert books(world) == register(world) and register(world)["premium_receivable"] > 0
    stand_at("2026-04-02T00:00:00")
    assert lapse_policies(actor=world.system) == 1
    unpaid.refresh_from_db()
    assert unpaid.state == "lapsed"
    assert books(world) == register(world) == dict.fromkeys(ACCOUNTS, 0)
    entries = list(JournalEntry.objects.within(world.insurer).order_by("number"))
    assert [one.narrative_code for one in entries] == ["premium.bound", "ledger.reversal"]
    assert entries[1].reverses == entries[0]
    assert lapse_policies(actor=world.system) == 0
    assert lapse_policy(unpaid, actor=world.system).state == "lapsed"
    with pytest.raises(Refusal):
        pay_premium(unpaid, reference="B-9", actor=world.actor("underwriter"))
    assert books(world) == register(world)
    assert audit.verify_chain(world.insurer).holds


def test_a_paid_policy_does_not_lapse_and_expires_after_its_last_day(
    unpaid: Policy, world: World
) -> None:
    policy = pay_premium(unpaid, reference="B-1", actor=world.actor("underwriter"))
    before = books(world)
    stand_at(f"{policy.expiry}T23:59:00")
    assert lapse_policies(actor=world.system) == expire_policies(actor=world.system) == 0
    with pytest.raises(Refusal):
        lapse_policy(policy, actor=world.system)
    stand_at(f"{policy.expiry + timedelta(days=1)}T00:00:00")
    assert expire_policies(actor=world.system) == 1
    policy.refresh_from_db()
    assert policy.state == "expired"
    assert expire_policies(actor=world.system) == 0
    assert books(world) == before == register(world)


@pytest.mark.parametrize("role", ["underwriter", "insured_admin", "platform_admin"])
def test_nobody_lets_days_run_out_by_hand(unpaid: Policy, world: World, role: str) -> None:
    stand_at("2026-04-02T09:00:00")
    for verb in (lambda actor: lapse_policy(unpaid, actor=actor),
                 lambda actor: lapse_policies(actor=actor),
                 lambda actor: expire_policies(actor=actor)):
        with pytest.raises(PermissionDenied):
            verb(world.actor(role))
