"""Versions in every state, for the actuary's tests."""

from __future__ import annotations

from dinghai_platform.actuarial.kinds import RATING
from dinghai_platform.actuarial.models import ImpactRun, TableVersion
from dinghai_platform.actuarial.services.decisions import approve_version, propose_version
from dinghai_platform.actuarial.services.drafts import NewFigure, change_figures, draft_version
from dinghai_platform.actuarial.services.impacts import start_impact
from dinghai_platform.core import clock
from tests.platform.story import World, work

TABLE = "cyber-comprehensive-standard"


def new_draft(world: World, label: str = "2026.2", factor: int = 1_700_000) -> TableVersion:
    """A draft of the rating with another market factor."""
    actuary = world.actor("actuary")
    version = draft_version(RATING, TABLE, label=label, reason="年度费率回顾", actor=actuary)
    return change_figures(
        version, {"market.factor_ppm": NewFigure(factor, "2026 年经验分析", "D")}, actor=actuary)


def new_proposal(world: World, label: str = "2026.2", factor: int = 1_700_000) -> TableVersion:
    """A version that waits for another pair of eyes."""
    return propose_version(new_draft(world, label, factor), reason="赔付率上升",
                           actor=world.actor("actuary"))


def with_impact(version: TableVersion, world: World) -> ImpactRun:
    """The impact on the book, run to its end."""
    run = start_impact(version, actor=world.actor("actuary"))
    work()
    return ImpactRun.objects.within(world.insurer).get(pk=run.pk)


def in_force(world: World, label: str = "2026.2", factor: int = 1_700_000) -> TableVersion:
    """A version that prices from today."""
    version = new_proposal(world, label, factor)
    with_impact(version, world)
    return approve_version(version, in_force_from=clock.today(), reason="同意",
                           actor=world.actor("chief_underwriter"))
