"""What the programme pays whom in an event, and what is left of it over the year.

The order is that of the terms (`docs/explanation/terms.md`): each insured's sublimit of a section,
limits that sections share, each insured's deductible, the limit of the event, what is left of the
aggregate, the layers. What is shared is cut pro rata within one event, to the fen by largest
remainders, the first listed winning ties (DECISIONS 7, 8); what is cut stays with the insured who
suffered it. Tests hold single events and whole years against decided claims, line by line.

A line is one section of one insured: own sections where an event began or came from a provider,
the propagation section where it came along the chain, lost supply where deliveries fell short.
Lines stand in the product's order of sections, within it in the order in which the event reached.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from dinghai.foundation.money import PPM, apply_ppm
from dinghai.supplychain.cover import OWN, SPREAD, SUPPLY, Cover
from dinghai.supplychain.goods import GoodsWays, Starved, starved_room
from dinghai.supplychain.lending import counted, lent
from dinghai.supplychain.step_graph import Flags, Floats
from dinghai.supplychain.strikes import NOTHING
from dinghai.terms.kernel import exact_quotient

Whole = npt.NDArray[np.int64]
OWN_PART: Final = 0
SPREAD_PART: Final = 1
SUPPLY_PART: Final = 2
PARTS_OF_COVER: Final = ("own", "propagation", "supply")
_NOBODY: Final = -1


class Terms(NamedTuple):
    """The programme as a kernel reads it.

    By section: the ``part`` of the cover it belongs to, its sublimit ``limit``, whether that is
    ``annual`` and each insured's own (``apart``). ``granted`` and ``deducted`` of `Cover`, by
    firm, peril, bin and section. By
    shared limit: ``shared`` sections (a flag each), ``shared_limit``, and whether it is annual.
    Then the limits of event and year (with reinstatements) and of one supplier's stop. By layer:
    attachment, limit, what it bears in a year at most, whether it attaches to each event; the
    ``shares`` of its participants in ppm and which of these are ``retained`` by the insured. By
    firm: gross profit of a day in fen. By delivery, whether it is ``noted`` (somebody is insured
    for its shortage); waiting and indemnity in days.
    """

    part: Whole
    limit: Whole
    annual: Flags
    apart: Flags
    granted: Whole
    deducted: Whole
    shared: Flags
    shared_limit: Whole
    shared_annual: Flags
    event_limit: int
    aggregate: int
    per_supplier: int
    attachment: Whole
    layer_limit: Whole
    layer_year: Whole
    layer_each_event: Flags
    shares: Whole
    retained: Flags
    profit: Floats
    noted: Flags
    waiting_days: float
    indemnity_days: float


class Account(NamedTuple):
    """What a year has used up, and the lines of the event that is paid; a kernel's own room.

    By section: ``section_paid``; by insured and section, where ``year[insured]`` is the year's:
    ``member_paid``. By shared limit: ``shared_paid``. ``used`` is the aggregate, ``used[1]`` what
    was presented to the layers; ``layer_borne`` by layer. Lines (``number[0]`` of them): the
    ``party``, the ``section``, the amount ``before`` the limits of event and year, and ``paid``;
    ``amount`` and ``deducted`` are under way. ``event_layer`` is what each layer bears of the
    event, ``presented[0]`` what came to them.
    """

    section_paid: Whole
    year: Whole
    member_paid: Whole
    shared_paid: Whole
    used: Whole
    layer_borne: Whole
    number: Whole
    party: npt.NDArray[np.int32]
    section: npt.NDArray[np.int32]
    before: Whole
    amount: Whole
    deducted: Whole
    group: npt.NDArray[np.int32]
    event_layer: Whole
    loss: Whole
    waited: Whole


def terms_of(cover: Cover, *, profit: Floats, goods: GoodsWays | None = None) -> Terms:
    """The terms of a cover. Without ``goods`` nobody is paid for lost supply."""
    policy = cover.policy
    product, schedule = policy.product, policy.schedule
    codes = [one.coverage for one in cover.sections]
    part = {**dict.fromkeys(OWN, OWN_PART), SPREAD: SPREAD_PART, SUPPLY: SUPPLY_PART}
    shared = [one for one in product.shared_limits if set(one.coverages) & set(codes)]
    layers = schedule.layers
    most = max((len(one.participants) for one in layers), default=0)
    shares = np.zeros((len(layers), most), dtype=np.int64)
    retained = np.zeros((len(layers), most), dtype=np.bool_)
    for place, layer in enumerate(layers):
        for number, one in enumerate(layer.participants):
            shares[place, number] = one.share_ppm
            retained[place, number] = one.retained
    ways = 0 if goods is None else len(goods.buyer)
    noted = np.zeros(ways, dtype=np.bool_)
    if goods is not None:
        suppliers = np.repeat(np.arange(len(goods.first) - 1), np.diff(goods.first))
        noted = cover.insured[goods.buyer] & cover.named[suppliers]
    return Terms(
        part=np.array([part[code] for code in codes], dtype=np.int64),
        limit=np.array([policy.sublimit(code) for code in codes], dtype=np.int64),
        annual=np.array([one.sublimit.basis == "annual" for one in cover.sections]),
        apart=np.array([one.sublimit.per == "insured" for one in cover.sections]),
        granted=_by_firm(cover.granted), deducted=_by_firm(cover.deducted),
        shared=np.array([[code in one.coverages for code in codes] for one in shared],
                        dtype=np.bool_).reshape(len(shared), len(codes)),
        shared_limit=np.array(
            [one.amount_fen if one.amount_fen is not None else apply_ppm(
                schedule.aggregate_limit_fen,
                PPM if one.ppm_of_aggregate is None else one.ppm_of_aggregate)
             for one in shared], dtype=np.int64),
        shared_annual=np.array([one.basis == "annual" for one in shared], dtype=np.bool_),
        event_limit=schedule.each_event_limit_fen,
        aggregate=schedule.aggregate_limit_fen * (1 + product.limits.reinstatements),
        per_supplier=cover.per_supplier,
        attachment=np.array([one.attachment_fen for one in layers], dtype=np.int64),
        layer_limit=np.array([one.limit_fen for one in layers], dtype=np.int64),
        layer_year=np.array([
            (one.limit_fen if one.aggregate_fen is None else one.aggregate_fen)
            * (1 + one.reinstatements) for one in layers], dtype=np.int64),
        layer_each_event=np.array([one.basis == "each_event" for one in layers], dtype=np.bool_),
        shares=shares, retained=retained, profit=profit, noted=noted,
        waiting_days=cover.waiting_days, indemnity_days=cover.indemnity_days)


def _by_firm(amounts: Whole) -> Whole:
    """Sections last: what one impact is paid stands together."""
    return np.ascontiguousarray(np.moveaxis(amounts, 0, -1))


def without_layers(terms: Terms) -> Terms:
    """The same programme up to its layers: what comes to them."""
    nothing, none = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.bool_)
    return terms._replace(
        attachment=nothing, layer_limit=nothing, layer_year=nothing, layer_each_event=none,
        shares=np.zeros((0, 0), dtype=np.int64), retained=np.zeros((0, 0), dtype=np.bool_))


def no_terms(firms: int, *, perils: int, bins: int, profit: Floats | None = None) -> Terms:
    """A programme that pays nothing: for losses alone."""
    nothing, none = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.bool_)
    empty = np.zeros((firms, perils, bins, 0), dtype=np.int64)
    return Terms(
        nothing, nothing, none, none, empty, empty, np.zeros((0, 0), dtype=np.bool_), nothing, none,
        0, 0, 0, nothing, nothing, nothing, none, np.zeros((0, 0), dtype=np.int64),
        np.zeros((0, 0), dtype=np.bool_), np.zeros(firms) if profit is None else profit, none, 0.0,
        0.0)


def hungry_room(goods: GoodsWays, terms: Terms) -> Starved:
    """Room for shortages, which notes the deliveries that somebody is insured for."""
    noted = terms.noted if len(terms.noted) == len(goods.buyer) else None
    return starved_room(goods, noted=noted, indemnity_days=terms.indemnity_days)


@njit(cache=True, nogil=True)
def lent_terms(terms):  # type: ignore[no-untyped-def]
    """The terms for a kernel's own use: see `lending`."""
    return Terms(
        lent(terms.part), lent(terms.limit), lent(terms.annual), lent(terms.apart),
        lent(terms.granted), lent(terms.deducted), lent(terms.shared),
        lent(terms.shared_limit), lent(terms.shared_annual), terms.event_limit,
        terms.aggregate, terms.per_supplier, lent(terms.attachment),
        lent(terms.layer_limit), lent(terms.layer_year), lent(terms.layer_each_event),
        lent(terms.shares), lent(terms.retained), lent(terms.profit), lent(terms.noted),
        terms.waiting_days, terms.indemnity_days)


