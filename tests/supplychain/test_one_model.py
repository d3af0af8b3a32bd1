"""Twin and price tell the same of a chain as it is, and of what full controls would change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from dinghai.evidence.feeds import shipped_kev
from dinghai.losses.model import build_loss_model
from dinghai.losses.tables import PERILS
from dinghai.supplychain.causes import strikes_by_cause
from dinghai.supplychain.chain import Chain, ControlScore
from dinghai.supplychain.chain_file import read_chain
from dinghai.supplychain.chain_model import ChainModel, chain_model
from dinghai.supplychain.chain_results import simulate_chain
from dinghai.supplychain.compiling import posture_of
from dinghai.supplychain.templates import complete
from dinghai.vocabulary.indicators import indicators

ENERGY = Path(__file__).parents[2] / "examples" / "energy"


def claims(chain: Chain) -> np.ndarray:
    """Claims a year in the loss model by peril: own, and all."""
    models = [build_loss_model(complete(firm, chain)[0], posture_of(chain, firm))
              for firm in chain.firms]
    return np.array([[sum(getattr(one.perils[peril].frequency, name) for one in models)
                      for peril in PERILS] for name in ("own", "per_year")])


def strikes(model: ChainModel) -> np.ndarray:
    return strikes_by_cause(model, simulate_chain(model, years=6_000, seed=1).years)


@pytest.fixture(scope="module")
def chain() -> Chain:
    return read_chain(ENERGY)


@pytest.fixture(scope="module")
def model(chain: Chain) -> ChainModel:
    return chain_model(chain, kev=shipped_kev(chain.as_of))


def test_firms_are_struck_as_often_as_the_loss_model_has_claims(
    chain: Chain, model: ChainModel
) -> None:
    """With the scores, findings, links and products that the chain has; nothing of it was fitted to
    this chain alone."""
    assert strikes(model).sum() == pytest.approx(claims(chain)[1].sum(), rel=0.08)


def test_full_controls_change_own_events_as_they_change_the_price(
    chain: Chain, model: ChainModel
) -> None:
    full = msgspec.structs.replace(chain, controls=tuple(
        ControlScore(firm=firm.id, indicator=code, score_ppm=1_000_000)
        for firm in chain.firms for code in indicators()))
    after = replace(chain_model(full, kev=shipped_kev(chain.as_of), keep=model.products),
                    rates=model.rates)
    before, better = strikes(model), strikes(after)
    twin, price = better[0] / before[0], claims(full)[0] / claims(chain)[0]
    for peril, one, other in zip(PERILS, twin.tolist(), price.tolist(), strict=True):
        assert one == pytest.approx(other, abs=0.16 if peril == "third_party" else 0.1), peril
    assert better[0].sum() / before[0].sum() == pytest.approx(
        claims(full)[0].sum() / claims(chain)[0].sum(), abs=0.06)
    assert better[1:].sum() < before[1:].sum()
