"""Validity: what would keep a product from being read, simulated and decided by."""

from __future__ import annotations

from typing import get_args

from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.money import apply_ppm
from dinghai.vocabulary.coverages import coverages
from dinghai.vocabulary.exclusions import exclusions
from dinghai.vocabulary.facts import facts
from dinghai.vocabulary.parameters import parameters
from dinghai.vocabulary.predicates import facts_of, parse_predicate, policy_terms_of
from dinghai.wording.exclusions import Effect, Exclusion
from dinghai.wording.penalties import MOST_CHOICES, choices
from dinghai.wording.schema import Product
from dinghai.wording.sections import Section
from dinghai.wording.words import INTERRUPTIONS, Payability, RetentionKind, Stage, ValuationMethod

POLICY_TERMS = ("inception_at", "retroactive_date", "continuity_date", "notice_hours")
"""Terms of a policy that predicates may refer to."""


def granted_coverages(product: Product) -> list[str]:
    """Codes of the product's sections, then of its towers."""
    return [one.coverage for one in product.sections] + [one.coverage for one in product.towers]


_ITEM_EFFECTS = frozenset({"exclude_item", "reduce_by_fact", "reduce_by_ratio_fact",
                           "reduce_hours_by_fact", "reduce_to_fact", "reduce_to_ratio",
                           "coinsurance", "sliding_coinsurance", "graded"})
_EVENT_EFFECTS = frozenset({"exclude_event", "reduce_by_fact", "coinsurance",
                            "sliding_coinsurance", "deductible_uplift", "extend_waiting",
                            "graded", "decline_quote"})
_EVENT_RUNGS = frozenset({"none", "exclude_event", "coinsurance", "deductible_uplift",
                          "extend_waiting"})
_ITEM_RUNGS = frozenset({"none", "exclude_item", "coinsurance"})
_WITH_FACT = frozenset({"reduce_by_fact", "reduce_by_ratio_fact", "reduce_hours_by_fact",
                        "reduce_to_fact", "sliding_coinsurance"})
_FACT_TYPES = {"reduce_by_fact": {"money"}, "reduce_to_fact": {"money"},
               "reduce_by_ratio_fact": {"ratio"}, "reduce_hours_by_fact": {"count"},
               "sliding_coinsurance": {"money", "count", "duration", "ratio"}}
MAINLAND = "CN-mainland"
_STRICT = ("covered", "conditional", "nominal_only", "prohibited")
_LAWFUL: dict[str, Payability] = {
    "covered": "covered", "prohibited_if_virtual_currency": "conditional",
    "nominal_only": "nominal_only", "prohibited": "prohibited"}
MOST_STRETCHING = 6
"""Each such condition doubles the waiting times that a policy is compiled for."""
MOST_REINSTATEMENTS = 100
_AMOUNTS: dict[RetentionKind, tuple[str, ...]] = {
    "fixed": ("amount_fen",), "percentage": ("ppm",), "higher_of": ("amount_fen", "ppm"),
    "lower_of": ("amount_fen", "ppm")}
"""What a retention of each kind must say."""
OWN_CODE = "CX-"
"""How a product's own exclusion, one that no standard knows, begins."""


