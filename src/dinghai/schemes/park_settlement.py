"""The settlement of a park's events: members' own limits, top-ups, then the limits that all share.

Within one event the limits that are shared are cut pro rata, not first come (DECISIONS 7); what is
cut stays with the insured who suffered it, and so does what lies above its own limits. Limits of
the period erode by what was paid (DECISIONS 1), event after event by day and name. Every step is
whole fen, parts by largest remainders, and the claim listed first wins a tie (DECISIONS 8).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

from dinghai.foundation.errors import InputError
from dinghai.foundation.money import Fen, split
from dinghai.schemes.park_claims import PaidBefore, ParkClaim
from dinghai.schemes.park_file import BASE, Park
from dinghai.schemes.park_members import ParkMember

PARK: Final = "park"
"""The name of the park's own limits among the limits that are shared."""
Unpaid = Literal["not_in_cover", "coverage_not_held", "own_limits", "top_up_limit",
                 "park_event_limit", "park_period_limit"]
"""Why a part of a claim stays with the insured."""
Key = tuple[str, str]
"""Member and cover."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A limit at work: what stood before it and what it left, in fen. ``member`` is empty for a
    limit that members share."""

    limit: str
    member: str
    cover: str
    asked_fen: Fen
    limit_fen: Fen
    left_fen: Fen


@dataclass(frozen=True, slots=True)
class SettledLine:
    """A claim's line: ``amount = sum of paid + sum of unpaid``, in fen. ``paid`` is by cover and
    includes what was paid before for this event, ``unpaid`` by reason."""

    claim: ParkClaim
    paid: Mapping[str, Fen]
    unpaid: Mapping[Unpaid, Fen]


@dataclass(frozen=True, slots=True)
class SettledCover:
    """A member under one cover in one event, in fen: what its own limits grant, what the shared
    limits leave of it, what was paid before, and what is due now."""

    member: str
    cover: str
    granted_fen: Fen
    entitled_fen: Fen
    paid_before_fen: Fen

    @property
    def due_fen(self) -> Fen:
        """To be paid now: never below zero, since what has been paid is not taken back here."""
        return self.entitled_fen - self.paid_before_fen

    @property
    def overpaid_fen(self) -> Fen:
        """What was paid before above what its own limits grant."""
        return max(self.paid_before_fen - self.granted_fen, 0)


@dataclass(frozen=True, slots=True)
class SettledEvent:
    """One event. ``left_before`` and ``left_after`` say what the park's limit of the period holds
    before and after it."""

    event: str
    day: date
    lines: tuple[SettledLine, ...]
    covers: tuple[SettledCover, ...]
    cuts: tuple[Cut, ...]
    left_before_fen: Fen
    left_after_fen: Fen


@dataclass(slots=True)
class _Paid:
    """What has been paid out of each limit of the period, in fen."""

    own: dict[Key, Fen] = field(default_factory=dict)
    shared: dict[str, Fen] = field(default_factory=dict)

    def add(self, park: Park, key: Key, fen: Fen) -> None:
        """Erode every limit that a payment comes out of."""
        self.own[key] = self.own.get(key, 0) + fen
        cover = key[1]
        if cover != BASE:
            self.shared[cover] = self.shared.get(cover, 0) + fen
        if _under_park_limits(park, cover):
            self.shared[PARK] = self.shared.get(PARK, 0) + fen

    def left(self, limit_fen: Fen, name: str) -> Fen:
        """What a shared limit of the period still holds."""
        return max(limit_fen - self.shared.get(name, 0), 0)


def _under_park_limits(park: Park, cover: str) -> bool:
    return cover == BASE or park.top_up(cover).under_park_limits


def settle_park(
    park: Park, roll: Sequence[ParkMember], claims: Sequence[ParkClaim],
    paid: Sequence[PaidBefore] = (),
) -> tuple[SettledEvent, ...]:
    """Settle all events of a list, the earliest first (by its first day of loss, then by name).

    ``claims`` hold every claim of each event that stands in them; ``paid`` what was paid before:
    for other events it erodes the limits of the period, for the same event it is an interim
    payment. Raises InputError for an amount below zero and for a member that is not on the roll.
    """
    _check(roll, claims, paid)
    events: dict[str, list[ParkClaim]] = {}
    for claim in claims:
        events.setdefault(claim.event, []).append(claim)
    state = _Paid()
    for one in paid:
        if one.event not in events:
            state.add(park, (one.member, one.cover), one.fen)
    order = sorted(events, key=lambda name: (min(one.day for one in events[name]), name))
    return tuple(_event(park, roll, name, events[name], _interim(paid, name), state)
                 for name in order)


