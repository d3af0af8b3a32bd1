"""The steps that a firm with certain assets can suffer, and the ways between them.

It depends on the kinds of assets alone, not on their names, controls or findings: firms alike
share one network.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from dinghai.losses.tables import PERILS
from dinghai.supplychain.chain import AssetKind
from dinghai.supplychain.language import Language
from dinghai.supplychain.language_files import LINK_KINDS, Step
from dinghai.supplychain.step_graph import Flags, Places

AssetTraits = tuple[tuple[AssetKind, bool], ...]
"""Kind of each asset and whether the internet can see it, in the order of the assets."""


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Steps in the language's order, copies in the order of the assets.

    By step: ``kind`` is its place in the language, ``on`` the assets it happens on by their place;
    ``codes`` name a copy by the kind of its asset and, from the second on, its number
    (``encrypt.files``, ``encrypt.files-2``): another asset renames no step. ``opened`` are the
    steps that a vulnerability of each asset raises, ``flaws`` where an event of one vulnerability
    at all who hold a product comes in (−1: nowhere) and whether from the internet. ``impacts`` are
    the steps that cost: place, share that stops, and the assets that it is a share of.
    """

    kind: Places
    on: tuple[tuple[int, ...], ...]
    codes: tuple[str, ...]
    waits_for_all: Flags
    peril: npt.NDArray[np.int8]
    source: Places
    target: Places
    start: int
    entries: Mapping[str, int]
    exits: Mapping[str, int]
    opened: tuple[tuple[int, ...], ...]
    flaws: tuple[tuple[int, bool], ...]
    impacts: tuple[tuple[int, float, tuple[int, ...]], ...]

    def __post_init__(self) -> None:
        for array in (self.kind, self.waits_for_all, self.peril, self.source, self.target):
            array.setflags(write=False)  # firms alike share them


@dataclass(frozen=True, slots=True)
class _Copy:
    """A step on certain assets."""

    kind: int
    on: tuple[int, ...]


@lru_cache(maxsize=4096)
def network_of(language: Language, traits: AssetTraits) -> Network:
    """The network of a firm with these assets."""
    copies = _reached(language, _copies(language, traits))
    steps = language.steps
    place = {(copy.kind, copy.on): number for number, copy in enumerate(copies)}
    names = _names(traits)
    ways = [(place[parent.kind, parent.on], number)
            for number, copy in enumerate(copies)
            for parent in _parents(language, copy, copies)]
    by_code = {steps[copy.kind].id: number for number, copy in enumerate(copies)}
    return Network(
        kind=np.array([copy.kind for copy in copies], dtype=np.int32),
        on=tuple(copy.on for copy in copies),
        codes=tuple(f"{steps[copy.kind].id}.{names[copy.on[0]]}" if steps[copy.kind].by_asset
                    else steps[copy.kind].id for copy in copies),
        waits_for_all=np.array([steps[copy.kind].gate == "and" for copy in copies],
                               dtype=np.bool_),
        peril=np.array([_peril(steps[copy.kind]) for copy in copies], dtype=np.int8),
        source=np.array([one for one, _ in ways], dtype=np.int32),
        target=np.array([one for _, one in ways], dtype=np.int32),
        start=by_code[language.file.start],
        entries={step.entry: by_code[step.id] for step in steps if step.entry is not None},
        exits={kind: by_code[step.id] for kind in LINK_KINDS for step in steps
               if kind in step.exits and step.id in by_code},
        opened=tuple(tuple(number for number, copy in enumerate(copies)
                           if kind in steps[copy.kind].opened_on
                           and (asset in copy.on or not copy.on))
                     for asset, (kind, _) in enumerate(traits)),
        flaws=tuple(next(
            ((number, steps[copy.kind].exposed) for number, copy in enumerate(copies)
             if kind in steps[copy.kind].flaw_on and asset in copy.on), (-1, False))
            for asset, (kind, _) in enumerate(traits)),
        impacts=tuple((number, stops.value, copy.on) for number, copy in enumerate(copies)
                      if (stops := steps[copy.kind].stops) is not None))


def _names(traits: AssetTraits) -> tuple[str, ...]:
    """Each asset's kind, with its number from the second of a kind on."""
    kinds = [kind for kind, _ in traits]
    numbers = [kinds[:place].count(kind) + 1 for place, kind in enumerate(kinds)]
    return tuple(kind if number == 1 else f"{kind}-{number}"
                 for kind, number in zip(kinds, numbers, strict=True))


def _copies(language: Language, traits: AssetTraits) -> list[_Copy]:
    """Every step on every asset that it may happen on, whether anything leads there or not."""
    found = []
    for number, step in enumerate(language.steps):
        on = tuple(place for place, (kind, exposed) in enumerate(traits)
                   if kind in step.assets and (exposed or not step.exposed))
        if step.by_asset:
            found += [_Copy(number, (one,)) for one in on]
        elif on or not step.assets:
            found.append(_Copy(number, on))
    return found


def _parents(language: Language, copy: _Copy, copies: Sequence[_Copy]) -> Iterable[_Copy]:
    """The copies that lead to a copy.

    Two steps that may happen on the same kinds of asset join only where they share an asset.
    """
    step = language.steps[copy.kind]
    for name in step.after:
        kind = language.place[name]
        apart = set(language.steps[kind].assets).isdisjoint(step.assets)
        for other in copies:
            if other.kind == kind and (apart or not set(other.on).isdisjoint(copy.on)):
                yield other


def _reached(language: Language, copies: list[_Copy]) -> list[_Copy]:
    """The copies that something leads to; an "and" step needs all that it waits for."""
    reached = {copy for copy in copies
               if language.steps[copy.kind].entry is not None
               or (language.steps[copy.kind].flaw_on and not language.steps[copy.kind].after)
               or language.steps[copy.kind].id == language.file.start}
    parents = {copy: tuple(_parents(language, copy, copies)) for copy in copies}
    while True:
        more = {copy for copy in copies if copy not in reached
                and _allowed(language.steps[copy.kind], parents[copy], reached, language)}
        if not more:
            return [copy for copy in copies if copy in reached]
        reached |= more


def _allowed(step: Step, parents: tuple[_Copy, ...], reached: set[_Copy],
             language: Language) -> bool:
    here = {language.steps[one.kind].id for one in parents if one in reached}
    return here >= set(step.after) if step.gate == "and" else bool(here)


def _peril(step: Step) -> int:
    return PERILS.index(step.peril) if step.peril is not None else -1
