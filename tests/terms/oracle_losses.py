"""What a loss item is worth to the oracle: valuation, exclusions of items, waiting amount.

Part of the second reading of docs/explanation/terms.md (see oracle.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from dinghai.vocabulary.facts import UNKNOWN
from dinghai.wording.exclusions import Effect
from dinghai.wording.sections import Section
from tests.terms.oracle_facts import (
    DAY,
    HOUR,
    WHOLE,
    Facts,
    acts,
    effect_of,
    part,
    points,
    pro_rata,
)

LARGEST_ITEM = 10**15
REQUIRED: dict[str, tuple[str, ...]] = {
    "business_interruption_gross_profit": (
        "bi.standard_turnover", "bi.actual_turnover", "bi.gross_profit_rate",
        "bi.interruption_seconds", "bi.period_seconds"),
    "business_interruption_net_profit": (
        "bi.net_profit_lost", "bi.continuing_costs", "bi.interruption_seconds",
        "bi.period_seconds"),
    "business_interruption_net_profit_hourly": (
        "bi.daily_net_profit", "bi.actual_net_profit", "bi.continuing_costs",
        "bi.interruption_seconds"),
    "business_interruption_hourly_profile": ("bi.interruption_seconds",),
    "actual_cost": ("item.amount",),
    "betterment_share": ("item.amount", "improvement.restoration_cost"),
    "excess_over_baseline": ("usage.billed", "usage.baseline"),
    "data_restoration": ("data.labour_hours", "data.hourly_rate", "data.vendor_cost"),
    "replacement_cost": ("hardware.replacement_cost", "hardware.cash_value"),
    "property_damage": ("property.repair_cost", "property.value_before"),
    "per_record": ("notification.records", "notification.unit_cost"),
    "liability": ("liability.damages",),
    "direct_financial": ("fraud.transferred",),
    "outage_over_service_level": ("outage.seconds",),
    "per_endpoint": ("endpoint.count",),
    "service_credit": ("service.fee", "service.credit_ratio"),
    "in_kind": ("service.units", "service.unit_price"),
    "on_chain": ("token.units", "token.unit_price"),
    "member_bundle": ("member.response_cost",),
    "model_bundle": ("item.amount",),
}


@dataclass
class Item:
    """One loss item on its way through the steps before the stages."""

    index: int
    amount: int = 0
    defence: int = 0
    waiting: int = 0
    longer: bool = True
    """Than the waiting time."""
    interruption: int = 0
    lost: int = 0
    """Net-profit methods: the loss before the affected share, for the average hour."""


def value_item(facts: Facts, section: Section, index: int) -> Item:
    """Valuation; what is not known pays nothing for now."""
    item = Item(index)
    assert section.valuation is not None
    method = section.valuation.method
    needed = (*REQUIRED[method], *section.asks)
    if any(facts.cell(one, index) == UNKNOWN for one in needed):
        return item
    if method == "business_interruption_hourly_profile" and (
            facts.cell(_profile(section), index) == UNKNOWN):
        return item
    amount = _value(facts, section, item)
    window = section.valuation.window_days
    if window is not None and facts.amount("item.days_after_incident", index) > window:
        amount = 0
    item.amount = min(max(amount, 0), LARGEST_ITEM)
    if method == "liability" and facts.policy.product.limits.defence == "outside":
        item.defence = facts.amount("liability.defence_costs", index)
        if window is not None and facts.amount("item.days_after_incident", index) > window:
            item.defence = 0
    return item


def _profile(section: Section) -> str:
    """What the profile sums up to over the interruption, within the indemnity period."""
    if section.indemnity_days is None:
        return "bi.hourly_gross_profit@interruption"
    return f"bi.hourly_gross_profit@interruption:{section.indemnity_days * DAY}"


def _value(facts: Facts, section: Section, item: Item) -> int:
    valuation = section.valuation
    assert valuation is not None

    def of(identifier: str, otherwise: int = 0) -> int:
        return facts.amount(identifier, item.index, otherwise)

    def term(key: str) -> int:
        return facts.policy.parameter(key) or 0

    match valuation.method:
        case "actual_cost":
            return of("item.amount")
        case "betterment_share":
            assert valuation.share_ppm is not None
            return min(of("item.amount"),
                       part(of("improvement.restoration_cost"), valuation.share_ppm))
        case "excess_over_baseline":
            return of("usage.billed") - of("usage.baseline")
        case "data_restoration":
            return (of("data.labour_hours") * of("data.hourly_rate") + of("data.vendor_cost")
                    + of("data.licence_repurchase"))
        case "replacement_cost":
            agreed = part(of("hardware.cash_value"), WHOLE + valuation.uplift_ppm)
            return min(of("hardware.replacement_cost"), agreed) - of("hardware.salvage")
        case "property_damage":
            return (min(of("property.repair_cost"), of("property.value_before"))
                    - of("property.salvage"))
        case "per_record":
            records = of("notification.records")
            persons = part(records, of("notification.uptake"))
            cost = (records * of("notification.unit_cost")
                    + persons * of("notification.monitoring_unit_cost")
                    + of("notification.setup_cost"))
            if facts.known("notification.actual_cost", item.index):
                return min(cost, of("notification.actual_cost"))
            return cost
        case "liability":
            inside = facts.policy.product.limits.defence == "inside"
            return (of("liability.damages") + of("liability.audit_cost")
                    + (of("liability.defence_costs") if inside else 0))
        case "direct_financial":
            return of("fraud.transferred")
        case "outage_over_service_level":
            beyond = max(of("outage.seconds") - term("service_level_seconds"), 0)
            return pro_rata(beyond, term("agreed_hourly_loss"), HOUR)
        case "per_endpoint":
            return (of("endpoint.count") * term("agreed_endpoint_amount")
                    + of("endpoint.restoration_cost"))
        case "service_credit":
            return part(of("service.fee"), of("service.credit_ratio"))
        case "in_kind":
            return of("service.units") * of("service.unit_price")
        case "on_chain":
            return of("token.units") * of("token.unit_price")
        case "member_bundle":
            return (of("member.response_cost") + of("member.restoration_cost")
                    + of("member.interruption_loss"))
        case "model_bundle":
            return of("item.amount") + of("ai.retraining_cost")
    return _interruption(facts, section, item)


def _interruption(facts: Facts, section: Section, item: Item) -> int:
    assert section.valuation is not None
    method, days = section.valuation.method, section.indemnity_days

    def of(identifier: str, otherwise: int = 0) -> int:
        return facts.amount(identifier, item.index, otherwise)

    item.interruption = of("bi.interruption_seconds")
    if method == "business_interruption_net_profit_hourly":
        counted = item.interruption if days is None else min(item.interruption, days * DAY)
        item.lost = max(pro_rata(of("bi.daily_net_profit"), counted, DAY)
                        - of("bi.actual_net_profit") + of("bi.continuing_costs"), 0)
        # the table of terms.md names no affected share here, but the waiting amount has one
        return part(item.lost, of("bi.affected_share", WHOLE))
    if method == "business_interruption_hourly_profile":
        item.lost = of(_profile(section))
    elif method == "business_interruption_net_profit":
        item.lost = _indemnified(of("bi.net_profit_lost") + of("bi.continuing_costs"),
                                 days, of("bi.period_seconds"))
    else:
        standard = part(of("bi.standard_turnover"), of("bi.trend_factor", WHOLE))
        fall = max(standard - of("bi.actual_turnover"), 0)
        item.lost = _indemnified(part(fall, of("bi.gross_profit_rate")),
                                 days, of("bi.period_seconds"))
    economic = part(of("bi.turnover_preserved"), of("bi.gross_profit_rate"))
    return (part(item.lost, of("bi.affected_share", WHOLE)) - of("bi.saved_costs")
            + min(of("bi.increased_cost_of_working"), economic))


def _indemnified(loss: int, days: int | None, period: int) -> int:
    """Of a period longer than the indemnity period, its part only."""
    if days is None or period <= days * DAY:
        return loss
    return pro_rata(loss, days * DAY, period)


def reduce_item(facts: Facts, section: Section, item: Item) -> None:
    """Exclusions of items in the product's order, then reasonableness."""
    listed = section.exclusions or ()
    for own in facts.policy.product.exclusions:
        if (own.acts_on == "item" and own.code in listed
                and acts(facts, own, section.coverage, item.index)):
            _apply(facts, effect_of(facts, own, item.index), item,
                   zero=_idle_already(facts, section, item))
    if facts.known("item.reasonable_amount", item.index):
        item.amount = min(item.amount, facts.amount("item.reasonable_amount", item.index))


