"""Unknown facts that would matter: who must prove each, and what would follow from either answer.

A fact matters when a rule of the policy waits for it (the engine's own flags), or when one answer
to it alone would move an amount. The second is found by trying the answers: the policy is compiled
once and walked again for each, with nothing else changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dinghai.claims.claim_file import read_claim
from dinghai.claims.history import prior_cells, read_history, with_series
from dinghai.terms import tracing
from dinghai.terms.cells import fact_cells
from dinghai.terms.compiler import compile_policy
from dinghai.terms.program import ItemShape, Program
from dinghai.vocabulary.facts import UNKNOWN, IncidentFacts, fact
from dinghai.wording.policy import read_policy

Place = tuple[int | None, str]
"""A fact by where it stands: the number of its loss item (None: the event) and its id."""
MOST_CODES = 24


@dataclass(frozen=True, slots=True)
class Answer:
    """One possible answer and what the claim would come to with it, in fen."""

    value: Any
    total_fen: int


@dataclass(slots=True)
class Matter:
    """An unknown fact that would matter."""

    item: int | None
    fact: str
    burden: str
    rules: list[str] = field(default_factory=list)
    """Codes of the rules that wait for it (an exclusion, ``trigger``, ``valuation`` …)."""
    lines: list[int] = field(default_factory=list)
    answers: tuple[Answer, ...] = ()
    holds_back: bool = False
    """Whether a line pays nothing for now because of it."""

    def swing_fen(self, total: int) -> int:
        """The farthest an answer would move the total."""
        return max((abs(one.total_fen - total) for one in self.answers), default=0)


def open_matters(decision: Mapping[str, Any]) -> list[Matter]:
    """The unknown facts of a decision that would matter, the most pressing first: what holds a
    line back, then by how far an answer would move the total."""
    found = {(one.item, one.fact): one for one in _waited_for(decision)}
    total = decision["total_fen"]
    for place, answers in _answers(decision).items():
        moves = any(one.total_fen != total for one in answers)
        if place in found:
            found[place].answers = answers
        elif moves:
            found[place] = Matter(*place, burden=fact(place[1]).prover, answers=answers)
    return sorted(found.values(), key=lambda one: (not one.holds_back, -one.swing_fen(total)))


def _waited_for(decision: Mapping[str, Any]) -> Iterator[Matter]:
    """What the engine's flags ask for, once for each fact."""
    seen: dict[Place, Matter] = {}
    for line in decision["lines"]:
        for flag in line["flags"]:
            if flag["kind"] != "evidence_needed":
                continue
            for name in flag["facts"]:
                for item in _items_of(name, flag["subject"], line):
                    one = seen.setdefault((item, name), Matter(item, name, flag["burden"]))
                    if flag["code"] not in one.rules:
                        one.rules.append(flag["code"])
                    if line["no"] not in one.lines:
                        one.lines.append(line["no"])
                    one.holds_back |= line["outcome"] == "evidence_needed" and (
                        flag["burden"] == "insured")
    yield from seen.values()


def _items_of(name: str, subject: str, line: Mapping[str, Any]) -> list[int | None]:
    if fact(name).scope == "event":
        return [None]
    if subject.startswith("item "):
        return [int(subject.removeprefix("item "))]
    return list(line["items"])


def _answers(decision: Mapping[str, Any]) -> dict[Place, tuple[Answer, ...]]:
    """For each unknown truth or code that the terms ask for, the total with each answer."""
    given = decision["inputs"]
    policy = read_policy(given["policy"], file="policy")
    claim, incident = read_claim(given["claim"], file="claim")
    history = None
    if given.get("history") is not None:
        history = read_history(given["history"], policy, file="history")
    incident = with_series(policy, claim, incident, history)
    items = tuple(one for one in incident.items if policy.grants(one.coverage))
    inside = IncidentFacts(incident.event, items)
    program = compile_policy(policy, [
        ItemShape(one.coverage, one.insured, one.supplier) for one in items])
    cells = {**fact_cells(program, inside),
             **prior_cells(policy, claim, inside, history, program.inputs)}
    found = {}
    for name, item, identifier in _unknown(program, cells, items):
        found[(item, identifier)] = tuple(
            Answer(value, tracing.run(program, {**cells, name: cell}).output("total"))
            for value, cell in _possible(identifier))
    return found


def _unknown(
    program: Program, cells: Mapping[str, int], items: tuple[Any, ...]
) -> Iterator[tuple[str, int | None, str]]:
    for name in program.inputs:
        if name.startswith("prior.") or "@" in name or cells.get(name, UNKNOWN) != UNKNOWN:
            continue
        if name.startswith("item["):
            position, _separator, identifier = name[5:].partition("].")
            item: int | None = items[int(position)].no
        else:
            item, identifier = None, name
        if fact(identifier).type == "boolean" or (
                fact(identifier).type == "code" and len(fact(identifier).values) <= MOST_CODES):
            yield name, item, identifier


def _possible(identifier: str) -> list[tuple[Any, int]]:
    definition = fact(identifier)
    if definition.type == "boolean":
        return [(True, 1), (False, 0)]
    return [(value, index) for index, value in enumerate(definition.values)]
