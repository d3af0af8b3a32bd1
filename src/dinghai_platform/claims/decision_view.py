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
from dinghai.wording.explaining import terms_to_explain
from dinghai.wording.policy import Policy, read_policy
from dinghai_platform.claims.fields import language
from dinghai_platform.claims.reading import presented_of
from dinghai_platform.claims.words import PARTY_ROLES, SHARE_KINDS, word

TONES = {
    "paid": "good", "paid_reduced": "good", "evidence_needed": "warn", "excluded": "bad",
    "not_triggered": "bad", "not_covered": "bad", "prohibited": "bad", "nominal_only": "neutral",
    "within_retention": "neutral", "limit_exhausted": "warn", "interim_deducted": "info",
    "recovered_elsewhere": "neutral", "no_loss": "neutral", "in_kind": "info",
    "premium_unpaid": "warn", "below_attachment": "neutral",
}
UNPAID = frozenset({"nominal_only", "prohibited", "not_covered", "not_triggered", "excluded"})
"""Outcomes of what is not payable at all: shown with amount and reason (GUIDE 6.3, no. 11)."""


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
    burden_code: str = ""


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
    insured: str = ""
    """The member of a programme whose loss it is, by name."""
    suppliers: tuple[str, ...] = ()
    payee: str = ""
    """``third_party`` where a liability is paid to the injured party itself (保险法65条)."""
    defence_fen: int = 0
    in_kind_fen: int = 0

    @property
    def is_unpaid(self) -> bool:
        """Whether nothing of it is payable by its nature or the cover."""
        return self.outcome in UNPAID


@dataclass(frozen=True, slots=True)
class ShareView:
    """One party's share of a layer. ``kind``: insurance, contribution (no insurance money) or
    retained."""

    party: str
    role: Any
    kind: str
    kind_label: Any
    share_ppm: int
    fen: int


@dataclass(frozen=True, slots=True)
class LayerView:
    """One layer: what it bears and who bears it."""

    name: str
    clause: str
    attachment_fen: int
    limit_fen: int
    borne_fen: int
    shares: tuple[ShareView, ...]
    unplaced_fen: int
    reinstated_fen: int
    premium_fen: int


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
    layers: tuple[LayerView, ...] = ()
    reinstated_fen: int = 0
    reinstatement_premium_fen: int = 0

    @property
    def by_kind(self) -> tuple[tuple[str, Any, int], ...]:
        """What insurers pay, others contribute and the insured retain over all layers."""
        shares = [share for layer in self.layers for share in layer.shares]
        return tuple((kind, label, fen) for kind, label in SHARE_KINDS.items()
                     if (fen := sum(one.fen for one in shares if one.kind == kind)))

    @property
    def third_party_fen(self) -> int:
        """What goes straight to injured third parties."""
        return sum(line.payable_fen for line in self.lines if line.payee == "third_party")


def decision_view(
    decision: Mapping[str, Any], evidence: Mapping[str, Any] | None = None
) -> DecisionView:
    """The view of a decision document; ``evidence`` maps references to rows of the incident."""
    policy = read_policy(decision["inputs"]["policy"])
    links = evidence_links(decision, evidence or {})
    claim = decision["inputs"]["claim"]
    lines = tuple(_line(line, policy, links, claim) for line in decision["lines"])
    return DecisionView(
        lines=lines,
        flags=_all_flags(decision, policy),
        total_fen=decision["total_fen"],
        presented_fen=sum(line.presented_fen for line in lines),
        outside_fen=sum(line.payable_fen for line in lines if line.is_outside),
        rules=" · ".join(f"{name} {version}" for name, version in decision["rules"].items()),
        hash=decision["hash"],
        layers=tuple(_layer(one, policy) for one in decision.get("layers", ())),
        reinstated_fen=decision.get("reinstatement", {}).get("reinstated_fen", 0),
        reinstatement_premium_fen=decision.get("reinstatement", {}).get("premium_fen", 0),
    )


def member_name(policy: Policy, member: str) -> str:
    """A member of a programme by name; its id where the schedule does not name it."""
    for one in policy.schedule.members:
        if one.id == member:
            return pick(language(), one.name_zh, one.name_en)
    return member