def validity_faults(product: Product) -> tuple[Fault, ...]:
    """What would keep a resolved product from being read, simulated and decided."""
    faults: list[Fault] = []
    granted = granted_coverages(product)
    codes = [one.code for one in product.exclusions]
    for label, names in (("sections", granted), ("exclusions", codes)):
        twice = sorted({one for one in names if names.count(one) > 1})
        faults += [Fault(f"{one} stands twice", field=_second(product, label, one),
                         mend="keep one") for one in twice]
    for index, section in enumerate(product.sections):
        faults += _section_faults(section, f"sections[{index}]", product)
    for index, tower in enumerate(product.towers):
        faults += _trigger_faults(tower.triggers, f"towers[{index}]")
    for index, exclusion in enumerate(product.exclusions):
        faults += _exclusion_faults(exclusion, f"exclusions[{index}]", product)
    ids = [one.id for one in product.shared_limits]
    faults += [Fault(f"shared limit {one} stands twice", field="shared_limits",
                     mend="give each an id of its own")
               for one in sorted({one for one in ids if ids.count(one) > 1})]
    for index, shared in enumerate(product.shared_limits):
        if (shared.amount_fen is None) == (shared.ppm_of_aggregate is None):
            faults.append(Fault(f"shared limit {shared.id} has no limit, or two",
                                field=f"shared_limits[{index}].amount_fen",
                                mend="give either amount_fen or ppm_of_aggregate"))
        unknown = [one for one in shared.coverages if product.section(one) is None]
        faults += [Fault(f"{one} is not a section of the product", mend="drop it",
                         field=f"shared_limits[{index}].coverages") for one in unknown]
    if sorted(product.calculation_order) != sorted(get_args(Stage)):
        faults.append(Fault("the order must name every stage once", field="calculation_order",
                            mend="stages: " + ", ".join(get_args(Stage))))
    stretching = [one.code for one in product.exclusions if one.effect is not None and any(
        effect.hours for effect in (one.effect, *(step.effect for step in one.effect.steps)))]
    if len(stretching) > MOST_STRETCHING:
        faults.append(Fault("too many conditions extend waiting times", field="exclusions",
                            mend=f"let no more than {MOST_STRETCHING} of them do so"))
    if len(choices(product.exclusions)) > MOST_CHOICES:
        faults.append(Fault("too many penalty groups mix points, multiples and hours",
                            field="exclusions", mend="let the penalties of a group be of one kind"))
    known = {*codes, *exclusions(), ""}
    faults += [Fault(f"the breach names {one.breach}, which nobody knows",
                     field=f"obligations[{index}].breach",
                     mend="name an exclusion of the product or of the vocabulary")
               for index, one in enumerate(product.obligations) if one.breach not in known]
    if product.limits.reinstatements > MOST_REINSTATEMENTS:
        faults.append(Fault("the aggregate comes back too often", field="limits.reinstatements",
                            mend=f"give at most {MOST_REINSTATEMENTS}"))
    if product.basis.aggregation_rule == "hours_window" and not product.basis.hours_window:
        faults.append(Fault("an hours window needs its hours", field="basis.hours_window",
                            mend="give hours_window, such as 72"))
    faults += [Fault(f"{key!r} is not a parameter of the vocabulary", field=f"parameters.{key}",
                     mend="one of: " + ", ".join(parameters()))
               for key in product.parameters if key not in parameters()]
    faults += _layer_faults(product)
    limits = product.limits
    if not (0 < limits.aggregate_minimum_fen <= limits.aggregate_default_fen
            <= limits.aggregate_maximum_fen):
        faults.append(Fault("minimum, default and maximum are out of order",
                            field="limits.aggregate_default_fen", mend="order them"))
    return tuple(faults)


def _second(product: Product, label: str, name: str) -> str:
    """Where a coverage or an exclusion stands for the second time."""
    places = [(f"{room}[{index}]", one.code if room == "exclusions" else one.coverage)
              for room in (("exclusions",) if label == "exclusions" else ("sections", "towers"))
              for index, one in enumerate(getattr(product, room))]
    return [place for place, one in places if one == name][1]


def _section_faults(
    section: Section, field: str, product: Product
) -> list[Fault]:
    faults = _trigger_faults(section.triggers, field)
    if section.coverage not in coverages():
        faults.append(Fault(f"{section.coverage!r} is not a coverage of the vocabulary",
                            field=f"{field}.coverage", mend="use a code such as FP-BI"))
    standard = coverages().get(section.coverage)
    if standard is not None and MAINLAND in product.jurisdictions and (
            _STRICT.index(section.payability or "covered")
            < _STRICT.index(_LAWFUL[standard.mainland])):
        faults.append(Fault(
            f"{section.coverage} may not be {section.payability} on the mainland",
            field=f"{field}.payability", mend=f"use {_LAWFUL[standard.mainland]}, or leave it out"))
    if section.valuation is None:
        faults.append(Fault(f"{section.coverage} has no way to be valued yet",
                            field=f"{field}.valuation",
                            mend="give a valuation: " + ", ".join(get_args(ValuationMethod))))
    elif section.waiting is not None and section.valuation.method not in INTERRUPTIONS:
        faults.append(Fault("only an interruption can have a waiting time",
                            field=f"{field}.waiting", mend="use a retention"))
    forms = (section.sublimit.amount_fen, section.sublimit.ppm_of_aggregate,
             section.sublimit.multiple_of_fee)
    if sum(one is not None for one in forms) != 1:
        faults.append(Fault("a sublimit has one form", field=f"{field}.sublimit",
                            mend="give amount_fen, ppm_of_aggregate or multiple_of_fee"))
    codes = [one.code for one in product.exclusions]
    faults += [Fault(f"the product has no exclusion {one}", field=f"{field}.exclusions",
                     mend="add it to the product's exclusions, or drop it here")
               for one in section.exclusions or () if one not in codes]
    faults += [Fault(f"{one!r} is not in the registry of facts", field=f"{field}.asks",
                     mend="see docs/reference/facts.md") for one in section.asks
               if one not in facts()]
    faults += _retention_faults(section, field)
    if section.valuation is not None and section.valuation.method == "betterment_share" and (
            section.valuation.share_ppm is None):
        faults.append(Fault("a share of the restoration cost needs the share",
                            field=f"{field}.valuation.share_ppm", mend="give parts per million"))
    if section.sublimit.multiple_of_fee is not None and (
            "annual_service_fee" not in product.parameters):
        faults.append(Fault("a multiple of the service fee needs the fee",
                            field=f"{field}.sublimit.multiple_of_fee",
                            mend="give parameters.annual_service_fee"))
    return faults


