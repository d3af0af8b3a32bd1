"""`dinghai chain` on plain networks, as a person and as a program meet it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dinghai.cli.main import main

GRAPH: dict[str, Any] = {
    "nodes": [{"id": "A", "rate": 0.5, "loss": 1}, {"id": "B", "rate": 0.1, "loss": 2},
              {"id": "C", "kind": "and", "p": 0.9, "loss": 5}],
    "edges": [{"from": "A", "to": "B", "p": 0.5, "delay": {"family": "exponential", "rate": 1}},
              {"from": "A", "to": "C", "delay": {"family": "fixed", "value": 1}},
              {"from": "B", "to": "C", "p": 0.8,
               "delay": {"family": "lognormal", "mu": 0, "sigma": 1}}]}


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict[str, Any]]:
    code = main(["chain", *map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "graph.json"
    path.write_text(json.dumps(GRAPH), "utf-8")
    return path


def test_a_cascade(capsys: pytest.CaptureFixture[str], file: Path) -> None:
    code, exact = run(capsys, "cascade", file, "--model", "ic", "--seeds", "A", "--exact")
    assert code == 0
    assert exact["reached"] == {"A": {"p": 1.0, "se": 0.0}, "B": {"p": 0.5, "se": 0.0},
                                "C": {"p": pytest.approx(0.36), "se": 0.0}}
    assert exact["size"]["pmf"] == pytest.approx({"1": 0.5, "2": 0.14, "3": 0.36})
    assert exact["loss"] == {"mean": pytest.approx(1 + 1 + 1.8), "se": 0.0}
    _code, found = run(capsys, "cascade", file, "--seeds", "A", "--worlds", 20_000, "--seed", 3)
    assert found["worlds"] == 20_000
    assert abs(found["loss"]["mean"] - 3.8) < 4 * found["loss"]["se"]
    assert (code, found) == run(capsys, "cascade", file, "--seeds", "A", "--worlds", 20_000,
                                "--seed", 3)


def test_a_passage_keeps_the_times_as_typed(capsys: pytest.CaptureFixture[str], file: Path) -> None:
    _code, found = run(capsys, "passage", file, "--from", "A", "--to", "B", "--times", "1,2.0",
                       "--worlds", 50_000)
    assert list(found["cdf"]) == ["1", "2.0"]
    assert abs(found["reached"]["p"] - 0.5) < 4 * found["reached"]["se"]
    assert abs(found["mean"] - 1.0) < 4 * found["se"]
    assert abs(found["cdf"]["1"]["p"] - 0.5 * (1 - math.exp(-1))) < 4 * found["cdf"]["1"]["se"]


def test_an_epidemic_needs_its_rates(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "rates.json"
    path.write_text(json.dumps({"nodes": [{"id": "A"}, {"id": "B"}],
                                "edges": [{"from": "A", "to": "B", "p": 2.5}]}), "utf-8")
    code, found = run(capsys, "cascade", path, "--model", "sir", "--seeds", "A")
    assert (code, found["error"]["field"]) == (2, "--recovery-rate")
    _code, found = run(capsys, "cascade", path, "--model", "sir", "--seeds", "A", "--exact",
                       "--recovery-rate", 0.5)
    assert found["reached"]["B"]["p"] == pytest.approx(2.5 / 3.0)
    code, found = run(capsys, "cascade", path, "--seeds", "A")
    assert (code, found["error"]["field"]) == (2, "edges[0].p")


def test_catching_again(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_text(json.dumps({"nodes": [{"id": "A"}]}), "utf-8")
    _code, found = run(capsys, "sis", path, "--infection-rate", 1, "--recovery-rate", 0.5,
                       "--infected", "A", "--times", "1,2", "--exact")
    assert found["reached"]["2"]["A"]["p"] == pytest.approx(math.exp(-1.0))
    assert found["size"]["1"]["mean"] == pytest.approx(math.exp(-0.5))


def test_the_worth_of_protection(capsys: pytest.CaptureFixture[str], file: Path) -> None:
    _code, found = run(capsys, "protect", file, "--rule", "halve", "--budget", 3, "--exact")
    assert found["base"] == pytest.approx(2.1)
    assert found["first"]["A"] == pytest.approx(0.95)
    assert found["best"]["1"] == [["A"], pytest.approx(0.95)]
    assert found["best"]["3"][0] == ["A", "B", "C"]
    assert math.fsum(found["shapley"].values()) == pytest.approx(found["best"]["3"][1])
    assert found["proved"] == {"1": True, "2": True, "3": True}


def test_counts_and_sectors(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    _code, found = run(capsys, "intensity", "--baseline", 2, "--excitation", 0, "--decay", 1,
                       "--horizon", 3)
    assert found["mean"] == pytest.approx(6.0)
    assert found["variance"] == pytest.approx(6.0)
    matrix = tmp_path / "matrix.json"
    matrix.write_text("[[0, 0.5], [0.2, 0]]", "utf-8")
    _code, found = run(capsys, "inoperability", matrix, "--perturbation", "0.1,0",
                       "--resilience", "1", "--times", "0,1.50")
    assert found["equilibrium"] == pytest.approx([0.1 / 0.9, 0.02 / 0.9])
    assert list(found["times"]) == ["0", "1.50"]
    for words, field in ((["--times", ""], "--times"), (["--times", "1e300"], "--times"),
                         (["--times", "1", "--initial", "9"], "--initial")):
        code, found = run(capsys, "inoperability", matrix, "--perturbation", "0.1",
                          "--resilience", "1", *words)
        assert (code, found["error"]["field"]) == (2, field)
    code, found = run(capsys, "intensity", "--baseline", 1, "--excitation", 3, "--decay", 1,
                      "--horizon", 1000)
    assert (code, found["error"]["field"]) == (2, "--horizon")
    matrix.write_text(f"[[{10**400}]]", "utf-8")
    assert run(capsys, "inoperability", matrix, "--perturbation", "0.1")[0] == 2


def test_text_is_for_people(capsys: pytest.CaptureFixture[str], file: Path) -> None:
    assert main(["chain", "cascade", str(file), "--seeds", "A", "--exact"]) == 0
    text = capsys.readouterr().out
    assert "reached  1.86 nodes" in text
    assert main(["chain", "protect", str(file), "--rule", "immune", "--exact"]) == 0
    assert "averts alone" in capsys.readouterr().out


@pytest.mark.parametrize(("words", "field"), [
    (["--seeds", "X"], "--seeds"), (["--seeds", "C"], "--seeds"), (["--seeds", ","], "--seeds"),
    (["--seeds", "A", "--worlds", "0"], "--worlds"),
])
def test_what_cannot_be_asked(
    capsys: pytest.CaptureFixture[str], file: Path, words: list[str], field: str
) -> None:
    code, found = run(capsys, "cascade", file, *words)
    assert (code, found["error"]["field"]) == (2, field)
    assert found["error"]["mend"]


@pytest.mark.parametrize(("words", "field", "mend"), [
    (["--worlds", "x"], "--worlds", "a whole number"),
    (["--recovery-rate", "fast"], "--recovery-rate", "a number"),
    (["--model", "ising"], "--model", "--help"),
])
def test_what_is_no_option_names_the_option(
    capsys: pytest.CaptureFixture[str], file: Path, words: list[str], field: str, mend: str
) -> None:
    code, found = run(capsys, "cascade", file, "--seeds", "A", *words)
    assert (code, found["error"]["field"]) == (2, field)
    assert mend in found["error"]["mend"]
    assert run(capsys, "cascade", file)[1]["error"]["field"] == "--seeds"


@pytest.mark.parametrize(("seeds", "reached"), [
    ("A,B", {"A,B"}), ('"A,B", C', {"A,B", "C"}), ("A,C", {"A", "C"}), (" D ", {" D "}),
    ('say "so",C', {'say "so"', "C"}), ('"say ""so"""', {'say "so"'}),
])
def test_ids_may_hold_commas_spaces_and_quotes(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, seeds: str, reached: set[str]
) -> None:
    path = tmp_path / "commas.json"
    path.write_text(json.dumps({"nodes": [{"id": one} for one in
                                          ("A,B", "A", "C", " D ", 'say "so"')]}), "utf-8")
    code, found = run(capsys, "cascade", path, "--seeds", seeds, "--exact")
    assert code == 0, found
    assert {name for name, one in found["reached"].items() if one["p"] == 1.0} == reached


