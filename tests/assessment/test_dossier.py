"""Reading a dossier: good ones, and every way it can be wrong."""

from __future__ import annotations

import copy
import json
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinghai.assessment.assess import assess
from dinghai.assessment.dossier import (
    Dossier,
    read_dossier,
    read_dossier_archive,
    read_readings,
    read_statements,
    unpack_dossier,
)
from dinghai.assessment.profile import read_profile, valid_credit_code
from dinghai.evidence.feeds import shipped_kev
from dinghai.foundation.canonical import document_hash
from dinghai.foundation.errors import InputError
from dinghai.vocabulary.indicators import indicators, light_indicators

from .conftest import EXAMPLES, QUOTE_DAY, edit_answers


def test_the_example_reads(donghai: Dossier) -> None:
    assert set(donghai.answers) == set(indicators())
    profile = donghai.profile
    assert profile.revenue_fen == 80_000_000_000 and profile.industry == "C"
    assert (profile.pi_records_general, profile.headcount, profile.mlps_level) == (
        2_100_000, 1_200, 2)
    assert profile.online_revenue_ppm == 350_000 and profile.tolerable_outage_seconds == 86_400
    assert {item.kind for item in profile.providers} == {"cloud", "payment", "logistics", "erp"}
    assert (profile.limits_wanted.limit_fen, profile.limits_wanted.event_deductible_fen) == (
        1_000_000_000, 10_000_000)
    vantages = {reading.source_name: reading.vantage for reading in donghai.readings}
    assert vantages["scans/external/nmap.xml"] == "external"
    assert vantages["inventory/erp.cdx.json"] == "internal"
    assert not any(name.startswith(("evidence", "rescan")) or "source" in name
                   for name in vantages)


@pytest.mark.parametrize("name", ["pilot-average", "pilot-small", "pilot-middle", "pilot-large"])
def test_pilot_dossiers_share_a_posture(name: str) -> None:
    dossier = read_dossier(EXAMPLES / name, today=QUOTE_DAY)
    average = read_dossier(EXAMPLES / "pilot-average", today=QUOTE_DAY)
    day = {"kev": shipped_kev(QUOTE_DAY), "on": QUOTE_DAY}
    assert assess(dossier, **day).posture == assess(average, **day).posture  # type: ignore[arg-type]
    assert dossier.profile.limits_wanted.limit_fen == 766_700_000
    assert dossier.profile.pi_records_general * 100_000 == dossier.profile.revenue_fen


def test_twenty_eight_answers_are_a_dossier(folder: Path) -> None:
    edit_answers(folder, lambda rows: [r for r in rows if r["indicator"] in light_indicators()])
    dossier = read_dossier(folder, today=QUOTE_DAY)
    assert set(dossier.answers) == set(light_indicators())
    assert assess(dossier, kev=shipped_kev(QUOTE_DAY), on=QUOTE_DAY, light=True).grade in "ABC"
    shutil.rmtree(folder / "evidence")
    edit_answers(folder, lambda rows: [{**r, "evidence": ""} for r in rows])
    assert read_dossier(folder).answers["IAM-01"].evidence_sha256 == ""


