"""`dinghai chain shares` on the example of an energy group."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dinghai.cli.main import main

CHAIN = Path(__file__).parents[2] / "examples" / "energy"
LAYERS = CHAIN / "layers.toml"
YEARS = ("--years", "1000", "--seed", "7", "--orders", "4")


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict[str, Any]]:
    code = main(["chain", "shares", *map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_shares_of_a_file_and_of_the_wording(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run(capsys, CHAIN, "--layers", LAYERS, *YEARS, "--premium", "100万")
    assert code == 0
    assert (found["agreement"], found["years"], found["seed"]) == ("shuoyuan-2026", 1000, 7)
    assert found["programme_premium"]["basis"] == "agreed"
    assert sum(one.get("premium_fen", 0) for one in found["parties"]) == 100_000_000
    owner = next(one for one in found["parties"] if one["group"] == "owner")
    assert owner["pays_for_others_fen"] > 0
    assert owner["contribution_fen"] > owner["retention_fen"] > 0
    code, own = run(capsys, CHAIN, *YEARS)
    assert code == 0
    assert own["agreement"] == "supply-chain-programme"
    assert own["programme_premium"]["basis"] == "technical"
    assert own["presented"] == found["presented"]


def test_the_text_names_layers_parties_and_the_premium(
    capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["chain", "shares", str(CHAIN), "--layers", str(LAYERS), *YEARS]) == 0
    text = capsys.readouterr().out
    for words in ("three-party", "excess", "pays for others", "shuoyuan", "(technical)",
                  "other firms", "for information"):
        assert words in text


@pytest.mark.parametrize(("words", "field"), [
    (("--years", "1"), "--years"), (("--orders", "1", "--years", "10"), "--orders"),
    (("--premium", "5"), "--premium")])
def test_what_cannot_be_done_is_named(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], field: str
) -> None:
    code, found = run(capsys, CHAIN, "--layers", LAYERS, *words)
    assert (code, found["error"]["field"]) == (2, field)
