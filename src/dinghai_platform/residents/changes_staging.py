"""Changes of certificates, chunk by chunk: staged where nobody sees them, then sealed at once.

A renewal stages new certificates, as an enrolment in the scheme of the next period; every other
kind stages a row for each certificate that says how it is afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

from dinghai.foundation.chain import merkle_root
from dinghai.schemes.people import masked_name
from dinghai.schemes.persons_twice import WIDTH, look_up_hashes
from dinghai_platform.core.jobs import Progress, Step
from dinghai_platform.core.tenancy import locked
from dinghai_platform.residents import changes_source
from dinghai_platform.residents.changes_deciding import (
    Decided,
    Later,
    decide,
    masked_of,
    moved_by_plan,
)
from dinghai_platform.residents.changes_finding import Held
from dinghai_platform.residents.changes_source import changes_of, part_of_list
from dinghai_platform.residents.kept_faults import packed_faults
from dinghai_platform.residents.mass_rows import insert_rows, key_of
from dinghai_platform.residents.models import Change, ChangeChunk, ChangeList, Enrolment
from dinghai_platform.residents.packed_lines import lines_of
from dinghai_platform.residents.renewal_sources import packed_sources
from dinghai_platform.residents.sealing import look_up_key, seal_people
from dinghai_platform.residents.services.changes import give_up, why_too_late
from dinghai_platform.residents.services.changes_seal import seal_changes
from dinghai_platform.residents.services.falling_short import give_up_short_changes
from dinghai_platform.residents.services.letting_go import let_go_of_file
from dinghai_platform.residents.services.seal import NotEveryRow
from dinghai_platform.residents.staging import (
    CHANGES,
    Staged,
    stage,
    take_numbers,
)

_COLUMNS: Final = (
    "id", "tenant_id", "chunk_id", "line", "certificate", "before", "state", "day", "plan_before",
    "plan", "step_fen", "owed_fen", "ended_on", "masked_name", "person_of", "person")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A chunk ready to be written: of a renewal its new certificates, of the others the people
    that were put right (empty where nobody was)."""

    decided: Decided
    moved: list[list[int]]
    certificates: Staged | None
    people: Sequence[bytes]


def prepare_part(step: Step) -> Prepared | None:
    """The next chunk of a list; None after the last, when it is to be sealed."""
    changes = changes_of(step)
    part = part_of_list(changes, step.cursor.get("chunk", 0),
                        step.cursor.get("rows", changes_source.ROWS))
    if part is None:
        return None
    again = set(lines_of(changes.repeated).tolist())
    decided = decide(changes, part, lambda line, certificate: line in again)
    moved = moved_by_plan(changes, decided.accepted)
    if changes.kind == ChangeList.Kind.RENEWAL:
        return Prepared(decided, moved, _new_certificates(changes, decided), ())
    if changes.kind == ChangeList.Kind.CORRECTION:
        return Prepared(decided, moved, None, _sealed(changes, decided.accepted))
    return Prepared(decided, moved, None, [b""] * len(decided.accepted))


def write_part(step: Step) -> Progress:
    """Write a prepared chunk, or seal after the last; a list that was given up is left alone, and
    one that comes too late for its day or period, or that is all or nothing and cannot be done
    whole, is given up."""
    changes = locked(changes_of(step))
    if changes.state == ChangeList.State.APPLYING and _enrolment_was_cancelled(changes):
        give_up(changes, actor=step.actor)
    if changes.state != ChangeList.State.APPLYING:
        return Progress(step.progress, finished=True)
    if (why := why_too_late(changes)) is not None:
        return _given_up(step, give_up(changes, actor=step.actor, why=why))
    prepared: Prepared | None = step.prepared
    if prepared is None:
        try:
            seal_changes(changes, actor=step.actor)
        except NotEveryRow as short:
            return _given_up(step, give_up_short_changes(changes, short, actor=step.actor))
        let_go_of_file(changes, actor=step.actor)
        return Progress(changes.rows + 1, changes.rows + 1, result={
            "accepted": changes.accepted, "rejected": changes.rejected,
            "left_out": changes.left_out})
    number, decided = step.cursor.get("chunk", 0), prepared.decided
    if prepared.certificates is not None:
        assert changes.enrolment is not None
        made = stage(changes.enrolment, prepared.certificates, number)
        _chunk(changes, number, prepared, made.first, made.root)
    else:
        _write_changes(changes, number, prepared)
    done = len(decided.accepted) + decided.rejected + decided.left_out
    return Progress(step.progress + done, changes.rows + 1, cursor={
        "chunk": number + 1, "rows": step.cursor.get("rows", changes_source.ROWS)})


