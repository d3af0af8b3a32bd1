"""The claim decision notice (理赔核定通知书), or the notice of refusal (拒赔通知书)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

from dinghai.claims.claim_file import Claim, read_claim
from dinghai.documents.blocks import (
    Block,
    Box,
    Bullets,
    Cell,
    Column,
    Document,
    Fields,
    Figures,
    Heading,
    Paragraph,
    Signatures,
    Table,
    Tone,
)
from dinghai.documents.decision_shares import line_notes, share_blocks, share_figures
from dinghai.documents.decision_steps import amounts, step_row
from dinghai.documents.explained import term_name
from dinghai.documents.formats import (
    capital_amount,
    day,
    duration,
    joined,
    moment,
    money,
    plain_money,
)
from dinghai.documents.inputs import ClockLine
from dinghai.documents.phrases import Language, has_phrase, phrase, pick
from dinghai.documents.reader import Reader
from dinghai.documents.readings import fact_name, fact_value, law_words
from dinghai.documents.typesetting import set_pdf
from dinghai.foundation.calendar import shanghai_day
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.vocabulary.clocks import clocks as statutory_clocks
from dinghai.vocabulary.coverages import coverages
from dinghai.wording.policy import Policy, read_policy

_NOT_COVERED = frozenset({"excluded", "not_triggered", "not_covered", "prohibited",
                          "nominal_only"})
_SHOWN_UNPAID = frozenset({"nominal_only", "prohibited", "not_covered"})
_USUAL_CLOCKS = ("CLK-CL-ONCE", "CLK-CL-DEC", "CLK-CL-REJ", "CLK-CL-PAY", "CLK-CL-INT",
                 "CLK-CL-LIM")
_TONES: dict[str, Tone] = {
    "paid": "good", "paid_reduced": "good", "evidence_needed": "warn", "excluded": "bad",
    "not_triggered": "bad", "not_covered": "bad", "prohibited": "bad",
}


def is_refusal(decision: JSON) -> bool:
    """Whether every line is outside the cover, so that 保险法24条 asks for a refusal notice."""
    lines = decision["lines"]
    return bool(lines) and all(line["outcome"] in _NOT_COVERED for line in lines)


def render_claim_decision(
    decision: JSON, *, decided_on: date, number: str = "", language: Language = "zh",
    clocks: Sequence[ClockLine] = (),
) -> bytes:
    """The notice of a decision document (dinghai.decision/1) as PDF. Raises InputError.

    ``number`` is the notice's own; without it the claim's number serves.
    """
    return set_pdf(claim_decision(decision, decided_on=decided_on, number=number,
                                  language=language, clocks=clocks))


def claim_decision(
    decision: JSON, *, decided_on: date, number: str = "", language: Language = "zh",
    clocks: Sequence[ClockLine] = (),
) -> Document:
    """The notice as blocks."""
    if not isinstance(decision, dict) or decision.get("schema") != "dinghai.decision/1":
        raise InputError("this is not a decision", field="schema",
                         mend="give a document of schema dinghai.decision/1")
    policy = read_policy(decision["inputs"]["policy"], file="policy")
    claim, _ = read_claim(decision["inputs"]["claim"], file="claim")
    refusal = is_refusal(decision)
    reader, schedule = Reader(policy.product, policy, language), policy.schedule
    insured = pick(language, schedule.insured.name_zh, schedule.insured.name_en)
    insurer = pick(language, schedule.insurer.name_zh, schedule.insurer.name_en)
    lead = phrase("decision.lead_refusal" if refusal else "decision.lead", language,
                  insured=insured, policy_no=schedule.policy_no, claim_no=claim.claim_no)
    blocks: list[Block] = [Paragraph(lead), *_summary(decision, reader, claim)]
    blocks.append(Heading(phrase("decision.reasons", language)))
    for line in decision["lines"]:
        blocks += _line(line, reader)
    parts: tuple[Callable[[str], list[Block]], ...] = (
        lambda number: share_blocks(decision, reader, number),
        lambda number: _open(decision, reader, number),
        lambda number: _evidence(claim, number, language),
        lambda number: _clocks(clocks, number, language),
        lambda number: _appeal(policy, decision, number, language))
    for part in parts:  # one that has nothing to say takes no number
        blocks += part(phrase(f"decision.n{_chapters(blocks) + 1}", language))
    blocks.append(Signatures(((f"{phrase('common.insurer', language)}  {insurer}",
                               (phrase("common.sign", language),
                                phrase("common.signed_on", language))),)))
    return Document(
        language=language,
        title=phrase("decision.title_refusal" if refusal else "decision.title", language),
        subtitle=pick(language, policy.product.name_zh, policy.product.name_en),
        number=number or claim.claim_no, issued_on=decided_on, issuer=insurer,
        source_hash=decision["hash"],
        meta=((phrase("decision.claim_no", language), claim.claim_no),
              (phrase("common.policy_no", language), schedule.policy_no),
              (phrase("decision.decided_on", language), day(decided_on, language))),
        blocks=tuple(blocks))


def _chapters(blocks: list[Block]) -> int:
    """How many numbered headings there are so far; the summary is the first."""
    return sum(1 for one in blocks if isinstance(one, Heading) and one.level == 1)


def presented_fen(line: JSON) -> int:
    """The loss as valued before any term, or the amount shown of an item that is not payable."""
    valued = [step["outputs"]["amount"] for step in line["steps"] if step["rule"] == "valuation"]
    if valued:
        return sum(valued)
    return sum(step["inputs"].get("nominal", 0) for step in line["steps"]
               if step["rule"] == "payability")


def line_name(line: JSON, policy: Policy, language: Language) -> str:
    """The coverage of a line by name; the interim line has none and takes its rule's."""
    coverage = str(line["coverage"])
    if not coverage:
        return phrase("rule.interim", language)
    part = policy.product.section(coverage) or policy.product.tower(coverage)
    if part is None:
        standard = coverages()[coverage]
        return pick(language, standard.name_zh, standard.name_en)
    return pick(language, part.name_zh, part.name_en)


