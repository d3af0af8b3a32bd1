"""Claims over a year on the command line: histories, explanations, layers, TOML."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dinghai.cli.main import main
from tests.cli.test_commands import run

POLICY = """
product = "mine"
[schedule]
policy_no = "P-1"
applicant = { name_zh = "甲" }
insured = { name_zh = "甲" }
insurer = { name_zh = "乙" }
inception = 2026-04-01
expiry = 2027-03-31
aggregate_limit_fen = 100_000_000
[explanation]
explained_at = 2026-03-12T10:00:00+08:00
"""
PRODUCT = """
schema = "dinghai.product/1"
product_id = "mine"
version = "1"
name_zh = "层级"
name_en = "Layers"
summary_zh = ""
summary_en = ""
line = "property"
tier = "demonstration"
[limits]
aggregate_minimum_fen = 1
aggregate_default_fen = 100_000_000
aggregate_maximum_fen = 100_000_000
[rating]
table = "none"
float_rule = "none"
[[sections]]
coverage = "FP-IR"
clause = "2.1"
[[layers]]
id = "primary"
name_zh = "基础层"
name_en = "Primary"
limit_ppm = 500_000
reinstatements = 1
reinstatement_premium_ppm = 1_000_000
participants = [
  { party = "lead", role = "lead_insurer", share_ppm = 600_000 },
  { party = "owner", role = "chain_owner", share_ppm = 300_000 },
]
"""
CLAIM = """
schema = "dinghai.claim/1"
claim_no = "NUMBER"
policy_no = "P-1"
reported_at = 2026-09-07T11:00:00+08:00
[facts]
"event.cyber_incident_confirmed" = true
"incident.discovered_at" = { value = 2026-09-07T10:00:00+08:00, evidence = ["E-1"] }
"incident.root_cause_id" = "RC"
[[items]]
no = 1
coverage = "FP-IR"
facts = { "item.amount" = 30_000_000, "item.reasonable_amount" = { absent = true } }
[[evidence]]
id = "E-1"
document = "DOC-LOG"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/product.toml").write_text(PRODUCT, "utf-8")
    (tmp_path / "policy.toml").write_text(POLICY, "utf-8")
    for number in ("C-1", "C-2"):
        (tmp_path / f"{number}.toml").write_text(CLAIM.replace("NUMBER", number), "utf-8")
    return tmp_path


def decided(folder: Path, number: str, *more: object) -> list[object]:
    return ["claims", "adjudicate", "--policy", folder / "policy.toml", "--claim",
            folder / f"{number}.toml", *more]


