"""Whether a section answers at all: triggered, in time, not excluded as a whole, and lawful."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dinghai.foundation.calendar import start_of
from dinghai.foundation.truth import Truth
from dinghai.terms.context import Context
from dinghai.terms.exclusions import (
    EventEffects,
    carve_back_facts,
    touches,
    unless_carved_back,
)
from dinghai.terms.program import Op
from dinghai.vocabulary.facts import fact
from dinghai.wording.sections import Section

_DAY: Final = 86_400
_MAINLAND: Final = "CN-mainland"
TOWER: Final = "tower"
"""The basis of a tower: its cost belongs to an event of the period, whatever its sections' own."""


def covered(
    context: Context, effects: EventEffects, coverage: str, clause: str,
    triggers: Sequence[str], basis: str | None, subject: str,
) -> int:
    """Truth: triggered, in time, and not excluded as a whole."""
    builder = context.builder
    happened = builder.some([builder.step(Op.IS_TRUE, context.fact(one)) for one in triggers])
    in_time, timing_facts = _in_time(context, basis)
    triggered = builder.step(Op.AND, happened, in_time)
    context.record("trigger", subject, clause=clause,
                   outputs={"happened": happened, "in_time": in_time, "triggered": triggered},
                   facts=(*triggers, *timing_facts), code="" if basis == TOWER else basis or "")
    kept = builder.truth(Truth.TRUE)
    for exclusion, applies in effects.excluded:
        here = unless_carved_back(context, exclusion, coverage, applies, None)
        if here != applies and touches(exclusion, coverage):
            context.record("carve_back", subject, clause=exclusion.clause, code=exclusion.code,
                           inputs={"predicate": applies}, outputs={"applies": here},
                           facts=tuple(carve_back_facts(exclusion)))
        kept = builder.step(Op.SELECT, here, builder.truth(Truth.FALSE), kept)
    return builder.step(Op.AND, triggered, kept)


def _in_time(context: Context, basis: str | None) -> tuple[int, tuple[str, ...]]:
    """Whether the deciding moment lies inside the policy period (or extended reporting)."""
    if basis == "claims_made":
        return _made_in_time(context)
    if basis == TOWER:
        return _either_in_time(context)
    moment = {"occurrence": "incident.first_occurrence_at",
              "discovery": "incident.discovered_at"}.get(basis or "")
    if moment is None:
        return context.builder.truth(Truth.TRUE), ()
    first, end = _period(context)
    return _between(context, context.fact(moment), first, end), (moment,)


def _either_in_time(context: Context) -> tuple[int, tuple[str, ...]]:
    """Occurred or discovered within the period: what goes with any section's event."""
    names = ("incident.first_occurrence_at", "incident.discovered_at")
    return context.builder.some([
        _between(context, context.fact(name), *_period(context)) for name in names]), names


def _made_in_time(context: Context) -> tuple[int, tuple[str, ...]]:
    """Made in the period, or deemed so by series or circumstance; or reported in the extension
    about something that first occurred before the period ended (DECISIONS 10)."""
    builder, basis = context.builder, context.policy.product.basis
    first, end = _period(context)
    made, occurred = context.fact("claim.made_at"), context.fact("incident.first_occurrence_at")
    names = ["claim.made_at", "incident.first_occurrence_at"]
    if basis.series:
        series = context.fact("claim.series_first_made_at")
        earlier = builder.minimum(series, made)
        earlier = builder.step(Op.SELECT, builder.step(Op.EXISTS, made), earlier, series)
        made = builder.step(Op.SELECT, builder.step(Op.EXISTS, series), earlier, made)
        names.append("claim.series_first_made_at")
    in_period = _between(context, made, first, end)
    extension = basis.extended_reporting_days * _DAY
    reported = _between(context, made, end, end + extension)
    before_end = builder.step(Op.LESS, occurred, builder.constant(end))
    ways = [in_period, builder.step(Op.AND, reported, before_end)]
    if basis.circumstances:
        notified = context.fact("claim.circumstance_notified_at")
        ways.append(builder.certain(_between(context, notified, first, end)))
        names.append("claim.circumstance_notified_at")
    return builder.some(ways), tuple(names)


def _period(context: Context) -> tuple[int, int]:
    """First second of the period, and the first second after it."""
    schedule = context.policy.schedule
    return (int(start_of(schedule.inception).timestamp()),
            int(start_of(schedule.expiry).timestamp()) + _DAY)


def _between(context: Context, register: int, first: int, end: int) -> int:
    builder = context.builder
    after = builder.step(Op.LESS_OR_EQUAL, builder.constant(first), register)
    return builder.step(Op.AND, after, builder.step(Op.LESS, register, builder.constant(end)))


def lawful(context: Context, section: Section) -> int:
    """Truth: the law lets this section pay. On the mainland ransoms and fines are never paid, and
    nothing that involves virtual currency; elsewhere only where a product made for that place is
    established to be.
    """
    builder = context.builder
    place = context.fact("risk.jurisdiction")
    grounds = [builder.step(Op.EQUAL, place,
                            builder.constant(fact("risk.jurisdiction").encode(one)))
               for one in context.policy.product.jurisdictions if one != _MAINLAND]
    if section.payability == "conditional":
        virtual = builder.step(Op.IS_TRUE, context.fact("risk.virtual_currency"))
        grounds.append(builder.step(Op.NOT, virtual))
    return builder.some(grounds)
