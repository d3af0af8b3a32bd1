"""What a verb or a list of residents' cover refuses is said in Chinese, with the same figures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.utils.translation import override

import dinghai
import dinghai_platform.residents
from dinghai_platform.residents.faults import SENTENCES, said
from tests.platform.refusals import sentences

ROOM = Path(dinghai_platform.residents.__file__).parent
SCHEMES = Path(dinghai.__file__).parent / "schemes"
SOURCES = (*ROOM.rglob("*.py"), *SCHEMES.glob("resident_change_*.py"),
           *(SCHEMES / f"resident_{one}.py" for one in ("list", "scheme", "certificate")))
NEVER = {  # said to who runs the site or wrote the program, not to who uses it
    "this is not a public key", "give 64 hexadecimal digits",
    "ask the insurer for the proof", "the leaf is another certificate's",
    "the certificate is not under the root of its chunk",
    "the chunk is not under the root of the enrolment", "the root is not signed by this key",
    "only PostgreSQL keeps a table in partitions", "use a site on PostgreSQL",
    "«0» rows that were staged cannot be done, all or none may be",
    "a partition has one number at least, and one stands ready"}


def test_the_sources_are_read() -> None:
    found = sentences(SOURCES)
    assert len(found) > 80
    assert "the list was given up" in found


@pytest.mark.parametrize("sentence", sorted(
    sentences(SOURCES) - NEVER | {re.sub(r"%\((\w)\)s", r"«\1»", one) for one in SENTENCES}))
def test_every_sentence_has_its_chinese_with_the_same_figures(sentence: str) -> None:
    with override("zh-hans"):
        shown = said(sentence)
    assert re.search("[一-鿿]", shown)
    assert shown != sentence
    assert sorted(re.findall("«.»", shown)) == sorted(re.findall("«.»", sentence))
