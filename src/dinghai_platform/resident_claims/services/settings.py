"""How claims of a scheme are decided: whether terms were explained, from what amount two decide."""

from __future__ import annotations

from datetime import date
from typing import Final

from django.db import transaction

from dinghai.foundation.errors import InputError
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.resident_claims.models import ClaimSetting
from dinghai_platform.resident_claims.services.common import given_reason
from dinghai_platform.residents.models import ResidentScheme

MOST_FEN: Final = 10**12


@transaction.atomic
def set_scheme(
    scheme: ResidentScheme, *, terms_explained: bool, explained_on: date | None,
    approve_above_fen: int, reason: str, actor: Actor,
) -> ClaimSetting:
    """Say how a scheme's claims are decided. Determinations that stand are not moved by it.

    Raises InputError for an explanation without its day, and for days to come.
    """
    require(actor, "resident_claims.set", scheme)
    said = given_reason(reason)
    if terms_explained and explained_on is None:
        raise InputError("an explanation has its day", field="explained_on",
                         mend="give the day on which the applicant was told")
    if explained_on is not None and explained_on > clock.today():
        raise InputError("this day has not come yet", field="explained_on", mend="check the day")
    if not 0 <= approve_above_fen <= MOST_FEN:
        raise InputError("an amount below nothing or beyond any", field="approve_above_fen",
                         mend="check the unit")
    audit.hold_chain(scheme.tenant)
    values = {"terms_explained": terms_explained,
              "explained_on": explained_on if terms_explained else None,
              "approve_above_fen": approve_above_fen, "reason": said[:500]}
    row, _made = ClaimSetting.objects.within(scheme.tenant).update_or_create(
        scheme=scheme, defaults={**values, "tenant": scheme.tenant, "changed_by": actor.user})
    audit.append(actor, "resident_claims.scheme_set", row, {
        "scheme": scheme.number, "terms_explained": terms_explained,
        "explained_on": row.explained_on.isoformat() if row.explained_on else None,
        "approve_above_fen": str(approve_above_fen), "reason": said})
    return row
