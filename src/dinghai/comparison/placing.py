"""Put the losses of a scenario under the coverages that a product grants: a claim file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dinghai.claims.claim_file import Claim, ClaimedItem
from dinghai.comparison.policies import KEY_SUPPLIER
from dinghai.comparison.scenarios import IncurredItem, LossKind, Occurrence
from dinghai.foundation.canonical import JSON
from dinghai.vocabulary.facts import IncidentFacts, KnownFact, LossItem
from dinghai.wording.policy import Policy
from dinghai.wording.words import ValuationMethod

_SUPPLIED = "interruption_supplier"


@dataclass(frozen=True, slots=True)
class PlacedItem:
    """A loss item and the coverage it is claimed under; empty where no section takes it."""

    item: IncurredItem
    coverage: str

    @property
    def supplier(self) -> str:
        """Whose stop caused it, for limits that are counted by supplier."""
        return KEY_SUPPLIER if self.item.kind.id == _SUPPLIED else ""


def place(occurrence: Occurrence, policy: Policy) -> tuple[PlacedItem, ...]:
    """Each loss item under the first of its coverages that the policy grants and that is triggered.

    Where none is triggered it is claimed under the first one granted, so that the decision says
    why nothing is paid.
    """
    happened = frozenset(name for name, known in occurrence.event.items() if known.value is True)
    return tuple(PlacedItem(item, _coverage(item.kind, policy, happened))
                 for item in occurrence.items)


def _coverage(kind: LossKind, policy: Policy, happened: frozenset[str]) -> str:
    granted = [code for code in kind.coverages if policy.grants(code)]
    triggered = [code for code in granted if happened.intersection(_triggers(policy, code))]
    return next(iter(triggered or granted), "")


def _triggers(policy: Policy, coverage: str) -> Sequence[str]:
    part = policy.product.section(coverage) or policy.product.tower(coverage)
    return (part.triggers or ()) if part is not None else ()


def _method(policy: Policy, coverage: str) -> ValuationMethod | None:
    section = policy.product.section(coverage)
    return section.valuation.method if section is not None and section.valuation else None


def claim_of(
    occurrence: Occurrence, placed: Sequence[PlacedItem], policy: Policy
) -> tuple[Claim, IncidentFacts]:
    """The claim file (schema dinghai.claim/1) of what is placed, and its typed facts."""
    inside = [one for one in placed if one.coverage]
    items = []
    for number, one in enumerate(inside, start=1):
        facts = one.item.facts_for(_method(policy, one.coverage))
        items.append(LossItem(number, one.coverage, one.item.name_zh, facts,
                              supplier=one.supplier))
    claim = Claim(
        schema="dinghai.claim/1",
        claim_no=f"SCENARIO-{occurrence.scenario.id}",
        policy_no=policy.schedule.policy_no,
        reported_at=occurrence.reported_at,
        description=occurrence.scenario.name_zh,
        facts=_written(occurrence.event),
        items=tuple(ClaimedItem(no=one.no, coverage=one.coverage, supplier=one.supplier,
                                description=one.description, facts=_written(one.facts))
                    for one in items))
    return claim, IncidentFacts(occurrence.event, tuple(items))


def _written(facts: Mapping[str, KnownFact]) -> dict[str, JSON]:
    return {name: known.to_dict() for name, known in facts.items()}
