"""Looking at the person behind a certificate: allowed to few, with a reason, and written down."""

from __future__ import annotations

from django.db import transaction

from dinghai.foundation.errors import InputError
from dinghai_platform.core import audit
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.residents.changes_queries import person_of
from dinghai_platform.residents.models import Certificate
from dinghai_platform.residents.sealing import Person


@transaction.atomic
def reveal_person(certificate: Certificate, *, reason: str, actor: Actor) -> Person:
    """The person of a certificate. Raises InputError without a reason."""
    require(actor, "residents.reveal", certificate)
    if not reason.strip():
        raise InputError("looking at a person needs a reason", field="reason", mend="say why")
    person = person_of(certificate)
    audit.append(actor, "residents.person_revealed",
                 (Certificate._meta.label_lower, str(certificate.pk)),
                 {"reason": reason.strip()}, tenant=certificate.tenant)
    return person
