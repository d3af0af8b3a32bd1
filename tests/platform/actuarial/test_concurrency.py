"""Two at the same moment: one approval, one number each, one run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dinghai.foundation.errors import Refusal
from dinghai_platform.actuarial.models import TableVersion
from dinghai_platform.actuarial.services.decisions import approve_version, reject_version
from dinghai_platform.actuarial.services.drafts import draft_version
from dinghai_platform.core import clock
from tests.platform.actuarial.making import TABLE, new_proposal
from tests.platform.story import at_once, make_world, stand_at

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _standing(settings: Any) -> Iterator[None]:
    settings.DINGHAI_CLOCK = "dinghai_platform.core.clock.StandingClock"
    stand_at("2026-03-11T10:00:00")
    yield
    (settings.DINGHAI_HOME / "clock").unlink(missing_ok=True)


def test_of_four_who_decide_at_once_one_decides() -> None:
    world = make_world()
    version = new_proposal(world)
    actors = [world.actor("chief_underwriter"), world.actor("compliance")]
    today = clock.today()

    def fresh() -> TableVersion:
        return TableVersion.objects.within(world.insurer).get(pk=version.pk)

    rows = [fresh() for _ in range(4)]
    found = at_once(
        *(lambda row=row, actor=actor: approve_version(
            row, in_force_from=today, reason="x", actor=actor)
          for row, actor in zip(rows[:2], actors, strict=True)),
        *(lambda row=row, actor=actor: reject_version(row, reason="x", actor=actor)
          for row, actor in zip(rows[2:], actors, strict=True)))
    assert sum(isinstance(one, TableVersion) for one in found) == 1
    assert sum(isinstance(one, Refusal) for one in found) == 3
    decided = version.events.filter(event__in=("approve", "reject"))
    assert decided.count() == 1 and fresh().state in ("in_force", "rejected")


def test_drafts_at_once_get_numbers_of_their_own() -> None:
    world = make_world()
    actuary = world.actor("actuary")
    found = at_once(*(
        lambda n=n: draft_version("rating", TABLE, label=f"2026.{n}", reason="x", actor=actuary)
        for n in range(2, 6)))
    assert sorted(one.number for one in found) == [1, 2, 3, 4]
