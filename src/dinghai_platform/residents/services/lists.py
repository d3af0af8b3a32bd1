"""A list of residents arrives, is looked through, issued or cancelled: a verb, a transaction;
what takes long is a job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.db import transaction

from dinghai.foundation.errors import Refusal
from dinghai_platform.core import audit, clock, jobs
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.files import Upload, store_file
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import locked
from dinghai_platform.residents.models import Enrolment, ResidentScheme
from dinghai_platform.residents.services.letting_go import let_go_of_file

CHECK = "residents.check_list"
ISSUE = "residents.issue_list"
CLEAR = "residents.clear_list"
GIVE_UP = "residents.give_up_lists"
KEPT_DAYS: Final = 30
"""Days after which a list that was looked through and not issued, or whose job failed and was not
started again, is given up (a design value): it holds people's data in the clear, and nobody asked
for them again."""


@dataclass(frozen=True, slots=True)
class Why:
    """Why a list was given up by its job: a code for the audit chain, and what people read."""

    code: str
    message: str
    mend: str

    def beside(self, check: dict[str, Any] | None) -> dict[str, Any]:
        """The document of a list's look with what became of the list."""
        return {**(check or {}), "given_up": {"message": self.message, "mend": self.mend}}


@transaction.atomic
def take_list(
    scheme: ResidentScheme, content: bytes | Upload, *, name: str, actor: Actor
) -> Enrolment:
    """Keep a list and have it looked through: a dry run, nothing is issued.

    The same list again answers the enrolment of before, unless that was cancelled. Raises
    InputError for a file that is too large, Refusal once the scheme is over.
    """
    require(actor, "residents.enrol", scheme)
    require_going_on(scheme)
    stored = store_file(content, name=name, media_type="application/octet-stream", actor=actor,
                        tenant=scheme.tenant, largest=settings.DINGHAI_MASS_UPLOAD_MAXIMUM_BYTES)
    audit.hold_chain(scheme.tenant)
    before = Enrolment.objects.within(scheme.tenant).filter(scheme=scheme, file=stored).exclude(
        state=Enrolment.State.CANCELLED).first()
    if before is not None:
        if before.state == Enrolment.State.SEALED:
            let_go_of_file(before, actor=actor)  # it came again and is needed no more than before
        return before
    enrolment = Enrolment.objects.create(
        tenant=scheme.tenant, scheme=scheme, file=stored, file_name=stored.name,
        as_of=clock.today(), created_by=actor.user)
    enrolment.job = jobs.start_job(CHECK, {"enrolment": str(enrolment.pk)}, actor=actor,
                                   tenant=scheme.tenant)
    enrolment.save(update_fields=("job",))
    audit.append(actor, "residents.list_taken", enrolment, {
        "scheme": scheme.number, "file": stored.name, "sha256": stored.sha256})
    return enrolment


@transaction.atomic
def issue_list(
    enrolment: Enrolment, *, actor: Actor, all_or_nothing: bool = False
) -> Enrolment:
    """Issue the certificates of a list that was looked through; rejected rows are left out.

    Raises Refusal before it was looked through, once the scheme is over, where nobody would be
    enrolled, and, with ``all_or_nothing``, where any row was rejected; where one is rejected only
    at the seal, the list is given up. Asked again it answers the same.
    """
    require(actor, "residents.enrol", enrolment)
    enrolment = locked(enrolment)
    if enrolment.state in (Enrolment.State.ISSUING, Enrolment.State.SEALED):
        return enrolment
    if enrolment.state != Enrolment.State.CHECKED:
        raise Refusal("the list has not been looked through yet"
                      if enrolment.state == Enrolment.State.READING
                      else "the enrolment was cancelled")
    require_going_on(enrolment.scheme)
    if not enrolment.number:
        raise Refusal("nobody on the list can be enrolled")
    if all_or_nothing and enrolment.rejected:
        raise Refusal(f"{enrolment.rejected} rows are rejected, and all or none was asked for")
    enrolment.state, enrolment.all_or_nothing = Enrolment.State.ISSUING, all_or_nothing
    enrolment.job = jobs.start_job(
        ISSUE, {"enrolment": str(enrolment.pk)}, actor=actor, tenant=enrolment.tenant,
        total=enrolment.rows + 1)
    enrolment.save(update_fields=("state", "job", "all_or_nothing"))
    audit.append(actor, "residents.issue_started", enrolment, {
        "accepted": enrolment.accepted, "rejected": enrolment.rejected,
        "all_or_nothing": all_or_nothing})
    return enrolment


def require_going_on(scheme: ResidentScheme) -> None:
    """Raises Refusal once a scheme is over."""
    if (over := why_over(scheme)) is not None:
        raise Refusal(over.message, reasons=(over.mend,))


def why_over(scheme: ResidentScheme) -> Why | None:
    """Why nothing of a list may be issued any more, asked again at the seal: nobody is charged for
    cover that nobody can have. None while the scheme goes on."""
    if scheme.last_day >= clock.today():
        return None
    return Why("over", "the scheme is over", "open the scheme of the next period")


@transaction.atomic
def cancel_list(enrolment: Enrolment, *, actor: Actor) -> Enrolment:
    """Give a list up before it is sealed; what was staged is taken away again.

    Raises Refusal once certificates are issued. Asked again it answers the same.
    """
    require(actor, "residents.enrol", enrolment)
    enrolment = jobs.locked_after_job(enrolment)
    if enrolment.state == Enrolment.State.CANCELLED:
        return enrolment
    if enrolment.state == Enrolment.State.SEALED:
        raise Refusal("its certificates are issued: cancel them instead")
    if enrolment.job is not None and not enrolment.job.has_ended:
        jobs.cancel_job(enrolment.job, actor=actor)
    return give_up_list(enrolment, actor=actor)


def give_up_list(enrolment: Enrolment, *, actor: Actor, why: Why | None = None) -> Enrolment:
    """Mark a list as given up and have what was staged of it taken away. Must run inside the
    transaction that holds it."""
    if why is not None:
        enrolment.check_document = why.beside(enrolment.check_document)
    enrolment.state = Enrolment.State.CANCELLED
    enrolment.job = jobs.start_job(CLEAR, {"enrolment": str(enrolment.pk)}, actor=actor,
                                   tenant=enrolment.tenant)
    enrolment.save(update_fields=("state", "job", "check_document"))
    audit.append(actor, "residents.list_cancelled", enrolment, {"why": why.code} if why else {})
    return enrolment
