"""The premium of a programme and its allocation: what insurers bear, loaded as its rating says.

The technical premium is pure, parameter and risk load, divided by one less the rating's expenses;
there is no catastrophe load on top, since events of many firms are in the simulated years
themselves, and services are priced apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from dinghai.foundation.money import PPM, Fen, apply_ppm, multiply_divide, split
from dinghai.losses.compound import Aggregate
from dinghai.pricing.principles import risk_load
from dinghai.pricing.rating import Rating
from dinghai.supplychain.years import Whole

_CELLS: Final = 4096


@dataclass(frozen=True, slots=True)
class ProgrammePremium:
    """The programme's premium a year before tax and its parts, in fen. ``basis`` says whether it is
    agreed, or the technical one."""

    basis: Literal["agreed", "technical"]
    net_fen: Fen
    technical_fen: Fen
    pure_fen: Fen
    parameter_fen: Fen
    risk_fen: Fen


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedYear:
    """Simulated years of what insurers bear, as a premium principle reads them."""

    expected: float
    common: float
    standard_deviation: float
    inside: Aggregate


def programme_premium(insured: Whole, rating: Rating, agreed: Fen | None) -> ProgrammePremium:
    """The premium for simulated years of what insurers bear, in fen."""
    pure = multiply_divide(int(insured.sum()), 1, len(insured), "half_up")
    parameter = apply_ppm(pure, rating.loads.parameter.ppm_of_pure)
    year = SimulatedYear(float(insured.mean()), 0.0, float(insured.std()), _aggregate(insured))
    risk = round(risk_load(year, rating.loads.risk)) if pure else 0
    expenses = sum(share.ppm for _, share in rating.expenses.items())
    technical = multiply_divide(pure + parameter + risk, PPM, PPM - expenses, "half_up")
    return ProgrammePremium("technical" if agreed is None else "agreed",
                            technical if agreed is None else agreed, technical, pure, parameter,
                            risk)


def _aggregate(years: Whole) -> Aggregate:
    step = max(-(-int(years.max(initial=0)) // (_CELLS - 1)), 1)
    cells = np.bincount((years + step // 2) // step, minlength=_CELLS)
    return Aggregate(step, cells / len(years), 0.0)


def premium_weights(causes: Sequence[Sequence[int]], insured_ppm: Sequence[int]) -> list[int]:
    """By firm: its causes in each layer, times what insurers bear of the layer."""
    return [sum(row[firm] * ppm for row, ppm in zip(causes, insured_ppm, strict=True))
            for firm in range(len(causes[0]))]


def allocated(net_fen: Fen, weights: Sequence[int]) -> tuple[Fen, ...]:
    """A programme's premium cut to members, to the fen; evenly where nothing was presented."""
    return tuple(split(net_fen, weights if any(weights) else [1] * len(weights)))