def _idle_already(facts: Facts, section: Section, item: Item) -> int | None:
    """Seconds that an hourly profile values at nothing."""
    if section.valuation is None or (
            section.valuation.method != "business_interruption_hourly_profile"):
        return None
    return facts.amount(_profile(section).replace("@interruption", "@idle"), item.index)


def _apply(facts: Facts, effect: Effect, item: Item, *, zero: int | None) -> None:
    index = item.index
    named = str(effect.fact)
    match effect.type:
        case "exclude_item":
            item.amount = item.defence = 0
        case "reduce_by_fact":
            item.amount = max(item.amount - facts.amount(named, index), 0)
        case "reduce_to_fact":
            if facts.known(named, index):
                item.amount = min(item.amount, facts.amount(named, index))
        case "reduce_by_ratio_fact":
            _scale(item, max(WHOLE - facts.amount(named, index), 0), WHOLE)
        case "reduce_hours_by_fact":
            idle = facts.amount(named, index) * HOUR
            left = max(item.interruption - idle, 0)
            # of an interruption of no time, idle time is all; of hours that a profile holds at
            # zero nothing is left to take
            earning = item.interruption if zero is None else max(item.interruption - zero, 0)
            _scale(item, min(left, earning), max(earning, 1))
            item.interruption = left
        case "reduce_to_ratio":
            _to_ratio(facts, effect, item)
        case "coinsurance" | "sliding_coinsurance":
            _scale(item, WHOLE - points(facts, effect, index), WHOLE)


