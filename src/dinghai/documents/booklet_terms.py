"""The clauses of the booklet that come straight from the structured wording."""

from __future__ import annotations

from dinghai.documents.blocks import Block, Clause, Column, Table
from dinghai.documents.formats import duration, joined, money, percent
from dinghai.documents.phrases import Language, phrase, pick
from dinghai.documents.readings import (
    coverage_name,
    exclusion_words,
    fact_name,
    law_words,
    predicate_words,
    waiting_text,
)
from dinghai.foundation.money import PPM
from dinghai.vocabulary.coverages import coverages
from dinghai.wording.exclusions import CarveBack, Exclusion
from dinghai.wording.policy import Policy
from dinghai.wording.schema import Obligation, Product, Service
from dinghai.wording.sections import Section, SharedLimit, Tower

Notes = list[tuple[str, str]]
_MODES = ("replaces_deductible", "higher_of", "waiting_then_deductible", "franchise_hours")


def section_clause(
    section: Section, product: Product, policy: Policy | None, language: Language
) -> Clause:
    """One cover: what it pays, when it is triggered, its limit, waiting, valuation, evidence."""
    notes: Notes = [
        (phrase("cover.plain", language), pick(language, section.plain_zh, section.plain_en)),
        (phrase("cover.trigger", language), phrase(
            "cover.trigger_facts", language,
            facts=joined([fact_name(one, language) for one in section.triggers or ()],
                         language))),
        (phrase("cover.in_time", language), _in_time(section, product, language)),
        (phrase("cover.limit", language), _limit(section, policy, language)),
        *_loss_notes(section, product, language),
        *_condition_notes(section, product, language),
    ]
    tag = "" if section.mandatory else phrase("cover.optional", language)
    return Clause(section.clause, pick(language, section.name_zh, section.name_en),
                  (pick(language, section.text_zh, section.text_en),), tuple(notes),
                  tag=f"{section.coverage} {tag}".strip())


def _in_time(section: Section, product: Product, language: Language) -> str:
    basis = section.trigger_basis
    name = phrase(f"trigger_basis.{basis}", language)
    text = phrase(f"trigger_basis_text.{basis}", language,
                  days=product.basis.extended_reporting_days)
    return f"{name}：{text}" if language == "zh" else f"{name}: {text}"


def _limit(section: Section, policy: Policy | None, language: Language) -> str:
    basis = phrase(f"sublimit_basis.{section.sublimit.basis}", language)
    if policy is not None:
        return phrase("cover.limit_amount", language, basis=basis,
                      amount=money(policy.sublimit(section.coverage)))
    if section.sublimit.amount_fen is not None:
        return phrase("cover.limit_amount", language, basis=basis,
                      amount=money(section.sublimit.amount_fen))
    share = section.sublimit.ppm_of_aggregate
    return phrase("cover.limit_share", language, basis=basis,
                  percent=percent(PPM if share is None else share))


def _loss_notes(section: Section, product: Product, language: Language) -> Notes:
    notes: Notes = []
    if section.waiting is not None:
        notes.append((phrase("cover.waiting", language),
                      waiting_text(section.waiting.seconds, section.waiting.mode, language)))
    if section.indemnity_days is not None:
        notes.append((phrase("cover.indemnity", language),
                      phrase("cover.indemnity_days", language, days=section.indemnity_days)))
    if section.valuation is not None:
        text = phrase(f"valuation_text.{section.valuation.method}", language)
        if section.valuation.window_days is not None:
            gap = "" if language == "zh" else " "
            text += gap + phrase("cover.window", language, days=section.valuation.window_days)
        notes.append((phrase("cover.valuation", language), text))
    notes.append((phrase("cover.retention", language), _retention(section, language)))
    if section.insured_share_ppm:
        notes.append((phrase("cover.share", language), percent(section.insured_share_ppm)))
    if section.average:
        notes.append((phrase("cover.average", language), phrase("cover.average_text", language)))
    return notes


def _retention(section: Section, language: Language) -> str:
    own = section.retention
    parts = [phrase(f"retention.{own.kind}", language)]
    if own.kind in {"fixed", "higher_of", "lower_of"}:
        parts.append(money(own.amount_fen))
    if own.kind in {"percentage", "higher_of", "lower_of"}:
        parts.append(percent(own.ppm))
    return " ".join(parts)


