"""What one event uses up of what the next will find: limits, deductible, layers."""

from __future__ import annotations

from dinghai.terms.context import Context
from dinghai.terms.limits import shared_key, sublimit_key
from dinghai.terms.retentions import deductible_key
from dinghai.terms.states import SectionState


def note_erosion(
    context: Context, states: list[SectionState], inside: int, counted: dict[str, int]
) -> None:
    """An output ``erode.<name>`` for every input ``prior.<name>`` but interim payments."""
    builder = context.builder
    used: dict[str, list[int]] = {"aggregate_paid": [inside], "event_paid": [inside]}
    for key, register in counted.items():
        used.setdefault(key, []).append(register)
    for state in states:
        used.setdefault(sublimit_key(state), []).append(state.amount)
        if state.deductible_taken is not None:
            used.setdefault(deductible_key(context, state.insured), []).append(
                state.deductible_taken)
    for shared in context.policy.product.shared_limits:
        group = [state.amount for state in states if state.coverage in shared.coverages]
        if group:
            used[shared_key(shared)] = group
    for name in ("presented", "event_presented"):
        if "presented" in builder.outputs:
            used[name] = [builder.outputs["presented"]]
    for layer in context.policy.schedule.layers:
        if f"layer.{layer.id}" in builder.outputs:
            used[f"layer.{layer.id}"] = [builder.outputs[f"layer.{layer.id}"]]
    for name, registers in used.items():
        builder.outputs[f"erode.{name}"] = builder.total(registers)
