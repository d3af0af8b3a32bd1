"""The feed tables a house works with: those that ship with it and those its operator loaded.

Loaded tables are kept as files in ``<home>/feeds``; the newest that is not after the day asked
for is the one in use. The home is ``DINGHAI_HOME``, or ``var`` in the working folder.
"""

from __future__ import annotations

import csv
import io
import os
import re
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from dinghai.evidence.feeds import (
    EPSS_COLUMNS,
    KEV_COLUMNS,
    EpssTable,
    KevTable,
    load_epss,
    load_kev,
    shipped_epss,
    shipped_kev,
)
from dinghai.evidence.intake import read_bounded, text_of
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError

Kind = Literal["kev", "epss"]
_STORED = re.compile(r"(kev|epss)_(\d{4}-\d{2}-\d{2})\.csv")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What loading a table changed against the one in use before."""

    kind: Kind
    as_of: str
    rows: int
    added: int
    removed: int

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class InUse:
    """One table in use. ``origin`` is ``shipped`` or ``loaded``."""

    kind: Kind
    as_of: str
    rows: int
    origin: str
    source: str

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return asdict(self)


class FeedStore:
    """The tables of one home folder."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "feeds"

    @classmethod
    def of_house(cls) -> FeedStore:
        """The store of ``DINGHAI_HOME``."""
        return cls(Path(os.environ.get("DINGHAI_HOME", "var")))

    def kev(self, as_of: date | None = None) -> KevTable:
        """The newest KEV table that is not after ``as_of``, loaded or shipped."""
        path = self._newest("kev", as_of)
        shipped = shipped_kev(as_of)
        if path is None or _day(path) < shipped.as_of:
            return shipped
        return load_kev(path, as_of=_day(path))

    def epss(self, as_of: date | None = None) -> EpssTable | None:
        """The newest EPSS table that is not after ``as_of``; None when all are younger."""
        path = self._newest("epss", as_of)
        if path is not None:
            return load_epss(path)
        try:
            return shipped_epss(as_of)
        except InputError:
            return None

    def load(self, path: Path) -> Loaded:
        """Read a feed file, keep it, say what changed. Raises InputError; nothing is kept then.

        The kind is told from the content: KEV is JSON or has a ``cveID`` or ``due_date`` column.
        """
        if _is_epss(path):
            epss = load_epss(path)
            in_use = self.epss()
            before = set(in_use.scores) if in_use else set()
            head = f"#model_version:{epss.model_version},score_date:{epss.as_of}\n"
            self._keep("epss", epss.as_of, head + _csv(EPSS_COLUMNS, (
                (cve, one.epss_ppm, one.percentile_ppm) for cve, one in epss.scores.items())))
            return _changes("epss", epss.as_of, set(epss.scores), before)
        kev = load_kev(path)
        before = set(self.kev().entries)
        self._keep("kev", kev.as_of, _csv(KEV_COLUMNS, (
            (one.cve, one.date_added, one.due_date, one.vendor, one.product,
             "Known" if one.ransomware_use else "Unknown") for one in kev.entries.values())))
        return _changes("kev", kev.as_of, set(kev.entries), before)

    def status(self) -> tuple[InUse, ...]:
        """The tables in use today."""
        tables: tuple[tuple[Kind, KevTable | EpssTable | None], ...] = (
            ("kev", self.kev()), ("epss", self.epss()))
        return tuple(InUse(kind, str(one.as_of), len(one), self._origin(kind, one.as_of),
                           one.source) for kind, one in tables if one is not None)

    def _origin(self, kind: Kind, day: date) -> str:
        return "loaded" if (self.folder / f"{kind}_{day}.csv").is_file() else "shipped"

    def _newest(self, kind: Kind, as_of: date | None) -> Path | None:
        if not self.folder.is_dir():
            return None
        stored = [path for path in self.folder.iterdir()
                  if (found := _STORED.fullmatch(path.name)) and found[1] == kind
                  and (as_of is None or _day(path) <= as_of)]
        return max(stored, key=_day, default=None)

    def _keep(self, kind: Kind, day: date, text: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=self.folder,
                                         prefix=f".{kind}.", delete=False) as file:
            file.write(text)
        Path(file.name).replace(self.folder / f"{kind}_{day}.csv")


def _day(path: Path) -> date:
    return date.fromisoformat(path.stem.split("_", 1)[1])


def _is_epss(path: Path) -> bool:
    """EPSS has a ``cve,epss,percentile`` heading, usually after a comment line."""
    head = text_of(read_bounded(path).data[:2000]).splitlines()
    heading = next((line for line in head if line and not line.startswith("#")), "")
    return heading.lower().replace(" ", "").startswith(("cve,epss", "cve,epss_ppm"))


def _csv(columns: tuple[str, ...], rows: Iterable[Iterable[object]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return buffer.getvalue()


def _changes(kind: Kind, day: date, now: set[str], before: set[str]) -> Loaded:
    return Loaded(kind, str(day), len(now), len(now - before), len(before - now))