def test_one_claim_after_the_other(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, history = folder / "d1.json", folder / "history.json"
    code, one = run(capsys, *decided(folder, "C-1", "-o", first, "--json"))
    assert (code, one["total_fen"]) == (0, 27_000_000)
    assert one["layers"][0]["unplaced_fen"] == 3_000_000
    code, made = run(capsys, "claims", "history", first, "-o", history, "--json")
    assert (code, made["claims"][0]["paid"]) == (0, {"FP-IR": 27_000_000})
    for source in (first, history):
        _code, two = run(capsys, *decided(folder, "C-2", "--history", source, "--json"))
        # of ¥500,000 for one event ¥300,000 was borne: ¥200,000 left, nine tenths of it placed
        assert two["total_fen"] == 18_000_000
    assert main([str(one) for one in decided(folder, "C-1")]) == 0
    words = capsys.readouterr().out
    assert "lead (lead_insurer, insurance) ¥180,000.00" in words
    assert "owner (chain_owner, contribution) ¥90,000.00" in words
    assert "not placed ¥30,000.00" in words
    assert "reinstated ¥300,000.00" in words
    assert main(["claims", "history", str(first)]) == 0
    assert "¥270,000.00" in capsys.readouterr().out


@pytest.mark.parametrize(("language", "word"), [
    ("zh", "按约定扣减后赔付"), ("en", "Paid after agreed"),
])
def test_a_line_in_words(
    folder: Path, capsys: pytest.CaptureFixture[str], language: str, word: str
) -> None:
    first = folder / "d1.json"
    run(capsys, *decided(folder, "C-1", "-o", first, "--json"))
    assert main(["claims", "explain", str(first), "--line", "1", "--language", language]) == 0
    out = capsys.readouterr().out
    assert "300,000.00 → 270,000.00" in out
    assert "E-1" in out
    assert word in out
    code, answer = run(capsys, "claims", "explain", first, "--json")
    assert (code, [line["no"] for line in answer["lines"]]) == (0, [1])


def test_what_cannot_be_explained_or_continued(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = folder / "d1.json"
    run(capsys, *decided(folder, "C-1", "-o", first, "--json"))
    code, answer = run(capsys, "claims", "explain", first, "--line", 9, "--json")
    assert (code, answer["error"]["field"]) == (2, "--line")
    (folder / "other.json").write_text(json.dumps({"schema": "other"}), "utf-8")
    for words in (["claims", "explain", folder / "other.json"],
                  ["claims", "history", folder / "other.json"],
                  decided(folder, "C-2", "--history", folder / "other.json"),
                  decided(folder, "C-2", "--history", first, folder / "other.json")):
        code, answer = run(capsys, *words, "--json")
        assert (code, answer["error"]["field"]) == (2, "schema")
        assert answer["error"]["file"].endswith("other.json")


@pytest.mark.parametrize("damage", [
    lambda one: one.update(lines=None), lambda one: one.update(lines=[5]),
    lambda one: one["lines"][0].pop("steps"), lambda one: one["lines"][0]["steps"][0].pop("rule"),
    lambda one: one.update(inputs=[]), lambda one: one["inputs"].pop("policy"),
    lambda one: one.pop("hash"),
])
def test_a_damaged_decision_is_bad_input(
    folder: Path, capsys: pytest.CaptureFixture[str], damage: Callable[[dict[str, Any]], Any]
) -> None:
    first = folder / "d1.json"
    run(capsys, *decided(folder, "C-1", "-o", first, "--json"))
    document = json.loads(first.read_text("utf-8"))
    damage(document)
    first.write_text(json.dumps(document), "utf-8")
    for words in (["claims", "explain", first], ["claims", "history", first],
                  ["claims", "replay", first], decided(folder, "C-2", "--history", first)):
        code, answer = run(capsys, *words, "--json")
        assert code == 2
        assert answer["error"]["file"].endswith("d1.json")


def test_a_changed_decision_is_no_history(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = folder / "d1.json"
    run(capsys, *decided(folder, "C-1", "-o", first, "--json"))
    document = json.loads(first.read_text("utf-8"))
    document["erosion"]["paid"] = {}
    first.write_text(json.dumps(document), "utf-8")
    code, answer = run(capsys, *decided(folder, "C-2", "--history", first, "--json"))
    assert (code, answer["error"]["field"]) == (2, "hash")


def test_nothing_is_left_where_a_decision_cannot_be_written(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(folder.iterdir())
    code, _answer = run(capsys, *decided(folder, "C-1", "-o", folder / "mine", "--json"))
    assert code == 2
    assert sorted(folder.iterdir()) == before


def test_an_account_of_open_exposure_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    account = tmp_path / "account.csv"
    account.write_text(
        "PortNumber,AccNumber,AccCurrency,PolNumber,PolPerilsCovered,PolInceptionDate,"
        "PolExpiryDate,PolCoverage,PolDedDIAS,PolLimitDIAS,LayerParticipation\n"
        "1,A1,CNY,P1,CC1,2026-01-01,2026-12-31,DIAS,10000,500000,0.5\n", "utf-8")
    code, answer = run(capsys, "oed", "pay", account, "--loss", "DIAS=30万", "--json")
    assert (code, answer["payments"]) == (
        0, [{"account": "A1", "number": "P1", "payment_fen": 14_500_000}])
    code, answer = run(capsys, "oed", "import", account, "-o", tmp_path / "out", "--json")
    assert (code, len(answer["contracts"])) == (0, 1)
    written = json.loads((tmp_path / "out/A1-P1-1.json").read_text("utf-8"))
    assert written["schema"] == "dinghai.policy/1"
    code, answer = run(capsys, "oed", "pay", account, "--loss", "DIAS", "--json")
    assert (code, answer["error"]["field"]) == (2, "--loss")
