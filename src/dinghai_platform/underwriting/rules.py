"""Who may do what in underwriting."""

from __future__ import annotations

from typing import Any

import rules

from dinghai_platform.core import roles
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import has_role, is_system, owns_tenant


@rules.predicate
def in_charge(actor: Any, row: Any) -> bool:
    """True for the tenant that keeps the row; with no row, for any tenant."""
    if not isinstance(actor, Actor) or actor.tenant is None:
        return False
    return row is None or row.tenant_id == actor.tenant.pk


@rules.predicate
def is_the_insured(actor: Any, row: Any) -> bool:
    """True when the row is about the actor's own organisation (or none is named)."""
    return isinstance(actor, Actor) and (
        row is None or getattr(row, "insured_id", None) == actor.organisation.pk
    )


underwriters = in_charge & (has_role(*roles.UNDERWRITING) | is_system)
insured = is_the_insured & has_role(*roles.INSURED)
insured_technical = is_the_insured & has_role("insured_admin", "insured_security")
insured_admin = is_the_insured & has_role("insured_admin")

rules.add_perm("underwriting.view", (owns_tenant & has_role(*roles.INSURER_STAFF)) | insured)
rules.add_perm("underwriting.view_rating", owns_tenant & has_role(*roles.INSURER_STAFF))
rules.add_perm("underwriting.open_case", underwriters)
rules.add_perm("underwriting.import_dossier", underwriters | insured_technical)
rules.add_perm("underwriting.dispute", underwriters | insured_technical)
rules.add_perm("underwriting.decide_dispute", underwriters)
rules.add_perm("underwriting.assess", underwriters)
rules.add_perm("underwriting.plan", underwriters)
rules.add_perm("underwriting.commit_fix", underwriters | insured_technical)
rules.add_perm("underwriting.state_history", underwriters)
# The enterprise must not learn that it is looked for: a screening is the insurer's alone.
rules.add_perm(
    "underwriting.view_screening",
    owns_tenant & has_role(*roles.UNDERWRITING, "actuary", "compliance", roles.AUDITOR),
)
rules.add_perm("underwriting.screen", underwriters | (in_charge & has_role("compliance")))
rules.add_perm("underwriting.give_costs", underwriters | insured_technical)
rules.add_perm("underwriting.price", underwriters | (in_charge & has_role("actuary")))
rules.add_perm("underwriting.refer", underwriters)
rules.add_perm("underwriting.approve", underwriters)
rules.add_perm(
    "underwriting.approve_referred",
    in_charge & (has_role("chief_underwriter", "actuary", "compliance") | is_system),
)
rules.add_perm("underwriting.issue", underwriters)
rules.add_perm("underwriting.explain", insured_admin | underwriters)
rules.add_perm("underwriting.answer", insured_admin)
rules.add_perm("underwriting.waive", in_charge & (has_role("chief_underwriter") | is_system))
rules.add_perm("underwriting.bind", underwriters)
# Days that run out: the lifecycle leaves them to the house.
rules.add_perm("underwriting.run_out", in_charge & is_system)
# Cover starts with the money (见费出单): the insurer says that it arrived, not who owes it.
rules.add_perm(
    "underwriting.record_payment",
    in_charge & (has_role(*roles.UNDERWRITING, roles.PLATFORM_ADMIN) | is_system),
)
