"""What the services of this room share: numbers, moves, timeline, plain facts."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from dinghai.foundation.errors import InputError
from dinghai_platform.claims.models import Claim, Incident, TimelineEntry
from dinghai_platform.claims.rules import came_by_its_link
from dinghai_platform.claims.steps import check_step
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.tenancy import crossing_tenants


def next_number(prefix: str, model: type[models.Model], row_tenant: Any) -> str:
    """``INC-2026-000001``: the year of business and a running number of the tenant.

    Holds the tenant's chain, so that two at once get two numbers.
    """
    audit.hold_chain(row_tenant)
    head = f"{prefix}-{clock.today().year}-"
    with crossing_tenants("numbers run through all of a tenant's rows, whoever asks"):
        last = model._default_manager.within(row_tenant).filter(  # type: ignore[attr-defined]
            number__startswith=head).aggregate(last=models.Max("number"))["last"]
    return f"{head}{int(last.removeprefix(head)) + 1 if last else 1:06d}"


def required(text: str, field: str) -> str:
    """A text that says something. Raises InputError naming the field."""
    if not text.strip():
        raise InputError(_("this must be said"), field=field, mend=_("write a sentence"))
    return text.strip()


def write_timeline(
    incident: Incident, event: str, *, actor: Actor, text: str = "", **details: Any
) -> TimelineEntry:
    """One entry of the response timeline, in the words of the actor."""
    return TimelineEntry.objects.create(
        tenant=incident.tenant,
        insured_id=incident.insured_id,
        incident=incident,
        event=event,
        text=text.strip(),
        state=incident.state,
        user=actor.user,
        # Who came by a link acts in the insurer's books, but for its own firm.
        organisation=incident.insured if came_by_its_link(actor, incident) else actor.organisation,
        role=actor.role,
        details=details,
    )


def move_claim(claim: Claim, event: str, *, actor: Actor, **changes: Any) -> None:
    """Make the lifecycle's move on a locked claim and save it with further changes."""
    claim.state = check_step(claim, event, actor).target
    for name, value in changes.items():
        setattr(claim, name, value)
    claim.save(update_fields=("state", *changes))


def note_claim(claim: Claim, action: str, actor: Actor, **payload: Any) -> None:
    """The audit entry of a claim's verb."""
    audit.append(actor, f"claims.{action}", claim, {"number": claim.number,
                                                    "state": claim.state, **payload})
