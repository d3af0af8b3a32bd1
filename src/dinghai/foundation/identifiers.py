"""Identifiers that sort by time, so that mass issue writes to the end of an index."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def unix_milliseconds(moment: datetime) -> int:
    """Whole milliseconds since 1970, exactly: a float timestamp can fall into the one before."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def new_identifier(
    now: datetime, *, randomness: Callable[[int], int] = secrets.randbits
) -> uuid.UUID:
    """A UUID of version 7 (RFC 9562): 48 bits of milliseconds, then 74 random bits."""
    milliseconds = unix_milliseconds(now) & ((1 << 48) - 1)
    random_a, random_b = randomness(12), randomness(62)
    value = (milliseconds << 80) | (7 << 76) | (random_a << 64) | (0b10 << 62) | random_b
    return uuid.UUID(int=value)


def stable_identifier(prefix: str, digest_hex: str, length: int = 16) -> str:
    """An identifier that is a pure function of content: ``F-`` and the head of its hash."""
    return f"{prefix}-{digest_hex[:length]}"
