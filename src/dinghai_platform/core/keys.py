"""Primary keys: UUIDs of version 7, which sort by time, and within a moment by making."""

from __future__ import annotations

import secrets
import threading
import uuid
from datetime import timedelta

from dinghai.foundation.identifiers import new_identifier, unix_milliseconds
from dinghai_platform.core import clock

_COUNTER_BITS = 12
_lock = threading.Lock()
_last_millisecond = 0
_made_in_it = 0


def new_key() -> uuid.UUID:
    """A new key. Keys of one process sort by making, also within a moment that stands still."""
    global _last_millisecond, _made_in_it
    moment = clock.now()
    with _lock:
        millisecond = unix_milliseconds(moment)
        _made_in_it = _made_in_it + 1 if millisecond == _last_millisecond else 0
        _last_millisecond = millisecond
        spilled, counter = divmod(_made_in_it, 1 << _COUNTER_BITS)
    return new_identifier(
        moment + timedelta(milliseconds=spilled),
        randomness=lambda bits: counter if bits == _COUNTER_BITS else secrets.randbits(bits),
    )


def new_request_id() -> str:
    """A name for one request, carried into every audit entry it causes."""
    return new_key().hex
