"""What a member's certificate says: the sections, limits and retentions of the programme for it.

A certificate proves what the programme's policy grants; it grants nothing of its own. Limits that
members share are said to be shared. Of others' premiums, scores or losses it says nothing.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from dinghai.claims.layering import kind_of
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import Fen
from dinghai.wording.policy import Party, Policy
from dinghai.wording.sections import Section

CERTIFICATE_SCHEMA: Final = "dinghai.chain-certificate/1"


def certificate_document(
    policy: Policy, member: str, *, number: str, first: date, last: date, premium_fen: Fen,
    limit_fen: Fen | None = None,
) -> dict[str, JSON]:
    """The certificate of one member (schema dinghai.chain-certificate/1). Amounts in fen.

    ``member`` is the id of a member of the schedule; ``limit_fen`` what was agreed as the most for
    its own sections, below the programme's. Raises InputError for a stranger, and for days outside
    the policy.
    """
    schedule, product = policy.schedule, policy.product
    party = next((one for one in schedule.members if one.id == member), None)
    if party is None:
        raise InputError(f"{member!r} is no member of the programme", field="member",
                         mend="enrol it first")
    if not schedule.inception <= first <= last <= schedule.expiry:
        raise InputError("the certificate's days lie outside the policy", field="first",
                         mend=f"give days from {schedule.inception} to {schedule.expiry}")
    return {
        "schema": CERTIFICATE_SCHEMA, "number": number, "policy_no": schedule.policy_no,
        "product": product.product_id, "version": product.version,
        "applicant": _party(schedule.applicant), "insurer": _party(schedule.insurer),
        "member": _party(party), "first": first.isoformat(), "last": last.isoformat(),
        "premium_fen": premium_fen,
        "sections": [_section(one, policy, limit_fen) for one in product.sections],
        "event_deductible_fen": schedule.event_deductible_fen,
        "event_deductible_per": product.limits.deductible_per,
        "shared": {
            "each_event_limit_fen": schedule.each_event_limit_fen,
            "aggregate_limit_fen": schedule.aggregate_limit_fen,
            "limits": [
                {"id": one.id, "coverages": list(one.coverages), "basis": one.basis,
                 "clause": one.clause,
                 "limit_fen": one.amount_fen if one.amount_fen is not None
                 else schedule.aggregate_limit_fen * (one.ppm_of_aggregate or 0) // 1_000_000}
                for one in product.shared_limits]},
        "layers": [
            {"id": layer.id, "name_zh": layer.name_zh, "name_en": layer.name_en,
             "clause": layer.clause, "attachment_fen": layer.attachment_fen,
             "limit_fen": layer.limit_fen, "basis": layer.basis,
             "shares": [{"party": one.party, "role": one.role, "bearer": one.bearer,
                         "kind": kind_of(one), "share_ppm": one.share_ppm}
                        for one in layer.participants]} for layer in schedule.layers],
    }


def _section(one: Section, policy: Policy, limit_fen: Fen | None) -> dict[str, JSON]:
    own = one.sublimit.per == "insured"
    limit = policy.sublimit(one.coverage)
    out: dict[str, JSON] = {
        "coverage": one.coverage, "clause": one.clause, "name_zh": one.name_zh,
        "name_en": one.name_en, "basis": one.sublimit.basis, "of_its_own": own,
        "limit_fen": limit if limit_fen is None or not own else min(limit, limit_fen)}
    if one.waiting is not None:
        out |= {"waiting_seconds": one.waiting.seconds, "waiting_mode": one.waiting.mode}
    if one.insured_share_ppm:
        out["insured_share_ppm"] = one.insured_share_ppm
    return out


def _party(one: Party) -> dict[str, JSON]:
    return {"id": one.id, "name_zh": one.name_zh, "name_en": one.name_en,
            "credit_code": one.credit_code}
