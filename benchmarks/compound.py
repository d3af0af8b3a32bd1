"""The year's distribution by FFT against a keyed simulation of the same years.

    python benchmarks/compound.py

prints one JSON line: seconds of each, and how far apart their means and 99% quantiles are.
"""

from __future__ import annotations

import json
import platform
import resource
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np

from dinghai.assessment.assess import assess
from dinghai.assessment.dossier import read_dossier
from dinghai.evidence.feeds import shipped_epss, shipped_kev
from dinghai.losses.simulation import simulate_years
from dinghai.pricing.quote import Pricer
from dinghai.wording.products import load_product

EXAMPLE = Path(__file__).parents[1] / "examples" / "donghai"
ON, INCEPTION = date(2026, 3, 12), date(2026, 4, 1)
YEARS = 2_000_000


def main() -> None:
    """Measure and print."""
    dossier = read_dossier(EXAMPLE, today=ON)
    found = assess(dossier, kev=shipped_kev(ON), epss=shipped_epss(), on=ON)
    pricer = Pricer.of(dossier, found, load_product("cyber-comprehensive-standard"))
    evaluation = pricer.quote(pricer.schedule(inception=INCEPTION)).evaluation
    start = time.perf_counter()
    year = evaluation.aggregate
    by_transform = time.perf_counter() - start
    simulate_years(pricer.model, evaluation, 10, seed=1)
    start = time.perf_counter()
    years = simulate_years(pricer.model, evaluation, YEARS, seed=20260401)
    by_simulation = time.perf_counter() - start
    print(json.dumps({
        "what": "compound",
        "size": {"cells": int(year.mass.shape[0]), "years": YEARS},
        "seconds": {"fft": round(by_transform, 6), "simulation": round(by_simulation, 6)},
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "result": {
            "mean_fen": round(year.mean()), "simulated_mean_fen": round(float(years.mean())),
            "standard_error_fen": round(float(years.std()) / YEARS**0.5),
            "quantile_99_fen": year.quantile(0.99),
            "simulated_quantile_99_fen": int(np.quantile(years, 0.99)),
            "lost_mass": year.lost,
        },
        "versions": {"dinghai": version("dinghai"), "python": platform.python_version()},
    }, ensure_ascii=False))


if __name__ == "__main__":
    main()
