"""`dinghai filing` and the reports of `dinghai fit`: files, answers, and what cannot be made."""

from __future__ import annotations

import json
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest

from dinghai.cli.main import main
from dinghai.pricing import filing
from dinghai.pricing.reference_grid import GridTable, load_grid

PRODUCT = "cyber-comprehensive-standard"
RATING = files("dinghai.data").joinpath(f"rating/{PRODUCT}.toml")


@pytest.fixture
def small_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    """One revenue, no single indicator: the whole way in a short time."""
    def grid() -> GridTable:
        return msgspec.structs.replace(load_grid(), revenues_fen=(50_000_000_000,),
                                       indicators_shown=0)

    monkeypatch.setattr(filing, "load_grid", grid)


@pytest.mark.usefixtures("small_grid")
def test_the_pack_is_written_whole_and_the_same_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = tmp_path / "old.toml"
    old.write_text(RATING.read_text("utf-8").replace(
        "ppm_of_pure = 200_000", "ppm_of_pure = 100_000"), "utf-8")
    folder = tmp_path / "made" / "pack"
    words = ["filing", PRODUCT, "-o", str(folder), "--on", "2026-03-28", "--language", "en",
             "--against", str(old), "--json"]
    assert main(words) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["schema"] == "dinghai.filing/1" and said["output"] == str(folder)
    names = sorted(one.name for one in folder.iterdir())
    assert names == ["actuarial-report.pdf", "manifest.json", "rate-tables.xlsx",
                     "what-changed.pdf"]
    for one in said["files"]:
        assert sha256((folder / one["name"]).read_bytes()).hexdigest() == one["sha256"]
    before = {one.name: one.read_bytes() for one in folder.iterdir()}
    assert main([*words[:-1]]) == 0
    assert "1 fields differ" in capsys.readouterr().out
    assert {one.name: one.read_bytes() for one in folder.iterdir()} == before


@pytest.mark.parametrize(("words", "said"), [
    (["no-such-product", "-o", "pack"], "no-such-product"),
    ([PRODUCT, "-o", "pack", "--against", "nowhere.toml"], "there is no such file"),
    ([PRODUCT, "-o", "pack", "--on", "today"], "2026-03-12"),
    ([PRODUCT, "-o", __file__], "this is a file"),
    (["resident-anti-fraud", "-o", "pack"], ""),
])
def test_what_cannot_be_filed_says_why(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["filing", *words]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "pack").exists()


def test_a_broken_rating_is_named_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = tmp_path / "old.toml"
    old.write_text(RATING.read_text("utf-8").replace("vat_ppm = 60_000", 'vat_ppm = "six"'),
                   "utf-8")
    assert main(["filing", PRODUCT, "-o", str(tmp_path / "pack"), "--against", str(old)]) == 2
    assert "old.toml" in capsys.readouterr().err


def _file(folder: Path) -> Path:
    path = folder / "losses.csv"
    rows = [f"{place % 3},{1000 + place * place % 977 * 13},2024-{place % 12 + 1:02d}-05,"
            f"2024-{(place + place // 12) % 12 + 1:02d}-{place % 28 + 1:02d}"
            for place in range(120)]
    path.write_text("group,amount,began,known\n" + "\n".join(rows) + "\n", "utf-8")
    return path


@pytest.mark.parametrize(("words", "title"), [
    (["severity", "--column", "amount", "--unit", "CNY", "--licence", "CC0", "--source", "甲",
      "--title", "数据"], "损失金额拟合报告"),
    (["severity", "--column", "amount", "--by", "group"], "损失金额拟合报告"),
    (["frequency", "--date", "began"], "事件频率拟合报告"),
    (["delay", "--occurred", "began", "--known", "known"], "报告延迟拟合报告"),
])
def test_a_fit_has_a_report(
    words: list[str], title: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paper = tmp_path / "report.html"
    path = str(_file(tmp_path))
    asked = ["fit", words[0], path, *words[1:], "--report", str(paper), "--on", "2026-03-28"]
    assert main(asked) == 0
    plain = capsys.readouterr().out
    assert title in paper.read_text("utf-8")
    pdf = tmp_path / "report.pdf"
    assert main([*asked[:-4], "--report", str(pdf), "--language", "en"]) == 0
    assert pdf.read_bytes().startswith(b"%PDF")
    assert capsys.readouterr().out == plain  # the answer does not depend on the report


def test_delays_of_which_none_is_of_the_sources_own_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "late.csv"
    path.write_text("began,known\n2020-01-01,2024-01-01\n2021-01-01,2024-02-01\n", "utf-8")
    assert main(["fit", "delay", str(path), "--occurred", "began", "--known", "known"]) == 2
    assert "began before the source reported any" in capsys.readouterr().err


@pytest.mark.parametrize(("words", "said"), [
    (["--report", "x.docx"], "end the name in .pdf or .html"),
    (["--report", "x.pdf", "--on", "soon"], "2026-03-12"),
])
def test_a_report_that_cannot_be_made_is_refused_first(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fit", "severity", str(_file(tmp_path)), "--column", "amount", *words]) == 2
    assert said in capsys.readouterr().err
