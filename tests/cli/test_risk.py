"""`dinghai assess` and `dinghai quote` on the examples."""

from __future__ import annotations

import json
import shutil
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dinghai.cli.main import main

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
STANDARD = "cyber-comprehensive-standard"
ON = ("--on", "2026-03-12")


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DINGHAI_HOME", str(tmp_path / "home"))


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, Any]:
    code = main([str(word) for word in (*words, "--json")])
    return code, json.loads(capsys.readouterr().out)


def quote(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, Any]:
    return run(capsys, "quote", EXAMPLES / "donghai", "--product", STANDARD, *ON, *words)


def test_the_example_is_assessed(capsys: pytest.CaptureFixture[str]) -> None:
    code, assessment = run(capsys, "assess", EXAMPLES / "donghai", *ON)
    assert code == 0
    assert assessment["schema"] == "dinghai.assessment/1"
    assert assessment["grade"] == "C"
    assert len(assessment["indicators"]) == 46
    assert assessment["tables"]["kev_as_of"] == "2025-08-25"


def test_the_light_set_is_enough(capsys: pytest.CaptureFixture[str]) -> None:
    code, assessment = run(capsys, "assess", EXAMPLES / "donghai", "--light", *ON)
    assert (code, len(assessment["indicators"])) == (0, 28)


def test_the_example_is_priced(capsys: pytest.CaptureFixture[str]) -> None:
    code, offer = quote(capsys, "--limit", "7667000yuan", "--deductible", "50000yuan")
    assert code == 0
    assert offer["terms"]["aggregate_limit_fen"] == 766_700_000
    assert offer["terms"]["event_deductible_fen"] == 5_000_000
    premium = offer["premium"]
    assert premium["gross_fen"] == premium["charged_net_fen"] + premium["vat_fen"]
    assert sum(row["amount_fen"] for row in offer["waterfall"]) == premium["gross_fen"]
    assert sum(offer["by_peril_fen"].values()) == premium["pure_fen"]
    assert sum(offer["by_section_fen"].values()) == premium["pure_fen"]


def test_more_limit_costs_more_and_more_deductible_less(
    capsys: pytest.CaptureFixture[str]
) -> None:
    def gross(*words: str) -> int:
        return quote(capsys, *words)[1]["premium"]["gross_fen"]

    assert gross("--limit", "500万") < gross("--limit", "1000万") < gross("--limit", "2000万")
    assert gross("--deductible", "5万") > gross("--deductible", "10万") > gross(
        "--deductible", "50万")


def test_the_same_input_gives_the_same_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert quote(capsys) == quote(capsys)


def test_a_firm_with_a_knock_out_is_a_no(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dossier = tmp_path / "donghai"
    shutil.copytree(EXAMPLES / "donghai", dossier)
    answers = dossier / "answers.csv"
    lines = answers.read_text("utf-8").splitlines()
    answers.write_text("\n".join(
        ",".join(["BCR-01", "0", *line.split(",")[2:]]) if line.startswith("BCR-01,") else line
        for line in lines) + "\n", "utf-8")
    code, offer = run(capsys, "quote", dossier, "--product", STANDARD, *ON)
    assert code == 1
    assert any("BCR-01" in reason for reason in offer["reasons"])


@pytest.mark.parametrize(("words", "field"), [
    (("--limit", "7667000"), "--limit"), (("--deductible", "x"), "--deductible"),
    (("--limit", "1yuan"), "schedule.aggregate_limit_fen"), (("--on", "yesterday"), "--on"),
])
def test_bad_words_are_bad_input(
    words: tuple[str, ...], field: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, answer = run(capsys, "quote", EXAMPLES / "donghai", "--product", STANDARD, *ON, *words)
    assert code == 2
    assert answer["error"]["field"] == field


def test_no_product_of_that_name(capsys: pytest.CaptureFixture[str]) -> None:
    code, answer = run(capsys, "quote", EXAMPLES / "donghai", "--product", "nothing", *ON)
    assert (code, answer["error"]["field"]) == (2, "product")


def test_no_dossier_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, answer = run(capsys, "assess", tmp_path / "nowhere", *ON)
    assert code == 2
    assert answer["error"]["mend"]


def test_explain_and_fixes_stand_beside_the_quote(capsys: pytest.CaptureFixture[str]) -> None:
    _, plain = quote(capsys)
    code, offer = quote(capsys, "--explain", "--fixes", "20万")
    schema = json.loads(
        files("dinghai.data").joinpath("schemas/quote.schema.json").read_text("utf-8"))
    jsonschema.validate(offer, schema)
    explanation, fixes = offer.pop("explanation"), offer.pop("fixes")
    assert offer == plain
    assert code == 0
    assert explanation["pure_fen"] == offer["premium"]["pure_fen"]
    assert explanation["technical_fen"] == offer["premium"]["technical_net_fen"]
    assert fixes["budget_fen"] == 20_000_000
    assert 0 < fixes["cost_fen"] <= 20_000_000


@pytest.mark.parametrize(("words", "field"), [
    (("--fixes", "0万"), "budget"), (("--costs", "costs.toml"), "--costs"),
    (("--fixes", "much"), "--fixes")])
def test_bad_budgets_are_bad_input(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], field: str
) -> None:
    code, answer = quote(capsys, *words)
    assert code == 2
    assert answer["error"]["field"] == field


def test_simulated_years_stand_beside_the_integrated_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, found = run(capsys, "simulate", EXAMPLES / "donghai", "--product", STANDARD, *ON,
                      "--years", "50000", "--levels", "0.9,0.99")
    assert code == 0
    exact = found["integrated"]
    assert abs(found["mean"]["value_fen"] - exact["mean_fen"]) <= (
        2 * found["mean"]["standard_error_fen"])
    for level, row in found["annual"].items():
        for name, one in row.items():
            assert abs(one["value_fen"] - exact["annual"][level][f"{name}_fen"]) <= (
                4 * one["standard_error_fen"] + 2 * exact["step_fen"])
        assert found["occurrence"][level]["quantile"]["value_fen"] <= (
            row["quantile"]["value_fen"])


@pytest.mark.parametrize(("words", "field"), [
    (("--years", "0"), "years"), (("--levels", "1.5"), "--levels"),
    (("--levels", "high"), "--levels")])
def test_senseless_simulations_are_bad_input(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], field: str
) -> None:
    code, answer = run(capsys, "simulate", EXAMPLES / "donghai", "--product", STANDARD, *ON,
                       *words)
    assert (code, answer["error"]["field"]) == (2, field)


