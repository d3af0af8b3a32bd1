"""Reading evidence: files, findings, seconds and memory.

    python benchmarks/evidence.py [FILE...]

reads the files (the example's scans and inventories by default) and a made-up large report of each
format, and prints one JSON line.
"""

from __future__ import annotations

import json
import platform
import resource
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from dinghai.evidence.components import known_exploited
from dinghai.evidence.feeds import shipped_kev
from dinghai.evidence.finding import EvidenceReading
from dinghai.evidence.reading import read_evidence, read_evidence_bytes

EXAMPLE = Path(__file__).parents[1] / "examples" / "donghai"
RECORDS = 20_000


def example_files() -> list[Path]:
    """Scans and inventories of the example dossier."""
    return [path for path in sorted(EXAMPLE.rglob("*"))
            if path.suffix in (".xml", ".jsonl") or path.name.endswith(".cdx.json")]


def large_reports() -> dict[str, bytes]:
    """One report of each format with ``RECORDS`` records."""
    port = ('<port protocol="tcp" portid="443"><state state="open"/><service name="https" '
            'product="nginx" version="1.18.0" method="probed" conf="10"/></port>')
    nuclei = json.dumps({"template-id": "CVE-2021-44228", "host": "https://a.example",
                         "info": {"name": "n", "severity": "high"}})
    row = '10.0.0.1,h,443,tcp,9.8,High,80,"A name",1.2.3,CVE-2021-44228,2026-03-03T00:00:00Z\n'
    result = ('<result id="1"><host>10.0.0.1</host><port>443/tcp</port><nvt oid="1"><name>n</name>'
              "</nvt><severity>9.8</severity></result>")
    component = {"name": "jquery", "version": "3.4.1", "purl": "pkg:npm/jquery@3.4.1"}
    return {
        "nmap-xml": ('<nmaprun><host><address addr="10.0.0.1" addrtype="ipv4"/><ports>'
                     f"{port * RECORDS}</ports></host></nmaprun>").encode(),
        "nuclei-json": f"{nuclei}\n".encode() * RECORDS,
        "openvas-csv": ("IP,Hostname,Port,Port Protocol,CVSS,Severity,QoD,NVT Name,NVT OID,CVEs,"
                        f"Timestamp\n{row * RECORDS}").encode(),
        "openvas-xml": (f'<report format_id="x"><report><results>{result * RECORDS}</results>'
                        "</report></report>").encode(),
        "cyclonedx-json": json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6",
                                      "components": [component] * RECORDS}).encode(),
    }


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    files = [Path(name) for name in arguments] or example_files()
    start = time.perf_counter()
    readings = [read_evidence(path) for path in files]
    seconds = time.perf_counter() - start
    rates: dict[str, int] = {}
    reading: EvidenceReading | None = None
    for name, data in large_reports().items():
        began = time.perf_counter()
        reading = read_evidence_bytes(data, name)
        rates[name] = round(reading.records / (time.perf_counter() - began))
    assert reading is not None
    began = time.perf_counter()
    known = known_exploited(reading.findings, shipped_kev())
    matching = time.perf_counter() - began
    print(json.dumps({
        "what": "evidence",
        "size": {"files": len(files), "bytes": sum(path.stat().st_size for path in files)},
        "seconds": {"read_files": round(seconds, 6),
                    f"match_{RECORDS}_components": round(matching, 6)},
        "records_per_second": rates,
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "result": {"findings": sum(len(item.findings) for item in readings),
                   "rejected": sum(len(item.rejected) for item in readings),
                   "known_exploited_of_large_bill": len(known)},
        "versions": {"dinghai": version("dinghai"), "python": platform.python_version()},
    }, ensure_ascii=False))


if __name__ == "__main__":
    main(sys.argv[1:])
