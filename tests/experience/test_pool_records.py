"""Records of the pool: what is read, what is rejected and why, and the firm's pseudonym."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime

import openpyxl
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dinghai.experience import pool_records
from dinghai.experience.pool_credits import earned
from dinghai.experience.pool_records import (
    COLUMNS,
    check_character,
    pseudonym,
    read_contribution,
    rejected_rows,
    template,
)
from dinghai.experience.pool_rules import pool_rules
from dinghai.foundation.errors import InputError
from tests.experience.pooling import credit_code, record

UNTIL = date(2026, 12, 1)
FIRM = credit_code(1)
GOOD = ["event", FIRM, "2026-03-15", "C", "101-1000", "ransomware", "125000000", "0", "72", ""]


def csv_of(*rows: list[str]) -> bytes:
    return "\n".join(",".join(row) for row in [list(COLUMNS), *rows]).encode()


def test_the_template_is_accepted_as_it_is() -> None:
    found = read_contribution(template().encode(), "t.csv", until=UNTIL)
    assert (found.rows, rejected_rows(found), len(found.records)) == (2, 0, 2)
    event, cover = found.records
    assert (event.kind, event.amount_fen, event.role) == ("event", 125_000_000, "supplier")
    assert (cover.kind, cover.peril, cover.amount_fen) == ("cover", "", None)


def test_three_formats_are_the_same_records() -> None:
    rows = [GOOD, ["cover", FIRM, "2025-06-01", "C", "101-1000", "", "", "", "", ""]]
    book = openpyxl.Workbook()
    book.active.append(list(COLUMNS))
    day = datetime(2026, 3, 15, tzinfo=UTC).replace(tzinfo=None)
    book.active.append([*GOOD[:2], day, *GOOD[3:6], 125_000_000, 0, 72.0, None])
    book.active.append([*rows[1][:2], date(2025, 6, 1), *rows[1][3:5]])
    excel, parquet = io.BytesIO(), io.BytesIO()
    book.save(excel)
    table = pyarrow.table({
        name: [date.fromisoformat(row[at]) if name == "day" else row[at] or None for row in rows]
        for at, name in enumerate(COLUMNS)})
    pyarrow.parquet.write_table(table, parquet)
    found = [read_contribution(content, name, until=UNTIL) for content, name in (
        (csv_of(*rows), "a.csv"), (excel.getvalue(), "a.xlsx"), (parquet.getvalue(), "a.PARQUET"))]
    assert [one.rejected for one in found] == [()] * 3
    assert found[0].records == found[1].records == found[2].records
    assert found[0].records[1].day == date(2025, 1, 1), "a cover says its year and no more"


@pytest.mark.parametrize(("column", "text", "said"), [
    ("kind", "claim", "not one of"), ("kind", "", "blank"),
    ("firm", "Donghai", "not a unified social credit code"),
    ("firm", FIRM[:17] + ("0" if FIRM[17] != "0" else "1"), "not a unified social credit code"),
    ("day", "15/03/2026", "no day"), ("day", "2026-02-30", "no day"),
    ("day", "2026-12-02", "out of bounds"), ("day", "1999-12-31", "out of bounds"),
    ("section", "Z", "not one of"), ("size_band", "99", "not one of"),
    ("peril", "flood", "not one of"), ("peril", "", "without a peril"),
    ("amount_fen", "12.5", "whole number"), ("amount_fen", "-1", "whole number"),
    ("amount_fen", "９", "whole number"),
    ("records", "99999999999", "whole number"), ("duration_hours", "1e3", "whole number"),
    ("role", "victim", "not one of"),
])
def test_a_bad_cell_names_line_field_and_mend(column: str, text: str, said: str) -> None:
    row = list(GOOD)
    row[COLUMNS.index(column)] = text
    found = read_contribution(csv_of(GOOD, row), "a.csv", until=UNTIL)
    assert len(found.records) == 1
    fault = found.rejected[0]
    assert (fault.file, fault.line, fault.field) == ("a.csv", 3, column)
    assert said in fault.message
    assert fault.mend


def test_every_fault_of_every_row_is_listed() -> None:
    bad = ["event", "x", "y", "z", "w", "", "v", "", "", ""]
    cover = ["cover", FIRM, "2026-01-01", "C", "1-10", "ransomware", "5", "", "", "supplier"]
    found = read_contribution(csv_of(bad, GOOD, cover, GOOD), "a.csv", until=UNTIL)
    assert [one.field for one in found.rejected] == [
        "firm", "day", "section", "size_band", "amount_fen", "peril",
        "peril", "amount_fen", "role", None]
    assert "the same row as line: 3" in found.rejected[-1].message
    assert (found.rows, rejected_rows(found), found.lines) == (4, 3, (3,))


@pytest.mark.parametrize(("content", "name", "said"), [
    (b"", "a.csv", "empty"), (b"x,y\n", "a.csv", "no column 'x'"),
    (b"kind,kind\n", "a.csv", "stands twice"), (b"\xff\xff", "a.csv", "UTF-8"),
    (b'kind\n"a', "a.csv", "not CSV"), (b"kind\nevent,x\n", "a.csv", "more cells"),
    (b"PK", "a.xlsx", "not an Excel"), (b"PAR1", "a.parquet", "not a Parquet"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.xls", "old or a protected"),
])
def test_a_file_that_is_none_is_refused(content: bytes, name: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        read_contribution(content, name, until=UNTIL)
    assert caught.value.fault.file == name
    assert caught.value.fault.mend


def test_size_and_rows_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    bounds = pool_records.BOUNDS
    monkeypatch.setattr(pool_records, "BOUNDS", replace(bounds, rows=2))
    with pytest.raises(InputError, match=r"more rows.* 2, "):
        read_contribution(csv_of(GOOD, GOOD, GOOD), "a.csv", until=UNTIL)
    monkeypatch.setattr(pool_records, "BOUNDS", replace(bounds, file_bytes=10))
    with pytest.raises(InputError, match="larger"):
        read_contribution(csv_of(GOOD), "a.csv", until=UNTIL)


def test_one_long_text_in_every_row_is_refused_before_it_is_copied() -> None:
    codes = pyarrow.array([0] * 20_000, pyarrow.int32())
    column = pyarrow.DictionaryArray.from_arrays(codes, pyarrow.array(["x" * 500_000]))
    parquet = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({"kind": column}), parquet, store_schema=False)
    assert len(parquet.getvalue()) < 1_000_000
    book = openpyxl.Workbook()
    book.active.append(["kind"])
    book.active.append(["y" * 30_000])
    excel = io.BytesIO()
    book.save(excel)
    text = b"kind\n" + b"z" * 1_000
    for content, name in ((parquet.getvalue(), "a.parquet"), (excel.getvalue(), "a.xlsx"),
                          (text, "a.csv")):
        with pytest.raises(InputError, match="more characters than: 200"):
            read_contribution(content, name, until=UNTIL)


def test_a_sheet_that_says_it_is_huge_is_read_as_it_is() -> None:
    book = openpyxl.Workbook()
    book.active.append(list(COLUMNS))
    book.active.append(GOOD)
    made = io.BytesIO()
    book.save(made)
    huge = io.BytesIO()
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(huge, "w") as target:
        for part in source.infolist():
            data = source.read(part)
            if part.filename.endswith("sheet1.xml"):
                assert b'ref="A1:J2"' in data
                data = data.replace(b'ref="A1:J2"', b'ref="A1:XFD1048576"')
            target.writestr(part, data)
    found = read_contribution(huge.getvalue(), "a.xlsx", until=UNTIL)
    assert (found.rows, len(found.records)) == (1, 1)


def test_nested_parquet_is_refused() -> None:
    made = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({"kind": [["event"]]}), made)
    with pytest.raises(InputError, match="no plain values"):
        read_contribution(made.getvalue(), "a.parquet", until=UNTIL)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["a.csv", "a.xlsx", "a.parquet"]))
def test_no_bytes_make_the_reader_crash(content: bytes, name: str) -> None:
    try:
        read_contribution(content, name, until=UNTIL)
    except InputError as error:
        assert error.fault.mend


def test_the_pseudonym_is_the_firms_under_one_key_and_nobodys_without() -> None:
    one, other = b"k" * 32, b"l" * 32
    assert pseudonym(FIRM, one) == pseudonym(FIRM, one) != pseudonym(FIRM, other)
    assert pseudonym(credit_code(2), one) != pseudonym(FIRM, one)
    with pytest.raises(ValueError, match="32 bytes"):
        pseudonym(FIRM, b"short")
    found = read_contribution(csv_of(GOOD), "a.csv", until=UNTIL).with_pseudonyms(one)
    assert found.records[0].firm == pseudonym(FIRM, one)
    assert FIRM not in str(found)


def test_the_check_character_is_that_of_the_standard() -> None:
    """Two published codes (GB 32100-2015 and the register)."""
    for code in ("91350100M000100Y43", "91110000710926094P"):
        assert check_character(code) == code[17]


def test_credits_follow_the_weights() -> None:
    rules = pool_rules().credits
    full, bare = record("a"), record("b", amount_fen=None, records=None, duration_hours=None,
                                     day=date(2020, 1, 1))
    cover = record("c", kind="cover", peril="", amount_fen=None, records=None,
                   duration_hours=None)
    common = [("ransomware", "C")] * rules.rare_events
    got = earned([full, bare, cover], common, 2026, rules)
    assert got.to_dict() == {"records": 2 * rules.event + rules.cover,
                             "complete": 3 * rules.known_measure, "recent": rules.recent,
                             "rare": 0, "total": 2 * rules.event + rules.cover
                             + 3 * rules.known_measure + rules.recent}
    assert earned([bare], common[1:], 2026, rules).rare == rules.rare
    assert earned([bare, bare], common[1:], 2026, rules).rare == rules.rare
    capped = earned([full] * 2_000, [], 2026, rules)
    assert capped.total == rules.most_of_a_batch < capped.records + capped.complete
