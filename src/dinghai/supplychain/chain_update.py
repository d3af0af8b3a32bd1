"""A model of a chain that follows a change: only the firms that changed are made again.

What comes out is the same to the bit as a model made anew; tests hold it to that.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dinghai.evidence.feeds import EpssTable, KevTable
from dinghai.supplychain.chain import Chain
from dinghai.supplychain.chain_model import (
    ChainModel,
    ModelParts,
    chain_model,
    joined,
    reference_steps,
)
from dinghai.supplychain.compiling import compile_firm
from dinghai.supplychain.cover import MemberTerms, programme_policy
from dinghai.supplychain.firm_losses import firm_losses
from dinghai.supplychain.held_products import held_products
from dinghai.supplychain.language import Language, shipped_language
from dinghai.supplychain.outcomes import Whole


def changed_firms(before: Chain, after: Chain) -> tuple[str, ...]:
    """The firms whose own facts, or links, differ. The two chains have the same firms."""
    tables = ((before.controls_of, after.controls_of), (before.assets_of, after.assets_of),
              (before.weaknesses_of, after.weaknesses_of), (before.links_to, after.links_to),
              (before.links_from, after.links_from))
    return tuple(new.id for old, new in zip(before.firms, after.firms, strict=True)
                 if old != new or any(one.get(new.id) != other.get(new.id)
                                      for one, other in tables))


def updated_model(
    model: ChainModel, chain: Chain, *, kev: KevTable | None = None,
    epss: EpssTable | None = None, language: Language | None = None,
) -> ChainModel:
    """The model of a changed chain, from that of the chain before. The feeds and the language must
    be those of before. Where parties or the programme changed, all of it is made anew. Raises
    InputError for a chain that cannot be compiled."""
    before = model.chain
    products = held_products(chain, kev)
    if (any([one.id for one in old] != [one.id for one in new] for old, new in (
            (before.firms, chain.firms), (before.providers, chain.providers),
            (model.products, products)))
            or (before.programme, before.owner, before.as_of) != (
                chain.programme, chain.owner, chain.as_of)
            or [one.role for one in before.firms] != [one.role for one in chain.firms]):
        return chain_model(chain, kev=kev, epss=epss, language=language)
    language = language or shipped_language()
    names = set(changed_firms(before, chain))
    place = [number for number, firm in enumerate(chain.firms) if firm.id in names]
    firms = [chain.firms[number] for number in place]
    terms = MemberTerms.of(programme_policy(chain))
    losses = dict(zip(place, firm_losses(chain, terms, firms), strict=True))
    steps = {firm.id: compile_firm(chain, firm, language, kev=kev, epss=epss) for firm in firms}
    parts = ModelParts(
        {**model.parts.steps, **steps},
        {**model.parts.reference, **reference_steps(chain, language, firms)},
        tuple(losses[number].model if number in losses else one
              for number, one in enumerate(model.parts.models)),
        tuple(losses[number].estimates if number in losses else one
              for number, one in enumerate(model.parts.estimates)))
    outcomes = replace(model.outcomes, ground_up=model.outcomes.ground_up.copy(),
                       stopped=model.outcomes.stopped.copy())
    cover = replace(model.cover, policy=terms.policy, sections=terms.sections,
                    granted=_copied(model.cover.granted), deducted=_copied(model.cover.deducted))
    for number, one in losses.items():
        outcomes.ground_up[number], outcomes.stopped[number] = one.ground_up, one.stopped
        cover.granted[:, number], cover.deducted[:, number] = one.granted, one.deducted
    return joined(chain, parts, products, outcomes, cover)


def _copied(rows: Whole) -> Whole:
    """A copy by section; a section that is nothing takes no memory."""
    out = np.zeros(rows.shape, dtype=rows.dtype)
    for place, section in enumerate(rows):
        if section.any():
            out[place] = section
    return out
