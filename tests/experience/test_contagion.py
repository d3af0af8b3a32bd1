"""The self-exciting law: found where it is, not where it is not."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from scipy import stats

from dinghai.experience.contagion import fit_contagion, means
from dinghai.foundation.streams import uniforms


def drawn(base: float, branching: float, decay: float, length: int, seed: int) -> list[date]:
    """Days of events, drawn day by day from the law."""
    chances = uniforms(seed, "test.contagion", length, 1)[:, 0]
    pull, found = 0.0, []
    for day, chance in enumerate(chances):
        count = int(stats.poisson.ppf(chance, base + branching * pull))
        pull = decay * pull + (1.0 - decay) * count
        found += [date(2010, 1, 1) + timedelta(days=day)] * count
    return found


def test_a_day_is_drawn_to_the_days_before_it() -> None:
    counts = np.array([2.0, 0.0, 1.0, 0.0])
    assert means(counts, 0.5, 0.8, 0.25) == pytest.approx(
        [0.5, 0.5 + 0.8 * 1.5, 0.5 + 0.8 * 0.375, 0.5 + 0.8 * (0.09375 + 0.75)])


@pytest.mark.parametrize(("base", "branching", "decay"), [(0.4, 0.6, 0.8), (1.0, 0.3, 0.5)])
def test_the_law_is_found_again(base: float, branching: float, decay: float) -> None:
    fit = fit_contagion(drawn(base, branching, decay, 6000, 3))
    assert fit is not None
    assert fit.branching == pytest.approx(branching, abs=0.08)
    assert fit.decay == pytest.approx(decay, abs=0.12)
    assert fit.base == pytest.approx(base, rel=0.2)
    assert fit.chance_if_poisson < 1e-6
    # what is not brought makes up the rest: base = (1 − branching) × mean
    assert fit.base / (1.0 - fit.branching) == pytest.approx(base / (1.0 - branching), rel=0.1)


def test_independent_days_are_left_alone() -> None:
    chances = [fit.chance_if_poisson for seed in range(12)
               if (fit := fit_contagion(drawn(0.5, 0.0, 0.5, 1500, 100 + seed))) is not None]
    assert len(chances) == 12
    assert sum(chance < 0.05 for chance in chances) <= 1


def test_few_days_say_nothing() -> None:
    assert fit_contagion([date(2024, 1, 1), date(2024, 1, 20)]) is None
