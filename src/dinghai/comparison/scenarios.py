"""Standard scenarios: what happened, and what it costs one stated enterprise.

A scenario is data (``data/scenarios/*.toml``): event facts, and loss items whose facts a named
formula works out from the enterprise's figures. It knows no product.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from dinghai.comparison.formulas import Formula, Measure, measured
from dinghai.foundation.calendar import start_of
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.reading import read_toml
from dinghai.losses.exposure import Exposure
from dinghai.vocabulary.coverages import coverages
from dinghai.vocabulary.facts import KnownFact, facts, parse_facts
from dinghai.wording.words import Count, Struct, ValuationMethod

DISCOVERED_ON_DAY: Final = 150
"""Standard scenarios are discovered at ten in the morning of this day of the policy year."""
_CLAIMED_AFTER: Final = timedelta(days=30)


class LossKind(Struct, frozen=True):
    """A kind of loss and the coverages that may take it, the most fitting first."""

    id: str
    name_zh: str
    name_en: str
    coverages: tuple[str, ...]


class ScenarioItem(Struct, frozen=True):
    """One loss: its kind, the formula of its amount, and facts that are the same for everybody."""

    kind: str
    name_zh: str
    name_en: str
    amount: Formula
    source: str
    confidence: Literal["T", "A", "M", "D"]
    facts: dict[str, Any] = {}


class Scenario(Struct, frozen=True):
    """One scenario (schema dinghai.scenario/1).

    ``based_on`` takes items and facts of another scenario and changes facts. ``hidden_days`` is how
    long the intruder was there before anybody noticed. ``requires`` names figures that must not be
    zero: an enterprise without industrial systems has no stop of industrial systems.
    """

    schema: Literal["dinghai.scenario/1"]
    id: str
    version: str
    name_zh: str
    name_en: str
    summary_zh: str
    summary_en: str
    based_on: str = ""
    requires: tuple[Measure, ...] = ()
    hidden_days: Count = 0
    facts: dict[str, Any] = {}
    items: tuple[ScenarioItem, ...] = ()


class _Circumstances(Struct, frozen=True):
    """What every scenario assumes unless it says otherwise."""

    event: dict[str, Any]
    item: dict[str, Any]
    source: str
    confidence: str


class _Kinds(Struct, frozen=True):
    kinds: tuple[LossKind, ...]
    source: str
    confidence: str


@dataclass(frozen=True, slots=True)
class IncurredItem:
    """One loss item of one enterprise. ``forms`` holds the facts of its claim by the valuation
    that asks for them; the empty name stands for all valuations without facts of their own.
    """

    kind: LossKind
    name_zh: str
    name_en: str
    amount_fen: int
    forms: Mapping[str, Mapping[str, KnownFact]]

    def facts_for(self, method: ValuationMethod | None) -> Mapping[str, KnownFact]:
        """The facts that a claim under a section of this valuation brings."""
        return self.forms.get(method or "", self.forms[""])


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A scenario as it strikes one enterprise; ``not_applicable`` names the figure that is zero."""

    scenario: Scenario
    reported_at: datetime
    event: Mapping[str, KnownFact]
    items: tuple[IncurredItem, ...]
    not_applicable: str = ""

    @property
    def loss_fen(self) -> int:
        """The whole economic loss, insured or not."""
        return sum(item.amount_fen for item in self.items)


def _shipped(folder: str) -> Any:
    return files("dinghai.data").joinpath(folder)


def shipped_scenarios() -> tuple[str, ...]:
    """Ids of the standard scenarios, in order."""
    return tuple(sorted(one.name.removesuffix(".toml") for one in _shipped("scenarios").iterdir()
                        if one.name.endswith(".toml")))


@cache
def loss_kinds() -> Mapping[str, LossKind]:
    """Every kind of loss by id. Raises InputError for a coverage nobody knows."""
    with as_file(_shipped("comparison").joinpath("kinds.toml")) as path:
        table = read_toml(path, _Kinds)
        for kind in table.kinds:
            for code in kind.coverages:
                if code not in coverages():
                    raise InputError(f"{code!r} is not a coverage of the vocabulary",
                                     file=str(path), field=f"kinds.{kind.id}",
                                     mend="use a code such as FP-BI")
    return {kind.id: kind for kind in table.kinds}


