"""The first notice as a form sends it: a slow phone sends it twice, and it stays one case."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import transaction

from dinghai_platform.claims.contracts import Contract, contract_column, require_reporter
from dinghai_platform.claims.models import Incident
from dinghai_platform.claims.services.incidents import plain_facts, report_incident
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import scope_of

SAME_WITHIN: Final = timedelta(minutes=10)
"""Notices of the same words about the same moments are one notice for so long."""


class Reported(NamedTuple):
    """The incident of a notice, and whether that notice had been taken already."""

    incident: Incident
    again: bool


@transaction.atomic
def report_once(
    contract: Contract, *, title: str, discovered_at: datetime, actor: Actor,
    description: str = "", occurred_at: datetime | None = None, contact: str = "",
    facts: dict[str, Any] | None = None,
) -> Reported:
    """Report an incident, or answer the one that the same notice made a few minutes ago.

    Raises as `report_incident`.
    """
    require(actor, "claims.report", contract)
    require_reporter(contract, actor)
    with scope_of(actor, tenant=contract.tenant):
        # The second of two taps at once waits here until the first is written.
        audit.hold_chain(contract.tenant)
        before = same_notice(contract, title=title, discovered_at=discovered_at,
                             description=description, occurred_at=occurred_at, contact=contact,
                             facts=facts)
    if before is not None:
        return Reported(before, again=True)
    return Reported(report_incident(
        contract, title=title, discovered_at=discovered_at, actor=actor, description=description,
        occurred_at=occurred_at, contact=contact, facts=facts), again=False)


def same_notice(
    contract: Contract, *, title: str, discovered_at: datetime, description: str = "",
    occurred_at: datetime | None = None, contact: str = "", facts: dict[str, Any] | None = None,
) -> Incident | None:
    """The incident under a contract that this very notice made within the last minutes. What a
    triage has added to its facts since does not make it another one."""
    told = plain_facts(facts or {})
    rows = Incident.objects.within(contract.tenant_id).filter(
        **contract_column(contract), reported_at__gt=clock.now() - SAME_WITHIN,
        title=title.strip()[:200], description=description.strip(),
        contact=contact.strip()[:200], discovered_at=discovered_at, occurred_at=occurred_at)
    return next((one for one in rows.order_by("id")
                 if all(one.facts.get(name) == known for name, known in told.items())), None)