def line_title(line: JSON, reader: Reader) -> str:
    """A line by its coverage and, in a programme, whose loss it is."""
    assert reader.policy is not None  # decisions have a policy
    name = line_name(line, reader.policy, reader.language)
    member = line.get("insured")
    if not member:
        return name
    known = next((one for one in reader.policy.schedule.members if one.id == member), None)
    who = str(member) if known is None else reader.pick(known.name_zh, known.name_en)
    return f"{name}（{who}）" if reader.language == "zh" else f"{name} ({who})"


def _summary(decision: JSON, reader: Reader, claim: Claim) -> list[Block]:
    language = reader.language
    lines, total = decision["lines"], int(decision["total_fen"])
    claimed = sum(1 for line in lines if line["coverage"])
    paid = sum(1 for line in lines if line["payable_fen"] > 0)
    interim = -sum(line["payable_fen"] for line in lines if line["payable_fen"] < 0)
    shares = share_figures(decision, reader)
    count = () if shares else ((phrase("decision.lines_figure", language), str(claimed),
                                phrase("decision.lines_paid", language, paid=paid)),)
    note = (phrase("decision.interim_note", language, amount=money(interim)) if interim
            else "")
    rows = tuple(
        (str(line["no"]), line["clause"] or "—",
         Cell(line_title(line, reader), line["coverage"]),
         Cell(phrase(f"outcome.{line['outcome']}", language), strong=True,
              note=reader.clauses(line_notes(line, reader)),
              tone=_TONES.get(line["outcome"], "")),
         plain_money(presented_fen(line)), plain_money(line["payable_fen"]))
        for line in lines)
    presented = sum(presented_fen(line) for line in lines)
    foot = (("", "", phrase("common.total", language), "", plain_money(presented),
             plain_money(total)),)
    table = Table(
        (Column(phrase("common.number", language), millimetres=13),
         Column(phrase("common.clause", language), millimetres=12),
         Column(phrase("common.coverage", language)),
         Column(phrase("decision.outcome", language), millimetres=42),
         Column(phrase("decision.presented_yuan", language), "right", 32),
         Column(phrase("decision.payable_yuan", language), "right", 30)), rows, foot)
    return [
        Figures(((phrase("decision.total", language), money(total), note),
                 *shares,
                 (phrase("decision.presented", language), money(presented),
                  day(shanghai_day(claim.reported_at), language)),
                 *count)),
        Heading(phrase("decision.summary", language)), table,
        Fields(((phrase("common.capital", language), capital_amount(max(total, 0))),
                (phrase("decision.reported", language), moment(claim.reported_at, language))), 1),
    ]


