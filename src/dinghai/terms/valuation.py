"""How the facts of a loss item become an amount, as steps.

Sources: `coverages.json` (A to T) and GUIDE §3.2; which formula belongs to which coverage is the
product's choice, with the vocabulary's as default.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dinghai.foundation.money import MAXIMUM_FEN, PPM
from dinghai.terms.context import Context
from dinghai.terms.interruption import PROFILE, LostTime, compile_interruption
from dinghai.terms.program import Op
from dinghai.vocabulary.facts import fact
from dinghai.wording.sections import Valuation
from dinghai.wording.words import INTERRUPTIONS, ValuationMethod

_TIME = ("bi.interruption_seconds", "bi.period_seconds")
_SAVING = ("bi.saved_costs", "bi.increased_cost_of_working", "bi.turnover_preserved")
_WAITING = ("bi.affected_share", "bi.waiting_gross_profit_lost", "supply.buffer_seconds")

REQUIRED: dict[ValuationMethod, tuple[str, ...]] = {
    "business_interruption_gross_profit": (
        "bi.standard_turnover", "bi.actual_turnover", "bi.gross_profit_rate", *_TIME),
    "business_interruption_net_profit": ("bi.net_profit_lost", "bi.continuing_costs", *_TIME),
    "business_interruption_net_profit_hourly": (
        "bi.daily_net_profit", "bi.actual_net_profit", "bi.continuing_costs",
        "bi.interruption_seconds"),
    "business_interruption_hourly_profile": (PROFILE, "bi.interruption_seconds"),
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
"""Facts without which an item has no amount: the insured's burden."""

OPTIONAL: dict[ValuationMethod, tuple[str, ...]] = {
    "business_interruption_gross_profit": (*_SAVING, "bi.trend_factor", *_WAITING),
    "business_interruption_net_profit": (*_SAVING, "bi.gross_profit_rate", *_WAITING),
    "business_interruption_net_profit_hourly": _WAITING,
    "business_interruption_hourly_profile": (*_SAVING, "bi.gross_profit_rate", *_WAITING),
    "data_restoration": ("data.licence_repurchase",),
    "replacement_cost": ("hardware.salvage",),
    "property_damage": ("property.salvage",),
    "per_record": ("notification.uptake", "notification.monitoring_unit_cost",
                   "notification.setup_cost", "notification.actual_cost"),
    "liability": ("liability.defence_costs", "liability.audit_cost"),
    "per_endpoint": ("endpoint.restoration_cost",),
    "member_bundle": ("member.restoration_cost", "member.interruption_loss"),
    "model_bundle": ("ai.retraining_cost",),
}
"""Facts that add to or take from the amount when they are known."""

_WHOLE_UNLESS_KNOWN = frozenset({"bi.affected_share", "bi.trend_factor"})
_SPENT_KNOWN = "actual cost is known"
_PARAMETERS: dict[ValuationMethod, tuple[str, ...]] = {
    "outage_over_service_level": ("service_level_seconds", "agreed_hourly_loss"),
    "per_endpoint": ("agreed_endpoint_amount",),
}
_LAW: dict[ValuationMethod, tuple[str, ...]] = {"liability": ("保险法65条",)}


@dataclass(frozen=True, slots=True)
class ValuedItem:
    """Registers of one valued item: its amount (zero while unknown), whether every required fact
    is known, for interruptions what was lost in time, and defence costs kept apart.
    """

    amount: int
    known: int
    time: LostTime | None = None
    defence: int | None = None


@dataclass(frozen=True, slots=True)
class Waitings:
    """The waiting time of a section: its register, and the lengths it can take."""

    seconds: int
    lengths: dict[int, int]


def compile_valuation(
    context: Context, item: int, valuation: Valuation, waiting: Waitings,
    indemnity_days: int | None, clause: str, *, asks: tuple[str, ...] = (),
    defence_apart: bool = False,
) -> ValuedItem:
    """Steps that value one item. The trace shows every fact that went in.

    ``asks`` are further facts without which nothing is paid for now.
    """
    builder, method = context.builder, valuation.method
    required = tuple(dict.fromkeys((*REQUIRED[method], *asks)))
    used = REQUIRED[method] + OPTIONAL.get(method, ())
    facts = {name: context.fact(name, item) for name in used if name != PROFILE}
    values = {name: context.ratio_or_whole(name, item) if name in _WHOLE_UNLESS_KNOWN
              else builder.step(Op.VALUE, register) for name, register in facts.items()}
    known = builder.every([builder.step(Op.KNOWN, _required(context, item, name, indemnity_days))
                           for name in required])
    time = None
    if method in INTERRUPTIONS:
        time = compile_interruption(context, item, method, waiting.lengths, waiting.seconds,
                                    indemnity_days, values)
        raw = time.amount
    else:
        agreed = {name: builder.constant(context.policy.parameter(name) or 0)
                  for name in _PARAMETERS.get(method, ())}
        if method == "per_record":
            agreed[_SPENT_KNOWN] = builder.step(Op.EXISTS, facts["notification.actual_cost"])
        raw = _SIMPLE[method](context, {**values, **agreed}, valuation)
    defence = None
    if method == "liability":
        if defence_apart:
            defence = builder.step(Op.SELECT, known, values["liability.defence_costs"],
                                   builder.constant(0))
        else:
            raw = builder.step(Op.ADD, raw, values["liability.defence_costs"])
    bounded = builder.minimum(raw, builder.constant(MAXIMUM_FEN))
    amount = builder.step(Op.SELECT, known, bounded, builder.constant(0))
    if valuation.window_days is not None:
        amount = _inside_window(context, item, amount, valuation.window_days)
        if defence is not None:
            defence = _inside_window(context, item, defence, valuation.window_days)
        used = (*used, "item.days_after_incident")
    outputs = {"amount": amount, "known": known}
    if time is not None:
        outputs["waiting_amount"] = time.waiting_amount
    context.record("valuation", f"item[{item}]", clause=clause, law=_LAW.get(method, ()),
                   inputs=values, outputs=outputs, facts=tuple(dict.fromkeys((*used, *asks))),
                   code=method, required=list(required))
    return ValuedItem(amount, known, time, defence)


