"""The calibration page and its CSV speak Chinese throughout on a Chinese page."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from tests.platform.story import World

SENTENCE = re.compile(r"[A-Za-z]+ [a-z]+ [a-z]+")
TABLES = ("frequency", "severity", "control_effects", "severity_fit", "industries", "experience")


def words_of(answer: object) -> str:
    """What a reader sees of a page's main part, without names that are English everywhere."""
    text = answer.content.decode().split("<main", 1)[-1]  # type: ignore[attr-defined]
    return unescape(re.sub(r"<[^>]*>", " | ", text)).replace("Have I Been Pwned", "")


@pytest.mark.parametrize("table", TABLES)
def test_no_sentence_is_english(world: World, table: str) -> None:
    client = world.sign_in(Client(), "actuary")
    client.cookies["django_language"] = "zh-hans"
    where = reverse("actuarial:calibration")
    for page in ("1", "2", "999"):
        said = words_of(client.get(where, {"table": table, "page": page}))
        assert SENTENCE.findall(said) == []
    sheet = client.get(where, {"table": table, "export": "csv"}).content.decode()
    assert SENTENCE.findall(sheet.replace("Have I Been Pwned", "")) == []


def test_a_search_finds_chinese_and_english_words(world: World) -> None:
    client = world.sign_in(Client(), "actuary")
    client.cookies["django_language"] = "en"
    where = reverse("actuarial:calibration")
    for text in ("轮廓似然区间", "profile interval"):
        answer = client.get(where, {"table": "experience", "q": text}).content.decode()
        assert "profile interval" in answer
