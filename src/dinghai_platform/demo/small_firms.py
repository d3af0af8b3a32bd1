"""Small firms in the demonstration: 300 made-up ones quoted in one batch, 20 of them insured, and
one that came by a link."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path
from typing import Any

from dinghai.experience.pool_records import check_character
from dinghai_platform.catalogue.services import install_product, release_product
from dinghai_platform.demo.story import Story, stand_at, work
from dinghai_platform.ledger.queries import balance_of
from dinghai_platform.small_firms.engine import plans
from dinghai_platform.small_firms.models import Batch, Firm, Policy
from dinghai_platform.small_firms.services.batches import (
    bind_batch,
    bindable,
    quote_batch,
    take_batch,
)
from dinghai_platform.small_firms.services.firms import price_firm, start_firm
from dinghai_platform.small_firms.services.links import actor_of_link, make_link
from dinghai_platform.small_firms.services.months import month_of
from dinghai_platform.small_firms.services.papers import make_papers
from dinghai_platform.small_firms.services.policies import (
    ONLINE,
    Acceptance,
    bind_quote,
    pay_premium,
    terms_of,
)

EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "small-firms"
INCEPTION = date(2026, 5, 15)
BOUND = 20
BY_LINK = 301
FIRM_BY_LINK = "街角设计工作室（虚构）"


def serve_small_firms(story: Story) -> dict[str, Any]:
    """A batch of 300, 20 of it bound, one firm by a link from its answers to its policy."""
    teller, underwriter = story.teller, story.actor("underwriter")
    moment = stand_at("2026-04-20T08:30:00")
    cash = balance_of(story.cast.insurer, "cash")
    release_product(install_product(plans().product, actor=story.house), actor=story.house)
    batch = take_batch((EXAMPLES / "firms.csv").read_bytes(), name="小微企业（虚构）.csv",
                       inception=INCEPTION, actor=underwriter)
    quote_batch(batch, actor=underwriter)
    work()
    batch = Batch.objects.within(story.cast.insurer).get(pk=batch.pk)
    chosen = list(bindable(batch).values_list("pk", flat=True)[:BOUND])
    bind_batch(batch, chosen, confirmed_by="林核（演示）", channel="telephone", explained=True,
               actor=underwriter)
    work()
    policies = list(Policy.objects.within(story.cast.insurer).order_by("id"))
    for one in policies[:BOUND // 2]:
        pay_premium(one, reference=f"DEMO-{one.policy_no}", actor=underwriter)
    month_of(policies[0].firm, actor=underwriter)
    bought = buy_by_link(story)
    story.other_cash_fen += balance_of(story.cast.insurer, "cash") - cash
    figures = {"batch": batch.number, "firms": batch.rows, "outcomes": batch.outcomes,
               "bound": len(policies), "by_link": bought.policy_no}
    teller.at(moment, f"普惠：一个文件 {batch.rows} 家小微企业即时报价，"
                      f"{batch.outcomes.get('offered', 0)} 家可承保，出单 {len(policies)} 家；"
                      f"另一家经链接自助投保 {bought.policy_no}",
              f"Small firms: {batch.rows} quoted from one file, "
              f"{batch.outcomes.get('offered', 0)} offered a plan, {len(policies)} insured; one "
              f"more bought {bought.policy_no} by a link")
    return figures


def buy_by_link(story: Story) -> Policy:
    """A firm without an account, on its phone: answers, price, terms, policy, premium."""
    link, _secret = make_link(label=f"演示：{FIRM_BY_LINK}", days=14,
                              actor=story.actor("underwriter"))
    holder = actor_of_link(link)
    firm: Firm = start_firm(actor=holder, link=link)
    quote = price_firm(firm, actor=holder, given=_answers(), inception=INCEPTION)
    plan = quote.offered_plan
    policy = bind_quote(quote, plan, Acceptance(
        [one.key for one in terms_of(quote, plan)], "街角（演示）", ONLINE), actor=holder)
    make_papers(policy, actor=holder)
    return pay_premium(policy, reference=f"DEMO-{policy.policy_no}",
                       actor=story.actor("underwriter"))


def _answers() -> dict[str, str]:
    """The answers of the example's first firm under a name and a code of its own."""
    text = (EXAMPLES / "firms.csv").read_text(encoding="utf-8-sig")
    row = next(csv.DictReader(io.StringIO(text)))
    answers = {("revenue" if name.startswith("revenue") else name): value
               for name, value in row.items()}
    return {**answers, "name": FIRM_BY_LINK, "credit_code": _code()}


def _code() -> str:
    start = f"91320500XX{BY_LINK:06d}X"
    return start + check_character(start)
