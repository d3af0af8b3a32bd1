"""Lists of changes read row by row, and what changes cost by day, to the fen."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dinghai.foundation.errors import InputError
from dinghai.pricing.floating import refund_by_day
from dinghai.schemes.mass_table import open_mass_table
from dinghai.schemes.people import check_digit
from dinghai.schemes.resident_change_list import ChangeRow, change_rows, read_change
from dinghai.schemes.resident_change_premium import ChangeSums, change_steps, days_left
from dinghai.schemes.resident_scheme import scheme_from

SCHEME = scheme_from({
    "schema": "dinghai.resident-scheme/1", "id": "street-2027", "name_zh": "某街道反诈险",
    "product": "resident-anti-fraud", "channel": "community", "applicant_zh": "某街道办事处",
    "first_day": "2027-01-01", "last_day": "2027-12-31", "plans": [
        {"code": "P1", "name_zh": "1万元", "sum_insured_fen": 1_000_000, "premium_fen": 300},
        {"code": "P5", "name_zh": "5万元", "sum_insured_fen": 5_000_000, "premium_fen": 1_200}]})
IDENTITY = "11010519491231002X"


def fens(*amounts):
    return np.array(amounts, dtype=np.int64)


def steps(before, after, owed, left):
    return change_steps(fens(before), fens(after), fens(owed), left=left, scheme=SCHEME)


@pytest.mark.parametrize(("day", "left"), [
    (date(2026, 5, 1), 365), (date(2027, 1, 1), 365), (date(2027, 7, 1), 184),
    (date(2027, 12, 31), 1), (date(2028, 1, 1), 0)])
def test_days_left(day, left):
    assert days_left(SCHEME, day) == left


def test_by_hand():
    """1200 × 184 ÷ 365 = 604.93; 1200 ÷ 1.06 = 1132.08 and 595 ÷ 1.06 = 561.32: net −571."""
    found = steps(1_200, 0, 1_200, 184)
    assert (found.step[0], found.owed[0], found.net[0]) == (-605, 595, -571)
    assert ChangeSums.of(found) == ChangeSums(0, 0, 605, 571)
    up = steps(300, 1_200, 300, 184)
    assert (up.step[0], up.owed[0]) == (454, 754)


def test_each_certificate_goes_by_the_days_of_its_own_period():
    """Bought on 30 June, with 184 days of cover: all of it goes back before it begins, and half of
    it after 92 days."""
    first = date(2027, 7, 1)
    left = fens(*(days_left(SCHEME, day, first_day=first)
                  for day in (date(2027, 5, 1), first, date(2027, 10, 1))), 184)
    assert left.tolist() == [184, 184, 92, 184]
    found = change_steps(fens(*[1_200] * 4), fens(*[0] * 4), fens(*[1_200] * 4), left=left,
                         days=fens(184, 184, 184, 365), scheme=SCHEME)
    assert found.owed.tolist() == [0, 0, 600, 595]


@given(before=st.integers(0, 10**10), after=st.integers(0, 10**10), left=st.integers(0, 365))
@settings(max_examples=200, deadline=None)
def test_each_step_is_the_house_refund_to_the_fen(before, after, left):
    found = steps(before, after, before, left)
    assert found.step[0] == -min(
        refund_by_day(before, 1_000_000, 0, left, 365) if not after else
        refund_by_day(before - after, 1_000_000, 0, left, 365), before)
    assert found.owed[0] >= 0


@given(days=st.lists(st.integers(0, 365), min_size=1, max_size=6, unique=True),
       plans=st.lists(st.integers(0, 5_000), min_size=7, max_size=7))
@settings(max_examples=200, deadline=None)
def test_whatever_is_changed_nobody_gets_back_more_than_was_owed(days, plans):
    owed, total, net = plans[0], plans[0], 0
    for number, left in enumerate(sorted(days, reverse=True)):
        after = 0 if number + 1 == len(days) else plans[number + 1]
        found = steps(plans[number], after, owed, left)
        owed, total = int(found.owed[0]), total + int(found.step[0])
        net += int(found.net[0])
    assert owed == total >= 0
    assert net == (2 * owed * 1_000_000 + 1_060_000) // 2_120_000 - (
        2 * plans[0] * 1_000_000 + 1_060_000) // 2_120_000


def listed(tmp_path, text, kind):
    path = tmp_path / "list.csv"
    path.write_text(text, "utf-8")
    return list(change_rows(open_mass_table(path), kind, SCHEME, rows=3))


def test_rows_are_read_with_the_faults_of_the_others(tmp_path):
    text = "\n".join([
        "保险凭证号,身份证号码,变更后方案", "STREET-2027-0000000012,,5万元", f",{IDENTITY},p1",
        "12,,", "x,,P1", "other-2,,P1", ",110105194912310021,P1", ",,P1", f"７,{IDENTITY},P1", ""])
    parts = listed(tmp_path, text, "plan")
    assert [one for part in parts for one in part.line.tolist()] == [2, 3, 9]
    assert [one for part in parts for one in part.certificate.tolist()] == [12, 0, 7]
    assert [one for part in parts for one in part.plan.tolist()] == [1, 0, 0]
    assert [(one.line, one.field) for part in parts for one in part.faults] == [
        (4, "plan"), (5, "certificate"), (6, "certificate"), (7, "identity"), (8, "certificate")]
    assert all(one.mend for part in parts for one in part.faults)


@pytest.mark.parametrize(("kind", "header", "fields"), [
    ("cancellation", "a,b", {"certificate"}), ("plan", "凭证号", {"plan"}),
    ("correction", "凭证号", {"name"}), ("correction", "a", {"certificate", "name"}),
    ("cancellation", "凭证号,certificate no", {"certificate"})])
def test_a_table_that_is_no_list(tmp_path, kind, header, fields):
    with pytest.raises(InputError) as caught:
        listed(tmp_path, f"{header}\n1,2\n", kind)
    assert {one.field for one in caught.value.faults} == fields


cells = st.one_of(st.sampled_from([
    "", "street-2027-0000000001", "STREET-2027-1", "0", "7", "x", IDENTITY, "P1", "5万元", "是",
    "否", "\0", "９９", "1" * 30, IDENTITY.lower()]), st.text(max_size=25),
    st.integers(0, 10**17 - 1).map(lambda one: f"{one:017}" + check_digit(f"{one:017}")))


@example(rows=[("0", IDENTITY, "P1")], kind="plan")
@given(rows=st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=8),
       kind=st.sampled_from(["plan", "renewal"]))
@settings(max_examples=150, deadline=None)
def test_plain_rows_are_read_as_word_by_word(rows, kind):
    from dinghai.schemes.mass_table import Rows
    from dinghai.schemes.resident_change_list import _Plain

    columns = {"certificate": 0, "identity": 1, "plan": 2}
    part = Rows(list(range(len(rows))), list(rows))
    plain = _Plain.of(part, columns, SCHEME, SCHEME)
    for place, row in enumerate(rows):
        found = plain.row(place, row)
        if found is not None:
            assert found == read_change(dict(zip(columns, row, strict=True)), kind, SCHEME, SCHEME)


def test_a_row_says_nothing_personal_in_its_faults():
    found = read_change({"identity": "110105194912310021", "name": "张3明远", "mobile": "123"},
                        "correction", SCHEME, SCHEME)
    assert not isinstance(found, ChangeRow)
    assert {one.field for one in found} == {"identity", "name", "mobile"}
    assert "110105" not in str(found) and "明远" not in str(found)
