"""Ten million certificates: what enrolling costs as a register grows, and how soon it answers.

    python -m benchmarks.resident_register [--lists 5] [--residents 2000000]

prints one JSON line. A site of its own (SQLite as shipped, or DINGHAI_DATABASE_URL) enrols list
after list, each through the jobs that the pages start. Then the API is asked as a browser would ask
it: the first page of certificates, a page in the middle, by certificate number, by identity number,
by a name that a thousandth of all bear and by one that nobody bears, and the figures of the scheme.
Told are the slowest of twenty questions of a kind, signed in, with permissions and tenant scope.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import tempfile
import time
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from benchmarks.made_residents import AREAS, FAMILY, GIVEN, SCHEME, write_residents
from benchmarks.resident_enrolment import people, set_up

ASKED: Final = 20


def enrol(scheme: Any, path: Path, actor: Any) -> float:
    """Enrol one list; seconds from its arrival to its seal."""
    from dinghai_platform.core.worker import Worker
    from dinghai_platform.residents.services.lists import issue_list, take_list

    worker, start = Worker(), time.perf_counter()
    enrolment = take_list(scheme, path.read_bytes(), name=path.name, actor=actor)
    worker.run_until_idle()
    enrolment.refresh_from_db()
    issue_list(enrolment, actor=actor)
    worker.run_until_idle()
    seconds = time.perf_counter() - start
    enrolment.refresh_from_db()
    assert enrolment.state == "sealed", enrolment.job.error
    return seconds


def questions(path: Path, number: int) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """What is asked of the API, by kind: address and query."""
    with path.open(encoding="utf-8") as lines:
        next(lines)
        rows = [line.split(",") for _, line in zip(range(ASKED), lines, strict=False)]
    certificates = "/api/v1/residents/certificates"

    def found(texts: Iterable[str], **more: Any) -> list[tuple[str, dict[str, Any]]]:
        return [(certificates, {"search": text, **more}) for text in texts]

    places = [number * at // ASKED for at in range(ASKED)]
    return {
        "first_page": found([""] * ASKED),
        "page_in_the_middle": [(certificates, {"after": place}) for place in places],
        "by_number": found(str(place + 1) for place in places),
        "by_identity": [(f"{certificates}/search", {"search": row[1]}) for row in rows],
        "by_name": found(row[0] for row in rows),
        "by_masked_name": found(f"{FAMILY[at]}**" for at in range(ASKED)),
        "by_a_name_nobody_bears": found(f"欧阳{one}{AREAS[0]}" for one in GIVEN),
        "figures": [("/api/v1/residents/schemes", {})] * ASKED,
    }


def ask(actor: Any, asked: dict[str, list[tuple[str, dict[str, Any]]]]) -> dict[str, float]:
    """Milliseconds of the slowest answer of each kind."""
    from django.test import Client

    client = Client(headers={"host": "localhost"})
    client.force_login(actor.user, "django.contrib.auth.backends.ModelBackend")
    client.get("/api/v1/residents/schemes")  # the site's first answer loads its rooms
    slowest = {}
    for kind, several in asked.items():
        seconds = []
        for address, query in several:
            start = time.perf_counter()
            # An identity number does not belong into an address: it is asked for in a body.
            answer = (client.post(address, query, content_type="application/json")
                      if address.endswith("/search") else client.get(address, query))
            seconds.append(time.perf_counter() - start)
            assert answer.status_code == 200, (kind, answer.status_code, answer.content[:300])
            assert answer.json() or "nobody" in kind, kind
        slowest[kind] = round(max(seconds) * 1000, 2)
    return slowest


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lists", type=int, default=5)
    parser.add_argument("--residents", type=int, default=2_000_000, help="in each list")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path, seconds = Path(folder) / "residents.csv", []
        set_up(Path(folder))
        from django.db import connection

        from dinghai_platform.residents.services.schemes import open_scheme

        actor = people()
        scheme = open_scheme(SCHEME, actor=actor)
        for at in range(asked.lists):
            write_residents(path, asked.residents, first=at * asked.residents)
            seconds.append(round(enrol(scheme, path, actor), 2))
        number = asked.lists * asked.residents
        milliseconds = ask(actor, questions(path, number))
        store = Path(connection.settings_dict["NAME"])
        print(json.dumps({
            "what": "resident_register", "database": connection.vendor,
            "size": {"certificates": number, "lists": asked.lists,
                     "store_mib": store.stat().st_size >> 20 if store.is_file() else None},
            "seconds_of_each_list": seconds,
            "microseconds_a_certificate_in_the_last_list": round(
                seconds[-1] / asked.residents * 1e6, 2),
            "slowest_answer_milliseconds": milliseconds,
            "slowest_milliseconds": max(milliseconds.values()),
            "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            "versions": {"dinghai": version("dinghai"), "python": platform.python_version()}}))


if __name__ == "__main__":
    main()
