"""A claim as it is told to whoever claims: where it stands, what was taken off and why, what is
still needed and from whom, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dinghai.documents.phrases import has_phrase, phrase, pick
from dinghai.documents.readings import fact_name, law_words
from dinghai.wording.policy import Policy, read_policy
from dinghai_platform.claims.clocks import ClockReading, claim_clocks, clock_text
from dinghai_platform.claims.decision_view import (
    EvidenceLink,
    LineView,
    decision_view,
    evidence_links,
)
from dinghai_platform.claims.fields import entry_text, language
from dinghai_platform.claims.models import Claim, DecisionRecord
from dinghai_platform.claims.reading import decision_document
from dinghai_platform.claims.reductions import Reduction, reductions_of
from dinghai_platform.claims.words import PAUSES, word
from dinghai_platform.core import clock


@dataclass(frozen=True, slots=True)
class ToldFact:
    """A fact a reduction rests on, with its papers."""

    name: str
    value: str
    evidence: tuple[EvidenceLink, ...]


@dataclass(frozen=True, slots=True)
class ToldReduction:
    """One reduction with its grounds."""

    part: Reduction
    facts: tuple[ToldFact, ...]

    @property
    def gives(self) -> bool:
        """Whether it gives something back."""
        return self.part.taken_fen < 0

    @property
    def amount_fen(self) -> int:
        """Its size."""
        return abs(self.part.taken_fen)


@dataclass(frozen=True, slots=True)
class ToldLine:
    """One line: what was presented, what is paid, and everything between."""

    line: LineView
    reductions: tuple[ToldReduction, ...]


@dataclass(frozen=True, slots=True)
class ToldClock:
    """A clock with what the law asks for."""

    reading: ClockReading
    text: str


@dataclass(frozen=True, slots=True)
class ToldPause:
    """Time that does not count: why, by which law, from when to when."""

    reason: Any
    law: str
    started_at: datetime
    ended_at: datetime | None
    seconds: int


@dataclass(frozen=True, slots=True)
class Needed:
    """What is still to be proved, and whose matter it is."""

    who: str
    by_insured: bool
    what: tuple[str, ...]
    papers: tuple[str, ...]
    coverage: str
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """The whole telling. ``record`` is the decision that was issued; None before there is one."""

    record: DecisionRecord | None
    view: Any
    paid: tuple[ToldLine, ...]
    unpaid: tuple[ToldLine, ...]
    not_applied: tuple[Any, ...]
    clocks: tuple[ToldClock, ...]
    pauses: tuple[ToldPause, ...]
    needed: tuple[Needed, ...]
    appeal: str
    ways: tuple[str, ...]


def tell(claim: Claim) -> Told:
    """Everything there is to say about a claim to whoever claims."""
    record = next((one for one in reversed(list(claim.decisions.all())) if one.is_issued), None)
    view, lines, flags = None, (), ()
    policy = read_policy(claim.terms)
    if record is not None:
        decision = decision_document(record)
        evidence = {one.reference: one for one in claim.incident.evidence.all()}
        view = decision_view(decision, evidence)
        policy = read_policy(decision["inputs"]["policy"])
        lines = tuple(_lines(decision, view.lines, policy, evidence_links(decision, evidence)))
        flags = tuple(one for one in view.flags
                      if one.kind == "not_explained" or one.burden_code == "insurer")
    process = policy.product.claims_process
    return Told(
        record=record, view=view,
        paid=tuple(one for one in lines if not one.line.is_unpaid),
        unpaid=tuple(one for one in lines if one.line.is_unpaid),
        not_applied=flags, clocks=tuple(_clocks(claim)), pauses=tuple(_pauses(claim)),
        needed=tuple(_needed(claim, record)),
        appeal=pick(language(), process.appeal_zh, process.appeal_en),
        ways=tuple(phrase(f"decision.appeal_{index}", language()) for index in range(1, 5)))


def _lines(
    decision: Mapping[str, Any], views: Sequence[LineView], policy: Policy,
    links: Mapping[str, EvidenceLink],
) -> list[ToldLine]:
    return [ToldLine(view, tuple(
        ToldReduction(part, tuple(_fact(one, links) for one in part.facts))
        for part in (reductions_of(line, policy) if line["coverage"] else ())))
        for line, view in zip(decision["lines"], views, strict=True)]


def _fact(one: Mapping[str, Any], links: Mapping[str, EvidenceLink]) -> ToldFact:
    entry = {"absent": True} if one.get("absent") else {"value": one.get("value")}
    return ToldFact(
        fact_name(one["id"], language()), entry_text(one["id"], entry),
        tuple(links.get(reference, EvidenceLink(reference, "", ""))
              for reference in one.get("evidence", ())))


def _clocks(claim: Claim) -> list[ToldClock]:
    return [ToldClock(one, clock_text(one.clock)) for one in claim_clocks(claim)
            if one.state != "waiting"]


def _pauses(claim: Claim) -> list[ToldPause]:
    now = clock.now()
    return [ToldPause(word(PAUSES, one.reason), law_words(one.law, language()) if one.law else "",
                      one.started_at, one.ended_at, int(one.length(now).total_seconds()))
            for one in claim.pauses.all()]


def _needed(claim: Claim, record: DecisionRecord | None) -> list[Needed]:
    """The request that is open, and what a decision was issued without."""
    found = []
    for request in claim.requests.all():
        if not request.is_open:
            continue
        for entry in request.document["entries"]:
            found.append(Needed(
                phrase("burden.insured", language()), True,
                tuple(fact_name(name, language()) for name in entry["facts"]),
                tuple(_paper(one) for one in entry["documents"]), entry["coverage"],
                request.due))
    if record is not None and not found:
        found += _open_in(decision_document(record))
    return found


def _open_in(decision: Mapping[str, Any]) -> list[Needed]:
    seen: dict[tuple[str, ...], Needed] = {}
    for line in decision["lines"]:
        for flag in line["flags"]:
            if flag["kind"] == "evidence_needed" and flag["burden"] == "insured":
                key = (flag["code"], flag["subject"])
                seen.setdefault(key, Needed(
                    phrase("burden.insured", language()), True,
                    tuple(fact_name(name, language()) for name in flag["facts"]), (),
                    line["coverage"]))
    return list(seen.values())


def _paper(code: str) -> str:
    name = f"evidence.{code}"
    return phrase(name, language()) if has_phrase(name) else code
