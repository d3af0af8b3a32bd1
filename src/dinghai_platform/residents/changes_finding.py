"""Certificates as they are now, many at once: as they were issued, and what was changed since."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple

from django.db import connection

from dinghai.foundation.errors import Fault
from dinghai.schemes.persons_twice import WIDTH, look_up_hashes
from dinghai.schemes.resident_change_list import ChangeRows
from dinghai_platform.core.tenancy import TenantRow
from dinghai_platform.residents.mass_rows import key_of
from dinghai_platform.residents.models import (
    Certificate,
    Change,
    ChangeList,
    EnrolledPerson,
    Enrolment,
    EnrolmentChunk,
    Standing,
)
from dinghai_platform.residents.sealing import look_up_key, open_people

_AT_ONCE: Final = 5_000
Person = tuple[str, str, str, int]
"""Name, identity number, mobile number, day of consent since 1970."""


class Held(NamedTuple):
    """A certificate as it is now; ``change`` is its last one (0: none), ``ended_on`` the first day
    without cover, ``new_name`` and ``person_of`` what was corrected."""

    id: int
    chunk: int
    line: int
    plan: int
    look_up: bytes
    masked_name: str
    person: bytes
    change: int = 0
    day: date | None = None
    owed_fen: int = -1
    ended_on: date | None = None
    new_name: str = ""
    person_of: int = 0
    first_day: date | None = None
    """Of its own cover: of a sale within the scheme's period the day after it."""


@dataclass(slots=True)
class Found:
    """Rows of which there is a certificate: their places among the rows asked for."""

    place: list[int]
    held: list[Held]
    faults: list[Fault]


def found_rows(changes: ChangeList, rows: ChangeRows, *, people: bool) -> Found:
    """The certificates that rows of a list name (with their sealed ``people`` where those are
    needed), and a fault for each row that names none."""
    key = look_up_key(changes.scheme)
    hashes = look_up_hashes(rows.identity, key)
    wanted = [hashes[place:place + WIDTH] if identity else b""
              for place, identity in zip(range(0, len(hashes), WIDTH), rows.identity, strict=True)]
    by_person = _by_person(changes, [
        one for one, number in zip(wanted, rows.certificate.tolist(), strict=True)
        if one and not number])
    numbers = [number or by_person.get(one, 0)
               for number, one in zip(rows.certificate.tolist(), wanted, strict=True)]
    there = {one.id: one for one in _held(changes, numbers, people)}
    found = Found([], [], [])
    for place, number in enumerate(numbers):
        held = there.get(number)
        if held is not None and wanted[place] in (b"", held.look_up):
            found.place.append(place)
            found.held.append(held)
        else:
            found.faults.append(_not_found(changes, rows, place, held is not None))
    return found


def held_ranges(
    changes: ChangeList, ranges: Sequence[tuple[int, int]], *, people: bool
) -> list[Held]:
    """The certificates of whole chunks, by their first numbers and how many there are: single ones
    (sales) many at a time."""
    found = list(_held(changes, [first for first, number in ranges if number == 1], people))
    for first, number in ranges:
        if number > 1:
            found += _joined(changes, "{} >= %s AND {} < %s", [first, first + number], None, people)
    return sorted(found, key=lambda one: one.id)


def people_of(changes: ChangeList, held: Sequence[Held]) -> list[Person]:
    """The persons of certificates as they are now, opened."""
    owners = _owners(changes, {one.chunk for one in held if not one.person_of})
    found: list[Person | None] = [None] * len(held)
    of: dict[Any, list[int]] = {}
    for place, one in enumerate(held):
        if not one.person_of:
            of.setdefault(owners[one.chunk], []).append(place)
    for enrolment, places in of.items():
        opened = open_people(enrolment, [held[at].line for at in places],
                             [held[at].person for at in places])
        for at, person in zip(places, opened, strict=True):
            found[at] = person
    corrected = {one.person_of: at for at, one in enumerate(held) if one.person_of}
    for number, person in _corrected(changes, list(corrected)):
        found[corrected[number]] = person
    return [one for one in found if one is not None]


def _corrected(changes: ChangeList, numbers: list[int]) -> Iterator[tuple[int, Person]]:
    for part in _parts(numbers):
        of: dict[ChangeList, list[Change]] = {}
        for one in Change.objects.within(changes.tenant_id).filter(
                id__in=part).select_related("chunk__changes"):
            of.setdefault(one.chunk.changes, []).append(one)
        for owner, rows in of.items():
            people = open_people(owner, [one.line for one in rows],
                                 [bytes(one.person) for one in rows])
            yield from zip([one.pk for one in rows], people, strict=True)


