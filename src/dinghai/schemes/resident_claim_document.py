"""One claim of the file as a policy and a claim file, for a person to decide by hand.

What was decided in mass is decided by `dinghai claims adjudicate` to the same fen.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from dinghai.foundation.calendar import start_of
from dinghai.foundation.canonical import JSON
from dinghai.schemes.resident_claim_checks import COVERAGE, last_days
from dinghai.schemes.resident_claim_decision import WAITED, Decisions
from dinghai.schemes.resident_claim_tables import claim_columns
from dinghai.schemes.resident_claim_terms import cover_policy
from dinghai.vocabulary.facts import UNKNOWN
from dinghai.vocabulary.facts import fact as known_fact
from dinghai.wording.policy import Policy

_MOMENT: Final = "incident.first_occurrence_at"


def policy_of_claim(found: Decisions, place: int) -> Policy:
    """The certificate's policy, with the days of its own cover."""
    cells = found.claims.cells
    return cover_policy(
        found.terms.product, sum_insured=int(cells["sum_insured"][place]),
        inception=date.fromordinal(int(cells["inception"][place])),
        expiry=date.fromordinal(int(last_days(found.claims)[place])),
        explained=bool(cells["terms_explained"][place] == 1),
        certificate=found.claims.texts["certificate_no"][place])


def claim_document(found: Decisions, place: int) -> dict[str, JSON]:
    """The claim file (schema dinghai.claim/1) of one claim. Facts nobody stated are left out."""
    claims, cells = found.claims, found.claims.cells
    event: dict[str, JSON] = {}
    item: dict[str, JSON] = {}
    for column in claim_columns():
        if not column.fact or column.fact in (_MOMENT, WAITED):
            continue
        cell = int(cells[column.id][place])
        if cell != UNKNOWN:
            known = known_fact(column.fact)
            target = item if known.scope == "item" else event
            target[column.fact] = bool(cell) if known.type == "boolean" else cell
    loss_day = int(cells["loss_day"][place])
    if loss_day != UNKNOWN:
        event[_MOMENT] = start_of(date.fromordinal(loss_day)).isoformat()
    days = _days(found, place)
    if days is not None:
        item[WAITED] = days
    noticed = int(cells["noticed_day"][place])
    told = found.as_of if noticed == UNKNOWN else date.fromordinal(noticed)
    prior = int(found.prior_fen[place])
    return {
        "schema": "dinghai.claim/1", "claim_no": claims.texts["claim_id"][place],
        "policy_no": claims.texts["certificate_no"][place],
        "reported_at": start_of(told).isoformat(), "facts": event,
        "items": [{"no": 1, "coverage": COVERAGE, "facts": item}],
        "evidence": [{"id": f"E-{number}", "document": one.document} for number, one in enumerate(
            (one for one in claim_columns()
             if one.document and cells[one.id][place] == 1), start=1)],
        **({"prior": {"aggregate_paid_fen": prior, "sections": {COVERAGE: prior}}}
           if prior else {}),
    }


def _days(found: Decisions, place: int) -> int | None:
    cells = found.claims.cells
    filed, said = int(cells["filing_day"][place]), int(cells["unrecovered_days"][place])
    if filed != UNKNOWN:
        return found.as_of.toordinal() - filed
    return None if said == UNKNOWN else said
