"""Faults: a write that fails once, an audit, a file, the books or the engine that fails once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from random import Random
from typing import Any
from unittest import mock

from django.db import connection


class InjectedFault(Exception):
    """What broke in the middle of a service."""


class Fuse:
    """Fails at the n-th time it is asked, and only then."""

    def __init__(self, at: int) -> None:
        self._left = at
        self.blown = False

    def burn(self) -> None:
        """Count one; raise InjectedFault when it is the one."""
        self._left -= 1
        if self._left == 0:
            self.blown = True
            raise InjectedFault("a fault was injected here")


PLACES = {
    "audit": ("dinghai_platform.core.audit.hold_chain", 4),
    "books": ("dinghai_platform.ledger.services._write", 2),
    "file": ("dinghai_platform.core.files._put_in_place", 1),
    "adjudicate": ("dinghai_platform.claims.reading.adjudicate", 1),
    "assess": ("dinghai_platform.underwriting.services.assessments.assess", 1),
    "float": ("dinghai_platform.monitoring.services.floats.float_premium", 1),
    "price": ("dinghai_platform.underwriting.services.quotes.price", 1),
}


@contextlib.contextmanager
def one_fault(random: Random) -> Iterator[tuple[str, Fuse]]:
    """Within the block something fails once: where, and the fuse that says whether it did.

    Half of the faults hit the n-th write of the database, wherever in a service that is.
    """
    place = random.choice(["write"] * len(PLACES) + sorted(PLACES))
    if place == "write":
        fuse = Fuse(random.choice((1, 1, 2, 3, 4, 6, 9)))
        with connection.execute_wrapper(_failing_write(fuse)):
            yield place, fuse
        return
    target, most = PLACES[place]
    fuse = Fuse(random.randint(1, most))
    module, _, name = target.rpartition(".")
    real = getattr(__import__(module, fromlist=[name]), name)

    def failing(*args: Any, **kwargs: Any) -> Any:
        fuse.burn()
        return real(*args, **kwargs)

    with mock.patch(target, failing):
        yield place, fuse


def _failing_write(fuse: Fuse) -> Any:
    def execute(run: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().startswith(("INSERT", "UPDATE", "DELETE")):
            fuse.burn()
        return run(sql, params, many, context)

    return execute
