"""What a node's level is held against: the same chain with everything half done.

Same firms, same shape, same attempts; every control half implemented, no findings, links with each
guard at half of them, and providers as the table has them. What differs is what was done about
security, not the size of a firm or the place it was given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec
import numpy as np

from dinghai.foundation.money import PPM
from dinghai.losses.model import build_loss_model
from dinghai.losses.tables import PERILS
from dinghai.supplychain.chain import Chain, ControlScore
from dinghai.supplychain.chain_model import HALF, ChainModel
from dinghai.supplychain.compiling import compile_firm
from dinghai.supplychain.event_table import event_table
from dinghai.supplychain.firm_steps import FirmSteps
from dinghai.supplychain.language import Language
from dinghai.supplychain.outcomes import Outcomes, outcomes_of
from dinghai.supplychain.step_graph import Floats
from dinghai.supplychain.templates import complete
from dinghai.supplychain.twin import Twin, twin_of
from dinghai.vocabulary.indicators import indicators


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """The twin of the half-done chain, what impacts cost there, and its events a year."""

    twin: Twin
    outcomes: Outcomes
    rates: Floats


def reference_of(model: ChainModel, language: Language, *, score_ppm: int = HALF) -> Reference:
    """The reference of a chain. ``score_ppm`` other than half says how levels answer to scores."""
    chain = evenly_scored(model.chain, score_ppm)
    steps = {firm.id: compile_firm(chain, firm, language) for firm in chain.firms}
    twin = rejoined(model, chain, steps)
    links = replace(twin.links, chance=_half_guarded(model, chain, steps))
    posture: dict[str, int | None] = dict.fromkeys(indicators(), score_ppm)
    outcomes = outcomes_of([build_loss_model(complete(firm, model.chain)[0], posture)
                            for firm in chain.firms], parties=model.twin.parties)
    return Reference(replace(twin, links=links), outcomes, reference_rates(model))


def rejoined(model: ChainModel, chain: Chain, steps: Mapping[str, FirmSteps]) -> Twin:
    """The twin of a changed chain with the parties of a model."""
    twin = twin_of(chain, steps, model.products)
    if twin.names != model.twin.names:
        raise ValueError("a changed chain must keep the parties of its model")
    return twin


def evenly_scored(chain: Chain, score_ppm: int) -> Chain:
    """The same firms with one score for every control, no findings, and no link's guard known."""
    return msgspec.structs.replace(
        chain, weaknesses=(),
        controls=tuple(ControlScore(firm=firm.id, indicator=code, score_ppm=score_ppm,
                                    known_by="estimate")
                       for firm in chain.firms for code in indicators()),
        links=tuple(msgspec.structs.replace(link, mfa=None, segmented=None)
                    for link in chain.links))


def _half_guarded(model: ChainModel, chain: Chain, steps: Mapping[str, FirmSteps]) -> Floats:
    """The links' chances where each guard stands at half of them: the mean of all four cases."""
    cases = [rejoined(model, msgspec.structs.replace(chain, links=tuple(
        msgspec.structs.replace(link, mfa=mfa, segmented=segmented) for link in chain.links)),
        steps).links.chance for mfa in (True, False) for segmented in (True, False)]
    return np.asarray(np.mean(cases, axis=0))


def same_reference(before: ChainModel, after: ChainModel) -> bool:
    """Whether two states have the same reference but for rates: only controls, findings, guards and
    the days of both may differ."""
    def bare(chain: Chain) -> Chain:
        return msgspec.structs.replace(
            chain, controls=(), weaknesses=(), as_of=before.chain.as_of, links=tuple(
                msgspec.structs.replace(link, mfa=None, segmented=None) for link in chain.links))

    return before.twin.names == after.twin.names and bare(before.chain) == bare(after.chain) and (
        np.array_equal(reference_rates(before) > 0.0, reference_rates(after) > 0.0))


def reference_rates(model: ChainModel) -> Floats:
    """Attempts on firms as they are; incidents of providers as the table has them; none of what
    firms hold is exploited everywhere."""
    rates, table = np.zeros_like(model.rates), event_table().providers
    firms = len(model.chain.firms)
    rates[:firms] = model.rates[:firms]
    rates[firms:firms + len(model.chain.providers)] = [
        table.incidents_ppm_a_year / PPM * table.aims_ppm.get(peril, 0) / PPM for peril in PERILS]
    return rates
