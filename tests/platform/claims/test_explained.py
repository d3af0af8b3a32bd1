"""The claim explained to whoever claims: every reduction, what is needed, what may be done."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from django.urls import reverse
from django.utils.translation import override

from dinghai.claims.adjudication import adjudicate
from dinghai_platform.claims import services
from dinghai_platform.claims.explaining import tell
from dinghai_platform.claims.reading import presented_of
from dinghai_platform.claims.reductions import reductions_of
from tests.golden.test_claims import FILES, golden_claim, golden_history, golden_policy
from tests.platform.claims.making import Scene
from tests.platform.claims.test_pages import LANGUAGES, open_as
from tests.platform.story import stand_at


def address_of(scene: Scene) -> str:
    return reverse("claims:explained", args=(scene.claim.pk,))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", [
    "insured_admin", "insured_security", "claims_handler", "claims_approver", "claims_payment",
    "underwriter", "auditor"])
def test_it_opens_for_those_who_see_the_claim(scene: Scene, role: str, language: str) -> None:
    scene.decide()
    assert open_as(scene, role, language).get(address_of(scene)).status_code == 200


def test_foreign_claims_are_not_there(scene: Scene) -> None:
    scene.decide()
    client = open_as(scene, "insured_admin")
    for role, home in (("insured_admin", scene.world.stranger),
                       ("claims_handler", scene.world.other_insurer)):
        client.force_login(scene.world.actor(role, home).user,
                           backend="django.contrib.auth.backends.ModelBackend")
        assert client.get(address_of(scene)).status_code == 404


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_parts_of_every_golden_claim_add_up(language: str) -> None:
    for path in FILES[::7]:
        case = tomllib.loads(path.read_text("utf-8"))
        policy = golden_policy(case)
        decision = adjudicate(policy.to_dict(), golden_claim(case), golden_history(case))
        with override(language):
            for line in decision["lines"]:
                if not line["coverage"]:
                    continue
                parts = reductions_of(line, policy)
                assert presented_of(line) - sum(part.taken_fen for part in parts) == (
                    line["payable_fen"]), path.name
                assert all(part.clauses or line["clause"] == "" for part in parts), path.name
                assert all(part.law and part.title and part.words for part in parts), path.name


def test_every_reduction_cites_clause_fact_evidence_and_law(scene: Scene) -> None:
    scene.decide()
    told = tell(scene.claim)
    parts = [(one.line, part) for one in told.paid for part in one.reductions]
    assert parts
    for line, part in parts:
        assert part.part.clauses and part.part.law and part.part.words
        assert part.facts or part.part.from_schedule, (line.coverage, part.part.rule)
    better = next(part for line, part in parts if line.coverage == "FP-DATA")
    assert better.amount_fen == 3_600_000
    assert better.facts and better.facts[0].evidence
    for one in told.paid:
        taken = sum(part.part.taken_fen for part in one.reductions)
        assert one.line.presented_fen - taken == one.line.payable_fen


def test_the_reason_of_an_exclusion_is_named(scene: Scene) -> None:
    """A cause that takes the event shows as the reduction, with its facts."""
    scene.report()
    scene.hand_in()
    scene.register()
    handler = scene.actor("claims_handler")
    services.set_facts(scene.claim, {
        "incident.cause_actor": {"value": "state"},
        "incident.attribution_status": {"value": "government_attributed"},
        "incident.state_major_detrimental_impact": {"value": True},
        "incident.insured_asset_in_impacted_state": {"value": True},
        "causation.EX-CYBEROP": {"value": True}}, actor=handler)
    scene.supplement()
    told = _decided(scene)
    excluded = [one for one in told.unpaid if one.line.outcome == "excluded"]
    assert excluded
    for one in excluded:
        assert any("EX-CYBEROP" in part.part.exclusions for part in one.reductions)
        assert any(part.facts for part in one.reductions)


def _decided(scene: Scene) -> Any:
    """From the amounts to the decision or refusal, and its telling."""
    scene.quantify()
    stand_at("2026-10-10T10:00:00")
    record = services.adjudicate_claim(scene.claim, actor=scene.actor("claims_handler"))
    approver = scene.actor("claims_approver")
    if record.total_fen > 0:
        services.approve_claim(scene.claim, actor=approver)
    else:
        services.reject_claim(scene.claim, actor=approver, reason="国家网络行动已查明")
    return tell(scene.claim)


def test_what_is_not_payable_shows_amount_and_reason(scene: Scene) -> None:
    scene.report()
    scene.hand_in()
    scene.register()
    scene.supplement()
    services.add_item(scene.claim, "FP-EXT-R", description="赎金", actor=scene.actor(
        "claims_handler"), facts={"item.amount": {"value": 30_000_000}})
    told = _decided(scene)
    unpaid = {one.line.coverage: one for one in told.unpaid}
    assert unpaid["FP-EXT-R"].line.presented_fen == 30_000_000
    assert unpaid["FP-EXT-R"].line.payable_fen == 0
    assert unpaid["FP-EXT-R"].line.reason
    body = open_as(scene, "insured_admin").get(address_of(scene)).content.decode()
    assert "¥300,000.00" in body


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_clock_stands_still_with_its_reason(scene: Scene, language: str) -> None:
    scene.report()
    scene.hand_in()
    scene.register()
    stand_at("2026-09-15T10:00:00")
    services.request_evidence(scene.claim, actor=scene.actor("claims_handler"))
    page = open_as(scene, "insured_admin", language).get(address_of(scene))
    told = page.context["told"]
    assert told.needed and told.needed[0].due is not None and told.needed[0].papers
    assert told.pauses and told.pauses[0].ended_at is None and told.pauses[0].law
    body = page.content.decode()
    assert ("等待补充材料" in body) or ("waiting for further papers" in body)
    assert {one.reading.clock for one in told.clocks} >= {"CLK-CL-DEC", "CLK-CL-INT"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_how_to_object_stands_on_the_page(scene: Scene, language: str) -> None:
    scene.decide()
    page = open_as(scene, "insured_admin", language).get(address_of(scene))
    assert page.context["objection"].event == "dispute"
    assert len(page.context["told"].ways) == 4
    assert page.context["told"].appeal in page.content.decode()
    assert page.context["objection"].href in page.content.decode()
    assert open_as(scene, "auditor").get(address_of(scene)).context["objection"] is None


def test_a_run_that_was_not_issued_stays_inside(scene: Scene) -> None:
    scene.report()
    scene.hand_in()
    scene.register()
    scene.supplement()
    scene.quantify()
    services.adjudicate_claim(scene.claim, actor=scene.actor("claims_handler"))
    for role in ("insured_admin", "claims_handler"):
        told = open_as(scene, role).get(address_of(scene)).context["told"]
        assert told.record is None and told.paid == ()
