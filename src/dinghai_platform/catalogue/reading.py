"""A structured wording made ready for people: clause by clause, in the language of the page."""

from __future__ import annotations

from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from dinghai.documents.readings import (
    code_words,
    effect_words,
    exclusion_words,
    parameter_value,
)
from dinghai.foundation.money import format_yuan
from dinghai.vocabulary.exclusions import exclusions as standard_exclusions
from dinghai.vocabulary.parameters import parameters
from dinghai.wording.exclusions import Exclusion
from dinghai.wording.layers import Layer
from dinghai.wording.saying import (
    carve_back_words,
    coverage_name,
    days,
    duration,
    fact_name,
    joined,
    percent,
    peril_name,
    retention_words,
    sublimit_words,
    valuation_words,
    waiting_words,
)
from dinghai.wording.schema import Product
from dinghai.wording.sections import Section, SharedLimit, Tower
from dinghai_platform.catalogue.words import both, language, said, sector_name, target_name
from dinghai_platform.site.words import name_of

Row = dict[str, Any]


def reading_of(product: Product) -> Row:
    """Everything that a page about a product says of its wording."""
    return {
        "product": product,
        "summary": both(product.summary_zh, product.summary_en),
        "what": _what(product),
        "sections": [_section(one) for one in product.sections],
        "towers": [_tower(one) for one in product.towers],
        "borne": _borne(product),
        "exclusions": [_exclusion(one, product) for one in product.exclusions],
        "shared": [_shared(one) for one in product.shared_limits],
        "layers": [_layer(one) for one in product.layers],
        "services": [_service(one, product) for one in product.services],
        "promises": _promises(product),
        "appeal": both(product.claims_process.appeal_zh, product.claims_process.appeal_en),
        "obligations": [_obligation(one) for one in product.obligations],
        "definitions": [
            {"term": both(one.zh, one.en), "text": both(one.text_zh, one.text_en),
             "standard": one.standard} for one in product.definitions],
        "parameters": [_parameter(code, value) for code, value in product.parameters.items()],
        "order": [said("stage", one) for one in product.calculation_order],
        "filed": [{"clause": one.clause, "text": both(one.text_zh, one.text_en)}
                  for one in product.filed_clauses],
    }


def _what(product: Product) -> list[tuple[str, str]]:
    tongue, basis = language(), product.basis
    window = f" ({duration(basis.hours_window * 3600, tongue)})" if basis.hours_window else ""
    rows = [
        (_("Line"), said("line", product.line)),
        (_("Tier"), said("tier", product.tier)),
        (_("For"), joined(map(target_name, product.targets), tongue)),
        (_("Sectors"), joined(map(sector_name, product.sectors), tongue)
         if product.sectors else _("all")),
        (_("Jurisdictions"), joined(
            (code_words("territory", one, tongue) for one in product.jurisdictions), tongue)),
        (_("Territory"), code_words("territory", basis.territory, tongue)),
        (_("What is one event"), said("choice", basis.aggregation_rule) + window),
        (_("Retroactive date"), said("choice", basis.retroactive)),
        (_("Extended reporting"), days(basis.extended_reporting_days, tongue)),
        (_("Defence costs"), said("choice", product.limits.defence)),
        (_("Other insurance"), said("choice", product.other_insurance.rule)),
    ]
    if product.limits.reinstatements:
        rows.append((_("Reinstatements of the limit"), str(product.limits.reinstatements)))
    return [*((name, capfirst(value)) for name, value in rows),
            (_("Rating table"), product.rating.table)]


