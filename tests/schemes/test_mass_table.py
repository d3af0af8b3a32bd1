"""Tables of any kind, encoding and state: rows, or faults that name their lines, never a crash."""

from __future__ import annotations

import gzip
import hashlib
import io
import tracemalloc
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dinghai.experience.table_bounds import TableBounds
from dinghai.foundation.errors import Fault, InputError
from dinghai.schemes.mass_table import LONGEST_LINE, MASS, MassTable, open_mass_table

TEXT = "姓名,手机号\n王小明,13800000001\n李雷,13800000002\n"
ROWS = [(2, ("王小明", "13800000001")), (3, ("李雷", "13800000002"))]
Found = tuple[list[tuple[int, tuple[str, ...]]], list[Fault]]


def read(path: Path, content: bytes | None = None, rows: int = 20_000) -> Found:
    if content is not None:
        path.write_bytes(content)
    found: list[tuple[int, tuple[str, ...]]] = []
    faults: list[Fault] = []
    table = open_mass_table(path)
    for part in table.batches(rows):
        found += zip(part.line, map(tuple, part.cells), strict=True)
        faults += part.faults
        assert all(len(one) == len(table.header) for one in part.cells)
    for one in faults:
        assert one.file == path.name and one.line and one.mend and one.message
    return found, faults


def lines(faults: Sequence[Fault]) -> list[int | None]:
    return [one.line for one in faults]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_encodings_line_ends_and_separators(
    tmp_path: Path, encoding: str, ending: str, separator: str
) -> None:
    text = TEXT.replace("\n", ending).replace(",", separator)
    for whole in (text, text.removesuffix(ending)):
        assert read(tmp_path / "list.csv", whole.encode(encoding)) == (ROWS, [])
    table = open_mass_table(tmp_path / "list.csv")
    assert (table.encoding, table.separator, table.kind, table.header_line) == (
        encoding, separator, "text", 1)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_both_orders_of_utf_16_with_a_mark(tmp_path: Path, encoding: str) -> None:
    assert read(tmp_path / "list.csv", ("\ufeff" + TEXT).encode(encoding)) == (ROWS, [])
    with pytest.raises(InputError, match="cannot be read") as found:
        read(tmp_path / "list.csv", ("name,mobile\n" + TEXT).encode(encoding))
    assert found.value.fault.line == 1 and "UTF-8" in (found.value.fault.mend or "")


def test_lines_with_corrupt_bytes_are_named_and_the_others_kept(tmp_path: Path) -> None:
    whole = [f"王小明{place},{13800000000 + place}".encode() for place in range(2, 200)]
    whole[5] = whole[5][:1] + whole[5][2:]
    whole[100] += b"\xff"
    content = b"\n".join(["姓名,手机号".encode(), *whole])
    found, faults = read(tmp_path / "list.csv", content)
    assert lines(faults) == [7, 102]
    assert [line for line, _ in found] == [one for one in range(2, 200) if one not in (7, 102)]
    assert found[0] == (2, ("王小明2", "13800000002"))


def test_a_corrupt_line_of_gb18030_is_named_too(tmp_path: Path) -> None:
    content = TEXT.encode("gb18030") + b"\xff\xff\xff,1\n" + "赵敏,3\n".encode("gb18030")
    found, faults = read(tmp_path / "list.csv", content)
    assert found == [*ROWS, (5, ("赵敏", "3"))]
    assert lines(faults) == [4]


def test_nuls_quotes_short_long_and_blank_lines(tmp_path: Path) -> None:
    text = ("\n,\n姓名,手机号\n王小明,1\n\nA\0B,2\n \t,\n"
            '"李,雷",3\n"赵,4\n孙,5\n"钱""",6\n周\n吴,7,8\n郑,9,,\n"",""\n冯,10\n"陈"x,11\n')
    found, faults = read(tmp_path / "list.csv", text.encode())
    assert found == [(4, ("王小明", "1")), (8, ("李,雷", "3")), (10, ("孙", "5")),
                     (11, ('钱"', "6")), (12, ("周", "")), (14, ("郑", "9")), (16, ("冯", "10"))]
    assert [(one.line, one.message) for one in faults] == [
        (6, "the line has characters that cannot be read"),
        (9, "the line is not CSV: unexpected end of data"),
        (13, "the row has 3 cells, the header 2"),
        (17, "the line is not CSV: ',' expected after '\"'")]
    assert open_mass_table(tmp_path / "list.csv").header_line == 3


