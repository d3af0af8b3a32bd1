"""Worked examples of a wording, as the engine decides them under the product's own defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dinghai.documents.specimen import specimen_policy
from dinghai.documents.worked import WorkedExamples, worked_examples
from dinghai.foundation.errors import InputError
from dinghai_platform.catalogue.offers import Offer
from dinghai_platform.catalogue.words import both, coverage_name
from dinghai_platform.underwriting.engine import Kept

_kept = Kept(32)


@dataclass(frozen=True, slots=True)
class Worked:
    """One example: what happened, in words, and what is paid; of an exclusion also without it."""

    story: str
    payable_fen: int
    without_fen: int | None = None
    cover: str = ""


@dataclass(frozen=True, slots=True)
class Examples:
    """The examples of a product by coverage and by exclusion, and the limit they are made with."""

    limit_fen: int = 0
    deductible_fen: int = 0
    covers: Mapping[str, Worked] = field(default_factory=dict)
    exclusions: Mapping[str, Worked] = field(default_factory=dict)


def examples_of(offer: Offer) -> Examples:
    """The examples in the page's language; none where no specimen policy can be made."""
    limits = offer.product.limits
    found = _kept.get(offer.document_hash, lambda: _work(offer))
    if found is None:
        return Examples()
    return Examples(
        limits.aggregate_default_fen, limits.deductible_default_fen,
        {one.coverage: Worked(both(one.example.story_zh, one.example.story_en), one.payable_fen)
         for one in found.covers},
        {one.exclusion.code: Worked(
            both(one.example_zh, one.example_en), one.payable_fen, one.without.payable_fen,
            coverage_name(one.without.coverage))
         for one in found.exclusions})


def _work(offer: Offer) -> WorkedExamples | None:
    try:
        return worked_examples(specimen_policy(offer.product))
    except InputError:
        return None
