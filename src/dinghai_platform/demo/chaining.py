"""The supply chain of the demonstration: kept by its owner, its twin run, its risk shared.

Donghai is one of its suppliers, with the very dossier of the story.
"""

from __future__ import annotations

import json
from datetime import date

from dinghai_platform.chains.archives import chain_archive
from dinghai_platform.chains.documents import chain_of_version
from dinghai_platform.chains.models import ChainRun
from dinghai_platform.chains.services.imports import keep_import, read_file
from dinghai_platform.chains.services.runs import start_run
from dinghai_platform.demo.story import Story, stand_at, work
from dinghai_platform.programmes.models import Study
from dinghai_platform.programmes.services.members import Joining, enrol
from dinghai_platform.programmes.services.programmes import open_programme
from dinghai_platform.programmes.services.settlements import approve_settlement, propose_event
from dinghai_platform.programmes.services.studies import start_study
from dinghai_platform.site.formats import short_money_text

CHAIN = "haiyue"
YEARS = 2_000
SEED = 1
PREMIUM_FEN = 120_000_000
"""Agreed for the whole programme and year: an invented figure."""


def keep_chain(story: Story) -> ChainRun:
    """The chain owner uploads its chain and looks at what was understood; the underwriter runs it.
    """
    moment = stand_at("2026-10-21T09:30:00")
    owner, teller = story.actor("chain_owner"), story.teller
    archive = chain_archive(story.example.parent / CHAIN)
    version = keep_import(
        read_file(archive, name=f"{CHAIN}.zip", actor=owner), actor=owner,
        note="2026 年供应商普查（虚构）")
    teller.at(moment, f"供应链：链主上传 {version.counts['firms']} 家企业",
              f"Supply chain: its owner uploads {version.counts['firms']} firms")
    teller.say("（新机器上首次运行会编译孪生模型的计算内核，需要几分钟）",
               "(the first run on a machine compiles the twin's kernels: some minutes)")
    run = start_run(version, years=YEARS, seed=SEED, actor=story.actor("underwriter"))
    work()
    done: ChainRun = ChainRun.objects.within(story.cast.insurer).get(pk=run.pk)
    teller.figure(f"孪生模型 {YEARS:,} 年，年均损失", f"{YEARS:,} years of the twin, loss a year",
                  short_money_text(done.mean_fen))
    teller.keep(f"{CHAIN}.zip", archive)
    story.figures |= {"chain": str(version.chain_id), "chain_run": str(done.pk),
                      "chain_mean_fen": done.mean_fen}
    return done


def share_risk(story: Story, run: ChainRun) -> None:
    """The insurer opens a programme, suppliers join, what each party bears is studied, and one
    event is settled between the three parties by two people."""
    moment = stand_at("2026-10-23T10:00:00")
    underwriter, teller = story.actor("underwriter"), story.teller
    folder = story.example.parent / CHAIN
    programme = open_programme(
        run.version, inception=date(2026, 11, 1), expiry=date(2027, 10, 31), actor=underwriter,
        layers=(folder / "layers.toml").read_bytes(), layers_name="layers.toml",
        premium_fen=PREMIUM_FEN)
    firms = [one for one in chain_of_version(run.version).firms if one.role == "supplier"]
    members = enrol(programme, [
        Joining(one.id, organisation=story.cast.insured if one.id == "donghai" else None)
        for one in firms], actor=underwriter)
    teller.at(moment, f"供应链共保计划 {programme.number}：{len(members)} 家供应商加入",
              f"Programme {programme.number}: {len(members)} suppliers join")
    start_study(programme, kind=Study.Kind.SHARES, runs=YEARS, seed=SEED, actor=underwriter)
    work()
    moment = stand_at("2026-11-02T09:00:00")
    event = json.loads((folder / "event.json").read_text("utf-8"))
    settlement = approve_settlement(
        propose_event(programme, event=event["event"], occurred_on=date(2026, 11, 1),
                      root_cause=event["root_cause"], sections=event["sections"],
                      actor=story.actor("claims_handler")),
        actor=story.actor("claims_approver"))
    teller.at(moment, f"三方分担 {settlement.number}", f"Shared between three: {settlement.number}")
    for zh, en, amount in (("保险赔款", "insurance", settlement.insurance_fen),
                           ("商业分担", "commercial contributions", settlement.contribution_fen),
                           ("自留", "own retention", settlement.retention_fen)):
        teller.figure(zh, en, short_money_text(amount))
    story.figures |= {"programme": str(programme.pk), "settlement": str(settlement.pk)}
