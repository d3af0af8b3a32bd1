"""An insurer's own claims and exposures: every form of a cell, every row that cannot be right."""

from __future__ import annotations

import csv
import io
from datetime import date
from fractions import Fraction
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from dinghai.experience.exposures import (
    Exposures,
    earned_days,
    earned_premium,
    policy_years,
    read_exposures,
    size_class,
)
from dinghai.experience.own_claims import OwnClaims, read_own_claims
from dinghai.experience.own_columns import file_kind, own_schema
from dinghai.experience.own_templates import heading, template_files
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import MAXIMUM_FEN


def claims(folder: Path, *lines: str) -> OwnClaims:
    path = folder / "claims.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return read_own_claims(path)


def exposures(folder: Path, *lines: str) -> Exposures:
    path = folder / "exposures.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return read_exposures(path)


def one_cell(folder: Path, column: str, cell: str) -> OwnClaims:
    out = io.StringIO()
    csv.writer(out).writerows([["claim_no", "occurred_on", column], ["C", "2025-01-01", cell]])
    return claims(folder, out.getvalue())


@pytest.mark.parametrize("text", [
    "2026-03-02", "2026/3/2", "2026.3.2", "2026年3月2日", "２０２６年３月２日", "20260302",
    "46083", "46083.75", "2026-03-02 10:30:00", "2026-03-02T10:30", "13/2/2026"])
def test_forms_of_a_day(tmp_path: Path, text: str) -> None:
    """46083 is 2 March 2026: serial 45658 is 1 January 2025, and 365 + 31 + 28 + 1 days follow."""
    found = claims(tmp_path, "claim_no,occurred_on", f"C,{text}").rows[0].occurred
    assert found == (date(2026, 2, 13) if text.startswith("13") else date(2026, 3, 2))


def test_day_and_month_are_told_by_the_whole_column(tmp_path: Path) -> None:
    for other, expected in (("13/2/2026", date(2026, 4, 3)), ("2/13/2026", date(2026, 3, 4))):
        found = claims(tmp_path, "claim_no,occurred_on", "A,3/4/2026", f"B,{other}")
        assert found.rows[0].occurred == expected
    found = claims(tmp_path, "claim_no,occurred_on", "A,3/4/2026", "B,5/5/2026")
    assert found.rows[0].occurred is None and "may be two days" in found.faults[0].message
    assert found.rows[1].occurred == date(2026, 5, 5)


@pytest.mark.parametrize("text", [
    "2026-02-30", "yesterday", "1850-01-01", "9999-12-31", "2026-13-01", "123", "-1", "99999",
    "２０２６年", "#VALUE!"])
def test_what_is_no_day(tmp_path: Path, text: str) -> None:
    found = claims(tmp_path, "claim_no,occurred_on", f"C,{text}")
    (fault,) = found.faults
    assert (fault.line, fault.field) == (2, "occurred_on")
    assert fault.file and fault.mend
    assert found.rows[0].screened == "no day on which it occurred"


@pytest.mark.parametrize(("column", "text", "fen"), [
    ("paid", "12万", 12_000_000), ("paid", "12万元", 12_000_000), ("paid", "3,500元", 350_000),
    ("paid", "¥3500.50", 350_050), ("paid", "￥３５００", 350_000), ("paid", "1.2亿", 12 * 10**9),
    ("paid", "350000fen", 350_000), ("paid", "RMB 3500", 350_000), ("paid", "0", 0),
    ("已决赔款（万元）", "1.5", 1_500_000), ("已决赔款(元)", "1,234.5", 123_450),
    ("paid (yuan)", "1.2E+05", 12_000_000), ("paid_fen", "77", 77), ("Paid [CNY]", "5", 500),
    ("已决赔款万元", "2", 2_000_000), ("已决赔款（万元）", "300元", 30_000)])
def test_forms_of_an_amount(tmp_path: Path, column: str, text: str, fen: int) -> None:
    found = one_cell(tmp_path, column, text)
    assert not found.faults
    assert (found.rows[0].paid_minor, found.rows[0].currency) == (fen, "CNY")


