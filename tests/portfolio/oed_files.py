"""Account files for the tests, written record by record."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

BASE = {
    "PortNumber": "P1", "AccNumber": "A1", "PolNumber": "N1", "AccCurrency": "CNY",
    "PolPerilsCovered": "CC1", "PolInceptionDate": "2026-01-01", "PolExpiryDate": "2026-12-31",
    "InsuredName": "甬江制造",
}


def account(folder: Path, *records: Mapping[str, object]) -> Path:
    """A file of records, each the base with these cells in addition."""
    rows = [{**BASE, **record} for record in records or ({},)]
    headers = list(dict.fromkeys(name for row in rows for name in row))
    path = folder / "account.csv"
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, headers)
        writer.writeheader()
        writer.writerows(rows)
    return path
