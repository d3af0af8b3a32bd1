"""Reports of fits (拟合报告) and of a calibration (模型标定报告): data, laws, checks, limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, Literal, Protocol

from dinghai.documents.blocks import (
    Block,
    Box,
    Bullets,
    Cell,
    Column,
    Document,
    Fields,
    Figures,
    Heading,
    PageBreak,
    Paragraph,
    Table,
)
from dinghai.documents.fit_charts import law_name
from dinghai.documents.formats import day, fixed, joined, number, share
from dinghai.documents.frequency_charts import (
    count_range,
    counts_chart,
    delay_chart,
    outside_range,
)
from dinghai.documents.inputs import DocumentStudy
from dinghai.documents.note_words import note_words
from dinghai.documents.phrases import Language, phrase, pick
from dinghai.documents.screening import origin_rows, reason_words, screened_table
from dinghai.documents.severity_reading import SeverityReading, unit_words
from dinghai.documents.source_words import source_words
from dinghai.experience.studies import CountCheck, SeverityStudy
from dinghai.foundation.canonical import JSON, document_hash

_COHORTS: Final = 12


class TableRow(Protocol):
    """One row of a calibration table, as a report reads it."""

    @property
    def code(self) -> str: ...
    @property
    def value(self) -> float: ...
    @property
    def interval(self) -> tuple[float, float] | None: ...
    @property
    def source(self) -> str: ...
    @property
    def confidence(self) -> str: ...
    @property
    def as_of(self) -> str | None: ...
    @property
    def note(self) -> str: ...


def severity_fit_report(
    studies: Sequence[SeverityStudy], *, issued_on: date, language: Language = "zh",
    licence: str = "", screened: Mapping[str, int] | None = None,
) -> Document:
    """The report of one fit of losses, or of several groups of one file: ``screened`` then counts
    the file's rows that were not used, by reason. Raises InputError for a document that names a
    law nobody knows."""
    title = phrase("fit.severity_title", language)
    blocks: list[Block] = [] if screened is None else screened_table(screened, language)
    of_a_group = screened is not None
    if len(studies) == 1:
        blocks += severity_blocks(studies[0], language, licence=licence, of_a_group=of_a_group)
    else:
        for place, study in enumerate(studies, start=1):
            blocks += _chapter(study_title(study, language), place, place > 1)
            blocks += severity_blocks(study, language, prefix=f"{place}.", licence=licence,
                                      of_a_group=of_a_group)
    subtitle = joined([study_title(one, language) for one in studies[:3]], language)
    source = studies[0].document if len(studies) == 1 else {
        study_title(one, language): one.document for one in studies}
    return _document(title, subtitle, source, studies[0].code, blocks, issued_on, language)


def frequency_fit_report(
    study: DocumentStudy, *, issued_on: date, language: Language = "zh"
) -> Document:
    """The report of one fit of counts."""
    return _document(phrase("fit.frequency_title", language), study_title(study, language),
                     study.document, study.code, frequency_blocks(study, language), issued_on,
                     language)


def frequency_groups_report(
    studies: Sequence[DocumentStudy], few: Mapping[str, int], screened: Mapping[str, int], *,
    title: str, issued_on: date, language: Language = "zh",
) -> Document:
    """The report of the counts of several groups of one file. ``few`` names the groups whose
    events (so many) fall into one period, so that nothing is fitted to them; ``screened`` counts
    the file's rows that were not used, by reason."""
    blocks: list[Block] = [*screened_table(screened, language)]
    if few:
        blocks.append(Paragraph(phrase(
            "fit.groups_few", language, groups=joined(
                [f"{name or '—'} ({count:,})" for name, count in few.items()], language))))
    for place, study in enumerate(studies, start=1):
        blocks += _chapter(study_title(study, language), place, place > 1)
        blocks += frequency_blocks(study, language, prefix=f"{place}.", of_a_group=True)
    source: JSON = {"groups": {study_title(one, language): one.document for one in studies},
                    "too_few": dict(few)}
    return _document(phrase("fit.frequency_title", language), title, source,
                     studies[0].code if studies else "", blocks, issued_on, language)