@pytest.mark.parametrize(("text", "words"), [
    ("-5元", "below zero"), ("(5)", "below zero"), ("五元", "not an amount"),
    ("0.001元", "not a whole number of fen"), ("12磅", "not a"), ("1e40元", "not an amount"),
    ("99999999999亿", "larger than any amount"), ("12万美元", "not a"), ("NaN元", "not an amount"),
    ("1,5元", "not an amount"), ("1,23,456元", "not an amount")])
def test_what_is_no_amount(tmp_path: Path, text: str, words: str) -> None:
    found = one_cell(tmp_path, "paid", text)
    assert found.rows[0].paid_minor is None and not found.rows[0].screened
    (fault,) = found.faults
    assert words in fault.message and fault.mend and fault.field == "paid"


def test_a_bare_number_without_a_unit_stops_the_reading(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        one_cell(tmp_path, "paid", "1200")
    fault = caught.value.fault
    assert (fault.line, fault.field) == (2, "paid")
    assert "paid（元）" in (fault.mend or "")


def test_another_currency(tmp_path: Path) -> None:
    found = one_cell(tmp_path, "paid (USD)", "12.5").rows[0]
    assert (found.paid_minor, found.currency) == (1250, "USD")
    both = claims(tmp_path, "claim_no,occurred_on,paid (USD),currency", "A,2025-01-01,1,EUR")
    assert both.faults[0].field == "currency"
    assert claims(tmp_path, "claim_no,occurred_on,paid (yuan),币种",
                  "A,2025-01-01,1,美元").rows[0].currency == "USD"


@pytest.mark.parametrize(("column", "text", "name", "value"), [
    ("records", "１２,０００", "records", 12_000), ("records", "1.2万", "records", 12_000),
    ("records", "300条", "records", 300), ("downtime", "36.5", "downtime_seconds", 131_400),
    ("downtime", "36:30", "downtime_seconds", 131_400),
    ("downtime", "2小时", "downtime_seconds", 7_200), ("peril", "勒索病毒", "peril", "ransomware"),
    ("peril", "Ransomware", "peril", "ransomware"), ("险因", "DDoS", "peril", "ddos_web"),
    ("peril", "第三方与供应链", "peril", "third_party"), ("industry", "c", "section", "C"),
    ("industry", "C39", "section", "C"), ("industry", "制造业", "section", "C"),
    ("industry", "金融", "section", "J"), ("industry", "522110", "section", "J"),
    ("size_band", "101–1000人", "size_band", "101-1000"), ("size_band", "110", "size_band",
                                                           "101-1000"),
    ("size_band", "11", "size_band", "11-100"), ("员工数", "20000", "size_band", "over-10000"),
    ("state", "已结案", "state", "closed"), ("案件状态", "零赔付结案", "state",
                                           "closed_without_payment")])
def test_other_cells(tmp_path: Path, column: str, text: str, name: str, value: object) -> None:
    found = one_cell(tmp_path, column, text)
    assert not found.faults
    assert getattr(found.rows[0], name) == value


@pytest.mark.parametrize(("column", "text"), [
    ("records", "many"), ("records", "1.5"), ("records", "-3"), ("downtime", "36:75"),
    ("downtime", "100000000"), ("downtime", "long"), ("peril", "雷击"), ("industry", "Z"),
    ("industry", "业"), ("industry", "99"), ("size_band", "0"), ("state", "maybe"),
    ("currency", "gold"), ("revenue", "x"), ("discovered_on", "soon")])
def test_a_cell_that_cannot_be_read_is_a_fault_and_the_row_stays(
    tmp_path: Path, column: str, text: str
) -> None:
    found = one_cell(tmp_path, column, text)
    (fault,) = found.faults
    assert (fault.field, fault.line) == (column, 2) and fault.mend and fault.file
    assert found.usable == found.rows


def test_rows_that_cannot_be_right_are_screened_with_a_reason(tmp_path: Path) -> None:
    found = claims(tmp_path, "claim_no,occurred_on,discovered_on,notified_on,closed_on",
                   "A,2025-01-01,2025-01-05,2025-01-06,2025-03-01", ",2025-01-01,,,",
                   "A,2025-02-01,,,", "B,,,,", "C,2025-05-02,,2025-05-01,",
                   "D,2025-05-02,,2025-05-03,2025-05-02", ",,,,")
    assert [one.screened for one in found.rows] == [
        "", "no claim number", "stands twice", "no day on which it occurred", "days out of order",
        "days out of order"]
    assert found.screening() == {"days out of order": 2, "no claim number": 1, "stands twice": 1,
                                 "no day on which it occurred": 1}
    assert [(one.line, one.field) for one in found.faults] == [
        (3, "claim_no"), (4, "claim_no"), (5, "occurred_on"), (6, "notified_on"),
        (7, "closed_on")]
    assert [one.incident().screened for one in found.rows] == [
        one.screened for one in found.rows]


@pytest.mark.parametrize(("row", "amount", "reason", "floor", "censored"), [
    # deductible 10万, limit 50万; columns: ground-up, paid, outstanding
    ("80万,,", 80, "", 10, False), (",40万,5万", 55, "", 10, False),
    (",50万,", 60, "", 10, True), ("60万,,", 60, "", 10, True), ("90万,50万,", 90, "", 10, False),
    ("8万,,", 8, "not above the deductible", 10, False),
    ("20万,30万,", 20, "paid more than the loss", 10, False), ("0,,", 0, "no loss", 10, False),
    (",0,0", None, "", 10, False), (",,", None, "", 10, False)])
def test_the_amount_its_floor_and_whether_it_is_known(
    tmp_path: Path, row: str, amount: int | None, reason: str, floor: int, censored: bool
) -> None:
    found = claims(tmp_path, "claim_no,occurred_on,deductible,limit,ground_up,paid,outstanding",
                   f"A,2025-01-01,10万,50万,{row}").rows[0].incident()
    million = 1_000_000  # fen of 1万
    assert found.amount_minor == (None if amount is None else amount * million)
    assert (found.amount_screened, found.amount_censored) == (reason, censored)
    assert found.floor_minor == floor * million


def test_where_all_losses_are_known_there_is_no_floor(tmp_path: Path) -> None:
    found = claims(tmp_path, "claim_no,occurred_on,deductible,ground_up", "A,2025-01-01,10万,8万")
    row = found.rows[0].incident("none")
    assert (row.floor_minor, row.amount_screened, row.amount_minor) == (None, "", 8_000_000)


@pytest.mark.parametrize(("header", "field", "words"), [
    ("claim_no,paid", "occurred_on", "is missing"), ("claim_no,赔案号,occurred_on", "claim_no",
                                                     "both the column")])
def test_headers_that_cannot_be_read(
    tmp_path: Path, header: str, field: str, words: str
) -> None:
    with pytest.raises(InputError) as caught:
        claims(tmp_path, header, "1,2,3")
    fault = caught.value.fault
    assert (fault.field, fault.line) == (field, 1) and words in fault.message


def test_unknown_columns_are_named(tmp_path: Path) -> None:
    found = claims(tmp_path, "Claim-No.,Date of loss,colour", "A,2025-01-01,red")
    assert found.ignored == ("colour",)
    assert found.columns == {"claim_no": "Claim-No.", "occurred_on": "Date of loss"}


def test_the_three_kinds_of_file_say_the_same(tmp_path: Path) -> None:
    header = ["赔案号", "出险日期", "已决赔款（元）", "records"]
    rows: list[list[object]] = [["A", date(2025, 1, 2), 1234.5, 10], ["B", date(2025, 3, 4), 7, 0]]
    book = Workbook()
    for row in (header, *rows):
        book.active.append(row)
    book.save(tmp_path / "c.xlsx")
    pyarrow.parquet.write_table(pyarrow.table(
        dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))),
        tmp_path / "c.parquet")
    with (tmp_path / "c.csv").open("w", encoding="gb18030", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    found = [[(one.claim_no, one.occurred, one.paid_minor, one.records, one.records_screened)
              for one in read_own_claims(tmp_path / name).rows]
             for name in ("c.csv", "c.xlsx", "c.parquet")]
    assert found[0] == found[1] == found[2] == [
        ("A", date(2025, 1, 2), 123_450, 10, ""),
        ("B", date(2025, 3, 4), 700, 0, "no records")]


def test_every_published_name_and_example_is_read(tmp_path: Path) -> None:
    for kind, read in (("claims", read_own_claims), ("exposures", read_exposures)):
        columns = own_schema().columns(kind)  # type: ignore[arg-type]
        for language in ("zh", "en"):
            out = io.StringIO()
            csv.writer(out).writerows([
                [heading(one, language) for one in columns],  # type: ignore[arg-type]
                [one.example for one in columns]])
            path = tmp_path / "example.csv"
            path.write_text(out.getvalue(), "utf-8")
            found = read(path)
            assert not found.faults and not found.ignored and len(found.usable) == 1
            assert list(found.columns) == [one.id for one in columns]
        for one in columns:
            for name in (one.id, one.name_zh, one.name_en, *one.names):
                others = [other.id for other in columns if other.required and other is not one]
                assert file_kind((name, *others)) == kind or not one.required


def test_templates_are_the_same_bytes_and_are_read(tmp_path: Path) -> None:
    assert template_files("zh") == template_files("zh")
    assert template_files("zh") != template_files("en")
    for name, content in template_files("en").items():
        path = tmp_path / name
        path.write_bytes(content)
        found = (read_own_claims if "claims" in name else read_exposures)(path)
        assert not found.ignored and not found.faults
        assert len(found.columns) == len(own_schema().columns(
            "claims" if "claims" in name else "exposures"))


# --- exposures ----------------------------------------------------------------------------------


def test_days_are_earned_in_their_calendar_year(tmp_path: Path) -> None:
    """1 July 2023 to 30 June 2024: 184 days of 365 and 182 of 366. The premium of 36,600 fen over
    366 days is 100 a day; by 31 March 2024 (91 days of 2024) 184 + 91 days are earned."""
    found = exposures(tmp_path, "policy_no,from,to,premium (fen)",
                      "P,2023-07-01,2024-06-30,36600").rows[0]
    late = date(2025, 1, 1)
    assert earned_days(found, late) == {2023: 184, 2024: 182}
    assert policy_years(earned_days(found, late)) == Fraction(184, 365) + Fraction(182, 366)
    assert earned_premium(found, late) == {2023: 18_400, 2024: 18_200}
    assert earned_days(found, date(2024, 3, 31)) == {2023: 184, 2024: 91}
    assert earned_premium(found, date(2024, 3, 31)) == {2023: 18_400, 2024: 9_100}
    assert earned_days(found, date(2023, 6, 30)) == {}
    assert earned_premium(found, date(2023, 6, 30)) == {}


@given(st.dates(date(2019, 1, 1), date(2025, 1, 1)), st.integers(0, 1500), st.integers(0, 10**9),
       st.integers(-10, 2000))
def test_a_premium_is_earned_to_the_fen(
    tmp_path_factory: pytest.TempPathFactory, first: date, days: int, premium: int, until: int
) -> None:
    last = date.fromordinal(first.toordinal() + days)
    found = exposures(tmp_path_factory.mktemp("p"), "policy_no,from,to,premium (fen)",
                      f"P,{first},{last},{premium}").rows[0]
    as_of = date.fromordinal(first.toordinal() + until)
    earned = sum(earned_premium(found, as_of).values())
    assert 0 <= earned <= premium
    if as_of >= last:
        assert earned == premium
    assert sum(earned_days(found, as_of).values()) == min(max(until + 1, 0), days + 1)


def test_periods_that_cannot_be_right(tmp_path: Path) -> None:
    found = exposures(
        tmp_path, "保单号,起保日期,终保日期", "P,2024-01-01,2024-12-31", "P,2025-01-01,2025-12-31",
        "P,2024-12-31,2025-01-05", "P,2023-06-01,2024-01-01", ",2024-01-01,2024-12-31",
        "Q,2024-01-01,2023-12-31", "Q,2001-01-01,2024-12-31", "Q,,2024-12-31", "P,2026-01-01,x",
        "P,2023-01-01,2023-12-31", "P,2022-01-01,2026-12-31")
    assert [one.screened for one in found.rows] == [
        "", "", "overlaps with another period", "overlaps with another period",
        "no policy number", "ends before it begins", "longer than ten years",
        "no first or last day", "no first or last day", "", "overlaps with another period"]
    assert found.faults[0].message.endswith("line 2 of this policy")
    assert all(one.mend and one.line for one in found.faults)
    assert len(found.faults) == 8


def test_size_classes() -> None:
    bounds = [one.below_fen for one in own_schema().sizes]
    assert [size_class(one) for one in (0, bounds[0] - 1, bounds[0], bounds[1], MAXIMUM_FEN)] == [
        "small", "small", "middle", "large", "large"]


# --- nothing crashes ----------------------------------------------------------------------------

CELLS = st.one_of(
    st.text(max_size=12), st.sampled_from([
        "", "2025-01-01", "2024-02-29", "46000", "12万", "0", "5元", "C", "勒索", "1e9", "#N/A",
        "结案", "3/4/2025", "￥５", "-1元", "36:30", "CNY", "P1"]))


@given(st.lists(st.lists(CELLS, min_size=20, max_size=20), max_size=6), st.booleans())
@settings(max_examples=120, deadline=None)
def test_no_file_of_cells_crashes_and_no_row_is_lost(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], zh: bool
) -> None:
    folder = tmp_path_factory.mktemp("cells")
    for kind, read in (("claims", read_own_claims), ("exposures", read_exposures)):
        columns = own_schema().columns(kind)  # type: ignore[arg-type]
        out = io.StringIO()
        csv.writer(out).writerows([
            [heading(one, "zh" if zh else "en") for one in columns],
            *(row[:len(columns)] for row in rows)])
        path = folder / f"{kind}.csv"
        path.write_text(out.getvalue(), "utf-8", errors="replace")
        try:
            found = read(path)
        except InputError as error:
            assert error.fault.mend
            continue
        kept = found.rows
        assert len(kept) == sum(any(cell.strip() for cell in row[:len(columns)]) for row in rows)
        assert len(found.usable) + sum(found.screening().values()) == len(kept)
        for one in found.faults:
            assert one.file and one.line and one.field and one.message and one.mend
        if kind == "claims":
            for claim in found.rows:
                incident = claim.incident()
                assert not (incident.amount_censored and incident.amount_screened)
        else:
            for period in found.usable:
                assert period.first <= period.last