def _layer(layer: Mapping[str, Any], policy: Policy) -> LayerView:
    known = next((one for one in policy.schedule.layers if one.id == layer["id"]), None)
    return LayerView(
        name=pick(language(), known.name_zh, known.name_en) if known else layer["id"],
        clause=known.clause if known else "",
        attachment_fen=layer["attachment_fen"], limit_fen=layer["limit_fen"],
        borne_fen=layer["borne_fen"],
        shares=tuple(ShareView(
            party=one["party"], role=word(PARTY_ROLES, one["role"]), kind=one["kind"],
            kind_label=word(SHARE_KINDS, one["kind"]), share_ppm=one["share_ppm"],
            fen=one["fen"]) for one in layer["shares"]),
        unplaced_fen=layer.get("unplaced_fen", 0),
        reinstated_fen=layer.get("reinstated_fen", 0),
        premium_fen=layer.get("reinstatement_premium_fen", 0))


def _suppliers(line: Mapping[str, Any], claim: Mapping[str, Any]) -> tuple[str, ...]:
    names = {item["no"]: item.get("supplier", "") for item in claim["items"]}
    found = (names.get(no, "") for no in line["items"])
    return tuple(dict.fromkeys(name for name in found if name))


def evidence_links(
    decision: Mapping[str, Any], rows: Mapping[str, Any]
) -> dict[str, EvidenceLink]:
    """The evidence of a decision by reference; ``rows`` are the incident's, to open them."""
    links = {}
    for one in decision["inputs"]["claim"].get("evidence", ()):
        row = rows.get(one["id"])
        href = reverse("claims:evidence", args=(row.pk,)) if row is not None else ""
        links[one["id"]] = EvidenceLink(one["id"], one.get("name", ""), href)
    return links


def _line(
    line: Mapping[str, Any], policy: Policy, links: Mapping[str, EvidenceLink],
    claim: Mapping[str, Any],
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
        presented_fen=presented_of(line),
        payable_fen=line["payable_fen"],
        steps=tuple(_step(step, policy) for step in line["steps"]),
        facts=tuple(_fact(one, links) for one in line["facts"]),
        law=tuple(law_words(one, lang) for one in line["law"]),
        flags=tuple(_flag(flag, line, policy, (line["no"],)) for flag in line["flags"]),
        is_outside=policy.product.tower(line["coverage"]) is not None,
        insured=member_name(policy, line["insured"]) if line.get("insured") else "",
        suppliers=_suppliers(line, claim),
        payee=line.get("payee", ""),
        defence_fen=line.get("defence_fen", 0),
        in_kind_fen=line.get("in_kind_fen", 0),
    )


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
    name = term_name(str(flag["code"]), line, policy)
    burden = phrase(f"burden.{flag['burden']}", lang)
    return FlagView(
        kind=flag["kind"], label=phrase(f"flag.{flag['kind']}", lang), name=name,
        text=phrase(f"flag_text.{flag['kind']}", lang, who=burden),
        facts=tuple(fact_name(one, lang) for one in flag["facts"]), burden=burden,
        law=tuple(law_words(one, lang) for one in flag["law"]), lines=lines,
        burden_code=flag["burden"])


def term_name(code: str, line: Mapping[str, Any], policy: Policy) -> str:
    """What a flag's code stands for: an exclusion, an agreed term (``event_deductible``,
    ``waiting:FP-BI``) or a rule of the calculation."""
    lang = language()
    exclusion = policy.product.exclusion(code)
    if exclusion is not None:
        return f"{exclusion.clause} {pick(lang, exclusion.name_zh, exclusion.name_en)}"
    for term in terms_to_explain(policy):
        if term.key == code:
            name = pick(lang, term.name_zh, term.name_en)
            return f"{term.clause} {name}" if term.clause else name
    rule, _separator, _coverage = code.partition(":")
    name = phrase(f"rule.{rule}", lang) if has_phrase(f"rule.{rule}") else code
    return f"{line_name(line, policy, lang)} · {name}"


def _all_flags(decision: Mapping[str, Any], policy: Policy) -> tuple[FlagView, ...]:
    """Flags once each, with every line they stand on and every fact they wait for."""
    seen: dict[tuple[str, ...], tuple[Any, Any, list[int], list[str]]] = {}
    for line in decision["lines"]:
        for flag in line["flags"]:
            known = policy.product.exclusion(str(flag["code"])) is not None
            # An exclusion may wait on every item; a rule of the calculation is a line's own.
            key = (flag["kind"], flag["code"], "" if known else flag["subject"])
            lines, facts = seen.setdefault(key, (flag, line, [], []))[2:]
            if line["no"] not in lines:
                lines.append(line["no"])
            facts += [name for name in flag["facts"] if name not in facts]
    return tuple(_flag({**flag, "facts": facts}, line, policy, tuple(lines))
                 for flag, line, lines, facts in seen.values())
