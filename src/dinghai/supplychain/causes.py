"""Who stands behind the strikes of simulated years: the firm, another firm, a provider, a product.

A strike is a firm that lost something itself in an event (lost supply is none). It came from a
third party where the event began elsewhere (at another firm of the chain, at a provider, in a
product that many hold) or aimed at a provider outside the chain (peril ``third_party``). Denial of
service is no breach and counts on neither side, for the published shares are of breaches.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, get_args

import numpy as np

from dinghai.foundation.canonical import JSON
from dinghai.losses.tables import PERILS
from dinghai.supplychain.chain_model import ChainModel
from dinghai.supplychain.chain_overview import firms_without_products
from dinghai.supplychain.step_graph import Floats
from dinghai.supplychain.years import ChainYears

Cause = Literal["own_attempt", "firm", "provider", "common_vulnerability"]
CAUSES: Final[tuple[Cause, ...]] = get_args(Cause)
BREACHES: Final = np.array([peril != "ddos_web" for peril in PERILS])
_OUTSIDE: Final = PERILS.index("third_party")


def strikes_by_cause(model: ChainModel, years: ChainYears) -> Floats:
    """Strikes a year by cause and aim."""
    here, elsewhere = years.strikes
    return np.array([here.sum(axis=0), *(elsewhere[places].sum(axis=0)
                                         for places in _places(model))]) / len(years.loss)


def third_party_share(strikes: Floats) -> float | None:
    """The share of strikes that came from a third party; None where nobody was struck."""
    breaches = strikes[:, BREACHES]
    total = float(breaches.sum())
    outside = float(strikes[0, _OUTSIDE])
    return (float(breaches[1:].sum()) + outside) / total if total > 0.0 else None


def causes_dict(model: ChainModel, years: ChainYears) -> dict[str, JSON]:
    """``third_party_share``, and by cause events, strikes and loss a year."""
    strikes, number = strikes_by_cause(model, years), len(years.loss)
    firms, *rest = _places(model)
    events = [int(years.starts[firms].sum()), 0,
              *(int(years.starts[one].sum()) for one in rest)]
    losses = [int(years.own.sum()), *(int(years.exported[one].sum()) for one in (firms, *rest))]
    share = third_party_share(strikes)
    return {
        "third_party_share": share,
        "by_cause": {
            cause: {"events_a_year": events[place] / number,
                    "strikes_a_year": float(strikes[place].sum()),
                    "loss_fen": round(losses[place] / number)}
            for place, cause in enumerate(CAUSES)},
        "outside_provider_strikes_a_year": float(strikes[0, _OUTSIDE]),
        "firms_without_products": firms_without_products(model.chain),
    }


def _places(model: ChainModel) -> Iterator[slice]:
    """Where firms, providers and products stand among the parties."""
    firms, providers = model.twin.firms, len(model.chain.providers)
    yield slice(0, firms)
    yield slice(firms, firms + providers)
    yield slice(firms + providers, model.twin.parties)
