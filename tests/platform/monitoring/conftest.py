"""What monitoring's tests start from: a policy in force on the day a new KEV table is read."""

from __future__ import annotations

from importlib.resources import files

import pytest

from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.underwriting.models import Dossier, Policy
from tests.platform.story import World, stand_at
from tests.platform.underwriting.conftest import (  # noqa: F401
    _clock,
    archive,
    case,
    dossier,
    product,
    world,
)
from tests.platform.underwriting.way import policy_in_force


@pytest.fixture
def policy(dossier: Dossier, product: ProductVersion, world: World) -> Policy:  # noqa: F811
    made = policy_in_force(dossier, product, world)
    stand_at("2026-04-20T09:00:00")
    return made


@pytest.fixture(scope="session")
def kev() -> bytes:
    return files("dinghai.data").joinpath("feeds/kev_2026-04-16.csv").read_bytes()
