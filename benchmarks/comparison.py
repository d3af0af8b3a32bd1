"""Compare 24 products in 12 scenarios for the example enterprise, warm and in one process.

    python benchmarks/comparison.py

prints one JSON line: the whole comparison with its JSON, and the payouts alone.
"""

from __future__ import annotations

import json
import platform
import resource
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import msgspec

from dinghai.assessment.profile import read_profile
from dinghai.comparison.compare import STANDARD_INCEPTION, compare
from dinghai.comparison.payouts import payout
from dinghai.comparison.policies import compared_policy
from dinghai.comparison.scenarios import load_scenario, occur, shipped_scenarios
from dinghai.losses.exposure import exposure_of
from dinghai.wording.products import load_product, shipped_products
from dinghai.wording.schema import Product

PROFILE = Path(__file__).parents[1] / "examples" / "donghai" / "profile.toml"
PRODUCTS, SCENARIOS, REPEATS = 24, 12, 5


def products() -> list[Product]:
    """As many shipped products as there are; the first ones again under other names if too few."""
    found = [load_product(one) for one in shipped_products()[:PRODUCTS]]
    return [*found, *(msgspec.structs.replace(found[number % len(found)],
                                              product_id=f"again-{number}")
                      for number in range(PRODUCTS - len(found)))]


def median_seconds(work: Callable[[], object]) -> float:
    """Median of the repeats, after one to warm up."""
    work()
    taken = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return round(statistics.median(taken), 4)


def main() -> None:
    """Measure and print."""
    profile = read_profile(PROFILE.read_text("utf-8"), str(PROFILE))
    compared, names = products(), shipped_scenarios()[:SCENARIOS]
    wanted = profile.limits_wanted
    policies = [compared_policy(one, profile, inception=STANDARD_INCEPTION,
                                limit_fen=wanted.limit_fen,
                                deductible_fen=wanted.event_deductible_fen).policy
                for one in compared]
    occurrences = [occur(load_scenario(one), exposure_of(profile), STANDARD_INCEPTION)
                   for one in names]
    result = compare(compared, profile, scenarios=names).to_dict()
    print(json.dumps({
        "what": "comparison",
        "size": {"products": len(compared), "scenarios": len(names)},
        "seconds": {
            "comparison": median_seconds(
                lambda: compare(compared, profile, scenarios=names).to_dict()),
            "payouts": median_seconds(
                lambda: [payout(one, policy) for one in occurrences for policy in policies]),
        },
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "result": {"hash": result["hash"], "bytes": len(json.dumps(result, ensure_ascii=False))},
        "versions": {"dinghai": version("dinghai"), "python": platform.python_version()},
    }))


if __name__ == "__main__":
    main()
