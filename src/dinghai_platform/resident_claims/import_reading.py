"""The rows of a channel's file: read by the engine, held against the register, made into claims."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from dinghai.experience.tabular import table_of
from dinghai.foundation.errors import Fault, InputError
from dinghai.schemes.resident_claim_checks import after_day
from dinghai.schemes.resident_claim_file import ResidentClaims, claims_of
from dinghai.vocabulary.facts import UNKNOWN
from dinghai_platform.core import audit, clock
from dinghai_platform.core.files import read_file
from dinghai_platform.core.jobs import Progress, Step
from dinghai_platform.core.models import Organisation
from dinghai_platform.resident_claims.engine import covers_of, decide_by, paid_here
from dinghai_platform.resident_claims.facts import facts_of_cells, with_facts
from dinghai_platform.resident_claims.models import PREFIX, Claim, ClaimImport
from dinghai_platform.resident_claims.sealing import tie_key
from dinghai_platform.residents.mass_rows import insert_rows
from dinghai_platform.residents.models import Certificate, Enrolment, ResidentScheme, Standing
from dinghai_platform.residents.sealing import open_people

MOST_FAULTS: Final = 1_000
"""Faults that are kept to be shown; all are counted."""
CHUNK: Final = 1_000
_PART: Final = 500
_NUMBER: Final = re.compile(r"(?:(.{1,40})-)?([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class Looked:
    """What looking through a file came to."""

    rows: int
    accepted: int
    rejected: int
    faults: list[dict[str, Any]]
    notes: list[str]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a file that can be taken: the engine's claims, where they stand in it, and what
    is wrong with the others."""

    claims: ResidentClaims
    places: Sequence[int]
    certificates: Sequence[int]
    lines: Sequence[int]
    """Ascending: where the next chunk begins is found without looking at all of them."""
    faults: Sequence[Fault] = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """Claims to be written, and the line of the file up to which they go; without any, the rows
    that were good when the file was looked through and are so no more."""

    claims: Sequence[Claim]
    line: int
    faults: Sequence[Fault] = ()


_held: dict[UUID, Rows] = {}


def import_of(step: Step) -> ClaimImport:
    """The import that a job is about."""
    found: ClaimImport = ClaimImport.objects.within(step.tenant).select_related("file").get(
        pk=step.arguments["import"])
    return found


def look_through(step: Step) -> Looked:
    """Read the whole file and hold it against the register. Nothing is written."""
    row = import_of(step)
    try:
        rows, faults, count, notes = _read(row, step.tenant)
    except InputError as error:
        return Looked(0, 0, 0, [one.to_dict() for one in error.faults[:MOST_FAULTS]], [])
    bad = count - len(rows.places)
    return Looked(count, len(rows.places), bad,
                  [one.to_dict() for one in faults[:MOST_FAULTS]], notes)


def _read(
    row: ClaimImport, tenant: Organisation
) -> tuple[Rows, list[Fault], int, list[str]]:
    read = claims_of(table_of(read_file(row.file), row.file_name))
    claims = read.claims
    placed = [*after_day(claims, clock.today().toordinal(), row.file_name),
              *_against_register(claims, row.file_name, tenant)]
    bad = {place for place, _fault in placed}
    numbers = [_parts(one) for one in claims.texts["certificate_no"]]
    places = [place for place in range(len(claims)) if place not in bad]
    faults = sorted([*read.rejected, *(fault for _place, fault in placed)],
                    key=lambda one: one.line or 0)
    return (_rows(claims, places, numbers), faults, read.rows, list(read.notes))


def _parts(text: str) -> tuple[str, int] | None:
    found = _NUMBER.fullmatch(text)
    return (found[1] or "", int(found[2])) if found else None


def _against_register(
    claims: ResidentClaims, file: str, tenant: Organisation
) -> Iterator[tuple[int, Fault]]:
    """Rows whose certificate is not in force here or says otherwise, and claims known already."""
    known = {one: (scheme, document) for one, scheme, document in _certificates(
        tenant, claims.texts["certificate_no"])}
    there = _claims_known(tenant, claims.texts["claim_id"])
    covers = covers_of(tenant, (
        (place, parts[1], _day_at(claims, place))
        for place, parts in enumerate(map(_parts, claims.texts["certificate_no"]))
        if parts and parts[1] in known))
    for place, (number, text) in enumerate(zip(
            claims.texts["claim_id"], claims.texts["certificate_no"], strict=True)):
        line = int(claims.lines[place])
        parts = _parts(text)
        found = known.get(parts[1]) if parts else None
        if parts is None or found is None or parts[0] not in ("", found[0]):
            yield place, Fault(f"no certificate {text} is in force here", file, line,
                               "certificate_no", "give the number on the certificate")
            continue
        cover = covers[place]
        plan = found[1]["plans"][cover.plan]
        if int(claims.cells["sum_insured"][place]) != plan["sum_insured_fen"]:
            yield place, Fault("the certificate has another sum insured", file, line,
                               "sum_insured", "give that of the certificate")
        elif date.fromordinal(int(claims.cells["inception"][place])) != cover.first_day:
            yield place, Fault("the certificate begins on another day", file, line, "inception",
                               "give that of the certificate")
        elif number.upper().startswith(PREFIX):
            yield place, Fault(f"numbers that begin with {PREFIX} are given by this house", file,
                               line, "claim_id", "number the claim otherwise")
        elif number in there:
            yield place, _known_already(number, file, line)


