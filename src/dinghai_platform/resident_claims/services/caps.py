"""What bounds every determination, by the rule, by hand or in mass: nobody gets back more than was
lost, and what was paid stays paid. The sum insured that is left bounds the terms themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.db.models import Sum

from dinghai.foundation.canonical import JSON
from dinghai_platform.core.models import Organisation
from dinghai_platform.resident_claims.models import Claim, Recovery

_PART: Final = 500


def still_lost(claim: Claim) -> int:
    """What the insured is still without, first payments not counted, in fen. Money that came back
    after a payment is no fact of the terms."""
    back = _returned(claim.tenant, [claim.pk]).get(claim.pk, 0)
    return _left(claim.facts, back)


def still_lost_of(tenant: Organisation, claims: Iterable[Any]) -> dict[Any, int]:
    """The same of many claims, by their keys."""
    keys = list(claims)
    back = _returned(tenant, keys)
    found = {}
    for start in range(0, len(keys), _PART):
        for key, facts in Claim.objects.within(tenant).filter(
                pk__in=keys[start:start + _PART]).values_list("pk", "facts"):
            found[key] = _left(facts, back.get(key, 0))
    return found


def capped(terms_fen: int, paid_fen: int, lost_fen: int) -> int:
    """What a claim pays in all where the terms give so much: no more than is still lost, no less
    than was paid."""
    return max(paid_fen, min(terms_fen, lost_fen))


def cap_document(terms_fen: int, paid_fen: int, lost_fen: int) -> dict[str, JSON]:
    """What a determination says of its cap: nothing where it does not bind."""
    pay_fen = capped(terms_fen, paid_fen, lost_fen)
    return {} if pay_fen == terms_fen else {
        "capped": {"still_lost_fen": lost_fen, "pay_fen": pay_fen}}


def _left(facts: Mapping[str, Any], back: int) -> int:
    return int(facts.get("loss", 0)) - int(facts.get("recovered", 0)) - back


def _returned(tenant: Organisation, claims: list[Any]) -> dict[Any, int]:
    """What insureds had of money that came back after payment, by claim."""
    found: dict[Any, int] = {}
    for start in range(0, len(claims), _PART):
        rows = Recovery.objects.within(tenant).filter(
            claim__in=claims[start:start + _PART]).exclude(
            state=Recovery.State.DROPPED).order_by().values_list("claim")
        found |= {key: int(sum_fen) for key, sum_fen in rows.annotate(sum=Sum("insured_fen"))}
    return found