def _check(roll: Sequence[ParkMember], claims: Sequence[ParkClaim], paid: Sequence[PaidBefore]
           ) -> None:
    known = {one.credit_code for one in roll}
    for place, claim in enumerate(claims):
        if claim.amount_fen < 0 or claim.member not in known:
            raise InputError("a claim is below zero, or of a firm that is not on the roll",
                             field=f"claims[{place}]", mend="give fen of zero or more of a member")
    for place, one in enumerate(paid):
        if one.fen < 0 or one.member not in known:
            raise InputError("a payment is below zero, or to a firm that is not on the roll",
                             field=f"paid[{place}]", mend="give fen of zero or more to a member")


def _interim(paid: Sequence[PaidBefore], event: str) -> dict[Key, Fen]:
    found: dict[Key, Fen] = {}
    for one in paid:
        if one.event == event:
            key = one.member, one.cover
            found[key] = found.get(key, 0) + one.fen
    return found


def _event(park: Park, roll: Sequence[ParkMember], name: str, lines: Sequence[ParkClaim],
           interim: Mapping[Key, Fen], state: _Paid) -> SettledEvent:
    """Settle one event and erode the limits by it."""
    cuts: list[Cut] = []
    own = _OwnLimits(park, roll, lines, state, cuts)
    granted = own.granted()
    # of equal remainders the cover that pays the claim listed first (DECISIONS 8): granted is so
    entitled = {key: max(granted.get(key, 0), interim.get(key, 0)) for key in (
        *granted, *sorted(key for key in interim if key not in granted))}
    for one in park.top_ups:
        if one.shared is not None:
            _share(one.id, [key for key in entitled if key[1] == one.id], entitled, interim,
                   one.shared.each_event_fen, state.left(one.shared.annual_fen, one.id), cuts)
    after_top_ups = dict(entitled)
    left = state.left(park.limits.annual_fen, PARK)
    under = [key for key in entitled if _under_park_limits(park, key[1])]
    reason = _share(PARK, under, entitled, interim, park.limits.each_event_fen, left, cuts)
    for key, fen in entitled.items():
        state.add(park, key, fen)
    stages: tuple[tuple[Unpaid, Mapping[Key, Fen]], ...] = (
        ("top_up_limit", after_top_ups), (reason, entitled))
    return SettledEvent(
        name, min(one.day for one in lines), _settled_lines(lines, own, stages),
        tuple(SettledCover(member, cover, granted.get((member, cover), 0), fen,
                           interim.get((member, cover), 0))
              for (member, cover), fen in entitled.items()),
        tuple(cuts), left, state.left(park.limits.annual_fen, PARK))


class _OwnLimits:
    """The lines of an event through the limits of each member's own covers."""

    def __init__(self, park: Park, roll: Sequence[ParkMember], lines: Sequence[ParkClaim],
                 state: _Paid, cuts: list[Cut]) -> None:
        self.park, self.lines, self.state, self.cuts = park, lines, state, cuts
        self.left = [one.amount_fen for one in lines]
        self.paid: list[dict[str, Fen]] = [{} for _ in lines]
        self.reasons: list[Unpaid] = ["own_limits"] * len(lines)
        stays: dict[str, list[ParkMember]] = {}
        for one in roll:
            stays.setdefault(one.credit_code, []).append(one)
        self.member = [next((one for one in stays[line.member] if one.covered(line.day)), None)
                       for line in lines]
        for code in dict.fromkeys(one.member for one in lines):
            self._pay(code)

    def granted(self) -> dict[Key, Fen]:
        """What the covers of each member grant together."""
        found: dict[Key, Fen] = {}
        for line, paid in zip(self.lines, self.paid, strict=True):
            for cover, fen in paid.items():
                key = line.member, cover
                found[key] = found.get(key, 0) + fen
        return found

    def _pay(self, code: str) -> None:
        places = [place for place, one in enumerate(self.lines) if one.member == code]
        for order in ("first", "base", "after"):
            if order == "base":
                self._base(code, places)
                continue
            for one in self.park.top_ups:
                if one.order == order:
                    held = [place for place in places if self._holds(place, one.id)]
                    self._take(one.id, code, held, one.each_event_fen, one.period_fen)
        for place in places:
            if self.member[place] is None:
                self.reasons[place] = "not_in_cover"
            elif not self._base_answers(place) and not any(
                    self._holds(place, one.id) for one in self.park.top_ups):
                self.reasons[place] = "coverage_not_held"

    def _holds(self, place: int, top_up: str) -> bool:
        line, member = self.lines[place], self.member[place]
        return (member is not None and line.top_up in ("", top_up)
                and line.coverage in self.park.top_up(top_up).coverages
                and member.holds(top_up, line.day))

    def _base_answers(self, place: int) -> bool:
        line = self.lines[place]
        return self.member[place] is not None and not line.top_up and any(
            one.coverage == line.coverage for one in self.park.base.sections)

    def _base(self, code: str, places: Sequence[int]) -> None:
        held = [place for place in places if self._base_answers(place)]
        if not held:
            return
        asked = {place: self.left[place] for place in held}
        for section in self.park.base.sections:
            if section.sublimit_fen is not None:
                some = [place for place in held if self.lines[place].coverage == section.coverage]
                asked |= self._cut(f"sublimit {section.coverage}", code, BASE,
                                   {place: asked[place] for place in some}, section.sublimit_fen)
        member = self.member[held[0]]
        assert member is not None  # the base answers for lines of a member in cover
        self._take(BASE, code, held, member.limit.each_event_fen, member.limit.period_fen, asked)

    def _take(self, cover: str, code: str, places: Sequence[int], each_event: Fen, period: Fen,
              asked: dict[int, Fen] | None = None) -> None:
        """What a cover pays of these lines, each limit cut pro rata."""
        if asked is None:
            asked = {place: self.left[place] for place in places}
        asked = self._cut("each event", code, cover, asked, each_event)
        used = self.state.own.get((code, cover), 0)
        asked = self._cut("period", code, cover, asked, max(period - used, 0))
        for place, fen in asked.items():
            if fen:
                self.paid[place][cover] = fen
                self.left[place] -= fen

    def _cut(self, limit: str, code: str, cover: str, asked: dict[int, Fen], limit_fen: Fen
             ) -> dict[int, Fen]:
        total = sum(asked.values())
        if total <= limit_fen:
            return asked
        self.cuts.append(Cut(limit, code, cover, total, limit_fen, limit_fen))
        return dict(zip(asked, split(limit_fen, list(asked.values())), strict=True))


