"""Year-loss tables: they add up to the simulation, and are the same bytes on any cores."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from distributed import LocalCluster

from dinghai.compute import cluster
from dinghai.compute.cluster import cluster_at
from dinghai.foundation.errors import InputError
from dinghai.supplychain import years as years_module
from dinghai.supplychain.chain_file import read_chain
from dinghai.supplychain.chain_model import ChainModel, chain_model
from dinghai.supplychain.chain_results import Simulation, simulate_chain
from dinghai.supplychain.year_tables import COLUMNS, layer_column

ROOT = Path(__file__).parents[2]
YEARS = 3_000


@pytest.fixture(scope="module")
def model() -> ChainModel:
    return chain_model(read_chain(ROOT / "examples" / "energy"))


@pytest.fixture(scope="module")
def written(
    model: ChainModel, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Simulation, dict[str, pa.Table], Path]:
    folder = tmp_path_factory.mktemp("tables")
    found = simulate_chain(model, years=YEARS, seed=3, workers=1, folder=folder)
    return found, {name: parquet.read_table(folder / f"{name}.parquet") for name in COLUMNS}, folder


def by(table: pa.Table, keys: list[str], column: str) -> dict[Any, int]:
    grouped = table.group_by(keys).aggregate([(column, "sum")]).to_pydict()
    names = [grouped[key] for key in keys]
    return {key: fen for key, fen in zip(zip(*names, strict=True), grouped[f"{column}_sum"],
                                         strict=True) if fen}


def test_events_add_up_to_years_and_members_to_events(
    written: tuple[Simulation, dict[str, pa.Table], Path]
) -> None:
    found, tables, _ = written
    years, events, parties = tables["years"], tables["events"], tables["event_parties"]
    assert years.num_rows == YEARS
    assert events.num_rows > 500
    layers = [layer_column(one.id) for one in found.model.cover.policy.schedule.layers]
    assert len(layers) == 2
    for column in ("loss_fen", "through_goods_fen", "paid_fen", *layers):
        assert by(events, ["year"], column) == by(years, ["year"], column)
    assert sum(years["paid_fen"].to_pylist()) > 0
    for column in ("loss_fen", "paid_fen"):
        assert by(parties, ["event"], column) == by(events, ["event"], column)
        assert by(parties, ["party", "section"], column) == by(
            tables["members"], ["party", "section"], column)
        assert by(parties, ["year"], column) == by(years, ["year"], column)
    assert set(parties["section"].to_pylist()) == {"own", "propagation", "supply"}
    borne = np.array(parties["borne_fen"])
    assert (borne == np.array(parties["loss_fen"]) - np.array(parties["paid_fen"])).all()
    assert borne.min() >= 0
    assert by(events, ["year"], "struck") == {
        (year,): count for year, count in enumerate(np.bincount(
            [year for year, section in zip(parties["year"].to_pylist(),
                                           parties["section"].to_pylist(), strict=True)
             if section != "supply"], minlength=YEARS).tolist()) if count}


def test_events_stand_in_the_order_of_their_days_and_say_where_they_came_from(
    written: tuple[Simulation, dict[str, pa.Table], Path]
) -> None:
    found, tables, _ = written
    events, parties = tables["events"], tables["event_parties"].to_pylist()
    year, day = np.array(events["year"]), np.array(events["day"])
    assert (np.diff(np.array(events["event"])) > 0).all()
    assert (np.diff(year * 365 + day) >= 0).all()
    assert day.min() >= 0
    assert 350 < day.max() < 365
    assert abs(day.mean() - 182.0) < 15.0
    first = found.events.first
    assert (first[year] <= np.array(events["event"])).all()
    assert (np.array(events["event"]) < first[year + 1]).all()
    assert set(events["cause"].to_pylist()) == {"attempt", "provider"}
    roots = dict(zip(events["event"].to_pylist(), events["root"].to_pylist(), strict=True))
    firms = {one.id for one in found.model.chain.firms}
    for one in parties:
        if one["section"] == "propagation":
            assert one["came_from"] in firms
        elif one["section"] == "supply":
            assert one["came_from"] is None
        else:
            assert one["came_from"] is None or one["came_from"] not in firms
            assert one["came_from"] is not None or one["party"] == roots[one["event"]]


def test_the_bytes_are_the_same_on_any_cores_and_with_little_room(
    written: tuple[Simulation, dict[str, pa.Table], Path], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found, _, folder = written
    monkeypatch.setattr(years_module, "FIRST_ROOM", 64)  # parts are run again with more
    again = simulate_chain(found.model, years=YEARS, seed=3, workers=2, folder=tmp_path)
    for name in COLUMNS:
        assert (tmp_path / f"{name}.parquet").read_bytes() == (
            folder / f"{name}.parquet").read_bytes()
    without = simulate_chain(found.model, years=YEARS, seed=3)
    assert without.to_dict() == again.to_dict() == found.to_dict()


def test_other_processes_write_the_same_bytes(
    written: tuple[Simulation, dict[str, pa.Table], Path], tmp_path: Path
) -> None:
    found, _, folder = written
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        again = simulate_chain(found.model, years=YEARS, seed=3, folder=tmp_path, executor=pool,
                               ranked=True)
    for name in COLUMNS:
        assert (tmp_path / f"{name}.parquet").read_bytes() == (
            folder / f"{name}.parquet").read_bytes()
    here = simulate_chain(found.model, years=YEARS, seed=3, ranked=True)
    assert (here.years.averted == again.years.averted).all()
    assert (here.years.squares == again.years.squares).all()


def test_a_cluster_writes_the_same_bytes(
    written: tuple[Simulation, dict[str, pa.Table], Path], tmp_path: Path
) -> None:
    found, _, folder = written
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
                      host="127.0.0.1", local_directory=str(tmp_path / "dask")) as started, (
            cluster_at(started.scheduler_address)) as executor:
        again = simulate_chain(found.model, years=YEARS, seed=3, folder=tmp_path,
                               executor=executor)
    for name in COLUMNS:
        assert (tmp_path / f"{name}.parquet").read_bytes() == (
            folder / f"{name}.parquet").read_bytes()
    assert again.to_dict() == found.to_dict()


def test_a_scheduler_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", "100ms")
    with pytest.raises(InputError, match="no scheduler answers at"), cluster_at(
            "tcp://127.0.0.1:1"):
        pass


def test_every_column_is_on_the_page() -> None:
    page = (ROOT / "docs/reference/chain-years.md").read_text("utf-8")
    for table, columns in COLUMNS.items():
        section = page.partition(f"## {table}.parquet")[2].partition("\n## ")[0]
        for name, _ in columns:
            assert f"| `{name}` |" in section, (table, name)
