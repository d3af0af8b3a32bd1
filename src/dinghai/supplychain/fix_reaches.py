"""How far fixes of controls reach at most: by how much they lower steps, and what else they move.

It hangs on the indicator and its two scores alone, not on the firm: so it is worked out once for
thousands of firms. Chances fall by the ratio of what the control leaves, or by less where findings
raise a step or it is at its highest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from dinghai.foundation.money import PPM
from dinghai.losses.curves import exp, power
from dinghai.losses.effects import shaped
from dinghai.losses.severity import unit_prices
from dinghai.losses.tables import EFFECT_GROUPS, PERILS, CalibrationTables, shipped_tables
from dinghai.supplychain.compiling import days_to_contain, slowed_days, slowing_controls
from dinghai.supplychain.fixes import Fix
from dinghai.supplychain.language import Language
from dinghai.supplychain.reruns import LinkChange
from dinghai.supplychain.step_graph import Floats, Places
from dinghai.supplychain.twin import Twin

_CLOSE: Final = 1.0 - 1e-9
UNKNOWN: Final = -1
"""The row of a fix that may do anything at its party."""
LINKED: Final = -2
"""The row of a fix that lowers one link."""


@dataclass(frozen=True, slots=True, eq=False)
class Reaches:
    """By fix its ``row`` (or `UNKNOWN`, `LINKED`), and for links the ``link`` and what ``kept``
    share of its chance stays. By row: the kinds of step that it lowers, from ``first`` on
    (``kind``), each with the share of the chance that is ``left`` at least; how far ln days to
    containment fall (``quicker``), by how much times grow at most (``slower``, a factor); and by
    peril the share of a loss that it takes off at most (``milder``), what more by rounding
    (``rounding``, fen) and whether it shortens ``stops``. ``step_kind`` is the kind of each step of
    the twin's structures (−1: none)."""

    row: Places
    link: Places
    kept: Floats
    first: Places
    kind: Places
    left: Floats
    quicker: Floats
    slower: Floats
    milder: Floats
    rounding: Floats
    stops: npt.NDArray[np.bool_]
    step_kind: Places
    kinds: int


def reaches_of(
    fixes: Sequence[Fix], links: Mapping[str, LinkChange], twin: Twin, language: Language
) -> Reaches:
    """How far fixes reach. ``links`` are the changes of fixes of links; one that is not there
    changes nothing."""
    prior = round(language.missing_prior * PPM)
    known: dict[tuple[str, int, int], int] = {}
    rows, places, kept = [], [], []
    for one in fixes:
        row, place, share = UNKNOWN, -1, 1.0
        if one.link is not None:
            row, change = LINKED, links.get(one.id)
            if change is not None:
                place = change.link
                share = change.chance / max(float(twin.links.chance[place]), change.chance, 1e-300)
        elif one.indicator is not None and one.to_ppm is not None:
            key = (one.indicator, prior if one.from_ppm is None else one.from_ppm, one.to_ppm)
            row = known.setdefault(key, len(known))
        rows.append(row)
        places.append(place)
        kept.append(share * _CLOSE)
    found = [_reach(language, *key) for key in known]
    kinds = [np.flatnonzero(one.left < 1.0) for one in found]
    nothing = np.zeros(0)
    return Reaches(
        np.array(rows, dtype=np.int32), np.array(places, dtype=np.int32), np.array(kept),
        np.cumsum([0, *map(len, kinds)]).astype(np.int32),
        np.concatenate([nothing, *kinds]).astype(np.int32),
        np.concatenate([nothing, *(one.left[some] for one, some in zip(found, kinds,
                                                                      strict=True))]) * _CLOSE,
        np.array([one.quicker for one in found]), np.array([one.slower for one in found]),
        np.array([one.milder for one in found]).reshape(-1, len(PERILS)),
        np.array([one.rounding for one in found]).reshape(-1, len(PERILS)),
        np.array([one.stops for one in found], dtype=np.bool_).reshape(-1, len(PERILS)),
        np.array([language.place.get(code.partition(".")[0], -1)
                  for shape in twin.structures for code in shape.codes], dtype=np.int32),
        len(language.steps))


@dataclass(frozen=True, slots=True, eq=False)
class _Reach:
    left: Floats
    quicker: float
    slower: float
    milder: Floats
    rounding: Floats
    stops: npt.NDArray[np.bool_]


@lru_cache(maxsize=65536)
def _reach(language: Language, indicator: str, before: int, after: int) -> _Reach:
    left, scores = np.ones(len(language.steps)), (before / PPM, after / PPM)
    for place, control in enumerate(language.controls):
        if control.indicator == indicator:
            was, then = (shaped(one, control.shape) for one in scores)
            ratio = (1.0 - language.stopped[place] * then) / (1.0 - language.stopped[place] * was)
            left *= [power(max(float(share), 1e-300), float(exponent)) if share < 1.0 else 1.0
                     for share, exponent in zip(ratio, language.exponent, strict=True)]
    return _Reach(left, _quicker(language, indicator, *scores),
                  _slower(language, indicator, *scores),
                  *_severity(shipped_tables(), indicator, *scores))


def _quicker(language: Language, indicator: str, before: float, after: float) -> float:
    watches = language.mitigations.containment.controls
    was, then = (days_to_contain(language, [
        score if one.indicator == indicator else 0.5 for one in watches])
        for score in (before, after))
    return max(was - then, 0.0) / _CLOSE


def _slower(language: Language, indicator: str, before: float, after: float) -> float:
    slowing = [language.controls[place] for place in slowing_controls(language)]
    was, then = (slowed_days(language, tuple(
        shaped(score, one.shape) if one.indicator == indicator else 0.0 for one in slowing))
        for score in (before, after))
    most = float((then - was).max())
    return exp(most) / _CLOSE if most > 0.0 else 1.0


def _severity(
    tables: CalibrationTables, indicator: str, before: float, after: float
) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """What is taken off the loss at most. The saturated factor never moves further than the sum of
    effects; damages grow with the records and with their own factor; hours of labour, people told
    and the costs of telling them are whole."""
    price = unit_prices(tables)
    milder, rounding = np.zeros(len(PERILS)), np.zeros(len(PERILS))
    stops = np.zeros(len(PERILS), dtype=np.bool_)
    for place, peril in enumerate(PERILS):
        fall = {group: sum(one.strength * (shaped(after, one.shape) - shaped(before, one.shape))
                           for one in tables.effects_on.get((peril, group), ())
                           if one.indicator == indicator) for group in EFFECT_GROUPS}
        most = max(*fall.values(), fall["records"] + fall["liability"])
        if most <= 0.0:
            continue
        milder[place] = (1.0 - exp(-most)) / _CLOSE
        rounding[place] = 64.0 + price["labour"] + (
            price["notice"] + price["monitoring"] + price["setup"] if fall["records"] else 0.0)
        stops[place] = fall["interruption"] > 0.0
    return milder, rounding, stops

