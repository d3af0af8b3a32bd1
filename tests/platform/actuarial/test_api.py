"""The actuary's API: the same verbs, shapes that hold, and the same four eyes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from dinghai_platform.actuarial.models import ImpactRun, TableVersion
from dinghai_platform.core import clock
from dinghai_platform.underwriting.models import Policy
from tests.platform.actuarial.making import TABLE, new_draft
from tests.platform.story import World, work

ROOT = "/api/v1/actuarial"


@pytest.fixture
def ask(world: World) -> Any:
    def asked(role: str, method: str, path: str, body: Any = None, organisation: Any = None
              ) -> tuple[int, Any]:
        client: Client = world.sign_in(Client(), role, organisation)
        answer = client.generic(
            method, ROOT + path, json.dumps(body) if body is not None else b"",
            content_type="application/json")
        return answer.status_code, json.loads(answer.content)

    return asked


def test_the_whole_way_by_the_api(world: World, policy: Policy, ask: Any) -> None:
    status, made = ask("actuary", "POST", "/versions", {"label": "2026.2", "reason": "回顾"})
    assert status == 201 and made["document"]["version"] == "2026.2"
    key = made["id"]
    status, changed = ask("actuary", "PATCH", f"/versions/{key}", {"figures": [
        {"place": "market.factor_ppm", "value": 1_700_000, "source": "经验", "confidence": "D"}]})
    assert status == 200 and changed["document"]["market"]["factor_ppm"] == 1_700_000
    status, found = ask("auditor", "GET", f"/versions/{key}/differences")
    places = {one["place"] for one in found["items"]}
    assert {"version", "market.factor_ppm", "market.source", "market.confidence"} == places
    assert ask("actuary", "POST", f"/versions/{key}/proposal", {"reason": "x"})[0] == 200
    approval = {"reason": "同意", "in_force_from": clock.today().isoformat()}
    status, refused = ask("compliance", "POST", f"/versions/{key}/approval", approval)
    assert status == 409 and "impact" in refused["error"]["message"]
    status, run = ask("actuary", "POST", f"/versions/{key}/impact")
    assert status == 201 and run["state"] == "running"
    work()
    status, run = ask("auditor", "GET", f"/impact/{run['id']}")
    assert run["state"] == "done" and run["summary"]["policies"]["count"] == 1
    status, rows = ask("auditor", "GET", f"/impact/{run['id']}/rows")
    assert rows["count"] == 1 and rows["items"][0]["number"] == policy.policy_no
    status, refused = ask("actuary", "POST", f"/versions/{key}/approval", approval)
    assert status == 409 and "does not approve it" in refused["error"]["message"]
    status, approved = ask("compliance", "POST", f"/versions/{key}/approval", approval)
    assert status == 200 and approved["state"] == "in_force"
    status, standing = ask("underwriter", "GET", "/in-force")
    rating = next(one for one in standing["items"] if one["kind"] == "rating")
    assert (rating["version"], rating["sha256"]) == (key, approved["document_hash"])
    status, life = ask("auditor", "GET", f"/versions/{key}/events")
    assert [one["event"] for one in life["items"]] == [
        "draft", "edit", "propose", "approve", "enter"]
    status, runs = ask("auditor", "GET", f"/versions/{key}/impact")
    assert len(runs["items"]) == 1


@pytest.mark.parametrize(("body", "status"), [
    ({"figures": [{"place": "market.factor_ppm", "value": 1, "source": "", "confidence": "D"}]},
     422),
    ({"figures": [{"place": "market.factor_ppm", "value": 1, "source": "x", "confidence": "?"}]},
     422),
    ({"figures": [{"place": "nowhere", "value": 1, "source": "x", "confidence": "D"}]}, 400),
    ({"figures": [{"place": "market.factor_ppm", "value": 9_000_000, "source": "x",
                   "confidence": "D"}]}, 400),
    ({"figures": [], "header": {"id": "x"}}, 400),
])
def test_bad_figures_are_refused(world: World, ask: Any, body: Any, status: int) -> None:
    version = new_draft(world)
    got, error = ask("actuary", "PATCH", f"/versions/{version.pk}", body)
    assert got == status and error["error"]["mend"]
    before = version.document_hash
    version.refresh_from_db()
    assert version.document_hash == before


def test_what_is_foreign_is_not_there(world: World, policy: Policy, ask: Any) -> None:
    version = new_draft(world)
    other = world.other_insurer
    assert ask("actuary", "GET", f"/versions/{version.pk}", organisation=other)[0] == 404
    assert ask("actuary", "GET", f"/versions/{version.pk}/differences", organisation=other
               )[0] == 404
    body = {"quote": str(policy.quote_id)}
    assert ask("actuary", "POST", "/referral/trials", body, organisation=other)[0] == 404
    mine = TableVersion.objects.within(world.insurer).get()
    status, _found = ask("actuary", "GET", f"/versions/{mine.pk}/differences?against={policy.pk}")
    assert status == 404


def test_rules_are_tried_by_the_api(world: World, policy: Policy, ask: Any) -> None:
    body = {"quote": str(policy.quote_id), "supposed": {"screening.sanctions_hit": True}}
    status, found = ask("underwriter", "POST", "/referral/trials", body)
    assert status == 200 and found["outcome_after"] == "refer"
    assert [one["id"] for one in found["referral"]["applied"]] == ["SANCTIONS"]
    status, error = ask("underwriter", "POST", "/referral/trials",
                        {**body, "supposed": {"profile.headcount": True}})
    assert status == 400 and error["error"]["field"] == "supposed"


def test_adequacy_and_calibration_are_read(world: World, policy: Policy, ask: Any) -> None:
    status, found = ask("actuary", "GET", "/adequacy")
    assert status == 200 and found["charged_fen"] == policy.net_premium_fen
    assert {one["segment"] for one in found["segments"]} == {
        "product", "industry", "size", "grade"}
    status, rows = ask("actuary", "GET", "/calibration?table=frequency&limit=5")
    assert status == 200 and len(rows["items"]) == 5 < rows["count"]
    assert {one["table"] for one in rows["items"]} == {"frequency"}


@pytest.mark.parametrize("role", ["claims_handler", "insured_admin"])
def test_others_are_kept_away(world: World, ask: Any, role: str) -> None:
    for path in ("/versions", "/in-force", "/adequacy", "/calibration"):
        assert ask(role, "GET", path)[0] == 403
    assert not ImpactRun.objects.within(world.insurer).exists()
    assert ask("underwriter", "POST", "/versions", {"label": "x", "reason": "x"})[0] == 403


def test_a_table_is_named_that_prices(world: World, ask: Any) -> None:
    status, error = ask("actuary", "POST", "/versions", {
        "kind": "rating", "table_id": "nowhere", "label": "x", "reason": "x"})
    assert status == 400 and error["error"]["field"] == "table_id"
    status, error = ask("actuary", "POST", "/versions", {
        "kind": "nothing", "table_id": TABLE, "label": "x", "reason": "x"})
    assert status == 400 and error["error"]["field"] == "kind"
