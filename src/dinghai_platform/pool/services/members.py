"""Opening the pool, and who takes part in it."""

from __future__ import annotations

import base64
import hashlib
import secrets

from cryptography.fernet import Fernet
from django.conf import settings
from django.db import transaction

from dinghai.experience.pool_rules import pool_rules
from dinghai.foundation.errors import Refusal
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import locked
from dinghai_platform.pool.models import Member, Pool
from dinghai_platform.pool.queries import the_pool


@transaction.atomic
def open_pool(*, actor: Actor) -> Pool:
    """The pool of this site, with a new key for its pseudonyms; the one there is if it is open."""
    require(actor, "pool.operate")
    audit.hold_chain(actor.own_tenant())
    if (there := the_pool()) is not None:
        return there
    private = pool_rules().private
    made = Pool.objects.create(
        tenant=actor.own_tenant(), sealed_key=_seal().encrypt(secrets.token_bytes(32)).decode(),
        year_epsilon_ppm=private.year_epsilon_ppm, year_delta_ppb=private.year_delta_ppb)
    audit.append(actor, "pool.opened", made, {"rules": pool_rules().version})
    return made


@transaction.atomic
def admit_member(organisation: Organisation, *, actor: Actor) -> Member:
    """Let an organisation take part (again). Raises Refusal for one that gives no loss records."""
    require(actor, "pool.operate")
    opened_pool()
    if organisation.kind in (Organisation.Kind.PLATFORM, Organisation.Kind.REGULATOR):
        raise Refusal("this organisation gives no loss records",
                      reasons=["admit an insurer, or another who keeps losses"])
    row, made = Member.objects.within(actor.own_tenant()).get_or_create(
        organisation=organisation, defaults={"tenant": actor.own_tenant()})
    if not made and row.state == Member.State.ACTIVE:
        return row
    row.state, row.ended_at = Member.State.ACTIVE, None
    row.save(update_fields=("state", "ended_at"))
    audit.append(actor, "pool.member_admitted", row, {"organisation": str(organisation.pk)})
    return row


@transaction.atomic
def end_member(organisation: Organisation, *, actor: Actor) -> Member:
    """End a membership. What the member gave stays until it withdraws it, which it still may."""
    require(actor, "pool.operate")
    row = Member.objects.within(actor.own_tenant()).filter(
        organisation=organisation, state=Member.State.ACTIVE).first()
    if row is None:
        raise Refusal("this organisation is no member")
    row = locked(row)
    row.state, row.ended_at = Member.State.ENDED, clock.now()
    row.save(update_fields=("state", "ended_at"))
    audit.append(actor, "pool.member_ended", row, {"organisation": str(organisation.pk)})
    return row


def key_of(pool: Pool) -> bytes:
    """The key of the pool's pseudonyms."""
    return _seal().decrypt(pool.sealed_key.encode())


def opened_pool() -> Pool:
    """The pool of this site. Raises Refusal before it is open."""
    pool = the_pool()
    if pool is None:
        raise Refusal("the pool is not open yet", reasons=["its operator opens it"])
    return pool


def _seal() -> Fernet:
    key = hashlib.sha256(b"dinghai pool\x00" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
