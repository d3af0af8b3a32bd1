"""A specimen policy of a product: its own defaults, every section, every term explained.

What papers about a product alone need amounts for (guide, worked examples, list of exclusions) is
said of this policy, and the papers say so.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from dinghai.foundation.clock import SHANGHAI
from dinghai.wording.explaining import terms_to_explain
from dinghai.wording.policy import (
    ExplanationRecord,
    Party,
    Policy,
    Schedule,
    bind,
    scheduled_layers,
    scheduled_sections,
    with_explanations,
)
from dinghai.wording.schema import Product

FIRST_DAY = date(2026, 1, 1)
_INSURED = Party(name_zh="示例企业", name_en="Example firm")
_INSURER = Party(name_zh="示例保险公司", name_en="Example insurer")


def specimen_policy(product: Product, *, first_day: date = FIRST_DAY) -> Policy:
    """The product bound for a year at its default amounts, all terms explained."""
    limits = product.limits
    aggregate = limits.aggregate_default_fen
    retroactive = {"inception": first_day, "date": first_day - timedelta(days=730), "none": None}
    policy = bind(product, Schedule(
        policy_no="SPECIMEN", applicant=_INSURED, insured=_INSURED, insurer=_INSURER,
        inception=first_day, expiry=first_day + timedelta(days=364),
        aggregate_limit_fen=aggregate,
        each_event_limit_fen=max(1, aggregate * limits.each_event_ppm // 1_000_000),
        event_deductible_fen=limits.deductible_default_fen,
        sections=scheduled_sections(product, aggregate),
        layers=scheduled_layers(product, aggregate),
        retroactive_date=retroactive[product.basis.retroactive]))
    return explained_throughout(policy)


def explained_throughout(policy: Policy) -> Policy:
    """The policy with every term recorded as highlighted and explained the day before it began."""
    moment = datetime.combine(policy.schedule.inception - timedelta(days=1), time(10),
                              tzinfo=SHANGHAI)
    keys = tuple(one.key for one in terms_to_explain(policy))
    return with_explanations(policy, keys, ExplanationRecord(
        highlighted=True, explained_at=moment))
