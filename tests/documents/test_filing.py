"""The rate filing pack: its figures are the study's, in both languages, with the same bytes."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from datetime import date
from functools import cache
from hashlib import sha256

import msgspec
import pytest
from openpyxl import load_workbook

from dinghai.documents.blocks import Picture, Table
from dinghai.documents.filing_changes import filing_changes
from dinghai.documents.filing_pack import CHANGES, MANIFEST, REPORT, TABLES, filing_pack
from dinghai.documents.filing_report import filing_report
from dinghai.documents.filing_tables import filing_sheets
from dinghai.documents.filing_words import marks_of, rating_field, rating_rows
from dinghai.documents.formats import plain_money
from dinghai.documents.phrases import LANGUAGES, Language, has_phrase
from dinghai.documents.source_words import source_table, source_words
from dinghai.documents.typesetting import set_pdf
from dinghai.foundation.errors import InputError
from dinghai.pricing.filing import FilingStudy, rating_changes, study_filing
from dinghai.pricing.rating import load_rating
from dinghai.pricing.reference_grid import load_grid
from dinghai.pricing.sensitivity import assumptions
from dinghai.wording.products import load_product
from tests.documents.making import bare, text_of
from tests.documents.test_fit_report import text

PRODUCT = "cyber-comprehensive-standard"
ON = date(2026, 3, 28)
_LATIN = re.compile(r"[A-Za-z]{4,}")


@cache
def study() -> FilingStudy:
    """A filing on a small grid against a rating with a lower load."""
    rating = load_rating(PRODUCT)
    old = msgspec.structs.replace(rating, version="2025.1", loads=msgspec.structs.replace(
        rating.loads, parameter=msgspec.structs.replace(rating.loads.parameter,
                                                        ppm_of_pure=150_000)))
    grid = msgspec.structs.replace(load_grid(), revenues_fen=(2_000_000_000, 50_000_000_000),
                                   indicators_shown=0)
    return study_filing(load_product(PRODUCT), ON, against=old, grid_table=grid)


@cache
def pack(language: Language) -> dict[str, bytes]:
    """The files of a filing."""
    return dict(filing_pack(study(), language=language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_manifest_names_every_file_by_its_hash(language: Language) -> None:
    files = pack(language)
    assert list(files) == [TABLES, REPORT, CHANGES, MANIFEST]
    manifest = json.loads(files[MANIFEST])
    assert [(one["name"], one["bytes"], one["sha256"]) for one in manifest["files"]] == [
        (name, len(files[name]), sha256(files[name]).hexdigest())
        for name in (TABLES, REPORT, CHANGES)]
    assert manifest["tables"]["sha256"] == study().tables.version
    assert manifest["rating"]["version"] == "2026.1"
    assert len(manifest["industries"]["sha256"]) == 64
    assert manifest["against"]["version"] == "2025.1"
    assert manifest["study_sha256"] == study().to_dict()["hash"]


def test_the_same_study_gives_the_same_bytes() -> None:
    assert dict(filing_pack(study(), language="zh")) == pack("zh")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sheets_hold_the_studys_figures_as_numbers(language: Language) -> None:
    book = load_workbook(io.BytesIO(pack(language)[TABLES]))
    sheets = filing_sheets(study(), language)
    assert book.sheetnames == [one.title for one in sheets]
    assert len(sheets) == 12
    premiums = book[sheets[-1].title]
    rows = list(premiums.iter_rows(min_row=4, values_only=True))
    assert len(rows) == len(study().grid)
    for row, one in zip(rows, study().grid, strict=True):
        assert row[0] == one.firm.industry
        assert round(row[9] * 100) == one.premium.gross
        assert row[10] == pytest.approx(one.loss_ratio_ppm / 1e6)
    mix = book[sheets[3].title]
    for row in list(mix.iter_rows(min_row=4, max_row=23, values_only=True)):
        assert sum(row[2:8]) == pytest.approx(1.0)
    for sheet in sheets[1:]:
        page = book[sheet.title]
        assert page.freeze_panes == "A4"
        head = [cell.value for cell in page[3]]
        place = head.index("来源" if language == "zh" else "Source")
        without = [row for row in page.iter_rows(min_row=4, values_only=True)
                   if not (row[place] and row[place + 1] in set("TAMD"))]
        assert without == [], sheet.title


def test_effects_have_their_intervals_and_factors() -> None:
    book = load_workbook(io.BytesIO(pack("en")[TABLES]))
    rows = list(book["Control effects"].iter_rows(min_row=4, values_only=True))
    effects = study().tables.effects
    assert len(rows) == len(effects) + 1
    for row, effect in zip(rows, effects, strict=False):
        assert (row[0], row[5], row[11], row[12]) == (
            effect.indicator, effect.strength, *effect.interval)
        assert row[6] >= 1.0 >= row[8]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_says_the_premiums_and_their_parts(language: Language) -> None:
    said = text_of(pack(language)[REPORT])
    for one in study().grid:
        assert plain_money(one.premium.gross) in said
    own = next(one for one in study().grid if one.firm.industry == "C")
    for part in ("pure", "risk", "catastrophe", "technical_net", "charged_net", "vat"):
        assert plain_money(getattr(own.premium, part)) in said
    made = filing_report(study(), language=language)
    pictures = [place for place, one in enumerate(made.blocks) if isinstance(one, Picture)]
    assert len(pictures) == 2
    assert all(isinstance(made.blocks[place + 1], Table) for place in pictures)


def test_layers_between_limits_are_priced() -> None:
    said = text(filing_report(study(), language="en"))
    steps = len({one.priced.limit_fen for one in study().limits})
    assert f"{2 * (steps - 1)} layers between neighbouring limits" in said
    assert "0 have a negative price" in said


def test_marks_are_counted_not_claimed() -> None:
    raw = {"a": {"source": "x", "confidence": "T", "interval": [1, 2]},
           "b": [{"confidence": "D"}, {"c": {"confidence": "D"}}]}
    assert (marks_of(raw).total, marks_of(raw).of("D"), marks_of(raw).intervals) == (3, 2, 1)
    said = text(filing_report(study(), language="en"))
    judged = sum(marks_of(one).of("D") for one in study().tables.raw.values())
    assert f"{judged + 4} (" in said  # and the four sections that rest on nothing else


def test_what_changed_and_the_first_filing() -> None:
    said = text(filing_changes(study(), language="en"))
    assert "loads.parameter.ppm_of_pure" in said and "15%" in said and "20%" in said
    assert "40 firms pay more, 0 less, 0 the same" in said
    first = filing_changes(replace(study(), against=None, changes=(), impacts=()), language="zh")
    assert "首次备案" in text(first)
    assert bare("首次备案") in text_of(set_pdf(first))
    same = filing_changes(replace(study(), changes=()), language="en")
    assert "The two ratings say the same." in text(same)
    assert set_pdf(same).startswith(b"%PDF")


def test_a_chinese_filing_is_chinese() -> None:
    """What Latin words are left are codes, names of reports and of files."""
    names = set(_LATIN.findall(
        "Coalition IRIS DBIR Zeller Scherer cyber comprehensive standard control effects frequency "
        "severity experience seed examples pilot average loads parameter pure version"))
    for made in (filing_report(study(), language="zh"), filing_changes(study(), language="zh")):
        assert set(_LATIN.findall(text(made))) - names - set(_LATIN.findall(
            study().tables.version)) == set()


def test_every_field_and_assumption_has_words() -> None:
    rating = load_rating(PRODUCT)
    for one in rating_rows(rating, "zh"):
        assert has_phrase(f"rating_table.{one.table}"), one.table
        assert re.search("[一-鿿]", one.label), one
    assert rating_field("loads.parameter.ppm_of_pure", "en") == (
        "Parameter load · of the pure premium")
    codes = {one.code for one in assumptions(study().tables, load_grid())}
    assert [one for one in codes if not has_phrase(f"filing_assumption.{one}")] == []
    other = msgspec.structs.replace(rating, id="x", name_zh="乙")
    assert all(has_phrase(f"rating_field.{one.field}") for one in rating_changes(rating, other))


def test_sources_of_the_rating_are_known_in_chinese_and_others_stand() -> None:
    for one in rating_rows(load_rating(PRODUCT), "zh"):
        assert one.source in source_table(), one.source
    assert source_words("Nobody knows", "zh") == "Nobody knows"
    assert source_words("Design values", "zh") == "设计取值"
    assert source_words("Design values", "en") == "Design values"


def test_without_fonts_nothing_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    from dinghai.documents import typesetting

    typesetting._fonts.cache_clear()
    monkeypatch.setattr(typesetting, "FONT_FILES", ("Missing.ttf",))
    with pytest.raises(InputError, match="make setup"):
        filing_pack(study(), language="zh")
    typesetting._fonts.cache_clear()
