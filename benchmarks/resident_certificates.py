"""Residents' certificates as PDF: code signed, QR mark drawn, page set, as many as a core does.

    python -m benchmarks.resident_certificates [--certificates 10000]

prints one JSON line. Certificates are made as the job of a list makes them, 100 pages a document
(PDF/A-2a, PDF/UA-1), in one process and without a database. ``per_core_second`` divides by the
processor time of all threads, ``per_second`` by the clock on the wall.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import time
from datetime import date
from importlib.metadata import version

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dinghai.documents.resident_certificates import (
    ResidentPaper,
    SharedWords,
    render_certificates,
)
from dinghai.documents.resident_terms import resident_terms
from dinghai.schemes.resident_certificate import CertificateFacts, certificate_code

PAGES = 100


def facts(number: int) -> CertificateFacts:
    """What the certificate of a number says."""
    return CertificateFacts(
        number=f"benchmark-{number:010}", scheme="benchmark", insurer="试例财险",
        product="resident-anti-fraud", plan="P5", sum_insured_fen=5_000_000, premium_fen=1_200,
        first_day=date(2027, 1, 1), last_day=date(2027, 12, 31), holder="张**",
        identity=f"{3301 + number % 9}************{number % 100:02}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--certificates", type=int, default=10_000)
    number = parser.parse_args().certificates
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    shared = SharedWords("试例", "试例", resident_terms("resident-anti-fraud", "zh"))

    def document(first: int, count: int) -> bytes:
        papers = [ResidentPaper(one, "5万元", certificate_code(one, key.sign))
                  for one in map(facts, range(first, first + count))]
        return render_certificates(papers, shared, issued_on=date(2026, 12, 2))

    document(0, 1)  # fonts and tables are read once by a worker
    wall, work, size = time.perf_counter(), time.process_time(), 0
    for first in range(0, number, PAGES):
        size += len(document(first, min(PAGES, number - first)))
    wall, work = time.perf_counter() - wall, time.process_time() - work
    print(json.dumps({
        "what": "resident_certificates",
        "size": {"certificates": number, "pages_a_document": PAGES},
        "seconds": {"wall": round(wall, 2), "processor": round(work, 2)},
        "per_core_second": round(number / work, 1), "per_second": round(number / wall, 1),
        "bytes_a_certificate": size // number,
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "versions": {"dinghai": version("dinghai"), "typst": version("typst"),
                     "zxing-cpp": version("zxing-cpp"), "python": platform.python_version()}}))


if __name__ == "__main__":
    main()
