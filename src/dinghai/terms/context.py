"""What every part of the compiler shares: the builder, the policy and the registers of facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dinghai.foundation.money import PPM
from dinghai.foundation.truth import Truth
from dinghai.terms.program import Builder, ItemShape, Op, Rule
from dinghai.vocabulary.facts import UNKNOWN, Fact
from dinghai.vocabulary.predicates import Every, Predicate, Some, Test
from dinghai.wording.policy import Policy


@dataclass(slots=True)
class Context:
    """One compilation under way. ``item`` is the loss item being compiled, None for the event."""

    builder: Builder
    policy: Policy
    items: tuple[ItemShape, ...]

    def fact(self, definition: Fact | str, item: int | None = None) -> int:
        """The register of a fact: of the event, or of the item at that position."""
        identifier = definition if isinstance(definition, str) else definition.id
        name = identifier if item is None else f"item[{item}].{identifier}"
        return self.builder.input(name, UNKNOWN)

    def value(self, definition: str, item: int | None = None) -> int:
        """A fact's value; zero while it is unknown or absent."""
        return self.builder.step(Op.VALUE, self.fact(definition, item))

    def ratio_or_whole(self, definition: str, item: int) -> int:
        """A share in ppm; the whole while it is unknown or absent."""
        register = self.fact(definition, item)
        return self.builder.step(Op.SELECT, self.builder.step(Op.EXISTS, register), register,
                                 self.builder.constant(PPM))

    def prior(self, name: str) -> int:
        """The register of something paid before; zero when nobody fills it."""
        return self.builder.input(f"prior.{name}", 0)

    def amount(self, fen: int) -> int:
        """The register of a constant amount."""
        return self.builder.constant(fen)

    def record(
        self, name: str, subject: str, *, clause: str = "", law: tuple[str, ...] = (),
        inputs: Mapping[str, int] | None = None, outputs: Mapping[str, int] | None = None,
        facts: tuple[str, ...] = (), code: str = "", **details: Any,
    ) -> None:
        """Note a rule for the trace."""
        self.builder.rules.append(Rule(name, subject, clause, law, inputs or {}, outputs or {},
                                       facts, code, details))

    def items_of(self, coverage: str, insured: str | None = None) -> tuple[int, ...]:
        """Positions of the loss items claimed under a coverage (of one insured)."""
        return tuple(index for index, one in enumerate(self.items) if one.coverage == coverage
                     and insured in (None, one.insured))

    def insureds_of(self, coverage: str) -> tuple[str, ...]:
        """Who claims under a coverage, in the order of the items."""
        return tuple(dict.fromkeys(one.insured for one in self.items
                                   if one.coverage == coverage))


def compile_predicate(context: Context, predicate: Predicate, item: int | None) -> int:
    """The register of a predicate's three-valued truth."""
    builder = context.builder
    if isinstance(predicate, Every):
        return builder.every([compile_predicate(context, one, item) for one in predicate.parts])
    if isinstance(predicate, Some):
        return builder.some([compile_predicate(context, one, item) for one in predicate.parts])
    if isinstance(predicate, Test):
        return _compile_test(context, predicate, item)
    return builder.step(Op.NOT, compile_predicate(context, predicate.part, item))


def _compile_test(context: Context, test: Test, item: int | None) -> int:
    builder = context.builder
    register = context.fact(test.fact, item if test.fact.scope == "item" else None)
    match test.op:
        case "is_true":
            return builder.step(Op.IS_TRUE, register)
        case "is_false":
            return builder.step(Op.IS_FALSE, register)
        case "exists":
            return builder.step(Op.EXISTS, register)
        case "missing":
            return builder.step(Op.NOT, builder.step(Op.EXISTS, register))
        case "nonempty":
            some = builder.step(Op.LESS, builder.constant(0), register)
            return builder.step(Op.AND, builder.step(Op.EXISTS, register), some)
    if test.term is not None:
        cell = context.policy.term(test.term.key)
        if cell is None:  # the policy has no such term: nothing can be measured against it
            return builder.truth(Truth.FALSE)
        return _compare(builder, test.op, register, builder.constant(cell))
    if test.op == "in":
        return builder.some([builder.step(Op.EQUAL, register, builder.constant(cell))
                             for cell in test.cells])
    return _compare(builder, test.op, register, builder.constant(test.cells[0]))


def _compare(builder: Builder, op: str, register: int, value: int) -> int:
    match op:
        case "eq":
            return builder.step(Op.EQUAL, register, value)
        case "neq":
            # what is established not to exist is not some other thing
            other = builder.step(Op.NOT, builder.step(Op.EQUAL, register, value))
            return builder.step(Op.AND, builder.step(Op.EXISTS, register), other)
        case "lt":
            return builder.step(Op.LESS, register, value)
        case "le":
            return builder.step(Op.LESS_OR_EQUAL, register, value)
        case "gt":
            return builder.step(Op.LESS, value, register)
        case "ge":
            return builder.step(Op.LESS_OR_EQUAL, value, register)
    raise ValueError(f"no such operator: {op}")
