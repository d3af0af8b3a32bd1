"""What keeps totals from being monotone in limits, deductibles and exclusions (DECISIONS 9).

A limit that several sections share trades their amounts against each other: what one gains the
others lose, and their sum stays. As long as everything that follows treats them alike, the total
stays monotone. So the stages are walked in the product's order with *pools*: sections that some
limit has already traded off. A stage that treats the members of a pool differently breaks the
promise, and so does a later limit that holds only some of them. Retentions that grow with the
limit and layers that move with it break it on their own.

The promise is about one event, given what was paid before, for terms that were explained, and
holds to within one fen for each section, because parts are whole fen (DECISIONS 8). Programmes
(several insureds under one policy) are judged with two insureds; other products are for policies
without members.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from dinghai.foundation.money import PPM
from dinghai.wording.exclusions import Effect
from dinghai.wording.layers import Layer
from dinghai.wording.policy import Schedule, scheduled_layers
from dinghai.wording.schema import Product
from dinghai.wording.sections import Section
from dinghai.wording.standard import Promise, monotone_rules
from dinghai.wording.words import Stage

_OWN: Final = frozenset({"fixed", "percentage", "higher_of", "lower_of"})
_PERCENT: Final = frozenset({"percentage", "higher_of", "lower_of"})
_ALL: Final[tuple[Promise, ...]] = ("limit", "deductible", "exclusion")
_TAKING: Final[tuple[Stage, ...]] = ("average", "retention", "sublimit", "insured_share")
_LIMITS: Final[frozenset[Stage]] = frozenset({
    "shared_limits", "each_event_limit", "aggregate_limit", "layers"})


@dataclass(frozen=True, slots=True)
class MonotoneBreak:
    """One thing that breaks the promise: which promises, for which sections or layers."""

    rule: str
    promises: tuple[Promise, ...]
    subjects: tuple[str, ...]

    @property
    def zh(self) -> str:
        """What breaks it, in Chinese."""
        return monotone_rules()[self.rule].zh.format(subject="、".join(self.subjects))

    @property
    def en(self) -> str:
        """What breaks it, in English."""
        return monotone_rules()[self.rule].en.format(subject=", ".join(self.subjects))

    @property
    def example_zh(self) -> str:
        """An example in figures, in Chinese."""
        return monotone_rules()[self.rule].example_zh

    @property
    def example_en(self) -> str:
        """An example in figures, in English."""
        return monotone_rules()[self.rule].example_en


@dataclass(frozen=True, slots=True)
class _Cell:
    """One section of one insured."""

    section: Section
    member: int

    @property
    def coverage(self) -> str:
        return self.section.coverage

    @property
    def in_kind(self) -> bool:
        valuation = self.section.valuation
        return valuation is not None and valuation.method == "in_kind"

    @property
    def erodes(self) -> bool:
        return self.section.erodes_aggregate and not self.in_kind

    @property
    def keeps(self) -> bool:
        """Whether it has a waiting time or a retention of its own."""
        return self.section.waiting is not None or self.section.retention.kind in _OWN


@dataclass(slots=True)
class _Pool:
    """Cells that a limit has traded off, and which promises a difference between them breaks."""

    cells: frozenset[_Cell]
    promises: set[Promise] = field(default_factory=set)

    @property
    def cash(self) -> tuple[_Cell, ...]:
        """The cells that are paid in money: only these show in the total."""
        return tuple(one for one in self.cells if not one.in_kind)


def is_programme(product: Product) -> bool:
    """Whether the product is made for several insureds under one policy."""
    return (bool({"chain", "park"} & set(product.targets))
            or product.limits.deductible_per == "insured"
            or any(one.sublimit.per == "insured" for one in product.sections))


def monotone_breaks(
    product: Product, schedule: Schedule | None = None
) -> tuple[MonotoneBreak, ...]:
    """What keeps a resolved product's totals from being monotone; nothing when they are.

    With a schedule, what that schedule adds is named too.
    """
    deductible = product.limits.deductible_maximum_fen > 0 or (
        schedule is not None and schedule.event_deductible_ppm > 0)
    walk = _Walk(product, deductible)
    found = [*walk.breaks(), *_retention_breaks(product, deductible), *_layer_breaks(product)]
    if schedule is not None:
        found += _schedule_breaks(walk, schedule)
    return _merged(found)


def _merged(found: Iterable[MonotoneBreak]) -> tuple[MonotoneBreak, ...]:
    """What holds of several sections one by one is said once."""
    alone: dict[tuple[str, tuple[Promise, ...]], list[str]] = {}
    found = tuple(dict.fromkeys(found))
    for one in found:
        if len(one.subjects) == 1:
            alone.setdefault((one.rule, one.promises), []).append(one.subjects[0])
    return tuple(dict.fromkeys(
        MonotoneBreak(one.rule, one.promises, tuple(alone[one.rule, one.promises]))
        if len(one.subjects) == 1 else one for one in found))


class _Walk:
    """The stages in order, with the pools so far."""

    def __init__(self, product: Product, deductible: bool) -> None:
        self.product = product
        self.deductible = deductible
        self.order = product.calculation_order
        members = (1, 2) if is_programme(product) else (1,)
        self.cells = [_Cell(section, member) for section in product.sections
                      for member in members]
        self.pools: list[_Pool] = [_Pool(frozenset({one})) for one in self.cells]
        self.found: list[MonotoneBreak] = []

    def breaks(self) -> list[MonotoneBreak]:
        for stage in self.order:
            differs = _DIFFERS.get(stage)
            for pool in self.pools:
                if differs is not None and len(pool.cash) > 1:
                    for rule in differs(self, pool):
                        self._name(rule, pool, pool.cash)
            for rule, group in self.groups(stage):
                self._cut(stage, rule, group)
        for pool in self.pools:
            if 0 < len(pool.cash) < len(pool.cells):
                self._name("in_kind", pool, pool.cells)
        return self.found

    def before(self, first: Stage, second: Stage) -> bool:
        """Whether one stage comes before another."""
        return self.order.index(first) < self.order.index(second)

    def bears(self, cell: _Cell) -> bool:
        """Whether a cell takes part in the event deductible."""
        own = cell.section.retention
        waits = cell.section.waiting is not None and self.before("retention", "event_deductible")
        return not cell.in_kind and (own.then_event_deductible or (
            own.kind == "event_deductible" and not waits))

    def penalties(self, cell: _Cell) -> frozenset[tuple[str, tuple[int, ...]]]:
        """The penalties that can add to a cell's share, with the carve-backs that spare it."""
        return frozenset(
            (one.code, tuple(number for number, carved in enumerate(one.carve_backs or ())
                             if cell.coverage in carved.coverages))
            for one in self.product.exclusions
            if one.acts_on == "event" and one.effect is not None and _adds_points(one.effect)
            and (not one.coverages or cell.coverage in one.coverages))

    def _name(self, rule: str, pool: _Pool, cells: Iterable[_Cell]) -> None:
        wanted = {one.coverage for one in cells}
        subjects = tuple(one.coverage for one in self.product.sections
                         if one.coverage in wanted)
        promises = tuple(one for one in _ALL if one in pool.promises
                         and (one != "deductible" or self._by_deductible(rule, pool)))
        self.found.append(MonotoneBreak(rule, promises, subjects))

    def _by_deductible(self, rule: str, pool: _Pool) -> bool:
        """Whether a higher retention can move money the wrong way: away from what pays less."""
        if rule == "event_deductible":
            return any(one.keeps and self.bears(one) for one in pool.cash)
        if rule == "in_kind":
            return any(one.keeps and one.in_kind for one in pool.cells)
        return True

    def groups(self, stage: Stage) -> Iterator[tuple[str, frozenset[_Cell]]]:
        """The groups that a stage cuts to a common limit."""
        if stage == "sublimit":
            for section in self.product.sections:
                if section.sublimit.per == "policy":
                    yield "sublimit_after_limit", frozenset(
                        one for one in self.cells if one.coverage == section.coverage)
        elif stage == "shared_limits":
            for shared in self.product.shared_limits:
                yield "overlapping_limits", frozenset(
                    one for one in self.cells if one.coverage in shared.coverages)
        elif stage in _LIMITS and not (stage == "layers" and not self.product.layers):
            yield "mixed_erosion", frozenset(one for one in self.cells if one.erodes)

    def _cut(self, stage: Stage, rule: str, group: frozenset[_Cell]) -> None:
        touched = [pool for pool in self.pools if pool.cells & group]
        for pool in touched:
            if not group.issuperset(pool.cash):
                own = rule == "mixed_erosion"
                self._name(rule, pool, pool.cash if own else (*pool.cash, *group))
        cells = frozenset[_Cell]().union(group, *(pool.cells for pool in touched))
        if len(cells) < 2:
            return
        promises = self._promises(stage, cells).union(*(pool.promises for pool in touched))
        self.pools = [pool for pool in self.pools if pool not in touched]
        self.pools.append(_Pool(cells, promises))

    def _promises(self, stage: Stage, cells: frozenset[_Cell]) -> set[Promise]:
        """What shifts money inside a limit: excluding a loss always, other things if before it."""
        promises: set[Promise] = {"exclusion"}
        several = len({one.coverage for one in cells}) > 1
        earlier = self.order[:self.order.index(stage)]
        if several and ("sublimit" in earlier or _LIMITS.intersection(earlier) or (
                "average" in earlier and any(one.section.average for one in cells))):
            promises.add("limit")
        if "retention" in earlier and any(one.keeps for one in cells):
            promises.add("deductible")
        borne = {self.bears(one) for one in cells}
        if "event_deductible" in earlier and (
                len(borne) > 1 or self.product.limits.deductible_per == "insured"):
            promises.add("deductible")
        return promises


