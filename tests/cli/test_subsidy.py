"""`dinghai subsidy` on the command line: one story from rule to report, and what it refuses."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from dinghai.cli.main import main
from tests.cli.test_commands import run

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "subsidy"
RULE = EXAMPLE / "rule.toml"


def valid(document: Any) -> Any:
    """The document, which must be what its published schema says."""
    name = document["schema"].removeprefix("dinghai.").removesuffix("/1")
    schema = json.loads((ROOT / f"src/dinghai/data/schemas/{name}.schema.json").read_text("utf-8"))
    Draft202012Validator(schema).validate(document)
    return document


def decided(capsys: pytest.CaptureFixture[str], folder: Path) -> Path:
    """The register after the example's applications."""
    register = folder / "register.json"
    code, document = run(capsys, "subsidy", "decide", RULE, EXAMPLE / "applications.csv", "--day",
                         "2026-03-13", "-o", register, "--json")
    assert code == 0
    valid(document)
    return register


def test_the_example_from_rule_to_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By hand: 50% of 100,000; 600,000 (cap 200,000); 50,000; 500,000 (cap 200,000); 150,000 cut to
    the 125,000 left of 600,000."""
    assert run(capsys, "subsidy", "check", RULE, "--json")[1]["rule"]["budget_fen"] == 60_000_000
    register = decided(capsys, tmp_path)
    written = valid(json.loads(register.read_text("utf-8")))
    assert [one.get("granted_fen") for one in written["entries"]] == [
        5_000_000, 20_000_000, 2_500_000, 0, 0, 0, 0, 0, 20_000_000, 12_500_000, 0]
    assert [one["outcome"] for one in written["entries"]] == [
        *["granted"] * 3, *["refused"] * 3, "waiting_evidence", "refused", "granted", "granted",
        "waiting_budget"]
    _, public = run(capsys, "subsidy", "publish", RULE, register, "--day", "2026-03-16", "-o",
                    register, "--json")
    assert len(valid(public)["rows"]) == 5 and public["objections_until"] == "2026-03-23"
    assert public["rows"][0]["name"] == "东港＊＊医院"
    _, payments = run(capsys, "subsidy", "pay", RULE, register, "--objections",
                      EXAMPLE / "objections.csv", "--day", "2026-03-24", "-o", register, "--json")
    assert valid(payments)["paid_fen"] == 40_000_000
    assert payments["held"] == [{"application": "SQ-009", "reason": "objection_open"}]
    _, back = run(capsys, "subsidy", "clawback", RULE, register, EXAMPLE / "changes.csv", "--day",
                  "2026-07-03", "-o", register, "--json")
    assert valid(back)["due_fen"] == 2_000_000 + 500_000
    code, figures = run(capsys, "subsidy", "report", RULE, register, "--json")
    assert code == 0 and valid(figures)["total"]["paid_fen"] == 40_000_000
    assert figures["total"]["due_fen"] == 2_500_000 and figures["budget"]["left_fen"] == 0
    assert figures["refused_by_reason"] == {"area": 1, "duplicate": 1, "firm_cap": 1, "sector": 1}


def test_text_answers_say_the_line_of_the_rule(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    register = decided(capsys, tmp_path)
    assert main(["subsidy", "decide", str(RULE), str(EXAMPLE / "applications.csv"),
                 "--day", "2026-03-13"]) == 0
    assert "[scope.sectors, line " in (out := capsys.readouterr().out)
    assert "nothing is written" in out
    for words in (["check", RULE], ["template", RULE], ["report", RULE, register],
                  ["publish", RULE, register, "--day", "2026-03-16"],
                  ["pay", RULE, register, "--day", "2026-03-16"],
                  ["decide", RULE, "--register", register, "--day", "2026-03-16"],
                  ["clawback", RULE, register, EXAMPLE / "changes.csv", "--day", "2026-07-03"]):
        assert main(["subsidy", *map(str, words)]) == 0
        assert capsys.readouterr().out


def test_lists_for_others_are_csv_and_go_over_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    register = decided(capsys, tmp_path)
    public, bank = tmp_path / "public.csv", tmp_path / "bank.csv"
    words = ["subsidy", "publish", RULE, register, "--day", "2026-03-16", "-o", register, "--json"]
    both = register.parent / "both"
    code, document = run(capsys, *words[:words.index("-o")], "-o", both, "--list", both, "--json")
    assert (code, document["error"]["field"]) == (2, "--list") and not both.exists()
    assert run(capsys, *words, "--list", public)[0] == 0
    first = public.read_text("utf-8-sig").splitlines()[1]
    assert first == "SQ-001,东港＊＊医院,**************0012,310115,100000.00,50000.00"
    before = register.read_bytes()
    code, document = run(capsys, "subsidy", "pay", RULE, register, "--day", "2026-03-24", "-o",
                         register, "--list", public, "--json")
    assert (code, document["error"]["field"]) == (2, "--list") and register.read_bytes() == before
    assert run(capsys, "subsidy", "pay", RULE, register, "--day", "2026-03-24", "--list", bank,
               "--json")[0] == 0
    assert len(bank.read_text("utf-8-sig").splitlines()) == 6


def test_the_how_to_is_followed_word_by_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (ROOT / "docs/how-to/run-a-subsidy.md").read_text("utf-8")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    commands = re.findall(r"^dinghai (.*)$", page, re.MULTILINE)
    assert len(commands) == 8
    for command in commands:
        assert main(command.split()) == 0, command
    assert "¥25,000.00" in capsys.readouterr().out


def test_earlier_grants_count_towards_caps_and_duplicates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """¥150,000 of the cap of ¥200,000 are used: SQ-002 gets ¥50,000 of its ¥300,000."""
    register = tmp_path / "r.json"
    words = ["subsidy", "carry", RULE, EXAMPLE / "earlier.csv", "--day", "2026-03-01"]
    code, document = run(capsys, *words, "-o", register, "--json")
    assert code == 0 and valid(document)["budget_left_fen"] == 45_000_000
    code, again = run(capsys, *words, "--register", register, "-o", register, "--json")
    assert code == 1 and again["rejected"][0]["field"] == "application_id"
    _, found = run(capsys, "subsidy", "decide", RULE, EXAMPLE / "applications.csv", "--register",
                   register, "--day", "2026-03-13", "--json")
    assert found["decisions"][1]["granted_fen"] == 5_000_000
    assert run(capsys, "subsidy", "publish", RULE, register, "--json")[1]["rows"] == []
    assert run(capsys, "subsidy", "pay", RULE, register, "--json")[1]["payments"] == []
    assert main(["subsidy", "carry", str(RULE), str(EXAMPLE / "earlier.csv")]) == 0


@pytest.mark.parametrize(("before", "after", "field"), [
    (",150000,150000,", ",150000.01,150000,", "granted"),  # more than half of 300,000
    (",150000,150000,", ",0,0,", "granted"), (",150000,150000,", ",100000,150000,", "paid"),
    ("2026-01-20", "2027-01-20", "granted_on"), ("300000,0,", "300000,,", "borne_by_others"),
    ("300000,0,", "300000,300001,", "borne_by_others"), ("300000,0,", "1亿,0,", "")])
def test_an_earlier_grant_that_the_rule_does_not_allow_is_not_taken_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], before: str, after: str, field: str
) -> None:
    path = tmp_path / "e.csv"
    path.write_text((EXAMPLE / "earlier.csv").read_text("utf-8").replace(before, after), "utf-8")
    code, document = run(capsys, "subsidy", "carry", RULE, path, "--day", "2026-03-01", "--json")
    assert code == (1 if field else 0)
    assert [one["field"] for one in document["rejected"]] == [field] * bool(field)
    assert all(one["mend"] for one in document["rejected"])


def test_the_same_run_again_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    register = decided(capsys, tmp_path)
    before = register.read_bytes()
    _, document = run(capsys, "subsidy", "decide", RULE, EXAMPLE / "applications.csv", "--register",
                      register, "--day", "2026-03-13", "-o", register, "--json")
    assert document["entries_added"] == 0 and register.read_bytes() == before


def test_the_template_reads_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, document = run(capsys, "subsidy", "template", RULE, "--json")
    empty = tmp_path / "a.csv"
    empty.write_text(document["csv"], "utf-8")
    code, found = run(capsys, "subsidy", "decide", RULE, empty, "--json")
    assert (code, found["rows"], found["notes"]) == (0, 0, [])


def test_rejected_rows_do_not_stop_the_others_unless_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = (EXAMPLE / "applications.csv").read_text("utf-8").splitlines()
    lines[2] = lines[2].replace("600000", "six")
    mixed, register = tmp_path / "a.csv", tmp_path / "r.json"
    mixed.write_text("\n".join(lines), "utf-8")
    words = ["subsidy", "decide", RULE, mixed, "--day", "2026-03-13", "-o", register, "--json"]
    code, error = run(capsys, *words, "--all-or-nothing")
    assert code == 2 and error["error"]["line"] == 3 and not register.exists()
    code, document = run(capsys, *words)
    assert code == 1 and len(document["decisions"]) == 10
    assert valid(document)["rejected"][0]["field"] == "保费（元）" and register.exists()


@pytest.mark.parametrize("words", [
    ["check", "nothing.toml"], ["decide", RULE, "nothing.csv"],
    ["decide", RULE, EXAMPLE / "applications.csv", "--day", "yesterday"],
    ["decide", RULE, EXAMPLE / "applications.csv", "--close"],
    ["decide", RULE, EXAMPLE / "applications.csv", "-o", "no/such/folder/r.json"],
    ["report", RULE, RULE], ["report", RULE, EXAMPLE / "applications.csv"]])
def test_bad_input_is_said_with_its_mend(
    words: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    code, document = run(capsys, "subsidy", *words, "--json")
    assert code == 2 and document["error"]["mend"]


def test_a_register_is_never_lost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    register = decided(capsys, tmp_path)
    before = register.read_bytes()
    code, document = run(capsys, "subsidy", "decide", RULE, EXAMPLE / "applications.csv", "-o",
                         register, "--json")
    assert code == 2 and "already there" in document["error"]["message"]
    assert register.read_bytes() == before


def test_two_at_once_never_pass_the_budget(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both read the empty register before either writes; only one may add to what it read."""
    from dinghai.cli import subsidy_files

    register = tmp_path / "register.json"
    header, *lines = (EXAMPLE / "applications.csv").read_text("utf-8").splitlines()
    start = tmp_path / "none.csv"
    start.write_text(header, "utf-8")
    run(capsys, "subsidy", "decide", RULE, start, "-o", register, "--json")
    both = threading.Barrier(2)
    real = subsidy_files._locked

    def together(output: Path) -> Any:
        both.wait(timeout=20)
        return real(output)

    monkeypatch.setattr(subsidy_files, "_locked", together)
    codes: list[int] = []

    def decide(place: int) -> None:
        part = tmp_path / f"{place}.csv"
        part.write_text("\n".join([header, *lines[place::2]]), "utf-8")
        codes.append(main(["subsidy", "decide", str(RULE), str(part), "--register", str(register),
                           "--day", "2026-03-13", "-o", str(register)]))

    runs = [threading.Thread(target=decide, args=(place,)) for place in (0, 1)]
    for one in runs:
        one.start()
    for one in runs:
        one.join()
    assert sorted(codes) == [0, 2]
    assert "has new entries" in capsys.readouterr().err
    monkeypatch.undo()
    for place in (0, 1):
        run(capsys, "subsidy", "decide", RULE, tmp_path / f"{place}.csv", "--register", register,
            "--day", "2026-03-13", "-o", register, "--json")
    _, figures = run(capsys, "subsidy", "report", RULE, register, "--json")
    assert figures["total"]["applications"] == 11
    assert figures["total"]["granted_fen"] <= figures["budget"]["budget_fen"]
