"""What the tests of incidents and claims start from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.platform.claims.making import Scene, make_scene
from tests.platform.story import World, make_world, stand_at


@pytest.fixture(autouse=True)
def _clock(settings: Any) -> Iterator[None]:
    settings.DINGHAI_CLOCK = "dinghai_platform.core.clock.StandingClock"
    stand_at("2026-04-01T00:00:00")
    yield
    (settings.DINGHAI_HOME / "clock").unlink(missing_ok=True)


@pytest.fixture
def world(db: None) -> World:
    """The organisations of the story."""
    return make_world()


@pytest.fixture
def scene(world: World) -> Scene:
    """A policy in force, nothing has happened yet."""
    return make_scene(world)
