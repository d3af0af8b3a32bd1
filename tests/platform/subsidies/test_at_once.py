"""Many who apply at the same moment: the budget is never passed, nobody is lost or granted twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dinghai_platform.core import audit
from dinghai_platform.subsidies.book import verified
from dinghai_platform.subsidies.models import Application, Entry, Payment, PublicList
from dinghai_platform.subsidies.services.applications import apply_for
from dinghai_platform.subsidies.services.payments import pay_grants
from dinghai_platform.subsidies.services.publication import publish_list
from tests.platform.story import at_once, make_world, stand_at
from tests.platform.subsidies.making import (
    HOSPITAL,
    authority_of,
    fresh,
    hospital,
    official,
    opened,
    policy_of,
)

pytestmark = pytest.mark.django_db(transaction=True)
FIRMS = 8


@pytest.fixture(autouse=True)
def _standing(settings: Any) -> Iterator[None]:
    settings.DINGHAI_CLOCK = "dinghai_platform.core.clock.StandingClock"
    stand_at("2026-03-10T09:00:00")
    yield
    (settings.DINGHAI_HOME / "clock").unlink(missing_ok=True)


def test_the_budget_holds_when_all_apply_at_once() -> None:
    world = make_world()
    authority = authority_of()
    clerk, colleague = official(world, authority), official(world, authority, "second")
    subsidy = opened(clerk, budget="10万")  # two whole grants of ¥42,400 and the rest of one
    acts = []
    for number in range(1, FIRMS + 1):
        home = hospital(world, number)
        policy, actor = policy_of(world, home, number), world.actor("insured_admin", home)
        for _twice in range(2):  # each firm asks twice at once
            acts.append(lambda p=policy, a=actor: apply_for(subsidy, p, HOSPITAL, actor=a))
    found = at_once(*acts)
    assert all(isinstance(one, Application) for one in found), found
    assert len({one.pk for one in found}) == FIRMS
    rows = list(Application.objects.within(subsidy.tenant))
    grants = sorted((one.granted_fen for one in rows), reverse=True)
    assert grants == [4_240_000, 4_240_000, 1_520_000] + [0] * (FIRMS - 3)
    assert sum(grants) == 10_000_000 and fresh(subsidy).left_fen == 0
    assert [one.state for one in rows].count("waiting_budget") == FIRMS - 3
    entries = Entry.objects.within(subsidy.tenant)
    assert entries.filter(kind="decided").values("application").distinct().count() == FIRMS
    assert verified(fresh(subsidy)).head == fresh(subsidy).head  # the chain is whole
    assert fresh(subsidy).length == entries.count()

    found = at_once(*([lambda: publish_list(subsidy, actor=clerk)] * 3))
    assert [isinstance(one, PublicList) for one in found].count(True) == 1
    stand_at("2026-03-25T09:00:00")
    found = at_once(*([lambda: pay_grants(subsidy, actor=colleague)] * 3))
    paid = [one for one in found if isinstance(one, Payment)]
    assert len(paid) == 1 and paid[0].total_fen == 10_000_000
    assert audit.verify_chain(subsidy.tenant).holds
