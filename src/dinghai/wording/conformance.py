"""Conformance: what would keep a product from being read, simulated and decided by."""

from __future__ import annotations

from typing import get_args

from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import Fault, InputError
from dinghai.vocabulary.coverages import coverages
from dinghai.vocabulary.facts import facts
from dinghai.vocabulary.predicates import facts_of, parse_predicate, policy_terms_of
from dinghai.wording.schema import Effect, Exclusion, Product, Section, Stage, ValuationMethod

POLICY_TERMS = ("inception_at", "retroactive_date", "continuity_date", "notice_hours")
"""Terms of a policy that predicates may refer to."""


def granted_coverages(product: Product) -> list[str]:
    """Codes of the product's sections, then of its towers."""
    return [one.coverage for one in product.sections] + [one.coverage for one in product.towers]


_ITEM_EFFECTS = frozenset({"exclude_item", "reduce_by_fact", "reduce_by_ratio_fact",
                           "reduce_hours_by_fact", "reduce_to_fact", "coinsurance",
                           "sliding_coinsurance"})
_EVENT_EFFECTS = frozenset({"exclude_event", "reduce_by_fact", "coinsurance",
                            "sliding_coinsurance", "deductible_uplift", "graded",
                            "decline_quote"})
_RUNGS = frozenset({"none", "exclude_event", "coinsurance", "deductible_uplift"})
_WITH_FACT = frozenset({"reduce_by_fact", "reduce_by_ratio_fact", "reduce_hours_by_fact",
                        "reduce_to_fact", "sliding_coinsurance"})


def conformance_faults(product: Product) -> tuple[Fault, ...]:
    """What would keep a resolved product from being read, simulated and decided."""
    faults: list[Fault] = []
    granted = granted_coverages(product)
    codes = [one.code for one in product.exclusions]
    for label, names in (("sections", granted), ("exclusions", codes)):
        twice = sorted({one for one in names if names.count(one) > 1})
        faults += [Fault(f"{one} stands twice", field=label, mend="keep one") for one in twice]
    for index, section in enumerate(product.sections):
        faults += _section_faults(section, f"sections[{index}]")
    for index, tower in enumerate(product.towers):
        faults += _trigger_faults(tower.triggers, f"towers[{index}]")
    for index, exclusion in enumerate(product.exclusions):
        faults += _exclusion_faults(exclusion, f"exclusions[{index}]")
    for index, shared in enumerate(product.shared_limits):
        unknown = [one for one in shared.coverages if product.section(one) is None]
        faults += [Fault(f"{one} is not a section of the product", mend="drop it",
                         field=f"shared_limits[{index}].coverages") for one in unknown]
    if sorted(product.calculation_order) != sorted(get_args(Stage)):
        faults.append(Fault("the order must name every stage once", field="calculation_order",
                            mend="stages: " + ", ".join(get_args(Stage))))
    faults += _not_built_yet(product)
    limits = product.limits
    if not (0 < limits.aggregate_minimum_fen <= limits.aggregate_default_fen
            <= limits.aggregate_maximum_fen):
        faults.append(Fault("minimum, default and maximum are out of order",
                            field="limits.aggregate_default_fen", mend="order them"))
    return tuple(faults)


def _not_built_yet(product: Product) -> list[Fault]:
    """Terms that the schema can say and the engine cannot decide by yet: refused, not ignored."""
    faults = []
    if product.limits.defence == "outside":
        faults.append(Fault("defence costs outside the limits cannot be decided yet",
                            field="limits.defence", mend="use inside"))
    if product.basis.aggregation_rule != "root_cause":
        faults.append(Fault("only events of one root cause can be decided yet",
                            field="basis.aggregation_rule", mend="use root_cause"))
    return faults


