"""The loss model through a policy's own terms: what is payable, and how the year is distributed."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache, partial
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

from dinghai.foundation.calendar import start_of
from dinghai.foundation.canonical import JSON
from dinghai.losses.compound import (
    Aggregate,
    Discretised,
    LostMassError,
    aligned_step,
    compound_poisson_mixture,
    discretise,
    grow,
)
from dinghai.losses.grid import Group
from dinghai.losses.model import NEUTRAL, LossModel
from dinghai.losses.severity import DAY_SECONDS, EventGrid, Whole
from dinghai.losses.tables import PERILS
from dinghai.terms.compiler import compile_policy
from dinghai.terms.interruption import PROFILE
from dinghai.terms.kernel import run
from dinghai.terms.program import Program
from dinghai.wording.policy import Policy

Columns = dict[str, npt.NDArray[np.int64] | int]
ItemFacts = Callable[[EventGrid, Callable[[], Whole]], Columns]
"""An item's facts of each event; the second answers what was lost in the section's waiting time."""
QUANTILES: Final = (0.5, 0.95, 0.99, 0.995)
PARTS_PER_BILLION: Final = 1_000_000_000
_CELLS: Final = 1 << 14


@dataclass(frozen=True, slots=True, eq=False)
class PerilPayments:
    """What the policy pays on each grid point of a peril, and exact sums by latent state.

    ``mean[coverage][state]`` and ``mean["total" | "inside"][state]`` are means per event in fen,
    ``second[state]`` means of squared totals. They come from whole-number sums.
    """

    total: Whole
    inside: Whole
    mean: Mapping[str, tuple[float, ...]]
    second: tuple[float, ...]
    groups: tuple[Group, ...]
    _masses: dict[tuple[str, int, int], tuple[Discretised, ...]] = field(default_factory=dict)

    def masses(self, which: str, step: int, cells: int) -> tuple[Discretised, ...]:
        """The severity of payments in each latent state on a grid; worked out once."""
        key = (which, step, cells)
        if key not in self._masses:
            values = self.total if which == "total" else self.inside
            self._masses[key] = tuple(
                self._mass(values, state, step, cells) for state in range(len(self.second)))
        return self._masses[key]

    def _mass(self, values: Whole, state: int, step: int, cells: int) -> Discretised:
        groups = [group for group in self.groups if group.state == state]
        window = slice(groups[0].start, groups[-1].stop)
        weights = np.repeat([g.chance for g in groups], [g.stop - g.start for g in groups])
        paid = values[window]
        needed = int(paid.max()) // step + 2  # beyond the largest payment there is no mass
        return discretise(paid, weights, step_fen=step, cells=min(cells, needed))


@dataclass(frozen=True, slots=True, eq=False)
class LossEvaluation:
    """Expected payments of one year by peril and section, and the year's distribution. Fen.

    ``expected`` is after what an exhausted annual aggregate takes off (``exhaustion_ppb`` of the
    payments inside it). ``common`` is the part from causes that strike many at once.
    """

    expected: float
    common: float
    standard_deviation: float
    exhaustion_ppb: int
    by_peril: Mapping[str, float]
    by_section: Mapping[str, float]
    matrix: Mapping[str, Mapping[str, float]]
    payments: Mapping[str, PerilPayments]
    year: Callable[[], Aggregate]
    inside: Aggregate
    """The year's payments inside the annual aggregate, cut at its limit."""

    @property
    def aggregate(self) -> Aggregate:
        """The distribution of a year's payments (inside and outside the aggregate limit)."""
        return self.year()

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON (schema dinghai.loss-evaluation/1); amounts in whole fen.

        What comes out of the FFT is rounded (tail means to the yuan), so that the document is the
        same bytes on machines whose arithmetic differs in the last bit.
        """
        year = self.aggregate
        return {
            "schema": "dinghai.loss-evaluation/1",
            "expected_fen": round(self.expected),
            "common_fen": round(self.common),
            "standard_deviation_fen": round(self.standard_deviation),
            "aggregate_kept_ppb": self.exhaustion_ppb,
            "by_peril_fen": {name: round(value) for name, value in self.by_peril.items()},
            "by_section_fen": {name: round(value) for name, value in self.by_section.items()},
            "step_fen": year.step_fen,
            "lost_mass": round(year.lost, 12),
            "quantiles_fen": {f"{q:g}": year.quantile(q) for q in QUANTILES},
            "tail_value_at_risk_fen": {f"{q:g}": 100 * round(year.tail_value_at_risk(q) / 100.0)
                                       for q in QUANTILES},
            "chance_of_any_payment": round(year.exceedance(0), 9),
        }


@dataclass(slots=True)
class Evaluator:
    """A policy compiled once for the loss model's events; evaluates any number of what-ifs.

    Payments of a peril are kept by its severity factors: a what-if that only moves frequency
    costs no run of the terms.
    """

    policy: Policy
    items: tuple[str, ...]
    program: Program
    _memory: dict[tuple[object, ...], PerilPayments] = field(default_factory=dict)

    @classmethod
    def of(cls, policy: Policy) -> Evaluator:
        """Compile a policy for one loss item under each coverage that the model knows."""
        items = tuple(code for code in ITEM_FACTS if policy.grants(code))
        return cls(policy, items, compile_policy(policy, items))

    def branch(self) -> Evaluator:
        """A copy that knows what this one knows; what it learns is its own, and goes with it."""
        return Evaluator(self.policy, self.items, self.program, dict(self._memory))

    def payments(self, peril: str, events: EventGrid, weights: tuple[float, ...]) -> PerilPayments:
        """Run the terms over a peril's grid."""
        columns = self._columns(peril, events)
        outputs = ("total", "inside", *(f"pay.{code}" for code in self.items))
        paid = run(self.program, columns, outputs, events=len(events.duration_seconds))
        groups = events.grid.groups
        starts = np.array([group.start for group in groups])
        mean = {}
        for name, values in paid.items():
            sums = np.add.reduceat(values, starts).tolist()
            mean[name.removeprefix("pay.")] = _by_state(groups, sums, len(weights))
        squares = _sums_of_squares(paid["total"], starts)
        return PerilPayments(paid["total"], paid["inside"], mean,
                             _by_state(groups, squares, len(weights)), groups)

    def evaluate(self, model: LossModel, *, neutral: bool = False) -> LossEvaluation:
        """Expected payments and the distribution of a year.

        ``neutral`` leaves the control effects on severity out (for the waterfall). Raises
        LostMassError when the year's distribution does not fit any reasonable grid.
        """
        payments = self.payments_of(model, neutral=neutral)
        rates = {peril: model.perils[peril].frequency.per_year for peril in PERILS}
        common = {peril: model.perils[peril].frequency.common for peril in PERILS}
        return self._assemble(model, payments, rates, common)

    def payments_of(self, model: LossModel, *, neutral: bool = False) -> dict[str, PerilPayments]:
        """What the policy pays for one event of each peril, without the distribution of a year:
        where only means are asked, its Fourier transforms are the larger part of the work."""
        payments = {}
        for peril in PERILS:
            one = model.perils[peril]
            key = (model.exposure.of_severity, model.tables.version, peril,
                   NEUTRAL if neutral else one.severity_key)
            if key not in self._memory:
                events = model.neutral_events(peril) if neutral else one.events
                self._memory[key] = self.payments(peril, events, model.latent.event_weights)
            payments[peril] = self._memory[key]
        return payments

    def _assemble(
        self,
        model: LossModel,
        payments: Mapping[str, PerilPayments],
        rates: Mapping[str, float],
        common: Mapping[str, float],
    ) -> LossEvaluation:
        weights = model.latent.event_weights
        limit = self.policy.schedule.aggregate_limit_fen
        inside = _aggregate(model, payments, rates, limit, "inside")
        kept = _kept_ppb(inside, limit)
        towers = {tower.coverage for tower in self.policy.product.towers}
        matrix: dict[str, dict[str, float]] = {}
        for peril in PERILS:
            matrix[peril] = {}
            for code in self.items:
                value = rates[peril] * _over_states(weights, payments[peril].mean[code])
                share = 1.0 if code in towers else kept / PARTS_PER_BILLION
                matrix[peril][code] = value * share
        by_peril = {peril: math.fsum(row.values()) for peril, row in matrix.items()}
        by_section = {code: math.fsum(matrix[peril][code] for peril in PERILS)
                      for code in self.items}
        common_part = math.fsum(
            by_peril[peril] * (common[peril] / rates[peril] if rates[peril] else 0.0)
            for peril in PERILS)
        return LossEvaluation(
            expected=math.fsum(by_peril.values()),
            common=common_part,
            standard_deviation=_standard_deviation(model, payments, rates),
            exhaustion_ppb=kept,
            by_peril=by_peril,
            by_section=by_section,
            matrix=matrix,
            payments=payments,
            year=cache(lambda: _aggregate(model, payments, rates, limit, "total")),
            inside=inside.capped(limit),
        )

    def _columns(self, peril: str, events: EventGrid) -> Columns:
        """The facts of the grid's events, as far as the policy's terms ask for them."""
        moment = int(start_of(self.policy.schedule.inception).timestamp()) + 43_200
        columns: Columns = {
            "incident.peril": PERILS.index(peril),
            "incident.first_occurrence_at": moment,
            "incident.discovered_at": moment,
            "claim.made_at": moment,
            **event_facts(peril, events.happens, self.program.inputs),
        }
        lost = cache(partial(lost_within, events))
        for position, code in enumerate(self.items):
            waiting = partial(lost, self._waiting_seconds(code))
            for name, value in ITEM_FACTS[code](events, waiting).items():
                columns[f"item[{position}].{name}"] = value
        # the hourly profile, where the terms ask what it adds up to: a loss spread evenly
        columns |= {name: lost(seconds) for name, seconds in _profile_inputs(self.program)}
        return {name: value for name, value in columns.items() if name in self.program.inputs}

    def _waiting_seconds(self, code: str) -> int:
        section = self.policy.product.section(code)
        return section.waiting.seconds if section is not None and section.waiting else 0


