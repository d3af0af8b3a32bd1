"""What differs between two runs of the engine: facts, lines, steps, flags, and what else was given.

Plain data from two decision documents; the words of it are made in `comparison_view`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dinghai.documents.decision_steps import amounts

JSONDocument = Mapping[str, Any]
Direction = Literal["up", "down", "same"]
Key = tuple[str, str]
"""A line across runs: coverage and insured member."""


def direction_of(before: int, after: int) -> Direction:
    """Which way an amount went."""
    return "same" if before == after else "up" if after > before else "down"


@dataclass(frozen=True, slots=True)
class FactChange:
    """One fact that differs: of the event (item None) or of a loss item. None is unknown."""

    item: int | None
    fact: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class StepMove:
    """One step whose result differs; a step that only one run has stands with None."""

    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class LineMove:
    """One line in both runs (None where a run does not have it)."""

    key: Key
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    steps: tuple[StepMove, ...] = ()

    @property
    def before_fen(self) -> int:
        """What the line paid."""
        return self.before["payable_fen"] if self.before else 0

    @property
    def after_fen(self) -> int:
        """What the line pays."""
        return self.after["payable_fen"] if self.after else 0

    @property
    def delta_fen(self) -> int:
        """By how much it moved."""
        return self.after_fen - self.before_fen

    @property
    def direction(self) -> Direction:
        """Which way it moved."""
        return direction_of(self.before_fen, self.after_fen)

    @property
    def outcome_changed(self) -> bool:
        """Whether something else became of it."""
        return _outcome(self.before) != _outcome(self.after)

    @property
    def moved(self) -> bool:
        """Whether amount or outcome differ."""
        return self.delta_fen != 0 or self.outcome_changed


@dataclass(frozen=True, slots=True)
class FlagMove:
    """A flag that only one run has, and the line it stands on."""

    flag: Mapping[str, Any]
    line: Mapping[str, Any]
    is_new: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that differs. ``inputs`` names what else was given otherwise: policy, items,
    evidence, prior, history, rules."""

    before_fen: int
    after_fen: int
    lines: tuple[LineMove, ...]
    facts: tuple[FactChange, ...]
    flags: tuple[FlagMove, ...]
    inputs: tuple[str, ...]

    @property
    def delta_fen(self) -> int:
        """By how much the total moved."""
        return self.after_fen - self.before_fen

    @property
    def direction(self) -> Direction:
        """Which way the total moved."""
        return direction_of(self.before_fen, self.after_fen)

    @property
    def moved(self) -> tuple[LineMove, ...]:
        """The lines that moved, the largest move first."""
        return tuple(sorted((one for one in self.lines if one.moved),
                            key=lambda one: -abs(one.delta_fen)))

    @property
    def same(self) -> bool:
        """Whether nothing differs at all."""
        return not (self.moved or self.facts or self.flags or self.inputs or self.delta_fen)


def compare(before: JSONDocument, after: JSONDocument) -> Comparison:
    """What differs from one decision document to another of the same claim."""
    return Comparison(
        before_fen=before["total_fen"], after_fen=after["total_fen"],
        lines=tuple(_lines(before, after)), facts=tuple(fact_changes(
            before["inputs"]["claim"], after["inputs"]["claim"])),
        flags=tuple(_flags(before, after)), inputs=tuple(_inputs(before, after)))


def key_of(line: Mapping[str, Any]) -> Key:
    """What a line is recognised by in another run."""
    return line["coverage"], line.get("insured", "")


def _outcome(line: Mapping[str, Any] | None) -> str:
    return line["outcome"] if line else ""


def _lines(before: JSONDocument, after: JSONDocument) -> Iterator[LineMove]:
    old = {key_of(line): line for line in before["lines"]}
    new = {key_of(line): line for line in after["lines"]}
    for key in dict.fromkeys((*new, *old)):
        one, other = old.get(key), new.get(key)
        yield LineMove(key, one, other, tuple(_steps(one, other)))


def _steps(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> Iterator[StepMove]:
    """Steps whose own work differs: what they took or gave, not what came to them."""
    old, new = _by_place(before), _by_place(after)
    for place in dict.fromkeys((*new, *old)):
        one, other = old.get(place), new.get(place)
        if _work(one) != _work(other):
            yield StepMove(one, other)


def _by_place(line: Mapping[str, Any] | None) -> dict[tuple[Any, ...], Mapping[str, Any]]:
    found: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for step in line["steps"] if line else ():
        place: tuple[Any, ...] = (step["rule"], step["subject"], step.get("code", ""))
        while place in found:
            place = (*place, "again")
        found[place] = step
    return found


def _work(step: Mapping[str, Any] | None) -> Any:
    """What a step did: how much it took or gave, and what it found to be true."""
    if step is None:
        return None
    before, after = amounts(step)
    taken = after if before is None or after is None else after - before
    truths = {name: value for name, value in step.get("outputs", {}).items()
              if isinstance(value, str)}
    return taken or 0, truths


def fact_changes(before: JSONDocument, after: JSONDocument) -> Iterator[FactChange]:
    """Facts that differ between two claim files, of the event first."""
    yield from _changed(None, before.get("facts", {}), after.get("facts", {}))
    old = {item["no"]: item.get("facts", {}) for item in before["items"]}
    new = {item["no"]: item.get("facts", {}) for item in after["items"]}
    for no in sorted({*old, *new}):
        yield from _changed(no, old.get(no, {}), new.get(no, {}))


def _changed(
    item: int | None, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[FactChange]:
    for name in dict.fromkeys((*before, *after)):
        one, other = _entry(before.get(name)), _entry(after.get(name))
        if one != other:
            yield FactChange(item, name, one, other)


def _entry(raw: Any) -> dict[str, Any] | None:
    """A fact as it is kept: a bare value stands for one without evidence."""
    if raw is None:
        return None
    entry = raw if isinstance(raw, dict) else {"value": raw}
    evidence = sorted(entry.get("evidence", ()))
    if entry.get("absent"):
        return {"absent": True, "evidence": evidence}
    return {"value": entry.get("value"), "evidence": evidence}


def same_entry(one: Any, other: Any) -> bool:
    """Whether two entries of a fact say the same with the same evidence."""
    return _entry(one) == _entry(other)


def _flags(before: JSONDocument, after: JSONDocument) -> Iterator[FlagMove]:
    old, new = _flag_map(before), _flag_map(after)
    for key, (flag, line) in new.items():
        if key not in old:
            yield FlagMove(flag, line, True)
    for key, (flag, line) in old.items():
        if key not in new:
            yield FlagMove(flag, line, False)


def _flag_map(decision: JSONDocument) -> dict[tuple[str, ...], tuple[Any, Any]]:
    found: dict[tuple[str, ...], tuple[Any, Any]] = {}
    for line in decision["lines"]:
        for flag in line["flags"]:
            found.setdefault((flag["kind"], flag["code"], flag["subject"]), (flag, line))
    return found


def _inputs(before: JSONDocument, after: JSONDocument) -> Iterator[str]:
    one, other = before["inputs"], after["inputs"]
    if before["rules"] != after["rules"]:
        yield "rules"
    if one["policy"] != other["policy"]:
        yield "policy"
    if _shapes(one["claim"]["items"]) != _shapes(other["claim"]["items"]):
        yield "items"
    for name in ("evidence", "prior"):
        if one["claim"].get(name) != other["claim"].get(name):
            yield name
    if one.get("history") != other.get("history"):
        yield "history"


def _shapes(items: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    return [(item["no"], item["coverage"], item.get("insured", ""), item.get("supplier", ""),
             item.get("description", "")) for item in items]
