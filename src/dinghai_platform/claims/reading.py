"""What the engine says about a claim: its file, a provisional decision, what is missing.

Reads only. Services and pages both come here, so that a page shows what a verb would do.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from dinghai.claims.adjudication import adjudicate
from dinghai.claims.replay import Replay, replay
from dinghai.claims.requests import evidence_request
from dinghai.foundation.canonical import canonical_bytes
from dinghai.foundation.errors import DinghaiError
from dinghai_platform.claims.models import Claim, DecisionRecord, LossItem, Payment
from dinghai_platform.core.tenancy import crossing_tenants

JSONDocument = dict[str, Any]
ROOT_CAUSE = "incident.root_cause_id"


def claim_document(claim: Claim) -> JSONDocument:
    """The claim file (schema dinghai.claim/1) as it stands now."""
    return file_of(claim, claim.facts, [item_document(item) for item in claim.items.all()])


def item_document(item: LossItem) -> JSONDocument:
    """One loss item of the file; whose it is and which supplier caused it, where that is said."""
    return {
        "no": item.no, "coverage": item.coverage, "description": item.description,
        **({"insured": item.member} if item.member else {}),
        **({"supplier": item.supplier} if item.supplier else {}),
        "facts": item.facts,
    }


def file_of(
    claim: Claim, facts: JSONDocument, items: Sequence[JSONDocument]
) -> JSONDocument:
    """The claim file with these facts and items, kept or only tried."""
    incident = claim.incident
    return {
        "schema": "dinghai.claim/1",
        "claim_no": claim.number,
        "policy_no": claim.incident.policy_no,
        "reported_at": claim.received_at.isoformat(),
        "description": claim.description,
        "facts": {ROOT_CAUSE: {"value": incident.number}, **facts},
        "items": list(items),
        "evidence": [
            {"id": one.reference, "document": one.kind, "name": one.name,
             "provided_by": one.provided_by, "received_at": one.received_at.isoformat(),
             "sha256": one.sha256}
            for one in incident.evidence.all()
        ],
        "prior": {"interim_paid_fen": prior_payments(claim)["interim_paid_fen"]},
    }


def policy_history(claim: Claim) -> JSONDocument:
    """What other claims of the policy used up (schema dinghai.history/1), from what was paid.

    A claim under the same incident is the same event unless the facts name another root cause.
    """
    with crossing_tenants("limits erode by every payment under the policy, whoever asks"):
        paid = list(Payment.objects.within(claim.tenant_id)
                    .filter(**claim.contract_columns()).exclude(claim_id=claim.pk)
                    .select_related("claim", "decision").order_by("id"))
    by_claim: dict[Any, list[Payment]] = {}
    for payment in paid:
        by_claim.setdefault(payment.claim_id, []).append(payment)
    return {
        "schema": "dinghai.history/1",
        "policy_no": claim.incident.policy_no,
        "claims": [_used_up(payments) for payments in by_claim.values()],
    }


def _used_up(payments: list[Payment]) -> JSONDocument:
    """One other claim: what its last paid decision used up. Before one, and for decisions under
    rules that did not note it, what was paid out of limits."""
    final = [one for one in payments if one.kind == Payment.Kind.FINAL]
    last = (final or payments)[-1]
    entry: JSONDocument = dict(decision_document(last.decision).get("erosion", {}))
    if not final or not entry:
        towers = outside_codes(last.claim)
        sections: Counter[str] = Counter()
        for payment in payments:
            sections.update(payment.sections)
        entry["paid"] = {code: fen for code, fen in sections.items()
                         if fen and code not in towers}
    return {"claim_no": last.claim.number, **entry}


def prior_payments(claim: Claim) -> JSONDocument:
    """What was paid before, from the payments on record.

    Other claims of the policy erode its limits by what was paid out of them; what this claim has
    received already is taken off what is due now.
    """
    towers = outside_codes(claim)
    with crossing_tenants("limits erode by every payment under the policy, whoever asks"):
        paid = list(Payment.objects.within(claim.tenant_id).filter(**claim.contract_columns())
                    .values("claim_id", "amount_fen", "sections", "outside_fen"))
    own = sum(row["amount_fen"] for row in paid if row["claim_id"] == claim.pk)
    others = [row for row in paid if row["claim_id"] != claim.pk]
    sections: Counter[str] = Counter()
    for row in others:
        sections.update(row["sections"])
    inside = sum(fen for code, fen in sections.items() if code not in towers)
    shared = {
        group["id"]: sum(sections[code] for code in group["coverages"])
        for group in claim.terms["product"].get("shared_limits", [])
    }
    return {
        "aggregate_paid_fen": inside,
        "interim_paid_fen": own,
        "sections": {code: fen for code, fen in sorted(sections.items()) if fen},
        "shared": {code: fen for code, fen in sorted(shared.items()) if fen},
    }


def outside_codes(claim: Claim) -> set[str]:
    """Coverages that the law puts outside the aggregate."""
    towers = claim.terms["product"].get("towers", [])
    return {tower["coverage"] for tower in towers}


def provisional_decision(claim: Claim) -> JSONDocument:
    """The engine's decision on the file as it stands. Raises InputError for a bad file."""
    return adjudicate(claim.terms, claim_document(claim), policy_history(claim))


