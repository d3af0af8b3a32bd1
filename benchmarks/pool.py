"""A release of the shared data pool with its audit: alone, and against an earlier one.

    python -m benchmarks.pool

prints one JSON line.
"""

from __future__ import annotations

import json
import platform
import resource
import time
from collections.abc import Sequence
from datetime import date, timedelta
from importlib.metadata import version
from typing import Any

from dinghai.experience.pool_cells import TABLES, Event, cells_of, check_tables
from dinghai.experience.pool_rules import pool_rules
from dinghai.experience.pool_suppression import Told, withheld_cells
from dinghai.foundation.streams import uniforms

MEMBERS, SECTIONS = "abcd", "CCCCIIJGFKQ"
SIZES = ("1-10", "11-100", "101-1000", "1001-10000")
PERILS = ("ransomware", "ransomware", "bec_fraud", "intrusion_breach", "ddos_web",
          "error_insider", "third_party")


def events(number: int, firms: int, seed: int) -> tuple[Event, ...]:
    """Made-up events; a firm keeps its member, section and size band."""
    known = uniforms(1, "benchmark.pool.firms", firms, 3).tolist()
    found = []
    for firm, peril, when, amount in uniforms(seed, "benchmark.pool", number, 4).tolist():
        at = int(firm * firms)
        member, section, size = known[at]
        day = date(2022, 1, 1) + timedelta(days=int(when * 1_700))
        found.append(Event(
            str(at), PERILS[int(peril * len(PERILS))], SECTIONS[int(section * len(SECTIONS))],
            SIZES[int(size * len(SIZES))], day.year, day.isoformat(),
            int(1e7 / (1.0 - 0.999 * amount)), None,
            frozenset(MEMBERS[int(member * len(MEMBERS))])))
    return tuple(found)


def measured(number: int, firms: int) -> dict[str, Any]:
    """Seconds and what was withheld, for a release and the next with a fifth more events."""
    tables, rules = check_tables(TABLES), pool_rules().release
    first = events(number, firms, 1)
    second = (*first, *events(number // 5, firms, 2))
    answer: dict[str, Any] = {"events": number, "firms": firms}
    earlier: Sequence[Told] = ()
    for name, held in (("first", first), ("second", second)):
        start = time.perf_counter()
        withheld = withheld_cells(held, tables, rules, earlier)
        cells = cells_of(held, tables)
        answer[name] = {"seconds": round(time.perf_counter() - start, 2), "cells": len(cells),
                        "withheld": len(withheld)}
        earlier = [Told(first, frozenset(cells) - frozenset(withheld))]
    return answer


def main() -> None:
    """Three sizes of pool."""
    print(json.dumps({
        "what": "pool", "sizes": [measured(100, 60), measured(600, 300),
                                       measured(3_000, 1_500)],
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "python": platform.python_version(), "numpy": version("numpy"),
        "scipy": version("scipy"),
    }))


if __name__ == "__main__":
    main()
