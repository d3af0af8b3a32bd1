"""`dinghai fit` as a person and as a program meet it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from dinghai.cli.main import main
from dinghai.foundation.laws import Lognormal
from dinghai.foundation.streams import uniforms


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict[str, Any]]:
    code = main([*map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.fixture
def losses(tmp_path: Path) -> Path:
    """600 lognormal losses of two kinds, and rows that are of no use."""
    sizes = Lognormal(8.0, 1.2).quantile(uniforms(5, "test.fit", 600, 1)[:, 0])
    rows = [f"{place},2024-{place % 12 + 1:02d}-03,{'a' if place % 3 else 'b'},{size:.2f}"
            for place, size in enumerate(sizes)]
    rows += ["x,2024-13-01,a,", 'x,,a,"1,234.50"', "x,2024-01-05,a,many", "x,2024-01-05,b,-5",
             "x,2024-01-05,b,0", "x,2024-01-05,b,nan"]
    path = tmp_path / "losses.csv"
    path.write_text("id,day,kind,paid\n" + "\n".join(rows) + "\n", "utf-8")
    return path


def test_severity(losses: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run(capsys, "fit", "severity", losses, "--column", "paid")
    assert code == 0
    assert (found["n"], found["screened"], found["floor"]) == (601, 5, None)
    assert found["screened_reasons"] == {"not above zero": 2, "blank": 1, "not a number": 1,
                                         "not finite": 1}
    assert set(found["candidates"]) == {"lognormal", "weibull", "gamma", "pareto", "spliced"}
    law = found["candidates"]["lognormal"]
    assert set(law) == {"mu", "sigma", "loglik", "aic", "ks"}
    assert law["mu"] == pytest.approx(8.0, abs=0.15)
    assert law["sigma"] == pytest.approx(1.2, abs=0.1)
    assert law["aic"] == pytest.approx(4.0 - 2.0 * law["loglik"])
    tail = found["tail"]
    assert tail["tail_exponent"] == pytest.approx(1.0 / tail["xi"])
    assert tail["xi_interval"][0] < tail["xi"] < tail["xi_interval"][1]
    assert found["warnings"][0].startswith("5 rows were screened")


def test_a_floor_and_a_threshold(losses: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _code, found = run(capsys, "fit", "severity", losses, "--column", "paid", "--floor", 3000,
                       "--threshold", 6000)
    assert found["floor"] == 3000
    assert found["screened_reasons"]["below the reporting floor"] > 200
    assert found["n"] + found["screened"] == 606
    assert found["candidates"]["lognormal"]["mu"] == pytest.approx(8.0, abs=0.7)
    assert found["tail"]["threshold"] == 6000
    assert found["tail"]["threshold_rule"] == "given"


def test_limits(losses: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("fit", "severity", losses, "--column", "paid", "--floor", 100, "--limits",
             "5000,20000,100000")
    _code, found = run(capsys, *words)
    rows = found["limits"]["lognormal"]
    assert [row["limit"] for row in rows] == [5000, 20000, 100000]
    assert rows[0]["factor"] == 1.0
    assert rows[0]["layer_mean"] == rows[0]["limited_mean"]
    assert sum(row["layer_mean"] for row in rows) == pytest.approx(rows[-1]["limited_mean"])
    # increased-limit factors rise and are concave
    slopes = [(rows[1]["factor"] - 1.0) / 15000, (rows[2]["factor"] - rows[1]["factor"]) / 80000]
    assert slopes[0] > slopes[1] > 0.0
    paid = [float(line.rsplit(",", 1)[1]) for line in losses.read_text("utf-8").splitlines()[1:601]]
    mean = sum(min(one, 20000.0) for one in paid if one >= 100.0) / sum(
        one >= 100.0 for one in paid)
    assert rows[1]["limited_mean"] == pytest.approx(mean, rel=0.03)
    assert main([str(one) for one in words]) == 0
    assert "limits by" in capsys.readouterr().out


def test_resampled_intervals_hold_the_fit(
    losses: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("fit", "severity", losses, "--column", "paid", "--bootstrap", 15)
    _code, found = run(capsys, *words)
    for name in ("mu", "sigma"):
        low, high = found["intervals"]["lognormal"][name]
        assert low < found["candidates"]["lognormal"][name] < high
    assert run(capsys, *words)[1] == found
    assert run(capsys, *words, "--seed", 2)[1]["intervals"] != found["intervals"]
    assert main([str(one) for one in words]) == 0
    assert "lognormal 95%: mu" in capsys.readouterr().out


def test_groups(losses: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _code, found = run(capsys, "fit", "severity", losses, "--column", "paid", "--by", "kind")
    assert {name: one["n"] for name, one in found["groups"].items()} == {"a": 401, "b": 200}
    assert found["screened"] == 5
    assert main(["fit", "severity", str(losses), "--column", "paid", "--by", "kind"]) == 0
    assert "== b" in capsys.readouterr().out


def test_the_command_takes_any_number_of_groups(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "many.csv"
    path.write_text("day,state\n" + "\n".join(
        f"2024-{month:02d}-03,S{place}" for place in range(40) for month in (1, 2, 2)), "utf-8")
    code, found = run(capsys, "fit", "frequency", path, "--date", "day", "--by", "state")
    assert code == 0 and len(found["groups"]) == 40


def test_in_words(losses: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", "severity", str(losses), "--column", "paid"]) == 0
    out = capsys.readouterr().out
    assert "lognormal *" in out or "spliced *" in out
    assert "tail above" in out
    assert main(["fit", "frequency", str(losses), "--date", "day"]) == 0
    assert "dispersion" in capsys.readouterr().out


@pytest.mark.parametrize(("values", "words"), [
    (["5"] * 30, "same amount"), (["5", "6", "7"], "too few to fit"),
    ([str(one) for one in range(1, 60)] + ["7"] * 30, "exactly 7"),
])
def test_warnings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], values: list[str], words: str
) -> None:
    path = tmp_path / "few.csv"
    path.write_text("x\n" + "\n".join(values) + "\n", "utf-8")
    _code, found = run(capsys, "fit", "severity", path, "--column", "x")
    assert any(words in one for one in found["warnings"])
    assert main(["fit", "severity", str(path), "--column", "x"]) == 0


def test_frequency(losses: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run(capsys, "fit", "frequency", losses, "--date", "day")
    assert code == 0
    assert (found["n_periods"], found["mean"], found["screened"]) == (12, 604 / 12, 2)
    assert set(found["poisson"]) == {"mean", "loglik", "aic"}
    assert set(found["negative_binomial"]) == {"mean", "size", "loglik", "aic"}
    assert found["preferred"] == "poisson"


def test_one_report_for_many_is_noticed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "days.csv.gz"
    days = [f"{month}/15/2023 12:00:00 AM" for month in range(1, 13)] + ["6/20/2023"] * 15
    path.write_bytes(gzip.compress(("d\n" + "\n".join(days) + "\n").encode()))
    _code, found = run(capsys, "fit", "frequency", path, "--date", "d", "--per", "month")
    assert found["preferred"] == "negative_binomial"
    assert any("16 of 27 fall into 2023-06" in one for one in found["warnings"])
    assert run(capsys, "fit", "frequency", path, "--date", "d", "--per", "year")[1]["error"][
        "field"] == "--per"


@pytest.mark.parametrize(("words", "field", "message"), [
    (("severity", "F", "--column", "none"), "--column or --date", "no column"),
    (("severity", "F", "--column", "paid", "--by", "none"), "--by", "no column"),
    (("severity", "F", "--column", "paid", "--floor", "-1"), "--floor", "not an amount"),
    (("severity", "F", "--column", "paid", "--limits", "5,4"), "--limits", "rising limits"),
    (("severity", "F", "--column", "paid", "--limits", "x"), "--limits", "rising limits"),
    (("severity", "F", "--column", "paid", "--bootstrap", "-1"), "--bootstrap", "resamples"),
    (("frequency", "F", "--date", "paid"), "--date", "fewer than two"),
    (("severity", "missing.csv", "--column", "x"), None, "no such file"),
    (("severity", "F", "--column", "kind"), "--column", "no amount above zero"),
    (("severity", "F", "--column", "paid", "--floor", "1e12"), "--floor", "below the reporting"),
    (("severity", "F", "--column", "paid", "--by", ""), "--by", "no column is named"),
    (("severity", "F", "--column", "paid", "--bootstrap", "10001"), "--bootstrap", "resamples"),
    (("frequency", "F", "--date", "day", "--per", "year"), "--per", "one period"),
    (("frequency", "F", "--date", "day", "--per", "year", "--by", "kind"), "--by", "one period"),
    (("delay", "F", "--occurred", "kind", "--known", "day"), "--occurred", "both days"),
    (("delay", "F", "--occurred", "day", "--known", "day", "--report", "a.txt"), "--report",
     "no form"),
])
def test_bad_input(
    losses: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], field: str | None,
    message: str,
) -> None:
    code, answer = run(capsys, "fit", *(losses if one == "F" else one for one in words))
    assert (code, answer["error"]["field"]) == (2, field)
    assert message in answer["error"]["message"]
    assert answer["error"]["mend"]


@pytest.mark.parametrize(("content", "message"), [
    (b"x\n\xff\xfe1\n", "not UTF-8"), (b'x\n"1\n', "not CSV"), (b"", "no column"),
])
def test_files_that_are_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, message: str
) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    code, answer = run(capsys, "fit", "severity", path, "--column", "x")
    assert code == 2
    assert message in answer["error"]["message"]
    assert run(capsys, "fit", "severity", tmp_path, "--column", "x")[0] == 2
    packed = tmp_path / "bad.csv.gz"
    packed.write_bytes(b"no gzip")
    assert "unpacked" in run(capsys, "fit", "severity", packed, "--column", "x")[1]["error"][
        "message"]


def test_credibility(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "years.csv"
    path.write_text("industry,year,loss_ratio,premium\n"
                    "steel,2023,0.40,\"1,000\"\nsteel,2024,0.60,1200\nsteel,2025,0.55,1300\n"
                    "banks,2023,0,400\nbanks,2024,0.30,420\nbanks,2025,0.10,450\n"
                    "ports,2025,1.20,90\n,2025,0.3,10\nports,2024,none,80\nports,2023,0.2,\n"
                    "ports,2022,0.2,0\nports,2021,inf,5\n", "utf-8")
    words = ("fit", "credibility", path, "--group", "industry", "--value", "loss_ratio",
             "--weight", "premium")
    code, found = run(capsys, *words)
    assert (code, found["n"], found["screened"]) == (0, 7, 5)
    assert found["screened_reasons"] == {
        "no group": 1, "not a number": 1, "blank": 1, "not finite": 1,
        "the value is below zero or the weight not above it": 1}
    by_name = {one["group"]: one for one in found["groups"]}
    assert [one["periods"] for one in found["groups"]] == [3, 1, 3]
    assert by_name["steel"]["weight"] == 3500.0
    for one in found["groups"]:
        assert one["factor"] == pytest.approx(one["weight"] / (one["weight"] + found["half"]))
        assert one["estimate"] == pytest.approx(
            one["factor"] * one["mean"] + (1 - one["factor"]) * found["collective"])
    assert main([str(one) for one in words]) == 0
    assert "half believed at weight" in capsys.readouterr().out


def test_groups_alike_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "alike.csv"
    path.write_text("g,v,w\na,1,1\na,3,1\nb,3,1\nb,1,1\n", "utf-8")
    _code, found = run(capsys, "fit", "credibility", path, "--group", "g", "--value", "v",
                       "--weight", "w")
    assert (found["between"], found["half"]) == (0.0, None)
    assert "differ no more than chance" in found["warnings"][0]


def test_rate(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("fit", "rate", "--prior", 0.05, "--prior-variation", 0.3, "--public", "30/1000",
             "--trust", 0.3, "--own", "2/40", "--between", 0.4)
    code, found = run(capsys, *words)
    assert code == 0
    assert found["prior"]["rate"] == 0.05
    assert found["market"]["rate"] < found["own"]["rate"] < 0.05
    assert 0.0 < found["factor"] < 1.0
    low, high = found["own"]["interval"]
    assert low < found["own"]["rate"] < high
    assert main([str(one) for one in words]) == 0
    assert "own claims are believed by" in capsys.readouterr().out
    code, error = run(capsys, *words[:-3], "2", *words[-2:])
    assert code == 2
    assert "--own" in json.dumps(error)


def test_events_that_follow_events(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Bursts of a few days, months apart, are told as contagion; a few days are not fitted."""
    days = [f"2024-{month:02d}-{day:02d}" for month in range(1, 13) for day in (5, 6, 6, 7, 8)]
    path = tmp_path / "bursts.csv"
    path.write_text("day\n" + "\n".join(days) + "\n", "utf-8")
    _code, found = run(capsys, "fit", "frequency", path, "--date", "day")
    law = found["self_exciting"]
    assert law["days"] == 339
    assert 0.4 < law["branching"] < 0.999
    assert law["chance_if_poisson"] < 1e-3
    assert any("events follow events" in one for one in found["warnings"])
    path.write_text("day\n2024-01-31\n2024-02-01\n2024-02-02\n", "utf-8")
    words = ("fit", "frequency", path, "--date", "day")
    assert run(capsys, *words)[1]["self_exciting"] is None
    assert main([str(one) for one in words]) == 0
    assert "self-exciting" not in capsys.readouterr().out


