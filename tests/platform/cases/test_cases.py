"""The dashboard of each role and the case through its six steps."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from dinghai_platform.cases import portfolio, work
from dinghai_platform.claims import services
from dinghai_platform.core.models import Organisation
from tests.platform.claims.conftest import _clock, scene, world  # noqa: F401
from tests.platform.claims.making import Scene
from tests.platform.claims.test_pages import open_as

ROLES = ("claims_handler", "claims_approver", "claims_payment", "underwriter",
         "chief_underwriter", "auditor", "actuary", "insured_admin", "insured_security",
         "ir_lead", "loss_adjuster", "platform_admin")


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("role", ROLES)
def test_every_role_has_its_dashboard(scene: Scene, role: str, language: str) -> None:  # noqa: F811
    scene.report()
    assert open_as(scene, role, language).get(reverse("cases:dashboard")).status_code == 200


def test_work_waits_for_whoever_can_do_it(scene: Scene) -> None:  # noqa: F811
    scene.report()
    waiting = {role: [item.href for item in work.work_waiting(scene.actor(role))]
               for role in ("claims_handler", "claims_approver", "claims_payment")}
    assert reverse("claims:claim", args=(scene.claim.pk,)) in waiting["claims_handler"]
    assert waiting["claims_approver"] == waiting["claims_payment"] == []


def test_the_portfolio_ties_to_register_and_ledger(scene: Scene) -> None:  # noqa: F811
    scene.decide()
    handler = scene.actor("claims_handler")
    found = portfolio.portfolio(handler)
    assert found is not None
    assert (found.policies, found.limit_fen) == (1, 1_000_000_000)
    assert found.rate_on_line_ppm == 8_000
    assert (found.payable_fen, found.paid_fen, found.reserve_fen) == (366_810_000, 0, 0)
    services.agree_decision(scene.claim, actor=scene.actor("insured_admin"))
    services.pay_claim(scene.claim, actor=scene.actor("claims_payment"))
    again = portfolio.portfolio(handler)
    assert again is not None
    assert (again.payable_fen, again.paid_fen, again.open_claims) == (0, 366_810_000, 0)
    assert portfolio.portfolio(scene.actor("insured_admin")) is None


def test_an_authority_sees_sums_alone(scene: Scene) -> None:  # noqa: F811
    scene.decide()
    authority = Organisation.objects.create(kind="regulator", name_zh="监管机构")
    actor = scene.world.actor("regulator_nfra", authority)
    found = portfolio.market(actor)
    assert found is not None and found["policies"] == 1 and found["claims"] == 1
    client = Client()
    client.force_login(actor.user, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("cases:dashboard"))
    assert page.status_code == 200
    assert scene.claim.number not in page.content.decode()
    assert client.get(reverse("claims:claims")).status_code == 403
    assert portfolio.market(scene.actor("claims_handler")) is None


@pytest.mark.parametrize("role", ["underwriter", "claims_handler", "insured_admin"])
def test_the_case_shows_six_steps(scene: Scene, role: str) -> None:  # noqa: F811
    scene.decide()
    client = open_as(scene, role)
    page = client.get(reverse("cases:case", args=(scene.policy.case_id,)))
    assert page.status_code == 200
    steps = page.context["reading"].steps
    assert [step.label for step in steps] == [
        "保前诊断", "保前治疗", "保中服务", "保中监控", "保后救援", "保后赔偿"]
    assert steps[5].events and steps[4].events


def test_a_foreign_case_is_not_there(scene: Scene) -> None:  # noqa: F811
    client = Client()
    client.force_login(scene.world.actor("underwriter", scene.world.other_insurer).user,
                       backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse("cases:case", args=(scene.policy.case_id,))).status_code == 404


def test_the_timeline_of_the_api(scene: Scene) -> None:  # noqa: F811
    scene.report()
    client = open_as(scene, "claims_handler")
    answer = client.get(f"/api/v1/cases/{scene.policy.case_id}/timeline")
    assert answer.status_code == 200
    assert [step["no"] for step in answer.json()["steps"]] == [1, 2, 3, 4, 5, 6]
    book = client.get("/api/v1/cases/portfolio").json()
    assert book["policies"] == 1
