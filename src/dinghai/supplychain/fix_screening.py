"""What each fix takes off events at most, told from one run of each: which draws it may turn.

Where no draw of an event falls differently under a fix, the event takes the same course: then only
what impacts cost at the party may fall, by a known share at most. Else the fix takes off no more
than all that a change at that party can. So thousands of firms' fixes are told apart without making
them; only those whose bound can win are worked out.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit

from dinghai.compute.parts import cut, in_parts
from dinghai.supplychain.costly_events import CostlyEvents, Worlds
from dinghai.supplychain.draws import draw_word, world_word
from dinghai.supplychain.fix_reaches import LINKED, UNKNOWN, Reaches
from dinghai.supplychain.openings import LEAVES
from dinghai.supplychain.passage import CERTAIN
from dinghai.supplychain.step_graph import Floats, Places
from dinghai.supplychain.strikes import NOTHING, OUTSIDE, room_of, strike
from dinghai.supplychain.turned_draws import slack_of
from dinghai.supplychain.years import draws_of, start_of

_PARTS: Final = 8
_ALL: Final = 1.0 + 1e-9
_CLOSE: Final = 1.0 - 1e-9


class Screen:
    """Bounds on what fixes take off events alone, on top of nothing. ``begin`` says where the
    fixes of each party stand: fixes are in the order of their parties."""

    def __init__(
        self, worlds: Worlds, events: CostlyEvents, reaches: Reaches, begin: Places, *,
        workers: int | None = None,
    ) -> None:
        self._worlds, self._events, self._reaches = worlds, events, reaches
        self._begin, self._workers = begin, workers
        self._sources = np.repeat(np.arange(len(worlds.field.structure), dtype=np.int32),
                                  np.diff(worlds.field.l_first))

    def most(self, weight: Floats) -> Floats:
        """By fix, what it takes off the weighted sum of events at most, in fen; ``weight`` is by
        event."""
        worlds, events, reaches = self._worlds, self._events, self._reaches
        places = np.flatnonzero(weight > 0.0).astype(np.int32)
        cumulative, key = draws_of(worlds.events)

        def part(some: range) -> Floats:
            out = np.zeros(len(reaches.row))
            _screen(worlds.field, cumulative, worlds.events.rate.shape[1], worlds.horizon_days, key,
                    events.number, events.first, events.most, events.through_goods, places,
                    some.start, some.stop, weight, self._begin, reaches.row, reaches.link,
                    reaches.kept, self._sources, reaches.first, reaches.kind, reaches.left,
                    reaches.quicker, reaches.slower, reaches.milder, reaches.rounding,
                    reaches.stops, reaches.step_kind, reaches.kinds, out)
            return out

        found = np.zeros(len(reaches.row))
        for one in in_parts(part, cut(len(places), _PARTS), workers=self._workers):
            found += one
        return found * _ALL


@njit(cache=True, nogil=True)
def _screen(  # type: ignore[no-untyped-def]
    field, cumulative, perils, horizon, key, number, firsts, most, through_goods, places, first,
    last, weight, begin, rows, links, kept, sources, k_first, kind, left, quicker, slower, milder,
    rounding, stops, step_kind, kinds, out
) -> None:
    room = room_of(field)
    # Arrays are taken out of their bundles once: each look into a bundle counts references.
    s_step, s_start, code, structure = field.s_step, field.s_start, field.code, field.structure
    bars, firm_begin, since, losses = field.bars, field.begin, room.since, room.loss
    stamps, times, parties, lucks, until = (
        room.stamp, room.time, room.party, room.luck, room.until)
    entered, slots, width = room.entered, room.slot, room.width
    spared = np.zeros(kinds)
    for place in range(first, last):
        event = places[place]
        word = world_word(key, number[event])
        start = start_of(cumulative, word)
        root = start // perils
        aim = start - root * perils
        stamp = place + 1
        strike(field, room, root, aim, -1, horizon, word, stamp)
        slack = slack_of(field, room, horizon, stamp)
        entry = firsts[event] - 1
        for slot in range(room.number[0]):
            if since[slot] == OUTSIDE:
                continue
            entry += 1
            party, worth = parties[slot], most[entry] * weight[event]
            fixes = begin[party]
            if begin[party + 1] == fixes:
                continue
            shape, luck = structure[party], lucks[slot]
            base, own = s_step[shape], firm_begin[party]
            opening = s_start[shape] if party == root else -1
            spared[:] = 0.0
            latest = 0.0
            for step in range(s_step[shape + 1] - base):
                at = slot * width + step
                if stamps[at] != stamp:
                    continue
                if times[at] <= until[slot]:
                    latest = max(latest, times[at])
                if step == opening or step_kind[base + step] < 0:
                    continue
                bar, drawn = bars[own + step], draw_word(luck, code[base + step])
                if bar != CERTAIN and (bar == 0 or drawn > bar):
                    continue
                of = step_kind[base + step]
                spared[of] = max(spared[of], float(drawn) / float(bar))
            contained = latest / until[slot]
            lost = losses[slot] * weight[event] if losses[slot] != NOTHING else -1.0
            for one in range(fixes, begin[party + 1]):
                row = rows[one]
                if row == UNKNOWN:
                    out[one] += worth
                    continue
                if row == LINKED:
                    link = links[one]
                    if link >= 0 and entered[sources[link]] == stamp and _turned(
                            field, lucks[slots[sources[link]]], sources[link], link, kept[one]):
                        out[one] += worth
                    continue
                turned = slower[row] > slack or (
                    quicker[row] > 0.0 and contained > np.exp(-quicker[row]) * _CLOSE)
                for part in range(k_first[row], k_first[row + 1]):
                    turned = turned or spared[kind[part]] > left[part]
                if turned:
                    out[one] += worth
                elif lost >= 0.0 and milder[row, aim] > 0.0:
                    fall = milder[row, aim] * lost + rounding[row, aim] * weight[event]
                    if stops[row, aim]:
                        fall += through_goods[event] * weight[event]
                    out[one] += min(fall, worth)


@njit(cache=True, nogil=True)
def _turned(field, luck, source, link, kept):  # type: ignore[no-untyped-def]
    """Whether a link lets an event through that a share of its chance does not."""
    bar = field.l_bar[link]
    code = field.code[field.s_step[field.structure[source]] + field.l_step[link]]
    drawn = draw_word(draw_word(luck, code ^ LEAVES), field.l_key[link])
    return bar != 0 and drawn <= bar and float(drawn) > float(bar) * kept
