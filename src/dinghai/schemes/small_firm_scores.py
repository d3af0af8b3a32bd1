"""Scores of many firms at once, equal to the assessment's to the last digit, and their ranks."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dinghai.assessment.rules import rules
from dinghai.foundation.canonical import JSON
from dinghai.foundation.money import PPM
from dinghai.schemes.small_firm_panel import UNKNOWN, Levels
from dinghai.vocabulary.indicators import HIGHEST_SCORE, indicators

Whole = npt.NDArray[np.int64]
NO_SCORE = -1
"""The total of a firm of which nothing is known."""

_NORMAL_97_5 = 1.959963984540054
MOST_RANKED = 1_000_000
"""Up to so many firms every sum of ranks is exact in 64 bits."""


def totals(levels: Levels, asked: Collection[str], *, verified: bool) -> Whole:
    """Total scores in ppm of full marks over the questions asked, one for each firm.

    Answers alone count as the assessment counts them: capped, and not at all where only a scan or
    a paper shows the score. ``verified`` levels are known by evidence: they count in full.
    """
    weights = np.array([item.weight_millis if code in asked else 0
                        for code, item in indicators().items()], dtype=np.int64)
    scores = levels.astype(np.int64) * PPM // HIGHEST_SCORE
    if not verified:
        scores = np.minimum(scores, rules().caps.questionnaire_only_ppm)
        heard = [not item.scan_only and "questionnaire" in item.measured_by
                 for item in indicators().values()]
        weights = weights * np.array(heard)
    counted = np.where(levels == UNKNOWN, 0, weights)
    whole = counted.sum(axis=1)
    total = (np.where(levels == UNKNOWN, 0, scores) * counted).sum(axis=1)
    found: Whole = np.where(whole > 0, (2 * total + whole) // np.maximum(2 * whole, 1), NO_SCORE)
    return found


def doubled_ranks(values: Whole) -> Whole:
    """Twice the rank of each value from 1, equal values sharing the mean of theirs: exact."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    ends = np.concatenate((starts[1:], [len(values)]))
    ranks = np.empty(len(values), dtype=np.int64)
    ranks[order] = np.repeat(starts + ends + 1, ends - starts)
    return ranks


@dataclass(frozen=True, slots=True)
class RankCorrelation:
    """Spearman's rank correlation in ppm with its 95% interval; None where ranks do not vary or
    fewer than four firms are known."""

    firms: int
    ppm: int | None
    low_ppm: int | None
    high_ppm: int | None

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {"firms": self.firms, "rank_correlation_ppm": self.ppm,
                "low_ppm": self.low_ppm, "high_ppm": self.high_ppm}


def rank_correlation(first: Whole, second: Whole) -> RankCorrelation:
    """Spearman's correlation of two scores over the firms that have both.

    The interval is Fisher's with the variance of Bonett and Wright (2000), which allows for ranks.
    Raises ValueError for more firms than can be summed exactly.
    """
    both = (first != NO_SCORE) & (second != NO_SCORE)
    firms = int(both.sum())
    if firms > MOST_RANKED:
        raise ValueError(f"{firms} firms cannot be ranked exactly")
    if firms < 4:
        return RankCorrelation(firms, None, None, None)
    x, y = (doubled_ranks(one[both]) - (firms + 1) for one in (first, second))
    across, own_x, own_y = int((x * y).sum()), int((x * x).sum()), int((y * y).sum())
    if own_x == 0 or own_y == 0:
        return RankCorrelation(firms, None, None, None)
    r = across / math.sqrt(own_x) / math.sqrt(own_y)
    if abs(r) >= 1.0 - 1e-12:
        exact = PPM if r > 0 else -PPM
        return RankCorrelation(firms, exact, exact, exact)
    width = _NORMAL_97_5 * math.sqrt((1.0 + r * r / 2.0) / (firms - 3))
    centre = math.atanh(r)
    return RankCorrelation(firms, round(r * PPM), round(math.tanh(centre - width) * PPM),
                           round(math.tanh(centre + width) * PPM))
