"""Rebuilds the shipped feed tables from CISA's and FIRST's published facts.

``python -m dinghai.evidence.rebuild_feeds SOURCE_DIR OUT_DIR``
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from dinghai.evidence.feeds import EPSS_COLUMNS, KEV_COLUMNS, KevTable, load_kev
from dinghai.evidence.intake import read_bounded, text_of
from dinghai.foundation.errors import InputError
from dinghai.foundation.two_folders import run_on_folders

_KEV_SOURCES = ((date(2025, 8, 25), "kev_2025-08-25.json.gz"),
                (date(2026, 4, 16), "kev_2026-04-16.csv.gz"))
_EPSS_SOURCE = (date(2026, 8, 22), "epss_kev_nvd_2026-08-22.csv.gz")


def rebuild(source: Path, out: Path) -> tuple[Path, ...]:
    """Writes the compact tables into ``out`` and returns their paths.

    Raises InputError when a source file is missing or faulty.
    """
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for day, name in _KEV_SOURCES:
        target = out / f"kev_{day}.csv"
        target.write_text(_kev_csv(load_kev(source / name, as_of=day)), encoding="utf-8",
                          newline="")
        written.append(target)
    day, name = _EPSS_SOURCE
    target = out / f"epss_kev_{day}.csv"
    target.write_text(_epss_csv(source / name), encoding="utf-8", newline="")
    return (*written, target)


def _kev_csv(table: KevTable) -> str:
    rows = [
        (entry.cve, entry.date_added, entry.due_date, entry.vendor, entry.product,
         "Known" if entry.ransomware_use else "Unknown")
        for entry in sorted(table.entries.values(), key=lambda entry: entry.cve)
    ]
    return _csv(KEV_COLUMNS, rows)


def _epss_csv(path: Path) -> str:
    """The source joins KEV, EPSS and CVSS; only the EPSS facts are kept, in parts per million."""
    rows = []
    for row in csv.DictReader(io.StringIO(text_of(read_bounded(path).data), newline="")):
        try:
            epss, percentile = (round(float(row[key]) * 1_000_000)
                                for key in ("EPSS", "EPSS Percentile"))
        except (KeyError, TypeError, ValueError) as error:
            if row.get("EPSS") == "":
                continue
            raise InputError("a row without its EPSS score", file=path.name,
                             field=str(row.get("CVE")), mend="fetch the table again") from error
        rows.append((row["CVE"], epss, percentile))
    return _csv(EPSS_COLUMNS, sorted(rows))


def _csv(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue()


def main(arguments: Sequence[str]) -> int:
    """The command: two folders; prints what was written. Returns the exit code."""
    return run_on_folders(rebuild, arguments, __doc__)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
