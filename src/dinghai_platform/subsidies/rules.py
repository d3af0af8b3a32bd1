"""Who may do what with subsidies: the authority, the applicant, its broker, its insurer."""

from __future__ import annotations

from typing import Any

import rules

from dinghai_platform.core import roles
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import has_role, is_system, owns_tenant
from dinghai_platform.core.rules import at_platform

APPLICANTS = ("insured_admin", "insured_finance")


@rules.predicate
def is_the_authority(actor: Any, row: Any) -> bool:
    """True when the row is of the actor's own authority (or none is named)."""
    return (isinstance(actor, Actor) and actor.organisation.kind == Organisation.Kind.REGULATOR
            and (row is None or row.authority_id == actor.organisation.pk))


@rules.predicate
def is_the_applicant(actor: Any, row: Any) -> bool:
    """True when the application is of the actor's own organisation, as firm or as its broker."""
    return isinstance(actor, Actor) and actor.tenant is None and (
        row is None or actor.organisation.pk in (
            getattr(row, "organisation_id", None), getattr(row, "broker_id", None)))


@rules.predicate
def is_the_insurer(actor: Any, row: Any) -> bool:
    """True when the application rests on a policy of the actor's own house."""
    return isinstance(actor, Actor) and actor.tenant is not None and (
        row is None or getattr(row, "insurer_id", None) == actor.tenant.pk)


authority = is_the_authority & has_role("regulator_miit")
readers = is_the_authority & has_role(*roles.REGULATORS)
operator = at_platform & has_role(roles.PLATFORM_ADMIN, roles.AUDITOR)
applicant = is_the_applicant & has_role(*APPLICANTS, "broker")
insurer = is_the_insurer & has_role(*roles.UNDERWRITING, "compliance", roles.AUDITOR)

# The whole register: rules, lists, payments, report.
rules.add_perm("subsidies.view_register", readers | operator)
rules.add_perm("subsidies.administer", authority | (owns_tenant & is_system))
rules.add_perm("subsidies.apply", applicant)
rules.add_perm("subsidies.view_applications", readers | operator | applicant | insurer)
# The insurer knows who paid the premium, and what went back.
rules.add_perm("subsidies.confirm_premium", is_the_insurer & has_role(*roles.UNDERWRITING))
rules.add_perm("subsidies.follow_policies",
               authority | (is_the_insurer & has_role(*roles.UNDERWRITING))
               | (owns_tenant & is_system))
