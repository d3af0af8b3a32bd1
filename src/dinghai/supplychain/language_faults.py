"""What can be wrong with a step language whose files have the right shape."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import get_args

from dinghai.foundation.errors import Fault
from dinghai.losses.tables import PERILS
from dinghai.supplychain.attack_facts import mitigations, tactics, techniques
from dinghai.supplychain.language_files import (
    LINK_KINDS,
    Figure,
    MitigationsFile,
    Severity,
    Step,
    StepsFile,
    Tempering,
)
from dinghai.vocabulary.indicators import indicators


def step_faults(file: StepsFile) -> Iterator[Fault]:
    """What is wrong with the steps, with the field of each fault."""
    known = {step.id: step for step in file.steps}
    if not 0.0 < file.highest_chance < 1.0:
        yield _fault("highest_chance", f"{file.highest_chance:g} leaves nothing to chance",
                     "give a number between 0 and 1")
    start = known.get(file.start)
    if start is None or start.after or start.assets:
        yield _fault("start", f"nothing can start at {file.start!r}",
                     "name a step of this file without after and assets")
    seen: set[str] = set()
    for place, step in enumerate(file.steps):
        where = f"steps[{place}]"
        if step.id in seen:
            yield _fault(f"{where}.id", f"{step.id} stands twice", "give each step its own code")
        seen.add(step.id)
        yield from _own_faults(step, where)
        yield from _way_faults(step, known, where, file.start)
    yield from _gate_faults(file)


def _own_faults(step: Step, where: str) -> Iterator[Fault]:
    if step.tactic not in tactics():
        yield _fault(f"{where}.tactic", f"{step.tactic!r} is no tactic of ATT&CK",
                     f"one of: {', '.join(sorted(tactics()))}")
    for name in ("techniques", "also"):
        for one in getattr(step, name):
            if one not in techniques():
                yield _fault(f"{where}.{name}", f"{one!r} is no technique in force",
                             "name one of ATT&CK, enterprise or ICS")
    if not step.techniques:
        yield _fault(f"{where}.techniques", "a step without a technique", "name at least one")
    yield from _figure_faults(step.chance, f"{where}.chance", highest=1.0, above=0.0)
    yield from _figure_faults(step.days, f"{where}.days", above=0.0)
    yield from _figure_faults(step.sigma, f"{where}.sigma", highest=5.0, above=0.0)
    if (step.peril is None) != (step.stops is None):
        yield _fault(f"{where}.peril", "a peril and what stops go together", "give both or none")
    if step.peril is not None and step.peril not in PERILS:
        yield _fault(f"{where}.peril", f"there is no peril {step.peril!r}",
                     f"one of: {', '.join(PERILS)}")
    if step.stops is not None:
        yield from _figure_faults(step.stops, f"{where}.stops", highest=1.0)
    if step.once and not step.assets:
        yield _fault(f"{where}.once", "once, but of no kind of asset", "drop it or name assets")
    for name, kinds in (("opened_on", step.opened_on), ("flaw_on", step.flaw_on)):
        if step.assets and not set(kinds) <= set(step.assets):
            yield _fault(f"{where}.{name}", "opened on an asset that it does not happen on",
                         "name kinds of its assets")
    if step.flaw_on and (step.gate == "and" or not step.assets):
        yield _fault(f"{where}.flaw_on", "a flaw comes in at an \"or\" step on assets",
                     "drop flaw_on, or the gate, or name assets")


def _way_faults(
    step: Step, known: Mapping[str, Step], where: str, start: str
) -> Iterator[Fault]:
    for one in step.after:
        if one not in known:
            yield _fault(f"{where}.after", f"there is no step {one!r}", "name a step of this file")
    if not (step.after or step.flaw_on) and step.entry is None and step.id != start:
        yield _fault(f"{where}.after", f"nothing leads to {step.id}",
                     "name the steps before it, or the link it is the entry of")
    if step.gate == "and" and len(set(step.after)) < 2:
        yield _fault(f"{where}.gate", "an \"and\" of fewer than two", "name what it waits for")
    for one in step.after if step.gate == "and" else ():
        parent = known.get(one)
        if parent is not None and parent.by_asset and not (
                step.by_asset and set(step.assets) <= set(parent.assets)):
            yield _fault(f"{where}.after", f"it would wait for {one} on every asset",
                         "wait for a step that happens once, or on the same assets")
    if step.entry is not None and (step.assets or step.gate == "and" or step.after):
        yield _fault(f"{where}.entry", "an entry is an \"or\" step of the whole firm",
                     "drop after, assets and gate, or make it a step of its own")
    if step.exits and step.by_asset:
        yield _fault(f"{where}.exits", "an exit happens once in a firm", "set once = true")


def _gate_faults(file: StepsFile) -> Iterator[Fault]:
    """Each kind of link has one way in and one way out."""
    for kind in LINK_KINDS:
        for name, number in (
                ("entry", sum(step.entry == kind for step in file.steps)),
                ("exits", sum(kind in step.exits for step in file.steps))):
            if number != 1:
                yield _fault(f"steps.{name}", f"{number} steps are the {name} of {kind}",
                             "make it exactly one")
    flawed = Counter(kind for step in file.steps for kind in step.flaw_on)
    for asset, number in flawed.items():
        if number != 1:
            yield _fault("steps.flaw_on", f"a flaw on {asset} comes in at {number} steps",
                         "make it one")


def mitigation_faults(steps: StepsFile, file: MitigationsFile) -> Iterator[Fault]:
    """What is wrong with the controls, with containment and with what findings do."""
    known = {step.id for step in steps.steps}
    seen: set[str] = set()
    for place, control in enumerate(file.controls):
        where = f"controls[{place}]"
        yield from _indicator_faults(control.indicator, seen, where)
        for one in control.mitigations:
            if one not in mitigations():
                yield _fault(f"{where}.mitigations", f"{one!r} is no mitigation of ATT&CK",
                             "name one with its number, such as M1032")
        for one in control.steps:
            if one not in known:
                yield _fault(f"{where}.steps", f"there is no step {one!r}",
                             "name a step of steps.toml")
        yield from _figure_faults(control.capability, f"{where}.capability", highest=1.0)
        yield from _figure_faults(control.reliability, f"{where}.reliability", highest=1.0)
        if control.slows is not None:
            yield from _figure_faults(control.slows, f"{where}.slows")
    seen = set()
    for place, watch in enumerate(file.containment.controls):
        where = f"containment.controls[{place}]"
        yield from _indicator_faults(watch.indicator, seen, where)
        yield from _figure_faults(watch.strength, f"{where}.strength")
    yield from _figure_faults(file.containment.median_days, "containment.median_days", above=0.0)
    yield from _figure_faults(file.containment.sigma, "containment.sigma", above=0.0)
    yield from _tempering_faults(file.tempering)
    findings = file.findings
    for name in ("kev_exposed", "epss", "inside"):
        yield from _figure_faults(getattr(findings, name), f"findings.{name}", highest=1.0)
    for name in ("severity", "technique"):
        table: Mapping[Severity, Figure] = getattr(findings, name)
        for severity in get_args(Severity):
            if severity not in table:
                yield _fault(f"findings.{name}", f"{severity} is missing", f"add {severity}")
        for severity, figure in table.items():
            yield from _figure_faults(figure, f"findings.{name}.{severity}", highest=1.0)


def _tempering_faults(tempering: Tempering) -> Iterator[Fault]:
    named = {"shared": tempering.shared, "containment": tempering.containment,
             **{f"alone.{peril}": one for peril, one in tempering.alone.items()}}
    for name, exponent in named.items():
        if not 0.0 <= exponent <= 10.0:
            yield _fault(f"tempering.{name}", f"{exponent:g} is no exponent",
                         "give a number from 0 to 10; 1 takes controls at their word")
    for peril in tempering.alone:
        if peril not in PERILS:
            yield _fault("tempering.alone", f"there is no peril {peril!r}",
                         f"one of: {', '.join(PERILS)}")


def _indicator_faults(indicator: str, seen: set[str], where: str) -> Iterator[Fault]:
    if indicator not in indicators():
        yield _fault(f"{where}.indicator", f"there is no indicator {indicator!r}",
                     "name one of the questionnaire, such as IAM-01")
    if indicator in seen:
        yield _fault(f"{where}.indicator", f"{indicator} counts twice", "make it one row")
    seen.add(indicator)


def _figure_faults(
    figure: Figure, where: str, *, highest: float = float("inf"),
    above: float | None = None
) -> Iterator[Fault]:
    low, high = figure.interval
    if not (low <= figure.value <= high and low >= 0.0 and high <= highest
            and high < float("inf") and (above is None or figure.value > above)):
        yield _fault(where, f"{figure.value:g} in [{low:g}, {high:g}] cannot be",
                     "give a possible value inside its interval")


def _fault(field: str, message: str, mend: str) -> Fault:
    return Fault(message, None, None, field, mend)
