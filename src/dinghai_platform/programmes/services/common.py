"""What the verbs on programmes share: a programme that is open, held for writing."""

from __future__ import annotations

from dinghai.foundation.errors import Refusal
from dinghai_platform.core import audit
from dinghai_platform.core.tenancy import locked
from dinghai_platform.programmes.models import Programme


def held_open(programme: Programme) -> Programme:
    """The programme as it is now, its writers standing in line. Raises Refusal for a closed
    one."""
    audit.hold_chain(programme.tenant)
    fresh = locked(programme)
    if not fresh.is_open:
        raise Refusal("this programme was closed", reasons=["open another one"])
    return fresh