def _retention_faults(section: Section, field: str) -> list[Fault]:
    own = section.retention
    faults = []
    if own.kind in {"none", "event_deductible"} and (
            own.amount_fen or own.ppm or own.minimum_fen or own.maximum_fen is not None):
        faults.append(Fault(f"a retention of kind {own.kind} has no amount of its own",
                            field=f"{field}.retention",
                            mend="use fixed, percentage, higher_of or lower_of"))
    faults += [Fault(f"a retention of kind {own.kind} needs its {name}",
                     field=f"{field}.retention.{name}", mend=f"give {name}")
               for name in _AMOUNTS.get(own.kind, ()) if not getattr(own, name)]
    if own.kind in _AMOUNTS and section.waiting and section.waiting.takes_deductible_away:
        faults.append(Fault("the waiting time takes the section's own retention away",
                            field=f"{field}.retention",
                            mend="use none, or the mode higher_of, waiting_then_deductible or "
                                 "franchise_hours with the deductible kept"))
    waiting = section.waiting
    if waiting is not None and waiting.deductible == "kept" and (
            waiting.mode == "replaces_deductible"):
        faults.append(Fault("a waiting time that replaces the deductible does not keep it",
                            field=f"{field}.waiting.deductible",
                            mend="leave it out, or use another mode"))
    if own.maximum_fen is not None and own.maximum_fen < own.minimum_fen:
        faults.append(Fault("the retention's maximum is below its minimum",
                            field=f"{field}.retention.maximum_fen", mend="order them"))
    return faults


def _layer_faults(product: Product) -> list[Fault]:
    faults = []
    for index, layer in enumerate(product.layers):
        field = f"layers[{index}]"
        if not (layer.limit_ppm or layer.limit_fen):
            faults.append(Fault(f"layer {layer.id} has no limit", field=f"{field}.limit_ppm",
                                mend="give limit_ppm or limit_fen"))
        if layer.reinstatements > MOST_REINSTATEMENTS:
            faults.append(Fault(f"layer {layer.id} comes back too often",
                                field=f"{field}.reinstatements",
                                mend=f"give at most {MOST_REINSTATEMENTS}"))
        if sum(one.share_ppm for one in layer.participants) > 1_000_000:
            faults.append(Fault(f"the shares of layer {layer.id} are more than the whole",
                                field=f"{field}.participants", mend="let them sum to 1000000"))
        faults += [Fault(f"{one.party} is no supplier, and bears as {one.bearer}", mend="drop it",
                         field=f"{field}.participants[{place}].bearer")
                   for place, one in enumerate(layer.participants)
                   if one.bearer != "named" and one.role != "supplier"]
    reached, aggregate = 0, product.limits.aggregate_default_fen
    for index, layer in enumerate(product.layers):
        attachment = layer.attachment_fen or apply_ppm(aggregate, layer.attachment_ppm)
        if attachment < reached:
            faults.append(Fault(f"layer {layer.id} attaches below the top of the one beneath",
                                field=f"layers[{index}]", mend=f"attach at {reached} fen or above"))
        reached = attachment + (layer.limit_fen or apply_ppm(aggregate, layer.limit_ppm))
    ids = [one.id for one in product.layers]
    faults += [Fault(f"layer {one} stands twice", field="layers", mend="keep one")
               for one in sorted({one for one in ids if ids.count(one) > 1})]
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


