"""Measure where a firm stands at even scores: what the bounds of the grades of nodes rest on.

For each bound of data/supplychain/node_levels.toml: the index of a firm's own losses at its score,
over those at half of full marks, as median and range over the firms of the two example chains.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dinghai.supplychain.chain_file import read_chain
from dinghai.supplychain.chain_model import ChainModel, chain_model
from dinghai.supplychain.language import shipped_language
from dinghai.supplychain.level_reference import reference_of
from dinghai.supplychain.level_rules import level_rules
from dinghai.supplychain.node_levels import sums_of
from dinghai.supplychain.reach import reach_from

EXAMPLES = ("haiyue", "energy")
FOLDER = Path(__file__).parent.parent / "examples"


def own_losses(model: ChainModel, score_ppm: int) -> npt.NDArray[np.float64]:
    """What firms lose a year by their own events where every score is the same."""
    even = reference_of(model, shipped_language(), score_ppm=score_ppm)
    reach = reach_from(even.twin, even.outcomes, model.supply, even.rates)
    return sums_of(reach, even.rates).own[:model.twin.firms]


def indices() -> Iterator[tuple[str, int, npt.NDArray[np.float64]]]:
    """By grade and its score, the index of each firm of the example chains."""
    models = [chain_model(read_chain(FOLDER / name)) for name in EXAMPLES]
    half = [own_losses(model, 500_000) for model in models]
    for one in level_rules().grades:
        if one.score_ppm is not None:
            yield one.grade, one.score_ppm, np.concatenate([
                own_losses(model, one.score_ppm) / base
                for model, base in zip(models, half, strict=True)])


if __name__ == "__main__":
    for grade, score, found in indices():
        low, middle, high = np.round(np.quantile(found, (0.0, 0.5, 1.0)) * 1e6)
        print(f"{grade} at {score / 10_000:g}%: {middle:.0f} [{low:.0f}, {high:.0f}]")
