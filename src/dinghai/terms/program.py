"""The step table: flat integer steps over registers, each register written once.

A register holds an int64: an amount in fen, a ratio in ppm, seconds, a code, or a three-valued
truth (0 false, 1 unknown, 2 true). The first registers are facts and constants; every step writes
new ones, so that after a run each intermediate value can still be read: that is the whole trace.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dinghai.foundation.truth import Truth

LARGEST_PRODUCT: Final = 2**61
"""Products saturate here, in both interpreters, so that a sum of several stays inside int64."""


class Op(IntEnum):
    """What a step does. ``a``, ``b``, ``c`` are registers unless said otherwise."""

    IS_TRUE = 0  # a boolean fact
    IS_FALSE = 1
    EQUAL = 2  # a = b; unknown if either is
    LESS = 3  # a < b
    LESS_OR_EQUAL = 4  # a ≤ b
    NOT = 5
    AND = 6
    OR = 7
    EXISTS = 8  # a known value: true; absent: false; else unknown
    KNOWN = 9  # two-valued: has anybody said anything about a
    VALUE = 10  # a, or zero when unknown or absent
    ADD = 11
    SUBTRACT = 12
    MINIMUM = 13
    MAXIMUM = 14
    PRODUCT_FLOOR = 15  # a × b ÷ c, floor; zero when c is not positive
    PRODUCT_HALF_UP = 16  # the same, halves up
    SELECT = 17  # b if a is true, else c
    SPLIT = 18  # registers dst… = a… (b of them, a number), cut to a total of c
    SHARE = 19  # registers dst… = c allotted by the weights a… (b of them); zero when all are


@dataclass(frozen=True, slots=True)
class ItemShape:
    """What of a loss item decides which steps there are: coverage, insured, supplier."""

    coverage: str
    insured: str = ""
    supplier: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """Which steps make one rule of the wording, for the trace.

    ``inputs`` and ``outputs`` name registers by the word the trace shows. ``facts`` are registry
    ids the rule asks about. ``subject`` is a section (``FP-BI``, or ``FP-BI@member``), ``item[n]``
    or ``event``.
    """

    name: str
    subject: str
    clause: str = ""
    law: tuple[str, ...] = ()
    inputs: Mapping[str, int] = field(default_factory=dict)
    outputs: Mapping[str, int] = field(default_factory=dict)
    facts: tuple[str, ...] = ()
    code: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    chosen: int | None = None
    """The truth that this rule's reading of the terms is the one that counts; None: always."""


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A compiled policy for one shape of incident.

    ``steps`` is int32 (n, 5): op, dst, a, b, c. ``initial`` is int64 (registers,): constants in
    place, facts unknown. ``inputs`` maps an input's name (``item[0].bi.interruption_seconds``,
    ``incident.ncbr``, ``prior.aggregate_paid``) to its register; a name with ``@`` is derived
    from a series (see ``cells``). ``outputs`` maps ``total``, ``inside``, ``outside``,
    ``pay.<section>``, ``layer.<id>`` and so on to registers; ``erode.<name>`` is what this event
    adds to the input ``prior.<name>`` of the next.
    """

    steps: npt.NDArray[np.int32]
    initial: npt.NDArray[np.int64]
    inputs: Mapping[str, int]
    outputs: Mapping[str, int]
    rules: tuple[Rule, ...]
    items: tuple[ItemShape, ...]

    def facts_asked(self) -> dict[int | None, tuple[str, ...]]:
        """Ids of the facts the terms ask for: of the event (None) and of each item's position."""
        asked: dict[int | None, list[str]] = {None: []}
        for name in self.inputs:
            position, identifier = _of_item(name.partition("@")[0])
            if not identifier.startswith("prior."):
                asked.setdefault(position, []).append(identifier)
        return {position: tuple(dict.fromkeys(names)) for position, names in asked.items()}


def _of_item(name: str) -> tuple[int | None, str]:
    if not name.startswith("item["):
        return None, name
    position, _separator, identifier = name[5:].partition("].")
    return int(position), identifier


