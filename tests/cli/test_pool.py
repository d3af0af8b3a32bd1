"""`dinghai pool` in the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from dinghai.cli.main import main
from dinghai.experience.pool_records import COLUMNS
from tests.experience.pooling import MEMBERS, book

SCHEMA = Path(__file__).parents[2] / "src/dinghai/data/schemas/pool-release.schema.json"


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """One file for each member."""
    given = book(150, 60)
    paths = []
    for at, member in enumerate(MEMBERS):
        rows = [one.record.to_dict() for one in given if one.contributor == member]
        unique = {tuple("" if row[name] is None else str(row[name]) for name in COLUMNS)
                  for row in rows}
        path = tmp_path / f"{at}.csv"
        path.write_text("\n".join([",".join(COLUMNS), *(",".join(one) for one in unique)]))
        paths.append(str(path))
    return paths


def test_a_release_is_written_and_fits_its_schema(files: list[str], tmp_path: Path) -> None:
    out = tmp_path / "release.json"
    assert main(["pool", "release", *files, "--purpose", "market_statistics",
                 "-o", str(out)]) == 0
    document = json.loads(out.read_text("utf-8"))
    jsonschema.validate(document, json.loads(SCHEMA.read_text("utf-8")))
    assert document["contributors"] == 4
    assert document["method"] == "suppressed"
    assert len(document["tables"]) == 8


def test_a_private_release_spends_what_was_asked(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["pool", "release", *files, "--purpose", "academic_research", "--epsilon", "0.5",
                 "--table", "peril", "--years", "2023-2025", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, json.loads(SCHEMA.read_text("utf-8")))
    assert document["privacy"]["epsilon_ppm"] == 500_000
    assert [one["dimensions"] for one in document["tables"]] == [[], ["peril"]]


def test_faults_are_all_told_and_nothing_is_written(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = Path(files[0])
    bad.write_text(bad.read_text() + "\nevent,x,2025-01-01,C,1-10,ransomware,,,,\n")
    out = tmp_path / "release.json"
    words = ["pool", "release", *files, "--purpose", "market_statistics", "-o", str(out)]
    assert main(words) == 2
    assert "credit code" in capsys.readouterr().err
    assert not out.exists()
    assert main(["pool", "check", *files]) == 2
    assert main(["pool", "check", *files[1:]]) == 0


@pytest.mark.parametrize("more", [
    ["--purpose", "marketing"], ["--purpose", "academic_research", "--epsilon", "x"],
    ["--purpose", "academic_research", "--epsilon", "NaN"],
    ["--purpose", "academic_research", "--epsilon", "11"],
    ["--purpose", "academic_research", "--epsilon", "1", "--years", "soon"],
    ["--purpose", "academic_research", "--table", "month"],
])
def test_bad_words_are_refused(files: list[str], more: list[str]) -> None:
    assert main(["pool", "release", *files, *more]) == 2


def test_the_template_can_be_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pool", "template"]) == 0
    path = tmp_path / "t.csv"
    path.write_text(capsys.readouterr().out)
    assert main(["pool", "check", str(path)]) == 0


def test_too_few_firms_are_a_business_no(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    main(["pool", "template"])
    from dinghai.experience.pool_records import template

    path.write_text(template())
    assert main(["pool", "release", str(path), "--purpose", "market_statistics"]) == 1
