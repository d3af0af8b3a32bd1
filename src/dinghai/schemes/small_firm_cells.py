"""Cells of a small firms' file as values: names, domains, answers, yes and no, minutes."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Final

from dinghai.assessment.profile import valid_credit_code
from dinghai.experience.own_values import CellFault, ordinary, read_money
from dinghai.foundation.money import PPM, Fen

LONGEST_NAME: Final = 200
LONGEST_ANSWERING_SECONDS: Final = 10 * 3600
_YES: Final = frozenset({"yes", "y", "true", "是", "有", "1", "同意", "√", "✓"})
_NO: Final = frozenset({"no", "n", "false", "否", "无", "没有", "0", "不同意", "×", "x"})
_PARTLY: Final = frozenset({"partly", "partial", "part", "部分", "部分有", "部分做到"})
UNKNOWN_WORDS: Final = frozenset({"", "unknown", "?", "？", "-", "—", "不清楚", "不知道", "未知",
                                  "不详", "n/a", "na"})
_LEVELS: Final = {**dict.fromkeys(_YES - {"1"}, 4), **dict.fromkeys(_PARTLY, 2),
                  **dict.fromkeys(_NO - {"0"}, 0), **{str(one): one for one in range(5)}}
_LABEL: Final = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_ADDRESS: Final = re.compile(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})")
_PERCENT: Final = re.compile(r"(\d{1,3}(?:\.\d{1,4})?)\s*%")


def read_name(text: str) -> str:
    """A firm's name without what cannot be printed."""
    clean = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    if not clean:
        raise CellFault("the firm has no name", "write its registered name")
    if len(clean) > LONGEST_NAME:
        raise CellFault(f"the name has more than {LONGEST_NAME} characters", "shorten it")
    return clean


def read_credit_code(text: str) -> str:
    """A unified social credit code with its check character (GB 32100-2015)."""
    code = text.upper().replace(" ", "")
    if not valid_credit_code(code):
        raise CellFault(f"{code[:40]!r} is not a unified social credit code",
                        "18 characters with a valid check character (GB 32100-2015)")
    return code


def read_domains(text: str) -> tuple[str, ...]:
    """Domain names and IPv4 addresses of the firm, in small letters, each once."""
    found = []
    for part in re.split(r"[\s;；,，、]+", text):
        if not part:
            continue
        name = part.lower().removeprefix("https://").removeprefix("http://").rstrip("/.")
        found.append(_address(name) or _domain(name))
    return tuple(dict.fromkeys(found))


def _address(name: str) -> str:
    found = _ADDRESS.fullmatch(name)
    if found is None:
        return ""
    if any(int(one) > 255 for one in found.groups()):
        raise CellFault(f"{name!r} is no address", "four numbers from 0 to 255")
    return name


def _domain(name: str) -> str:
    try:
        plain = name.encode("idna").decode("ascii") if not name.isascii() else name
    except UnicodeError:
        plain = ""
    labels = plain.split(".")
    if len(plain) > 253 or len(labels) < 2 or not all(map(_LABEL.fullmatch, labels)):
        raise CellFault(f"{name[:60]!r} is not a domain name", "write it like example.cn")
    return plain


def read_yes_no(text: str) -> bool | None:
    """Yes, no, or None where the cell does not say."""
    word = text.casefold()
    if word in UNKNOWN_WORDS:
        return None
    if word in _YES or word in _NO:
        return word in _YES
    raise CellFault(f"{text[:40]!r} is neither yes nor no", "write yes (是), no (否) or nothing")


def read_answer(text: str) -> int | None:
    """An answer as a score of 0 to 4; None where nobody knows. "Yes" is 4, "partly" 2, "no" 0."""
    word = text.casefold()
    if word in UNKNOWN_WORDS:
        return None
    if word in _LEVELS:
        return _LEVELS[word]
    raise CellFault(f"{text[:40]!r} is no answer",
                    "yes (是), partly (部分), no (否), unknown (不清楚) or a whole number 0 to 4")


def read_seconds(text: str) -> int:
    """Minutes such as 14 or 14.5 as whole seconds."""
    mend = "write minutes such as 14 or 14.5"
    try:
        minutes = Decimal(text.removesuffix("分钟").removesuffix("min").strip())
    except InvalidOperation:
        raise CellFault(f"{text[:40]!r} is not a number of minutes", mend) from None
    if not minutes.is_finite() or minutes.adjusted() > 6:
        raise CellFault(f"{text[:40]!r} is not a number of minutes", mend)
    seconds = int((minutes * 60).to_integral_value())
    if not 0 < seconds <= LONGEST_ANSWERING_SECONDS:
        raise CellFault(f"{text[:40]!r} is not above zero and at most ten hours", mend)
    return seconds


def read_share(text: str) -> int:
    """A share such as 30% or 0.3 in parts per million."""
    mend = "write a share from 0% to 100%, such as 30%"
    found = _PERCENT.fullmatch(text)
    try:
        share = Decimal(found[1]) / 100 if found else Decimal(text)
    except InvalidOperation:
        raise CellFault(f"{text[:40]!r} is not a share", mend) from None
    if not share.is_finite() or not 0 <= share <= 1:
        raise CellFault(f"{text[:40]!r} is not a share of the whole", mend)
    return int(share * PPM)


def read_revenue(text: str, unit: str) -> Fen:
    """A revenue above zero in fen, by the cell's own unit or the heading's."""
    try:
        fen = read_money(text, unit)
    except CellFault as fault:
        raise CellFault(fault.message, fault.mend or "write the unit, for example 800万") from None
    if fen <= 0:
        raise CellFault("a revenue is above zero", "give that of the last financial year")
    return fen


def read_words(text: str) -> tuple[str, ...]:
    """Names in a list, parted by semicolons or commas."""
    return tuple(dict.fromkeys(
        clean[:LONGEST_NAME] for part in re.split(r"[;；,，、|]", text)
        if (clean := " ".join("".join(
            one if one.isprintable() else " " for one in ordinary(part)).split()))))