def delay_fit_report(
    study: DocumentStudy, *, issued_on: date, language: Language = "zh"
) -> Document:
    """The report of one estimate of reporting delays."""
    return _document(phrase("fit.delay_title", language), study_title(study, language),
                     study.document, study.code, delay_blocks(study, language), issued_on,
                     language)


def calibration_report(
    severity: Sequence[SeverityStudy], rows: Sequence[TableRow], *, issued_on: date,
    frequency: Sequence[DocumentStudy] = (), delays: Sequence[DocumentStudy] = (),
    licences: Mapping[str, str] | None = None, language: Language = "zh",
) -> Document:
    """The report of a whole calibration: an overview, a chapter for every study, the table's rows.

    ``licences`` are by the code of a severity study.
    """
    licences = licences or {}
    blocks: list[Block] = [Paragraph(phrase(
        "fit.calibration_lead", language, severity=len(severity), frequency=len(frequency),
        delay=len(delays), rows=len(rows)))]
    blocks += _overview(severity, language)
    place = 0
    for study in severity:
        place += 1
        blocks += _chapter(phrase("fit.part_severity", language,
                                  title=study_title(study, language)), place, True)
        blocks += severity_blocks(study, language, prefix=f"{place}.",
                                  licence=licences.get(study.code, ""))
    parts: tuple[tuple[Literal["frequency", "delay"], Sequence[DocumentStudy]], ...] = (
        ("frequency", frequency), ("delay", delays))
    for kind, studies in parts:
        for one in studies:
            place += 1
            blocks += _chapter(phrase(f"fit.part_{kind}", language,
                                      title=study_title(one, language)), place, True)
            make = frequency_blocks if kind == "frequency" else delay_blocks
            blocks += make(one, language, prefix=f"{place}.")
    blocks += _rows(rows, place + 1, language)
    source: JSON = {
        "severity": {one.code: one.document for one in severity},
        "frequency": {one.code: one.document for one in frequency},
        "delays": {one.code: one.document for one in delays},
        "rows": [_row_document(one) for one in rows]}
    return _document(phrase("fit.calibration_title", language), "", source, "calibration", blocks,
                     issued_on, language)


def study_title(study: SeverityStudy | DocumentStudy, language: Language) -> str:
    """The name of a study; its code where it has none."""
    return pick(language, study.title_zh, study.title_en) or study.code


def _document(
    title: str, subtitle: str, source: JSON, code: str, blocks: list[Block], issued_on: date,
    language: Language,
) -> Document:
    return Document(
        language=language, title=title, subtitle=subtitle, number=code, issued_on=issued_on,
        issuer="", source_hash=document_hash(source),
        meta=((phrase("fit.issued_on", language), day(issued_on, language)),),
        blocks=tuple(blocks))


def _chapter(title: str, place: int, new_page: bool) -> list[Block]:
    head: list[Block] = [PageBreak()] if new_page else []
    return [*head, Heading(title, 1, str(place))]


class _Sections:
    """Numbers the sections of one study: chapters of a report of its own, else their parts."""

    def __init__(self, prefix: str, language: Language) -> None:
        self.prefix, self.language, self.count = prefix, language, 0

    def head(self, code: str) -> Heading:
        self.count += 1
        return Heading(phrase(f"fit.{code}", self.language), 2 if self.prefix else 1,
                       f"{self.prefix}{self.count}")

    def sub(self, code: str) -> Heading:
        return Heading(phrase(f"fit.{code}", self.language), 3 if self.prefix else 2)


