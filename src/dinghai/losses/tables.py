"""The calibration tables of the loss model, read once from data/calibration with their sources."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Final

from dinghai.experience.calibration_table import shipped_table
from dinghai.foundation.canonical import canonical_bytes, sha256_hex
from dinghai.foundation.errors import InputError
from dinghai.foundation.trace import Source

PERILS: Final = (
    "ransomware",
    "intrusion_breach",
    "bec_fraud",
    "ddos_web",
    "error_insider",
    "third_party",
)
"""The six perils in the order in which every table and array lists them."""

DECLARED: Final = ("frequency", "severity", "control_effects", "experience")
"""The files that severity_fit is made from; experience is made by `dinghai calibrate`."""
_FROM: Final = "_from"

EFFECT_GROUPS: Final = (
    "interruption",
    "restoration",
    "response",
    "extortion",
    "records",
    "liability",
    "publicity",
    "regulatory",
)
"""The named severity components that a control may act on."""


@dataclass(frozen=True, slots=True)
class ControlEffect:
    """One declared effect of an indicator: on frequency or on a severity component of perils."""

    indicator: str
    target: str
    perils: tuple[str, ...]
    strength: float
    interval: tuple[float, float]
    shape: str
    source: Source


@dataclass(frozen=True, slots=True)
class Modifier:
    """One exposure modifier of frequency: exp(strength × (measure − reference))."""

    exposure: str
    perils: tuple[str, ...]
    measure: str
    reference: float
    strength: float
    usual_per_million_usd: float
    source: Source


@dataclass(frozen=True, slots=True)
class Component:
    """The law of one severity component around its median."""

    name: str
    sigma: float
    index: float
    group: str
    coverage: str | None


@dataclass(frozen=True, slots=True)
class PerilSeverity:
    """What one claim of a peril consists of, as averages over the whole book."""

    id: str
    average_claim_usd: float
    duration_median_seconds: float
    interruption_probability: float
    breach_probability: float
    privacy_claim_probability: float
    network_claim_probability: float
    regulator_probability: float
    publicity_probability: float
    offline_dependence: float
    online_dependence: float
    means_usd: Mapping[str, float]
    source: Source


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure that was fitted to public data; the interval is in its source."""

    code: str
    value: float
    unit: str
    n: int
    method: str
    note: str
    source: Source


