"""A chain ready to run: its twin, what impacts cost, how often events start, and its goods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from dinghai.evidence.feeds import EpssTable, KevTable
from dinghai.losses.model import LossModel, build_loss_model
from dinghai.supplychain.chain import Chain, ControlScore
from dinghai.supplychain.compiling import compile_firm, posture_of
from dinghai.supplychain.cover import Cover, cover_of
from dinghai.supplychain.event_table import event_table
from dinghai.supplychain.firm_steps import FirmSteps
from dinghai.supplychain.goods import goods_of
from dinghai.supplychain.held_products import HeldProduct, held_products
from dinghai.supplychain.language import Language, shipped_language
from dinghai.supplychain.outcomes import Outcomes, outcomes_of
from dinghai.supplychain.programme import Terms, terms_of
from dinghai.supplychain.rates import event_rates
from dinghai.supplychain.step_graph import Floats
from dinghai.supplychain.templates import TemplateEstimate, complete
from dinghai.supplychain.twin import Twin, twin_of
from dinghai.supplychain.years import Events, Supply, draw_events
from dinghai.vocabulary.indicators import indicators

HALF = 500_000
"""The score of the reference firm: controls half implemented, as in the loss model's base."""


@dataclass(frozen=True, slots=True, eq=False)
class ChainModel:
    """``rates`` are events a year by party and aim; ``outside`` claims a year of the loss model
    that no step leads to, by firm and peril; ``products`` what firms hold whose vulnerabilities may
    be exploited everywhere; ``estimates`` what templates supplied."""

    chain: Chain
    twin: Twin
    outcomes: Outcomes
    supply: Supply
    cover: Cover
    rates: Floats
    outside: Floats
    products: tuple[HeldProduct, ...]
    estimates: tuple[TemplateEstimate, ...]

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
    models: list[LossModel] = []
    estimates: list[TemplateEstimate] = []
    for firm in chain.firms:
        profile, guessed = complete(firm, chain)
        models.append(build_loss_model(profile, posture_of(chain, firm)))
        estimates.extend(guessed)
    products = held_products(chain, kev, keep=keep)
    twin = twin_of(chain, steps, products)
    rates, outside = event_rates(chain, twin_of(*_reference(chain, language)), models, products)
    cover = cover_of(chain, models, parties=twin.parties)
    return ChainModel(
        chain, twin, outcomes_of(models, parties=twin.parties), _supply(chain, models, cover),
        cover, rates, outside, products, tuple(estimates))


def _supply(chain: Chain, models: list[LossModel], cover: Cover) -> Supply:
    profit = [float(model.exposure.gross_profit_per_day_fen) for model in models]
    return Supply(goods_of(chain), np.array(profit), cover.waiting_days)


def _reference(chain: Chain, language: Language) -> tuple[Chain, dict[str, FirmSteps]]:
    """The same firms with half-implemented controls, without findings, and apart."""
    controls = tuple(ControlScore(firm=firm.id, indicator=code, score_ppm=HALF,
                                  known_by="estimate")
                     for firm in chain.firms for code in indicators())
    reference = msgspec.structs.replace(chain, controls=controls, weaknesses=(), links=())
    return reference, {firm.id: compile_firm(reference, firm, language)
                       for firm in reference.firms}