def _share(name: str, keys: Sequence[Key], entitled: dict[Key, Fen], interim: Mapping[Key, Fen],
           each_event: Fen, left: Fen, cuts: list[Cut]) -> Unpaid:
    """Cut what is entitled to a shared limit, in place; which of the two limits binds."""
    limit = min(each_event, left)
    asked = sum(entitled[key] for key in keys)
    binding = "each event" if each_event <= left else "period"
    if asked > limit:
        parts = share_limit(limit, [entitled[key] for key in keys],
                            [interim.get(key, 0) for key in keys])
        entitled.update(zip(keys, parts, strict=True))
        cuts.append(Cut(binding, "", name, asked, limit, sum(parts)))
    return "park_event_limit" if binding == "each event" else "park_period_limit"


def share_limit(limit: Fen, amounts: Sequence[Fen], paid: Sequence[Fen]) -> list[Fen]:
    """A limit shared pro rata to amounts, where nobody gets less than it was paid before.

    Who was paid more than its share keeps that; the others share what is left in proportion. The
    parts add up to the limit, or to what was paid where that is more. All in fen; each amount is
    at least what was paid on it.
    """
    if sum(amounts) <= limit:
        return list(amounts)
    parts = list(paid)
    open_places = [place for place, fen in enumerate(amounts) if fen]
    while open_places:
        kept = sum(paid) - sum(paid[place] for place in open_places)
        shares = split(max(limit - kept, 0), [amounts[place] for place in open_places])
        short = {place for place, share in zip(open_places, shares, strict=True)
                 if share < paid[place]}
        if not short:
            for place, share in zip(open_places, shares, strict=True):
                parts[place] = share
            break
        open_places = [place for place in open_places if place not in short]
    return parts


def _settled_lines(
    lines: Sequence[ParkClaim], own: _OwnLimits,
    stages: Sequence[tuple[Unpaid, Mapping[Key, Fen]]],
) -> tuple[SettledLine, ...]:
    """Each line's part of what its member's covers are entitled to, and why the rest is unpaid."""
    paid: list[dict[str, Fen]] = [dict(one) for one in own.paid]
    unpaid: list[dict[Unpaid, Fen]] = [{reason: left} if left else {} for reason, left in zip(
        own.reasons, own.left, strict=True)]
    places: dict[Key, list[int]] = {}
    for place, line in enumerate(lines):
        for cover in paid[place]:
            places.setdefault((line.member, cover), []).append(place)
    for key, held in places.items():
        for why, after in stages:
            parts = [paid[place][key[1]] for place in held]
            for place, before, fen in zip(held, parts, _at_most(after[key], parts), strict=True):
                paid[place][key[1]] = fen
                if before > fen:
                    unpaid[place][why] = unpaid[place].get(why, 0) + before - fen
    return tuple(SettledLine(*one) for one in zip(lines, paid, unpaid, strict=True))


def _at_most(total: Fen, parts: Sequence[Fen]) -> list[Fen]:
    return list(parts) if total >= sum(parts) else split(total, parts)
