"""The other claims that patterns look at: all that hang together with one, or all of late."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from django.db.models import Q

from dinghai.schemes.resident_claim_file import ResidentClaims
from dinghai_platform.core.models import Organisation
from dinghai_platform.resident_claims.engine import FIELDS, Schemes, arrays_of
from dinghai_platform.resident_claims.models import KEY_NAMES, Claim

MOST_TIED: Final = 5_000
"""Claims followed from one: a key that more share is common by every rule that is shipped."""
DAYS: Final = 3 * 366
_PART: Final = 400
_NOBODYS: Final = Q(state__in=(Claim.State.DRAFT, Claim.State.WITHDRAWN))


def tied_to(
    tenant: Organisation, values: Sequence[Sequence[Any]], schemes: Schemes
) -> ResidentClaims | None:
    """Claims that share a person, device, account or telephone with these, or with such a one, and
    so on."""
    inside = {one[0] for one in values}
    found: dict[Any, Sequence[Any]] = {}
    places = {name: FIELDS.index(name) for name in KEY_NAMES}
    seen: dict[str, set[str]] = {name: set() for name in KEY_NAMES}
    fresh: Sequence[Sequence[Any]] = values
    while fresh and len(found) < MOST_TIED:
        later: dict[Any, Sequence[Any]] = {}
        for name, place in places.items():
            keys = sorted({one[place] for one in fresh if one[place]} - seen[name])
            seen[name].update(keys)
            for start in range(0, len(keys), _PART):
                rows = Claim.objects.within(tenant).exclude(_NOBODYS).filter(
                    **{f"{name}__in": keys[start:start + _PART]}).values_list(*FIELDS)
                later |= {one[0]: one for one in rows[:MOST_TIED]
                          if one[0] not in found and one[0] not in inside}
        found |= later
        fresh = list(later.values())
    return arrays_of(found.values(), schemes) if found else None


def of_late(
    tenant: Organisation, run: Any, today: date, schemes: Schemes
) -> ResidentClaims | None:
    """Every claim of the last three years that a mass decision does not decide."""
    rows = list(Claim.objects.within(tenant).exclude(_NOBODYS).exclude(run=run).filter(
        created_at__date__gte=today - timedelta(days=DAYS)).order_by("pk").values_list(
        *FIELDS).iterator(chunk_size=5_000))
    return arrays_of(rows, schemes) if rows else None
