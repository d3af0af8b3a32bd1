"""The engine as underwriting uses it: what is slow to make is kept in the process by its hash."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from threading import Lock
from typing import Any, TypeVar

from dinghai.assessment.assess import assess
from dinghai.assessment.dossier import Dossier as EngineDossier
from dinghai.assessment.result import Assessment as EngineAssessment
from dinghai.foundation.errors import Refusal
from dinghai.pricing.experience_table import experience_table_hash
from dinghai.pricing.quote import Pricer
from dinghai.pricing.rating import rating_hash
from dinghai.pricing.referral import referral_hash
from dinghai.pricing.repricing import Tables
from dinghai.pricing.screening import Screening, screening_of
from dinghai_platform.actuarial.in_force import tables_in_force
from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.catalogue.queries import epss_in_force, kev_of, product_of
from dinghai_platform.core import clock
from dinghai_platform.underwriting.models import Assessment, Dossier, Quote
from dinghai_platform.underwriting.services import staging

Made = TypeVar("Made")


class Kept:
    """The last few results by key: a small memory of one process, for all its threads.

    Two threads that miss the same key both make it; the results are the same.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._held: OrderedDict[Any, Any] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Any, make: Callable[[], Made]) -> Made:
        """What is kept for the key, or what ``make`` gives, kept from now on."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                kept: Made = self._held[key]
                return kept
        made = make()
        with self._lock:
            self._held[key] = made
            while len(self._held) > self._size:
                self._held.popitem(last=False)
        return made


_dossiers = Kept(8)
_assessments = Kept(16)
_pricers = Kept(16)


def dossier_of(row: Dossier) -> EngineDossier:
    """The engine's dossier of a sealed row. Raises Refusal for one that is not sealed."""
    if row.state != Dossier.State.SEALED:
        raise Refusal("this dossier is not sealed yet")
    return _dossiers.get(row.sha256, lambda: staging.engine_dossier(row))


def assessment_of(row: Assessment) -> EngineAssessment:
    """The engine's assessment of a row, made again from the same inputs and held to its hash.

    Raises Refusal when the rules have changed since: assess again then.
    """
    return _assessments.get(row.document_hash, lambda: _assess_again(row))


def _assess_again(row: Assessment) -> EngineAssessment:
    again = assess(
        dossier_of(row.dossier),
        kev=kev_of(row.tenant, row.kev_as_of),
        epss=epss_in_force(row.tenant, row.as_of),
        on=row.as_of,
        light=row.document["light"],
        disregarded=frozenset(row.document["disregarded"]),
    )
    if again.to_dict()["hash"] != row.document_hash:
        raise Refusal(
            "the rules of assessment have changed since",
            reasons=["assess the dossier again and go on from there"],
        )
    return again


def tables_of(assessment: Assessment, product: ProductVersion) -> Tables:
    """The tables that the case's insurer prices by today."""
    return tables_in_force(assessment.tenant, product_of(product).rating.table, clock.today())


def hashes_of(tables: Tables) -> tuple[str, str, str]:
    """What names tables exactly, as a part of keys."""
    return (rating_hash(tables.rating), referral_hash(tables.referral),
            experience_table_hash(tables.experience))


def screening_of_quote(quote: Quote) -> Screening | None:
    """The sanctions screening that a quote was made with."""
    return None if quote.screening is None else screening_of(quote.screening.document)


def pricer_of(
    assessment: Assessment, product: ProductVersion, tables: Tables | None = None,
    screening: Screening | None = None,
) -> Pricer:
    """The pricer of an assessment under a product and today's tables (or those given): its loss
    model is made once, then kept.

    So a slider costs only the run of the terms. A screening is read as of today, and makes no
    model of its own.
    """
    used = tables or tables_of(assessment, product)
    kept = _pricers.get(
        (assessment.document_hash, product.document_hash, *hashes_of(used)),
        lambda: Pricer.of(
            dossier_of(assessment.dossier), assessment_of(assessment), product_of(product),
            used.rating, used.referral, experience=used.experience,
        ),
    )
    return replace(kept, screening=screening, day=clock.today())
