"""Decisions as tables: one row a claim, one a reason, one a request, one a right of recourse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Final

from dinghai.foundation.calendar import year_later
from dinghai.foundation.canonical import JSON
from dinghai.schemes.resident_claim_checks import COVERAGE
from dinghai.schemes.resident_claim_decision import (
    ASKED_FACTS,
    CLAIM_OUTCOMES,
    WAITED,
    Decisions,
)
from dinghai.schemes.resident_claim_patterns import reason_texts
from dinghai.schemes.resident_claim_tables import (
    Named,
    Recourse,
    claim_columns,
    rules_hash,
    stop_payment,
)
from dinghai.vocabulary.facts import UNKNOWN, fact

SUMMARY_SCHEMA: Final = "dinghai.resident-decisions/1"
RECOVERED: Final = "item.recovered"
"""The fact of what came back before the decision; the registry lets the insurer prove it."""
Rows = list[dict[str, JSON]]
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "decisions": (
        "claim_id", "certificate_no", "outcome", "pay_fen", "terms_fen", "expected_fen",
        "wait_until", "decide_by", "clause", "law", "reasons", "loss_fen", "recovered_fen",
        "late_notice_fen", "deductible_fen", "own_share_fen", "limit_fen", "not_payable_fen",
        "other_fen", "prior_paid_fen", "insurer_may_prove", "not_explained", "stop_payment",
        "line"),
    "reasons": ("claim_id", "code", "measure", "ring", "ties", "reason_zh", "reason_en",
                "innocent_zh", "innocent_en", "source", "confidence"),
    "referrals": ("claim_id", "certificate_no", "terms_fen", "decide_by", "reasons", "ring",
                  "ring_persons", "ties"),
    "requests": ("claim_id", "certificate_no", "kind", "what", "name_zh", "name_en", "holds_back",
                 "burden", "law"),
    "recourse": ("claim_id", "certificate_no", "right_up_to_fen", "insured_keeps_fen", "account",
                 "bank", "filing_day", "limitation_day", "against_zh", "against_en", "law"),
    "rejected": ("file", "line", "field", "message", "mend"),
}
"""The tables of a decision and their columns, in order. Amounts in fen."""
_DECIDED: Final = {"pay": ("保险法23条",), "wait": (), "ask": ("保险法22条",),
                   "refer": ("保险法23条",), "nothing_due": ("保险法23条", "保险法24条"),
                   "refused": ("保险法23条", "保险法24条"),
                   "not_triggered": ("保险法23条", "保险法24条")}


def tables_of(found: Decisions) -> dict[str, Rows]:
    """Every table of a decision, by name."""
    return {"decisions": list(_decisions(found)), "reasons": list(_reasons(found)),
            "referrals": list(_referrals(found)), "requests": list(_requests(found)),
            "recourse": list(_recourse(found)),
            "rejected": [dict(one.to_dict()) for one in found.rejected]}


def _day(ordinal: int) -> str | None:
    return None if ordinal == UNKNOWN else date.fromordinal(ordinal).isoformat()


def _codes(found: Decisions, bits: int) -> list[str]:
    return [code for place, code in enumerate(found.terms.codes) if bits >> place & 1]


def _decisions(found: Decisions) -> Iterator[dict[str, JSON]]:
    claims = found.claims
    columns = {
        name: array.tolist() for name, array in (
            ("pay_fen", found.pay_fen), ("terms_fen", found.terms_fen),
            ("expected_fen", found.expected_fen), ("loss_fen", found.loss_fen),
            ("prior_paid_fen", found.prior_fen), *found.lines.items())}
    until, by = found.wait_until.tolist(), found.decide_by.tolist()
    wait_bits = _waiting_bits(found)
    for place, (claim, certificate, line) in enumerate(zip(
            claims.texts["claim_id"], claims.texts["certificate_no"], claims.lines.tolist(),
            strict=True)):
        clause, law = _grounds(found, place, wait_bits)
        row: dict[str, JSON] = {name: column[place] for name, column in columns.items()}
        row |= {"claim_id": claim, "certificate_no": certificate,
                "outcome": found.outcome_of(place), "line": line,
                "wait_until": _day(until[place]), "decide_by": _day(by[place]),
                "clause": clause, "law": law,
                "reasons": " ".join(one.id for one, _measure in _named(found, place)),
                "insurer_may_prove": " ".join(_may_prove(found, place)),
                "not_explained": " ".join(_codes(found, int(found.unexplained[place]))),
                "stop_payment": bool(found.young[place])}
        yield {name: row[name] for name in COLUMNS["decisions"]}


def _may_prove(found: Decisions, place: int) -> tuple[str, ...]:
    """What would lessen the payment and is not known: not applied, and named (DECISIONS 3)."""
    codes = tuple(_codes(found, int(found.undecided[place])))
    if found.claims.cells["recovered"][place] == UNKNOWN:
        return *codes, RECOVERED
    return codes


def _waiting_bits(found: Decisions) -> int:
    """The bit of the exclusion that makes the claim wait."""
    return sum(1 << place for place, code in enumerate(found.terms.codes)
               if code in found.terms.waiting_codes)


def _grounds(found: Decisions, place: int, wait_bits: int) -> tuple[str, str]:
    """Clause and law that the outcome rests on."""
    outcome = found.outcome_of(place)
    product = found.terms.product
    section = product.section(COVERAGE)
    clauses = [section.clause if section else ""]
    law = list(_DECIDED[outcome])
    if outcome in ("refused", "wait"):
        bits = int(found.applied[place])
        codes = _codes(found, bits & wait_bits if outcome == "wait" else bits & ~wait_bits)
        if codes:
            clauses = []
        for code in codes:
            exclusion = product.exclusion(code)
            clauses.append(exclusion.clause if exclusion else "")
            law += found.terms.laws.get(code, ())
    return " ".join(clauses), " ".join(sorted(set(law)))


def _named(found: Decisions, place: int) -> list[tuple[Named, int]]:
    named = found.patterns.of(place)
    if found.outcome_of(place) == "refer" and _lacking(found, place):
        named.append((found.rules.asked, 1))
    return named


def _lacking(found: Decisions, place: int) -> bool:
    held = any(one.holds_back and int(found.missing[place]) >> bit & 1
               for bit, one in enumerate(found.rules.proofs))
    return held or bool(found.unknown[place])


def _reasons(found: Decisions) -> Iterator[dict[str, JSON]]:
    asked = found.rules.asked
    for place, claim in enumerate(found.claims.texts["claim_id"]):
        rows: list[Mapping[str, JSON]] = []
        if found.patterns.flags[place]:
            rows += reason_texts(found.patterns, place)
        if (found.asked[place] and found.outcome_of(place) == "refer"
                and _lacking(found, place)):
            rows.append({"code": asked.id, "measure": 1, "reason_zh": asked.name_zh,
                         "reason_en": asked.name_en, "innocent_zh": asked.innocent_zh,
                         "innocent_en": asked.innocent_en, "source": asked.source,
                         "confidence": asked.confidence})
        for row in rows:
            yield {"claim_id": claim,
                   **{name: row.get(name, "") for name in COLUMNS["reasons"][1:]}}


def _referrals(found: Decisions) -> Iterator[dict[str, JSON]]:
    texts, rings = found.claims.texts, found.patterns.rings
    for place in found.places("refer"):
        ring = int(rings.of_claim[place])
        yield {"claim_id": texts["claim_id"][place],
               "certificate_no": texts["certificate_no"][place],
               "terms_fen": int(found.terms_fen[place]),
               "decide_by": _day(int(found.decide_by[place])),
               "reasons": " ".join(one.id for one, _measure in _named(found, place)),
               "ring": rings.rings[ring].id if ring >= 0 else "",
               "ring_persons": rings.rings[ring].persons if ring >= 0 else None,
               "ties": found.patterns.ties_of(place)}


def _requests(found: Decisions) -> Iterator[dict[str, JSON]]:
    """Everything that is missing, in one go; what holds nothing back is asked along."""
    texts = found.claims.texts
    # The days of the wait follow from the day of the filing: that is what there is to state.
    filing = next(one for one in claim_columns() if one.id == "filing_day")
    for place in found.places("ask"):
        head = {"claim_id": texts["claim_id"][place],
                "certificate_no": texts["certificate_no"][place]}
        tail = {"burden": "insured", "law": "保险法22条"}
        for bit, name in enumerate(ASKED_FACTS):
            if int(found.unknown[place]) >> bit & 1:
                known = filing if name == WAITED else fact(name)
                yield {**head, "kind": "fact", "what": name, "name_zh": known.name_zh,
                       "name_en": known.name_en, "holds_back": True, **tail}
        for bit, proof in enumerate(found.rules.proofs):
            if int(found.missing[place]) >> bit & 1:
                yield {**head, "kind": "document", "what": proof.document,
                       "name_zh": proof.name_zh, "name_en": proof.name_en,
                       "holds_back": proof.holds_back, **tail}


def _recourse(found: Decisions) -> Iterator[dict[str, JSON]]:
    """The insurer's rights once it has paid, each within what it paid (保险法60条)."""
    claims, rule = found.claims, found.rules.recourse
    last, law = recourse_terms(rule, found.as_of)
    for place in found.places("pay"):
        paid = int(found.pay_fen[place])
        kept = int(found.loss_fen[place]) - max(int(claims.cells["recovered"][place]), 0) - paid
        yield {"claim_id": claims.texts["claim_id"][place],
               "certificate_no": claims.texts["certificate_no"][place],
               "right_up_to_fen": paid, "insured_keeps_fen": kept,
               "account": claims.texts["account"][place], "bank": claims.texts["bank"][place],
               "filing_day": _day(int(claims.cells["filing_day"][place])),
               "limitation_day": last.isoformat(), "against_zh": rule.against_zh,
               "against_en": rule.against_en, "law": law}


