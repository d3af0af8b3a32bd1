"""What the tests of programmes start from: an open programme of the small chain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dinghai_platform.core.models import Organisation
from dinghai_platform.programmes.models import Programme
from tests.platform.chains.making import kept, owner_of_chain
from tests.platform.programmes.making import opened, supplier_of
from tests.platform.story import World, make_world, stand_at


@pytest.fixture(autouse=True)
def _clock(settings: Any) -> Iterator[None]:
    settings.DINGHAI_CLOCK = "dinghai_platform.core.clock.StandingClock"
    stand_at("2026-11-02T09:00:00")
    yield
    (settings.DINGHAI_HOME / "clock").unlink(missing_ok=True)


@pytest.fixture
def world(db: None) -> World:
    """The organisations."""
    return make_world()


@pytest.fixture
def owner(world: World) -> Organisation:
    """The chain owner's organisation."""
    return owner_of_chain(world)


@pytest.fixture
def supplier(world: World) -> Organisation:
    """The organisation of the first supplier."""
    return supplier_of(world)


@pytest.fixture
def programme(world: World, owner: Organisation) -> Programme:
    """A programme of the small chain, nobody in it."""
    return opened(kept(world.actor("underwriter"), owner=owner), world.actor("underwriter"))
