"""Sums of Poisson(2.5) × lognormal: a million simulated years, and the FFT against a fine grid.

    python -m benchmarks.compound

prints one JSON line. NumPy in the same run is the measure of the machine; a peer that can be
imported (GEMAct, aggregate, PAL, pyfair) is measured beside it, one that cannot is named as absent.
None of them is a dependency: install them elsewhere and name the place in PYTHONPATH. pyfair has no
lognormal and multiplies one rate by one magnitude; what it is given has the same means, and the
mean that it finds is shown.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import math
import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np

from dinghai.foundation.laws import Lognormal
from dinghai.losses.compounding import Request, compound
from dinghai.losses.counts import Poisson
from dinghai.losses.ladder import Ladder
from dinghai.losses.layered import Layer, Layered
from dinghai.losses.simulating import simulate_years

YEARS, RATE, REPEATS, SEEDS = 1_000_000, 2.5, 9, 40
PEERS = ("gemact", "aggregate", "pal", "pyfair")


def best(work: Callable[[], Any], repeats: int = REPEATS) -> float:
    """Milliseconds of the fastest of the repeats, after one to warm up."""
    work()
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return round(1e3 * min(taken), 2)


def numpy_years() -> np.ndarray:
    """The same with NumPy's own generator."""
    generator = np.random.default_rng(1)
    numbers = generator.poisson(RATE, YEARS)
    sizes = np.exp(1.4 * generator.standard_normal(numbers.sum()))
    return np.bincount(np.repeat(np.arange(YEARS), numbers), sizes, YEARS)


def tail(sums: np.ndarray) -> float:
    """The TVaR at 99% of simulated years."""
    ordered = np.sort(sums)
    worst = ordered[math.ceil(0.99 * len(ordered)):]
    return float(worst.mean())


def errors(sigma: float) -> dict[str, float]:
    """Relative errors of TVaR99 against a grid of 2^20 cells."""
    law = Lognormal(0.0, sigma)
    fine = Ladder(Poisson(RATE), Layered(law), 1 << 20)
    amount = fine.quantile(0.99)
    exact = amount + (RATE * math.exp(0.5 * sigma**2) - fine.integral(amount, 0)) / 0.01
    found = compound(Request(Poisson(RATE), law, levels=(0.99,))).tails[0]
    assert found is not None
    drawn = [tail(simulate_years(Poisson(RATE), law, Layer(), years=100_000, seed=seed))
             for seed in range(SEEDS)]
    return {"fft": abs(found / exact - 1.0),
            "simulate_rms": math.sqrt(sum((one / exact - 1.0) ** 2 for one in drawn) / SEEDS)}


def with_pal() -> np.ndarray:
    """A million simulated years."""
    from pal import FrequencySeverityModel, config, distributions

    config.n_sims = YEARS
    model = FrequencySeverityModel(distributions.Poisson(RATE), distributions.LogNormal(0.0, 1.4))
    return np.asarray(model.generate().aggregate().values)


def with_gemact() -> np.ndarray:
    """A million simulated years."""
    from gemact.lossmodel import Frequency, LossModel, Severity

    model = LossModel(frequency=Frequency(dist="poisson", par={"mu": RATE}),
                      severity=Severity(dist="lognormal", par={"shape": 1.4, "scale": 1.0}),
                      aggr_loss_dist_method="mc", n_sim=YEARS, random_state=1)
    return np.asarray([model.mean()])


def with_aggregate() -> tuple[float, float]:
    """Mean and TVaR99 by its FFT on 2^16 cells of a sixteenth."""
    from aggregate import build

    made = build(f"agg X {RATE} claims sev exp(0)*lognorm 1.4 poisson", log2=16, bs=1 / 16)
    return float(made.agg_m), float(made.tvar(0.99))


def with_pyfair() -> np.ndarray:
    """A million trials of a rate times a magnitude with these means."""
    from pyfair import FairModel

    model = FairModel(name="peer", n_simulations=YEARS, random_seed=1)
    model.input_data("Loss Event Frequency", mean=RATE, stdev=math.sqrt(RATE))
    model.input_data("Loss Magnitude", mean=math.exp(0.5 * 1.4**2),
                     stdev=math.exp(0.5 * 1.4**2) * math.sqrt(math.expm1(1.4**2)))
    model.calculate_all()
    return np.asarray(model.export_results()["Risk"])


def peers() -> dict[str, dict[str, float]]:
    """Milliseconds and the mean found of each peer that is here."""
    logging.disable(logging.INFO)
    found: dict[str, dict[str, float]] = {}
    for name, work in (("pal", with_pal), ("gemact", with_gemact), ("pyfair", with_pyfair)):
        if importlib.util.find_spec(name) is not None:
            mean = float(np.mean(work()))
            found[name] = {"milliseconds": best(work, 1), "mean": mean}
    if importlib.util.find_spec("aggregate") is not None:
        mean, tail99 = with_aggregate()
        found["aggregate"] = {"milliseconds": best(with_aggregate, 3), "mean": mean,
                              "tvar99": tail99}
    return found


def main() -> None:
    """Measure and print."""
    law = Lognormal(0.0, 1.4)
    print(json.dumps({
        "what": "compound", "size": {"years": YEARS, "rate": RATE, "seeds": SEEDS},
        "milliseconds": {
            "simulate": best(lambda: simulate_years(Poisson(RATE), law, Layer(), years=YEARS,
                                                    seed=1)),
            "numpy": best(numpy_years),
            "fft": best(lambda: compound(Request(Poisson(RATE), law, levels=(0.99,)))),
        },
        "tvar99_relative_error": {"1.4": errors(1.4), "2.4": errors(2.4)},
        "peers": peers(),
        "peers_absent": [one for one in PEERS if importlib.util.find_spec(one) is None],
        "versions": {"python": platform.python_version(), "numpy": version("numpy"),
                     "numba": version("numba"), "scipy": version("scipy")},
    }))


if __name__ == "__main__":
    main()
