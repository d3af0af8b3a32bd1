"""What the engine says of a bad upload is read in Chinese, figures and names in their places."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from dinghai_platform.chains.engine_faults import SENTENCES, in_words
from dinghai_platform.chains.faults import said
from tests.platform.chains.making import small_zip, upload
from tests.platform.story import World


@pytest.mark.parametrize(("english", "chinese"), [
    ("'12x' is not a whole number", "'12x' 不是整数"),
    ("write a share from 0% to 100%", "写 0% 至 100% 之间的比例"),
    ("did you mean tier? known here: id, name", "是否指 tier？可用：id, name"),
    ("'sup' of tier 2 names nobody it deals with", "第 2 级的 'sup' 没有写明往来企业"),
    ("120.0% of the output of 'own' stops without its deliveries",
     "缺了供货，'own' 有 120.0% 的产出停止"),
    ("there is no firm 'x' in the list or the chain", "清单和供应链中没有企业 'x'"),
    ("there is no firm 'x' in the chain", "供应链中没有企业 'x'"),
    ("there is no firm 'x'", "没有企业 'x'"),
    ("add tier", "补上 tier"), ("add what nobody has heard of", "add what nobody has heard of"),
])
def test_a_sentence_in_chinese(english: str, chinese: str) -> None:
    with override("zh-hans"):
        assert said(english) == chinese
    with override("en"):
        assert said(english) == english


def test_a_field_is_called_by_its_word() -> None:
    with override("zh-hans"):
        assert said("the industry of '甲公司' is not known") == "'甲公司' 的行业未知"


def test_every_sentence_has_its_chinese_with_the_same_figures() -> None:
    for sentence in SENTENCES:
        filled = re.sub(r"%\((\w)\)s", lambda one: f"«{one[1]}»", sentence).replace("%%", "%")
        with override("zh-hans"):
            shown = in_words(filled)
        assert re.search("[一-鿿]", shown), sentence
        assert sorted(re.findall("«.»", shown)) == sorted(re.findall("«.»", filled)), sentence
        with override("en"):
            assert in_words(filled) == filled


@pytest.mark.django_db
def test_a_bad_upload_is_refused_in_chinese(world: World) -> None:
    waiting = upload(world.actor("underwriter"), small_zip(
        firms="id,name,role,tier,industry,revenue,colour\nown,海悦电器,owner,0,C,1x,red\n"))
    client = world.sign_in(Client(), "underwriter")
    client.cookies["django_language"] = "zh-hans"
    body = client.get(reverse("chains:import", args=[waiting.pk])).content.decode()
    assert "可用：" in body and "known here" not in body and "did you mean" not in body