def severity_blocks(
    study: SeverityStudy, language: Language, *, prefix: str = "", licence: str = "",
    of_a_group: bool = False,
) -> list[Block]:
    """One study of losses; ``prefix`` (such as ``2.``) makes it part of a larger report. The rows
    screened of a group are those of its file."""
    reading = SeverityReading.of(study, language)
    sections = _Sections(prefix, language)
    blocks: list[Block] = [reading.figures(), sections.head("data"),
                           *reading.data(licence, of_a_group=of_a_group),
                           sections.head("candidates"),
                           *reading.candidates()]
    if reading.best:
        words = reading.floored_words()
        for code, chart in reading.fit_charts():
            blocks += [sections.sub(code), *words, *chart.blocks()]
            words = []
        blocks += words
    blocks += [sections.head("tail"), *reading.tail_words()]
    for code, chart, words in reading.tail_charts():
        blocks += [sections.sub(code), *words, *chart.blocks()]
    if reading.best:
        blocks += [sections.head("limits"), *reading.limits()]
    blocks += [sections.head("out_of_time"), *reading.out_of_time()]
    blocks += _warnings(study.document, sections, language)
    blocks.append(_not_said(_severity_limits(study, language), language))
    return blocks


def _severity_limits(study: SeverityStudy, language: Language) -> list[str]:
    said = [phrase("fit.not_said_publicity", language)]
    floor = study.document["floor"]
    if floor is not None:
        said.append(phrase("fit.not_said_floor", language, floor=number(floor)))
    if study.floored is not None:
        said.append(phrase("fit.not_said_own", language))
    if study.unit not in {"", "CNY", "USD", "fen", "yuan", "EUR", "GBP", "DKK"}:
        said.append(phrase("fit.not_said_unit", language, unit=unit_words(study.unit, language)))
    return [*said, phrase("fit.not_said_interruption", language),
            phrase("fit.not_said_independence", language),
            phrase("fit.not_said_china", language)]


def frequency_blocks(
    study: DocumentStudy, language: Language, *, prefix: str = "", of_a_group: bool = False
) -> list[Block]:
    """One study of counts. The rows screened of a group are those of its file."""
    found, sections = study.document, _Sections(prefix, language)
    per = phrase(f"per.{found['per']}", language)
    chosen = law_name(found["preferred"], language)
    blocks: list[Block] = [
        Figures((
            (phrase("fit.events", language), f"{found['n']:,}", ""),
            (phrase("fit.periods_of", language, per=per), f"{found['n_periods']:,}",
             phrase("fit.periods_note", language, first=found["first"], last=found["last"])),
            (phrase("fit.dispersion", language), number(found["dispersion"], 3),
             phrase("fit.dispersion_note", language)),
            (phrase("fit.preferred", language), chosen, ""))),
        sections.head("data"), _origin(study, language),
        *([] if of_a_group else screened_table(found["screened_reasons"], language)),
        sections.head("counts"),
        Paragraph(phrase("fit.counts_lead", language, dispersion=number(found["dispersion"]),
                         chance=chance_words(found["chance_if_poisson"], language),
                         preferred=chosen), "keep")]
    chart = counts_chart(found, language)
    blocks += chart.blocks()
    blocks.append(Paragraph(phrase(
        "fit.counts_outside", language, count=outside_range(found), of=found["n_periods"],
        expected=number(0.05 * found["n_periods"], 3)), "small"))
    blocks += [sections.head("candidates"), _count_laws(found, language)]
    exciting = found["self_exciting"]
    if exciting is not None:
        blocks += [sections.head("self_exciting"), Paragraph(phrase(
            "fit.self_exciting_text", language, base=number(exciting["base"], 3),
            branching=number(exciting["branching"], 3),
            half_life=number(exciting["half_life_days"], 3),
            chance=chance_words(exciting["chance_if_poisson"], language)))]
    if study.check is not None:
        blocks += [sections.head("out_of_time"), _count_check(study.check, language)]
    blocks += _warnings(found, sections, language)
    blocks.append(_not_said([phrase(f"fit.not_said_{one}", language) for one in (
        "publicity", "independence", "china")], language))
    return blocks


def _count_check(check: CountCheck, language: Language) -> Paragraph:
    low, high = check.interval
    return Paragraph(phrase(
        "fit.count_check_held" if check.held else "fit.count_check_missed", language,
        first=check.fitted_from, until=check.fitted_until, months=check.months,
        expected=number(check.expected, 4), low=f"{low:,}", high=f"{high:,}",
        observed=f"{check.observed:,}"), "strong")


