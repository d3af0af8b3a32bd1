"""Covers in words: what each pays, when, how much, what the insured bears, and what it asks."""

from __future__ import annotations

from dinghai.documents.blocks import Clause
from dinghai.documents.formats import money, percent
from dinghai.documents.reader import Reader
from dinghai.documents.readings import (
    code_words,
    fact_name,
    law_words,
    peril_name,
    waiting_text,
)
from dinghai.foundation.money import PPM
from dinghai.vocabulary.coverages import coverages
from dinghai.wording.schema import Service
from dinghai.wording.sections import Retention, Section, Tower

Notes = list[tuple[str, str]]


def section_clause(section: Section, reader: Reader) -> Clause:
    """One cover with everything its section says."""
    say = reader.say
    notes: Notes = [
        (say("cover.plain"), reader.pick(section.plain_zh, section.plain_en)),
        (say("cover.trigger"), say("cover.trigger_facts", facts=reader.list(
            fact_name(one, reader.language) for one in section.triggers or ()))),
        (say("cover.in_time"), in_time_words(section, reader)),
        *_perils(section, reader),
        *_option(section, reader),
        (say("cover.limit"), limit_words(section, reader)),
        *_supplier_cap(section, reader),
        *_loss_notes(section, reader),
        *_condition_notes(section, reader),
    ]
    tag = "" if section.mandatory else say("cover.optional")
    return Clause(section.clause, reader.pick(section.name_zh, section.name_en),
                  (reader.pick(section.text_zh, section.text_en),), tuple(notes),
                  tag=f"{section.coverage} {tag}".strip())


def in_time_words(section: Section, reader: Reader) -> str:
    """The basis of the cover and, for claims made, series, circumstances and late reports."""
    basis, rule = section.trigger_basis, reader.product.basis
    parts = [reader.say(f"trigger_basis_text.{basis}")]
    if basis == "claims_made":
        if rule.extended_reporting_days:
            parts.append(reader.say("cover.extended", days=rule.extended_reporting_days))
        if rule.series:
            parts.append(reader.say("cover.series"))
        if rule.circumstances:
            parts.append(reader.say("cover.circumstances"))
    return reader.label(reader.say(f"trigger_basis.{basis}"), reader.sentences(parts))


def _perils(section: Section, reader: Reader) -> Notes:
    if not section.perils:
        return []
    names = reader.list(peril_name(one, reader.language) for one in section.perils)
    return [(reader.say("cover.perils"), names)]


def _option(section: Section, reader: Reader) -> Notes:
    if section.mandatory:
        return []
    others = [reader.coverage(one.coverage) for one in reader.product.sections
              if section.module and one.module == section.module and one is not section]
    text = (reader.say("cover.module_with", names=reader.list(others)) if others
            else reader.say("cover.module_alone"))
    return [(reader.say("cover.module"), text)]


def sublimit_words(section: Section, reader: Reader) -> str:
    """How much, over what: ``¥3,833,500.00 (in the policy period)``."""
    own = section.sublimit
    basis = reader.say(f"sublimit_basis.{own.basis}")
    if reader.policy is not None:
        return reader.say("cover.limit_amount", basis=basis,
                          amount=money(reader.policy.sublimit(section.coverage)))
    if own.amount_fen is not None:
        return reader.say("cover.limit_amount", basis=basis, amount=money(own.amount_fen))
    if own.multiple_of_fee is not None:
        fee = reader.product.parameters["annual_service_fee"]
        return reader.say("cover.limit_fee", count=own.multiple_of_fee, basis=basis,
                          fee=money(own.multiple_of_fee * fee))
    share = own.ppm_of_aggregate
    return reader.say("cover.limit_share", basis=basis,
                      percent=percent(PPM if share is None else share))


