"""The engine's comparison and needs analysis, as this house uses them: kept by what went in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dinghai.comparison.compare import STANDARD_INCEPTION, compare
from dinghai.comparison.documents import Comparison, Price
from dinghai.comparison.frontier import frontier
from dinghai.comparison.needs import needs
from dinghai.comparison.needs_documents import Frontier, Needs
from dinghai.comparison.scenarios import shipped_scenarios
from dinghai.foundation.canonical import document_hash
from dinghai.foundation.errors import InputError
from dinghai.foundation.reading import plain
from dinghai.pricing.quote import Pricer
from dinghai.pricing.rating import Rating, load_rating, rating_hash
from dinghai.wording.schema import Product
from dinghai_platform.actuarial.in_force import rating_in_force, tables_in_force
from dinghai_platform.catalogue.asking import Asked, check_count
from dinghai_platform.catalogue.enterprises import Enterprise, enterprise_of
from dinghai_platform.catalogue.offers import Offer, offer_of
from dinghai_platform.core import clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.underwriting.engine import Kept, assessment_of, dossier_of, hashes_of
from dinghai_platform.underwriting.services.costs import costs_of
from dinghai_platform.underwriting.services.history import case_history

_comparisons = Kept(24)
_needs = Kept(16)
_frontiers = Kept(8)


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison with whom it is for and which offer stands behind each product."""

    asked: Asked
    enterprise: Enterprise
    offers: tuple[Offer, ...]
    found: Comparison
    document: dict[str, Any]

    def offer(self, product_id: str, version: str) -> Offer:
        """The offer of a product of the document."""
        return next(one for one in self.offers if one.product.product_id == product_id
                    and one.product.version == version)


def compared(actor: Actor, asked: Asked) -> Compared:
    """The comparison that is asked for.

    Raises Http404 for what the actor may not see, InputError for what cannot be compared.
    """
    chosen = _distinct([offer_of(actor, key) for key in asked.products])
    check_count([one.key for one in chosen])
    enterprise = enterprise_of(actor, asked.enterprise)
    key = (tuple(sorted(one.document_hash for one in chosen)), enterprise.digest, asked.limit_fen,
           asked.deductible_fen, asked.inception, asked.scenarios, _rated(chosen))
    found, document = _comparisons.get(key, lambda: _compare(chosen, enterprise, asked))
    return Compared(asked, enterprise, tuple(chosen), found, document)


def _distinct(offers: Sequence[Offer]) -> list[Offer]:
    """The same wording from two places is one product."""
    return list({one.document_hash: one for one in reversed(offers)}.values())[::-1]


def _compare(
    chosen: Sequence[Offer], enterprise: Enterprise, asked: Asked
) -> tuple[Comparison, dict[str, Any]]:
    found = compare(
        [one.product for one in chosen], enterprise.profile, posture=enterprise.posture,
        scenarios=asked.scenarios or None, aggregate_limit_fen=asked.limit_fen,
        event_deductible_fen=asked.deductible_fen, inception=asked.inception,
        rating_of=_ratings(chosen))
    return found, found.to_dict()


def rating_of_offer(offer: Offer) -> Rating:
    """The rating an offer is priced by today: its insurer's own, the shipped one for a shipped
    wording. Raises InputError where there is none."""
    table = offer.product.rating.table
    if offer.row is None:
        return load_rating(table)
    return rating_in_force(offer.row.tenant, table, clock.today())


def _ratings(offers: Sequence[Offer]) -> Callable[[Product], Rating]:
    by_product = {(one.product.product_id, one.product.version): one for one in offers}
    return lambda product: rating_of_offer(by_product[product.product_id, product.version])


def _rated(offers: Sequence[Offer]) -> tuple[str, ...]:
    """What names the ratings of offers exactly; a product without one is named by its table."""
    names = []
    for one in offers:
        try:
            names.append(rating_hash(rating_of_offer(one)))
        except InputError:
            names.append(one.product.rating.table)
    return tuple(sorted(names))


def needs_of(enterprise: Enterprise, offers: Sequence[Offer]) -> Needs:
    """What an enterprise needs, and what each product would leave open."""
    chosen = _distinct(offers)
    key = (enterprise.digest, tuple(sorted(one.document_hash for one in chosen)))
    return _needs.get(key, lambda: needs(
        enterprise.profile, enterprise.posture or {}, [one.product for one in chosen]))


def price_of(enterprise: Enterprise, offer: Offer) -> Price:
    """What one product costs the enterprise with the limits it wants, or why nobody can say."""
    key = ("price", enterprise.digest, offer.document_hash, _rated([offer]))
    found: Comparison = _comparisons.get(key, lambda: compare(
        [offer.product], enterprise.profile, posture=enterprise.posture,
        scenarios=shipped_scenarios()[:1], rating_of=_ratings([offer])))
    return found.prices[0]


def frontier_of(enterprise: Enterprise, offer: Offer) -> Frontier | None:
    """Controls against transfer under one product, with the case's claims history and the
    enterprise's own costs of fixes; None while nothing is known of controls.

    It means something only where the loss model knows the whole product: see `price_of`.
    """
    row = enterprise.assessment
    if row is None:
        return None
    found = needs_of(enterprise, [offer])
    insurer = offer.row.tenant if offer.row is not None else row.tenant
    tables = tables_in_force(insurer, offer.product.rating.table, clock.today())
    costs, history = costs_of(row.case), case_history(row.case)

    def walk() -> Frontier:
        pricer = Pricer.of(dossier_of(row.dossier), assessment_of(row), offer.product,
                           tables.rating, tables.referral, experience=tables.experience)
        limits, wanted = offer.product.limits, enterprise.profile.limits_wanted
        return frontier(
            pricer, inception=STANDARD_INCEPTION,
            limit_fen=min(max(found.aggregate_limit_fen, limits.aggregate_minimum_fen),
                          limits.aggregate_maximum_fen),
            deductible_fen=min(max(wanted.event_deductible_fen, limits.deductible_minimum_fen),
                               limits.deductible_maximum_fen),
            mean_limit_fen=found.rule.mean_limit_each_incident_fen, costs=costs,
            history=history)

    return _frontiers.get((row.document_hash, offer.document_hash, *hashes_of(tables),
                           document_hash(plain(costs)),
                           None if history is None else history.sha256), walk)