def _owners(changes: ChangeList, chunks: Iterable[int]) -> dict[int, Enrolment]:
    """The sealed enrolments of a list's scheme by the keys of their chunks, of these chunks alone:
    a scheme may have a chunk for each of a million sales."""
    found, known = {}, dict[Any, Enrolment]()
    for part in _parts(sorted(set(chunks))):
        for chunk in EnrolmentChunk.objects.within(changes.tenant_id).filter(
                pk__in=part, enrolment__scheme=changes.scheme_id,
                enrolment__state=Enrolment.State.SEALED).select_related("enrolment").only(
                "id", "enrolment__id", "enrolment__tenant_id", "enrolment__scheme_id",
                "enrolment__link_id", "enrolment__as_of"):
            found[chunk.pk] = known.setdefault(chunk.enrolment_id, chunk.enrolment)
    return found


def _begins(changes: ChangeList, chunks: Iterable[int]) -> dict[int, date]:
    """The first day of cover by chunk."""
    found = {}
    for key, enrolment in _owners(changes, chunks).items():
        enrolment.scheme = changes.scheme
        found[key] = enrolment.first_day
    return found


def _held(changes: ChangeList, numbers: Sequence[int], people: bool) -> Iterator[Held]:
    for part in _parts(sorted({one for one in numbers if one})):
        yield from _joined(changes, f"{{}} IN ({_marks(part)})", part, None, people)


def _joined(
    changes: ChangeList, where: str, values: Sequence[Any], begins: dict[int, date] | None,
    people: bool,
) -> list[Held]:
    """Certificates in force by their numbers, each with its standing. Past the ORM, which takes
    longer over a few thousand numbers than the database."""
    later = {one[0]: one[1:] for one in _rows(
        changes, Standing, "certificate, plan, change, day, owed_fen, ended_on, masked_name,"
        " person_of", where.format("certificate", "certificate"), values)}
    found = []
    certificates = _rows(
            changes, Certificate, "id, chunk_id, line, plan, look_up, masked_name, "
            + ("person" if people else "NULL"),
            where.format("id", "id") + f" AND state = {int(Certificate.State.IN_FORCE)}"
            " ORDER BY id", values)
    if begins is None:
        begins = _begins(changes, {one[1] for one in certificates})
    for key, chunk, line, plan, look_up, name, person in certificates:
        if chunk not in begins:
            continue
        sealed = bytes(person) if people else b""
        if key in later:
            plan, change, day, owed, ended_on, new_name, person_of = later[key]
            found.append(Held(key, chunk, line, plan, bytes(look_up), name, sealed, change,
                              _as_day(day), owed, _as_day(ended_on), new_name, person_of,
                              begins[chunk]))
        else:
            found.append(Held(key, chunk, line, plan, bytes(look_up), name, sealed,
                              first_day=begins[chunk]))
    return found


def _as_day(value: date | str | None) -> date | None:
    """A day as SQLite gives it past the ORM."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def _by_person(changes: ChangeList, hashes: list[bytes]) -> dict[bytes, int]:
    return {bytes(look_up): number for part in _parts(hashes) for look_up, number in _rows(
        changes, EnrolledPerson, "look_up, certificate", f"look_up IN ({_marks(part)})", part)}


def _rows(
    changes: ChangeList, model: type[TenantRow], columns: str, where: str, values: Sequence[Any]
) -> list[Any]:
    """Plain rows of the list's tenant."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {model._meta.db_table} WHERE tenant_id = %s"
                       f" AND {where}", [key_of(changes.tenant), *values])
        found: list[Any] = cursor.fetchall()
        return found


def _marks(part: Sequence[Any]) -> str:
    return ", ".join(["%s"] * len(part))


def _parts(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), _AT_ONCE):
        yield items[start:start + _AT_ONCE]


def _not_found(changes: ChangeList, rows: ChangeRows, place: int, other: bool) -> Fault:
    line = int(rows.line[place])
    if other:
        return Fault("the certificate is another person's", changes.file_name, line, "identity",
                     "give the number or the person that is meant")
    if rows.certificate[place]:
        return Fault("there is no such certificate in the scheme", changes.file_name, line,
                     "certificate", "copy the number from the results of the enrolment")
    return Fault("the person is not enrolled in the scheme", changes.file_name, line, "identity",
                 "leave the row out, or enrol the person")
