"""Terms that 保险法17条 asks to explain, in the words of the wording itself."""

from __future__ import annotations

from dataclasses import dataclass

from dinghai.documents.booklet_sections import retention_words, waiting_clause
from dinghai.documents.formats import money, percent
from dinghai.documents.reader import Reader
from dinghai.wording.explaining import ExplainableTerm, terms_to_explain
from dinghai.wording.policy import Policy


@dataclass(frozen=True, slots=True)
class TermWords:
    """One term for people: its name, what it says, and the same in plain words."""

    term: ExplainableTerm
    name: str
    text: str
    plain: str


def explained_words(policy: Policy, reader: Reader) -> tuple[TermWords, ...]:
    """Every term to be explained under a policy, in the reader's language."""
    return tuple(_words(one, policy, reader) for one in terms_to_explain(policy))


def _words(term: ExplainableTerm, policy: Policy, reader: Reader) -> TermWords:
    name = reader.pick(term.name_zh, term.name_en)
    text = reader.pick(term.text_zh, term.text_en)
    plain = reader.pick(term.plain_zh, term.plain_en)
    kind, _, coverage = term.key.partition(":")
    section = policy.product.section(coverage) if coverage else None
    if kind == "waiting" and section is not None:
        text = waiting_clause(section, reader)
    elif kind == "retention" and section is not None:
        text = retention_words(section.retention, reader)
        plain = reader.say("terms_list.retention_plain")
    elif term.key == "event_deductible":
        text = _event_deductible(policy, reader)
    return TermWords(term, name, text, plain)


def _event_deductible(policy: Policy, reader: Reader) -> str:
    schedule = policy.schedule
    parts = [reader.label(money(schedule.event_deductible_fen),
                          reader.say("calculation.deductible"))]
    if schedule.event_deductible_ppm:
        parts.append(reader.say("calculation.deductible_share",
                                percent=percent(schedule.event_deductible_ppm)))
    if policy.product.limits.deductible_per == "insured":
        parts.append(reader.say("calculation.deductible_insured"))
    return reader.sentences(parts)


def term_name(key: str, policy: Policy, reader: Reader) -> str:
    """The name of a term by its key, with its clause; "" for a key that is none."""
    for term in terms_to_explain(policy):
        if term.key == key:
            return f"{term.clause} {reader.pick(term.name_zh, term.name_en)}".strip()
    return ""