def _required(context: Context, item: int, name: str, indemnity_days: int | None) -> int:
    """The register that says whether a fact is known: of a series, the sum it is needed for."""
    if name != PROFILE:
        return context.fact(name, item if fact(name).scope == "item" else None)
    limit = "" if indemnity_days is None else f":{indemnity_days * 86_400}"
    return context.fact(f"{PROFILE}@interruption{limit}", item)


_Values = dict[str, int]


def _total(*names: str) -> Callable[[Context, _Values, Valuation], int]:
    def amount(context: Context, v: _Values, valuation: Valuation) -> int:
        return context.builder.total([v[name] for name in names])
    return amount


def _data_restoration(context: Context, v: _Values, valuation: Valuation) -> int:
    builder = context.builder
    labour = _units(context, v["data.labour_hours"], v["data.hourly_rate"])
    return builder.total([labour, v["data.vendor_cost"], v["data.licence_repurchase"]])


def _per_record(context: Context, v: _Values, valuation: Valuation) -> int:
    builder = context.builder
    notices = _units(context, v["notification.records"], v["notification.unit_cost"])
    monitored = builder.ratio(v["notification.records"], v["notification.uptake"],
                              builder.constant(PPM))
    monitoring = _units(context, monitored, v["notification.monitoring_unit_cost"])
    formula = builder.total([notices, monitoring, v["notification.setup_cost"]])
    spent = v["notification.actual_cost"]
    return builder.step(Op.SELECT, v[_SPENT_KNOWN], builder.minimum(formula, spent), formula)


def _betterment(context: Context, v: _Values, valuation: Valuation) -> int:
    builder = context.builder
    share = builder.constant(valuation.share_ppm or 0)
    most = builder.ratio(v["improvement.restoration_cost"], share, builder.constant(PPM))
    return builder.minimum(v["item.amount"], most)


def _excess(context: Context, v: _Values, valuation: Valuation) -> int:
    return context.builder.less(v["usage.billed"], v["usage.baseline"])


def _replacement(context: Context, v: _Values, valuation: Valuation) -> int:
    builder = context.builder
    uplifted = builder.ratio(v["hardware.cash_value"], builder.constant(PPM + valuation.uplift_ppm),
                             builder.constant(PPM))
    return builder.less(builder.minimum(v["hardware.replacement_cost"], uplifted),
                        v["hardware.salvage"])


def _property(context: Context, v: _Values, valuation: Valuation) -> int:
    builder = context.builder
    return builder.less(builder.minimum(v["property.repair_cost"], v["property.value_before"]),
                        v["property.salvage"])


def _outage(context: Context, v: _Values, valuation: Valuation) -> int:
    builder = context.builder
    over = builder.less(v["outage.seconds"], v["service_level_seconds"])
    return builder.ratio(over, v["agreed_hourly_loss"], builder.constant(3600))


def _endpoints(context: Context, v: _Values, valuation: Valuation) -> int:
    return context.builder.step(
        Op.ADD, _units(context, v["endpoint.count"], v["agreed_endpoint_amount"]),
        v["endpoint.restoration_cost"])


def _credit(context: Context, v: _Values, valuation: Valuation) -> int:
    builder = context.builder
    return builder.ratio(v["service.fee"], v["service.credit_ratio"], builder.constant(PPM))


def _priced(units: str, price: str) -> Callable[[Context, _Values, Valuation], int]:
    def amount(context: Context, v: _Values, valuation: Valuation) -> int:
        return _units(context, v[units], v[price])
    return amount


def _units(context: Context, count: int, price: int) -> int:
    """Whole units at a price; the product saturates instead of overflowing."""
    return context.builder.step(Op.PRODUCT_FLOOR, count, price, context.builder.constant(1))


_SIMPLE: dict[ValuationMethod, Callable[[Context, _Values, Valuation], int]] = {
    "actual_cost": _total("item.amount"),
    "betterment_share": _betterment,
    "excess_over_baseline": _excess,
    "data_restoration": _data_restoration,
    "replacement_cost": _replacement,
    "property_damage": _property,
    "per_record": _per_record,
    "liability": _total("liability.damages", "liability.audit_cost"),
    "direct_financial": _total("fraud.transferred"),
    "outage_over_service_level": _outage,
    "per_endpoint": _endpoints,
    "service_credit": _credit,
    "in_kind": _priced("service.units", "service.unit_price"),
    "on_chain": _priced("token.units", "token.unit_price"),
    "member_bundle": _total("member.response_cost", "member.restoration_cost",
                            "member.interruption_loss"),
    "model_bundle": _total("item.amount", "ai.retraining_cost"),
}


def _inside_window(context: Context, item: int, amount: int, window_days: int) -> int:
    """Nothing for a cost known to lie outside the window; an unknown day does not cut."""
    builder = context.builder
    late = builder.step(Op.LESS, builder.constant(window_days),
                        context.fact("item.days_after_incident", item))
    return builder.step(Op.SELECT, late, builder.constant(0), amount)