def _count_laws(found: Mapping[str, JSON], language: Language) -> Table:
    rows = []
    for name in ("poisson", "negative_binomial"):
        fit = found[name]
        low, high = count_range(found, "poisson" if name == "poisson" else "negative_binomial")
        size = fit.get("size")
        rows.append((Cell(law_name(name, language), strong=name == found["preferred"]),
                     number(fit["mean"]), "—" if size is None else number(size),
                     f"{fit['loglik']:,.2f}".replace("-", "−"), f"{fit['aic']:,.2f}",
                     phrase("fit.to", language, low=f"{low:,}", high=f"{high:,}")))
    return Table((Column(phrase("fit.law", language), share=2),
                  Column(phrase("fit.mean", language), "right"),
                  Column(phrase("fit.size", language), "right"),
                  Column(phrase("fit.log_likelihood", language), "right"),
                  Column(phrase("fit.aic", language), "right"),
                  Column(phrase("fit.interval", language), "right")), tuple(rows))


def delay_blocks(study: DocumentStudy, language: Language, *, prefix: str = "") -> list[Block]:
    """One study of reporting delays."""
    found, sections = study.document, _Sections(prefix, language)
    once = found["clusters_once"]
    blocks: list[Block] = [
        Figures((
            (phrase("fit.incidents", language), f"{found['n']:,}",
             phrase("fit.incidents_note", language, end=found["end"])),
            (phrase("fit.median_days", language), f"{once['median_days']:,}",
             phrase("fit.clusters_once", language)),
            (phrase("fit.p90_days", language), f"{once['p90_days']:,}",
             phrase("fit.clusters_once", language)))),
        sections.head("data"), _origin(study, language),
        *screened_table(found["screened_reasons"], language),
        sections.head("delay_curve"), Paragraph(phrase("fit.delay_lead", language), "keep"),
        *delay_chart(found, language).blocks()]
    if found["clusters"]:
        blocks += [sections.head("clusters"), Table(
            (Column(phrase("fit.cohort", language)), Column(phrase("fit.cluster_day", language)),
             Column(phrase("fit.incidents", language), "right"),
             Column(phrase("fit.cluster_share", language), "right")),
            tuple((one["cohort"], day(date.fromisoformat(one["day"]), language),
                   f"{one['incidents']:,} / {one['of']:,}", share(one["share"]))
                  for one in found["clusters"]))]
    blocks += [sections.head("cohorts"), _cohorts(found, language)]
    blocks += _warnings(found, sections, language)
    blocks.append(_not_said([phrase(f"fit.not_said_{one}", language) for one in (
        "publicity", "china")], language))
    return blocks


def _cohorts(found: Mapping[str, JSON], language: Language) -> Table:
    reported = {one["cohort"]: one for one in found["as_reported"]["cohorts"]}
    once = {one["cohort"]: one for one in found["clusters_once"]["cohorts"]}
    names = sorted(reported)[-_COHORTS:]

    def cells(one: Mapping[str, JSON] | None) -> tuple[str, str, str]:
        if one is None:
            return ("—", "—", "—")
        return (f"{one['reported']:,}", f"{one['expected']:,.1f}", f"{one['factor']:.3f}")

    heads = [phrase(f"fit.{one}", language) for one in ("reported", "expected_count", "factor")]
    groups = [phrase(f"fit.{one}", language) for one in ("as_reported", "clusters_once")]
    return Table(
        (Column(phrase("fit.cohort", language), millimetres=24),
         *(Column(f"{group}\n{head}", "right") for group in groups for head in heads)),
        tuple((name, *cells(reported[name]), *cells(once.get(name))) for name in names),
        label=phrase("fit.cohorts_label", language, count=len(names)))


def _origin(study: DocumentStudy, language: Language) -> Fields:
    return Fields(((phrase("fit.series", language), study_title(study, language)),
                   *origin_rows(study.source, study.licence, language)), 1)


