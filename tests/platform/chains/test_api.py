"""The API of supply chains: the whole way from a file to what a run found."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from dinghai_platform.chains.models import ChainVersion
from dinghai_platform.core.models import Organisation
from tests.platform.chains.making import YEARS, kept, small_zip
from tests.platform.story import World, work

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/chains"


def post(client: Client, path: str, body: dict[str, Any]) -> Any:
    return client.post(f"{ROOT}{path}", json.dumps(body), content_type="application/json")


def sent(client: Client, content: bytes, name: str, **fields: Any) -> Any:
    return client.post(f"{ROOT}/imports", {"file": SimpleUploadedFile(name, content), **fields})


def test_from_a_file_to_the_parts_of_a_run(world: World, owner: Organisation) -> None:
    client = world.sign_in(Client(), "chain_owner", owner)
    read = sent(client, small_zip(), "small.zip")
    assert read.status_code == 201, read.content
    assert read.json()["faults"] == [] and read.json()["report"]["counts"]["firms"] == 3
    assert client.get(ROOT).json()["count"] == 0  # nothing is kept before it is asked for
    made = post(client, f"/imports/{read.json()['id']}/keeping", {"note": "first"}).json()
    assert (made["number"], made["note"]) == (1, "first")
    chain = made["chain"]
    whole = client.get(f"{ROOT}/{chain}/versions/1").json()
    assert whole["document"]["firms"][0]["id"] == "own"
    assert client.get(f"{ROOT}/{chain}").json()["insurer"] == str(world.insurer.pk)
    started = post(client, f"/{chain}/runs", {"years": YEARS, "seed": 3})
    assert started.status_code == 202 and started.json()["state"] == "running"
    work()
    run = client.get(f"{ROOT}/runs/{started.json()['id']}").json()
    assert run["state"] == "done" and run["holds"][:2] == ["simulation", "ranking"]
    found = client.get(f"{ROOT}/runs/{run['id']}/parts/simulation").json()
    assert found["years"] == YEARS and found["loss"]["mean_fen"] == run["mean_fen"]
    nodes = client.get(f"{ROOT}/{chain}/nodes").json()
    assert [one["id"] for one in nodes["items"][:4]] == ["own", "sup", "sub", "cloud"]
    assert {one["kind"] for one in nodes["items"][4:]} == {"common_vulnerability"}
    assert nodes["items"][0]["own_fen"] is not None
    drawn = client.get(f"{ROOT}/{chain}/map").json()
    assert drawn["schema"] == "dinghai.chain-map/1"
    assert {one["id"] for one in drawn["marks"]} == {"own", "sup", "sub", "cloud"}
    assert client.get(f"{ROOT}/{chain}/map?group=nothing").status_code == 404
    graph = client.get(f"{ROOT}/{chain}/export?form=graphml")
    assert graph.status_code == 200 and b"<graphml" in graph.content


def test_versions_are_compared_and_a_chain_is_withdrawn(
    world: World, version: ChainVersion
) -> None:
    client = world.sign_in(Client(), "underwriter")
    chain = version.chain
    kept(world.actor("underwriter"), small_zip(goods="from,to,share,item\nsup,own,40%,压缩机\n"),
         chain=chain)
    found = client.get(f"{ROOT}/{chain.pk}/difference?first=1&second=2").json()
    goods = next(one for one in found["tables"] if one["table"] == "goods")
    assert (goods["added_count"], goods["removed_count"], goods["changed_count"]) == (0, 1, 1)
    fields = {one["field"]: (one["before"], one["after"]) for one in goods["changed"][0]["fields"]}
    assert fields["share_ppm"] == (300_000, 400_000)
    assert post(client, f"/{chain.pk}/withdrawal", {"reason": "ended"}).json()[
        "state"] == "withdrawn"
    assert post(client, f"/{chain.pk}/runs", {"years": YEARS}).status_code == 409


def test_a_supplier_list_is_read_in_two_ways(world: World, owner: Organisation) -> None:
    client = world.sign_in(Client(), "chain_owner", owner)
    listed = "供应商名称,年营收,行业\n云屿压缩机,3亿元,制造业\n赤峦铜材,坏,制造业\n".encode()
    read = sent(client, listed, "suppliers.csv", code="haiyue", owner_name="海悦电器",
                industry="C", revenue="80亿")
    assert read.status_code == 201, read.content
    faults = read.json()["faults"] + read.json()["report"].get("rejected", [])
    assert any(one["line"] == 3 for one in faults), read.json()
    again = post(client, f"/imports/{read.json()['id']}/reading",
                 {"columns": {}, "assume": {"revenue": "5000万"}}).json()
    assert again["report"]["counts"]["firms"] == 3
    assert again["settings"]["assume"] == {"revenue": "5000万"}
    assert "revenue_fen" in {one["field"] for one in again["report"]["assumed"]}


def test_the_other_insurer_sees_nothing(world: World, version: ChainVersion) -> None:
    client = world.sign_in(Client(), "underwriter", world.other_insurer)
    chain = version.chain.pk
    assert client.get(ROOT).json()["count"] == 0
    for path in ("", "/versions", "/versions/1", "/map", "/nodes", "/runs", "/export"):
        assert client.get(f"{ROOT}/{chain}{path}").status_code == 404, path
    assert post(client, f"/{chain}/runs", {}).status_code == 404
    assert post(client, f"/{chain}/withdrawal", {"reason": "x"}).status_code == 404
