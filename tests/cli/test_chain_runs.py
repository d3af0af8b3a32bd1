"""`dinghai chain simulate|rank|what-if` on the example of an energy group."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest

from dinghai.cli.main import main
from dinghai.evidence.feeds import shipped_kev
from dinghai.supplychain.chain_file import read_chain
from dinghai.supplychain.held_products import held_products

CHAIN = Path(__file__).parents[2] / "examples" / "energy"
YEARS = ("--years", "2000", "--seed", "7")


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict[str, Any]]:
    code = main(["chain", *map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


def patch(folder: Path, document: dict[str, Any]) -> Path:
    path = folder / "patch.json"
    path.write_text(json.dumps(document), "utf-8")
    return path


def test_years_of_a_chain(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, found = run(capsys, "simulate", CHAIN, *YEARS, "-o", tmp_path / "out")
    assert code == 0
    loss, parties = found["loss"], found["parties"]
    years = parquet.read_table(tmp_path / "out" / "years.parquet").to_pydict()
    assert len(years["loss_fen"]) == 2000
    assert loss["mean_fen"] == round(sum(years["loss_fen"]) / 2000)
    assert loss["quantile_fen"]["0.99"] == sorted(years["loss_fen"])[1979]
    assert loss["tvar_fen"]["0.99"] > loss["quantile_fen"]["0.99"]
    whole = sum(one["own_fen"] + one["inherited_fen"] for one in parties)
    assert whole == pytest.approx(loss["mean_fen"], abs=2 * len(parties))
    assert sum(one["exported_fen"] for one in parties) == pytest.approx(
        sum(one["inherited_fen"] for one in parties), abs=2 * len(parties))
    assert sum(one["through_goods_fen"] for one in parties) > 0
    providers = [one for one in parties if one["kind"] == "provider"]
    assert providers
    assert all(one["own_fen"] == 0 for one in providers)
    assert json.loads((tmp_path / "out" / "simulation.json").read_text("utf-8")) == found
    assert run(capsys, "simulate", CHAIN, *YEARS) == (0, found)


def test_a_better_control_never_costs_more_in_any_year(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    better = {"controls": [{"firm": "coal-1", "indicator": code, "score_ppm": 1_000_000}
                           for code in ("IAM-01", "IAM-02", "EPP-01", "BCR-01", "DET-02")]}
    code, found = run(capsys, "what-if", CHAIN, *YEARS, "--patch", patch(tmp_path, better))
    assert code == 0
    assert found["change"]["mean_fen"] < 0
    for level, amount in found["before"]["loss"]["tvar_fen"].items():
        assert found["after"]["loss"]["tvar_fen"][level] <= amount
    others = {one["id"]: one for one in found["before"]["parties"]}
    for one in found["after"]["parties"]:
        assert one["attempts_a_year"] == others[one["id"]]["attempts_a_year"]
        if one["id"] != "coal-1":
            assert one["own_fen"] <= others[one["id"]]["own_fen"]


def test_a_link_that_is_gone_carries_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    _code, whole = run(capsys, "simulate", CHAIN, *YEARS)
    everything = [[one.source, one.target, one.kind] for one in read_chain(CHAIN).links]
    _code, found = run(capsys, "what-if", CHAIN, *YEARS, "--patch",
                       patch(tmp_path, {"remove": {"links": everything}}))
    assert found["before"] == whole
    causes = found["after"]["by_cause"]
    assert causes["firm"]["strikes_a_year"] == causes["provider"]["strikes_a_year"] == 0
    before, after = whole["by_cause"]["common_vulnerability"], causes["common_vulnerability"]
    assert after["events_a_year"] == before["events_a_year"]
    assert 0 < after["strikes_a_year"] < before["strikes_a_year"]  # they too went on along links
    products = [one for one in found["after"]["parties"] if one["kind"] == "common_vulnerability"]
    chain = read_chain(CHAIN)
    holders = {firm for one in held_products(chain, shipped_kev(chain.as_of)) for firm in one.firms}
    assert products and all(one["name_zh"] and one["name_en"] for one in products)
    for one in found["after"]["parties"]:
        if one["kind"] == "firm" and one["id"] not in holders:
            assert one["inherited_fen"] == one["through_goods_fen"]


def test_a_mended_finding_lowers_the_loss_and_leaves_the_product_in_the_chain(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    mended = {"remove": {"weaknesses": [["plant-a", "historian", "CVE-2021-44228", None]]}}
    code, found = run(capsys, "what-if", CHAIN, *YEARS, "--patch", patch(tmp_path, mended))
    assert code == 0
    assert found["change"]["mean_fen"] <= 0
    assert [one["id"] for one in found["after"]["parties"]] == [
        one["id"] for one in found["before"]["parties"]]


def test_the_ranking_is_what_protection_averts(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run(capsys, "rank", CHAIN, *YEARS)
    assert code == 0
    values = [one["averted_fen"] for one in found["parties"]]
    assert values == sorted(values, reverse=True)
    assert all(one["se_fen"] <= max(one["averted_fen"], 1) for one in found["parties"])
    _code, tail = run(capsys, "rank", CHAIN, *YEARS, "--metric", "tvar99")
    worst = [one["tail_averted_fen"] for one in tail["parties"]]
    assert worst == sorted(worst, reverse=True)
    assert worst[0] > values[0]


def test_fixes_for_a_budget(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    costs = tmp_path / "costs.toml"
    costs.write_text('schema = "dinghai.chain-fix-costs/1"\nversion = "1"\nsource = "Offers"\n'
                     'confidence = "T"\n[full_fen]\n"IAM-01" = 100\n', "utf-8")
    words = ("harden", CHAIN, "--years", 300, "--budget", "5000yuan", "--most", 2, "--costs",
             costs)
    code, found = run(capsys, *words)
    assert code == 0
    assert min(one["cost_fen"] for one in found["fixes"]) <= 100
    assert len(found["fixes"]) == 2
    assert found["cost_fen"] <= found["budget_fen"] == 500_000
    assert found["costs"][0]["name"] == "Offers"
    code, changed = run(capsys, "what-if", CHAIN, "--years", 300, "--patch",
                        patch(tmp_path, found["fixes"][0]["patch"]))
    assert code == 0
    assert changed["change"]["mean_fen"] <= 0
    assert main(["chain", *map(str, words)]) == 0
    text = capsys.readouterr().out
    assert found["fixes"][0]["id"] in text
    assert "no plan averts more than" in text


@pytest.mark.parametrize(("words", "field"), [
    (("--budget", "12"), "--budget"), (("--budget", "1万", "--most", "0"), "--most"),
    (("--budget", "1万", "--years", "0"), "--years"), (("--budget", "0yuan"), "budget"),
])
def test_a_plan_that_cannot_be_made(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], field: str
) -> None:
    code, found = run(capsys, "harden", CHAIN, *words)
    assert code == 2
    assert found["error"]["field"] == field
    assert found["error"]["mend"]


@pytest.mark.parametrize(("document", "field"), [
    ({"walls": []}, "walls"), ({"controls": {}}, "controls"),
    ({"controls": [{"score_ppm": 1}]}, "controls[0]"),
    ({"controls": [{"firm": "nobody", "indicator": "IAM-01", "score_ppm": 1}]}, "controls"),
    ({"remove": {"links": [["a", "b", "email_trust"]]}}, "remove.links[0]"), ([], None),
])
def test_a_patch_that_cannot_be_read(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, document: Any, field: str | None
) -> None:
    code, found = run(capsys, "what-if", CHAIN, "--years", 10, "--patch",
                      patch(tmp_path, document))
    assert code == 2
    assert (field or "") in (found["error"]["field"] or "")
    assert found["error"]["mend"]


def test_a_patch_may_not_change_who_is_in_the_chain(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    more = {"providers": [{"id": "new-cloud", "name_zh": "新云", "kind": "cloud"}]}
    code, found = run(capsys, "what-if", CHAIN, "--years", 10, "--patch", patch(tmp_path, more))
    assert (code, found["error"]["field"]) == (2, "--patch")


def test_text_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chain", "simulate", str(CHAIN), "--years", "200"]) == 0
    text = capsys.readouterr().out
    assert "loss a year" in text
    assert main(["chain", "rank", str(CHAIN), "--years", "200"]) == 0
    assert "averts a year" in capsys.readouterr().out
