"""`dinghai small-firms`: answers, files, exit codes; and the monthly page."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from dinghai.cli.main import main
from dinghai.documents.small_firm_month import render_small_firm_month, small_firm_month
from dinghai.evidence.feeds import shipped_kev
from dinghai.foundation.errors import InputError
from dinghai.schemes.small_firm_month import entries_of
from tests.schemes.small_firms import ON, as_csv, partly, row
from tools.example_small_firms import FOLDER

SCHEMAS = Path(__file__).parents[2] / "src/dinghai/data/schemas"


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict[str, Any]]:
    code = main(["small-firms", *map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


def valid(document: dict[str, Any], name: str) -> None:
    schema = json.loads((SCHEMAS / f"small-firm-{name}.schema.json").read_text("utf-8"))
    Draft202012Validator(schema).validate(document)


def test_quotes_of_a_file_with_a_faulty_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "firms.csv"
    file.write_text(as_csv(row(1, name="=1+1"), partly(2), row(3, revenue="many")), "utf-8")
    code, found = run(capsys, "quote", file, "--on", ON, "-o", tmp_path / "out")
    assert code == 1
    valid(found, "quotes")
    assert (found["rows"], found["quoted"], found["rejected"]) == (3, 2, 1)
    offered = [one for firm in found["firms"] for one in firm["plans"]
               if one["plan"] == firm["offered_plan"]]
    assert found["offered_gross_fen"] == sum(one["gross_fen"] for one in offered)
    assert json.loads((tmp_path / "out/quotes.json").read_text("utf-8")) == found
    rows = list(csv.DictReader(io.StringIO(
        (tmp_path / "out/quotes.csv").read_text("utf-8-sig"))))
    assert rows[0]["name"] == "'=1+1"
    assert rows[1]["reduced"] == "yes"
    assert rows[1]["plus_gross_yuan"] == f"{offered[1]['gross_fen'] / 100:.2f}"
    (fault,) = csv.DictReader(io.StringIO(
        (tmp_path / "out/rejected.csv").read_text("utf-8-sig")))
    assert (fault["line"], fault["field"]) == ("4", "revenue")
    assert main(["small-firms", "quote", str(file), "--on", str(ON)]) == 1
    assert "median answering time 12.0 min" in capsys.readouterr().out


def test_bad_input_is_2_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "firms.csv").write_text("name\nx\n", "utf-8")
    code, found = run(capsys, "quote", tmp_path / "firms.csv", "-o", tmp_path / "out")
    assert code == 2
    assert found["error"]["mend"]
    assert not (tmp_path / "out").exists()
    for words in (("quote", "none.csv"), ("quote", "none.csv", "--scans", "nowhere"),
                  ("quote", "none.csv", "--workers", "0"), ("validate", "--firms", "5"),
                  ("plans", "--plans", "none.toml"),
                  ("report", "none.csv", "--before", "x.csv")):
        assert run(capsys, *words)[0] == 2


def test_plans_and_validation_are_documents(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run(capsys, "plans")
    assert code == 0
    assert len(found["plans"]) == 3
    code, found = run(capsys, "validate", "--firms", "400", "--seed", "9")
    assert code == 0
    valid(found, "validation")
    assert main(["small-firms", "validate", "--firms", "200"]) == 0
    assert "assumed, not observed" in capsys.readouterr().out
    assert main(["small-firms", "plans"]) == 0


@pytest.fixture(scope="module")
def month() -> dict[str, Any]:
    """The page of the firm whose scan shows remote desktop open and whose mail server is known
    to be exploited, as data."""
    import contextlib

    out = io.StringIO()
    code = scanned()[2]
    with contextlib.redirect_stdout(out):
        assert main(["small-firms", "report", str(FOLDER / "firms.csv"), "--on", str(ON),
                     "--scans", str(FOLDER / "scans"), "--before",
                     str(FOLDER / "firms-before.csv"), "--before-on", "2026-03-20", "--firm",
                     code, "--json"]) == 0
    (found,) = json.loads(out.getvalue())["reports"]
    return dict(found)


def scanned() -> list[str]:
    with (FOLDER / "firms.csv").open(encoding="utf-8") as file:
        consents = {one["credit_code"] for one in csv.DictReader(file) if one["consent"] == "yes"}
    return [path.name for path in sorted((FOLDER / "scans").iterdir()) if path.name in consents]


def test_the_month_says_what_changed_and_why(month: dict[str, Any]) -> None:
    valid(month, "month")
    assert month["probe"] == "used"
    seen = [one for one in month["threats"] if one["basis"] == "finding"]
    assert [one["cve"] for one in seen] == ["CVE-2021-34473"]
    assert month["threats"][0] == seen[0]
    assert len(month["to_do"]) == 3
    assert month["premium_effect_fen"] == month["premium_fen"] - month["premium_before_fen"]
    assert any(one["indicator"] == "VUL-02" for one in month["changes"])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_is_one_page_in_both_languages(month: dict[str, Any], language: Any) -> None:
    from pypdf import PdfReader

    pdf = render_small_firm_month(month, plan="Plus", issued_on=ON, language=language)
    assert len(PdfReader(io.BytesIO(pdf)).pages) == 1
    with pytest.raises(InputError, match="not a small firm's month"):
        small_firm_month({"schema": "x"}, plan="", issued_on=ON)


def test_pages_go_into_a_folder_and_a_first_month_has_no_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "firms.csv"
    file.write_text(as_csv(row(1), row(2, industry="J"), row(3, name="")), "utf-8")
    code, found = run(capsys, "report", file, "--on", ON, "-o", tmp_path / "pages", "--form",
                      "html", "--language", "en")
    assert code == 1
    assert [one["score_before_ppm"] for one in found["reports"]] == [None, None]
    assert found["reports"][1]["premium_fen"] is None
    assert len(list((tmp_path / "pages").glob("*.html"))) == 2
    text = Path(found["output"][1]).read_text("utf-8")
    assert "no price" in text
    assert run(capsys, "report", file, "--on", ON, "-o", tmp_path / "x.html")[0] == 2
    assert run(capsys, "report", file, "--on", ON, "--firm", "nobody")[0] == 2


def test_products_are_named_by_whole_words() -> None:
    kev = shipped_kev(ON)
    assert {one.vendor for one in entries_of(kev, "SonicWall SMA100")} == {"SonicWall"}
    assert entries_of(kev, "SonicWall SM") == ()
    assert entries_of(kev, "") == entries_of(kev, "—") == ()