def test_it_survives_json_and_notices_a_change(donghai: Dossier) -> None:
    document = json.loads(json.dumps(donghai.to_dict()))
    schema = json.loads(files("dinghai.data").joinpath(
        "schemas/dossier.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(document)
    again = Dossier.from_dict(document)
    assert again.to_dict() == donghai.to_dict()
    document["profile"]["headcount"] += 1
    with pytest.raises(InputError, match="was changed"):
        Dossier.from_dict(document)
    for spoilt in ({}, {"schema": "dinghai.dossier/1"},
                   {**document, "profile": {**document["profile"], "more": 1}}):
        with pytest.raises(InputError):
            Dossier.from_dict(spoilt)


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _leaves(part, (*path, key))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _leaves(part, (*path, index))
    else:
        yield path


def _perturbed(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value - 1 if value > 0 else value + 1
    if value is None:
        return 1
    return value + "1" if value else "x"


def test_every_input_is_part_of_the_hash(donghai: Dossier) -> None:
    content = {key: part for key, part in donghai.to_dict().items() if key != "sha256"}
    light = {**content, "readings": []}
    base = document_hash(light)
    paths = [path for path in _leaves(light) if path[0] != "schema"]
    assert len(paths) > 300
    for path in paths:
        changed = copy.deepcopy(light)
        target = changed
        for key in path[:-1]:
            target = target[key]
        target[path[-1]] = _perturbed(target[path[-1]])
        assert document_hash(changed) != base, path


@pytest.mark.parametrize(("old", "new"), [
    ('revenue = "8亿"', 'revenue = "8.1亿"'), ('gross_profit_rate = "25%"',
                                              'gross_profit_rate = "26%"'),
    ('industry = "C"', 'industry = "I"'), ("pi_records_general = 2_100_000",
                                           "pi_records_general = 2_100_001"),
    ("important_data = false", "important_data = true"), ("important_data = false", ""),
    ('online_revenue = "35%"', "online_revenue = 0.36"),
    ('tolerable_outage = "24h"', 'tolerable_outage = "1d 1h"'.replace(" 1h", "")),
    ("ot_systems = 36", "ot_systems = 37"), ("headcount = 1_200", "headcount = 1_201"),
    ("critical = true", "critical = false"), ("remedied = true", "remedied = false"),
    ('limit = "1000万"', 'limit = "1001万"'), ("mlps_level = 2", "mlps_level = 3")])
def test_a_changed_line_of_the_profile_changes_the_hash(folder: Path, old: str, new: str) -> None:
    before = read_dossier(folder).sha256
    path = folder / "profile.toml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    after = read_dossier(folder).sha256
    assert (after == before) is (new == 'tolerable_outage = "1d"'), "one day is 24 hours"


def test_a_rescan_replaces_what_it_looked_at_again(donghai: Dossier) -> None:
    (rescan,) = sorted((EXAMPLES / "donghai" / "rescan").glob("2026-05-*"))
    again = read_readings(rescan)
    after = donghai.updated(again)
    assert {r.source_name for r in after.readings} == {r.source_name for r in donghai.readings}
    assert after.sha256 != donghai.sha256 and donghai.updated().sha256 == donghai.sha256
    on = date(2026, 5, 6)
    table = shipped_kev(on)
    then, now = (assess(item, kev=table, on=on) for item in (donghai, after))
    assert now.total_ppm > then.total_ppm
    raised = replace(donghai.answers["EPP-01"], score=4, answered_at=on)
    better = assess(after.updated(answers=[raised]), kev=table, on=on)
    assert better.total_ppm > now.total_ppm
    with pytest.raises(InputError, match="no such folder"):
        read_readings(rescan / "nowhere")


def test_changed_evidence_changes_the_hash(folder: Path) -> None:
    before = read_dossier(folder).sha256
    with (folder / "evidence" / "mfa-coverage.txt").open("a", encoding="utf-8") as handle:
        handle.write("更正\n")
    assert read_dossier(folder).sha256 != before


def test_all_faults_are_told_at_once(folder: Path) -> None:
    path = folder / "profile.toml"
    text = path.read_text("utf-8")
    text = text.replace('revenue = "8亿"', 'revenue = "800000000"').replace(
        'industry = "C"', 'industry = "Z"').replace("headcount = 1_200", 'headcount = "many"')
    path.write_text(text.replace("mlps_level = 2", "mlps_levels = 2"), "utf-8")
    edit_answers(folder, lambda rows: [
        {**rows[0], "score": "5"}, {**rows[1], "answered_at": "2026-13-01"}, rows[2], rows[2],
        {**rows[3], "indicator": "GOV-99"}, {**rows[4], "evidence": "evidence/none.txt"},
        {**rows[5], "answered_by": ""}, {**rows[6], "answered_at": "2026-03-13"}, *rows[7:-1]])
    (folder / "scans").mkdir()
    (folder / "scans" / "bad.xml").write_text("<html/>", "utf-8")
    (folder / "scan").mkdir()
    (folder / "scan" / "nmap.xml").write_text("<nmaprun/>", "utf-8")
    with pytest.raises(InputError) as caught:
        read_dossier(folder, today=QUOTE_DAY)
    told = {(fault.file, fault.line, fault.field) for fault in caught.value.faults}
    lines = {name: number for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
             for name in ("revenue", "industry", "headcount", "mlps_levels")
             if line.startswith(f"{name} =")}
    assert {("profile.toml", lines[name], f"exposures.{name}") for name in lines} <= told
    assert {("answers.csv", 2, "score"), ("answers.csv", 3, "answered_at"),
            ("answers.csv", 5, "indicator"), ("answers.csv", 6, "indicator"),
            ("answers.csv", 7, "evidence"), ("answers.csv", 8, "answered_by"),
            ("answers.csv", 9, "answered_at"), ("answers.csv", None, "HUM-02")} <= told
    assert {fault.file for fault in caught.value.faults} >= {"scans/bad.xml", "scan/nmap.xml"}
    assert all(fault.mend and fault.message for fault in caught.value.faults)


@pytest.mark.parametrize(("text", "line"), [("a = ", 1), ('schema = "x"\n[', 2)])
def test_broken_toml_names_its_line(text: str, line: int) -> None:
    with pytest.raises(InputError) as caught:
        read_profile(text, "profile.toml")
    assert caught.value.fault.line == line


def test_missing_parts_are_named(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        read_dossier(tmp_path / "nowhere")
    with pytest.raises(InputError) as caught:
        read_dossier(tmp_path / "dossier" / "evidence")
    assert {fault.file for fault in caught.value.faults} == {"profile.toml", "answers.csv"}
    (folder / "profile.toml").write_text('schema = "dinghai.profile/1"\n', "utf-8")
    with pytest.raises(InputError) as caught:
        read_dossier(folder)
    fields = {fault.field for fault in caught.value.faults}
    assert {"organisation.name_zh", "exposures.revenue", "limits_wanted.limit"} <= fields
    assert len(fields) == len(caught.value.faults)


@pytest.mark.parametrize("header", ["indicator,score", "indicator,score,answered_by,answered_at,"
                                    "evidence,note,colour", ""])
def test_the_header_of_answers_is_checked(folder: Path, header: str) -> None:
    (folder / "answers.csv").write_text(f"{header}\nGOV-01,1\n", "utf-8")
    with pytest.raises(InputError, match="column"):
        read_dossier(folder)


def test_chinese_excel_is_read(folder: Path) -> None:
    path = folder / "answers.csv"
    before = read_dossier(folder).sha256
    path.write_bytes(path.read_text("utf-8").encode("gb18030"))
    assert read_dossier(folder).sha256 == before
    path.write_bytes(b"\xff\xff\xff")
    with pytest.raises(InputError, match="GB 18030"):
        read_dossier(folder)


def test_links_are_not_followed(folder: Path) -> None:
    (folder / "evidence" / "link.txt").symlink_to("/etc/hostname")
    with pytest.raises(InputError, match="link"):
        read_dossier(folder)


def test_incidents_lie_in_the_past(folder: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_dossier(folder, today=date(2023, 1, 1))
    assert "loss_history.occurred_on" in {fault.field for fault in caught.value.faults}


@given(st.text(max_size=300))
def test_no_profile_crashes_the_reader(text: str) -> None:
    with pytest.raises(InputError):
        read_profile(text, "profile.toml")


def test_credit_codes_carry_a_check_character() -> None:
    assert valid_credit_code("91330200XXXXXXXX1R")
    assert not valid_credit_code("91330200XXXXXXXX1T")
    assert not valid_credit_code("91330200XXXXXXXXI1") and not valid_credit_code("9133")


def _zip(folder: Path, target: Path, prefix: str = "") -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, prefix + path.relative_to(folder).as_posix())
    return target


@pytest.mark.parametrize("prefix", ["", "donghai/"])
def test_an_archive_is_the_same_dossier(donghai: Dossier, tmp_path: Path, prefix: str) -> None:
    packed = _zip(EXAMPLES / "donghai", tmp_path / "d.zip", prefix)
    assert read_dossier_archive(packed, today=QUOTE_DAY).sha256 == donghai.sha256


@pytest.mark.parametrize("prefix", ["", "donghai/"])
def test_one_file_is_unpacked_alone(tmp_path: Path, prefix: str) -> None:
    packed = _zip(EXAMPLES / "donghai", tmp_path / "d.zip", prefix)
    whole, target = tmp_path / "whole", tmp_path / "one"
    whole.mkdir()
    target.mkdir()
    for name, _vantage in read_statements(unpack_dossier(packed, whole)).evidence:
        folder = unpack_dossier(packed, target, only=name)
        assert folder == target / prefix
        assert (folder / name).read_bytes() == (EXAMPLES / "donghai" / name).read_bytes()
        assert {path.relative_to(folder).as_posix() for path in folder.rglob("*.*")} == {
            "profile.toml", name}
        (folder / name).unlink()


def test_one_file_is_unpacked_where_the_whole_would_lie(tmp_path: Path) -> None:
    packed = tmp_path / "d.zip"
    with zipfile.ZipFile(packed, "w") as archive:  # no profile, and two folders at the top
        archive.writestr("scans/a.xml", "a")
        archive.writestr("inventory/b.json", "b")
    target = tmp_path / "one"
    target.mkdir()
    assert unpack_dossier(packed, target, only="scans/a.xml") == target
    assert (target / "scans" / "a.xml").read_text() == "a"
    assert not (target / "inventory" / "b.json").exists()


@pytest.mark.parametrize("name", ["../evil.txt", "/etc/evil", "a/../../evil", "C:evil",
                                  "..\\evil.txt"])
def test_archives_stay_inside(tmp_path: Path, name: str) -> None:
    target = tmp_path / "bad.zip"
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(name, "x")
    with pytest.raises(InputError, match="leads outside"):
        read_dossier_archive(target)
    assert not (tmp_path / "evil.txt").exists()


def test_archives_hold_no_links_and_are_bounded(tmp_path: Path,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    linked = tmp_path / "link.zip"
    with zipfile.ZipFile(linked, "w") as archive:
        entry = zipfile.ZipInfo("profile.toml")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    with pytest.raises(InputError, match="leads outside"):
        read_dossier_archive(linked)
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("scans/a.xml", b"0" * 3_000_000)
    monkeypatch.setattr("dinghai.assessment.dossier.FILE_LIMIT_BYTES", 1_000_000)
    with pytest.raises(InputError, match="too many bytes"):
        read_dossier_archive(bomb)
    monkeypatch.setattr("dinghai.assessment.dossier.FILES_LIMIT", 0)
    with pytest.raises(InputError, match="entries"):
        read_dossier_archive(bomb)
    (tmp_path / "no.zip").write_bytes(b"PK\x03\x04broken")
    with pytest.raises(InputError, match="not a ZIP"):
        read_dossier_archive(tmp_path / "no.zip")
