"""One event of a simulation told again, moment by moment and day by day: a storyboard.

The event is run once more on its own luck, and everything it did is read off: which step was taken
when, where it came from, when each party contained it, what it cost, who stopped, whose stock ran
out, and what output was lost on which day. Days count from the event's start: a simulated year says
how many events it has, not on which date.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import msgspec
import numpy as np
from numba import njit

from dinghai.foundation.errors import InputError
from dinghai.losses.tables import PERILS
from dinghai.supplychain.chain_model import ChainModel
from dinghai.supplychain.draws import world_word
from dinghai.supplychain.goods import DAY_SECONDS, LONGEST_DAYS, NEGLIGIBLE, starved_room
from dinghai.supplychain.language import Language
from dinghai.supplychain.party_naming import PartyKind, party_names
from dinghai.supplychain.step_naming import link_kind_of, step_names, step_techniques
from dinghai.supplychain.steps_taken import chain_of_places, step_taken
from dinghai.supplychain.strikes import NOTHING, OUTSIDE, Field, field_of, room_of, strike
from dinghai.supplychain.years import DAYS, Events, draws_of, short_of_goods, start_of

REPLAY_SCHEMA = "dinghai.chain-replay/1"
MomentKind = Literal["step", "struck", "contained", "stops", "resumes", "stock_out", "short",
                     "supplied"]
_ORDER: Final = ("step", "struck", "stops", "contained", "resumes", "stock_out", "short",
                 "supplied")


class ReplayStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A step with its names and techniques."""

    code: str
    name_zh: str
    name_en: str
    techniques: tuple[str, ...] = ()


class Origin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a step followed from; ``link`` where it crossed from another party."""

    party: str
    code: str
    link: str | None = None


class Moment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that happens at a party, ``seconds`` after the event's start.

    ``step``: a step is taken; ``leads_to_loss`` where it is on the way to an impact that cost
    something. ``struck``: an impact costs ``loss_fen``. ``contained``: no later
    step is taken and nothing leaves. ``stops`` and ``resumes``: its own output, of which
    ``missing_ppm`` is missing. ``stock_out``: its stock of ``supplier``'s deliveries is used up.
    ``short`` and ``supplied``: output is missing for lack of supplies, and no longer is.
    """

    seconds: int
    kind: MomentKind
    party: str
    step: ReplayStep | None = None
    origin: Origin | None = None
    loss_fen: int | None = None
    missing_ppm: int | None = None
    supplier: str | None = None
    leads_to_loss: bool = False


