"""KEV and EPSS: the shipped tables, the loaders, and what they refuse."""

from __future__ import annotations

import gzip
import json
import os
from datetime import date
from importlib import resources
from pathlib import Path

import pytest

from dinghai.evidence.feeds import (
    load_epss,
    load_kev,
    shipped_epss,
    shipped_kev,
    shipped_kev_dates,
)
from dinghai.evidence.rebuild_feeds import main, rebuild
from dinghai.foundation.errors import InputError

SHARED = os.environ.get("DINGHAI_SHARED")
SOURCE = Path(SHARED or ".") / "data" / "kev_epss"
with_shared = pytest.mark.skipif(SHARED is None, reason="DINGHAI_SHARED is not set")

ENTRY = {"cveID": "CVE-2021-44228", "vendorProject": "Apache", "product": "Log4j2",
         "dateAdded": "2021-12-10", "dueDate": "2021-12-24",
         "knownRansomwareCampaignUse": "Known"}
CISA_HEAD = ("cveID,vendorProject,product,vulnerabilityName,dateAdded,shortDescription,"
             "requiredAction,dueDate,knownRansomwareCampaignUse,notes,cwes\n")


def kev_json(tmp_path: Path, **change: object) -> Path:
    path = tmp_path / "kev.json"
    path.write_text(json.dumps({"catalogVersion": "2025.08.25",
                                "vulnerabilities": [{**ENTRY, **change}]}))
    return path


def test_the_shipped_tables_have_their_counts() -> None:
    assert shipped_kev_dates() == (date(2025, 8, 25), date(2026, 4, 16))
    assert (len(shipped_kev(date(2025, 8, 25))), len(shipped_kev())) == (1404, 1569)
    assert (shipped_epss().as_of, len(shipped_epss())) == (date(2026, 8, 22), 1556)


@pytest.mark.parametrize(("on", "as_of"), [
    (date(2025, 8, 25), date(2025, 8, 25)), (date(2026, 4, 15), date(2025, 8, 25)),
    (date(2026, 4, 16), date(2026, 4, 16)), (None, date(2026, 4, 16))])
def test_the_newest_table_not_after_the_day(on: date | None, as_of: date) -> None:
    assert shipped_kev(on).as_of == as_of


def test_no_table_is_that_old() -> None:
    with pytest.raises(InputError, match="as old"):
        shipped_kev(date(2025, 8, 24))


def test_the_difference_between_two_tables() -> None:
    older, newer = shipped_kev(date(2025, 8, 25)), shipped_kev()
    added = newer.added_since(older)
    assert len(added) == 1569 - 1404
    assert added[-1].cve == "CVE-2026-34197"
    assert all(entry.date_added >= date(2025, 8, 25) for entry in added)
    assert older.added_since(newer) == ()


def test_an_unknown_ransomware_use_is_not_false() -> None:
    table = shipped_kev()
    assert {entry.ransomware_use for entry in table.entries.values()} == {True, None}
    log4j = table.get("CVE-2021-44228")
    assert log4j is not None
    assert (log4j.date_added, log4j.ransomware_use) == (date(2021, 12, 10), True)
    assert table.get("CVE-1999-0001") is None


def test_loads_cisa_json_plain_and_packed(tmp_path: Path) -> None:
    path = kev_json(tmp_path)
    table = load_kev(path)
    assert (table.as_of, len(table)) == (date(2025, 8, 25), 1)
    packed = tmp_path / "kev.json.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert load_kev(packed).entries == table.entries


def test_loads_cisa_csv(tmp_path: Path) -> None:
    path = tmp_path / "kev.csv"
    path.write_text(CISA_HEAD + 'CVE-2021-44228,Apache,Log4j2,name,2021-12-10,"two\nlines",act,'
                    "2021-12-24,Known,,CWE-20\n")
    table = load_kev(path)
    assert (table.as_of, len(table)) == (date(2021, 12, 10), 1)
    assert load_kev(path, as_of=date(2026, 1, 1)).as_of == date(2026, 1, 1)


@pytest.mark.parametrize(("field", "value"), [
    ("cveID", "44228"), ("dateAdded", "10/12/2021"), ("dueDate", ""),
    ("knownRansomwareCampaignUse", "maybe")])