def _line(line: JSON, reader: Reader) -> list[Block]:
    name, language = line_title(line, reader), reader.language
    clause = line["clause"]
    blocks: list[Block] = [
        Heading(phrase("decision.line", language, no=line["no"], coverage=name), 2, clause)]
    reason = phrase(f"outcome_text.{line['outcome']}", language)
    if line["outcome"] in _SHOWN_UNPAID:
        blocks.append(Box(phrase("decision.not_paid_title", language), (
            phrase("decision.not_paid", language, amount=money(presented_fen(line)), reason=reason),
        ), "exclusion"))
    elif line["outcome"] in {"excluded", "not_triggered"}:
        blocks.append(Box(phrase(f"outcome.{line['outcome']}", language), (reason,), "exclusion"))
    else:
        blocks.append(Paragraph(reason, "keep"))
    spent = [step for step in line["steps"] if amounts(step) == (0, 0)]
    blocks.append(Table(
        (Column(phrase("decision.step", language)),
         Column(phrase("decision.before", language), "right", 26),
         Column(phrase("decision.after", language), "right", 26),
         Column(phrase("decision.basis", language),
                millimetres=27 if language == "zh" else 36)),
        tuple(step_row(step, reader.product, language) for step in line["steps"]
              if step not in spent)))
    if spent:
        names = dict.fromkeys(phrase(f"rule.{step['rule']}", language) for step in spent)
        blocks.append(Paragraph(phrase("decision.spent", language,
                                       steps=joined(list(names), language)), "small"))
    if line["facts"]:
        blocks.append(_facts(line, language))
    return blocks


def _facts(line: JSON, language: Language) -> Table:
    rows = []
    for fact in line["facts"]:
        name = fact_name(fact["id"], language)
        if "item" in fact:
            item = phrase("decision.item", language, no=fact["item"])
            name += f"（{item}）" if language == "zh" else f" ({item})"
        value = "—" if fact.get("absent") else fact_value(fact["id"], fact.get("value"), language)
        rows.append((name, value, joined(fact.get("evidence", []), language) or "—"))
    return Table(
        (Column(phrase("common.fact", language), share=3),
         Column(phrase("common.value", language), share=2),
         Column(phrase("common.evidence", language), millimetres=34)), tuple(rows),
        label=phrase("decision.facts_label", language))


def _flags(decision: JSON) -> list[tuple[JSON, JSON]]:
    """Flags with their line, each once: a flag about the event stands on every line."""
    seen: dict[tuple[str, str, str], tuple[JSON, JSON]] = {}
    for line in decision["lines"]:
        for flag in line["flags"]:
            key = (flag["kind"], flag["code"], flag["subject"])
            seen.setdefault(key, (flag, line))
    return list(seen.values())


def _open(decision: JSON, reader: Reader, number: str) -> list[Block]:
    flags, language = _flags(decision), reader.language
    if not flags:
        return []
    rows = tuple(_flag_row(flag, line, reader) for flag, line in flags)
    return [
        Heading(phrase("decision.open_title", language, n=number)),
        Paragraph(phrase("decision.open_lead", language), "keep"),
        Table((Column(phrase("decision.matter", language), share=5),
               Column(phrase("decision.needed", language), share=6),
               Column(phrase("decision.burden", language), millimetres=22),
               Column(phrase("common.law", language), millimetres=24)), rows)]


