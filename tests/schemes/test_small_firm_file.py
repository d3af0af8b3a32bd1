"""Small firms' files: what is read, what is refused and where, and that nothing makes it crash."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dinghai.foundation.errors import InputError
from dinghai.schemes.small_firm_cells import read_answer, read_domains, read_seconds
from dinghai.schemes.small_firm_file import firms_of_bytes, read_firms
from dinghai.schemes.small_firm_plans import shipped_plans
from dinghai.vocabulary.indicators import light_indicators
from tests.schemes.small_firms import ON, as_csv, firm, read, row
from tools.example_small_firms import FOLDER, contents


def test_a_row_is_read() -> None:
    found = firm(**{"revenue": "456.5万", "GOV-01": "部分", "GOV-02": "", "IAM-01": "３",
                    "minutes": "14.5", "consent": "是", "consent_on": "2026/4/1",
                    "domain": "A.Example；192.0.2.7", "plan": "安心版"})
    assert found.revenue_fen == 456_500_000
    assert [found.answers[one] for one in ("GOV-01", "GOV-02", "IAM-01", "IAM-02")] == [
        2, None, 3, 4]
    assert (found.answering_seconds, found.consent_on) == (870, date(2026, 4, 1))
    assert found.domains == ("a.example", "192.0.2.7")
    assert found.plan == "essential"
    assert set(found.answers) == set(light_indicators())


def test_an_empty_plan_is_the_tables_own_and_an_empty_consent_is_none() -> None:
    found = firm(plan="", consent="", minutes="")
    assert (found.plan, found.consent, found.answering_seconds) == ("plus", None, None)


@pytest.mark.parametrize(("column", "text", "words"), [
    ("credit_code", "91320500XX000001XX", "social credit code"),
    ("name", " ", "empty"), ("industry", "Z", "section"), ("revenue", "2000", "no unit"),
    ("revenue", "0", "above zero"), ("revenue", "-5万", "below zero"),
    ("employees", "0", "has people"), ("employees", "2.5", "whole number"),
    ("domain", "not a domain!", "domain name"), ("domain", "300.1.1.1", "no address"),
    ("consent", "maybe", "neither yes nor no"), ("consent_on", "2026-05-01", "lies after"),
    ("plan", "gold", "none of the plans"), ("minutes", "-1", "ten hours"),
    ("minutes", "1e9", "minutes"), ("GOV-01", "5", "no answer"), ("GOV-01", "x" * 5000, "more"),
    ("answered_on", "2026-04-21", "lies after"), ("answered_on", "31.2.2026", "calendar"),
])
def test_a_faulty_cell_names_line_column_and_mend(column: str, text: str, words: str) -> None:
    found = read(row(1), row(2, **{column: text}), row(3))
    assert [one.line for one in found.firms] == [2, 4]
    (fault,) = found.rejected
    assert (fault.file, fault.line, fault.field) == ("firms.csv", 3, column)
    assert words in fault.message
    assert fault.mend


def test_all_faults_of_all_rows_are_told() -> None:
    found = read(row(1, name="", revenue="x"), row(2, **{"GOV-01": "often"}), row(3))
    assert [(one.line, one.field) for one in found.rejected] == [
        (2, "revenue"), (2, "name"), (3, "GOV-01")]
    assert (found.rows, found.rejected_rows) == (3, 2)


def test_consent_needs_a_day_and_something_to_probe() -> None:
    found = read(row(1, consent="yes", domain=""))
    assert {one.field for one in found.rejected} == {"consent_on", "domain"}


def test_a_code_stands_once_and_the_second_row_names_the_first() -> None:
    found = read(row(1), row(2), row(1, name="别名"))
    assert len(found.firms) == 2
    assert "line 2" in found.rejected[0].message
    assert found.rejected[0].line == 4


def test_missing_and_doubled_columns_are_all_named() -> None:
    cells = row(1)
    del cells["revenue"], cells["IAM-01"]
    with pytest.raises(InputError) as caught:
        read({**cells, "名称": "又一个"})
    assert {one.field for one in caught.value.faults} == {"revenue", "IAM-01", "name"}
    with pytest.raises(InputError, match="no firm stands"):
        firms_of_bytes(as_csv(row(1)).splitlines()[0].encode(), "f.csv", shipped_plans(), on=ON)


def test_chinese_headings_units_and_encodings() -> None:
    text = as_csv(row(1, revenue="2000")).replace("revenue", "营业收入（万元）", 1)
    text = text.replace("credit_code", "统一社会信用代码", 1).replace("name", "企业名称", 1)
    text = text.replace("GOV-01", "GOV-01 网络安全责任制", 1)
    for encoding in ("utf-8", "utf-8-sig", "gb18030", "utf-16"):
        found = firms_of_bytes(text.encode(encoding), "f.csv", shipped_plans(), on=ON)
        assert [one.revenue_fen for one in found.firms] == [2_000_000_000]


def test_excel_and_parquet_read_alike(tmp_path: Path) -> None:
    import openpyxl
    import pyarrow
    import pyarrow.parquet

    cells = row(1)
    book = openpyxl.Workbook()
    book.active.append(list(cells))
    book.active.append([date(2026, 4, 18) if name == "answered_on" else one
                        for name, one in cells.items()])
    book.save(tmp_path / "firms.xlsx")
    pyarrow.parquet.write_table(pyarrow.table({name: [one] for name, one in cells.items()}),
                                tmp_path / "firms.parquet")
    for name in ("firms.xlsx", "firms.parquet"):
        found = read_firms(tmp_path / name, shipped_plans(), on=ON)
        assert found.rejected == ()
        assert found.firms[0].answers == firm().answers
        assert found.firms[0].answered_on == date(2026, 4, 18)


def test_without_a_day_of_answers_a_note_says_what_is_taken() -> None:
    cells = row(1)
    del cells["answered_on"]
    found = read({**cells, "备注": "x"})
    assert found.firms[0].answered_on == ON
    assert len(found.notes) == 2


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([*row(1)]), st.text(max_size=40))
def test_no_cell_makes_the_reader_crash(column: str, text: str) -> None:
    """A hostile cell makes one row fail at most, and never the rows beside it."""
    found = read(row(1), row(2, **{column: text.replace("\x00", "")}), row(3))
    assert found.rows in (3, 2)
    assert {1, 3} <= {int(one.credit_code[10:16]) for one in found.firms}
    assert all(one.mend and one.file and (one.line or 0) > 1 for one in found.rejected)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_crash(raw: bytes) -> None:
    try:
        firms_of_bytes(raw, "f.csv", shipped_plans(), on=ON)
    except InputError as error:
        assert error.faults[0].mend


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=30))
def test_cells_are_values_or_faults(text: str) -> None:
    from dinghai.experience.own_values import CellFault

    for reader in (read_answer, read_domains, read_seconds):
        try:
            reader(text)
        except CellFault as fault:
            assert fault.mend


def test_the_example_is_what_its_script_writes() -> None:
    for name, text in contents().items():
        assert (FOLDER / name).read_text("utf-8") == text, "run python -m tools.example_small_firms"
    assert read_firms(FOLDER / "firms.csv", shipped_plans(), on=ON).rejected == ()
    assert io.StringIO((FOLDER / "firms.csv").read_text("utf-8")).read().count("\n") == 301
