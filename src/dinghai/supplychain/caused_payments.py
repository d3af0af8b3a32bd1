"""What a programme is expected to pay for a firm's events: at itself, and where they go on to.

The driver of the float (DECISIONS 26), made so that a better control never raises it, in any event:
each impact counts by what the terms grant it alone, on average over the luck of its severity (what
members share would let one firm's gain be another's loss), an impact elsewhere by the propagation
section, the owner's lost supply as if the owner had not been struck itself. What comes from a
provider counts with the firm that suffers it. Attempts are drawn by where they begin and what they
aim at, so that what a firm causes needs no events of others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from dinghai.compute.parts import in_parts
from dinghai.foundation.streams import stream_key
from dinghai.losses.model import LossModel
from dinghai.losses.severity import EventGrid
from dinghai.losses.tables import PERILS
from dinghai.supplychain.chain_model import ChainModel
from dinghai.supplychain.draws import node_word, world_word
from dinghai.supplychain.goods import DAY_SECONDS, GoodsWays, concern, starve, starved_room
from dinghai.supplychain.member_terms import MemberTerms
from dinghai.supplychain.outcomes import BINS, CUTS
from dinghai.supplychain.step_graph import Floats
from dinghai.supplychain.strikes import NOTHING, Field, field_of, room_of, strike
from dinghai.supplychain.twin import Twin
from dinghai.supplychain.years import DAYS, Whole

BATCHES: Final = 20
WIDTHS: Final = np.diff(CUTS)
OWN: Final = 0
EXPORTED: Final = 1
SUPPLY: Final = 2


class Paid(NamedTuple):
    """Fen by firm, peril and latent state, on average over luck: ``own`` where the event began or
    came from a provider, ``spread`` where it came along the chain."""

    own: Whole
    spread: Whole


class SupplyTerms(NamedTuple):
    """The owner's cover for lost supply; profit of a day in fen, days."""

    owner: int
    profit: float
    waiting: float
    indemnity: float
    limit: int
    per_supplier: int


@dataclass(frozen=True, slots=True, eq=False)
class CausedSetting:
    """A chain ready for its causes: what kernels read, what impacts are paid, the goods, and the
    attempts a year by party and aim."""

    field: Field
    paid: Paid
    goods: GoodsWays
    supply: SupplyTerms
    rates: Floats

    @property
    def firms(self) -> int:
        """Number of firms."""
        return len(self.goods.first) - 1


@dataclass(frozen=True, slots=True, eq=False)
class FirmTerms:
    """What impacts on one firm are paid, by peril and state, and for how long they stop it, by
    peril and bin."""

    own: Whole
    spread: Whole
    stopped: Whole


@dataclass(frozen=True, slots=True, eq=False)
class Caused:
    """Fen a year by batch of worlds and firm: own, exported, the owner's lost supply, and what
    shared causes (providers, common vulnerabilities) brought."""

    own: Floats
    exported: Floats
    supply: Floats
    brought: Floats

    @property
    def batches(self) -> Floats:
        """All of it, by batch and firm."""
        out: Floats = self.own + self.exported + self.supply + self.brought
        return out

    @property
    def total(self) -> Floats:
        """All of it, by firm."""
        out: Floats = self.batches.mean(axis=0)
        return out


def setting_of(model: ChainModel) -> CausedSetting:
    """The setting of a chain as it is."""
    cover, firms = model.cover, model.twin.firms
    owner = model.twin.names.index(model.chain.owner)
    return CausedSetting(
        field_of(model.twin, model.outcomes),
        Paid(state_means(cover.own[:firms]), state_means(cover.spread[:firms])),
        model.supply.goods,
        SupplyTerms(owner, float(model.supply.profit[owner]), cover.waiting_days,
                    cover.indemnity_days, cover.policy.sublimit("SC-CBI"), cover.per_supplier),
        model.rates)


