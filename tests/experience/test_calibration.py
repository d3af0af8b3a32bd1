"""The shipped calibration table: made again from public data, and every way that can go wrong."""

from __future__ import annotations

import json
import shutil
import tomllib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dinghai.cli import calibrate
from dinghai.cli.main import main
from dinghai.experience.calibration import Calibration, studies_of
from dinghai.experience.calibration_relativities import TRUST, half_believed, study_error
from dinghai.experience.calibration_table import Row, Series, rounded, to_toml
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import PPM
from dinghai.foundation.trace import Source
from dinghai.losses.tables import PERILS
from dinghai.vocabulary.industries import industries

MARKS = {"T", "A", "M", "D"}
SHIPPED = resources.files("dinghai.data") / "calibration" / "experience.toml"


@cache
def table() -> dict[str, Any]:
    """The shipped table."""
    return tomllib.loads(SHIPPED.read_text("utf-8"))


@cache
def by_code() -> dict[str, dict[str, Any]]:
    """Its rows by code."""
    return {row["code"]: row for row in table()["rows"]}


@cache
def made(folder: Path) -> Calibration:
    """The calibration made again, once for all tests."""
    return studies_of(folder)


@pytest.fixture(scope="module")
def shared_data(shared: Path) -> Path:
    """The public data that the table is made from."""
    return shared / "data"


