"""What underwriting's tests start from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.catalogue.services import install_product, release_product
from dinghai_platform.underwriting.models import Case, Dossier
from dinghai_platform.underwriting.services.cases import open_case
from dinghai_platform.underwriting.services.dossiers import archive_of_folder, import_dossier
from tests.platform.story import EXAMPLE, World, make_world, stand_at, work


@pytest.fixture(autouse=True)
def _clock(settings: Any) -> Iterator[None]:
    settings.DINGHAI_CLOCK = "dinghai_platform.core.clock.StandingClock"
    stand_at("2026-03-11T10:00:00")
    yield
    (settings.DINGHAI_HOME / "clock").unlink(missing_ok=True)


@pytest.fixture
def world(db: None) -> World:
    return make_world()


@pytest.fixture
def product(world: World) -> ProductVersion:
    installed = install_product("cyber-comprehensive-standard", actor=world.system)
    return release_product(installed, actor=world.system)


@pytest.fixture
def case(world: World) -> Case:
    return open_case(world.donghai, title="东海家电 2026", actor=world.actor("underwriter"))


@pytest.fixture(scope="session")
def archive() -> bytes:
    return archive_of_folder(EXAMPLE)


@pytest.fixture
def dossier(case: Case, archive: bytes, world: World) -> Dossier:
    started = import_dossier(
        case, archive, name="donghai.zip", actor=world.actor("underwriter")
    )
    work()
    return Dossier.objects.within(case.tenant).get(pk=started.pk)