def flag_name(flag: JSON, line: JSON, reader: Reader) -> str:
    """What could not be applied: an exclusion, a term that was not explained, or a rule."""
    assert reader.policy is not None  # decisions have a policy
    code = str(flag["code"])
    exclusion = reader.product.exclusion(code)
    if exclusion is not None:
        return f"{exclusion.clause} {reader.pick(exclusion.name_zh, exclusion.name_en)}"
    named = term_name(code, reader.policy, reader)
    if named:
        return named
    rule = reader.say(f"rule.{code}") if has_phrase(f"rule.{code}") else code
    return f"{line_title(line, reader)} · {rule}"


def _flag_row(flag: JSON, line: JSON, reader: Reader) -> tuple[str | Cell, ...]:
    name, language = flag_name(flag, line, reader), reader.language
    needed = joined([fact_name(one, language) for one in flag["facts"]], language)
    subject = str(flag["subject"])
    note = phrase(f"flag.{flag['kind']}", language)
    if subject.startswith("item "):
        note += " · " + phrase("decision.item", language, no=subject.removeprefix("item "))
    return (Cell(name, note, strong=True), needed or "—",
            phrase(f"burden.{flag['burden']}", language),
            "\n".join(law_words(one, language) for one in flag["law"]))


def _evidence(claim: Claim, number: str, language: Language) -> list[Block]:
    if not claim.evidence:
        return []
    rows = []
    for one in claim.evidence:
        code = f"evidence.{one.document}"
        kind = phrase(code, language) if has_phrase(code) else one.document
        received = moment(one.received_at, language) if one.received_at else "—"
        rows.append((one.id, kind, Cell(one.name or "—", one.sha256[:16]), received))
    return [Heading(phrase("decision.evidence_title", language, n=number)), Table(
        (Column(phrase("common.number", language), millimetres=18),
         Column(phrase("decision.kind", language), share=3),
         Column(phrase("decision.file", language), share=4),
         Column(phrase("decision.received", language), millimetres=40)), tuple(rows))]


def _clocks(lines: Sequence[ClockLine], number: str, language: Language) -> list[Block]:
    chosen = lines or [ClockLine(code) for code in _USUAL_CLOCKS]
    rows = []
    for line in chosen:
        clock = statutory_clocks()[line.clock]
        code = f"clock.{clock.id}"
        name = (phrase(code, language) if has_phrase(code)
                else pick(language, clock.name_zh, clock.name_en))
        paused = (phrase("decision.paused", language,
                         time=duration(line.paused_seconds, language))
                  if line.paused_seconds else "")
        rows.append((Cell(name, paused), _when(line.started_at, language),
                     _due(line.due_at, language), _when(line.done_at, language),
                     law_words(clock.statute.split("（")[0].split("；")[0], language)))
    return [Heading(phrase("decision.clocks_title", language, n=number)), Table(
        (Column(phrase("decision.clock", language)),
         Column(phrase("decision.started", language), millimetres=25),
         Column(phrase("decision.due", language), millimetres=25),
         Column(phrase("decision.done", language), millimetres=25),
         Column(phrase("common.law", language), millimetres=24)), tuple(rows))]


def _when(value: datetime | None, language: Language) -> str:
    return "—" if value is None else moment(value, language)


def _due(value: datetime | None, language: Language) -> str:
    """A clock that ends at midnight ends at 24:00 of the day before."""
    if value is None:
        return "—"
    local = moment(value, language)
    if local.endswith("00:00"):
        return moment(value - timedelta(days=1), language)[:-5] + "24:00"
    return local


def _appeal(policy: Policy, decision: JSON, number: str, language: Language) -> list[Block]:
    process = policy.product.claims_process
    own = pick(language, process.appeal_zh, process.appeal_en)
    rules = ", ".join(f"{name} {version}" for name, version in decision["rules"].items())
    return [
        Heading(phrase("decision.appeal_title", language, n=number)),
        *([Paragraph(own)] if own else []),
        Bullets(tuple(phrase(f"decision.appeal_{index}", language) for index in range(1, 5)),
                ordered=True),
        Box(phrase("decision.replay_title", language),
            (phrase("decision.replay", language, rules=rules, hash=decision["hash"]),), "info"),
    ]
