"""Random products, policies and events over the whole language.

Amounts prefer round numbers, boundaries and one off them; facts are often unknown, sometimes
established absent. Every term of the language has a chance in every product.
"""

from __future__ import annotations

import random
from datetime import date
from functools import cache
from typing import Any, get_args

import msgspec

from dinghai.foundation.money import MAXIMUM_FEN
from dinghai.foundation.reading import typed
from dinghai.terms.program import ItemShape, Program
from dinghai.vocabulary.coverages import coverages
from dinghai.vocabulary.exclusions import exclusions
from dinghai.vocabulary.facts import ABSENT, UNKNOWN, fact
from dinghai.vocabulary.parameters import parameters
from dinghai.wording.exclusions import Exclusion
from dinghai.wording.explaining import terms_to_explain
from dinghai.wording.layers import Layer, Participation
from dinghai.wording.policy import (
    Party,
    Policy,
    Schedule,
    ScheduledSection,
    bind,
    scheduled_layers,
    scheduled_sections,
    with_explanations,
)
from dinghai.wording.products import resolve
from dinghai.wording.schema import Basis, Instalments, Limits, OtherInsurance, Product, Rating
from dinghai.wording.sections import (
    Retention,
    Section,
    SharedLimit,
    Sublimit,
    Tower,
    Valuation,
    Waiting,
)
from dinghai.wording.validity import validity_faults
from dinghai.wording.words import (
    INTERRUPTIONS,
    PartyRole,
    Payability,
    Stage,
    ValuationMethod,
    WaitingMode,
)
from tests.making import EXPLAINED

ROUND = (0, 1, 99, 100, 10_000, 1_000_000, 5_000_000, 10_000_000, 69_999_999, 70_000_000,
         100_000_000, 333_333_333, 766_700_000, 10_000_000_000, 10**15)
INSTANT = fact("incident.discovered_at").encode("2026-09-07T10:00:00+08:00")
DAY = 86_400
TOWERS = ("FP-MIT", "FP-PROOF")
MEMBERS = ("m1", "m2")
SUPPLIERS = ("s1", "s2")


def _sometimes(source: random.Random, chance: float, value: Any, otherwise: Any) -> Any:
    return value if source.random() < chance else otherwise


@cache
def _codes() -> tuple[str, ...]:
    return tuple(code for code in coverages() if code not in TOWERS)


def random_product(source: random.Random) -> Product:
    """A resolved and valid product with one to six sections and a handful of exclusions."""
    codes = source.sample(_codes(), source.randint(1, 6))
    if source.random() < 0.6 and "FP-BI" not in codes:
        codes.append("FP-BI")
    sections = tuple(random_section(source, code) for code in codes)
    towers = tuple(Tower(coverage=code, clause="3", cap=source.choice(("sum_insured", "none")),
                         law="保险法57条") for code in TOWERS if source.random() < 0.4)
    product = Product(
        schema="dinghai.product/1", product_id="random", version="1", name_zh="随机",
        name_en="Random", summary_zh="", summary_en="", line="property", tier="standard",
        rating=Rating(table="none", float_rule="none"),
        limits=_limits(source), sections=sections, towers=towers,
        shared_limits=_shared(source, codes), layers=_layers(source),
        basis=_basis(source),
        jurisdictions=source.choice((("CN-mainland",), ("CN-mainland", "CN-HK"))),
        other_insurance=OtherInsurance(rule=source.choice(
            ("sums_insured", "sums_insured", "independent_liability", "excess", "none"))),
        instalments=_sometimes(source, 0.3, Instalments(clause="9"), None),
        parameters={key: _amount(source) for key in parameters()},
        calculation_order=_order(source))
    product = msgspec.structs.replace(product, exclusions=_exclusions(source, product))
    product = resolve(product)
    assert not validity_faults(product), validity_faults(product)
    return product


def _amount(source: random.Random) -> int:
    return max(0, source.choice(ROUND[:-1]) + source.choice((-1, 0, 0, 0, 1)))


def _basis(source: random.Random) -> Basis:
    rule = source.choice(("root_cause", "root_cause", "hours_window", "batch_defect"))
    return Basis(aggregation_rule=rule, hours_window=72 if rule == "hours_window" else None,
                 series=source.random() < 0.7, circumstances=source.random() < 0.7,
                 extended_reporting_days=source.choice((0, 60, 90)))


