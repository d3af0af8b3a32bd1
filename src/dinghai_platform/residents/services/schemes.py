"""Opening a residents' scheme."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from dinghai.foundation.canonical import canonical_bytes, sha256_hex
from dinghai.foundation.errors import Refusal
from dinghai.schemes.resident_scheme import scheme_from
from dinghai_platform.core import audit
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.residents.models import ResidentScheme


@transaction.atomic
def open_scheme(document: Any, *, actor: Actor, file: str | None = None) -> ResidentScheme:
    """Open a scheme by its document. Raises InputError for one that is none, Refusal where the
    insurer has one of the same id."""
    require(actor, "residents.open_scheme")
    terms = scheme_from(document, file=file)
    owner = actor.own_tenant()
    audit.hold_chain(owner)
    if ResidentScheme.objects.within(owner).filter(number=terms.id).exists():
        raise Refusal(f"there is a scheme {terms.id!r} already")
    scheme = ResidentScheme.objects.create(
        tenant=owner, number=terms.id, name_zh=terms.name_zh, name_en=terms.name_en,
        document=document, first_day=terms.first_day, last_day=terms.last_day,
        created_by=actor.user)
    audit.append(actor, "residents.scheme_opened", scheme, {
        "number": terms.id, "document": sha256_hex(canonical_bytes(document))})
    return scheme
