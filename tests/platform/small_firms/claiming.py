"""A small firm's policy in force, and the people who handle its claims."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dinghai.foundation.clock import SHANGHAI
from dinghai_platform.claims import services
from dinghai_platform.claims.models import Claim, DecisionRecord, Incident
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation, Relation
from dinghai_platform.small_firms.models import Policy
from dinghai_platform.small_firms.services.policies import pay_premium
from tests.platform.conftest import make_organisation
from tests.platform.small_firms.making import bound, priced
from tests.platform.story import stand_at

DISCOVERED = datetime(2026, 6, 1, 9, tzinfo=SHANGHAI)
BEGAN = datetime(2026, 6, 1, 2, tzinfo=SHANGHAI)
RESTORING = {"data.labour_hours": {"value": 100}, "data.hourly_rate": {"value": 20_000},
             "data.vendor_cost": {"value": 28_000_000}}
"""100 hours at 200.00 and a bill of 280,000.00: 300,000.00."""


def in_force(actor: Actor, underwriter: Actor, number: int = 1) -> Policy:
    """A policy of plan plus (limit 1,000,000.00) that is paid, as somebody bought it."""
    return pay_premium(bound(priced(actor, number), actor), reference=f"B{number}",
                       actor=underwriter)


@dataclass(frozen=True)
class Desk:
    """Who handles claims at the insurer, and its loss adjuster."""

    handler: Actor
    approver: Actor
    payer: Actor
    adjuster: Actor

    def report(self, policy: Policy, actor: Actor | None = None, **notice: Any) -> Incident:
        """An incident of the first of June."""
        return services.report_incident(
            policy, actor=actor or self.handler, title="文件被加密",
            discovered_at=DISCOVERED, occurred_at=BEGAN,
            facts={"event.data_encryption": True}, **notice)

    def decide(self, claim: Claim, **items: dict[str, Any]) -> DecisionRecord:
        """From registration to the issued decision; items by coverage (FP_DATA)."""
        services.register_claim(claim, reserve_fen=1_000_000, actor=self.handler)
        for coverage, facts in items.items():
            services.add_item(claim, coverage.replace("_", "-"), description="损失", facts=facts,
                              actor=self.handler)
        services.appoint_adjuster(claim, self.adjuster.organisation, actor=self.handler)
        services.survey_claim(claim, actor=self.adjuster, note="现场查勘")
        services.quantify_claim(claim, actor=self.adjuster, note="金额核定")
        services.adjudicate_claim(claim, actor=self.handler)
        return services.approve_claim(claim, actor=self.approver)


def claim_of(incident: Incident) -> Claim:
    """The claim of an incident as it is now."""
    return Claim.objects.within(incident.tenant_id).get(incident=incident)


def make_desk(shop: Organisation, act_as: Callable[..., Actor]) -> Desk:
    """The people, on a day on which something has happened."""
    stand_at("2026-06-01T10:00:00")
    firm = make_organisation("adjuster", "顺衡保险公估")
    Relation.objects.create(tenant=shop, organisation=firm)
    return Desk(act_as("claims_handler", shop), act_as("claims_approver", shop),
                act_as("claims_payment", shop), act_as("loss_adjuster", firm))
