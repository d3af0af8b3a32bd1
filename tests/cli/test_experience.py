"""`dinghai experience`, own claims in `incidents` and `fit`, and `quote --history`."""

from __future__ import annotations

import csv
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from dinghai.cli.main import main
from dinghai.foundation.laws import Lognormal
from dinghai.foundation.streams import uniforms

EXAMPLE = Path(__file__).parents[2] / "examples/donghai"
PRODUCT = "cyber-comprehensive-standard"


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict[str, Any]]:
    code = main([*map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """400 claims of 2,400 policies as GB18030 CSV and as a workbook; the deductible is 5万."""
    claims, exposures = tmp_path / "赔案.csv", tmp_path / "承保.xlsx"
    sizes = Lognormal(11.5, 1.4).quantile(uniforms(9, "test.experience", 800, 1)[:, 0])
    rows, periods = [], []
    for number in range(2_400):
        first = date(2021 + number % 4, 1 + number % 12, 1)
        revenue = "5百万" if number == 5 else f"{(50 + number % 900) / 100}亿"
        periods.append([f"P{number}", first, first + timedelta(days=364), "CJF"[number % 3],
                        revenue, f"{3 + number % 5}.5万"])
    for number, size in enumerate(sizes):
        if size > 50_000 and len(rows) < 400:
            policy = 3 * number
            first = date(2021 + policy % 4, 1 + policy % 12, 1)
            occurred = first + timedelta(days=number % 360)
            paid = min(size - 50_000, 500_000)
            rows.append([f"C{number}", f"P{policy}", occurred.strftime("%Y/%m/%d"),
                         occurred + timedelta(days=number % 45),
                         "勒索" if number % 2 else "数据泄露", f"{paid:.2f}", "5万", "50万"])
    with claims.open("w", encoding="gb18030", newline="") as file:
        csv.writer(file).writerows([["赔案号", "保单号", "出险日期", "报案日期", "险因",
                                     "已决赔款（元）", "免赔额", "限额"], *rows])
    book = Workbook()
    book.active.append(["保单号", "起保日期", "终保日期", "行业", "营业收入", "保险费"])
    for row in periods:
        book.active.append(row)
    book.save(exposures)
    return claims, exposures


def test_templates_are_written_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new"
    code, found = run(capsys, "experience", "template", "-o", folder)
    assert (code, found["files"]) == (0, ["claims.csv", "claims.xlsx", "exposures.csv",
                                          "exposures.xlsx"])
    assert (folder / "claims.csv").read_text("utf-8-sig").startswith("赔案号,保单号,")
    code, found = run(capsys, "experience", "check", *sorted(folder.iterdir()))
    assert code == 0
    assert [one["kind"] for one in found["files"]] == ["claims", "claims", "exposures",
                                                      "exposures"]
    code, found = run(capsys, "experience", "template", "-o", folder)
    assert code == 2 and "already there" in found["error"]["message"]


def test_check_names_every_fault(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = run(capsys, "experience", "check", *files)
    claims, exposures = found["files"]
    assert (code, claims["rows"], claims["usable"], claims["notes"]) == (
        0, 400, 400, ["read as GB18030"])
    assert (exposures["rows"], exposures["faults_total"]) == (2_400, 1)
    (fault,) = exposures["faults"]
    assert (fault["line"], fault["field"]) == (7, "revenue")
    assert fault["file"].endswith("承保.xlsx") and fault["mend"]
    assert main(["experience", "check", *map(str, files)]) == 0
    assert "承保.xlsx:7: revenue: " in capsys.readouterr().out


def test_summary(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run(capsys, "experience", "summary", *files, "--as-of", "2025-12-31")
    assert (code, found["schema"]) == (0, "dinghai.experience-summary/1")
    total = found["total"]
    assert total["claims"] == 400
    assert total["policy_years"] == pytest.approx(2_400, rel=0.002)
    assert total["frequency_interval"][0] < 1 / 6 < total["frequency_interval"][1]
    assert found["reporting_pattern"]["origin"] == "own"
    assert total["ibnr_factor"] == pytest.approx(1.0, abs=1e-3)
    assert total["loss_ratio"] == pytest.approx(
        (total["paid_fen"] + total["outstanding_fen"]) / total["earned_premium_fen"])
    assert {one["segment"] for one in found["by_industry"]} == {"C", "F", "J"}
    assert {one["segment"] for one in found["by_peril"]} == {"intrusion_breach", "ransomware"}
    blended = next(one for one in found["by_industry"] if one["segment"] == "C")["blend"]
    assert blended["prior"] < blended["blended"] <= blended["own"]
    assert found["files"][1]["faults_total"] == 1
    assert main(["experience", "summary", *map(str, files)]) == 0
    out = capsys.readouterr().out
    assert "loss ratio" in out and "Bühlmann-Straub" in out


@pytest.mark.parametrize(("words", "field"), [
    (("--as-of", "soon"), "--as-of"), (("--limit", "12"), "--limit"),
    (("--limit", "0yuan"), "--limit"), (("--between", "0"), "--between"),
    (("--as-of", "1999-01-01"), "--as-of")])
def test_summary_of_bad_words(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str], words: tuple[str, ...],
    field: str,
) -> None:
    code, found = run(capsys, "experience", "summary", *files, *words)
    assert (code, found["error"]["field"]) == (2, field)
    assert found["error"]["mend"]


def test_files_given_in_the_wrong_place(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    claims, exposures = files
    code, found = run(capsys, "experience", "summary", exposures, claims)
    assert code == 2 and found["error"]["line"] == 1
    code, found = run(capsys, "incidents", exposures)
    assert code == 2 and "exposures, not claims" in found["error"]["message"]
    stranger = tmp_path / "stranger.csv"
    stranger.write_text("a,b\n1,2\n", "utf-8")
    book = Workbook()
    book.active.append(["a", "b"])
    book.save(tmp_path / "stranger.xlsx")
    for words in (("incidents", stranger), ("incidents", tmp_path / "stranger.xlsx"),
                  ("experience", "check", stranger)):
        code, found = run(capsys, *words)
        assert code == 2 and "template" in found["error"]["mend"]


def test_own_claims_become_incidents_and_are_fitted(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Losses seen above 5万, paid up to 50万: the law they were drawn from comes back."""
    table = tmp_path / "table.parquet"
    code, found = run(capsys, "incidents", files[0], "-o", table)
    assert (code, found["usable"], found["with_amount"]) == (0, 400, 400)
    assert (found["by_source"], found["faults"]) == ({"own": 400}, [])
    code, fit = run(capsys, "fit", "severity", table, "--column", "amount")
    assert (code, fit["n"], fit["unit"]) == (0, 400, "CNY")
    assert fit["censored"] > 20
    assert fit["row_floors"] == {"rows": 400, "lowest": 50_000.0, "highest": 50_000.0}
    law = fit["candidates"]["lognormal"]
    assert law["mu"] == pytest.approx(11.5, abs=0.4)
    assert law["sigma"] == pytest.approx(1.4, abs=0.25)
    assert {"n", "screened", "screened_reasons", "floor", "candidates", "best", "tail",
            "warnings"} <= set(fit)
    _code, parts = run(capsys, "fit", "severity", table, "--column", "amount", "--by", "peril")
    assert {name: one["n"] for name, one in parts["groups"].items()} == {
        "intrusion_breach": 400 - parts["groups"]["ransomware"]["n"],
        "ransomware": parts["groups"]["ransomware"]["n"]}
    assert main(["fit", "severity", str(table), "--column", "amount"]) == 0
    assert "each row's own, to 50000" in capsys.readouterr().out
    again = run(capsys, "incidents", table, files[0])[1]
    assert again["screened"] == {"row: stands twice": 400}


def test_frequency_of_the_incident_table(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "table.parquet"
    run(capsys, "incidents", files[0], "-o", table)
    code, found = run(capsys, "fit", "frequency", table, "--date", "occurred", "--per", "year")
    assert (code, found["n"], found["per"]) == (0, 400, "year")
    code, found = run(capsys, "fit", "frequency", table, "--date", "notified", "--by", "source")
    assert (code, list(found["groups"]), found["too_few"]) == (0, ["own"], {})
    assert main(["fit", "frequency", str(table), "--date", "notified", "--by", "peril"]) == 0
    assert "== ransomware" in capsys.readouterr().out
    for words, field in ((("--date", "occurred", "--by", "colour"), "--by"),
                         (("--date", "colour"), "--column or --date")):
        code, found = run(capsys, "fit", "frequency", table, *words)
        assert (code, found["error"]["field"]) == (2, field)


def test_fit_reads_workbooks_and_parquet_as_it_reads_csv(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import pyarrow
    import pyarrow.parquet

    sizes = [round(1_000 * 1.01 ** n, 2) for n in range(300)]
    days = [date(2024, 1, 1) + timedelta(days=n) for n in range(300)]
    (tmp_path / "x.csv").write_text("day,paid\n" + "".join(
        f"{day},{size}\n" for day, size in zip(days, sizes, strict=True)), "utf-8")
    book = Workbook()
    book.active.append(["day", "paid"])
    for row in zip(days, sizes, strict=True):
        book.active.append(row)
    book.save(tmp_path / "x.xlsx")
    pyarrow.parquet.write_table(pyarrow.table({"day": days, "paid": sizes}),
                                tmp_path / "x.parquet")
    for words in (("severity", "--column", "paid", "--floor", "1000"),
                  ("frequency", "--date", "day")):
        answers = [run(capsys, "fit", words[0], tmp_path / f"x.{kind}", *words[1:])[1]
                   for kind in ("csv", "xlsx", "parquet")]
        assert answers[0] == answers[1] == answers[2]
        assert answers[0]["n"] == 300


# --- quote --history -----------------------------------------------------------------------------


def quote(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict[str, Any]]:
    return run(capsys, "quote", EXAMPLE, "--product", PRODUCT, "--on", "2026-03-12", *words)


def test_a_renewal_is_rated_by_its_claims(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clean, one = tmp_path / "clean.csv", tmp_path / "one.csv"
    clean.write_text("赔案号,出险日期,已决赔款（元）\n", "utf-8")
    one.write_text("赔案号,出险日期,已决赔款（元）\nC1,2024-05-01,800000\n", "utf-8")
    since = ("--history-from", "2021-03-13")
    plain = quote(capsys)[1]
    code, best = quote(capsys, "--history", clean, *since)
    _code, worse = quote(capsys, "--history", one, *since)
    assert code == 0 and "experience" not in plain
    assert best["premium"]["gross_fen"] < worse["premium"]["gross_fen"]
    assert best["experience"]["no_claims_credit"]["clean_years"] == 5
    assert best["premium"]["no_claims_credit_ppm"] == 100_000
    assert best["experience"]["modification_ppm"] < 1_000_000
    assert worse["experience"]["claims"] == [{
        "reference": "C1", "occurred": "2024-05-01", "loss_fen": 80_000_000, "counts": True,
        "reason": ""}]
    assert worse["experience"]["modification_ppm"] > 1_000_000
    assert best["losses"] == worse["losses"] == plain["losses"]
    assert main(["quote", str(EXAMPLE), "--product", PRODUCT, "--on", "2026-03-12", "--history",
                 str(one), *since]) == 0
    out = capsys.readouterr().out
    assert "no_claims_credit" in out and "a commercial discount" in out


def test_the_dossiers_own_history(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = quote(capsys, "--history", "dossier")
    assert (code, found["experience"]["origin"], found["experience"]["claims_counted"]) == (
        0, "dossier", 0)
    assert found["experience"]["claims"][0]["reason"] == "no loss"


@pytest.mark.parametrize(("words", "field"), [
    (("--history-from", "2021-01-01"), "--history"), (("--insured", "E1"), "--history"),
    (("--history", "CLAIMS"), "--history-from"),
    (("--history", "CLAIMS", "--history-from", "2027-01-01"), "history"),
    (("--history", "dossier", "--history-from", "2021-01-01"), "--history-from"),
    (("--history", "CLAIMS", "--history-from", "soon"), "--history-from"),
    (("--history", "OTHER", "--history-from", "2021-01-01"), "insured_key"),
    (("--history", "nowhere.csv", "--history-from", "2021-01-01"), None)])
def test_histories_that_cannot_be_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], field: str | None
) -> None:
    named = {"CLAIMS": tmp_path / "clean.csv", "OTHER": tmp_path / "other.csv"}
    named["CLAIMS"].write_text("claim_no,occurred_on\n", "utf-8")
    named["OTHER"].write_text("claim_no,occurred_on,insured_key\nA,2024-01-01,E9\n", "utf-8")
    code, found = quote(capsys, *(named.get(one, one) for one in words))
    assert (code, found["error"]["field"]) == (2, field)
    assert found["error"]["mend"]


def test_the_how_to_is_followed_from_an_empty_folder(
    files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Every command of the page runs as written (with fewer resamples); between the first and the
    second the empty files are filled."""
    page = EXAMPLE.parents[1] / "docs/how-to/fit-your-own-book.md"
    commands = [line.split()[1:] for line in page.read_text("utf-8").splitlines()
                if line.startswith("       dinghai ")]
    assert len(commands) == 8
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "examples").symlink_to(EXAMPLE.parent)
    monkeypatch.chdir(folder)
    assert main(commands[0]) == 0
    book = Workbook()
    for row in csv.reader(files[0].read_text("gb18030").splitlines()):
        book.active.append(row)
    book.save("book/claims.xlsx")
    Path("book/exposures.xlsx").write_bytes(files[1].read_bytes())
    for words in commands[1:]:
        shorter = ["2" if before == "--bootstrap" else word
                   for before, word in zip(["", *words], words, strict=False)]
        assert main(shorter) == 0, words
    assert "experience 2021-04-01 to " in capsys.readouterr().out
