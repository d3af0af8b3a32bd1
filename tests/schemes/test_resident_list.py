"""Lists from any file: every bad row named with its mend, every good one kept, nothing else."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dinghai.cli.main import main
from dinghai.foundation.errors import InputError
from dinghai.schemes.mass_table import open_mass_table
from dinghai.schemes.persons_twice import as_pairs, first_places, look_up_hashes
from dinghai.schemes.resident_check import ResidentCheck, check_residents, results_of
from dinghai.schemes.resident_list import resident_rows
from dinghai.schemes.resident_scheme import read_scheme, scheme_from
from tests.schemes.lists import AS_OF, DOCUMENT, HEADER, SCHEME, identity, row, write
from tools.example_residents import FOLDER, rows
from tools.example_residents import HEADER as EXAMPLE_HEADER

KEY = bytes(range(32))


def checked(path: Path) -> ResidentCheck:
    return check_residents(open_mass_table(path), SCHEME, as_of=AS_OF, key=KEY)


def faults(found: ResidentCheck) -> list[tuple[int | None, str | None]]:
    assert all(one.mend and one.file for one in found.faults)
    return [(one.line, one.field) for one in found.faults]


def test_it_works(tmp_path: Path) -> None:
    """Five rows, two good ones for ¥3.00 and ¥12.00: the rate is 15.00 ÷ 60,000.00, 250 ppm."""
    found = checked(write(tmp_path / "a.csv", [
        row(1, plan="P1"), row(2), row(3, consent="否"), row(2, name="李四"),
        row(5, mobile="1", identity=identity(5, born="20150101"))]))
    assert (found.number, found.rejected) == (2, 3)
    assert faults(found) == [(4, "consent"), (5, "identity"), (6, "identity"), (6, "mobile")]
    document = found.to_dict()
    assert (document["premium_fen"], document["rate_ppm"]) == (1_500, 250)
    assert [one["accepted"] for one in document["by_plan"]] == [1, 1]
    assert document["all_faults_shown"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(tmp_path: Path, encoding: str, end: str) -> None:
    found = checked(write(tmp_path / "a.csv", [row(1), row(2, consent=""), row(3)],
                          encoding=encoding, end=end))
    assert (found.number, faults(found)) == (2, [(3, "consent")])


def test_a_corrupt_byte_spoils_its_own_line_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", [row(number) for number in range(9)])
    lines = path.read_bytes().split(b"\n")
    lines[4] = lines[4][:2] + b"\xff" + lines[4][2:]
    lines[7] = lines[7] + b"\x00"
    path.write_bytes(b"\n".join(lines))
    found = checked(path)
    assert (found.number, faults(found)) == (7, [(5, None), (8, None)])


@pytest.mark.parametrize(("line", "said"), [
    ('"张明远,1,2', "not CSV"), (row(1) + ",x", "7 cells"), ("张" * 70_000, "more than"),
    ('"张"明远,1', "not CSV")])
def test_a_broken_line_spoils_no_other(tmp_path: Path, line: str, said: str) -> None:
    found = checked(write(tmp_path / "a.csv", [row(2), line, row(3)]))
    assert (found.number, found.rejected) == (2, 1)
    assert found.faults[0].line == 3 and said in found.faults[0].message


def test_cells_of_a_million_characters(tmp_path: Path) -> None:
    found = checked(write(tmp_path / "a.csv", [row(2), row(3, name="张" * 1_000_000), row(4),
                                               row(5, name="张" * 10_000)]))
    assert (found.number, faults(found)) == (2, [(3, None), (5, "name")])


def test_other_columns_separators_and_blank_rows(tmp_path: Path) -> None:
    header = "备注;手机号码;证件号码;被保险人姓名;档次;授权同意;授权日期"
    line = f'"有;号";13800000001;{identity(1)};张明远;5万元;同意;2026年11月5日'
    found = checked(write(tmp_path / "a.csv", [";;;;;;", line, "", "  "], header=header))
    assert (found.number, found.rejected, found.premium_fen) == (1, 0, 1_200)


@pytest.mark.parametrize(("header", "fields"), [
    (HEADER.replace("姓名", "名"), ["name"]), (HEADER + ",Name", ["name"]),
    ("姓名,姓名", ["name", "identity", "mobile", "consent", "consented_on", "plan"]),
    ("a", ["name", "identity", "mobile", "consent", "consented_on", "plan"])])
def test_columns_that_are_missing_or_doubled(
    tmp_path: Path, header: str, fields: list[str]
) -> None:
    with pytest.raises(InputError) as error:
        checked(write(tmp_path / "a.csv", [row(1)], header=header))
    assert [one.field for one in error.value.faults] == fields
    assert all(one.line == 1 and one.mend for one in error.value.faults)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\x1f\x8b0000", b"\xd0\xcf\x11\xe0\xa1\xb1",
                                     b"PK\x03\x04xx", b"PAR1xx", b"\x00" * 100, b"\xff\xfe"])
def test_what_is_no_table(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        checked(path)
    assert error.value.fault.mend


def test_workbooks_and_parquet(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(HEADER.split(","))
    good: list[Any] = row(1).split(",")
    book.active.append([*good[:2], 13800000001, *good[3:5], date(2026, 11, 5)])
    book.active.append([*good[:1], 110105198002290023, *good[2:]])  # rounded by the spreadsheet
    book.save(tmp_path / "a.xlsx")
    found = checked(tmp_path / "a.xlsx")
    assert (found.number, faults(found)) == (1, [(3, "identity")])
    pyarrow.parquet.write_table(pyarrow.table({
        "姓名": ["张明远", None, "李静"], "身份证号": [identity(1), identity(2), identity(3)],
        "手机号": [13800000001, 13800000002, 13800000003], "方案": ["P1", "P5", "P5"],
        "是否同意": [True, True, False], "同意日期": [date(2026, 11, 5)] * 3}),
        tmp_path / "a.parquet")
    found = checked(tmp_path / "a.parquet")
    assert (found.number, faults(found)) == (1, [(2, "name"), (3, "consent")])


@pytest.mark.parametrize("rows", [1, 2, 3, 100])
def test_the_size_of_parts_changes_nothing(tmp_path: Path, rows: int) -> None:
    path = write(tmp_path / "a.csv", [row(1), row(2, consent="x"), '"', row(3), row(4, name="1")])
    parts = list(resident_rows(open_mass_table(path), SCHEME, as_of=AS_OF, rows=rows))
    assert np.concatenate([one.line for one in parts]).tolist() == [2, 5]
    assert sorted((one.line, one.field) for part in parts for one in part.faults) == [
        (3, "consent"), (4, None), (6, "name")]


HOSTILE = st.one_of(
    st.text(max_size=30), st.sampled_from(["是", "P5", "张明远", "2026-11-05", "13800000001"]),
    st.integers(0, 999).map(identity), st.just("=cmd()"), st.just("\x00"), st.just('"'),
    st.just("９" * 18), st.just("1e400"), st.just("-" * 500))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(st.lists(HOSTILE, max_size=8), max_size=8),
       st.sampled_from(["utf-8", "gb18030", "utf-16"]))
def test_no_file_crashes_and_every_row_is_told(
    tmp_path: Path, cells: list[list[str]], encoding: str
) -> None:
    path = tmp_path / "a.csv"
    text = "\n".join([HEADER, *(",".join(one) for one in cells), row(999)])
    path.write_bytes(text.encode(encoding, errors="replace"))
    try:
        found = checked(path)
    except InputError as error:
        assert error.fault.mend
        return
    document = found.to_dict()
    assert document["accepted"] + document["rejected"] == document["rows"]
    assert all(one.line and one.line > 1 and one.mend for one in found.faults)
    results = list(results_of(found))
    lines = [int(one[0]) for one in results]
    assert lines == sorted(lines)
    assert sum(one[1] == "accepted" for one in results) == found.number
    assert len({one[0] for one in results if one[1] == "rejected"}) == found.rejected


@given(st.lists(st.integers(0, 12), max_size=40), st.randoms())
def test_a_person_counts_once_where_they_stand_first(numbers: list[int], luck: Any) -> None:
    hashes = look_up_hashes([identity(one) for one in numbers], KEY)
    assert first_places(as_pairs(hashes)).tolist() == [numbers.index(one) for one in numbers]
    assert len({look_up_hashes([identity(1)], bytes([one]) * 32) for one in range(9)}) == 9


def test_results_show_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "scheme.json").write_text(json.dumps(DOCUMENT))
    people = write(tmp_path / "a.csv", [row(1), row(2, mobile="x"), row(1)])
    out = tmp_path / "results.csv"
    asked = ["residents", "check", str(tmp_path / "scheme.json"), str(people), "--as-of",
             "2026-12-02", "--json"]
    assert main([*asked, "-o", str(out)]) == 1
    text = out.read_text("utf-8-sig")
    said = capsys.readouterr().out + text
    for secret in (identity(1), identity(2), "张明远", "13800000001"):
        assert secret not in said
    read = list(csv.DictReader(text.splitlines()))
    assert [(one["line"], one["outcome"], one["field"]) for one in read] == [
        ("2", "accepted", ""), ("3", "rejected", "mobile"), ("4", "rejected", "identity")]
    assert main([*asked, "-o", str(people)]) == 2
    assert main([*asked, "-o", str(tmp_path / "no" / "x.csv")]) == 2
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.csv", "results.csv",
                                                              "scheme.json"]


@pytest.mark.parametrize(("change", "field"), [
    ({"last_day": "2026-01-01"}, "last_day"), ({"oldest": 10}, "oldest"),
    ({"default_plan": "X"}, "default_plan"), ({"plans": []}, "plans"),
    ({"plans": [DOCUMENT["plans"][0]] * 2}, "plans[1].code"), ({"channel": "x"}, "channel"),
    ({"more": 1}, "more")])
def test_a_scheme_that_is_none(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError) as error:
        scheme_from({**DOCUMENT, **change}, file="scheme.toml")
    assert [one.field for one in error.value.faults] == [field]


def test_a_premium_is_net_and_tax_to_the_fen() -> None:
    """12.00 ÷ 1.06 is 11.3207…, 3.00 ÷ 1.06 is 2.8301…"""
    assert [SCHEME.net_fen(one) for one in SCHEME.plans] == [283, 1_132]


def test_the_example_is_what_its_script_writes_and_shows_every_kind_of_fault() -> None:
    found = checked_example()
    assert (found.number, found.rejected) == (113, 7)
    assert faults(found) == [(19, "consent"), (31, "identity"), (43, "mobile"), (55, "identity"),
                             (68, "identity"), (80, "consented_on"), (92, None)]
    written = (FOLDER / "residents.csv").read_text("utf-8")
    assert written == "\n".join([EXAMPLE_HEADER, *rows(), ""])


def checked_example() -> ResidentCheck:
    return check_residents(open_mass_table(FOLDER / "residents.csv"),
                           read_scheme(FOLDER / "scheme.toml"), as_of=AS_OF, key=KEY)
