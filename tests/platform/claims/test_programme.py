"""Claims of a programme: members, suppliers, layers, contributions; third parties paid direct."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.urls import reverse
from django.utils.translation import override

from dinghai.foundation.errors import InputError
from dinghai_platform.claims import services
from dinghai_platform.claims.decision_view import decision_view
from dinghai_platform.claims.models import DecisionRecord
from dinghai_platform.claims.reading import claim_document, decision_document
from dinghai_platform.claims.services import Trial
from dinghai_platform.ledger.queries import balance_of, verify_books
from tests.platform.claims.making import Scene, make_scene, programme_contract
from tests.platform.claims.test_pages import LANGUAGES, open_as
from tests.platform.claims.test_workbench import address_of, posted
from tests.platform.story import World, stand_at

FACTS = {
    "event.cyber_incident_confirmed": {"value": True},
    "event.propagated_attack": {"value": True},
    "event.third_party_claim": {"value": True},
    "incident.first_occurrence_at": {"value": "2026-09-07T02:00:00+08:00"},
    "incident.discovered_at": {"value": "2026-09-07T10:00:00+08:00"},
    "claim.made_at": {"value": "2026-09-08T10:00:00+08:00"},
}


@pytest.fixture
def programme(world: World) -> Scene:
    """A registered claim of two members, one of them liable to others."""
    return begun(make_scene(world, contract=programme_contract()))


def begun(scene: Scene) -> Scene:
    scene.report()
    handler = scene.actor("claims_handler")
    services.register_claim(scene.claim, reserve_fen=100_000_000, actor=handler)
    services.set_facts(scene.claim, FACTS, actor=handler)
    for member, cost in (("A", 60_000_000), ("B", 45_000_000)):
        services.add_item(
            scene.claim, "SC-PROP", description="被传导攻击", member=member,
            facts={"member.response_cost": {"value": cost}}, actor=handler)
    services.add_item(
        scene.claim, "SC-LIAB", description="下游停产索赔", member="A", supplier="精工模具厂",
        facts={"liability.damages": {"value": 30_000_000}}, actor=handler)
    return scene


def issued(scene: Scene) -> DecisionRecord:
    scene.quantify()
    stand_at("2026-10-10T10:00:00")
    services.adjudicate_claim(scene.claim, actor=scene.actor("claims_handler"))
    return services.approve_claim(scene.claim, actor=scene.actor("claims_approver"))


def test_the_file_names_member_and_supplier(programme: Scene) -> None:
    items = claim_document(programme.claim)["items"]
    assert [(item.get("insured"), item.get("supplier")) for item in items] == [
        ("A", None), ("B", None), ("A", "精工模具厂")]


def test_a_member_the_policy_lacks_is_refused(programme: Scene) -> None:
    handler = programme.actor("claims_handler")
    with pytest.raises(InputError) as error:
        services.add_item(programme.claim, "SC-PROP", description="x", member="C", actor=handler)
    assert error.value.fault.field == "member" and "A, B" in (error.value.fault.mend or "")
    assert programme.claim.items.count() == 3


def test_lines_by_member_with_layers_and_payee(programme: Scene) -> None:
    record = issued(programme)
    decision = decision_document(record)
    lines = {(line["coverage"], line.get("insured")): line for line in decision["lines"]}
    # Each member bears its own deductible of 50,000.00.
    assert lines[("SC-PROP", "B")]["payable_fen"] == 40_000_000
    shares = {(share["role"], share["kind"]): share["fen"]
              for share in decision["layers"][0]["shares"]}
    total = record.total_fen
    assert shares[("chain_owner", "contribution")] == total * 20 // 100
    assert shares[("supplier", "contribution")] == total * 10 // 100
    assert record.contribution_fen == total * 30 // 100
    with override("zh-hans"):
        view = decision_view(decision)
    assert view.lines[0].insured == "甲配件厂"
    assert view.lines[2].suppliers == ("精工模具厂",)
    assert {kind for kind, _label, _fen in view.by_kind} == {"insurance", "contribution"}


def test_contributions_are_no_insurance_money(programme: Scene) -> None:
    record = issued(programme)
    tenant = programme.world.insurer
    assert balance_of(tenant, "claims_payable") == record.insurance_fen
    assert balance_of(tenant, "commercial_receivable") == record.contribution_fen
    assert balance_of(tenant, "commercial_contribution") == record.contribution_fen
    services.agree_decision(programme.claim, actor=programme.actor("insured_admin"))
    pay = open_as(programme, "claims_payment").get(
        reverse("claims:act", args=(programme.claim.pk, "pay")))
    assert pay.context["total_fen"] == record.insurance_fen
    payment = services.pay_claim(programme.claim, actor=programme.actor("claims_payment"))
    assert payment is not None and payment.amount_fen == record.insurance_fen
    assert record.insurance_fen + record.contribution_fen == record.total_fen
    assert -balance_of(tenant, "cash") == record.insurance_fen
    assert balance_of(tenant, "claims_payable") == 0
    assert verify_books(tenant).holds


def test_in_advance_only_insurance_money(programme: Scene) -> None:
    order = services.order_interim(programme.claim, actor=programme.actor("claims_approver"))
    assert order.amount_fen == order.decision.insurance_fen < order.decision.total_fen
    with pytest.raises(InputError):
        services.order_interim(programme.claim, actor=programme.actor("claims_approver"),
                               amount_fen=order.decision.total_fen)
    services.pay_interim(programme.claim, actor=programme.actor("claims_payment"))
    record = issued(programme)
    assert record.insurance_fen == 0
    assert record.total_fen == record.contribution_fen
    services.agree_decision(programme.claim, actor=programme.actor("insured_admin"))
    assert services.pay_claim(programme.claim, actor=programme.actor("claims_payment")) is None
    assert verify_books(programme.world.insurer).holds


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", ["claims_handler", "insured_admin", "auditor"])
def test_the_pages_show_who_bears_it(programme: Scene, role: str, language: str) -> None:
    record = issued(programme)
    client = open_as(programme, role, language)
    member = "甲配件厂" if language == "zh-hans" else "Jia Parts"
    for name, key in (("claims:decision", record.pk), ("claims:claim", programme.claim.pk),
                      ("claims:explained", programme.claim.pk)):
        body = client.get(reverse(name, args=(key,))).content.decode()
        assert member in body and "跟单保险人" in body, name
        assert ("商业分担" if language == "zh-hans" else "Contribution by agreement") in body


def test_a_term_that_was_not_explained_is_named(world: World) -> None:
    scene = begun(make_scene(world, contract=programme_contract(
        unexplained=("event_deductible",))))
    record = issued(scene)
    with override("zh-hans"):
        flags = decision_view(decision_document(record)).flags
    assert any(flag.kind == "not_explained" and "每次事故免赔额" in flag.name for flag in flags)
    body = open_as(scene, "insured_admin").get(
        reverse("claims:decision", args=(record.pk,))).content.decode()
    assert "每次事故免赔额" in body


def test_whose_loss_is_tried_and_kept_on_the_workbench(programme: Scene) -> None:
    client = open_as(programme, "claims_handler")
    page = client.get(address_of(programme))
    assert "甲配件厂" in page.content.decode()
    data = posted(programme, **{"i2:member": "A", "i3:supplier": "别家模具厂"})
    tried = client.post(address_of(programme, "claims:bench_preview"), data)
    assert tried.context["bench"].tried.trial.parties == {2: ("A", ""), 3: ("A", "别家模具厂")}
    assert "items" in tried.context["bench"].tried.comparison.inputs
    assert client.post(address_of(programme), {**data, "do": "keep"}).status_code == 302
    assert [item.member for item in programme.claim.items.all()] == ["A", "A", "A"]
    client.post(address_of(programme, "claims:bench_put_back"))
    assert [item.member for item in programme.claim.items.all()] == ["A", "B", "A"]


def test_a_member_that_is_none_is_no_choice(programme: Scene) -> None:
    data = posted(programme, **{"i2:member": "C"})
    tried = open_as(programme, "claims_handler").post(
        address_of(programme, "claims:bench_preview"), data)
    assert tried.context["problems"]
    with pytest.raises(InputError):
        services.keep_facts(programme.claim, Trial(parties={1: ("C", "")}),
                            actor=programme.actor("claims_handler"))


def test_items_by_form_and_api(programme: Scene) -> None:
    client = open_as(programme, "claims_handler")
    address = reverse("claims:act", args=(programme.claim.pk, "item"))
    assert "乙电机厂" in client.get(address).content.decode()
    assert client.post(address, {"coverage": "SC-CBI", "description": "停供", "member": "B",
                                 "supplier": "精工模具厂"}).status_code == 302
    made = programme.claim.items.get(no=4)
    assert (made.member, made.supplier) == ("B", "精工模具厂")

    def post(body: dict[str, Any]) -> Any:
        return client.post(f"/api/v1/claims/{programme.claim.pk}/items", json.dumps(body),
                           content_type="application/json")

    answer = post({"coverage": "SC-CBI", "insured": "A", "supplier": "精工模具厂"})
    assert answer.status_code == 201
    assert answer.json()["items"][4]["insured"] == "A"
    assert answer.json()["items"][4]["supplier"] == "精工模具厂"
    assert post({"coverage": "SC-CBI", "insured": "C"}).status_code == 400


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_third_party_is_paid_direct(scene: Scene, language: str) -> None:
    scene.report()
    handler = scene.actor("claims_handler")
    services.register_claim(scene.claim, reserve_fen=0, actor=handler)
    services.set_facts(scene.claim, FACTS, actor=handler)
    services.add_item(scene.claim, "TP-PRIV", description="客户索赔", actor=handler, facts={
        "liability.damages": {"value": 60_000_000}})
    record = issued(scene)
    decision = decision_document(record)
    line = decision["lines"][0]
    assert line["payee"] == "third_party" and line["payable_fen"] > 0
    for name, key in (("claims:decision", record.pk), ("claims:explained", scene.claim.pk)):
        body = open_as(scene, "insured_admin", language).get(
            reverse(name, args=(key,))).content.decode()
        assert ("直接支付给第三者" if language == "zh-hans" else "third party directly") in body
    services.agree_decision(scene.claim, actor=scene.actor("insured_admin"))
    pay = open_as(scene, "claims_payment", language).get(
        reverse("claims:act", args=(scene.claim.pk, "pay")))
    assert "65" in pay.context["payee"]
