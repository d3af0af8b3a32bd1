"""Checks of what the law prescribes, of filing, of texts and of terms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from dinghai.vocabulary.coverages import coverages
from dinghai.vocabulary.exclusions import exclusions
from dinghai.wording.cover_checks import section_said, standard_section
from dinghai.wording.deviations import Findings, Said
from dinghai.wording.exclusion_checks import exclusion_said
from dinghai.wording.exclusions import Exclusion
from dinghai.wording.saying import effect_words, participants_words, word
from dinghai.wording.schema import Obligation, Product
from dinghai.wording.sections import Section
from dinghai.wording.standard import (
    StandardTerm,
    StatedDuty,
    prohibitions,
    range_of,
    standard_terms,
    stated_duties,
)
from dinghai.wording.words import Duty, Payability

FILING_NUMBER: Final = re.compile(r"^C\d{7}\d{2}[12](\d{8})\d{5}$")
LONGEST_PLAIN: Final = 120
_DUTY_RANK: Final[dict[Duty, int]] = {"none": 0, "highlight": 1, "explain": 2}
_PAYABILITY_RANK: Final[dict[Payability, int]] = {
    "prohibited": 0, "nominal_only": 1, "conditional": 2, "covered": 3}
_DAYS: Final = ("decision_days", "pay_days", "interim_days", "refusal_days")
_ON_CHAIN: Final = ("EM-SC", "EM-CRYPTO")


def check_statute(findings: Findings) -> None:
    """Clocks, duties, towers outside, explanation, what may not be paid on the mainland."""
    product = findings.product
    for name in _DAYS:
        allowed = range_of(name)
        value: int = getattr(product.claims_process, name)
        if allowed is not None and not allowed.holds(value):
            findings.note(allowed.rule, f"claims_process.{name}", found=str(value),
                          expected=str(allowed.maximum))
    for duty in stated_duties():
        if not any(_states(one, duty) for one in product.obligations):
            findings.note(duty.rule, "obligations", expected=duty.id)
    _notice_hours(findings)
    _towers(findings)
    for index, own in enumerate(product.exclusions):
        _explanation(findings, own, f"exclusions[{index}]")
    for index, section in enumerate(product.sections):
        _payability(findings, section, f"sections[{index}]")
    chained = [one.coverage for one in product.sections if one.coverage in _ON_CHAIN]
    if chained and _mainland(product) and product.exclusion("EX-CRYPTO-CN") is None:
        findings.note("ST-VIRTUAL", "exclusions", subject=", ".join(chained),
                      expected="EX-CRYPTO-CN")
    if not (product.claims_process.appeal_zh and product.claims_process.appeal_en):
        findings.note("ST-APPEAL", "claims_process.appeal_zh")
    if not product.rating.float_rule:
        findings.note("ST-FLOAT", "rating.float_rule")
    for index, layer in enumerate(product.layers):
        others = [one for one in layer.participants
                  if one.role in {"chain_owner", "supplier"} and not one.retained]
        if others:
            findings.note("ST-SHARE", f"layers[{index}].participants", subject=layer.id,
                          found=(participants_words(others, "zh"),
                                 participants_words(others, "en")), clause=layer.clause)


def _states(obligation: Obligation, duty: StatedDuty) -> bool:
    text = obligation.text_zh
    return obligation.who == duty.who and (obligation.id == duty.id or (
        any(one in text for one in duty.words) and not any(one in text for one in duty.without)))


def _notice_hours(findings: Findings) -> None:
    agreed = findings.product.claims_process.notice_hours
    for index, one in enumerate(findings.product.obligations):
        if one.id == "notify" and one.deadline_hours not in (None, agreed):
            findings.note("ST-NOTICE-HOURS", f"obligations[{index}].deadline_hours",
                          found=str(one.deadline_hours), expected=str(agreed), clause=one.clause)


def _towers(findings: Findings) -> None:
    """Mitigation and survey are borne on top wherever the insurer pays money."""
    product = findings.product
    if not any(_pays(one) for one in product.sections):
        return
    for rule, code in (("ST-TOWER-57", "FP-MIT"), ("ST-TOWER-64", "FP-PROOF")):
        tower = product.tower(code)
        key = ""
        if product.section(code) is not None:
            key = "section"
        elif tower is None:
            key = "absent"
        elif code == "FP-PROOF" and tower.cap != "none":
            key = "capped"
        if key:
            findings.note(rule, "towers", expected=code,
                          found=(word("tower", key, "zh"), word("tower", key, "en")),
                          clause="" if tower is None else tower.clause)


def _pays(section: Section) -> bool:
    in_kind = section.valuation is not None and section.valuation.method == "in_kind"
    return not in_kind and section.payability in {None, "covered", "conditional"}


def _explanation(findings: Findings, own: Exclusion, place: str) -> None:
    said = exclusion_said(own)
    if not own.highlighted and own.duty != "none":
        findings.note("ST-HIGHLIGHT", f"{place}.highlighted", subject=said, found="false",
                      expected="true", clause=own.clause)
    least = _least_duty(own)
    if own.duty is not None and _DUTY_RANK[own.duty] < _DUTY_RANK[least]:
        findings.note("ST-DUTY", f"{place}.duty", subject=said, clause=own.clause,
                      found=(word("duty", own.duty, "zh"), word("duty", own.duty, "en")),
                      expected=(word("duty", least, "zh"), word("duty", least, "en")))
    if own.burden == "insured":
        findings.note("ST-BURDEN", f"{place}.burden", subject=said, found="insured",
                      expected="insurer", clause=own.clause)
    effect = own.effect
    if own.code == "EX-LATE" and effect is not None and effect.type != "none" and (
            effect.type, effect.fact) != ("reduce_by_fact", "claim.unascertainable_amount"):
        findings.note("ST-LATE", f"{place}.effect", clause=own.clause, found=(
            effect_words(effect, "zh"), effect_words(effect, "en")))


def _least_duty(own: Exclusion) -> Duty:
    """What the law asks at least: a prohibition of law needs highlighting only (解释二10条)."""
    standard = exclusions().get(own.code)
    if standard is None:
        return "highlight" if own.law else "explain"
    if standard.explanation == "statutory_none":
        return "none"
    if standard.explanation == "highlight_only" or own.code in prohibitions():
        return "highlight"
    return "explain"


def _mainland(product: Product) -> bool:
    return "CN-mainland" in product.jurisdictions


def _payability(findings: Findings, section: Section, place: str) -> None:
    if not _mainland(findings.product) or section.coverage not in coverages():
        return
    allowed = standard_section(section.coverage).payability or "covered"
    own = section.payability or "covered"
    if _PAYABILITY_RANK[own] > _PAYABILITY_RANK[allowed]:
        findings.note("ST-PAYABILITY", f"{place}.payability", subject=section_said(section),
                      clause=section.clause,
                      found=(word("payability", own, "zh"), word("payability", own, "en")),
                      expected=(word("payability", allowed, "zh"),
                                word("payability", allowed, "en")))


def check_filing(findings: Findings) -> None:
    """The filing number, the status and the dates."""
    product = findings.product
    number = product.filing_no
    if number is None:
        if product.status in {"filed", "revised"}:
            findings.note("FL-MISSING", "filing_no", found=product.status)
    else:
        matched = FILING_NUMBER.match(number)
        if matched is None:
            findings.note("FL-NUMBER", "filing_no", found=number, expected=FILING_NUMBER.pattern)
        elif not _is_day(matched[1]):
            findings.note("FL-DATE", "filing_no", found=number)
    if product.status == "revised" and not product.revises:
        findings.note("FL-REVISES", "revises")
    begins, ends = product.effective_from, product.effective_to
    if begins is not None and ends is not None and ends < begins:
        findings.note("FL-TERM", "effective_to", found=ends.isoformat(),
                      expected=begins.isoformat())


def _is_day(digits: str) -> bool:
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True


def check_texts(findings: Findings) -> None:
    """Texts in both languages, plain texts short enough, standard terms."""
    for place, clause, said, texts in _texts(findings.product):
        for side, language in ((0, "zh"), (1, "en")):
            lacking = [name for name, pair in texts.items() if not pair[side]]
            if lacking:
                findings.note("TX-MISSING", f"{place}.{lacking[0]}_{language}", subject=said,
                              found=", ".join(f"{one}_{language}" for one in lacking),
                              clause=clause)
            length = len(texts["plain"][side]) if "plain" in texts else 0
            if length > LONGEST_PLAIN:
                findings.note("TX-PLAIN", f"{place}.plain_{language}", subject=said,
                              found=str(length), expected=str(LONGEST_PLAIN), clause=clause)
        _synonyms(findings, place, clause, said, texts)
    _definitions(findings)


def _texts(product: Product) -> Iterator[tuple[str, str, Said, dict[str, tuple[str, str]]]]:
    """Place, clause, name and the pairs of texts of every part of a product that is read."""
    yield "", "", product.product_id, {
        "name": (product.name_zh, product.name_en),
        "summary": (product.summary_zh, product.summary_en)}
    for kind in ("sections", "towers", "exclusions"):
        for index, one in enumerate(getattr(product, kind)):
            code = getattr(one, "coverage", "") or getattr(one, "code", "")
            yield f"{kind}[{index}]", one.clause, (
                f"{code} {one.name_zh}".strip(), f"{code} {one.name_en}".strip()), {
                "name": (one.name_zh, one.name_en), "text": (one.text_zh, one.text_en),
                "plain": (one.plain_zh, one.plain_en)}
    for index, duty in enumerate(product.obligations):
        yield f"obligations[{index}]", duty.clause, duty.id, {
            "text": (duty.text_zh, duty.text_en)}


def _synonyms(
    findings: Findings, place: str, clause: str, said: Said, texts: dict[str, tuple[str, str]]
) -> None:
    for name, (zh, _en) in texts.items():
        for term in standard_terms().values():
            for other in term.instead_of:
                if other in zh:
                    findings.note("TX-SYNONYM", f"{place}.{name}_zh".lstrip("."), subject=said,
                                  found=other, expected=(term.zh, f"{term.zh} ({term.en})"),
                                  clause=clause)


def _definitions(findings: Findings) -> None:
    names = {one.zh: one for one in standard_terms().values()}
    for index, own in enumerate(findings.product.definitions):
        place = f"definitions[{index}]"
        term = standard_terms().get(own.term) or names.get(own.zh)
        if term is None:
            findings.note("TX-TERM-OWN", f"{place}.term", subject=(own.zh, own.en),
                          found=own.term)
        elif own.text_zh != term.text_zh or (own.zh, own.en) != (term.zh, term.en):
            findings.note("TX-TERM-CHANGED", f"{place}.text_zh", subject=_term(term),
                          found=(own.text_zh, own.text_en),
                          expected=(term.text_zh, term.text_en))


def _term(term: StandardTerm) -> Said:
    return term.zh, term.en
