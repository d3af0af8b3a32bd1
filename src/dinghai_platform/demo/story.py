"""The story of one enterprise through the six steps, told through the services alone.

Every figure comes from a service or from the engine; the clock stands at the story's calendar.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from dinghai.foundation.clock import SHANGHAI
from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.core import clock
from dinghai_platform.core.actors import Actor, system_actor
from dinghai_platform.core.clock import StandingClock
from dinghai_platform.core.tenancy import crossing_tenants
from dinghai_platform.core.worker import Worker
from dinghai_platform.demo.people import Cast, make_cast
from dinghai_platform.demo.telling import Teller
from dinghai_platform.underwriting.models import Assessment, Case, Fix, Policy
from dinghai_platform.underwriting.services.dossiers import archive_of_folder

DOSSIER_PARTS = ("profile.toml", "answers.csv", "evidence", "scans", "inventory")


@dataclass
class Story:
    """What the chapters hand on to each other."""

    teller: Teller
    example: Path
    cast: Cast
    case: Case | None = None
    product: ProductVersion | None = None
    assessment: Assessment | None = None
    fix: Fix | None = None
    policy: Policy | None = None
    figures: dict[str, Any] = field(default_factory=dict)
    other_cash_fen: int = 0
    """Cash that came in outside the case that the story tells."""

    def actor(self, role: str) -> Actor:
        """Somebody in a role."""
        return self.cast.actor(role)

    @property
    def house(self) -> Actor:
        """The house itself inside the insurer."""
        return system_actor(self.cast.insurer)


def stand_at(text: str) -> datetime:
    """Let the site's clock stand at a moment in Shanghai. Raises ValueError for one before that at
    which it stands: what is entered later is not dated earlier."""
    moment = datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)
    if StandingClock.is_set() and moment < clock.now():
        raise ValueError(f"the story is at {clock.now()} and cannot go back to {moment}")
    StandingClock.stand_at(moment)
    return moment


def work() -> None:
    """Do every job that waits, as the worker of a site would."""
    Worker(lease_seconds=600).run_until_idle()


def folder_as_zip(folder: Path, parts: tuple[str, ...] = ()) -> bytes:
    """A folder, or some parts of it, as the ZIP an import takes."""
    if not parts:
        return archive_of_folder(folder)
    with tempfile.TemporaryDirectory(prefix="dinghai-demo-") as room:
        for part in parts:
            source, target = folder / part, Path(room) / part
            if source.is_dir():
                shutil.copytree(source, target)
            else:
                shutil.copyfile(source, target)
        return archive_of_folder(Path(room))


def tell_story(teller: Teller, example: Path) -> dict[str, Any]:
    """The six steps; answers the document that `--json` prints."""
    from dinghai_platform.demo import (
        chaining,
        chapters,
        fits,
        parking,
        pooling,
        rates,
        residents,
        residents_claims,
        settlement,
        small_firm_claim,
        small_firms,
        subsidising,
    )

    stand_at("2026-03-02T09:00:00")
    cast = make_cast()
    teller.line(teller.pick(
        f"机构：{cast.insurer.name_zh}、{cast.insured.name_zh}、{cast.provider.name_zh}、"
        f"{cast.adjuster.name_zh}、{cast.regulator.name_zh}",
        f"Organisations: {cast.insurer.name_en}, {cast.insured.name_en}, "
        f"{cast.provider.name_en}, {cast.adjuster.name_en}, {cast.regulator.name_en}"))
    story = Story(teller, example, cast)
    with crossing_tenants("the demonstration plays every part"):
        chapters.diagnose(story)
        chapters.treat(story)
        chapters.cover(story)
        story.figures["small_firms"] = small_firms.serve_small_firms(story)
        chapters.watch(story)
        settlement.rescue(story)
        settlement.settle(story)
        rates.revise_rates(story)
        fits.fit_made_up_losses(story)
        story.figures["small_firms"] |= small_firm_claim.claim_of_small_firm(story)
        teller.chapter("supply-chain", "一条供应链，三方共担", "One supply chain, shared by three")
        programme = chaining.share_risk(story, chaining.keep_chain(story))
        chaining.float_premiums(story, programme)
        teller.chapter("many", "千家万户：居民、园区、补贴",
                       "The many: residents, a park, a subsidy")
        story.figures["residents"] = residents.enrol_residents(story)
        claimed = residents_claims.claim_as_residents(cast)
        told = claimed["resident_claims"]
        teller.at(
            clock.now(),
            f"居民理赔（虚构数据）：{told['paid']} 赔付 {told['paid_fen'] / 100:,.2f} 元；"
            f"{told['waiting']} 等待至 {told['waits_until']}；{told['referred']} 转人工核查",
            f"Residents' claims (fictional data): {told['paid']} paid "
            f"¥{told['paid_fen'] / 100:,.2f}, {told['waiting']} waits until "
            f"{told['waits_until']}, {told['referred']} is with a person")
        parking.insure_park(story)
        subsidy = subsidising.subsidise(cast)
    teller.at(
        clock.now(),
        f"保费补贴（虚构数据）：{subsidy['applications']} 份申请，{subsidy['granted']} 份批准，"
        f"{subsidy['refused']} 份拒绝，付款 {subsidy['paid_fen'] / 100:,.2f} 元，"
        f"退保后待追回 {subsidy['due_fen'] / 100:,.2f} 元",
        f"Premium subsidy (fictional data): {subsidy['applications']} applications, "
        f"{subsidy['granted']} granted, {subsidy['refused']} refused, "
        f"¥{subsidy['paid_fen'] / 100:,.2f} paid, "
        f"¥{subsidy['due_fen'] / 100:,.2f} to come back after a cancellation")
    teller.chapter("market", "行业数据池", "The market's data pool")
    figures = pooling.share(cast)
    teller.at(
        clock.now(),
        f"行业数据池（虚构数据）：{figures['members']} 家成员，{figures['records']} 条记录，"
        f"发布 {', '.join(figures['releases'])}",
        f"Data pool (fictional data): {figures['members']} members, {figures['records']} records, "
        f"releases {', '.join(figures['releases'])}")
    return {
        "schema": "dinghai.demo/1",
        "steps": [step.to_dict() for step in teller.steps],
        "people": [person.to_dict() for person in cast.people],
        "case": str(story.case.pk) if story.case else None,
        "policy_no": story.policy.policy_no if story.policy else None,
        **story.figures,
        **claimed,
    }
