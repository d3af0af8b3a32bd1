"""How far a firm's own ratio is believed beside the chain's, as declared data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import as_file, files
from typing import Annotated, Literal

import msgspec

from dinghai.foundation.money import PPM
from dinghai.foundation.reading import read_toml
from dinghai.supplychain.chain import ControlScore
from dinghai.vocabulary.indicators import indicators

Share = Annotated[int, msgspec.Meta(ge=0, le=PPM)]
Known = Literal["assessment", "questionnaire", "scan", "estimate"]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    source: str
    confidence: str


class Credibility(_Part, frozen=True):
    """Z = e ÷ (e + ``half_at``), where e counts indicators by weight and by how each is known."""

    half_at: Annotated[float, msgspec.Meta(gt=0)]
    half_at_interval: tuple[float, float]
    known_by_ppm: Mapping[Known, Share]

    def evidence(self, rows: Iterable[ControlScore]) -> float:
        """How many indicators of ordinary weight are fully known."""
        table = indicators()
        mean = sum(one.weight_millis for one in table.values()) / len(table)
        known = {row.indicator: self.known_by_ppm[row.known_by] for row in rows
                 if row.score_ppm is not None and row.indicator in table}
        return sum(table[code].weight_millis * ppm for code, ppm in known.items()) / mean / PPM

    def of(self, rows: Iterable[ControlScore]) -> int:
        """Z in ppm."""
        evidence = self.evidence(rows)
        return round(evidence / (evidence + self.half_at) * PPM)


class Others(_Part, frozen=True, rename={"may_raise": "raise"}):
    """Whether what others do may raise a member's premium."""

    may_raise: Literal[False]


class ChainFloatTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole table."""

    schema: Literal["dinghai.chain-float-rules/1"]
    version: str
    credibility: Credibility
    others: Others


@cache
def chain_float_table() -> ChainFloatTable:
    """The table that ships with the engine."""
    with as_file(files("dinghai.data") / "supplychain" / "float.toml") as path:
        return read_toml(path, ChainFloatTable)