@lru_cache(maxsize=64)
def _profile_inputs(program: Program) -> tuple[tuple[str, int | None], ...]:
    """Inputs that add up the hourly profile, and within how many seconds (None: all)."""
    found = []
    for name in program.inputs:
        fact, derived, rule = name.partition("@")
        if derived and fact.endswith(PROFILE) and not rule.startswith("idle"):
            seconds = rule.partition(":")[2]
            found.append((name, int(seconds) if seconds else None))
    return tuple(found)


def _sums_of_squares(values: Whole, starts: npt.NDArray[np.int64]) -> list[int]:
    """Of the values from each start to the next. Exact, beyond 64 bits: squares by halves of 21
    bits where that cannot overflow."""
    if values.max() >= 1 << 43:
        return [sum(x * x for x in part.tolist()) for part in np.split(values, starts[1:])]
    halves = np.zeros((len(starts), 3), dtype=np.int64)
    _add_halves(values, starts, halves)
    return [(high << 42) + (cross << 22) + low for high, cross, low in halves.tolist()]


@njit(cache=True, nogil=True)
def _add_halves(values, starts, out):  # type: ignore[no-untyped-def]
    for k in range(starts.shape[0]):
        stop = starts[k + 1] if k + 1 < starts.shape[0] else values.shape[0]
        for i in range(starts[k], stop):
            upper, lower = values[i] >> 21, values[i] & ((1 << 21) - 1)
            out[k, 0] += upper * upper
            out[k, 1] += upper * lower
            out[k, 2] += lower * lower


