"""Table files of three kinds: what is read of them, and what is refused before it does harm."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from dinghai.experience import spreadsheets
from dinghai.experience.spreadsheets import text_of_cell
from dinghai.experience.table_bounds import LARGEST, TableBounds
from dinghai.experience.tabular import TableFile, read_table_file
from dinghai.foundation.errors import InputError


def read(
    folder: Path, content: bytes, name: str = "table", bounds: TableBounds = LARGEST
) -> TableFile:
    path = folder / name
    path.write_bytes(content)
    return read_table_file(path, bounds=bounds)


def workbook(*sheets: list[list[object]]) -> bytes:
    book = Workbook()
    for place, rows in enumerate(sheets):
        sheet = book.active if place == 0 else book.create_sheet()
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def replaced(raw: bytes, changes: Mapping[str, bytes]) -> bytes:
    """A workbook with some of its members' bytes exchanged (or added)."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as source, zipfile.ZipFile(
            out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, changes.get(name, source.read(name)))
        for name in changes.keys() - set(source.namelist()):
            target.writestr(name, changes[name])
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


def member(raw: bytes, name: str = SHEET) -> bytes:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return archive.read(name)


@pytest.mark.parametrize(("encoding", "note"), [
    ("utf-8", ()), ("utf-8-sig", ()), ("utf-16", ()), ("gb18030", ("read as GB18030",))])
def test_the_encodings_of_csv(tmp_path: Path, encoding: str, note: tuple[str, ...]) -> None:
    table = read(tmp_path, "赔案号,金额\n甲,１２\n".encode(encoding))
    assert table.header == ("赔案号", "金额")
    assert [row.cells for row in table.rows] == [("甲", "１２")]
    assert table.notes == note


@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_separators_and_lines(tmp_path: Path, separator: str) -> None:
    text = f'\na{separator}b\n1{separator}"x\ny"\n\n2{separator}z\n'
    for content in (text.encode(), gzip.compress(text.encode())):
        table = read(tmp_path, content)
        assert (table.header, table.header_line) == (("a", "b"), 2)
        assert [(row.line, row.cells) for row in table.rows] == [
            (3, ("1", "x\ny")), (6, ("2", "z"))]
        assert table.rows[0].at(5) == ""


def test_a_workbook(tmp_path: Path) -> None:
    raw = workbook([["day", "amount", "sum", "span"],
                    [date(2026, 3, 2), 0.1 + 0.2, "=1+1", timedelta(hours=72, minutes=5)],
                    [datetime(2026, 3, 2, 9, 30), 12.0, None, None],  # noqa: DTZ001
                    [], [True, "#REF!", "", 1e21]], [["other"]])
    table = read(tmp_path, raw)
    assert table.header == ("day", "amount", "sum", "span")
    assert [(row.line, row.cells) for row in table.rows] == [
        (2, ("2026-03-02", "0.3", "", "72:05:00")), (3, ("2026-03-02 09:30:00", "12")),
        (5, ("TRUE", "#REF!", "", "1.00000000000000E+21"))]
    assert table.first_serial == date(1899, 12, 30)
    assert "1 formulas were not evaluated" in table.notes[0]
    assert "no stored value" in table.notes[1]
    assert "only 'Sheet' was read" in table.notes[2]


def test_stored_values_of_formulas_are_read(tmp_path: Path) -> None:
    raw = workbook([["amount"], ["=40+2"]])
    stored = re.sub(rb"(<f>40\+2</f>)<v ?/?>(</v>)?", rb"\1<v>42</v>", member(raw))
    assert stored != member(raw)
    table = read(tmp_path, replaced(raw, {SHEET: stored}))
    assert table.rows[0].cells == ("42",)
    assert len(table.notes) == 1


def test_a_hidden_or_an_empty_sheet_is_passed_over(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["hidden"])
    book.active.sheet_state = "hidden"
    book.create_sheet("empty")
    book.create_sheet("data").append(["x"])
    out = io.BytesIO()
    book.save(out)
    assert read(tmp_path, out.getvalue()).header == ("x",)
    assert read(tmp_path, workbook([])).header == ()


def test_a_mac_workbook_counts_its_days_from_1904(tmp_path: Path) -> None:
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    book.active.append(["day"])
    book.active.append([date(2026, 3, 2)])
    out = io.BytesIO()
    book.save(out)
    table = read(tmp_path, out.getvalue())
    assert table.first_serial == date(1904, 1, 1)
    assert table.rows[0].cells == ("2026-03-02",)


