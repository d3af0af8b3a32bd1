"""How a claimant gets in: certificate, identity number and mobile number must all agree.

Whatever does not agree gives one answer, so that nobody learns which certificates there are. Tries
are counted by address and by certificate, before they are looked at, under keyed hashes.
"""

from __future__ import annotations

import hmac
import re
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from dinghai.experience.own_values import CellFault, ordinary
from dinghai.foundation.errors import DinghaiError, InputError
from dinghai.schemes.people import read_identity, read_mobile
from dinghai.schemes.resident_certificate import PREFIX, read_code
from dinghai_platform.core import clock
from dinghai_platform.core.checkpoints import public_key_hex
from dinghai_platform.core.tenancy import crossing_tenants
from dinghai_platform.resident_claims.models import Attempt
from dinghai_platform.resident_claims.sealing import site_key
from dinghai_platform.residents.changes_queries import person_of
from dinghai_platform.residents.models import Certificate, Enrolment
from dinghai_platform.residents.proofs import number_of

WINDOW: Final = timedelta(minutes=15)
MOST_BY_ADDRESS: Final = 30
"""Tries of one address in a window: a community office has one address for all its people."""
MOST_BY_CERTIFICATE: Final = 6
NO_MATCH: Final = _(
    "These details do not match a certificate in force. Check the certificate number, "
    "identity number and mobile number, all as given at enrolment.")
TOO_OFTEN: Final = _(
    "Too many tries. Wait a quarter of an hour, then try again, or call your insurer. "
    "If you have just sent money, call 110 now.")
_NUMBER: Final = re.compile(r"(?:([A-Za-z0-9_-]{1,40})-)?([0-9]{1,18})")


class NotLetIn(DinghaiError):
    """Details that do not agree."""


class TriedTooOften(NotLetIn):
    """More tries than are looked at."""


def let_in(number: str, identity: str, mobile: str, *, address: str) -> Certificate:
    """The certificate in force that all details agree on. Raises NotLetIn, TriedTooOften."""
    place = _place(number)
    keys = [(site_key("address", address), MOST_BY_ADDRESS)]
    if place is not None:
        keys.append((site_key("certificate", str(place[1])), MOST_BY_CERTIFICATE))
    if _tried_too_often(keys):
        raise TriedTooOften(str(TOO_OFTEN))
    found = _agreeing(place, identity, mobile)
    if found is None:
        raise NotLetIn(str(NO_MATCH))
    Attempt.objects.filter(key=keys[-1][0]).delete()
    return found


@transaction.atomic
def _tried_too_often(keys: list[tuple[str, int]]) -> bool:
    """Count a try on each key first, so that tries at the same moment are all counted."""
    now = clock.machine_now()
    Attempt.objects.filter(since__lte=now - WINDOW).delete()
    over = False
    for key, most in keys:
        Attempt.objects.bulk_create([Attempt(key=key, since=now)], ignore_conflicts=True)
        Attempt.objects.filter(key=key).update(count=F("count") + 1)
        over |= Attempt.objects.values_list("count", flat=True).get(key=key) > most
    return over


def _place(text: str) -> tuple[str, int] | None:
    """Scheme (empty where none is named) and number of a certificate, from a code or a number."""
    word = ordinary(text[:4_000])
    if word.startswith(PREFIX):
        try:
            word = read_code(word, public_key_hex()).number
        except InputError:
            return None
    found = _NUMBER.fullmatch(word.replace(" ", ""))
    return (found[1] or "", int(found[2])) if found else None


def _agreeing(place: tuple[str, int] | None, identity: str, mobile: str) -> Certificate | None:
    try:
        given = (read_identity(identity[:100]), read_mobile(mobile[:100]))
    except CellFault:
        return None
    if place is None:
        return None
    with crossing_tenants("a claimant knows a certificate, not whose books it stands in"):
        found = Certificate.objects.unscoped("by its own number").filter(
            id=place[1], state=Certificate.State.IN_FORCE,
            chunk__enrolment__state=Enrolment.State.SEALED).select_related(
            "tenant", "chunk__enrolment__scheme").first()
        if found is None or place[0] not in ("", number_of(found).rpartition("-")[0]):
            return None
        person = person_of(found)
    pairs = zip(given, (person.identity, person.mobile), strict=True)
    agree = [hmac.compare_digest(one.encode(), other.encode()) for one, other in pairs]
    return found if all(agree) else None
