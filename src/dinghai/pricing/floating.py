"""Premium float after bind: a pure function of the rule, the readings and the policy's dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.resources import as_file, files
from typing import Literal

import msgspec

from dinghai.foundation.calendar import policy_days
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import PPM, Fen, multiply_divide
from dinghai.foundation.reading import read_toml
from dinghai.foundation.trace import Source, Trace

Proposal = Literal["none", "refund", "increase_at_anniversary", "increase_by_endorsement"]
LAW_DOWN = "保险法53条"
LAW_UP = "保险法51条、52条"


class Band(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From this score upwards the factor holds."""

    minimum_score_ppm: int
    factor_ppm: int


class FloatRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a premium floats. Ratios in ppm; the score's points are hundredths of full marks."""

    id: str
    type: Literal["model_ratio", "score_linear", "bands"]
    name_zh: str
    name_en: str
    floor_ppm: int
    cap_ppm: int
    hysteresis_ppm: int
    agreeing_readings: int
    frozen_asset_scope: bool
    upward: Literal["anniversary", "never"]
    downward: Literal["at_once", "anniversary"]
    refund_to: Literal["applicant", "insured"]
    slope_ppm_per_point: int = 0
    bands: tuple[Band, ...] = ()


class _FloatRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: Literal["dinghai.float-rules/1"]
    version: str
    source: str
    confidence: str
    rules: tuple[FloatRule, ...]


@cache
def _shipped() -> _FloatRules:
    with as_file(files("dinghai.data").joinpath("rating", "float_rules.toml")) as path:
        return read_toml(path, _FloatRules)


def load_float_rule(rule_id: str) -> FloatRule:
    """A shipped rule. Raises InputError for an unknown id."""
    for rule in _shipped().rules:
        if rule.id == rule_id:
            return rule
    raise InputError(f"there is no float rule {rule_id!r}", field="float_rule",
                     mend="one of: " + ", ".join(rule.id for rule in _shipped().rules))


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of the risk. ``expected_loss_fen`` is through the policy's own terms.

    ``asset_scope`` identifies the set of assets that was looked at (a hash or a name).
    """

    on: date
    expected_loss_fen: Fen
    score_ppm: int
    asset_scope: str = ""
    reference: str = ""

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {"on": self.on.isoformat(), "expected_loss_fen": self.expected_loss_fen,
                "score_ppm": self.score_ppm, "asset_scope": self.asset_scope,
                "reference": self.reference}

    @classmethod
    def from_dict(cls, value: dict[str, JSON]) -> Reading:
        """The reading that ``to_dict`` wrote."""
        return cls(date.fromisoformat(value["on"]), int(value["expected_loss_fen"]),
                   int(value["score_ppm"]), str(value["asset_scope"]), str(value["reference"]))


@dataclass(frozen=True, slots=True)
class PolicyPeriod:
    """The policy as the float sees it. ``premium_fen`` is the annual premium the customer paid.

    ``factor_ppm`` is the factor in force: 1 at bind, or what an earlier float left.
    """

    inception: date
    expiry: date
    premium_fen: Fen
    factor_ppm: int = PPM

    @property
    def days(self) -> int:
        """Days of cover."""
        return policy_days(self.inception, self.expiry)


@dataclass(frozen=True, slots=True)
class FloatResult:
    """What follows from the readings. Nothing is posted: it is a proposal with its reasons.

    ``factor_ppm`` is in force from ``effective``; ``indicated_ppm`` is what the latest reading
    alone would say. ``amount_fen`` is positive in both directions; ``proposal`` says which way.
    """

    rule: str
    factor_ppm: int
    indicated_ppm: int
    proposal: Proposal
    amount_fen: Fen
    effective: date | None
    days_left: int
    recipient: str
    reasons: tuple[str, ...]
    law: tuple[str, ...]
    trace: Trace = field(compare=False)

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON (schema dinghai.float/1)."""
        return {
            "schema": "dinghai.float/1",
            "rule": self.rule,
            "factor_ppm": self.factor_ppm,
            "indicated_ppm": self.indicated_ppm,
            "proposal": self.proposal,
            "amount_fen": self.amount_fen,
            "effective": None if self.effective is None else self.effective.isoformat(),
            "days_left": self.days_left,
            "recipient": self.recipient,
            "reasons": list(self.reasons),
            "law": list(self.law),
            "trace": self.trace.to_dict(),
        }


