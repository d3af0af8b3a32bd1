"""Who acts: every service takes an `Actor` and nothing else says who may do what."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dinghai.foundation.canonical import sha256_hex
from dinghai.foundation.errors import Refusal
from dinghai_platform.core.keys import new_request_id

if TYPE_CHECKING:
    from dinghai_platform.core.models import Membership, Organisation, User

SYSTEM = "system"
"""The role of what the house does by itself: clocks that run out, jobs, imports."""


@dataclass(frozen=True, slots=True)
class Actor:
    """One person (or the system) acting for one organisation in one role.

    ``tenant`` is the insurer whose rows the actor owns; None for an insured, a broker or an
    authority, who sees what was shared with ``organisation``. ``scopes`` narrows a token to
    some permissions; None leaves all of the role's.
    """

    user: User | None
    organisation: Organisation
    role: str
    tenant: Organisation | None
    request_id: str = field(default_factory=new_request_id)
    scopes: frozenset[str] | None = None

    @property
    def user_id(self) -> str | None:
        """The user's key as text; None for the system."""
        return str(self.user.pk) if self.user else None

    @property
    def key(self) -> str:
        """Who acts, as one text: the owner of idempotency keys.

        A narrowed token is somebody of its own, so that it is never given a wider one's answer.
        """
        own = f"{self.user_id or SYSTEM}@{self.organisation.pk}:{self.role}"
        if self.scopes is None:
            return own
        return f"{own}:{sha256_hex(' '.join(sorted(self.scopes)).encode())[:12]}"

    def own_tenant(self) -> Organisation:
        """The actor's tenant. Raises Refusal for an actor of an organisation that is none."""
        if self.tenant is None:
            raise Refusal("this organisation keeps no books of its own here")
        return self.tenant

    def __str__(self) -> str:
        return f"{self.user or SYSTEM} · {self.organisation} · {self.role}"


def actor_of_membership(
    membership: Membership,
    *,
    request_id: str | None = None,
    scopes: frozenset[str] | None = None,
) -> Actor:
    """The actor that a membership makes of its user."""
    organisation = membership.organisation
    return Actor(
        user=membership.user,
        organisation=organisation,
        role=membership.role,
        tenant=organisation if organisation.is_tenant else None,
        request_id=request_id or new_request_id(),
        scopes=scopes,
    )


def system_actor(tenant: Organisation, *, request_id: str | None = None) -> Actor:
    """The house itself, acting inside one tenant."""
    return Actor(None, tenant, SYSTEM, tenant, request_id or new_request_id())
