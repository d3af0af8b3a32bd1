"""A batch prices each dossier as alone; a faulty one stands by itself with what is wrong."""

from __future__ import annotations

import csv
import json
import shutil
from datetime import date
from pathlib import Path

import pyarrow.parquet
import pytest

from benchmarks.dossiers import write_dossier
from dinghai.assessment.assess import assess
from dinghai.assessment.dossier import read_dossier
from dinghai.cli.main import main
from dinghai.evidence.feeds import shipped_epss, shipped_kev
from dinghai.foundation.errors import InputError
from dinghai.pricing import batch
from dinghai.pricing.batch import BatchTerms, price_batch
from dinghai.pricing.quote import Pricer
from dinghai.wording.products import load_product

INCLUSIVE = "cyber-comprehensive-inclusive"
ON, INCEPTION = date(2026, 3, 12), date(2026, 4, 1)
TERMS = BatchTerms(INCLUSIVE, ON, INCEPTION, light=True)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twelve dossiers of small firms; one an archive, one broken."""
    monkeypatch.setenv("DINGHAI_HOME", str(tmp_path / "home"))
    found = tmp_path / "dossiers"
    for number in range(12):
        write_dossier(found / f"{number:02d}", number, seed=7)
    shutil.make_archive(str(found / "12"), "zip", found / "11")
    broken = found / "05" / "profile.toml"
    broken.write_text(broken.read_text("utf-8").replace("industry = \"", "industry = \"?"))
    return found


def paths(folder: Path) -> list[Path]:
    """The dossiers in order."""
    return sorted(folder.iterdir())


def test_each_is_priced_as_alone(folder: Path) -> None:
    product, kev, epss = load_product(INCLUSIVE), shipped_kev(ON), shipped_epss()
    for path, row in zip(paths(folder), price_batch(paths(folder), TERMS), strict=True):
        if path.name in {"05", "12.zip"}:
            continue
        dossier = read_dossier(path, today=ON)
        pricer = Pricer.of(dossier, assess(dossier, kev=kev, epss=epss, on=ON, light=True),
                           product)
        quote = pricer.quote(pricer.schedule(inception=INCEPTION))
        assert row.gross_fen == quote.premium.gross
        assert row.expected_loss_fen == quote.premium.pure
        assert (row.outcome, row.reasons) == (quote.outcome, quote.reasons)


def test_an_archive_is_its_folder_and_a_faulty_one_says_what_is_wrong(folder: Path) -> None:
    rows = {row.dossier: row for row in price_batch(paths(folder), TERMS)}
    assert rows["12.zip"].gross_fen == rows["11"].gross_fen
    (fault,) = rows["05"].faults
    assert fault.file == "profile.toml" and fault.field == "exposures.industry" and fault.line
    assert rows["05"].gross_fen is None
    assert sum(bool(row.faults) for row in rows.values()) == 1


def test_any_number_of_processes_gives_the_same_rows(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = list(price_batch(paths(folder), TERMS))
    monkeypatch.setattr(batch, "CHUNK", 5)
    assert list(price_batch(paths(folder), TERMS, workers=2)) == alone


def test_unknown_products_are_refused_before_the_first_row(folder: Path) -> None:
    with pytest.raises(InputError) as found:
        next(price_batch(paths(folder), BatchTerms("nothing", ON)))
    assert found.value.fault.field == "product"


@pytest.mark.parametrize("name", ["prices.csv", "prices.parquet"])
def test_the_command_writes_a_table(
    folder: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / name
    code = main(["quote-batch", str(folder), "--product", INCLUSIVE, "--light", "--on",
                 ON.isoformat(), "--workers", "1", "-o", str(output), "--json"])
    document = json.loads(capsys.readouterr().out)
    assert code == 1  # one dossier is faulty
    assert (document["dossiers"], document["priced"]) == (13, 12)
    assert document["faults"][0]["dossier"] == "05"
    if output.suffix == ".csv":
        with output.open(encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    else:
        rows = pyarrow.parquet.read_table(output).to_pylist()
    assert len(rows) == 13
    assert sum(int(row["gross_fen"] or 0) for row in rows) == document["gross_fen"]


def test_all_or_nothing_writes_nothing(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "prices.csv"
    code = main(["quote-batch", str(folder), "--product", INCLUSIVE, "--light", "--on",
                 ON.isoformat(), "--all-or-nothing", "-o", str(output)])
    assert code == 1 and not output.exists()


@pytest.mark.parametrize(("words", "field"), [
    (("-o", "prices.txt"), "--output"), (("--workers", "0"), "--workers"),
    (("--limit", "much"), "--limit")])
def test_bad_options_are_bad_input(
    folder: Path, words: tuple[str, ...], field: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["quote-batch", str(folder), "--product", INCLUSIVE, *words, "--json"])
    assert code == 2
    assert json.loads(capsys.readouterr().out)["error"]["field"] == field


def test_an_empty_folder_is_bad_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["quote-batch", str(tmp_path), "--product", INCLUSIVE, "--json"]) == 2
    assert "dossier" in json.loads(capsys.readouterr().out)["error"]["message"]
