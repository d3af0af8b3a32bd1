"""A park's rows as the engine reads them, and the engine's members as rows."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import msgspec

from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.reading import typed
from dinghai.schemes import park_file
from dinghai.schemes.park_claims import PaidBefore, ParkClaim, read_claims
from dinghai.schemes.park_file import MemberLimit, read_park
from dinghai.schemes.park_findings import ParkFinding
from dinghai.schemes.park_members import ChosenTopUp, MemberList, read_members
from dinghai.schemes.park_members import ParkMember as Stay
from dinghai_platform.chains.services.common import file_name
from dinghai_platform.parks.models import EventSettlement, Park, ParkMember

LARGEST_POLICY: Final = 512 * 1024
LARGEST_LIST: Final = 4 * 1024 * 1024
MOST_ROWS: Final = 5_000
_LISTS: Final = (".csv", ".txt", ".xlsx", ".xlsm", ".parquet")


@contextmanager
def _as_file(content: bytes, name: str, suffixes: Sequence[str], largest: int, field: str
             ) -> Iterator[tuple[Path, str]]:
    """An upload as a file for the engine, under a name of the house's; faults bear the name it
    was given. Raises InputError for one of another kind or above the bound."""
    plain = file_name(name)
    suffix = Path(plain).suffix.lower()
    if suffix not in suffixes:
        raise InputError("the file is of another kind", file=plain, field=field,
                         mend="give one of: " + ", ".join(suffixes))
    if len(content) > largest:
        raise InputError(f"the file is larger than {largest // 1024} KB", file=plain, field=field,
                         mend="split it")
    with tempfile.TemporaryDirectory(prefix="park-") as room:
        path = Path(room) / f"upload{suffix}"
        path.write_bytes(content)
        try:
            yield path, plain
        except InputError as error:
            raise InputError.of(_named(one, plain) for one in error.faults) from None


def _named(fault: Fault, name: str) -> Fault:
    return Fault(fault.message, name if fault.file else None, fault.line, fault.field, fault.mend)


def read_policy(content: bytes, name: str) -> park_file.Park:
    """The master policy of an upload (TOML or JSON). Raises InputError with every fault."""
    with _as_file(content, name, (".toml", ".json"), LARGEST_POLICY, "document") as (path, _name):
        return read_park(path)


def policy_of(row: Park) -> park_file.Park:
    """The master policy of a row."""
    return typed(row.document, park_file.Park)


def read_list_of_members(
    content: bytes, name: str, policy: park_file.Park, roll: Sequence[Stay],
    columns: Mapping[str, str],
) -> MemberList:
    """A list of members read into a roll. Raises InputError for what is no list, or is too long."""
    with _as_file(content, name, _LISTS, LARGEST_LIST, "file") as (path, plain):
        found = read_members(path, policy, roll=roll, asked=dict(columns))
        if len(found.results) > MOST_ROWS:
            raise InputError("the list has too many rows", file=str(path), field="file",
                             mend=f"give at most {MOST_ROWS} in one list")
        if not found.results:
            raise InputError("the list names nobody", file=str(path), field="file",
                             mend="give a row for each firm")
    results = tuple(replace(one, faults=tuple(_named(fault, plain) for fault in one.faults))
                    for one in found.results)
    return replace(found, file=plain, results=results)


def read_list_of_claims(
    content: bytes, name: str, policy: park_file.Park, roll: Sequence[Stay]
) -> tuple[ParkClaim, ...]:
    """The claims of one event. Raises InputError with every fault."""
    with _as_file(content, name, _LISTS, LARGEST_LIST, "file") as (path, _name):
        return read_claims(path, policy, roll)


def roll_of(rows: Sequence[ParkMember], policy: park_file.Park) -> tuple[Stay, ...]:
    """Members as the engine's roll, in the order given."""
    limits = {one.each_event_fen: one for one in policy.base.limits}
    return tuple(_stay(one, limits, policy.expiry) for one in rows)


def _stay(row: ParkMember, limits: Mapping[int, MemberLimit], expiry: date) -> Stay:
    return Stay(
        credit_code=row.credit_code, name=row.name_zh, name_en=row.name_en, sector=row.sector,
        rating_class=row.rating_class, size=row.size, revenue_fen=row.revenue_fen,
        joined=row.first, left=None if row.last == expiry else row.last,
        limit=limits[row.limit_fen],
        top_ups=tuple(ChosenTopUp(one["id"], date.fromisoformat(one["first"]))
                      for one in row.top_ups),
        network=_tuple(row.network), providers=_tuple(row.providers), grade=row.grade,
        findings=None if row.findings is None else tuple(
            ParkFinding(one["code"], one["tenths"]) for one in row.findings))


def _tuple(parts: Any) -> tuple[str, ...] | None:
    return None if parts is None else tuple(parts)


def row_of(stay: Stay, park: Park, sequence: int) -> ParkMember:
    """A new member of the engine's roll as a row."""
    row = ParkMember(
        tenant=park.tenant, operator=park.operator, park=park, park_number=park.number,
        park_zh=park.name_zh, park_en=park.name_en, sequence=sequence,
        credit_code=stay.credit_code, name_zh=stay.name, name_en=stay.name_en,
        sector=stay.sector, rating_class=stay.rating_class, size=stay.size,
        revenue_fen=stay.revenue_fen, first=stay.joined, limit_fen=stay.limit.each_event_fen,
        network=None if stay.network is None else list(stay.network),
        providers=None if stay.providers is None else list(stay.providers), grade=stay.grade,
        findings=None if stay.findings is None else [
            {"code": one.code, "tenths": one.tenths} for one in stay.findings])
    take_end(row, stay, park.expiry)
    return row


def take_end(row: ParkMember, stay: Stay, expiry: date) -> None:
    """What leaving changes: the last day, the state, and top-ups that never begin."""
    row.last = stay.left or expiry
    row.state = ParkMember.State.LEFT if row.last < expiry else ParkMember.State.ENROLLED
    row.top_ups = [{"id": one.id, "first": one.first.isoformat()} for one in stay.top_ups]
    row.top_up_codes = "".join(f";{one.id};" for one in stay.top_ups)


def claims_of(row: EventSettlement) -> tuple[ParkClaim, ...]:
    """The claims of a settlement as the engine reads them."""
    return tuple(ParkClaim(
        event=row.event, claim=one["claim"], member=one["member"], coverage=one["coverage"],
        top_up=one["top_up"], day=date.fromisoformat(one["day"]), amount_fen=one["amount_fen"])
        for one in row.claims)


def paid_of(rows: Sequence[EventSettlement]) -> tuple[PaidBefore, ...]:
    """What posted settlements paid, by event, member and cover."""
    return tuple(
        PaidBefore(row.event, one["member"], one["cover"], one["due_fen"])
        for row in rows for event in row.document["events"] for one in event["covers"]
        if one["due_fen"])


def document_of(policy: park_file.Park) -> dict[str, Any]:
    """A master policy as its document."""
    found: dict[str, Any] = msgspec.to_builtins(policy)
    return found
