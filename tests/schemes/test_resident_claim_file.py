"""The claims file: any table, any spelling; rows at fault are rejected with line and mend."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dinghai.experience.tabular import Row, TableFile, table_of
from dinghai.foundation.errors import InputError
from dinghai.schemes.resident_claim_file import claims_of, read_claims_file
from dinghai.schemes.resident_claim_tables import claim_columns
from dinghai.vocabulary.facts import UNKNOWN, fact
from tests.schemes.resident_claim_making import A40, read, table

DOCS = Path(__file__).parents[2] / "docs"


def text_of(rows: list[dict[str, str]]) -> str:
    """The rows as CSV."""
    made = table(rows)
    out = io.StringIO()
    csv.writer(out).writerows([made.header, *(row.cells for row in made.rows)])
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_any_encoding(encoding: str) -> None:
    found = claims_of(table_of(text_of([{"bank": "工商银行"}]).encode(encoding), "c.csv"))
    assert found.claims.texts["bank"] == ["工商银行"]
    assert found.claims.cells["loss"].tolist() == [4_000_000]


def test_chinese_headings_units_days_and_full_width_digits() -> None:
    header = ("赔案号", "保险凭证号", "被保险人散列", "保险金额（万元）", "起保日",
              "条款已提示说明", "被骗日", "被骗金额(元)", "已追回金额", "公安已立案", "立案日",
              "本保险期间已赔", "立案告知书", "银行流水", "备注")
    cells = ("A1", "P1", "h1", "５", "2026年1月1日", "是", "2026/3/1", "４０，０００", "0.5万",
             "是", "20260302", "0", "有", "已", "x")
    found = claims_of(TableFile("c.csv", header, (Row(2, cells),)))
    assert not found.rejected
    got = {name: column.tolist()[0] for name, column in found.claims.cells.items()}
    assert (got["sum_insured"], got["loss"], got["recovered"]) == (5_000_000, 4_000_000, 500_000)
    assert got["loss_day"] == date(2026, 3, 1).toordinal()
    assert (got["police_filed"], got["police_notice"], got["family"]) == (1, 1, UNKNOWN)
    assert found.notes == ("not read: 备注",)


def test_excel_and_parquet(tmp_path: Path) -> None:
    made = table([{}])
    row = dict(zip(made.header, made.rows[0].cells, strict=True))
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(row))
    sheet.append([datetime.fromisoformat(value) if name.endswith("day") or name == "inception"
                  else int(value) if name.endswith("yuan") else value
                  for name, value in row.items()])
    book.save(tmp_path / "c.xlsx")
    parquet.write_table(pa.table({name: [date.fromisoformat(value)] if name == "loss_day"
                                  else [value] for name, value in row.items()}),
                        tmp_path / "c.parquet")
    for name in ("c.xlsx", "c.parquet"):
        found = read_claims_file(tmp_path / name)
        assert not found.rejected
        assert found.claims.cells["loss"].tolist() == [4_000_000]
        assert found.claims.cells["loss_day"].tolist() == [date(2026, 3, 1).toordinal()]


@pytest.mark.parametrize(("row", "field"), [
    ({"claim_id": ""}, "claim_id"), ({"sum_insured_yuan": "20000"}, "sum_insured"),
    ({"loss_yuan": "-1"}, "loss"), ({"loss_yuan": "abc"}, "loss"),
    ({"recovered_yuan": "40000.01"}, "recovered"), ({"filing_day": "2026-02-28"}, "filing_day"),
    ({"police_filed": "maybe"}, "police_filed"), ({"loss_day": "2026-02-30"}, "loss_day"),
    ({"terms_explained": ""}, "terms_explained"), ({"terms_explained": "?"}, "terms_explained"),
    ({"prior_paid_yuan": "50000.01"}, "prior_paid"), ({"expiry": "2025-12-31"}, "expiry"),
    ({"expiry": "2027-12-31"}, "expiry"), ({"police_filed": "no"}, "filing_day"),
    ({"noticed_day": "2026-02-01"}, "noticed_day"), ({"person": "110101199003071234"}, "person"),
    ({"person": "11010119900307123X"}, "person"), ({"phone": "138-0013-8000"}, "phone"),
    ({"account": "6222 0200 0000 0000"}, "account"), ({"claim_id": "a" * 65}, "claim_id"),
    ({"person": "x\u202ey"}, "person"), ({"unrecovered_days": "-3"}, "unrecovered_days"),
])
def test_a_row_at_fault_is_rejected_and_the_others_go_on(row: dict[str, str], field: str) -> None:
    found = read({}, row, {})
    assert [(one.line, one.field, one.file) for one in found.rejected] == [(3, field, "claims.csv")]
    assert found.rejected[0].mend
    assert found.claims.lines.tolist() == [2, 4]
    assert found.rejected_rows == 1
    if field in ("person", "phone", "account"):
        assert row[field] not in str(found.rejected[0])


def test_a_claim_twice_and_a_certificate_that_contradicts_itself() -> None:
    found = read({"claim_id": "A"}, {"claim_id": "A"}, {"certificate_no": "Q", "person": "h"},
                 {"certificate_no": "Q", "person": "h", "sum_insured_yuan": "10000"})
    assert [(one.line, one.field) for one in found.rejected] == [
        (3, "claim_id"), (4, "sum_insured"), (5, "sum_insured")]


def test_columns_that_are_missing_or_stand_twice() -> None:
    made = table([{}])
    with pytest.raises(InputError) as caught:
        claims_of(TableFile("c.csv", made.header[3:], ()))
    assert [fault.field for fault in caught.value.faults] == [
        "claim_id", "certificate_no", "person"]
    twice = tuple("claim" if one == "person" else one for one in made.header)
    with pytest.raises(InputError) as caught:
        claims_of(TableFile("c.csv", twice, ()))
    assert {fault.field for fault in caught.value.faults} == {"claim_id", "person"}


def test_a_bare_amount_needs_a_unit_and_a_slipped_row_is_no_row() -> None:
    made = table([{}])
    header = tuple("loss" if one == "loss_yuan" else one for one in made.header)
    found = claims_of(TableFile("c.csv", header, made.rows))
    assert [one.field for one in found.rejected] == ["loss"]
    slipped = Row(2, (*made.rows[0].cells, "000"))
    assert len(claims_of(TableFile("c.csv", made.header, (slipped,))).claims) == 0


CELL = st.one_of(
    st.text(max_size=12), st.sampled_from([*A40.values(), "=1+1", "1e9", "1E+30", "９" * 20,
                                           "\ud7ff", "0x10", "NaN", "-0", "½", "十", "2026-13-01",
                                           "x" * 200, "45000", "99999999"]))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from([*A40, "claim_id", "person", "family", "device",
                                                 "unrecovered_days", "expiry"]), CELL, max_size=6),
                min_size=1, max_size=4))
def test_hostile_cells_never_crash(rows: list[dict[str, str]]) -> None:
    found = read(*rows)
    assert len(found.claims) + found.rejected_rows == len(rows)
    assert {fault.line for fault in found.rejected} | set(found.claims.lines.tolist()) == set(
        range(2, 2 + len(rows)))
    assert all(fault.mend and fault.field is not None for fault in found.rejected)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.booleans())
def test_hostile_bytes_are_bad_input_or_a_table(raw: bytes, behind: bool) -> None:
    content = text_of([{}]).encode() + raw if behind else raw
    try:
        found = claims_of(table_of(content, "c.csv"))
    except InputError as error:
        assert error.fault.mend
    else:
        assert found.rows >= len(found.claims)


def test_the_reference_names_every_column_and_every_fact_is_known() -> None:
    page = (DOCS / "reference/resident-claims.md").read_text("utf-8")
    for column in claim_columns():
        assert f"`{column.id}`" in page and column.name_zh in page
        assert not column.fact or fact(column.fact).scope in ("event", "item")