def _section(own: Section) -> Row:
    tongue = language()
    limit = sublimit_words(own.sublimit, tongue)
    if not own.erodes_aggregate:
        limit = joined((limit, said("sublimit", "beside")), tongue)
    facts = [
        (_("Paid when"), joined((fact_name(one, tongue) for one in own.triggers or ()), tongue)),
        (_("Trigger basis"), said("trigger_basis", own.trigger_basis or "")),
        (_("How a loss is valued"), valuation_words(own.valuation, tongue)),
        (_("Perils"), joined((peril_name(one, tongue) for one in own.perils or ()), tongue)),
        (_("Consent beforehand"), said("prior_consent", own.prior_consent)),
        (_("Vendors"), said("vendor_rule", own.vendor_rule)),
    ]
    if own.schedule_refs:
        facts.append((_("Confined to schedule"),
                      joined((said("choice", one) for one in own.schedule_refs), tongue)))
    if own.per_supplier_fen is not None:
        facts.append((_("Limit for one supplier"), format_yuan(own.per_supplier_fen)))
    if own.asks:
        facts.append((_("Known before anything is paid"),
                      joined((fact_name(one, tongue) for one in own.asks), tongue)))
    if own.evidence:
        facts.append((_("Claim papers"), joined(
            (code_words("evidence", one, tongue) for one in own.evidence), tongue)))
    return {
        "clause": own.clause, "code": own.coverage, "name": both(own.name_zh, own.name_en),
        "plain": both(own.plain_zh, own.plain_en), "text": both(own.text_zh, own.text_en),
        "mandatory": own.mandatory, "payability": own.payability or "covered",
        "payability_words": said("payability", own.payability or "covered"),
        "limit": limit,
        "waiting": waiting_words(own.waiting, tongue) if own.waiting else "",
        "borne": _section_borne(own),
        "longest": days(own.indemnity_days, tongue) if own.indemnity_days is not None else "",
        "facts": facts, "excluded": own.exclusions or (), "source": own.source,
        "confidence": own.confidence,
    }


def _section_borne(own: Section) -> str:
    tongue = language()
    parts = [retention_words(own.retention, tongue)]
    if own.insured_share_ppm:
        parts.append(_("%(share)s of the loss") % {"share": percent(own.insured_share_ppm)})
    return joined(parts, tongue)


def _tower(own: Tower) -> Row:
    return {
        "clause": own.clause, "code": own.coverage, "name": both(own.name_zh, own.name_en),
        "plain": both(own.plain_zh, own.plain_en), "text": both(own.text_zh, own.text_en),
        "limit": said("cap", own.cap), "law": own.law,
    }


def _borne(product: Product) -> list[Row]:
    """What of a loss stays with the insured, and by which clause."""
    limits, rows = product.limits, []

    def row(what: str, amount: str, clause: str = "") -> None:
        rows.append({"what": what, "amount": amount, "clause": clause})

    if limits.deductible_maximum_fen:
        low, high = (format_yuan(one) for one in (limits.deductible_minimum_fen,
                                                  limits.deductible_maximum_fen))
        usual = format_yuan(limits.deductible_default_fen)
        row(_("Event deductible, for each %(unit)s") % {
            "unit": said("choice", limits.deductible_per)},
            _("%(low)s to %(high)s, usually %(usual)s") % {
                "low": low, "high": high, "usual": usual})
    for own in product.sections:
        name = coverage_name(own.coverage, language())
        if own.waiting:
            row(_("Waiting time, %(cover)s") % {"cover": name},
                waiting_words(own.waiting, language()), own.clause)
        if own.retention.kind not in {"none", "event_deductible"}:
            row(_("Own retention, %(cover)s") % {"cover": name},
                retention_words(own.retention, language()), own.clause)
        if own.insured_share_ppm:
            row(_("Share of the loss, %(cover)s") % {"cover": name},
                percent(own.insured_share_ppm), own.clause)
        if own.average:
            row(_("Under-insurance, %(cover)s") % {"cover": name},
                _("paid in proportion"), own.clause)
    for one in product.exclusions:
        if one.effect is not None and one.effect.type not in _TAKES_ALL:
            row(both(one.name_zh, one.name_en), _short(one), one.clause)
    if product.instalments is not None:
        row(_("Premium not paid in full"), _("paid in proportion to the premium paid"),
            product.instalments.clause)
    return rows


_TAKES_ALL = frozenset({"exclude_event", "exclude_item", "none", "decline_quote"})


