"""The list of a park's members: read in any clothes, refused row by row, never half."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dinghai.foundation.errors import InputError
from dinghai.schemes.park_claims import read_claims, read_paid
from dinghai.schemes.park_file import BASE
from dinghai.schemes.park_findings import ParkFinding
from dinghai.schemes.park_members import ChosenTopUp, MemberList, read_members, read_roll
from dinghai.schemes.park_roll import results_csv, roll_csv
from tests.schemes.parks import FIRST, code, member, park

HEAD = "企业名称,统一社会信用代码,行业,营业额（万元）,起保日期,附加保障,云服务商,等级,主要问题"


def read(folder: Path, text: str, *, encoding: str = "utf-8", roll: tuple[object, ...] = ()
         ) -> MemberList:
    path = folder / "list.csv"
    path.write_bytes(text.encode(encoding))
    return read_members(path, park(), roll=roll)  # type: ignore[arg-type]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_list_in_chinese_under_a_title(tmp_path: Path, encoding: str) -> None:
    text = (f"2026年园区成员名单\n{HEAD}\n"
            f"甲公司,{code(1)},制造业,320,2026/1/1,增额；勒索,甲云、乙云,Ｂ级,默认口令@高；CVE-2024-3400@10\n"
            f"乙公司,{code(2).lower()},C39,９００,2026年7月1日,无,,未知,未知\n")
    found = read(tmp_path, text, encoding=encoding)
    assert found.faults == ()
    first, second = found.roll
    assert (first.sector, first.size, first.revenue_fen) == ("C", "micro", 320_000_000)
    assert first.top_ups == (ChosenTopUp("more", FIRST), ChosenTopUp("ransom", FIRST))
    assert (first.providers, first.grade) == (("甲云", "乙云"), "B")
    assert first.findings == (ParkFinding("默认口令", 80), ParkFinding("CVE-2024-3400", 100))
    assert (second.credit_code, second.joined, second.size) == (code(2), date(2026, 7, 1), "small")
    assert (second.top_ups, second.providers, second.findings, second.grade) == ((), None, None, "")
    assert second.network is None


def test_an_excel_list_with_real_dates(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["Company", "Credit code", "Industry", "Size", "Joined", "Left"])
    book.active.append(["A", code(1), "C", "Micro", date(2026, 3, 1), date(2026, 9, 30)])
    book.active.append(["B", code(2), "C", "micro", 46_082, None])
    path = tmp_path / "list.xlsx"
    book.save(path)
    changed = park({"sizes": [{"id": "micro", "name_zh": "微型", "name_en": "Micro"}]})
    found = read_members(path, changed)
    assert [(one.joined, one.left) for one in found.roll] == [
        (date(2026, 3, 1), date(2026, 9, 30)), (date(2026, 3, 1), None)]


@pytest.mark.parametrize(("row", "field", "words"), [
    ("甲,{bad},C,1,,,,,", "统一社会信用代码", "credit code"),
    ("甲,,C,1,,,,,", "统一社会信用代码", "no credit code"),
    (",{one},C,1,,,,,", "企业名称", "no name"),
    ("甲,{one},设计,1,,,,,", "行业", "section"), ("甲,{one},,1,,,,,", "行业", "no sector"),
    ("甲,{one},C,,,,,,", "营业额（万元）", "neither a size"),
    ("甲,{one},C,-3,,,,,", "营业额（万元）", "below zero"),
    ("甲,{one},C,1,2027-01-01,,,,", "起保日期", "outside"),
    ("甲,{one},C,1,2026-02-30,,,,", "起保日期", "calendar"),
    ("甲,{one},C,1,,全球,,,", "附加保障", "no top-up"),
    ("甲,{one},C,1,,增额;增额@2026-05-01,,,", "附加保障", "twice"),
    ("甲,{one},C,1,2026-06-01,增额@2026-05-01,,,", "附加保障", "no day"),
    ("甲,{one},C,1,,,,F,", "等级", "no grade"), ("甲,{one},C,1,,,,,x@11", "主要问题", "severity"),
    ("乙,{two},C,1,,,,,", "统一社会信用代码", "already in line 2"),
    ("乙 ,{one},C,1,,,,,", "企业名称", "already with the credit code")])
def test_a_row_at_fault_is_named_and_the_others_go_on(
    tmp_path: Path, row: str, field: str, words: str
) -> None:
    filled = row.format(one=code(1), two=code(2), bad=code(1)[:-1] + "I")
    found = read(tmp_path, f"{HEAD}\n乙,{code(2)},C,1,,,,,\n{filled}\n丙,{code(3)},C,1,,,,,\n")
    assert [one.status for one in found.results] == ["joined", "rejected", "joined"]
    fault = next(one for one in found.faults if one.field == field)
    assert words in fault.message and fault.mend and fault.line == 3
    assert len(found.roll) == 2


def test_every_fault_of_a_row_is_listed(tmp_path: Path) -> None:
    found = read(tmp_path, f"{HEAD}\n,1,??,,2027-01-01,全球,,F,x@y\n")
    assert {one.field for one in found.faults} == {
        "企业名称", "统一社会信用代码", "行业", "营业额（万元）", "起保日期", "附加保障", "等级",
        "主要问题"}
    rows = list(csv.DictReader(io.StringIO(results_csv(found))))
    assert {one["status"] for one in rows} == {"rejected"} and all(one["mend"] for one in rows)


def test_a_missing_column_and_one_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"编码,企业名称,行业,规模\n{code(1)},甲,C,微型\n", "utf-8")
    with pytest.raises(InputError) as raised:
        read_members(path, park())
    assert [one.field for one in raised.value.faults] == ["credit_code"]
    assert "--columns credit_code=HEADING" in (raised.value.fault.mend or "")
    assert read_members(path, park(), asked={"credit_code": "编码"}).count("joined") == 1
    for asked in ({"nothing": "编码"}, {"credit_code": "没有"}):
        with pytest.raises(InputError, match="column"):
            read_members(path, park(), asked=asked)


CHANGE = "企业名称,统一社会信用代码,行业,规模,加入日,末日\n"


def test_members_leave_and_come_back(tmp_path: Path) -> None:
    """A known member with a last day leaves; it may join again on a later day."""
    roll = (member(1, "more"), member(2, left=date(2026, 3, 31)))
    text = (f"{CHANGE}企业1,{code(1)},C,微型,,2026-06-30\n企业2,{code(2)},C,微型,2026-05-01,\n"
            f"企业3,{code(3)},C,微型,2026-07-01,\n")
    found = read(tmp_path, text, roll=roll)
    assert [one.status for one in found.results] == ["left", "joined", "joined"]
    assert [(one.name, one.joined, one.left) for one in found.roll] == [
        ("企业1", FIRST, date(2026, 6, 30)), ("企业2", FIRST, date(2026, 3, 31)),
        ("企业2", date(2026, 5, 1), None), ("企业3", date(2026, 7, 1), None)]


@pytest.mark.parametrize(("row", "words"), [
    ("企业1,{0},C,微型,,2025-12-31", "no day between"),
    ("别名,{0},C,微型,,2026-06-30", "on the roll"),
    ("企业1,{0},C,微型,2026-03-01,2026-06-30", "stands already"),
    ("企业9,{1},C,微型,,", "policy has begun"),
    ("企业1,{1},C,微型,2026-07-01,", "already with the credit code")])
def test_changes_that_cannot_be(tmp_path: Path, row: str, words: str) -> None:
    found = read(tmp_path, CHANGE + row.format(code(1), code(9)), roll=(member(1),))
    assert found.count("rejected") == 1 and found.roll == (member(1),)
    assert any(words in one.message for one in found.faults)


def test_the_roll_reads_back_as_itself(tmp_path: Path) -> None:
    rows = (member(1, "more", left=date(2026, 6, 30), grade="A", revenue_fen=12_345,
                   network=("一号楼", "二号楼"), providers=(), name="=SUM(1)有限公司",
                   findings=(ParkFinding("CVE-1", 98), ParkFinding("口令", None))),
            member(2, size="small", limit=park().base.limits[1], findings=()))
    path = tmp_path / "roll.csv"
    path.write_text(roll_csv(rows), "utf-8")
    found = read_roll(path, park())
    assert roll_csv(found) == roll_csv(rows)
    assert [(one.name, one.limit, one.findings, one.providers) for one in found] == [
        (one.name, one.limit, one.findings, one.providers) for one in rows]
    path.write_text(roll_csv(rows).replace("2026-06-30", "2026-13-30"), "utf-8")
    with pytest.raises(InputError, match="calendar"):
        read_roll(path, park())


HOSTILE = st.one_of(st.text(max_size=30), st.sampled_from([
    "", "=1+1", "2026-02-29", "９９", "1e400", "-1", "NaN", "\x00", "\ud7ff", "a" * 5_000, "；；@",
    "@9", "x@", "more@2026-06-01", "46082", "100%", "C", "微型", code(1), code(2), "1" * 400]))


@settings(max_examples=80, deadline=None, suppress_health_check=[
    HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(HOSTILE, min_size=0, max_size=16), max_size=4))
def test_no_cell_makes_an_import_crash(tmp_path: Path, rows: list[list[str]]) -> None:
    columns = roll_csv([]).strip().split(",")
    path = tmp_path / "hostile.csv"
    with path.open("w", encoding="utf-8", newline="", errors="replace") as file:
        csv.writer(file, escapechar="\\").writerows([columns, *rows])
    try:
        found = read_members(path, park())
    except InputError as error:
        assert error.fault.mend
        return
    assert len(found.roll) == found.count("joined")
    for one in found.results:
        assert (one.status == "rejected") == bool(one.faults)
        assert all(fault.mend and fault.line and fault.field for fault in one.faults)
    read_back = tmp_path / "again.csv"
    read_back.write_text(roll_csv(found.roll), "utf-8")
    assert len(read_roll(read_back, park())) == len(found.roll)


def test_claims_and_payments_by_name_and_code(tmp_path: Path) -> None:
    roll = (member(1), member(2))
    path = tmp_path / "claims.csv"
    path.write_text(f"事故,赔案号,企业,保障,附加保障,出险日,金额（元）\nE,C1,企业1,FP-BI,,2026-05-01,"
                    f"12.34\nE,C2,{code(2)},FP-IR,勒索,2026/5/2,5万\n", "utf-8")
    first, second = read_claims(path, park(), roll)
    assert (first.member, first.amount_fen, first.day) == (code(1), 1_234, date(2026, 5, 1))
    assert (second.top_up, second.amount_fen) == ("ransom", 5_000_000)
    path.write_text("事故,企业,保障,已付金额（元）\nE,企业1,基础保障,7\n"
                    f"E,{code(2)},more,8\n", "utf-8")
    assert [(one.cover, one.fen) for one in read_paid(path, park(), roll)] == [
        (BASE, 700), ("more", 800)]


def test_one_wrong_claim_refuses_the_list_with_all_faults(tmp_path: Path) -> None:
    path = tmp_path / "claims.csv"
    path.write_text(
        "event,claim,member,coverage,top_up,day,amount\n"
        "E,C1,企业1,FP-BI,,2026-05-01,1元\nE,C1,企业1,FP-BI,,2026-05-01,2元\n"
        f"E,C2,谁,FP-XX,none-such,2027-05-01,3\n,C3,{code(5)},FP-BI,,,\n", "utf-8")
    with pytest.raises(InputError) as raised:
        read_claims(path, park(), (member(1),))
    assert {(one.line, one.field) for one in raised.value.faults} == {
        (3, "claim"), (4, "member"), (4, "coverage"), (4, "top_up"), (4, "day"), (4, "amount"),
        (5, "event"), (5, "member"), (5, "day"), (5, "amount")}
    assert all(one.mend for one in raised.value.faults)


@pytest.mark.parametrize("second", ["事故", "事件"])
def test_a_column_of_claims_stands_once(tmp_path: Path, second: str) -> None:
    """Which of two is meant nobody can tell; taking the first would drop the other silently."""
    path = tmp_path / "claims.csv"
    path.write_text(f"事故,企业,保障,出险日,金额（元）,{second}\n"
                    f"E,企业1,FP-BI,2026-05-01,5,F\n", "utf-8")
    with pytest.raises(InputError) as raised:
        read_claims(path, park(), (member(1),))
    assert (raised.value.fault.line, raised.value.fault.field) == (1, second)
    assert raised.value.fault.mend
