"""Four eyes, the impact that an approval rests on, days, and history."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.actuarial.in_force import rating_in_force
from dinghai_platform.actuarial.models import TableVersion
from dinghai_platform.actuarial.services.decisions import (
    approve_version,
    enter_into_force,
    propose_version,
    reject_version,
)
from dinghai_platform.actuarial.services.drafts import (
    NewFigure,
    change_figures,
    roll_back,
    withdraw_version,
)
from dinghai_platform.actuarial.services.impacts import start_impact
from dinghai_platform.core import clock
from dinghai_platform.core.audit import verify_chain
from dinghai_platform.core.models import AuditEntry
from dinghai_platform.underwriting.models import Policy
from tests.platform.actuarial.making import (
    TABLE,
    in_force,
    new_draft,
    new_proposal,
    with_impact,
)
from tests.platform.story import World, stand_at, work

TODAY = date(2026, 3, 11)


def test_a_proposal_on_an_empty_book_is_approved_without_an_impact(world: World) -> None:
    version = approve_version(new_proposal(world), in_force_from=TODAY, reason="同意",
                              actor=world.actor("compliance"))
    assert version.state == "in_force"
    assert rating_in_force(world.insurer, TABLE, TODAY).market.factor_ppm == 1_700_000
    assert rating_in_force(world.insurer, TABLE, date(2026, 3, 10)).market.factor_ppm == 1_522_911
    assert rating_in_force(world.other_insurer, TABLE, TODAY).market.factor_ppm == 1_522_911
    events = [one.event for one in version.events.all()]
    assert events == ["draft", "edit", "propose", "approve", "enter"]
    actions = AuditEntry.objects.within(world.insurer).filter(
        action__startswith="actuarial.").values_list("action", flat=True)
    assert len(actions) == 5 and verify_chain(world.insurer).holds


@pytest.mark.parametrize("role", ["underwriter", "product_manager", "auditor", "platform_admin"])
def test_only_some_roles_decide(world: World, role: str) -> None:
    with pytest.raises(PermissionDenied):
        approve_version(new_proposal(world), in_force_from=TODAY, reason="同意",
                        actor=world.actor(role))


@pytest.mark.parametrize("role", ["chief_underwriter", "compliance", "underwriter"])
def test_only_an_actuary_drafts_and_proposes(world: World, role: str) -> None:
    version = new_draft(world)
    for act in (lambda: propose_version(version, reason="x", actor=world.actor(role)),
                lambda: change_figures(version, {}, actor=world.actor(role)),
                lambda: withdraw_version(version, reason="x", actor=world.actor(role))):
        with pytest.raises(PermissionDenied):
            act()


def test_whoever_proposed_does_not_approve(world: World) -> None:
    version = new_proposal(world)
    with pytest.raises(Refusal, match="does not approve it"):
        approve_version(version, in_force_from=TODAY, reason="同意", actor=world.actor("actuary"))
    version.refresh_from_db()
    assert version.state == "proposed"


def test_whoever_changed_a_figure_does_not_approve(world: World, act_as: Any) -> None:
    second = act_as("actuary", world.insurer)
    version = new_draft(world)
    change_figures(version, {"service.base_fen": NewFigure(30_000, "合同", "D")}, actor=second)
    propose_version(version, reason="x", actor=world.actor("actuary"))
    with pytest.raises(Refusal, match="does not approve it"):
        approve_version(version, in_force_from=TODAY, reason="同意", actor=second)
    third = act_as("actuary", world.insurer)
    assert approve_version(version, in_force_from=TODAY, reason="同意",
                           actor=third).state == "in_force"


def test_the_same_person_in_another_role_does_not_approve_either(world: World) -> None:
    """Four eyes are four eyes, whichever hat is on."""
    from dataclasses import replace

    version = new_proposal(world)
    hat = replace(world.actor("actuary"), role="chief_underwriter")
    with pytest.raises(Refusal, match="does not approve it"):
        approve_version(version, in_force_from=TODAY, reason="同意", actor=hat)


def test_no_approval_without_an_impact_of_this_document_on_todays_book(
    world: World, policy: Policy
) -> None:
    chief = world.actor("chief_underwriter")
    version = new_draft(world)
    with_impact(version, world)
    change_figures(version, {"market.factor_ppm": NewFigure(1_650_000, "复核", "D")},
                   actor=world.actor("actuary"))
    propose_version(version, reason="x", actor=world.actor("actuary"))
    with pytest.raises(Refusal, match="no impact run of this very document"):
        approve_version(version, in_force_from=clock.today(), reason="同意", actor=chief)
    run = with_impact(version, world)
    assert run.state == "done"
    Policy.objects.within(world.insurer).update(document_hash="0" * 64)
    with pytest.raises(Refusal, match="today's book"):
        approve_version(version, in_force_from=clock.today(), reason="同意", actor=chief)
    Policy.objects.within(world.insurer).update(document_hash=policy.document_hash)
    assert approve_version(version, in_force_from=clock.today(), reason="同意",
                           actor=chief).state == "in_force"


def test_an_impact_against_a_former_table_does_not_count(world: World, policy: Policy) -> None:
    later = new_proposal(world, "2026.3", 1_620_000)
    with_impact(later, world)
    in_force(world)
    with pytest.raises(Refusal, match="no impact run"):
        approve_version(later, in_force_from=clock.today(), reason="同意",
                        actor=world.actor("chief_underwriter"))
    with_impact(later, world)
    approve_version(later, in_force_from=clock.today(), reason="同意",
                    actor=world.actor("chief_underwriter"))


@pytest.mark.parametrize(("reason", "days"), [("", 0), ("  ", 0), ("x" * 2_001, 0), ("x", -1)])
def test_an_approval_needs_a_reason_and_a_day_to_come(
    world: World, reason: str, days: int
) -> None:
    with pytest.raises(InputError):
        approve_version(new_proposal(world), in_force_from=TODAY + timedelta(days=days),
                        reason=reason, actor=world.actor("compliance"))


def test_a_version_counts_from_its_day(world: World) -> None:
    version = approve_version(new_proposal(world), in_force_from=date(2026, 4, 1), reason="x",
                              actor=world.actor("compliance"))
    assert version.state == "approved"
    assert rating_in_force(world.insurer, TABLE, date(2026, 3, 31)).version == "2026.1"
    assert rating_in_force(world.insurer, TABLE, date(2026, 4, 1)).version == "2026.2"
    with pytest.raises(Refusal, match="waits for its day"):
        approve_version(new_proposal(world, "2026.3", 1_500_000), in_force_from=date(2026, 5, 1),
                        reason="x", actor=world.actor("compliance"))
    assert enter_into_force(actor=world.system) == 0
    stand_at("2026-04-01T00:10:00")
    with pytest.raises(Refusal, match="in force already"):
        withdraw_version(version, reason="x", actor=world.actor("actuary"))
    assert enter_into_force(actor=world.system) == 1
    version.refresh_from_db()
    assert version.state == "in_force"


def test_the_day_needs_no_worker_before_the_next_decision(world: World) -> None:
    first = approve_version(new_proposal(world), in_force_from=date(2026, 4, 1), reason="x",
                            actor=world.actor("compliance"))
    second = new_proposal(world, "2026.3", 1_500_000)
    stand_at("2026-04-02T09:00:00")
    second = approve_version(second, in_force_from=date(2026, 4, 2), reason="x",
                             actor=world.actor("compliance"))
    first.refresh_from_db()
    assert (first.state, second.state) == ("superseded", "in_force")
    assert rating_in_force(world.insurer, TABLE, date(2026, 4, 1)).version == "2026.2"


def test_a_version_whose_day_has_not_come_is_withdrawn(world: World) -> None:
    version = approve_version(new_proposal(world), in_force_from=date(2026, 4, 1), reason="x",
                              actor=world.actor("compliance"))
    withdraw_version(version, reason="笔误", actor=world.actor("actuary"))
    assert rating_in_force(world.insurer, TABLE, date(2026, 4, 1)).version == "2026.1"


def test_a_rejected_version_stays_in_the_history(world: World) -> None:
    version = reject_version(new_proposal(world), reason="依据不足",
                             actor=world.actor("compliance"))
    assert version.state == "rejected"
    for act in (
        lambda: propose_version(version, reason="x", actor=world.actor("actuary")),
        lambda: withdraw_version(version, reason="x", actor=world.actor("actuary")),
        lambda: approve_version(version, in_force_from=TODAY, reason="x",
                                actor=world.actor("compliance")),
    ):
        with pytest.raises(Refusal, match="not possible"):
            act()


def test_the_former_table_comes_back_as_a_new_version(world: World) -> None:
    first = in_force(world)
    second = in_force(world, "2026.3", 1_500_000)
    first.refresh_from_db()
    assert first.state == "superseded"
    actuary = world.actor("actuary")
    with pytest.raises(Refusal, match="was in force before"):
        roll_back("rating", TABLE, to=second, label="2026.4", reason="x", actor=actuary)
    back = roll_back("rating", TABLE, to=first, label="2026.4", reason="错误", actor=actuary)
    assert back.rolls_back and back.document["market"] == first.document["market"]
    propose_version(back, reason="错误", actor=actuary)
    approve_version(back, in_force_from=clock.today(), reason="x",
                    actor=world.actor("compliance"))
    assert rating_in_force(world.insurer, TABLE, clock.today()).market.factor_ppm == 1_700_000
    shipped = roll_back("rating", TABLE, to=None, label="2026.5", reason="x", actor=actuary)
    assert shipped.document["market"]["factor_ppm"] == 1_522_911


def test_two_who_approve_at_once_make_one_approval(world: World) -> None:
    version = new_proposal(world)
    stale = TableVersion.objects.within(world.insurer).get(pk=version.pk)
    approve_version(version, in_force_from=TODAY, reason="x", actor=world.actor("compliance"))
    with pytest.raises(Refusal, match="not possible"):
        approve_version(stale, in_force_from=TODAY, reason="x",
                        actor=world.actor("chief_underwriter"))
    assert version.events.filter(event="approve").count() == 1


def test_the_database_keeps_a_proposed_document_and_every_version(world: World) -> None:
    version = new_proposal(world)
    rows = TableVersion.objects.within(world.insurer).filter(pk=version.pk)
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.update(document_hash="0" * 64)
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        version.events.all().delete()


def test_a_decided_version_has_no_impact_any_more(world: World, policy: Policy) -> None:
    version = in_force(world)
    with pytest.raises(Refusal, match="before a version is decided"):
        start_impact(version, actor=world.actor("actuary"))
    assert work() == 0
