"""Year-loss tables of a chain as Parquet files: years, parties, members, events, and their parties.

Rows of events are written as they come, some years at a time, so that memory does not grow with
their number. The bytes are the same for any number of workers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as parquet

from dinghai.losses.tables import PERILS
from dinghai.supplychain.chain_model import ChainModel
from dinghai.supplychain.event_rows import EventRows
from dinghai.supplychain.programme import PARTS_OF_COVER
from dinghai.supplychain.years import ChainYears, Events

CAUSES: Final = ("attempt", "provider", "vulnerability")
_WORD: Final = pa.dictionary(pa.int32(), pa.string())
COLUMNS: Final[Mapping[str, Sequence[tuple[str, pa.DataType]]]] = {
    "years": (("year", pa.int32()), ("events", pa.int64()), ("loss_fen", pa.int64()),
              ("through_goods_fen", pa.int64()), ("paid_fen", pa.int64())),
    "parties": (("party", pa.string()), ("kind", pa.string()), ("attempts_a_year", pa.float64()),
                ("starts", pa.int64()), ("entered", pa.int64()), ("struck", pa.int64()),
                ("own_fen", pa.int64()), ("inherited_fen", pa.int64()),
                ("exported_fen", pa.int64()), ("through_goods_fen", pa.int64()),
                ("paid_fen", pa.int64())),
    "members": (("party", pa.string()), ("section", pa.string()), ("loss_fen", pa.int64()),
                ("paid_fen", pa.int64()), ("borne_fen", pa.int64())),
    "events": (("year", pa.int32()), ("day", pa.int32()), ("event", pa.int64()), ("cause", _WORD),
               ("root", _WORD), ("aim", _WORD), ("struck", pa.int32()), ("loss_fen", pa.int64()),
               ("through_goods_fen", pa.int64()), ("paid_fen", pa.int64())),
    "event_parties": (("year", pa.int32()), ("event", pa.int64()), ("party", _WORD),
                      ("came_from", _WORD), ("section", _WORD), ("loss_fen", pa.int64()),
                      ("paid_fen", pa.int64()), ("borne_fen", pa.int64())),
}
"""The tables and their columns, in order. ``years`` and ``events`` have one more for each layer of
the programme: what it bears."""


def schema_of(table: str, layers: Sequence[str] = ()) -> pa.Schema:
    """The columns of a table, with the programme's layers where it has them."""
    more = layers if table in {"years", "events"} else ()
    return pa.schema([*COLUMNS[table], *((layer_column(one), pa.int64()) for one in more)])


def layer_column(layer: str) -> str:
    """The column of what a layer bears."""
    return f"layer_{layer.replace('-', '_')}_fen"


@dataclass(slots=True)
class YearTables:
    """Files that are being written in a folder. Use it as a context."""

    folder: Path
    model: ChainModel
    events: Events
    _writers: dict[str, parquet.ParquetWriter] = field(default_factory=dict)

    def __enter__(self) -> YearTables:
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in ("events", "event_parties"):
            self._writers[name] = parquet.ParquetWriter(
                self.folder / f"{name}.parquet", schema_of(name, self._layers))
        return self

    def __exit__(self, *_: object) -> None:
        for writer in self._writers.values():
            writer.close()

    @property
    def _layers(self) -> tuple[str, ...]:
        return tuple(one.id for one in self.model.cover.policy.schedule.layers)

    def keep(self, years: range, rows: EventRows) -> None:
        """Write the events of some years."""
        names = self.model.twin.names
        day = self.events.days(years)[rows.event - self.events.first[years.start]]
        self._write("events", [
            rows.year, day, rows.event, _words(CAUSES, self._causes[rows.root]),
            _words(names, rows.root), _words(PERILS, rows.aim), rows.struck, rows.loss,
            rows.through_goods, rows.paid, *rows.layers.T])
        self._write("event_parties", [
            rows.year[rows.of], rows.event[rows.of], _words(names, rows.party),
            _words(names, rows.came), _words(PARTS_OF_COVER, rows.part), rows.lost, rows.given,
            rows.lost - rows.given])

    @property
    def _causes(self) -> npt.NDArray[np.int32]:
        """What an event that begins at each party is, by its place in CAUSES."""
        providers = {one.id for one in self.model.chain.providers}
        return np.array([0 if place < self.model.twin.firms else 1 if name in providers else 2
                         for place, name in enumerate(self.model.twin.names)], dtype=np.int32)

    def _write(self, name: str, columns: Iterable[object]) -> None:
        schema = schema_of(name, self._layers)
        self._writers[name].write_table(pa.table(
            [pa.array(one, type=kind.type) if isinstance(one, np.ndarray) else one
             for one, kind in zip(columns, schema, strict=True)], schema=schema))

    def finish(self, found: ChainYears) -> None:
        """Write the tables by year, by party and by member."""
        model, first, layers = self.model, self.events.first, self._layers
        names, suffered, given = model.twin.names, found.suffered, found.compensated
        self._whole("years", [
            np.arange(self.events.years), np.diff(first), found.loss, found.starved, found.paid,
            *found.layers], layers)
        self._whole("parties", [
            list(names), [("firm", *CAUSES[1:])[cause] for cause in self._causes],
            model.rates.sum(axis=1), found.starts, found.entered, found.struck, found.own,
            found.inherited, found.exported, found.supply, found.paid_to.sum(axis=0)])
        firms = range(model.twin.firms)
        rows = [(party, part) for party in firms for part in range(len(PARTS_OF_COVER))]
        party, part = (np.array(one, dtype=np.int64) for one in zip(*rows, strict=True))
        lost, paid = suffered[part, party], given[part, party]
        self._whole("members", [
            [names[one] for one in party], [PARTS_OF_COVER[one] for one in part], lost, paid,
            lost - paid])

    def _whole(self, name: str, columns: Sequence[object], layers: Sequence[str] = ()) -> None:
        schema = schema_of(name, layers)
        parquet.write_table(pa.table(
            [pa.array(one, type=kind.type) for one, kind in zip(columns, schema, strict=True)],
            schema=schema), self.folder / f"{name}.parquet")


def _words(names: Sequence[str], places: np.ndarray) -> pa.DictionaryArray:
    """Names by place; −1 is nothing."""
    return pa.DictionaryArray.from_arrays(
        pa.array(places, type=pa.int32(), mask=places < 0), pa.array(names, type=pa.string()))
