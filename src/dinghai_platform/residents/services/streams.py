"""A list that arrives in parts: opened, filled part by part, closed into a list like any other.

A part is answered at once with the faults of its rows, so that a channel mends them while the
person is still there; rows that are mended are sent in a later part. The same part again is the
same answer. Nothing is enrolled before the closed list is looked through and issued.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db import transaction

from dinghai.foundation.canonical import canonical_bytes, sha256_hex
from dinghai.foundation.errors import Fault, InputError, Refusal
from dinghai.schemes.resident_columns import NAMES
from dinghai.schemes.resident_list import Resident, read_resident
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import locked
from dinghai_platform.residents.models import Enrolment, ListPart, ListStream, ResidentScheme
from dinghai_platform.residents.sealing import opened_part, seal_part
from dinghai_platform.residents.services.lists import KEPT_DAYS, require_going_on, take_list

ROWS: Final = 5_000
"""Rows of a part at most: some tenths of a second of reading."""
_HEADER: Final = ",".join(NAMES).encode() + b"\n"
Row = Mapping[str, str]


@transaction.atomic
def open_stream(scheme: ResidentScheme, *, name: str, actor: Actor) -> ListStream:
    """Open a stream of a scheme; a name that is open already answers the stream of before.

    Raises InputError for a name that is none, Refusal for one whose stream is closed, and once the
    scheme is over: nobody's data is gathered for cover that nobody can have any more.
    """
    require(actor, "residents.enrol", scheme)
    plain = name.strip()
    if not plain or not plain.isprintable() or "/" in plain or "\\" in plain:
        raise InputError("the stream has no usable name", field="name",
                         mend="give it a name without slashes")
    audit.hold_chain(scheme.tenant)
    before = ListStream.objects.within(scheme.tenant).filter(scheme=scheme, name=plain).first()
    if before is not None:
        if before.enrolment_id is not None:
            raise Refusal(f"the stream {plain!r} is closed")
        return before
    require_going_on(scheme)
    stream = ListStream.objects.create(tenant=scheme.tenant, scheme=scheme, name=plain,
                                       created_by=actor.user)
    audit.append(actor, "residents.stream_opened", stream, {
        "scheme": scheme.number, "name": plain})
    return stream


@transaction.atomic
def take_part(
    stream: ListStream, number: int, rows: Sequence[Row], *, actor: Actor
) -> ListPart:
    """Take part ``number`` (from 1, one after the other) and say what is wrong with its rows.

    Raises InputError for too many rows, Refusal for a part out of order, for other rows under a
    number that was taken, after the stream is closed, and once the scheme is over.
    """
    require(actor, "residents.enrol", stream)
    if len(rows) > ROWS:
        raise InputError(f"a part has at most {ROWS} rows", field="rows", mend="send two parts")
    digest = sha256_hex(canonical_bytes(list(map(dict, rows))))
    stream = locked(stream)
    before = ListPart.objects.within(stream.tenant).filter(stream=stream, number=number).first()
    if before is not None:
        if before.sha256 != digest:
            raise Refusal(f"part {number} was taken with other rows")
        return before
    if stream.enrolment_id is not None:
        raise Refusal(f"the stream {stream.name!r} is closed")
    if number != stream.parts + 1:
        raise Refusal(f"part {stream.parts + 1} comes next, not {number}")
    require_going_on(stream.scheme)
    lines, accepted, faults = _read(rows, stream.scheme)
    part = ListPart.objects.create(
        tenant=stream.tenant, stream=stream, number=number, sha256=digest, rows=len(rows),
        accepted=accepted, faults=[one.to_dict() for one in faults], size=len(lines),
        lines=seal_part(stream, number, lines))
    stream.parts, stream.rows = number, stream.rows + len(rows)
    stream.accepted += accepted
    stream.touched_at = clock.now()
    stream.save(update_fields=("parts", "rows", "accepted", "touched_at"))
    # Not the hash of what was sent: the chain is for ever, and a part may be one person.
    audit.append(actor, "residents.part_taken", stream, {
        "part": number, "rows": part.rows, "accepted": part.accepted})
    return part


@transaction.atomic
def close_stream(stream: ListStream, *, parts: int, actor: Actor) -> Enrolment:
    """Make a list of the parts and have it looked through. Asked again it answers the same.

    ``parts`` is how many the sender has sent: Refusal where another number arrived, and where no
    row was good.
    """
    require(actor, "residents.enrol", stream)
    stream = locked(stream)
    if stream.parts != parts:
        raise Refusal(f"{stream.parts} parts arrived, {parts} were sent")
    if stream.enrolment is not None:
        return stream.enrolment
    if not stream.accepted:
        raise Refusal("nobody in the stream can be enrolled")
    enrolment = take_list(stream.scheme, _Joined(stream), name=f"{stream.name}.csv", actor=actor)
    stream.enrolment = enrolment
    stream.save(update_fields=("enrolment",))
    ListPart.objects.within(stream.tenant).filter(stream=stream).update(lines=b"")
    audit.append(actor, "residents.stream_closed", stream, {
        "parts": parts, "rows": stream.rows, "accepted": stream.accepted,
        "list": str(enrolment.pk)})
    return enrolment


def drop_old_streams(*, actor: Actor, tenant: Organisation, most: int) -> int:
    """Drop streams that nobody filled or closed for long, with everybody in them; how many."""
    require(actor, "residents.enrol")
    before = clock.now() - timedelta(days=KEPT_DAYS)
    old = list(ListStream.objects.within(tenant).filter(
        enrolment=None, touched_at__lt=before).order_by("pk")[:most])
    for one in old:
        with transaction.atomic():
            stream = locked(one)
            if stream.enrolment_id is None and stream.touched_at < before:  # while we waited
                audit.append(actor, "residents.stream_dropped", stream, {
                    "name": stream.name, "parts": stream.parts, "rows": stream.rows})
                ListPart.objects.within(tenant).filter(stream=stream).delete()
                stream.delete()
    return len(old)


@dataclass(frozen=True, slots=True)
class _Joined:
    """The parts of a stream as one CSV, one part in memory at a time."""

    stream: ListStream

    @property
    def size(self) -> int:
        """Bytes of the whole."""
        return len(_HEADER) + sum(
            ListPart.objects.within(self.stream.tenant).filter(stream=self.stream).values_list(
                "size", flat=True))

    def chunks(self) -> Iterator[bytes]:
        """Header, then part by part."""
        yield _HEADER
        for number, lines in ListPart.objects.within(self.stream.tenant).filter(
                stream=self.stream).order_by("number").values_list("number", "lines").iterator(
                chunk_size=4):
            yield opened_part(self.stream, number, bytes(lines))


def _read(rows: Sequence[Row], scheme: ResidentScheme) -> tuple[bytes, int, list[Fault]]:
    """The good rows as lines of CSV, their number, and the faults of the others by row from 1."""
    terms, today = scheme.terms(), clock.today()
    text, faults, accepted = io.StringIO(), [], 0
    writer = csv.writer(text, lineterminator="\n")
    for place, row in enumerate(rows, 1):
        cells = {field: row.get(field, "") for field in NAMES}
        found = read_resident(cells, cells.pop("plan"), terms, as_of=today)
        if isinstance(found, Resident):
            writer.writerow((found.name, found.identity, found.mobile,
                             terms.plans[found.plan].code, "yes",
                             found.consented_on.isoformat()))
            accepted += 1
        else:
            faults += [Fault(one.message, None, place, one.field, one.mend) for one in found]
    return text.getvalue().encode(), accepted, faults
