"""A small firm's claim in the demonstration: reported on a phone by its link, decided, agreed and
paid. Firm, people and amounts are made up."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from dinghai.foundation.clock import SHANGHAI
from dinghai_platform.claims import services
from dinghai_platform.claims.models import Claim, Incident
from dinghai_platform.core import clock
from dinghai_platform.demo.small_firms import FIRM_BY_LINK
from dinghai_platform.demo.story import Story, stand_at
from dinghai_platform.small_firms.models import Firm
from dinghai_platform.small_firms.services import incidents
from dinghai_platform.small_firms.services.links import actor_of_link

_RESTORED: Final = {"data.labour_hours": {"value": 80}, "data.hourly_rate": {"value": 20_000},
                    "data.vendor_cost": {"value": 1_900_000}}
"""80 hours at ¥200 and a bill of ¥19,000: ¥35,000, of which the firm bears its deductible."""


def claim_of_small_firm(story: Story) -> dict[str, Any]:
    """From the report by the link to the payment."""
    stand_at("2026-10-20T11:00:00")
    firm = Firm.objects.within(story.cast.insurer).select_related("link__tenant", "tenant").get(
        name=FIRM_BY_LINK)
    assert firm.link is not None
    holder = actor_of_link(firm.link)
    reported = incidents.report_of(
        firm, actor=holder, title="设计文件被加密，打不开",
        discovered_at=datetime(2026, 10, 20, 9, tzinfo=SHANGHAI),
        occurred_at=datetime(2026, 10, 19, 23, tzinfo=SHANGHAI), contact="138-0000-0301",
        description="打开电脑后所有图纸都换了后缀，桌面上有一张勒索信。",
        facts={"event.cyber_incident_suspected": True, "event.data_encryption": True}).incident
    claim = _decided(story, reported)
    incidents.agree(claim, actor=holder)
    stand_at("2026-10-20T18:00:00")
    payment = services.pay_claim(claim, actor=story.actor("claims_payment"), payee=FIRM_BY_LINK,
                                 account_tail="0301")
    assert payment is not None
    story.teller.at(
        clock.now(),
        f"普惠理赔：{FIRM_BY_LINK}在手机上经链接报案 {reported.number}，核定、确认并赔付 "
        f"{payment.amount_fen / 100:,.2f} 元",
        f"A small firm's claim: {reported.number} reported on a phone by a link, decided, agreed "
        f"to and paid, ¥{payment.amount_fen / 100:,.2f}")
    return {"claim_by_link": reported.number, "claim_paid_fen": payment.amount_fen}


def _decided(story: Story, incident: Incident) -> Claim:
    """Registered, surveyed and issued by those who do it for every claim."""
    handler, adjuster = story.actor("claims_handler"), story.actor("loss_adjuster")
    claim = Claim.objects.within(story.cast.insurer).get(incident=incident)
    services.register_claim(claim, reserve_fen=4_000_000, note="按数据恢复初步估计", actor=handler)
    services.add_item(claim, "FP-DATA", description="自备份恢复图纸", facts=_RESTORED,
                      actor=handler)
    services.appoint_adjuster(claim, story.cast.adjuster, actor=handler)
    stand_at("2026-10-20T14:00:00")
    services.survey_claim(claim, actor=adjuster, note="远程查勘")
    services.quantify_claim(claim, actor=adjuster, note="工时与账单相符")
    services.adjudicate_claim(claim, actor=handler)
    stand_at("2026-10-20T16:00:00")
    services.approve_claim(claim, actor=story.actor("claims_approver"))
    decided: Claim = Claim.objects.within(story.cast.insurer).get(pk=claim.pk)
    return decided
