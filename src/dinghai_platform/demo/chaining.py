"""The supply chain of the demonstration: the example chain kept by its owner, and its twin run.

Donghai is one of its suppliers, with the very dossier of the story.
"""

from __future__ import annotations

from dinghai_platform.chains.archives import chain_archive
from dinghai_platform.chains.models import ChainRun
from dinghai_platform.chains.services.imports import keep_import, read_file
from dinghai_platform.chains.services.runs import start_run
from dinghai_platform.demo.story import Story, stand_at, work
from dinghai_platform.site.formats import short_money_text

CHAIN = "haiyue"
YEARS = 2_000
SEED = 1


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
