"""`dinghai chain float` on the example of an energy group."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dinghai.cli.main import main
from dinghai.supplychain.chain_file import read_chain, write_chain
from dinghai.supplychain.chain_patch import patched

CHAIN = Path(__file__).parents[2] / "examples" / "energy"
FEW = ("--worlds", "60", "--seed", "7")
PATCH = {"controls": [{"firm": "turbine", "indicator": code, "score_ppm": 1_000_000,
                       "known_by": "assessment"} for code in ("IAM-01", "EPP-01", "BCR-01")]}


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict[str, Any]]:
    code = main(["chain", "float", *map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.fixture
def patch(tmp_path: Path) -> Path:
    path = tmp_path / "patch.json"
    path.write_text(json.dumps(PATCH), "utf-8")
    return path


def test_a_patch_and_the_chain_after_it_say_the_same(
    capsys: pytest.CaptureFixture[str], patch: Path, tmp_path: Path
) -> None:
    code, found = run(capsys, CHAIN, "--after", patch, *FEW, "--premium", "100万")
    assert code == 0
    assert found["changed"] == ["turbine"]
    assert sum(one["premium_fen"] for one in found["firms"]) == 100_000_000
    turbine = next(one for one in found["firms"] if one["id"] == "turbine")
    assert turbine["factor_ppm"] < 1_000_000
    assert turbine["if_confirmed"]["proposal"] == "refund"
    assert {one["subject"] for one in turbine["reasons"]} == {"IAM-01", "EPP-01", "BCR-01"}
    assert turbine["notice"]["appeal"]["working_days"] == 10
    assert found["rule"]["id"] == "cyber-comprehensive-standard"
    assert found["on"] == found["inception"] == "2026-07-01"
    for target in (tmp_path / "after", tmp_path / "after.json"):
        write_chain(patched(read_chain(CHAIN), PATCH), target)
        code, again = run(capsys, CHAIN, "--after", target, *FEW, "--premium", "100万")
        assert (code, again["firms"]) == (0, found["firms"])


def test_one_member_with_what_lowers_its_premium(
    capsys: pytest.CaptureFixture[str], patch: Path
) -> None:
    code, found = run(capsys, CHAIN, "--firm", "turbine", "--fixes", "2", *FEW)
    assert code == 0
    (one,) = found["firms"]
    assert (one["factor_ppm"], one["changed"], one["float"]["proposal"]) == (
        1_000_000, False, "none")
    assert len(one["fixes"]) == 2
    assert all(fix["premium_fen"] < 0 for fix in one["fixes"])
    assert main(["chain", "float", str(CHAIN), "--after", str(patch), "--firm", "turbine",
                 "--fixes", "1", *FEW]) == 0
    text = capsys.readouterr().out
    for words in ("turbine: why", "may be disputed until", "what lowers the premium", "refund"):
        assert words in text


def test_nothing_moves_where_nothing_changed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chain", "float", str(CHAIN), *FEW]) == 0
    assert "no member's premium moves" in capsys.readouterr().out


@pytest.mark.parametrize(("words", "field"), [
    (("--worlds", "5"), "--worlds"), (("--fixes", "-1"), "--fixes"),
    (("--firm", "nobody"), "--firm"), (("--premium", "x"), "--premium"),
    (("--rule", "nothing", *FEW), "float_rule")])
def test_what_cannot_be_done_is_named(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], field: str
) -> None:
    code, found = run(capsys, CHAIN, *words)
    assert (code, found["error"]["field"]) == (2, field)
