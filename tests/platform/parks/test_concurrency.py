"""Two at once: one change is applied once, one limit is paid once."""

from __future__ import annotations

import pytest

from dinghai.foundation.errors import Refusal
from dinghai_platform.core.tenancy import crossing_tenants
from dinghai_platform.ledger.queries import balance_of, verify_books
from dinghai_platform.parks.models import EventSettlement, MemberChange, Park, PremiumStep
from dinghai_platform.parks.services.changes import apply_change
from dinghai_platform.parks.services.settlements import approve_settlement
from tests.platform.parks.making import applied, checked, event, firm, line, members
from tests.platform.story import World, at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_change_is_applied_once(world: World, park: Park) -> None:
    actor = world.actor("underwriter")
    one, two = checked(park, [firm(0)], actor), checked(park, [firm(0), firm(1)], actor)

    def act(change: MemberChange) -> MemberChange:
        return apply_change(change, seen=change.preview_hash, actor=actor)

    found = at_once(lambda: act(one), lambda: act(one), lambda: act(two))
    with crossing_tenants("the test looks"):
        codes = [each.credit_code for each in members(park)]
        assert len(codes) == len(set(codes)) in (1, 2)
        assert any(isinstance(each, Refusal) for each in found)
        steps = PremiumStep.objects.within(world.insurer)
        assert balance_of(world.insurer, "premium_receivable") == sum(
            each.gross_fen for each in steps)
        assert verify_books(world.insurer).holds


def test_one_limit_is_paid_once(world: World, park: Park) -> None:
    applied(park, [firm(0)], world.actor("underwriter"))
    handler, approver = world.actor("claims_handler"), world.actor("claims_approver")
    rows = [event(park, handler, [line(0, "100万元", day=f"2026-02-0{number}")],
                  name=f"E-{number}") for number in (1, 2)]
    found = at_once(*(lambda row=row: approve_settlement(row, actor=approver) for row in rows))
    assert sum(isinstance(one, Refusal) for one in found) == 1  # the other one is stale now
    with crossing_tenants("the test looks"):
        posted = EventSettlement.objects.within(world.insurer).filter(state="posted")
        assert posted.count() == 1
        assert balance_of(world.insurer, "claims_payable") == 100_000_000
