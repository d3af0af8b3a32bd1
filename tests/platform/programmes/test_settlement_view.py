"""What the page of a settlement folds away where a whole chain bears a little."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from dinghai_platform.chains.documents import chain_of_version, names_of
from dinghai_platform.programmes.models import Programme
from dinghai_platform.programmes.settlement_view import LEADING, settlement_view
from tests.platform.programmes.making import everybody, million
from tests.platform.story import World

pytestmark = pytest.mark.django_db


def test_three_parties_in_one_bar_and_the_small_ones_folded(
    world: World, programme: Programme
) -> None:
    everybody(programme, world.actor("underwriter"))
    row = million(programme, world.actor("underwriter"))
    chain = chain_of_version(programme.version)
    names = names_of(chain, english=False)
    found = settlement_view(row, programme, chain, names)
    assert {one.party: one.ppm for one in found["bar"]} == {
        "insurers": 700_000, "owner": 200_000, "others": 100_000}
    assert found["parties"].rest == [] and found["root_cause"] == "云屿压缩机"
    row.document = {**row.document, "parties": [
        *row.document["parties"], *({
            "party": f"small-{place}", "insurance_fen": 0, "commercial_contribution_fen": 7,
            "retention_fen": 1} for place in range(40))]}
    found = settlement_view(row, programme, chain, names)
    assert len(found["parties"].leading) == LEADING
    assert found["parties"].leading[0]["fen"] == 70_000_000
    assert len(found["parties"].rest) == len(row.document["parties"]) - LEADING
    assert found["parties"].rest_fen == 8 * len(found["parties"].rest)


def test_the_page_shows_the_bar(world: World, programme: Programme) -> None:
    everybody(programme, world.actor("underwriter"))
    row = million(programme, world.actor("underwriter"))
    client = world.sign_in(Client(headers={"accept-language": "en"}), "underwriter")
    body = client.get(reverse("programmes:settlement", args=[row.pk])).content.decode()
    assert "pg-insurer" in body and "Insurers <b>70.00%</b>" in body
