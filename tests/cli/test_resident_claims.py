"""`dinghai residents decide`, `claim-file`, `returns`: whole, exact, and nothing half written."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow.parquet as parquet
import pytest

from dinghai.cli.main import main
from tests.schemes.test_resident_claim_file import text_of
from tools.publish_schemas import schemas


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict[str, Any]]:
    code = main(["residents", *map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.fixture
def claims(tmp_path: Path) -> Path:
    """A40, one that is refused, one with a pattern, one that asks."""
    path = tmp_path / "claims.csv"
    path.write_text(text_of([{}, {"family": "yes"}, {"loss_day": "2026-01-02"},
                             {"bank_records": ""}]), "utf-8")
    return path


def test_decide_writes_every_table(
    capsys: pytest.CaptureFixture[str], claims: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    code, found = run(capsys, "decide", claims, "--as-of", "2026-06-01", "-o", out)
    assert code == 0
    jsonschema.validate(found, schemas()["resident-decisions.schema.json"])
    assert found["outcomes"] == {"pay": 1, "wait": 0, "ask": 1, "refer": 1, "refused": 1,
                                 "not_triggered": 0, "nothing_due": 0}
    assert found["pay_fen"] == found["referred_fen"] == 2_240_000
    assert sorted(one.name for one in out.iterdir()) == sorted(found["files"])
    with (out / "decisions.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert sum(int(row["pay_fen"]) for row in rows) == found["pay_fen"]
    assert [row["outcome"] for row in rows] == ["pay", "refused", "refer", "ask"]
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    assert summary["rules"] == found["rules"]
    code, again = run(capsys, "decide", claims, "--as-of", "2026-06-01", "-o", out)
    assert (code, again["error"]["field"]) == (2, "--output")
    code, _ = run(capsys, "decide", claims, "--as-of", "2026-06-01", "-o", tmp_path / "parquet",
                  "--format", "parquet")
    assert code == 0
    table = parquet.read_table(tmp_path / "parquet/decisions.parquet")
    assert table.column("pay_fen").to_pylist() == [int(row["pay_fen"]) for row in rows]
    assert main(["residents", "decide", str(claims), "--as-of", "2026-06-01"]) == 0
    assert "¥22,400.00 to pay" in capsys.readouterr().out


def test_rejected_rows_give_one_and_no_row_gives_two(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "claims.csv"
    path.write_text(text_of([{}, {"loss_yuan": "much"}]), "utf-8")
    code, found = run(capsys, "decide", path, "--as-of", "2026-06-01")
    assert (code, found["rejected_rows"], found["faults"][0]["line"]) == (1, 1, 3)
    path.write_text(text_of([{"loss_yuan": "much"}]), "utf-8")
    out = tmp_path / "out"
    code, found = run(capsys, "decide", path, "--as-of", "2026-06-01", "-o", out)
    assert (code, found["error"]["field"], out.exists()) == (2, "loss", False)
    for words, field in ((("--as-of", "soon"), "--as-of"), (("--product", "service-anti-ddos"),
                                                            "--product")):
        code, found = run(capsys, "decide", path, *words)
        assert (code, found["error"]["field"]) == (2, field)


def test_a_formula_in_a_claim_number_stays_text(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "claims.csv"
    path.write_text(text_of([{"claim_id": "=1+1"}]), "utf-8")
    run(capsys, "decide", path, "--as-of", "2026-06-01", "-o", tmp_path / "out")
    assert "'=1+1,P1,pay" in (tmp_path / "out/decisions.csv").read_text("utf-8-sig")


def test_one_claim_by_hand_comes_to_the_same_fen(
    capsys: pytest.CaptureFixture[str], claims: Path, tmp_path: Path
) -> None:
    code, found = run(capsys, "claim-file", claims, "--claim", "C3", "--as-of", "2026-06-01",
                      "-o", tmp_path)
    assert (code, found["outcome"]) == (0, "refer")
    assert main(["claims", "adjudicate", "--policy", str(tmp_path / "policy.json"), "--claim",
                 str(tmp_path / "claim.json"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["total_fen"] == 2_240_000
    code, found = run(capsys, "claim-file", claims, "--claim", "C3", "--as-of", "2026-06-01",
                      "-o", tmp_path / "hand")
    assert (code, (tmp_path / "hand" / "claim.json").is_file()) == (0, True)
    before = claims.read_bytes()
    for taken in (claims, tmp_path / "none" / "hand"):
        code, found = run(capsys, "claim-file", claims, "--claim", "C3", "--as-of", "2026-06-01",
                          "-o", taken)
        assert (code, found["error"]["field"]) == (2, "--output")
    assert claims.read_bytes() == before
    code, found = run(capsys, "claim-file", claims, "--claim", "none", "--as-of", "2026-06-01",
                      "-o", tmp_path)
    assert (code, found["error"]["field"]) == (2, "--claim")


def test_returns(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """12,600 was not insured: of 20,000 it takes 12,600, and the insurer 7,400."""
    path = tmp_path / "returns.csv"
    path.write_text("claim_id,loss_yuan,recovered_before_yuan,paid_yuan,returned_yuan\n"
                    "C1,40000,5000,22400,20000\n", "utf-8")
    code, found = run(capsys, "returns", path)
    jsonschema.validate(found, schemas()["resident-returns.schema.json"])
    assert (code, found["insured_fen"], found["insurer_fen"]) == (0, 1_260_000, 740_000)
    code, found = run(capsys, "returns", path, "--rule", "insurer_first")
    assert (found["insured_fen"], found["insurer_fen"]) == (0, 2_000_000)
    assert main(["residents", "returns", str(path)]) == 0
    assert "insurer ¥7,400.00 (insured_first)" in capsys.readouterr().out


def test_rules_of_ones_own(
    capsys: pytest.CaptureFixture[str], claims: Path, tmp_path: Path
) -> None:
    from importlib.resources import files

    text = files("dinghai.data").joinpath("schemes/resident_claim_rules.toml").read_text("utf-8")
    rules = tmp_path / "rules.toml"
    rules.write_text(text.replace("most = 7\n", "most = 0\n"), "utf-8")
    code, found = run(capsys, "decide", claims, "--as-of", "2026-06-01", "--rules", rules)
    assert (code, found["outcomes"]["refer"]) == (0, 0)
    rules.write_text(text.replace("persons_least = 5\n", "persons_least = 1\n"), "utf-8")
    code, found = run(capsys, "decide", claims, "--rules", rules)
    assert (code, found["error"]["field"]) == (2, "ring.persons_least")
    assert found["error"]["line"]
