"""CVE and CWE identifiers, CVSS scores and the severity they stand for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from cvss import CVSS2, CVSS3, CVSS4
from cvss.exceptions import CVSSError

_CVE = re.compile(r"\bCVE-(\d{4})-(\d{4,19})\b", re.IGNORECASE | re.ASCII)
_CWE = re.compile(r"^\s*(?:CWE-)?(\d{1,5})\s*$", re.IGNORECASE | re.ASCII)
_WORDS = {
    "none": "info", "info": "info", "informational": "info", "information": "info", "log": "info",
    "negligible": "info", "low": "low", "minor": "low", "medium": "medium", "moderate": "medium",
    "high": "high", "important": "high", "critical": "critical",
}


@dataclass(frozen=True, slots=True)
class Rating:
    """A severity, the score behind it and what it rests on (cvss, scanner, convention)."""

    severity: str
    cvss: float | None
    vector: str
    basis: str


def cves_in(texts: Iterable[str]) -> tuple[str, ...]:
    """Every CVE identifier named in the texts: upper case, each once, in order of appearance."""
    found: dict[str, None] = {}
    for text in texts:
        for year, number in _CVE.findall(text):
            found[f"CVE-{year}-{number}"] = None
    return tuple(found)


def cwes_in(values: Iterable[object]) -> tuple[str, ...]:
    """CWE identifiers as ``CWE-79``; what is not one (``nvd-cve-other``) is left out."""
    found: dict[str, None] = {}
    for value in values:
        match = _CWE.match(str(value)[:40])
        if match:
            found[f"CWE-{int(match.group(1))}"] = None
    return tuple(found)


def score_of(value: object) -> float | None:
    """A CVSS base score 0.0–10.0 with one decimal; None when it is not one."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        score = float(value)
    except (ValueError, OverflowError):
        return None
    return round(score, 1) if 0.0 <= score <= 10.0 else None


def vector_score(vector: str) -> tuple[float, int] | None:
    """Base score and CVSS generation (2, 3, 4) of a vector; None for anything else.

    A vector without its prefix is version 2 when it has ``Au:``, and 3.1 when it has ``PR:``.
    Source: FIRST CVSS specifications, through the ``cvss`` library.
    """
    text = vector.strip().strip("()")[:300]
    try:
        if text.startswith("CVSS:4"):
            return float(CVSS4(text).base_score), 4
        if text.startswith("CVSS:3"):
            return float(CVSS3(text).base_score), 3
        if "PR:" in text:
            return float(CVSS3(f"CVSS:3.1/{text}").base_score), 3
        if "Au:" in text:
            return float(CVSS2(text.removeprefix("CVSS2#")).base_score), 2
    except (CVSSError, ValueError, KeyError, TypeError, ArithmeticError):
        return None
    return None


def band(score: float, generation: int = 3) -> str:
    """The standard severity band of a base score.

    CVSS 3.x and 4.0 (FIRST, table 14 / section 6): 0 none, –3.9 low, –6.9 medium, –8.9 high,
    above critical. NVD's bands for CVSS 2 end at high.
    """
    if score <= 0.0:
        return "info"
    if score < 4.0:
        return "low"
    if score < 7.0:
        return "medium"
    return "high" if score < 9.0 or generation == 2 else "critical"


def rate(*, score: object = None, vector: str = "", word: str = "", generation: int = 3) -> Rating:
    """One rating from what a record offers.

    A vector beats a bare score, a score above zero beats the scanner's word; a score of zero
    beside a word is "not given". With neither, the convention is medium, and the basis says so:
    unknown is not harmless.
    """
    spoken = _WORDS.get(word.strip().lower(), "")
    computed = vector_score(vector) if vector else None
    if computed is not None:
        base, generation = computed
    else:
        stated = score_of(score)
        base = stated if stated is not None else -1.0
    if base > 0.0 or (base == 0.0 and not spoken):
        return Rating(band(base, generation), base, vector if computed else "", "cvss")
    if spoken:
        return Rating(spoken, None if base < 0.0 else base, vector if computed else "", "scanner")
    return Rating("medium", None, "", "convention")
