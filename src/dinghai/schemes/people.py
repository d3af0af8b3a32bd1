"""What identifies a person: identity numbers, mobile numbers and names, read and masked.

Identity numbers are those of 18 places: resident identity cards, residence permits of Hong Kong,
Macao and Taiwan residents (81, 82, 83), and permanent residence cards of foreigners (9…). Their
last place is a check (GB 11643-1999, ISO 7064 MOD 11-2).
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from dinghai.experience.own_values import CellFault, ordinary

WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS: Final = "10X98765432"
PROVINCES: Final = frozenset((
    11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51,
    52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82, 83, *range(90, 100)))
"""First two places: provinces of GB/T 2260, 81 to 83 of permits, 9 of foreigners."""
LONGEST_NAME: Final = 50

_DIGITS: Final = re.compile(r"[0-9]{17}[0-9X]")
_OLD: Final = re.compile(r"[0-9]{15}")
_ROUNDED: Final = re.compile(r"[0-9](\.[0-9]+)?E\+?[0-9]+")
_MOBILE: Final = re.compile(r"1[3-9][0-9]{9}")
_NAME: Final = re.compile(r"[^\W\d_]+(?:[ .'·-][^\W\d_]+)*\.?")
_UNSEEN: Final = re.compile("[\u200b\u2060\ufeff]")
_DOTS: Final = re.compile("[•・‧∙.⋅]")
_BETWEEN_WIDE: Final = re.compile(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")
_WIDE: Final = re.compile(r"[\u3400-\u9fff]")


def check_digit(first: str) -> str:
    """The last place of an identity number from its first 17 digits."""
    return CHECKS[sum(int(one) * weight for one, weight in zip(first, WEIGHTS, strict=True)) % 11]


def read_identity(text: str) -> str:
    """An identity number of 18 places. Raises CellFault that never repeats the number."""
    word = _bare(text).upper()
    if _ROUNDED.fullmatch(word):
        raise CellFault("the number was rounded by a spreadsheet",
                        "format the column as text and enter the number again")
    if _OLD.fullmatch(word):
        raise CellFault("this is an identity number of 15 digits, which is out of use",
                        "give the number of 18 places")
    if _DIGITS.fullmatch(word) is None:
        raise CellFault(f"an identity number has 18 places, this has {len(word)}"
                        if len(word) != 18 else "an identity number has digits, and X at its end",
                        "copy it from the card")
    if int(word[:2]) not in PROVINCES:
        raise CellFault(f"no place begins with {word[:2]}", "copy the number from the card")
    if birth_of(word) is None:
        raise CellFault("the number holds no day of birth", "copy it from the card")
    if check_digit(word[:17]) != word[17] and word.endswith("000"):
        raise CellFault("the last place does not check: a spreadsheet may have rounded the number",
                        "format the column as text and enter the number again")
    if check_digit(word[:17]) != word[17]:
        raise CellFault("the last place does not check: a digit is wrong or two are exchanged",
                        "copy the number from the card")
    return word


def birth_of(identity: str) -> date | None:
    """The day of birth in an identity number of 18 places."""
    try:
        return date(int(identity[6:10]), int(identity[10:12]), int(identity[12:14]))
    except ValueError:
        return None


def age_on(birth: date, day: date) -> int:
    """Whole years: a year is full on the birthday, of 29 February on 1 March in other years."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def read_mobile(text: str) -> str:
    """A mobile number of 11 digits; +86, spaces and hyphens fall away. Raises CellFault."""
    word = re.sub(r"[\s()-]", "", _bare(text))
    word = re.sub(r"^(?:\+86|0086|86(?=1\d{10}$))", "", word)
    if _MOBILE.fullmatch(word) is None:
        raise CellFault("this is no mobile number of the mainland",
                        "give 11 digits that begin with 13 to 19")
    return word


def read_name(text: str) -> str:
    """A person's name, with one kind of dot inside. Raises CellFault."""
    word = " ".join(_UNSEEN.sub("", ordinary(text)).split())
    word = _BETWEEN_WIDE.sub("", word)
    if _WIDE.search(word):
        word = _DOTS.sub("·", word)
    if len(word) > LONGEST_NAME:
        raise CellFault(f"a name has at most {LONGEST_NAME} characters, this has {len(word)}",
                        "give the name as on the card")
    if len(word) < 2 or _NAME.fullmatch(word) is None:
        raise CellFault("this is not the name of a person", "give the name as on the card")
    return word


def _bare(text: str) -> str:
    """An ordinary text without the marks by which spreadsheets keep digits as text."""
    word = ordinary(text)
    if word.startswith('="') and word.endswith('"'):
        word = word[2:-1]
    return re.sub(r"\s", "", _UNSEEN.sub("", word).lstrip("'`"))


def masked_identity(identity: str) -> str:
    """An identity number with its area and last two places alone."""
    return f"{identity[:4]}{'*' * 12}{identity[-2:]}"


def masked_mobile(mobile: str) -> str:
    """A mobile number with its first three and last four digits alone."""
    return f"{mobile[:3]}****{mobile[-4:]}"


def masked_name(name: str) -> str:
    """A name of which one character stands: the family name's first, as on public lists."""
    return name[:1] + "*" * (len(name) - 1)
