"""Severity laws against scipy's distributions and against numerical integrals of their survival."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, stats

from dinghai.foundation.laws import (
    Discrete,
    Gamma,
    GeneralisedPareto,
    Law,
    Lognormal,
    Spliced,
    Weibull,
    pareto,
    single_parameter_pareto,
)

LAWS = [
    (Lognormal(1.0, 1.4), stats.lognorm(1.4, scale=math.e)),
    (Gamma(0.7, 3.0), stats.gamma(0.7, scale=3.0)),
    (Weibull(2.0, 0.6), stats.weibull_min(0.6, scale=2.0)),
    (pareto(2.5, 3.0), stats.lomax(2.5, scale=3.0)),
    (single_parameter_pareto(1.2, 2.0), stats.pareto(1.2, scale=2.0)),
    *((GeneralisedPareto(xi, 2.0, 1.0), stats.genpareto(xi, loc=1.0, scale=2.0))
      for xi in (-0.3, 0.0, 0.4, 0.5, 1.0, 1.5)),
]
POINTS = np.array([0.5, 1.0, 2.0, 5.0, 40.0])


@pytest.mark.parametrize(("law", "peer"), LAWS, ids=[str(law) for law, _ in LAWS])
class TestAgainstAPeer:
    def test_survival_and_quantile(self, law: Law, peer: stats.rv_continuous) -> None:
        np.testing.assert_allclose(law.survival(POINTS), peer.sf(POINTS), rtol=1e-12)
        chances = np.array([1e-9, 0.01, 0.3, 0.9])
        np.testing.assert_allclose(law.quantile_of_survival(chances), peer.isf(chances),
                                   rtol=1e-9)
        np.testing.assert_allclose(law.quantile(1.0 - chances[1:]), peer.isf(chances[1:]),
                                   rtol=1e-9)

    def test_density(self, law: Law, peer: stats.rv_continuous) -> None:
        inside = np.array([2.5, 5.0])
        np.testing.assert_allclose(law.log_density(inside), peer.logpdf(inside), rtol=1e-10)

    @pytest.mark.parametrize("order", [1, 2])
    def test_limited_moments(self, law: Law, peer: stats.rv_continuous, order: int) -> None:
        wanted = [integrate.quad(lambda x: order * x ** (order - 1) * peer.sf(x), 0.0, point,
                                 points=[one for one in (1.0, 2.0) if one < point], limit=300)[0]
                  for point in POINTS]
        np.testing.assert_allclose(law.limited(POINTS, order), wanted, rtol=1e-7)


@pytest.mark.parametrize(("law", "mean", "second"), [
    (Lognormal(0.0, 1.0), math.exp(0.5), math.exp(2.0)),
    (GeneralisedPareto(0.0, 2.0, 1.0), 3.0, 13.0),
    (GeneralisedPareto(0.25, 3.0, 0.0), 4.0, 48.0),
    (GeneralisedPareto(0.5, 2.0, 1.0), 5.0, math.inf),
    (GeneralisedPareto(1.0, 2.0, 1.0), math.inf, math.inf),
    (GeneralisedPareto(1.0, 2.0, 0.0), math.inf, math.inf),
    (Discrete((1.0, 3.0), (0.25, 0.75)), 2.5, 7.0),
])
def test_whole_moments(law: Law, mean: float, second: float) -> None:
    assert law.mean() == pytest.approx(mean, rel=1e-12)
    assert law.second_moment() == pytest.approx(second, rel=1e-12)


def test_a_discrete_law() -> None:
    law = Discrete((0.0, 1.0, 3.0), (0.5, 0.25, 0.25))
    np.testing.assert_allclose(law.survival(np.array([-1.0, 0.0, 0.5, 1.0, 3.0])),
                               [1.0, 0.5, 0.5, 0.25, 0.0])
    np.testing.assert_allclose(law.quantile(np.array([0.5, 0.6, 0.75, 0.9])), [0, 1, 1, 3])
    np.testing.assert_allclose(law.limited(np.array([0.0, 2.0, 9.0]), 1), [0.0, 0.75, 1.0])
    with pytest.raises(TypeError):
        law.log_density(POINTS)


@pytest.mark.parametrize("floor", [0.0, 2.0])
def test_a_spliced_law_hangs_together(floor: float) -> None:
    law = Spliced(Lognormal(1.0, 1.0), floor, GeneralisedPareto(0.4, 15.0, 20.0), 0.1)
    points = np.array([0.5, 2.0, 3.0, 19.9, 20.0, 20.1, 200.0])
    survival = law.survival(points)
    assert survival[points == 20.0] == pytest.approx(0.1)
    assert (np.diff(survival) <= 1e-15).all()
    inside = points[points > floor]
    np.testing.assert_allclose(law.quantile_of_survival(law.survival(inside)), inside, rtol=1e-9)
    for low, high in ((max(floor, 1.0), 5.0), (25.0, 60.0)):
        chance = integrate.quad(lambda x: math.exp(float(law.log_density(np.array([x]))[0])),
                                low, high)[0]
        assert chance == pytest.approx(float(law.survival(np.array([low]))[0]
                                             - law.survival(np.array([high]))[0]), rel=1e-8)
    for order in (1, 2):
        wanted = [integrate.quad(
            lambda x, k=order: k * x ** (k - 1) * float(law.survival(np.array([x]))[0]),
            0.0, point, points=[one for one in (2.0, 20.0) if one < point], limit=300)[0]
            for point in points]
        np.testing.assert_allclose(law.limited(points, order), wanted, rtol=1e-7)
    assert law.mean() == pytest.approx(float(law.limited(np.array([1e12]), 1)[0]), rel=1e-4)