def _by_state(groups: tuple[Group, ...], sums: list[int], states: int) -> tuple[float, ...]:
    out = [0.0] * states
    for group, total in zip(groups, sums, strict=True):
        out[group.state] += group.chance * total
    return tuple(out)


def _over_states(weights: tuple[float, ...], values: tuple[float, ...]) -> float:
    return sum(w * v for w, v in zip(weights, values, strict=True))


def _standard_deviation(
    model: LossModel, payments: Mapping[str, PerilPayments], rates: Mapping[str, float]
) -> float:
    """Closed form: Poisson within each latent state, plus the spread between the states."""
    latent = model.latent
    within = between = mean = 0.0
    for state, (weight, node) in enumerate(zip(latent.weights, latent.nodes, strict=True)):
        first = sum(rates[p] * node * payments[p].mean["total"][state] for p in PERILS)
        second = sum(rates[p] * node * payments[p].second[state] for p in PERILS)
        within += weight * second
        between += weight * first * first
        mean += weight * first
    return math.sqrt(within + max(between - mean * mean, 0.0))


def _aggregate(
    model: LossModel,
    payments: Mapping[str, PerilPayments],
    rates: Mapping[str, float],
    limit: int,
    which: str,
) -> Aggregate:
    step = aligned_step(limit)
    cells = _CELLS
    while True:
        try:
            return _aggregate_on(model, payments, rates, which, step, cells)
        except LostMassError:
            cells = grow(cells)