def _known_already(number: str, file: str, line: int) -> Fault:
    return Fault(f"claim {number} is known here already", file, line, "claim_id",
                 "leave the row out, or number it anew")


def _certificates(
    tenant: Organisation, texts: Sequence[str]
) -> Iterator[tuple[int, str, dict[str, Any]]]:
    numbers = sorted({parts[1] for parts in map(_parts, texts) if parts})
    for start in range(0, len(numbers), _PART):
        yield from Certificate.objects.within(tenant).filter(
            id__in=numbers[start:start + _PART], state=Certificate.State.IN_FORCE,
            chunk__enrolment__state=Enrolment.State.SEALED).values_list(
            "id", "chunk__enrolment__scheme__number", "chunk__enrolment__scheme__document")


def _day_at(claims: ResidentClaims, place: int) -> date | None:
    """The day of a row's loss, where it says one."""
    day = int(claims.cells["loss_day"][place])
    return None if day == UNKNOWN else date.fromordinal(day)


def _claims_known(tenant: Organisation, numbers: Sequence[str]) -> set[str]:
    found: set[str] = set()
    wanted = sorted(set(numbers))
    for start in range(0, len(wanted), _PART):
        found |= set(Claim.objects.within(tenant).filter(
            number__in=wanted[start:start + _PART]).values_list("number", flat=True))
    return found


def prepare_rows(step: Step) -> Prepared:
    """Claims of the next rows, ready to be written; none after the last."""
    row = import_of(step)
    rows = _held.get(row.pk)
    if rows is None:
        _held.clear()
        rows = _held[row.pk] = _read_again(row, step)
    # Lines, not how many: which rows are good may have changed before the file was read again.
    done = step.cursor.get("line", 0)
    start = bisect_right(rows.lines, done)
    left = range(start, min(start + CHUNK, len(rows.lines)))
    if not left:
        return Prepared((), done, rows.faults)
    return Prepared(_claims(row, rows, left, step), rows.lines[left[-1]])


def _read_again(row: ClaimImport, step: Step) -> Rows:
    """The file's rows as they were looked through: those taken in already are not known ones."""
    read = claims_of(table_of(read_file(row.file), row.file_name))
    claims = read.claims
    own = set(Claim.objects.within(step.tenant).filter(source=row).values_list(
        "number", flat=True))
    bad = {place: fault for place, fault in (
        *after_day(claims, clock.today().toordinal(), row.file_name),
        *_against_register(claims, row.file_name, step.tenant))
        if claims.texts["claim_id"][place] not in own}
    places = [place for place in range(len(claims)) if place not in bad]
    numbers = [_parts(one) for one in claims.texts["certificate_no"]]
    return _rows(claims, places, numbers, tuple(bad.values()))


def _rows(
    claims: ResidentClaims, places: Sequence[int], numbers: Sequence[tuple[str, int] | None],
    faults: Sequence[Fault] = (),
) -> Rows:
    return Rows(claims, places, [int((numbers[place] or ("", 0))[1]) for place in places],
                [int(claims.lines[place]) for place in places], faults)


def _claims(
    row: ClaimImport, rows: Rows, part: Sequence[int], step: Step
) -> list[Claim]:
    tenant, taker = step.tenant, step.actor.user
    known = _insured(tenant, sorted({rows.certificates[one] for one in part}))
    here = paid_here(tenant, known)
    products = {scheme: scheme.terms().product for scheme in {
        one.scheme for one in known.values()}}
    now = clock.now()
    by = sorted({str(one) for one in (row.created_by_id, taker and taker.pk) if one})
    made = [_claim(row, rows, one, known[rows.certificates[one]], here, by, now)
            for one in part]
    for one in made:
        one.decide_by = decide_by(products[one.scheme], date.fromisoformat(
            one.facts["noticed_day"]))
    return made


@dataclass(frozen=True, slots=True)
class Insured:
    """A certificate as a claim on it needs it: its masked name as it is now. ``identity``, which no
    correction moves, is opened, and kept as a keyed hash alone."""

    certificate: int
    masked_name: str
    identity: str
    scheme: ResidentScheme


