"""Laws come back from losses drawn from them, above a floor; the Danish fires give their tail."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from dinghai.experience.columns import read_amounts
from dinghai.experience.severity import FEWEST, fit_candidates, spliced
from dinghai.experience.tail import choose_threshold, fit_shape, fit_tail
from dinghai.foundation.laws import Gamma, GeneralisedPareto, Law, Lognormal, Weibull, pareto
from dinghai.foundation.streams import uniforms

DRAWS = 20_000


def drawn(law: Law, floor: float | None = None, draws: int = DRAWS, seed: int = 4) -> np.ndarray:
    """Losses of a law at or above a floor, by its quantile."""
    chances = uniforms(seed, "test.severity", draws, 1)[:, 0]
    above = 1.0 if floor is None else float(law.survival(np.array([floor]))[0])
    return law.quantile_of_survival(chances * above)


@pytest.mark.parametrize("floor", [None, 5.0])
@pytest.mark.parametrize(("name", "law", "wanted"), [
    ("lognormal", Lognormal(1.0, 1.5), {"mu": 1.0, "sigma": 1.5}),
    ("weibull", Weibull(8.0, 0.7), {"theta": 8.0, "tau": 0.7}),
    ("gamma", Gamma(2.0, 5.0), {"alpha": 2.0, "theta": 5.0}),
    ("pareto", pareto(2.5, 20.0), {"alpha": 2.5, "theta": 20.0}),
])
def test_a_law_comes_back(name: str, law: Law, wanted: dict[str, float],
                          floor: float | None) -> None:
    losses = drawn(law, floor)
    fits = fit_candidates(losses, floor)
    fit = fits[name]
    assert fit.parameters == pytest.approx(wanted, rel=0.2, abs=0.2)
    assert fit.ks < 0.012
    assert min(fits, key=lambda one: fits[one].aic) == name
    # the likelihood is that of the given law or better, by the definition of a maximum
    above = 0.0 if floor is None else math.log(float(law.survival(np.array([floor]))[0]))
    true = float(law.log_density(losses).sum()) - DRAWS * above
    assert true <= fit.log_likelihood <= true + 12.0


def test_units_do_not_matter() -> None:
    losses = drawn(Lognormal(0.0, 1.0), 1.0, 2000)
    one, other = (fit_candidates(losses * unit, unit) for unit in (1.0, 1e6))
    for name in one:
        assert other[name].ks == pytest.approx(one[name].ks, abs=1e-5)
        assert other[name].log_likelihood == pytest.approx(
            one[name].log_likelihood - 2000 * math.log(1e6), rel=1e-9)


def test_a_spliced_law_finds_its_parts() -> None:
    chances = uniforms(2, "test.splice", DRAWS, 1)[:, 0]
    body = Lognormal(1.0, 1.0)
    above = float(body.survival(np.array([20.0]))[0])
    tail = GeneralisedPareto(0.6, 15.0, 20.0)
    small = body.quantile_of_survival(above + chances[:18_000] * (1.0 - above))
    losses = np.concatenate([small, tail.quantile_of_survival(chances[18_000:])])
    found = fit_tail(losses, 20.0)
    assert found is not None
    fit = spliced(losses, None, 20.0, found.law)
    assert fit is not None
    assert fit.parameters["tail_share"] == pytest.approx(0.1)
    assert fit.parameters["mu"] == pytest.approx(1.0, abs=0.1)
    assert fit.parameters["xi"] == pytest.approx(0.6, abs=0.12)
    assert fit.ks < 0.02
    assert spliced(losses, None, 1e9, found.law) is None


@pytest.mark.parametrize("xi", [-0.2, 0.0, 0.5, 1.3])
def test_a_tail_comes_back_and_its_interval_holds_the_truth(xi: float) -> None:
    hits = 0
    for seed in range(20):
        losses = 10.0 + drawn(GeneralisedPareto(xi, 3.0, 0.0), None, 400, seed)
        found = fit_tail(losses, 10.0)
        assert found is not None
        assert found.xi == pytest.approx(xi, abs=0.35)
        low, high = found.xi_interval
        hits += low <= xi <= high
    assert hits >= 16


def test_a_threshold_is_found_where_a_power_tail_begins() -> None:
    chances = uniforms(3, "test.threshold", 8000, 1)[:, 0]
    small = 10.0 * chances[:6000]
    losses = np.concatenate([small, GeneralisedPareto(0.5, 5.0, 10.0).quantile_of_survival(
        chances[6000:])])
    threshold = choose_threshold(losses)
    assert threshold is not None
    assert 9.0 < threshold < 20.0
    assert choose_threshold(np.ones(100)) is None


def test_too_few_and_equal_losses_have_no_tail() -> None:
    assert fit_tail(np.arange(1.0, 12.0), 0.5) is None
    assert fit_shape(np.full(100, 3.0), 3.0) is None
    assert FEWEST == 10


@pytest.mark.parametrize(("threshold", "xi", "beta", "count"), [
    (10.0, 0.497, 6.98, 109), (20.0, 0.684, 9.63, 36),
])
def test_the_danish_fires(
    shared: Path, threshold: float, xi: float, beta: float, count: int
) -> None:
    """McNeil 1997, table of generalised Pareto fits."""
    losses = np.array(read_amounts(shared / "data/danish_fire/danish.csv", "dat").values)
    found = fit_tail(losses, threshold)
    assert found is not None
    assert found.exceedances == count
    assert found.xi == pytest.approx(xi, abs=5e-4)
    assert found.beta == pytest.approx(beta, abs=6e-3)