def _limits(source: random.Random) -> Limits:
    return Limits(
        aggregate_minimum_fen=1, aggregate_default_fen=10**9, aggregate_maximum_fen=10**13,
        deductible_maximum_fen=10**13, deductible_per=source.choice(("event", "insured")),
        defence=source.choice(("inside", "outside")),
        reinstatements=source.choice((0, 0, 1, 2)),
        reinstatement_premium_ppm=source.choice((0, 500_000, 1_000_000)))


def random_section(source: random.Random, code: str) -> Section:
    """One section with its terms shaken."""
    valuation = _sometimes(source, 0.25, _valuation(source), None)
    if code == "FP-BI":
        valuation = Valuation(method=source.choice(sorted(INTERRUPTIONS)))
    waiting = None
    if valuation is not None and valuation.method in INTERRUPTIONS and source.random() < 0.8:
        mode: WaitingMode = source.choice(get_args(WaitingMode))
        waiting = Waiting(
            seconds=source.choice((0, 21_600, 43_200, 259_200)), mode=mode,
            deductible=source.choice(("waived", "kept")) if mode == "franchise_hours" else "waived")
    return Section(
        coverage=code, clause="2", valuation=valuation, waiting=waiting,
        payability=_sometimes(source, 0.1, _payability(source, code), None),
        sublimit=_sublimit(source), retention=_retention(source, waiting),
        erodes_aggregate=source.random() < 0.85,
        per_supplier_fen=_sometimes(source, 0.2, _amount(source), None),
        insured_share_ppm=source.choice((0, 0, 100_000, 333_333, 1_000_000)),
        indemnity_days=source.choice((None, None, 1, 3, 90)),
        average=source.random() < 0.2,
        asks=_sometimes(source, 0.1, ("fraud.unrecovered_days",), ()))


def _payability(source: random.Random, code: str) -> Payability:
    """As lax as the mainland's law, or stricter."""
    kinds = get_args(Payability)
    lawful = {"covered": 0, "prohibited_if_virtual_currency": 1, "nominal_only": 2,
              "prohibited": 3}[coverages()[code].mainland]
    return source.choice(kinds[lawful:])


def _valuation(source: random.Random) -> Valuation:
    method = source.choice(get_args(ValuationMethod))
    return Valuation(method=method, window_days=source.choice((None, None, 30)),
                     share_ppm=250_000 if method == "betterment_share" else None,
                     uplift_ppm=source.choice((0, 200_000)))


def _sublimit(source: random.Random) -> Sublimit:
    kind = source.randrange(3)
    basis, per = source.choice(("annual", "each_event")), source.choice(("policy", "insured"))
    if kind == 0:
        return Sublimit(amount_fen=_amount(source), basis=basis, per=per)
    if kind == 1:
        return Sublimit(multiple_of_fee=source.choice((1, 10)), basis=basis, per=per)
    return Sublimit(ppm_of_aggregate=source.choice((1_000_000, 500_000, 333_333)), basis=basis,
                    per=per)


def _retention(source: random.Random, waiting: Waiting | None) -> Retention:
    shared = ("none", "event_deductible", "event_deductible")
    alone = waiting is not None and waiting.takes_deductible_away
    kind = source.choice(shared if alone else (
        *shared, "fixed", "percentage", "higher_of", "lower_of"))
    if kind in {"none", "event_deductible"}:
        return Retention(kind=kind, limit=source.choice(("on_top", "including")))
    low = source.choice((0, 0, 100_000))
    return Retention(
        kind=kind, amount_fen=source.choice((1, 1_000_000, 3_333_333)),
        ppm=source.choice((1, 100_000, 333_333)), of=source.choice(("loss", "sublimit")),
        minimum_fen=low, maximum_fen=source.choice((None, None, low, 2_000_000)),
        limit=source.choice(("on_top", "including")))


def _shared(source: random.Random, codes: list[str]) -> tuple[SharedLimit, ...]:
    return tuple(
        SharedLimit(id=f"shared-{index}", coverages=tuple(source.sample(
            codes, source.randint(1, len(codes)))), amount_fen=_amount(source),
            basis=source.choice(("annual", "each_event")))
        for index in range(source.choice((0, 1, 2))))


