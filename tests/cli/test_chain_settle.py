"""`dinghai chain settle`: from the facts of an event, and from a decided claim."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dinghai.cli.main import main
from tests.wording.test_library_b import _chain as claim_along_the_chain

HAIYUE = Path(__file__).parents[2] / "examples" / "haiyue"
EVENT, LAYERS = HAIYUE / "event.json", HAIYUE / "layers.toml"


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict[str, Any]]:
    code = main(["chain", "settle", *map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_the_facts_of_an_event(capsys: pytest.CaptureFixture[str]) -> None:
    """300,000 + 1,000,000 × 90% + 1,600,000 + 950,000 = 3,750,000: 3,000,000 in the first layer at
    20/10/70, 750,000 in the second, of which all enrolled bear 5%."""
    code, found = run(capsys, EVENT, "--layers", LAYERS)
    assert code == 0
    assert found["presented_fen"] == 375_000_000
    assert [one["borne_fen"] for one in found["layers"]] == [300_000_000, 75_000_000, 0]
    assert sum(one["fen"] for one in found["amounts"]) == sum(found["totals"].values()) == (
        390_000_000)
    assert [one["fen"] for one in found["amounts"] if one["reason"] == "uplift"] == [10_000_000]
    assert sum(one["fen"] for one in found["amounts"] if one["role"] == "chain_owner") == (
        60_000_000)
    assert found["totals"]["insurance_fen"] == 210_000_000 + 71_250_000
    assert main(["chain", "settle", str(EVENT), "--layers", str(LAYERS)]) == 0
    assert "commercial contribution" in capsys.readouterr().out


def test_a_decision_settles_by_its_own_policy(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    decision = claim_along_the_chain()
    path = tmp_path / "decision.json"
    path.write_text(json.dumps(decision), "utf-8")
    code, found = run(capsys, path, "--owner", "own", "--root-cause", "X")
    assert code == 0
    assert found["totals"]["insurance_fen"] == decision["insurers_fen"]
    for words, field in (((), "--owner"), (("--owner", "o", "--layers", LAYERS), "--layers")):
        code, wrong = run(capsys, path, *words)
        assert (code, wrong["error"]["field"]) == (2, field)


@pytest.mark.parametrize(("change", "field"), [
    ({"owner": ""}, "owner"), ({"sections": [{"member": "a"}]}, "sections[0].coverage"),
    ({"before": {"year": 1}}, "before.year")])
def test_faults_of_the_facts_are_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, change: dict[str, Any], field: str
) -> None:
    path = tmp_path / "event.json"
    path.write_text(json.dumps({**json.loads(EVENT.read_text("utf-8")), **change}, indent=1),
                    "utf-8")
    code, found = run(capsys, path, "--layers", LAYERS)
    assert code == 2
    fault = next(one for one in (found["error"], *found.get("others", [])) if one["field"] == field)
    assert fault["line"] and fault["mend"]


@pytest.mark.parametrize(("words", "field"), [
    ((), "--layers"), (("--layers", LAYERS, "--owner", "x"), "--owner"),
    (("--layers", LAYERS, "--root-cause", "x"), "--root-cause")])
def test_what_is_missing_or_too_much_is_named(
    capsys: pytest.CaptureFixture[str], words: tuple[object, ...], field: str
) -> None:
    code, found = run(capsys, EVENT, *words)
    assert (code, found["error"]["field"]) == (2, field)
