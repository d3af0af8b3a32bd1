"""Opening a case and moving it on."""

from __future__ import annotations

from django.db import transaction

from dinghai.foundation.errors import InputError
from dinghai_platform.core import audit
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import require
from dinghai_platform.underwriting.models import Case
from dinghai_platform.underwriting.numbers import next_number


@transaction.atomic
def open_case(insured: Organisation, *, title: str, actor: Actor) -> Case:
    """A new case about an enterprise. Raises InputError without a title or for an insurer."""
    require(actor, "underwriting.open_case")
    if not title.strip():
        raise InputError("the case has no title", field="title", mend="say what it is about")
    if insured.is_tenant:
        raise InputError(
            "an insurer is not insured here", field="insured", mend="choose the enterprise"
        )
    tenant = actor.own_tenant()
    case = Case.objects.create(
        tenant=tenant,
        insured=insured,
        number=next_number(Case, "number", tenant, "C"),
        title=title.strip()[:200],
    )
    audit.append(
        actor, "underwriting.case_opened", case,
        {"number": case.number, "insured": str(insured.pk)},
    )
    return case


@transaction.atomic
def reach_step(case: Case, step: int, *, actor: Actor) -> Case:
    """Note that a case has come to a step; it never goes back."""
    case = audit.locked(case)
    if step > case.step:
        case.step = Case.Step(step)
        case.save(update_fields=("step",))
        audit.append(actor, "underwriting.step_reached", case, {"step": int(step)})
    return case