TYPED = st.one_of(
    st.none(), st.booleans(), st.integers(-10**12, 10**12), st.floats(width=32),
    st.dates(date(1900, 3, 1), date(2200, 1, 1)),
    st.text("0123456789-/.年月日万元A¥ ", max_size=10))


@given(st.lists(st.lists(TYPED, min_size=8, max_size=8), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_no_typed_cell_of_a_workbook_or_parquet_crashes(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[object]]
) -> None:
    """Numbers that are none, days as days, truth values: each is read or a fault, in both kinds."""
    folder = tmp_path_factory.mktemp("typed")
    header = ["claim_no", "occurred_on", "notified_on", "paid (yuan)", "records", "downtime",
              "industry", "state"]
    book = Workbook()
    for row in (header, *rows):
        book.active.append([None if isinstance(one, float) and one != one else one
                            for one in row])
    book.save(folder / "c.xlsx")
    found = [read_own_claims(folder / "c.xlsx")]
    try:
        table = pyarrow.table({name: pyarrow.array([row[place] for row in rows])
                               for place, name in enumerate(header)})
    except (pyarrow.ArrowException, OverflowError, ValueError):
        pass  # a column of several types is no Parquet
    else:
        pyarrow.parquet.write_table(table, folder / "c.parquet")
        found.append(read_own_claims(folder / "c.parquet"))
    for one in found:
        assert len(one.usable) + sum(one.screening().values()) == len(one.rows) <= len(rows)
        assert all(fault.line and fault.field and fault.mend for fault in one.faults)
        for claim in one.rows:
            assert claim.paid_minor is None or 0 <= claim.paid_minor <= MAXIMUM_FEN