def _section_faults(section: Section, field: str) -> list[Fault]:
    faults = _trigger_faults(section.triggers, field)
    if section.coverage not in coverages():
        faults.append(Fault(f"{section.coverage!r} is not a coverage of the vocabulary",
                            field=f"{field}.coverage", mend="use a code such as FP-BI"))
    if section.valuation is None:
        faults.append(Fault(f"{section.coverage} has no way to be valued yet",
                            field=f"{field}.valuation",
                            mend="give a valuation: " + ", ".join(get_args(ValuationMethod))))
    elif section.waiting is not None and (
            section.valuation.method != "business_interruption_gross_profit"):
        faults.append(Fault("only an interruption can have a waiting time",
                            field=f"{field}.waiting", mend="use a retention"))
    return faults


def _trigger_faults(triggers: tuple[str, ...] | None, field: str) -> list[Fault]:
    """Triggers are boolean facts of the event, and there is at least one."""
    if not triggers:
        return [Fault("there is no trigger", field=f"{field}.triggers",
                      mend="name at least one fact such as event.system_interruption")]
    wrong = [one for one in triggers if one not in facts()
             or (facts()[one].type, facts()[one].scope) != ("boolean", "event")]
    return [Fault(f"{one} is not a yes-or-no fact of the event", field=f"{field}.triggers",
                  mend="see docs/reference/facts.md") for one in wrong]


def _exclusion_faults(exclusion: Exclusion, field: str) -> list[Fault]:
    effect = exclusion.effect
    if effect is None or exclusion.predicate is None or not exclusion.acts_on:
        return [Fault(f"{exclusion.code} has no predicate or effect", field=field,
                      mend="resolve the product with the vocabulary")]
    scopes = {"event"} if exclusion.acts_on == "event" else {"event", "item"}
    faults = _predicate_faults(exclusion.predicate, scopes, f"{field}.predicate")
    faults += _effect_faults(exclusion.code, exclusion.acts_on, effect, scopes, field)
    for number, carve_back in enumerate(exclusion.carve_backs or ()):
        if carve_back.when is not None:
            faults += _predicate_faults(carve_back.when, scopes,
                                        f"{field}.carve_backs[{number}].when")
    return faults


def _effect_faults(
    code: str, acts_on: str, effect: Effect, scopes: set[str], field: str
) -> list[Fault]:
    faults = []
    allowed = _EVENT_EFFECTS if acts_on == "event" else _ITEM_EFFECTS
    if effect.type not in allowed:
        faults.append(Fault(f"{code}: {effect.type} cannot act on the {acts_on}",
                            field=f"{field}.effect", mend="one of: " + ", ".join(sorted(allowed))))
    if effect.type in _WITH_FACT and (
            effect.fact not in facts() or facts()[effect.fact or ""].scope not in scopes):
        faults.append(Fault(f"{code}: {effect.type} needs a fact of the {acts_on}",
                            field=f"{field}.effect.fact", mend="name a fact of the registry"))
    uppers = [band.up_to for band in effect.bands]
    if effect.type == "sliding_coinsurance" and (
            not uppers or uppers[-1] is not None or None in uppers[:-1]):
        faults.append(Fault(f"{code}: only the last band is open, and it must be",
                            field=f"{field}.effect.bands", mend="leave up_to out of the last"))
    for number, step in enumerate(effect.steps):
        where = f"{field}.effect.steps[{number}]"
        faults += _predicate_faults(step.when, scopes, f"{where}.when")
        if step.effect.type not in _RUNGS:
            faults.append(Fault(f"{code}: {step.effect.type} cannot be a rung", field=where,
                                mend="one of: " + ", ".join(sorted(_RUNGS))))
    return faults


def _predicate_faults(predicate: dict[str, JSON], scopes: set[str], field: str) -> list[Fault]:
    try:
        parsed = parse_predicate(predicate, where=field)
    except InputError as error:
        return [Fault(one.message, field=one.field or field, mend=one.mend)
                for one in error.faults]
    faults = [Fault(f"{one.id} is a fact of the {one.scope}", field=field,
                    mend="an exclusion of the event may only ask about the event")
              for one in facts_of(parsed) if one.scope not in scopes]
    faults += [Fault(f"a policy has no term {key!r}", field=field,
                     mend="one of: " + ", ".join(POLICY_TERMS))
               for key in policy_terms_of(parsed) if key not in POLICY_TERMS]
    return faults