def _scale(item: Item, numerator: int, denominator: int) -> None:
    item.amount = pro_rata(item.amount, numerator, denominator)
    item.defence = pro_rata(item.defence, numerator, denominator)


def _to_ratio(facts: Facts, effect: Effect, item: Item) -> None:
    """Numerator ÷ denominator, where both are known and it reduces."""
    operands = []
    for operand in (effect.numerator, effect.denominator):
        assert operand is not None
        ((kind, name),) = operand.items()
        if kind == "policy":
            operands.append(facts.policy.term(name))
        else:
            operands.append(facts.amount(name, item.index) if facts.known(name, item.index)
                            else None)
    numerator, denominator = operands
    if numerator is not None and denominator is not None and numerator < denominator:
        _scale(item, numerator, denominator)


def wait(facts: Facts, section: Section, item: Item, seconds: int) -> None:
    """The waiting amount of one item, and whether its interruption is longer than the waiting.

    ``seconds`` is the waiting time with its extensions.
    """
    buffer = facts.amount("supply.buffer_seconds", item.index)
    item.longer = buffer + item.interruption > seconds
    time = min(max(seconds - buffer, 0), item.interruption)
    item.waiting = part(_waiting_profit(facts, section, item, seconds, time),
                        facts.amount("bi.affected_share", item.index, WHOLE))
    if not item.longer:
        item.amount = 0
    item.waiting = min(item.waiting, item.amount)


def _waiting_profit(
    facts: Facts, section: Section, item: Item, seconds: int, time: int
) -> int:
    assert section.valuation is not None
    first = f"bi.hourly_gross_profit@first:{seconds}"
    if facts.known(first, item.index):
        return facts.amount(first, item.index)
    if facts.known("bi.waiting_gross_profit_lost", item.index):
        return facts.amount("bi.waiting_gross_profit_lost", item.index)

    def of(identifier: str, otherwise: int = 0) -> int:
        return facts.amount(identifier, item.index, otherwise)

    if section.valuation.method == "business_interruption_gross_profit":
        standard = part(of("bi.standard_turnover"), of("bi.trend_factor", WHOLE))
        period = of("bi.period_seconds")
        return pro_rata(part(standard, of("bi.gross_profit_rate")), time, period) if period else 0
    whole, lost = of("bi.interruption_seconds"), item.lost
    if section.valuation.method == "business_interruption_net_profit":
        lost = of("bi.net_profit_lost") + of("bi.continuing_costs")  # before the indemnity period
    elif section.indemnity_days is not None:
        whole = min(whole, section.indemnity_days * DAY)
    return pro_rata(lost, time, whole) if whole else 0
