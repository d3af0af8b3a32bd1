"""The parameter of a premium principle at which a set of policies meets a target loss ratio."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10
from typing import Final

import msgspec
from scipy import optimize

from dinghai.foundation.errors import InputError
from dinghai.foundation.money import PPM
from dinghai.losses.evaluation import LossEvaluation
from dinghai.pricing.premium import make_premium
from dinghai.pricing.rating import Principle, Rating, RiskLoad

PARAMETERS: Final[dict[Principle, tuple[str, int, int]]] = {
    "variance": ("risk_tolerance_fen", 1_000_000, 1_000_000_000_000_000),
    "tail_value_at_risk": ("cost_of_capital_ppm", 0, PPM),
    "wang": ("shift_ppm", 0, 5 * PPM),
    "proportional_hazard": ("hazard_ppm", PPM, 20 * PPM),
}
"""The parameter of each principle and the range in which it is sought."""

_LEVEL_PPM = 990_000


@dataclass(frozen=True, slots=True)
class LoadCalibration:
    """A risk load that meets a target loss ratio on a set of policies."""

    load: RiskLoad
    parameter: str
    value: int
    target_ppm: int
    reached_ppm: int
    policies: int


def calibrated_load(
    principle: Principle, target_ppm: int, policies: Sequence[tuple[LossEvaluation, int]],
    rating: Rating, *, source: str, confidence: str,
) -> LoadCalibration:
    """The principle's parameter at which expected payments are ``target_ppm`` of the technical
    net premium of these policies together: (evaluation, revenue in fen) each.

    Raises InputError for no policy, or a target that no parameter of the principle meets.
    """
    if not policies:
        raise InputError("a load is calibrated on policies", field="policies",
                         mend="give at least one")
    name, low, high = PARAMETERS[principle]

    def with_value(value: int) -> RiskLoad:
        level = _LEVEL_PPM if principle == "tail_value_at_risk" else None
        return RiskLoad(principle=principle, level_ppm=level, source=source,
                        confidence=confidence, **{name: value})

    def ratio(value: int) -> float:
        loads = msgspec.structs.replace(rating.loads, risk=with_value(value))
        priced = msgspec.structs.replace(rating, loads=loads)
        premiums = [make_premium(evaluation, priced, revenue_fen=revenue)
                    for evaluation, revenue in policies]
        return sum(one.pure for one in premiums) / sum(one.technical_net for one in premiums)

    best, worst = sorted((ratio(low), ratio(high)), reverse=True)
    if not worst <= target_ppm / PPM <= best:
        raise InputError(
            f"no {name} gives a loss ratio of {target_ppm / PPM:.1%}", field="target",
            mend=f"choose a target between {worst:.1%} and {best:.1%}, or change other loads")
    if principle == "variance":  # over nine powers of ten
        found = optimize.brentq(lambda x: ratio(round(10.0 ** x)) - target_ppm / PPM,
                                log10(low), log10(high), xtol=1e-9)
        value = round(10.0 ** found)
    else:
        value = round(optimize.brentq(lambda x: ratio(round(x)) - target_ppm / PPM, low, high,
                                      xtol=0.5))
    return LoadCalibration(with_value(value), name, value, target_ppm,
                           round(ratio(value) * PPM), len(policies))
