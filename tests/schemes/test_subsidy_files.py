"""Files of a subsidy: rules, tables of applications in any dress, registers."""

from __future__ import annotations

import copy
import csv
import io
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from dinghai.experience.own_values import CellFault
from dinghai.experience.tabular import table_of
from dinghai.foundation.clock import SHANGHAI
from dinghai.foundation.errors import InputError
from dinghai.foundation.reading import parse_toml
from dinghai.schemes.subsidy_applications import Applications, applications_of, read_applications
from dinghai.schemes.subsidy_changes import COLUMNS as change_columns  # noqa: N811
from dinghai.schemes.subsidy_changes import read_changes
from dinghai.schemes.subsidy_codes import read_area, read_firm_size, read_sector
from dinghai.schemes.subsidy_publication import OBJECTION_COLUMNS
from dinghai.schemes.subsidy_register import register_from
from dinghai.schemes.subsidy_rule import read_rule, rule_from
from dinghai.schemes.subsidy_table import Column, rows_of
from dinghai.schemes.subsidy_words import say_reason
from tests.schemes.subsidies import application, credit_code, rule, run

EXAMPLE = Path(__file__).parents[2] / "examples" / "subsidy"
HEADINGS = ("application_id", "credit_code", "name", "sector", "area", "policy_no", "premium",
            "borne_by_others", "paid_on", "applied_at", "documents", "filed")
ROW = ("a1", credit_code(1), "示例医院", "84", "310115", "p 1", "100000", "0", "2026-03-02",
       "2026-03-10 09:30", "policy;proof", "是")
TEXT = rule(conditions=[{"fact": "filed", "op": "==", "value": True, "text_zh": "备案"}])


def read(*rows: tuple[str, ...], headings: tuple[str, ...] = HEADINGS,
         encoding: str = "utf-8") -> Applications:
    """The applications of a CSV."""
    out = io.StringIO()
    csv.writer(out).writerows([headings, *rows])
    return applications_of(table_of(out.getvalue().encode(encoding), "a.csv"), TEXT.rule)


def changed(**cells: str) -> tuple[str, ...]:
    """The row with other cells."""
    return tuple(cells.get(name, cell) for name, cell in zip(HEADINGS, ROW, strict=True))


def test_a_row_is_read_as_it_is_meant() -> None:
    (line, one), = read(ROW).rows
    assert line == 2 and (one.id, one.policy, one.sector) == ("A1", "P1", "Q84")
    assert (one.premium_fen, one.borne_by_others_fen) == (10_000_000, 0)
    assert one.applied_at == datetime(2026, 3, 10, 9, 30, tzinfo=SHANGHAI)
    assert one.documents == ("policy", "proof") and one.facts == {"filed": True}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_every_encoding_reads_the_same(encoding: str) -> None:
    assert read(ROW, encoding=encoding).rows == read(ROW).rows


def test_full_width_signs_units_in_headings_and_chinese_headings() -> None:
    headings = ("申请编号", "统一社会信用代码", "申请单位", "行业", "地区", "保单号",
                "保费（万元）", "他人承担保费", "缴费日期", "申请时间", "附件", "fact.filed")
    wide = changed(premium="１０", borne_by_others="０", paid_on="2026年3月2日", policy_no="Ｐ１",
                   applied_at="2026/3/10 9:30:00")
    assert read(wide, headings=headings).rows == read(ROW).rows


def test_an_empty_cell_is_unknown() -> None:
    (_, one), = read(changed(sector="", area="", borne_by_others="", filed="", paid_on="",
                             documents="")).rows
    assert (one.sector, one.borne_by_others_fen, one.facts, one.documents) == ("", None, {}, None)


def test_excel_with_days_of_its_own(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEADINGS)
    cells: list[Any] = list(ROW)
    cells[6], cells[8], cells[9] = 100_000, date(2026, 3, 2), datetime(  # noqa: DTZ001
        2026, 3, 10, 9, 30)
    sheet.append(cells)
    book.save(tmp_path / "a.xlsx")
    assert read_applications(tmp_path / "a.xlsx", TEXT.rule).rows == read(ROW).rows


