"""Exclusions, reducing conditions and obligations in words."""

from __future__ import annotations

from dinghai.documents.blocks import Clause
from dinghai.documents.booklet_sections import Notes
from dinghai.documents.formats import duration
from dinghai.documents.reader import Reader
from dinghai.documents.readings import (
    code_words,
    exclusion_words,
    law_words,
    predicate_words,
)
from dinghai.wording.exclusions import CarveBack, Exclusion
from dinghai.wording.schema import Obligation

_EXCLUDES = frozenset({"exclude_event", "exclude_item", "decline_quote"})


def is_condition(exclusion: Exclusion) -> bool:
    """Whether it stands among the conditions that reduce, by its number or else by its effect."""
    chapter = exclusion.clause.split(".")[0]
    if chapter in {"5", "6"}:
        return chapter == "6"
    return exclusion.effect is not None and exclusion.effect.type not in _EXCLUDES


def exclusion_clause(exclusion: Exclusion, reader: Reader) -> Clause:
    """One exclusion or condition: text, when it acts and what it does, shaded and bold."""
    say = reader.say
    when, what = exclusion_words(exclusion, reader.language, terms=reader.terms)
    notes: Notes = [(say("exclusion.when"), when), (say("exclusion.what"), what)]
    if exclusion.effect is not None and exclusion.effect.type == "decline_quote":
        notes.append(("", say("condition.placement")))
    notes.append((say("exclusion.plain"), reader.pick(exclusion.plain_zh, exclusion.plain_en)))
    if exclusion.variant:
        notes.append((say("condition.variant"),
                      code_words("variant", exclusion.variant, reader.language)))
    if exclusion.coverages:
        notes.append((say("condition.confined"),
                      reader.list(reader.coverage(one) for one in exclusion.coverages)))
    notes += _group(exclusion, reader)
    notes += [(say("exclusion.carve_back"), carve_back_words(one, reader))
              for one in exclusion.carve_backs or ()]
    notes.append((say("exclusion.duty_note"), _last_line(exclusion, reader)))
    return Clause(exclusion.clause, reader.pick(exclusion.name_zh, exclusion.name_en),
                  (reader.pick(exclusion.text_zh, exclusion.text_en),), tuple(notes),
                  shaded=exclusion.highlighted, tag=exclusion.code)


def _group(exclusion: Exclusion, reader: Reader) -> Notes:
    if not exclusion.penalty_group:
        return []
    others = [one.clause for one in reader.product.exclusions
              if one.penalty_group == exclusion.penalty_group and one is not exclusion]
    if not others:
        return []
    code = "condition.group_added" if exclusion.cumulative else "condition.group"
    return [(reader.say(code), reader.say(f"{code}_text", others=reader.list(others)))]


def carve_back_words(carve_back: CarveBack, reader: Reader) -> str:
    """Where the exclusion gives way: its own words, its coverages, its predicate."""
    words = reader.pick(carve_back.text_zh, carve_back.text_en)
    if words:
        return words
    parts = [reader.list(reader.coverage(one) for one in carve_back.coverages)]
    if carve_back.when is not None:
        parts.append(predicate_words(carve_back.when, reader.language, terms=reader.terms))
    colon = "：" if reader.language == "zh" else ": "
    return colon.join(part for part in parts if part)


def _last_line(exclusion: Exclusion, reader: Reader) -> str:
    say, label = reader.say, reader.label
    parts = [say(f"duty.{exclusion.duty}")]
    if exclusion.burden:
        parts.append(label(say("exclusion.who"), say(f"burden.{exclusion.burden}")))
    parts.append(label(say("exclusion.scope"), say(f"exclusion.scope_{exclusion.acts_on}")))
    if exclusion.law:
        parts.append(label(say("exclusion.law"), law_words(exclusion.law, reader.language)))
    return reader.clauses(parts)


def obligation_clause(obligation: Obligation, reader: Reader) -> Clause:
    """One duty, its time and what a breach costs."""
    say = reader.say
    notes: Notes = []
    if obligation.deadline_hours is not None:
        notes.append((say("obligation.deadline"),
                      duration(obligation.deadline_hours * 3600, reader.language)))
    breached = reader.product.exclusion(obligation.breach) if obligation.breach else None
    if breached is not None:
        notes.append((say("obligation.breach"), say(
            "obligation.breach_text", clause=breached.clause,
            name=reader.pick(breached.name_zh, breached.name_en))))
    tag = say("obligation.statutory") if obligation.statutory else ""
    return Clause(obligation.clause, say(f"who.{obligation.who}"),
                  (reader.pick(obligation.text_zh, obligation.text_en),), tuple(notes), tag=tag)
