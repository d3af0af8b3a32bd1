"""From which index a node of a chain has which grade: declared data on the assessment's scale."""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files
from typing import Literal

import msgspec

from dinghai.assessment.rules import Grade
from dinghai.foundation.errors import InputError
from dinghai.foundation.reading import read_toml


class GradeBound(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One grade, up to an index; without a bound it takes the rest. ``score_ppm`` of full marks in
    every control is where a firm stands at the bound."""

    grade: Grade
    source: str
    confidence: str
    up_to_ppm: int | None = None
    interval_ppm: tuple[int, int] | None = None
    score_ppm: int | None = None


class LevelRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The grades of nodes (schema dinghai.node-level-rules/1), best first."""

    schema: Literal["dinghai.node-level-rules/1"]
    version: str
    grades: tuple[GradeBound, ...]

    def __post_init__(self) -> None:
        bounds = [one.up_to_ppm for one in self.grades[:-1]]
        if (not self.grades or self.grades[-1].up_to_ppm is not None or None in bounds
                or bounds != sorted(set(bounds), key=lambda one: one or 0)):
            raise InputError("grades stand from best to worst, each with a higher bound, the last "
                             "without one", field="grades", mend="put them in order")

    def grade(self, index_ppm: int) -> Grade:
        """The best grade whose bound an index does not pass."""
        return next(one.grade for one in self.grades
                    if one.up_to_ppm is None or index_ppm <= one.up_to_ppm)


@cache
def level_rules() -> LevelRules:
    """The rules that ship with the engine."""
    with as_file(files("dinghai.data") / "supplychain" / "node_levels.toml") as path:
        return read_toml(path, LevelRules)
