"""Asking for the certificates of a whole list as PDF."""

from __future__ import annotations

from django.db import transaction

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core import audit, jobs
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import locked
from dinghai_platform.residents.models import Enrolment, PaperOrder

PAPERS = "residents.papers"


@transaction.atomic
def order_papers(enrolment: Enrolment, *, language: str, actor: Actor) -> PaperOrder:
    """Have the certificates of an issued list made as PDF, in parts. Asked again it answers the
    order of before.

    Raises Refusal before the list is issued, InputError for a language there is not.
    """
    require(actor, "residents.enrol", enrolment)
    if language not in ("zh", "en"):
        raise InputError("there is no such language", field="language", mend="one of: zh, en")
    enrolment = locked(enrolment)
    if enrolment.state != Enrolment.State.SEALED:
        raise Refusal("the list is not issued yet")
    before = PaperOrder.objects.within(enrolment.tenant_id).filter(
        enrolment=enrolment, language=language).first()
    if before is not None:
        return before
    order = PaperOrder.objects.create(
        tenant=enrolment.tenant, enrolment=enrolment, language=language, created_by=actor.user)
    order.job = jobs.start_job(PAPERS, {"order": str(order.pk)}, actor=actor,
                               tenant=enrolment.tenant, total=enrolment.number)
    order.save(update_fields=("job",))
    audit.append(actor, "residents.papers_ordered", order, {
        "enrolment": str(enrolment.pk), "language": language, "certificates": enrolment.number})
    return order
