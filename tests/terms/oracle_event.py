"""What happens before the stages, as the oracle reads it: triggers, causes, payability, losses.

Part of the second reading of docs/explanation/terms.md (see oracle.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dinghai.foundation.calendar import start_of
from dinghai.wording.exclusions import Effect, Exclusion
from dinghai.wording.sections import Section
from tests.terms.oracle_facts import (
    DAY,
    HOUR,
    Facts,
    Truth,
    acts,
    cut,
    effect_of,
    every,
    is_explained,
    negation,
    points,
    some,
)
from tests.terms.oracle_losses import Item, reduce_item, value_item, wait


@dataclass
class Line:
    """One section (of one insured) on its way through the stages."""

    section: Section
    insured: str
    items: list[Item]
    loss: int = 0
    amount: int = 0
    waiting: int = 0
    defence: int = 0
    retained: int = 0
    """What the insured bears of it by stages 3 and 6."""
    included: int = 0
    """What was retained when the sublimit was applied, where the sublimit includes it."""
    beyond_sublimit: int = 0

    @property
    def coverage(self) -> str:
        return self.section.coverage

    @property
    def name(self) -> str:
        return named(self.coverage, self.insured)

    @property
    def in_kind(self) -> bool:
        return self.section.valuation is not None and self.section.valuation.method == "in_kind"

    @property
    def inside(self) -> bool:
        """Whether it erodes the aggregate."""
        return self.section.erodes_aggregate and not self.in_kind


def named(word: str, insured: str) -> str:
    """``FP-BI``, or ``FP-BI@member``."""
    return f"{word}@{insured}" if insured else word


def readings(exclusions: Sequence[Exclusion]) -> list[dict[str, str]]:
    """Of each group that mixes kinds of penalties one kind acts: every way to pick them."""
    kinds: dict[str, list[tuple[str, str]]] = {}
    for own in exclusions:
        effects = [own.effect, *(step.effect for step in own.effect.steps)] if own.effect else []
        if own.acts_on == "event" and own.penalty_group and not own.cumulative:
            kinds.setdefault(own.penalty_group, []).extend(
                (own.code, kind) for one in effects if (kind := _kind(one)))
    found: list[dict[str, str]] = [{}]
    for group, members in kinds.items():
        several = len({code for code, _ in members}) > 1
        mixed = [kind for kind in ("points", "multiply", "hours")
                 if any(kind == other for _, other in members)]
        if several and len(mixed) > 1:
            found = [{**one, group: kind} for one in found for kind in mixed]
    return found


def _kind(effect: Effect) -> str:
    if effect.type == "deductible_uplift":
        return str(effect.mode)
    return {"coinsurance": "points", "sliding_coinsurance": "points",
            "extend_waiting": "hours"}.get(effect.type, "")


def combined(penalties: Sequence[tuple[Exclusion, int]]) -> int:
    """Penalties together: of a group the heaviest, and on top those declared cumulative."""
    total = 0
    heaviest: dict[str, int] = {}
    for own, value in penalties:
        if own.penalty_group and not own.cumulative:
            heaviest[own.penalty_group] = max(heaviest.get(own.penalty_group, 0), value)
        else:
            total += value
    return total + sum(heaviest.values())


class Event:
    """One event, up to the loss of each section."""

    def __init__(self, facts: Facts, choice: Mapping[str, str]) -> None:
        self.facts = facts
        self.choice = choice
        self.policy = facts.policy
        self.product = facts.policy.product
        self.schedule = facts.policy.schedule
        self.lines: list[Line] = []
        self.out: dict[str, int] = {}
        self.deductible_taken: dict[str, int] = {}
        self.presented = 0
        self.done: list[str] = []

    def _insureds(self, coverage: str) -> list[tuple[str, list[int]]]:
        """The insureds that items of a coverage name, in the items' order, with their items."""
        found: dict[str, list[int]] = {}
        for index, shape in enumerate(self.facts.items):
            if shape.coverage == coverage:
                found.setdefault(shape.insured, []).append(index)
        return list(found.items())

    def _losses(self) -> None:
        for section in self.product.sections:
            lines = [self._line(section, insured, indices)
                     for insured, indices in self._insureds(section.coverage)]
            self._supplier_caps(section, lines)
            for line in lines:
                line.loss = line.amount = sum(one.amount for one in line.items)
                line.waiting = sum(one.waiting for one in line.items)
                line.defence = sum(one.defence for one in line.items)
            self.lines += lines

    def _line(self, section: Section, insured: str, indices: list[int]) -> Line:
        coverage = section.coverage
        answers = (self._triggered(section) is True and not self._excluded(coverage)
                   and self._payable(section) is True)
        items = []
        for index in indices:
            item = value_item(self.facts, section, index)
            reduce_item(self.facts, section, item)
            if self._waits(section):
                wait(self.facts, section, item, self._waiting_seconds(section))
            items.append(item if answers else Item(index))
        return Line(section, insured, items)

    def _any_trigger(self, triggers: Sequence[str] | None) -> Truth:
        return some(self.facts.holds({"fact": one, "op": "is_true"}) for one in triggers or ())

    def _period(self) -> tuple[int, int]:
        """First moment inside, first moment outside."""
        return (int(start_of(self.schedule.inception).timestamp()),
                int(start_of(self.schedule.expiry).timestamp()) + DAY)

    def _within(self, identifier: str) -> Truth:
        begin, end = self._period()
        if not self.facts.known(identifier):
            return None
        return begin <= self.facts.amount(identifier) < end

    def _triggered(self, section: Section) -> Truth:
        in_time: Truth = True
        if section.trigger_basis == "occurrence":
            in_time = self._within("incident.first_occurrence_at")
        elif section.trigger_basis == "discovery":
            in_time = self._within("incident.discovered_at")
        elif section.trigger_basis == "claims_made":
            in_time = self._made_in_time()
        return every([self._any_trigger(section.triggers), in_time])

    def _made_in_time(self) -> Truth:
        basis, (begin, end) = self.product.basis, self._period()
        # a series' first claim cannot be later than this one: of the two the earlier counts
        moments = ["claim.made_at", *(["claim.series_first_made_at"] if basis.series else [])]
        made = [self.facts.amount(one) for one in moments if self.facts.known(one)]
        ways: list[Truth] = [begin <= min(made) < end if made else None]
        if basis.circumstances:
            ways.append(self._within("claim.circumstance_notified_at"))
        late: Truth = None
        if made:
            late = end <= min(made) < end + basis.extended_reporting_days * DAY
        occurred: Truth = None
        if self.facts.known("incident.first_occurrence_at"):
            occurred = self.facts.amount("incident.first_occurrence_at") < end
        ways.append(every([late, occurred]))
        return some(ways)

    def _event_exclusions(self, coverage: str) -> list[Exclusion]:
        return [own for own in self.product.exclusions
                if own.acts_on == "event" and acts(self.facts, own, coverage)]

    def _excluded(self, coverage: str) -> bool:
        return any(effect_of(self.facts, own).type == "exclude_event"
                   for own in self._event_exclusions(coverage))

    def _payable(self, section: Section) -> Truth:
        if section.payability in {None, "covered"}:
            return True
        elsewhere: Truth = some(
            self.facts.holds({"fact": "risk.jurisdiction", "op": "eq", "value": one})
            for one in self.product.jurisdictions if one != "CN-mainland")
        if section.payability == "conditional":
            virtual = self.facts.holds({"fact": "risk.virtual_currency", "op": "is_true"})
            return some([elsewhere, negation(virtual)])
        return elsewhere

    def _penalty(self, coverage: str, kind: str) -> int:
        """Event penalties of one kind upon a coverage: points, multiply (ppm) or hours."""
        found = []
        for own in self._event_exclusions(coverage):
            if not own.cumulative and self.choice.get(own.penalty_group, kind) != kind:
                continue
            effect = effect_of(self.facts, own)
            value = 0
            if kind == "points":
                value = points(self.facts, effect)
            elif kind == "hours" and effect.type == "extend_waiting":
                value = effect.hours
            elif (kind == "multiply" and effect.type == "deductible_uplift"
                    and effect.mode == "multiply"):
                value = effect.rate_ppm
            if value:
                found.append((own, value))
        return combined(found)

    def _waits(self, section: Section) -> bool:
        """A waiting time that was not explained does not apply: the section is as one without."""
        return section.waiting is not None and is_explained(
            self.policy, f"waiting:{section.coverage}")

    def _waiting_seconds(self, section: Section) -> int:
        assert section.waiting is not None
        return section.waiting.seconds + self._penalty(section.coverage, "hours") * HOUR

    def _supplier_caps(self, section: Section, lines: list[Line]) -> None:
        if section.per_supplier_fen is None:
            return
        items = sorted((one for line in lines for one in line.items), key=lambda one: one.index)
        for supplier in dict.fromkeys(self.facts.items[one.index].supplier for one in items):
            of = [one for one in items if self.facts.items[one.index].supplier == supplier]
            name = f"event_supplier.{section.coverage}.{supplier}"
            left = section.per_supplier_fen - self.facts.before(name)
            for item, amount in zip(of, cut([one.amount for one in of], left), strict=True):
                item.amount = amount
            self.out[f"erode.{name}"] = sum(one.amount for one in of)