def refund_by_day(
    annual_premium_fen: Fen, factor_before_ppm: int, factor_after_ppm: int, days_left: int,
    days: int,
) -> Fen:
    """Premium × fall of the factor × days left ÷ days, halves up: one exact step (G9).

    Negative when the factor rises. Raises InputError for days outside the period.
    """
    if not 0 <= days_left <= days or days <= 0:
        raise InputError("the days left lie outside the period", field="days_left",
                         mend="give 0 to the days of the period")
    fall = factor_before_ppm - factor_after_ppm
    return multiply_divide(annual_premium_fen * fall, days_left, days * PPM, "half_up")


def indicated_factor(rule: FloatRule, at_bind: Reading, reading: Reading) -> int:
    """The factor that one reading alone would say, in ppm, inside the rule's caps.

    Raises InputError when the expected loss at bind is not positive.
    """
    if rule.type == "model_ratio":
        if at_bind.expected_loss_fen <= 0:
            raise InputError("the expected loss at bind must be positive",
                             field="at_bind.expected_loss_fen")
        factor = multiply_divide(reading.expected_loss_fen, PPM, at_bind.expected_loss_fen,
                                 "half_up")
    elif rule.type == "score_linear":
        moved = reading.score_ppm - at_bind.score_ppm
        # One point is a hundredth of full marks: 10,000 ppm.
        factor = PPM - multiply_divide(moved, rule.slope_ppm_per_point, 10_000, "half_up")
    else:
        here, there = _band(rule, reading.score_ppm), _band(rule, at_bind.score_ppm)
        factor = multiply_divide(here, PPM, there, "half_up")
    return min(max(factor, rule.floor_ppm), rule.cap_ppm)


def _band(rule: FloatRule, score_ppm: int) -> int:
    fitting = [band for band in rule.bands if score_ppm >= band.minimum_score_ppm]
    if not fitting:
        raise InputError("the rule has no band for this score", field=f"{rule.id}.bands",
                         mend="add a band from 0")
    return max(fitting, key=lambda band: band.minimum_score_ppm).factor_ppm


@dataclass(frozen=True, slots=True)
class _Agreement:
    """The factor on which the latest readings agree, and the day the last of them was taken."""

    factor_ppm: int
    since: date


def float_premium(
    rule: FloatRule,
    at_bind: Reading,
    readings: Sequence[Reading],
    period: PolicyPeriod,
    on: date,
    *,
    hazard_increase: date | None = None,
) -> FloatResult:
    """What follows from the readings up to ``on``.

    Downward at once and by day from the last agreeing reading; upward only at the anniversary, or
    by endorsement when a material increase in hazard was established on ``hazard_increase``
    (保险法51、52条). At renewal the base is re-set, so nothing here outlives the period.
    """
    seen, ignored = _usable(rule, at_bind, readings, period, on)
    factors = [indicated_factor(rule, at_bind, reading) for reading in seen]
    indicated = factors[-1] if factors else period.factor_ppm
    reasons = list(ignored)
    agreement, why = _agreement(rule, seen, factors, period.factor_ppm)
    reasons += why
    children = tuple(
        Trace(f"reading.{reading.on.isoformat()}", factor, "ppm", rule.type, None,
              (Trace("expected_loss", reading.expected_loss_fen, "fen"),
               Trace("score", reading.score_ppm, "ppm")))
        for reading, factor in zip(seen, factors, strict=True))
    if agreement is None:
        return _result(rule, period, indicated, "none", None, period.factor_ppm, 0, reasons, (),
                       children)
    if agreement.factor_ppm < period.factor_ppm:
        return _downward(rule, period, indicated, agreement, reasons, children)
    return _upward(rule, period, indicated, agreement, hazard_increase, on, reasons, children)


