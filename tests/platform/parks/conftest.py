"""What the tests of parks start from: a bound master policy with an operator, nobody in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dinghai_platform.core.models import Organisation
from dinghai_platform.parks.models import Park
from tests.platform.parks.making import opened, operator_of
from tests.platform.story import World, make_world, stand_at


@pytest.fixture(autouse=True)
def _clock(settings: Any) -> Iterator[None]:
    settings.DINGHAI_CLOCK = "dinghai_platform.core.clock.StandingClock"
    stand_at("2026-03-02T09:00:00")
    yield
    (settings.DINGHAI_HOME / "clock").unlink(missing_ok=True)


@pytest.fixture
def world(db: None) -> World:
    """The organisations."""
    return make_world()


@pytest.fixture
def operator(world: World) -> Organisation:
    """The park operator's organisation."""
    return operator_of(world)


@pytest.fixture
def park(world: World, operator: Organisation) -> Park:
    """The example's master policy, bound, without members."""
    return opened(world.actor("underwriter"), operator)
