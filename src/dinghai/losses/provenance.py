"""Every figure of the shipped calibration tables as one list of rows with its provenance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from dinghai.foundation.canonical import JSON
from dinghai.foundation.money import PPM
from dinghai.foundation.trace import Source
from dinghai.losses.tables import PERILS, Evidence, Figure, shipped_tables, source_of
from dinghai.vocabulary.industries import industries, size_bands

_PROSE: Final = frozenset({
    "source", "confidence", "as_of", "interval", "version", "name", "id", "exposure", "perils",
    "measure", "group", "coverage", "common_causes", "read"})
"""Fields of a row that are no figures."""
_NO_SECTIONS: Final = frozenset({"version", "as_of", "evidence", "components_source"})
_PLUMBING: Final = frozenset({"grid"})
"""Settings of the integration, of which no data could tell a better value."""
_UNITS: Final = {
    "cny_per_usd": "CNY per USD", "frequency": "per_year", "unrated_size": "number",
    "size": "number", "elasticity_below": "elasticity", "elasticity_above": "elasticity",
    "below": "elasticity", "above": "elasticity", "severity_elasticity": "elasticity",
    "elasticity": "elasticity", "liability_elasticity": "elasticity",
    "tolerance_elasticity": "elasticity", "sigma": "ln ratio", "strength": "log",
    "notice_fen": "fen", "notice_setup_fen": "fen", "monitoring_fen": "fen",
    "gross_profit_per_day_fen": "fen", "labour_fen_per_hour": "fen per hour",
    "usual_per_million_usd": "per USD million", "records_per_million_usd": "per USD million",
    "important_data": "log", "critical_infrastructure": "log", "policies": "share",
}
_SUFFIXES: Final = (("_usd", "USD"), ("_hours", "hours"), ("_probability", "probability"),
                    ("_share", "share"), ("_ratio", "ratio"))
_GROUPS: Final = {"book_mix": "share", "common_share": "share", "means_usd": "USD",
                  "medians_usd": "USD", "dependence": "share"}


@dataclass(frozen=True, slots=True)
class ProvenanceRow:
    """One shipped figure. ``measured`` is what public data say of it and ``taken`` whether the
    figure is that; both None where data say nothing. ``n`` is None where nothing was counted."""

    table: str
    code: str
    value: float
    unit: str
    source: Source
    note: str = ""
    n: int | None = None
    measured: Figure | None = None
    taken: bool | None = None

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        measured = self.measured
        return {
            "table": self.table, "code": self.code, "value": self.value, "unit": self.unit,
            "interval": list(self.source.interval) if self.source.interval else None,
            "source": self.source.name, "confidence": self.source.confidence,
            "as_of": self.source.as_of, "n": self.n, "note": self.note,
            "measured": None if measured is None else {
                "code": measured.code, "value": measured.value,
                "interval": list(measured.source.interval or ()), "taken": self.taken},
        }


@cache
def rows() -> tuple[ProvenanceRow, ...]:
    """All figures of frequency, severity, control effects, fitted scales, industries and
    experience, in the order of the files. A code is unique among them."""
    tables = shipped_tables()
    as_of = str(tables.severity["as_of"])
    declared: dict[str, Evidence] = {}
    for one in tables.evidence:
        declared.setdefault(one.declared, one)
    found = (
        *_declared("frequency", tables.frequency), *_declared("severity", tables.severity),
        *_effects(tables.controls), *_fitted(tables.fit, as_of),
        *_industries(tables.figures, as_of),
        *(ProvenanceRow("experience", one.code, one.value, one.unit, one.source,
                        "; ".join(part for part in (one.method, one.note) if part), one.n)
          for one in tables.figures.values()),
    )
    return tuple(_with_evidence(row, declared.get(row.code)) for row in found)


def _with_evidence(row: ProvenanceRow, evidence: Evidence | None) -> ProvenanceRow:
    if evidence is None:
        return row
    source = row.source
    if evidence.used:
        source = replace(evidence.measured.source, interval=evidence.measured.source.interval)
    note = "; ".join(part for part in (row.note, evidence.why) if part)
    return replace(row, source=source, note=note, measured=evidence.measured, taken=evidence.used)


def _declared(table: str, raw: Mapping[str, Any]) -> Iterator[ProvenanceRow]:
    as_of = str(raw["as_of"])
    for name, section in raw.items():
        if name in _NO_SECTIONS or name in _PLUMBING:
            continue
        if isinstance(section, list):
            seen: dict[str, int] = {}
            for row in section:
                key = str(row.get("id") or row.get("name") or row.get("exposure")
                          or f"{row['revenue_usd']}_usd").replace(" ", "_")
                seen[key] = seen.get(key, 0) + 1
                place = key if seen[key] == 1 else f"{key}_{seen[key]}"
                about = ", ".join(row.get("perils", ()))
                yield from _leaves(table, f"{table}.{name}.{place}", row, _source(row, as_of),
                                   about, "")
        elif isinstance(section, Mapping):
            with_source = section if "source" in section else raw[f"{name}_source"]
            yield from _leaves(table, f"{table}.{name}", section, _source(with_source, as_of), "",
                               _GROUPS.get(name, ""))


def _source(row: Mapping[str, Any], as_of: str) -> Source:
    return source_of(row, str(row.get("as_of", as_of)))


def _leaves(
    table: str, code: str, row: Mapping[str, Any], source: Source, note: str, group: str
) -> Iterator[ProvenanceRow]:
    """The numbers of a row. Where it lists what was ``read`` of its source, the rest is D."""
    for name, value in row.items():
        if name in _PROSE or name.endswith("_from"):
            continue
        judged = "read" in row and name not in row["read"]
        origin = replace(source, confidence="D") if judged else source
        if isinstance(value, Mapping):
            yield from _leaves(table, f"{code}.{name}", value, origin, note,
                               _GROUPS.get(name, group))
        elif isinstance(value, list):
            for place, one in enumerate(value, start=1):
                yield ProvenanceRow(table, f"{code}.{name}.{place}", float(one),
                                    group or _unit(name), origin, note)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield ProvenanceRow(table, f"{code}.{name}", float(value), group or _unit(name),
                                origin, note)


def _unit(name: str) -> str:
    if name in _UNITS:
        return _UNITS[name]
    return next((unit for ending, unit in _SUFFIXES if name.endswith(ending)), "number")


def _effects(controls: Mapping[str, Any]) -> Iterator[ProvenanceRow]:
    as_of = str(controls["as_of"])
    bounds = Source("Smooth saturation between declared bounds", "D", as_of)
    for name in ("floor", "ceiling"):
        yield ProvenanceRow("control_effects", f"control_effects.{name}", float(controls[name]),
                            "ratio", bounds, str(controls["caveat"]))
    yield ProvenanceRow(
        "control_effects", "control_effects.missing_prior",
        int(controls["missing_prior_ppm"]) / PPM, "share",
        Source(str(controls["missing_source"]), str(controls["missing_confidence"]), as_of))
    seen: dict[str, int] = {}
    for row in controls["effects"]:
        code = f"control_effects.{row['indicator']}.{row['target']}"
        seen[code] = seen.get(code, 0) + 1
        if seen[code] > 1:
            code = f"{code}_{seen[code]}"
        yield ProvenanceRow("control_effects", code, float(row["strength"]), "log",
                            source_of(row, as_of), f"{row['shape']}: {', '.join(row['perils'])}")


def _fitted(fit: Mapping[str, Any], as_of: str) -> Iterator[ProvenanceRow]:
    source = source_of(fit, as_of)
    for name, section in fit.items():
        if isinstance(section, Mapping):
            yield from _leaves("severity_fit", f"severity_fit.{name}", section, source, "",
                               _GROUPS.get(name, ""))


def _industries(figures: Mapping[str, Figure], as_of: str) -> Iterator[ProvenanceRow]:
    for section, row in industries().items():
        source = Source(row.source, row.confidence, as_of)
        for name, ppm in (("frequency", row.frequency_relativity_ppm),
                          ("severity", row.severity_relativity_ppm)):
            code = f"industry.{section}.{name}"
            interval = figures[f"{code}.prior"].source.interval
            yield ProvenanceRow("industries", f"industries.{section}.{name}", ppm / PPM, "ratio",
                                replace(source, interval=interval),
                                f"{row.name_zh} {row.name_en}. {row.note}".strip(),
                                measured=figures.get(f"{code}.blended"),
                                taken=False if f"{code}.blended" in figures else None)
        for peril in PERILS:
            yield ProvenanceRow("industries", f"industries.{section}.mix.{peril}",
                                row.peril_mix_ppm[peril] / PPM, "share", source,
                                f"{row.name_zh} {row.name_en}",
                                measured=figures[f"industry.{section}.mix.{peril}"], taken=False)
    for series in ("iris_probability", "iris_loss", "coalition_claims"):
        for band in size_bands(series):
            for name, value in band.values.items():
                yield ProvenanceRow(
                    "industries", f"industries.size_bands.{series}.{_plain(band.id)}.{name}",
                    float(value),
                    "ppm" if name.endswith("ppm") else "USD" if name.endswith("usd") else "number",
                    Source(band.source, band.confidence, as_of))


def _plain(name: str) -> str:
    for sign, word in ((" <", "_below_"), (" >", "_above_"), (" ", "_"), ("-", "_")):
        name = name.replace(sign, word)
    return name