def test_parquet(tmp_path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    pyarrow.parquet.write_table(
        pyarrow.table({name: [cell] for name, cell in zip(HEADINGS, ROW, strict=True)}),
        tmp_path / "a.parquet")
    (_, one), = read_applications(tmp_path / "a.parquet", TEXT.rule).rows
    assert one == read(ROW).rows[0][1]


@pytest.mark.parametrize(("name", "cell"), [
    ("credit_code", credit_code(1)[:-1] + "I"), ("credit_code", "0" * 18), ("credit_code", ""),
    ("sector", "U99"), ("sector", "C84"), ("sector", "98"), ("area", "3101"), ("area", "991234"),
    ("premium", "-5"), ("premium", "ten"), ("premium", "1e30"), ("premium", "0.001"),
    ("paid_on", "2026-02-30"), ("applied_at", "2026-03-02 25:00"), ("applied_at", ""),
    ("filed", "maybe"), ("policy_no", ""), ("policy_no", "x" * 65), ("name", "长" * 300),
    ("name", "长" * 5000), ("borne_by_others", "100001")])
def test_a_bad_cell_rejects_its_row_alone_and_says_where_and_how(name: str, cell: str) -> None:
    found = read(changed(**{name: cell}), changed(application_id="a2", policy_no="p2"))
    assert [one.id for _, one in found.rows] == ["A2"]
    assert {(fault.file, fault.line, fault.field) for fault in found.rejected} == {
        ("a.csv", 2, name)}
    assert all(fault.mend for fault in found.rejected)


def test_an_application_that_stands_twice_is_taken_once() -> None:
    found = read(ROW, ROW)
    assert len(found.rows) == 1 and found.rejected[0].line == 3


def test_headings_missing_doubled_and_strange() -> None:
    with pytest.raises(InputError, match="no column premium"):
        read(ROW, headings=tuple("x" if one == "premium" else one for one in HEADINGS))
    with pytest.raises(InputError, match="two columns are the sector"):
        read(ROW, headings=tuple("行业" if one == "area" else one for one in HEADINGS))
    found = read(changed(area=""), headings=tuple(
        "电话" if one == "area" else one for one in HEADINGS))
    assert "电话" in found.notes[0]


CELLS = st.one_of(
    st.text(max_size=40), st.sampled_from(ROW), st.sampled_from(
        ["=1+1", "'", '"', "\x00", "٣", "1" * 400, "２０２６", "99999", "45000.99999", "-0", "NaN",
         "9" * 18, "2026-13-01", "万", "1万万", "\ud7ff", "長" * 2100, "2026-03-02T10:00:00+99:00",
         "2026-03-02 10:00:00Z", "2099-12-31 23:59:59-12:00"]))


@given(st.lists(st.lists(CELLS, min_size=len(HEADINGS), max_size=len(HEADINGS)), max_size=4))
@settings(max_examples=150, deadline=None)
def test_no_cell_whatever_makes_it_crash(rows: list[list[str]]) -> None:
    try:
        found = read(*(tuple(row) for row in rows))
    except InputError as error:
        assert all(fault.mend for fault in error.faults)
        return
    bad = {fault.line for fault in found.rejected}
    assert len(found.rows) + len(bad) == found.total
    for _, one in found.rows:
        assert one.premium_fen >= (one.borne_by_others_fen or 0)
    register, _ = run(TEXT, [one for _, one in found.rows], day=date(2100, 12, 31))
    assert register_from(register.to_dict(), TEXT) == register


@given(st.sampled_from([change_columns, OBJECTION_COLUMNS]), st.booleans(),
       st.lists(st.lists(CELLS, min_size=7, max_size=7), max_size=4))
@settings(max_examples=100, deadline=None)
def test_changes_and_objections_do_not_crash_either(
    columns: tuple[Column, ...], headed: bool, rows: list[list[str]]
) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([*([[one.id for one in columns]] if headed else []), *rows])
    try:
        found = rows_of(table_of(out.getvalue().encode(), "c.csv"), columns)
    except InputError as error:
        assert all(fault.mend for fault in error.faults)
        return
    bad = {fault.line for fault in found.rejected}
    assert len(found.rows) + len(bad) == found.total
    assert all(fault.mend and fault.field for fault in found.rejected)


def test_a_cell_of_a_million_characters_is_refused_with_its_line() -> None:
    with pytest.raises(InputError) as caught:
        read(ROW, changed(name="长" * 1_000_000))
    assert caught.value.fault.line == 3 and caught.value.fault.mend


@given(st.integers(0, 60), st.text(max_size=30))
@settings(max_examples=100, deadline=None)
def test_a_rule_with_a_line_of_anything_reads_or_says_what_is_wrong(at: int, line: str) -> None:
    lines = (EXAMPLE / "rule.toml").read_text("utf-8").splitlines()
    lines[at:at + 1] = [line]
    text = "\n".join(lines)
    try:
        rule_from(parse_toml(text, "r.toml"), file="r.toml", text=text)
    except InputError as error:
        assert all(fault.mend for fault in error.faults)


def test_sectors_areas_and_sizes() -> None:
    assert [read_sector(one) for one in ("q", "84", "Q8411", "制造业", "01", "97")] == [
        "Q", "Q84", "Q8411", "C", "A01", "T97"]
    assert read_area("310000") == "310000" and read_firm_size("微型企业") == "micro"
    for reader in (read_sector, read_area, read_firm_size):
        with pytest.raises(CellFault):
            reader("？")


def test_the_examples_rule_reads_and_every_shipped_figure_is_marked() -> None:
    text = read_rule(EXAMPLE / "rule.toml")
    assert (text.rule.ratio_ppm, text.rule.budget_fen) == (500_000, 60_000_000)
    assert text.rule.confidence == "D" and text.rule.source
    assert text.line("scope.sectors") == 1 + (EXAMPLE / "rule.toml").read_text(
        "utf-8").splitlines().index('sectors = ["Q"]')
    assert len(read_changes(EXAMPLE / "changes.csv")[0]) == 2


def test_faults_of_a_rule_come_together_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "rule.toml"
    path.write_text((EXAMPLE / "rule.toml").read_text("utf-8").replace(
        'ratio = "50%"', 'ratio = "0%"').replace('sectors = ["Q"]', 'sectors = ["84"]').replace(
        'areas = ["31"]', 'areas = ["310"]').replace("value = 0", "value = true"), "utf-8")
    with pytest.raises(InputError) as caught:
        read_rule(path)
    assert [fault.field for fault in caught.value.faults] == [
        "ratio", "scope.sectors[0]", "scope.areas[0]", "conditions[1].value"]
    assert all(fault.line and fault.mend for fault in caught.value.faults)


@pytest.mark.parametrize("changes", [
    {"ratio_ppm": 1_000_001}, {"budget_fen": -1}, {"confidence": "E"}, {"mode": "lottery"},
    {"period": {"first": "2026-02-01", "last": "2026-01-01"}}, {"ratio": "50%"}, {"budget": True},
    {"conditions": [{"fact": "f", "op": "in", "value": 1, "text_zh": "x"}]},
    {"conditions": [{"fact": "f", "op": "<=", "value": 10**30, "text_zh": "x"}]},
    {"conditions": [{"fact": "f", "op": "==", "value": 1, "text_zh": "x"},
                    {"fact": "f", "op": "==", "value": "a", "text_zh": "x"}]},
    {"documents": [{"id": "a", "name_zh": "甲"}, {"id": "a", "name_zh": "乙"}]}])
def test_a_rule_that_cannot_be_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        rule(**changes)
    assert caught.value.fault.field
    assert caught.value.fault.mend


def test_a_register_that_was_touched_is_refused() -> None:
    text = rule()
    register, _ = run(text, [application(1), application(2)])
    whole = register.to_dict()
    assert register_from(copy.deepcopy(whole), text) == register
    touched = copy.deepcopy(whole)
    touched["entries"][0]["granted_fen"] += 1
    with pytest.raises(InputError, match="not what was written"):
        register_from(touched, text)
    with pytest.raises(InputError, match="what the head says"):
        register_from({**whole, "entries": whole["entries"][:1]}, text)
    with pytest.raises(InputError, match="not of other"):
        register_from(whole, rule(id="other"))
    with pytest.raises(InputError, match="said something else"):
        register_from(whole, rule(ratio_ppm=600_000))
    assert register_from(whole, rule(ratio_ppm=600_000, version="2")) == register


def test_every_reason_has_words_and_a_mend_in_both_languages() -> None:
    text = rule(conditions=[{"fact": "filed", "op": "==", "value": True, "text_zh": "备案"}],
                documents=[{"id": "policy", "name_zh": "保险单"}], cap_per_firm_fen=5_000_000,
                budget_fen=7_000_000, scope={"sectors": ["Q"], "areas": ["31"],
                                             "sizes": ["medium"], "products": ["cyber"],
                                             "lines": ["property"]})
    good: dict[str, Any] = {"facts": {"filed": True}, "documents": ("policy",),
                            "product": "cyber", "line": "property"}
    _, found = run(text, [
        application(1), application(2, **good), application(3, policy="P2", **good),
        application(4, firm=2, **good), application(5, **good), application(6, **good),
        application(7, sector="C", area="320500", size="large", product="x", line="y",
                    paid_on=date(2025, 1, 1), facts={"filed": False}, premium_fen=0),
        application(8, paid_on=None, borne_by_others_fen=None, **good), application(9, 1, **good)])
    said = [(one, language) for each in found.decided for one in each.reasons
            for language in ("zh", "en")]
    assert len({one.code for one, _ in said}) >= 15
    for one, language in said:
        words = say_reason(text.rule, one, language)  # type: ignore[arg-type]
        assert words.text and "{" not in words.text
        assert words.mend or one.code == "budget_cut"
