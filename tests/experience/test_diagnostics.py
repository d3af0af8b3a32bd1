"""The figures behind the plots of a fit: hand-made cases, closed forms, and the fits themselves."""

from __future__ import annotations

import numpy as np
import pytest

from dinghai.experience.diagnostics import (
    empirical_survival,
    hill_estimates,
    law_of,
    mean_excess,
    quantile_above,
    quantile_pairs,
    survival_above,
    thinned,
    threshold_fits,
)
from dinghai.experience.severity import fit_candidates, spliced
from dinghai.experience.tail import fit_tail
from dinghai.foundation.errors import InputError
from dinghai.foundation.laws import single_parameter_pareto
from dinghai.foundation.streams import uniforms


def losses(count: int = 2000, alpha: float = 1.5, least: float = 500.0) -> np.ndarray:
    """Draws of a power law above a floor."""
    chance = 1.0 - uniforms(7, "test.diagnostics", 1, count)[0]
    return single_parameter_pareto(alpha, least).quantile_of_survival(chance)


def test_the_smallest_loss_is_reached_by_all_and_the_largest_by_one() -> None:
    ordered, share = empirical_survival(np.array([3.0, 1.0, 2.0, 4.0]))
    assert ordered.tolist() == [1.0, 2.0, 3.0, 4.0]
    assert share.tolist() == [1.0, 0.75, 0.5, 0.25]


def test_mean_excess_is_the_mean_of_what_lies_strictly_above() -> None:
    given = np.array([*[10.0] * 5, *[20.0] * 30, *[50.0] * 25])
    thresholds, means, counts = mean_excess(given)
    assert thresholds.tolist() == [10.0, 20.0]
    assert counts.tolist() == [55, 25]
    assert means.tolist() == pytest.approx([(30 * 10 + 25 * 40) / 55, 30.0])


def test_hill_finds_the_exponent_of_a_power_law() -> None:
    found = hill_estimates(losses(20_000))
    assert found[0].largest == 20
    assert found[-1].largest == 10_000
    assert found[-1].alpha == pytest.approx(1.5, rel=0.03)
    assert found[-1].interval[0] < 1.5 < found[-1].interval[1]


def test_threshold_fits_are_those_of_the_tail_and_hold_the_chosen_one() -> None:
    given = losses()
    chosen = float(np.quantile(given, 0.8))
    fits = threshold_fits(given, chosen)
    assert [one.threshold for one in fits] == sorted(one.threshold for one in fits)
    own = next(one for one in fits if one.threshold == chosen)
    tail = fit_tail(given, chosen)
    assert tail is not None
    assert (own.exceedances, own.xi, own.interval) == (
        tail.exceedances, tail.xi, tail.xi_interval)
    assert threshold_fits(given[:30], None) == ()


def test_a_law_is_put_together_again_from_its_document() -> None:
    given, floor = losses(), 500.0
    fits = fit_candidates(given, floor)
    tail = fit_tail(given, float(np.quantile(given, 0.8)))
    assert tail is not None
    body = spliced(given, floor, tail.threshold, tail.law)
    assert body is not None
    at = np.array([600.0, 5_000.0, 80_000.0])
    for name, fit in {**fits, "spliced": body}.items():
        again = law_of(name, {**fit.parameters, "aic": fit.aic}, floor)
        assert again.survival(at).tolist() == fit.law.survival(at).tolist()
    with pytest.raises(InputError, match="one of: lognormal"):
        law_of("cauchy", {}, None)


def test_quantiles_and_survival_are_each_others_inverse_above_the_floor() -> None:
    law, floor = single_parameter_pareto(1.5, 100.0), 500.0
    chance = np.array([0.9, 0.5, 0.01])
    assert survival_above(law, floor, np.array([floor]))[0] == pytest.approx(1.0)
    assert survival_above(law, floor, quantile_above(law, floor, chance)) == pytest.approx(chance)
    modelled, observed = quantile_pairs(law, floor, losses(50_000))
    assert modelled[25_000] == pytest.approx(observed[25_000], rel=0.02)


def test_thinning_keeps_the_largest_and_both_ends() -> None:
    places = thinned(10_000)
    assert len(places) <= 240
    assert places[0] == 0
    assert places[-60:].tolist() == list(range(9_940, 10_000))
    assert thinned(5).tolist() == [0, 1, 2, 3, 4]
