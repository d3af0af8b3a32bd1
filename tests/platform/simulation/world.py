"""The seeded world: it chooses, tries, breaks, and checks after every step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from dinghai.foundation.clock import SHANGHAI, ManualClock
from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.catalogue.services import install_product, release_product
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.clock import StandingClock
from dinghai_platform.core.models import Organisation
from dinghai_platform.underwriting.models import Policy
from tests.platform.simulation import (
    claim_acts,
    invariants,
    job_acts,
    underwriting_acts,
    watch_acts,
    wrong_acts,
)
from tests.platform.simulation.attempts import Attempt, Ending
from tests.platform.simulation.cast import Cast, make_cast
from tests.platform.simulation.digest import changed, digest_of_everything
from tests.platform.simulation.faults import InjectedFault, one_fault

START = datetime(2026, 3, 11, 10, tzinfo=SHANGHAI)
ROOMS: dict[Any, int] = {underwriting_acts: 3, watch_acts: 4, claim_acts: 11, wrong_acts: 3}
FAULT_SHARE = 0.3
WHOLE_EVERY = 15
ONWARD = 4


def _weight(attempt: Attempt) -> int:
    """What moves the story on is chosen oftener than what must be refused."""
    wrong = attempt.ending in (Ending.REFUSED, Ending.SAME)
    return attempt.weight * (1 if wrong else ONWARD)


class Broken(AssertionError):
    """An invariant does not hold, or an attempt ended as it must not."""


class Simulation:
    """One world with its own random numbers; the same seed gives the same story."""

    def __init__(self, seed: int, *, enterprises: int = 3, insured_at_start: int = 2) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.step = 0
        self.log: list[str] = []
        self.counts: Counter[str] = Counter()
        self.money: Counter[str] = Counter()
        self.memory: dict[str, Any] = {}
        self.stories: dict[str, dict[str, Any]] = {}
        self.refunded: dict[str, tuple[date, int]] = {}
        self.replayed: dict[Any, tuple[str, str]] = {}
        self.towers: dict[Any, set[str]] = {}
        self.granted: dict[Any, int] = {}
        self._numbers = 0
        self.machine = ManualClock(START)
        self.now = START
        self._stand(START)
        self.cast: Cast = make_cast(enterprises)
        self.tenant = self.cast.insurer
        self.product: ProductVersion = release_product(
            install_product("cyber-comprehensive-standard", actor=self.cast.system),
            actor=self.cast.system)
        self._state = digest_of_everything()
        self._begin(insured_at_start)

    @property
    def today(self) -> date:
        """The business day."""
        return self.now.astimezone(SHANGHAI).date()

    def staff(self, role: str) -> Actor:
        """Somebody of the insurer."""
        return self.cast.of(role, self.tenant, self.random)

    def person(self, role: str, home: Organisation) -> Actor:
        """Somebody of an enterprise."""
        return self.cast.of(role, home, self.random)

    def actor_of_user(self, user_id: Any) -> Actor | None:
        """The actor that a user of the insurer is."""
        for actors in self.cast.actors.values():
            for actor in actors:
                if actor.user is not None and actor.user.pk == user_id:
                    return actor
        return None

    def next_number(self) -> int:
        """A running number for names of files."""
        self._numbers += 1
        return self._numbers

    def run(self, steps: int) -> None:
        """Take so many steps; raises Broken naming seed, step and action."""
        for _ in range(steps):
            self.take_step()
        self._check(whole=True)

    def take_step(self) -> None:
        """Let some time pass, do what jobs wait, and try one thing."""
        self.step += 1
        self._pass_time()
        before = self._state
        if job_acts.waiting() and self.random.random() < 0.8:
            self._guard("jobs", lambda: self.counts.update([f"jobs {job_acts.work(self)}"]))
        else:
            attempt = self._choose()
            self._guard(attempt.name, lambda: self._try(attempt))
        if changed(before, self._state) or self.step % WHOLE_EVERY == 0:
            self._check(whole=self.step % WHOLE_EVERY == 0)

    def _guard(self, name: str, do: Callable[[], object]) -> None:
        self.log.append(name)
        try:
            do()
        except Broken:
            raise
        except Exception as error:
            raise self._broken(f"{type(error).__name__}: {error}") from error
        self._state = digest_of_everything()

    def _choose(self) -> Attempt:
        while True:
            room = self.random.choices(list(ROOMS), list(ROOMS.values()))[0]
            found = list(room.attempts(self))
            if found:
                return self.random.choices(found, [_weight(one) for one in found])[0]

    def _try(self, attempt: Attempt) -> None:
        """Try it, sometimes with a fault in its middle first."""
        wanted = attempt.ending in (Ending.DONE, Ending.EITHER) and attempt.faultable
        if wanted and self.random.random() < FAULT_SHARE and not self._survives_fault(attempt):
            return
        try:
            result = attempt.do()
        except attempt.refusals as error:
            if attempt.ending in (Ending.DONE, Ending.SAME):
                raise self._broken(f"was refused: {type(error).__name__}: {error}") from error
            self._unchanged(f"refused ({type(error).__name__})")
            self.counts["refused"] += 1
            return
        if attempt.ending is Ending.REFUSED:
            raise self._broken("was let through; it had to be refused")
        if attempt.ending is Ending.SAME:
            self._unchanged("a repeated request")
            self.counts["repeated"] += 1
        if attempt.then is not None:
            attempt.then(result)
        self.counts["done"] += attempt.ending is not Ending.SAME

    def _survives_fault(self, attempt: Attempt) -> bool:
        """Let something fail once inside; False when the action ended before it could."""
        with one_fault(self.random) as (place, fuse):
            try:
                result = attempt.do()
            except InjectedFault:
                self._unchanged(f"a fault in its {place}")
                self.counts[f"fault {place}"] += 1
                return True
            except attempt.refusals as error:
                if attempt.ending is Ending.DONE:
                    raise self._broken(f"was refused: {error}") from error
                self._unchanged("refused")
                return False
        if fuse.blown:
            raise self._broken(f"swallowed a fault in its {place}")
        if attempt.then is not None:
            attempt.then(result)
        self.counts["done"] += 1
        return False

    def _unchanged(self, why: str) -> None:
        differs = changed(self._state, digest_of_everything())
        if differs:
            raise self._broken(f"{why} and yet it changed {', '.join(differs)}")

    def _check(self, *, whole: bool) -> None:
        wrong = list(invariants.faults(self, whole=whole))
        if wrong:
            raise self._broken("; ".join(wrong), after=True)

    def _broken(self, why: str, *, after: bool = False) -> Broken:
        where = "after" if after else "in"
        last = "\n  ".join(self.log[-12:])
        return Broken(f"seed {self.seed}, step {self.step}, {where} “{self.log[-1]}” on "
                      f"{self.now:%Y-%m-%d %H:%M}: {why}\n  {last}")

    def _pass_time(self) -> None:
        hours = self.random.choice((0, 0, 1, 5, 20, 30))
        if self.random.random() < 0.04:
            hours = 24 * self.random.choice((8, 15, 35))
        self._stand(self.now + timedelta(hours=hours, minutes=self.random.randint(1, 40)))

    def _stand(self, moment: datetime) -> None:
        self.now = moment
        self.machine.advance(seconds=1)
        StandingClock.stand_at(moment)

    def _begin(self, count: int) -> None:
        """The first enterprises go straight to a policy in force, then spring has come."""
        wanted = ("open_case", "import_dossier", "assess_dossier", "price_quote", "refer_quote",
                  "approve_quote", "approve referred", "issue_quote", "record_explanations",
                  "waive_explanations", "accept_quote", "bind_policy", "pay_premium")
        self.log.append("the beginning")
        everybody, self.cast.insured = self.cast.insured, self.cast.insured[:count]
        for _ in range(200):
            if job_acts.waiting():
                job_acts.finish(self)
            if Policy.objects.within(self.tenant).filter(state="in_force").count() == count:
                break
            found = [one for one in underwriting_acts.attempts(self) if one.name in wanted]
            useful = [one for one in found if one.name not in ("assess_dossier",)] or found
            if not useful:
                break  # a random enterprise may be one that nobody insures
            attempt = self.random.choices(useful, [one.weight for one in useful])[0]
            result = attempt.do()
            if attempt.then:
                attempt.then(result)
        self.cast.insured = everybody
        self._stand(datetime(2026, 4, 20, 9, tzinfo=SHANGHAI))
        self._state = digest_of_everything()
