"""How the facts of a loss item become an amount, as steps.

Sources: the gross-profit form and its economic limit, GUIDE §3.2 (filed Chinese property form,
confidence T); data restoration, notification and liability, `coverages.json` (A to T).
"""

from __future__ import annotations

from dataclasses import dataclass

from dinghai.foundation.money import MAXIMUM_FEN, PPM
from dinghai.terms.context import Context
from dinghai.terms.program import Builder, Op
from dinghai.wording.sections import Waiting
from dinghai.wording.words import ValuationMethod

REQUIRED: dict[ValuationMethod, tuple[str, ...]] = {
    "business_interruption_gross_profit": (
        "bi.standard_turnover", "bi.actual_turnover", "bi.gross_profit_rate",
        "bi.interruption_seconds", "bi.period_seconds",
    ),
    "actual_cost": ("item.amount",),
    "data_restoration": ("data.labour_hours", "data.hourly_rate", "data.vendor_cost"),
    "per_record": ("notification.records", "notification.unit_cost"),
    "liability": ("liability.damages",),
    "direct_financial": ("fraud.transferred",),
}
"""Facts without which an item has no amount: the insured's burden."""

OPTIONAL: dict[ValuationMethod, tuple[str, ...]] = {
    "business_interruption_gross_profit": (
        "bi.saved_costs", "bi.increased_cost_of_working", "bi.turnover_preserved",
        "bi.waiting_gross_profit_lost",
    ),
    "actual_cost": (),
    "data_restoration": ("data.licence_repurchase",),
    "per_record": ("notification.uptake", "notification.monitoring_unit_cost",
                   "notification.setup_cost", "notification.actual_cost"),
    "liability": ("liability.defence_costs",),
    "direct_financial": (),
}
"""Facts that add to or take from the amount when they are known."""


@dataclass(frozen=True, slots=True)
class ValuedItem:
    """Registers of one valued item: its amount (zero while unknown), whether every required fact
    is known, and, for interruptions, how long it lasted and the gross profit of the waiting time.
    """

    amount: int
    known: int
    interruption: int | None = None
    waiting_amount: int | None = None


def compile_valuation(
    context: Context, item: int, method: ValuationMethod, waiting: Waiting | None,
    window_days: int | None, clause: str,
) -> ValuedItem:
    """Steps that value one item. The trace shows every fact that went in."""
    builder = context.builder
    used = REQUIRED[method] + OPTIONAL[method]
    facts = {name: context.fact(name, item) for name in used}
    values = {name: builder.step(Op.VALUE, register) for name, register in facts.items()}
    known = builder.every([builder.step(Op.KNOWN, facts[name]) for name in REQUIRED[method]])
    interruption = waiting_amount = None
    if method == "business_interruption_gross_profit":
        raw = _gross_profit(builder, values)
        interruption = values["bi.interruption_seconds"]
        waiting_amount = _waiting_amount(builder, facts, values, waiting)
    else:
        raw = _SIMPLE[method](builder, values)
    bounded = builder.step(Op.MINIMUM, raw, builder.constant(MAXIMUM_FEN))
    amount = builder.step(Op.SELECT, known, bounded, builder.constant(0))
    if window_days is not None:
        amount = _inside_window(context, item, amount, window_days)
        used = (*used, "item.days_after_incident")
    outputs = {"amount": amount, "known": known}
    if waiting_amount is not None:
        outputs["waiting_amount"] = waiting_amount
    context.record("valuation", f"item[{item}]", clause=clause, law=_LAW.get(method, ()),
                   inputs=values, outputs=outputs, facts=used, code=method,
                   required=list(REQUIRED[method]))
    return ValuedItem(amount, known, interruption, waiting_amount)


_LAW: dict[ValuationMethod, tuple[str, ...]] = {"liability": ("保险法65条",)}


def _gross_profit(builder: Builder, v: dict[str, int]) -> int:
    """(standard − actual turnover) × rate − saved + increased cost up to what it preserved."""
    one = builder.constant(PPM)
    fall = builder.not_below_zero(
        builder.step(Op.SUBTRACT, v["bi.standard_turnover"], v["bi.actual_turnover"]))
    profit = builder.step(Op.PRODUCT_HALF_UP, fall, v["bi.gross_profit_rate"], one)
    economic_limit = builder.step(
        Op.PRODUCT_HALF_UP, v["bi.turnover_preserved"], v["bi.gross_profit_rate"], one)
    extra = builder.step(Op.MINIMUM, v["bi.increased_cost_of_working"], economic_limit)
    net = builder.step(Op.SUBTRACT, profit, v["bi.saved_costs"])
    return builder.not_below_zero(builder.step(Op.ADD, net, extra))


def _waiting_amount(
    builder: Builder, facts: dict[str, int], v: dict[str, int], waiting: Waiting | None
) -> int:
    """Gross profit of the waiting time: the profile's own figure when known, else the average."""
    seconds = builder.constant(waiting.seconds if waiting else 0)
    time = builder.step(Op.MINIMUM, seconds, v["bi.interruption_seconds"])
    gross = builder.step(Op.PRODUCT_HALF_UP, v["bi.standard_turnover"],
                         v["bi.gross_profit_rate"], builder.constant(PPM))
    average = builder.step(Op.PRODUCT_HALF_UP, gross, time, v["bi.period_seconds"])
    profiled = builder.step(Op.EXISTS, facts["bi.waiting_gross_profit_lost"])
    return builder.step(Op.SELECT, profiled, v["bi.waiting_gross_profit_lost"], average)


def _actual_cost(builder: Builder, v: dict[str, int]) -> int:
    return v["item.amount"]


def _data_restoration(builder: Builder, v: dict[str, int]) -> int:
    labour = builder.step(Op.PRODUCT_FLOOR, v["data.labour_hours"], v["data.hourly_rate"],
                          builder.constant(1))
    return builder.total([labour, v["data.vendor_cost"], v["data.licence_repurchase"]])


def _per_record(builder: Builder, v: dict[str, int]) -> int:
    one = builder.constant(1)
    notices = builder.step(Op.PRODUCT_FLOOR, v["notification.records"],
                           v["notification.unit_cost"], one)
    monitored = builder.step(Op.PRODUCT_HALF_UP, v["notification.records"],
                             v["notification.uptake"], builder.constant(PPM))
    monitoring = builder.step(Op.PRODUCT_FLOOR, monitored,
                              v["notification.monitoring_unit_cost"], one)
    formula = builder.total([notices, monitoring, v["notification.setup_cost"]])
    spent = v["notification.actual_cost"]
    capped = builder.step(Op.MINIMUM, formula, spent)
    is_spent = builder.step(Op.LESS, builder.constant(0), spent)
    return builder.step(Op.SELECT, is_spent, capped, formula)


def _liability(builder: Builder, v: dict[str, int]) -> int:
    return builder.step(Op.ADD, v["liability.damages"], v["liability.defence_costs"])


def _direct_financial(builder: Builder, v: dict[str, int]) -> int:
    return v["fraud.transferred"]


_SIMPLE = {
    "actual_cost": _actual_cost,
    "data_restoration": _data_restoration,
    "per_record": _per_record,
    "liability": _liability,
    "direct_financial": _direct_financial,
}


def _inside_window(context: Context, item: int, amount: int, window_days: int) -> int:
    """Nothing for a cost known to lie outside the window; an unknown day does not cut."""
    builder = context.builder
    late = builder.step(Op.LESS, builder.constant(window_days),
                        context.fact("item.days_after_incident", item))
    return builder.step(Op.SELECT, late, builder.constant(0), amount)


