"""Price many small firms under the inclusive product from their dossiers on disk.

    python -m benchmarks.quote_batch [NUMBER]

writes made-up dossiers to a temporary folder, prices them all (light, as `dinghai quote-batch`
does, with one process for each core), and prints one JSON line. Writing them is not counted.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import sys
import tempfile
import time
from collections import Counter
from datetime import date
from importlib.metadata import version
from pathlib import Path

from benchmarks.dossiers import write_dossier
from dinghai.pricing.batch import BatchTerms, price_batch

ON = date(2026, 3, 12)


def main() -> None:
    """Measure and print."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    workers = os.cpu_count() or 1
    terms = BatchTerms("cyber-comprehensive-inclusive", ON, date(2026, 4, 1), light=True)
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"{one:06d}") for one in range(number)]
        for one, path in enumerate(paths):
            write_dossier(path, one, seed=20260401)
        start = time.perf_counter()
        rows = list(price_batch(paths, terms, workers=workers))
        seconds = time.perf_counter() - start
    print(json.dumps({
        "what": "quote_batch",
        "size": {"dossiers": number, "workers": workers},
        "seconds": round(seconds, 3),
        "dossiers_per_second": round(number / seconds, 1),
        "peak_memory_mib": max(resource.getrusage(one).ru_maxrss for one in (
            resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) // 1024,
        "result": {"outcomes": dict(Counter(row.outcome for row in rows).most_common()),
                   "faulty": sum(bool(row.faults) for row in rows),
                   "gross_fen": sum(row.gross_fen or 0 for row in rows)},
        "versions": {"dinghai": version("dinghai"), "python": platform.python_version()},
    }, ensure_ascii=False))


if __name__ == "__main__":
    main()