@cache
def _circumstances() -> _Circumstances:
    with as_file(_shipped("comparison").joinpath("circumstances.toml")) as path:
        return read_toml(path, _Circumstances)


@cache
def load_scenario(identifier: str) -> Scenario:
    """A standard scenario, or one in a TOML file of that path. Raises InputError."""
    if identifier in shipped_scenarios():
        with as_file(_shipped("scenarios").joinpath(f"{identifier}.toml")) as path:
            return read_scenario(path)
    if identifier.endswith(".toml"):
        return read_scenario(Path(identifier))
    raise InputError(f"there is no scenario {identifier!r}", field="scenario",
                     mend="one of: " + ", ".join(shipped_scenarios()) + ", or a TOML file")


def read_scenario(path: Path) -> Scenario:
    """A scenario from its file, with what it is based on filled in. Raises InputError."""
    scenario = read_toml(path, Scenario)
    file = str(path)
    if scenario.based_on:
        if scenario.based_on == scenario.id:
            raise InputError("a scenario cannot be based on itself", file=file, field="based_on")
        base = load_scenario(scenario.based_on)
        scenario = msgspec.structs.replace(
            scenario, facts={**base.facts, **scenario.facts},
            items=scenario.items or base.items,
            requires=scenario.requires or base.requires,
            hidden_days=scenario.hidden_days or base.hidden_days)
    if not scenario.items:
        raise InputError("the scenario has no loss items", file=file, field="items",
                         mend="list at least one")
    parse_facts(scenario.facts, scope="event", where="facts", file=file)
    for index, item in enumerate(scenario.items):
        where = f"items[{index}]"
        if item.kind not in loss_kinds():
            raise InputError(f"{item.kind!r} is not a kind of loss", file=file,
                             field=f"{where}.kind", mend="one of: " + ", ".join(loss_kinds()))
        parse_facts(item.facts, scope="item", where=f"{where}.facts", file=file)
    return scenario


def occur(scenario: Scenario, exposure: Exposure, inception: date) -> Occurrence:
    """The scenario as it strikes the enterprise in the policy year that begins on ``inception``."""
    discovered = start_of(inception) + timedelta(days=DISCOVERED_ON_DAY, hours=10)
    reported = discovered + timedelta(hours=24)
    missing = next((one for one in scenario.requires if measured(exposure, one) == 0), "")
    if missing:
        return Occurrence(scenario, reported, {}, (), missing)
    first = discovered - timedelta(hours=8, days=scenario.hidden_days)
    common = _circumstances()
    moments = {"incident.first_occurrence_at": first, "incident.discovered_at": discovered,
               "claim.made_at": discovered + _CLAIMED_AFTER}
    event: dict[str, JSON] = {
        **_nothing_else(),
        **common.event,
        "incident.root_cause_id": scenario.id,
        **{name: moment.isoformat() for name, moment in moments.items()},
        **scenario.facts,
    }
    return Occurrence(
        scenario, reported, parse_facts(event, scope="event", where="facts"),
        tuple(_incur(item, exposure, common.item) for item in scenario.items))


@cache
def _nothing_else() -> Mapping[str, bool]:
    """A scenario tells everything that happened: what it does not name did not."""
    return {name: False for name, one in facts().items()
            if one.type == "boolean" and name.startswith(("event.", "causation."))}


def _incur(item: ScenarioItem, exposure: Exposure, common: Mapping[str, JSON]) -> IncurredItem:
    loss = item.amount.loss(exposure)
    known = parse_facts({**common, **loss.facts, **item.facts}, scope="item", where=item.kind)
    forms: dict[str, Mapping[str, KnownFact]] = {"": known}
    for method, more in loss.by_method.items():
        forms[method] = {**known, **parse_facts(more, scope="item", where=item.kind)}
    return IncurredItem(loss_kinds()[item.kind], item.name_zh, item.name_en, loss.amount_fen, forms)
