"""`dinghai chain levels|paths|replay|blast` on the example of an energy group."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dinghai.cli.main import main
from dinghai.supplychain.chain_file import read_chain, write_chain
from dinghai.supplychain.chain_patch import patched

CHAIN = Path(__file__).parents[2] / "examples" / "energy"
YEARS = ("--years", "2000", "--seed", "7")


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict[str, Any]]:
    code = main(["chain", *map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


def text(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    assert main(["chain", *map(str, words)]) == 0
    return capsys.readouterr().out


def test_levels_of_every_node(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run(capsys, "levels", CHAIN)
    assert code == 0
    chain = read_chain(CHAIN)
    assert {one["id"] for one in found["nodes"]} >= {firm.id for firm in chain.firms}
    assert {one["grade"] for one in found["nodes"]} <= {"A", "B", "C", "D", "E", None}
    for one in found["nodes"]:
        whole = sum(one[part]["fen"] for part in ("own", "inherited", "exported"))
        base = sum(one[part]["reference_fen"] for part in ("own", "inherited", "exported"))
        if base > 10_000:
            assert one["index_ppm"] == pytest.approx(whole / base * 1e6, rel=1e-3)
    assert found["kev_as_of"] <= found["on"] == str(chain.as_of)
    assert "index:" in text(capsys, "levels", CHAIN)


def test_what_changed_levels_since(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    chain = read_chain(CHAIN)
    write_chain(patched(chain, {"controls": [
        {"firm": "coal-1", "indicator": "IAM-01", "score_ppm": 1_000_000}]}), tmp_path / "later")
    code, found = run(capsys, "levels", tmp_path / "later", "--since", CHAIN)
    assert code == 0
    changed = {one["id"]: one for one in found["nodes"]}
    assert changed["coal-1"]["direction"] == "better"
    assert [(one["kind"], one["what"]) for one in changed["coal-1"]["reasons"]] == [
        ("control", "IAM-01")]
    assert found["unmoved"] > 0
    assert "coal-1" in text(capsys, "levels", tmp_path / "later", "--since", CHAIN)


def test_another_day_of_the_feeds(capsys: pytest.CaptureFixture[str]) -> None:
    _, found = run(capsys, "levels", CHAIN, "--on", "2026-09-01", "--since", CHAIN,
                   "--since-on", "2025-09-01")
    assert found["before"]["kev_as_of"] < found["after"]["kev_as_of"]
    assert found["before"]["on"] == str(date(2025, 9, 1))


def test_paths_that_attacks_take(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run(capsys, "paths", CHAIN, *YEARS, "--to", "shuoyuan", "--top", "4")
    assert code == 0
    leading = found["parties"]["by_frequency"]
    assert 0 < len(leading) <= 4
    assert {one["parties"][-1] for one in leading} == {"shuoyuan"}
    assert found["strikes"] >= sum(one["strikes"] for one in leading)
    assert all(one["to"] == "shuoyuan" for one in found["likely"])
    assert found["likely"][0]["a_year"] >= found["likely"][-1]["a_year"]
    said = text(capsys, "paths", CHAIN, "--years", "50", "--to", "shuoyuan")
    assert "most likely single ways" in said


def test_a_simulation_shows_its_leading_paths(capsys: pytest.CaptureFixture[str]) -> None:
    _, found = run(capsys, "simulate", CHAIN, *YEARS)
    _, paths = run(capsys, "paths", CHAIN, *YEARS, "--top", "5")
    del paths["likely"]
    assert found["paths"] == paths
    assert found["paths"]


@pytest.mark.parametrize("which", [("--worst",), ("--median",), ("--level", "0.95"),
                                   ("--event", "3")])
def test_an_event_told_again(capsys: pytest.CaptureFixture[str], which: tuple[str, ...]) -> None:
    code, found = run(capsys, "replay", CHAIN, *YEARS, *which)
    assert code == 0
    assert found["moments"][0] == found["moments"][0] | {"kind": "step", "seconds": 0}
    assert found["loss_fen"] == sum(one["loss_fen"] + one["through_goods_fen"]
                                    for one in found["parties"])
    if which[0] != "--event":
        assert found["loss_fen"] > 0


def test_an_event_is_the_same_by_its_number(capsys: pytest.CaptureFixture[str]) -> None:
    _, found = run(capsys, "replay", CHAIN, *YEARS, "--worst")
    _, again = run(capsys, "replay", CHAIN, *YEARS, "--event", found["event"])
    assert again == found | {"chosen": "event"}
    assert "starts at" in text(capsys, "replay", CHAIN, *YEARS, "--worst")


def test_blast_radius(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run(capsys, "blast", CHAIN, *YEARS)
    assert code == 0
    assert {one["kind"] for one in found["nodes"]} >= {"firm", "provider"}
    assert found["single_points"]
    assert "single points" in text(capsys, "blast", CHAIN, "--years", "50")


def test_a_what_if_has_its_curves(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "patch.json"
    path.write_text(json.dumps({"controls": [
        {"firm": "coal-1", "indicator": "IAM-01", "score_ppm": 1_000_000}]}), "utf-8")
    _, found = run(capsys, "what-if", CHAIN, *YEARS, "--patch", path)
    curves = found["exceedance"]
    assert curves["change"]["mean_fen"] == found["change"]["mean_fen"]
    assert curves["change"]["worse_years"] == 0
    assert curves["before"]["mean_fen"] == found["before"]["loss"]["mean_fen"]
    assert len(curves["after"]["points"]) == len(curves["before"]["points"])


@pytest.mark.parametrize(("words", "message", "field"), [
    (("paths", CHAIN, "--to", "nobody"), "no firm", "--to"),
    (("paths", CHAIN, "--years", "0"), "cannot be simulated", "--years"),
    (("paths", CHAIN, "--top", "0"), "cannot be shown", "--top"),
    (("replay", CHAIN, "--years", "20", "--event", "999999"), "no event", "--event"),
    (("replay", CHAIN, "--years", "20", "--level", "2"), "no level", "--level"),
    (("levels", CHAIN, "--since-on", "2026-01-01"), "no earlier state", "--since-on"),
])
def test_bad_input_is_named(
    capsys: pytest.CaptureFixture[str], words: tuple[object, ...], message: str, field: str
) -> None:
    code, found = run(capsys, *words)
    assert code == 2
    assert message in found["error"]["message"]
    assert found["error"]["field"] == field
    assert found["error"]["mend"]
