"""The policy that an application rests on: an enterprise's or a small firm's, read alike.

What gave premium back stands in endorsements: an enterprise's, or the changes of a small firm's
policy that are in force (one that only waits for its day may still be taken back).
"""

from __future__ import annotations

from typing import Any

from dinghai_platform.small_firms.models import Change as FirmChange
from dinghai_platform.small_firms.models import Policy as FirmPolicy
from dinghai_platform.underwriting.models import Endorsement, Policy

Contract = Policy | FirmPolicy
Endorsed = Endorsement | FirmChange


def endorsements_of(contract: Contract) -> list[Endorsed]:
    """The endorsements of a contract in their order. Read in the insurer's books."""
    rows: list[Endorsed] = [
        one for one in contract.changes.all() if one.state == FirmChange.State.DONE
    ] if isinstance(contract, FirmPolicy) else list(contract.endorsements.all())
    return sorted(rows, key=lambda one: one.pk)


def code_of(contract: Contract) -> str:
    """The credit code that the platform has of a contract's firm."""
    if isinstance(contract, FirmPolicy):
        return contract.firm.credit_code
    return contract.insured.credit_code or ""


def name_of(contract: Contract) -> str:
    """The name of a contract's firm."""
    if isinstance(contract, FirmPolicy):
        return contract.firm.name
    return str(contract.insured.name_zh)


def section_of(contract: Contract) -> str:
    """The section of GB/T 4754 that the firm states to its insurer; empty where it states none."""
    if isinstance(contract, FirmPolicy):
        industry = contract.firm.industry
    else:
        statements = contract.quote.assessment.dossier.statements
        industry = str((statements.get("profile") or {}).get("industry") or "")
    return industry[:1] if industry[:1].isalpha() and industry[:1].isupper() else ""


def payment_key(contract: Contract) -> str:
    """The key of the ledger's entry of the premium that was paid."""
    kind = "small_firms.policy" if isinstance(contract, FirmPolicy) else "policy"
    return f"{kind}:{contract.pk}:paid"


def is_applicants_own(contract: Contract) -> bool:
    """Whether the insured owes the premium itself; a small firm always does."""
    return isinstance(contract, FirmPolicy) or contract.applicant_id == contract.insured_id


def columns_of(contract: Contract | None) -> dict[str, Any]:
    """The columns of a new row that rests on a contract, or on none here."""
    if isinstance(contract, FirmPolicy):
        return {"firm_policy": contract}
    return {"policy": contract}
