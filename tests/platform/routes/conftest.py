"""One scenery for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.platform.routes.registry import ROUTES
from tests.platform.routes.scenery import Scenery, built


@pytest.fixture(scope="module")
def scenery(django_db_setup: None, django_db_blocker: Any) -> Iterator[Scenery]:
    """Insurer A's story, undone after the module; everybody a route knows is signed in."""
    with django_db_blocker.unblock(), built() as made:
        own = {role for route in ROUTES.values() for role in (route.by, route.not_by) if role}
        elsewhere = {route.by for route in ROUTES.values() if route.by} - {"operator"}
        made.sign_in([
            *((role, None) for role in own),
            *((role, made.foreign_home(role)) for role in elsewhere),
        ])
        yield made
