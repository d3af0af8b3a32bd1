"""Quote the example batch of small firms under three plans, with five fixes each.

    python -m benchmarks.small_firms

reads examples/small-firms, quotes all firms with one process for each core, and prints one JSON
line. Starting the processes is counted.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

from dinghai.schemes.small_firm_batch import FirmTerms, quote_firms
from dinghai.schemes.small_firm_file import read_firms
from dinghai.schemes.small_firm_panel import panel_table
from dinghai.schemes.small_firm_plans import shipped_plans
from dinghai.schemes.small_firm_validation import validate

FOLDER = Path(__file__).parent.parent / "examples/small-firms"
ON = date(2026, 4, 20)


def main() -> None:
    """Measure and print."""
    workers = os.cpu_count() or 1
    start = time.perf_counter()
    file = read_firms(FOLDER / "firms.csv", shipped_plans(), on=ON)
    batch = quote_firms(file, FirmTerms(shipped_plans(), ON, None, FOLDER / "scans"),
                        workers=workers)
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    found = validate(panel_table())
    validated = time.perf_counter() - start
    print(json.dumps({
        "what": "small_firms",
        "size": {"firms": file.rows, "plans": len(shipped_plans().plans), "workers": workers},
        "seconds": round(seconds, 3),
        "firms_per_second": round(file.rows / seconds, 1),
        "validation_seconds": round(validated, 3),
        "peak_memory_mib": max(resource.getrusage(one).ru_maxrss for one in (
            resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) // 1024,
        "result": {"outcomes": batch.outcomes, "rejected": batch.rejected,
                   "rank_correlation_ppm": found.headline.ppm},
        "versions": {"dinghai": version("dinghai"), "python": platform.python_version()},
    }, ensure_ascii=False))


if __name__ == "__main__":
    main()