class Builder:
    """Writes a program step by step. Constants and facts are shared, results are new registers."""

    def __init__(self) -> None:
        self._steps: list[tuple[int, int, int, int, int]] = []
        self._initial: list[int] = []
        self._constants: dict[int, int] = {}
        self._inputs: dict[str, int] = {}
        self.outputs: dict[str, int] = {}
        self.rules: list[Rule] = []

    def constant(self, value: int) -> int:
        """The register of a constant."""
        if value not in self._constants:
            self._constants[value] = self._new(value)
        return self._constants[value]

    def truth(self, value: Truth) -> int:
        """The register of a constant truth."""
        return self.constant(int(value))

    def input(self, name: str, unset: int) -> int:
        """The register of an input; ``unset`` is its cell when nobody fills it."""
        if name not in self._inputs:
            self._inputs[name] = self._new(unset)
        return self._inputs[name]

    def step(self, op: Op, a: int, b: int = 0, c: int = 0) -> int:
        """Append a step; its result's register."""
        result = self._new(0)
        self._steps.append((int(op), result, a, b, c))
        return result

    def split(self, parts: Sequence[int], cap: int) -> list[int]:
        """Cut parts to a total of at most ``cap``: pro rata, largest remainders, first wins."""
        if len(parts) == 1:
            return [self.step(Op.MINIMUM, parts[0], cap)]
        return self._many(Op.SPLIT, parts, cap)

    def share(self, weights: Sequence[int], total: int) -> list[int]:
        """Allot a total by weights to the fen: largest remainders, first wins."""
        return self._many(Op.SHARE, weights, total)

    def _many(self, op: Op, parts: Sequence[int], amount: int) -> list[int]:
        if not parts:
            return []
        copies = [self.step(Op.VALUE, part) for part in parts]
        results = [self._new(0) for _ in parts]
        self._steps.append((int(op), results[0], copies[0], len(parts), amount))
        return results

    def minimum(self, a: int, b: int) -> int:
        """The lower of two."""
        return self.step(Op.MINIMUM, a, b)

    def less(self, a: int, b: int) -> int:
        """a − b, not below zero."""
        return self.not_below_zero(self.step(Op.SUBTRACT, a, b))

    def ratio(self, amount: int, numerator: int, denominator: int) -> int:
        """amount × numerator ÷ denominator, half up; zero when the denominator is not positive."""
        return self.step(Op.PRODUCT_HALF_UP, amount, numerator, denominator)

    def certain(self, truth: int) -> int:
        """True only where the truth is; unknown counts as false."""
        return self.step(Op.SELECT, truth, self.truth(Truth.TRUE), self.truth(Truth.FALSE))

    def every(self, truths: Sequence[int]) -> int:
        """Kleene's and of registers."""
        return self._fold(Op.AND, truths, Truth.TRUE)

    def some(self, truths: Sequence[int]) -> int:
        """Kleene's or of registers."""
        return self._fold(Op.OR, truths, Truth.FALSE)

    def total(self, amounts: Sequence[int]) -> int:
        """Sum of registers."""
        if not amounts:
            return self.constant(0)
        result = amounts[0]
        for amount in amounts[1:]:
            result = self.step(Op.ADD, result, amount)
        return result

    def not_below_zero(self, amount: int) -> int:
        """max(0, amount)."""
        return self.step(Op.MAXIMUM, amount, self.constant(0))

    def _fold(self, op: Op, truths: Sequence[int], empty: Truth) -> int:
        if not truths:
            return self.truth(empty)
        result = truths[0]
        for truth in truths[1:]:
            result = self.step(op, result, truth)
        return result

    def _new(self, value: int) -> int:
        self._initial.append(value)
        return len(self._initial) - 1

    def build(self, items: tuple[ItemShape, ...]) -> Program:
        """The finished program."""
        return Program(
            steps=np.array(self._steps, dtype=np.int32).reshape(-1, 5),
            initial=np.array(self._initial, dtype=np.int64),
            inputs=dict(self._inputs),
            outputs=dict(self.outputs),
            rules=tuple(self.rules),
            items=items,
        )
