"""Small products of cost sections and their totals, for what may and may not be monotone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from dinghai.terms import tracing
from dinghai.terms.compiler import compile_policy
from dinghai.terms.program import ItemShape
from dinghai.vocabulary.facts import fact
from dinghai.wording.exclusions import Effect, Exclusion
from dinghai.wording.explaining import terms_to_explain
from dinghai.wording.policy import Party, Policy, scheduled_layers, with_explanations
from dinghai.wording.products import load_product, resolve
from dinghai.wording.schema import Product
from dinghai.wording.sections import Retention, Section, Sublimit
from tests.making import EXPLAINED, make_policy

MOMENT = fact("incident.discovered_at").encode("2026-09-07T10:00:00+08:00")
PRICE = fact("item.loss_kind").encode("price_movement")
EVENTS = {
    "event.cyber_incident_confirmed": 1, "event.extortion_threat": 1, "event.third_party_claim": 1,
    "event.data_encryption": 1, "event.system_interruption": 1, "event.service_request": 1,
    "incident.discovered_at": MOMENT, "incident.first_occurrence_at": MOMENT,
    "claim.made_at": MOMENT,
}
NOT_PRICE = Exclusion(
    code="CX-PRICE", clause="9.1", acts_on="item", burden="insurer", duty="none", name_zh="价",
    name_en="price", text_zh="价", text_en="price", plain_zh="价", plain_en="price",
    predicate={"fact": "item.loss_kind", "op": "eq", "value": "price_movement"},
    effect=Effect(type="exclude_item"))
"""An exclusion of the items whose kind is ``PRICE``."""
NO_RETENTION = Retention(kind="none")


@dataclass(frozen=True)
class Loss:
    """One loss item."""

    coverage: str
    amount: int
    cells: dict[str, int] = field(default_factory=dict)
    member: str = ""

    def named(self, position: int) -> dict[str, int]:
        """Its cells by the names of the step table."""
        if self.coverage in {"FP-BI", "FP-DBI"}:
            own = {"bi.net_profit_lost": self.amount, "bi.continuing_costs": 0,
                   "bi.interruption_seconds": 200_000, "bi.period_seconds": 200_000, **self.cells}
            return {f"item[{position}].{name}": cell for name, cell in own.items()}
        value = {"TP-PRIV": "liability.damages", "TP-NETSEC": "liability.damages",
                 "SV-RESC": "service.units"}.get(self.coverage, "item.amount")
        own = {value: self.amount, "item.loss_kind": 0, **self.cells}
        if self.coverage == "SV-RESC":
            own.setdefault("service.unit_price", 1)
        return {f"item[{position}].{name}": cell for name, cell in own.items()}


@dataclass(frozen=True)
class Case:
    """A product, what is scheduled, and the losses of one event."""

    product: Product
    losses: tuple[Loss, ...]
    aggregate: int = 10**12
    deductible: int = 0
    each_event: int | None = None
    sublimits: dict[str, int] = field(default_factory=dict)
    schedule: dict[str, Any] = field(default_factory=dict)
    cells: dict[str, int] = field(default_factory=dict)

    def with_(self, **changes: Any) -> Case:
        """The same case, changed."""
        return replace(self, **changes)

    def section(self, coverage: str, **changes: Any) -> Case:
        """The same case with a section changed."""
        return self.with_(product=change(self.product, coverage, **changes))

    def excluding(self, exclusion: Exclusion = NOT_PRICE) -> Case:
        """The same case with one more exclusion."""
        listed = tuple(msgspec.structs.replace(
            one, exclusions=(*(one.exclusions or ()), exclusion.code))
            for one in self.product.sections)
        return self.with_(product=msgspec.structs.replace(
            self.product, sections=listed, exclusions=(*self.product.exclusions, exclusion)))

    def policy(self) -> Policy:
        """The bound policy, everything explained."""
        flat = msgspec.structs.replace(self.product, layers=())
        policy = make_policy(flat, aggregate=self.aggregate, deductible=self.deductible,
                             each_event=self.each_event, sublimits=self.sublimits)
        members = tuple(Party(name_zh=one, id=one)
                        for one in dict.fromkeys(one.member for one in self.losses) if one)
        schedule = msgspec.structs.replace(
            policy.schedule, members=members,
            layers=scheduled_layers(self.product, self.aggregate), **self.schedule)
        policy = msgspec.structs.replace(policy, schedule=schedule, product=self.product)
        return with_explanations(policy, tuple(one.key for one in terms_to_explain(policy)),
                                 EXPLAINED)

    def total(self) -> int:
        """What is paid for the event."""
        program = compile_policy(self.policy(), [ItemShape(one.coverage, one.member)
                                                 for one in self.losses])
        cells = {**EVENTS, **self.cells}
        for position, loss in enumerate(self.losses):
            cells |= loss.named(position)
        return tracing.run(program, {name: cell for name, cell in cells.items()
                                     if name in program.inputs}).output("total")


def product_of(*sections: Section, **changes: Any) -> Product:
    """A product of these sections: no towers, no exclusions, no other insurance."""
    base = load_product("cyber-comprehensive-standard")
    limits = msgspec.structs.replace(base.limits, aggregate_minimum_fen=1,
                                     aggregate_default_fen=10**12, aggregate_maximum_fen=10**14,
                                     deductible_maximum_fen=10**12)
    plain = msgspec.structs.replace(
        base, sections=sections, towers=(), exclusions=(), shared_limits=(), limits=limits,
        other_insurance=msgspec.structs.replace(base.other_insurance, rule="none"))
    return resolve(msgspec.structs.replace(plain, **changes))


def section_of(coverage: str, **changes: Any) -> Section:
    """A section without retention, with the whole aggregate as its sublimit."""
    given: dict[str, Any] = {
        "clause": "2.1", "retention": NO_RETENTION, "sublimit": Sublimit(amount_fen=10**11),
        "trigger_basis": "discovery", "triggers": ("event.cyber_incident_confirmed",)}
    return Section(coverage=coverage, **{**given, **changes})


def change(product: Product, coverage: str, **changes: Any) -> Product:
    """The product with one section changed."""
    return msgspec.structs.replace(product, sections=tuple(
        msgspec.structs.replace(one, **changes) if one.coverage == coverage else one
        for one in product.sections))
