"""Settlements: 20/10/70 of a million, four eyes, the books, reversal, decided claims."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.core.exceptions import PermissionDenied

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.claims.models import Incident
from dinghai_platform.core.models import AuditEntry
from dinghai_platform.ledger.queries import balance_of, verify_books
from dinghai_platform.programmes.models import Programme
from dinghai_platform.programmes.services.settlements import (
    approve_settlement,
    entries_of,
    propose_decision,
    propose_event,
    reject_settlement,
    reverse_settlement,
)
from tests.platform.claims.making import make_scene, programme_contract
from tests.platform.claims.test_programme import begun, issued
from tests.platform.programmes.making import everybody, million
from tests.platform.story import World

pytestmark = pytest.mark.django_db
ACCOUNTS = ("claims_paid", "claims_payable", "commercial_receivable", "commercial_contribution",
            "insured_share", "insured_share_contra")


def test_a_million_is_shared_and_posted(world: World, programme: Programme) -> None:
    everybody(programme, world.actor("underwriter"))
    proposed = million(programme, world.actor("claims_handler"))
    transfers = {(one["from"], one["kind"]): one["fen"] for one in proposed.document["transfers"]}
    assert transfers == {("own", "commercial_contribution"): 20_000_000,
                         ("sup", "commercial_contribution"): 10_000_000,
                         ("沧澜财产保险", "insurance"): 70_000_000}
    tenant = world.insurer
    assert balance_of(tenant, "commercial_contribution") == 0  # nothing before it is approved
    posted = approve_settlement(proposed, actor=world.actor("claims_approver"))
    assert posted.state == "posted"
    assert [balance_of(tenant, one) for one in ACCOUNTS] == [
        70_000_000, 70_000_000, 30_000_000, 30_000_000, 0, 0]
    entries = entries_of(posted)
    assert [one.narrative_code for one in entries] == [
        "programmes.insurance", "programmes.contribution"]
    assert all(one.source_id == str(posted.pk) for one in entries)
    assert verify_books(tenant).holds
    with pytest.raises(Refusal):
        approve_settlement(posted, actor=world.actor("claims_approver"))
    undone = reverse_settlement(posted, reason="根因改判", actor=world.actor("claims_payment"))
    assert undone.state == "reversed"
    assert [balance_of(tenant, one) for one in ACCOUNTS] == [0] * 6
    assert verify_books(tenant).holds
    actions = set(AuditEntry.objects.within(tenant).values_list("action", flat=True))
    assert {f"programmes.settlement_{one}" for one in (
        "proposed", "posted", "reversed")} <= actions


def test_own_loss_is_retained_not_contributed(world: World, programme: Programme) -> None:
    everybody(programme, world.actor("underwriter"))
    proposed = propose_event(
        programme, event="自身", occurred_on=date(2026, 10, 1), root_cause="sup",
        sections=[{"member": "sup", "coverage": "FP-IR", "amount_fen": 100_000_000}],
        actor=world.actor("claims_handler"))
    assert (proposed.insurance_fen, proposed.contribution_fen, proposed.retention_fen) == (
        70_000_000, 20_000_000, 10_000_000)
    approve_settlement(proposed, actor=world.actor("claims_approver"))
    assert [balance_of(world.insurer, one) for one in ACCOUNTS] == [
        70_000_000, 70_000_000, 20_000_000, 20_000_000, 10_000_000, 10_000_000]


def test_four_eyes(world: World, programme: Programme) -> None:
    everybody(programme, world.actor("underwriter"))
    boss = world.actor("claims_approver")
    own = million(programme, boss)
    with pytest.raises(Refusal, match="whoever proposed"):
        approve_settlement(own, actor=boss)
    with pytest.raises(PermissionDenied):
        approve_settlement(own, actor=world.actor("claims_handler"))
    with pytest.raises(PermissionDenied):
        approve_settlement(own, actor=world.actor("claims_approver", world.other_insurer))
    assert reject_settlement(own, reason="重算", actor=boss).state == "rejected"
    assert balance_of(world.insurer, "claims_payable") == 0
    with pytest.raises(Refusal):
        reverse_settlement(own, reason="x", actor=world.actor("claims_payment"))


def test_an_event_settled_meanwhile_counts(world: World, programme: Programme) -> None:
    everybody(programme, world.actor("underwriter"))
    handler, boss = world.actor("claims_handler"), world.actor("claims_approver")
    # The layer holds 30 million: two events of 20 do not fit.
    both = [propose_event(
        programme, event=name, occurred_on=date(2026, 10, 1), root_cause=None,
        sections=[{"member": "sub", "coverage": "SC-PROP", "amount_fen": 2_000_000_000}],
        actor=handler) for name in ("一", "二")]
    approve_settlement(both[0], actor=boss)
    third = million(programme, handler)
    assert third.insurance_fen in (0, 70_000_000)
    if third.insurance_fen == both[1].insurance_fen:
        raise AssertionError("the first event left no mark")


def test_what_is_wrong_of_an_event(world: World, programme: Programme) -> None:
    everybody(programme, world.actor("underwriter"))
    actor = world.actor("claims_handler")
    good = {"member": "sub", "coverage": "SC-PROP", "amount_fen": 1}
    for field, section, cause, day in (
        ("root_cause", good, "nobody", date(2026, 10, 1)),
        ("occurred_on", good, None, date(2025, 1, 1)),
        ("sections[0].member", good | {"member": "x"}, None, date(2026, 10, 1)),
        ("sections[0].coverage", good | {"coverage": "x"}, None, date(2026, 10, 1)),
        ("sections[0].amount_fen", good | {"amount_fen": 0}, None, date(2026, 10, 1)),
    ):
        with pytest.raises(InputError) as error:
            propose_event(programme, event="e", occurred_on=day, root_cause=cause,
                          sections=[section], actor=actor)
        assert error.value.fault.field == field


def test_a_decided_claim_is_posted_once(world: World, programme: Programme) -> None:
    scene = begun(make_scene(world, contract=programme_contract()))
    record = issued(scene)
    # Half past midnight in Shanghai on 5 September; the file was opened later.
    Incident.objects.within(world.insurer).update(occurred_at=datetime(2026, 9, 4, 16, 30,
                                                                       tzinfo=UTC))
    programme.policy = record.claim.policy
    programme.save(update_fields=("policy",))
    tenant = world.insurer
    payable, contributions = (balance_of(tenant, one) for one in (
        "claims_payable", "commercial_contribution"))
    proposed = propose_decision(programme, record, root_cause="sup",
                                actor=world.actor("claims_handler"))
    assert proposed.insurance_fen == record.insurance_fen
    assert proposed.occurred_on == date(2026, 9, 5)
    assert proposed.contribution_fen + proposed.insurance_fen == record.total_fen
    with pytest.raises(Refusal):
        propose_decision(programme, record, root_cause=None, actor=world.actor("claims_handler"))
    approve_settlement(proposed, actor=world.actor("claims_approver"))
    # Insurance money was posted with the decision, and contributions are put right to the fen.
    assert balance_of(tenant, "claims_payable") == payable
    assert balance_of(tenant, "commercial_contribution") == proposed.contribution_fen
    assert contributions == record.contribution_fen
    assert verify_books(tenant).holds
