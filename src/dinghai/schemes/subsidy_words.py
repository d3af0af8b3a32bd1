"""Reasons in words, Chinese and English: what was found, what the rule wants, what mends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from dinghai.foundation.money import format_yuan
from dinghai.schemes.subsidy_register import Reason
from dinghai.schemes.subsidy_rule import Condition, SubsidyRule

Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class _Words:
    false: tuple[str, str]
    unknown: tuple[str, str]
    mend: tuple[str, str]


_AMOUNTS: Final = frozenset({"firm_cap", "budget", "budget_cut", "shared_out", "too_small"})
_NONE: Final = ("", "")
_SAID: Final[Mapping[str, _Words]] = {
    "sector": _Words(
        ("行业{found}不在补贴范围（{wanted}）", "sector {found} is not one of: {wanted}"),
        ("行业未细到补贴范围（{wanted}）", "the sector is not stated as finely as: {wanted}"),
        ("核对国民经济行业代码（GB/T 4754）", "check the code of GB/T 4754")),
    "area": _Words(
        ("地区{found}不在补贴范围（{wanted}）", "area {found} is not one of: {wanted}"),
        ("地区未细到补贴范围（{wanted}）", "the area is not stated as finely as: {wanted}"),
        ("核对六位行政区划代码", "check the six digits of the area")),
    "size": _Words(
        ("企业规模{found}不在补贴范围（{wanted}）", "size {found} is not one of: {wanted}"),
        ("企业规模未说明（{wanted}）", "the size is not stated; one of: {wanted}"),
        ("说明企业规模并附证明", "state the size, with evidence")),
    "product": _Words(
        ("产品{found}不在补贴范围（{wanted}）", "product {found} is not one of: {wanted}"),
        ("产品未说明（{wanted}）", "the product is not stated; one of: {wanted}"),
        ("核对保单上的产品代码", "check the product on the policy")),
    "line": _Words(
        ("险种{found}不在补贴范围（{wanted}）", "line {found} is not one of: {wanted}"),
        ("险种未说明（{wanted}）", "the line is not stated; one of: {wanted}"),
        ("核对保单上的险种", "check the line on the policy")),
    "period": _Words(
        ("日期{found}不在补贴期（{wanted}）", "{found} is outside the period {wanted}"), _NONE,
        ("适用其他年度规则的，另行申请", "apply under the rule of that time, where there is one")),
    "paid_on": _Words(
        _NONE, ("缴费日期未说明", "the day on which the premium was paid is not stated"),
        ("补充缴费日期和凭证", "state the day, with proof of payment")),
    "inception": _Words(
        _NONE, ("起保日期未说明", "the first day of cover is not stated"),
        ("补充起保日期", "state the first day of cover")),
    "not_paid_yet": _Words(
        _NONE, ("保费至{found}才缴纳", "the premium is paid on {found} only"),
        ("缴费后再次提交", "hand it in again when it is paid")),
    "late": _Words(
        ("申请日{found}晚于截止日{wanted}", "it was applied on {found}, after {wanted}"), _NONE,
        ("截止后不再受理", "nothing mends it: applications have ended")),
    "borne_by_others": _Words(
        _NONE, ("他人承担的保费未说明", "what others bear of the premium is not stated"),
        ("说明他人承担的保费，没有的填0", "state it, 0 if nobody bears any")),
    "no_premium": _Words(
        ("企业未自行承担保费", "the firm bears no premium itself"), _NONE,
        ("核对保费、他人承担和退费", "check premium, others' part and refunds")),
    "too_small": _Words(
        ("补贴不足一分", "the subsidy is less than a fen"), _NONE,
        ("核对保费单位", "check the unit of the premium")),
    "firm_cap": _Words(
        ("企业已占用补贴{found}，上限{wanted}", "the firm has {found} of at most {wanted}"), _NONE,
        ("上限按企业累计，用完为止", "the cap is over all policies of a firm: it is used up")),
    "duplicate": _Words(
        ("保单{wanted}已由申请{found}申请", "policy {wanted} is application {found} already"),
        _NONE,
        ("一份保单只补贴一次；补正原申请",
         "a policy is subsidised once: complete that application")),
    "closed": _Words(
        ("已于{found}结算", "the budget was shared out on {found}"), _NONE,
        ("结算后不再受理", "nothing mends it: the rule is closed")),
    "budget": _Words(
        _NONE, ("预算剩余{found}，需要{wanted}", "the budget has {found} left of {wanted}"),
        ("按申请时间等待预算", "it waits its turn: nothing needs to be done")),
    "budget_cut": _Words(
        ("预算剩余{found}，按此核减（应补{wanted}）",
         "cut from {wanted} to what the budget has left, {found}"), _NONE, _NONE),
    "taken_over": _Words(
        ("登记前已于{found}批准", "granted on {found}, before the register"), _NONE, _NONE),
    "shared_out": _Words(
        ("预算{found}按比例分配（合计应补{wanted}）",
         "the budget of {found} is shared out over {wanted}"), _NONE, _NONE),
}


@dataclass(frozen=True, slots=True)
class SaidReason:
    """A reason in one language."""

    text: str
    mend: str


def say_reason(rule: SubsidyRule, one: Reason, language: Language = "en") -> SaidReason:
    """A reason in words; a condition and a document speak in the rule's own."""
    at = 0 if language == "zh" else 1
    subject, _, name = one.code.partition(":")
    if subject == "condition":
        return _condition(rule, name, one, language)
    if subject == "document":
        paper = next((each for each in rule.documents if each.id == name), None)
        title = name if paper is None else (
            paper.name_zh if language == "zh" else paper.name_en or paper.name_zh)
        return SaidReason(f"缺少材料：{title}" if language == "zh" else f"not enclosed: {title}",
                          "补交该材料" if language == "zh" else "enclose it")
    words = _SAID.get(one.code)
    if words is None:  # of a register that a later house wrote
        return SaidReason(one.code, "")
    text = (words.unknown if one.truth == "unknown" else words.false)[at]
    return SaidReason(text.format(found=_value(one.code, one.found),
                                  wanted=_value(one.code, one.wanted)), words.mend[at])


def _condition(rule: SubsidyRule, fact: str, one: Reason, language: Language) -> SaidReason:
    found = next((each for place, each in enumerate(rule.conditions) if each.fact == fact
                  and one.part == f"conditions[{place}]"), None)
    text, evidence = _texts(found, fact, language)
    if one.truth == "unknown":
        return SaidReason(f"条件未证明：{text}" if language == "zh" else f"not shown: {text}",
                          evidence or (f"说明 {fact} 并附证明" if language == "zh"
                                       else f"state {fact}, with evidence"))
    state = f"{fact} = {one.found}"
    return SaidReason(f"不符合条件：{text}（{state}）" if language == "zh"
                      else f"not met: {text} ({state})",
                      "条件满足后再次提交" if language == "zh"
                      else "hand it in again when it is met")


def _texts(found: Condition | None, fact: str, language: Language) -> tuple[str, str]:
    if found is None:
        return fact, ""
    if language == "zh":
        return found.text_zh, found.evidence_zh
    return found.text_en or found.text_zh, found.evidence_en or found.evidence_zh


def _value(code: str, text: str) -> str:
    return format_yuan(int(text)) if code in _AMOUNTS and text.lstrip("-").isdigit() else text
