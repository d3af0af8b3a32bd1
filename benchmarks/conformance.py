"""Checking the whole library against the market standard: must take under two seconds.

    python -m benchmarks.conformance

prints one JSON line.
"""

from __future__ import annotations

import json
import platform
import resource
import sys
import time
from importlib.metadata import version

from dinghai.wording.conformance import check_product
from dinghai.wording.products import load_product, shipped_products

SECONDS_ALLOWED = 2.0


def main() -> int:
    """Read and check every shipped product, from cold, and print; 1 when it took too long."""
    start = time.perf_counter()
    products = [load_product(one) for one in shipped_products()]
    read = time.perf_counter()
    reports = [check_product(one) for one in products]
    checked = time.perf_counter()
    seconds = {"read": round(read - start, 6), "check": round(checked - read, 6)}
    print(json.dumps({
        "what": "conformance",
        "size": {"products": len(products),
                 "sections": sum(len(one.sections) for one in products),
                 "exclusions": sum(len(one.exclusions) for one in products)},
        "seconds": seconds,
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "result": {"conforming": sum(one.conforming for one in reports),
                   "monotone": sum(one.monotone for one in reports),
                   "lowest_score": min(one.score for one in reports),
                   "within_allowed": sum(seconds.values()) < SECONDS_ALLOWED},
        "versions": {"dinghai": version("dinghai"), "python": platform.python_version()},
    }, ensure_ascii=False))
    return 0 if sum(seconds.values()) < SECONDS_ALLOWED else 1


if __name__ == "__main__":
    sys.exit(main())
