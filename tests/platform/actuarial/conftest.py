"""What the actuary's tests start from: a book with one policy in force, and people."""

from __future__ import annotations

import pytest

from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.underwriting.models import Dossier, Policy
from tests.platform.story import World
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
    """One policy in force, at the shipped rating."""
    return policy_in_force(dossier, product, world)
