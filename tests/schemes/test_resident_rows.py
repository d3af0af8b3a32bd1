"""What a row of a list means, its columns, and the scheme it is held to."""

from __future__ import annotations

import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dinghai.experience.own_values import ordinary
from dinghai.foundation.errors import Fault, InputError
from dinghai.schemes.mass_table import open_mass_table
from dinghai.schemes.resident_columns import NAMES, REQUIRED
from dinghai.schemes.resident_list import NO, YES, Resident, read_resident, resident_rows
from dinghai.schemes.resident_scheme import read_scheme, scheme_from
from tests.schemes.checked_lists import AS_OF, HEADER, number, row, scheme, text_of

GOOD = {"name": "王小明", "identity": number(1), "mobile": "13800000001", "consent": "是",
        "consented_on": "2026-03-01"}


def faults_of(plan: str = "P5", held: Any = None, **changes: str) -> list[Fault]:
    found = read_resident({**GOOD, **changes}, plan, held or scheme(), as_of=AS_OF)
    return [] if isinstance(found, Resident) else list(found)


def test_a_good_row() -> None:
    assert read_resident(GOOD, "P5", scheme(), as_of=AS_OF) == Resident(
        "王小明", number(1), "13800000001", 1, date(2026, 3, 1))


def test_everything_that_is_wrong_is_said_at_once() -> None:
    found = faults_of("P7", name="1", identity="1", mobile="1", consent="也许", consented_on="1")
    assert [one.field for one in found] == [
        "name", "identity", "mobile", "plan", "consent", "consented_on"]
    assert all(one.message and one.mend for one in found)
    empty = faults_of("", **dict.fromkeys(GOOD, " "))
    assert [(one.field, one.message) for one in empty] == [
        (field, "this is empty")
        for field in ("name", "identity", "mobile", "plan", "consent", "consented_on")]


@pytest.mark.parametrize("field", sorted(GOOD))
def test_a_cell_of_a_million_characters_is_a_fault(field: str) -> None:
    (found,) = faults_of(**{field: "王" * 1_000_000})
    assert found.field == field and "1000000 characters" in found.message
    assert len(found.message) < 100


@pytest.mark.parametrize(("born", "age"), [("20080402", 17), ("20080401", None), ("19400402", None),
                                           ("19400401", 86), ("19391231", 86)])
def test_ages_at_the_bounds(born: str, age: int | None) -> None:
    """18 to 85 years on 2026-04-01: born from 1940-04-02 to 2008-04-01."""
    found = faults_of(identity=number(1, born))
    assert [one.message for one in found] == ([] if age is None else [
        f"the person is {age} on the first day of cover; the scheme takes 18 to 85"])


def test_nobody_is_insured_before_being_born() -> None:
    (found,) = faults_of(held=scheme(youngest=0), identity=number(1, "20260402"))
    assert "not born" in found.message
    assert faults_of(held=scheme(youngest=0), identity=number(1, "20260401")) == []


@pytest.mark.parametrize(("text", "place"), [
    ("P1", 0), ("p10", 2), ("Ｐ５", 1), (" P5 ", 1), ("10万", 2), ("１０万", 2), ("P2", None),
    ("P", None), ("", None)])
def test_plans(text: str, place: int | None) -> None:
    found = read_resident(GOOD, text, scheme(), as_of=AS_OF)
    if place is None:
        assert not isinstance(found, Resident)
        assert found[0].mend == "one of: P1, P5, P10"
    else:
        assert isinstance(found, Resident) and found.plan == place


def test_a_plan_s_name_may_be_full_width() -> None:
    plan = {"code": "a", "name_zh": "五万（基础）", "sum_insured_fen": 1, "premium_fen": 1}
    held = scheme(plans=[plan, {**plan, "code": "b", "name_zh": "Ｂ"}])
    for text in ("五万（基础）", "五万(基础)"):
        assert faults_of(text, held) == []


def test_the_plan_of_who_names_none() -> None:
    held = scheme(default_plan="P10")
    found = read_resident(GOOD, " ", held, as_of=AS_OF)
    assert isinstance(found, Resident) and found.plan == 2
    assert faults_of("P7", held)
    only = scheme(plans=[{"code": "x", "name_zh": "一", "sum_insured_fen": 1, "premium_fen": 1}])
    assert faults_of("", only) == []


