"""Named formulas: from an enterprise's figures to the facts of one loss item.

Each formula gives the economic loss and the facts that a claim for it would bring. An item can be
claimed under more than one coverage, so it carries the facts of every valuation that may take it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, Literal

from dinghai.foundation.canonical import JSON
from dinghai.foundation.money import PPM, apply_ppm, multiply_divide
from dinghai.losses.exposure import Exposure
from dinghai.wording.words import Amount, Count, Ratio, Struct

HOUR: Final = 3600
_DAY: Final = 86_400
_THOUSAND: Final = 1000

Measure = Literal[
    "revenue_fen", "gross_profit_per_day_fen", "online_revenue_ppm", "personal_records",
    "endpoints", "headcount", "ot_systems", "critical_providers", "high_value_payments",
]
"""Figures of an enterprise that a formula may multiply; see ``losses.exposure``."""


@dataclass(frozen=True, slots=True)
class Loss:
    """An economic loss in fen and the facts that prove it.

    ``by_method`` holds what only one valuation asks for: a claim is prepared in the form in which
    the product values it.
    """

    amount_fen: int
    facts: Mapping[str, JSON] = field(default_factory=dict)
    by_method: Mapping[str, Mapping[str, JSON]] = field(default_factory=dict)


def measured(exposure: Exposure, measure: Measure) -> int:
    """A figure of the enterprise."""
    return int(getattr(exposure, measure))


class Cost(Struct, frozen=True, tag_field="formula", tag="cost"):
    """A bill: a fixed part, and so much for each thousand (or million) of a figure.

    amount = fixed + figure × ``ppm`` (of an amount) or + figure × ``unit_fen`` (of a count), not
    below ``minimum_fen``, not above ``maximum_fen``.
    """

    fixed_fen: Amount = 0
    measure: Measure | None = None
    ppm: Ratio = 0
    unit_fen: Amount = 0
    share_ppm: Ratio = PPM
    """How much of a count is concerned."""
    minimum_fen: Amount = 0
    maximum_fen: Amount | None = None

    def amount(self, exposure: Exposure) -> int:
        """The bill in fen."""
        total = self.fixed_fen
        if self.measure is not None:
            figure = measured(exposure, self.measure)
            total += apply_ppm(figure, self.ppm) + apply_ppm(figure, self.share_ppm) * self.unit_fen
        total = max(total, self.minimum_fen)
        return total if self.maximum_fen is None else min(total, self.maximum_fen)

    def loss(self, exposure: Exposure) -> Loss:
        """The bill as incurred."""
        amount = self.amount(exposure)
        return Loss(amount, {"item.amount": amount})


class Labour(Struct, frozen=True, tag_field="formula", tag="labour"):
    """Specialists' hours: some always, more for each thousand endpoints, at one rate."""

    hours: Count
    rate_fen: Amount
    hours_per_thousand: Count = 0
    measure: Measure = "endpoints"

    def loss(self, exposure: Exposure) -> Loss:
        """Hours × rate; the hours are also units of a rescue service in kind."""
        figure = measured(exposure, self.measure)
        hours = self.hours + multiply_divide(figure, self.hours_per_thousand, _THOUSAND, "half_up")
        amount = hours * self.rate_fen
        return Loss(amount, {"item.amount": amount}, {
            "in_kind": {"service.units": hours, "service.unit_price": self.rate_fen},
            "member_bundle": {"member.response_cost": amount}})


