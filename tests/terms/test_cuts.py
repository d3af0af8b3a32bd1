"""A cut found for one policy serves another only where it is right for it."""

from __future__ import annotations

import numpy as np
import pytest

from dinghai.losses.evaluation import Evaluator
from dinghai.losses.model import LossModel
from dinghai.losses.tables import PERILS
from dinghai.pricing.quote import priced_policy
from dinghai.terms import kernel
from tests.losses.risks import INCEPTION, QUOTED, model
from tests.pricing.test_quote import pricer

TERMS = [(766_700_000, 5_000_000), (500_000_000, 5_000_000), (766_700_000, 10_000_000),
         (100_000_000, 1_000_000), (766_700_001, 0)]


def payments(risk: LossModel, limit: int, deductible: int) -> list[np.ndarray]:
    """What a policy pays on every event of every peril."""
    one = pricer()
    schedule = one.schedule(inception=INCEPTION, limit_fen=limit, deductible_fen=deductible)
    evaluator = Evaluator.of(priced_policy(one.product, schedule, QUOTED))
    weights = risk.latent.event_weights
    return [evaluator.payments(peril, risk.perils[peril].events, weights).total
            for peril in PERILS]


def test_known_cuts_pay_what_a_fresh_one_pays() -> None:
    risks = [model(), model(gross_profit_rate_ppm=1_000_000, gross_profit_per_day_fen=None),
             model(gross_profit_rate_ppm=1, gross_profit_per_day_fen=None)]
    fresh = {}
    for number, risk in enumerate(risks):
        for terms in TERMS:
            kernel._cuts.cache_clear()
            fresh[number, terms] = payments(risk, *terms)
    kernel._cuts.cache_clear()
    for number, risk in enumerate(risks):
        for terms in TERMS:
            for found, wanted in zip(payments(risk, *terms), fresh[number, terms], strict=True):
                assert np.array_equal(found, wanted), (number, terms)
    assert kernel._cuts.cache_info().hits > 0


def test_a_cut_is_made_anew_when_its_answers_change(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    specialise = kernel.specialise

    def counted(*words):  # type: ignore[no-untyped-def]
        made.append(1)
        return specialise(*words)

    monkeypatch.setattr(kernel, "specialise", counted)
    kernel._cuts.cache_clear()
    risk = model()
    payments(risk, 766_700_000, 5_000_000)
    first = len(made)
    assert 0 < first <= len(PERILS)
    payments(risk, 500_000_000, 4_000_000)  # other amounts, the same answers
    assert len(made) == first