@njit(cache=True, nogil=True)
def lent_account(account):  # type: ignore[no-untyped-def]
    """The account for the use of the kernel that holds it: see `lending`."""
    return Account(
        lent(account.section_paid), lent(account.year), lent(account.member_paid),
        lent(account.shared_paid), lent(account.used), lent(account.layer_borne),
        lent(account.number), lent(account.party), lent(account.section),
        lent(account.before), lent(account.amount), lent(account.deducted),
        lent(account.group), lent(account.event_layer), lent(account.loss),
        lent(account.waited))


@njit(cache=True, nogil=True)
def account_of(terms, parties, ways):  # type: ignore[no-untyped-def]
    """Room for the years of one core, one after another."""
    sections, layers = terms.part.shape[0], terms.attachment.shape[0]
    lines = (parties + 1) * max(sections, 1) + ways
    return Account(
        np.zeros(sections, dtype=np.int64), np.full(parties, _NOBODY, dtype=np.int64),
        np.zeros((parties, sections), dtype=np.int64),
        np.zeros(terms.shared_limit.shape[0], dtype=np.int64), np.zeros(2, dtype=np.int64),
        np.zeros(layers, dtype=np.int64), np.zeros(1, dtype=np.int64),
        np.empty(lines, dtype=np.int32), np.empty(lines, dtype=np.int32),
        np.empty(lines, dtype=np.int64), np.empty(lines, dtype=np.int64),
        np.empty(lines, dtype=np.int64), np.empty(max(lines, ways), dtype=np.int32),
        np.zeros(layers, dtype=np.int64), np.empty(ways, dtype=np.int64),
        np.empty(ways, dtype=np.int64))


