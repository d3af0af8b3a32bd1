"""Methods, notes and reasons of calibration tables in Chinese; the tables give them in English.

The English words are made with the figures by ``dinghai calibrate`` and stay the one place of what
is said; ``data/typst/notes.toml`` says the same in Chinese, with places for what changes.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Final

from dinghai.documents.phrases import Language, has_phrase, phrase
from dinghai.documents.source_words import source_table
from dinghai.vocabulary.industries import industries
from dinghai.vocabulary.perils import perils

_PLACE: Final = re.compile(r"\\\{([a-z])\\\}")
_BETWEEN: Final = "; "
_SHAPES: Final = {"linear": "线性", "complete_only": "仅在完全到位时"}
_CERTAINTY: Final = {"low": "低", "medium": "中", "medium-low": "中偏低", "high": "高"}


def note_words(text: str, language: Language) -> str:
    """A note as it is read. In Chinese a part that nobody has put into Chinese stands as it is."""
    if language != "zh" or not text:
        return text
    return "；".join(words for _part, words in note_parts(text))


def note_parts(text: str) -> Iterator[tuple[str, str]]:
    """Each part of a note with its Chinese words; itself where there are none."""
    industry, rest = _industry(text)
    if industry:
        yield industry, industry
    parts = rest.split(_BETWEEN) if rest else []
    start = 0
    while start < len(parts):
        # The longest run that has words of its own: a sentence may hold a semicolon itself.
        for end in range(len(parts), start, -1):
            run = _BETWEEN.join(parts[start:end])
            if (words := _words(run)) is not None or end == start + 1:
                yield run, words or run
                start = end
                break


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """English patterns with their Chinese texts; those without places come first."""
    text = files("dinghai.data").joinpath("typst/notes.toml").read_text("utf-8")
    found = tomllib.loads(text)
    ordered = sorted(found.items(), key=lambda pair: (pair[0].count("{"), -len(pair[0])))
    return tuple((re.compile(_PLACE.sub(r"(?P<\1>[^;]+?)", re.escape(english))), chinese)
                 for english, chinese in ordered)


@cache
def _words(part: str) -> str | None:
    if known := _codes(part) or source_table().get(part):
        return known
    for pattern, chinese in _patterns():
        if match := pattern.fullmatch(part):
            return chinese.format(**{name: _value(value)
                                     for name, value in match.groupdict().items()})
    return None


def _value(text: str) -> str:
    """What stands in a place: the name of a law or a certainty, else the text itself."""
    if has_phrase(f"fit_law.{text}"):
        return phrase(f"fit_law.{text}", "zh")
    return _CERTAINTY.get(text, text)


def _codes(part: str) -> str:
    """A list of perils, with the shape of an effect before it; empty where it is none."""
    shape, colon, listed = part.partition(": ")
    if not colon:
        shape, listed = "", part
    codes: list[str] = listed.split(", ")
    known = {str(code): one for code, one in perils().items()}
    if (shape and shape not in _SHAPES) or not all(one in known for one in codes):
        return ""
    named = "、".join(known[one].name_zh for one in codes)
    return f"{_SHAPES[shape]}：{named}" if shape else named


def _industry(text: str) -> tuple[str, str]:
    """The Chinese name of the industry that a note begins with, and the rest of the note."""
    for row in industries().values():
        start = f"{row.name_zh} {row.name_en}"
        if text.startswith(start):
            return row.name_zh, text.removeprefix(start).removeprefix(".").strip()
    return "", text
