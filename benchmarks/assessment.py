"""Reading and assessing the example dossier: seconds, warm and in one process.

    python benchmarks/assessment.py

prints one JSON line.
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
from pathlib import Path

from dinghai.assessment.assess import assess
from dinghai.assessment.dossier import read_dossier
from dinghai.evidence.feeds import shipped_kev

EXAMPLE = Path(__file__).parents[1] / "examples" / "donghai"
ON = date(2026, 3, 12)
REPEATS = 20


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
    kev = shipped_kev(ON)
    dossier = read_dossier(EXAMPLE, today=ON)
    result = assess(dossier, kev=kev, on=ON)
    print(json.dumps({
        "what": "assessment",
        "size": {"answers": len(dossier.answers), "readings": len(dossier.readings),
                 "findings": len(dossier.findings)},
        "seconds": {
            "read_dossier": median_seconds(lambda: read_dossier(EXAMPLE, today=ON)),
            "assess": median_seconds(lambda: assess(dossier, kev=kev, on=ON)),
            "to_dict": median_seconds(result.to_dict),
        },
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "result": {"total_ppm": result.total_ppm, "grade": result.grade,
                   "outcome": result.outcome},
        "versions": {"dinghai": version("dinghai"), "python": platform.python_version()},
    }, ensure_ascii=False))


if __name__ == "__main__":
    main()