def test_consent() -> None:
    for word in (*YES, "Ｙ", " YES ", "True", "TRUE", "１"):
        assert faults_of(consent=word) == [], word
    for word in (*NO, "ＮＯ", "False"):
        (found,) = faults_of(consent=word)
        assert "did not agree" in found.message
    for word in ("?", "未知", "-", "是否", "不"):
        (found,) = faults_of(consent=word)
        assert "does not say" in found.message
    assert not YES & NO and all(ordinary(one).casefold() == one for one in YES | NO)


@pytest.mark.parametrize(("text", "day"), [
    ("2026-03-01", date(2026, 3, 1)), ("2026/3/1", date(2026, 3, 1)),
    ("2026.3.1", date(2026, 3, 1)), ("2026年3月1日", date(2026, 3, 1)),
    ("20260301", date(2026, 3, 1)), ("46082", date(2026, 3, 1)), ("46082.75", date(2026, 3, 1)),
    ("2026-03-01 10:30:00", date(2026, 3, 1)), ("2026-03-01T10:30", date(2026, 3, 1)),
    ("２０２６－０３－０１", date(2026, 3, 1)), ("2026-03-31", AS_OF), ("2026-04-01", None),
    ("2026-02-29", None), ("3/1/2026", None), ("1/1/2026", date(2026, 1, 1)), ("2026-3", None),
    ("1989-12-31", None), ("9999999999", None), ("昨天", None), ("11010519491231002X", None)])
def test_days_of_consent(text: str, day: date | None) -> None:
    """46082 is the day of the serial number: 1899-12-30 + 46,082 days = 2026-03-01."""
    found = read_resident({**GOOD, "consented_on": text}, "P5", scheme(), as_of=AS_OF)
    if day is None:
        assert not isinstance(found, Resident)
        assert text not in found[0].message + (found[0].mend or "") or text == "2026-04-01"
    else:
        assert isinstance(found, Resident) and found.consented_on == day


CELLS = st.one_of(
    st.text(max_size=30), st.integers(0, 999).map(number), st.sampled_from((
        "王小明", "13800000001", "是", "否", "2026-03-01", "P5", "=1", "\0", "1.1E+17",
        "110105491231002", "'11010519491231002X", "x" * 5_000)))


@given(st.fixed_dictionaries(dict.fromkeys(GOOD, CELLS)), CELLS)
@settings(max_examples=400)
def test_a_message_never_repeats_a_cell(cells: dict[str, str], plan: str) -> None:
    """Whatever stands in a row, at most two characters of it come back (where a number begins)."""
    found = read_resident(cells, plan, scheme(), as_of=AS_OF)
    if isinstance(found, Resident):
        return
    ours = "".join(faults_words())
    for fault in found:
        assert fault.field in (*GOOD, "plan") and fault.mend
        for cell in (*cells.values(), plan):
            word = cell.strip()
            if len(word) >= 6 and word not in ours:
                assert word not in fault.message + fault.mend


def faults_words() -> list[str]:
    """Every message and mend of cells that say nothing."""
    return [text for one in faults_of("x", **dict.fromkeys(GOOD, "x"))
            for text in (one.message, one.mend or "")]


@pytest.mark.parametrize("field", sorted(NAMES))
def test_every_name_of_a_column_is_known(tmp_path: Path, field: str) -> None:
    fields = list(NAMES)
    for name in NAMES[field]:
        for written in (name, f" {name.upper()} ", f"*{name}：", f"({name})"):
            header = [written if one == field else one for one in fields]
            (part,) = listed(tmp_path, text_of([row(1)], header))
            assert len(part.line) == 1, written
    names = [name for some in NAMES.values() for name in some]
    assert len(set(names)) == len(names)


def listed(folder: Path, content: str | bytes, name: str = "list.csv", rows: int = 20_000,
           **changes: Any) -> list[Any]:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(resident_rows(open_mass_table(path), scheme(**changes), as_of=AS_OF, rows=rows))


def test_missing_and_doubled_columns_are_all_named(tmp_path: Path) -> None:
    with pytest.raises(InputError) as found:
        listed(tmp_path, "\n姓名,name,手机\n")
    assert [(one.field, one.line) for one in found.value.faults] == [
        ("name", 2), ("identity", 2), ("consent", 2), ("consented_on", 2), ("plan", 2)]
    assert "'姓名' and 'name'" in found.value.fault.message
    assert "身份证号" in (found.value.faults[1].mend or "")


