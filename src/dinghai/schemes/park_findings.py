"""A member's worst findings, as its row in the list tells them: `CVE-2024-3400@9.8`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dinghai.experience.own_values import CellFault, ordinary

WORDS: Final = {"critical": 95, "严重": 95, "超危": 95, "high": 80, "高": 80, "高危": 80,
                "medium": 55, "中": 55, "中危": 55, "low": 20, "低": 20, "低危": 20}
"""Words of severity as tenths of a CVSS score: about the middle of the bands of CVSS v3.1 §5
(critical 9.0-10.0, high 7.0-8.9, medium 4.0-6.9, low 0.1-3.9). A convention of this house
(confidence D), used only to put findings in order."""
_SCORE: Final = re.compile(r"(\d{1,2})(?:\.(\d))?")


@dataclass(frozen=True, slots=True)
class ParkFinding:
    """One finding. ``tenths`` is its severity in tenths of a CVSS score, None where not known."""

    code: str
    tenths: int | None

    @property
    def cell(self) -> str:
        """The text that reads back as this finding."""
        return self.code if self.tenths is None else (
            f"{self.code}@{self.tenths // 10}.{self.tenths % 10}")


def read_findings(parts: Sequence[str]) -> tuple[ParkFinding, ...]:
    """Findings from texts such as ``CVE-2024-3400@9.8``, ``默认口令@高`` or a code alone.

    Raises CellFault for a severity that is none.
    """
    found: dict[str, ParkFinding] = {}
    for part in parts:
        code, mark, level = part.rpartition("@")
        one = ParkFinding(code.strip() if mark else part, _tenths(level) if mark else None)
        if not one.code:
            raise CellFault(f"{part[:40]!r} names no finding", "write it like CVE-2024-3400@9.8")
        before = found.get(one.code)
        if before is None or (one.tenths or 0) > (before.tenths or 0):
            found[one.code] = one
    return tuple(found.values())


def _tenths(level: str) -> int:
    word = ordinary(level).casefold()
    if word in WORDS:
        return WORDS[word]
    score = _SCORE.fullmatch(word)
    tenths = int(score[1]) * 10 + int(score[2] or 0) if score else -1
    if not 0 <= tenths <= 100:
        raise CellFault(f"{level[:40]!r} is no severity",
                        "a CVSS score from 0 to 10, or critical, high, medium, low (高, 中, 低)")
    return tenths
