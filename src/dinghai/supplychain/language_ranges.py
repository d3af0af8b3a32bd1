"""The same language with other figures inside their intervals: how far they carry a result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Literal

from msgspec.structs import replace

from dinghai.foundation.streams import uniforms
from dinghai.supplychain.language import Language, assembled
from dinghai.supplychain.language_files import Figure

_FOR, _AGAINST = True, False
_Change = Callable[[Figure, bool], Figure]
"""A figure, and whether more of it favours the attacker, to another figure."""
_MOST_FIGURES: Final = 4096


def leaning(language: Language, to: Literal["attacker", "defender"]) -> Language:
    """Every figure at the end of its interval that favours one side: an outer bound."""
    def end(figure: Figure, favours: bool) -> Figure:
        return Figure(figure.interval[favours == (to == "attacker")], figure.interval)

    return _changed(language, end)


def drawn(language: Language, seed: int) -> Language:
    """Every figure drawn by itself: below its value and above it with equal chance, evenly each."""
    units: Iterator[float] = iter(uniforms(seed, "chain.figures", _MOST_FIGURES, 1)[:, 0].tolist())

    def draw(figure: Figure, _: bool) -> Figure:
        unit, (low, high) = next(units), figure.interval
        if unit < 0.5:
            return Figure(low + 2.0 * unit * (figure.value - low), figure.interval)
        return Figure(figure.value + (2.0 * unit - 1.0) * (high - figure.value), figure.interval)

    return _changed(language, draw)


def _changed(language: Language, change: _Change) -> Language:
    held, rules = language.mitigations.containment, language.mitigations.findings
    steps = replace(language.file, steps=tuple(
        replace(one, chance=change(one.chance, _FOR), days=change(one.days, _AGAINST),
                stops=None if one.stops is None else change(one.stops, _FOR))
        for one in language.steps))
    return assembled(steps, replace(
        language.mitigations,
        controls=tuple(replace(
            one, capability=change(one.capability, _AGAINST),
            reliability=change(one.reliability, _AGAINST),
            slows=None if one.slows is None else change(one.slows, _AGAINST))
            for one in language.controls),
        containment=replace(
            held, median_days=change(held.median_days, _FOR),
            controls=tuple(replace(one, strength=change(one.strength, _AGAINST))
                           for one in held.controls)),
        findings=replace(
            rules, kev_exposed=change(rules.kev_exposed, _FOR), epss=change(rules.epss, _FOR),
            inside=change(rules.inside, _FOR),
            severity={name: change(one, _FOR) for name, one in rules.severity.items()},
            technique={name: change(one, _FOR) for name, one in rules.technique.items()})))