class Interruption(Struct, frozen=True, tag_field="formula", tag="interruption"):
    """Lost time: the enterprise's own gross profit × hours × the share that stands still.

    The stopped part earns nothing while it stands: standard turnover of the hours, actual turnover
    zero, and the affected share. ``buffer_hours`` is what stock bridges when a supplier stops; the
    enterprise's own interruption is what remains.
    """

    hours: Count
    affected_ppm: Ratio
    base: Literal["all", "online"] = "all"
    saved_ppm: Ratio = 50_000
    """Costs that stop with the work, as a share of the gross profit lost."""
    net_profit_ppm: Ratio = 400_000
    """What of the gross profit is net profit; the rest are continuing costs."""
    buffer_hours: Count | None = None
    service_fee_ppm: Ratio = 500
    """What a managed service costs in a year, as a share of revenue, and ..."""
    service_credit_ppm: Ratio = 300_000
    """... what of a month's fee its service level agreement gives back."""

    def loss(self, exposure: Exposure) -> Loss:
        """The interruption in the forms of all four valuations; they agree on the amount."""
        seconds = max(self.hours - (self.buffer_hours or 0), 0) * HOUR
        turnover = _over(exposure.turnover_per_day_fen, seconds)
        rate = exposure.gross_profit_rate_ppm
        if self.base == "online":
            turnover = apply_ppm(turnover, exposure.online_revenue_ppm)
        profit = apply_ppm(turnover, rate)
        lost = apply_ppm(profit, self.affected_ppm)
        saved = apply_ppm(lost, self.saved_ppm)
        amount = lost - saved
        forms = self._forms(turnover, profit, rate, seconds, saved)
        if self.buffer_hours is not None:
            for form in forms.values():
                form["supply.buffer_seconds"] = self.buffer_hours * HOUR
        return Loss(amount, {"item.amount": amount, "item.market_share_of_drop": 0}, {
            **forms,
            "outage_over_service_level": {"outage.seconds": seconds},
            "service_credit": {
                "service.fee": apply_ppm(exposure.revenue_fen, self.service_fee_ppm) // 12,
                "service.credit_ratio": self.service_credit_ppm},
            "member_bundle": {"member.response_cost": 0, "member.interruption_loss": amount}})

    def _forms(
        self, turnover: int, profit: int, rate: int, seconds: int, saved: int
    ) -> dict[str, dict[str, JSON]]:
        net = apply_ppm(profit, self.net_profit_ppm)
        time: dict[str, JSON] = {"bi.interruption_seconds": seconds}
        share: dict[str, JSON] = {**time, "bi.affected_share": self.affected_ppm,
                                  "bi.saved_costs": saved}
        earned = net - apply_ppm(net, self.affected_ppm)
        continuing = apply_ppm(profit - net, self.affected_ppm)
        return {
            "business_interruption_gross_profit": {
                **share, "bi.standard_turnover": turnover, "bi.actual_turnover": 0,
                "bi.gross_profit_rate": rate, "bi.period_seconds": seconds},
            "business_interruption_net_profit": {
                **share, "bi.net_profit_lost": net, "bi.continuing_costs": profit - net,
                "bi.period_seconds": seconds},
            "business_interruption_net_profit_hourly": {
                **time,
                "bi.daily_net_profit": multiply_divide(net, _DAY, max(seconds, 1), "half_up"),
                "bi.actual_net_profit": earned,
                "bi.continuing_costs": max(continuing - saved, 0)},
            "business_interruption_hourly_profile": {
                **share, "bi.hourly_gross_profit": _hourly(profit, seconds)},
        }


class Restoration(Struct, frozen=True, tag_field="formula", tag="restoration"):
    """Systems set up again: hours for each endpoint hit, and what outside help costs."""

    endpoints_ppm: Ratio
    hours_per_endpoint: Count
    rate_fen: Amount
    vendor_fen: Amount = 0
    measure: Measure = "endpoints"

    def loss(self, exposure: Exposure) -> Loss:
        """Labour and vendor, as data restoration and by endpoint."""
        count = apply_ppm(measured(exposure, self.measure), self.endpoints_ppm)
        hours = count * self.hours_per_endpoint
        amount = hours * self.rate_fen + self.vendor_fen
        return Loss(amount, {"item.amount": amount}, {
            "data_restoration": {
                "data.labour_hours": hours, "data.hourly_rate": self.rate_fen,
                "data.vendor_cost": self.vendor_fen},
            "per_endpoint": {
                "endpoint.count": count, "endpoint.restoration_cost": amount,
                "asset.managed": True},
            "member_bundle": {"member.response_cost": 0, "member.restoration_cost": amount}})


class Improvement(Struct, frozen=True, tag_field="formula", tag="improvement"):
    """Systems made better than before while they are restored."""

    cost: Cost
    restoration: Restoration

    def loss(self, exposure: Exposure) -> Loss:
        """What the improvement costs, with the restoration it belongs to."""
        amount = self.cost.amount(exposure)
        restored = self.restoration.loss(exposure).amount_fen
        return Loss(amount, {"item.amount": amount},
                    {"betterment_share": {"improvement.restoration_cost": restored}})


