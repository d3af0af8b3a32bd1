"""Which penalties rest on one and the same fact, and which kinds of them may act together.

Points of the insured's share, a multiple of the deductible and hours of waiting cannot be compared
before the stages have run. Where one group mixes them, the terms are therefore compiled once for
each kind, and the reading that leaves least is the heaviest (DECISIONS 4).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import product as combinations
from typing import Final, Literal

import msgspec

from dinghai.foundation.errors import InputError
from dinghai.vocabulary.predicates import facts_of, parse_predicate
from dinghai.wording.exclusions import Effect, Exclusion

Kind = Literal["points", "multiply", "hours"]
Choice = Mapping[str, Kind]
"""For each penalty group that mixes kinds, the one that acts."""
MOST_CHOICES: Final = 9
_CIRCUMSTANCES: Final = ("causation.", "claim.", "event.", "incident.")
"""Facts about the incident, not about the breach that a penalty answers."""


def kinds_of(effect: Effect) -> frozenset[Kind]:
    """The kinds of penalty an effect can take."""
    match effect.type:
        case "coinsurance" | "sliding_coinsurance":
            return frozenset({"points"})
        case "deductible_uplift":
            return frozenset({"points" if effect.mode == "points" else "multiply"})
        case "extend_waiting":
            return frozenset({"hours"})
        case "graded":
            return frozenset(kind for step in effect.steps for kind in kinds_of(step.effect))
    return frozenset()


def grouped(exclusions: tuple[Exclusion, ...]) -> tuple[Exclusion, ...]:
    """Penalties upon the event that ask about a common fact share a group (DECISIONS 4).

    A penalty without a group joins the first, declared ones before others, that asks about one of
    its facts; a group that is made so is called by its first penalty. Penalties declared cumulative
    stay by themselves.
    """
    penalties = [one for one in exclusions
                 if one.acts_on == "event" and not one.cumulative
                 and one.effect is not None and kinds_of(one.effect)]
    facts: dict[str, set[str]] = {}
    for one in penalties:
        if one.penalty_group:
            facts.setdefault(one.penalty_group, set()).update(_facts(one))
    groups = {one.code: one.penalty_group for one in penalties if one.penalty_group}
    for one in penalties:
        if not one.penalty_group:
            asked = _facts(one)
            group = next((name for name, known in facts.items() if known & asked), one.code)
            facts.setdefault(group, set()).update(asked)
            groups[one.code] = group
    sizes = Counter(groups.values())
    return tuple(
        msgspec.structs.replace(one, penalty_group=groups[one.code])
        if not one.penalty_group and sizes[groups.get(one.code, "")] > 1 else one
        for one in exclusions)


def _facts(exclusion: Exclusion) -> set[str]:
    try:
        predicate = parse_predicate(exclusion.predicate or {})
    except InputError:  # the check of validity says what is wrong with it
        return set()
    return {one.id for one in facts_of(predicate) if not one.id.startswith(_CIRCUMSTANCES)}


def choices(exclusions: tuple[Exclusion, ...]) -> tuple[Choice, ...]:
    """Every way to let one kind of each mixed group act; one empty choice where none is mixed."""
    found: dict[str, list[frozenset[Kind]]] = {}
    for exclusion in exclusions:
        kinds = kinds_of(exclusion.effect) if exclusion.effect else frozenset()
        if exclusion.acts_on == "event" and kinds and not exclusion.cumulative:
            found.setdefault(exclusion.penalty_group or exclusion.code, []).append(kinds)
    order: tuple[Kind, ...] = ("points", "multiply", "hours")
    mixed = {group: [kind for kind in order if any(kind in one for one in members)]
             for group, members in found.items()
             if len(members) > 1 and len(frozenset().union(*members)) > 1}
    return tuple(dict(zip(mixed, picked, strict=True))
                 for picked in combinations(*mixed.values()))
