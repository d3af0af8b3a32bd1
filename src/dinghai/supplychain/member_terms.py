"""The programme for one member alone: what its terms grant on every point of an event grid.

Limits that members or events share stand wide open, and the member's own deductible is taken. So a
smaller loss is never paid more, point by point, which what is shared cannot promise (DECISIONS 9).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

import msgspec
import numpy as np

from dinghai.foundation.calendar import start_of
from dinghai.losses.evaluation import ITEM_FACTS, Columns, event_facts
from dinghai.losses.severity import EventGrid
from dinghai.losses.tables import PERILS
from dinghai.supplychain.cover import OPEN_FEN, OWN, SPREAD
from dinghai.supplychain.years import Whole
from dinghai.terms.compiler import compile_policy
from dinghai.terms.kernel import run
from dinghai.terms.program import ItemShape, Program
from dinghai.wording.policy import Party, Policy

_MEMBER: Final = "M"
_NOON: Final = 43_200


@dataclass(frozen=True, slots=True)
class MemberTerms:
    """The contract as the firm where an event begins, and as one that it came to."""

    policy: Policy
    own: Program
    spread: Program

    @classmethod
    def of(cls, policy: Policy) -> MemberTerms:
        """A programme's policy for one member."""
        opened = msgspec.structs.replace(
            policy,
            schedule=msgspec.structs.replace(
                policy.schedule, aggregate_limit_fen=OPEN_FEN, each_event_limit_fen=OPEN_FEN,
                layers=(), members=(Party(name_zh=_MEMBER, id=_MEMBER),)),
            product=msgspec.structs.replace(policy.product, shared_limits=(), layers=()))
        return cls(opened, compile_policy(opened, [ItemShape(code, _MEMBER) for code in OWN]),
                   compile_policy(opened, [ItemShape(SPREAD, _MEMBER)]))

    def paid(self, peril: str, events: EventGrid) -> tuple[Whole, Whole]:
        """Fen on every point: by own sections, by the propagation section."""
        moment = int(start_of(self.policy.schedule.inception).timestamp()) + _NOON
        happened: Columns = {
            "incident.peril": PERILS.index(peril), "incident.first_occurrence_at": moment,
            "incident.discovered_at": moment, "claim.made_at": moment,
            **event_facts(peril, events.happens, {*self.own.inputs, *self.spread.inputs})}
        return (_run(self.own, {**happened, **self._own_items(events)}, events),
                _run(self.spread, {**happened, **_spread_item(events)}, events))

    def _own_items(self, events: EventGrid) -> Columns:
        columns: Columns = {}
        for place, code in enumerate(OWN):
            section = self.policy.product.section(code)
            waiting = section.waiting.seconds if section is not None and section.waiting else 0
            for name, value in ITEM_FACTS[code](events, partial(_lost, events, waiting)).items():
                columns[f"item[{place}].{name}"] = value
                if name == "bi.waiting_gross_profit_lost":
                    columns[f"item[{place}].bi.hourly_gross_profit@first:{waiting}"] = value
        return columns


def _spread_item(events: EventGrid) -> Columns:
    amounts = events.amounts
    return {"event.propagated_attack": 1,
            "item[0].member.response_cost": amounts["response"],
            "item[0].member.restoration_cost": amounts["labour"] + amounts["vendor"],
            "item[0].member.interruption_loss": amounts["interruption"]}


def _lost(events: EventGrid, seconds: int) -> Whole:
    """Gross profit lost in the first seconds of each event, spread evenly."""
    profit = events.amounts["interruption"] + events.saved_costs
    whole = np.maximum(events.duration_seconds, 1)
    return np.rint(profit * (np.minimum(events.duration_seconds, seconds) / whole)).astype(
        np.int64)


def _run(program: Program, columns: Columns, events: EventGrid) -> Whole:
    asked = {name: value for name, value in columns.items() if name in program.inputs}
    found: Whole = run(program, asked, ("total",), events=len(events.duration_seconds))["total"]
    return found
