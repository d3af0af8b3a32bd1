"""One scenery, and one token for each role, for all tests of the API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.platform.api.asking import ROLES, SELDOM, Door
from tests.platform.routes.scenery import Scenery, built


@pytest.fixture(scope="package")
def scenery(django_db_setup: None, django_db_blocker: Any) -> Iterator[Scenery]:
    """Insurer A's story, undone after the last of them."""
    with django_db_blocker.unblock(), built() as made:
        yield made


@pytest.fixture(scope="package")
def door(scenery: Scenery) -> Door:
    """The API with insurer A's people before it, and their like from elsewhere."""
    foreign = {
        role: scenery.bearer(role, home=scenery.foreign_home(role)) for role in (*ROLES, *SELDOM)
    }
    return Door(scenery, {role: scenery.bearer(role) for role in (*ROLES, *SELDOM)}, foreign)