def _usable(
    rule: FloatRule,
    at_bind: Reading,
    readings: Sequence[Reading],
    period: PolicyPeriod,
    on: date,
) -> tuple[list[Reading], list[str]]:
    """Readings of the period up to the day, of the assets that were looked at when binding."""
    seen, ignored = [], []
    for reading in sorted(readings, key=lambda one: one.on):
        if reading.on > on or not period.inception <= reading.on <= period.expiry:
            continue
        if rule.frozen_asset_scope and reading.asset_scope != at_bind.asset_scope:
            ignored.append(f"other_asset_scope:{reading.on.isoformat()}")
            continue
        seen.append(reading)
    return seen, ignored


def _agreement(
    rule: FloatRule, seen: Sequence[Reading], factors: Sequence[int], in_force: int
) -> tuple[_Agreement | None, list[str]]:
    """The latest readings agree when all leave the hysteresis on the same side."""
    if not seen:
        return None, ["no_reading"]
    moves = [factor - in_force for factor in factors]
    if abs(moves[-1]) < rule.hysteresis_ppm:
        return None, ["within_hysteresis"]
    wanted = max(rule.agreeing_readings, 1)
    latest = moves[-wanted:]
    down = latest[-1] < 0
    if len(latest) < wanted or any(
        abs(move) < rule.hysteresis_ppm or (move < 0) != down for move in latest
    ):
        return None, ["waiting_for_agreeing_reading"]
    # The least extreme of the agreeing readings counts: none of them says less.
    move = max(latest) if down else min(latest)
    return _Agreement(in_force + move, seen[-1].on), []


def _downward(
    rule: FloatRule, period: PolicyPeriod, indicated: int, agreement: _Agreement,
    reasons: list[str], children: tuple[Trace, ...],
) -> FloatResult:
    if rule.downward == "anniversary":
        return _result(rule, period, indicated, "none", None, period.factor_ppm, 0,
                       [*reasons, "downward_at_anniversary"], (), children)
    left = policy_days(agreement.since, period.expiry)
    amount = refund_by_day(period.premium_fen, period.factor_ppm, agreement.factor_ppm, left,
                           period.days)
    return _result(rule, period, indicated, "refund", agreement.since, agreement.factor_ppm,
                   amount, [*reasons, "hazard_clearly_fell"], (LAW_DOWN,), children)


def _upward(
    rule: FloatRule, period: PolicyPeriod, indicated: int, agreement: _Agreement,
    hazard_increase: date | None, on: date, reasons: list[str], children: tuple[Trace, ...],
) -> FloatResult:
    if hazard_increase is not None and period.inception <= hazard_increase <= on:
        left = policy_days(on, period.expiry)
        amount = -refund_by_day(period.premium_fen, period.factor_ppm, agreement.factor_ppm,
                                left, period.days)
        return _result(rule, period, indicated, "increase_by_endorsement", on,
                       agreement.factor_ppm, amount, [*reasons, "hazard_increase_established"],
                       (LAW_UP,), children)
    if rule.upward == "never":
        return _result(rule, period, indicated, "none", None, period.factor_ppm, 0,
                       [*reasons, "rule_never_rises"], (), children)
    return _result(rule, period, indicated, "increase_at_anniversary", None, period.factor_ppm,
                   0, [*reasons, "nothing_is_charged_before_the_anniversary"], (LAW_UP,),
                   children)


def _result(
    rule: FloatRule, period: PolicyPeriod, indicated: int, proposal: Proposal,
    effective: date | None, factor: int, amount: Fen, reasons: Sequence[str],
    law: tuple[str, ...], children: tuple[Trace, ...],
) -> FloatResult:
    left = 0 if effective is None else policy_days(effective, period.expiry)
    recipient = rule.refund_to if proposal == "refund" else ""
    source = Source(_shipped().source, _shipped().confidence)
    trace = Trace("float", amount, "fen", proposal, source, (
        Trace("premium", period.premium_fen, "fen"),
        Trace("factor_in_force", period.factor_ppm, "ppm"),
        Trace("factor", factor, "ppm"),
        Trace("days_left", left, "day"),
        Trace("days", period.days, "day"),
        *children,
    ))
    return FloatResult(rule.id, factor, indicated, proposal, amount, effective, left, recipient,
                       tuple(reasons), law, trace)
