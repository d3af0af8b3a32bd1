"""What the pool's tests start from: an open pool, four members with records of made-up firms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from dinghai.experience.pool_cells import Given
from dinghai.experience.pool_records import COLUMNS
from dinghai_platform.core import audit
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.pool.models import Batch
from dinghai_platform.pool.services.contributions import contribute_file
from dinghai_platform.pool.services.members import admit_member, open_pool
from tests.experience.pooling import MEMBERS, book
from tests.platform.story import World, make_world, stand_at

ALL = ["pricing_research", "market_statistics"]


@pytest.fixture(autouse=True)
def _clock(settings: Any) -> Iterator[None]:
    settings.DINGHAI_CLOCK = "dinghai_platform.core.clock.StandingClock"
    stand_at("2026-11-02T09:00:00")
    yield
    (settings.DINGHAI_HOME / "clock").unlink(missing_ok=True)


def file_of(given: list[Given], member: str = "") -> bytes:
    """The records of one member (of all) as CSV."""
    rows = {tuple("" if value is None else str(value) for value in one.record.to_dict().values())
            for one in given if member in ("", one.contributor)}
    return "\n".join([",".join(COLUMNS), *(",".join(row) for row in sorted(rows))]).encode()


@dataclass
class Shared:
    """The pool's people."""

    world: World
    members: dict[str, Organisation]

    @property
    def operator(self) -> Actor:
        """Who runs the platform."""
        return self.world.actor("platform_admin", audit.platform_organisation())

    def actuary(self, member: str = "甲") -> Actor:
        """A member's actuary."""
        return self.world.actor("actuary", self.members[member])

    def give(self, given: list[Given], purposes: list[str] | None = None,
             part: str = "a") -> list[Batch]:
        """Let each member give its records."""
        return [
            contribute_file(file_of(given, name), name=f"{part}.csv", actor=self.actuary(name),
                            purposes=ALL if purposes is None else purposes)
            for name in self.members if any(one.contributor == name for one in given)]

    def browser(self, role: str, home: Organisation | None = None, **headers: str) -> Client:
        """Somebody's browser."""
        return self.world.sign_in(Client(headers=headers), role, home)


@pytest.fixture
def shared(db: None) -> Shared:
    world = make_world()
    assert settings.DINGHAI_HOME
    members = {"甲": world.insurer}
    for name in MEMBERS[1:]:
        members[name] = Organisation.objects.create(kind="insurer", name_zh=f"{name}财险")
    made = Shared(world, members)
    open_pool(actor=made.operator)
    for organisation in members.values():
        admit_member(organisation, actor=made.operator)
    return made


@pytest.fixture
def filled(shared: Shared) -> Shared:
    """The pool with records of sixty firms."""
    shared.give(book(150, 60, covers=True))
    return shared