@njit(cache=True, nogil=True)
def open_year(account):  # type: ignore[no-untyped-def]
    """Nothing is used up. Members' own amounts count where their year is the year's."""
    account.section_paid[:] = 0
    account.shared_paid[:] = 0
    account.used[:] = 0
    account.layer_borne[:] = 0


@njit(cache=True, nogil=True, forceinline=True)
def cut(amounts, group, count, cap):  # type: ignore[no-untyped-def]
    """Cut the amounts at the places of a group to a total: floor each, largest remainders first,
    of equal ones the first listed."""
    total = np.int64(0)
    for k in range(count):
        total += amounts[group[k]]
    if total > max(cap, np.int64(0)):
        _cut_down(amounts, group, count, max(cap, np.int64(0)), total)


@counted
def _cut_down(amounts, group, count, cap, total):  # type: ignore[no-untyped-def]
    if cap == 0 or count == 1:
        for k in range(count):
            amounts[group[k]] = cap
        return
    missing = cap
    remainders = np.empty(count, dtype=np.int64)
    for k in range(count):
        amounts[group[k]], remainder = exact_quotient(amounts[group[k]], cap, total)
        remainders[k] = -remainder
        missing -= amounts[group[k]]
    if missing > 0:
        order = np.argsort(remainders, kind="mergesort")
        for k in range(missing):
            amounts[group[order[k]]] += 1