def _hostile() -> dict[str, bytes]:
    raw = workbook([["a"], ["b"]])
    sheet = member(raw)
    entity = sheet.replace(b"<worksheet", b'<!DOCTYPE x [<!ENTITY e "boom">]><worksheet', 1)
    rels = member(raw, "xl/workbook.xml").replace(
        b"<workbook", b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><workbook", 1)
    padded = entity.replace(b"<!DOCTYPE", b"<!--" + b"x" * 1_048_570 + b"--><!DOCTYPE")
    return {
        "entity": replaced(raw, {SHEET: entity}),
        "external entity": replaced(raw, {"xl/workbook.xml": rels}),
        "a declaration across two reads": replaced(raw, {SHEET: padded}),
        "UTF-16": replaced(raw, {SHEET: sheet.decode().encode("utf-16")}),
        "row": replaced(raw, {SHEET: sheet.replace(b'<row r="2"', b'<row r="2000000000"')}),
        "column": replaced(raw, {SHEET: sheet.replace(b'r="A2"', b'r="XFD2"')}),
        "cell": replaced(raw, {SHEET: sheet.replace(b'r="A2"', b'r="??"')}),
        "no sheet": replaced(raw, {SHEET: b"<nothing"}),
        "no workbook": replaced(raw, {"xl/workbook.xml": b"no XML"}),
        "depth": replaced(raw, {SHEET: sheet.replace(
            b"<sheetData>", b"<sheetData>" + 60 * b"<x>" + 60 * b"</x>")}),
        "a row of markup": replaced(raw, {SHEET: sheet.replace(
            b'<row r="2">', b'<row r="2">' + 9_000 * b"<c/>")}),
        "cut off": raw[:-200],
        "only a mark": b"PK\3\4",
        "shared string": replaced(raw, {SHEET: re.sub(
            rb'<c r="A2".*?</c>', b'<c r="A2" t="s"><v>99</v></c>', sheet)}),
        "old Excel": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + 600 * b"\0",
    }


@pytest.mark.parametrize("name", list(_hostile()))
def test_hostile_workbooks_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, _hostile()[name])
    assert caught.value.fault.file is not None
    assert caught.value.fault.mend


def test_a_workbook_that_unpacks_to_too_much_is_refused_unread(tmp_path: Path) -> None:
    raw = replaced(workbook([["a"]]), {"xl/media/zeros.xml": 3_000_000 * b"0"})
    assert len(raw) < 50_000
    with pytest.raises(InputError, match="unpacks to more"):
        read(tmp_path, raw, bounds=replace(LARGEST, unpacked_bytes=1_000_000))


