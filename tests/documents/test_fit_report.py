"""Reports of fits and calibrations: content, language, alternatives, bytes, real data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from dinghai.documents.blocks import (
    Block,
    Box,
    Bullets,
    Cell,
    Document,
    Fields,
    Figures,
    Heading,
    Paragraph,
    Picture,
    Table,
)
from dinghai.documents.fit_report import (
    calibration_report,
    delay_fit_report,
    frequency_fit_report,
    frequency_groups_report,
    severity_fit_report,
    warning_words,
)
from dinghai.documents.inputs import DocumentStudy
from dinghai.documents.phrases import LANGUAGES, Language, has_phrase
from dinghai.documents.severity_reading import usual_limits
from dinghai.documents.typesetting import set_pdf
from dinghai.documents.webpage import set_html
from dinghai.experience import report, row_wise
from dinghai.experience.columns import Column, Screened, read_amounts
from dinghai.experience.contagion import fit_contagion
from dinghai.experience.frequency import fit_frequency
from dinghai.experience.product_limit import product_limit
from dinghai.experience.report import (
    Wanted,
    delay_report,
    frequency_report,
    severity_report,
)
from dinghai.experience.row_wise import floored_report
from dinghai.experience.studies import Level, OutOfTime, SeverityStudy
from dinghai.foundation.laws import GeneralisedPareto, Lognormal
from dinghai.foundation.streams import uniforms
from dinghai.foundation.trace import Source
from tests.documents.making import bare, text_of
from tests.experience.test_row_wise import sample

DAY = date(2026, 3, 28)
HEAVY, LIGHT = 1.4, 0.1
_LATIN = re.compile(r"[A-Za-z]{4,}")
_ALLOWED = {"Lomax", "IBNR", "Lynden", "Bell", "Kaplan", "Meier"}
"""Latin words a Chinese report may hold beside those of its data."""


def losses(xi: float) -> np.ndarray:
    """A lognormal body with a generalised Pareto tail above its upper quarter."""
    body = 1.0 - uniforms(3, "test.fit-report.body", 1, 600)[0]
    tail = 1.0 - uniforms(3, "test.fit-report.tail", 1, 200)[0]
    lower = Lognormal(9.0, 1.2).quantile_of_survival(body)
    upper = GeneralisedPareto(xi, 20_000.0, 15_000.0).quantile_of_survival(tail)
    return np.concatenate((lower[lower >= 500.0].clip(max=15_000.0 * (1.0 - 1e-9)), upper))


@cache
def study(xi: float = HEAVY, code: str = "test.losses") -> SeverityStudy:
    """A study of drawn losses with a check on later ones."""
    column = Column(tuple(losses(xi).tolist()), ("",) * len(losses(xi)),
                    (Screened(2, "", "blank"), Screened(3, "x", "not a number")))
    wanted = Wanted(500.0, None, (), 3)
    return SeverityStudy(
        code=code, title_zh="试验数据", title_en="Test data", unit="records",
        source=Source("Drawn for this test", "D", "2026-01-01"), losses=column, wanted=wanted,
        document=severity_report(column, wanted), out_of_time=check())


def check() -> OutOfTime:
    """Levels with exact intervals: one holds, one does not, one was never exceeded."""
    levels = []
    for probability, exceeded in ((0.9, 21), (0.99, 9), (0.995, 0)):
        low = stats.beta.ppf(0.025, exceeded, 201 - exceeded) if exceeded else 0.0
        high = stats.beta.ppf(0.975, exceeded + 1, 200 - exceeded)
        levels.append(Level(probability, 10_000.0 / (1.0 - probability), exceeded, 200,
                            (float(low), float(high))))
    return OutOfTime("weibull", 2015, 2020, 800, 2023, tuple(levels))


@cache
def counts() -> DocumentStudy:
    """Counts of sixty months with one that holds a third of all."""
    days = [date(2020, 1, 15) + timedelta(days=int(18 * place)) for place in range(100)]
    days += [date(2021, 7, 1) + timedelta(days=place % 20) for place in range(60)]
    fit = fit_frequency(days, "month")
    document = frequency_report(fit, "month", fit_contagion(days), {"blank": 3})
    return DocumentStudy("test.counts", "试验次数", "Test counts", Source("Drawn", "D"), document)


@cache
def delays() -> DocumentStudy:
    """Spans of which sixty began on one day."""
    first = date(2020, 1, 1)
    spans = [(first + timedelta(days=3 * place), first + timedelta(days=3 * place + place % 90))
             for place in range(200)]
    spans += [(date(2020, 5, 4), date(2020, 6, 1) + timedelta(days=place)) for place in range(60)]
    document = delay_report(spans, max(known for _began, known in spans), {"not a day": 1})
    return DocumentStudy("test.delays", "试验延迟", "Test delays", Source("Drawn", "D"), document,
                         "CC0")


@cache
def own(rows: int = 3_000) -> SeverityStudy:
    """Losses with floors of their own, some at their limit."""
    floored = sample(rows)
    return SeverityStudy(
        code="test.own", title_zh="自有数据", title_en="Own data", unit="CNY",
        source=Source("Drawn", "D"), losses=floored.column, wanted=Wanted(),
        document=floored_report(floored, Wanted()), floored=floored)


@dataclass(frozen=True)
class Row:
    """A row of a calibration table."""

    code: str
    value: float
    interval: tuple[float, float] | None
    source: str
    confidence: str
    as_of: str | None
    note: str


ROWS = (Row("frequency.book", 0.0148, (0.012, 0.018), "来源甲", "T", "2025-12-31", "整体"),
        Row("severity.tail", 1.4, None, "来源乙", "D", None, ""))


@cache
def document(kind: str, language: Language) -> Document:
    """One report of each kind."""
    if kind == "severity":
        return severity_fit_report([study()], issued_on=DAY, language=language, licence="CC0")
    if kind == "own":
        return severity_fit_report([own()], issued_on=DAY, language=language)
    if kind == "groups":
        return frequency_groups_report(
            [replace(counts(), title_zh="甲", title_en="A"),
             replace(counts(), title_zh="乙", title_en="B")], {"": 4, "C": 1}, {"blank": 7},
            title="试验次数" if language == "zh" else "Test counts", issued_on=DAY,
            language=language)
    if kind == "frequency":
        return frequency_fit_report(counts(), issued_on=DAY, language=language)
    if kind == "delay":
        return delay_fit_report(delays(), issued_on=DAY, language=language)
    return calibration_report(
        [study(), study(LIGHT, "test.light")], ROWS, issued_on=DAY, frequency=[counts()],
        delays=[delays()], language=language)


KINDS = ("severity", "own", "frequency", "groups", "delay", "calibration")


def words(blocks: tuple[Block, ...]) -> Iterator[str]:
    """Every text of a document."""
    for block in blocks:
        match block:
            case Heading() | Paragraph():
                yield block.text
            case Fields(rows, _):
                yield from (text for row in rows for text in row)
            case Table():
                yield block.label
                yield from (one.label for one in block.columns)
                for row in (*block.rows, *block.foot):
                    for cell in row:
                        yield cell.text + " " + cell.note if isinstance(cell, Cell) else cell
            case Box(title, paragraphs, _):
                yield from (title, *paragraphs)
            case Bullets(items, _):
                yield from items
            case Figures(items):
                yield from (text for item in items for text in item)
            case Picture():
                yield block.alternative


def text(made: Document) -> str:
    """All words of a document in a row."""
    return "\n".join(words(made.blocks))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_it_is_set_the_same_each_time_and_every_chart_has_words_and_table(
    kind: str, language: Language
) -> None:
    made = document(kind, language)
    pictures = [place for place, one in enumerate(made.blocks) if isinstance(one, Picture)]
    assert pictures
    for place in pictures:
        picture, after = made.blocks[place], made.blocks[place + 1]
        assert isinstance(picture, Picture) and isinstance(after, Table)
        assert len(picture.alternative) > 20 and after.rows
        assert "<dc:date>" not in picture.svg
    pdf = set_pdf(made)
    if language == "zh" and kind not in {"calibration", "groups"}:  # made of the same parts
        assert pdf == set_pdf(document.__wrapped__(kind, language))
    assert bare(made.title) in text_of(pdf)
    assert set_html(made).count("data:image/svg+xml;base64,") == len(pictures)


@pytest.mark.parametrize("kind", KINDS)
def test_a_chinese_report_is_chinese(kind: str) -> None:
    found = set(_LATIN.findall(text(document(kind, "zh"))))
    data = {"Drawn", "this", "test", "frequency", "book", "severity", "tail"}
    assert found - data - _ALLOWED == set()


@pytest.mark.parametrize("kind", KINDS)
def test_an_english_report_is_english(kind: str) -> None:
    found = set(re.findall(r"[\u4e00-\u9fff]+", text(document(kind, "en"))))
    assert found - {"来源甲", "来源乙", "整体"} == set()


def test_the_figures_are_those_of_the_fit() -> None:
    fit = study().document
    said = text(document("severity", "en"))
    best = fit["candidates"][fit["best"]]
    assert f"{best['loglik']:,.1f}".replace("-", "−") in said
    assert f"{fit['tail']['xi']:.2f}" in said
    assert f"{fit['n']:,}" in said
    assert "not a number" in said and "blank" in said
    held = sum(one.held for one in check().levels)
    assert f"At {held} of 3 levels" in said


def test_a_tail_without_a_mean_gives_no_unlimited_mean() -> None:
    assert study().document["tail"]["xi"] >= 1.0
    said = text(document("severity", "en"))
    assert "no unlimited mean is given" in said
    assert "only limited expected values may be priced" in said
    light = text(severity_fit_report([study(LIGHT)], issued_on=DAY, language="en"))
    assert study(LIGHT).document["tail"]["xi_interval"][1] < 1.0
    assert "no unlimited mean is given" not in light


def test_floors_of_their_own_are_said_and_drawn_by_the_product_limit() -> None:
    said = text(document("own", "en"))
    floored = own().floored
    assert floored is not None
    found = product_limit(*floored.arrays())
    assert found is not None
    assert "each row's own" in said and "up to 8,000" in said
    assert f"given a loss of at least {found.start:,.1f}" in said
    assert "not below the floor of nine rows in ten" in said
    assert "reached their limit" in said
    place = found.place(0.75)
    row = next(row for block in document("own", "en").blocks if isinstance(block, Table)
               for row in block.rows if row[0] == f"{found.amounts[place]:,.0f}")
    assert row[1] == f"{found.in_sight[place]:,}" and row[2] == f"{found.above[place]:.1%}"
    heads = [one.text for one in document("own", "en").blocks if isinstance(one, Heading)]
    assert not any("excess" in one or "Hill" in one for one in heads)
    assert "Limited mean of the sample" not in said


def test_too_few_rows_in_sight_are_said_and_not_drawn() -> None:
    given = own()
    assert given.floored is not None
    sizes = given.floored.column.values
    apart = replace(given.floored, floors=tuple(one * 0.999 for one in sizes))
    made = severity_fit_report([replace(given, floored=apart)], issued_on=DAY, language="en")
    assert "nothing is drawn" in text(made)
    heads = [one.text for one in made.blocks if isinstance(one, Heading)]
    assert "Losses against the laws" not in heads


def test_groups_of_counts_are_chapters_and_few_are_named() -> None:
    made = document("groups", "en")
    chapters = [one for one in made.blocks if isinstance(one, Heading) and one.level == 1]
    assert [(one.number, one.text) for one in chapters] == [("1", "A"), ("2", "B")]
    said = text(made)
    assert "nothing was fitted to them: — (4), C (1)." in said
    assert said.index("blank") < said.index("nothing was fitted") < said.index("Dispersion")
    assert "No row was screened" not in said


def test_limits_come_from_the_chosen_law() -> None:
    given = replace(study(), wanted=Wanted(500.0, None, (10_000.0, 50_000.0)))
    said = text(severity_fit_report([given], issued_on=DAY, language="en"))
    sample = float(np.minimum(losses(HEAVY), 50_000.0).mean())
    assert f"{sample:,.0f}" in said
    limits = usual_limits(losses(HEAVY), 500.0)
    assert list(limits) == sorted(limits) and 3 <= len(limits) <= 7
    assert limits[0] > 500.0


def test_groups_are_chapters_and_few_losses_are_said() -> None:
    column: Column[float] = Column((1.0, 2.0, 3.0), ("",) * 3, ())
    few = replace(study(), code="few", title_zh="少", title_en="Few", losses=column,
                  document=severity_report(column, Wanted()), out_of_time=None)
    made = severity_fit_report([study(), few], issued_on=DAY, language="en")
    chapters = [one for one in made.blocks if isinstance(one, Heading) and one.level == 1]
    assert [one.text for one in chapters] == ["Test data", "Few"]
    said = text(made)
    assert "3 losses are too few to fit: at least 10 are needed." in said
    assert "No check was made" in said
    assert set_pdf(made).startswith(b"%PDF")


def test_frequency_and_delay_say_what_stands_for_many() -> None:
    said = text(document("frequency", "en"))
    assert "fall into 2021-07" in said and "Negative binomial" in said
    said = text(document("delay", "en"))
    assert "began on 4 May 2020" in said and "CC0" in said
    assert "2020Q2" in said


def test_the_calibration_has_its_rows_and_every_study() -> None:
    said = text(document("calibration", "en"))
    assert "1 of 2 rows are design values (D)." in said
    assert "frequency.book" in said and "0.012 to 0.018" in said
    assert "2 series of losses, 1 of counts and 1 of delays" in said
    numbers = [one.number for one in document("calibration", "en").blocks
               if isinstance(one, Heading) and one.level == 1 and one.number]
    assert numbers == ["1", "2", "3", "4", "5"]


def test_every_warning_of_a_fit_has_words() -> None:
    source = "".join(Path(one.__file__).read_text("utf-8") for one in (report, row_wise))
    codes = set(re.findall(r'Warned\(\s*"(\w+)"', source))
    assert len(codes) >= 17 and "censored" in codes
    assert [one for one in codes if not has_phrase(f"fit_warning.{one}")] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_warnings_are_filled(language: Language) -> None:
    found: list[dict[str, Any]] = [
        *study().document["warning_codes"], *counts().document["warning_codes"],
        *delays().document["warning_codes"]]
    assert {one["code"] for one in found} >= {"screened", "mean_infinite", "one_period", "cluster"}
    for one in found:
        assert "{" not in warning_words(one, language)


def test_real_records_of_the_american_health_register(shared: Path) -> None:
    path = shared / "data/hhs_ocr/hhs_archive_2009-10_to_2024-04.csv.gz"
    column = read_amounts(path, "Individuals Affected", floor=500.0)
    wanted = Wanted(500.0)
    given = replace(study(), title_zh="美国卫生登记", title_en="HHS", losses=column, wanted=wanted,
                    document=severity_report(column, wanted), out_of_time=None)
    made = severity_fit_report([given], issued_on=DAY, language="zh",
                               licence="US Government work")
    said = text(made)
    assert "5,370" in said and "报告下限 500" in said and "只能使用有限期望值定价" in said
    assert set_pdf(made).startswith(b"%PDF")


@pytest.mark.parametrize("values", [
    [7.0] * 30, [1.0] * 40 + [2.0] * 40, [float(one) for one in range(1, 13)],
    [1e-5 * one for one in range(1, 61)], [1e15 + 1e13 * one for one in range(60)]])
@pytest.mark.parametrize("floored", [False, True])
def test_odd_losses_have_a_report_as_well(values: list[float], floored: bool) -> None:
    column = Column(tuple(values), ("",) * len(values), ())
    wanted = Wanted(min(values) if floored else None)
    odd = replace(study(), unit="", losses=column, wanted=wanted, out_of_time=None,
                  document=severity_report(column, wanted))
    said = set_html(severity_fit_report([odd], issued_on=DAY))
    assert "nan" not in re.sub(r"base64,[^\"]*", "", said)
