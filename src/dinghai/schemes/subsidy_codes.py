"""Sectors, areas and sizes as an applicant states them, and whether a rule's list holds them.

An answer that is coarser than the list is not a "no": a hospital that only states section Q may or
may not belong to division Q84, so the answer is unknown and evidence is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal

from dinghai.experience.own_columns import plain
from dinghai.experience.own_values import CellFault, read_industry
from dinghai.foundation.truth import Truth, some

FirmSize = Literal["micro", "small", "medium", "large"]
_FIRST_DIVISIONS: Final = (
    (1, "A"), (6, "B"), (13, "C"), (44, "D"), (47, "E"), (51, "F"), (53, "G"), (61, "H"),
    (63, "I"), (66, "J"), (70, "K"), (71, "L"), (73, "M"), (76, "N"), (80, "O"), (83, "P"),
    (84, "Q"), (86, "R"), (91, "S"), (97, "T"))
"""The first division of each section of GB/T 4754-2017; division 97 is the last."""
_SECTOR: Final = re.compile(r"([A-T]?)([0-9]{2,4})")
_AREA: Final = re.compile(r"[0-9]{2}(?:[0-9]{2}){0,2}")
_PROVINCES: Final = frozenset(str(code) for code in (
    11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52,
    53, 54, 61, 62, 63, 64, 65, 71, 81, 82))
_SIZES: Final[dict[str, FirmSize]] = {
    "micro": "micro", "微型": "micro", "微型企业": "micro", "微": "micro",
    "small": "small", "小型": "small", "小型企业": "small", "小": "small",
    "medium": "medium", "中型": "medium", "中型企业": "medium", "中": "medium",
    "large": "large", "大型": "large", "大型企业": "large", "大": "large"}


def read_sector(text: str) -> str:
    """A section's letter, or a division, group or class with its letter: 84 → Q84, Q8411.

    Raises CellFault for what GB/T 4754 does not know, and for a letter of another section.
    """
    word = text.upper()
    found = _SECTOR.fullmatch(word)
    if found is None:
        try:
            return read_industry(text)[0]
        except CellFault as fault:
            raise CellFault(fault.message, "write a section's letter or a division, such as Q84"
                            ) from None
    section = _section_of(int(found[2][:2]))
    if section is None:
        raise CellFault(f"GB/T 4754 has no division {found[2][:2]}", "write 01 to 97")
    if found[1] not in ("", section):
        raise CellFault(f"division {found[2][:2]} belongs to section {section}, not {found[1]}",
                        f"write {section}{found[2]}")
    return section + found[2]


def read_area(text: str) -> str:
    """A code of six digits of GB/T 2260. Raises CellFault."""
    if len(text) != 6 or _AREA.fullmatch(text) is None or text[:2] not in _PROVINCES:
        raise CellFault(f"{text[:40]!r} is no code of an administrative division",
                        "write its six digits, such as 310115")
    return text


def area_prefix(text: str) -> str | None:
    """A rule's area as digits without the pairs of zeros that stand for "all of it"; None where
    it is no area: 310000 → 31, 3101 → 3101."""
    if _AREA.fullmatch(text) is None or text[:2] not in _PROVINCES:
        return None
    return _trimmed(text)


def read_firm_size(text: str) -> FirmSize:
    """One of the four classes of China's statistics. Raises CellFault."""
    found = _SIZES.get(plain(text))
    if found is None:
        raise CellFault(f"{text[:40]!r} is no class of size", "one of: 微型, 小型, 中型, 大型")
    return found


def listed(code: str, codes: Sequence[str]) -> Truth:
    """Whether a code lies below one of a list, or may do so (a coarser code, or none)."""
    return some(_below(code, one) for one in codes) if codes else Truth.TRUE


def area_listed(code: str, areas: Sequence[str]) -> Truth:
    """The same of areas, where pairs of zeros at the end name the larger area."""
    return listed(_trimmed(code), [_trimmed(one) for one in areas])


def named(word: str, words: Sequence[str]) -> Truth:
    """Whether a word stands in a list of whole words; unknown where there is none."""
    if not words:
        return Truth.TRUE
    return Truth.of(word in words) if word else Truth.UNKNOWN


def _below(code: str, wanted: str) -> Truth:
    if code.startswith(wanted):
        return Truth.TRUE
    return Truth.UNKNOWN if wanted.startswith(code) else Truth.FALSE


def _trimmed(area: str) -> str:
    while len(area) > 2 and len(area) % 2 == 0 and area.endswith("00"):
        area = area[:-2]
    return area


def _section_of(division: int) -> str | None:
    if not 1 <= division <= 97:
        return None
    return next(letter for first, letter in reversed(_FIRST_DIVISIONS) if division >= first)