def _layers(source: random.Random) -> tuple[Layer, ...]:
    if source.random() < 0.5:
        return ()
    basis = source.choice(("each_event", "aggregate"))
    roles = get_args(PartyRole)
    layers, reached = [], source.choice((0, 0, 100_000))
    for index in range(source.randint(1, 3)):
        width = source.choice((1_000_000, 33_333_333, 400_000_000))
        left, parties = 1_000_000, []
        for number in range(source.randint(0, 4)):
            share = min(left, source.choice((200_000, 333_333, 100_000, 700_000)))
            left -= share
            parties.append(Participation(party=f"p{number}", role=source.choice(roles),
                                         share_ppm=share))
        layers.append(Layer(
            id=f"layer-{index}", name_zh="层", name_en="Layer", attachment_fen=reached,
            limit_fen=width, basis=basis, aggregate_fen=source.choice((None, width, 2 * width)),
            reinstatements=source.choice((0, 0, 1)), reinstatement_premium_ppm=1_000_000,
            premium_fen=1_234_567, participants=tuple(parties)))
        reached += width + source.choice((0, 0, 1_000_000))
    return tuple(layers)


def _order(source: random.Random) -> tuple[Stage, ...]:
    stages = list(get_args(Stage))
    if source.random() < 0.4:
        source.shuffle(stages)
    return tuple(stages)


def _exclusions(source: random.Random, product: Product) -> tuple[Exclusion, ...]:
    granted = [one.coverage for one in product.sections]
    chosen = [Exclusion(
        code=code, clause="5",
        coverages=_sometimes(source, 0.2, tuple(source.sample(granted, 1)), ()),
        penalty_group=source.choice(("", "security")), cumulative=source.random() < 0.3)
        for code in source.sample(sorted(exclusions()), source.randint(0, 8))]
    chosen += [typed({**_OWN, **one, "code": f"CX-{number}", "cumulative": source.random() < 0.5,
                      "penalty_group": source.choice(("", "security"))}, Exclusion)
               for number, one in enumerate(OWN_EFFECTS) if source.random() < 0.25]
    source.shuffle(chosen)
    return tuple(chosen)


_OWN: dict[str, Any] = {
    "clause": "6", "burden": "insurer", "duty": "explain", "name_zh": "自", "name_en": "Own",
    "text_zh": "自", "text_en": "Own", "plain_zh": "自", "plain_en": "Own"}
_EVENT = {"fact": "finding.causal", "op": "is_true"}
_ITEM = {"fact": "item.emergency_window", "op": "is_false"}
OWN_EFFECTS: tuple[dict[str, Any], ...] = (
    {"acts_on": "event", "predicate": _EVENT, "effect": {"type": "extend_waiting", "hours": 6}},
    {"acts_on": "event", "predicate": _EVENT, "effect": {
        "type": "deductible_uplift", "mode": "multiply", "rate_ppm": 500_000}},
    {"acts_on": "event", "predicate": _EVENT, "effect": {
        "type": "deductible_uplift", "mode": "points", "rate_ppm": 100_000},
     "carve_backs": [{"when": {"fact": "change.tested", "op": "is_true"}}]},
    {"acts_on": "event", "predicate": {"not": _EVENT}, "effect": {
        "type": "coinsurance", "insured_share_ppm": 50_000}},
    {"acts_on": "event", "predicate": _EVENT, "effect": {"type": "graded", "steps": [
        {"when": {"fact": "controls.breach_state", "op": "eq", "value": "partial"},
         "effect": {"type": "extend_waiting", "hours": 12}},
        {"when": {"fact": "controls.breach_state", "op": "eq", "value": "absent"},
         "effect": {"type": "deductible_uplift", "mode": "multiply", "rate_ppm": 1_000_000}},
        {"when": {"fact": "controls.false_warranty", "op": "is_true"},
         "effect": {"type": "none"}}]}},
    {"acts_on": "item", "predicate": _ITEM, "effect": {
        "type": "reduce_to_ratio", "numerator": {"fact": "item.panel_amount"},
        "denominator": {"fact": "item.amount"}}},
    {"acts_on": "item", "predicate": _ITEM, "effect": {"type": "graded", "steps": [
        {"when": {"fact": "item.vendor_on_panel", "op": "is_false"},
         "effect": {"type": "coinsurance", "insured_share_ppm": 300_000}},
        {"when": {"fact": "change.tested", "op": "is_false"},
         "effect": {"type": "exclude_item"}}]}},
    {"acts_on": "item", "predicate": _ITEM, "effect": {
        "type": "sliding_coinsurance", "fact": "vuln.days_patch_available", "bands": [
            {"up_to": 45, "insured_share_ppm": 0}, {"insured_share_ppm": 500_000}]}},
    {"acts_on": "item", "predicate": _ITEM, "effect": {
        "type": "coinsurance", "insured_share_ppm": 250_000}},
)
"""Effects that no standard exclusion uses, as a product's own clauses."""


