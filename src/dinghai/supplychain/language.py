"""The step language: step kinds, how controls act on them, and what findings do; read and checked.

Two files make a language: steps.toml and mitigations.toml. Where they are at fault, one InputError
names every fault with its file, line and mend.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar, get_args

import msgspec
import numpy as np

from dinghai.foundation.canonical import canonical_bytes, sha256_hex
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.locating import with_lines
from dinghai.foundation.money import PPM
from dinghai.foundation.reading import parse_toml, plain, read_text, typed
from dinghai.foundation.trace import Source
from dinghai.losses.curves import ln
from dinghai.losses.tables import PERILS, shipped_tables
from dinghai.supplychain.attack_facts import mitigations, mitigations_of, tactics, techniques
from dinghai.supplychain.chain import AssetKind, LinkKind
from dinghai.supplychain.step_graph import Floats
from dinghai.vocabulary.indicators import indicators

STEPS_FILE: Final = "steps.toml"
MITIGATIONS_FILE: Final = "mitigations.toml"
LINK_KINDS: Final[tuple[LinkKind, ...]] = get_args(LinkKind)
ASSET_KINDS: Final[tuple[AssetKind, ...]] = get_args(AssetKind)
Severity = Literal["critical", "high", "medium", "low"]
Confidence = Literal["T", "A", "M", "M-", "D"]
T = TypeVar("T")


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a file."""


class Figure(_Part, frozen=True):
    """A figure with the range that a reviewer would accept."""

    value: float
    interval: tuple[float, float]


class Step(_Part, frozen=True):
    """One kind of step. See docs/reference/step-language.md."""

    id: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z_]*$")]
    name_zh: str
    name_en: str
    tactic: str
    techniques: tuple[str, ...]
    chance: Figure
    days: Figure
    sigma: Figure
    source: str
    confidence: Confidence
    also: tuple[str, ...] = ()
    gate: Literal["or", "and"] = "or"
    after: tuple[str, ...] = ()
    assets: tuple[AssetKind, ...] = ()
    once: bool = False
    exposed: bool = False
    opened_on: tuple[AssetKind, ...] = ()
    entry: LinkKind | None = None
    exits: tuple[LinkKind, ...] = ()
    peril: str | None = None
    stops: Figure | None = None
    note: str = ""

    @property
    def by_asset(self) -> bool:
        """Whether each asset of its kinds has a copy of its own."""
        return bool(self.assets) and not self.once


class Control(_Part, frozen=True):
    """How one indicator acts on the steps."""

    indicator: str
    mitigations: tuple[str, ...]
    capability: Figure
    reliability: Figure
    source: str
    confidence: Confidence
    steps: tuple[str, ...] = ()
    shape: Literal["linear", "complete_only"] = "linear"
    slows: Figure | None = None


class Watch(_Part, frozen=True):
    """How one indicator shortens the time until an attack is contained."""

    indicator: str
    strength: Figure
    source: str
    confidence: Confidence


class Containment(_Part, frozen=True):
    """How long an attack inside a firm goes on: a lognormal time."""

    median_days: Figure
    sigma: Figure
    source: str
    confidence: Confidence
    controls: tuple[Watch, ...]


class Findings(_Part, frozen=True):
    """How much a finding raises the chance of a step that it concerns."""

    kev_exposed: Figure
    epss: Figure
    inside: Figure
    severity: dict[Severity, Figure]
    technique: dict[Severity, Figure]
    source: str
    confidence: Confidence


class StepsFile(_Part, frozen=True):
    """steps.toml."""

    schema: Literal["dinghai.step-language/1"]
    version: str
    as_of: str
    start: str
    highest_chance: float
    steps: tuple[Step, ...]


class MitigationsFile(_Part, frozen=True):
    """mitigations.toml."""

    schema: Literal["dinghai.step-mitigations/1"]
    version: str
    as_of: str
    controls: tuple[Control, ...]
    containment: Containment
    findings: Findings


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """A checked language as arrays. K steps, C controls; ``place`` says where a step stands.

    ``stopped`` and ``slowed`` (C × K) are what a complete control takes off a step's chance, as
    capability × reliability × reach, and adds to its time. ``missing_prior`` is the coverage of an
    indicator that nobody answered or observed.
    """

    file: StepsFile
    mitigations: MitigationsFile
    place: Mapping[str, int]
    chance: Floats
    mu: Floats
    sigma: Floats
    reach: Floats
    stopped: Floats
    slowed: Floats
    missing_prior: float
    hash: str

    @property
    def steps(self) -> tuple[Step, ...]:
        """The kinds of step."""
        return self.file.steps

    @property
    def controls(self) -> tuple[Control, ...]:
        """The controls that act on steps."""
        return self.mitigations.controls

    def step(self, name: str) -> Step:
        """A kind of step by its code. Raises KeyError."""
        return self.steps[self.place[name]]

    def of_code(self, code: str) -> Step:
        """The kind of a firm's step: ``encrypt`` of ``encrypt.files-2``. Raises KeyError."""
        return self.step(code.partition(".")[0])

    def source_of(self, row: Step | Control | Containment | Watch | Findings,
                  figure: Figure) -> Source:
        """Where a figure of a row comes from."""
        return Source(row.source, row.confidence, self.file.as_of, figure.interval)