def test_a_faulty_json_entry_is_named(tmp_path: Path, field: str, value: str) -> None:
    with pytest.raises(InputError) as caught:
        load_kev(kev_json(tmp_path, **{field: value}))
    assert caught.value.fault.field == f"vulnerabilities[0].{field}"
    assert caught.value.fault.mend


def test_every_faulty_csv_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "kev.csv"
    good = "CVE-2021-44228,Apache,Log4j2,n,2021-12-10,d,a,2021-12-24,Known,,\n"
    path.write_text(CISA_HEAD + good + good.replace("2021-12-10", "soon") + good
                    + good.replace("CVE-", "CWE-"))
    with pytest.raises(InputError) as caught:
        load_kev(path)
    assert [(fault.line, fault.field) for fault in caught.value.faults] == [
        (3, "dateAdded"), (5, "cveID")]


@pytest.mark.parametrize("text", ["", "{", "{}", '{"vulnerabilities": []}', "a,b\n1,2\n", "[1]",
                                  '{"catalogVersion":"2025.08.25","vulnerabilities":[7]}',
                                  CISA_HEAD, CISA_HEAD + "one,two\n"])
def test_other_files_are_no_catalogue(tmp_path: Path, text: str) -> None:
    path = tmp_path / "file"
    path.write_text(text)
    with pytest.raises(InputError):
        load_kev(path)


def test_loads_epss_with_its_comment(tmp_path: Path) -> None:
    path = tmp_path / "epss.csv"
    path.write_text("#model_version:v2025.03.14,score_date:2026-08-22T12:55:00Z\n"
                    "cve,epss,percentile\nCVE-2021-44228,0.94358,0.99962\n")
    table = load_epss(path)
    score = table.get("CVE-2021-44228")
    assert (table.as_of, table.model_version) == (date(2026, 8, 22), "v2025.03.14")
    assert score is not None
    assert (score.epss_ppm, score.percentile_ppm) == (943_580, 999_620)
    packed = tmp_path / "epss.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert load_epss(packed).scores == table.scores


@pytest.mark.parametrize(("row", "field"), [
    ("CVE-2021-44228,1.5,0.9", "epss"), ("CVE-2021-44228,x,0.9", "epss"),
    ("44228,0.5,0.9", "cve"), ("CVE-2021-44228,0.5,nan", "percentile")])
def test_a_faulty_epss_line_is_named(tmp_path: Path, row: str, field: str) -> None:
    path = tmp_path / "epss.csv"
    path.write_text(f"#score_date:2026-08-22\ncve,epss,percentile\n{row}\n")
    with pytest.raises(InputError) as caught:
        load_epss(path)
    assert (caught.value.fault.line, caught.value.fault.field) == (3, field)


def test_epss_needs_a_date(tmp_path: Path) -> None:
    path = tmp_path / "epss.csv"
    path.write_text("cve,epss,percentile\nCVE-2021-44228,0.5,0.9\n")
    with pytest.raises(InputError, match="no date"):
        load_epss(path)
    assert load_epss(path, as_of=date(2026, 1, 1)).as_of == date(2026, 1, 1)


@pytest.mark.shared
@with_shared
def test_the_shipped_tables_are_what_the_command_writes(tmp_path: Path) -> None:
    written = rebuild(SOURCE, tmp_path)
    shipped = resources.files("dinghai.data") / "feeds"
    assert len(written) == 3
    for path in written:
        assert path.read_bytes() == (shipped / path.name).read_bytes()


@pytest.mark.shared
@with_shared
def test_the_sources_load_as_they_are() -> None:
    assert load_kev(SOURCE / "kev_2025-08-25.json.gz").entries == shipped_kev(
        date(2025, 8, 25)).entries
    newer = load_kev(SOURCE / "kev_2026-04-16.csv.gz")
    assert (newer.as_of, newer.entries) == (date(2026, 4, 16), shipped_kev().entries)


def test_the_command_refuses_politely(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert main([str(tmp_path), str(tmp_path / "out")]) == 2
    assert "no such file" in capsys.readouterr().err
