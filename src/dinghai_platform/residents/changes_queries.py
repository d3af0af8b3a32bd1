"""How certificates stand now, what was changed since they were issued, and who is in force when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np
from django.db.models import Count, Exists, Max, OuterRef, Q

from dinghai.foundation.money import Fen
from dinghai_platform.core import clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import TenantQuerySet
from dinghai_platform.residents.models import (
    Certificate,
    Change,
    ChangeList,
    Enrolment,
    ResidentScheme,
    Sale,
    Standing,
)
from dinghai_platform.residents.sealing import Person, opened, opened_change

_PART: Final = 500


def without_ended(rows: TenantQuerySet) -> TenantQuerySet:
    """Certificates whose cover has not ended by today."""
    ended = Standing.objects.unscoped("joined to certificates that are scoped").filter(
        certificate=OuterRef("id"), ended_on__lte=clock.today())
    found: TenantQuerySet = rows.filter(~Exists(ended))
    return found


def as_they_stand(certificates: Iterable[Certificate]) -> list[Certificate]:
    """The certificates with the masked name they have now, the plan that is in force today (before
    the cover begins: on its first day) and the plans to come. None of them may be saved."""
    found = list(certificates)
    if not found:
        return found
    tenant, today = found[0].tenant_id, clock.today()
    standings = {one.certificate: one for one in Standing.objects.within(tenant).filter(
        certificate__in=[one.pk for one in found])}
    later = [number for number, one in standings.items() if one.day > today]
    changes = _changes_of(tenant, later) if later else {}
    for one in found:
        standing = standings.get(one.pk)
        one.standing, one.is_as_it_stands = standing, True
        if standing is None:
            continue
        one.masked_name = standing.masked_name or one.masked_name
        if standing.day <= today:
            one.plan = standing.plan
        else:
            day = max(today, one.chunk.enrolment.first_day)
            one.plan, one.coming = _plans_around(one.plan, changes[one.pk], day)
    return found


def _plans_around(
    plan: int, changes: Sequence[Change], day: date
) -> tuple[int, tuple[tuple[date, int], ...]]:
    """The plan on a day, and the plans after it with their days. Of two changes from one day on the
    last counts; where the cover ends before a change, that comes to nothing."""
    plans, ended_on = {}, None
    for change in changes:  # oldest first
        ended_on = change.ended_on or ended_on
        if change.day <= day:
            plan = change.plan
        else:
            plans[change.day] = change.plan
    coming, before = [], plan
    for from_day, into in sorted(plans.items()):
        if into != before and (ended_on is None or from_day < ended_on):
            coming.append((from_day, into))
        before = into
    return plan, tuple(coming)


def person_of(certificate: Certificate) -> Person:
    """Who a certificate is of, as far as that was put right."""
    if not certificate.is_as_it_stands:
        as_they_stand([certificate])
    standing = certificate.standing
    if standing is None or not standing.person_of:
        return opened(certificate, certificate.chunk.enrolment)
    change = Change.objects.within(certificate.tenant_id).select_related(
        "chunk__changes").get(pk=standing.person_of)
    return opened_change(change, change.chunk.changes)


def renamed(rows: TenantQuerySet, actor: Actor, word: str, most: int) -> list[Certificate]:
    """Certificates by a masked name: as issued where none was put right, else as it is now."""
    given = Standing.objects.visible_to(actor).filter(masked_name=word)
    changed = list(rows.filter(id__in=given.values("certificate"))[:most])
    other = Standing.objects.visible_to(actor).filter(
        certificate=OuterRef("id")).exclude(masked_name="")
    issued = list(rows.filter(Q(masked_name=word) & ~Exists(other))[:most])
    return sorted([*changed, *issued], key=lambda one: one.pk)[:most]


@dataclass(frozen=True, slots=True)
class InForce:
    """A scheme on a day: certificates by plan, and their sums insured."""

    day: date
    by_plan: tuple[int, ...]
    sum_insured_fen: Fen

    @property
    def number(self) -> int:
        """Certificates in force."""
        return sum(self.by_plan)


def in_force(actor: Actor, scheme: ResidentScheme, day: date) -> InForce:
    """How many certificates of a scheme are in force on a day, from its sealed lists."""
    require(actor, "residents.view", scheme)
    plans = scheme.terms().plans
    numbers = np.zeros(len(plans), dtype=np.int64)
    if scheme.first_day <= day <= scheme.last_day:
        sealed = Enrolment.objects.visible_to(actor).filter(
            scheme=scheme, state=Enrolment.State.SEALED)
        for accepted in sealed.filter(link=None).values_list("accepted", flat=True):
            numbers += np.array(accepted)
        places = scheme.terms().plan_places()
        # Of sales, which are many, the database counts those whose cover has begun.
        for plan, number in Sale.objects.visible_to(actor).filter(
                enrolment__scheme=scheme, enrolment__as_of__lt=day).order_by().values_list(
                "plan").annotate(Count("pk")):
            numbers[places[plan]] += number
        for out, into in moves(actor, scheme).filter(from_day__lte=day).values_list(
                "moved", flat=True):
            numbers += np.array(into) - np.array(out)
        for change in _before_their_cover(scheme, day):
            numbers[change.plan_before] += 1
            numbers[change.plan] -= change.ended_on is None
    return InForce(day, tuple(numbers.tolist()), sum(
        number * plan.sum_insured_fen for number, plan in zip(
            numbers.tolist(), plans, strict=True)))


def _before_their_cover(scheme: ResidentScheme, day: date) -> list[Change]:
    """The changes up to a day of certificates sold on it or later, which it does not count yet."""
    lists = ChangeList.objects.within(scheme.tenant_id).filter(
        scheme=scheme, state=ChangeList.State.SEALED, from_day__lte=day)
    latest = lists.aggregate(at=Max("sealed_at"))["at"]
    if latest is None:
        return []
    sold = Sale.objects.within(scheme.tenant_id).filter(
        enrolment__scheme=scheme, enrolment__as_of__gte=day, enrolment__sealed_at__lte=latest)
    changed = Standing.objects.within(scheme.tenant_id).filter(
        certificate__in=sold.values("certificate")).values_list("certificate", flat=True)
    found: list[Change] = []
    numbers = list(changed)
    for start in range(0, len(numbers), _PART):
        for changes in _changes_of(scheme.tenant_id, numbers[start:start + _PART]).values():
            found += [one for one in changes if one.day <= day]
    return found


def moves(actor: Actor, scheme: ResidentScheme | None = None) -> TenantQuerySet:
    """The sealed lists that took certificates of a scheme out of plans or into others."""
    found: TenantQuerySet = ChangeList.objects.visible_to(actor).filter(
        state=ChangeList.State.SEALED, kind__in=(
            ChangeList.Kind.PLAN, ChangeList.Kind.CANCELLATION))
    return found if scheme is None else found.filter(scheme=scheme)


def history_of(certificate: Certificate) -> list[Change]:
    """The sealed changes of a certificate, newest first: each knows the one before."""
    standing = Standing.objects.within(certificate.tenant_id).filter(
        certificate=certificate.pk).first()
    number, found = standing.change if standing else 0, []
    while number:
        change = Change.objects.within(certificate.tenant_id).select_related(
            "chunk__changes__scheme").get(pk=number)
        found.append(change)
        number = change.before
    return found


def sealed_certificate(actor: Actor, number: int) -> Certificate | None:
    """A certificate that was issued, whether its cover has ended or not."""
    require(actor, "residents.view")
    found: Certificate | None = Certificate.objects.visible_to(actor).filter(
        id=number, state=Certificate.State.IN_FORCE,
        chunk__enrolment__state=Enrolment.State.SEALED).select_related(
        "chunk__enrolment__scheme").first()
    return found


@dataclass(frozen=True, slots=True)
class CoverOnDay:
    """What a certificate covered on a day: its plan then, and its first and last day of cover."""

    plan: int
    first_day: date
    last_day: date


def covers_on(
    tenant: Organisation, days: Mapping[int, date | None]
) -> dict[int, CoverOnDay]:
    """The cover of certificates, each on its day (where that is unknown, as it stands now): the
    plan as it was changed by then, less what was cancelled, of a sale from its own first day."""
    found: dict[int, CoverOnDay] = {}
    enrolments: dict[UUID, Enrolment] = {}
    numbers = sorted(days)
    for start in range(0, len(numbers), _PART):
        part = numbers[start:start + _PART]
        changes = _changes_of(tenant, part)
        rows = list(Certificate.objects.within(tenant).filter(id__in=part).values_list(
            "id", "plan", "chunk__enrolment"))
        # There are few enrolments and many certificates: each is read once.
        missing = {enrolment for _key, _plan, enrolment in rows} - set(enrolments)
        enrolments |= {one.pk: one for one in Enrolment.objects.within(tenant).filter(
            pk__in=missing).select_related("scheme").defer(
            "check_document", "repeated", "enrolled", "scheme__document")} if missing else {}
        for key, plan, number in rows:
            last_day = enrolments[number].scheme.last_day
            for change in changes.get(key, ()):  # oldest first
                if change.ended_on is not None:
                    last_day = min(last_day, change.ended_on - timedelta(days=1))
                day = days[key]
                if day is None or change.day <= day:
                    plan = change.plan
            found[key] = CoverOnDay(plan, enrolments[number].first_day, last_day)
    return found


def _changes_of(tenant: Any, certificates: Sequence[int]) -> dict[int, list[Change]]:
    """The sealed changes of certificates, oldest first: each knows the one before."""
    found: dict[int, list[Change]] = {}
    wanted = [change for change in Standing.objects.within(tenant).filter(
        certificate__in=certificates).values_list("change", flat=True) if change]
    while wanted:
        changes = list(Change.objects.within(tenant).filter(pk__in=wanted).defer("person"))
        for change in changes:
            found.setdefault(change.certificate, []).insert(0, change)
        wanted = [change.before for change in changes if change.before]
    return found