@njit(cache=True, nogil=True, forceinline=True)
def pay_event(terms, account, room, hungry, goods, aim, year):  # type: ignore[no-untyped-def]
    """What the programme pays of the event in the room, in fen; its lines stand in the account."""
    _claim(terms, account, room, hungry, goods, aim, year)
    number = account.number[0]
    if number == 0:
        account.event_layer[:] = 0
        return np.int64(0)
    amounts, sections, group = account.amount, account.section, account.group
    before, shared = account.before, terms.shared
    for one in range(terms.shared_limit.shape[0]):
        count = 0
        for line in range(number):
            if shared[one, sections[line]]:
                group[count] = line
                count += 1
        left = terms.shared_limit[one]
        if terms.shared_annual[one]:
            left -= account.shared_paid[one]
        cut(amounts, group, count, left)
    _deduct(account)
    for line in range(number):
        before[line] = amounts[line]
        group[line] = line
    cut(amounts, group, number, terms.event_limit)
    cut(amounts, group, number, terms.aggregate - account.used[0])
    _layers(terms, account)
    return _use_up(terms, account)


@njit(cache=True, nogil=True, forceinline=True)
def _claim(terms, account, room, hungry, goods, aim, year):  # type: ignore[no-untyped-def]
    """The lines of an event, after each section's sublimit."""
    # Arrays are taken out of their bundles once: each look into a bundle counts references.
    number, firms = 0, goods.first.shape[0] - 1
    group, amounts, parties, sections = (account.group, account.amount, account.party,
                                         account.section)
    deducted, years, member_paid = account.deducted, account.year, account.member_paid
    struck, losses, bins, cames = room.party, room.loss, room.bin, room.came
    granted, taken, parts = terms.granted, terms.deducted, terms.part
    limits, apart, annual = terms.limit, terms.apart, terms.annual
    for section in range(parts.shape[0]):
        part, first = parts[section], number
        if part == SUPPLY_PART:
            if hungry.number[1] > 0:
                number = _claim_supply(terms, account, hungry, goods, section, number)
        else:
            for slot in range(room.number[0]):
                party, came = struck[slot], cames[slot]
                if losses[slot] == NOTHING or party >= firms:
                    continue
                along = came != NOTHING and came < firms  # else it began here, or at a provider
                if along != (part == SPREAD_PART):
                    continue
                amount = granted[party, aim, bins[slot], section]
                if amount > 0:
                    parties[number], sections[number], amounts[number] = party, section, amount
                    deducted[number] = taken[party, aim, bins[slot], section]
                    number += 1
        limit, yearly, own = limits[section], annual[section], apart[section]
        for line in range(first, number):
            group[line - first], party = line, parties[line]
            if years[party] != year:
                years[party] = year
                member_paid[party] = 0
            if own:
                left = limit - member_paid[party, section] if yearly else limit
                amounts[line] = min(amounts[line], max(left, 0))
        if not own:
            left = limit - account.section_paid[section] if yearly else limit
            cut(amounts, group, number - first, left)
    account.number[0] = number


@njit(cache=True, nogil=True)
def _claim_supply(terms, account, hungry, goods, section, number):  # type: ignore[no-untyped-def]
    """Lost supply of each insured: deliveries of one supplier are cut to its cap, then waiting
    takes what it cost; a stop that was not longer counts nothing."""
    ways, group, loss, waited = hungry.number[1], account.group, account.loss, account.waited
    for place in range(ways):
        way = hungry.way[place]
        profit = terms.profit[goods.buyer[way]]
        loss[place] = np.int64(np.floor(hungry.cost[way] * profit + 1e-3))
        waited[place] = min(np.int64(np.floor(hungry.waited[way] * profit + 1e-3)), loss[place])
        if waited[place] == loss[place]:
            loss[place] = 0
    for place in range(ways):
        supplier, count = hungry.supplier[hungry.way[place]], 0
        for other in range(ways):
            if hungry.supplier[hungry.way[other]] == supplier:
                if other < place:
                    break  # its deliveries have been cut
                group[count] = other
                count += 1
        cut(loss, group, count, terms.per_supplier)
    first = number
    for place in range(ways):
        if loss[place] == 0:
            continue
        buyer, line = goods.buyer[hungry.way[place]], number - 1
        while line >= first and account.party[line] != buyer:
            line -= 1
        if line < first:
            line = number
            account.party[line], account.section[line] = buyer, section
            account.amount[line] = account.deducted[line] = 0
            number += 1
        account.amount[line] += loss[place] - waited[place]
    for line in range(first, number):
        account.amount[line] = max(account.amount[line], 0)
    return number


