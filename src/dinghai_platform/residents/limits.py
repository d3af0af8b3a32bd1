"""How often strangers may ask: counted by address and by what they ask of, in the site's cache.

Only hashes are kept, for as long as they count.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.core.cache import cache
from django.http import HttpRequest

from dinghai_platform.core.addresses import address_of


@dataclass(frozen=True, slots=True)
class Limit:
    """So many in so many seconds."""

    most: int
    seconds: int


LIMITS: Final[Mapping[str, Limit]] = {
    # A family or an office shares an address; a machine that tries numbers asks far more.
    "buy": Limit(20, 600),
    "buy_link": Limit(600, 600),
    "turned_away": Limit(4, 3_600),
    "receipt": Limit(60, 600),
    "verify": Limit(30, 600),
}


def allowed_again(request: HttpRequest, action: str, of: str = "") -> bool:
    """Count one more of an action; whether it is still within its limit.

    ``of`` counts for what is asked of (a link) instead of for who asks.
    """
    limit = LIMITS[action]
    key = _key(request, action, of)
    if cache.add(key, 1, limit.seconds):
        return True
    try:
        return int(cache.incr(key)) <= limit.most
    except ValueError:  # it ran out between the two
        cache.set(key, 1, limit.seconds)
        return True


def is_held(request: HttpRequest, action: str) -> bool:
    """Whether an address is over the limit of an action already; nothing is counted."""
    return int(cache.get(_key(request, action, "")) or 0) >= LIMITS[action].most


def _key(request: HttpRequest, action: str, of: str) -> str:
    who = of or address_of(request)
    return f"residents:{action}:{hashlib.sha256(f'{action}:{who}'.encode()).hexdigest()[:32]}"
