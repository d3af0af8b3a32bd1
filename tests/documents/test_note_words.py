"""Every note of a calibration table has Chinese words, and every pattern is one of a note."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files

from dinghai.documents.note_words import note_parts, note_words
from dinghai.documents.source_words import source_table
from dinghai.losses.provenance import rows
from dinghai.losses.tables import shipped_tables

SENTENCE = re.compile(r"[A-Za-z]+ [a-z]+ [a-z]+")
"""Three English words in a row; names such as `IRIS 2025` and `Have I Been Pwned` are none."""


def test_no_shipped_note_or_source_is_english_on_a_chinese_page() -> None:
    left = {words for row in rows() for words in (
        note_words(row.note, "zh"), source_table().get(row.source.name, row.source.name))
        if SENTENCE.search(words.replace("Have I Been Pwned", ""))}
    assert left == set()


def test_every_part_of_a_note_is_known() -> None:
    unknown = {part for row in rows() for part, words in note_parts(row.note)
               if part == words and part.isascii()}
    assert unknown == set()


def test_figures_stand_where_they_belong() -> None:
    assert note_words(
        "pareto law truncated at 500, maximum likelihood, profile interval; best plain law by AIC",
        "zh") == (
        "帕累托分布（Lomax），在 500 处左截断，极大似然，轮廓似然区间；按 AIC 最优的单一分布")
    assert note_words("linear: ransomware, ddos_web", "zh") == (
        "线性：勒索软件、拒绝服务与网站攻击")
    assert note_words("of losses above the reporting floor only", "en") == (
        "of losses above the reporting floor only")
    assert note_words("Nobody knows {a}; exact interval", "zh") == "Nobody knows {a}；精确区间"
    assert note_words("", "zh") == ""


def test_no_pattern_stands_for_nothing() -> None:
    text = files("dinghai.data").joinpath("typst/notes.toml").read_text("utf-8")
    told = {chinese: re.compile(re.sub(r"\\{[a-z]\\}", ".+", re.escape(chinese)))
            for chinese in tomllib.loads(text).values()}
    said = {words for note in (*(row.note for row in rows()),
                               *(one.why for one in shipped_tables().evidence))
            for _part, words in note_parts(note)}
    assert {one for one, pattern in told.items()
            if not any(pattern.fullmatch(words) for words in said)} == set()
