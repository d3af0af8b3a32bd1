"""Identifiers that sort by time, so that mass issue writes to the end of an index."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from datetime import datetime


def new_identifier(
    now: datetime, *, randomness: Callable[[int], int] = secrets.randbits
) -> uuid.UUID:
    """A UUID of version 7 (RFC 9562): 48 bits of milliseconds, then 74 random bits."""
    milliseconds = int(now.timestamp() * 1000) & ((1 << 48) - 1)
    random_a, random_b = randomness(12), randomness(62)
    value = (milliseconds << 80) | (7 << 76) | (random_a << 64) | (0b10 << 62) | random_b
    return uuid.UUID(int=value)


def stable_identifier(prefix: str, digest_hex: str, length: int = 16) -> str:
    """An identifier that is a pure function of content: ``F-`` and the head of its hash."""
    return f"{prefix}-{digest_hex[:length]}"
