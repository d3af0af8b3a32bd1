"""Sections on their way through the stages, and how a stage leaves its mark."""

from __future__ import annotations

from dataclasses import dataclass

from dinghai.terms.context import Context
from dinghai.wording.policy import explained
from dinghai.wording.sections import Section
from dinghai.wording.words import Stage


@dataclass(slots=True)
class SectionState:
    """One section of one insured under way. Registers: the loss and the amount so far; of
    interruptions the longest that is paid, the waiting time and the gross profit of it; what was
    retained, what of that was the event deductible, and what the sublimit cut off.
    """

    section: Section
    insured: str
    items: tuple[int, ...]
    item_amounts: dict[int, int]
    """Registers of its items as they came to the section, by position."""
    loss: int
    amount: int
    waiting: int
    interruption: int | None = None
    waiting_amount: int | None = None
    deductible_taken: int | None = None
    retained: int | None = None
    limit_left: int | None = None
    cut_off: int | None = None
    in_kind: bool = False

    @property
    def coverage(self) -> str:
        """The section's coverage."""
        return self.section.coverage

    @property
    def name(self) -> str:
        """How the section is called in outputs and rules: ``FP-BI``, or ``FP-BI@member``."""
        return section_name(self.coverage, self.insured)

    @property
    def erodes(self) -> bool:
        """Whether event, aggregate and layers look at it."""
        return self.section.erodes_aggregate and not self.in_kind

    @property
    def waits(self) -> bool:
        """Whether the section has a waiting time of its own, and it was explained."""
        return self.waiting_amount is not None


def section_name(coverage: str, insured: str) -> str:
    """A section's name in outputs."""
    return f"{coverage}@{insured}" if insured else coverage


def applies(context: Context, key: str, subject: str) -> bool:
    """Whether a term was explained (保险法17条); if not, the trace says so, once."""
    if explained(context.policy, key, "explain"):
        return True
    rules = context.builder.rules
    if not any(one.name == "unexplained" and (one.code, one.subject) == (key, subject)
               for one in rules):
        context.record("unexplained", subject, code=key, law=("保险法17条",))
    return False


def comes_before(context: Context, stage: Stage, other: Stage) -> bool:
    """Whether the product takes one stage before another."""
    order = context.policy.product.calculation_order
    return order.index(stage) < order.index(other)


def recovered(context: Context, state: SectionState) -> int:
    """The register of what was recovered of a section's items; of an item no more than the item."""
    builder = context.builder
    return builder.total([
        builder.minimum(state.item_amounts[item], context.value("item.recovered", item))
        for item in state.items])


def replace(
    context: Context, state: SectionState, name: str, after: int, *,
    inputs: dict[str, int], facts: tuple[str, ...] = (), law: tuple[str, ...] = (),
    code: str = "", clause: str = "", **details: object,
) -> None:
    """Set a section's amount and leave a rule for the trace."""
    context.record(name, state.name, clause=clause or state.section.clause, law=law,
                   inputs={"before": state.amount, **inputs}, outputs={"after": after},
                   facts=facts, code=code, **details)
    state.amount = after


def cut(
    context: Context, group: list[SectionState], left: int, name: str, word: str = "", *,
    code: str = "", clause: str = "", law: tuple[str, ...] = (),
    inputs: dict[str, int] | None = None,
) -> None:
    """Cut the amounts of a group to a common cap: pro rata, largest remainders, first wins.

    ``word`` is what the trace calls the cap; without one it does not show it.
    """
    if not group:
        return
    shown = {**({word: left} if word else {}), **(inputs or {})}
    parts = context.builder.split([state.amount for state in group], left)
    for state, after in zip(group, parts, strict=True):
        replace(context, state, name, after, inputs=shown, code=code, clause=clause,
                law=law)


def retain(context: Context, state: SectionState, taken: int) -> None:
    """Note what a retention really took."""
    state.retained = taken if state.retained is None else context.builder.total(
        [state.retained, taken])
