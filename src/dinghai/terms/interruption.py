"""Lost time as steps: the four forms of business interruption, and what the waiting time costs.

Sources: the gross-profit form and its economic limit, GUIDE §3.2 (filed Chinese property form,
confidence T); the hourly net-profit form, China Life B (A); stock buffer, DECISIONS 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dinghai.foundation.money import PPM
from dinghai.terms.context import Context
from dinghai.terms.program import Op
from dinghai.wording.words import ValuationMethod

DAY: Final = 86_400
PROFILE: Final = "bi.hourly_gross_profit"


@dataclass(frozen=True, slots=True)
class LostTime:
    """Registers of one interruption. ``waiting_amount`` is the gross profit of the waiting time,
    ``reach`` how long after its cause the interruption ended (stock buffer included).
    """

    amount: int
    interruption: int
    waiting_amount: int
    reach: int


def compile_interruption(
    context: Context, item: int, method: ValuationMethod, waitings: dict[int, int],
    waiting: int, indemnity_days: int | None, v: dict[str, int],
) -> LostTime:
    """Steps that value one interruption.

    ``v`` are values of the method's facts. ``waiting`` is the register of the waiting time in
    seconds; ``waitings`` maps each length it can take to a register of that length, because a
    series is summed outside the program, once for each.
    """
    builder = context.builder
    interruption = v["bi.interruption_seconds"]
    indemnity = None if indemnity_days is None else builder.constant(indemnity_days * DAY)
    share, one = v["bi.affected_share"], builder.constant(PPM)
    counted = interruption if indemnity is None else builder.minimum(interruption, indemnity)
    # what an average hour is worth: an amount, and the time it stands for
    if method == "business_interruption_gross_profit":
        standard = builder.ratio(v["bi.standard_turnover"], v["bi.trend_factor"], one)
        fall = builder.less(standard, v["bi.actual_turnover"])
        profit = builder.ratio(fall, v["bi.gross_profit_rate"], one)
        gross = _over_period(context, profit, v["bi.period_seconds"], indemnity)
        hourly = builder.ratio(standard, v["bi.gross_profit_rate"], one), v["bi.period_seconds"]
    elif method == "business_interruption_net_profit":
        lost = builder.step(Op.ADD, v["bi.net_profit_lost"], v["bi.continuing_costs"])
        gross = _over_period(context, lost, v["bi.period_seconds"], indemnity)
        hourly = lost, interruption
    elif method == "business_interruption_net_profit_hourly":
        expected = builder.ratio(v["bi.daily_net_profit"], counted, builder.constant(DAY))
        lost = builder.step(Op.SUBTRACT, expected, v["bi.actual_net_profit"])
        gross = builder.not_below_zero(builder.step(Op.ADD, lost, v["bi.continuing_costs"]))
        hourly = gross, counted
    else:
        gross = builder.step(Op.VALUE, profile(context, item, "interruption", indemnity_days))
        hourly = gross, counted
    amount = builder.ratio(gross, share, one)
    if "bi.saved_costs" in v:
        economic = builder.ratio(v["bi.turnover_preserved"], v["bi.gross_profit_rate"], one)
        extra = builder.minimum(v["bi.increased_cost_of_working"], economic)
        net = builder.step(Op.SUBTRACT, amount, v["bi.saved_costs"])
        amount = builder.not_below_zero(builder.step(Op.ADD, net, extra))
    buffer = v["supply.buffer_seconds"]
    time = builder.minimum(builder.less(waiting, buffer), interruption)
    average = builder.ratio(hourly[0], time, hourly[1])
    waited = _waiting_amount(context, item, waitings, waiting, average)
    return LostTime(amount, interruption, builder.ratio(waited, share, one),
                    builder.step(Op.ADD, buffer, interruption))


def profile(context: Context, item: int, until: str, days: int | None = None) -> int:
    """The register of what the hourly profile adds up to: see ``cells``."""
    limit = "" if days is None else f":{days * DAY}"
    return context.fact(f"{PROFILE}@{until}{limit}", item)


def _over_period(context: Context, amount: int, period: int, indemnity: int | None) -> int:
    """A loss over a period longer than the indemnity period counts in proportion."""
    if indemnity is None:
        return amount
    builder = context.builder
    longer = builder.step(Op.LESS, indemnity, period)
    return builder.step(Op.SELECT, longer, builder.ratio(amount, indemnity, period), amount)


def _waiting_amount(
    context: Context, item: int, waitings: dict[int, int], waiting: int, average: int
) -> int:
    """By the hourly profile where there is one, else as stated, else by the average hour."""
    builder = context.builder
    stated = context.fact("bi.waiting_gross_profit_lost", item)
    amount = builder.step(Op.SELECT, builder.step(Op.EXISTS, stated), stated, average)
    for seconds, register in waitings.items():
        profiled = profile(context, item, f"first:{seconds}")
        here = builder.step(Op.AND, builder.step(Op.EXISTS, profiled),
                            builder.step(Op.EQUAL, waiting, register))
        amount = builder.step(Op.SELECT, here, profiled, amount)
    return amount
