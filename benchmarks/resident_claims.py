"""200,000 residents' claims decided straight through: seconds from file to tables, in one process.

    python -m benchmarks.resident_claims

prints one JSON line: reading, deciding and writing apart. The claims are keyed draws of one seed:
no figure is anybody's.
"""

from __future__ import annotations

import csv
import json
import platform
import resource
import tempfile
import time
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Final

from dinghai.foundation.streams import uniforms
from dinghai.schemes.resident_claim_decision import CLAIM_OUTCOMES, decide_claims
from dinghai.schemes.resident_claim_file import read_claims_file
from dinghai.schemes.resident_claim_results import summary_of, tables_of
from dinghai.schemes.resident_claim_tables import shipped_rules
from dinghai.schemes.resident_claim_terms import CoverTerms
from dinghai.schemes.resident_claim_writing import write_tables
from dinghai.wording.products import load_product

CLAIMS: Final = 200_000
SEED: Final = 20_260_101
AS_OF: Final = date(2026, 11, 30)
_HEADER: Final = (
    "claim_id", "certificate_no", "person", "sum_insured_yuan", "inception", "terms_explained",
    "loss_day", "noticed_day", "loss_yuan", "recovered_yuan", "police_filed", "filing_day",
    "prior_paid_yuan", "police_notice", "bank_records", "call_records", "identity_document",
    "telecom_fraud", "family", "cash", "device", "account", "phone", "bank")
_PLANS: Final = (10_000, 50_000, 100_000)


def write_claims(path: Path, count: int = CLAIMS) -> None:
    """A file of claims: nine in ten insureds claim once, devices and telephones are mostly their
    own, payee accounts are a gang's with about eight victims each, banks are forty."""
    draws = uniforms(SEED, "benchmark.resident-claims", count, 12)
    first = date(2026, 1, 1)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_HEADER)
        for number, u in enumerate(draws.tolist()):
            person = number if u[0] < 0.9 else number // 10
            inception = first + timedelta(days=person * 7 % 180)
            loss_day = inception + timedelta(days=int(u[1] * 150))
            filed = loss_day + timedelta(days=1 + int(u[2] * 3))
            said = "yes" if u[3] < 0.97 else ""
            writer.writerow((
                f"C{number:07d}", f"P{person:07d}", f"h{person:07x}", _PLANS[person % 3],
                inception, "yes", loss_day, loss_day + timedelta(days=1),
                f"{1000 + 400_000 * u[4] ** 4:.2f}", f"{900 * u[5]:.2f}", said,
                filed if said else "", 0, "yes" if u[6] < 0.95 else "",
                "yes" if u[7] < 0.95 else "", "yes", "yes", "yes", "yes" if u[8] < 0.01 else "",
                "no", f"d{person if u[9] < 0.98 else person // 5:07x}",
                f"a{int(u[10] * count / 8):07x}", f"t{person if u[11] < 0.99 else person // 4:07x}",
                f"bank-{int(u[10] * 40)}"))


def main() -> None:
    """Measure and print."""
    seconds: dict[str, float] = {}
    begun = time.perf_counter()

    def lap(name: str) -> None:
        nonlocal begun
        now = time.perf_counter()
        seconds[name], begun = round(now - begun, 2), now

    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "claims.csv"
        write_claims(path)
        begun = time.perf_counter()
        read = read_claims_file(path)
        lap("read")
        terms = CoverTerms(load_product("resident-anti-fraud"))
        found = decide_claims(read, terms, shipped_rules(), AS_OF)
        lap("decide")
        write_tables(Path(name) / "out", tables_of(found), summary_of(found), "csv")
        lap("write")
    assert len(found.claims) == CLAIMS and not found.rejected
    seconds["all"] = round(sum(seconds.values()), 2)
    print(json.dumps({
        "what": "resident_claims",
        "size": {"claims": CLAIMS, "rings": len(found.patterns.rings.rings),
                 **{one: found.count(one) for one in CLAIM_OUTCOMES}},
        "patterns": summary_of(found)["patterns"],
        "pay_fen": int(found.pay_fen.sum()),
        "seconds": seconds,
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "versions": {"dinghai": version("dinghai"), "python": platform.python_version()},
    }))


if __name__ == "__main__":
    main()