def state_means(by_bin: Whole) -> Whole:
    """Means over the bins of each state of amounts by (…, state × bin)."""
    shape = (*by_bin.shape[:-1], by_bin.shape[-1] // BINS, BINS)
    out: Whole = np.rint(by_bin.reshape(shape) @ WIDTHS).astype(np.int64)
    return out


def firm_terms(terms: MemberTerms, model: LossModel, bound: LossModel) -> FirmTerms:
    """What impacts on a firm are paid by its loss model: means over the grid, rounded down. The
    luck of a stop is that of the same point in the order of the model at bind, so that a shorter
    stop is shorter in any luck."""
    states = len(model.latent.event_weights)
    paid = np.empty((2, len(PERILS), states), dtype=np.int64)
    stopped = []
    for place, peril in enumerate(PERILS):
        events = model.perils[peril].events
        columns = terms.paid(peril, events)
        for state in range(states):
            window, weight = _of_state(events, state)
            for which, column in enumerate(columns):
                paid[which, place, state] = int((column[window] * weight).sum() / weight.sum())
        stopped.append(_in_bins(events, bound.perils[peril].events, states))
    return FirmTerms(paid[0], paid[1], np.array(stopped, dtype=np.int64))


def _of_state(events: EventGrid, state: int) -> tuple[slice, Floats]:
    """Where a latent state's points stand in the grid, and the chance of each."""
    groups = [one for one in events.grid.groups if one.state == state]
    return slice(groups[0].start, groups[-1].stop), np.repeat(
        [one.chance for one in groups], [one.stop - one.start for one in groups])


def _in_bins(events: EventGrid, bound: EventGrid, states: int) -> Whole:
    seconds = np.rint(events.duration_seconds * (events.affected_ppm / 1e6))
    out = []
    for state in range(states):
        window, weight = _of_state(events, state)
        order = np.argsort(bound.loss[window], kind="stable")
        reached = np.concatenate([[0.0], np.cumsum(weight[order])])
        reached /= reached[-1]
        inside = np.clip(np.minimum(np.array(CUTS)[1:, None], reached[None, 1:])
                         - np.maximum(np.array(CUTS)[:-1, None], reached[None, :-1]), 0.0, None)
        out.append((inside * seconds[window][order]).sum(axis=1) / WIDTHS)
    return np.concatenate(out).astype(np.int64)


def changed_setting(
    setting: CausedSetting, model: ChainModel, twin: Twin, terms: Mapping[int, FirmTerms]
) -> CausedSetting:
    """The setting with other steps and links, and other terms at some firms. Raises ValueError for
    other parties."""
    if twin.names != model.twin.names:
        raise ValueError("the parties are not those of the setting")
    own, spread = setting.paid.own.copy(), setting.paid.spread.copy()
    stopped = setting.field.stopped.copy()
    for firm, one in terms.items():
        own[firm], spread[firm], stopped[firm] = one.own, one.spread, one.stopped
    field = field_of(twin, replace(model.outcomes, stopped=stopped))
    return replace(setting, field=field, paid=Paid(own, spread))


def caused_payments(
    setting: CausedSetting, roots: Sequence[int], *, worlds: int, seed: int,
    workers: int | None = None,
) -> Caused:
    """What events that begin at these firms, and at all shared causes, are expected to be paid.

    ``worlds`` are attempts for each beginning and aim, in ``BATCHES`` batches; firms that are not
    asked for have only what shared causes bring. The same figures for any number of workers.
    """
    firms, parties = setting.firms, setting.rates.shape[0]
    batch = max(worlds // BATCHES, 1)
    key = stream_key(seed, "chain.caused")
    wanted = [*roots, *range(firms, parties)]

    def one(root: int) -> tuple[int, Whole, Whole]:
        aims = len(PERILS)
        out = np.zeros((BATCHES, aims, 3), dtype=np.int64)
        brought = np.zeros((BATCHES, aims, firms if root >= firms else 0), dtype=np.int64)
        _caused(setting.field, setting.paid, setting.goods, starved_room(setting.goods),
                setting.supply, setting.rates[root], root, key, batch, out, brought)
        return root, out, brought

    sums = np.zeros((4, BATCHES, firms))
    for root, out, brought in in_parts(one, wanted, workers=workers):
        rate = setting.rates[root] / batch
        if root < firms:
            for part in range(3):
                sums[part, :, root] += out[:, :, part] @ rate
        else:
            sums[3] += np.einsum("bap,a->bp", brought, rate)
    return Caused(*sums)


@njit(cache=True, nogil=True)
def _caused(  # type: ignore[no-untyped-def]
    field, paid, goods, hungry, supply, rate, root, key, batch, out, brought
):
    room = room_of(field)
    own, spread, stopped = paid.own, paid.spread, field.stopped
    firms, stamp = goods.first.shape[0] - 1, 0
    for aim in range(rate.shape[0]):
        if rate[aim] == 0.0:
            continue
        stream = node_word(key, field.key[root], aim)
        for world in range(batch * out.shape[0]):
            stamp += 1
            place = world // batch
            strike(field, room, root, aim, -1, DAYS, world_word(stream, world), stamp)
            hungry.number[0] = 0
            stops = 0
            for slot in range(room.number[0]):
                party = room.party[slot]
                if room.loss[slot] == NOTHING or party >= firms:
                    continue
                state = room.bin[slot] // BINS
                if root >= firms:
                    brought[place, aim, party] += own[party, aim, state]
                    continue
                if party == root:
                    out[place, aim, OWN] += own[party, aim, state]
                else:
                    out[place, aim, EXPORTED] += spread[party, aim, state]
                seconds = stopped[party, aim, room.bin[slot]]
                if seconds > 0 and party != supply.owner:
                    concern(goods, hungry, party, seconds / DAY_SECONDS, stamp)
                    stops += 1
            if stops > 0:
                out[place, aim, SUPPLY] += _lost_supply(goods, hungry, supply, stops, stamp)


@njit(cache=True, nogil=True)
def _lost_supply(goods, hungry, supply, stops, stamp):  # type: ignore[no-untyped-def]
    """What the owner is paid for deliveries that stop."""
    starve(goods, hungry, supply.waiting, stamp)
    days = 0.0
    for place in range(hungry.number[0]):
        if hungry.firm[place] == supply.owner:
            days = min(hungry.late[supply.owner], supply.indemnity)
    return min(np.int64(np.rint(days * supply.profit)), stops * supply.per_supplier, supply.limit)


def jackknife(after: npt.NDArray[np.float64], before: npt.NDArray[np.float64]) -> float:
    """Standard error of the ratio of two batch sums, by leaving out one batch at a time."""
    number = len(after)
    left_before = before.sum() - before
    if number < 2 or (left_before <= 0.0).any():
        return 0.0
    ratios = (after.sum() - after) / left_before
    return float(np.sqrt((number - 1) / number * ((ratios - ratios.mean()) ** 2).sum()))
