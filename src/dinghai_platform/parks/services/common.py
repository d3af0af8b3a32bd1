"""What the verbs on parks share: a park held for writing, and its roll."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dinghai.foundation.errors import Refusal
from dinghai_platform.core import audit
from dinghai_platform.core.actors import Actor, system_actor
from dinghai_platform.core.tenancy import locked, scope_of
from dinghai_platform.parks.models import Park, ParkMember


def held(park: Park) -> Park:
    """The park as it is now, its writers standing in line."""
    audit.hold_chain(park.tenant)
    return locked(park)


def held_in_force(park: Park) -> Park:
    """The same. Raises Refusal for one that is not bound, or closed."""
    fresh = held(park)
    if fresh.state == Park.State.DRAFT:
        raise Refusal("this master policy is not bound yet", reasons=["bind it first"])
    if fresh.state == Park.State.CLOSED:
        raise Refusal("this master policy was closed", reasons=["open another one"])
    return fresh


def members_in_order(park: Park) -> list[ParkMember]:
    """All stays of a park, in the order of the roll."""
    return list(ParkMember.objects.within(park.tenant_id).filter(park=park).order_by("sequence"))


@contextmanager
def in_books_of(park: Park, actor: Actor) -> Iterator[Actor]:
    """Write in the insurer's books for a park's operator: the house posts, as the verb decides.

    The verb's own audit entry says who did it.
    """
    with scope_of(actor, tenant=park.tenant):
        yield actor if actor.tenant is not None else system_actor(
            park.tenant, request_id=actor.request_id)