def random_policy(source: random.Random) -> Policy:
    """A policy of a random product."""
    product = random_product(source)
    aggregate = source.choice((100_000_000, 100_000_001, 500_000_000, 766_700_000, 9_999_999_999))
    sections = tuple(
        ScheduledSection(coverage=one.coverage, sublimit_fen=max(1, one.sublimit_fen))
        for one in scheduled_sections(product, aggregate))
    low = source.choice((0, 0, 0, 2_000_000))
    party = Party(name_zh="甲")
    policy = bind(product, Schedule(
        policy_no="R-1", applicant=party, insured=party, insurer=party,
        inception=date(2026, 4, 1), expiry=date(2027, 3, 31), aggregate_limit_fen=aggregate,
        each_event_limit_fen=source.choice((aggregate, aggregate // 3, 77_777_777)),
        event_deductible_fen=source.choice((0, 1, 10_000_000, 33_333_333)), sections=sections,
        layers=scheduled_layers(product, aggregate), retention_minimum_fen=low,
        retention_maximum_fen=source.choice((None, None, low, 3_000_000)),
        gross_premium_fen=source.choice((None, 9_999_999)),
        retroactive_date=source.choice((None, date(2026, 4, 1))),
        members=tuple(Party(name_zh=one, id=one) for one in MEMBERS)))
    keys = tuple(term.key for term in terms_to_explain(policy))
    if source.random() < 0.3:
        keys = tuple(key for key in keys if source.random() < 0.5)
    return with_explanations(policy, keys, EXPLAINED)


def random_items(source: random.Random, policy: Policy, most: int = 5) -> list[ItemShape]:
    """Shapes of one to five loss items, repeats allowed."""
    granted = [one.coverage for one in policy.schedule.sections]
    granted += [one.coverage for one in policy.product.towers]
    return [ItemShape(code, source.choice(("", "", "", *MEMBERS)),
                      source.choice(("", *SUPPLIERS)))
            for code in source.choices(granted, k=source.randint(1, most))]


def random_cell(source: random.Random, name: str) -> int:
    """A cell for an input: unknown, absent, round, or one off a round number."""
    if name.startswith("prior."):
        return source.choice(ROUND[:-1]) if source.random() < 0.3 else 0
    name, derived, _rule = name.partition("@")
    definition = fact(name.split("].", 1)[1] if name.startswith("item[") else name)
    dice = source.random()
    if dice < 0.08:
        return UNKNOWN
    if dice < 0.11:
        return ABSENT
    insurers = definition.prover == "insurer"
    if insurers and definition.type == "moment" and source.random() < 0.8:
        return UNKNOWN
    match definition.type:
        case "boolean":
            return int(source.random() < (0.15 if insurers else 0.7))
        case "code":
            return source.randrange(len(definition.values)) if source.random() < 0.15 else 0
        case "moment":
            return INSTANT + source.choice((0, 0, 0, -200 * DAY, 230 * DAY, 400 * DAY))
        case "ratio":
            return source.choice((0, 1, 333_333, 400_000, 1_000_000, 1_000_000,
                                  definition.largest))
        case "duration":
            return source.choice((0, 21_600, 43_199, 43_200, 43_201, 864_000, 864_001,
                                  definition.largest))
        case "list" | "reference":
            return source.choice((0, 1, 1))
        case "series" if not derived:
            return source.choice((1, 24))
        case "count":
            return source.choice((0, 1, 45, 46, 120, 400, 1_000_000, 2_100_000,
                                  definition.largest))
    amount = source.choice(ROUND)
    return min(max(0, amount + source.choice((-1, 0, 0, 1))), MAXIMUM_FEN)


def random_cells(source: random.Random, program: Program) -> dict[str, int]:
    """Cells for every input; triggers are usually true, or nothing would ever be paid."""
    return {
        name: 1 if name.startswith("event.") and source.random() < 0.9
        else INSTANT if name.endswith("_at") and name.startswith(("incident", "claim"))
        and source.random() < 0.8
        else random_cell(source, name)
        for name in program.inputs
    }
