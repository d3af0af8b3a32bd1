"""The API of subsidies: the same verbs, and the scene that the tests of all routes use."""

from __future__ import annotations

import json
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from dinghai_platform.core import tokens
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Membership, Organisation
from dinghai_platform.subsidies.models import Application
from dinghai_platform.underwriting.models import Policy
from tests.platform.story import World, stand_at, work
from tests.platform.subsidies.making import PDF, scene

BASE = "/api/v1/subsidies"


class _Door:
    def __init__(self, actor: Actor) -> None:
        member = Membership.objects.get(user=actor.user, organisation=actor.organisation,
                                        role=actor.role)
        _row, secret = tokens.issue_token(member, name="t", scopes=["*"], days=30, actor=actor)
        self.headers = {"Authorization": f"Bearer {secret}"}

    def get(self, path: str, status: int = 200) -> Any:
        answer = Client().get(BASE + path, headers=self.headers)
        assert answer.status_code == status, answer.content
        return answer.json()

    def post(self, path: str, body: Any = None, status: int = 200) -> Any:
        answer = Client().post(BASE + path, json.dumps(body or {}),
                               content_type="application/json", headers=self.headers)
        assert answer.status_code == status, answer.content
        return answer.json()

    def upload(self, path: str, status: int, **fields: Any) -> Any:
        answer = Client().post(BASE + path, fields, headers=self.headers)
        assert answer.status_code == status, answer.content
        return answer.json()


RULE = {
    "schema": "dinghai.subsidy-rule/1", "id": "api", "version": "1", "name_zh": "补贴",
    "authority": "某市", "source": "a test", "confidence": "D", "ratio": "50%", "budget": "10万",
    "period": {"first": "2026-01-01", "last": "2026-12-31"}, "scope": {"sectors": ["Q"]},
    "documents": [{"id": "proof", "name_zh": "凭证"}], "publication": {"objection_days": 5}}


def test_from_a_rule_to_money_and_back(
    world: World, clerk: Actor, colleague: Actor, policy: Policy, firm: Organisation
) -> None:
    office, second = _Door(clerk), _Door(colleague)
    hospital = _Door(world.actor("insured_admin", firm))
    office.post("", {"rule": {**RULE, "ratio": "0%"}}, 400)
    made = office.post("", {"rule": RULE}, 201)
    key = made["id"]
    offer = next(one for one in hospital.get("/open") if one["subsidy"]["id"] == key)
    assert offer["rule"]["ratio_ppm"] == 500_000 and offer["in_words"]
    said = {"subsidy": key, "policy": str(policy.pk), "sector": "Q8411"}
    expected = hospital.post("/expectations", said)
    assert (expected["outcome"], expected["granted_fen"]) == ("granted", 4_240_000)
    one = hospital.post("/applications", said, 201)
    assert one["state"] == "waiting_evidence"
    path = f"/applications/{one['id']}"
    assert hospital.get(path)["reasons"][0]["text_en"] == "not enclosed: 凭证"
    done = hospital.upload(f"{path}/papers/proof", 200, file=SimpleUploadedFile("p.pdf", PDF))
    assert (done["state"], done["granted_fen"]) == ("granted", 4_240_000)
    shown = office.post(f"/{key}/publication", status=201)
    assert shown["document"]["rows"][0]["name"] == "第1＊＊医院"
    stand_at("2026-03-25T09:00:00")
    office.post(f"/{key}/payments", status=409)
    assert second.post(f"/{key}/payments", status=201)["total_fen"] == 4_240_000
    change = {"number": "E-1", "change": "refunded", "day": "2026-03-24", "amount_fen": 848_000}
    assert office.post(f"{path}/changes", change)["due_fen"] == 424_000
    office.post(f"{path}/changes", {**change, "number": "E-9"}, 409)
    assert office.get(f"/{key}/report")["total"]["due_fen"] == 424_000
    assert office.get(f"/{key}/register")["head"] == office.get(f"/{key}")["subsidy"][
        "register_head"]
    assert office.post(f"/{key}/following")["entries_added"] == 0
    listed = office.upload(f"/{key}/lists", 201, kind="changes", file=SimpleUploadedFile(
        "c.csv", "批单号,保单号,变更类型,日期,金额（元）\nE-2,X-1,退保,2026-03-20,1\n".encode()))
    assert listed["rejected"] == 1 and listed["result"]["rejected"][0]["line"] == 2
    stranger = _Door(world.actor("insured_admin", world.stranger))
    stranger.get(path, 404)
    stranger.post("/applications", said, 404)
    stranger.get(f"/{key}", 404)


def test_the_scene_of_all_routes(world: World, authority: Organisation, policy: Policy) -> None:
    made = scene(world, authority, policy)
    work()
    assert all(made.values())
    assert Application.objects.unscoped("a test").count() == 3
    assert made["subsidy_application"].is_open and made["subsidy_payment"].total_fen == 50_000
