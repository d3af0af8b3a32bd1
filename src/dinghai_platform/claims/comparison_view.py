"""What differs between two runs, in words: which lines moved, by how much, and through which steps.

Colour alone says nothing: every move has its word (rises, falls) and its amounts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dinghai.documents.decision import line_name
from dinghai.documents.decision_steps import amounts
from dinghai.documents.phrases import phrase
from dinghai.documents.readings import fact_name
from dinghai.wording.policy import Policy, read_policy
from dinghai_platform.claims.bench_form import place_key, row_id
from dinghai_platform.claims.comparing import Comparison, FactChange, LineMove, StepMove
from dinghai_platform.claims.decision_view import TONES, member_name, term_name
from dinghai_platform.claims.fields import entry_text, language
from dinghai_platform.site.formats import is_chinese, money_text

INPUTS: dict[str, Any] = {
    "rules": gettext_lazy("the engine's rules"), "policy": gettext_lazy("the policy"),
    "items": gettext_lazy("the loss items"), "evidence": gettext_lazy("the evidence handed in"),
    "prior": gettext_lazy("payments in advance"),
    "history": gettext_lazy("what other claims of the policy have used up"),
}


@dataclass(frozen=True, slots=True)
class StepMoveView:
    """One step that works otherwise."""

    title: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class LineMoveView:
    """One line that moved."""

    no: int
    name: str
    coverage: str
    before_fen: int
    after_fen: int
    delta_fen: int
    direction: str
    outcome_before: str
    outcome_after: str
    tone_before: str
    tone_after: str
    steps: tuple[StepMoveView, ...]
    short: str
    words: str

    @property
    def outcome_changed(self) -> bool:
        """Whether something else became of it."""
        return self.outcome_before != self.outcome_after


@dataclass(frozen=True, slots=True)
class FactChangeView:
    """One fact that differs."""

    item: int | None
    name: str
    before: str
    after: str
    evidence_before: tuple[str, ...]
    evidence_after: tuple[str, ...]
    anchor: str
    who: str = ""
    when: Any = None
    why: str = ""

    @property
    def evidence_changed(self) -> bool:
        """Whether it rests on other papers."""
        return self.evidence_before != self.evidence_after


@dataclass(frozen=True, slots=True)
class FlagMoveView:
    """A flag that came or went."""

    name: str
    label: str
    is_new: bool
    line: int


@dataclass(frozen=True, slots=True)
class ComparisonView:
    """The whole comparison, and one sentence that says it."""

    before_fen: int
    after_fen: int
    delta_fen: int
    direction: str
    lines: tuple[LineMoveView, ...]
    facts: tuple[FactChangeView, ...]
    flags: tuple[FlagMoveView, ...]
    inputs: tuple[Any, ...]
    words: str
    moved_keys: frozenset[tuple[str, str]]
    same: bool


def comparison_view(found: Comparison, decision: Mapping[str, Any]) -> ComparisonView:
    """The words of a comparison; ``decision`` is the later run."""
    policy = read_policy(decision["inputs"]["policy"])
    moved = tuple(_line(one, policy) for one in found.moved)
    return ComparisonView(
        before_fen=found.before_fen, after_fen=found.after_fen, delta_fen=found.delta_fen,
        direction=found.direction, lines=moved,
        facts=tuple(fact_change_view(one) for one in found.facts),
        flags=tuple(FlagMoveView(
            name=term_name(str(one.flag["code"]), one.line, policy),
            label=phrase(f"flag.{one.flag['kind']}", language()), is_new=one.is_new,
            line=one.line["no"]) for one in found.flags),
        inputs=tuple(INPUTS[name] for name in found.inputs), words=_sentence(found, moved),
        moved_keys=frozenset(one.key for one in found.moved), same=found.same)


def fact_change_view(one: FactChange) -> FactChangeView:
    """One change of a fact in words."""
    return FactChangeView(
        item=one.item, name=fact_name(one.fact, language()),
        before=entry_text(one.fact, _entry(one.before)),
        after=entry_text(one.fact, _entry(one.after)),
        evidence_before=tuple((one.before or {}).get("evidence", ())),
        evidence_after=tuple((one.after or {}).get("evidence", ())),
        anchor=row_id(place_key(one.item, one.fact)))


def _entry(entry: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return dict(entry) if entry is not None else None


def _line(one: LineMove, policy: Policy) -> LineMoveView:
    line = one.after or one.before
    assert line is not None
    coverage, member = one.key
    name = line_name(line, policy, language())
    if member:
        name = f"{name}（{member_name(policy, member)}）" if is_chinese() else (
            f"{name} ({member_name(policy, member)})")
    before, after = (_outcome(other) for other in (one.before, one.after))
    return LineMoveView(
        no=line["no"], name=name, coverage=coverage, before_fen=one.before_fen,
        after_fen=one.after_fen, delta_fen=one.delta_fen, direction=one.direction,
        outcome_before=before[0], outcome_after=after[0], tone_before=before[1],
        tone_after=after[1],
        steps=tuple(view for step in one.steps if (view := _step(step)) is not None),
        short=_move_words(one),
        words=_whole_words(name, _move_words(one), before[0], after[0]))


def _outcome(line: Mapping[str, Any] | None) -> tuple[str, str]:
    if line is None:
        return "—", "neutral"
    outcome = line["outcome"]
    return phrase(f"outcome.{outcome}", language()), TONES.get(outcome, "neutral")


def _move_words(one: LineMove) -> str:
    """Which way the amount went, by how much."""
    values = {"amount": money_text(abs(one.delta_fen)), "before": money_text(one.before_fen),
              "after": money_text(one.after_fen)}
    if one.direction == "up":
        return _("up by %(amount)s, from %(before)s to %(after)s") % values
    if one.direction == "down":
        return _("down by %(amount)s, from %(before)s to %(after)s") % values
    return _("stays at %(after)s") % values


def _whole_words(name: str, words: str, before: str, after: str) -> str:
    """The move of a line with its name, and what became of it."""
    said = f"{name}：{words}" if is_chinese() else f"{name}: {words}"
    if before != after:
        said += _("; “%(before)s” becomes “%(after)s”") % {"before": before, "after": after}
    return said


def _step(one: StepMove) -> StepMoveView | None:
    """The step's own result before and after; nothing for one that says no amount either way."""
    step = one.after or one.before
    assert step is not None
    before, after = _result(one.before), _result(one.after)
    if before == after:
        return None
    title = phrase(f"rule.{step['rule']}", language())
    subject = str(step.get("subject", ""))
    if subject.startswith("item "):
        item = phrase("decision.item", language(), no=subject.removeprefix("item "))
        title += f"（{item}）" if is_chinese() else f" ({item})"
    return StepMoveView(title, before, after)


def _result(step: Mapping[str, Any] | None) -> str:
    if step is None:
        return "—"
    before, after = amounts(step)
    if after is None:
        truths = [value for value in step.get("outputs", {}).values() if isinstance(value, str)]
        return phrase(f"truth.{truths[-1]}", language()) if truths else "—"
    if before is None or before == after:
        return money_text(after)
    return f"{money_text(before)} → {money_text(after)}"


def _sentence(found: Comparison, moved: tuple[LineMoveView, ...]) -> str:
    """The whole in one breath, for whoever hears the page."""
    values = {"amount": money_text(abs(found.delta_fen)), "after": money_text(found.after_fen),
              "before": money_text(found.before_fen)}
    if found.direction == "up":
        said = _("The total rises by %(amount)s, from %(before)s to %(after)s.") % values
    elif found.direction == "down":
        said = _("The total falls by %(amount)s, from %(before)s to %(after)s.") % values
    else:
        said = _("The total stays at %(after)s.") % values
    stop = "。" if is_chinese() else ". "
    return said + (" " if not is_chinese() else "") + "".join(
        f"{one.words}{stop}" for one in moved[:4])
