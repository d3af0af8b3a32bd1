"""`dinghai compound` as a person and as a program meet it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dinghai.cli.main import main

LOGNORMAL = ("compound", "--frequency", "poisson:2.5", "--severity", "lognormal:0,1.4")
DICE = ("compound", "--frequency", "discrete:0=0.5;1=0.3;2=0.2", "--severity",
        "discrete:1=0.6;2.5=0.4")


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    code = main([*words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_it_works(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run(capsys, *LOGNORMAL, "--levels", "0.5,0.99")
    assert code == 0
    assert set(found) == {"mean", "sd", "quantile", "tvar", "lost_mass", "method"}
    assert found["mean"] == pytest.approx(6.661140604823542, rel=1e-13)
    assert found["tvar"]["0.99"] == pytest.approx(77.91270541, rel=1e-8)
    assert found["method"] == "fft"
    assert found["lost_mass"] < 1e-6


def test_the_chances_of_values(capsys: pytest.CaptureFixture[str]) -> None:
    _code, found = run(capsys, *DICE, "--pmf", "--levels", "0.5")
    assert found["pmf"] == pytest.approx(
        {"0": 0.5, "1": 0.18, "2": 0.072, "2.5": 0.12, "3.5": 0.096, "5": 0.032}, abs=1e-14)
    assert found["quantile"] == {"0.5": 0.0}


@pytest.mark.parametrize("method", ["fft", "panjer", "simulate"])
def test_every_method_with_layers(capsys: pytest.CaptureFixture[str], method: str) -> None:
    _code, found = run(capsys, *LOGNORMAL, "--occurrence", "50xs5", "--aggregate", "100xs10",
                       "--method", method, "--levels", "0.99")
    assert found["method"] == method
    assert found["quantile"]["0.99"] == pytest.approx(28.09, rel=0.03)
    assert ("standard_error" in found) == (method == "simulate")


def test_a_simulation_states_its_errors(capsys: pytest.CaptureFixture[str]) -> None:
    words = (*LOGNORMAL, "--method", "simulate", "--years", "2000", "--seed", "3", "--levels",
             "0.9,0.99")
    _code, found = run(capsys, *words)
    assert set(found["standard_error"]) == {"mean", "quantile", "tvar"}
    assert set(found["standard_error"]["tvar"]) == {"0.9", "0.99"}
    assert run(capsys, *words)[1] == found


def test_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*LOGNORMAL]) == 0
    assert "mean  6.66114" in capsys.readouterr().out
    assert main(["compound", "--frequency", "poisson:1", "--severity", "gpd:1.5,1,0"]) == 0
    assert "infinite" in capsys.readouterr().out


@pytest.mark.parametrize(("words", "field"), [
    ((*LOGNORMAL, "--pmf"), "--pmf"), ((*LOGNORMAL, "--levels", "2"), "--levels"),
    ((*LOGNORMAL, "--occurrence", "5"), "--occurrence"),
    ((*LOGNORMAL, "--aggregate", "5"), "--aggregate"), ((*LOGNORMAL, "--years", "0"), "--years"),
    (("compound", "--frequency", "x:1", "--severity", "gpd:1,1,0"), "--frequency"),
    (("compound", "--frequency", "poisson:1", "--severity", "x:1"), "--severity"),
])
def test_bad_input(capsys: pytest.CaptureFixture[str], words: tuple[str, ...], field: str) -> None:
    code, answer = run(capsys, *words)
    assert (code, answer["error"]["field"]) == (2, field)
    assert answer["error"]["mend"]
