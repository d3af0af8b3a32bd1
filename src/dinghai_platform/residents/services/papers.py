"""Asking for the certificates of a whole list as PDF."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Count, Q, Sum

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core import audit, clock, jobs
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import locked
from dinghai_platform.residents.models import Enrolment, PaperOrder, Standing
from dinghai_platform.residents.papers import span_of

PAPERS = "residents.papers"


@transaction.atomic
def order_papers(enrolment: Enrolment, *, language: str, actor: Actor) -> PaperOrder:
    """Have the certificates of an issued list made as PDF, in parts, without those whose cover has
    ended. Asked again it answers the order of before, unless any of them stands otherwise now.

    Raises Refusal before the list is issued, InputError for a language there is not.
    """
    require(actor, "residents.enrol", enrolment)
    if language not in ("zh", "en"):
        raise InputError("there is no such language", field="language", mend="one of: zh, en")
    enrolment = locked(enrolment)
    if enrolment.state != Enrolment.State.SEALED:
        raise Refusal("the list is not issued yet")
    standing = _standing_of(enrolment)
    before = PaperOrder.objects.within(enrolment.tenant_id).filter(
        enrolment=enrolment, language=language, standing=standing).first()
    if before is not None:
        return before
    order = PaperOrder.objects.create(
        tenant=enrolment.tenant, enrolment=enrolment, language=language, standing=standing,
        created_by=actor.user)
    order.job = jobs.start_job(PAPERS, {"order": str(order.pk)}, actor=actor,
                               tenant=enrolment.tenant, total=enrolment.number)
    order.save(update_fields=("job",))
    audit.append(actor, "residents.papers_ordered", order, {
        "enrolment": str(enrolment.pk), "language": language, "certificates": enrolment.number})
    return order


def _standing_of(enrolment: Enrolment) -> str:
    """What stays the same as long as papers of a list would: the numbers of the changes that stand
    together, each of which only goes forward, and how many of them have begun and ended. While a
    change is to come, the day: an earlier one of the same certificate may begin before the last."""
    first, end = span_of(enrolment)
    today = clock.today()
    found = Standing.objects.within(enrolment.tenant_id).filter(
        certificate__gte=first, certificate__lt=end).order_by().aggregate(
        changes=Sum("change"), begun=Count("pk", filter=Q(day__lte=today)),
        coming=Count("pk", filter=Q(day__gt=today)),
        ended=Count("pk", filter=Q(ended_on__lte=today)))
    if not found["changes"]:
        return ""
    day = f":{today:%Y%m%d}" if found["coming"] else ""
    return "{changes}:{begun}:{ended}".format(**found) + day
