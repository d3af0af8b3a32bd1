"""Events through a policy's terms by the kernel: one JSON line."""

from __future__ import annotations

import json
import platform
import resource
import time

import numba
import numpy as np

from dinghai.terms import kernel
from dinghai.terms.compiler import compile_policy
from dinghai.vocabulary.facts import fact
from tests.making import make_policy

EVENTS = 1_000_000
MOMENT = fact("incident.discovered_at").encode("2026-09-07T10:00:00+08:00")


def _peak_mib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    """Ten sections of the standard product, one event a lane."""
    policy = make_policy()
    items = [one.coverage for one in policy.product.sections]
    program = compile_policy(policy, items)
    amounts = (np.arange(EVENTS, dtype=np.int64) * 7919) % 300_000_000
    columns: dict[str, np.ndarray | int] = {
        name: 1 for name in program.inputs if name.startswith("event.")}
    columns |= {name: MOMENT for name in program.inputs if name.endswith("_at")
                and name.split(".")[0] in {"incident", "claim"}}
    columns |= {name: amounts for name in program.inputs if name.endswith(
        ("item.amount", "vendor_cost", "liability.damages", "bi.standard_turnover"))}
    warm = {name: value[:1000] if isinstance(value, np.ndarray) else value
            for name, value in columns.items()}
    kernel.run(program, warm, ("total",))
    before = _peak_mib()
    start, cpu = time.perf_counter(), time.process_time()
    total = int(kernel.run(program, columns, ("total",))["total"].sum())
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    print(json.dumps({
        "what": "terms", "events": EVENTS, "sections": len(items),
        "steps": int(program.steps.shape[0]), "seconds": round(seconds, 3),
        "cpu_seconds": round(cpu, 3), "events_per_second": round(EVENTS / seconds),
        "event_lines_per_second_and_core": round(EVENTS * len(items) / cpu), "total_fen": total,
        "peak_mib": _peak_mib(), "more_mib_for_the_run": _peak_mib() - before,
        "versions": {"python": platform.python_version(), "numba": numba.__version__,
                     "numpy": np.__version__},
    }))


if __name__ == "__main__":
    main()
