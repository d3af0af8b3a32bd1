"""Delays come back from what was reported by a day; one vendor's event is noticed."""

from __future__ import annotations

import json
import math
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from dinghai.cli.main import main
from dinghai.experience.delays import (
    clusters,
    cohorts,
    estimate_delays,
    quarter,
    since_the_register,
    without_clusters,
)
from dinghai.foundation.streams import uniforms

START, END = date(2020, 1, 1), date(2023, 12, 31)


def reported(count: int = 6000, mean_days: float = 120.0) -> list[tuple[date, date]]:
    """Incidents over four years with exponential delays, as far as they are known by the end."""
    draws = uniforms(6, "test.delays", count, 2)
    found = []
    for place, wait in draws.tolist():
        began = START + timedelta(days=int(place * 1461))
        known = began + timedelta(days=int(-mean_days * math.log(wait)))
        if known <= END:
            found.append((began, known))
    return found


def test_truncation_is_undone() -> None:
    spans = reported()
    delays = estimate_delays(spans, END)
    for days in (30, 120, 365):
        assert delays.known_after(days) == pytest.approx(1.0 - math.exp(-(days + 1) / 120.0),
                                                         abs=0.02)
    assert delays.quantile(0.5) == pytest.approx(120.0 * math.log(2.0), abs=6.0)
    naive = float(np.median([(known - began).days for began, known in spans[-1500:]]))
    assert naive < delays.quantile(0.5) + 6.0
    assert (delays.known_after(-1), delays.known_after(10**6)) == (0.0, 1.0)


def test_what_is_still_to_come() -> None:
    spans = reported()
    found = cohorts(spans, estimate_delays(spans, END), END)
    assert [one.name for one in found][:2] == ["2020Q1", "2020Q2"]
    assert found[0].factor == pytest.approx(1.0, abs=0.01)
    for one in found[:-1]:
        assert one.expected == pytest.approx(375.0, rel=0.2)
    assert found[-1].factor > found[-2].factor > 1.0


def test_a_vendor_s_event_is_noticed_and_counted_once() -> None:
    spans = [(date(2020, 1, 1 + day % 28), date(2020, 6, 1)) for day in range(11)]
    spans += [(date(2020, 2, 7), date(2020, 7, 1 + day)) for day in range(14)]
    (found,) = clusters(spans)
    assert (found.cohort, found.day, found.incidents, found.of) == (
        "2020Q1", date(2020, 2, 7), 14, 25)
    assert found.share == 0.56
    once = without_clusters(spans, [found])
    assert len(once) == 12
    assert (date(2020, 2, 7), date(2020, 7, 1)) in once
    assert clusters(once) == ()


def test_incidents_from_before_the_register_are_left_out() -> None:
    spans = [(date(2010, 1, 1), date(2016, 5, 1)), (date(2016, 6, 1), date(2016, 7, 1))]
    assert since_the_register(spans) == [spans[1]]
    assert [quarter(date(2020, month, 1)) for month in (1, 3, 4, 12)] == [
        "2020Q1", "2020Q1", "2020Q2", "2020Q4"]


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "spans.csv"
    rows = [f"{began},{known}" for began, known in reported(400)]
    rows += [",2020-01-05", "2021-05-01,2021-04-01", "soon,2021-04-01"]
    path.write_text("began,known\n" + "\n".join(rows) + "\n", "utf-8")
    words = ["fit", "delay", str(path), "--occurred", "began", "--known", "known"]
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["screened_reasons"] == {"blank": 1, "not a day": 1,
                                         "the second day comes before the first": 1}
    assert found["n"] + found["before_the_source"] + found["screened"] == len(rows)
    assert found["clusters"] == []
    assert 0.8 < found["as_reported"]["known_after"]["365"] <= 1.0
    assert main(words) == 0
    assert "half known after" in capsys.readouterr().out
    path.write_text("began,known\n2021-05-01,2021-04-01\n", "utf-8")
    assert main([*words, "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["field"] == "--occurred"


def test_washington(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The breach of one vendor on 2020-02-07 stands for most of its quarter."""
    path = shared / "data/wa_ag/wa_breach_notifications_2016_2024-05.csv.gz"
    assert main(["fit", "delay", str(path), "--occurred", "DateStart", "--known",
                 "DateSubmitted", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    largest = max(found["clusters"], key=lambda one: one["incidents"])
    assert (largest["day"], largest["incidents"], largest["of"]) == ("2020-02-07", 108, 124)
    factors = [one["factor"] for one in found["clusters_once"]["cohorts"]]
    assert factors[0] == 1.0
    assert factors[-2] > 1.5
