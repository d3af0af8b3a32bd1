"""Four eyes on grants: whoever put one on a public list neither pays it nor answers objections."""

from __future__ import annotations

from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Membership
from dinghai_platform.subsidies.models import PublicList, Subsidy


def shown_by(subsidy: Subsidy, actor: Actor) -> frozenset[str]:
    """The applications whose grants this person put on a public list."""
    if actor.user is None:
        return frozenset()
    own = PublicList.objects.within(subsidy.tenant_id).filter(
        subsidy=subsidy, published_by=actor.user)
    return frozenset(row["application"] for one in own for row in one.document["rows"])


def whom_to_ask(actor: Actor) -> str:
    """How to mend it: a colleague who may, or that there is none yet."""
    others = Membership.objects.filter(
        organisation=actor.organisation, role=actor.role, is_active=True,
        user__is_active=True).exclude(user=actor.user)
    return ("ask a colleague with this authority" if others.exists() else
            "nobody else here has this role: have it given to a colleague first")