def _condition_notes(section: Section, product: Product, language: Language) -> Notes:
    notes: Notes = []
    if section.prior_consent != "none":
        notes.append((phrase("cover.consent", language),
                      phrase(f"consent.{section.prior_consent}", language)))
    if section.payability is not None and section.payability != "covered":
        notes.append((phrase("cover.payability", language),
                      phrase(f"payability_text.{section.payability}", language)))
    named = [product.exclusion(code) for code in section.exclusions or ()]
    items = [f"{one.clause} {pick(language, one.name_zh, one.name_en)}" for one in named
             if one is not None and one.acts_on == "item"]
    if items:
        notes.append((phrase("cover.exclusions", language), joined(items, language)))
    notes.append((phrase("cover.evidence", language), evidence_words(
        section.evidence or (), language)))
    return notes


def evidence_words(codes: tuple[str, ...], language: Language) -> str:
    """Names of evidence documents in a list."""
    return joined([phrase(f"evidence.{one}", language) for one in codes], language)


def tower_clause(tower: Tower, policy: Policy | None, language: Language) -> Clause:
    """One cost on top of the sums insured."""
    cap = phrase(f"tower_cap.{tower.cap}", language)
    if policy is not None and tower.cap == "sum_insured":
        amount = money(policy.schedule.aggregate_limit_fen)
        cap = f"{cap}：{amount}" if language == "zh" else f"{cap}: {amount}"
    triggers = joined([fact_name(one, language) for one in tower.triggers or ()], language)
    notes = ((phrase("cover.plain", language), pick(language, tower.plain_zh, tower.plain_en)),
             (phrase("cover.trigger", language),
              phrase("cover.trigger_facts", language, facts=triggers)),
             (phrase("tower.cap", language), cap),
             (phrase("tower.law", language), law_words(tower.law, language)),
             (phrase("cover.evidence", language), evidence_words(tower.evidence or (), language)))
    return Clause(tower.clause, pick(language, tower.name_zh, tower.name_en),
                  (pick(language, tower.text_zh, tower.text_en),), notes, tag=tower.coverage)


def calculation_clauses(
    product: Product, policy: Policy | None, language: Language
) -> list[Block]:
    """Chapter 4. Numbers the product gave its shared limits are kept; the rest fill the gaps."""
    taken = {one.clause for one in product.shared_limits}
    numbers = (f"4.{index}" for index in range(1, 100) if f"4.{index}" not in taken)
    clauses = [_order(product, next(numbers), language),
               _say(next(numbers), "deductible", language)]
    clauses += [_shared(one, product, policy, language) for one in product.shared_limits]
    waiting = _waiting(product, next(numbers), language)
    clauses.append(waiting)
    clauses += [_say(next(numbers), key, language)
                for key in ("share", "recovery", "unknown", "rounding")]
    clauses.sort(key=lambda one: [int(part) for part in one.number.split(".") if part.isdigit()])
    blocks: list[Block] = []
    for clause in clauses:
        blocks.append(clause)
        if clause is waiting:
            blocks.append(_mode_table(product, language))
    return blocks


def _say(number: str, key: str, language: Language) -> Clause:
    return Clause(number, phrase(f"calculation.{key}_title", language),
                  (phrase(f"calculation.{key}", language),))


def _order(product: Product, number: str, language: Language) -> Clause:
    steps = [phrase("calculation.order_first", language),
             *(phrase(f"stage_text.{stage}", language) for stage in product.calculation_order),
             phrase("calculation.order_last", language)]
    notes = tuple((f"（{index}）" if language == "zh" else f"({index})", text)
                  for index, text in enumerate(steps, start=1))
    return Clause(number, phrase("calculation.order_title", language),
                  (phrase("calculation.order", language),), notes)