def limit_words(section: Section, reader: Reader) -> str:
    """The sublimit, whose it is, and how it meets aggregate and retention."""
    parts = [sublimit_words(section, reader)]
    if section.sublimit.per == "insured":
        parts.append(reader.say("cover.limit_insured"))
    if not section.erodes_aggregate:
        parts.append(reader.say("cover.limit_apart"))
    if section.retention.kind not in {"none", "event_deductible"} or section.waiting is not None:
        parts.append(reader.say(f"cover.limit_{section.retention.limit}"))
    return reader.clauses(parts)


def _supplier_cap(section: Section, reader: Reader) -> Notes:
    if section.per_supplier_fen is None:
        return []
    return [(reader.say("cover.supplier_cap"), reader.say(
        "cover.supplier_cap_text", amount=money(section.per_supplier_fen)))]


def waiting_clause(section: Section, reader: Reader) -> str:
    """How long, what it costs, and how it meets the deductible."""
    own = section.waiting
    assert own is not None  # the caller has looked
    has_own = section.retention.kind not in {"none", "event_deductible"}
    parts = [waiting_text(own.seconds, own.mode, reader.language, own=has_own)]
    if own.mode == "franchise_hours":
        parts.append(reader.say(
            f"waiting_deductible.{own.deductible}",
            deductible=reader.say(f"waiting_meets.{'section' if has_own else 'event'}")))
    if "event.supplier_interruption" in (section.triggers or ()):
        parts.append(reader.say("cover.waiting_buffer"))
    return reader.sentences(parts)


def valuation_words(section: Section, reader: Reader) -> str:
    """The formula with its agreed numbers."""
    own = section.valuation
    assert own is not None  # validity requires it
    parts = [reader.say(f"valuation_text.{own.method}")]
    if own.share_ppm is not None:
        parts.append(reader.say("cover.valuation_share", percent=percent(own.share_ppm)))
    if own.uplift_ppm:
        parts.append(reader.say("cover.valuation_uplift", percent=percent(own.uplift_ppm)))
    if own.window_days is not None:
        parts.append(reader.say("cover.window", days=own.window_days))
    return reader.sentences(parts)


def _loss_notes(section: Section, reader: Reader) -> Notes:
    notes: Notes = []
    if section.waiting is not None:
        notes.append((reader.say("cover.waiting"), waiting_clause(section, reader)))
    if section.indemnity_days is not None:
        notes.append((reader.say("cover.indemnity"), reader.say(
            "cover.indemnity_days", days=section.indemnity_days)))
    notes.append((reader.say("cover.valuation"), valuation_words(section, reader)))
    notes.append((reader.say("cover.retention"), retention_words(section.retention, reader)))
    if section.insured_share_ppm:
        notes.append((reader.say("cover.share"), percent(section.insured_share_ppm)))
    if section.average:
        notes.append((reader.say("cover.average"), reader.say("cover.average_text")))
    return notes


def retention_words(own: Retention, reader: Reader) -> str:
    """What the insured bears, with its bounds: ``10% of the loss; at least ¥50,000.00``."""
    parts = [_retention_amount(own, reader)]
    if own.minimum_fen:
        parts.append(reader.say("cover.retention_minimum", amount=money(own.minimum_fen)))
    if own.maximum_fen is not None:
        parts.append(reader.say("cover.retention_maximum", amount=money(own.maximum_fen)))
    if own.then_event_deductible:
        parts.append(reader.say("cover.retention_then"))
    return reader.clauses(parts)


def _retention_amount(own: Retention, reader: Reader) -> str:
    share = reader.say(f"cover.retention_of_{own.of}", percent=percent(own.ppm))
    match own.kind:
        case "fixed":
            return money(own.amount_fen)
        case "percentage":
            return share
        case "higher_of":
            return reader.say("cover.retention_higher", amount=money(own.amount_fen), share=share)
        case "lower_of":
            return reader.say("cover.retention_lower", amount=money(own.amount_fen), share=share)
        case "event_deductible" if reader.policy is not None:
            return reader.say("cover.retention_event_amount", amount=money(
                reader.policy.schedule.event_deductible_fen))
    return reader.say(f"retention.{own.kind}")