def test_a_file_without_its_header_says_nothing_personal(tmp_path: Path) -> None:
    with pytest.raises(InputError) as found:
        listed(tmp_path, text_of([], row(1)))
    assert {one.field for one in found.value.faults} == {*REQUIRED, "plan"}
    for one in found.value.faults:
        assert number(1) not in str(one) and "13800000001" not in str(one)


def test_the_plan_s_column_may_be_left_out(tmp_path: Path) -> None:
    header = [one for one in HEADER if one != "方案"]
    cells = [one for one in row(1) if one != "P5"]
    with pytest.raises(InputError, match="plan"):
        listed(tmp_path, text_of([cells], header))
    (part,) = listed(tmp_path, text_of([cells], header), default_plan="P10")
    assert part.plan.tolist() == [2]


def test_columns_in_any_order_with_others_between(tmp_path: Path) -> None:
    header = ["序号", *reversed(HEADER), "备注"]
    (part,) = listed(tmp_path, text_of([["1", *reversed(row(1)), "=x"]], header))
    assert (part.name, part.identity, part.mobile) == (["王小明"], [number(1)], ["13800000001"])


MIXED = [row(1), row(2, name="王　小明"), row(3, identity="1"), row(4, mobile="+86 13800000004"),
         row(5, plan="P7", consent="否"), row(6, consented_on="2026/3/1"), row(7)]


def test_good_and_mended_rows_stand_in_the_file_s_order(tmp_path: Path) -> None:
    (part,) = listed(tmp_path, text_of(MIXED))
    assert part.line.tolist() == [2, 3, 5, 7, 8]
    assert part.name == ["王小明"] * 5
    assert part.identity == [number(one) for one in (1, 2, 4, 6, 7)]
    assert part.mobile == [f"1380000000{one}" for one in (1, 2, 4, 6, 7)]
    assert part.consented_on.tolist() == [(date(2026, 3, 1) - date(1970, 1, 1)).days] * 5
    assert [(one.line, one.field) for one in part.faults] == [
        (4, "identity"), (6, "plan"), (6, "consent")]


@pytest.mark.parametrize("rows", [1, 2, 3, 7, 100])
def test_how_many_rows_are_read_at_once_changes_nothing(tmp_path: Path, rows: int) -> None:
    parts = listed(tmp_path, text_of(MIXED), rows=rows)
    assert [one for part in parts for one in part.line.tolist()] == [2, 3, 5, 7, 8]
    assert [one.line for part in parts for one in part.faults] == [4, 6, 6]


def test_workbooks_and_parquet_read_as_the_text_does(tmp_path: Path) -> None:
    (text,) = listed(tmp_path, text_of(MIXED))
    book, target = openpyxl.Workbook(), io.BytesIO()
    assert book.active is not None
    typed = [HEADER, *(
        [*one[:2], int(one[2]) if one[2].isdigit() else one[2], *one[3:5],
         date(2026, 3, 1) if one[5] == "2026-03-01" else 46082] for one in MIXED)]
    for one in typed:
        book.active.append(one)
    book.save(target)
    (sheet,) = listed(tmp_path, target.getvalue(), "list.xlsx")
    columns = dict(zip(HEADER, map(list, zip(*MIXED, strict=True)), strict=True))
    columns["同意日期"] = [date(2026, 3, 1)] * len(MIXED)
    columns["同意"] = pyarrow.array([one == "是" for one in columns["同意"]])
    pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "list.parquet")
    (rows,) = listed(tmp_path, (tmp_path / "list.parquet").read_bytes(), "list.parquet")
    for part, shift in ((sheet, 0), (rows, 1)):
        assert (part.line + shift).tolist() == text.line.tolist()
        assert (part.name, part.identity, part.mobile) == (text.name, text.identity, text.mobile)
        assert part.consented_on.tolist() == text.consented_on.tolist()
        assert [(one.line or 0) + shift for one in part.faults] == [one.line for one in text.faults]


