"""What the tests of subsidies start from: an authority, a hospital with a policy, a rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache

from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.subsidies.models import Subsidy
from dinghai_platform.underwriting.models import Policy
from tests.platform.story import World, make_world, stand_at
from tests.platform.subsidies.making import authority_of, hospital, official, opened, policy_of


@pytest.fixture(autouse=True)
def _clock(settings: Any) -> Iterator[None]:
    settings.DINGHAI_CLOCK = "dinghai_platform.core.clock.StandingClock"
    stand_at("2026-03-10T09:00:00")
    cache.clear()
    yield
    (settings.DINGHAI_HOME / "clock").unlink(missing_ok=True)


@pytest.fixture
def world(db: None) -> World:
    """The organisations."""
    return make_world()


@pytest.fixture
def authority(world: World) -> Organisation:
    """The authority."""
    return authority_of()


@pytest.fixture
def clerk(world: World, authority: Organisation) -> Actor:
    """Somebody at the authority."""
    return official(world, authority)


@pytest.fixture
def colleague(world: World, authority: Organisation) -> Actor:
    """Another one there."""
    return official(world, authority, "second")


@pytest.fixture
def firm(world: World) -> Organisation:
    """A hospital."""
    return hospital(world)


@pytest.fixture
def policy(world: World, firm: Organisation) -> Policy:
    """Its policy of ¥84,800, paid."""
    return policy_of(world, firm)


@pytest.fixture
def subsidy(clerk: Actor) -> Subsidy:
    """Half of the premium, ¥100,000 in all, ¥200,000 a firm, section Q in area 31."""
    return opened(clerk)