def _exclusion(own: Exclusion, product: Product) -> Row:
    tongue = language()
    standard = standard_exclusions().get(own.code)
    when, then = exclusion_words(own, tongue, terms=product)
    facts = [
        (_("Applies when"), when),
        (_("Acts on"), said("acts_on", own.acts_on)),
        (_("What follows"), then),
        (_("Who proves it"), said("who", own.burden)),
        (_("Duty to explain"), said("duty", own.duty or "explain")),
    ]
    if own.carve_backs:
        facts.append((_("Does not apply"), carve_back_words(own.carve_backs, tongue)))
    if own.coverages:
        facts.append((_("Only for"), joined((coverage_name(one, tongue) for one in own.coverages),
                                            tongue)))
    if own.variant:
        facts.append((_("Variant"), code_words("variant", own.variant, tongue)))
    return {
        "clause": own.clause, "code": own.code, "name": both(own.name_zh, own.name_en),
        "plain": both(own.plain_zh, own.plain_en), "text": both(own.text_zh, own.text_en),
        "effect": _short(own), "facts": facts, "law": own.law,
        "takes_all": own.effect is not None and own.effect.type in _TAKES_ALL,
        "example": both(standard.example_zh, standard.example_en) if standard else "",
        "own": standard is None,
    }


def _short(own: Exclusion) -> str:
    """What an exclusion does, in a line; a graded one in its own details."""
    if own.effect is None:
        return ""
    if own.effect.type == "graded":
        return _("graded by the facts")
    if own.effect.type == "sliding_coinsurance":
        return _("share of the loss by steps")
    return effect_words(own.effect, language(), acts_on=own.acts_on)


def _shared(own: SharedLimit) -> Row:
    tongue = language()
    amount = (format_yuan(own.amount_fen) if own.amount_fen is not None else
              _("%(share)s of the aggregate limit") % {
                  "share": percent(own.ppm_of_aggregate or 0)})
    return {
        "clause": own.clause, "id": own.id,
        "covers": joined((coverage_name(one, tongue) for one in own.coverages), tongue),
        "amount": joined((amount, said("choice", own.basis)), tongue),
    }


def _layer(own: Layer) -> Row:
    start = format_yuan(own.attachment_fen) if own.attachment_fen else percent(own.attachment_ppm)
    size = format_yuan(own.limit_fen) if own.limit_fen else percent(own.limit_ppm)
    placed = sum(one.share_ppm for one in own.participants)
    return {
        "clause": own.clause, "id": own.id, "name": name_of(own), "start": start, "size": size,
        "basis": said("choice", own.basis), "reinstatements": own.reinstatements,
        "shares": [{"party": one.party, "role": said("role", one.role),
                    "share": percent(one.share_ppm),
                    "bearer": "" if one.bearer == "named" else said("bearer", one.bearer)}
                   for one in own.participants],
        "unplaced": percent(1_000_000 - placed) if own.participants and placed < 1_000_000 else "",
    }


def _service(own: Any, product: Product) -> Row:
    return {"clause": own.clause, "code": own.code, "name": coverage_name(own.code, language()),
            "quantity": own.quantity, "unit": both(own.unit_zh, own.unit_en)}


def _promises(product: Product) -> list[Row]:
    tongue, own = language(), product.claims_process
    return [
        {"what": _("Report an incident within"), "who": said("who", "insured"),
         "time": duration(own.notice_hours * 3600, tongue), "law": "保险法21条"},
        {"what": _("The claim is determined within"), "who": said("who", "insurer"),
         "time": days(own.decision_days, tongue), "law": "保险法23条"},
        {"what": _("Once agreed, it is paid within"), "who": said("who", "insurer"),
         "time": days(own.pay_days, tongue), "law": "保险法23条"},
        {"what": _("What is certain is paid in advance within"), "who": said("who", "insurer"),
         "time": days(own.interim_days, tongue), "law": "保险法25条"},
        {"what": _("A refusal comes with its reasons within"), "who": said("who", "insurer"),
         "time": days(own.refusal_days, tongue), "law": "保险法24条"},
    ]


def _obligation(own: Any) -> Row:
    return {
        "clause": own.clause, "who": said("who", own.who), "text": both(own.text_zh, own.text_en),
        "time": duration(own.deadline_hours * 3600, language())
        if own.deadline_hours is not None else "",
        "statutory": own.statutory, "breach": own.breach,
    }


def _parameter(code: str, value: int) -> Row:
    known = parameters().get(code)
    return {"code": code, "name": name_of(known) if known is not None else code,
            "value": parameter_value(code, value, language()) if known is not None else value}
