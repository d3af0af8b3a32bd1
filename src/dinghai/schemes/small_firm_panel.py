"""A synthetic panel of small firms with all 46 answers, and what a respondent says of 28 of them.

A firm has one maturity, one leaning for each domain and one for each question; their sum, moved by
size, sector and effort, falls into the levels 0 to 4. Every draw is keyed by firm, so that a
larger panel begins with the smaller one's firms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from dinghai.foundation.money import PPM
from dinghai.foundation.streams import normal_quantile, normals, uniforms
from dinghai.pricing.rating import load_effort
from dinghai.vocabulary.indicators import domains, indicators, light_indicators
from dinghai.vocabulary.tables import read_toml_table

Levels = npt.NDArray[np.int8]
"""Answers of shape (firms, 46) in the vocabulary's order, 0 to 4; -1 is not known."""

UNKNOWN: Final = -1
_HALF: Final = 2
_MOST: Final = 4


class Structure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Shares of an answer's variance in ppm: common to all questions, and to those of a domain."""

    general_ppm: int
    domain_ppm: int


class _Levels(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    cumulative_ppm: tuple[int, int, int, int]


class Effort(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Shifts by class of effort, in millionths of a standard deviation."""

    low: int
    medium: int
    high: int


class Respondent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often an answer is one word too good, one too bad, or not known, in ppm.

    ``optimists_ppm`` of the respondents overstate each answer with ``optimist_overstated_ppm``.
    """

    overstated_ppm: int
    understated_ppm: int
    unknown_ppm: int
    optimists_ppm: int
    optimist_overstated_ppm: int


class Band(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A size or a sector: its share of the firms, and how far its maturity lies from the mean."""

    code: str
    share_ppm: int
    shift: int


class Moved(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the validation's readings move."""

    unknown_ppm: tuple[int, ...]
    overstated_ppm: tuple[int, ...]
    optimists_ppm: tuple[int, ...]
    structures_ppm: tuple[tuple[int, int], ...]


class PanelTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The panel's assumptions (schema dinghai.small-firm-panel/1)."""

    schema: Literal["dinghai.small-firm-panel/1"]
    version: str
    source: str
    confidence: str
    target_ppm: int
    firms: int
    seed: int
    structure: Structure
    levels: _Levels
    effort: Effort
    respondent: Respondent
    sizes: tuple[Band, ...]
    sectors: tuple[Band, ...]
    moved: Moved


@cache
def panel_table() -> PanelTable:
    """The assumptions that ship with the engine."""
    return read_toml_table("small-firm-panel", PanelTable, room="schemes")


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Firms of a panel: true levels, and for each firm the place of its size and its sector."""

    levels: Levels
    sizes: npt.NDArray[np.int64]
    sectors: npt.NDArray[np.int64]


def draw_panel(
    table: PanelTable, firms: int, seed: int, structure: Structure | None = None
) -> Panel:
    """So many firms. The same firm of the same seed keeps its draws under another structure."""
    shape = structure or table.structure
    places = uniforms(seed, "small-firm-panel.kind", firms, 2)
    sizes = _banded(table.sizes, places[:, 0])
    sectors = _banded(table.sectors, places[:, 1])
    own_share = PPM - shape.general_ppm - shape.domain_ppm
    codes = tuple(indicators().values())
    order = list(domains())
    of_domain = np.array([order.index(one.domain) for one in codes])
    general = normals(seed, "small-firm-panel.general", firms, 1)
    leaning = normals(seed, "small-firm-panel.domain", firms, len(order))[:, of_domain]
    own = normals(seed, "small-firm-panel.own", firms, len(codes))
    latent = (general * np.sqrt(shape.general_ppm / PPM)
              + leaning * np.sqrt(shape.domain_ppm / PPM) + own * np.sqrt(own_share / PPM))
    latent += (_shifts(table.sizes)[sizes] + _shifts(table.sectors)[sectors])[:, None]
    classes = load_effort().classes
    latent += np.array([getattr(table.effort, classes[one.id]) for one in codes]) / PPM
    bounds = [normal_quantile(one / PPM) for one in table.levels.cumulative_ppm]
    levels = np.searchsorted(np.array(bounds), latent, side="right").astype(np.int8)
    return Panel(levels, sizes, sectors)


def _banded(bands: Sequence[Band], places: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """The band of each place between zero and one, by the bands' shares."""
    edges = np.cumsum([one.share_ppm for one in bands])
    return np.searchsorted(edges[:-1] / edges[-1], places, side="right")


def _shifts(bands: Sequence[Band]) -> npt.NDArray[np.float64]:
    return np.array([one.shift / PPM for one in bands])


def reported(panel: Panel, respondent: Respondent, seed: int) -> Levels:
    """What respondents say of the 28 light questions; -1 elsewhere.

    Three words stand for five levels: full or nearly is "yes" (4), none is "no" (0), all between
    is "partly" (2). One draw decides whether a word is too good or too bad, another whether the
    answer is known at all.
    """
    firms, questions = panel.levels.shape
    words = np.where(panel.levels >= 3, _MOST, np.where(panel.levels > 0, _HALF, 0))
    slip = uniforms(seed, "small-firm-panel.slip", firms, questions)
    optimist = uniforms(seed, "small-firm-panel.optimist", firms, 1) < (
        respondent.optimists_ppm / PPM)
    too_good = np.where(optimist, respondent.optimist_overstated_ppm, respondent.overstated_ppm)
    words = words + _HALF * (slip < too_good / PPM)
    words = words - _HALF * (slip > 1.0 - respondent.understated_ppm / PPM)
    words = np.clip(words, 0, _MOST)
    known = uniforms(seed, "small-firm-panel.unknown", firms, questions) >= (
        respondent.unknown_ppm / PPM)
    light = np.array([code in light_indicators() for code in indicators()])
    said: Levels = np.where(known & light, words, UNKNOWN).astype(np.int8)
    return said