def _condition_notes(section: Section, reader: Reader) -> Notes:
    say, notes = reader.say, []
    if section.prior_consent != "none":
        notes.append((say("cover.consent"), say(f"consent.{section.prior_consent}")))
    if section.vendor_rule != "any":
        notes.append((say("cover.vendor"), say(f"vendor_rule.{section.vendor_rule}")))
    if section.schedule_refs:
        notes.append((say("cover.confined"), _confined(section, reader)))
    if section.asks:
        notes.append((say("cover.asks"), say("cover.asks_text", facts=reader.list(
            fact_name(one, reader.language) for one in section.asks))))
    if section.payability is not None and section.payability != "covered":
        notes.append((say("cover.payability"), _payability(section, reader)))
    named = [reader.product.exclusion(code) for code in section.exclusions or ()]
    items = [f"{one.clause} {reader.pick(one.name_zh, one.name_en)}" for one in named
             if one is not None and one.acts_on == "item"]
    if items:
        notes.append((say("cover.exclusions"), reader.list(items)))
    notes.append((say("cover.evidence"), evidence_words(section.evidence or (), reader)))
    return notes


def _payability(section: Section, reader: Reader) -> str:
    text = reader.say(f"payability_text.{section.payability}")
    elsewhere = any(one != "CN-mainland" for one in reader.product.jurisdictions)
    return reader.sentences(
        [text, reader.say("cover.payability_elsewhere") if elsewhere else ""])


def _confined(section: Section, reader: Reader) -> str:
    """The schedule's lists, with their names where a policy has them."""
    if reader.policy is None:
        return reader.say("cover.confined_to", lists=reader.list(
            reader.say(f"schedule_ref.{one}") for one in section.schedule_refs))
    schedule = reader.policy.schedule
    held = {"providers": schedule.providers, "outsourcers": schedule.outsourcers,
            "suppliers": schedule.suppliers, "products": ()}
    parts = []
    for one in section.schedule_refs:
        lists = reader.say(f"schedule_ref.{one}")
        if held[one]:
            parts.append(reader.say("cover.confined_named", lists=lists,
                                    names=reader.list(held[one])))
        else:  # the schedule keeps no list of products: the policy's attachment does
            code = "cover.confined_to" if one == "products" else "cover.confined_none"
            parts.append(reader.say(code, lists=lists))
    return reader.sentences(parts)


def evidence_words(codes: tuple[str, ...], reader: Reader) -> str:
    """Names of evidence documents in a list."""
    return reader.list(code_words("evidence", one, reader.language) for one in codes)


def tower_clause(tower: Tower, reader: Reader) -> Clause:
    """One cost on top of the sums insured."""
    say = reader.say
    cap = say(f"tower_cap.{tower.cap}")
    if reader.policy is not None and tower.cap == "sum_insured":
        cap = reader.label(cap, money(reader.policy.schedule.aggregate_limit_fen))
    triggers = reader.list(fact_name(one, reader.language) for one in tower.triggers or ())
    notes = ((say("cover.plain"), reader.pick(tower.plain_zh, tower.plain_en)),
             (say("cover.trigger"), say("cover.trigger_facts", facts=triggers)),
             (say("cover.in_time"), say("cover.towers_time")),
             (say("tower.cap"), cap),
             (say("tower.law"), law_words(tower.law, reader.language)),
             (say("cover.evidence"), evidence_words(tower.evidence or (), reader)))
    return Clause(tower.clause, reader.pick(tower.name_zh, tower.name_en),
                  (reader.pick(tower.text_zh, tower.text_en),), notes, tag=tower.coverage)


def service_clause(service: Service, reader: Reader) -> Clause:
    """One service with its quantity."""
    standard = coverages()[service.code]
    unit = reader.pick(service.unit_zh, service.unit_en)
    return Clause(service.clause, reader.pick(standard.name_zh, standard.name_en),
                  (reader.pick(standard.definition_zh, standard.definition_en),),
                  ((reader.say("schedule.quantity"), f"{service.quantity} {unit}"),),
                  tag=service.code)
