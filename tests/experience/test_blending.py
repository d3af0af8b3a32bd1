"""A rate from prior, public data and own claims: exact cases, limits, and monotone movement."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import integrate, stats

from dinghai.experience.blending import Blend, Observed, Prior, blend
from dinghai.foundation.errors import InputError

NOTHING = Observed(0.0, 0.0)


def of(own: Observed, public: Observed = NOTHING, trust: float = 0.5, between: float = 0.4,
       variation: float = 0.3) -> Blend:
    return blend(Prior(0.05, variation), public, trust, own, between)


def test_without_data_the_prior_stands() -> None:
    found = of(NOTHING)
    assert found.prior == found.market
    assert found.own.mean == pytest.approx(0.05, rel=1e-9)
    assert found.factor == 0.0
    assert found.own.low < found.prior.low < found.prior.high < found.own.high


def test_public_data_are_discounted() -> None:
    """A likelihood to the power ½ of 40 events is the likelihood of 20 over half the exposure."""
    half = of(NOTHING, Observed(40.0, 400.0), 0.5).market
    assert half == of(NOTHING, Observed(20.0, 200.0), 1.0).market
    shape = 1.0 / 0.09
    assert half.mean == pytest.approx((shape + 20.0) / (shape / 0.05 + 200.0), rel=1e-12)
    assert of(NOTHING, Observed(40.0, 400.0), 0.0).market.mean == pytest.approx(0.05)


def test_groups_that_barely_differ_give_gamma_poisson() -> None:
    """Five clean years at 5% with a coefficient of variation of 0.3: a credibility of 2.2%
    (DECISIONS 25)."""
    found = of(Observed(0.0, 5.0), between=1e-3)
    assert found.factor == pytest.approx(0.25 * 0.09 / (1.0 + 0.25 * 0.09), rel=1e-3)
    assert found.factor == pytest.approx(0.022, abs=0.0005)


def test_against_adaptive_quadrature() -> None:
    own, spread, shape = Observed(3.0, 12.0), 1.0 / 0.16, 1.0 / 0.09

    def weight(market: float) -> float:
        return float(stats.gamma(shape, scale=0.05 / shape).pdf(market)
                     * stats.nbinom(spread, spread / (spread + market * 12.0)).pmf(3))

    whole = integrate.quad(weight, 0.0, 0.5, epsabs=0, epsrel=1e-11)[0]
    first = integrate.quad(lambda market: weight(market) * (spread + 3.0)
                           / (spread / market + 12.0), 0.0, 0.5, epsabs=0, epsrel=1e-11)[0]
    found = of(own)
    assert found.own.mean == pytest.approx(first / whole, rel=1e-9)

    def below(rate: float) -> float:
        return float(integrate.quad(lambda market: weight(market) * stats.gamma(
            spread + 3.0, scale=1.0 / (spread / market + 12.0)).cdf(rate),
            0.0, 0.5, epsabs=0, epsrel=1e-10)[0] / whole)

    assert below(found.own.low) == pytest.approx(0.025, rel=1e-7)
    assert below(found.own.high) == pytest.approx(0.975, rel=1e-8)


@pytest.mark.parametrize("rate", [0.0, 0.01, 0.2, 3.0])
def test_more_own_exposure_moves_the_rate_from_the_market_to_the_data(rate: float) -> None:
    steps = [of(Observed(rate * exposure, exposure), Observed(30.0, 1000.0), 0.3)
             for exposure in np.geomspace(0.1, 1e6, 15).tolist()]
    factors = [one.factor for one in steps]
    assert all(one is not None and 0.0 < one < 1.0 for one in factors)
    assert all(later > earlier for earlier, later in itertools.pairwise(
        one for one in factors if one is not None))
    assert steps[-1].own.mean == pytest.approx(rate, rel=1e-3, abs=2e-5)
    widths = [one.own.high - one.own.low for one in steps]
    assert widths[-1] < widths[0]


def test_another_event_raises_the_rate() -> None:
    rates = [of(Observed(float(events), 20.0)).own.mean for events in range(12)]
    assert rates == sorted(set(rates))


def test_the_same_bytes() -> None:
    assert of(Observed(2.0, 31.0)) == of(Observed(2.0, 31.0))


def test_own_claims_that_agree_have_no_factor() -> None:
    assert of(Observed(1.0, 20.0)).factor is None


@pytest.mark.parametrize(("changes", "field"), [
    ({"variation": 0.0}, "--prior-variation"), ({"between": -1.0}, "--between"),
    ({"between": float("nan")}, "--between"), ({"trust": 1.5}, "--trust"),
    ({"own": Observed(2.0, 0.0)}, "--own"), ({"public": Observed(-1.0, 3.0)}, "--public")])
def test_numbers_outside_their_range(changes: dict[str, object], field: str) -> None:
    with pytest.raises(InputError) as error:
        of(**{"own": NOTHING, **changes})  # type: ignore[arg-type]
    assert error.value.fault.field == field
