"""What the world may try: an attempt says what it does and how it must end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.core.exceptions import PermissionDenied

from dinghai.foundation.errors import InputError, Refusal

NO = (Refusal, InputError, PermissionDenied)
"""Every way in which a service says no."""


class Ending(Enum):
    """How an attempt must end."""

    DONE = "must succeed"
    EITHER = "may succeed or be refused"
    REFUSED = "must be refused"
    SAME = "must succeed and change nothing"


@dataclass(frozen=True)
class Attempt:
    """One thing to try. ``refusals`` are the errors that a refusal may raise."""

    name: str
    do: Callable[[], Any]
    ending: Ending = Ending.DONE
    refusals: tuple[type[Exception], ...] = NO
    then: Callable[[Any], None] | None = None
    weight: int = 1
    faultable: bool = True


def must(name: str, do: Callable[[], Any], **more: Any) -> Attempt:
    """It is allowed now: it succeeds."""
    return Attempt(name, do, **more)


def may(name: str, do: Callable[[], Any], **more: Any) -> Attempt:
    """The state allows it; a guard on the content may still say no."""
    return Attempt(name, do, Ending.EITHER, **more)


def never(
    name: str, do: Callable[[], Any], refusals: tuple[type[Exception], ...] = NO, **more: Any
) -> Attempt:
    """It is refused, with one of these errors, and changes nothing."""
    return Attempt(name, do, Ending.REFUSED, refusals, **more)


def same(name: str, do: Callable[[], Any], **more: Any) -> Attempt:
    """A repeated request: it gives what is there and changes nothing."""
    return Attempt(name, do, Ending.SAME, **more)