def _differs_by_share(walk: _Walk, pool: _Pool) -> Iterator[str]:
    shares = {(one.section.insured_share_ppm, walk.penalties(one)) for one in pool.cash}
    if len(shares) > 1:
        yield "insured_shares"


def _differs_by_deductible(walk: _Walk, pool: _Pool) -> Iterator[str]:
    if not walk.deductible:
        return
    bearing = [one for one in pool.cash if walk.bears(one)]
    if bearing and len(bearing) < len(pool.cash):
        yield "event_deductible"
    if walk.product.limits.deductible_per == "insured" and bearing and (
            len({one.member for one in pool.cash}) > 1):
        yield "own_deductibles"


def _differs_by_sublimit(walk: _Walk, pool: _Pool) -> Iterator[str]:
    """A sublimit of each insured caps the members of a pool one by one."""
    if any(one.section.sublimit.per == "insured" for one in pool.cash):
        yield "sublimit_after_limit"


def _when(
    rule: str, holds: Callable[[_Walk, _Pool], bool]
) -> Callable[[_Walk, _Pool], Iterator[str]]:
    def differs(walk: _Walk, pool: _Pool) -> Iterator[str]:
        if holds(walk, pool):
            yield rule
    return differs


_DIFFERS: Final[dict[Stage, Callable[[_Walk, _Pool], Iterator[str]]]] = {
    "recoveries": _when("recoveries_after_limit", lambda walk, pool: True),
    "average": _when("average_after_limit",
                     lambda walk, pool: any(one.section.average for one in pool.cash)),
    "retention": _when("retention_after_limit",
                       lambda walk, pool: any(one.keeps for one in pool.cash)),
    "sublimit": _differs_by_sublimit,
    "event_deductible": _differs_by_deductible,
    "insured_share": _differs_by_share,
    "other_insurance": _when("other_insurance",
                             lambda walk, pool: walk.product.other_insurance.rule != "none"),
}


