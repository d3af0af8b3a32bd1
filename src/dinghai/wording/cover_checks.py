"""Checks of covers and their usual parameters: core, triggers, waiting, limits, shares."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from dinghai.foundation.money import PPM
from dinghai.vocabulary.coverages import Coverage, coverages
from dinghai.vocabulary.exclusions import exclusions
from dinghai.wording.deviations import Findings, Said, listed
from dinghai.wording.products import resolve, usual_exclusions
from dinghai.wording.saying import (
    coverage_name,
    days,
    fact_name,
    joined,
    measured,
    percent,
    peril_name,
    range_words,
    valuation_words,
    word,
)
from dinghai.wording.schema import Limits, Product, Rating
from dinghai.wording.sections import Section
from dinghai.wording.standard import Range, profile_of, range_of
from dinghai.wording.words import INTERRUPTIONS


def check_covers(findings: Findings) -> None:
    """Core covers of the kind of product; each section against the standard one."""
    product = findings.product
    _core(findings)
    for index, section in enumerate(product.sections):
        place = f"sections[{index}]"
        standard = coverages().get(section.coverage)
        if standard is not None:
            _against_standard(findings, section, standard, place)
        _usual(findings, section, place)
    _product_parameters(findings)


def _named(code: str) -> Said:
    return coverage_name(code, "zh"), coverage_name(code, "en")


def _core(findings: Findings) -> None:
    product = findings.product
    profile = profile_of(product)
    if profile is None:
        return
    granted = {one.coverage: index for index, one in enumerate(product.sections)}
    for code in profile.core:
        if code not in granted:
            findings.note("CV-CORE", "sections", subject=_named(code), expected=code)
        elif not product.sections[granted[code]].mandatory:
            findings.note("CV-OPTIONAL", f"sections[{granted[code]}].mandatory",
                          subject=_named(code), expected="true", found="false",
                          clause=product.sections[granted[code]].clause)
    if profile.any_of and not granted.keys() & set(profile.any_of):
        findings.note("CV-CORE-ANY", "sections", subject=(profile.name_zh, profile.name_en),
                      expected=listed(profile.any_of))
    for code in profile.expected:
        if code not in granted:
            findings.note("CV-EXPECTED", "sections", subject=_named(code), expected=code)


def _against_standard(
    findings: Findings, section: Section, standard: Coverage, place: str
) -> None:
    own = section_said(section)

    def note(rule: str, field: str, found: Said = "", expected: Said = "") -> None:
        findings.note(rule, f"{place}.{field}", subject=own, found=found, expected=expected,
                      clause=section.clause)

    triggers = section.triggers or ()
    if not set(standard.trigger.events) <= set(triggers):
        note("CV-TRIGGER", "triggers", _facts(triggers), _facts(standard.trigger.events))
    if section.trigger_basis != standard.trigger.basis:
        note("CV-BASIS", "trigger_basis", _both("trigger_basis", str(section.trigger_basis)),
             _both("trigger_basis", standard.trigger.basis))
    lacking = [one for one in standard.trigger.perils if one not in (section.perils or ())]
    if lacking and not _single_peril(findings.product):
        note("CV-PERILS", "perils", (joined((peril_name(one, "zh") for one in lacking), "zh"),
                                     joined((peril_name(one, "en") for one in lacking), "en")))
    _valuation(findings, section, place)
    more = [one for one in section.evidence or () if one not in standard.evidence]
    if more:
        note("CV-EVIDENCE", "evidence", listed(more), listed(standard.evidence))
    if section.asks:
        note("CV-ASKS", "asks", _facts(section.asks))
    spread = [one for one in section.exclusions or ()
              if one not in usual_exclusions(section.coverage)
              and _confined(findings.product, one)]
    if spread:
        note("CV-SPREAD", "exclusions", listed(spread))
    if section.text_zh != standard.definition_zh or section.text_en != standard.definition_en:
        note("CV-TEXT", "text_zh")


def _confined(product: Product, code: str) -> bool:
    """Whether the standard knows an item exclusion only for the covers that it names."""
    own, standard = product.exclusion(code), exclusions().get(code)
    return (own is not None and own.acts_on == "item" and standard is not None
            and not standard.policy_level_default)


def _valuation(findings: Findings, section: Section, place: str) -> None:
    usual = standard_section(section.coverage)
    if section.valuation is None or usual.valuation is None:
        return
    method, standard = section.valuation.method, usual.valuation.method
    if method == standard or {method, standard} <= INTERRUPTIONS:
        return
    findings.note("CV-VALUATION", f"{place}.valuation.method", subject=section_said(section),
                  found=(valuation_words(section.valuation, "zh"),
                         valuation_words(section.valuation, "en")),
                  expected=(valuation_words(usual.valuation, "zh"),
                            valuation_words(usual.valuation, "en")), clause=section.clause)


@cache
def standard_section(coverage: str) -> Section:
    """The section as the vocabulary alone would fill it."""
    bare = Product(
        schema="dinghai.product/1", product_id="bare", version="0", name_zh="", name_en="",
        summary_zh="", summary_en="", line="property", tier="standard",
        sections=(Section(coverage=coverage, clause=""),),
        limits=Limits(aggregate_minimum_fen=1, aggregate_default_fen=1, aggregate_maximum_fen=1),
        rating=Rating(table="", float_rule=""))
    return resolve(bare).sections[0]


def _usual(findings: Findings, section: Section, place: str) -> None:
    """Numbers of a section against the usual ranges."""
    waiting = section.waiting
    if waiting is not None:
        _ranged(findings, section, f"{place}.waiting.seconds", "waiting", waiting.seconds)
    if section.indemnity_days is not None:
        _ranged(findings, section, f"{place}.indemnity_days", "indemnity",
                section.indemnity_days)
    if section.valuation is not None and section.valuation.window_days is not None:
        _ranged(findings, section, f"{place}.valuation.window_days", "window",
                section.valuation.window_days)
    if section.sublimit.ppm_of_aggregate is not None:
        _ranged(findings, section, f"{place}.sublimit.ppm_of_aggregate", "sublimit",
                section.sublimit.ppm_of_aggregate)
    if section.sublimit.multiple_of_fee is not None:
        _ranged(findings, section, f"{place}.sublimit.multiple_of_fee", "fee_multiple",
                section.sublimit.multiple_of_fee)
    _ranged(findings, section, f"{place}.insured_share_ppm", "insured_share",
            section.insured_share_ppm)
    if section.retention.kind in {"percentage", "higher_of"}:
        _ranged(findings, section, f"{place}.retention.ppm", "percentage", section.retention.ppm)


def _ranged(
    findings: Findings, section: Section, place: str, name: str, value: int
) -> None:
    allowed = range_of(name, section.coverage) or range_of(name)
    if allowed is None or allowed.holds(value):
        return
    plain = name == "fee_multiple"
    findings.note(allowed.rule, place, subject=section_said(section),
                  found=str(value) if plain else _measured(value, allowed),
                  expected=f"{allowed.minimum}-{allowed.maximum}" if plain else _range(allowed),
                  clause=section.clause)


def _product_parameters(findings: Findings) -> None:
    product = findings.product
    reporting = range_of("extended_reporting")
    made = any(one.trigger_basis == "claims_made" for one in product.sections)
    value = product.basis.extended_reporting_days
    if made and reporting is not None and not reporting.holds(value):
        findings.note(reporting.rule, "basis.extended_reporting_days",
                      found=(days(value, "zh"), days(value, "en")), expected=_range(reporting))
    notice = range_of("notice")
    hours = product.claims_process.notice_hours
    if notice is not None and not notice.holds(hours):
        findings.note(notice.rule, "claims_process.notice_hours",
                      found=_measured(hours, notice), expected=_range(notice))
    limits = product.limits
    share = limits.deductible_default_fen * PPM // limits.aggregate_default_fen
    usual = range_of("deductible")
    if usual is not None and not usual.holds(share):
        findings.note(usual.rule, "limits.deductible_default_fen", found=percent(share),
                      expected=_range(usual))
    if limits.each_event_ppm < PPM:
        findings.note("PR-EVENT", "limits.each_event_ppm", found=percent(limits.each_event_ppm))
    _tier(findings)


def _tier(findings: Findings) -> None:
    product = findings.product
    if product.tier == "demonstration" and not product.layers:
        findings.note("PR-DEMONSTRATION", "layers")
    if product.tier != "inclusive":
        return
    if product.layers:
        findings.note("PR-INCLUSIVE", "layers", subject=("分层", "layers"))
    for index, section in enumerate(product.sections):
        if section.average:
            findings.note("PR-INCLUSIVE", f"sections[{index}].average", clause=section.clause,
                          subject=("不足额比例赔付", "average"))
        if section.retention.ppm and section.retention.of == "sublimit":
            findings.note("PR-INCLUSIVE", f"sections[{index}].retention.of",
                          clause=section.clause,
                          subject=("按限额比例计算的免赔", "a retention by the sublimit"))


def _single_peril(product: Product) -> bool:
    """A product whose sections all hang on one peril says so by narrowing them."""
    perils = {one for section in product.sections for one in section.perils or ()}
    return len(perils) <= 1


def section_said(section: Section) -> Said:
    """A section by code and name in both languages."""
    return (f"{section.coverage} {section.name_zh}".strip(),
            f"{section.coverage} {section.name_en}".strip())


def _both(group: str, key: str) -> tuple[str, str]:
    return word(group, key, "zh"), word(group, key, "en")


def _facts(codes: Iterable[str]) -> tuple[str, str]:
    codes = tuple(codes)
    return (joined((fact_name(one, "zh") for one in codes), "zh"),
            joined((fact_name(one, "en") for one in codes), "en"))


def _measured(value: int, allowed: Range) -> tuple[str, str]:
    return measured(value, allowed.unit, "zh"), measured(value, allowed.unit, "en")


def _range(allowed: Range) -> tuple[str, str]:
    return range_words(allowed, "zh"), range_words(allowed, "en")