def _exclusion_faults(exclusion: Exclusion, field: str, product: Product) -> list[Fault]:
    terms = (*POLICY_TERMS, *product.parameters)
    granted = granted_coverages(product)
    effect = exclusion.effect
    if exclusion.code.startswith(OWN_CODE):
        lacking = [name for name in ("acts_on", "predicate", "effect", "burden", "duty", "name_zh",
                                     "name_en", "text_zh", "text_en", "plain_zh", "plain_en")
                   if not getattr(exclusion, name)]
        if lacking:
            return [Fault(f"{exclusion.code} is the product's own and lacks {', '.join(lacking)}",
                          field=field, mend="say the whole exclusion, or use a standard code")]
    if effect is None or exclusion.predicate is None or not exclusion.acts_on:
        return [Fault(f"{exclusion.code} has no predicate or effect", field=field,
                      mend="resolve the product with the vocabulary")]
    scopes = {"event"} if exclusion.acts_on == "event" else {"event", "item"}
    faults = _predicate_faults(exclusion.predicate, scopes, f"{field}.predicate", terms)
    faults += [Fault(f"{one} is not granted by the product", field=f"{field}.coverages",
                     mend="name coverages of its sections") for one in exclusion.coverages
               if one not in granted]
    faults += _effect_faults(exclusion.code, exclusion.acts_on, effect, scopes, field, terms)
    for number, carve_back in enumerate(exclusion.carve_backs or ()):
        if carve_back.when is not None:
            faults += _predicate_faults(carve_back.when, scopes,
                                        f"{field}.carve_backs[{number}].when", terms)
    return faults


def _effect_faults(
    code: str, acts_on: str, effect: Effect, scopes: set[str], field: str,
    terms: tuple[str, ...],
) -> list[Fault]:
    faults = []
    allowed = _EVENT_EFFECTS if acts_on == "event" else _ITEM_EFFECTS
    if effect.type not in allowed:
        faults.append(Fault(f"{code}: {effect.type} cannot act on the {acts_on}",
                            field=f"{field}.effect", mend="one of: " + ", ".join(sorted(allowed))))
    if effect.type in _WITH_FACT:
        known = facts().get(effect.fact or "")
        if known is None or known.scope not in scopes or (
                known.type not in _FACT_TYPES[effect.type]):
            kinds = " or ".join(sorted(_FACT_TYPES[effect.type]))
            faults.append(Fault(f"{code}: {effect.type} needs a fact of the {acts_on} ({kinds})",
                                field=f"{field}.effect.fact", mend="name a fact of the registry"))
    if effect.type == "reduce_to_ratio":
        faults += [Fault(f"{code}: the {name} is a parameter or a fact",
                         field=f"{field}.effect.{name}",
                         mend='write { policy = "contracted_gbps" } or { fact = "…" }')
                   for name, operand in (("numerator", effect.numerator),
                                         ("denominator", effect.denominator))
                   if not _is_operand(operand, scopes, terms)]
    if effect.type == "extend_waiting" and not effect.hours:
        faults.append(Fault(f"{code}: a longer waiting time needs its hours",
                            field=f"{field}.effect.hours", mend="give hours"))
    if effect.type == "deductible_uplift" and not effect.rate_ppm:
        faults.append(Fault(f"{code}: an uplift of the deductible needs its rate",
                            field=f"{field}.effect.rate_ppm", mend="give rate_ppm"))
    uppers = [band.up_to for band in effect.bands]
    if effect.type == "sliding_coinsurance" and (
            not uppers or uppers[-1] is not None or None in uppers[:-1]):
        faults.append(Fault(f"{code}: only the last band is open, and it must be",
                            field=f"{field}.effect.bands", mend="leave up_to out of the last"))
    for number, step in enumerate(effect.steps):
        where = f"{field}.effect.steps[{number}]"
        faults += _predicate_faults(step.when, scopes, f"{where}.when", terms)
        rungs = _EVENT_RUNGS if acts_on == "event" else _ITEM_RUNGS
        if step.effect.type not in rungs:
            faults.append(Fault(f"{code}: {step.effect.type} cannot be a rung", field=where,
                                mend="one of: " + ", ".join(sorted(rungs))))
    return faults


def _is_operand(operand: dict[str, str] | None, scopes: set[str], terms: tuple[str, ...]) -> bool:
    """``{"policy": parameter}`` or ``{"fact": id}`` of a scope that is in sight."""
    if operand is None or len(operand) != 1:
        return False
    ((kind, name),) = operand.items()
    if kind == "policy":
        return name in terms
    return kind == "fact" and name in facts() and facts()[name].scope in scopes


def _predicate_faults(
    predicate: dict[str, JSON], scopes: set[str], field: str, terms: tuple[str, ...]
) -> list[Fault]:
    try:
        parsed = parse_predicate(predicate, where=field)
    except InputError as error:
        return [Fault(one.message, field=one.field or field, mend=one.mend)
                for one in error.faults]
    faults = [Fault(f"{one.id} is a fact of the {one.scope}", field=field,
                    mend="an exclusion of the event may only ask about the event")
              for one in facts_of(parsed) if one.scope not in scopes]
    faults += [Fault(f"a policy has no term {key!r}", field=field,
                     mend="one of: " + ", ".join(terms))
               for key in policy_terms_of(parsed) if key not in terms]
    return faults
