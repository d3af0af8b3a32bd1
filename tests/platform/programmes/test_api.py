"""The API of programmes: the whole way, and who is kept out."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from django.test import Client

from dinghai_platform.chains.models import ChainVersion
from dinghai_platform.core.models import Organisation
from dinghai_platform.ledger.queries import balance_of
from dinghai_platform.programmes.models import Programme
from tests.platform.chains.making import kept
from tests.platform.programmes.making import LAYERS, everybody, million
from tests.platform.story import World

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/programmes"


def post(client: Client, path: str, body: dict[str, Any]) -> Any:
    return client.post(f"{ROOT}{path}", json.dumps(body), content_type="application/json")


def test_from_opening_to_a_reversed_settlement(
    world: World, owner: Organisation, supplier: Organisation
) -> None:
    version: ChainVersion = kept(world.actor("underwriter"), owner=owner)
    client = world.sign_in(Client(), "underwriter")
    made = post(client, "", {
        "chain": str(version.chain_id), "inception": "2026-07-01", "expiry": "2027-06-30",
        "layers": tomllib.loads(LAYERS.decode())})
    assert made.status_code == 201, made.content
    key = made.json()["id"]
    assert (made.json()["premium_fen"], made.json()["version"]) == (120_000_000, 1)
    wrong = post(client, f"/{key}/members", {"members": [{"firm": "own"}, {"firm": "x"}]})
    assert wrong.status_code == 400 and client.get(f"{ROOT}/{key}/members").json()["count"] == 0
    joined = post(client, f"/{key}/members", {"members": [
        {"firm": "own"}, {"firm": "sub"}, {"firm": "sup", "first": "2026-10-01",
                                           "premium_fen": 3_650_000,
                                           "organisation": str(supplier.pk)}]})
    assert joined.status_code == 201, joined.content
    assert joined.json()[2]["premium_fen"] == 3_650_000 * 273 // 365
    member = joined.json()[2]["id"]
    assert post(client, f"/members/{member}/certificates", {}).status_code == 201
    settled = post(client, f"/{key}/settlements", {
        "event": "勒索", "occurred_on": "2026-10-30", "root_cause": "sup", "sections": [
            {"member": "sub", "coverage": "SC-PROP", "amount_fen": 100_000_000}]}).json()
    assert (settled["insurance_fen"], settled["contribution_fen"]) == (70_000_000, 30_000_000)
    path = f"/settlements/{settled['id']}"
    assert post(client, f"{path}/approval", {}).status_code == 403
    approver = world.sign_in(Client(), "claims_approver")
    assert post(approver, f"{path}/approval", {}).json()["state"] == "posted"
    assert balance_of(world.insurer, "commercial_contribution") == 30_000_000
    desk = world.sign_in(Client(), "claims_payment")
    assert post(desk, f"{path}/reversal", {"reason": "更正"}).json()["state"] == "reversed"
    assert balance_of(world.insurer, "commercial_contribution") == 0
    left = post(client, f"/members/{member}/leaving", {"last": "2026-12-31", "reason": "退出"})
    assert left.json()["premium_fen"] == 920_000
    whole = world.sign_in(Client(), "supplier", supplier).get(f"{ROOT}/members/{member}").json()
    assert [one["reason"] for one in whole["steps"]] == ["enrolled", "left"]
    assert len(whole["certificates"]) == 1
    seen = world.sign_in(Client(), "chain_owner", owner).get(ROOT).json()
    assert [one["id"] for one in seen["items"]] == [key]
    assert post(client, f"/{key}/closing", {"reason": "完"}).json()["state"] == "closed"


def test_the_other_insurer_and_a_strange_supplier_find_nothing(
    world: World, programme: Programme, supplier: Organisation
) -> None:
    members = everybody(programme, world.actor("underwriter"), supplier)
    settlement = million(programme, world.actor("underwriter"))
    other = world.sign_in(Client(), "underwriter", world.other_insurer)
    assert other.get(ROOT).json()["count"] == 0
    for path in (f"/{programme.pk}", f"/{programme.pk}/members", f"/{programme.pk}/settlements",
                 f"/members/{members['sup'].pk}", f"/settlements/{settlement.pk}"):
        assert other.get(f"{ROOT}{path}").status_code == 404, path
    assert post(other, f"/{programme.pk}/members", {"members": [{"firm": "own"}]}
                ).status_code == 404
    stranger = world.sign_in(Client(), "supplier", world.stranger)
    assert stranger.get(f"{ROOT}/members/{members['sup'].pk}").status_code == 404
