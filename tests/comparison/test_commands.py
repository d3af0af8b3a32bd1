"""`wording compare` and `needs` on the command line."""

from __future__ import annotations

import json

import pytest

from dinghai.cli import comparison
from dinghai.cli.output import Parser
from dinghai.foundation.errors import InputError
from tests.comparison.making import EXAMPLES, STANDARD

PROFILE = str(EXAMPLES / "donghai" / "profile.toml")


def run(*words: str) -> int:
    parser = Parser(prog="dinghai")
    commands = parser.add_subparsers(parser_class=Parser)
    comparison.register(commands)
    comparison.register_compare(
        commands.add_parser("wording").add_subparsers(parser_class=Parser))
    arguments = parser.parse_args(words)
    return int(arguments.run(arguments))


def test_compare_prints_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("wording", "compare", STANDARD, "--enterprise", PROFILE, "--scenario", "insider",
               "--aggregate", "500000000", "--deductible", "5万", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "dinghai.comparison/1"
    assert document["products"][0]["aggregate_limit_fen"] == 500_000_000
    assert document["products"][0]["event_deductible_fen"] == 5_000_000
    assert [one["scenario"] for one in document["scenarios"]] == ["insider"]
    assert document["enterprise"]["posture"] == "unknown"


def test_compare_tells_people_what_is_not_covered(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("wording", "compare", STANDARD, "--enterprise", PROFILE,
               "--scenario", "ransomware-five-days") == 0
    text = capsys.readouterr().out
    assert "¥3,336,700.00" in text
    assert "已付赎金 ¥800,000.00 not_insurable_on_the_mainland" in text


def test_a_dossier_brings_its_controls(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("wording", "compare", STANDARD, "--enterprise", str(EXAMPLES / "donghai"),
               "--scenario", "insider", "--on", "2026-03-12", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["enterprise"]["posture"] == "assessed"


def test_needs_prints_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("needs", str(EXAMPLES / "donghai"), "--product", STANDARD, "--on", "2026-03-12")
    assert run(*words, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "dinghai.needs/1"
    assert document["products"][0]["product"] == STANDARD
    assert run(*words) == 0
    assert "gaps" in capsys.readouterr().out


@pytest.mark.parametrize("words", [
    ("wording", "compare", "nothing", "--enterprise", PROFILE),
    ("wording", "compare", STANDARD, "--enterprise", "nowhere.toml"),
    ("wording", "compare", STANDARD, "--enterprise", PROFILE, "--scenario", "earthquake"),
    ("wording", "compare", STANDARD, "--enterprise", PROFILE, "--aggregate", "much"),
    ("wording", "compare", STANDARD, STANDARD, "--enterprise", PROFILE),
    ("needs", "nowhere"),
])
def test_bad_input_names_its_mend(words: tuple[str, ...]) -> None:
    with pytest.raises(InputError) as caught:
        run(*words)
    assert caught.value.fault.mend
