"""Counts, money, twins and results of a list: golden figures and properties."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from dinghai.schemes import resident_check, resident_list
from dinghai.schemes.mass_table import open_mass_table
from dinghai.schemes.persons_twice import look_up_hashes
from dinghai.schemes.resident_check import (
    HEADINGS,
    SHOWN,
    ResidentCheck,
    check_residents,
    results_of,
)
from tests.schemes.checked_lists import AS_OF, HEADER, KEY, check, number, row, scheme, text_of

SCHEMA = json.loads((Path(resident_check.__file__).parents[1] / (
    "data/schemas/resident-check.schema.json")).read_text("utf-8"))
LIST = [row(1), row(2, plan="P1"), row(1, name="李雷"), row(3, plan="P10"), row(4, mobile="1"),
        row(1, plan="P10"), row(5, identity="", consent="否"), row(6, plan="5万")]


def test_a_list_by_hand(tmp_path: Path) -> None:
    """Of eight rows 1 (P5), 2 (P1), 4 (P10) and 8 (P5) are taken: 1200 + 240 + 2400 + 1200 = 5,040
    fen for 5 + 1 + 10 + 5 = 21 times ¥10,000; 5,040 / 4 = 1,260; 21,000,000 / 4 = 5,250,000;
    5,040 × 10⁶ / 21,000,000 = 240 parts per million. Rows 3 and 6 are the person of row 1."""
    found = check(tmp_path / "list.csv", text_of(LIST))
    document = found.to_dict()
    assert {key: document[key] for key in (
        "rows", "accepted", "rejected", "repeated", "premium_fen", "sum_insured_fen",
        "average_premium_fen", "average_sum_insured_fen", "rate_ppm", "all_faults_shown")} == {
        "rows": 8, "accepted": 4, "rejected": 4, "repeated": 2, "premium_fen": 5_040,
        "sum_insured_fen": 21_000_000, "average_premium_fen": 1_260,
        "average_sum_insured_fen": 5_250_000, "rate_ppm": 240, "all_faults_shown": True}
    assert [(one["code"], one["accepted"]) for one in document["by_plan"]] == [  # type: ignore
        ("P1", 1), ("P5", 2), ("P10", 1)]
    assert [(one.line, one.field) for one in found.faults] == [
        (4, "identity"), (6, "mobile"), (7, "identity"), (8, "identity"), (8, "consent")]
    assert "at line 2" in found.faults[0].message and "at line 2" in found.faults[2].message
    assert not list(Draft202012Validator(SCHEMA).iter_errors(document))


def test_the_pilot_s_averages() -> None:
    """A02: ¥12.00 for ¥50,000 is 240 parts per million, 0.024%; 2,000,000 of them are ¥24m premium
    and ¥100bn limits."""
    plan = scheme().plans[1]
    assert (plan.premium_fen, plan.sum_insured_fen) == (1_200, 5_000_000)
    assert 2_000_000 * plan.premium_fen == 24_000_000_00
    assert 2_000_000 * plan.sum_insured_fen == 100_000_000_000_00
    assert plan.premium_fen * 1_000_000 // plan.sum_insured_fen == 240


def test_the_results_by_hand(tmp_path: Path) -> None:
    found = check(tmp_path / "list.csv", text_of(LIST))
    rows = [dict(zip(HEADINGS, one, strict=True)) for one in results_of(found)]
    assert [(one["line"], one["outcome"], one["field"]) for one in rows] == [
        ("2", "accepted", ""), ("3", "accepted", ""), ("4", "rejected", "identity"),
        ("5", "accepted", ""), ("6", "rejected", "mobile"), ("7", "rejected", "identity"),
        ("8", "rejected", "identity"), ("8", "rejected", "consent"), ("9", "accepted", "")]
    assert rows[0] == {
        "line": "2", "outcome": "accepted", "name": "王**", "identity": number(1)[:4] + "*" * 12
        + number(1)[-2:], "mobile": "138****0001", "plan": "P5", "premium_fen": "1200", "field": "",
        "message": "", "mend": ""}
    assert all(one["message"] and one["mend"] for one in rows if one["outcome"] == "rejected")


def test_who_is_in_the_scheme_already_is_named(tmp_path: Path) -> None:
    """Rows 1 and 2 of the good ones are in the register; row 3 is the person of row 1 again."""
    path = tmp_path / "list.csv"
    path.write_text(text_of(LIST), "utf-8")
    known = look_up_hashes([number(1), number(2)], KEY)

    def enrolled(hashes: bytes) -> npt.NDArray[np.bool_]:
        return np.array([hashes[at:at + 16] in (known[:16], known[16:])
                         for at in range(0, len(hashes), 16)])

    found = check_residents(open_mass_table(path), scheme(), as_of=AS_OF, key=KEY,
                            enrolled=enrolled)
    assert (found.number, found.rejected, found.repeated.tolist(), found.enrolled.tolist()) == (
        2, 6, [4, 7], [2, 3])
    said = "the person was enrolled in the scheme before"
    assert [one.line for one in found.faults if one.message == said] == [2, 3]
    assert found.faulty[("identity", said)] == 2
    assert [one[0] for one in results_of(found) if one[8] == said] == ["2", "3"]
    assert not list(Draft202012Validator(SCHEMA).iter_errors(found.to_dict()))


def test_an_empty_list(tmp_path: Path) -> None:
    document = check(tmp_path / "list.csv", text_of([])).to_dict()
    assert (document["rows"], document["premium_fen"]) == (0, 0)
    assert document["average_premium_fen"] is document["rate_ppm"] is None
    assert not list(Draft202012Validator(SCHEMA).iter_errors(document))
    assert list(results_of(check(tmp_path / "list.csv", text_of([])))) == []


@pytest.mark.parametrize("twins", [False, True])
def test_many_faults_are_counted_and_the_first_shown(tmp_path: Path, twins: bool) -> None:
    wrong = [row(1) if twins else row(1, mobile="1")] * (SHOWN + 50)
    found = check(tmp_path / "list.csv", text_of([row(1), *wrong]))
    document = found.to_dict()
    assert (found.rejected, len(found.faults), document["all_faults_shown"]) == (
        SHOWN + 50, SHOWN, False)
    assert [one.line for one in found.faults] == list(range(3, SHOWN + 3))
    assert document["faults_by_field"] == [{
        "field": "identity" if twins else "mobile", "number": SHOWN + 50,
        "message": "the person stands in the list before" if twins else (
            "this is no mobile number of the mainland")}]
    assert sum(one[1] == "rejected" for one in results_of(found)) == SHOWN + 50


ROWS = st.lists(st.builds(
    lambda place, plan, wrong: row(place, **{"plan": plan, **wrong}), st.integers(1, 8),
    st.sampled_from(("P1", "P5", "P10", "10万")),
    st.sampled_from(({}, {}, {}, {"mobile": "2"}, {"consent": "否", "name": "?"},
                     {"identity": "1"}, {"consented_on": "2026/3/1"}))), max_size=25)


def outcome(found: ResidentCheck) -> dict[str, Any]:
    return {key: one for key, one in found.to_dict().items() if key not in ("file", "faults")}


@given(rows=ROWS, seed=st.integers(0, 99))
@settings(max_examples=80, deadline=None, suppress_health_check=[
    HealthCheck.function_scoped_fixture])
def test_the_order_of_rows_matters_to_twins_alone(
    tmp_path: Path, rows: list[list[str]], seed: int
) -> None:
    """Who is taken, what is wrong with others and all counts stay; which of two twins is taken,
    and so its plan, follows the order."""
    found = check(tmp_path / "list.csv", text_of(rows))
    mixed = random.Random(seed).sample(rows, len(rows))
    other = check(tmp_path / "mixed.csv", text_of(mixed))
    for key in ("rows", "accepted", "rejected", "repeated", "faults_by_field"):
        one, two = outcome(found)[key], outcome(other)[key]
        assert (Counter(map(str, one)) == Counter(map(str, two)) if isinstance(one, list)
                else one == two), key
    assert taken(found) == taken(other)


def taken(found: ResidentCheck) -> set[str]:
    """The identity numbers of those who are taken."""
    lines = {int(one[0]) for one in results_of(found) if one[1] == "accepted"}
    return {identity for part in resident_list.resident_rows(
        found.table, found.scheme, as_of=found.as_of)
            for line, identity in zip(part.line.tolist(), part.identity, strict=True)
            if line in lines}


@given(rows=ROWS, size=st.integers(1, 9))
@settings(max_examples=80, deadline=None, suppress_health_check=[
    HealthCheck.function_scoped_fixture])
def test_counts_money_and_results_agree_however_many_rows_are_read_at_once(
    tmp_path: Path, rows: list[list[str]], size: int
) -> None:
    found = check(tmp_path / "list.csv", text_of(rows))
    document, results = found.to_dict(), list(results_of(found))
    accepted = [one for one in results if one[1] == "accepted"]
    rejected = {one[0] for one in results if one[1] == "rejected"}
    assert document["rows"] == len(rows) == found.number + found.rejected
    assert (found.number, found.rejected) == (len(accepted), len(rejected))
    assert not rejected & {one[0] for one in accepted}
    assert len(taken(found)) == found.number
    assert [int(one[0]) for one in results] == sorted(int(one[0]) for one in results)
    premiums = {one.code: one.premium_fen for one in found.scheme.plans}
    assert found.premium_fen == sum(premiums[one[5]] for one in accepted) == sum(
        int(one[6]) for one in accepted)
    assert found.sum_insured_fen == sum(
        plan.sum_insured_fen for plan in found.scheme.plans for one in accepted
        if one[5] == plan.code)
    assert sum(found.faulty.values()) == len(results) - len(accepted)
    with pytest.MonkeyPatch.context() as patch:
        whole = resident_check.resident_rows
        patch.setattr(resident_check, "resident_rows",
                      lambda *words, **more: whole(*words, **more, rows=size))
        again = check(tmp_path / "list.csv", text_of(rows))
        assert again.to_dict() == document
        assert list(results_of(again)) == results


@given(rows=ROWS)
@settings(max_examples=60, deadline=None, suppress_health_check=[
    HealthCheck.function_scoped_fixture])
def test_a_row_more_never_takes_anybody_out(tmp_path: Path, rows: list[list[str]]) -> None:
    numbers = [check(tmp_path / "list.csv", text_of(rows[:size])).number
               for size in range(0, len(rows) + 1, 4)]
    assert numbers == sorted(numbers)


@given(rows=ROWS, key=st.binary(min_size=16, max_size=64))
@settings(max_examples=40, deadline=None, suppress_health_check=[
    HealthCheck.function_scoped_fixture])
def test_no_figure_depends_on_the_secret(
    tmp_path: Path, rows: list[list[str]], key: bytes
) -> None:
    found = check(tmp_path / "list.csv", text_of(rows))
    other = check_residents(open_mass_table(tmp_path / "list.csv"), scheme(), as_of=AS_OF, key=key)
    assert other.to_dict() == found.to_dict()


def test_one_person_written_in_two_ways_stands_twice(tmp_path: Path) -> None:
    """X and x, full width and a space: one and the same number."""
    identity = next(number(one) for one in range(1, 999) if number(one).endswith("X"))
    ways = (identity, identity.lower(), f" {identity}", f"'{identity}", "".join(
        chr(ord(one) + 0xFEE0) for one in identity), f"{identity[:6]} {identity[6:]}")
    found = check(tmp_path / "list.csv", text_of([row(identity=one) for one in ways]))
    assert (found.number, found.repeated.tolist(), found.stood.tolist()) == (
        1, [3, 4, 5, 6, 7], [2] * 5)


def test_nothing_personal_stands_in_document_or_results(tmp_path: Path) -> None:
    names = ("欧阳小明", "司马懿之", "买买提·阿不都热合曼")
    rows = [row(one, name=names[one % 3], mobile=f"1390000{one:04d}") for one in range(1, 40)]
    rows += [row(one, name=names[0], consent="?") for one in range(41, 80)]
    rows += [[*reversed(row(90))], row(91, identity=number(91)[:-1] + "?"), row(1)]
    found = check(tmp_path / "list.csv", text_of(rows))
    text = json.dumps(found.to_dict(), ensure_ascii=False) + "\n".join(
        ",".join(one) for one in results_of(found))
    assert found.rejected > 30
    for cells in rows:
        for cell in cells[:3]:
            assert (cell not in text and cell[6:] not in text) or len(cell[6:]) < 4
    assert len(HEADER) == 6 and KEY.hex() not in text