def test_a_million_characters_spoil_one_line_alone(tmp_path: Path) -> None:
    long = "王" * 1_000_000
    for encoding in ("utf-8", "gb18030", "utf-16"):
        content = f"{TEXT}{long},1\n赵,2\n\"{long}\",3\n孙,4\n{long}".encode(encoding)
        found, faults = read(tmp_path / "list.csv", content)
        assert found == [*ROWS, (5, ("赵", "2")), (7, ("孙", "4"))]
        assert lines(faults) == [4, 6, 8]
        assert all(str(LONGEST_LINE) in one.message for one in faults)


def test_the_longest_line_is_read(tmp_path: Path) -> None:
    cell = "a" * (LONGEST_LINE - len("x,\n"))
    found, faults = read(tmp_path / "list.csv", f"姓名,手机号\nx,{cell}\nx,{cell}a\ny,2\n".encode())
    assert [(line, len(cells[1])) for line, cells in found] == [(2, len(cell)), (4, 1)]
    assert lines(faults) == [3]


def test_one_endless_line_is_no_table_and_never_held(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(b"\xd5" * 40_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="no header"):
            open_mass_table(path)
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()


def test_lines_of_old_spreadsheets_are_looked_through_too(tmp_path: Path) -> None:
    """Lines that end in a carriage return alone are lines where the encoding is looked for."""
    path = tmp_path / "list.csv"
    path.write_bytes(("姓名,手机号\r" + "王小明,13800000001\r" * 20_000).encode("gb18030"))
    assert path.stat().st_size > 5 * LONGEST_LINE
    assert open_mass_table(path).encoding == "gb18030"


@pytest.mark.parametrize("content", [b"name,mobile\n", b"name\n\xff\n"])
def test_where_neither_encoding_is_better_it_is_utf_8(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    assert open_mass_table(path).encoding == "utf-8"


@pytest.mark.parametrize(("content", "message"), [
    (b"", "no header"), (b"\n \n,,\n", "no header"), (b"\xef\xbb\xbf", "no header"),
    (gzip.compress(TEXT.encode(), mtime=0), "packed"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "old or a protected"),
    (b"PK\3\4" + bytes(100), "workbook"), (b"PAR1" + bytes(100) + b"PAR1", "Parquet"),
    (b"PAR1", "Parquet"), (",".join(map(str, range(201))).encode(), "columns")])
def test_files_that_are_no_list(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message) as found:
        read(tmp_path / "list.csv", content)
    assert found.value.fault.mend and found.value.fault.file


def test_folders_absent_and_too_large_files(tmp_path: Path) -> None:
    for path, message in ((tmp_path, "folder"), (tmp_path / "none.csv", "no such file")):
        with pytest.raises(InputError, match=message):
            open_mass_table(path)
    (tmp_path / "list.csv").write_text(TEXT, "utf-8")
    with pytest.raises(InputError, match="larger"):
        open_mass_table(tmp_path / "list.csv", bounds=TableBounds(
            10, 10, 10, 10, 10, 10))


def workbook(rows: Sequence[Sequence[object]]) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    for place, one in enumerate(rows, start=1):
        for column, cell in enumerate(one, start=1):
            book.active.cell(place, column, cell)  # type: ignore[arg-type]
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def test_a_workbook(tmp_path: Path) -> None:
    """Days become ISO, numbers lose no digit, and one that has lost some shows it."""
    content = workbook([
        (None,), ("姓名", "证件", "日"), ("王明", 13800000001, date(2026, 3, 2)), (None, None),
        ("李雷", "11010519491231002X", datetime(2026, 3, 2, 10, 30)),  # noqa: DTZ001
        ("赵敏", 110105194912310000.0 + 2e3, 46083), ("孙", None, None, "note")])
    found, faults = read(tmp_path / "list.xlsx", content)
    assert found == [
        (3, ("王明", "13800000001", "2026-03-02")),
        (5, ("李雷", "11010519491231002X", "2026-03-02 10:30:00")),
        (6, ("赵敏", "1.10105194912312E+17", "46083")), (7, ("孙", "", ""))]
    assert faults == []
    assert (tmp_path / "list.xlsx").rename(tmp_path / "list.csv")
    assert open_mass_table(tmp_path / "list.csv").kind == "excel"
    assert read(tmp_path / "list.csv", rows=1)[0] == found


def parquet(path: Path, **columns: object) -> None:
    pyarrow.parquet.write_table(pyarrow.table(columns), path)


def test_parquet_with_typed_columns(tmp_path: Path) -> None:
    path = tmp_path / "list.parquet"
    parquet(path, a=["王明", None, " ", "x" * 1_000_000], b=[13800000001, None, None, 5],
            c=[date(2026, 3, 2), None, None, None], d=[True, None, None, False],
            e=[1.1010519491231e17, None, None, 2.5],
            f=pyarrow.array(["x", None, None, "y"]).dictionary_encode(),
            g=pyarrow.array([b"\xff", None, None, b"z"]))
    found, faults = read(path)
    assert found[0] == (1, ("王明", "13800000001", "2026-03-02", "TRUE", "1.1010519491231e+17", "x",
                            "\ufffd"))
    assert found[1][0] == 4 and len(found[1][1][0]) == 1_000_000
    assert len(found) == 2 and faults == []
    assert read(path, rows=1)[0] == found


def test_one_text_of_many_rows_does_not_fill_the_memory(tmp_path: Path) -> None:
    """A small file may say the same million characters in every row: few rows are read at once."""
    path = tmp_path / "list.parquet"
    parquet(path, a=pyarrow.DictionaryArray.from_arrays(
        pyarrow.array([0, 1] * 100, pyarrow.int32()), pyarrow.array(["x", "王" * 300_000])))
    assert path.stat().st_size < 100_000
    parts = list(open_mass_table(path).batches())
    assert max(len(one.line) for one in parts) < 80
    assert [one for part in parts for one in part.line] == list(range(1, 201))
    parquet(path, a=["x", "y"] * 100)
    assert len(list(open_mass_table(path).batches())) == 1


def test_parquet_that_holds_no_plain_values_or_breaks_off(tmp_path: Path) -> None:
    path = tmp_path / "list.parquet"
    parquet(path, a=[[1, 2], [3]])
    with pytest.raises(InputError, match="lists or records") as found:
        read(path)
    assert found.value.fault.field == "a"
    parquet(path, a=[f"{one}" for one in range(5_000)])
    whole = path.read_bytes()
    with pytest.raises(InputError, match=r"breaks off|not a Parquet"):
        read(path, whole[:100] + bytes(2_000) + whole[2_100:])
    parquet(path, **{f"c{one}": [1] for one in range(MASS.columns + 1)})
    with pytest.raises(InputError, match="columns"):
        read(path)


PIECES = st.sampled_from((
    "姓名,手机号\n", "王,1\n", '"', ",", "\n", "\r", "\0", "\ufffd", ";", "\t", "甲,乙,丙\n",
    "x" * 70_000, "a,b\n", " \n", '"a,b"\n', "\u2028", "\x0b", "\x1c", "\ufeff"))


@given(pieces=st.lists(PIECES, max_size=12), rows=st.integers(1, 4))
@example(pieces=["姓名,手机号\n", "x" * 70_000, "\u2028", "\n", "王,1\n"], rows=1)
@settings(max_examples=150, deadline=None, suppress_health_check=[
    HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_text_gives_rows_and_faults_of_its_lines_or_an_error(
    tmp_path: Path, pieces: list[str], rows: int
) -> None:
    """A row or a fault for every line at most, in their order, however many are read at once."""
    content = "".join(pieces).encode()
    try:
        found, faults = read(tmp_path / "list.csv", content)
    except InputError as error:
        assert error.fault.mend
        return
    all_lines = [line for line, _ in found] + [one.line for one in faults if one.line]
    assert len(all_lines) == len(set(all_lines))
    assert [line for line, _ in found] == sorted(line for line, _ in found)
    assert max(all_lines, default=0) <= content.count(b"\n") + content.count(b"\r") + 1
    assert read(tmp_path / "list.csv", rows=rows) == (found, faults)


@given(content=st.binary(max_size=400) | st.binary(max_size=60).map(TEXT.encode().__add__))
@settings(max_examples=200, deadline=None, suppress_health_check=[
    HealthCheck.function_scoped_fixture])
def test_any_bytes_are_a_table_or_an_error(tmp_path: Path, content: bytes) -> None:
    try:
        read(tmp_path / "list.csv", content)
    except InputError as error:
        assert error.fault.mend and error.fault.file


@given(at=st.integers(0, 100_000), content=st.binary(min_size=1, max_size=20))
@settings(max_examples=80, deadline=None, suppress_health_check=[
    HealthCheck.function_scoped_fixture])
def test_parquet_with_any_bytes_exchanged_is_a_table_or_an_error(
    tmp_path: Path, at: int, content: bytes
) -> None:
    path = tmp_path / "list.parquet"
    parquet(path, a=["王明", "李雷"] * 20, b=list(range(40)))
    old = path.read_bytes()
    at %= len(old)
    try:
        read(path, old[:at] + content + old[at + len(content):])
    except InputError as error:
        assert error.fault.mend and error.fault.file


def test_the_hash_is_the_file_s(tmp_path: Path) -> None:
    for name, content in (("list.csv", TEXT.encode()), ("list.xlsx", workbook([("a",), ("b",)]))):
        (tmp_path / name).write_bytes(content)
        table: MassTable = open_mass_table(tmp_path / name)
        assert table.sha256 == hashlib.sha256(content).hexdigest()
