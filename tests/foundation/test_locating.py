"""The line of a field in TOML and JSON text, against texts whose lines were counted by hand."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from dinghai.foundation.canonical import read_json
from dinghai.foundation.errors import InputError
from dinghai.foundation.locating import line_index, line_of
from dinghai.foundation.reading import located, read_document, read_toml, typed

TOML = '''# a comment with [brackets] = signs
name = "one"
facts = { "bi.rate" = 3, inner = { deep = true } }

text = """
[not.a.header]
key = 5
"""
list = [
  { a = 1 },
  # between
  { a = 2,
    b = 3 },
]

[[items]]
no = 1
at = 2026-03-02T10:00:00+08:00
[items.facts]
"item.amount" = 5
[[items.parts]]
x = 1
[[items]]
no = 2
[items.facts]
item.amount = 6
[table.below]
y = 1.5
'''
EXPECTED = {
    "name": 2, "facts": 3, "facts.bi.rate": 3, "facts.inner.deep": 3, "text": 5, "list": 9,
    "list[0].a": 10, "list[1].a": 12, "list[1].b": 13, "items[0]": 16, "items[0].no": 17,
    "items[0].at": 18, "items[0].facts": 19, "items[0].facts.item.amount": 20,
    "items[0].parts[0].x": 22, "items[1]": 23, "items[1].no": 24,
    "items[1].facts.item.amount": 26, "table.below": 27, "table.below.y": 28,
}


@pytest.mark.parametrize(("field", "line"), EXPECTED.items())
def test_every_place_of_a_toml_text(field: str, line: int) -> None:
    assert line_index(TOML)[field] == line


def test_every_place_of_a_json_text() -> None:
    text = json.dumps({"a": {"b.c": [1, {"d": "x: {"}]}, "e": [[], {}], "f": 1.5}, indent=1)
    lines = text.splitlines()
    found = line_index(text)
    assert {field: lines[line - 1].strip() for field, line in found.items()} == {
        "a": '"a": {', "a.b.c": '"b.c": [', "a.b.c[0]": "1,", "a.b.c[1]": "{",
        "a.b.c[1].d": '"d": "x: {"', "e": '"e": [', "e[0]": "[],", "e[1]": "{}", "f": '"f": 1.5'}


def test_what_is_not_there_has_the_line_of_what_it_would_stand_in() -> None:
    assert line_of(TOML, "items[1].facts.item.colour") == 26
    assert line_of(TOML, "items[7].no") == line_of(TOML, "items") == 16
    assert line_of(TOML, "nowhere") is None
    assert line_of(TOML, "") is line_of(TOML, None) is None


@pytest.mark.parametrize("text", ["", "{", "[", "a", "a = ", '{"a"', '{"a": [1', "[[x", "= 3",
                                  '"""', "{" * 5000, "a = " + "[" * 5000])
def test_a_text_that_breaks_gives_what_was_found_before(text: str) -> None:
    assert isinstance(line_index(text), dict)


class Part(msgspec.Struct, forbid_unknown_fields=True):
    no: int
    kind: str = "plain"


class Whole(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    parts: list[Part] = []
    amounts: dict[str, int] = {}
    colour: msgspec.UnsetType | str = msgspec.UNSET


def test_all_faults_are_told_at_once_each_with_line_and_mend(tmp_path: Path) -> None:
    path = tmp_path / "whole.toml"
    path.write_text('name = 5\ncolor = "red"\n[[parts]]\nno = 1.5\nkin = "x"\n'
                    "[amounts]\na = 'b'\n", "utf-8")
    with pytest.raises(InputError) as caught:
        read_toml(path, Whole)
    told = {(one.field, one.line): one.mend for one in caught.value.faults}
    assert told == {
        ("name", 1): "write a text in quotes",
        ("color", 2): "did you mean colour? known here: name, parts, amounts, colour",
        ("parts[0].no", 4):
            "write a whole number: fen for amounts, parts per million for ratios, seconds",
        ("parts[0].kin", 5): "did you mean kind? known here: no, kind",
    }


def test_a_word_that_is_nearly_right_is_named() -> None:
    with pytest.raises(InputError) as caught:
        typed({"name": "a", "parts": [{"no": 1, "knid": "x"}]}, Whole)
    assert caught.value.fault.field == "parts[0].knid"
    assert "did you mean kind?" in str(caught.value.fault.mend)


def test_a_key_that_stands_twice_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "twice.json"
    path.write_text('{\n "a": 1,\n "b": 2,\n "b": 3\n}', "utf-8")
    with pytest.raises(InputError, match="stands twice") as caught, located(path):
        read_json(path)
    assert (caught.value.fault.field, caught.value.fault.line) == ("b", 4)


def test_documents_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    with pytest.raises(InputError, match="no such file"):
        read_document(path)
    path.write_text("a = 1\nb = = 2\n", "utf-8")
    with pytest.raises(InputError, match="not TOML") as caught:
        read_document(path)
    assert caught.value.fault.line == 2
    path.write_bytes(b"a = '\xff'")
    with pytest.raises(InputError, match="UTF-8"):
        read_document(path)
    path.write_text("day = 2026-03-02\nat = [10:00:00]\n", "utf-8")
    assert read_document(path) == {"day": "2026-03-02", "at": ["10:00:00"]}
