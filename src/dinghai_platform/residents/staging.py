"""Certificates of a list, chunk by chunk: staged where nobody sees them, then sealed at once.

A chunk is read, hashed and encrypted outside any transaction; writing it takes a third of a second.
The seal enters everybody of the list into the register of persons in the order of their hashes,
which is what a database's index likes best, posts the premium and writes one audit link over all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.db import connection

from dinghai.foundation.chain import merkle_root
from dinghai.foundation.errors import Fault
from dinghai.schemes.people import masked_name
from dinghai.schemes.persons_twice import WIDTH, look_up_hashes
from dinghai.schemes.resident_check import ENROLLED
from dinghai_platform.core.jobs import Progress, Step
from dinghai_platform.core.tenancy import crossing_tenants, locked
from dinghai_platform.residents import reading
from dinghai_platform.residents.checking import enrolment_of
from dinghai_platform.residents.kept_faults import TWICE, fault_at, packed_faults
from dinghai_platform.residents.mass_rows import insert_rows, key_of
from dinghai_platform.residents.models import (
    Certificate,
    CertificateCounter,
    Enrolment,
    EnrolmentChunk,
)
from dinghai_platform.residents.packed_lines import lines_of, stands_in
from dinghai_platform.residents.reading import rows_of_chunk
from dinghai_platform.residents.sealing import look_up_key, seal_people
from dinghai_platform.residents.services.falling_short import give_up_short_list
from dinghai_platform.residents.services.letting_go import let_go_of_file
from dinghai_platform.residents.services.lists import give_up_list, why_over
from dinghai_platform.residents.services.seal import NotEveryRow, seal_enrolment

CERTIFICATES, CHANGES = 1, 2
"""Whose numbers are counted."""
_COLUMNS = ("id", "tenant_id", "chunk_id", "line", "plan", "state", "masked_name", "person",
            "look_up")


@dataclass(frozen=True, slots=True)
class Staged:
    """A chunk ready to be written; all lists are as long as ``line``."""

    line: list[int]
    plan: list[int]
    masked_name: list[str]
    person: list[bytes]
    look_up: list[bytes]
    faults: tuple[Fault, ...]
    rejected: int


def prepare_chunk(step: Step) -> Staged | None:
    """The next chunk of a list; None after the last, when it is to be sealed."""
    enrolment = enrolment_of(step)
    rows = rows_of_chunk(enrolment, step.cursor.get("chunk", 0),
                         step.cursor.get("rows", reading.ROWS))
    if rows is None:
        return None
    again = stands_in(lines_of(enrolment.repeated), rows.line)
    before = stands_in(lines_of(enrolment.enrolled), rows.line)
    good = ~(again | before)
    kept = np.flatnonzero(good).tolist()
    names, identities, mobiles = (
        column if good.all() else [column[place] for place in kept]
        for column in (rows.name, rows.identity, rows.mobile))
    lines = rows.line[good].tolist()
    hashes = look_up_hashes(identities, look_up_key(enrolment.scheme))
    faults = [*rows.faults, *(
        fault_at(line, words, file=enrolment.file_name)
        for left_out, words in ((again, TWICE), (before, ENROLLED))
        for line in rows.line[left_out].tolist())]
    return Staged(
        lines, rows.plan[good].tolist(), list(map(masked_name, names)),
        seal_people(enrolment, lines, names, identities, mobiles,
                    rows.consented_on[good].tolist()),
        [hashes[place:place + WIDTH] for place in range(0, len(hashes), WIDTH)],
        tuple(sorted(faults, key=lambda one: one.line or 0)),
        len({one.line for one in faults}))


def write_chunk(step: Step) -> Progress:
    """Write a prepared chunk, or seal after the last; a list that was given up is left alone, and
    one whose scheme is over meanwhile, or that is all or nothing and cannot be issued whole, is
    given up."""
    enrolment = locked(enrolment_of(step))
    if enrolment.state != Enrolment.State.ISSUING:
        return Progress(step.progress, finished=True)
    if (why := why_over(enrolment.scheme)) is not None:
        return _given_up(step, give_up_list(enrolment, actor=step.actor, why=why))
    staged: Staged | None = step.prepared
    if staged is None:
        try:
            seal_enrolment(enrolment, actor=step.actor)
        except NotEveryRow as short:
            return _given_up(step, give_up_short_list(enrolment, short, actor=step.actor))
        let_go_of_file(enrolment, actor=step.actor)
        return Progress(enrolment.rows + 1, enrolment.rows + 1,
                        result={"accepted": enrolment.number, "rejected": enrolment.rejected})
    number = step.cursor.get("chunk", 0)
    stage(enrolment, staged, number)
    return Progress(step.progress + len(staged.line) + staged.rejected, enrolment.rows + 1,
                    cursor={"chunk": number + 1, "rows": step.cursor.get("rows", reading.ROWS)})


def _given_up(step: Step, enrolment: Enrolment) -> Progress:
    return Progress(step.progress, finished=True, result={
        "given_up": (enrolment.check_document or {})["given_up"]})


def stage(enrolment: Enrolment, staged: Staged, number: int) -> EnrolmentChunk:
    """Write a chunk's certificates, which nobody sees before the seal."""
    first = take_numbers(len(staged.line))
    ids = range(first, first + len(staged.line))
    plans = len(enrolment.scheme.document["plans"])
    chunk = EnrolmentChunk.objects.create(
        tenant=enrolment.tenant, enrolment=enrolment, number=number, first=first,
        accepted=np.bincount(np.array(staged.plan, dtype=np.int64), minlength=plans).tolist(),
        rejected=staged.rejected, faults=packed_faults(staged.faults),
        root=merkle_root(leaves_of(ids, staged.plan, staged.look_up, staged.person)))
    tenant, state = key_of(enrolment.tenant), int(Certificate.State.IN_FORCE)
    insert_rows(Certificate, _COLUMNS, (
        (one, tenant, chunk.pk, line, plan, state, name, person, look_up)
        for one, line, plan, name, person, look_up in zip(
            ids, staged.line, staged.plan, staged.masked_name, staged.person, staged.look_up,
            strict=True)))
    return chunk


def leaves_of(
    ids: Sequence[int], plans: Sequence[int], look_ups: Sequence[bytes], people: Sequence[bytes]
) -> list[bytes]:
    """The leaf of each certificate: its number, plan, look-up hash and sealed person."""
    return [number.to_bytes(8, "big") + plan.to_bytes(2, "big") + look_up + person
            for number, plan, look_up, person in zip(ids, plans, look_ups, people, strict=True)]


def take_numbers(count: int, *, of: int = CERTIFICATES) -> int:
    """Take as many numbers in a row (of certificates, or of changes); the first of them."""
    with crossing_tenants("certificate numbers are of the whole site"):
        CertificateCounter.objects.get_or_create(pk=of)
        rows = CertificateCounter.objects.filter(pk=of)
        if connection.features.has_select_for_update:
            rows = rows.select_for_update()
        first: int = rows.get().next_number
        rows.update(next_number=first + count)
    return first