def test_what_a_spreadsheet_rounded_is_refused_though_it_may_check(tmp_path: Path) -> None:
    """A number of 18 places as a number of Excel ends in 000, and one in eleven of these checks."""
    numbers = [number(place, f"199003{day:02d}") for place in range(100, 1000, 100)
               for day in range(1, 29)]
    checking = [one for one in numbers if one.endswith("000")]
    assert len(checking) > 10
    book, target = openpyxl.Workbook(), io.BytesIO()
    assert book.active is not None
    book.active.append(HEADER)
    for one in (*checking, *numbers[:20]):
        cells: list[Any] = row()
        cells[1] = float(int(one[:15]) * 1000)
        book.active.append(cells)
    book.save(target)
    (part,) = listed(tmp_path, target.getvalue(), "list.xlsx")
    assert len(part.line) == 0 and len(part.faults) == len(checking) + 20
    assert all("rounded" in one.message and one.field == "identity" for one in part.faults)


@given(st.lists(st.lists(CELLS, min_size=1, max_size=8), max_size=6))
@settings(max_examples=100, deadline=None, suppress_health_check=[
    HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_cells_are_rows_or_faults(tmp_path: Path, cells: list[list[str]]) -> None:
    content = text_of(cells).encode("utf-8", "replace")
    parts = listed(tmp_path, content)
    taken = {line for part in parts for line in part.line.tolist()}
    rejected = {one.line for part in parts for one in part.faults}
    assert not taken & rejected
    assert all(one.mend for part in parts for one in part.faults)


SCHEME: dict[str, Any] = {
    "schema": "dinghai.resident-scheme/1", "id": "S-1", "name_zh": "社区", "channel": "community",
    "product": "resident-fraud", "applicant_zh": "中心", "first_day": "2026-04-01",
    "last_day": "2027-03-31",
    "plans": [{"code": "P1", "name_zh": "1万", "sum_insured_fen": 1, "premium_fen": 1}]}


@pytest.mark.parametrize(("changes", "field"), [
    ({"last_day": "2026-03-31"}, "last_day"), ({"youngest": 60, "oldest": 59}, "oldest"),
    ({"plans": []}, "plans"), ({"default_plan": "P2"}, "default_plan"),
    ({"plans": SCHEME["plans"] * 2}, "plans[1].code"), ({"channel": "shop"}, "channel"),
    ({"plans": [SCHEME["plans"][0], {**SCHEME["plans"][0], "code": "p1", "name_zh": "2万"}]},
     "plans[1].code"),
    ({"plans": [SCHEME["plans"][0], {**SCHEME["plans"][0], "code": "x", "name_zh": "P1"}]},
     "plans[1].name_zh"),
    ({"plans": [SCHEME["plans"][0], {**SCHEME["plans"][0], "code": "x", "name_zh": "１万"}]},
     "plans[1].name_zh"),
    ({"plans": [{**SCHEME["plans"][0], "name_zh": " "}]}, "plans[0].name_zh"),
    ({"plans": [{**SCHEME["plans"][0], "premium_fen": 0}]}, "plans[0].premium_fen"),
    ({"plans": [{**SCHEME["plans"][0], "sum_insured_fen": 1.5}]}, "plans[0].sum_insured_fen"),
    ({"oldest": 151}, "oldest"), ({"youngest": -1}, "youngest"), ({"nothing": 1}, "nothing"),
    ({"id": "-"}, "id"), ({"confidence": "X"}, "confidence"), ({"schema": "x"}, "schema")])
def test_a_scheme_s_faults_are_named(tmp_path: Path, changes: dict[str, Any], field: str) -> None:
    path = tmp_path / "scheme.json"
    path.write_text(json.dumps({**SCHEME, **changes}, indent=1), "utf-8")
    with pytest.raises(InputError) as found:
        read_scheme(path)
    fault = next(one for one in found.value.faults if one.field == field)
    assert fault.line and fault.mend and fault.file == str(path)


def test_a_scheme_in_toml_reads_as_in_json(tmp_path: Path) -> None:
    path = tmp_path / "scheme.toml"
    keys = {key: one for key, one in SCHEME.items() if key != "plans"}
    text = "".join(f"{key} = {one if key.endswith('_day') else json.dumps(one)}\n"
                   for key, one in keys.items())
    plan = "".join(f"{key} = {json.dumps(one)}\n" for key, one in SCHEME["plans"][0].items())
    path.write_text(f"{text}[[plans]]\n{plan}", "utf-8")
    assert read_scheme(path) == scheme_from(SCHEME)