@njit(cache=True, nogil=True, forceinline=True)
def _deduct(account):  # type: ignore[no-untyped-def]
    """Each insured's deductible, on what the limits that are shared left of its sections."""
    number, group, parties = account.number[0], account.group, account.party
    amounts, taken = account.amount, account.deducted
    for line in range(number):
        if taken[line] <= 0:
            continue
        party, count = parties[line], 0
        total = deductible = np.int64(0)
        for other in range(line, number):
            if parties[other] == party and taken[other] > 0:
                group[count] = other
                count += 1
                total += amounts[other]
                deductible += taken[other]
                taken[other] = 0
        cut(amounts, group, count, total - deductible)


@njit(cache=True, nogil=True, forceinline=True)
def _layers(terms, account):  # type: ignore[no-untyped-def]
    """What each layer bears of what comes to them, and the lines cut to what they pay."""
    attachment, limit, yearly = terms.attachment, terms.layer_limit, terms.layer_year
    each_event, layers, number = terms.layer_each_event, attachment.shape[0], account.number[0]
    if layers == 0:
        return
    amounts, used, borne_before = account.amount, account.used, account.layer_borne
    event_layer = account.event_layer
    presented = np.int64(0)
    for line in range(number):
        presented += amounts[line]
    paid = np.int64(0)
    for one in range(layers):
        before = np.int64(0) if each_event[one] else used[1]
        top = min(max(before + presented - attachment[one], 0), limit[one])
        below = min(max(before - attachment[one], 0), limit[one])
        borne = min(top - below, max(yearly[one] - borne_before[one], 0))
        event_layer[one] = borne
        if borne > 0:
            paid += _placed(terms, one, borne)
    used[1] += presented
    cut(amounts, account.group, number, paid)


@counted
def _placed(terms, layer, borne):  # type: ignore[no-untyped-def]
    """What a layer pays in money: the placed shares but those that the insured retains."""
    placed, kept = np.int64(0), np.int64(0)
    shares, retained = terms.shares, terms.retained
    count = shares.shape[1]
    for one in range(count):
        placed += shares[layer, one]
        kept += retained[layer, one]
    if placed == 0:
        return borne  # without named participants it is placed whole with the insurer
    whole, remainder = exact_quotient(borne, placed, PPM)
    whole += 2 * remainder >= PPM
    if kept == 0:
        return whole
    parts, group = np.empty(count, dtype=np.int64), np.arange(count).astype(np.int32)
    for one in range(count):
        parts[one] = shares[layer, one]
    _allot(parts, group, whole, placed)
    paid = np.int64(0)
    for one in range(count):
        if not retained[layer, one]:
            paid += parts[one]
    return paid


@njit(cache=True, nogil=True)
def _allot(parts, group, amount, total):  # type: ignore[no-untyped-def]
    """Weights become parts of an amount, to the fen by largest remainders."""
    missing = amount
    remainders = np.empty(group.shape[0], dtype=np.int64)
    for k in range(group.shape[0]):
        parts[k], remainder = exact_quotient(parts[k], amount, total)
        remainders[k] = -remainder
        missing -= parts[k]
    order = np.argsort(remainders, kind="mergesort")
    for k in range(missing):
        parts[order[k]] += 1


@njit(cache=True, nogil=True, forceinline=True)
def _use_up(terms, account):  # type: ignore[no-untyped-def]
    """Note what the event's payments use up of the year; their sum."""
    total = np.int64(0)
    amounts, sections, parties = account.amount, account.section, account.party
    section_paid, member_paid = account.section_paid, account.member_paid
    shared, shared_paid = terms.shared, account.shared_paid
    for line in range(account.number[0]):
        paid, section = amounts[line], sections[line]
        total += paid
        section_paid[section] += paid
        member_paid[parties[line], section] += paid
        for one in range(shared.shape[0]):
            if shared[one, section]:
                shared_paid[one] += paid
    account.used[0] += total
    for one in range(terms.attachment.shape[0]):
        account.layer_borne[one] += account.event_layer[one]
    return total
