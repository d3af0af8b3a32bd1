"""The light score held against the full one on a synthetic panel: where it ranks well, where not.

The full score is what an assessor finds who verifies all 46 answers; the light one is what the
assessment makes of 28 words from a respondent who rounds, errs and does not know everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np

from dinghai.assessment.rules import rules
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import PPM, multiply_divide
from dinghai.schemes.small_firm_panel import (
    Band,
    Panel,
    PanelTable,
    Respondent,
    Structure,
    draw_panel,
    reported,
)
from dinghai.schemes.small_firm_scores import (
    MOST_RANKED,
    NO_SCORE,
    RankCorrelation,
    Whole,
    rank_correlation,
    totals,
)
from dinghai.vocabulary.indicators import indicators, light_indicators

VALIDATION_SCHEMA: Final = "dinghai.small-firm-validation/1"
FEWEST: Final = 100


@dataclass(frozen=True, slots=True)
class Reading:
    """One comparison: its group, what was moved or looked at, and the correlation found."""

    group: str
    case: str
    found: RankCorrelation

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {"group": self.group, "case": self.case, **self.found.to_dict()}


@dataclass(frozen=True, slots=True)
class GradeAgreement:
    """Shares of firms in ppm by how the light grade lies to the full one."""

    same_ppm: int
    within_one_ppm: int
    light_better_ppm: int
    light_worse_ppm: int

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {name: getattr(self, name) for name in GradeAgreement.__slots__}


@dataclass(frozen=True, slots=True)
class Validation:
    """The whole validation. ``headline`` is light as reported against full as verified."""

    table: PanelTable
    firms: int
    seed: int
    headline: RankCorrelation
    readings: tuple[Reading, ...]
    grades: GradeAgreement

    @property
    def meets_target(self) -> bool:
        """Whether even the lower end of the headline's interval reaches the target."""
        return self.headline.low_ppm is not None and (
            self.headline.low_ppm >= self.table.target_ppm)

    @property
    def weaker(self) -> tuple[Reading, ...]:
        """The readings whose estimate lies below the target, or which have none."""
        return tuple(one for one in self.readings
                     if one.found.ppm is None or one.found.ppm < self.table.target_ppm)

    def to_dict(self) -> dict[str, JSON]:
        """The document ``dinghai.small-firm-validation/1``."""
        return {
            "schema": VALIDATION_SCHEMA, "firms": self.firms, "seed": self.seed,
            "panel": msgspec.to_builtins(self.table), "target_ppm": self.table.target_ppm,
            "headline": self.headline.to_dict(), "meets_target": self.meets_target,
            "grades": self.grades.to_dict(),
            "readings": [one.to_dict() for one in self.readings],
            "weaker": [f"{one.group}:{one.case}" for one in self.weaker],
        }


def validate(table: PanelTable, *, firms: int | None = None, seed: int | None = None
             ) -> Validation:
    """Draw the panel and hold the light score against the full one. Raises InputError for a
    number of firms that cannot be ranked."""
    number = table.firms if firms is None else firms
    key = table.seed if seed is None else seed
    if not FEWEST <= number <= MOST_RANKED:
        raise InputError(f"{number} firms make no panel", field="--firms",
                         mend=f"{FEWEST} to {MOST_RANKED}")
    panel = draw_panel(table, number, key)
    full = _full(panel)
    light = _light(panel, table.respondent, key)
    readings = (*_direct(panel, light, full), *_by_band(table, panel, light, full),
                *_moved_respondents(table, panel, full, key),
                *_moved_structures(table, number, key))
    return Validation(table, number, key, rank_correlation(light, full), readings,
                      _grades(light, full))


def scored_pairs(
    table: PanelTable, *, firms: int | None = None, seed: int | None = None, most: int = 500
) -> tuple[tuple[int, int], ...]:
    """Light and full score in ppm of the panel's first firms, for a picture of the headline; a
    firm without a light score is left out."""
    number = table.firms if firms is None else firms
    key = table.seed if seed is None else seed
    panel = draw_panel(table, number, key)
    light, full = _light(panel, table.respondent, key), _full(panel)
    return tuple((int(one), int(other)) for one, other in zip(
        light[:most].tolist(), full[:most].tolist(), strict=True) if one != NO_SCORE)


def _full(panel: Panel) -> Whole:
    return totals(panel.levels, indicators(), verified=True)


def _light(panel: Panel, respondent: Respondent, seed: int) -> Whole:
    return totals(reported(panel, respondent, seed), light_indicators(), verified=False)


def _direct(panel: Panel, light: Whole, full: Whole) -> Iterator[Reading]:
    """What the headline is made of: no error of answering, and nothing shared by construction."""
    exact = totals(panel.levels, light_indicators(), verified=False)
    answers = totals(panel.levels, indicators(), verified=False)
    rest = totals(panel.levels, [code for code in indicators() if code not in light_indicators()],
                  verified=True)
    yield Reading("answers", "light_reported_full_verified", rank_correlation(light, full))
    yield Reading("answers", "light_exact_full_verified", rank_correlation(exact, full))
    yield Reading("answers", "light_exact_full_unverified", rank_correlation(exact, answers))
    yield Reading("answers", "light_reported_questions_not_asked", rank_correlation(light, rest))


def _by_band(table: PanelTable, panel: Panel, light: Whole, full: Whole) -> Iterator[Reading]:
    groups: tuple[tuple[str, tuple[Band, ...], Whole], ...] = (
        ("size", table.sizes, panel.sizes), ("sector", table.sectors, panel.sectors))
    for group, bands, places in groups:
        for place, band in enumerate(bands):
            own = places == place
            yield Reading(group, band.code, rank_correlation(light[own], full[own]))


def _moved_respondents(
    table: PanelTable, panel: Panel, full: Whole, seed: int
) -> Iterator[Reading]:
    moved = (("unknown_ppm", table.moved.unknown_ppm),
             ("overstated_ppm", table.moved.overstated_ppm),
             ("optimists_ppm", table.moved.optimists_ppm))
    for name, values in moved:
        for value in values:
            who = msgspec.structs.replace(table.respondent, **{name: value})
            yield Reading(name, str(value), rank_correlation(_light(panel, who, seed), full))


def _moved_structures(table: PanelTable, firms: int, seed: int) -> Iterator[Reading]:
    for general, domain in table.moved.structures_ppm:
        panel = draw_panel(table, firms, seed, Structure(general, domain))
        yield Reading("general_and_domain_ppm", f"{general}+{domain}", rank_correlation(
            _light(panel, table.respondent, seed), _full(panel)))


def _grades(light: Whole, full: Whole) -> GradeAgreement:
    """Grades of both scores, best first; firms without a light score are left out."""
    known = light != NO_SCORE
    bounds = np.array(sorted(band.from_ppm for band in rules().grades))
    first, second = (np.searchsorted(bounds, one[known], side="right") for one in (light, full))
    gap = first - second
    whole = max(int(known.sum()), 1)

    def share(matching: int) -> int:
        return multiply_divide(matching, PPM, whole, "half_up")

    return GradeAgreement(share(int((gap == 0).sum())), share(int((abs(gap) <= 1).sum())),
                          share(int((gap > 0).sum())), share(int((gap < 0).sum())))
