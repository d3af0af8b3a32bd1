"""A chain of 5,001 firms as files: seconds to import, write and read it, in one process.

    python benchmarks/chain_files.py

prints one JSON line: the import of a supplier list and a table of all light answers, then the
folder and the JSON, each written and read.
"""

from __future__ import annotations

import csv
import json
import platform
import resource
import tempfile
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

from dinghai.evidence.feeds import shipped_kev
from dinghai.supplychain.chain_file import read_chain, write_chain
from dinghai.supplychain.importing import Sources, import_chain, new_chain
from dinghai.vocabulary.indicators import light_indicators

SUPPLIERS = 5_000
AS_OF = date(2026, 3, 31)


def write_sources(room: Path) -> None:
    """The list and the answers."""
    with (room / "list.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("企业名称", "层级", "供货对象", "供应内容", "占比(%)", "库存(天)", "行业",
                       "营收(万元)", "远程接入", "共用服务商"))
        for number in range(SUPPLIERS):
            first = number < 500
            rows.writerow((f"供应商{number}公司", 1 if first else 2,
                           "" if first else f"供应商{number % 500}公司", f"物料{number}", "0.01",
                           5, "C", 100 + number, "是", "甲云;乙软件"))
    with (room / "answers.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("供应商", *light_indicators()))
        for number in range(SUPPLIERS):
            rows.writerow((f"供应商{number}公司", *(
                (number + place) % 5 for place in range(len(light_indicators())))))


def main() -> None:
    """Measure and print."""
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        write_sources(room)
        begun = new_chain(id="large", name_zh="大链", owner="链主", owner_id="owner", industry="C",
                          revenue="80亿", as_of=AS_OF)
        start = time.perf_counter()
        chain = import_chain(begun, Sources(room / "list.csv", room / "answers.csv"),
                             kev=shipped_kev(AS_OF)).chain
        seconds["import"] = round(time.perf_counter() - start, 2)
        for form, path in (("folder", room / "chain"), ("json", room / "chain.json")):
            start = time.perf_counter()
            write_chain(chain, path)
            written = time.perf_counter()
            assert read_chain(path) == chain
            seconds[f"write_{form}"] = round(written - start, 2)
            seconds[f"read_{form}"] = round(time.perf_counter() - written, 2)
    print(json.dumps({
        "what": "chain_files",
        "size": {"firms": len(chain.firms), "scores": len(chain.controls),
                 "links": len(chain.links), "deliveries": len(chain.goods)},
        "seconds": seconds,
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "versions": {"dinghai": version("dinghai"), "python": platform.python_version()},
    }))


if __name__ == "__main__":
    main()
