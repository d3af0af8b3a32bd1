"""A list of residents as the API answers it, whichever way it came."""

from __future__ import annotations

from typing import Any

from dinghai_platform.residents.models import Enrolment


def list_answer(one: Enrolment) -> dict[str, Any]:
    """How far a list is and what it came to."""
    return {
        "id": one.pk, "scheme": one.scheme.number, "file": one.file_name,
        "sha256": one.file.sha256, "state": one.state, "job": one.job_id, "rows": one.rows,
        "accepted": one.number, "accepted_by_plan": one.accepted, "rejected": one.rejected,
        "premium_fen": one.premium_fen, "sum_insured_fen": one.sum_insured_fen,
        "root": one.root, "sealed_at": one.sealed_at, "check": one.check_document}