@dataclass(frozen=True, slots=True)
class Evidence:
    """What public data say of a declared figure (a dotted path), and whether it is taken."""

    declared: str
    measured: Figure
    used: bool
    why: str


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationTables:
    """All tables of the loss model. ``raw`` keeps every declared figure by file name; a figure
    declared as ``name_from = "code"`` stands there as ``name`` with the value of that figure.

    ``fit`` holds the scales that ``dinghai.losses.fit`` computed once; it is empty while fitting.
    """

    raw: Mapping[str, Mapping[str, Any]]
    effects: tuple[ControlEffect, ...]
    modifiers: tuple[Modifier, ...]
    components: Mapping[str, Component]
    perils: Mapping[str, PerilSeverity]
    figures: Mapping[str, Figure]
    evidence: tuple[Evidence, ...]
    version: str
    grid_version: str
    """Hash of what the event grid depends on; fitted scales, for example, are no part of it."""
    effects_on: Mapping[tuple[str, str], tuple[ControlEffect, ...]] = field(init=False)
    """The effects by peril and target, in the table's order."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "effects_on", _by_peril_and_target(self.effects))

    @property
    def frequency(self) -> Mapping[str, Any]:
        """The declared figures of frequency.toml."""
        return self.raw["frequency"]

    @property
    def severity(self) -> Mapping[str, Any]:
        """The declared figures of severity.toml."""
        return self.raw["severity"]

    @property
    def controls(self) -> Mapping[str, Any]:
        """The bounds and the prior of control_effects.toml."""
        return self.raw["control_effects"]

    @property
    def fit(self) -> Mapping[str, Any]:
        """The fitted scales of severity_fit.toml."""
        return self.raw["severity_fit"]

    @property
    def fen_per_usd(self) -> float:
        """Fen of one US dollar at the declared rate."""
        return float(self.frequency["exchange_rate"]["cny_per_usd"]) * 100.0


def source_of(row: Mapping[str, Any], as_of: str | None = None) -> Source:
    """The Source of a table row with ``source``, ``confidence`` and perhaps ``interval``."""
    interval = row.get("interval")
    return Source(
        str(row["source"]),
        str(row["confidence"]),
        as_of,
        (float(interval[0]), float(interval[1])) if interval else None,
    )


def tables_from(raw: Mapping[str, Mapping[str, Any]]) -> CalibrationTables:
    """Typed tables of the parsed files frequency, severity, severity_fit, control_effects and
    experience. Raises InputError where one takes a figure that experience does not have."""
    figures = figures_of(raw["experience"])
    raw = {name: table if name == "experience" else _taken(table, figures, name)
           for name, table in raw.items()}
    controls, frequency, severity = raw["control_effects"], raw["frequency"], raw["severity"]
    version = sha256_hex(canonical_bytes({name: dict(raw[name]) for name in sorted(raw)}))
    return CalibrationTables(
        raw=raw,
        effects=tuple(_effect(row, str(controls["as_of"])) for row in controls["effects"]),
        modifiers=tuple(_modifier(row, str(frequency["as_of"])) for row in frequency["modifiers"]),
        components={
            name: Component(name, float(row["sigma"]), float(row["index"]), str(row["group"]),
                            row.get("coverage"))
            for name, row in severity["components"].items()
        },
        perils={row["id"]: _peril(row, str(severity["as_of"])) for row in severity["perils"]},
        figures=figures,
        evidence=tuple(_evidence(row, figures, name) for name in ("frequency", "severity")
                       for row in raw[name].get("evidence", ())),
        version=version,
        grid_version=sha256_hex(canonical_bytes([severity, frequency["latent"]])),
    )


@cache
def shipped_tables() -> CalibrationTables:
    """The tables that ship with the engine."""
    return tables_from(shipped_raw((*DECLARED, "severity_fit")))


def shipped_raw(names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """The shipped files of data/calibration, parsed, by name."""
    folder = files("dinghai.data").joinpath("calibration")
    return {
        name: tomllib.loads(folder.joinpath(f"{name}.toml").read_text("utf-8")) for name in names
    }


def _by_peril_and_target(
    effects: Sequence[ControlEffect],
) -> dict[tuple[str, str], tuple[ControlEffect, ...]]:
    return {(peril, target): tuple(one for one in effects
                                   if one.target == target and peril in one.perils)
            for peril in PERILS for target in ("frequency", *EFFECT_GROUPS)}


@cache
def shipped_figures() -> Mapping[str, Figure]:
    """The figures of the shipped experience.toml by code."""
    return figures_of(shipped_table())


def figures_of(experience: Mapping[str, Any]) -> Mapping[str, Figure]:
    """The rows of a parsed experience.toml by code."""
    return {row["code"]: Figure(row["code"], float(row["value"]), row["unit"], int(row["n"]),
                                row["method"], row.get("note", ""), source_of(row, row["as_of"]))
            for row in experience["rows"]}


def _taken(value: Any, figures: Mapping[str, Figure], where: str) -> Any:
    """The same with every ``name_from`` beside its ``name``."""
    if isinstance(value, list):
        return [_taken(one, figures, where) for one in value]
    if not isinstance(value, Mapping):
        return value
    out = {key: _taken(one, figures, f"{where}.{key}") for key, one in value.items()}
    for key, code in value.items():
        if key.endswith(_FROM):
            name = key.removesuffix(_FROM)
            out[name] = _figure(code, figures, f"{where}.{name}").value
    return out


def _figure(code: str, figures: Mapping[str, Figure], where: str) -> Figure:
    if code not in figures:
        raise InputError(f"experience.toml has no figure {code!r}", field=where,
                         mend="take one of its codes, or make it again by dinghai calibrate")
    return figures[code]


def _evidence(row: Mapping[str, Any], figures: Mapping[str, Figure], file: str) -> Evidence:
    declared = f"{file}.{row['declared']}"
    return Evidence(declared, _figure(row["measured"], figures, declared), bool(row["used"]),
                    row["why"])


def _effect(row: Mapping[str, Any], as_of: str) -> ControlEffect:
    return ControlEffect(
        row["indicator"],
        row["target"],
        tuple(row["perils"]),
        float(row["strength"]),
        (float(row["interval"][0]), float(row["interval"][1])),
        row["shape"],
        source_of(row, as_of),
    )


def _modifier(row: Mapping[str, Any], as_of: str) -> Modifier:
    return Modifier(
        row["exposure"],
        tuple(row["perils"]),
        row["measure"],
        float(row["reference"]),
        float(row["strength"]),
        float(row.get("usual_per_million_usd", 0.0)),
        source_of(row, as_of),
    )


def _peril(row: Mapping[str, Any], as_of: str) -> PerilSeverity:
    return PerilSeverity(
        id=row["id"],
        average_claim_usd=float(row["average_claim_usd"]),
        duration_median_seconds=float(row["duration_median_hours"]) * 3600.0,
        interruption_probability=float(row["interruption_probability"]),
        breach_probability=float(row["breach_probability"]),
        privacy_claim_probability=float(row["privacy_claim_probability"]),
        network_claim_probability=float(row["network_claim_probability"]),
        regulator_probability=float(row["regulator_probability"]),
        publicity_probability=float(row["publicity_probability"]),
        offline_dependence=float(row["dependence"]["offline"]),
        online_dependence=float(row["dependence"]["online"]),
        means_usd={name: float(value) for name, value in row["means_usd"].items()},
        source=source_of(row, as_of),
    )