@cache
def shipped_language() -> Language:
    """The language that ships with the product."""
    folder = files("dinghai.data").joinpath("supplychain")
    return language_of(folder.joinpath(STEPS_FILE).read_text("utf-8"),
                       folder.joinpath(MITIGATIONS_FILE).read_text("utf-8"))


def read_language(folder: Path) -> Language:
    """The language of a folder with steps.toml and mitigations.toml. Raises InputError."""
    return language_of(*(read_text(folder / name, limit_bytes=4 * 1024 * 1024)
                         for name in (STEPS_FILE, MITIGATIONS_FILE)))


def language_of(steps_text: str, mitigations_text: str) -> Language:
    """A language from the text of its two files. Raises InputError that names every fault."""
    steps = _read(steps_text, STEPS_FILE, StepsFile)
    against = _read(mitigations_text, MITIGATIONS_FILE, MitigationsFile)
    faults = [*_located(_step_faults(steps), STEPS_FILE, steps_text),
              *_located(_mitigation_faults(steps, against), MITIGATIONS_FILE, mitigations_text)]
    if faults:
        raise InputError.of(faults)
    found = assembled(steps, against)
    reach = found.reach
    idle = [Fault(f"{control.indicator} reaches no step", None, None, f"controls[{place}].steps",
                  "name steps whose techniques ATT&CK lists its mitigations for")
            for place, control in enumerate(against.controls) if not reach[place].any()]
    if idle:
        raise InputError.of(_located(idle, MITIGATIONS_FILE, mitigations_text))
    return found


def assembled(steps: StepsFile, against: MitigationsFile) -> Language:
    """The arrays of files that were checked."""
    reach = np.array([[_reach(control, step, steps.start) for step in steps.steps]
                      for control in against.controls])
    force = np.array([control.capability.value * control.reliability.value
                      for control in against.controls])
    slows = np.array([control.slows.value if control.slows else 0.0
                      for control in against.controls])
    return Language(
        file=steps, mitigations=against,
        place={step.id: place for place, step in enumerate(steps.steps)},
        chance=np.array([step.chance.value for step in steps.steps]),
        mu=np.array([ln(step.days.value) for step in steps.steps]),
        sigma=np.array([step.sigma.value for step in steps.steps]),
        reach=reach, stopped=force[:, None] * reach,
        slowed=slows[:, None] * reach,
        missing_prior=int(shipped_tables().controls["missing_prior_ppm"]) / PPM,
        hash=sha256_hex(canonical_bytes({"steps": plain(steps), "mitigations": plain(against)})))


def _read(text: str, file: str, kind: type[T]) -> T:
    return typed(parse_toml(text, file), kind, file=file, text=text)


def _located(faults: Iterable[Fault], file: str, text: str) -> tuple[Fault, ...]:
    found = [Fault(one.message, file, None, one.field, one.mend) for one in faults]
    return with_lines(InputError.of(found), file, text).faults if found else ()


def _reach(control: Control, step: Step, start: str) -> float:
    """The share of the step's techniques, by who uses them, that the control stands against."""
    if step.id == start or (control.steps and step.id not in control.steps):
        return 0.0
    weights = [techniques()[one].groups + 1 for one in step.techniques]
    met = [weight for weight, one in zip(weights, step.techniques, strict=True)
           if not mitigations_of(one).isdisjoint(control.mitigations)]
    return sum(met) / sum(weights)


def _step_faults(file: StepsFile) -> Iterator[Fault]:
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
    if step.assets and not set(step.opened_on) <= set(step.assets):
        yield _fault(f"{where}.opened_on", "opened on an asset that it does not happen on",
                     "name kinds of its assets")


def _way_faults(
    step: Step, known: Mapping[str, Step], where: str, start: str
) -> Iterator[Fault]:
    for one in step.after:
        if one not in known:
            yield _fault(f"{where}.after", f"there is no step {one!r}", "name a step of this file")
    if not step.after and step.entry is None and step.id != start:
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


def _mitigation_faults(steps: StepsFile, file: MitigationsFile) -> Iterator[Fault]:
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
