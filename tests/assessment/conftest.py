"""The example dossiers, and a small builder of dossiers for single questions."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from dinghai.assessment.answers import Answer
from dinghai.assessment.dossier import Dossier, read_dossier
from dinghai.evidence.feeds import KevEntry, KevTable
from dinghai.evidence.finding import EvidenceReading, Finding
from dinghai.foundation.calendar import start_of
from dinghai.vocabulary.indicators import indicators

EXAMPLES = Path(__file__).parents[2] / "examples"
QUOTE_DAY = date(2026, 3, 12)
KEV_CVE = "CVE-2021-44228"


@pytest.fixture(scope="session")
def donghai() -> Dossier:
    """The example dossier."""
    return read_dossier(EXAMPLES / "donghai", today=QUOTE_DAY)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the example's profile, answers and evidence that a test may spoil."""
    target = tmp_path / "dossier"
    target.mkdir()
    for name in ("profile.toml", "answers.csv"):
        shutil.copy(EXAMPLES / "donghai" / name, target / name)
    shutil.copytree(EXAMPLES / "donghai" / "evidence", target / "evidence")
    return target


@pytest.fixture(scope="session")
def kev() -> KevTable:
    """A table with one known-exploited vulnerability."""
    entry = KevEntry(KEV_CVE, date(2021, 12, 10), date(2021, 12, 24), "Apache", "Log4j", True)
    return KevTable(date(2026, 3, 1), {KEV_CVE: entry}, "test")


Rows = list[dict[str, str]]


def edit_answers(folder: Path, edit: Callable[[Rows], Rows]) -> None:
    """Rewrite ``answers.csv`` row by row."""
    path = folder / "answers.csv"
    with path.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    columns = list(rows[0])
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(edit(rows))


def finding(**given: object) -> Finding:
    """A finding with an identifier of its own content."""
    values: dict[str, object] = {
        "finding_id": "", "kind": "open_port", "asset": "203.0.113.7", "title": "a finding",
        "source_format": "nuclei-json", "source_name": "test", "reference": "line 1",
        "vantage": "external", "observed_at": start_of(date(2026, 3, 9)), **given}
    return Finding(**values).identified()  # type: ignore[arg-type]


def reading(*findings: Finding, form: str = "nuclei-json", vantage: str = "external",
            day: date | None = date(2026, 3, 9)) -> EvidenceReading:
    """A reading of those findings."""
    return EvidenceReading(
        format=form, source_name=f"{form} {vantage}", sha256="0" * 64, vantage=vantage, tool="",
        observed_at=None if day is None else start_of(day), records=len(findings),
        findings=findings, rejected=(), ignored=())


CLEAN = (reading(form="nmap-xml"), reading(form="nuclei-json"))


def made(donghai: Dossier, *, scores: dict[str, int | None] | None = None, default: int | None = 3,
         evidence: bool = False, readings: tuple[EvidenceReading, ...] = CLEAN,
         **profile: object) -> Dossier:
    """A dossier with one score everywhere except where said."""
    chosen = scores or {}
    answers = {
        code: Answer(code, chosen.get(code, default), "test", date(2026, 3, 2),
                     "evidence/a.txt" if evidence else "", "", "1" * 64 if evidence else "")
        for code in indicators()
    }
    return Dossier(replace(donghai.profile, **profile), answers, readings)  # type: ignore[arg-type]
