"""Many small firms quoted at once: each exactly as alone, in the file's order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import Fault, InputError
from dinghai.schemes.small_firm_dossier import read_probe
from dinghai.schemes.small_firm_file import FirmFile, SmallFirm
from dinghai.schemes.small_firm_plans import PlanTable
from dinghai.schemes.small_firm_quote import OUTCOMES, FirmQuote, SmallFirmDesk

QUOTES_SCHEMA: Final = "dinghai.small-firm-quotes/1"
CHUNK: Final = 25
ALONE: Final = 60
"""Up to so many firms one process is quicker: others must first load the engine."""
_STOOD_FOR: Final = (None, "", "answers.csv", "profile.toml")
"""Files of a dossier that a row stands for: a fault names the row and not them."""


@dataclass(frozen=True, slots=True)
class FirmTerms:
    """What a batch is quoted by: the plans, the day, the first day of cover, where scans lie."""

    plans: PlanTable
    on: date
    inception: date | None = None
    scans: Path | None = None


@dataclass(frozen=True, slots=True)
class FirmResult:
    """One firm's quote, or the faults that keep it from one."""

    quote: FirmQuote | None
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class FirmBatch:
    """A batch: quotes in the file's order, and every fault of a row that got none."""

    file: str
    rows: int
    on: date
    plans: PlanTable
    quotes: tuple[FirmQuote, ...]
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]

    @property
    def rejected(self) -> int:
        """How many rows got no quote."""
        return self.rows - len(self.quotes)

    @property
    def outcomes(self) -> dict[str, int]:
        """How many firms have each outcome."""
        found = Counter(one.outcome for one in self.quotes)
        return {name: found[name] for name in OUTCOMES if found[name]}

    def to_dict(self) -> dict[str, JSON]:
        """The document ``dinghai.small-firm-quotes/1``."""
        offered = [plan for one in self.quotes if one.outcome == "offered"
                   and (plan := one.plan(one.offered_plan)) is not None]
        answering = answering_time(self.quotes, self.plans)
        return {
            "schema": QUOTES_SCHEMA, "file": self.file, "on": self.on.isoformat(),
            "product": self.plans.product, "plans_version": self.plans.version,
            "rows": self.rows, "quoted": len(self.quotes), "rejected": self.rejected,
            "outcomes": self.outcomes,
            "reduced": sum(one.reduced and one.outcome == "offered" for one in self.quotes),
            "offered_gross_fen": sum(one.gross_fen for one in offered),
            "offered_expected_loss_fen": sum(one.expected_loss_fen for one in offered),
            "offered_limit_fen": sum(one.aggregate_limit_fen for one in offered),
            "answering": answering,
            "faults": [dict(one.to_dict()) for one in self.faults],
            "notes": list(self.notes),
            "firms": [one.to_dict() for one in self.quotes],
        }


def answering_time(quotes: Sequence[FirmQuote], plans: PlanTable) -> dict[str, JSON]:
    """The median of the answering times that are known, in seconds (half a second goes up)."""
    known = sorted(one.answering_seconds for one in quotes if one.answering_seconds is not None)
    target = plans.respondent.target_seconds
    half = len(known) // 2
    median = None
    if known:
        median = known[half] if len(known) % 2 else (known[half - 1] + known[half] + 1) // 2
    return {"known": len(known), "median_seconds": median, "target_seconds": target,
            "within_target": None if median is None else median <= target}


def quote_firms(file: FirmFile, terms: FirmTerms, *, workers: int = 1) -> FirmBatch:
    """Quote every firm of a file. A firm that cannot be quoted is a fault; others go on."""
    quotes: list[FirmQuote] = []
    faults = list(file.rejected)
    for result in _results(file, terms, workers):
        faults.extend(result.faults)
        if result.quote is not None:
            quotes.append(result.quote)
    faults.sort(key=lambda one: one.line or 0)
    return FirmBatch(file.file, file.rows, terms.on, terms.plans, tuple(quotes), tuple(faults),
                     file.notes)


def _results(file: FirmFile, terms: FirmTerms, workers: int) -> Iterator[FirmResult]:
    firms = file.firms
    if workers <= 1 or len(firms) <= ALONE:
        desk = SmallFirmDesk.of(terms.plans, terms.on, terms.inception)
        for firm in firms:
            yield quoted(desk, firm, terms.scans, file.file)
        return
    chunks = [firms[start : start + CHUNK] for start in range(0, len(firms), CHUNK)]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_open_desk,
                             initargs=(terms, file.file)) as pool:
        for results in pool.map(_chunk, chunks):
            yield from results


def quoted(desk: SmallFirmDesk, firm: SmallFirm, scans: Path | None, file: str) -> FirmResult:
    """One firm at a desk; its faults, with its line, where it cannot be quoted."""
    try:
        return FirmResult(desk.quote(firm, read_probe(firm, scans)))
    except InputError as error:
        return FirmResult(None, tuple(
            Fault(one.message if one.file in _STOOD_FOR else f"{one.file}: {one.message}", file,
                  firm.line, one.field, one.mend) for one in error.faults))


_desks: list[tuple[SmallFirmDesk, FirmTerms, str]] = []


def _open_desk(terms: FirmTerms, file: str) -> None:
    """Once in each process."""
    _desks[:] = [(SmallFirmDesk.of(terms.plans, terms.on, terms.inception), terms, file)]


def _chunk(firms: Sequence[SmallFirm]) -> list[FirmResult]:
    desk, terms, file = _desks[0]
    return [quoted(desk, one, terms.scans, file) for one in firms]
