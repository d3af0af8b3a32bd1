"""200,000 residents' claims through the platform: a file taken in, then one mass decision.

    python -m benchmarks.resident_claims_platform [--claims 200000]

prints one JSON line. A site is set up in a temporary folder with the default settings (SQLite,
synchronous=FULL) or on DINGHAI_DATABASE_URL, as many residents are enrolled, and a worker in this
process looks a file of claims through, takes it in, decides everything in one run and lets the
payments go. Seconds are of each of these steps, by the clock and of this process alone; enrolling
and writing the file are not counted. The figures of the run, of the decisions and of the ledger
must agree to the fen. The claims are keyed draws of one seed: no figure is anybody's.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import resource
import tempfile
import time
from datetime import date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from benchmarks.made_residents import write_residents
from benchmarks.resident_enrolment import enrol, people, set_up
from dinghai.foundation.clock import SHANGHAI
from dinghai.foundation.streams import uniforms

SEED: Final = 20_270_101
CLAIMS: Final = 200_000
_FIRST: Final = date(2027, 1, 1)
_HEADER: Final = (
    "claim_id", "certificate_no", "person", "sum_insured_yuan", "inception", "terms_explained",
    "loss_day", "noticed_day", "loss_yuan", "recovered_yuan", "police_filed", "filing_day",
    "prior_paid_yuan", "police_notice", "bank_records", "telecom_fraud", "family", "device",
    "account", "phone", "bank")


class Standing:
    """A clock that stands and, unlike the demonstration's, reads no file."""

    moment = datetime(2026, 12, 10, 9, tzinfo=SHANGHAI)

    def now(self) -> datetime:
        """The moment."""
        return self.moment


def write_claims(path: Path, count: int) -> None:
    """A channel's file: nine in ten insureds claim once, devices and telephones are mostly their
    own, payee accounts are a gang's with about eight victims each, banks are forty."""
    draws = uniforms(SEED, "benchmark.resident-claims-platform", count, 11)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_HEADER)
        for number, u in enumerate(draws.tolist()):
            person = number if u[0] < 0.9 else number // 10
            loss_day = _FIRST + timedelta(days=int(u[1] * 300))
            filed = "yes" if u[2] < 0.97 else ""
            writer.writerow((
                f"C{number:07d}", f"benchmark-{person + 1:010}", f"h{person:07x}", 50_000, _FIRST,
                "yes", loss_day, loss_day + timedelta(days=1), f"{1000 + 400_000 * u[3] ** 4:.2f}",
                f"{900 * u[4]:.2f}", filed,
                loss_day + timedelta(days=1 + int(u[5] * 3)) if filed else "", 0,
                "yes" if u[6] < 0.95 else "", "yes" if u[7] < 0.95 else "", "yes",
                "yes" if u[8] < 0.01 else "", f"d{person if u[9] < 0.98 else person // 5:07x}",
                f"a{int(u[10] * count / 8):07x}", f"t{person:07x}", f"bank-{int(u[10] * 40)}"))


def staff(insurer: Any, role: str) -> Any:
    """Somebody of the insurer in a role."""
    from dinghai_platform.core.actors import actor_of_membership
    from dinghai_platform.core.models import Membership, User

    user = User.objects.create(username=role, email=f"{role}@example.test")
    return actor_of_membership(
        Membership.objects.create(user=user, organisation=insurer, role=role))


def explain(insurer: Any) -> None:
    """The terms of the scheme were explained, and one person decides up to ¥30,000."""
    from dinghai_platform.resident_claims.services.settings import set_scheme
    from dinghai_platform.residents.models import ResidentScheme

    set_scheme(ResidentScheme.objects.within(insurer).get(), terms_explained=True,
               explained_on=date(2026, 12, 1), approve_above_fen=3_000_000, reason="试例",
               actor=staff(insurer, "chief_underwriter"))


def decide(content: bytes, insurer: Any) -> dict[str, Any]:
    """The file from its upload to its payments: seconds of each step, and what it came to."""
    from dinghai_platform.core.worker import Worker
    from dinghai_platform.resident_claims.services.imports import take_file, take_in
    from dinghai_platform.resident_claims.services.paying import pay_all
    from dinghai_platform.resident_claims.services.runs import start_run

    handler, payer = staff(insurer, "claims_handler"), staff(insurer, "claims_payment")
    worker, seconds, processor = Worker(), {}, {}
    begun, spent = time.perf_counter(), time.process_time()

    def lap(name: str) -> None:
        nonlocal begun, spent
        worker.run_until_idle()
        now, used = time.perf_counter(), time.process_time()
        seconds[name], processor[name] = round(now - begun, 2), round(used - spent, 2)
        begun, spent = now, used

    row = take_file(content, name="claims.csv", actor=handler)
    lap("looked_through")
    row.refresh_from_db()
    take_in(row, actor=handler)
    lap("taken_in")
    row.refresh_from_db()
    assert row.state == "taken" and row.taken == row.rows, (row.job.error, row.faults[:3])
    run = start_run(actor=handler)
    lap("decided")
    run.refresh_from_db()
    assert (run.state, run.decided, run.left) == ("done", run.claims, 0), run.job.error
    job = pay_all(actor=payer)
    lap("paid")
    job.refresh_from_db()
    assert job.state == "done", job.error
    return {"seconds": seconds, "processor_seconds": processor,
            **figures(insurer, run, job.result)}


def figures(insurer: Any, run: Any, result: dict[str, Any]) -> dict[str, Any]:
    """What the run says, held against the decisions, the claims and the ledger."""
    from django.db.models import Sum

    from dinghai_platform.ledger.models import Posting
    from dinghai_platform.resident_claims.models import Claim, Decision

    decided = Decision.objects.within(insurer).filter(run=run)
    assert decided.values("claim").distinct().count() == decided.count() == run.decided
    determined = decided.aggregate(all=Sum("pay_fen"))["all"]
    assert determined == run.pay_fen, (determined, run.pay_fen)
    posted = Posting.objects.within(insurer).filter(
        account__key="claims_paid", side="debit").aggregate(all=Sum("amount_fen"))["all"]
    paid = Claim.objects.within(insurer).aggregate(all=Sum("paid_fen"))["all"]
    assert posted == paid == int(result["amount_fen"]), (posted, paid, result)
    return {"outcomes": dict(sorted(run.outcomes.items())), "pay_fen": run.pay_fen,
            "paid_fen": paid, "paid_claims": result["paid"]}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--claims", type=int, default=CLAIMS)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path, claims = Path(folder) / "residents.csv", Path(folder) / "claims.csv"
        write_residents(path, asked.claims, plan="P5")
        write_claims(claims, asked.claims)
        os.environ["DINGHAI_CLOCK"] = "benchmarks.resident_claims_platform.Standing"
        set_up(Path(folder))
        from django.db import connection

        # This module by its name: what runs is another copy of it.
        from benchmarks.resident_claims_platform import Standing as Clock

        underwriter = people()
        enrol(path, underwriter)
        Clock.moment = datetime(2027, 11, 30, 9, tzinfo=SHANGHAI)
        explain(underwriter.tenant)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        found = decide(claims.read_bytes(), underwriter.tenant)
        print(json.dumps({
            "what": "resident_claims_platform",
            "size": {"claims": asked.claims, "file_mib": claims.stat().st_size >> 20},
            "database": connection.vendor, **found,
            "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            "peak_memory_before_mib": before,
            "versions": {"dinghai": version("dinghai"), "python": platform.python_version()}}))


if __name__ == "__main__":
    main()
