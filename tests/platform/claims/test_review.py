"""The approver's page: what differs between runs, who changed which fact, duties apart."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from dinghai_platform.claims import services
from dinghai_platform.claims.comparing import compare
from dinghai_platform.claims.reading import decision_document
from dinghai_platform.claims.services import Trial
from dinghai_platform.core.actors import actor_of_membership
from dinghai_platform.core.models import Membership
from tests.platform.claims.making import Scene
from tests.platform.claims.test_pages import INSIDE, LANGUAGES, OUTSIDE, open_as
from tests.platform.story import stand_at


@pytest.fixture
def adjudicated(scene: Scene) -> Scene:
    """A claim the handler has put forward."""
    scene.report()
    scene.hand_in()
    scene.register()
    stand_at("2026-09-15T10:00:00")
    scene.supplement()
    scene.quantify()
    stand_at("2026-10-10T10:00:00")
    services.adjudicate_claim(scene.claim, actor=scene.actor("claims_handler"))
    return scene


def review_of(scene: Scene, role: str = "claims_approver", language: str = "zh-hans") -> Any:
    return open_as(scene, role, language).get(address_of(scene))


def address_of(scene: Scene) -> str:
    return reverse("claims:review", args=(scene.claim.pk,))


def change_turnover(scene: Scene) -> None:
    """¥500,000 more turnover after all: ¥125,000 less is paid."""
    facts = scene.claim.items.get(no=2).facts["bi.actual_turnover"]
    services.keep_facts(scene.claim, Trial(items={2: {"bi.actual_turnover": {
        **facts, "value": 1_570_000_000}}}), actor=scene.actor("claims_handler"),
        note="九月台账更正")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", INSIDE)
def test_it_opens_inside_the_insurer(adjudicated: Scene, role: str, language: str) -> None:
    assert review_of(adjudicated, role, language).status_code == 200


@pytest.mark.parametrize("role", OUTSIDE)
def test_not_for_the_insured(adjudicated: Scene, role: str) -> None:
    assert review_of(adjudicated, role).status_code == 403


def test_not_for_another_insurer(adjudicated: Scene) -> None:
    client = open_as(adjudicated, "claims_approver")
    client.force_login(
        adjudicated.world.actor("claims_approver", adjudicated.world.other_insurer).user,
        backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(address_of(adjudicated)).status_code == 404


def test_before_anything_is_put_forward(scene: Scene) -> None:
    scene.report()
    page = review_of(scene)
    assert page.status_code == 200 and page.context["review"].record is None


def test_the_same_now_byte_for_byte(adjudicated: Scene) -> None:
    page = review_of(adjudicated)
    review = page.context["review"]
    assert review.same_now and review.now.same
    assert next(one for one in page.context["steps"] if one.event == "approve").allowed
    assert len(review.runs) == 1 and review.runs[0].moves is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_facts_changed_since_the_run_with_who_and_why(
    adjudicated: Scene, language: str
) -> None:
    change_turnover(adjudicated)
    page = review_of(adjudicated, language=language)
    review = page.context["review"]
    assert not review.same_now and review.now.delta_fen == -12_500_000
    changed = review.now_facts
    assert [(one.item, one.before, one.after, one.why) for one in changed] == [
        (2, "¥15,200,000.00", "¥15,700,000.00", "九月台账更正")]
    handler = str(adjudicated.actor("claims_handler").user)
    assert changed[0].who.startswith(handler) and changed[0].when is not None
    steps = {one.event: one for one in page.context["steps"]}
    assert not steps["approve"].allowed and steps["approve"].reason
    body = page.content.decode()
    assert handler in body and "九月台账更正" in body
    assert "cl-moved-down" in body


def test_successive_runs_side_by_side(adjudicated: Scene) -> None:
    change_turnover(adjudicated)
    services.adjudicate_claim(adjudicated.claim, actor=adjudicated.actor("claims_handler"))
    services.set_fact(adjudicated.claim, "event.extortion_threat", None,
                      actor=adjudicated.actor("claims_handler"))
    services.adjudicate_claim(adjudicated.claim, actor=adjudicated.actor("claims_handler"))
    runs = review_of(adjudicated).context["review"].runs
    assert [run.record.sequence for run in runs] == [3, 2, 1]
    assert [one.why for one in runs[1].facts] == ["九月台账更正"]
    assert [(one.coverage, one.delta_fen) for one in runs[1].moves.lines] == [
        ("FP-BI", -12_500_000)]
    assert [one.item for one in runs[0].facts] == [None]
    assert runs[0].facts[0].who


def test_duties_are_shown_apart(adjudicated: Scene) -> None:
    review = review_of(adjudicated).context["review"]
    handler = str(adjudicated.actor("claims_handler").user)
    assert any(handler in duty.people for duty in review.duties)
    assert review.rules and not review.conflict
    membership, _made = Membership.objects.get_or_create(
        user=adjudicated.actor("claims_handler").user, organisation=adjudicated.world.insurer,
        role="claims_approver")
    from dinghai_platform.claims.reviewing import read_review

    both = read_review(adjudicated.claim, actor_of_membership(membership))
    assert both.conflict


def test_after_the_issue_the_page_still_tells(adjudicated: Scene) -> None:
    services.approve_claim(adjudicated.claim, actor=adjudicated.actor("claims_approver"))
    review = review_of(adjudicated, "auditor").context["review"]
    assert review.record.is_issued and review.same_now


def test_a_comparison_over_the_api(adjudicated: Scene) -> None:
    change_turnover(adjudicated)
    services.adjudicate_claim(adjudicated.claim, actor=adjudicated.actor("claims_handler"))
    first, second = adjudicated.claim.decisions.order_by("sequence")
    address = f"/api/v1/claims/decisions/{second.pk}/comparison?other={first.pk}"
    answer = open_as(adjudicated, "claims_approver").get(address)
    assert answer.status_code == 200
    said = answer.json()
    assert said["after_fen"] - said["before_fen"] == -12_500_000
    assert said["facts"][0]["fact"] == "bi.actual_turnover"
    before = open_as(adjudicated, "auditor").get(address.partition("?")[0])
    assert before.json() == said
    alone = open_as(adjudicated, "auditor").get(
        f"/api/v1/claims/decisions/{first.pk}/comparison").json()
    assert alone["facts"] == [] and not any(line["moved"] for line in alone["lines"])
    assert open_as(adjudicated, "insured_admin").get(address).status_code == 403
    client = open_as(adjudicated, "claims_approver")
    client.force_login(
        adjudicated.world.actor("claims_approver", adjudicated.world.other_insurer).user,
        backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(address).status_code == 404


def test_a_run_compared_with_itself_is_the_same(adjudicated: Scene) -> None:
    document = decision_document(adjudicated.claim.decisions.get())
    assert compare(document, document).same
