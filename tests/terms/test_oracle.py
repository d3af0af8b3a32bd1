"""The engine against a second reading of docs/explanation/terms.md, written apart from it.

Every output that the text defines is compared to the fen. Faults that this comparison once found
stay below in their smallest cases.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec
import pytest

from dinghai.terms import tracing
from dinghai.terms.compiler import compile_policy
from dinghai.terms.program import ItemShape
from dinghai.vocabulary.facts import UNKNOWN
from dinghai.vocabulary.parameters import parameters
from dinghai.wording.explaining import terms_to_explain
from dinghai.wording.policy import (
    Party,
    Policy,
    Schedule,
    bind,
    scheduled_layers,
    scheduled_sections,
    with_explanations,
)
from dinghai.wording.products import load_product, resolve
from dinghai.wording.schema import Limits, Product, Rating
from dinghai.wording.sections import (
    Retention,
    Section,
    SharedLimit,
    Sublimit,
    Tower,
    Valuation,
    Waiting,
)
from dinghai.wording.words import DEFAULT_ORDER
from tests.making import EXPLAINED
from tests.terms.generating import (
    INSTANT,
    random_cell,
    random_cells,
    random_items,
    random_policy,
)
from tests.terms.oracle import decide

UNDEFINED = {"ground_up"}
"""An output that terms.md does not define."""
ARBITRARY = 10**13
"""An aggregate limit that nothing reaches."""


@dataclass(frozen=True)
class Case:
    """One event under one policy."""

    policy: Policy
    items: Sequence[ItemShape]
    cells: Mapping[str, int]

    def sections(self) -> list[tuple[int, ItemShape, Section]]:
        """The items of sections, with their positions."""
        found = [(index, one, self.policy.product.section(one.coverage))
                 for index, one in enumerate(self.items)]
        return [(index, one, section) for index, one, section in found if section is not None]

    def cell(self, item: int, identifier: str) -> int:
        """A fact of an item; unknown where the policy does not ask for it."""
        return self.cells.get(f"item[{item}].{identifier}", UNKNOWN)

    def several(self, keys: Sequence[tuple[str, str]]) -> bool:
        """Whether one thing is named with two insureds."""
        pairs = set(keys)
        return len({thing for thing, _insured in pairs}) < len(pairs)


class Answering(dict[str, int]):
    """Cells in which whatever the engine does not ask for has an arbitrary value: should the text
    ask for it, the two readings will part."""

    def __missing__(self, name: str) -> int:
        self[name] = random_cell(random.Random(name), name)
        return self[name]


def differences(case: Case) -> dict[str, tuple[int | None, int | None]]:
    """Outputs in which engine and text part: (engine, text)."""
    program = compile_policy(case.policy, list(case.items))
    run = tracing.run(program, dict(case.cells))
    engine = {name: run.output(name) for name in program.outputs if name not in UNDEFINED}
    text = decide(case.policy, case.items, Answering(case.cells))
    # the engine has no output for a deductible that nothing can meet
    text = {name: amount for name, amount in text.items()
            if name in engine or amount or not name.startswith("erode.event_deductible")}
    return {name: (engine.get(name), text.get(name)) for name in engine.keys() | text.keys()
            if engine.get(name) != text.get(name)}


# Random cases

def _shaken(source: random.Random, policy: Policy) -> Policy:
    """Terms that the generator leaves out."""
    product = policy.product
    sections = tuple(
        msgspec.structs.replace(one, retention=msgspec.structs.replace(
            one.retention, then_event_deductible=source.random() < 0.3))
        for one in product.sections)
    exclusions = tuple(
        msgspec.structs.replace(one, coverages=(source.choice(sections).coverage,))
        if one.code.startswith("CX-") and source.random() < 0.3 else one
        for one in product.exclusions)
    shared = tuple(
        msgspec.structs.replace(one, amount_fen=None, ppm_of_aggregate=source.choice((
            10_000, 300_000))) if source.random() < 0.3 else one
        for one in product.shared_limits)
    schedule = msgspec.structs.replace(
        policy.schedule, event_deductible_ppm=source.choice((0, 100_000, 333_333)))
    return msgspec.structs.replace(policy, schedule=schedule, product=msgspec.structs.replace(
        product, sections=sections, exclusions=exclusions, shared_limits=shared))


def _compare(source: random.Random, policies: int, events: int) -> tuple[int, int]:
    """How many cases agreed in full, and how many of them paid."""
    agreed = paid = 0
    for number in range(policies):
        policy = random_policy(source)
        if number % 2:
            policy = _shaken(source, policy)
        items = random_items(source, policy)
        program = compile_policy(policy, items)
        for _ in range(events):
            case = Case(policy, items, random_cells(source, program))
            parted = differences(case)
            assert not parted, (number, parted)
            agreed += 1
            paid += tracing.run(program, dict(case.cells)).output("due") > 0
    return agreed, paid


def test_engine_and_text_agree_on_random_policies() -> None:
    agreed, paid = _compare(random.Random(20261125), policies=1_600, events=4)
    assert agreed > 4_000
    assert paid > 1_500


def test_engine_and_text_agree_on_the_shipped_product() -> None:
    source = random.Random(11)
    policy = _contract(load_product("cyber-comprehensive-standard"), aggregate=766_700_000,
                       deductible=10_000_000)
    paid = 0
    for _ in range(60):
        items = random_items(source, policy)
        program = compile_policy(policy, items)
        for _ in range(5):
            case = Case(policy, items, random_cells(source, program))
            assert not differences(case)
            paid += tracing.run(program, dict(case.cells)).output("due") > 0
    assert paid > 50


# The smallest case of each fault that the comparison found

def _product(*sections: Section, **changes: Any) -> Product:
    return resolve(Product(**{
        "schema": "dinghai.product/1", "product_id": "small", "version": "1", "name_zh": "小",
        "name_en": "Small", "summary_zh": "", "summary_en": "", "line": "property",
        "tier": "standard", "rating": Rating(table="none", float_rule="none"),
        "limits": _limits(), "sections": sections, "parameters": dict.fromkeys(parameters(), 0),
        **changes}))


def _limits(**changes: Any) -> Limits:
    return Limits(**{"aggregate_minimum_fen": 1, "aggregate_default_fen": ARBITRARY,
                     "aggregate_maximum_fen": ARBITRARY, "deductible_maximum_fen": ARBITRARY,
                     **changes})


def _contract(product: Product, aggregate: int = ARBITRARY, deductible: int = 0,
              maximum: int | None = None) -> Policy:
    party = Party(name_zh="甲")
    policy = bind(product, Schedule(
        policy_no="S-1", applicant=party, insured=party, insurer=party,
        inception=date(2026, 4, 1), expiry=date(2027, 3, 31), aggregate_limit_fen=aggregate,
        each_event_limit_fen=aggregate, event_deductible_fen=deductible,
        retention_maximum_fen=maximum, sections=scheduled_sections(product, aggregate),
        layers=scheduled_layers(product, aggregate), gross_premium_fen=1_000,
        members=(Party(name_zh="乙", id="m1"), Party(name_zh="丙", id="m2"))))
    return with_explanations(policy, tuple(one.key for one in terms_to_explain(policy)), EXPLAINED)


def _case(policy: Policy, *items: tuple[ItemShape, dict[str, int]], **event: int) -> Case:
    """A triggered event with nothing known but what is given."""
    program = compile_policy(policy, [shape for shape, _facts in items])
    given = {f"item[{index}].{name}": value for index, (_shape, facts) in enumerate(items)
             for name, value in facts.items()}
    given |= {name.replace("__", "."): value for name, value in event.items()}
    assert given.keys() <= set(program.inputs)
    cells = {name: 0 if name.startswith("prior.") else 1 if name.startswith("event.")
             else INSTANT if name.endswith("_at") else UNKNOWN for name in program.inputs}
    return Case(policy, [shape for shape, _facts in items], {**cells, **given})


def _cost(section: str = "FP-DATA", **terms: Any) -> Section:
    return Section(coverage=section, clause="2", **{
        "valuation": Valuation(method="actual_cost"), "retention": Retention(kind="none"), **terms})


def _paid(amount: int, insured: str = "", coverage: str = "FP-DATA", supplier: str = "",
          **facts: int) -> tuple[ItemShape, dict[str, int]]:
    return ItemShape(coverage, insured, supplier), {"item.amount": amount} | {
        name.replace("__", "."): value for name, value in facts.items()}


def _interruption(method: Any, **terms: Any) -> Section:
    return _cost("FP-SYSF", valuation=Valuation(method=method), **terms)


_FIXED = Retention(kind="fixed", amount_fen=300)
_ORDER = ("event_deductible", *(one for one in DEFAULT_ORDER if one != "event_deductible"))


MENDED = (
    "a tower is capped for each insured, not once for the event",
    "nominal cover is paid in a place the product is not made for",
    "a known sum of nothing counts as unknown",
    "net profit above the usual does not come off the continuing costs",
    "defence outside the limits ignores the window",
    "without a period an indemnity period takes all",
    "a supplier is capped for each insured, and only the last erodes",
    "what is given back to two insureds passes their sublimit",
    "what is given back beside a service passes the shared limit",
    "a shared limit is rounded down",
    "waiting after the event deductible forgets what that took",
)


def smallest_cases() -> dict[str, Case]:
    """Every fault once found, in as few terms and facts as showed it."""
    profit = "business_interruption_net_profit"
    lost = {"bi.net_profit_lost": 1_000, "bi.continuing_costs": 0,
            "bi.interruption_seconds": 86_400}
    waiting = Waiting(seconds=0, mode="franchise_hours")
    service = (ItemShape("SV-DIAG"), {"service.units": 800, "service.unit_price": 1})
    sysf = ItemShape("FP-SYSF")
    cases = (
        _case(_contract(_product(_cost(), towers=(Tower(
            coverage="FP-MIT", clause="3", cap="sum_insured", law=""),)), aggregate=1_000),
            _paid(900, "m1", "FP-MIT"), _paid(900, "m2", "FP-MIT")),
        _case(_contract(_product(_cost(payability="nominal_only"),
                                 jurisdictions=("CN-mainland", "CN-HK"))),
              _paid(1_000), risk__jurisdiction=3),
        _case(_contract(_product(_cost(insured_share_ppm=500_000))), _paid(
            1_000, item__other_insurance_sum=0, item__other_insurance_paid=400)),
        _case(_contract(_product(_interruption("business_interruption_net_profit_hourly"))),
              (sysf, {"bi.daily_net_profit": 100, "bi.actual_net_profit": 150,
                      "bi.continuing_costs": 1_000, "bi.interruption_seconds": 86_400})),
        _case(_contract(_product(_cost(valuation=Valuation(method="liability", window_days=30)),
                                 limits=_limits(defence="outside"))),
              (ItemShape("FP-DATA"), {"liability.damages": 100, "liability.defence_costs": 500,
                                      "item.days_after_incident": 31})),
        _case(_contract(_product(_interruption(profit, indemnity_days=1))),
              (sysf, {**lost, "bi.period_seconds": 0})),
        _case(_contract(_product(_cost(per_supplier_fen=1_000))),
              _paid(900, "m1", supplier="s1"), _paid(800, "m2", supplier="s1")),
        _case(_contract(_product(_cost(sublimit=Sublimit(amount_fen=1_000), retention=_FIXED)),
                        maximum=0), _paid(900, "m1"), _paid(500, "m2")),
        _case(_contract(_product(
            _cost(retention=_FIXED), _cost("SV-DIAG", valuation=Valuation(method="in_kind")),
            shared_limits=(SharedLimit(id="both", coverages=("FP-DATA", "SV-DIAG"),
                                       amount_fen=1_000),)), maximum=0), _paid(1_000), service),
        _case(_contract(_product(_cost(), shared_limits=(SharedLimit(
            id="half", coverages=("FP-DATA",), ppm_of_aggregate=500_000),)), aggregate=1_001),
            _paid(1_000)),
        _case(_contract(_product(_interruption(profit, waiting=waiting, retention=Retention(
            kind="none", then_event_deductible=True)), calculation_order=_ORDER), deductible=400),
            (sysf, {**lost, "bi.period_seconds": 86_400})),
    )
    named = dict(zip(MENDED, cases, strict=True))
    named["a supplier's cap erodes by what is not covered"] = _case(
        _contract(_product(_cost(per_supplier_fen=1_000))), _paid(900, supplier="s1"),
        incident__first_occurrence_at=0)
    named["the aggregate is reinstated by more than was paid"] = _case(
        _contract(_product(_cost(), limits=_limits(reinstatements=1),
                           calculation_order=("aggregate_limit", *(
                               one for one in DEFAULT_ORDER if one != "aggregate_limit")))),
        _paid(1_000, item__recovered=400))
    return named


@pytest.mark.parametrize("fault", smallest_cases())
def test_what_was_mended_stays_mended(fault: str) -> None:
    assert not differences(smallest_cases()[fault])
