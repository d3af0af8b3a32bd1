"""What the tests of supply chains start from: two insurers, a chain owner, a clock that stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dinghai_platform.chains.models import ChainVersion
from dinghai_platform.core.models import Organisation
from tests.platform.chains.making import kept, owner_of_chain
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
def version(world: World, owner: Organisation) -> ChainVersion:
    """The small chain, kept by the underwriter for the chain owner."""
    return kept(world.actor("underwriter"), owner=owner)
