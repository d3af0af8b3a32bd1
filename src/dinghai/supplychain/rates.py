"""How often events start where: attempts on firms from the loss model, common causes as declared.

A firm's attempts a year with an aim are its claims a year of that peril in the loss model with
half-implemented controls and without what strikes many at once, divided by the chance that an
attempt succeeds against the same firm of the twin. So at the reference the twin has the loss
model's frequency, less the part that comes from others (`events.toml`, ``begin_ppm``); what better
or worse controls, findings and neighbours do is the steps' own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

import numpy as np
from numba import njit

from dinghai.compute.parts import cut, in_parts
from dinghai.foundation.money import PPM
from dinghai.foundation.streams import stream_key
from dinghai.losses.effects import control_factor, scores_of
from dinghai.losses.model import LossModel
from dinghai.losses.tables import PERILS, shipped_tables
from dinghai.supplychain.chain import Chain
from dinghai.supplychain.draws import world_word
from dinghai.supplychain.event_table import event_table
from dinghai.supplychain.held_products import HeldProduct
from dinghai.supplychain.outcomes import BINS, Outcomes
from dinghai.supplychain.step_graph import Floats, Places
from dinghai.supplychain.strikes import NOTHING, Field, field_of, room_of, strike
from dinghai.supplychain.twin import Twin, digest_of
from dinghai.supplychain.years import DAYS
from dinghai.vocabulary.indicators import indicators

_KNOWN: Final[dict[tuple[str, int], Floats]] = {}
_KEPT: Final = 4
"""Chances by reference twin: where only controls or findings change, it stays what it was."""
WORLDS = 4_000
"""Sampled for each kind of firm and aim: a chance of a tenth is known to a twentieth of itself."""


def event_rates(
    chain: Chain, reference: Twin, models: Sequence[LossModel],
    products: Sequence[HeldProduct] = (),
) -> tuple[Floats, Floats]:
    """Events a year, shape (parties, perils), and the claims a year of the loss model that no step
    of the firm leads to, shape (firms, perils): these are outside the twin.

    ``reference`` is the twin of firms and providers whose firms have half-implemented controls, no
    findings and no links; ``models`` are the firms' loss models in the chain's order.
    """
    table = event_table()
    success = reference_chances(reference)
    half, begin = reference_factors(), table.third_parties.begin_ppm / PPM
    claims = np.array([[_own_claims(model, peril) * half[peril] * begin for peril in PERILS]
                       for model in models])
    reachable = success > 0.0
    rates = np.zeros((reference.parties + len(products), len(PERILS)))
    rates[:reference.firms] = np.divide(claims, success, out=np.zeros_like(claims),
                                        where=reachable)
    for place, provider in enumerate(chain.providers):
        a_year = (provider.incidents_ppm_a_year if provider.incidents_ppm_a_year is not None
                  else table.providers.incidents_ppm_a_year * table.third_parties.tries) / PPM
        for number, peril in enumerate(PERILS):
            rates[reference.firms + place, number] = (
                a_year * table.providers.aims_ppm.get(peril, 0) / PPM)
    for place, product in enumerate(products):
        for number, peril in enumerate(PERILS):
            rates[reference.parties + place, number] = (
                product.a_year * table.common_vulnerabilities.aims_ppm.get(peril, 0) / PPM)
    return rates, np.where(reachable, 0.0, claims)


@cache
def reference_factors() -> Mapping[str, float]:
    """The loss model's frequency factor of half-implemented controls, by peril: not one, for half
    of what helps only when complete is nearly nothing."""
    tables = shipped_tables()
    known = scores_of(dict.fromkeys(indicators(), PPM // 2), tables)
    return {peril: control_factor(tables, known, peril, "frequency").factor for peril in PERILS}


def _own_claims(model: LossModel, peril: str) -> float:
    frequency = model.perils[peril].frequency
    return frequency.own / frequency.controls


def reference_chances(reference: Twin, *, worlds: int = WORLDS) -> Floats:
    """The chance that an attempt on a firm succeeds there, by firm and aim. Firms that are alike in
    steps and chances share their sample."""
    digest = digest_of(reference), worlds
    if digest in _KNOWN:
        return _KNOWN[digest]
    kinds: dict[bytes, list[int]] = {}
    for firm in range(reference.firms):
        steps = slice(int(reference.begin[firm]), int(reference.begin[firm + 1]))
        kinds.setdefault(b"\x1e".join((
            reference.structure[firm].tobytes(), reference.chance[steps].tobytes(),
            reference.containment[firm].tobytes())), []).append(firm)
    firms = np.array([alike[0] for alike in kinds.values()], dtype=np.int32)
    one = Outcomes(np.ones(1), np.ones((reference.parties, len(PERILS), BINS), dtype=np.int64),
                   np.zeros((reference.parties, len(PERILS), BINS), dtype=np.int64))
    field = field_of(reference, one)
    key = stream_key(0, "chain.reference")
    hits = np.zeros((len(firms), len(PERILS)), dtype=np.int64)

    def part(which: range) -> None:
        _count(field, firms, key, worlds, which.start, which.stop, hits)

    in_parts(part, cut(len(firms), 16))
    chances = np.empty((reference.firms, len(PERILS)))
    for place, alike in enumerate(kinds.values()):
        chances[alike] = hits[place] / worlds
    if len(_KNOWN) >= _KEPT:
        del _KNOWN[next(iter(_KNOWN))]
    chances.setflags(write=False)
    _KNOWN[digest] = chances
    return chances


@njit(cache=True, nogil=True)
def _count(  # type: ignore[no-untyped-def]
    field: Field, firms: Places, key, worlds, first, last, hits
) -> None:
    room = room_of(field)
    stamp = 0
    for place in range(first, last):
        for aim in range(hits.shape[1]):
            for world in range(worlds):
                stamp += 1
                strike(field, room, firms[place], aim, -1, DAYS, world_word(key, world), stamp)
                hits[place, aim] += room.loss[0] != NOTHING
