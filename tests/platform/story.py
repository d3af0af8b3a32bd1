"""People, organisations and the example's story, for tests of several rooms."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from dinghai.foundation.clock import SHANGHAI
from dinghai_platform.core import audit
from dinghai_platform.core.actors import Actor, actor_of_membership, system_actor
from dinghai_platform.core.clock import StandingClock
from dinghai_platform.core.models import Membership, Organisation, Relation, User
from dinghai_platform.core.tenancy import crossing_tenants
from dinghai_platform.core.worker import Worker

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "donghai"
PASSWORD = "a-password-for-tests-only"
HALF_PAST_MIDNIGHT = datetime(2026, 4, 20, 16, 30, tzinfo=UTC)
"""On 21 April in Shanghai, as the database gives it back."""


def stand_at(text: str) -> datetime:
    """Let the clock stand at a moment in Shanghai."""
    moment = datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)
    settings.DINGHAI_HOME.mkdir(parents=True, exist_ok=True)
    StandingClock.stand_at(moment)
    return moment


def dated(monkeypatch: Any, module: Any, *names: str) -> list[date]:
    """The days on which the papers that a module renders are said to be issued, as they come."""
    days: list[date] = []
    for name in names:
        render = getattr(module, name)

        def noted(*given: Any, render: Any = render, **named: Any) -> Any:
            days.append(named["issued_on"])
            return render(*given, **named)

        monkeypatch.setattr(module, name, noted)
    return days


@dataclass(frozen=True)
class World:
    """Two insurers and two insured, with one person in each role that the story needs."""

    insurer: Organisation
    other_insurer: Organisation
    donghai: Organisation
    stranger: Organisation

    def actor(self, role: str, organisation: Organisation | None = None) -> Actor:
        """Somebody in a role: of the insurer, of the insured for an insured's role."""
        home = organisation or (self.donghai if role.startswith("insured") else self.insurer)
        name = f"{role}-{home.pk.hex[-8:]}"
        user, made = User.objects.get_or_create(
            username=name, defaults={"email": f"{name}@example.org", "full_name": name}
        )
        if made:
            user.set_password(PASSWORD)
            user.save()
        membership, _ = Membership.objects.get_or_create(user=user, organisation=home, role=role)
        return actor_of_membership(membership)

    @property
    def system(self) -> Actor:
        """The house inside the insurer."""
        return system_actor(self.insurer)

    def sign_in(self, client: Any, role: str, organisation: Organisation | None = None) -> Any:
        """The client signed in as somebody in a role."""
        client.force_login(
            self.actor(role, organisation).user,
            backend="django.contrib.auth.backends.ModelBackend",
        )
        return client


def make_world() -> World:
    """The organisations of the story."""
    audit.platform_organisation()
    kinds = Organisation.Kind
    insurer = Organisation.objects.create(kind=kinds.INSURER, name_zh="沧澜财产保险",
                                          name_en="Canglan P&C")
    other = Organisation.objects.create(kind=kinds.INSURER, name_zh="别家财险", name_en="Other P&C")
    donghai = Organisation.objects.create(kind=kinds.INSURED, name_zh="东海家电",
                                          name_en="Donghai Home Appliances")
    stranger = Organisation.objects.create(kind=kinds.INSURED, name_zh="路人甲", name_en="Stranger")
    for tenant, organisation in ((insurer, donghai), (other, stranger)):
        Relation.objects.create(tenant=tenant, organisation=organisation)
    return World(insurer, other, donghai, stranger)


def work() -> int:
    """Do every job that waits."""
    return Worker(lease_seconds=600).run_until_idle()


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each act gives when all begin at the same moment: a result or an error."""
    found: list[Any] = []
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> None:
        try:
            gate.wait(10)
            with crossing_tenants("threads of a test"):
                found.append(act())
        except Exception as error:
            found.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found