def test_a_report_of_counts_by_group_names_groups_that_are_too_few(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "days.csv"
    rows = [f"2023-{month:02}-{day},{kind}" for month in range(1, 13) for day in (10, 20)
            for kind in "AB"]
    path.write_text("\n".join(["d,k", *rows, "2023-05-05,C", "x,A"]), "utf-8")
    out = tmp_path / "out.html"
    words = ("fit", "frequency", path, "--date", "d", "--by", "k", "--per", "month",
             "--report", out, "--language", "en", "--on", "2026-03-28")
    code, found = run(capsys, *words)
    assert code == 0 and set(found["groups"]) == {"A", "B"} and found["too_few"] == {"C": 1}
    page = out.read_text("utf-8")
    assert page.count("data:image/svg+xml") == 2
    assert "nothing was fitted to them: C (1)" in page and "not a day" in page
    out.unlink()
    path.write_text("d,k\n2023-01-01,A\n2023-01-02,A\n", "utf-8")
    code, found = run(capsys, *words)
    assert (code, found["error"]["field"]) == (2, "--by") and not out.exists()


def test_a_report_of_losses_with_floors_of_their_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Own claims with deductibles and limits become a table, its fit a report with plots."""
    draws = uniforms(7, "test.cli.own-floors", 160, 1)[:, 0]
    rows = []
    for place, size in enumerate((20_000.0 / draws**0.7).tolist()):
        deductible = (10_000, 50_000)[place % 2]
        if size <= deductible:
            continue
        paid = min(size - deductible, 150_000.0)
        rows.append(f"C{place},2025-03-{place % 28 + 1:02},{paid:.2f}元,{deductible}元,150000元")
    claims, table, out = tmp_path / "claims.csv", tmp_path / "t.parquet", tmp_path / "out.html"
    claims.write_text("\n".join(["claim_no,occurred_on,paid,deductible,limit", *rows]), "utf-8")
    assert run(capsys, "incidents", claims, "-o", table)[0] == 0
    code, found = run(capsys, "fit", "severity", table, "--column", "amount", "--report", out,
                      "--language", "en", "--on", "2026-03-28")
    assert code == 0 and found["floor"] is None and found["censored"] > 5
    page = out.read_text("utf-8")
    assert "product-limit estimate" in page and "each row&#x27;s own" in page.replace(
        "&#39;", "&#x27;").replace("each row's own", "each row&#x27;s own")
    assert page.count("data:image/svg+xml") >= 2
    plain = run(capsys, "fit", "severity", table, "--column", "amount")[1]
    assert plain == found, "the answer stays the same"
