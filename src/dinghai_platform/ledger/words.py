"""What an entry is about, in words: the codes of its narrative and of its details."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from dinghai_platform.site.formats import money_text

NARRATIVES: dict[str, Any] = {
    "premium.bound": _("Premium of a bound policy"),
    "premium.received": _("Premium received"),
    "premium.additional": _("Additional premium of an endorsement"),
    "premium.refund": _("Premium refund due"),
    "premium.refund_paid": _("Premium refund paid"),
    "claims.reserve": _("Change of a claim's reserve"),
    "claims.decision": _("Payment granted by a decision"),
    "claims.interim_payment": _("Claim paid in advance"),
    "claims.final_payment": _("Claim paid"),
    "claims.recovery": _("Recovery from a third party"),
    "claims.contribution": _("Shares that other parties owe of a claim"),
    "residents.enrolled": _("Premium of enrolled residents"),
    "residents.plan": _("Changes of residents' plans"),
    "residents.cancellation": _("Cancelled certificates of residents"),
    "ledger.reversal": _("Reversal"),
}
DETAILS: dict[str, Any] = {
    "policy_no": _("Policy"),
    "endorsement": _("Endorsement"),
    "reference": _("Reference of the bank"),
    "claim": _("Claim"),
    "scheme": _("Scheme"),
    "certificates": _("Certificates"),
    "root": _("Root of the certificates"),
    "from_day": _("From"),
    "refund_to": _("Refund to"),
    "reserve_fen": _("Reserve"),
    "total_fen": _("Total"),
    "reason": _("Reason"),
    "of": _("Entry"),
    "hash": _("Hash"),
}


def narrative_words(code: str) -> str:
    """What an entry is about; a code nobody put into words shows as it is."""
    return str(NARRATIVES.get(code, code))


def detail_words(details: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Name and value of each detail of an entry, amounts as amounts."""
    return [
        (str(DETAILS.get(name, name)), _value(name, value)) for name, value in details.items()
    ]


def _value(name: str, value: Any) -> str:
    is_amount = name.endswith("_fen") and str(value).removeprefix("-").isdecimal()
    return money_text(int(value)) if is_amount else str(value)
