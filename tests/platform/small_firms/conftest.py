"""An insurer that sells the plans, its underwriter, a broker, and a clock that stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation, Relation
from tests.platform.conftest import make_organisation
from tests.platform.small_firms.making import on_sale
from tests.platform.story import stand_at


@pytest.fixture(autouse=True)
def _clock(settings: Any) -> Iterator[None]:
    settings.DINGHAI_CLOCK = "dinghai_platform.core.clock.StandingClock"
    stand_at("2026-04-20T09:00:00")
    yield
    (settings.DINGHAI_HOME / "clock").unlink(missing_ok=True)


@pytest.fixture
def shop(insurer: Organisation) -> Organisation:
    """The insurer, with the plans on sale."""
    on_sale(insurer)
    return insurer


@pytest.fixture
def underwriter(act_as: Callable[..., Actor], shop: Organisation) -> Actor:
    """The insurer's desk."""
    return act_as("underwriter", shop)


@pytest.fixture
def agency(shop: Organisation) -> Organisation:
    """A broker that the insurer deals with."""
    made = make_organisation("broker", "远帆保险经纪")
    Relation.objects.create(tenant=shop, organisation=made)
    return made


@pytest.fixture
def broker(act_as: Callable[..., Actor], agency: Organisation) -> Actor:
    """Somebody there."""
    return act_as("broker", agency)


@pytest.fixture
def own(act_as: Callable[..., Actor], shop: Organisation, insured: Organisation) -> Actor:
    """The administrator of a firm with an account."""
    Relation.objects.create(tenant=shop, organisation=insured)
    return act_as("insured_admin", insured)
