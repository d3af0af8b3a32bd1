"""What the steps of a firm are called, in Chinese and English."""

from __future__ import annotations

from typing import Final

from dinghai.supplychain.language import Language
from dinghai.supplychain.twin import COMPROMISED, EXPLOITED

_LONE: Final = {COMPROMISED: ("服务商被攻陷", "Provider compromised"),
                EXPLOITED: ("通用漏洞被大规模利用", "A common vulnerability is exploited at scale")}


def step_names(code: str, language: Language) -> tuple[str, str]:
    """The Chinese and the English name of a party's step. A step that the language
    does not know goes by its code."""
    if code in _LONE:
        return _LONE[code]
    try:
        step = language.of_code(code)
    except KeyError:
        return code, code
    return step.name_zh, step.name_en


def step_techniques(code: str, language: Language) -> tuple[str, ...]:
    """The ATT&CK techniques of a step; none where the language does not know it."""
    try:
        return language.of_code(code).techniques
    except KeyError:
        return ()


def link_kind_of(code: str, language: Language) -> str | None:
    """The kind of link that comes in by a step; None for a step that is no entry."""
    try:
        return language.of_code(code).entry
    except KeyError:
        return None
