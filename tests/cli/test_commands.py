"""The command line: one JSON document, exit codes, errors that name their place."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from dinghai.cli.main import ROOMS, build_parser, main
from tests.making import INTERRUPTION, make_claim, make_policy


@pytest.fixture
def files(tmp_path: Path) -> Path:
    claim = make_claim([INTERRUPTION])
    (tmp_path / "policy.json").write_text(json.dumps(make_policy().to_dict()), "utf-8")
    (tmp_path / "claim.json").write_text(json.dumps(claim), "utf-8")
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, Any]:
    """Exit code and the one JSON document on standard output."""
    code = main([str(word) for word in words])
    captured = capsys.readouterr()
    return code, json.loads(captured.out)


def decide(files: Path, *more: object) -> list[object]:
    return ["claims", "adjudicate", "--policy", files / "policy.json", "--claim",
            files / "claim.json", *more]


def test_a_claim_is_decided_and_replayed(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = files / "decision.json"
    code, decision = run(capsys, *decide(files, "-o", target, "--json"))
    assert (code, decision["total_fen"]) == (0, 69_000_000)
    assert json.loads(target.read_text("utf-8")) == decision
    code, replayed = run(capsys, "--json", "claims", "replay", target)
    assert (code, replayed["same"]) == (0, True)


def test_a_tampered_decision_is_a_no(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = files / "decision.json"
    run(capsys, *decide(files, "-o", target, "--json"))
    document = json.loads(target.read_text("utf-8"))
    document["lines"][0]["payable_fen"] += 100
    target.write_text(json.dumps(document), "utf-8")
    code, replayed = run(capsys, "claims", "replay", target, "--json")
    assert (code, replayed["line"]) == (1, 1)


def test_people_get_a_table(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(word) for word in decide(files)]) == 0
    out = capsys.readouterr().out
    assert "FP-BI" in out
    assert "¥690,000.00" in out


@pytest.mark.parametrize(("text", "message"), [
    ("{", "not JSON"), ('{"a": NaN}', "no number of JSON"), ("[]", "Expected `object`"),
])
def test_a_bad_file_is_bad_input(
    files: Path, capsys: pytest.CaptureFixture[str], text: str, message: str
) -> None:
    (files / "claim.json").write_text(text, "utf-8")
    code, answer = run(capsys, *decide(files, "--json"))
    assert code == 2
    assert set(answer["error"]) == {"file", "line", "field", "message", "mend"}
    assert answer["error"]["file"].endswith("claim.json")
    assert message in answer["error"]["message"]


def test_all_faults_of_a_file_are_told(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    claim = make_claim([{"coverage": "FP-??"}], {"incident.ncbr": 7})
    (files / "claim.json").write_text(json.dumps(claim), "utf-8")
    code, answer = run(capsys, *decide(files, "--json"))
    assert code == 2
    fields = [answer["error"]["field"], *(one["field"] for one in answer["others"])]
    assert fields == ["items[0].coverage", "facts.incident.ncbr"]


@pytest.mark.parametrize("words", [
    [], ["claims"], ["nonsense"], ["claims", "adjudicate"], ["claims", "replay", "missing.json"],
    ["evidence", "read", "missing.xml"], ["claims", "replay"],
])
def test_a_bad_command_line_is_bad_input(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, answer = run(capsys, *words, "--json")
    assert code == 2
    assert answer["error"]["message"]


def test_an_unwritable_target_leaves_nothing(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, answer = run(capsys, *decide(files, "-o", files / "no" / "folder.json", "--json"))
    assert code == 2
    assert answer["error"]["file"].endswith("folder.json")
    assert sorted(path.name for path in files.iterdir()) == ["claim.json", "policy.json"]


def test_evidence_is_sniffed_and_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scan = tmp_path / "anything.txt"
    scan.write_text(json.dumps({
        "template-id": "git-config", "type": "http", "host": "https://shop.example",
        "matched-at": "https://shop.example/.git/config",
        "info": {"name": "Git configuration", "severity": "medium"}}) + "\nnot json\n", "utf-8")
    code, answer = run(capsys, "evidence", "read", scan, "--json")
    (reading,) = answer["readings"]
    assert code == 0
    assert reading["format"] == "nuclei-json"
    assert len(reading["findings"]) == 1
    assert reading["rejected"][0]["reason"]


def test_feeds_are_loaded_and_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DINGHAI_HOME", str(tmp_path / "home"))
    feed = tmp_path / "kev.json"
    feed.write_text(json.dumps({
        "catalogVersion": "2026.10.01", "vulnerabilities": [{
            "cveID": "CVE-2026-12345", "dateAdded": "2026-09-30", "dueDate": "2026-10-21",
            "vendorProject": "Example", "product": "Gateway",
            "knownRansomwareCampaignUse": "Known"}]}), "utf-8")
    code, loaded = run(capsys, "feeds", "load", feed, "--json")
    assert (code, loaded["loaded"]["rows"], loaded["loaded"]["added"]) == (0, 1, 1)
    code, status = run(capsys, "feeds", "status", "--json")
    kev = next(one for one in status["tables"] if one["kind"] == "kev")
    assert (kev["as_of"], kev["origin"]) == ("2026-10-01", "loaded")


def test_a_bad_feed_replaces_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DINGHAI_HOME", str(tmp_path / "home"))
    feed = tmp_path / "epss.csv"
    feed.write_text("#model_version:v1,score_date:2026-10-01T00:00:00+0000\n"
                    "cve,epss,percentile\nCVE-2026-1,2.5,0.5\n", "utf-8")
    code, answer = run(capsys, "feeds", "load", feed, "--json")
    assert (code, answer["error"]["line"], answer["error"]["field"]) == (2, 3, "epss") or (
        answer["error"]["field"] == "cve")
    assert not (tmp_path / "home" / "feeds").exists()


def _commands(parser: argparse.ArgumentParser) -> list[str]:
    known = next(one for one in parser._actions if isinstance(one, argparse._SubParsersAction))
    return list(known.choices)


def test_every_command_is_registered_by_the_room_it_is_said_to_be_of() -> None:
    of_engine = [name for name in _commands(build_parser()) if name in ROOMS]
    assert of_engine == list(ROOMS)
    for command, room in ROOMS.items():
        assert _commands(build_parser(command)) == [
            name for name, other in ROOMS.items() if other == room]


def test_commands_of_the_platform_are_still_found() -> None:
    assert {"serve", "demo"} <= set(_commands(build_parser("serve"))) - set(ROOMS)
