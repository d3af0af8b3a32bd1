"""The tracing interpreter: exact Python integers, every register kept, every rule explained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dinghai.foundation.errors import InputError
from dinghai.foundation.money import Rounding, multiply_divide, split
from dinghai.foundation.truth import Truth
from dinghai.terms.program import LARGEST_PRODUCT, Op, Program, Rule
from dinghai.vocabulary.facts import ABSENT, UNKNOWN


@dataclass(frozen=True, slots=True)
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

    def rules_of(self, subject: str) -> tuple[Rule, ...]:
        """The rules about one subject, in order."""
        return tuple(rule for rule in self.rules() if rule.subject == subject)

    def rules(self) -> Iterator[Rule]:
        """The rules of the reading that counts, in order."""
        for rule in self.program.rules:
            if rule.chosen is None or self.registers[rule.chosen] == Truth.TRUE:
                yield rule


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
            registers[dst] = step_value(op, registers, a, b, c)
    return TracedRun(program, tuple(registers))


def step_value(op: int, r: Sequence[int] | npt.NDArray[np.int64], a: int, b: int, c: int) -> int:
    """The result of one step over registers, in exact Python integers."""
    return _step(op, int(r[a]), int(r[b]), int(r[c]))


def _step(op: int, a: int, b: int, c: int) -> int:
    match op:
        case Op.IS_TRUE:
            return _known_truth(a, a == 1)
        case Op.IS_FALSE:
            return _known_truth(a, a == 0)
        case Op.EQUAL:
            return _compared(a, b, a == b)
        case Op.LESS:
            return _compared(a, b, a < b)
        case Op.LESS_OR_EQUAL:
            return _compared(a, b, a <= b)
        case Op.NOT:
            return 2 - a
        case Op.AND:
            return min(a, b)
        case Op.OR:
            return max(a, b)
        case Op.EXISTS:
            return 1 if a == UNKNOWN else 0 if a == ABSENT else 2
        case Op.KNOWN:
            return 0 if a == UNKNOWN else 2
        case Op.VALUE:
            return 0 if a <= ABSENT else a
        case Op.ADD:
            return a + b
        case Op.SUBTRACT:
            return a - b
        case Op.MINIMUM:
            return min(a, b)
        case Op.MAXIMUM:
            return max(a, b)
        case Op.PRODUCT_FLOOR:
            return _product(a, b, c, "floor")
        case Op.PRODUCT_HALF_UP:
            return _product(a, b, c, "half_up")
        case Op.SELECT:
            return b if a == Truth.TRUE else c
    raise ValueError(f"no such step: {op}")


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


def _share(weights: list[int], total: int) -> list[int]:
    return split(max(total, 0), weights) if sum(weights) > 0 else [0] * len(weights)


def _split(parts: list[int], cap: int) -> list[int]:
    cap = max(cap, 0)
    return parts if sum(parts) <= cap else split(cap, parts)
