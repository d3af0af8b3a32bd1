"""Responders, adjusters and insured act on what is theirs, and on nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from dinghai.foundation.errors import Refusal
from dinghai_platform.claims import services
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation, Relation
from dinghai_platform.core.permissions import allowed
from tests.platform.claims.making import Scene
from tests.platform.claims.test_api import BASE, post
from tests.platform.claims.test_pages import open_as


@pytest.fixture
def foreign(scene: Scene) -> Scene:
    """A claim under survey, and a second provider and adjuster of the same insurer."""
    scene.report()
    handler = scene.actor("claims_handler")
    services.triage_incident(scene.claim.incident, actor=handler, family="malware")
    order = services.dispatch_response(scene.claim.incident, scene.provider, mode="remote",
                                       actor=handler)
    services.accept_order(order, actor=scene.actor("ir_lead"))
    scene.hand_in()
    scene.register()
    services.appoint_adjuster(scene.claim, scene.adjuster, actor=handler)
    return scene


def _outsider(scene: Scene, role: str) -> Actor:
    if role.startswith("insured"):
        return scene.world.actor(role, scene.world.stranger)
    kind = (Organisation.Kind.PROVIDER if role == "ir_lead" else Organisation.Kind.MEDIATOR
            if role == "arbiter" else Organisation.Kind.ADJUSTER)
    firm = Organisation.objects.create(kind=kind, name_zh=f"外人 {role}")
    if role != "arbiter":
        Relation.objects.create(tenant=scene.world.insurer, organisation=firm)
    return scene.world.actor(role, firm)


def _deeds(scene: Scene) -> dict[str, Callable[[Actor], Any]]:
    claim, incident = scene.claim, scene.claim.incident
    return {
        "note": lambda by: services.add_note(incident, text="x", actor=by),
        "triage": lambda by: services.triage_incident(incident, actor=by),
        "contain": lambda by: services.advance_incident(incident, "contain", text="x", actor=by),
        "evidence": lambda by: services.add_evidence(
            incident, b"x", name="x.txt", kind="ir_report", actor=by),
        "fact": lambda by: services.set_fact(claim, "event.data_loss", True, actor=by),
        "item": lambda by: services.add_item(claim, "FP-BI", description="x", actor=by),
        "survey": lambda by: services.survey_claim(claim, note="x", actor=by),
    }


@pytest.mark.parametrize("role", ["ir_lead", "loss_adjuster", "insured_security", "arbiter"])
def test_who_has_no_part_in_it_may_do_nothing(foreign: Scene, role: str) -> None:
    outsider = _outsider(foreign, role)
    for name, deed in _deeds(foreign).items():
        with pytest.raises(PermissionDenied):
            deed(outsider)
        assert foreign.claim.state == "registered", name
    assert foreign.claim.incident.state == "ir_dispatched"


def test_who_has_a_part_may_do_theirs(foreign: Scene) -> None:
    deeds = _deeds(foreign)
    for name in ("note", "triage", "evidence", "contain"):
        deeds[name](foreign.actor("ir_lead"))
    for name in ("note", "fact", "item", "survey"):
        deeds[name](foreign.actor("loss_adjuster"))
    services.advance_incident(foreign.claim.incident, "eradicate", text="x",
                              actor=foreign.actor("ir_lead"))
    services.advance_incident(foreign.claim.incident, "recover", text="x",
                              actor=foreign.actor("insured_security"))
    assert foreign.claim.incident.state == "recovered"


def test_another_adjuster_fixes_no_amounts(foreign: Scene) -> None:
    services.survey_claim(foreign.claim, note="x", actor=foreign.actor("loss_adjuster"))
    with pytest.raises(PermissionDenied):
        services.quantify_claim(foreign.claim, note="x", actor=_outsider(foreign, "loss_adjuster"))
    assert foreign.claim.state == "under_survey"


def test_a_declined_order_gives_no_rights(scene: Scene) -> None:
    incident = scene.report()
    handler, lead = scene.actor("claims_handler"), scene.actor("ir_lead")
    services.triage_incident(incident, actor=handler)
    assert not allowed(lead, "claims.note", incident)
    order = services.dispatch_response(incident, scene.provider, mode="remote", actor=handler)
    assert allowed(lead, "claims.note", scene.claim.incident)
    services.decline_order(order, reason="x", actor=lead)
    with pytest.raises(PermissionDenied):
        services.add_note(scene.claim.incident, text="x", actor=lead)


def test_no_adjuster_yet_is_said(scene: Scene) -> None:
    scene.report()
    services.register_claim(scene.claim, reserve_fen=1, actor=scene.actor("claims_handler"))
    with pytest.raises(Refusal):
        services.survey_claim(scene.claim, note="x", actor=scene.actor("loss_adjuster"))


@pytest.mark.parametrize("role", ["ir_lead", "loss_adjuster", "insured_security"])
def test_pages_and_api_know_nothing_of_it(foreign: Scene, role: str) -> None:
    outsider = _outsider(foreign, role)
    client = open_as(foreign, "auditor")
    client.force_login(outsider.user, backend="django.contrib.auth.backends.ModelBackend")
    claim = foreign.claim
    for address in (reverse("claims:claim", args=(claim.pk,)),
                    reverse("claims:act", args=(claim.pk, "survey")),
                    reverse("claims:incident_act", args=(claim.incident_id, "contain")),
                    f"{BASE}/{claim.pk}"):
        assert client.get(address).status_code == 404, address
    assert post(client, f"/{claim.pk}/steps/survey", {"text": "x"}).status_code == 404
    assert post(client, f"/incidents/{claim.incident_id}/advance/contain",
                {"text": "x"}).status_code == 404