def _given_up(step: Step, changes: ChangeList) -> Progress:
    return Progress(step.progress, finished=True, result={
        "given_up": (changes.check_document or {})["given_up"]})


def _enrolment_was_cancelled(changes: ChangeList) -> bool:
    """Whether the enrolment of a renewal was given up as a list of its own."""
    if changes.enrolment is None:
        return False
    return bool(locked(changes.enrolment).state == Enrolment.State.CANCELLED)


def _write_changes(changes: ChangeList, number: int, prepared: Prepared) -> None:
    rows, steps = prepared.decided.accepted, prepared.decided.steps
    assert steps is not None
    first = take_numbers(len(rows), of=CHANGES)
    root = merkle_root(leaves_of_changes(first, rows, steps.owed.tolist(), prepared.people,
                                         changes))
    chunk = _chunk(changes, number, prepared, first, root)
    tenant, state = key_of(changes.tenant), int(Change.State.STANDS)
    # A correction changes no cover: the day from which that holds stays as it was.
    corrects = changes.kind == ChangeList.Kind.CORRECTION
    day = (changes.scheme.first_day if corrects else changes.from_day).isoformat()
    insert_rows(Change, _COLUMNS, (
        (first + at, tenant, chunk.pk, one.line, one.held.id, one.held.change, state,
         one.held.day.isoformat() if corrects and one.held.day else day, one.held.plan, one.plan,
         step, owed, _ended_on(changes, one.held),
         masked_of(one), first + at if person else one.held.person_of, person)
        for at, (one, step, owed, person) in enumerate(zip(
            rows, steps.step.tolist(), steps.owed.tolist(), prepared.people, strict=True))))


def _chunk(
    changes: ChangeList, number: int, prepared: Prepared, first: int, root: str
) -> ChangeChunk:
    decided = prepared.decided
    held = [one.held for one in decided.accepted]
    renewal = changes.kind == ChangeList.Kind.RENEWAL
    made: ChangeChunk = ChangeChunk.objects.create(
        tenant=changes.tenant, changes=changes, number=number, first=first,
        accepted=len(decided.accepted), rejected=decided.rejected, left_out=decided.left_out,
        sums=asdict(decided.sums), moved=prepared.moved,
        sources=packed_sources([one.id for one in held], [one.change for one in held])
        if renewal else b"",
        faults=packed_faults(decided.faults), root=root)
    return made


def leaves_of_changes(
    first: int, rows: Sequence[Later], owed: Sequence[int], people: Sequence[bytes],
    changes: ChangeList,
) -> list[bytes]:
    """The leaf of each change."""
    return [
        change_leaf(one.held.id, first + at, one.held.change, one.plan, amount,
                    _ended_on(changes, one.held) or "", person)
        for at, (one, amount, person) in enumerate(zip(rows, owed, people, strict=True))]


def change_leaf(
    certificate: int, change: int, before: int, plan: int, owed_fen: int, ended_on: str,
    person: bytes,
) -> bytes:
    """What is provable of a change: the certificate, the change and the one before, the plan and
    what is owed afterwards, the first day without cover, the person put right (sealed)."""
    return b"".join((
        b"change", certificate.to_bytes(8, "big"), change.to_bytes(8, "big"),
        before.to_bytes(8, "big"), plan.to_bytes(2, "big"), owed_fen.to_bytes(8, "big"),
        ended_on.encode().ljust(10), person))


def _ended_on(changes: ChangeList, held: Held) -> str | None:
    """The first day without cover; of cover that never began, the day of the list."""
    if changes.kind != ChangeList.Kind.CANCELLATION:
        return None
    begun = changes.from_day > (held.first_day or changes.scheme.first_day)
    return (changes.from_day if begun else changes.as_of).isoformat()


def _sealed(owner: ChangeList | Enrolment, rows: Sequence[Later]) -> list[bytes]:
    people = [one.person for one in rows if one.person is not None]
    return seal_people(
        owner, [one.line for one in rows], [one[0] for one in people], [one[1] for one in people],
        [one[2] for one in people], [one[3] for one in people])


def _new_certificates(changes: ChangeList, decided: Decided) -> Staged:
    enrolment, rows = changes.enrolment, decided.accepted
    assert enrolment is not None
    people = [one.person for one in rows if one.person is not None]
    hashes = look_up_hashes([one[1] for one in people], look_up_key(enrolment.scheme))
    return Staged(
        [one.line for one in rows], [one.plan for one in rows],
        [masked_name(one[0]) for one in people], _sealed(enrolment, rows),
        [hashes[place:place + WIDTH] for place in range(0, len(hashes), WIDTH)],
        tuple(decided.faults), decided.rejected)
