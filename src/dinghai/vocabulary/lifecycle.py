"""The six steps and the state machines of the insurance lifecycle."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal

import msgspec

from dinghai.foundation.errors import Refusal
from dinghai.vocabulary.tables import by_id, read_table


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the six steps: a view on the machines."""

    step: int
    name_zh: str
    name_en: str
    phase: Literal["before", "during", "after"]
    machines: tuple[str, ...]
    service: str
    source: str
    confidence: str


class ServiceLevel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How soon a transition should happen, by case (an empty case is the only one)."""

    case: str
    amount: int
    unit: Literal["minute", "hour", "day", "working_day", "month"]


class State(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One state of a machine."""

    id: str
    name_zh: str
    name_en: str


class Transition(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={
        "origin": "from", "target": "to"}):
    """One permitted move: who may make it, on what condition, and what it produces."""

    origin: str
    event: str
    target: str
    roles: tuple[str, ...]
    guard: str
    documents: tuple[str, ...]
    clocks: tuple[str, ...]
    service_levels: tuple[ServiceLevel, ...]


class Machine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One state machine. ``terminal`` states need no way out; every other state has one."""

    id: str
    name_zh: str
    name_en: str
    initial: str
    terminal: tuple[str, ...]
    states: tuple[State, ...]
    transitions: tuple[Transition, ...]
    source: str
    confidence: str

    def step(self, state: str, event: str) -> Transition:
        """The move an event makes from a state. Raises Refusal when there is none."""
        for move in self.transitions:
            if move.origin == state and move.event == event:
                return move
        raise Refusal(f"{self.id}: {event!r} is not possible from {state!r}",
                      reasons=[f"possible: {', '.join(self.events(state)) or 'nothing'}"])

    def events(self, state: str) -> tuple[str, ...]:
        """The events possible from a state, in the table's order."""
        return tuple(move.event for move in self.transitions if move.origin == state)


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: str
    six_steps: tuple[Step, ...]
    machines: tuple[Machine, ...]


@cache
def _table() -> _Table:
    return read_table("lifecycle", _Table)


@cache
def machines() -> Mapping[str, Machine]:
    """The 13 state machines by code."""
    return by_id(_table().machines, "machines")


@cache
def six_steps() -> tuple[Step, ...]:
    """保前诊断、保前治疗、保中服务、保中监控、保后救援、保后赔偿."""
    return _table().six_steps
