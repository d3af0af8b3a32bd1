"""Many certificates cancelled and renewed at once, on a site of its own.

    python -m benchmarks.resident_changes [--residents 200000]

prints one JSON line. Residents are enrolled as in `resident_enrolment`; then everybody is renewed
into the scheme of the next period, by a list of certificate numbers, and everybody is cancelled in
the middle of the period, by a list of identity numbers. Seconds are from keeping the list to its
seal, the dry run included. The refunds of the register and of the ledger must agree to the fen.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import tempfile
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.made_residents import SCHEME, write_residents
from benchmarks.resident_enrolment import enrol, people, set_up

NEXT = {**SCHEME, "id": "benchmark-next", "first_day": "2028-01-01", "last_day": "2028-12-31"}
JULY = date(2027, 7, 1)


def changed(scheme: Any, asked: Any, content: bytes, actor: Any) -> tuple[Any, dict[str, float]]:
    """A list of changes from its file to its seal, and the seconds of it."""
    from dinghai_platform.core.worker import Worker
    from dinghai_platform.residents.services.changes import apply_changes, take_changes

    worker, start = Worker(), time.perf_counter()
    changes = take_changes(scheme, asked, content=content, name="list.csv", actor=actor)
    worker.run_until_idle()
    looked = time.perf_counter() - start
    changes.refresh_from_db()
    apply_changes(changes, actor=actor)
    worker.run_until_idle()
    changes.refresh_from_db()
    assert changes.state == "sealed", changes.job.error
    spent = time.perf_counter() - start
    return changes, {"looked_through": looked, "done": spent - looked, "all": spent}


def run(path: Path, number: int) -> dict[str, Any]:
    """Enrol, renew and cancel."""
    from django.db.models import Sum

    from dinghai_platform.ledger.models import Posting
    from dinghai_platform.residents.models import Change, ResidentScheme
    from dinghai_platform.residents.services.changes import Asked
    from dinghai_platform.residents.services.schemes import open_scheme

    actor = people()
    enrol(path, actor)
    scheme = ResidentScheme.objects.within(actor.tenant).get()
    target = open_scheme(NEXT, actor=actor)
    numbers = "凭证号\n" + "".join(f"benchmark-{one:010}\n" for one in range(1, number + 1))
    renewed, renewal = changed(scheme, Asked("renewal", target=target), numbers.encode(), actor)
    identities = "身份证号\n" + "".join(
        line.split(",")[1] + "\n" for line in path.read_text("utf-8").splitlines()[1:])
    ended, cancellation = changed(scheme, Asked("cancellation", JULY), identities.encode(), actor)
    assert renewed.accepted == ended.accepted == number
    steps = Change.objects.within(actor.tenant).aggregate(all=Sum("step_fen"))["all"]
    owed = Posting.objects.within(actor.tenant).filter(
        account__key="refund_payable", side="credit").aggregate(all=Sum("amount_fen"))["all"]
    assert -steps == owed == ended.refunded_fen, (steps, owed)
    return {"seconds": {
        name: {one: round(value, 2) for one, value in spent.items()}
        for name, spent in (("renewal", renewal), ("cancellation", cancellation))},
        "refunded_fen": owed}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--residents", type=int, default=200_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "residents.csv"
        write_residents(path, asked.residents, plan="P5")
        set_up(Path(folder))
        from django.db import connection

        found = run(path, asked.residents)
        print(json.dumps({
            "what": "resident_changes", "size": {"residents": asked.residents},
            "database": connection.vendor, **found,
            "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            "versions": {"dinghai": version("dinghai"), "python": platform.python_version()}}))


if __name__ == "__main__":
    main()
