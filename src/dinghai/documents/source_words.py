"""Sources of rating and loss tables in Chinese; the tables themselves give them in English."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from dinghai.documents.phrases import Language


@cache
def source_table() -> Mapping[str, str]:
    """English to Chinese."""
    text = files("dinghai.data").joinpath("typst/sources.toml").read_text("utf-8")
    found: dict[str, str] = tomllib.loads(text)
    return found


def source_words(text: str, language: Language) -> str:
    """A source as it is read; one that nobody has put into Chinese stands as it is."""
    return source_table().get(text, text) if language == "zh" else text
