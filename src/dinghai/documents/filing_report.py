"""The actuarial report of a rate filing (精算报告): data, method, assumptions, results, limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from dinghai.documents.blocks import (
    Block,
    Bullets,
    Cell,
    Column,
    Document,
    Fields,
    Heading,
    PageBreak,
    Paragraph,
    Picture,
    Signatures,
    Table,
)
from dinghai.documents.filing_charts import (
    relativity_chart,
    relativity_table,
    sensitivity_chart,
)
from dinghai.documents.filing_words import (
    Marks,
    industry_name,
    known_words,
    marks_of,
    peril_name,
    summed,
    tables_versions,
)
from dinghai.documents.formats import (
    day,
    joined,
    money,
    number,
    percent,
    plain_money,
    share,
    short_number,
)
from dinghai.documents.phrases import Language, phrase, pick
from dinghai.documents.readings import coverage_name
from dinghai.documents.source_words import source_words
from dinghai.foundation.money import PPM, Fen
from dinghai.losses.exposure import exposure_of
from dinghai.losses.tables import PERILS
from dinghai.pricing.filing import FilingStudy
from dinghai.pricing.reference_grid import (
    PricedFirm,
    ReferenceFirm,
    by_firm,
    reference_profile,
)
from dinghai.vocabulary.industries import industries, industry_caution

_PARTS: Final = ("pure", "parameter", "risk", "catastrophe", "service", "expense", "commission",
                 "profit", "guarantee_fund")


def filing_report(study: FilingStudy, *, language: Language = "zh") -> Document:
    """The report as blocks; every figure in it is worked out from the study and its tables."""
    paper = _Paper(study, language)
    blocks: list[Block] = []
    for place, (code, make) in enumerate((
            ("purpose", paper.purpose), ("data", paper.data), ("method", paper.method),
            ("assumptions", paper.assumptions), ("firms", paper.firms),
            ("arithmetic", paper.arithmetic), ("ratio", paper.ratios),
            ("relativities", paper.relativities), ("sensitivity", paper.sensitivity),
            ("limits_title", paper.limits)), start=1):
        if code == "sensitivity":  # its chart and table want a page of their own
            blocks.append(PageBreak())
        blocks += [Heading(phrase(f"filing.{code}", language), 1, str(place)), *make()]
    blocks += [Heading(phrase("filing.sign", language), 1, "11"), signatures(language)]
    return Document(
        language=language, title=phrase("filing.report_title", language),
        subtitle=pick(language, study.product.name_zh, study.product.name_en),
        number=f"{study.rating.id} {study.rating.version}", issued_on=study.on, issuer="",
        source_hash=str(study.to_dict()["hash"]), meta=filing_meta(study, language),
        blocks=tuple(blocks))


def filing_meta(study: FilingStudy, language: Language) -> tuple[tuple[str, str], ...]:
    """What stands below the title of every paper of a filing."""
    return ((phrase("filing.filing_number", language), study.rating.filing),
            (phrase("filing.rating", language), f"{study.rating.id} {study.rating.version}"),
            (phrase("filing.made_on", language), day(study.on, language)))


def signatures(language: Language) -> Signatures:
    """Places to sign."""
    lines = (phrase("common.sign", language), phrase("common.signed_on", language))
    return Signatures(tuple((phrase(f"filing.sign_{who}", language), lines)
                            for who in ("prepared", "reviewed", "actuary")))


@dataclass(frozen=True, slots=True)
class _Paper:
    """The chapters of one study in one language."""

    study: FilingStudy
    language: Language

    def say(self, code: str, **values: object) -> str:
        return phrase(f"filing.{code}", self.language, **values)

    def marks(self) -> dict[str, tuple[str, str, Marks]]:
        """Of each loss table: its version, its day, and its sourced entries by mark."""
        found = {name: (str(raw.get("version", "—")), str(raw.get("as_of", "—")), marks_of(raw))
                 for name, raw in sorted(self.study.tables.raw.items())}
        marks: dict[str, int] = {}
        for one in industries().values():
            marks[one.confidence] = marks.get(one.confidence, 0) + 1
        found["industries"] = ("—", "—", Marks(marks, 0))
        return found

    def purpose(self) -> list[Block]:
        study = self.study
        product, rating = study.product, study.rating
        name = pick(self.language, product.name_zh, product.name_en)
        rows = [
            (self.say("product"), f"{name} · {product.product_id} {product.version}"),
            (self.say("rating"), f"{rating.id} {rating.version}"),
            (self.say("filing_number"), rating.filing), (self.say("as_of"), rating.as_of),
            (self.say("tables_files"), tables_versions(study.tables)),
            (self.say("tables"), study.tables.version),
            (self.say("grid_version"), study.grid_table.version),
            (self.say("against"), self.say("first_filing") if study.against is None
             else f"{study.against.id} {study.against.version}")]
        return [Paragraph(self.say("purpose_text", product=name, version=product.version,
                                   rating=rating.id, rating_version=rating.version)),
                Fields(tuple(rows), 1)]

    def data(self) -> list[Block]:
        import msgspec

        marks = self.marks()
        whole = summed([one for _, _, one in marks.values()])
        rating = marks_of(msgspec.to_builtins(self.study.rating))
        rows = tuple((known_words("filing_table", name, self.language), version, as_of,
                      *(str(one.of(mark)) for mark in "TAMD"),
                      str(one.intervals)) for name, (version, as_of, one) in marks.items())
        foot = (("", "", "", *(str(whole.of(mark)) for mark in "TAMD"), str(whole.intervals)),)
        return [
            Paragraph(self.say(
                "data_text", total=whole.total, read=whole.of("T"), third=whole.of("A"),
                memory=whole.of("M"), judged=whole.of("D"), share=share(
                    whole.of("D") / whole.total, 0), rating_total=rating.total,
                rating_judged=rating.of("D"))),
            Table((Column(self.say("data_file"), share=3), Column(phrase(
                "rating_field.version", self.language), share=2), Column(self.say("data_of"),
                                                                         share=2),
                   *(Column(mark, "right", 13) for mark in "TAMD"),
                   Column(phrase("filing_column.interval", self.language), "right", 24)),
                  rows, foot)]

    def method(self) -> list[Block]:
        tables, rating = self.study.tables, self.study.rating
        shares = joined([f"{phrase(f'premium.{name}', self.language)} {percent(one.ppm)}"
                         for name, one in rating.expenses.items()], self.language)
        return [Bullets((
            self.say("method_frequency", perils=len(PERILS)),
            self.say("method_severity", points=f"{sum(tables.severity['grid']['blocks']):,}",
                     components=len(tables.components)),
            self.say("method_terms"),
            self.say("method_year", size=number(float(tables.frequency["latent"]["size"]))),
            self.say("method_premium", shares=shares,
                     factor=f"×{number(rating.market.factor_ppm / PPM, 7)}",
                     vat=percent(rating.tax.vat_ppm))), ordered=True)]

    def assumptions(self) -> list[Block]:
        frequency, severity = self.study.tables.frequency, self.study.tables.severity
        controls = self.study.tables.controls
        rows: list[tuple[str | Cell, ...]] = []

        def add(name: str | Cell, value: str, row: Any) -> None:
            interval = row.get("interval")
            rows.append((name, value, "—" if not interval else phrase(
                "fit.to", self.language, low=number(float(interval[0])),
                high=number(float(interval[1]))), source_words(str(row["source"]), self.language),
                Cell(str(row["confidence"]), strong=True)))

        for band in frequency["bands"]:
            add(self.say("a_band", revenue=short_number(float(band["revenue_usd"]),
                                                        self.language)),
                share(float(band["frequency"]), 2), band)
        for name in ("below", "above"):
            add(self.say(f"a_elasticity_{name}"), number(float(frequency["elasticity"][name])),
                frequency["elasticity"])
        common = frequency["common_share"]
        shares = [float(common[peril]) for peril in PERILS]
        add(Cell(self.say("a_common"), joined(
            [f"{peril_name(peril, self.language)} {share(one, 0)}"
             for peril, one in zip(PERILS, shares, strict=True)], self.language)),
            phrase("fit.to", self.language, low=share(min(shares), 0), high=share(max(shares), 0)),
            common)
        add(self.say("a_latent"), number(float(frequency["latent"]["size"])),
            frequency["latent"])
        for row in severity["perils"]:
            add(self.say("a_average", peril=peril_name(row["id"], self.language)),
                f"{float(row['average_claim_usd']):,.0f}", row)
        add(self.say("a_interruption"), f"{float(severity['interruption']['average_usd']):,.0f}",
            severity["interruption"])
        add(self.say("a_copula"), number(float(severity["copula"]["correlation"])),
            severity["copula"])
        add(self.say("a_exchange"), number(float(frequency["exchange_rate"]["cny_per_usd"])),
            frequency["exchange_rate"])
        add(self.say("a_controls"), phrase(
            "fit.to", self.language, low=f"×{number(float(controls['floor']))}",
            high=f"×{number(float(controls['ceiling']))}"),
            {"source": controls["caveat"], "confidence": "D"})
        return [Paragraph(self.say("assumptions_lead"), "keep"),
                Table((Column(self.say("assumption"), share=4),
                       Column(phrase("filing_column.value", self.language), "right", 22),
                       Column(phrase("filing_column.interval", self.language), "right", 27),
                       Column(phrase("filing_column.source", self.language), share=6),
                       Column(phrase("filing_column.confidence", self.language), "center", 15)),
                      tuple(rows))]

    def firms(self) -> list[Block]:
        table = self.study.grid_table
        first = self.study.grid[0]
        lines = by_firm(self.study.grid)
        rows = tuple(
            (f"{code} {industry_name(code, self.language)}",
             *(plain_money(lines[code, revenue].premium.gross) for revenue in table.revenues_fen))
            for code in sorted(industries()))
        exposures = []
        for revenue in table.revenues_fen:
            profile = reference_profile(ReferenceFirm(table.industry, revenue, table.posture_ppm),
                                        self.study.tables)
            own = exposure_of(profile)
            exposures.append((plain_money(revenue), f"{own.headcount:,}", f"{own.endpoints:,}",
                              f"{own.personal_records:,}",
                              plain_money(own.gross_profit_per_day_fen)))
        return [
            Paragraph(self.say(
                "firms_text", count=len(self.study.grid), industries=len(industries()),
                revenues=len(table.revenues_fen), posture=percent(table.posture_ppm),
                limit=money(first.limit_fen), deductible=money(first.deductible_fen)), "keep"),
            Table((Column(phrase("filing_column.revenue", self.language), "right"),
                   Column(self.say("headcount"), "right"), Column(self.say("endpoints"), "right"),
                   Column(self.say("personal_records"), "right"),
                   Column(self.say("gross_profit_day"), "right")), tuple(exposures),
                  label=self.say("exposures_label"), whole=True),
            Table((Column("", share=1), *self._revenue_columns(27)), rows,
                  label=self.say("firms_label"))]

    def arithmetic(self) -> list[Block]:
        table, lines = self.study.grid_table, by_firm(self.study.grid)
        firms = [lines[table.industry, revenue].premium for revenue in table.revenues_fen]

        def row(code: str, amounts: Callable[[Any], Fen], strong: bool = False
                ) -> tuple[str | Cell, ...]:
            label = phrase(f"premium.{code}", self.language)
            return (Cell(label, strong=strong),
                    *(Cell(_plain(amounts(one)), strong=strong) for one in firms))

        rows = [row(name, lambda one, name=name: getattr(one, name))  # type: ignore[misc]
                for name in _PARTS]
        rows += [row("technical", lambda one: one.technical_net, True),
                 row("market_adjustment", lambda one: one.market_adjustment)]
        if any(one.days_adjustment for one in firms):
            rows.append(row("days_adjustment", lambda one: one.days_adjustment))
        if any(one.minimum_adjustment for one in firms):
            rows.append(row("minimum_adjustment", lambda one: one.minimum_adjustment))
        rows += [row("charged", lambda one: one.charged_net, True),
                 row("vat", lambda one: one.vat), row("gross", lambda one: one.gross, True)]
        return [Paragraph(self.say("arithmetic_text",
                                   industry=industry_name(table.industry, self.language)), "keep"),
                Table((Column("", share=1), *self._revenue_columns(29)), tuple(rows), whole=True)]

    def ratios(self) -> list[Block]:
        rows = []
        for revenue in self.study.grid_table.revenues_fen:
            own = [one for one in self.study.grid if one.firm.revenue_fen == revenue]
            rows.append((plain_money(revenue), *_spread([one.loss_ratio_ppm for one in own]),
                         *_spread([one.premium.adequacy_ppm for one in own])))
        heads = [(self.say(one), kind) for kind in ("loss_ratio", "adequacy")
                 for one in ("lowest", "average", "highest")]
        grid = self.study.grid
        ratios = [one.loss_ratio_ppm for one in grid]
        adequacies = [one.premium.adequacy_ppm for one in grid]
        return [
            Paragraph(self.say("ratio_text"), "keep"),
            Table((Column(phrase("filing_column.revenue", self.language), "right", 34),
                   *(Column(f"{phrase(f'filing_column.{kind}', self.language)}\n{head}", "right")
                     for head, kind in heads)), tuple(rows), whole=True),
            Paragraph(self.say(
                "ratio_all", low=_ppm(min(ratios)), high=_ppm(max(ratios)),
                adequacy_low=_ppm(min(adequacies)), adequacy_high=_ppm(max(adequacies)),
                minimum=sum(one.premium.minimum_adjustment > 0 for one in grid),
                outside=sum(outside_filing(self.study, one) for one in grid),
                above=sum(_above_authority(self.study, one) for one in grid)))]

    def relativities(self) -> list[Block]:
        table = self.study.grid_table
        chart = relativity_chart(self.study.limits, self.language)
        return [Paragraph(self.say("relativities_text",
                                   industry=industry_name(table.industry, self.language)), "keep"),
                *chart.blocks(), *self._layers(),
                relativity_table(self.study.deductibles, "deductible", self.language)]

    def _layers(self) -> list[Block]:
        """What the layers between neighbouring limits cost: none may cost less than nothing."""
        rates = [(other.premium.charged_net - one.premium.charged_net)
                 / (other.limit_fen - one.limit_fen)
                 for one, other in pairwise(each.priced for each in self.study.limits)
                 if one.firm == other.firm]
        if not rates:
            return []
        return [Paragraph(self.say(
            "layers", layers=len(rates), negative=sum(one < 0.0 for one in rates),
            low=share(min(rates), 3), high=share(max(rates), 3)), "small")]

    def sensitivity(self) -> list[Block]:
        table = self.study.grid_table
        chart = sensitivity_chart(self.study.moved, self.language)
        return [Paragraph(self.say(
            "sensitivity_text", industry=industry_name(table.industry, self.language),
            revenue=money(table.sensitivity_revenue_fen),
            stress=f"±{percent(table.stress_ppm)}")),
            Picture(chart.svg, chart.alternative), chart.table,
            Paragraph(self.say("controls_caution"), "small")]

    def limits(self) -> list[Block]:
        study = self.study
        whole = summed([one for _, _, one in self.marks().values()])
        covers = joined([coverage_name(study.product, one, self.language)
                         for one in study.unpriced], self.language)
        return [Bullets((
            self.say("l_judged", total=whole.total, judged=whole.of("D")),
            self.say("l_no_interval", sourced=whole.total, intervals=whole.intervals),
            self.say("l_industries", caution=source_words(industry_caution(), self.language)),
            self.say("l_controls", caution=source_words(
                str(study.tables.controls["caveat"]), self.language)),
            self.say("l_unpriced", covers=covers) if study.unpriced
            else self.say("l_unpriced_none"),
            self.say("l_market", factor=f"×{number(study.rating.market.factor_ppm / PPM, 7)}",
                     anchor=source_words(study.rating.market.anchor, self.language),
                     gross=money(study.rating.market.anchor_gross_fen)),
            self.say("l_explained"), self.say("l_claims")))]

    def _revenue_columns(self, width: float) -> list[Column]:
        return [Column(self.say("revenue_is", revenue=short_number(one / 100, self.language)),
                       "right", width) for one in self.study.grid_table.revenues_fen]


def outside_filing(study: FilingStudy, one: PricedFirm) -> bool:
    """Whether a firm's rate on line lies outside what is filed."""
    filed = study.rating.filed
    return not (filed.rate_on_line_minimum_ppm <= one.rate_on_line_ppm
                <= filed.rate_on_line_maximum_ppm)


def _above_authority(study: FilingStudy, one: PricedFirm) -> bool:
    authority = study.rating.authority
    return (one.limit_fen > authority.aggregate_limit_fen
            or one.premium.charged_net > authority.net_premium_fen)


def _spread(values: list[int]) -> tuple[str, str, str]:
    return _ppm(min(values)), _ppm(sum(values) // len(values)), _ppm(max(values))


def _ppm(value: int) -> str:
    return f"{value / 10_000:.1f}%"


def _plain(amount: Fen) -> str:
    return plain_money(amount).replace("-", "−")


