"""Rows of small firms as the API gives them."""

from __future__ import annotations

from typing import Any

from dinghai.wording.explaining import ExplainableTerm
from dinghai_platform.small_firms.models import (
    Batch,
    Firm,
    Link,
    Month,
    MonthRun,
    Policy,
    Quote,
    Renewal,
    RenewalRun,
)
from dinghai_platform.small_firms.queries import used_of

Document = dict[str, Any]


def _fields(row: Any, *names: str) -> Document:
    return {name: getattr(row, name) for name in names}


def firm_answer(row: Firm) -> Document:
    """A firm."""
    return {"insurer": row.tenant_id, "broker": row.broker_id, "insured": row.insured_id,
            **_fields(row, "id", "number", "channel", "state", "credit_code", "name", "industry",
                      "score_ppm", "grade", "on_offer_fen")}


def quote_answer(row: Quote) -> Document:
    """A quote."""
    return {"firm": row.firm_id, "batch": row.batch_id,
            "bindable_plans": list(row.bindable_plans()),
            **_fields(row, "id", "line", "number", "on", "inception", "valid_until", "outcome",
                      "decision", "decided_plan", "reduced", "score_ppm", "grade", "offered_plan",
                      "gross_fen", "document", "document_hash")}


def term_answer(one: ExplainableTerm) -> Document:
    """A term to explain."""
    return _fields(one, "key", "kind", "clause", "name_zh", "name_en", "text_zh", "text_en",
                   "plain_zh", "plain_en")


def policy_answer(row: Policy) -> Document:
    """A policy."""
    return {"firm": row.firm_id, "quote": row.quote_id, "paid_claims_fen": used_of(row).paid_fen,
            **_fields(row, "id", "policy_no", "state", "plan", "reduced", "inception", "expiry",
                      "treat_by", "aggregate_limit_fen", "net_premium_fen", "vat_fen",
                      "gross_premium_fen", "document", "document_hash", "paid_at")}


def renewal_run_answer(row: RenewalRun) -> Document:
    """A run of renewals."""
    return {"state": row.state_code, "broker": row.broker_id, "job": row.job_id,
            "binding": row.binding_id,
            **_fields(row, "id", "number", "on", "until", "policies", "outcomes")}


def renewal_answer(row: Renewal) -> Document:
    """What became of one policy of a run."""
    quote = row.quote
    return {"policy": row.policy_id, "firm": row.policy.firm_id,
            "policy_no": row.policy.policy_no, "quote": row.quote_id,
            "outcome": "" if quote is None else quote.outcome,
            "gross_fen": None if quote is None else quote.gross_fen,
            **_fields(row, "id", "state", "why")}


def batch_answer(row: Batch) -> Document:
    """A batch."""
    return {"broker": row.broker_id, "file": row.file_name, "rejected": row.rejected_rows,
            "job": row.job_id, "binding": row.binding_id,
            **_fields(row, "id", "number", "state", "on", "inception", "rows", "readable",
                      "faults", "notes", "outcomes", "answering")}


def link_answer(row: Link) -> Document:
    """A link, without its secret."""
    firm = getattr(row, "firm", None)
    return {"state": row.state_code.removeprefix("firm_link_"),
            "firm": None if firm is None else firm.pk,
            **_fields(row, "id", "label", "expires_at", "prices")}


def month_answer(row: Month) -> Document:
    """A monthly page."""
    return {"firm": row.firm_id, **_fields(row, "id", "on", "document")}


def run_answer(row: MonthRun) -> Document:
    """A run of monthly pages."""
    return {"state": row.state_code, "job": row.job_id, "is_packed": row.archive_id is not None,
            **_fields(row, "id", "on", "language", "pages", "faults")}
