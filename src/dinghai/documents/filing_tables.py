"""The rate tables of a filing (费率表) as sheets, each row with source, confidence and interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from dinghai.documents.filing_words import (
    industry_name,
    known_words,
    peril_name,
    rating_rows,
    tables_versions,
)
from dinghai.documents.formats import joined
from dinghai.documents.phrases import Language, phrase, pick
from dinghai.documents.source_words import source_words
from dinghai.documents.workbook import Kind, Sheet, SheetColumn, Value, set_workbook
from dinghai.foundation.money import PPM, Fen
from dinghai.losses.curves import exp
from dinghai.losses.effects import shaped
from dinghai.losses.frequency import base_frequency
from dinghai.losses.tables import PERILS
from dinghai.pricing.filing import FilingStudy, Relativity
from dinghai.vocabulary.indicators import indicators
from dinghai.vocabulary.industries import industries

Row = tuple[Value | tuple[Value, Kind], ...]
_BASIS: Final = ("source", "confidence", "low", "high")
_WIDTHS: Final[Mapping[str, float]] = {
    "source": 52, "confidence": 8, "low": 11, "high": 11, "item": 26, "industry": 7,
    "industry_name": 30, "note": 46, "perils": 30, "indicator_name": 28, "measure": 22,
    "exposure": 22, "shape": 18, "target": 14, "certainty": 9, "coverage": 12, "kind": 16}


def filing_workbook(study: FilingStudy, *, language: Language) -> bytes:
    """The rate tables of a filing as an .xlsx file."""
    name = pick(language, study.product.name_zh, study.product.name_en)
    title = f"{phrase('filing.workbook_title', language)} · {name}"
    return set_workbook(filing_sheets(study, language), title=title, on=study.on,
                        language=language)


def filing_sheets(study: FilingStudy, language: Language) -> tuple[Sheet, ...]:
    """All sheets, the one that says what they are first."""
    tables = _Tables(study, language)
    made = (tables.frequency(), tables.industries(), tables.mix(), tables.modifiers(),
            tables.controls(), tables.severity(),
            tables.relativities("limits", study.limits),
            tables.relativities("deductibles", study.deductibles),
            tables.rating("loads", ("loads", "service", "expenses")),
            tables.rating("filed", ("market", "filed", "authority", "tax", "validity")),
            tables.premiums())
    return (tables.about([one.title for one in made]), *made)


def _yuan(amount: Fen) -> Decimal:
    return Decimal(amount).scaleb(-2)


@dataclass(frozen=True, slots=True)
class _Tables:
    """The sheets of one study in one language."""

    study: FilingStudy
    language: Language

    def say(self, code: str, **values: object) -> str:
        return phrase(code, self.language, **values)

    def sheet(self, code: str, columns: tuple[tuple[str, Kind], ...], rows: list[Row]) -> Sheet:
        return Sheet(
            self.say(f"filing_sheet.{code}"), self.say(f"filing_note.{code}"),
            tuple(SheetColumn(self.say(f"filing_column.{name}"), kind, _WIDTHS.get(name, 15))
                  for name, kind in columns), tuple(rows))

    def basis(self, row: Mapping[str, Any]) -> Row:
        """Source, confidence and declared interval of a table row."""
        interval = row.get("interval") or (None, None)
        return (self.source(str(row["source"])), str(row["confidence"]), interval[0], interval[1])

    def source(self, text: str) -> str:
        """A source in the workbook's language."""
        return source_words(text, self.language)

    def about(self, sheets: list[str]) -> Sheet:
        study = self.study
        rating, product = study.rating, study.product
        rows: list[Row] = [
            (self.say("filing.product"), f"{pick(self.language, product.name_zh, product.name_en)}"
             f" {product.product_id} {product.version}"),
            (self.say("filing.rating"), f"{rating.id} {rating.version}"),
            (self.say("filing.filing_number"), rating.filing),
            (self.say("filing.as_of"), rating.as_of),
            (self.say("filing.made_on"), study.on.isoformat()),
            (self.say("filing.tables_files"), tables_versions(study.tables)),
            (self.say("filing.tables"), study.tables.version),
            (self.say("filing.grid_version"), study.grid_table.version),
            (self.say("filing.currency"), self.say("filing.currency_value")),
            (self.say("filing.exchange"),
             (float(study.tables.frequency["exchange_rate"]["cny_per_usd"]), "number")),
            (self.say("filing.sheets"), joined(sheets, self.language)),
            *((self.say("filing.marks") if place == 0 else "",
               self.say(f"confidence_mark.{mark}")) for place, mark in enumerate("TAMD")),
        ]
        return Sheet(self.say("filing_sheet.about"), self.say("filing_note.about"),
                     (SheetColumn(self.say("filing_column.item"), "text", 28),
                      SheetColumn(self.say("filing_column.value"), "text", 90)), tuple(rows))

    def frequency(self) -> Sheet:
        tables = self.study.tables
        raw = tables.frequency
        rows: list[Row] = [
            (self.say("filing_kind.declared"), float(band["revenue_usd"]),
             float(band["revenue_usd"]) * tables.fen_per_usd / 100.0, float(band["frequency"]),
             *self.basis(band)) for band in raw["bands"]]
        for revenue in self.study.grid_table.revenues_fen:
            rows.append((self.say("filing_kind.curve"), revenue / tables.fen_per_usd,
                         _yuan(revenue), base_frequency(tables, revenue),
                         *self.basis(raw["bands"][0])))
        for name in ("below", "above"):
            rows.append((self.say(f"filing.a_elasticity_{name}"), None, None,
                         (float(raw["elasticity"][name]), "number"),
                         *self.basis(raw["elasticity"])))
        rows.append((self.say("filing_kind.book"), None, None, float(raw["book"]["frequency"]),
                     *self.basis(raw["book"])))
        return self.sheet("frequency", (
            ("kind", "text"), ("revenue_usd", "integer"), ("revenue", "integer"),
            ("frequency", "small_percent"), ("source", "text"), ("confidence", "text"),
            ("low", "number"), ("high", "number")), rows)

    def industries(self) -> Sheet:
        rows: list[Row] = [
            (code, pick(self.language, one.name_zh, one.name_en),
             one.frequency_relativity_ppm / PPM, one.severity_relativity_ppm / PPM,
             one.loss_cost_relativity_ppm / PPM, self.source(one.note),
             self.source(one.source), one.confidence, None, None)
            for code, one in sorted(industries().items())]
        return self.sheet("industries", (
            ("industry", "text"), ("industry_name", "text"), ("frequency_relativity", "ratio"),
            ("severity_relativity", "ratio"), ("loss_cost_relativity", "ratio"), ("note", "text"),
            ("source", "text"), ("confidence", "text"), ("low", "number"), ("high", "number")),
            rows)

    def mix(self) -> Sheet:
        rows: list[Row] = [
            (code, pick(self.language, one.name_zh, one.name_en),
             *(one.peril_mix_ppm[peril] / PPM for peril in PERILS),
             self.source(one.source), one.confidence, None, None)
            for code, one in sorted(industries().items())]
        shares = self.study.tables.frequency["common_share"]
        rows.append(("", self.say("filing_kind.common_share"),
                     *(float(shares[peril]) for peril in PERILS), *self.basis(shares)))
        base = self.sheet("mix", (("industry", "text"), ("industry_name", "text")), [])
        perils = tuple(SheetColumn(peril_name(one, self.language), "percent", 13)
                       for one in PERILS)
        basis = tuple(SheetColumn(self.say(f"filing_column.{one}"),
                                  "number" if one in ("low", "high") else "text", _WIDTHS[one])
                      for one in _BASIS)
        return Sheet(base.title, base.note, (*base.columns, *perils, *basis), tuple(rows))

    def modifiers(self) -> Sheet:
        raw = self.study.tables.frequency
        rows: list[Row] = [
            (self.say(f"filing_exposure.{one['exposure']}"), self._perils(one["perils"]),
             self.say(f"filing_measure.{one['measure']}"), float(one["reference"]),
             None if one.get("usual_per_million_usd") is None
             else float(one["usual_per_million_usd"]), float(one["strength"]), *self.basis(one))
            for one in raw["modifiers"]]
        bounds = raw["modifier_bounds"]
        rows.append((self.say("filing_kind.bounds"), "", "", None, None, None,
                     self.source(str(bounds["source"])), str(bounds["confidence"]),
                     float(bounds["floor"]), float(bounds["ceiling"])))
        return self.sheet("modifiers", (
            ("exposure", "text"), ("perils", "text"), ("measure", "text"),
            ("reference", "number"), ("usual", "number"), ("strength", "number"),
            ("source", "text"), ("confidence", "text"), ("low", "number"), ("high", "number")),
            rows)

    def controls(self) -> Sheet:
        rows: list[Row] = []
        for one in self.study.tables.effects:
            found = indicators().get(one.indicator)
            name = "" if found is None else pick(self.language, found.name_zh, found.name_en)
            factors = (exp(-one.strength * (shaped(score, one.shape) - 0.5))
                       for score in (0.0, 0.5, 1.0))
            rows.append((one.indicator, name, self.say(f"filing_target.{one.target}"),
                         self._perils(one.perils), self.say(f"filing_shape.{one.shape}"),
                         one.strength, *factors, self.source(one.source.name),
                         one.source.confidence, *one.interval))
        controls = self.study.tables.controls
        rows.append(("", self.say("filing_kind.bounds"), "", "", "", None, None, None, None,
                     self.source("Smooth saturation between declared bounds"), "D",
                     float(controls["floor"]), float(controls["ceiling"])))
        made = self.sheet("controls", (
            ("indicator", "text"), ("indicator_name", "text"), ("target", "text"),
            ("perils", "text"), ("shape", "text"), ("strength", "number"), ("at_none", "ratio"),
            ("at_half", "ratio"), ("at_full", "ratio"), ("source", "text"),
            ("confidence", "text"), ("low", "number"), ("high", "number")), rows)
        return replace(made, note=f"{made.note} {self.source(str(controls['caveat']))}")

    def severity(self) -> Sheet:
        tables = self.study.tables
        rate, spread = tables.fen_per_usd / 100.0, tables.severity["components_source"]
        rows: list[Row] = []
        for peril, row in tables.perils.items():
            declared = row.means_usd
            for name, median in tables.fit["medians_usd"][peril].items():
                component = tables.components[name]
                rows.append((
                    peril_name(peril, self.language), known_words("filing_component", name,
                                                                  self.language),
                    component.coverage or "", declared.get(name), float(median),
                    float(median) * rate, component.sigma, component.index,
                    self.source(row.source.name), row.source.confidence, None, None))
        for name in ("duration", "affected"):
            component = tables.components[name]
            rows.append(("", known_words("filing_component", name, self.language), "", None, None,
                         None, component.sigma, component.index, *self.basis(spread)))
        fitted = self.basis(tables.fit)
        for band, factor, share in zip(tables.severity["bands"], tables.fit["size"]["factors"],
                                       tables.fit["affected"]["median_share"], strict=True):
            at = f"USD {float(band['revenue_usd']):,.0f}"
            rows.append(("", f"{self.say('filing_component.size')} · {at}", "", None,
                         (float(factor), "ratio"), None, None, None, *fitted))
            rows.append(("", f"{self.say('filing_component.affected_share')} · {at}", "", None,
                         (float(share), "percent"), None, None, None, *fitted))
        return self.sheet("severity", (
            ("peril", "text"), ("component", "text"), ("coverage", "text"),
            ("declared_mean", "integer"), ("median_usd", "integer"), ("median_yuan", "integer"),
            ("sigma", "number"), ("index", "number"), ("source", "text"), ("confidence", "text"),
            ("low", "number"), ("high", "number")), rows)

    def relativities(self, code: str, found: tuple[Relativity, ...]) -> Sheet:
        origin = self.study.grid_table.origin()
        rows: list[Row] = []
        for one in found:
            priced = one.priced
            premium = priced.premium
            rows.append((
                self._industry(priced.firm.industry), _yuan(priced.firm.revenue_fen),
                _yuan(priced.limit_fen), _yuan(priced.deductible_fen), _yuan(premium.pure),
                _yuan(premium.technical_net), _yuan(premium.charged_net), one.pure, one.charged,
                self.source(origin.name), origin.confidence, None, None))
        return self.sheet(code, (
            ("industry_name", "text"), ("revenue", "integer"), ("limit", "integer"),
            ("deductible", "integer"), ("pure_premium", "money"), ("technical", "money"),
            ("charged", "money"), ("pure_relativity", "ratio"), ("charged_relativity", "ratio"),
            ("source", "text"), ("confidence", "text"), ("low", "number"), ("high", "number")),
            rows)

    def rating(self, code: str, parts: tuple[str, ...]) -> Sheet:
        rows: list[Row] = []
        for one in rating_rows(self.study.rating, self.language):
            if one.table.split(".")[0] in parts:
                rows.append((one.name, one.label, (one.number, one.kind), one.unit,
                             self.source(one.source), one.confidence, None, None))
        return self.sheet(code, (
            ("kind", "text"), ("item", "text"), ("value", "number"), ("unit", "text"),
            ("source", "text"), ("confidence", "text"), ("low", "number"), ("high", "number")),
            rows)

    def premiums(self) -> Sheet:
        origin = self.study.grid_table.origin()
        rows: list[Row] = []
        for one in self.study.grid:
            premium = one.premium
            rows.append((
                one.firm.industry, self._industry(one.firm.industry), _yuan(one.firm.revenue_fen),
                _yuan(one.limit_fen), _yuan(one.deductible_fen), one.claims_per_year,
                _yuan(premium.pure), _yuan(premium.technical_net), _yuan(premium.charged_net),
                _yuan(premium.gross), one.loss_ratio_ppm / PPM, premium.adequacy_ppm / PPM,
                one.rate_on_line_ppm / PPM, self.source(origin.name), origin.confidence, None,
                None))
        return self.sheet("premiums", (
            ("industry", "text"), ("industry_name", "text"), ("revenue", "integer"),
            ("limit", "integer"), ("deductible", "integer"), ("claims", "small_percent"),
            ("pure_premium", "money"), ("technical", "money"), ("charged", "money"),
            ("gross", "money"), ("loss_ratio", "percent"), ("adequacy", "percent"),
            ("rate_on_line", "small_percent"), ("source", "text"), ("confidence", "text"),
            ("low", "number"), ("high", "number")), rows)

    def _industry(self, code: str) -> str:
        return industry_name(code, self.language)

    def _perils(self, codes: tuple[str, ...] | list[str]) -> str:
        if set(codes) == set(PERILS):
            return self.say("filing_kind.all_perils")
        return joined([peril_name(one, self.language) for one in codes], self.language)
