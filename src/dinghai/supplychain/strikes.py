"""One event in the twin: an attack starts at a party, passes on, and is contained party by party.

A party that lets something in finds and contains it after a time of its own: no later step of it
is taken, and nothing leaves it any more. A firm that suffers several impacts in one event has one
loss, that of the heaviest. The latent state of severity is drawn once an event and shared by all
firms that it strikes; where a firm falls within the state is its own luck.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from dinghai.foundation.streams import exponential, normal_quantile
from dinghai.supplychain.draws import draw_word, node_word, unit
from dinghai.supplychain.outcomes import CUTS, Outcomes
from dinghai.supplychain.passage import Ways, begin, leave, next_node, ways_of
from dinghai.supplychain.step_graph import Floats, Places, Words
from dinghai.supplychain.twin import Twin

CONTAINMENT: Final = 5
SEVERITY: Final = 6
NOTHING: Final = -1


class Field(NamedTuple):
    """The twin as a kernel reads it: ways, and by step or by party what `Twin` says."""

    ways: Ways
    party: Places
    peril: npt.NDArray[np.int8]
    key: Words
    containment: Floats
    states: Floats
    cuts: Floats
    ground_up: npt.NDArray[np.int64]


class Struck(NamedTuple):
    """A kernel's own room for the parties of one event; ``number[0]`` firms are struck.

    By party, where ``entered`` is the event's stamp: ``until`` when something can still happen
    there, ``slot`` of its loss (−1: none). By slot: the ``party``, its ``peril``, ``bin``, ``step``
    and ``loss``.
    """

    entered: npt.NDArray[np.int64]
    until: Floats
    slot: Places
    number: npt.NDArray[np.int64]
    party: Places
    peril: Places
    place: Places
    step: Places
    loss: npt.NDArray[np.int64]
    touched: Places
    """Every party that was entered, in order of time; ``number[1]`` of them."""


def field_of(twin: Twin, outcomes: Outcomes) -> Field:
    """What the kernels read."""
    return Field(ways_of(twin.graph), twin.party, twin.peril, twin.key, twin.containment,
                 np.cumsum(outcomes.states), np.array(CUTS), outcomes.ground_up)


@njit(cache=True, nogil=True)
def struck_room(parties):  # type: ignore[no-untyped-def]
    """Room for the parties of one event after another."""
    return Struck(np.zeros(parties, dtype=np.int64), np.empty(parties),
                  np.empty(parties, dtype=np.int32), np.zeros(2, dtype=np.int64),
                  np.empty(parties, dtype=np.int32), np.empty(parties, dtype=np.int32),
                  np.empty(parties, dtype=np.int32), np.empty(parties, dtype=np.int32),
                  np.empty(parties, dtype=np.int64), np.empty(parties, dtype=np.int32))


@njit(cache=True, nogil=True, inline="always")
def _state(field, word):  # type: ignore[no-untyped-def]
    """The latent state that all firms of an event share."""
    chance = unit(node_word(word, 0, SEVERITY))
    state = 0
    while state < field.states.shape[0] - 1 and chance >= field.states[state]:
        state += 1
    return state


@njit(cache=True, nogil=True, inline="always")
def _bin(field, word, party):  # type: ignore[no-untyped-def]
    """Where a firm falls within the state, by bisection of the cuts."""
    chance = unit(draw_word(node_word(word, field.key[party], SEVERITY), 0))
    low, high = 0, field.cuts.shape[0] - 1
    while high - low > 1:
        middle = (low + high) >> 1
        if chance >= field.cuts[middle]:
            low = middle
        else:
            high = middle
    return low


@njit(cache=True, nogil=True, inline="always")
def _enter(field, struck, party, now, word, stamp):  # type: ignore[no-untyped-def]
    """Something is in a party for the first time."""
    struck.entered[party], struck.slot[party] = stamp, NOTHING
    score = normal_quantile(unit(node_word(word, field.key[party], CONTAINMENT)))
    struck.until[party] = now + exponential(
        field.containment[party, 0] + field.containment[party, 1] * score)
    struck.touched[struck.number[1]] = party
    struck.number[1] += 1


@njit(cache=True, nogil=True, inline="always")
def _impact(field, struck, node, party, state, word):  # type: ignore[no-untyped-def]
    """A step that costs something is taken: the heaviest of a firm's impacts counts."""
    place = state * (field.cuts.shape[0] - 1) + _bin(field, word, party)
    peril = field.peril[node]
    loss = field.ground_up[party, peril, place]
    slot = struck.slot[party]
    if slot == NOTHING:
        slot = np.int32(struck.number[0])
        struck.number[0] += 1
        struck.slot[party], struck.party[slot] = slot, party
        struck.loss[slot] = -1
    if loss > struck.loss[slot]:
        struck.peril[slot], struck.place[slot] = peril, place
        struck.step[slot], struck.loss[slot] = node, loss


@njit(cache=True, nogil=True)
def strike(field, room, struck, start, guarded, horizon, word, stamp):  # type: ignore[no-untyped-def]
    """Run one event from a starting step. ``guarded`` is a party that nothing gets into (−1: none).

    What it did stands in ``struck``; the nodes settled are not kept.
    """
    struck.number[0], struck.number[1] = 0, 0
    state = _state(field, word)
    if field.party[start] == guarded:
        return
    waiting = begin(room, 0, start, 0.0, stamp)
    while waiting > 0:
        node, waiting = next_node(room, waiting)
        if node < 0:
            continue
        party, now = field.party[node], room.time[node]
        if party == guarded:
            continue
        if struck.entered[party] != stamp:
            _enter(field, struck, party, now, word, stamp)
        elif now > struck.until[party]:
            continue
        if field.peril[node] >= 0:
            _impact(field, struck, node, party, state, word)
        waiting = leave(field.ways, room, waiting, node, horizon, word, stamp)
