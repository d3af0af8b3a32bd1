"""Risks that the tests of losses and pricing share."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from dinghai.assessment.assess import assess
from dinghai.assessment.dossier import Dossier, read_dossier
from dinghai.assessment.profile import Profile
from dinghai.assessment.result import Assessment
from dinghai.evidence.feeds import shipped_epss, shipped_kev
from dinghai.losses.evaluation import Evaluator
from dinghai.losses.model import LossModel, build_loss_model
from dinghai.wording.explaining import terms_to_explain
from dinghai.wording.policy import (
    ExplanationRecord,
    Party,
    Policy,
    Schedule,
    bind,
    scheduled_sections,
    with_explanations,
)
from dinghai.wording.products import load_product

EXAMPLES = Path(__file__).parents[2] / "examples"
PRODUCT = "cyber-comprehensive-standard"
QUOTED = date(2026, 3, 12)
INCEPTION = date(2026, 4, 1)


@cache
def dossier(name: str) -> Dossier:
    """A dossier of the examples."""
    return read_dossier(EXAMPLES / name)


@cache
def assessment(name: str) -> Assessment:
    """Its assessment on the day of the quote."""
    return assess(dossier(name), kev=shipped_kev(QUOTED), epss=shipped_epss(), on=QUOTED)


def profile(**changes: object) -> Profile:
    """The example's profile, changed."""
    return replace(dossier("donghai").profile, **changes)  # type: ignore[arg-type]


def model(posture: dict[str, int | None] | None = None, **changes: object) -> LossModel:
    """A loss model of the changed example; its own posture unless another is given."""
    if posture is None:
        posture = dict(assessment("donghai").posture)
    return build_loss_model(profile(**changes), posture)


@cache
def policy(limit_fen: int = 766_700_000, deductible_fen: int = 5_000_000) -> Policy:
    """A policy of the standard product with everything explained."""
    product = load_product(PRODUCT)
    party = Party(name_zh="示例")
    bound = bind(product, Schedule(
        policy_no="T-1", applicant=party, insured=party, insurer=party, inception=INCEPTION,
        expiry=date(2027, 3, 31), aggregate_limit_fen=limit_fen, each_event_limit_fen=limit_fen,
        event_deductible_fen=deductible_fen,
        sections=scheduled_sections(product, limit_fen)))
    record = ExplanationRecord(highlighted=True, explained_at=datetime(2026, 3, 12, tzinfo=UTC))
    return with_explanations(bound, tuple(t.key for t in terms_to_explain(bound)), record)


@cache
def evaluator() -> Evaluator:
    """One compiled policy for all tests."""
    return Evaluator.of(policy())