@pytest.mark.parametrize("words", [
    ["cascade", "--seeds", "A"], ["passage", "--from", "A", "--to", "A", "--times", "1"],
    ["protect", "--rule", "halve"],
])
def test_one_world_tells_no_error_and_is_still_json(
    capsys: pytest.CaptureFixture[str], file: Path, words: list[str]
) -> None:
    code, found = run(capsys, words[0], file, *words[1:], "--worlds", 1)
    assert code == 0
    assert "Infinity" not in json.dumps(found)
    assert None in (found.get("loss", found).get("se", 0.0),
                    found.get("standard_error", {}).get("base", 0.0))


@pytest.mark.parametrize(("content", "field"), [
    (rb'{"nodes": [{"id": "A"}, {"id": "\ud800"}]}', "nodes[1].id"),
    (rb'{"nodes": [{"id": "A", "\udfff": 1}]}', "nodes[0]"),
    (b'{"nodes": [{"id": "A", "loss": 1e200}]}', "nodes[0].loss"),
    (b'{"nodes": [{"id": "A"}], "edges": [{"from": "A", "to": "A", "delay": '
     b'{"family": "lognormal", "mu": 0, "sigma": 1000}}]}', "edges[0].delay"),
    (b'{"nodes": [{"id": "A"}], "edges": [{"from": "A", "to": "A", "delay": '
     b'{"family": "exponential", "rate": 1e-308}}]}', "edges[0].delay.rate"),
    (b'{"nodes": [{"id": "%s"}, {"id": "A", "colour": 1}]}' % (b"x" * 1_000_000),
     "nodes[1].colour"),
])
def test_what_no_number_or_text_can_hold_is_refused_in_few_words(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: bytes, field: str
) -> None:
    path = tmp_path / "beyond.json"
    path.write_bytes(content)
    code, found = run(capsys, "cascade", path, "--seeds", "A", "--worlds", 10)
    assert (code, found["error"]["field"]) == (2, field)
    assert len(json.dumps(run(capsys, "cascade", path, "--seeds", "x" * 100_000))) < 10_000