def _shared(
    shared: SharedLimit, product: Product, policy: Policy | None, language: Language
) -> Clause:
    names = joined([coverage_name(product, one, language) for one in shared.coverages], language)
    share = shared.ppm_of_aggregate or PPM
    if shared.amount_fen is not None:
        limit = money(shared.amount_fen)
    elif policy is not None:
        limit = money(policy.schedule.aggregate_limit_fen * share // PPM)
    else:
        limit = phrase("calculation.shared_share", language, percent=percent(share))
    return Clause(shared.clause, phrase("calculation.shared_title", language),
                  (phrase("calculation.shared", language, names=names, limit=limit),))


def _waiting(product: Product, number: str, language: Language) -> Clause:
    waits = [one for one in product.sections if one.waiting is not None]
    body: list[str] = []
    modes = []
    for section in waits:
        assert section.waiting is not None  # chosen above
        modes.append(section.waiting.mode)
        name = pick(language, section.name_zh, section.name_en)
        colon = "：" if language == "zh" else ": "
        body.append(name + colon + waiting_text(section.waiting.seconds, section.waiting.mode,
                                                language))
    if not body:
        body = [phrase("calculation.waiting_none", language)]
    else:
        body.append(phrase("calculation.waiting_other", language))
    body.append(phrase("calculation.modes", language))
    names = joined([phrase(f"waiting_mode.{one}", language) for one in dict.fromkeys(modes)]
                   or [phrase("common.none", language)], language)
    return Clause(number, phrase("calculation.waiting_title", language, mode=names), tuple(body))


def _mode_table(product: Product, language: Language) -> Table:
    used: dict[str, int] = {one.waiting.mode: one.waiting.seconds
                            for one in product.sections if one.waiting}
    usual = next(iter(used.values()), 43_200)
    rows = tuple(
        ("✓" if mode in used else "", phrase(f"waiting_mode.{mode}", language),
         waiting_text(used.get(mode, usual), mode, language)) for mode in _MODES)
    return Table((Column("", "center", 8),
                  Column(phrase("common.waiting", language), millimetres=42),
                  Column(phrase("common.remark", language))), rows,
                 label=phrase("calculation.modes_title", language))


def exclusion_clause(
    exclusion: Exclusion, product: Product, policy: Policy | None, language: Language
) -> Clause:
    """One exclusion or condition: text, when it acts and what it does, shaded and bold."""
    when, what = exclusion_words(exclusion, language, policy=policy)
    notes: Notes = [
        (phrase("exclusion.when", language), when),
        (phrase("exclusion.what", language), what),
        (phrase("exclusion.plain", language),
         pick(language, exclusion.plain_zh, exclusion.plain_en)),
    ]
    if exclusion.penalty_group:
        others = [one.clause for one in product.exclusions
                  if one.penalty_group == exclusion.penalty_group and one is not exclusion]
        if others and not exclusion.cumulative:
            notes.append((phrase("condition.group", language), phrase(
                "condition.group_text", language, others=joined(others, language))))
    notes += [(phrase("exclusion.carve_back", language),
               _carve_back(one, product, language, policy))
              for one in exclusion.carve_backs or ()]
    notes.append((phrase("exclusion.duty_note", language), _last_line(exclusion, language)))
    return Clause(exclusion.clause, pick(language, exclusion.name_zh, exclusion.name_en),
                  (pick(language, exclusion.text_zh, exclusion.text_en),), tuple(notes),
                  shaded=exclusion.highlighted, tag=exclusion.code)


def _carve_back(
    carve_back: CarveBack, product: Product, language: Language, policy: Policy | None
) -> str:
    """Where the exclusion gives way: its own words, else its coverages and its predicate."""
    words = pick(language, carve_back.text_zh, carve_back.text_en)
    if words:
        return words
    parts = [joined([coverage_name(product, one, language) for one in carve_back.coverages],
                    language)]
    if carve_back.when is not None:
        parts.append(predicate_words(carve_back.when, language, policy=policy))
    return ("：" if language == "zh" else ": ").join(part for part in parts if part)


def _last_line(exclusion: Exclusion, language: Language) -> str:
    colon, stop = ("：", "；") if language == "zh" else (": ", "; ")
    parts = [phrase(f"duty.{exclusion.duty}", language)]
    if exclusion.burden:
        parts.append(phrase("exclusion.who", language) + colon
                     + phrase(f"burden.{exclusion.burden}", language))
    parts.append(phrase("exclusion.scope", language) + colon
                 + phrase(f"exclusion.scope_{exclusion.acts_on}", language))
    if exclusion.law:
        parts.append(phrase("exclusion.law", language) + colon
                     + law_words(exclusion.law, language))
    return stop.join(parts)


def obligation_clause(obligation: Obligation, product: Product, language: Language) -> Clause:
    """One duty, its time and what a breach costs."""
    notes: Notes = []
    if obligation.deadline_hours is not None:
        notes.append((phrase("obligation.deadline", language),
                      duration(obligation.deadline_hours * 3600, language)))
    breached = product.exclusion(obligation.breach) if obligation.breach else None
    if breached is not None:
        notes.append((phrase("obligation.breach", language), phrase(
            "obligation.breach_text", language, clause=breached.clause,
            name=pick(language, breached.name_zh, breached.name_en))))
    tag = phrase("obligation.statutory", language) if obligation.statutory else ""
    return Clause(obligation.clause, phrase(f"who.{obligation.who}", language),
                  (pick(language, obligation.text_zh, obligation.text_en),), tuple(notes),
                  tag=tag)


def service_clause(service: Service, language: Language) -> Clause:
    """One service with its quantity."""
    standard = coverages()[service.code]
    unit = pick(language, service.unit_zh, service.unit_en)
    return Clause(service.clause, pick(language, standard.name_zh, standard.name_en),
                  (pick(language, standard.definition_zh, standard.definition_en),),
                  ((phrase("schedule.quantity", language), f"{service.quantity} {unit}"),),
                  tag=service.code)