def _adds_points(effect: Effect) -> bool:
    """Whether an effect of the event can add to the insured's share."""
    if effect.type in {"coinsurance", "sliding_coinsurance"}:
        return True
    if effect.type == "deductible_uplift":
        return effect.mode == "points"
    return any(_adds_points(step.effect) for step in effect.steps)


def _schedule_breaks(walk: _Walk, schedule: Schedule) -> Iterator[MonotoneBreak]:
    """Bounds of all retentions together: what is missing or too much moves between sections."""
    earlier = walk.order[:walk.order.index("event_deductible")]
    traded = any(stage != "sublimit" and len(group) > 1
                 for stage in earlier for _rule, group in walk.groups(stage))
    if schedule.retention_minimum_fen and traded:
        yield MonotoneBreak("retention_minimum", ("limit", "deductible"), ())
    if schedule.retention_maximum_fen is not None and len(walk.cells) > 1:
        yield MonotoneBreak("retention_maximum", ("deductible",), ())


def _retention_breaks(product: Product, deductible: bool) -> Iterator[MonotoneBreak]:
    """Retentions that grow with the limit, or with the loss inside the limit."""
    order = product.calculation_order
    several = is_programme(product)
    for section in product.sections:
        own = section.retention
        if any(order.index("recoveries") > order.index(stage) for stage in _TAKING):
            # what was recovered of an item comes off what other items have left
            yield MonotoneBreak("recoveries_after_limit", ("exclusion",), (section.coverage,))
        if section.waiting is not None and any(
                order.index(stage) < order.index("retention") for stage in ("sublimit", *_LIMITS)):
            # what waiting costs of one item comes off what a limit left to others
            yield MonotoneBreak("retention_after_limit", ("exclusion",), (section.coverage,))
        if own.kind in _PERCENT and own.of == "sublimit" and own.ppm:
            yield MonotoneBreak("sublimit_retention", ("limit",), (section.coverage,))
        if own.limit != "including":
            continue
        kept = order.index("retention") < order.index("sublimit")
        grows = own.kind in _PERCENT and own.of == "loss" and bool(own.ppm)
        shared = several and section.sublimit.per == "policy" and (
            section.waiting is not None or own.kind in _OWN)
        borne = (deductible and (own.kind == "event_deductible" or own.then_event_deductible)
                 and order.index("event_deductible") < order.index("sublimit"))
        if (kept and (grows or shared)) or borne:
            yield MonotoneBreak("including", ("exclusion",), (section.coverage,))


def _layer_breaks(product: Product) -> Iterator[MonotoneBreak]:
    """Layers that move up with the aggregate limit over something that is placed less."""
    tower = scheduled_layers(product, product.limits.aggregate_default_fen)
    reached, below = 0, 0
    for index, layer in enumerate(tower):
        placed = _placed(layer)
        if layer.attachment_fen > reached:
            below = 0  # a gap: nobody bears what lies between
        moves = not product.layers[index].attachment_fen and layer.attachment_fen > 0
        if moves and below < placed:
            yield MonotoneBreak("layers", ("limit",), (layer.id,))
        above = product.layers[index + 1:]
        if layer.aggregate_fen is not None and any(not one.attachment_fen for one in above):
            yield MonotoneBreak("layer_aggregate", ("limit",), (layer.id,))
        reached, below = layer.attachment_fen + layer.limit_fen, placed


def _placed(layer: Layer) -> int:
    """The share of a layer that is paid; the whole where nobody is named."""
    if not layer.participants:
        return PPM
    return sum(one.share_ppm for one in layer.participants if not one.retained)
