"""Terms that 保险法17条 asks to explain before the contract is made, and what is said of them.

What is explained must be what is agreed: the words come from the whole term, not from one amount.
"""

from __future__ import annotations

from typing import Literal

from dinghai.foundation.money import format_yuan
from dinghai.wording.exclusions import Exclusion
from dinghai.wording.policy import Policy
from dinghai.wording.saying import percent, retention_words, waiting_words
from dinghai.wording.sections import Section
from dinghai.wording.words import Struct

Language = Literal["zh", "en"]
_OWN = frozenset({"fixed", "percentage", "higher_of", "lower_of"})


class ExplainableTerm(Struct, frozen=True):
    """One term that must be explained before it can be relied on."""

    key: str
    kind: Literal["exclusion", "deductible", "waiting", "insured_share", "premium_paid", "average"]
    name_zh: str
    name_en: str
    text_zh: str
    text_en: str
    plain_zh: str
    plain_en: str
    clause: str
    duty: Literal["explain", "highlight"]


def terms_to_explain(policy: Policy) -> tuple[ExplainableTerm, ...]:
    """Every exclusion, deductible, waiting period and ratio that 保险法17条 asks to explain."""
    terms = [_exclusion(one) for one in policy.product.exclusions if one.duty != "none"]
    schedule = policy.schedule
    if schedule.event_deductible_fen > 0 or schedule.event_deductible_ppm > 0:
        terms.append(_deductible("event_deductible", "", "每次事故免赔额", "Event deductible",
                                 _event_deductible(policy, "zh"), _event_deductible(policy, "en")))
    if schedule.retention_minimum_fen > 0:
        amount = format_yuan(schedule.retention_minimum_fen)
        terms.append(_deductible("retention_minimum", "", "每次事故最低自留额",
                                 "Minimum retention of an event", f"合计不低于 {amount}",
                                 f"at least {amount} in all"))
    for scheduled in schedule.sections:
        section = policy.product.section(scheduled.coverage)
        assert section is not None  # bind() has checked it
        terms += _of_section(section)
    if policy.product.instalments is not None:
        terms.append(_premium_paid(policy.product.instalments.clause))
    return tuple(terms)


def _of_section(section: Section) -> list[ExplainableTerm]:
    terms = []
    if section.waiting is not None:
        terms.append(ExplainableTerm(
            key=f"waiting:{section.coverage}", kind="waiting", clause=section.clause,
            name_zh=f"{section.name_zh}等待期", name_en=f"Waiting period, {section.name_en}",
            text_zh=f"等待期 {waiting_words(section.waiting, 'zh')}",
            text_en=f"Waiting period of {waiting_words(section.waiting, 'en')}",
            plain_zh="中断未超过等待期的，不赔；超过的，按约定方式扣除。",
            plain_en="An interruption within the waiting period is not paid; a longer one is "
                     "reduced as agreed.",
            duty="explain"))
    if section.insured_share_ppm > 0:
        share = percent(section.insured_share_ppm)
        terms.append(ExplainableTerm(
            key=f"insured_share:{section.coverage}", kind="insured_share",
            clause=section.clause, name_zh=f"{section.name_zh}被保险人自担比例",
            name_en=f"Insured's share, {section.name_en}", text_zh=f"自担 {share}",
            text_en=f"{share} is borne by the insured",
            plain_zh=f"该项损失由您自担 {share}。",
            plain_en=f"You bear {share} of this loss.", duty="explain"))
    if section.average:
        terms.append(ExplainableTerm(
            key=f"average:{section.coverage}", kind="average", clause=section.clause,
            name_zh=f"{section.name_zh}比例赔付", name_en=f"Average, {section.name_en}",
            text_zh="保险金额低于保险价值的，按保险金额与保险价值的比例赔付。",
            text_en="Where the sum insured is below the insurable value, a loss is paid in the "
                    "proportion of the one to the other.",
            plain_zh="保额买得不足时，赔款会按比例打折。",
            plain_en="If you insure less than the value at risk, a claim is paid in the same "
                     "proportion.", duty="explain"))
    if section.retention.kind in _OWN:
        terms.append(_deductible(
            f"retention:{section.coverage}", section.clause, f"{section.name_zh}免赔",
            f"Retention, {section.name_en}", retention_words(section.retention, "zh"),
            retention_words(section.retention, "en")))
    return terms


def _event_deductible(policy: Policy, language: Language) -> str:
    """The amount, the share of the loss where that may be higher, and whose it is."""
    schedule = policy.schedule
    parts = [format_yuan(schedule.event_deductible_fen)]
    if schedule.event_deductible_ppm:
        share = percent(schedule.event_deductible_ppm)
        parts.append(f"或损失的 {share}，以较高者为准" if language == "zh"
                     else f"or {share} of the loss, whichever is higher")
    if policy.product.limits.deductible_per == "insured":
        parts.append("每个被保险人各自承担" if language == "zh" else "for each insured")
    return ("，" if language == "zh" else ", ").join(parts)


def _deductible(
    key: str, clause: str, name_zh: str, name_en: str, text_zh: str, text_en: str
) -> ExplainableTerm:
    return ExplainableTerm(
        key=key, kind="deductible", name_zh=name_zh, name_en=name_en, clause=clause,
        text_zh=text_zh, text_en=text_en, plain_zh="发生损失时先由您承担这一部分。",
        plain_en="You bear this part of the loss first.", duty="explain")


def _premium_paid(clause: str) -> ExplainableTerm:
    return ExplainableTerm(
        key="premium_paid", kind="premium_paid", clause=clause,
        name_zh="按已付保险费比例赔付", name_en="Payment in proportion to the premium paid",
        text_zh="保险费未按约定付清的，按已付与应付保险费的比例赔付。",
        text_en="Where premium due is not paid in full, claims are paid in the proportion of "
                "premium paid to premium due.",
        plain_zh="保费没有按期付清，赔款会按已付比例打折。",
        plain_en="If premium due is unpaid, a claim is paid in the same proportion.",
        duty="explain")


def _exclusion(exclusion: Exclusion) -> ExplainableTerm:
    return ExplainableTerm(
        key=exclusion.code, kind="exclusion", name_zh=exclusion.name_zh,
        name_en=exclusion.name_en, text_zh=exclusion.text_zh, text_en=exclusion.text_en,
        plain_zh=exclusion.plain_zh, plain_en=exclusion.plain_en, clause=exclusion.clause,
        duty="highlight" if exclusion.duty == "highlight" else "explain")