class ReplayParty(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A party that the event touched. ``came_from`` is None where the event began there; it was
    ``entered_at`` and ``contained_at`` (None: not within the event), and lost ``loss_fen`` by the
    attack and ``through_goods_fen`` for lack of supplies."""

    id: str
    name_zh: str
    name_en: str
    kind: PartyKind
    steps_taken: int
    loss_fen: int
    stopped_seconds: int
    through_goods_fen: int
    lost_days: float
    came_from: str | None = None
    entered_at: int | None = None
    contained_at: int | None = None


class ReplayOutput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A firm's day: the share of output missing by its own stop and beyond it for lack of supplies,
    and the gross profit lost for the latter in fen."""

    party: str
    own_ppm: int
    supply_ppm: int
    supply_fen: int


class ReplayDay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One day from ``stops_from`` on, on which output is missing somewhere."""

    day: int
    output: tuple[ReplayOutput, ...]


class Replay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One event (schema dinghai.chain-replay/1) of a simulation of so many years with a seed.
    ``aim`` is the peril it aimed at; losses are ground-up, in fen. ``stops_from`` is the second at
    which the first firm stops: the twin lets all stops of an event begin together. ``payments_fen``
    by what it is paid for, where the caller knows it."""

    schema: Literal["dinghai.chain-replay/1"]
    chain: str
    years: int
    seed: int
    event: int
    year: int
    root: str
    aim: str
    loss_fen: int
    through_goods_fen: int
    parties: tuple[ReplayParty, ...]
    moments: tuple[Moment, ...]
    days: tuple[ReplayDay, ...]
    stops_from: int | None = None
    chosen: str = "event"
    payments_fen: dict[str, int] = {}


@dataclass(frozen=True, slots=True, eq=False)
class _Day:
    """A day of the goods: by firm concerned, output missing by itself and by supply; deliveries
    whose stock was used up on it, by their place."""

    own: dict[int, float]
    short: dict[int, float]
    beyond: dict[int, float]
    used_up: tuple[tuple[int, int], ...]


def replay(
    model: ChainModel, events: Events, event: int, language: Language, *, chosen: str = "event",
    payments: Mapping[str, int] | None = None, horizon_days: float = DAYS,
) -> Replay:
    """The storyboard of an event by its number. ``payments`` in fen, by what they are for, are of
    the caller's programme. Raises InputError for a number that is none."""
    if not 0 <= event < events.number:
        raise InputError(f"there is no event {event}", field="--event",
                         mend=f"the run has {events.number} events, from 0")
    told = _Teller(model, events, event, language, horizon_days).told(chosen)
    return msgspec.structs.replace(told, payments_fen=dict(payments or {}))


class _Teller:
    """Runs an event and reads it off."""

    def __init__(self, model: ChainModel, events: Events, event: int, language: Language,
                 horizon: float) -> None:
        self.model, self.events, self.event, self.language = model, events, event, language
        self.field: Field = field_of(model.twin, model.outcomes)
        self.room = room_of(self.field)
        cumulative, key = draws_of(events)
        self.hungry = starved_room(model.supply.goods)
        self.root, self.aim = divmod(int(_run(
            self.field, self.room, model.supply.goods, self.hungry, model.supply.waiting_days,
            cumulative, events.rate.shape[1], horizon, key, event)), events.rate.shape[1])
        self.slots = range(int(self.room.number[0]))
        stops = [_seconds(self.room.time[self.room.impact[slot]]) for slot in self.slots
                 if self.stopped(slot) > 0]
        self.stops_from = min(stops, default=None)
        self.leading = self._leading()
        self.lost = {int(firm): float(self.hungry.lost[firm])
                     for firm in self.hungry.firm[:int(self.hungry.number[0])]}

    def told(self, chosen: str) -> Replay:
        """The whole document."""
        days = tuple(self.days())
        moments = sorted((*self.attack(), *self.supply(days)),
                         key=lambda one: (one.seconds, _ORDER.index(one.kind), one.party))
        parties = self.parties()
        events = self.events
        return Replay(
            schema="dinghai.chain-replay/1", chain=self.model.chain.id, years=events.years,
            seed=events.seed, event=self.event,
            year=int(np.searchsorted(events.first, self.event, side="right")) - 1,
            root=self.name(self.root), aim=PERILS[self.aim],
            loss_fen=sum(one.loss_fen + one.through_goods_fen for one in parties),
            through_goods_fen=sum(one.through_goods_fen for one in parties), parties=parties,
            moments=tuple(moments), days=tuple(self.day(place, one)
                                               for place, one in enumerate(days)),
            stops_from=self.stops_from, chosen=chosen)

    def _leading(self) -> frozenset[int]:
        """The places on the way to an impact that cost something."""
        found: set[int] = set()
        for slot in self.slots:
            if self.room.loss[slot] != NOTHING:
                out = np.empty(self.room.stamp.shape[0], dtype=np.int64)
                number = chain_of_places(self.room, self.room.impact[slot], out)
                found.update(out[:number].tolist())
        return frozenset(found)

    def name(self, party: int) -> str:
        """The id of a party."""
        return self.model.twin.names[party]

    def step(self, place: int) -> tuple[str, str]:
        """Party and code of a place of the room."""
        slot, step = divmod(int(place), int(self.room.width))
        party = int(self.room.party[slot])
        return self.name(party), self.model.twin.codes(party)[step]

    def taken(self, slot: int) -> list[int]:
        """The places of the steps taken at the party in a slot."""
        steps = len(self.model.twin.codes(int(self.room.party[slot])))
        return [slot * int(self.room.width) + step for step in range(steps)
                if step_taken(self.field, self.room, slot, step, 1)]

    def attack(self) -> Iterator[Moment]:
        """Steps, impacts and containment."""
        room = self.room
        for slot in self.slots:
            name, places = self.name(int(room.party[slot])), self.taken(slot)
            for place in places:
                _, code = self.step(place)
                origin = None
                if room.parent[place] >= 0:
                    party, before = self.step(room.parent[place])
                    origin = Origin(party, before, link_kind_of(code, self.language)
                                    if party != name else None)
                yield Moment(_seconds(room.time[place]), "step", name, ReplayStep(
                    code, *step_names(code, self.language), step_techniques(code, self.language)),
                    origin, leads_to_loss=place in self.leading)
            if room.loss[slot] != NOTHING:
                _, code = self.step(room.impact[slot])
                yield Moment(_seconds(room.time[room.impact[slot]]), "struck", name, ReplayStep(
                    code, *step_names(code, self.language)), loss_fen=int(room.loss[slot]))
            if places and self.contained(slot) is not None:
                yield Moment(_seconds(room.until[slot]), "contained", name)

    def contained(self, slot: int) -> float | None:
        """When the party contained it; None where that is after all that a year could hold."""
        until = float(self.room.until[slot])
        return until if until <= DAYS else None

    def stopped(self, slot: int) -> int:
        """Seconds of a stop of the whole output of the party in a slot."""
        party = int(self.room.party[slot])
        if self.room.loss[slot] == NOTHING or party >= self.model.twin.firms:
            return 0
        return int(self.field.stopped[party, self.aim, self.room.bin[slot]])

    def days(self) -> Iterator[_Day]:
        """What the stops do through the goods, day by day, as `goods.starve` does it."""
        goods = self.model.supply.goods
        stopped = {int(self.room.party[slot]): self.stopped(slot) / DAY_SECONDS
                   for slot in self.slots if self.stopped(slot) > 0}
        stock = goods.stock.copy()
        short: dict[int, float] = {}
        concerned = list(stopped)
        for day in range(LONGEST_DAYS):
            own = {firm: min(max(days - day, 0.0), 1.0) for firm, days in stopped.items()
                   if days > day}
            missing_by_supply = {firm: min(one, 1.0) for firm, one in short.items()}
            beyond = {firm: max(one - own.get(firm, 0.0), 0.0)
                      for firm, one in missing_by_supply.items()}
            later: dict[int, float] = {}
            used_up: list[tuple[int, int]] = []
            going = False
            for firm in list(concerned):
                missing = max(own.get(firm, 0.0), missing_by_supply.get(firm, 0.0))
                if missing <= NEGLIGIBLE:
                    continue
                going = True
                for way in range(goods.first[firm], goods.first[firm + 1]):
                    had = float(stock[way])
                    eaten = min(had, missing)
                    stock[way] -= eaten
                    buyer = int(goods.buyer[way])
                    if had > 0.0 and stock[way] <= NEGLIGIBLE:
                        used_up.append((firm, buyer))
                    unmet = (missing - eaten) * float(goods.share[way])
                    if unmet > NEGLIGIBLE:
                        later[buyer] = later.get(buyer, 0.0) + unmet
                        if buyer not in concerned:
                            concerned.append(buyer)
            if not going and not later:
                return
            yield _Day(own, missing_by_supply, beyond, tuple(used_up))
            short = later

    def supply(self, days: Sequence[_Day]) -> Iterator[Moment]:
        """Stops, shortages and stocks that run out."""
        begin = self.stops_from or 0
        for slot in self.slots:
            if self.stopped(slot) > 0:
                party = self.name(int(self.room.party[slot]))
                yield Moment(begin, "stops", party, missing_ppm=1_000_000)
                yield Moment(begin + self.stopped(slot), "resumes", party)
        short: set[int] = set()
        for number, day in enumerate(days):
            for supplier, buyer in day.used_up:
                yield Moment(begin + _seconds(number), "stock_out", self.name(buyer),
                             supplier=self.name(supplier))
            now = {firm for firm, share in day.short.items() if share > NEGLIGIBLE}
            for firm in sorted(now - short):
                yield Moment(begin + _seconds(number), "short", self.name(firm),
                             missing_ppm=round(day.short[firm] * 1e6))
            for firm in sorted(short - now):
                yield Moment(begin + _seconds(number), "supplied", self.name(firm))
            short = now
        for firm in sorted(short):
            yield Moment(begin + _seconds(len(days)), "supplied", self.name(firm))

    def day(self, number: int, one: _Day) -> ReplayDay:
        """A day as it is published."""
        profit = self.model.supply.profit
        return ReplayDay(number, tuple(
            ReplayOutput(self.name(firm), round(one.own.get(firm, 0.0) * 1e6),
                         round(one.beyond.get(firm, 0.0) * 1e6),
                         round(one.beyond.get(firm, 0.0) * float(profit[firm])))
            for firm in sorted({*one.own, *one.short})))

    def parties(self) -> tuple[ReplayParty, ...]:
        """The parties in the order in which they were tried, then those that lacked supplies."""
        room, names = self.room, party_names(self.model)
        slot_of = {int(room.party[slot]): slot for slot in self.slots}
        profit = self.model.supply.profit
        out = []
        for party in (*slot_of, *(one for one in sorted(self.lost) if one not in slot_of)):
            slot, name = slot_of.get(party), self.name(party)
            lost = self.lost.get(party, 0.0)
            came, entered, contained, steps, loss, stopped = None, None, None, 0, 0, 0
            if slot is not None:
                steps, stopped = len(self.taken(slot)), self.stopped(slot)
                loss = max(int(room.loss[slot]), 0) if room.loss[slot] != NOTHING else 0
                if room.since[slot] != OUTSIDE:
                    entered = _seconds(room.since[slot])
                    came = None if room.came[slot] < 0 else self.name(int(room.came[slot]))
                    until = self.contained(slot)
                    contained = None if until is None else _seconds(until)
            one = names[name]
            out.append(ReplayParty(
                id=name, name_zh=one.name_zh, name_en=one.name_en, kind=one.kind,
                steps_taken=steps, loss_fen=loss, stopped_seconds=stopped,
                through_goods_fen=round(lost * float(profit[party])) if lost > 0.0 else 0,
                lost_days=lost, came_from=came, entered_at=entered, contained_at=contained))
        return tuple(out)


def _seconds(days: float) -> int:
    return round(float(days) * DAY_SECONDS)


@njit(cache=True, nogil=True)
def _run(  # type: ignore[no-untyped-def]
    field, room, goods, hungry, waiting_days, cumulative, perils, horizon, key, event
):
    """Leave an event in the rooms; where it started and what it aimed at."""
    word = world_word(key, event)
    begin = start_of(cumulative, word)
    root = begin // perils
    aim = begin - root * perils
    strike(field, room, root, aim, -1, horizon, word, 1)
    short_of_goods(field, goods, hungry, room, aim, waiting_days, 1)
    return begin
