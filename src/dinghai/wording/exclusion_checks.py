"""Checks of exclusions: typical ones missing, own ones, changed ones, cliffs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import msgspec

from dinghai.foundation.canonical import JSON
from dinghai.vocabulary.coverages import coverages
from dinghai.vocabulary.exclusions import exclusions
from dinghai.wording.cover_checks import section_said
from dinghai.wording.deviations import Findings, Said, listed
from dinghai.wording.exclusions import CarveBack, Effect, Exclusion
from dinghai.wording.products import resolve
from dinghai.wording.saying import carve_back_words, effect_words, predicate_words, word
from dinghai.wording.standard import profile_of
from dinghai.wording.validity import OWN_CODE, granted_coverages


def check_exclusions(findings: Findings) -> None:
    """Each exclusion against the standard one of its code, and what is missing."""
    product = findings.product
    known = tuple(one for one in product.exclusions if one.code in exclusions())
    bare = resolve(msgspec.structs.replace(product, exclusions=tuple(
        Exclusion(code=one.code, clause=one.clause) for one in known)))
    standard = {one.code: one for one in bare.exclusions}
    for index, own in enumerate(product.exclusions):
        place = f"exclusions[{index}]"
        if own.code.startswith(OWN_CODE):
            takes_all = own.effect is not None and own.effect.type == "exclude_event"
            findings.note("XC-OWN-CLIFF" if takes_all else "XC-OWN", f"{place}.code",
                          subject=exclusion_said(own), found=own.code, clause=own.clause)
        elif own.code in standard:
            _against_standard(findings, own, standard[own.code], place)
        _cliffs(findings, own, place)
        _reach(findings, own, place)
    _missing(findings)
    for index, section in enumerate(product.sections):
        if section.vendor_rule == "designated":
            findings.note("XC-DESIGNATED", f"sections[{index}].vendor_rule", found="designated",
                          subject=section_said(section), clause=section.clause)


def exclusion_said(own: Exclusion) -> Said:
    """An exclusion by code and name in both languages."""
    return f"{own.code} {own.name_zh}".strip(), f"{own.code} {own.name_en}".strip()


def _against_standard(
    findings: Findings, own: Exclusion, standard: Exclusion, place: str
) -> None:
    granted = set(granted_coverages(findings.product))
    changes = [
        ("predicate", "XC-PREDICATE", own.predicate == standard.predicate,
         _narrower(own.predicate, standard.predicate), _predicates(own), _predicates(standard)),
        ("effect", "XC-EFFECT", own.effect == standard.effect,
         _no_harsher(own.effect, standard.effect), _effects(own), _effects(standard)),
        ("carve_backs", "XC-CARVE", _same_carve_backs(own, standard, granted),
         _keeps_carve_backs(own, standard, granted), _carved(own), _carved(standard)),
    ]
    harsher = []
    for field, rule, same, milder, found, expected in changes:
        if same:
            continue
        if milder:
            findings.note("XC-MILDER", f"{place}.{field}", subject=exclusion_said(own),
                          found=found, expected=expected, clause=own.clause)
        elif own.variant:
            harsher.append(field)
        else:
            findings.note(rule, f"{place}.{field}", subject=exclusion_said(own), found=found,
                          expected=expected, clause=own.clause)
    if harsher:
        findings.note("XC-VARIANT", f"{place}.variant", subject=exclusion_said(own),
                      found=own.variant, clause=own.clause, expected=(
                          "、".join(word("field", one, "zh") for one in harsher),
                          ", ".join(word("field", one, "en") for one in harsher)))
    unchanged = all(same for _field, _rule, same, *_more in changes)
    if unchanged and not own.variant and (own.text_zh, own.text_en) != (
            standard.text_zh, standard.text_en):
        findings.note("XC-TEXT", f"{place}.text_zh", subject=exclusion_said(own),
                      clause=own.clause)


def _cliffs(findings: Findings, own: Exclusion, place: str) -> None:
    standard = exclusions().get(own.code)
    takes_all = own.effect is not None and own.effect.type == "exclude_event"
    if standard is not None and standard.standardisation == "cliff_flag" and takes_all:
        findings.note("XC-CLIFF", f"{place}.code", subject=exclusion_said(own), found=own.code,
                      clause=own.clause)
    if standard is not None and standard.standardisation == "graded_recommended" and takes_all:
        findings.note("XC-UNGRADED", f"{place}.effect", subject=exclusion_said(own),
                      found=_effects(own), clause=own.clause)
    if own.cumulative and own.penalty_group:
        findings.note("XC-CUMULATIVE", f"{place}.cumulative", subject=exclusion_said(own),
                      found="true", expected="false", clause=own.clause)


def _reach(findings: Findings, own: Exclusion, place: str) -> None:
    """Whether an item exclusion acts on any section at all."""
    standard = exclusions().get(own.code)
    if own.acts_on != "item" or (standard is not None and standard.policy_level_default):
        return
    touched = [one for one in findings.product.sections if own.code in (one.exclusions or ())
               and (not own.coverages or one.coverage in own.coverages)]
    if not touched:
        findings.note("XC-UNUSED", f"{place}.code", subject=exclusion_said(own), found=own.code,
                      clause=own.clause)


def _missing(findings: Findings) -> None:
    product = findings.product
    present = {one.code for one in product.exclusions}
    profile = profile_of(product)
    core = () if profile is None else profile.exclusions
    for code in core:
        if code not in present:
            findings.note("XC-CORE", "exclusions", subject=_standard_said(code), expected=code)
    usual: dict[str, list[str]] = {}
    for coverage in granted_coverages(product):
        standard = coverages().get(coverage)
        for code in () if standard is None else standard.typical_exclusions:
            usual.setdefault(code, []).append(coverage)
    for code, covers in usual.items():
        if code not in present and code not in core:
            findings.note("XC-TYPICAL", "exclusions", subject=listed(covers),
                          found=_standard_said(code), expected=code)


def _standard_said(code: str) -> Said:
    standard = exclusions().get(code)
    if standard is None:
        return code
    return f"{code} {standard.name_zh}", f"{code} {standard.name_en}"


def _predicates(own: Exclusion) -> Said:
    return predicate_words(own.predicate, "zh"), predicate_words(own.predicate, "en")


def _effects(own: Exclusion) -> Said:
    return effect_words(own.effect, "zh"), effect_words(own.effect, "en")


def _carved(own: Exclusion) -> Said:
    return carve_back_words(own.carve_backs, "zh"), carve_back_words(own.carve_backs, "en")


def _conjuncts(predicate: Mapping[str, JSON] | None) -> Sequence[Mapping[str, Any]]:
    if predicate is None:
        return ()
    parts: Sequence[Mapping[str, Any]] = predicate.get("all") or (predicate,)
    return parts


def _narrower(own: Mapping[str, JSON] | None, standard: Mapping[str, JSON] | None) -> bool:
    """Whether one condition holds in no case in which the other does not: each of the standard's
    conjuncts is kept, or made stricter by its number."""
    return all(any(_implies(one, wanted) for one in _conjuncts(own))
               for wanted in _conjuncts(standard))


def _implies(own: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    if own == wanted:
        return True
    if own.get("fact") != wanted.get("fact") or own.get("op") != wanted.get("op"):
        return False
    value, least = own.get("value"), wanted.get("value")
    if not isinstance(value, int) or not isinstance(least, int):
        return False
    return (own["op"] in {"gt", "ge"} and value >= least) or (
        own["op"] in {"lt", "le"} and value <= least)


def _no_harsher(own: Effect | None, standard: Effect | None) -> bool:
    """Whether an effect never takes more than the standard one, as far as its form shows."""
    if own is None or standard is None or own == standard or own.type == "none":
        return own == standard or own is None or own.type == "none"
    if standard.type in {"exclude_event", "exclude_item"}:
        return own.type not in {"exclude_event", "decline_quote"}
    if own.type != standard.type:
        return False
    if own.type == "coinsurance":
        return own.insured_share_ppm <= standard.insured_share_ppm
    if own.type == "deductible_uplift":
        return own.mode == standard.mode and own.rate_ppm <= standard.rate_ppm
    if own.type == "extend_waiting":
        return own.hours <= standard.hours
    if own.type == "sliding_coinsurance":
        return own.fact == standard.fact and _bands_no_harsher(own, standard)
    if own.type == "graded":
        return len(own.steps) == len(standard.steps) and all(
            mine.when == theirs.when and _no_harsher(mine.effect, theirs.effect)
            for mine, theirs in zip(own.steps, standard.steps, strict=True))
    return False


def _bands_no_harsher(own: Effect, standard: Effect) -> bool:
    edges = sorted({one.up_to for effect in (own, standard) for one in effect.bands
                    if one.up_to is not None})
    values = [0, *edges, *(low + 1 for low, _high in pairwise([*edges, 0]))]
    return all(_share_at(own, one) <= _share_at(standard, one) for one in values)


def _share_at(effect: Effect, value: int) -> int:
    return next(one.insured_share_ppm for one in effect.bands
                if one.up_to is None or value <= one.up_to)


def _real(own: Exclusion, granted: set[str]) -> list[CarveBack]:
    """Carve-backs that do something here: not mere remarks, and for covers that are granted."""
    return [one for one in own.carve_backs or ()
            if (granted.intersection(one.coverages) if one.coverages else one.when is not None)]


def _same_carve_backs(own: Exclusion, standard: Exclusion, granted: set[str]) -> bool:
    return [(one.coverages, one.when) for one in _real(own, granted)] == [
        (one.coverages, one.when) for one in _real(standard, granted)]


def _keeps_carve_backs(own: Exclusion, standard: Exclusion, granted: set[str]) -> bool:
    return all(any(_at_least(one, wanted, granted) for one in _real(own, granted))
               for wanted in _real(standard, granted))


def _at_least(own: CarveBack, wanted: CarveBack, granted: set[str]) -> bool:
    needed = granted.intersection(wanted.coverages) or granted
    covers = not own.coverages or needed <= set(own.coverages)
    return covers and own.when in (None, wanted.when)
