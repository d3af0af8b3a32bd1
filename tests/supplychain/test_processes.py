"""SIS, self-exciting counts and inoperability against their theory."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from dinghai.foundation.errors import InputError
from dinghai.supplychain.contact import exact_contact, sampled_contact
from dinghai.supplychain.inoperability import GoodsNetwork, inoperability
from dinghai.supplychain.intensity import SelfExciting, count_moments, sampled_counts
from tests.supplychain.graphs import graph

TIMES = ["0", "0.5", "2", "1.0"]


def test_sis_of_one_node_and_of_a_pair_in_closed_form() -> None:
    alone = graph("A", [])
    found = exact_contact(alone, alone.places(["A"], "x"), infection_rate=1.0, recovery_rate=0.5,
                          times=["2"])
    assert found.moments["2"].infected["A"].mean == pytest.approx(math.exp(-1.0))
    pair = graph("AB", ["AB"])
    found = exact_contact(pair, pair.places(["A"], "x"), infection_rate=0.7, recovery_rate=0.5,
                          times=["1"])

    def flow(_time: float, p: np.ndarray) -> list[float]:  # 00, A, B, AB
        _, a, b, both = p
        return [0.5 * (a + b), -1.2 * a + 0.5 * both, -0.5 * b + 0.5 * both,
                0.7 * a - 1.0 * both]

    end = solve_ivp(flow, (0, 1), [0, 1, 0, 0], rtol=1e-10, atol=1e-12).y[:, -1]
    assert found.moments["1"].infected["B"].mean == pytest.approx(end[2] + end[3], abs=1e-8)


def test_simulated_sis_agrees_with_its_chain() -> None:
    one = graph(["A", "B", {"id": "C", "p": 0.5}, "D"],
                ["AB", "BA", ("BC", 0.8), "CB", "CD", "DA"])
    seeds = one.places(["A", "D"], "x")
    exact = exact_contact(one, seeds, infection_rate=0.9, recovery_rate=0.6, times=TIMES)
    found = sampled_contact(one, seeds, infection_rate=0.9, recovery_rate=0.6, times=TIMES,
                            worlds=60_000, seed=1)
    assert list(found.moments) == TIMES
    for time in TIMES:
        for name in one.names:
            p = exact.moments[time].infected[name].mean
            error = max(found.moments[time].infected[name].error, 1e-9)
            assert abs(found.moments[time].infected[name].mean - p) < 4 * error
        assert math.fsum(exact.moments[time].chances.values()) == pytest.approx(1.0)


def test_sis_refuses_what_it_cannot_read() -> None:
    waits = graph(["A", {"id": "D", "kind": "and"}], ["AD"])
    with pytest.raises(InputError, match="wait for all"):
        sampled_contact(waits, waits.places(["A"], "x"), infection_rate=1, recovery_rate=1,
                        times=["1"], worlds=5, seed=1)
    pair = graph("AB", ["AB"])
    with pytest.raises(InputError, match="too much happens by time 100"):
        exact_contact(pair, pair.places(["A"], "x"), infection_rate=1e6, recovery_rate=1e6,
                      times=["100"])
    wide = graph([{"id": str(place)} for place in range(15)], [])
    with pytest.raises(InputError, match="2\\^15 states"):
        exact_contact(wide, wide.places(["0"], "x"), infection_rate=1, recovery_rate=1, times=["1"])


@pytest.mark.parametrize(("mu", "alpha", "beta", "horizon"),
                         [(1.2, 0.6, 1.5, 10.0), (0.5, 1.0, 1.0, 4.0), (1.0, 1.4, 1.0, 3.0),
                          (2.0, 0.0, 1.0, 3.0)])
def test_self_exciting_counts_have_their_moments(
    mu: float, alpha: float, beta: float, horizon: float
) -> None:
    process = SelfExciting(mu, alpha, beta)
    found = count_moments(process, horizon)
    kappa = beta - alpha
    mean = (mu * beta * horizon / kappa - mu * alpha / kappa**2 * (1 - math.exp(-kappa * horizon))
            if kappa else mu * (horizon + alpha * horizon**2 / 2))
    assert found.mean == pytest.approx(mean)
    counts = sampled_counts(process, horizon, worlds=40_000, seed=2)
    assert abs(counts.mean() - found.mean) < 4 * counts.std() / 200
    fourth = float(np.mean((counts - counts.mean()) ** 4))
    error = math.sqrt((fourth - counts.var() ** 2) / len(counts))
    assert abs(counts.var() - found.variance) < 4 * error
    if alpha == 0.0:
        assert found.variance == pytest.approx(found.mean)


def test_a_variance_keeps_its_digits_beside_a_large_mean() -> None:
    # the closed forms of mean and variance, worked out with sixty digits
    found = count_moments(SelfExciting(1_000.0, 0.9, 1.0), 10_000.0)
    assert found.mean == pytest.approx(99_910_000.0, rel=1e-12)
    assert found.variance == pytest.approx(9_977_050_000.0, rel=1e-12)


def test_the_long_run_rate_is_stationary() -> None:
    found = count_moments(SelfExciting(1.0, 0.5, 1.0), 1_000.0)
    assert found.stationary == pytest.approx(2.0)
    assert found.mean / 1_000.0 == pytest.approx(2.0, rel=2e-3)
    assert found.variance / found.mean == pytest.approx(1.0 / (1 - 0.5) ** 2, rel=0.01)


def test_inoperability_is_leontief_in_the_end_and_grows_to_it() -> None:
    network = GoodsNetwork.of([[0.0, 0.3, 0.1], [0.2, 0.0, 0.0], [0.0, 0.5, 0.0]])
    found = inoperability(network, [0.1, 0.0, 0.05], times=["0", "0.5", "2", "200"],
                          resilience=[0.5, 1.0, 0.2])
    series = sum((np.linalg.matrix_power(network.interdependency, k) @ [0.1, 0.0, 0.05]
                  for k in range(200)), start=np.zeros(3))
    assert found.equilibrium == pytest.approx(series)
    assert found.by_time["0"] == pytest.approx([0, 0, 0])
    assert found.by_time["200"] == pytest.approx(series, abs=1e-9)

    def flow(_: float, q: np.ndarray) -> np.ndarray:
        settled = network.interdependency @ q + [0.1, 0.0, 0.05] - q
        out: np.ndarray = np.array([0.5, 1.0, 0.2]) * settled
        return out

    end = solve_ivp(flow, (0, 2), [0, 0, 0], rtol=1e-10, atol=1e-12).y[:, -1]
    assert found.by_time["2"] == pytest.approx(end, abs=1e-8)


def test_a_network_that_never_settles_is_refused() -> None:
    with pytest.raises(InputError, match="spectral radius"):
        GoodsNetwork.of([[0.0, 1.0], [1.0, 0.0]])
    with pytest.raises(InputError, match="square"):
        GoodsNetwork.of([[0.0, 1.0], [1.0]])
    with pytest.raises(InputError, match="depends on the resilience"):
        inoperability(GoodsNetwork.of([[0.0]]), [0.1], times=["1"])
    with pytest.raises(InputError, match="2 figures for 1 sectors"):
        inoperability(GoodsNetwork.of([[0.0]]), [0.1, 0.2])
