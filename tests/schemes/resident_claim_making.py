"""Tables of residents' claims for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache

from dinghai.experience.tabular import Row, TableFile
from dinghai.schemes.resident_claim_decision import Decisions, decide_claims
from dinghai.schemes.resident_claim_file import ClaimsFile, claims_of
from dinghai.schemes.resident_claim_tables import ClaimRules, shipped_rules
from dinghai.schemes.resident_claim_terms import CoverTerms
from dinghai.wording.products import load_product

AS_OF = date(2026, 6, 1)
A40: Mapping[str, str] = {
    "sum_insured_yuan": "50000", "inception": "2026-01-01", "terms_explained": "yes",
    "loss_day": "2026-03-01", "loss_yuan": "40000", "recovered_yuan": "5000",
    "police_filed": "yes", "filing_day": "2026-03-02", "prior_paid_yuan": "0",
    "police_notice": "yes", "bank_records": "yes"}
"""Worked example A40: complete, waited for, and without any pattern."""


@cache
def terms() -> CoverTerms:
    """The shipped product's terms, compiled once."""
    return CoverTerms(load_product("resident-anti-fraud"))


def table(rows: Sequence[Mapping[str, str]]) -> TableFile:
    """Rows as a table; each is A40 with what it changes, and names of its own."""
    full = [{"claim_id": f"C{number}", "certificate_no": f"P{number}", "person": f"h{number}",
             **A40, **row} for number, row in enumerate(rows, start=1)]
    header = tuple(dict.fromkeys(name for row in full for name in row))
    return TableFile("claims.csv", header, tuple(
        Row(line, tuple(row.get(name, "") for name in header))
        for line, row in enumerate(full, start=2)))


def read(*rows: Mapping[str, str]) -> ClaimsFile:
    """The rows read as a claims file."""
    return claims_of(table(rows))


def decide(
    *rows: Mapping[str, str], as_of: date = AS_OF, rules: ClaimRules | None = None
) -> Decisions:
    """The rows decided by the shipped product."""
    return decide_claims(read(*rows), terms(), rules or shipped_rules(), as_of)


def outcomes(found: Decisions) -> list[str]:
    """Outcomes in the order of the file."""
    return [found.outcome_of(place) for place in range(len(found.claims))]
