"""One table of words for codes, in Chinese and English, for documents and pages alike.

``phrase("rule.waiting", "en")`` is "Waiting period". The tables stand in ``data/typst/*.toml``:
``phrases`` for the engine's codes, ``labels`` for the words of forms, ``booklet`` for clauses,
``guide`` for papers about a product, ``loss`` for the loss quantification sheet, ``fit`` for
reports of fits, ``filing`` for rate filings, ``certificate`` for members of a programme,
``resident-certificate`` for residents, ``small-firms`` for the monthly page of a small firm,
``park-certificate`` for members of a park.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final, Literal

from dinghai.foundation.errors import InputError

Language = Literal["zh", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")
_TABLES: Final = ("phrases", "evidence", "labels", "booklet", "guide", "loss", "fit", "filing",
                  "certificate", "resident-certificate", "small-firms", "park-certificate")


@cache
def phrase_table() -> Mapping[str, tuple[str, str]]:
    """Every phrase by ``group.code``: Chinese, English."""
    table: dict[str, tuple[str, str]] = {}
    for name in _TABLES:
        text = files("dinghai.data").joinpath(f"typst/{name}.toml").read_text("utf-8")
        for group, codes in tomllib.loads(text).items():
            for code, (chinese, english) in codes.items():
                table[f"{group}.{code}"] = (chinese, english)
    return table


def has_phrase(code: str) -> bool:
    """Whether the table knows a code, written ``group.code``."""
    return code in phrase_table()


def phrase(code: str, language: Language = "zh", **values: object) -> str:
    """The words of a code, written ``group.code``; ``values`` fill its ``{places}``.

    Raises InputError for a code that the table lacks.
    """
    pair = phrase_table().get(code)
    if pair is None:
        raise InputError(f"there are no words for {code!r}", field=code,
                         mend="add it to data/typst/phrases.toml")
    text = pair[0] if language == "zh" else pair[1]
    return text.format(**values) if values else text


def pick(language: Language, chinese: str, english: str) -> str:
    """One of two texts; the Chinese one where no English is given."""
    return chinese if language == "zh" or not english else english