def _aggregate_on(
    model: LossModel,
    payments: Mapping[str, PerilPayments],
    rates: Mapping[str, float],
    which: str,
    step: int,
    cells: int,
) -> Aggregate:
    latent = model.latent
    per_state = [np.zeros(cells) for _ in latent.nodes]
    beyond = [0.0] * len(latent.nodes)
    for peril in PERILS:
        for state, one in enumerate(payments[peril].masses(which, step, cells)):
            _add(per_state[state], rates[peril] * latent.nodes[state], one.mass)
            beyond[state] += rates[peril] * latent.nodes[state] * one.lost
    return compound_poisson_mixture(
        list(zip(latent.weights, per_state, strict=True)), step_fen=step, beyond=beyond)


def _kept_ppb(inside: Aggregate, limit: int) -> int:
    """Share of the payments inside the annual aggregate that it does not cut, in ppb."""
    mean = inside.mean()
    if mean <= 0.0:
        return PARTS_PER_BILLION
    return min(round(inside.limited_mean(limit) / mean * PARTS_PER_BILLION), PARTS_PER_BILLION)


@njit(cache=True, nogil=True)
def _add(total, rate, mass):  # type: ignore[no-untyped-def]
    for i in range(mass.shape[0]):
        total[i] += rate * mass[i]


def event_facts(
    peril: str, happens: Mapping[str, npt.NDArray[np.bool_]], asked: Container[str]
) -> Columns:
    """Facts about the event as a whole, as far as they are asked for."""
    provider, interruption = peril == "third_party", happens["interruption"]
    data = 1 if peril in ("ransomware", "error_insider", "intrusion_breach") else 0
    facts: dict[str, npt.NDArray[np.bool_] | int] = {
        "event.cyber_incident_confirmed": 1,
        "event.cyber_incident_suspected": 1,
        "event.claim_made": 1,
        "event.system_interruption": 0 if provider else interruption,
        "event.provider_interruption": interruption if provider else 0,
        "event.data_encryption": 1 if peril == "ransomware" else 0,
        "event.data_corruption": data,
        "event.data_loss": 0,
        "event.extortion_threat": 1 if peril == "ransomware" else 0,
        "event.fraudulent_instruction": 1 if peril == "bec_fraud" else 0,
        "event.personal_data_breach": happens["breach"],
        "event.third_party_claim": happens["privacy_claim"] | happens["network_claim"],
        "event.regulator_enquiry": happens["regulator"],
        "event.adverse_publicity": happens["publicity"],
        "event.operator_error": 1 if peril == "error_insider" else 0,
    }
    return {name: value if isinstance(value, int) else value.astype(np.int64)
            for name, value in facts.items() if name in asked}


def lost_within(events: EventGrid, limit: int | None) -> Whole:
    """Gross profit lost in the first ``limit`` seconds of each event, spread evenly."""
    lost = np.empty_like(events.loss)
    fill_lost(events.amounts["interruption"], events.saved_costs, events.duration_seconds,
               np.iinfo(np.int64).max if limit is None else limit, lost)
    return lost


@njit(cache=True, nogil=True, error_model="numpy")
def fill_lost(kept, saved, duration, limit, lost):  # type: ignore[no-untyped-def]
    """``lost_within`` for kernels."""
    for i in range(lost.shape[0]):
        inside = min(duration[i], limit) / max(duration[i], 1)
        lost[i] = np.int64(np.rint((kept[i] + saved[i]) * inside))


