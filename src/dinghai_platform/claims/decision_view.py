"""A decision made ready for a page: every line with its outcome, steps, facts, flags in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from dinghai.documents.blocks import Cell
from dinghai.documents.decision import line_name
from dinghai.documents.decision_steps import step_row
from dinghai.documents.phrases import has_phrase, phrase, pick
from dinghai.documents.readings import fact_name, fact_value, law_words
from dinghai.wording.policy import Policy, read_policy
from dinghai_platform.claims.fields import language

TONES = {
    "paid": "good", "paid_reduced": "good", "evidence_needed": "warn", "excluded": "bad",
    "not_triggered": "bad", "not_covered": "bad", "prohibited": "bad", "nominal_only": "neutral",
    "within_retention": "neutral", "limit_exhausted": "warn", "interim_deducted": "info",
}


@dataclass(frozen=True, slots=True)
class EvidenceLink:
    """One piece of evidence, with its address when the reader may open it."""

    reference: str
    name: str
    href: str


@dataclass(frozen=True, slots=True)
class FactView:
    """A fact a line rests on."""

    name: str
    value: str
    item: int | None
    evidence: tuple[EvidenceLink, ...]


@dataclass(frozen=True, slots=True)
class StepView:
    """One rule that was walked: in words, the amount before and after, clause and law."""

    title: str
    words: tuple[str, ...]
    before: str
    after: str
    is_change: bool
    is_quiet: bool
    basis: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FlagView:
    """What could not be applied, and whose burden it is to say more."""

    kind: str
    label: str
    name: str
    text: str
    facts: tuple[str, ...]
    burden: str
    law: tuple[str, ...]
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LineView:
    """One line of a decision."""

    no: int
    coverage: str
    name: str
    clause: str
    items: tuple[int, ...]
    outcome: str
    label: str
    tone: str
    reason: str
    presented_fen: int
    payable_fen: int
    steps: tuple[StepView, ...]
    facts: tuple[FactView, ...]
    law: tuple[str, ...]
    flags: tuple[FlagView, ...]
    is_outside: bool


@dataclass(frozen=True, slots=True)
class DecisionView:
    """A whole decision."""

    lines: tuple[LineView, ...]
    flags: tuple[FlagView, ...]
    total_fen: int
    presented_fen: int
    outside_fen: int
    rules: str
    hash: str


def decision_view(
    decision: Mapping[str, Any], evidence: Mapping[str, Any] | None = None
) -> DecisionView:
    """The view of a decision document; ``evidence`` maps references to rows of the incident."""
    policy = read_policy(decision["inputs"]["policy"])
    links = _links(decision, evidence or {})
    lines = tuple(_line(line, policy, links) for line in decision["lines"])
    return DecisionView(
        lines=lines,
        flags=_all_flags(decision, policy),
        total_fen=decision["total_fen"],
        presented_fen=sum(line.presented_fen for line in lines),
        outside_fen=sum(line.payable_fen for line in lines if line.is_outside),
        rules=" · ".join(f"{name} {version}" for name, version in decision["rules"].items()),
        hash=decision["hash"],
    )


def _links(decision: Mapping[str, Any], rows: Mapping[str, Any]) -> dict[str, EvidenceLink]:
    links = {}
    for one in decision["inputs"]["claim"].get("evidence", ()):
        row = rows.get(one["id"])
        href = reverse("claims:evidence", args=(row.pk,)) if row is not None else ""
        links[one["id"]] = EvidenceLink(one["id"], one.get("name", ""), href)
    return links


def _line(
    line: Mapping[str, Any], policy: Policy, links: Mapping[str, EvidenceLink]
) -> LineView:
    lang = language()
    outcome = line["outcome"]
    return LineView(
        no=line["no"],
        coverage=line["coverage"],
        name=line_name(line, policy, lang),
        clause=line["clause"],
        items=tuple(line["items"]),
        outcome=outcome,
        label=phrase(f"outcome.{outcome}", lang),
        tone=TONES.get(outcome, "neutral"),
        reason=phrase(f"outcome_text.{outcome}", lang),
        presented_fen=_presented(line),
        payable_fen=line["payable_fen"],
        steps=tuple(_step(step, policy) for step in line["steps"]),
        facts=tuple(_fact(one, links) for one in line["facts"]),
        law=tuple(law_words(one, lang) for one in line["law"]),
        flags=tuple(_flag(flag, line, policy, (line["no"],)) for flag in line["flags"]),
        is_outside=policy.product.tower(line["coverage"]) is not None,
    )


def _presented(line: Mapping[str, Any]) -> int:
    valued = [step["outputs"]["amount"] for step in line["steps"] if step["rule"] == "valuation"]
    if valued:
        return sum(valued)
    return sum(step["inputs"].get("nominal", 0) for step in line["steps"]
               if step["rule"] == "payability")


def _step(step: Mapping[str, Any], policy: Policy) -> StepView:
    row = [cell if isinstance(cell, Cell) else Cell(cell)
           for cell in step_row(step, policy.product, language())]
    words, before, after, basis = row
    return StepView(
        title=words.text, words=tuple(part for part in words.note.split("\n") if part),
        before=before.text, after=after.text, is_change=after.strong,
        is_quiet=words.tone == "muted",
        basis=tuple(part for part in basis.text.split("\n") if part and part != "—"))


def _fact(one: Mapping[str, Any], links: Mapping[str, EvidenceLink]) -> FactView:
    value = "—" if one.get("absent") else fact_value(one["id"], one.get("value"), language())
    return FactView(
        name=fact_name(one["id"], language()), value=value or "—", item=one.get("item"),
        evidence=tuple(links.get(reference, EvidenceLink(reference, "", ""))
                       for reference in one.get("evidence", ())))


def _flag(
    flag: Mapping[str, Any], line: Mapping[str, Any], policy: Policy, lines: tuple[int, ...]
) -> FlagView:
    lang = language()
    exclusion = policy.product.exclusion(str(flag["code"]))
    if exclusion is not None:
        name = f"{exclusion.clause} {pick(lang, exclusion.name_zh, exclusion.name_en)}"
    else:
        code = f"rule.{flag['code']}"
        rule = phrase(code, lang) if has_phrase(code) else str(flag["code"])
        name = f"{line_name(line, policy, lang)} · {rule}"
    burden = phrase(f"burden.{flag['burden']}", lang)
    return FlagView(
        kind=flag["kind"], label=phrase(f"flag.{flag['kind']}", lang), name=name,
        text=phrase(f"flag_text.{flag['kind']}", lang, who=burden),
        facts=tuple(fact_name(one, lang) for one in flag["facts"]), burden=burden,
        law=tuple(law_words(one, lang) for one in flag["law"]), lines=lines)


def _all_flags(decision: Mapping[str, Any], policy: Policy) -> tuple[FlagView, ...]:
    """Flags once each, with every line they stand on."""
    seen: dict[tuple[str, str, str], tuple[Any, Any, list[int]]] = {}
    for line in decision["lines"]:
        for flag in line["flags"]:
            subject = flag["subject"]
            key = (flag["kind"], flag["code"], subject)
            seen.setdefault(key, (flag, line, []))[2].append(line["no"])
    return tuple(_flag(flag, line, policy, tuple(lines)) for flag, line, lines in seen.values())
