"""`dinghai park` on its example: 200 firms, changes, simultaneous claims."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from dinghai.cli.main import main
from dinghai.schemes.park_file import read_park
from dinghai.schemes.park_members import read_roll
from tools import example_park
from tools.publish_schemas import FOLDER as SCHEMAS

EXAMPLE = Path(__file__).parents[2] / "examples" / "park"


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict[str, Any]]:
    code = main(["park", *map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


def valid(document: dict[str, Any]) -> bool:
    name = document["schema"].removeprefix("dinghai.").removesuffix("/1")
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8"))
    Draft202012Validator(schema).validate(document)
    return True


@pytest.fixture
def park(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "park"))


def test_the_example_is_written_by_its_tool() -> None:
    for name, text in example_park.files().items():
        assert (EXAMPLE / name).read_text("utf-8") == text, (
            f"run python -m tools.example_park: {name}")


def test_two_hundred_firms_in_one_list(capsys: pytest.CaptureFixture[str], park: Path) -> None:
    whole = (park / "members.csv").read_bytes()
    (park / "members.csv").unlink()
    assert run(capsys, "check", park)[1]["members"] == 0
    code, found = run(capsys, "enrol", park, park / "list.csv", "--dry-run")
    assert (code, found["counts"]["joined"], found["written"]) == (0, 200, False)
    assert not (park / "members.csv").exists()
    code, found = run(capsys, "enrol", park, park / "list.csv")
    assert valid(found) and (code, found["written"], found["roll"]) == (0, True, 200)
    assert (park / "members.csv").read_bytes() == whole
    assert run(capsys, "check", park)[1]["members"] == 200


def test_changes_with_rejected_rows(capsys: pytest.CaptureFixture[str], park: Path) -> None:
    before = (park / "members.csv").read_bytes()
    words = ("enrol", park, park / "changes.csv")
    code, found = run(capsys, *words, "--all-or-nothing", "-o", park / "results.csv")
    assert (code, found["written"]) == (1, False)
    assert (park / "members.csv").read_bytes() == before
    rows = list(csv.DictReader((park / "results.csv").read_text("utf-8-sig").splitlines()))
    assert sum(one["status"] == "rejected" for one in rows) == 5  # three rows, one with three
    code, found = run(capsys, *words)
    assert valid(found) and (code, found["counts"]) == (
        1, {"joined": 2, "left": 2, "rejected": 3})
    roll = read_roll(park / "members.csv", read_park(park))
    assert len(roll) == 202 and sum(one.left is not None for one in roll) == 2
    assert [one.name for one in park.iterdir() if one.name.startswith(".park-")] == []
    code, found = run(capsys, "premium", park)
    changes = {one["on"]: one for one in found["endorsements"]}
    july = changes["2026-07-01"]
    # one leaves after 30 June: 184 of 365 days of ¥4,240.00 with VAT, 2 137.42; one joins beside
    # the one whose day it was
    assert (july["joining"], july["leaving"], july["refunded_fen"]) == (2, 1, 213_742)
    # and another after 30 September
    assert (changes["2026-10-01"]["joining"], changes["2026-10-01"]["leaving"]) == (0, 1)


def test_premiums_settlement_portrait_and_certificates(
    capsys: pytest.CaptureFixture[str]
) -> None:
    code, premium = run(capsys, "premium", EXAMPLE)
    assert code == 0 and valid(premium)
    assert premium["gross_fen"] == sum(one["gross_fen"] for one in premium["members"]) == sum(
        one["charged_fen"] - one["refunded_fen"] for one in premium["endorsements"])
    code, found = run(capsys, "settle", EXAMPLE, EXAMPLE / "claims.csv", "--paid",
                      EXAMPLE / "paid.csv")
    assert code == 0 and valid(found)
    worm, cloud = found["events"]
    inside = [sum(one["entitled_fen"] for one in event["covers"] if one["cover"] != "extortion")
              for event in (worm, cloud)]
    # ¥10m each event; the period's ¥20m less ¥0.3m paid before and the first event
    assert inside == [1_000_000_000, 2_000_000_000 - 30_000_000 - 1_000_000_000]
    assert found["totals"]["due_fen"] == found["totals"]["entitled_fen"] - 20_000_000
    code, picture = run(capsys, "portrait", EXAMPLE)
    assert code == 0 and valid(picture)
    assert len(picture["worst_findings"]) == 5
    assert picture["shared"][0]["short_fen"] > 0
    code, papers = run(capsys, "certificates", EXAMPLE)
    assert code == 0 and len(papers["certificates"]) == 200
    assert len({one["number"] for one in papers["certificates"]}) == 200
    assert valid(papers["certificates"][0]) and valid(papers["certificates"][7])


@pytest.mark.parametrize("target", ["none/results.csv", "taken.csv"])
def test_the_roll_stays_where_the_results_cannot_be_written(
    capsys: pytest.CaptureFixture[str], park: Path, target: str
) -> None:
    (park / "taken.csv").mkdir()
    before = {one.name: one.read_bytes() for one in park.iterdir() if one.is_file()}
    code, found = run(capsys, "enrol", park, park / "changes.csv", "-o", park / target)
    assert (code, found["error"]["file"]) == (2, str(park / target))
    assert {one.name: one.read_bytes() for one in park.iterdir() if one.is_file()} == before


def test_what_people_read(capsys: pytest.CaptureFixture[str], park: Path) -> None:
    for words, expected in (
            (("check", park), "sound"), (("premium", park), "refunds go to the applicant"),
            (("settle", park, park / "claims.csv"), "park event limit"),
            (("portrait", park), "single point"), (("certificates", park), "180 more"),
            (("certificates", park, "--member", example_park.credit_code(1)), "notice"),
            (("enrol", park, park / "changes.csv", "--dry-run"), "a dry run")):
        main(["park", *map(str, words)])
        assert expected in capsys.readouterr().out


def test_bad_input_is_two_and_names_its_place(
    capsys: pytest.CaptureFixture[str], park: Path
) -> None:
    claims = park / "claims.csv"
    claims.write_text(claims.read_text("utf-8").replace("FP-BI", "FP-NO", 1), "utf-8")
    for words, field in (
            (("settle", park, claims), "保障"),
            (("portrait", park, "--on", "2027-01-01"), "--on"),
            (("certificates", park, "--member", "x"), "--member"),
            (("enrol", park, park / "list.csv", "-o", park / "members.csv"), "--output"),
            (("enrol", park, park / "list.csv", "-o", park / "x.txt"), "--output"),
            (("enrol", park, park / "list.csv", "--columns", "name"), "--columns")):
        code, found = run(capsys, *words)
        assert (code, found["error"]["field"]) == (2, field) and found["error"]["mend"]
    text = (park / "park.toml").read_text("utf-8")
    (park / "park.toml").write_text(text.replace('annual = "2000万"', 'annual = "900万"'), "utf-8")
    code, found = run(capsys, "check", park)
    assert (code, found["error"]["field"], found["error"]["line"]) == (2, "limits.annual", 24)
    (park / "park.toml").write_text(text.replace("inception = 2026", "inception = 9999"), "utf-8")
    code, found = run(capsys, "check", park)
    assert (code, found["error"]["field"]) == (2, "inception") and found["error"]["line"]