def recourse_terms(rule: Recourse, as_of: date) -> tuple[date, str]:
    """The last day of a right of recourse that begins on a day, and the law it rests on."""
    last = as_of
    for _ in range(rule.limitation_years):
        last = date.fromordinal(year_later(last).toordinal() + 1)
    return last, " ".join((*rule.law, *rule.limitation_law))


def summary_of(found: Decisions) -> dict[str, JSON]:
    """What the file came to (schema dinghai.resident-decisions/1)."""
    outcomes = {name: found.count(name) for name in CLAIM_OUTCOMES}
    counts = {one.id: int((found.patterns.flags >> bit & 1).sum())
              for bit, one in enumerate(found.rules.patterns)}
    guidance = stop_payment()
    return {
        "schema": SUMMARY_SCHEMA, "as_of": found.as_of.isoformat(),
        "product": {"id": found.terms.product.product_id,
                    "version": found.terms.product.version},
        "rules": {"id": found.rules.id, "version": found.rules.version,
                  "sha256": rules_hash(found.rules)},
        "rows": found.rows, "decided": len(found.claims),
        "rejected_rows": found.rows - len(found.claims),
        "outcomes": outcomes,
        "loss_fen": int(found.loss_fen.sum()), "pay_fen": int(found.pay_fen.sum()),
        "referred_fen": _sum(found, "terms_fen", "refer"),
        "waiting_fen": _sum(found, "expected_fen", "wait"),
        "patterns": counts,
        "rings": [one.to_dict() for one in found.patterns.rings.rings],
        "common_keys": [one.to_dict() for one in found.patterns.rings.common],
        "too_large_for_a_ring": list(found.patterns.rings.oversized),
        "younger_than_a_day": int(found.young.sum()),
        "stop_payment": {"id": guidance.id, "version": guidance.version},
        "return_rule": found.rules.returns.rule,
        "faults": [one.to_dict() for one in found.rejected],
    }


def _sum(found: Decisions, name: str, *outcomes: str) -> int:
    places: Sequence[int] = found.places(*outcomes)  # type: ignore[arg-type]
    return int(getattr(found, name)[places].sum()) if places else 0
