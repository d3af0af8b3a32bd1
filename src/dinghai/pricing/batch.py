"""Many dossiers priced at once: each exactly as alone, in file order, a faulty one by itself.

Policies with the same terms are compiled once; the work is cut into chunks for several processes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import msgspec

from dinghai.assessment.assess import assess
from dinghai.assessment.dossier import Dossier, read_dossier, read_dossier_archive
from dinghai.assessment.result import Assessment
from dinghai.evidence.feed_store import FeedStore
from dinghai.evidence.feeds import EpssTable, KevTable
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.money import Fen
from dinghai.losses.evaluation import Evaluator
from dinghai.pricing.quote import Pricer, Quote, priced_policy
from dinghai.wording.policy import Party, Schedule
from dinghai.wording.products import load_product
from dinghai.wording.schema import Product

CHUNK: Final = 50
_NOBODY = Party(name_zh="")


@dataclass(frozen=True, slots=True)
class BatchTerms:
    """What all dossiers of a batch are priced for; None takes each dossier's own wish."""

    product: str
    on: date
    inception: date | None = None
    limit_fen: Fen | None = None
    deductible_fen: Fen | None = None
    light: bool = False


@dataclass(frozen=True, slots=True)
class BatchRow:
    """The price of one dossier, or what is wrong with it. Amounts in fen, premiums of a year."""

    dossier: str
    name: str = ""
    grade: str = ""
    score_ppm: int | None = None
    outcome: str = ""
    reasons: tuple[str, ...] = ()
    limit_fen: Fen | None = None
    deductible_fen: Fen | None = None
    expected_loss_fen: Fen | None = None
    technical_net_fen: Fen | None = None
    charged_net_fen: Fen | None = None
    gross_fen: Fen | None = None
    adequacy_ppm: int | None = None
    faults: tuple[Fault, ...] = ()


@dataclass(slots=True)
class CompiledTerms:
    """Policies of one product, each set of terms compiled once however many firms take it."""

    product: Product
    on: date
    _evaluators: dict[bytes, Evaluator] = field(default_factory=dict)

    def evaluator(self, schedule: Schedule) -> Evaluator:
        """An evaluator of its own for a schedule: who the parties are changes nothing of what is
        paid. Raises InputError for a schedule that the product does not allow."""
        key = msgspec.json.encode(msgspec.structs.replace(
            schedule, policy_no="", applicant=_NOBODY, insured=_NOBODY, providers=()))
        if key not in self._evaluators:
            self._evaluators[key] = Evaluator.of(
                priced_policy(self.product, schedule, self.on))
        return self._evaluators[key].branch()


@dataclass(slots=True)
class BatchDesk:
    """Prices dossiers of one batch one after another in one process."""

    terms: BatchTerms
    product: Product
    kev: KevTable
    epss: EpssTable | None
    compiled: CompiledTerms

    @classmethod
    def of(cls, terms: BatchTerms) -> BatchDesk:
        """A desk with the feeds of the house. Raises InputError for an unknown product."""
        feeds = FeedStore.of_house()
        product = load_product(terms.product)
        return cls(terms, product, feeds.kev(terms.on), feeds.epss(terms.on),
                   CompiledTerms(product, terms.on))

    def price(self, dossier: Dossier) -> tuple[Assessment, Quote]:
        """Assess and quote a dossier. Raises InputError for terms outside the product's bounds."""
        terms = self.terms
        assessment = assess(dossier, kev=self.kev, epss=self.epss, on=terms.on,
                            light=terms.light)
        pricer = Pricer.of(dossier, assessment, self.product)
        schedule = pricer.schedule(
            inception=terms.inception or terms.on + timedelta(days=1),
            limit_fen=terms.limit_fen, deductible_fen=terms.deductible_fen)
        return assessment, pricer.quote(schedule, evaluator=self.compiled.evaluator(schedule))

    def row(self, path: Path) -> BatchRow:
        """The row of a dossier's folder or archive; its faults where it cannot be priced."""
        reading = (read_dossier_archive if path.suffix == ".zip" and path.is_file()
                   else read_dossier)
        try:
            dossier = reading(path, today=self.terms.on)
            return _row(path, dossier, *self.price(dossier))
        except InputError as error:
            return BatchRow(path.name, faults=error.faults)


def price_batch(
    paths: Sequence[Path], terms: BatchTerms, *, workers: int = 1
) -> Iterator[BatchRow]:
    """The rows of dossier folders and archives, in their order. Raises InputError before the
    first row for terms that hold for none of them."""
    desk = BatchDesk.of(terms)
    if workers <= 1 or len(paths) <= CHUNK:
        yield from map(desk.row, paths)
        return
    chunks = [paths[start : start + CHUNK] for start in range(0, len(paths), CHUNK)]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_open_desk,
                             initargs=(terms,)) as pool:
        for rows in pool.map(_chunk, chunks):
            yield from rows


_desks: list[BatchDesk] = []


def _open_desk(terms: BatchTerms) -> None:
    """Once in each process."""
    _desks[:] = [BatchDesk.of(terms)]


def _chunk(paths: Sequence[Path]) -> list[BatchRow]:
    return [_desks[0].row(path) for path in paths]


def _row(path: Path, dossier: Dossier, assessment: Assessment, quote: Quote) -> BatchRow:
    premium, schedule = quote.premium, quote.schedule
    return BatchRow(
        dossier=path.name, name=dossier.profile.organisation.name_zh,
        grade=assessment.grade, score_ppm=assessment.total_ppm,
        outcome=quote.outcome, reasons=quote.reasons,
        limit_fen=schedule.aggregate_limit_fen, deductible_fen=schedule.event_deductible_fen,
        expected_loss_fen=premium.pure, technical_net_fen=premium.technical_net,
        charged_net_fen=premium.charged_net, gross_fen=premium.gross,
        adequacy_ppm=premium.adequacy_ppm)
