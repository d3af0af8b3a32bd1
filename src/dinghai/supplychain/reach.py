"""Who is reached from where, how often and at what cost: the same number of worlds for each start.

From each party the same number of events is run, whatever their rate, so that rare
starts are known as well as frequent ones. A firm that is struck counts with its mean loss of that
peril: where it falls within the severity adds nothing but noise here. What comes through goods
depends on how long the stop is, and is sampled. Luck is named by start and world, so that a start
whose events never touch a changed party gives the same figures to the bit: only the others are run
again (`reach_again`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba import njit

from dinghai.compute.parts import cut, in_parts
from dinghai.foundation.streams import stream_key
from dinghai.supplychain.draws import mixed_all, world_word
from dinghai.supplychain.goods import starved_room
from dinghai.supplychain.outcomes import BINS, CUTS, Outcomes
from dinghai.supplychain.step_graph import Floats, Places
from dinghai.supplychain.steps_taken import aim_at, got_in, perils_hit
from dinghai.supplychain.strikes import NOTHING, OUTSIDE, field_of, room_of, strike
from dinghai.supplychain.twin import Twin
from dinghai.supplychain.years import DAYS, Supply, Whole, short_of_goods

WORLDS: Final = 2_000
"""Events of each start: a chance of a twentieth is known to a tenth of itself."""
_PARTS: Final = 64
_MOST_STRIKES: Final = 2_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """By pair of a start and an aim: ``root``, ``aim``, how often the event ``got_in`` there; of
    the loss of all parties, and of that elsewhere than at the start, the sums and the sums of
    squares over worlds (fen). Rows of pair i stand from ``first[i]`` on, and say by ``party``
    how often it was ``reached`` (tried), ``entered`` and ``struck``, the sum of its loss, of what
    of it came through goods, and of its squares. ``worlds`` of each pair."""

    worlds: int
    seed: int
    root: Places
    aim: Places
    got_in: Whole
    whole: Floats
    whole_square: Floats
    elsewhere: Floats
    elsewhere_square: Floats
    first: Whole
    party: Places
    reached: Whole
    entered: Whole
    struck: Whole
    loss: Whole
    through: Whole
    square: Floats

    @property
    def row_root(self) -> Places:
        """The start of each row."""
        return np.repeat(self.root, np.diff(self.first))

    @property
    def row_aim(self) -> Places:
        """The aim of each row."""
        return np.repeat(self.aim, np.diff(self.first))


def mean_loss(outcomes: Outcomes) -> Whole:
    """The mean loss in fen of a firm that is struck, by party and peril."""
    weight = np.multiply.outer(outcomes.states, np.diff(CUTS)).ravel()
    assert len(weight) == len(outcomes.states) * BINS
    return np.rint(outcomes.ground_up @ weight).astype(np.int64)


def worlds_of(starts: int) -> int:
    """How many worlds of each start: fewer in large chains, so that the whole stays bounded."""
    return max(min(WORLDS, _MOST_STRIKES // max(starts, 1)), 100)


def pairs_of(rates: Floats) -> tuple[Places, Places]:
    """Starts and aims that events have at all."""
    root, aim = np.nonzero(rates > 0.0)
    return root.astype(np.int32), aim.astype(np.int32)


def reach_from(
    twin: Twin, outcomes: Outcomes, supply: Supply, rates: Floats, *, seed: int = 1,
    worlds: int | None = None, horizon_days: float = DAYS, workers: int | None = None,
) -> Reach:
    """Run every start that has a rate. The same bytes for any number of workers."""
    root, aim = pairs_of(rates)
    number = worlds or worlds_of(len(np.unique(root)))
    return _run(twin, outcomes, supply, root, aim, seed, number, horizon_days, workers)


def reach_again(
    before: Reach, twin: Twin, outcomes: Outcomes, supply: Supply, rates: Floats,
    changed: Collection[str], *, horizon_days: float = DAYS, workers: int | None = None,
) -> Reach:
    """The reach after some parties, by name, changed (their steps, what leaves them, what impacts
    or lost supply cost them): only starts whose events tried them are run again.

    The parties must be the same and in the same places. A link that leaves a party changes it.
    """
    root, aim = pairs_of(rates)
    known = {(int(one), int(other)): place
             for place, (one, other) in enumerate(zip(before.root, before.aim, strict=True))}
    touching = np.zeros(len(before.root), dtype=np.bool_)
    places = {place for place, name in enumerate(twin.names) if name in changed}
    concerned = np.isin(before.party, np.fromiter(places, dtype=np.int32))
    rows = np.repeat(np.arange(len(before.root)), np.diff(before.first))
    touching[rows[concerned]] = True
    again = np.array([(pair := known.get((int(one), int(other)))) is None
                      or bool(touching[pair]) or int(one) in places
                      for one, other in zip(root, aim, strict=True)], dtype=np.bool_)
    fresh = _run(twin, outcomes, supply, root[again], aim[again], before.seed, before.worlds,
                 horizon_days, workers)
    return _merged(root, aim, again, fresh, before, known)


def _run(
    twin: Twin, outcomes: Outcomes, supply: Supply, root: Places, aim: Places, seed: int,
    worlds: int, horizon: float, workers: int | None,
) -> Reach:
    field, mean = field_of(twin, outcomes), mean_loss(outcomes)
    words = mixed_all(twin.key ^ stream_key(seed, "chain.reach"))
    roots, starts = np.unique(root, return_index=True)
    starts = np.append(starts, len(root)).astype(np.int64)

    def part(which: range) -> tuple[Whole, Floats, Whole, Floats]:
        found: tuple[Whole, Floats, Whole, Floats] = _reach_part(
            field, supply.goods, starved_room(supply.goods), supply.waiting_days, supply.profit,
            mean, roots, starts, aim, words, worlds, horizon, which.start, which.stop)
        return found

    found = in_parts(part, cut(len(roots), _PARTS), workers=workers)
    if not found:
        found = [(np.zeros((0, 2), dtype=np.int64), np.zeros((0, 4)),
                  np.zeros((0, 6), dtype=np.int64), np.zeros(0))]
    counts, sums, rows, squares = (np.concatenate([one[place] for one in found])
                                   for place in range(4))
    whole, whole_square, elsewhere, elsewhere_square = sums.T
    party, reached, entered, struck, loss, through = rows.T
    return Reach(worlds, seed, root, aim, counts[:, 0], whole, whole_square, elsewhere,
                 elsewhere_square, np.concatenate([[0], np.cumsum(counts[:, 1])]),
                 party.astype(np.int32), reached, entered, struck, loss, through, squares)


def _merged(
    root: Places, aim: Places, again: npt.NDArray[np.bool_], fresh: Reach, before: Reach,
    known: dict[tuple[int, int], int],
) -> Reach:
    """Pairs that were run again from ``fresh``, all others from ``before``."""
    source = np.empty(len(root), dtype=np.int64)
    source[again] = np.arange(int(again.sum()))
    source[~again] = [known[int(one), int(other)]
                      for one, other in zip(root[~again], aim[~again], strict=True)]
    both = (before, fresh)
    starts = np.array([both[one].first[place] for one, place in
                       zip(again.astype(int), source, strict=True)], dtype=np.int64)
    stops = np.array([both[one].first[place + 1] for one, place in
                      zip(again.astype(int), source, strict=True)], dtype=np.int64)
    lengths = stops - starts
    first = np.concatenate([[0], np.cumsum(lengths)])
    places = np.arange(int(first[-1])) - np.repeat(first[:-1] - starts, lengths)
    new = np.repeat(again, lengths)

    def pairs(name: str) -> Any:
        out = np.empty(len(root), dtype=getattr(fresh, name).dtype)
        out[again], out[~again] = (getattr(fresh, name)[source[again]],
                                   getattr(before, name)[source[~again]])
        return out

    def rows(name: str) -> Any:
        out = np.empty(len(places), dtype=getattr(fresh, name).dtype)
        out[new], out[~new] = (getattr(fresh, name)[places[new]],
                               getattr(before, name)[places[~new]])
        return out

    return Reach(
        worlds=before.worlds, seed=before.seed, root=root, aim=aim, got_in=pairs("got_in"),
        whole=pairs("whole"), whole_square=pairs("whole_square"), elsewhere=pairs("elsewhere"),
        elsewhere_square=pairs("elsewhere_square"), first=first, party=rows("party"),
        reached=rows("reached"), entered=rows("entered"), struck=rows("struck"),
        loss=rows("loss"), through=rows("through"), square=rows("square"))


@njit(cache=True, nogil=True)
def _reach_part(  # type: ignore[no-untyped-def]
    field, goods, hungry, waiting_days, profit, mean, roots, starts, aims, words, worlds, horizon,
    first, last
):
    """Starts from ``first`` on; the aims of start i stand from ``starts[i]`` on. An event is run
    once, and costed for each aim that would cost somebody something."""
    room = room_of(field)
    parties, perils = mean.shape
    sums = np.zeros((perils, parties, 3), dtype=np.int64)  # struck, loss, through
    tried = np.zeros((parties, 2), dtype=np.int64)  # reached, entered
    squares, value = np.zeros((perils, parties)), np.zeros(parties, dtype=np.int64)
    touched, here = np.empty(parties, dtype=np.int32), np.empty(parties, dtype=np.int32)
    known, seen = np.zeros(parties, dtype=np.bool_), np.zeros(parties, dtype=np.bool_)
    masks = np.zeros(parties, dtype=np.int64)
    rows, row_squares = np.empty((256, 6), dtype=np.int64), np.empty(256)
    pairs = starts[last] - starts[first]
    counts, wholes = np.zeros((pairs, 2), dtype=np.int64), np.zeros((pairs, 4))
    stamp = filled = costed = 0
    for start in range(first, last):
        root, number = roots[start], 0
        begin, end = starts[start], starts[start + 1]
        inside = np.int64(0)
        for world in range(worlds):
            word = world_word(words[root], world)
            stamp += 1
            strike(field, room, root, -2, -1, horizon, word, stamp)
            inside += got_in(field, room, 0, stamp)
            for slot in range(room.number[0]):
                party = room.party[slot]
                if not known[party]:
                    known[party], touched[number] = True, party
                    number += 1
                tried[party, 0] += 1
                tried[party, 1] += room.since[slot] != OUTSIDE
            hit = perils_hit(field, room, stamp, masks)
            for pair in range(begin, end):
                aim = aims[pair]
                if not hit >> np.int64(aim) & np.int64(1):
                    continue
                aim_at(field, room, aim, word, masks)
                costed += 1
                short_of_goods(field, goods, hungry, room, aim, waiting_days, costed)
                concerned = 0
                for slot in range(room.number[0]):
                    party = room.party[slot]
                    if room.loss[slot] != NOTHING:
                        here[concerned], seen[party] = party, True
                        concerned += 1
                        sums[aim, party, 0] += 1
                        value[party] += mean[party, aim]
                for place in range(hungry.number[0]):
                    party = hungry.firm[place]
                    lost = np.int64(np.rint(hungry.lost[party] * profit[party]))
                    if lost > 0 and not seen[party]:
                        here[concerned], seen[party] = party, True
                        concerned += 1
                    sums[aim, party, 2] += lost
                    value[party] += lost
                whole = elsewhere = 0.0
                for place in range(concerned):
                    party = here[place]
                    if not known[party]:
                        known[party], touched[number] = True, party
                        number += 1
                    amount = float(value[party])
                    sums[aim, party, 1] += value[party]
                    squares[aim, party] += amount * amount
                    whole += amount
                    if party != root:
                        elsewhere += amount
                    value[party], seen[party] = 0, False
                one = pair - starts[first]
                wholes[one, 0] += whole
                wholes[one, 1] += whole * whole
                wholes[one, 2] += elsewhere
                wholes[one, 3] += elsewhere * elsewhere
        wanted = filled + number * (end - begin)
        if wanted > rows.shape[0]:
            size = max(2 * rows.shape[0], wanted)
            more, more_squares = np.empty((size, 6), dtype=np.int64), np.empty(size)
            more[:filled], more_squares[:filled] = rows[:filled], row_squares[:filled]
            rows, row_squares = more, more_squares
        ordered = np.sort(touched[:number])
        for pair in range(begin, end):
            aim = aims[pair]
            counts[pair - starts[first], 0] = inside
            counts[pair - starts[first], 1] = number
            for place in range(number):
                party = ordered[place]
                rows[filled, 0] = party
                rows[filled, 1:3] = tried[party]
                rows[filled, 3:] = sums[aim, party]
                row_squares[filled] = squares[aim, party]
                filled += 1
                sums[aim, party], squares[aim, party] = 0, 0.0
        for place in range(number):
            tried[ordered[place]], known[ordered[place]] = 0, False
    return counts, wholes, rows[:filled].copy(), row_squares[:filled].copy()
