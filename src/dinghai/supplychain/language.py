"""A step language as arrays: step kinds, how controls act on them, and what findings do.

Two files make a language: steps.toml and mitigations.toml. Where they are at fault, one InputError
names every fault with its file, line and mend.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final, TypeVar

import numpy as np

from dinghai.foundation.canonical import canonical_bytes, sha256_hex
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.locating import with_lines
from dinghai.foundation.money import PPM
from dinghai.foundation.reading import parse_toml, plain, read_text, typed
from dinghai.foundation.trace import Source
from dinghai.losses.curves import ln
from dinghai.losses.effects import shaped
from dinghai.losses.tables import shipped_tables
from dinghai.supplychain.attack_facts import mitigations_of, techniques
from dinghai.supplychain.language_faults import mitigation_faults, step_faults
from dinghai.supplychain.language_files import (
    MITIGATIONS_FILE,
    STEPS_FILE,
    Containment,
    Control,
    Figure,
    Findings,
    MitigationsFile,
    Step,
    StepsFile,
    Watch,
)
from dinghai.supplychain.step_graph import Floats
from dinghai.supplychain.tempering import exponents

T = TypeVar("T")
HALF: Final = 0.5
"""The score of half-implemented controls, from which exponents count."""


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """A checked language as arrays. K steps, C controls; ``place`` says where a step stands.

    ``stopped`` and ``slowed`` (C × K) are what a complete control takes off a step's chance, as
    capability × reliability × reach, and adds to its time. ``half`` is what half-implemented
    controls leave of a step's chance, ``at_half`` the chance with them, and ``exponent`` how far
    others move it from there (`tempering`). ``missing_prior`` is the coverage of an
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
    half: Floats
    at_half: Floats
    exponent: Floats
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
    faults = [*_located(step_faults(steps), STEPS_FILE, steps_text),
              *_located(mitigation_faults(steps, against), MITIGATIONS_FILE, mitigations_text)]
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
    stopped, chance = force[:, None] * reach, np.array([one.chance.value for one in steps.steps])
    half = np.ones(len(steps.steps))
    for place, control in enumerate(against.controls):
        half *= 1.0 - stopped[place] * shaped(HALF, control.shape)
    return Language(
        file=steps, mitigations=against,
        place={step.id: place for place, step in enumerate(steps.steps)},
        chance=chance,
        mu=np.array([ln(step.days.value) for step in steps.steps]),
        sigma=np.array([step.sigma.value for step in steps.steps]),
        reach=reach, stopped=stopped, slowed=slows[:, None] * reach, half=half,
        at_half=chance * half, exponent=exponents(steps.steps, against.tempering),
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
