"""A park's risk portrait: what its members share, and what one event on it could cost.

The largest event of a shared network or provider is the sum of the limits of all who rely on it:
every one of them loses its whole limit at once. That is a bound, not a forecast: it needs no
frequency, and it holds against the limits that the park itself shares.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import PPM, Fen, multiply_divide
from dinghai.schemes.park_file import GRADES, Park
from dinghai.schemes.park_members import ParkMember

PORTRAIT_SCHEMA: Final = "dinghai.park-portrait/1"
WORST: Final = 5
Kind = Literal["network", "provider"]


@dataclass(frozen=True, slots=True)
class SharedResource:
    """A network or provider that members rely on, in members and fen. ``largest_fen`` is the sum of
    their limits, ``payable_fen`` what the shared limits would pay of it, ``short_fen`` the rest;
    ``single_point`` says that the file's share of all members or more rely on it."""

    kind: Kind
    name: str
    members: tuple[str, ...]
    largest_fen: Fen
    payable_fen: Fen
    single_point: bool

    @property
    def short_fen(self) -> Fen:
        """What would stay with the members."""
        return self.largest_fen - self.payable_fen


@dataclass(frozen=True, slots=True)
class SpreadFinding:
    """A finding across the park. ``tenths`` is the highest severity known, in tenths of CVSS."""

    code: str
    tenths: int | None
    members: tuple[str, ...]
    limit_fen: Fen


@dataclass(frozen=True, slots=True)
class ParkPortrait:
    """The portrait of the members in cover on a day."""

    on: date
    members: int
    limit_fen: Fen
    grades: tuple[tuple[str, int, Fen], ...]
    resources: tuple[SharedResource, ...]
    findings: tuple[SpreadFinding, ...]
    unknown: tuple[tuple[str, int], ...]


def portrait(park: Park, roll: Sequence[ParkMember], on: date) -> ParkPortrait:
    """The portrait on a day. Raises InputError for a day outside the policy."""
    if not park.inception <= on <= park.expiry:
        raise InputError(f"{on} lies outside the policy", field="--on",
                         mend=f"give a day from {park.inception} to {park.expiry}")
    members = sorted((one for one in roll if one.covered(on)), key=lambda one: one.credit_code)
    limits = {one.credit_code: _limit(park, one, on) for one in members}
    resources = [*_resources(park, members, "network", lambda one: one.network or (), on),
                 *_resources(park, members, "provider", lambda one: one.providers or (), on)]
    resources.sort(key=lambda one: (-one.largest_fen, -len(one.members), one.kind, one.name))
    unknown = (("network", sum(one.network is None for one in members)),
               ("providers", sum(one.providers is None for one in members)),
               ("findings", sum(one.findings is None for one in members)),
               ("grade", sum(not one.grade for one in members)))
    return ParkPortrait(on, len(members), sum(limits.values()), _grades(members, limits),
                        tuple(resources), _findings(members, limits), unknown)


def _limit(park: Park, one: ParkMember, on: date) -> Fen:
    """The most that a member's covers pay each event together."""
    return one.limit.each_event_fen + sum(
        park.top_up(each.id).each_event_fen for each in one.top_ups if one.holds(each.id, on))


def _grades(members: Sequence[ParkMember], limits: dict[str, Fen]
            ) -> tuple[tuple[str, int, Fen], ...]:
    """Grade ("" for not known), members, limits."""
    return tuple((grade, len(some), sum(limits[one.credit_code] for one in some))
                 for grade in (*GRADES, "")
                 for some in [[one for one in members if one.grade == grade]])


def _resources(park: Park, members: Sequence[ParkMember], kind: Kind,
               names: Callable[[ParkMember], Iterable[str]], on: date) -> list[SharedResource]:
    groups: dict[str, list[ParkMember]] = {}
    for one in members:
        for name in names(one):
            groups.setdefault(name, []).append(one)
    return [_resource(park, kind, name, some, len(members), on)
            for name, some in groups.items() if len(some) > 1]


def _resource(park: Park, kind: Kind, name: str, some: Sequence[ParkMember], whole: int, on: date
              ) -> SharedResource:
    largest = sum(_limit(park, one, on) for one in some)
    payable = most_of_event(park, some, on)
    share = multiply_divide(len(some), PPM, whole, "floor")
    return SharedResource(kind, name, tuple(one.credit_code for one in some), largest, payable,
                          share >= park.single_point_ppm)


def most_of_event(park: Park, members: Sequence[ParkMember], on: date) -> Fen:
    """The most that one event pays to these members, with the limits of the period untouched."""
    under, outside = sum(one.limit.each_event_fen for one in members), 0
    for top_up in park.top_ups:
        fen = top_up.each_event_fen * sum(one.holds(top_up.id, on) for one in members)
        if top_up.shared is not None:
            fen = min(fen, top_up.shared.each_event_fen)
        if top_up.under_park_limits:
            under += fen
        else:
            outside += fen
    return min(under, park.limits.each_event_fen) + outside


def _findings(members: Sequence[ParkMember], limits: dict[str, Fen]) -> tuple[SpreadFinding, ...]:
    """The worst of the whole park: the most severe first, of these the one that most have."""
    found: dict[str, list[ParkMember]] = {}
    tenths: dict[str, int | None] = {}
    for one in members:
        for each in one.findings or ():
            found.setdefault(each.code, []).append(one)
            known = [level for level in (tenths.get(each.code), each.tenths) if level is not None]
            tenths[each.code] = max(known, default=None)
    spread = [SpreadFinding(code, tenths[code], tuple(one.credit_code for one in some),
                            sum(limits[one.credit_code] for one in some))
              for code, some in found.items()]
    ordered = sorted(spread, key=lambda one: (
        -(-1 if one.tenths is None else one.tenths), -len(one.members), -one.limit_fen, one.code))
    return tuple(ordered[:WORST])


def portrait_document(park: Park, found: ParkPortrait) -> dict[str, JSON]:
    """Plain JSON (schema dinghai.park-portrait/1). Amounts in fen, shares in ppm."""
    return {
        "schema": PORTRAIT_SCHEMA, "park": park.id, "on": found.on.isoformat(),
        "members": found.members, "limit_fen": found.limit_fen,
        "each_event_fen": park.limits.each_event_fen, "period_fen": park.limits.annual_fen,
        "grades": [{"grade": grade, "members": count, "limit_fen": fen}
                   for grade, count, fen in found.grades],
        "shared": [
            {"kind": one.kind, "name": one.name, "members": len(one.members),
             "share_ppm": multiply_divide(len(one.members), PPM, found.members, "half_up"),
             "largest_event_fen": one.largest_fen, "payable_fen": one.payable_fen,
             "short_fen": one.short_fen,
             "of_each_event_limit_ppm": multiply_divide(
                 one.largest_fen, PPM, max(park.limits.each_event_fen, 1), "half_up"),
             "of_period_limit_ppm": multiply_divide(
                 one.largest_fen, PPM, max(park.limits.annual_fen, 1), "half_up"),
             "single_point": one.single_point, "credit_codes": list(one.members)}
            for one in found.resources],
        "single_points": [f"{one.kind}:{one.name}" for one in found.resources if one.single_point],
        "single_point_ppm": park.single_point_ppm,
        "worst_findings": [
            {"code": one.code, "cvss_tenths": one.tenths, "members": len(one.members),
             "limit_fen": one.limit_fen, "credit_codes": list(one.members)}
            for one in found.findings],
        "not_known": dict(found.unknown)}
