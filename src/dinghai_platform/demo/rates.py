"""What the site has to show of rate changes: a rating in force by four eyes, and one proposed."""

from __future__ import annotations

from datetime import date

from dinghai_platform.actuarial.kinds import RATING, REFERRAL
from dinghai_platform.actuarial.models import TableVersion
from dinghai_platform.actuarial.services.decisions import approve_version, propose_version
from dinghai_platform.actuarial.services.drafts import NewFigure, change_figures, draft_version
from dinghai_platform.actuarial.services.impacts import start_impact
from dinghai_platform.demo.story import Story, stand_at, work

TABLE = "cyber-comprehensive-standard"


def revise_rates(story: Story) -> None:
    """Rating 2026.2 and referral rules 2026.2 enter into force; rating 2026.3 waits."""
    stand_at("2026-10-16T15:00:00")
    rating = _proposed(
        story, RATING, TABLE, "2026.2", "手续费下调，服务成本按实际合同重估",
        {
            "expenses.commission.ppm": NewFigure(130_000, "2026 年下半年代理合同", "T"),
            "service.base_fen": NewFigure(30_000, "监测与救援服务合同单价", "A"),
        })
    rules = _proposed(
        story, REFERRAL, "referral", "2026.2", "再保合同续转，单一风险自留额下调",
        {"rules[LIMIT-CHIEF].when[0].value": NewFigure(8_000_000_000, "2026 年再保合同", "T")})
    stand_at("2026-10-16T15:30:00")
    for version, role in ((rating, "chief_underwriter"), (rules, "compliance")):
        approve_version(version, in_force_from=date(2026, 10, 16), actor=story.actor(role),
                        reason="已核对影响测算与备案，同意")
    stand_at("2026-10-16T16:00:00")
    _proposed(
        story, RATING, TABLE, "2026.3", "勒索软件赔付上升，2027 年费率调整",
        {
            "market.factor_ppm": NewFigure(1_700_000, "2026 年前三季度赔付经验", "D"),
            "loads.parameter.ppm_of_pure": NewFigure(250_000, "经验数据仍少，均值不确定", "D"),
            "loads.catastrophe.ppm_of_common": NewFigure(600_000, "共同原因事件增多", "D"),
        })


def _proposed(
    story: Story, kind: str, table: str, label: str, reason: str, figures: dict[str, NewFigure]
) -> TableVersion:
    """A version with its figures changed, its impact on the book run, and proposed."""
    actuary = story.actor("actuary")
    version = draft_version(kind, table, label=label, reason=reason, actor=actuary)
    version = change_figures(version, figures, actor=actuary)
    start_impact(version, actor=actuary)
    work()
    return propose_version(version, reason=reason, actor=actuary)
