"""The tracing interpreter: exact Python integers, every register kept, every rule explained."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from dinghai.foundation.errors import InputError
from dinghai.foundation.money import Rounding, multiply_divide, split
from dinghai.foundation.truth import Truth
from dinghai.terms.program import LARGEST_PRODUCT, Op, Program, Rule
from dinghai.vocabulary.facts import ABSENT, UNKNOWN


@dataclass(frozen=True, eq=False)
class TracedRun:
    """All registers after a run."""

    program: Program
    registers: tuple[int, ...]

    def output(self, name: str) -> int:
        """One output by name."""
        return self.registers[self.program.outputs[name]]

    def read(self, named: Mapping[str, int]) -> dict[str, int]:
        """Values of named registers."""
        return {name: self.registers[register] for name, register in named.items()}

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The rules of the reading that counts, in order."""
        return tuple(rule for rule in self.program.rules
                     if rule.chosen is None or self.registers[rule.chosen] == Truth.TRUE)

    def rules_of(self, subject: str) -> tuple[Rule, ...]:
        """The rules about one subject, in order."""
        return self._by_subject.get(subject, ())

    @cached_property
    def _by_subject(self) -> dict[str, tuple[Rule, ...]]:
        found: dict[str, list[Rule]] = {}
        for rule in self.rules:
            found.setdefault(rule.subject, []).append(rule)
        return {subject: tuple(rules) for subject, rules in found.items()}


def run(program: Program, cells: Mapping[str, int]) -> TracedRun:
    """Walk the steps once. ``cells`` maps input names to int64 cells.

    Raises InputError for a cell that the program does not know.
    """
    registers = [int(value) for value in program.initial]
    for name, cell in cells.items():
        if name not in program.inputs:
            raise InputError("the policy's terms do not ask for this fact", field=name)
        registers[program.inputs[name]] = cell
    for op, dst, a, b, c in program.steps.tolist():
        if op == Op.SPLIT:
            registers[dst:dst + b] = _split(registers[a:a + b], registers[c])
        elif op == Op.SHARE:
            registers[dst:dst + b] = _share(registers[a:a + b], registers[c])
        else:
            registers[dst] = _STEPS[op](registers[a], registers[b], registers[c])
    return TracedRun(program, tuple(registers))


def step_value(op: int, r: Sequence[int] | npt.NDArray[np.int64], a: int, b: int, c: int) -> int:
    """The result of one step over registers, in exact Python integers."""
    return _STEPS[op](int(r[a]), int(r[b]), int(r[c]))


def _product(a: int, b: int, c: int, rounding: Rounding) -> int:
    if c <= 0:
        return 0
    exact = multiply_divide(a, b, c, rounding)
    return max(-LARGEST_PRODUCT, min(LARGEST_PRODUCT, exact))


def _known_truth(cell: int, holds: bool) -> int:
    return 1 if cell == UNKNOWN else 2 if holds else 0


def _compared(left: int, right: int, holds: bool) -> int:
    if UNKNOWN in (left, right):
        return 1
    if ABSENT in (left, right):
        return 0
    return 2 if holds else 0


_STEPS: Final[tuple[Callable[[int, int, int], int], ...]] = tuple({
    Op.IS_TRUE: lambda a, b, c: _known_truth(a, a == 1),
    Op.IS_FALSE: lambda a, b, c: _known_truth(a, a == 0),
    Op.EQUAL: lambda a, b, c: _compared(a, b, a == b),
    Op.LESS: lambda a, b, c: _compared(a, b, a < b),
    Op.LESS_OR_EQUAL: lambda a, b, c: _compared(a, b, a <= b),
    Op.NOT: lambda a, b, c: 2 - a,
    Op.AND: lambda a, b, c: a if a < b else b,
    Op.OR: lambda a, b, c: a if a > b else b,
    Op.EXISTS: lambda a, b, c: 1 if a == UNKNOWN else 0 if a == ABSENT else 2,
    Op.KNOWN: lambda a, b, c: 0 if a == UNKNOWN else 2,
    Op.VALUE: lambda a, b, c: 0 if a <= ABSENT else a,
    Op.ADD: lambda a, b, c: a + b,
    Op.SUBTRACT: lambda a, b, c: a - b,
    Op.MINIMUM: lambda a, b, c: a if a < b else b,
    Op.MAXIMUM: lambda a, b, c: a if a > b else b,
    Op.PRODUCT_FLOOR: lambda a, b, c: _product(a, b, c, "floor"),
    Op.PRODUCT_HALF_UP: lambda a, b, c: _product(a, b, c, "half_up"),
    Op.SELECT: lambda a, b, c: b if a == 2 else c,
}.values())
"""What each step does, by its number: one look-up instead of eighteen comparisons."""


def _share(weights: list[int], total: int) -> list[int]:
    return split(max(total, 0), weights) if sum(weights) > 0 else [0] * len(weights)


def _split(parts: list[int], cap: int) -> list[int]:
    cap = max(cap, 0)
    return parts if sum(parts) <= cap else split(cap, parts)
