"""Primary keys: UUIDs of version 7, which sort by time, and within a moment by making."""

from __future__ import annotations

import secrets
import threading
import uuid
from datetime import timedelta

from dinghai.foundation.identifiers import new_identifier
from dinghai_platform.core import clock

_COUNTER_BITS = 12
_lock = threading.Lock()
_last_moment = None
_made_in_moment = 0


def new_key() -> uuid.UUID:
    """A new key. On a clock that stands still, keys of one process still sort by making."""
    global _last_moment, _made_in_moment
    moment = clock.now()
    with _lock:
        _made_in_moment = _made_in_moment + 1 if moment == _last_moment else 0
        _last_moment = moment
        spilled, counter = divmod(_made_in_moment, 1 << _COUNTER_BITS)
    return new_identifier(
        moment + timedelta(milliseconds=spilled),
        randomness=lambda bits: counter if bits == _COUNTER_BITS else secrets.randbits(bits),
    )


def new_request_id() -> str:
    """A name for one request, carried into every audit entry it causes."""
    return new_key().hex