def try_decision(claim: Claim) -> tuple[JSONDocument | None, str]:
    """The provisional decision, or why there is none yet."""
    try:
        return provisional_decision(claim), ""
    except DinghaiError as error:
        return None, str(error)


def decision_content(decision: JSONDocument) -> str:
    """The decision's canonical JSON: what is stored, exported and hashed."""
    return canonical_bytes(decision).decode()


def decision_document(record: DecisionRecord) -> JSONDocument:
    """The decision of a record."""
    document: JSONDocument = json.loads(record.content)
    return document


def replay_record(record: DecisionRecord) -> Replay:
    """Recompute a decision from its own file. Raises Refusal for rules this engine lacks."""
    return replay(decision_document(record))


def missing_evidence(claim: Claim) -> list[JSONDocument]:
    """What the insured still has to prove, as entries of the one request."""
    return [entry.to_dict() for entry in evidence_request(provisional_decision(claim))]


def line_totals(decision: JSONDocument) -> dict[str, int]:
    """Payable fen by coverage, without the deduction of payments in advance."""
    totals: Counter[str] = Counter()
    for line in decision["lines"]:
        if line["coverage"]:
            totals[line["coverage"]] += line["payable_fen"]
    return {code: fen for code, fen in totals.items() if fen}


def presented_of(line: Mapping[str, Any]) -> int:
    """The loss of a line as valued before any term, or the amount shown of what is not payable."""
    valued = [step["outputs"]["amount"] for step in line["steps"] if step["rule"] == "valuation"]
    if valued:
        return sum(valued)
    return sum(step["inputs"].get("nominal", 0) for step in line["steps"]
               if step["rule"] == "payability")


def gross_of(decision: JSONDocument) -> int:
    """What the lines come to before payments in advance come off, services in kind included."""
    return sum(line["payable_fen"] + line.get("in_kind_fen", 0)
               for line in decision["lines"] if line["coverage"])


def contributions_of(decision: JSONDocument) -> int:
    """What chain owners and suppliers bear of a decision by their own agreement, in fen."""
    return sum(share["fen"] for layer in decision.get("layers", ())
               for share in layer["shares"] if share["kind"] == "contribution")


def certain_of(decision: JSONDocument) -> int:
    """What insurers pay on the facts established so far: the part that may be paid in advance."""
    return max(decision["total_fen"] - contributions_of(decision), 0)


def main_reason(decision: JSONDocument) -> str:
    """Why nothing is paid: the outcome of the largest unpaid line, with the exclusion's code where
    one took it; empty where something is paid."""
    lines = [line for line in decision["lines"] if line["coverage"]]
    if not lines or any(line["payable_fen"] > 0 for line in lines):
        return ""
    largest = max(lines, key=presented_of)
    if largest["outcome"] != "excluded":
        return str(largest["outcome"])
    codes = [step.get("code", "") for step in largest["steps"]
             if step["rule"] == "exclusion" and step["outputs"].get("applies") == "true"]
    return f"excluded:{codes[0]}" if codes and codes[0] else "excluded"


def same_inputs(record: DecisionRecord, claim: Claim) -> bool:
    """Whether a fresh run of the engine gives the record's hash."""
    return bool(provisional_decision(claim)["hash"] == record.hash)
