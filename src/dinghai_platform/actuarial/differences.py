"""Two documents row by row: every figure and text that differs, under a stable place.

Items of a list with an ``id`` are named by it, so that a rule that moves is not a rule changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

Change = Literal["added", "removed", "changed", "same"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One place of two documents."""

    place: str
    change: Change
    before: Any
    after: Any


def leaves(document: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every plain value of a document with its place, in order."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield from leaves(value, f"{place}.{key}" if place else str(key))
    elif isinstance(document, list) and any(isinstance(one, dict) for one in document):
        for number, one in enumerate(document):
            name = one.get("id", number) if isinstance(one, dict) else number
            yield from leaves(one, f"{place}[{name}]")
    else:
        yield place, document


def differences(before: Any, after: Any, *, same: bool = False) -> tuple[Difference, ...]:
    """What differs between two documents; with ``same`` also what does not."""
    old, new = dict(leaves(before)), dict(leaves(after))
    found = []
    for place in [*new, *(place for place in old if place not in new)]:
        if place not in old:
            change: Change = "added"
        elif place not in new:
            change = "removed"
        else:
            change = "same" if old[place] == new[place] else "changed"
        if same or change != "same":
            found.append(Difference(place, change, old.get(place), new.get(place)))
    return tuple(found)


def changed_places(before: Any, after: Any) -> list[str]:
    """The places at which two documents differ."""
    return [one.place for one in differences(before, after)]