def _insured(tenant: Organisation, certificates: Sequence[int]) -> dict[int, Insured]:
    """Certificates by number, each enrolment read once: there are few of them."""
    found: dict[int, Insured] = {}
    enrolments: dict[UUID, Enrolment] = {}
    for start in range(0, len(certificates), _PART):
        lists: dict[UUID, list[tuple[int, int, str, bytes]]] = {}
        for *row, enrolment in Certificate.objects.within(tenant).filter(
                id__in=certificates[start:start + _PART]).values_list(
                "id", "line", "masked_name", "person", "chunk__enrolment"):
            lists.setdefault(enrolment, []).append(tuple(row))  # type: ignore[arg-type]
        enrolments |= {one.pk: one for one in Enrolment.objects.within(tenant).filter(
            pk__in=set(lists) - set(enrolments)).select_related("scheme").defer(
            "check_document", "repeated")}
        names = dict(Standing.objects.within(tenant).filter(
            certificate__in=certificates[start:start + _PART]).exclude(
            masked_name="").values_list("certificate", "masked_name"))
        for key, rows in lists.items():
            people = open_people(enrolments[key], [one[1] for one in rows],
                                 [bytes(one[3]) for one in rows])
            found |= {one[0]: Insured(one[0], names.get(one[0], one[2]), person[1],
                                      enrolments[key].scheme)
                      for one, person in zip(rows, people, strict=True)}
    return found


def _claim(
    row: ClaimImport, rows: Rows, one: int, insured: Insured, here: dict[int, int],
    by: list[str], now: datetime,
) -> Claim:
    place, claims, tenant = rows.places[one], rows.claims, row.tenant
    facts = facts_of_cells(claims, place)
    if "noticed_day" not in facts:
        facts = with_facts(facts, {"noticed_day": clock.today()})
    asked = int(claims.cells["asked_day"][place])
    day = facts.get("loss_day")
    keys = {f"{name}_key": tie_key(tenant, f"channel {name}", claims.texts[name][place])
            for name in ("device", "account", "phone")}
    stated = int(claims.cells["prior_paid"][place])
    return Claim(
        tenant=tenant, number=claims.texts["claim_id"][place], scheme=insured.scheme,
        certificate_id=insured.certificate, holder=insured.masked_name,
        certificate_no=f"{insured.scheme.number}-{insured.certificate:010}",
        channel=Claim.Channel.FILE, source=row, line=int(claims.lines[place]),
        state=Claim.State.SUBMITTED, facts=facts, facts_by=by, bank=claims.texts["bank"][place],
        person_key=tie_key(tenant, "person", insured.identity), **keys,
        loss_day=date.fromisoformat(day) if day else None, loss_fen=facts.get("loss"),
        # What the channel says was paid, beyond what was paid here, was paid elsewhere. What is
        # determined here and not paid yet the channel cannot have counted.
        outside_fen=max(0, stated - here.get(insured.certificate, 0)),
        asked_on=None if asked == UNKNOWN else date.fromordinal(asked),
        submitted_at=now, created_at=now)


def take_rows(step: Step) -> Progress:
    """Write the prepared claims, or end the import after the last."""
    audit.hold_chain(step.tenant)
    row = audit.locked(import_of(step))
    if row.state != ClaimImport.State.TAKING:
        return Progress(step.progress, finished=True)
    prepared: Prepared = step.prepared
    claims = prepared.claims
    if not claims:
        _held.pop(row.pk, None)
        _end(row, prepared.faults)
        audit.append(step.actor, "resident_claims.import_done", row, {"taken": row.taken})
        return Progress(row.accepted + 1, row.accepted + 1, result={"taken": row.taken})
    known = _claims_known(step.tenant, [one.number for one in claims])
    fresh = [one for one in claims if one.number not in known]
    _write(fresh)
    row.taken += len(fresh)
    if len(fresh) < len(claims):  # another import brought them after this file was read
        row.faults = [*row.faults, *(
            _known_already(one.number, row.file_name, one.line or 0).to_dict()
            for one in claims if one.number in known)][:MOST_FAULTS]
    row.save(update_fields=("taken", "faults"))
    audit.append(step.actor, "resident_claims.rows_taken", row, {"claims": len(fresh)},
                 leaves=[one.number.encode() for one in fresh] or None)
    done = step.progress + len(claims)
    return Progress(done, max(row.accepted, done) + 1,
                    cursor={"line": prepared.line})


def _write(claims: Sequence[Claim]) -> None:
    """New claims by one prepared statement, each column as the ORM would write it."""
    fields = Claim._meta.concrete_fields
    insert_rows(Claim, [str(one.column) for one in fields], (
        [one.get_db_prep_save(getattr(claim, one.attname), connection) for one in fields]
        for claim in claims))


def _end(row: ClaimImport, faults: Sequence[Fault]) -> None:
    """The import is over; rows that were good and are so no more are named like the others."""
    told = {(one.get("line"), one.get("field")) for one in row.faults}
    late = [one.to_dict() for one in faults if (one.line, one.field) not in told]
    row.faults = [*row.faults, *late][:MOST_FAULTS]
    row.accepted, row.rejected = row.taken, row.rows - row.taken
    row.state = ClaimImport.State.TAKEN
    row.save(update_fields=("state", "faults", "rejected", "accepted"))