@pytest.mark.shared
def test_the_shipped_table_is_what_the_public_data_give(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = made(shared_data)
    monkeypatch.setattr(calibrate, "studies_of", made)
    output = tmp_path / "table.toml"
    assert main(["calibrate", "--sources", str(shared_data), "-o", str(output), "--json"]) == 0
    assert output.read_bytes() == SHIPPED.read_bytes()
    summary = json.loads(capsys.readouterr().out)
    assert summary["rows"] == len(found.rows) == len(table()["rows"])
    assert {one["code"] for one in summary["series"]} == {one["code"] for one in table()["series"]}
    assert all(one["held"] is False for one in summary["checks"]) and summary["checks"]
    assert main(["calibrate", "--sources", str(shared_data), "-o", str(output)]) == 0
    assert "hhs_ocr.records.hacking.out_of_time_p99" in capsys.readouterr().out


@pytest.mark.shared
def test_studies_come_with_their_losses_and_documents(shared_data: Path) -> None:
    found = made(shared_data)
    studies = {one.code: one for one in found.severity}
    pooled = studies["hhs_ocr.records"]
    assert pooled.document["n"] == len(pooled.losses.values) == 6273
    assert pooled.out_of_time is not None and pooled.out_of_time.fitted_until == 2022
    assert all(one.title_zh and one.title_en for one in found.severity)
    parts = [studies[f"hhs_ocr.records.{name}"] for name in
             ("intrusion_breach", "third_party", "error_insider", "theft_and_loss")]
    assert sum(len(one.losses.values) for one in parts) == len(pooled.losses.values)
    once = next(one for one in found.frequency if one.code == "wa_ag.incidents_once")
    assert once.document["n"] == len(once.days)
    assert found.delays[0].document["clusters"][1]["incidents"] == 108
    assert next(iter(found.table_rows())) == table()["rows"][0]


def test_every_row_says_where_it_comes_from() -> None:
    assert len(by_code()) == len(table()["rows"]) > 400
    for code, row in by_code().items():
        assert row["source"] and row["method"] and row["unit"] and row["n"] >= 0, code
        assert row["confidence"] in MARKS and len(row["as_of"]) == 10, code
        low, high = row["interval"]
        assert low <= high, code
        if ".out_of_time" not in code:
            assert low <= row["value"] <= high, code
    for one in table()["series"]:
        assert one["source"] and one["confidence"] in MARKS and one["as_of"]
        assert isinstance(one["warnings"], list) and one["n"] + sum(one["screened"].values()) > 0


def test_public_rows_name_their_licence() -> None:
    licences = {"hhs_ocr": "public domain", "wa_ag": "public domain", "vcdb": "CC BY-SA 4.0",
                "hibp": "CC BY 4.0", "ransom_payments": "CC BY 4.0"}
    for code, row in by_code().items():
        publisher = code.split(".", maxsplit=1)[0]
        if publisher in licences:
            assert licences[publisher] in row["source"] and "copy of 20" in row["source"], code


def test_a_tail_without_a_mean_is_said_to_have_none() -> None:
    for one in table()["series"]:
        row = by_code().get(f"{one['code']}.tail_xi")
        if row is None:
            assert "mean_finite" not in one
        elif row["interval"][0] >= 1.0:
            assert one["mean_finite"] is False and "mean is not finite" in row["note"]
        elif row["interval"][1] < 1.0:
            assert one["mean_finite"] is True
        else:
            assert "mean_finite" not in one and "may not be finite" in row["note"]


def test_a_check_holds_where_the_expected_lies_inside() -> None:
    checks = {code: row for code, row in by_code().items() if ".out_of_time" in code}
    assert len(checks) == 6
    for code, row in checks.items():
        inside = row["interval"][0], row["interval"][1]
        if code.endswith("out_of_time"):
            assert row["held"] is (inside[0] <= row["value"] <= inside[1])
        else:
            assert row["held"] is (inside[0] <= row["expected"] <= inside[1])
        assert row["held"] or row["note"]


def test_clusters_counted_once_leave_a_calmer_register() -> None:
    rows = by_code()
    assert rows["wa_ag.incidents_once.size"]["value"] > rows["wa_ag.notices.size"]["value"]
    for age in (90, 180, 365, 730):
        for name in ("as_reported", "clusters_once"):
            assert rows[f"wa_ag.delay.{name}.ibnr_{age}"]["value"] > 1.0
    late = [rows[f"wa_ag.delay.as_reported.ibnr_{age}"]["value"] for age in (90, 180, 365, 730)]
    assert late == sorted(late, reverse=True)


def test_a_relativity_is_blended_between_its_parts_and_mostly_its_prior() -> None:
    rows = by_code()
    assert rows["relativity.study_error"]["value"] == rounded(study_error())
    for section, industry in industries().items():
        code = f"industry.{section}.frequency"
        prior = industry.frequency_relativity_ppm / PPM
        parts = [rows[f"{code}.{name}"]["value"] for name in ("iris_2025", "eurostat_2024")
                 if f"{code}.{name}" in rows]
        blended = rows[f"{code}.blended"]
        assert rows[f"{code}.prior"]["value"] == rounded(prior)
        assert min([prior, *parts]) * 0.9999 <= blended["value"] <= max([prior, *parts]) * 1.0001
        if not parts:
            assert blended["value"] == rounded(prior)
            assert blended["interval"] == rows[f"{code}.prior"]["interval"]
        else:
            assert abs(np.log(blended["value"] / prior)) < 0.3 * max(
                abs(np.log(part / prior)) for part in parts)
            width = blended["interval"][1] / blended["interval"][0]
            before = rows[f"{code}.prior"]["interval"]
            assert width < before[1] / before[0]


def test_a_mix_is_whole_and_publicity_moves_it_little() -> None:
    rows = by_code()
    for section, industry in industries().items():
        shares = [rows[f"industry.{section}.mix.{peril}"] for peril in PERILS]
        assert sum(one["value"] for one in shares) == pytest.approx(1.0, abs=2e-5)
        for peril, one in zip(PERILS, shares, strict=True):
            shipped = industry.peril_mix_ppm[peril] / PPM
            if one["n"] == 0:
                assert one["value"] == rounded(shipped)
            assert abs(one["value"] - shipped) < 0.5 * TRUST
            assert "publicity" in one["note"] or "no incident" in one["note"]


def test_half_believed_is_small_where_sections_differ_and_large_where_they_do_not() -> None:
    expected = np.full((30, 6), 40.0)
    alike, _ends = half_believed(np.tile([38.0, 41.0, 40.0, 42.0, 39.0, 40.0], (30, 1)), expected)
    apart, (low, high) = half_believed(np.tile([5.0, 120.0, 15.0, 60.0, 10.0, 30.0], (30, 1)),
                                       expected)
    assert alike > 1000.0 > 3.0 > apart
    assert low < apart < high


def test_the_text_reads_back() -> None:
    source = Source('A "named" source \\ with signs', "T", "2024-01-31")
    row = Row("a.b", 123456.789, (1.0, 2e9), "records", 12, source, "counted", "a note", 0.05,
              False)
    series = Series("a", "records", source, 12, None, {"no number": 3}, "", None, None, ["one"])
    found = tomllib.loads(to_toml([row], [series]))
    assert found["schema"] == "dinghai.calibration/1"
    assert found["rows"] == [{
        "code": "a.b", "value": 123460.0, "interval": [1.0, 2e9], "unit": "records", "n": 12,
        "source": source.name, "confidence": "T", "as_of": "2024-01-31", "method": "counted",
        "expected": 0.05, "held": False, "note": "a note"}]
    assert found["series"][0]["screened"] == {"no number": 3}
    assert "floor" not in found["series"][0] and "law" not in found["series"][0]


def test_every_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        studies_of(tmp_path)
    for name in ("hhs_ocr/hhs_archive_*.csv*", "wa_ag/SOURCE.md", "vcdb/vcdb_*.json*",
                 "ransom_payments/showing_the_receipts_*.csv*", "benchmarks/published.json"):
        assert name in caught.value.faults[0].message
    with pytest.raises(InputError, match="no such folder"):
        studies_of(tmp_path / "nowhere")


def test_the_command_writes_nothing_where_a_file_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "table.toml"
    assert main(["calibrate", "--sources", str(tmp_path), "-o", str(output), "--json"]) == 2
    fault = json.loads(capsys.readouterr().out)["error"]
    assert fault["field"] == "--sources" and "missing: hhs_ocr/" in fault["message"]
    assert fault["mend"] and not output.exists()


@pytest.fixture
def copied(shared_data: Path, tmp_path: Path) -> Path:
    """The wanted folders of the shared data, to be spoilt."""
    for name in ("hhs_ocr", "wa_ag", "vcdb", "hibp", "ransom_payments", "benchmarks"):
        shutil.copytree(shared_data / name, tmp_path / name, copy_function=shutil.copyfile)
        (tmp_path / name).chmod(0o755)
    return tmp_path


@pytest.mark.shared
@pytest.mark.parametrize(("spoil", "message"), [
    (lambda at: (at / "hibp" / "breaches_2026-01.json").write_text("[]"), "2 files match"),
    (lambda at: (at / "wa_ag" / "SOURCE.md").write_text("copied"), "names no date"),
    (lambda at: (at / "benchmarks" / "published.json").write_text("{"), "not JSON"),
    (lambda at: (at / "benchmarks" / "china.json").write_text("[]"), "not a JSON object"),
    (lambda at: shutil.copyfile(
        next((at / "wa_ag").glob("*.csv.gz")),
        next((at / "ransom_payments").glob("showing*"))), "holds wa_ag"),
    (lambda at: (at / "benchmarks" / "published.json").write_text("{}"), "is missing"),
], ids=["two files", "no date", "not JSON", "a list", "another source", "no figures"])
def test_a_spoilt_source_is_refused_and_named(
    copied: Path, spoil: Any, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dinghai.experience.calibration.fit_losses", lambda data: ())
    monkeypatch.setattr("dinghai.experience.calibration.frequency_studies", lambda data: ())
    monkeypatch.setattr("dinghai.experience.calibration.delay_studies", lambda data: ())
    spoil(copied)
    with pytest.raises(InputError, match=message) as caught:
        studies_of(copied)
    assert caught.value.faults[0].file and caught.value.faults[0].mend


@pytest.mark.shared
def test_unknown_files_are_ignored(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("fit_losses", "frequency_studies", "delay_studies"):
        monkeypatch.setattr(f"dinghai.experience.calibration.{name}", lambda data: ())
    plain = studies_of(copied).toml()
    (copied / "vcdb" / "notes.txt").write_text("of no use")
    (copied / "other").mkdir()
    assert studies_of(copied).toml() == plain
