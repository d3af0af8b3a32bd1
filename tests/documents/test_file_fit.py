"""A fit of one file: the same as the command's, by every kind and group, and what it refuses."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dinghai.cli.main import main
from dinghai.documents.file_fit import FitQuestion, FitSubject, fit_file
from dinghai.documents.webpage import html_body, set_html
from dinghai.experience.column_kinds import describe_table
from dinghai.experience.incidents import Incident, write_incidents
from dinghai.foundation.errors import InputError
from dinghai.foundation.streams import uniforms
from dinghai.foundation.trace import Source

SUBJECT = FitSubject("赎金", Source("losses.csv", "T"), "CNY")


@pytest.fixture
def losses(tmp_path: Path) -> Path:
    draws = uniforms(7, "tests.fits", 120, 1)[:, 0].tolist()
    path = tmp_path / "losses.csv"
    path.write_text("loss,day,known,kind\n" + "\n".join(
        f"{1_000 * (1 - draw) ** -0.7:.2f},{2022 + place % 3}-{1 + place % 12:02d}-15,"
        f"2025-{1 + place % 12:02d}-20,{'ab'[place % 2]}"
        for place, draw in enumerate(draws)), "utf-8")
    return path


@pytest.fixture
def insured(tmp_path: Path) -> Path:
    """An incident table whose rows have floors of their own, some at their limit."""
    draws = uniforms(11, "tests.own-floors", 200, 1)[:, 0].tolist()
    path = tmp_path / "own.parquet"
    rows = []
    for place, draw in enumerate(draws):
        floor, loss = (1_000_000, 5_000_000)[place % 2], int(2_000_000 * (1 - draw) ** -0.7)
        if loss >= floor:
            rows.append(Incident(
                "own", f"{place}", occurred=date(2024, 1 + place % 12, 3),
                occurred_precision="day", amount_minor=min(loss, 15_000_000), currency="CNY",
                amount_censored=loss > 15_000_000, floor_minor=floor,
                state=("A", "B")[place % 3 > 0]))
    write_incidents(path, rows)
    return path


def by_command(capsys: Any, *words: str) -> Any:
    assert main(["fit", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(("question", "words"), [
    (FitQuestion("severity", "loss"), ("severity", "FILE", "--column", "loss")),
    (FitQuestion("severity", "loss", by="kind", floor=1_100.0, limits=(5_000.0, 9_000.0)),
     ("severity", "FILE", "--column", "loss", "--by", "kind", "--floor", "1100", "--limits",
      "5000,9000")),
    (FitQuestion("severity", "loss", threshold=2_000.0),
     ("severity", "FILE", "--column", "loss", "--threshold", "2000")),
    (FitQuestion("frequency", "day", per="year"),
     ("frequency", "FILE", "--date", "day", "--per", "year")),
    (FitQuestion("frequency", "day", by="kind"),
     ("frequency", "FILE", "--date", "day", "--by", "kind")),
])
def test_it_says_what_the_command_says(
    losses: Path, capsys: Any, question: FitQuestion, words: tuple[str, ...]
) -> None:
    said = by_command(capsys, *(str(losses) if one == "FILE" else one for one in words))
    assert fit_file(losses, question).document == said


@pytest.mark.parametrize("question", [
    FitQuestion("severity", "loss", by="kind"), FitQuestion("frequency", "day", by="kind"),
    FitQuestion("severity", "loss")])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_answer_taken_up_again_makes_the_same_paper(
    losses: Path, question: FitQuestion, language: Any
) -> None:
    first = fit_file(losses, question)
    again = fit_file(losses, question, answered=json.loads(json.dumps(first.document)))
    papers = [one.paper(SUBJECT, issued_on=date(2026, 12, 1), language=language)
              for one in (first, again)]
    assert papers[0].to_dict() == papers[1].to_dict()
    body = html_body(papers[0])
    assert body in set_html(papers[0])
    assert body.count("<img") == body.count("alt=") > 0 and "<script" not in body
    assert "style=" not in body
    if question.by:
        assert "赎金 · a" in body and "赎金 · b" in body


@pytest.mark.parametrize("question", [
    FitQuestion("severity", "amount"), FitQuestion("severity", "amount", by="state"),
    FitQuestion("severity", "amount", floor=60_000.0, limits=(80_000.0, 100_000.0))])
def test_floors_of_their_own_make_the_report_of_the_command(
    insured: Path, tmp_path: Path, capsys: Any, question: FitQuestion
) -> None:
    out = tmp_path / "out.html"
    words = ["severity", str(insured), "--column", "amount", "--report", str(out), "--on",
             "2026-12-01", "--title", "赎金", "--unit", "CNY", "--source", "a", "--confidence", "T"]
    if question.by:
        words += ["--by", question.by]
    if question.floor is not None:
        words += ["--floor", "60000", "--limits", "80000,100000"]
    said = by_command(capsys, *words)
    found = fit_file(insured, question)
    assert found.document == said
    assert {part.floored is not None for part in found.parts} == {True}
    assert all(part.document["censored"] > 0 for part in found.parts)
    digest = hashlib.sha256(insured.read_bytes()).hexdigest()[:16]
    subject = replace(SUBJECT, source=Source(f"a (SHA-256 {digest}…)", "T"))
    paper = set_html(found.paper(subject, issued_on=date(2026, 12, 1)))
    assert paper == out.read_text("utf-8")
    assert paper.count("乘积限") >= len(found.parts)
    again = fit_file(insured, question, answered=json.loads(json.dumps(found.document)))
    assert set_html(again.paper(subject, issued_on=date(2026, 12, 1))) == paper


@pytest.mark.parametrize("kind", ["severity", "frequency"])
def test_a_report_by_group_says_once_which_rows_of_the_file_were_left_out(
    losses: Path, kind: Any
) -> None:
    with losses.open("a", encoding="utf-8") as file:
        file.write("\nn/a,n/a,2025-01-01,a\n7.5,2023-05-05,2025-01-01,c")
    column = {"severity": "loss", "frequency": "day"}[kind]
    found = fit_file(losses, FitQuestion(kind, column, by="kind"))
    body = html_body(found.paper(SUBJECT, issued_on=date(2026, 12, 1), language="en"))
    reason = {"severity": "not a number", "frequency": "not a day"}[kind]
    assert body.count(reason) == 1 and "No row was screened" not in body
    assert found.document["screened_reasons"] == {reason: 1}
    assert len(found.parts) == {"severity": 3, "frequency": 2}[kind]
    if kind == "frequency":
        assert found.document["too_few"] == {"c": 1}
        assert "nothing was fitted to them: c (1)" in body


def test_no_law_is_offered_that_has_no_mean_below_its_threshold(tmp_path: Path) -> None:
    draws = uniforms(7, "tests.fits", 120, 1)[:, 0].tolist()[::2]
    path = tmp_path / "a.csv"
    path.write_text("loss\n" + "\n".join(f"{1_000 * (1 - one) ** -0.7:.2f}" for one in draws))
    found = fit_file(path, FitQuestion("severity", "loss", floor=1_100.0, limits=(5_000.0,)))
    assert found.document["candidates"]
    for rows in found.document["limits"].values():
        assert all(math.isfinite(value) for row in rows for value in row.values())


def test_an_incident_table_offers_its_measures(tmp_path: Path) -> None:
    path = tmp_path / "incidents.parquet"
    sizes = uniforms(3, "tests.incidents", 60, 1)[:, 0].tolist()
    write_incidents(path, [
        Incident("own", f"{place}", occurred=date(2024, 1 + place % 12, 3),
                 occurred_precision="day", records=int(500 / one),
                 notified=date(2024, 1 + place % 12, 4 + place % 20),
                 amount_minor=int(90_000 / one), currency=("CNY", "USD")[place % 2])
        for place, one in enumerate(sizes)])
    kind = describe_table(path)
    assert kind.is_incidents and [one.name for one in kind.columns if one.amounts] == [
        "records", "amount"]
    assert fit_file(path, FitQuestion("severity", "records")).document["n"] == 60
    with pytest.raises(InputError, match="the amounts are in CNY, USD"):
        fit_file(path, FitQuestion("severity", "amount"))
    found = fit_file(path, FitQuestion("severity", "amount", currency="CNY"))
    assert found.document["n"] == 30
    assert fit_file(path, FitQuestion("frequency", "occurred")).document["n_periods"] == 12
    delay = fit_file(path, FitQuestion("delay", "occurred", known="notified"))
    assert delay.document["n"] + delay.document["before_the_source"] == 60


@pytest.mark.parametrize(("question", "said"), [
    (FitQuestion("severity", "kind"), "no amount above zero"),
    (FitQuestion("severity", "nope"), "no column 'nope'"),
    (FitQuestion("frequency", "kind"), "fewer than two rows have a day"),
    (FitQuestion("delay", "day", known="kind"), "no row has both days"),
    (FitQuestion("delay", "day", known="known"), "began before the source"),
    (FitQuestion("severity", "loss", by="loss"), "the column makes 120 groups"),
    (FitQuestion("severity", "loss", floor=1e12), "every amount is below the reporting floor"),
    (FitQuestion("frequency", "known", per="year"), "all events fall into one period"),
    (FitQuestion("frequency", "known", per="year", by="kind"), "the events of each group fall"),
])
def test_what_cannot_be_fitted_says_where(losses: Path, question: FitQuestion, said: str) -> None:
    with pytest.raises(InputError, match=said) as refused:
        fit_file(losses, question)
    assert refused.value.fault.file == str(losses) and refused.value.fault.mend


def test_columns_are_told_by_what_they_hold(losses: Path) -> None:
    kind = describe_table(losses)
    assert {one.name: (one.amounts, one.days, one.groups) for one in kind.columns} == {
        "loss": (True, False, False), "day": (False, True, False),
        "known": (False, True, False), "kind": (False, False, True)}
    assert kind.rows == 120
