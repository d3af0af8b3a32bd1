"""A chain ready to run: its twin, what impacts cost, how often events start, and its goods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from dinghai.evidence.feeds import EpssTable, KevTable
from dinghai.losses.model import LossModel
from dinghai.supplychain.chain import Chain, ControlScore, Firm
from dinghai.supplychain.compiling import compile_firm
from dinghai.supplychain.cover import Cover, MemberTerms, cover_from, programme_policy
from dinghai.supplychain.event_table import event_table
from dinghai.supplychain.firm_losses import firm_losses
from dinghai.supplychain.firm_steps import FirmSteps
from dinghai.supplychain.goods import goods_of
from dinghai.supplychain.held_products import HeldProduct, held_products
from dinghai.supplychain.language import Language, shipped_language
from dinghai.supplychain.outcomes import Outcomes, outcomes_from
from dinghai.supplychain.programme import Terms, terms_of
from dinghai.supplychain.rates import event_rates
from dinghai.supplychain.step_graph import Floats
from dinghai.supplychain.templates import TemplateEstimate, size_of, template_of
from dinghai.supplychain.twin import Twin, twin_of
from dinghai.supplychain.years import Events, Supply, draw_events
from dinghai.vocabulary.indicators import indicators

HALF = 500_000
"""The score of the reference firm: controls half implemented, as in the loss model's base."""


@dataclass(frozen=True, slots=True, eq=False)
class ModelParts:
    """What firms are by themselves: compiled ``steps`` and those at the ``reference`` by id, loss
    ``models`` without the points of their grids and ``estimates`` in the chain's order."""

    steps: Mapping[str, FirmSteps]
    reference: Mapping[str, FirmSteps]
    models: tuple[LossModel, ...]
    estimates: tuple[tuple[TemplateEstimate, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class ChainModel:
    """``rates`` are events a year by party and aim; ``outside`` claims a year of the loss model
    that no step leads to, by firm and peril; ``products`` what firms hold whose vulnerabilities may
    be exploited everywhere; ``estimates`` what templates supplied; ``parts`` what the firms are by
    themselves."""

    chain: Chain
    twin: Twin
    outcomes: Outcomes
    supply: Supply
    cover: Cover
    rates: Floats
    outside: Floats
    products: tuple[HeldProduct, ...]
    estimates: tuple[TemplateEstimate, ...]
    parts: ModelParts

    @property
    def terms(self) -> Terms:
        """The programme as the kernels read it."""
        return terms_of(self.cover, profit=self.supply.profit, goods=self.supply.goods)

    def events(self, *, years: int, seed: int) -> Events:
        """The events of years, in campaigns as declared."""
        campaigns = event_table().campaigns
        return draw_events(self.rates, years=years, seed=seed,
                           branching=campaigns.branching_ppm / 1e6,
                           memory_days=campaigns.memory_days)


def chain_model(
    chain: Chain, *, kev: KevTable | None = None, epss: EpssTable | None = None,
    language: Language | None = None, keep: Sequence[HeldProduct] = (),
) -> ChainModel:
    """Compile every firm and join them. Without the catalogue of exploited vulnerabilities no
    product has events of its own; those of ``keep`` stay parties (what a changed chain held
    before). Raises InputError for a chain that cannot be compiled."""
    language = language or shipped_language()
    steps = {firm.id: compile_firm(chain, firm, language, kev=kev, epss=epss)
             for firm in chain.firms}
    reference = reference_steps(chain, language, chain.firms)
    terms = MemberTerms.of(programme_policy(chain))
    losses = firm_losses(chain, terms, chain.firms)
    products = held_products(chain, kev, keep=keep)
    parties = len(chain.firms) + len(chain.providers) + len(products)
    outcomes = outcomes_from(losses[0].model, [one.ground_up for one in losses],
                             [one.stopped for one in losses], parties=parties)
    cover = cover_from(chain, terms, [one.granted for one in losses],
                       [one.deducted for one in losses], parties=parties)
    return joined(chain, ModelParts(
        steps, reference, tuple(one.model for one in losses),
        tuple(one.estimates for one in losses)), products, outcomes, cover)


def joined(
    chain: Chain, parts: ModelParts, products: Sequence[HeldProduct], outcomes: Outcomes,
    cover: Cover,
) -> ChainModel:
    """Join what firms are by themselves."""
    twin = twin_of(chain, parts.steps, products)
    apart = msgspec.structs.replace(chain, controls=(), weaknesses=(), links=())
    rates, outside = event_rates(chain, twin_of(apart, parts.reference), parts.models, products)
    return ChainModel(
        chain, twin, outcomes, _supply(chain, parts.models, cover), cover, rates, outside,
        tuple(products), tuple(one for several in parts.estimates for one in several), parts)


def _supply(chain: Chain, models: Sequence[LossModel], cover: Cover) -> Supply:
    profit = [float(model.exposure.gross_profit_per_day_fen) for model in models]
    return Supply(goods_of(chain), np.array(profit), cover.waiting_days)


def reference_steps(
    chain: Chain, language: Language, firms: Sequence[Firm]
) -> dict[str, FirmSteps]:
    """Some firms with half-implemented controls, without findings, and apart: firms that are then
    alike share their steps."""
    shapes = [_shape(chain, firm) for firm in firms]
    first = dict(zip(reversed(shapes), reversed(firms), strict=True))
    controls = tuple(ControlScore(firm=firm.id, indicator=code, score_ppm=HALF,
                                  known_by="estimate")
                     for firm in first.values() for code in indicators())
    reference = msgspec.structs.replace(chain, controls=controls, weaknesses=(), links=())
    steps = {shape: compile_firm(reference, firm, language) for shape, firm in first.items()}
    return {firm.id: steps[shape] for firm, shape in zip(firms, shapes, strict=True)}


def _shape(chain: Chain, firm: Firm) -> tuple[object, ...]:
    """What the steps of a firm hang on where neither controls, findings nor links count."""
    operations = firm.operations_systems
    return (template_of(firm).id, size_of(firm), operations is None or operations > 0,
            operations is None, *((one.id, one.kind, one.exposed, one.output_share_ppm)
                                  for one in chain.assets_of.get(firm.id, ())))
