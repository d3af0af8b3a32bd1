"""The worked-example sheet (赔款计算示例): what the engine pays, section by section."""

from __future__ import annotations

from datetime import date

from dinghai.documents.blocks import (
    Block,
    Bullets,
    Cell,
    Column,
    Document,
    Fields,
    Heading,
    Paragraph,
    Table,
)
from dinghai.documents.booklet import issuer_of, paper_meta, paper_number
from dinghai.documents.decision_steps import amounts, step_words
from dinghai.documents.formats import money, plain_money
from dinghai.documents.phrases import Language
from dinghai.documents.reader import Reader, reader_of
from dinghai.documents.readings import fact_name, fact_value
from dinghai.documents.solving import ABSENT, Facts
from dinghai.documents.specimen import explained_throughout, specimen_policy
from dinghai.documents.typesetting import set_pdf
from dinghai.documents.worked import (
    CoverExample,
    ExclusionCase,
    WorkedExamples,
    worked_examples,
)
from dinghai.foundation.canonical import JSON, document_hash
from dinghai.vocabulary.facts import fact
from dinghai.wording.exclusions import Exclusion
from dinghai.wording.policy import Policy


def render_worked_examples(
    source: JSON, *, issued_on: date, language: Language = "zh"
) -> bytes:
    """The sheet of a policy or product document as PDF. Raises InputError."""
    return set_pdf(worked_sheet(source, issued_on=issued_on, language=language))


def worked_sheet(source: JSON, *, issued_on: date, language: Language = "zh") -> Document:
    """The sheet as blocks. Every amount is the engine's own."""
    reader = reader_of(source, language)
    policy = _policy(reader)
    examples = worked_examples(policy)
    say, schedule = reader.say, policy.schedule
    terms = say("worked.specimen" if reader.policy is None else "worked.agreed",
                aggregate=money(schedule.aggregate_limit_fen),
                event=money(schedule.each_event_limit_fen),
                deductible=money(schedule.event_deductible_fen))
    blocks: list[Block] = [Paragraph(say("worked.lead")), Paragraph(terms, "small"),
                           Heading(say("worked.covers"))]
    for cover in examples.covers:
        blocks += _cover(cover, reader)
    if examples.exclusions:
        blocks.append(Heading(say("worked.exclusions")))
    for case in examples.exclusions:
        blocks += _case(case, reader)
    blocks += _unreached(examples, reader)
    return Document(
        language=language, title=say("worked.title"),
        subtitle=reader.pick(reader.product.name_zh, reader.product.name_en),
        number=paper_number(reader), issued_on=issued_on, issuer=issuer_of(reader),
        source_hash=document_hash(source), meta=paper_meta(reader, issued_on),
        blocks=tuple(blocks))


def _policy(reader: Reader) -> Policy:
    return (specimen_policy(reader.product) if reader.policy is None
            else explained_throughout(reader.policy))


def _cover(cover: CoverExample, reader: Reader) -> list[Block]:
    line = cover.line
    outcome = reader.label(reader.say(f"outcome.{line['outcome']}"), money(_given(line)))
    notes = [reader.say("worked.defence", amount=money(line["defence_fen"]))
             if line.get("defence_fen") else ""]
    contribution = sum(share["fen"] for layer in cover.layers for share in layer["shares"]
                       if share["kind"] == "contribution")
    if contribution:
        notes.append(reader.say("worked.contribution", amount=money(contribution)))
    told = {name: value for name, value in cover.facts.items() if fact(name).type != "moment"}
    rows = ((reader.say("worked.facts"), facts_words(told, reader)),
            (reader.say(_result(line)), reader.clauses([outcome, *notes])))
    return [Heading(reader.coverage(cover.coverage), 2, str(line["clause"])),
            Paragraph(reader.pick(cover.example.story_zh, cover.example.story_en), "keep"),
            Fields(rows, 1), _steps(line, reader)]


def _given(line: JSON) -> int:
    """What is paid, what a service is worth, or what is shown though it is not paid."""
    if line["outcome"] == "in_kind":
        return int(line.get("in_kind_fen", 0))
    if line["outcome"] in {"nominal_only", "prohibited"}:
        return sum(int(step["inputs"].get("nominal", 0)) for step in line["steps"]
                   if step["rule"] == "payability")
    return int(line["payable_fen"])


def _result(line: JSON) -> str:
    if line["outcome"] == "in_kind":
        return "worked.value"
    return "worked.shown" if line["outcome"] in {"nominal_only", "prohibited"} else "worked.pays"


def facts_words(facts: Facts, reader: Reader) -> str:
    """Facts in a row: true ones by name alone."""
    parts = []
    for name, value in facts.items():
        if value is True:
            parts.append(fact_name(name, reader.language))
        elif value == ABSENT:
            parts.append(reader.label(fact_name(name, reader.language), "—"))
        else:
            parts.append(reader.label(fact_name(name, reader.language),
                                      fact_value(name, value, reader.language)))
    return reader.clauses(parts)


def _steps(line: JSON, reader: Reader) -> Table:
    """The steps that moved the amount and the exclusions that acted, in the engine's order."""
    rows = []
    for step in line["steps"]:
        before, after = amounts(step)
        acted = step["rule"] == "exclusion" and step["outputs"].get("applies") == "true"
        if not acted and (after is None or before == after):
            continue
        rows.append((
            Cell(reader.say(f"rule.{step['rule']}"),
                 step_words(step, reader.product, reader.language)),
            "—" if before is None else plain_money(before),
            Cell("—" if after is None else plain_money(after), strong=True),
            str(step.get("clause", "")) or "—"))
    return Table(
        (Column(reader.say("worked.step")),
         Column(reader.say("decision.before"), "right", 29),
         Column(reader.say("decision.after"), "right", 29),
         Column(reader.say("common.clause"), "right", 16)), tuple(rows))


def _case(case: ExclusionCase, reader: Reader) -> list[Block]:
    exclusion, without = case.exclusion, case.without
    rows = (
        (reader.say("common.coverage"), reader.coverage(without.coverage)),
        (reader.say("worked.found"), facts_words(case.found, reader)),
        (reader.say("worked.without"), money(without.payable_fen)),
        (reader.say("worked.with"), reader.clauses([
            money(case.payable_fen),
            reader.label(reader.say("worked.less"),
                         money(without.payable_fen - case.payable_fen))])))
    return [Heading(reader.pick(exclusion.name_zh, exclusion.name_en), 2, exclusion.clause),
            Paragraph(reader.pick(case.example_zh, case.example_en), "keep"),
            Fields(rows, 1), _steps(case.line, reader)]


def _unreached(examples: WorkedExamples, reader: Reader) -> list[Block]:
    if not examples.unreached:
        return []
    return [Heading(reader.say("worked.unreached")),
            Paragraph(reader.say("worked.unreached_lead"), "keep"),
            Bullets(tuple(_why(one, reader) for one in examples.unreached))]


def _why(exclusion: Exclusion, reader: Reader) -> str:
    placement = exclusion.effect is not None and exclusion.effect.type == "decline_quote"
    why = reader.say("worked.unreached_placement" if placement else "worked.unreached_other")
    return reader.label(
        f"{exclusion.clause} {reader.pick(exclusion.name_zh, exclusion.name_en)}", why)
