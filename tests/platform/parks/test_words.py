"""What the engine says of parks is said in Chinese, with the same figures."""

from __future__ import annotations

import re
from pathlib import Path

from django.utils.translation import override

from dinghai_platform import parks
from dinghai_platform.parks.engine_faults import SENTENCES
from dinghai_platform.parks.faults import KNOWN, said
from dinghai_platform.parks.words import UNPAID, word
from tests.platform.refusals import sentences


def test_every_sentence_has_its_chinese_with_the_same_figures() -> None:
    for sentence in (*SENTENCES, *KNOWN):
        filled = re.sub(r"%\((\w)\)s", lambda one: f"«{one[1]}»", sentence).replace("%%", "%")
        with override("zh-hans"):
            shown = said(filled)
        assert re.search("[一-鿿]", shown), sentence
        assert sorted(re.findall("«.»", shown)) == sorted(re.findall("«.»", filled)), sentence
        with override("en"):
            assert said(filled) == filled


def test_what_the_verbs_refuse_is_said_in_chinese() -> None:
    room = Path(parks.__file__).parent
    found = sentences(room.rglob("*.py"))
    assert len(found) > 40
    with override("zh-hans"):
        assert [one for one in sorted(found) if not re.search("[一-鿿]", said(one))] == []


def test_columns_and_amounts_are_said_as_people_do() -> None:
    with override("zh-hans"):
        assert said("the row has no credit code") == "该行没有统一社会信用代码"
        assert said("one of: 100000000fen, 50000000fen") == "可选：¥100万, ¥50万"
    with override("en"):
        assert "fen" not in said("one of: 100000000fen")


def test_why_an_amount_is_not_paid_names_the_limit_that_cut_it() -> None:
    with override("zh-hans"):
        assert [word(UNPAID, f"{limit}_limit") for limit in ("park_event", "park_period", "top_up")
                ] == ["受园区每次事故限额削减", "受园区累计限额削减", "受附加保障共用限额削减"]
