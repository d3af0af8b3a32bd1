"""The supply chain of the demonstration: kept by its owner, its twin run, its risk shared, and
what a year's changes do to it: a plan of fixes, and premiums that float.

Donghai is one of its suppliers, with the very dossier of the story.
"""

from __future__ import annotations

import json
from datetime import date

from msgspec import structs

from dinghai.foundation.canonical import canonical_bytes, read_json
from dinghai.foundation.reading import plain
from dinghai.supplychain.chain_patch import patched
from dinghai_platform.chains.archives import chain_archive
from dinghai_platform.chains.documents import chain_of_version
from dinghai_platform.chains.models import ChainRun, ChainVersion
from dinghai_platform.chains.queries import part
from dinghai_platform.chains.queries import run as run_of
from dinghai_platform.chains.services.imports import keep_import, read_file
from dinghai_platform.chains.services.runs import start_run
from dinghai_platform.demo.story import Story, stand_at, work
from dinghai_platform.programmes.models import Programme, Study
from dinghai_platform.programmes.services.certificates import issue_certificate
from dinghai_platform.programmes.services.floats import approve_floats, propose_floats
from dinghai_platform.programmes.services.members import Joining, enrol
from dinghai_platform.programmes.services.programmes import open_programme
from dinghai_platform.programmes.services.settlements import approve_settlement, propose_event
from dinghai_platform.programmes.services.studies import start_study
from dinghai_platform.site.formats import percent_text

CHAIN = "haiyue"
MEMBER = "donghai"
YEARS = 2_000
SEED = 1
PREMIUM_FEN = 120_000_000
"""Agreed for the whole programme and year: an invented figure."""
PLAN_YEARS = 500
"""A plan of fixes looks at every fix of every firm; so many years keep it short, and its page says
of how many it is."""
BUDGET_FEN = 100_000_000
ATTEMPTS = 200
"""Attempts of a reading of floating premiums, for each beginning and aim; its page says so."""


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
                  teller.short(done.mean_fen))
    teller.keep(f"{CHAIN}.zip", archive)
    story.figures |= {"chain": str(version.chain_id), "chain_run": str(done.pk),
                      "chain_mean_fen": done.mean_fen}
    return done


def share_risk(story: Story, run: ChainRun) -> Programme:
    """The insurer opens a programme, suppliers join, what each party bears is studied, where each
    member stands at bind, and one event is settled between the three parties by two people."""
    moment = stand_at("2026-10-23T10:00:00")
    underwriter, teller = story.actor("underwriter"), story.teller
    folder = story.example.parent / CHAIN
    programme = open_programme(
        run.version, inception=date(2026, 11, 1), expiry=date(2027, 10, 31), actor=underwriter,
        layers=(folder / "layers.toml").read_bytes(), layers_name="layers.toml",
        premium_fen=PREMIUM_FEN)
    start_study(programme, kind=Study.Kind.SHARES, runs=YEARS, seed=SEED, actor=underwriter)
    work()  # so that each supplier's premium is by what it causes
    firms = [one for one in chain_of_version(run.version).firms if one.role == "supplier"]
    members = enrol(programme, [
        Joining(one.id, organisation=story.cast.insured if one.id == MEMBER else None)
        for one in firms], actor=underwriter)
    teller.at(moment, f"供应链共保计划 {programme.number}：{len(members)} 家供应商加入",
              f"Programme {programme.number}: {len(members)} suppliers join")
    moment = stand_at("2026-11-01T09:00:00")
    issue_certificate(next(one for one in members if one.firm == MEMBER), actor=underwriter)
    _read_floats(programme, run.version, story)
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
        teller.figure(zh, en, teller.short(amount))
    story.figures |= {"programme": str(programme.pk), "settlement": str(settlement.pk)}
    return programme


def float_premiums(story: Story, programme: Programme) -> None:
    """The chain owner says what changed at its firms and plans fixes; two readings that agree let
    premiums float: proposed by one, approved by another, told to the members."""
    moment = stand_at("2026-11-20T10:00:00")
    owner, teller = story.actor("chain_owner"), story.teller
    before = chain_of_version(programme.version)
    changes = read_json(story.example.parent / CHAIN / "changes.json")
    after = structs.replace(patched(before, changes), as_of=moment.date())
    version = keep_import(
        read_file(canonical_bytes(plain(after)), name=f"{CHAIN}-2026-11.json", actor=owner,
                  chain=programme.chain),
        actor=owner, note="2026 年 11 月更新（虚构）")
    run = start_run(version, years=PLAN_YEARS, seed=SEED, budget_fen=BUDGET_FEN, actor=owner)
    work()
    plan = part(run_of(owner, run.pk), "hardening")
    assert plan is not None
    teller.at(moment, f"供应链更新至第 {version.number} 版；{teller.short(BUDGET_FEN)} "
                      f"预算的加固方案：{len(plan['fixes'])} 项（{PLAN_YEARS} 年模拟）",
              f"The chain's version {version.number}; a plan of fixes for "
              f"{teller.short(BUDGET_FEN)}: {len(plan['fixes'])} of them "
              f"({PLAN_YEARS} simulated years)")
    teller.figure("方案每年减少损失", "The plan averts a year",
                  teller.short(plan["plan"]["averted_fen"]))
    _read_floats(programme, version, story)
    moment = stand_at("2026-12-04T10:00:00")
    study = _read_floats(programme, version, story)
    propose_floats(study, actor=story.actor("underwriter"))
    told = approve_floats(study, actor=story.actor("chief_underwriter"))
    mine = next(one for one in told if one.member.firm == MEMBER)
    teller.at(moment, f"浮动保费：通知 {len(told)} 家成员，东海家电系数 "
                      f"{percent_text(mine.factor_ppm, 1)}，按日退 "
                      f"{teller.short(-mine.amount_fen)}",
              f"Floating premiums: {len(told)} members are told; Donghai's factor is "
              f"{percent_text(mine.factor_ppm, 1)}, {teller.short(-mine.amount_fen)} goes "
              "back by the day")
    story.figures |= {"chain_plan": str(run.pk), "member": str(mine.member_id),
                      "member_factor_ppm": mine.factor_ppm, "member_refund_fen": -mine.amount_fen}


def _read_floats(programme: Programme, version: ChainVersion, story: Story) -> Study:
    """One reading of the members' premiums."""
    asked = start_study(programme, kind=Study.Kind.FLOAT, runs=ATTEMPTS, seed=SEED, after=version,
                        actor=story.actor("underwriter"))
    work()
    done: Study = Study.objects.within(story.cast.insurer).select_related(
        "programme", "tenant", "owner").get(pk=asked.pk)
    return done