def test_a_screening_and_a_history_go_with_the_quote_and_its_fixes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    screening = tmp_path / "screening.json"
    screening.write_text(json.dumps({
        "schema": "dinghai.screening/1", "lists": ["List A"], "screened_on": "2026-03-01",
        "result": "clear", "reference": "S-1"}), "utf-8")
    claims = tmp_path / "claims.csv"
    claims.write_text("赔案号,出险日期,已决赔款（元）\nC1,2024-05-01,800000\n", "utf-8")
    history = ("--history", claims, "--history-from", "2021-03-13")
    _code, bare = quote(capsys, "--fixes", "20万")
    _code, found = quote(capsys, "--fixes", "20万", *history, "--screening", screening)
    assert [one["id"] for one in bare["referral"]["evidence_needed"]] == ["SANCTIONS"]
    assert found["referral"]["evidence_needed"] == []
    assert found["screening"]["valid_until"] == "2026-05-30"
    assert found["fixes"]["before"]["expected_loss_fen"] == found["premium"]["pure_fen"]
    assert found["fixes"]["experience"]["history_sha256"] == (
        found["experience"]["history_sha256"])
    assert bare["fixes"]["before"]["expected_loss_fen"] == bare["premium"]["pure_fen"]
    schema = json.loads(files("dinghai.data").joinpath("schemas/quote.schema.json").read_text())
    jsonschema.validate({name: value for name, value in found.items() if name != "fixes"}, schema)
    assert main(["quote", str(EXAMPLES / "donghai"), "--product", STANDARD, *ON,
                 "--screening", str(screening)]) == 0
    assert "sanctions screening S-1" in capsys.readouterr().out
    screening.write_text("{}", "utf-8")
    code, refused = quote(capsys, "--screening", screening)
    assert code == 2 and refused["error"]["file"] == str(screening)


def test_the_frontier_takes_costs_and_history(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    costs = tmp_path / "costs.toml"
    costs.write_text('schema = "dinghai.fix-costs/1"\nversion = "own"\nsource = "offers"\n'
                     'confidence = "T"\n[full_fen]\n"GOV-03" = 100\n', "utf-8")
    words = ("needs", EXAMPLES / "donghai", "--product", STANDARD, *ON)
    code, bare = run(capsys, *words, "--frontier", STANDARD)
    _code, own = run(capsys, *words, "--frontier", STANDARD, "--costs", costs,
                     "--history", "dossier")
    assert code == 0
    assert bare["frontier"]["points"][-1]["spent_fen"] is not None
    assert own["frontier"]["points"][-1]["spent_fen"] is None
    assert own["frontier"]["points"][0]["charged_net_fen"] != (
        bare["frontier"]["points"][0]["charged_net_fen"])
    code, refused = run(capsys, *words, "--costs", costs)
    assert (code, refused["error"]["field"]) == (2, "--frontier")
