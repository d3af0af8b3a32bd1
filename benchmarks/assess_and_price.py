"""Assess and price the example dossier: seconds, warm and in one process.

    python benchmarks/assess_and_price.py

prints one JSON line: from the dossier in memory to the quote's JSON, a re-pricing (another limit
through the same loss model), and the treatment plan.
"""

from __future__ import annotations

import json
import platform
import resource
import statistics
import time
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from itertools import count
from pathlib import Path

from dinghai.assessment.assess import assess
from dinghai.assessment.dossier import read_dossier
from dinghai.evidence.feeds import shipped_epss, shipped_kev
from dinghai.pricing.quote import Pricer
from dinghai.pricing.treatment import treatment_plan
from dinghai.wording.products import load_product

EXAMPLE = Path(__file__).parents[1] / "examples" / "donghai"
ON, INCEPTION = date(2026, 3, 12), date(2026, 4, 1)
REPEATS = 15


def median_seconds(work: Callable[[], object]) -> float:
    """Median of the repeats, after one to warm up."""
    work()
    taken = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return round(statistics.median(taken), 6)


def main() -> None:
    """Measure and print."""
    kev, epss = shipped_kev(ON), shipped_epss()
    dossier = read_dossier(EXAMPLE, today=ON)
    product = load_product("cyber-comprehensive-standard")
    limits = count(500_000_000, 1_000_000)

    def assess_and_price() -> Pricer:
        pricer = Pricer.of(dossier, assess(dossier, kev=kev, epss=epss, on=ON), product)
        pricer.quote(pricer.schedule(inception=INCEPTION)).to_dict()
        return pricer

    pricer = assess_and_price()
    schedule = pricer.schedule(inception=INCEPTION)
    quoted = pricer.quote(schedule)
    print(json.dumps({
        "what": "assess_and_price",
        "size": {"findings": len(dossier.findings), "grid_points": sum(
            one.events.grid.size for one in pricer.model.perils.values())},
        "seconds": {
            "assess_and_price": median_seconds(assess_and_price),
            "reprice": median_seconds(lambda: pricer.quote(
                pricer.schedule(inception=INCEPTION, limit_fen=next(limits)))),
            "treatment_plan": median_seconds(lambda: treatment_plan(pricer, schedule)),
        },
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "result": {"gross_fen": quoted.premium.gross, "pure_fen": quoted.premium.pure,
                   "outcome": quoted.outcome},
        "versions": {"dinghai": version("dinghai"), "python": platform.python_version()},
    }, ensure_ascii=False))


if __name__ == "__main__":
    main()