def test_markup_that_is_no_row_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many empty elements beside the rows are passed over in little memory; too many marks
    are refused before they are parsed."""
    import tracemalloc

    raw = workbook([["a"], ["b"]])
    many = member(raw).replace(b"<sheetData>", b"<sheetData>" + 300_000 * b"<x/>")
    tracemalloc.start()
    try:
        assert read(tmp_path, replaced(raw, {SHEET: many})).rows[0].cells == ("b",)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
    monkeypatch.setattr(spreadsheets, "_MOST_TAGS", {True: 1_000, False: 1_000})
    with pytest.raises(InputError, match="more markup"):
        read(tmp_path, replaced(raw, {SHEET: many}))


def parquet(columns: Mapping[str, object], **options: object) -> bytes:
    out = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), out, **options)
    return out.getvalue()


THREE_KINDS = {
    "csv": b"a,b\n1,2\n3,longer\n", "workbook": workbook([["a", "b"], [1, 2], [3, "longer"]]),
    "parquet": parquet({"a": [1, 3], "b": ["2", "longer"]})}


@pytest.mark.parametrize("kind", list(THREE_KINDS))
@pytest.mark.parametrize(("bound", "enough", "said"), [
    ("rows", 2, "rows"), ("columns", 2, "columns"), ("text", 6, "a cell has more characters"),
    ("file_bytes", 100_000, "larger")])
def test_every_kind_keeps_to_every_bound(
    tmp_path: Path, kind: str, bound: str, enough: int, said: str
) -> None:
    at = replace(LARGEST, **{bound: enough})
    assert len(read(tmp_path, THREE_KINDS[kind], bounds=at).rows) == 2
    below = 1 if bound != "text" else 5
    with pytest.raises(InputError, match=said) as caught:
        read(tmp_path, THREE_KINDS[kind], bounds=replace(LARGEST, **{bound: below}))
    assert caught.value.fault.mend


def test_too_many_cells_are_refused(tmp_path: Path) -> None:
    for content in THREE_KINDS.values():
        with pytest.raises(InputError, match="cells"):
            read(tmp_path, content, bounds=replace(LARGEST, cells=3))


def test_blank_cells_and_rows_beyond_a_sheet_are_no_part_of_it(tmp_path: Path) -> None:
    """Styled cells far to the right and below hold nothing."""
    book = Workbook()
    book.active.append(["a"])
    book.active.append([1])
    for place in ("ZZ1", "A5", "ZZ9"):
        book.active[place].number_format = "0.00"
    out = io.BytesIO()
    book.save(out)
    table = read(tmp_path, out.getvalue(), bounds=replace(LARGEST, rows=1, columns=1))
    assert (table.header, len(table.rows)) == (("a",), 1)


def test_one_long_text_in_many_rows_is_refused_before_each_has_its_own(tmp_path: Path) -> None:
    """A small file whose one text would be a gigabyte once every row has a copy."""
    import tracemalloc

    many = 200_000
    codes = pyarrow.array([0] * many, pyarrow.int32())
    long = parquet({"a": pyarrow.DictionaryArray.from_arrays(
        codes, pyarrow.array(["x" * 5_000]))}, store_schema=False)
    wide = parquet({"a": pyarrow.array([b"y" * 5_000] * many, pyarrow.binary(5_000))})
    shared = workbook([["a"], *[["z" * 5_000 + " "]] * 30_000])
    for content in (long, wide, shared):
        assert len(content) < 6_000_000
        tracemalloc.start()
        try:
            with pytest.raises(InputError, match="unpacks to more"):
                read(tmp_path, content, bounds=replace(LARGEST, unpacked_bytes=100_000_000))
            assert tracemalloc.get_traced_memory()[1] < 250_000_000
        finally:
            tracemalloc.stop()


def test_a_dictionary_of_short_texts_is_read(tmp_path: Path) -> None:
    column = pyarrow.array(["甲", None, "乙", "甲"] * 6_000).dictionary_encode()
    table = read(tmp_path, parquet({"a": column, "b": [1.0] * 24_000}))
    assert [row.cells for row in table.rows[:4]] == [
        ("甲", "1"), ("", "1"), ("乙", "1"), ("甲", "1")]
    assert [row.line for row in table.rows] == list(range(1, 24_001))


def test_a_column_of_lists_is_refused_where_it_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    path.write_bytes(parquet({"a": [["x"], []], "b": [1, 2]}))
    with pytest.raises(InputError, match="no plain values") as caught:
        read_table_file(path)
    assert caught.value.fault.field == "a"
    assert [row.at(1) for row in read_table_file(path, only=("b",)).rows] == ["1", "2"]


def test_a_name_that_says_another_kind_is_named(tmp_path: Path) -> None:
    for name, said in (("a.xlsx", "not an Excel"), ("a.Parquet", "not a Parquet")):
        with pytest.raises(InputError, match=said):
            read(tmp_path, b"a\n1\n", name)


def test_parquet(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pyarrow.parquet.write_table(pyarrow.table({
        "day": [date(2026, 3, 2), None], "amount": [0.1, 2.5], "count": [3, None],
        "text": ["甲", ""]}), path)
    table = read_table_file(path)
    assert table.header == ("day", "amount", "count", "text")
    assert [row.cells for row in table.rows] == [("2026-03-02", "0.1", "3", "甲"),
                                                 ("", "2.5", "", "")]
    for broken in (path.read_bytes()[:40], b"PAR1", b"PAR1" + 60 * b"x" + b"PAR1"):
        with pytest.raises(InputError, match="not a Parquet table"):
            read(tmp_path, broken)


def test_only_the_columns_asked_for_are_kept(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b,c\n1,2,3\n4,5,6\n", "utf-8")
    pyarrow.parquet.write_table(pyarrow.table({"a": [1, 4], "b": [2, 5], "c": [3, 6]}),
                                tmp_path / "t.parquet")
    bounds = replace(LARGEST, cells=4)
    for name in ("t.csv", "t.parquet"):
        table = read_table_file(tmp_path / name, only=("b", "c"), bounds=bounds)
        assert table.header == ("a", "b", "c")
        assert [row.cells for row in table.rows] == [("", "2", "3"), ("", "5", "6")]
        with pytest.raises(InputError, match="cells"):
            read_table_file(tmp_path / name, bounds=bounds)


@given(st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_bytes_of_any_kind_are_a_table_or_an_input_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    for mark in (b"", b"PAR1", b"PK\3\4", b"\x1f\x8b"):
        try:
            table = read(folder, mark + content)
        except InputError as error:
            assert error.fault.file
        else:
            assert isinstance(table, TableFile)


WORKBOOK = workbook([["a", "b"], [1, "x"], [date(2026, 1, 1), "=A2"]])
MEMBERS = sorted(name for name in zipfile.ZipFile(io.BytesIO(WORKBOOK)).namelist())


@given(st.sampled_from(MEMBERS), st.integers(0, 5_000), st.binary(min_size=0, max_size=12))
@settings(max_examples=150, deadline=None)
def test_a_workbook_with_any_bytes_exchanged_does_not_crash(
    tmp_path_factory: pytest.TempPathFactory, name: str, at: int, content: bytes
) -> None:
    old = member(WORKBOOK, name)
    at %= len(old)
    changed = replaced(WORKBOOK, {name: old[:at] + content + old[at + len(content):]})
    folder = tmp_path_factory.mktemp("books")
    try:
        assert isinstance(read(folder, changed), TableFile)
    except InputError as error:
        assert error.fault.mend


@given(st.floats(min_value=0, max_value=1e15, allow_nan=False))
def test_numbers_keep_fifteen_digits_and_have_no_exponent(number: float) -> None:
    text = text_of_cell(number)
    assert "e" not in text.lower()
    assert float(text) == pytest.approx(number, rel=1e-14, abs=1e-300)
