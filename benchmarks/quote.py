"""Quote one enterprise at two speeds, explain it, and plan the best fixes: milliseconds, warm.

    python -m benchmarks.quote

prints one JSON line. Light: the 28 light answers of a made-up small firm under the inclusive
product, from the dossier in memory to the price. Full: the example dossier with its scans under the
standard product, to the whole document with waterfall, distribution and factor tree.
"""

from __future__ import annotations

import json
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from pathlib import Path

from benchmarks.dossiers import write_dossier
from dinghai.assessment.assess import assess
from dinghai.assessment.dossier import Dossier, read_dossier
from dinghai.evidence.feeds import shipped_epss, shipped_kev
from dinghai.pricing.budget import best_fixes
from dinghai.pricing.quote import Pricer, Quote
from dinghai.wording.products import load_product

EXAMPLE = Path(__file__).parents[1] / "examples" / "donghai"
ON, INCEPTION = date(2026, 3, 12), date(2026, 4, 1)
REPEATS, BUDGET_FEN = 15, 20_000_000


def median_milliseconds(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Median of the repeats, after one to warm up."""
    work()
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return round(1e3 * statistics.median(taken), 2)


def main() -> None:
    """Measure and print."""
    kev, epss = shipped_kev(ON), shipped_epss()
    inclusive = load_product("cyber-comprehensive-inclusive")
    standard = load_product("cyber-comprehensive-standard")
    with tempfile.TemporaryDirectory() as folder:
        write_dossier(Path(folder, "one"), 1, seed=1)
        small = read_dossier(Path(folder, "one"), today=ON)
    large = read_dossier(EXAMPLE, today=ON)

    def quote(dossier: Dossier, product: object, light: bool) -> tuple[Pricer, Quote]:
        pricer = Pricer.of(dossier, assess(dossier, kev=kev, epss=epss, on=ON, light=light),
                           product)  # type: ignore[arg-type]
        return pricer, pricer.quote(pricer.schedule(inception=INCEPTION))

    pricer, priced = quote(large, standard, False)
    print(json.dumps({
        "what": "quote", "size": {"findings": len(large.findings)},
        "milliseconds": {
            "light": median_milliseconds(lambda: quote(small, inclusive, True)),
            "light_document": median_milliseconds(
                lambda: quote(small, inclusive, True)[1].to_dict()),
            "full": median_milliseconds(lambda: quote(large, standard, False)[1].to_dict()),
            "explanation": median_milliseconds(
                lambda: quote(large, standard, False)[1].explanation, 5),
            "fixes": median_milliseconds(
                lambda: best_fixes(pricer, priced.schedule, BUDGET_FEN), 3),
        },
        "result": {"gross_fen": priced.premium.gross,
                   "gap_ppm": best_fixes(pricer, priced.schedule, BUDGET_FEN).gap_ppm},
        "versions": {"dinghai": version("dinghai"), "python": platform.python_version()},
    }, ensure_ascii=False))


if __name__ == "__main__":
    main()
