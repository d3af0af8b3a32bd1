"""Two million residents from one file into certificates, on a site of its own.

    python -m benchmarks.resident_enrolment [--residents 2000000]

prints one JSON line. A site is set up in a temporary folder with the default settings (SQLite,
synchronous=FULL) or on DINGHAI_DATABASE_URL; then the file is kept, looked through, issued and
sealed by a worker in this process. The figures of the pilot (average premium, sum insured, rate)
are taken from the ledger and from the register, and must agree to the fen. Seconds and peak memory
are those of the whole, without making the file and the site.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.made_residents import SCHEME, write_residents


def set_up(folder: Path) -> None:
    """A new site in a folder."""
    os.environ.setdefault("DINGHAI_HOME", str(folder / "home"))
    os.environ["DJANGO_SETTINGS_MODULE"] = "dinghai_platform.settings.site"
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def people() -> Any:
    """An insurer's underwriter."""
    from dinghai_platform.core.actors import actor_of_membership
    from dinghai_platform.core.models import Membership, Organisation, User

    insurer = Organisation.objects.create(kind="insurer", name_zh="试例财险")
    user = User.objects.create(username="underwriter", email="u@example.test")
    return actor_of_membership(
        Membership.objects.create(user=user, organisation=insurer, role="underwriter"))


def enrol(path: Path, actor: Any) -> dict[str, float]:
    """Enrol a file; seconds of each step."""
    from dinghai_platform.core.worker import Worker
    from dinghai_platform.residents.services.lists import issue_list, take_list
    from dinghai_platform.residents.services.schemes import open_scheme

    scheme, worker, seconds = open_scheme(SCHEME, actor=actor), Worker(), {}
    start = time.perf_counter()
    enrolment = take_list(scheme, path.read_bytes(), name=path.name, actor=actor)
    seconds["kept"] = time.perf_counter() - start
    worker.run_until_idle()
    seconds["looked_through"] = time.perf_counter() - start - seconds["kept"]
    enrolment.refresh_from_db()
    issue_list(enrolment, actor=actor)
    worker.run_until_idle()
    seconds["all"] = time.perf_counter() - start
    seconds["issued"] = seconds["all"] - seconds["looked_through"] - seconds["kept"]
    enrolment.refresh_from_db()
    assert enrolment.state == "sealed", enrolment.job.error
    return seconds


def figures(actor: Any) -> dict[str, int]:
    """Certificates, premium and sums insured, once by the register and once by the ledger."""
    from django.db.models import Count, Sum

    from dinghai_platform.ledger.models import Posting
    from dinghai_platform.residents.models import Certificate, EnrolledPerson

    plans = SCHEME["plans"]
    by_plan = Certificate.objects.within(actor.tenant).filter(state=1).values_list(
        "plan").annotate(number=Count("id")).order_by("plan")
    counted = dict(by_plan)
    posted = Posting.objects.within(actor.tenant).filter(
        account__key="premium_receivable", side="debit").aggregate(all=Sum("amount_fen"))["all"]
    premium = sum(number * plans[plan]["premium_fen"] for plan, number in counted.items())
    assert premium == posted, (premium, posted)
    number = sum(counted.values())
    assert number == EnrolledPerson.objects.within(actor.tenant).count()
    limits = sum(one * plans[plan]["sum_insured_fen"] for plan, one in counted.items())
    return {"certificates": number, "premium_fen": premium, "sum_insured_fen": limits}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--residents", type=int, default=2_000_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "residents.csv"
        write_residents(path, asked.residents, plan="P5")
        set_up(Path(folder))
        from django.db import connection

        actor = people()
        seconds = enrol(path, actor)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        found = figures(actor)
        print(json.dumps({
            "what": "resident_enrolment",
            "size": {"residents": asked.residents, "file_mib": path.stat().st_size >> 20},
            "database": connection.vendor,
            "seconds": {name: round(one, 2) for name, one in seconds.items()},
            **found,
            "average_premium_fen": found["premium_fen"] / found["certificates"],
            "average_sum_insured_fen": found["sum_insured_fen"] / found["certificates"],
            "rate_ppm": found["premium_fen"] / found["sum_insured_fen"] * 1e6,
            "peak_memory_mib": peak,
            "versions": {"dinghai": version("dinghai"), "python": platform.python_version()}}))


if __name__ == "__main__":
    main()
