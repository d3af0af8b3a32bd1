"""A list of changes arrives, is looked through, done or given up: a verb, a transaction; what takes
long is a job."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction

from dinghai.foundation.canonical import canonical_bytes, sha256_hex
from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core import audit, clock, jobs
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.files import Upload, store_file
from dinghai_platform.core.models import StoredFile
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import locked
from dinghai_platform.residents.models import ChangeList, Enrolment, Pace, ResidentScheme
from dinghai_platform.residents.services.letting_go import let_go_of_file
from dinghai_platform.residents.services.lists import Why, cancel_list

CHECK_CHANGES = "residents.check_changes"
APPLY_CHANGES = "residents.apply_changes"
CLEAR_CHANGES = "residents.clear_changes"
FASTEST = 1_000_000
LATE_DAYS: Final = 1
"""So many days after its first day a list of changes may still be sealed (a design value): enough
for a job to cross midnight. A list that comes later is given up whole, since cover would end or
change for days on which people believed in it, and may have had a loss."""
Kind = ChangeList.Kind
_DATED = (Kind.PLAN, Kind.CANCELLATION)
"""Kinds that hold from a day on."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list of changes is to do.

    ``from_day`` (of changes of plan and cancellations) is the first day of the change. With
    ``whole`` it is about everybody of the scheme (or of one ``enrolment``), less those whom the
    file names. A renewal goes into the scheme ``target``; of those who agreed before
    ``consent_since`` none is renewed.
    """

    kind: str
    from_day: date | None = None
    whole: bool = False
    enrolment: Enrolment | None = None
    target: ResidentScheme | None = None
    consent_since: date | None = None


@transaction.atomic
def take_changes(
    scheme: ResidentScheme, asked: Asked, *, actor: Actor, content: bytes | Upload | None = None,
    name: str = "",
) -> ChangeList:
    """Keep a list of changes and have it looked through: a dry run, nothing is changed.

    The same again answers the list of before, unless that was given up. Raises InputError for what
    does not fit together, Refusal where nobody is enrolled.
    """
    require(actor, "residents.change", scheme)
    today = clock.today()
    day = _check(scheme, asked, content is not None, today)
    scope = _scope(scheme, asked)
    stored = None if content is None else store_file(
        content, name=name, media_type="application/octet-stream", actor=actor,
        tenant=scheme.tenant, largest=settings.DINGHAI_MASS_UPLOAD_MAXIMUM_BYTES)
    audit.hold_chain(scheme.tenant)
    order = _order(scheme, asked, day, scope, stored)
    before = ChangeList.objects.within(scheme.tenant).filter(order=order).exclude(
        state=ChangeList.State.CANCELLED).first()
    if before is not None:
        if before.state == ChangeList.State.SEALED:
            let_go_of_file(before, actor=actor)  # it came again and is needed no more than before
        return before
    changes = ChangeList.objects.create(
        tenant=scheme.tenant, scheme=scheme, kind=asked.kind, whole=asked.whole, scope=scope,
        file=stored, file_name=stored.name if stored else "", from_day=day, target=asked.target,
        consent_since=asked.consent_since, order=order, as_of=today, created_by=actor.user)
    changes.job = jobs.start_job(CHECK_CHANGES, {"changes": str(changes.pk)}, actor=actor,
                                 tenant=scheme.tenant)
    changes.save(update_fields=("job",))
    audit.append(actor, "residents.changes_taken", changes, {
        "scheme": scheme.number, "kind": asked.kind, "from": day.isoformat(),
        "whole": asked.whole, "sha256": stored.sha256 if stored else None})
    return changes


@transaction.atomic
def apply_changes(
    changes: ChangeList, *, actor: Actor, all_or_nothing: bool = False
) -> ChangeList:
    """Do what a list that was looked through says; rejected rows are left out.

    Raises Refusal before it was looked through, where nothing would change, where its day has
    passed meanwhile, where a row of those to be left out cannot be read, and, with
    ``all_or_nothing``, where any row was rejected; where one is rejected only at the seal, the
    list is given up. Asked again it answers the same.
    """
    require(actor, "residents.change", changes)
    changes = locked(changes)
    if changes.state in (ChangeList.State.APPLYING, ChangeList.State.SEALED):
        return changes
    _check_ready(changes, all_or_nothing)
    changes.all_or_nothing = all_or_nothing
    if changes.kind == Kind.RENEWAL:
        changes.enrolment = _next_enrolment(changes, actor)
    changes.state = ChangeList.State.APPLYING
    changes.job = jobs.start_job(
        APPLY_CHANGES, {"changes": str(changes.pk)}, actor=actor, tenant=changes.tenant,
        total=changes.rows + 1)
    changes.save(update_fields=("state", "job", "enrolment", "all_or_nothing"))
    audit.append(actor, "residents.changes_started", changes, {
        "accepted": changes.accepted, "rejected": changes.rejected,
        "all_or_nothing": all_or_nothing})
    return changes


@transaction.atomic
def cancel_changes(changes: ChangeList, *, actor: Actor) -> ChangeList:
    """Give a list up before it is sealed; what was staged is taken away again.

    Raises Refusal once the changes stand. Asked again it answers the same.
    """
    require(actor, "residents.change", changes)
    changes = jobs.locked_after_job(changes)
    if changes.state == ChangeList.State.CANCELLED:
        return changes
    if changes.state == ChangeList.State.SEALED:
        raise Refusal("its changes stand: change the certificates again instead")
    if changes.job is not None and not changes.job.has_ended:
        jobs.cancel_job(changes.job, actor=actor)
    return give_up(changes, actor=actor)


def why_too_late(changes: ChangeList) -> Why | None:
    """Why a list may not be sealed any more: its day lies too far back, or the period into which it
    renews has ended. None while it may."""
    today = clock.today()
    if changes.kind in _DATED and today - changes.from_day > timedelta(days=LATE_DAYS):
        return Why("late", f"the changes hold from {changes.from_day} on, and that day has passed",
                   "send the list again with this day or a later one")
    if changes.target is not None and changes.target.last_day < today:
        return Why("late", f"the period ended on {changes.target.last_day}",
                   "renew into a scheme whose period is not over")
    return None


def give_up(changes: ChangeList, *, actor: Actor, why: Why | None = None) -> ChangeList:
    """Mark a list as given up, with the enrolment that a renewal fills, and have what was staged of
    both taken away. Must run inside the transaction that holds it."""
    if changes.enrolment_id is not None:
        enrolment = locked(changes.enrolment)
        if enrolment.state != Enrolment.State.CANCELLED:
            cancel_list(enrolment, actor=actor)
    if why is not None:
        changes.check_document = why.beside(changes.check_document)
    changes.state = ChangeList.State.CANCELLED
    changes.job = jobs.start_job(CLEAR_CHANGES, {"changes": str(changes.pk)}, actor=actor,
                                 tenant=changes.tenant)
    changes.save(update_fields=("state", "job", "check_document"))
    audit.append(actor, "residents.changes_cancelled", changes, {"why": why.code} if why else {})
    return changes


@transaction.atomic
def set_pace(
    subject: Enrolment | ChangeList, rows_a_second: int | None, *, actor: Actor
) -> None:
    """Let a list take at most so many rows a second, from its next chunk on; None: as many as it
    can. Raises InputError for a pace that is none."""
    enrolling = isinstance(subject, Enrolment)
    require(actor, "residents.enrol" if enrolling else "residents.change", subject)
    if rows_a_second is not None and not 1 <= rows_a_second <= FASTEST:
        raise InputError("this is no pace", field="rows_a_second",
                         mend=f"give 1 to {FASTEST} rows a second, or nothing")
    audit.hold_chain(subject.tenant)
    before = Pace.objects.within(subject.tenant).filter(subject=subject.pk)
    known = before.values_list("rows_a_second", flat=True).first()
    if known == rows_a_second:
        return
    before.delete()
    if rows_a_second is not None:
        Pace.objects.create(tenant=subject.tenant, subject=subject.pk,
                            rows_a_second=rows_a_second)
    audit.append(actor, "residents.pace_set", subject, {"rows_a_second": rows_a_second})


def _check(scheme: ResidentScheme, asked: Asked, has_file: bool, today: date) -> date:
    """The day of a change. Raises InputError for what does not fit together."""
    def refuse(field: str, message: str, mend: str) -> InputError:
        return InputError(message, field=field, mend=mend)

    if asked.kind not in Kind.values:
        raise refuse("kind", "there is no such kind of change",
                     "one of: " + ", ".join(Kind.values))
    if asked.whole and asked.kind not in (Kind.RENEWAL, Kind.CANCELLATION):
        raise refuse("whole", "only a renewal or a cancellation may be of everybody",
                     "give a list of certificates")
    if not asked.whole and not has_file:
        raise refuse("file", "there is no list", "give a list of certificates")
    if asked.enrolment is not None and not asked.whole:
        raise refuse("enrolment", "a list of certificates says itself who is meant",
                     "leave the enrolment or the file out")
    _check_target(scheme, asked, today, refuse)
    if asked.kind not in _DATED:
        return today
    if asked.from_day is None:
        raise refuse("from_day", "the day is missing", "give the first day of the change")
    if asked.from_day < today:
        raise refuse("from_day", f"the day is before {today}", "give this day or a later one")
    if asked.from_day > scheme.last_day:
        raise refuse("from_day", f"the cover ends on {scheme.last_day}",
                     "give a day of the period")
    return asked.from_day


def _check_target(scheme: ResidentScheme, asked: Asked, today: date, refuse: Any) -> None:
    if asked.kind != Kind.RENEWAL:
        if asked.target is not None or asked.consent_since is not None:
            raise refuse("target", "only a renewal goes into another scheme", "leave it out")
        return
    if asked.target is None:
        raise refuse("target", "the scheme of the next period is missing", "name it")
    if asked.target.tenant_id != scheme.tenant_id or asked.target.first_day <= scheme.last_day:
        raise refuse("target", f"the next period begins after {scheme.last_day}",
                     "name a scheme of the next period")
    if asked.target.last_day < today:
        raise refuse("target", f"the period ended on {asked.target.last_day}",
                     "name a scheme whose period is not over")


def _scope(scheme: ResidentScheme, asked: Asked) -> list[str]:
    """The enrolments that a list of everybody is about."""
    sealed = Enrolment.objects.within(scheme.tenant).filter(
        scheme=scheme, state=Enrolment.State.SEALED)
    if asked.enrolment is not None:
        sealed = sealed.filter(pk=asked.enrolment.pk)
    found = [str(one) for one in sealed.order_by("id").values_list("id", flat=True)]
    if not found:
        raise Refusal("nobody is enrolled there yet")
    return found if asked.whole else []


def _order(
    scheme: ResidentScheme, asked: Asked, day: date, scope: list[str], stored: StoredFile | None
) -> str:
    """The hash of what is asked for: the same again is the same list. A correction or a renewal
    has no day of its own."""
    return sha256_hex(canonical_bytes({
        "scheme": str(scheme.pk), "kind": asked.kind, "scope": list[Any](scope),
        "from": day.isoformat() if asked.kind in _DATED else None,
        "target": str(asked.target.pk) if asked.target else None,
        "consent_since": asked.consent_since.isoformat() if asked.consent_since else None,
        "file": str(stored.pk) if stored else None}))


def _check_ready(changes: ChangeList, all_or_nothing: bool) -> None:
    if changes.state != ChangeList.State.CHECKED:
        raise Refusal("the list has not been looked through yet"
                      if changes.state == ChangeList.State.READING
                      else "the list was given up")
    unread = (changes.check_document or {}).get("faulty_of_those_left_out", 0)
    if unread:
        raise Refusal(f"{unread} rows of those to be left out cannot be told: mend them first")
    if not changes.accepted:
        raise Refusal("nothing on the list can be done")
    if changes.kind in _DATED and changes.from_day < clock.today():
        raise Refusal(f"the changes hold from {changes.from_day} on, and that day has passed",
                      reasons=("give the list up and send it again with this day or a later one",))
    if changes.target is not None and changes.target.last_day < clock.today():
        raise Refusal(f"the period ended on {changes.target.last_day}",
                      reasons=("give the list up and renew into a scheme whose period is not over",
                               ))
    if all_or_nothing and changes.rejected:
        raise Refusal(f"{changes.rejected} rows are rejected, and all or none was asked for")


def _next_enrolment(changes: ChangeList, actor: Actor) -> Enrolment:
    """The enrolment in the next period's scheme that a renewal fills. Its file is the order."""
    target = changes.target
    assert target is not None
    order = {"renewal_of": changes.scheme.number, "into": target.number,
             "list": str(changes.pk), "order": changes.order,
             "file": changes.file_name or None}
    stored = store_file(canonical_bytes(order), name=f"renewal-{changes.scheme.number}.json",
                        media_type="application/json", actor=actor, tenant=changes.tenant)
    made: Enrolment = Enrolment.objects.create(
        tenant=changes.tenant, scheme=target, file=stored, file_name=stored.name,
        state=Enrolment.State.ISSUING, rows=changes.accepted + changes.rejected,
        rejected=changes.rejected, all_or_nothing=changes.all_or_nothing, as_of=clock.today(),
        created_by=actor.user)
    audit.append(actor, "residents.renewal_opened", made, {
        "scheme": target.number, "changes": str(changes.pk)})
    return made
