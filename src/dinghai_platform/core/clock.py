"""The two clocks of a site, both injected by settings.

Business time (`now`) dates entries and runs deadlines; a demonstration may let it stand still.
The machine's time (`machine_now`) guards leases, invitations, tokens and set-up links, which
must run out even then.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from dinghai.foundation.clock import SHANGHAI, Clock


@cache
def _clock(path: str) -> Clock:
    made = import_string(path)
    clock: Clock = made() if isinstance(made, type) else made
    return clock


def business_clock() -> Clock:
    """The clock that DINGHAI_CLOCK names: a Clock class or instance by dotted path."""
    return _clock(settings.DINGHAI_CLOCK)


def now() -> datetime:
    """The present moment of business."""
    return business_clock().now()


def today() -> date:
    """The present business day in Shanghai."""
    return now().astimezone(SHANGHAI).date()


def machine_now() -> datetime:
    """The present moment of the machine."""
    return _clock(settings.DINGHAI_MACHINE_CLOCK).now()


class StandingClock:
    """Stands at the moment written in `clock` in the site's home; the machine's time without it.

    A file, so that the web server and the worker of one site read the same time.
    """

    def now(self) -> datetime:
        """The moment in the file. Raises ValueError when it is not an ISO moment with a zone."""
        path = settings.DINGHAI_HOME / "clock"
        if not path.exists():
            return datetime.now(SHANGHAI)
        moment = datetime.fromisoformat(path.read_text(encoding="utf-8").strip())
        if moment.tzinfo is None:
            raise ValueError(f"{path}: the moment needs its time zone")
        return moment

    @staticmethod
    def is_set() -> bool:
        """Whether a moment is written."""
        return bool((settings.DINGHAI_HOME / "clock").exists())

    @staticmethod
    def stand_at(moment: datetime) -> None:
        """Let the site's clock stand at a moment. Raises ValueError for one without a zone."""
        if moment.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        draft = settings.DINGHAI_HOME / "clock.draft"
        draft.write_text(moment.isoformat(), encoding="utf-8")
        draft.replace(settings.DINGHAI_HOME / "clock")