class Notification(Struct, frozen=True, tag_field="formula", tag="notification"):
    """Persons told and, where they wish it, their credit watched."""

    persons: Count
    """At most this many, and never more than the enterprise holds."""
    unit_fen: Amount
    uptake_ppm: Ratio
    monitoring_fen: Amount
    setup_fen: Amount

    def loss(self, exposure: Exposure) -> Loss:
        """Records × notice + uptake × records × monitoring + set-up."""
        records = min(self.persons, exposure.personal_records)
        monitored = apply_ppm(records, self.uptake_ppm)
        amount = records * self.unit_fen + monitored * self.monitoring_fen + self.setup_fen
        return Loss(amount, {"item.amount": amount}, {"per_record": {
            "notification.records": records, "notification.unit_cost": self.unit_fen,
            "notification.uptake": self.uptake_ppm,
            "notification.monitoring_unit_cost": self.monitoring_fen,
            "notification.setup_cost": self.setup_fen, "notification.actual_cost": amount}})


class Liability(Struct, frozen=True, tag_field="formula", tag="liability"):
    """Damages to others and the cost of defence."""

    damages: Cost | None = None
    persons: Count = 0
    """At most this many are concerned, and never more than the enterprise holds records of."""
    claimants_ppm: Ratio = 0
    claim_fen: Amount = 0
    defence_fen: Amount = 0
    contractual_ppm: Ratio = 0
    """How much of the damages is owed by contract alone."""

    def loss(self, exposure: Exposure) -> Loss:
        """Claimants × average claim, or an agreed formula, and defence."""
        concerned = min(self.persons, exposure.personal_records)
        damages = apply_ppm(concerned, self.claimants_ppm) * self.claim_fen
        if self.damages is not None:
            damages += self.damages.amount(exposure)
        excess = apply_ppm(damages, self.contractual_ppm)
        return Loss(damages + self.defence_fen, {"item.contractual_excess": excess}, {
            "liability": {"liability.damages": damages,
                          "liability.defence_costs": self.defence_fen}})


class Transfer(Struct, frozen=True, tag_field="formula", tag="transfer"):
    """Money sent to a fraudster, part of it called back."""

    amount: Cost
    recovered_ppm: Ratio = 0

    def loss(self, exposure: Exposure) -> Loss:
        """What is gone for good; the product takes recoveries off in its own order."""
        sent = self.amount.amount(exposure)
        recovered = apply_ppm(sent, self.recovered_ppm)
        return Loss(sent - recovered, {"item.amount": sent, "item.recovered": recovered},
                    {"direct_financial": {"fraud.transferred": sent}})


class Equipment(Struct, frozen=True, tag_field="formula", tag="equipment"):
    """Equipment that must be replaced or repaired, for each piece of a figure hit."""

    measure: Measure
    share_ppm: Ratio
    unit_fen: Amount
    cash_value_ppm: Ratio = PPM
    """Value before the loss as a share of what replacement or repair costs."""

    def loss(self, exposure: Exposure) -> Loss:
        """Replacement of hardware, or repair of property: the section says which."""
        amount = apply_ppm(measured(exposure, self.measure), self.share_ppm) * self.unit_fen
        value = apply_ppm(amount, self.cash_value_ppm)
        return Loss(amount, {"item.amount": amount}, {
            "replacement_cost": {"hardware.replacement_cost": amount,
                                 "hardware.cash_value": value},
            "property_damage": {"property.repair_cost": amount,
                                "property.value_before": value}})


Formula = (Cost | Labour | Interruption | Restoration | Improvement | Notification | Liability
           | Transfer | Equipment)


def _over(per_day: int, seconds: int) -> int:
    return multiply_divide(per_day, seconds, _DAY, "half_up")


def _hourly(total: int, seconds: int) -> list[int]:
    """An even profile whose hours add up to the total."""
    hours = max(-(-seconds // HOUR), 1)
    reached = [total * hour // hours for hour in range(hours + 1)]
    return [after - before for before, after in pairwise(reached)]
