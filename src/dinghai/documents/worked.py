"""Worked examples that the engine makes: one claim a section, one pair of claims an exclusion.

Nothing is calculated here. A small claim is made of stated facts, the engine decides it under the
product, and for an exclusion decides it again with the exclusion's facts found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dinghai.claims.adjudication import settle
from dinghai.claims.claim_file import Claim, read_claim
from dinghai.documents.example_facts import (
    CoverageExample,
    claim_of,
    coverage_examples,
    event_facts,
    exclusion_examples,
    item_facts,
    plain_facts,
    scaled,
)
from dinghai.documents.solving import Facts, facts_for, usual_value
from dinghai.foundation.canonical import JSON
from dinghai.vocabulary.exclusions import exclusions as standard_exclusions
from dinghai.vocabulary.facts import fact
from dinghai.wording.exclusions import Effect, Exclusion
from dinghai.wording.policy import Policy

_SCALES: Final = ((1, 1), (5, 1), (1, 5), (20, 1), (1, 20), (100, 1), (1, 100))
"""An example is meant for a middling firm; other products take it smaller or larger."""
_CAPPED: Final = frozenset({"sublimit", "shared_limit", "each_event_limit", "aggregate_limit",
                            "supplier_cap", "layers"})
_SETTLED: Final = frozenset({"nominal_only", "prohibited", "in_kind", "not_triggered",
                             "evidence_needed", "excluded"})
"""Outcomes that no other amount would change."""


@dataclass(frozen=True, slots=True)
class CoverExample:
    """A claim for one section (or tower) and the line the engine decided.

    ``facts`` are those of the claim, the event's first; ``scale`` multiplied its amounts.
    """

    coverage: str
    example: CoverageExample
    facts: Facts
    line: JSON
    layers: tuple[JSON, ...]
    scale: tuple[int, int]

    @property
    def payable_fen(self) -> int:
        """What the line pays."""
        return int(self.line["payable_fen"])

    @property
    def indemnity_fen(self) -> int:
        """What it pays beside defence costs on top of the limits, which meet no term."""
        return self.payable_fen - int(self.line.get("defence_fen", 0))


@dataclass(frozen=True, slots=True)
class ExclusionCase:
    """The same claim without and with the exclusion. ``found`` are the facts that made it act."""

    exclusion: Exclusion
    example_zh: str
    example_en: str
    found: Facts
    without: CoverExample
    line: JSON

    @property
    def payable_fen(self) -> int:
        """What is left with the exclusion acting."""
        return int(self.line["payable_fen"])


@dataclass(frozen=True, slots=True)
class WorkedExamples:
    """All examples of a policy. ``unreached`` exclusions change no line of these claims: they act
    at placement, or no section of the product lists them."""

    covers: tuple[CoverExample, ...]
    exclusions: tuple[ExclusionCase, ...]
    unreached: tuple[Exclusion, ...]


def worked_examples(policy: Policy) -> WorkedExamples:
    """The examples of a policy; its terms must be recorded as explained."""
    covers = {one: cover_example(policy, one) for one in _granted(policy)}
    cases, unreached = [], []
    for exclusion in policy.product.exclusions:
        case = exclusion_case(policy, exclusion, covers)
        if case is None:
            unreached.append(exclusion)
        else:
            cases.append(case)
    return WorkedExamples(tuple(covers.values()), tuple(cases), tuple(unreached))


def _granted(policy: Policy) -> list[str]:
    return ([one.coverage for one in policy.schedule.sections]
            + [one.coverage for one in policy.product.towers])


def cover_example(policy: Policy, coverage: str) -> CoverExample:
    """The example of one section, at the first scale that pays and meets no limit; else at the
    first that pays, or at its own."""
    example = coverage_examples()[coverage]
    section = policy.product.section(coverage)
    event, item = event_facts(section, example, policy), item_facts(section, example, policy)
    paying: CoverExample | None = None
    first: CoverExample | None = None
    for scale in _SCALES:
        found = _decide(policy, example, event, scaled(item, *scale), scale)
        first = first or found
        if found.indemnity_fen > 0:
            if not _is_capped(found.line):
                return found
            paying = paying or found
        elif found.line["outcome"] in _SETTLED:
            break
    assert first is not None  # there is at least one scale
    return paying or first


def _is_capped(line: JSON) -> bool:
    return any(step["rule"] in _CAPPED and step["inputs"].get("before", 0)
               > step["outputs"].get("after", 0) for step in line["steps"])


def _decide(
    policy: Policy, example: CoverageExample, event: Facts, item: Facts, scale: tuple[int, int]
) -> CoverExample:
    claim = claim_of(policy, example.id, event, item, example.supplier)
    line, layers = _line(policy, claim)
    return CoverExample(example.id, example, {**event, **item}, line, layers, scale)


def _line(policy: Policy, claim: Claim) -> tuple[JSON, tuple[JSON, ...]]:
    checked, incident = read_claim(claim.to_dict(), file="example")
    settled = settle(policy, checked, incident)
    return settled.lines[0], tuple(settled.layers)


def exclusion_case(
    policy: Policy, exclusion: Exclusion, covers: dict[str, CoverExample]
) -> ExclusionCase | None:
    """The exclusion at work on the first section where it changes what is paid."""
    if exclusion.effect is not None and exclusion.effect.type == "decline_quote":
        return None  # it acts at placement, or not at all
    given = exclusion_examples().get(exclusion.code)
    order = [one for one in (given.coverages if given else ()) if one in covers]
    order += [one for one in covers if one not in order]
    for coverage in order:
        if _reaches(exclusion, coverage, policy) and covers[coverage].payable_fen > 0:
            for found in _candidates(exclusion, policy, coverage):
                case = _with(policy, exclusion, covers[coverage], found)
                if case is not None:
                    return case
    return None


def _reaches(exclusion: Exclusion, coverage: str, policy: Policy) -> bool:
    if exclusion.coverages and coverage not in exclusion.coverages:
        return False
    section = policy.product.section(coverage)
    return exclusion.acts_on == "event" or (
        section is not None and exclusion.code in (section.exclusions or ()))


def _candidates(exclusion: Exclusion, policy: Policy, coverage: str) -> Iterator[Facts]:
    """The example's own facts, then with what the product's wording still asks, then only that."""
    given = exclusion_examples().get(exclusion.code)
    own = {} if given is None else plain_facts({**given.facts, **given.item}, policy)
    assert exclusion.predicate is not None and exclusion.effect is not None  # resolved
    solved = facts_for(exclusion.predicate, policy)
    degree = _degree(exclusion.effect, policy)
    open_: Facts = {}
    for one in exclusion.carve_backs or ():
        if one.when is not None and (not one.coverages or coverage in one.coverages):
            open_ |= facts_for(one.when, policy, holds=False)
    if own:
        yield {**open_, **own}
        yield {**open_, **degree, **solved, **own}
    yield {**open_, **degree, **solved}


def _degree(effect: Effect, policy: Policy) -> Facts:
    """Facts that say how much the exclusion takes."""
    if effect.type == "graded":
        rung = next((one for one in effect.steps if one.effect.type != "none"), None)
        return {} if rung is None else facts_for(rung.when, policy)
    if effect.type == "sliding_coinsurance" and effect.fact:
        bound = next((one.up_to for one in effect.bands
                      if one.insured_share_ppm and one.up_to is not None), None)
        return {effect.fact: usual_value(fact(effect.fact)) if bound is None else bound}
    return {effect.fact: usual_value(fact(effect.fact))} if effect.fact else {}


def _with(
    policy: Policy, exclusion: Exclusion, without: CoverExample, found: Facts
) -> ExclusionCase | None:
    """The claim decided again with the facts found; None where nothing less is paid by it."""
    known = scaled(found, *without.scale)
    if all(without.facts.get(name) == value for name, value in known.items()):
        return None
    facts = {**without.facts, **known}
    event = {name: value for name, value in facts.items() if fact(name).scope == "event"}
    item = {name: value for name, value in facts.items() if fact(name).scope == "item"}
    line, _ = _line(policy, claim_of(policy, without.coverage, event, item,
                                     without.example.supplier))
    acted = any(step["rule"] == "exclusion" and step.get("code") == exclusion.code
                and step["outputs"].get("applies") == "true" for step in line["steps"])
    if not acted or line["outcome"] == "not_triggered" or (
            int(line["payable_fen"]) >= without.payable_fen):
        return None
    standard = standard_exclusions().get(exclusion.code)
    return ExclusionCase(
        exclusion, standard.example_zh if standard else exclusion.plain_zh,
        standard.example_en if standard else exclusion.plain_en, known, without, line)