def warning_words(warning: Mapping[str, JSON], language: Language) -> str:
    """A warning of a fit as a sentence."""
    values: dict[str, object] = {}
    for name, value in warning.items():
        if name == "reasons":
            values[name] = joined([f"{reason_words(reason, language)} {count:,}"
                                   for reason, count in value.items()], language)
        elif name == "share":
            values[name] = share(value, 0)
        elif isinstance(value, int | float):
            values[name] = _figure(name, value)
        elif name != "code":
            values[name] = value
    if "day" in values:
        values["day"] = day(date.fromisoformat(str(values["day"])), language)
    return phrase(f"fit_warning.{warning['code']}", language, **values)


def _figure(name: str, value: float) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return fixed(value) if name in {"xi", "low", "high"} else number(value, 3)


def chance_words(chance: float, language: Language) -> str:
    """A chance of a test; very small ones are not written out."""
    return phrase("fit.chance_small", language) if chance < 1e-4 else number(chance, 2)


def _warnings(
    document: Mapping[str, JSON], sections: _Sections, language: Language
) -> list[Block]:
    found = [warning_words(one, language) for one in document["warning_codes"]]
    head = sections.head("warnings")
    if not found:
        return [head, Paragraph(phrase("fit.warnings_none", language))]
    return [head, Bullets(tuple(found))]


def _not_said(texts: Sequence[str], language: Language) -> Box:
    return Box(phrase("fit.not_said", language), tuple(texts), "info")


def _overview(severity: Sequence[SeverityStudy], language: Language) -> list[Block]:
    if not severity:
        return []
    rows = []
    for study in severity:
        found = study.document
        tail = found["tail"]
        best = found.get("best")
        check = study.out_of_time
        rows.append((
            Cell(study_title(study, language), unit_words(study.unit, language)),
            f"{found['n']:,}",
            "—" if found["floor"] is None else number(found["floor"]),
            "—" if not best else law_name(best, language),
            "—" if tail is None else Cell(fixed(tail["xi"]), phrase(
                "fit.to", language, low=fixed(tail["xi_interval"][0]),
                high=fixed(tail["xi_interval"][1])),
                tone="bad" if tail["xi"] >= 1.0 else ""),
            "—" if check is None else
            f"{sum(one.held for one in check.levels)} / {len(check.levels)}"))
    return [Heading(phrase("fit.overview", language)),
            Table((Column(phrase("fit.series", language), share=4),
                   Column(phrase("fit.n", language), "right", 17),
                   Column(phrase("fit.floor", language), "right", 19),
                   Column(phrase("fit.best", language), share=3),
                   Column(phrase("fit.shape", language), "right", 28),
                   Column(phrase("fit.out_of_time", language), "right", 22)), tuple(rows))]


def _rows(rows: Sequence[TableRow], place: int, language: Language) -> list[Block]:
    if not rows:
        return []
    lines = tuple(
        (Cell(one.code, note_words(one.note, language)), number(one.value),
         "—" if one.interval is None else phrase(
             "fit.to", language, low=number(one.interval[0]), high=number(one.interval[1])),
         Cell(source_words(one.source, language), one.as_of or ""),
         Cell(one.confidence, strong=True))
        for one in rows)
    judged = sum(one.confidence == "D" for one in rows)
    marks = joined([phrase(f"confidence_mark.{one}", language) for one in "TAMD"], language)
    return [PageBreak(), Heading(phrase("fit.rows_title", language), 1, str(place)),
            Paragraph(phrase("fit.rows_lead", language, count=len(rows), judged=judged)),
            Paragraph(marks, "small"),
            Table((Column(phrase("fit.code", language), share=4),
                   Column(phrase("fit.value", language), "right", 21),
                   Column(phrase("fit.interval", language), "right", 33),
                   Column(phrase("fit.source", language), share=4),
                   Column(phrase("fit.confidence", language), "center", 14)), lines)]


def _row_document(row: TableRow) -> dict[str, JSON]:
    return {"code": row.code, "value": row.value,
            "interval": None if row.interval is None else list(row.interval),
            "source": row.source, "confidence": row.confidence, "as_of": row.as_of,
            "note": row.note}