@njit(cache=True, nogil=True, error_model="numpy")
def fill_profit(kept, saved, duration, profit, seconds, daily):  # type: ignore[no-untyped-def]
    """Gross profit lost with what was saved, in how many seconds (one at least), and a day."""
    for i in range(profit.shape[0]):
        profit[i] = kept[i] + saved[i]
        seconds[i] = max(duration[i], 1)
        daily[i] = np.int64(np.rint(profit[i] * (DAY_SECONDS / seconds[i])))


def _interruption(events: EventGrid, lost_in_waiting: Callable[[], Whole]) -> Columns:
    """Facts of every form of interruption; what was lost in the waiting time is known.

    The model knows gross profit alone, so the net-profit forms read it as net profit without
    continuing costs: the same loss in other words.
    """
    profit, seconds, daily = np.empty((3, len(events.loss)), dtype=np.int64)
    fill_profit(events.amounts["interruption"], events.saved_costs, events.duration_seconds,
                 profit, seconds, daily)
    return {
        "bi.net_profit_lost": profit,
        "bi.continuing_costs": 0,
        "bi.daily_net_profit": daily,
        "bi.actual_net_profit": 0,
        "bi.standard_turnover": events.standard_turnover,
        "bi.actual_turnover": events.actual_turnover,
        "bi.gross_profit_rate": events.gross_profit_rate_ppm,
        "bi.saved_costs": events.saved_costs,
        "bi.interruption_seconds": events.duration_seconds,
        "bi.period_seconds": seconds,
        "bi.waiting_gross_profit_lost": lost_in_waiting(),
    }


def _restoration(events: EventGrid, _lost: Callable[[], Whole]) -> Columns:
    return {
        "data.labour_hours": events.labour_hours,
        "data.hourly_rate": events.prices["labour"],
        "data.vendor_cost": events.amounts["vendor"],
    }


def _notification(events: EventGrid, _lost: Callable[[], Whole]) -> Columns:
    prices = events.prices
    return {
        "notification.records": events.records,
        "notification.unit_cost": prices["notice"],
        "notification.uptake": prices["uptake_ppm"],
        "notification.monitoring_unit_cost": prices["monitoring"],
        "notification.setup_cost": np.where(events.records > 0, prices["setup"], 0),
        "notification.actual_cost": events.amounts["notification"],
    }


def _cost(*names: str) -> ItemFacts:
    def facts(events: EventGrid, _lost: Callable[[], Whole]) -> Columns:
        return {"item.amount": sum((events.amounts[name] for name in names[1:]),
                                   start=events.amounts[names[0]])}
    return facts


def _liability(damages: str, defence: str) -> ItemFacts:
    def facts(events: EventGrid, _lost: Callable[[], Whole]) -> Columns:
        return {"liability.damages": events.amounts[damages],
                "liability.defence_costs": events.amounts[defence]}
    return facts


def _transferred(events: EventGrid, _lost: Callable[[], Whole]) -> Columns:
    return {"fraud.transferred": events.amounts["transferred"]}


ITEM_FACTS: Final[Mapping[str, ItemFacts]] = {
    "FP-IR": _cost("response"),
    "FP-BI": _interruption,
    "FP-DBI": _interruption,
    "FP-DATA": _restoration,
    "FP-EXT-C": _cost("extortion"),
    "FP-EXT-R": _cost("ransom"),
    "FP-NOTIF": _notification,
    "FP-PR": _cost("publicity"),
    "FP-LEGAL": _cost("legal"),
    "FP-REGINV": _cost("regulator"),
    "FP-FRAUD": _transferred,
    "TP-PRIV": _liability("privacy_damages", "privacy_defence"),
    "TP-NETSEC": _liability("network_damages", "network_defence"),
    "FP-MIT": _cost("mitigation"),
    "FP-PROOF": _cost("proof"),
}
"""How each coverage the model knows reads an event's facts."""


def evaluate(model: LossModel, policy: Policy) -> LossEvaluation:
    """A loss model through a policy's terms, once. For what-ifs keep an ``Evaluator``."""
    return Evaluator.of(policy).evaluate(model)