@pytest.mark.parametrize("name", ["a" * 5_000, "a\udcff"])
def test_a_path_that_cannot_be_opened_is_named(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    code, found = run(capsys, "cascade", name, "--seeds", "A")
    assert code == 2
    assert found["error"]["file"] == name


def test_words_that_the_kind_of_delay_does_not_know(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "delay.json"
    for delay, mend in (({"family": "weibull"}, "one of: fixed, exponential, lognormal"),
                        ({"family": "exponential", "rate": 1, "value": 2}, "drop it"),
                        ({"family": "fixed", "value": "1"}, "write a number")):
        path.write_text(json.dumps({"nodes": [{"id": "A"}], "edges": [
            {"from": "A", "to": "A", "delay": delay}]}), "utf-8")
        assert mend in run(capsys, "cascade", path, "--seeds", "A")[1]["error"]["mend"]


@pytest.mark.parametrize(("change", "field"), [
    ({"nodes": []}, "nodes"),
    ({"nodes": [{"id": "A"}, {"id": "A"}]}, "nodes[1].id"),
    ({"nodes": [{"id": "A", "p": 1.5}]}, "nodes[0].p"),
    ({"nodes": [{"id": "A", "kind": "and", "rate": 1}]}, "nodes[0].rate"),
    ({"nodes": [{"id": "A"}], "edges": [{"from": "A", "to": "B"}]}, "edges[0].to"),
    ({"nodes": [{"id": "A"}], "edges": [{"from": "A", "to": "A", "delay": {
        "family": "exponential", "rate": 0}}]}, "edges[0].delay.rate"),
    ({"nodes": [{"id": "A", "colour": "red"}]}, "nodes[0].colour"),
])
def test_a_fault_in_the_file_names_its_place(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, change: dict[str, Any], field: str
) -> None:
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(change), "utf-8")
    code, found = run(capsys, "cascade", path, "--seeds", "A")
    assert code == 2
    assert field in (found["error"]["field"] or ""), found
    assert found["error"]["mend"]


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
                    lambda one: st.lists(one, max_size=3) | st.dictionaries(
                        st.sampled_from(["id", "p", "from", "to", "nodes", "edges", "delay"]), one,
                        max_size=3), max_leaves=12)


@settings(max_examples=150, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(nodes=JSON, edges=JSON)
def test_no_file_breaks_the_command(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, nodes: Any, edges: Any
) -> None:
    path = tmp_path / "any.json"
    path.write_text(json.dumps({"nodes": nodes, "edges": edges}), "utf-8")
    code = main(["chain", "cascade", str(path), "--seeds", "A", "--worlds", "10", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert code in (0, 2)
    if code == 2:
        assert found["error"]["message"]
