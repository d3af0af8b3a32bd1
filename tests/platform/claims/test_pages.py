"""Every page of incidents and claims, signed in as each role, in both languages."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from dinghai_platform.claims import services
from dinghai_platform.claims.models import Claim, Incident
from tests.platform.claims.making import Scene
from tests.platform.story import stand_at

LANGUAGES = ("zh-hans", "en")
INSIDE = ("claims_handler", "claims_approver", "claims_payment", "underwriter", "auditor")
OUTSIDE = ("insured_admin", "insured_security")


def open_as(scene: Scene, role: str, language: str = "zh-hans") -> Client:
    """A browser of somebody in a role."""
    client = Client(headers={"accept-language": language})
    client.force_login(scene.actor(role).user,
                       backend="django.contrib.auth.backends.ModelBackend")
    return client


def pages_of(scene: Scene) -> list[str]:
    """Addresses of everything about the scene's claim."""
    claim = scene.claim
    found = [reverse("claims:claims"), reverse("claims:incidents"),
             reverse("claims:claims") + "?export=csv", reverse("claims:incidents") + "?export=csv",
             reverse("claims:incident", args=(claim.incident_id,)),
             reverse("claims:authority_report", args=(claim.incident_id,)),
             reverse("claims:claim", args=(claim.pk,)),
             reverse("claims:claim_json", args=(claim.pk,))]
    for record in claim.decisions.all():
        if record.is_issued:
            found += [reverse("claims:decision", args=(record.pk,)),
                      reverse("claims:decision_json", args=(record.pk,)),
                      reverse("claims:notice", args=(record.pk, "zh"))]
    found += [reverse("claims:evidence", args=(one.pk,))
              for one in claim.incident.evidence.all()[:2]]
    found += [reverse("claims:request_notice", args=(one.pk,)) for one in claim.requests.all()]
    return found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", [*INSIDE, *OUTSIDE])
def test_all_pages_open(scene: Scene, role: str, language: str) -> None:
    scene.decide()
    client = open_as(scene, role, language)
    for address in pages_of(scene):
        assert client.get(address).status_code == 200, address


def test_a_stranger_gets_404_and_a_visitor_signs_in(scene: Scene) -> None:
    scene.decide()
    stranger = Client()
    stranger.force_login(scene.world.actor("insured_admin", scene.world.stranger).user,
                         backend="django.contrib.auth.backends.ModelBackend")
    other = Client()
    other.force_login(scene.world.actor("claims_handler", scene.world.other_insurer).user,
                      backend="django.contrib.auth.backends.ModelBackend")
    lists = tuple(reverse(name) for name in ("claims:claims", "claims:incidents"))
    for address in pages_of(scene):
        for client in (stranger, other):
            answer = client.get(address)
            if address.split("?")[0] in lists:
                body = b"".join(answer) if answer.streaming else answer.content
                assert scene.claim.number.encode() not in body
            else:
                assert answer.status_code == 404, address
        assert Client().get(address).status_code == 302


def test_every_state_shows_and_says_why_not(scene: Scene) -> None:
    scene.report()
    seen = []
    address = reverse("claims:claim", args=(scene.claim.pk,))

    def look() -> None:
        for role in ("claims_handler", "insured_admin"):
            assert open_as(scene, role).get(address).status_code == 200
        seen.append(scene.claim.state)

    look()
    scene.hand_in()
    scene.register()
    look()
    scene.supplement()
    scene.quantify()
    look()
    services.adjudicate_claim(scene.claim, actor=scene.actor("claims_handler"))
    look()
    page = open_as(scene, "claims_handler").get(address)
    steps = {step.event: step for step in page.context["steps"]}
    assert not steps["approve"].allowed and steps["approve"].reason
    insured = open_as(scene, "insured_admin").get(address)
    assert insured.context["record"] is None and insured.context["view"] is None
    assert seen == ["notified", "registered", "quantified", "adjudicated"]


def test_the_insured_reports_from_the_form(scene: Scene) -> None:
    stand_at("2026-09-07T11:00:00")
    client = open_as(scene, "insured_admin")
    assert client.get(reverse("claims:report")).status_code == 200
    answer = client.post(reverse("claims:report"), {
        "policy": scene.policy.pk, "title": "系统被加密", "discovered_at": "2026-09-07T10:00",
        "contact": "13800000000", "signs": ["event.data_encryption"]})
    made = Incident.objects.within(scene.world.insurer).get()
    assert answer.status_code == 302 and made.title == "系统被加密"
    assert made.facts["event.data_encryption"]["value"] is True
    assert made.discovered_at.isoformat() == "2026-09-07T02:00:00+00:00"
    assert made.claim.state == "notified"


def test_a_report_from_the_future_is_refused(scene: Scene) -> None:
    stand_at("2026-09-07T11:00:00")
    answer = open_as(scene, "insured_admin").post(reverse("claims:report"), {
        "policy": scene.policy.pk, "title": "x", "discovered_at": "2026-09-08T10:00",
        "contact": "1"})
    assert answer.status_code == 200
    assert "discovered_at" in answer.context["form"].errors
    assert not Incident.objects.within(scene.world.insurer).exists()


def test_triage_from_the_form_starts_the_clock(scene: Scene) -> None:
    scene.report()
    client = open_as(scene, "claims_handler")
    address = reverse("claims:incident_act", args=(scene.claim.incident_id, "triage"))
    assert client.get(address).status_code == 200
    answer = client.post(address, {
        "notice.personal_data_persons": "1,000,000", "operator": "general", "judged": "",
        "notice.direct_loss": "2600000", "event.personal_data_breach": "true"})
    assert answer.status_code == 302, answer.context["form"].errors
    incident = Incident.objects.within(scene.world.insurer).get()
    assert incident.grade_name == "较大"
    assert incident.facts["notice.direct_loss"]["value"] == 260_000_000
    due = {duty.clock_id: duty.due.isoformat() for duty in incident.duties.all()}
    assert due["CLK-RPT-GEN"] == "2026-09-07T06:00:00+00:00"
    page = client.get(reverse("claims:incident", args=(incident.pk,)))
    assert "较大" in page.content.decode()


def test_facts_are_edited_in_words_and_kept_in_units(scene: Scene) -> None:
    scene.report()
    scene.hand_in()
    scene.register()
    client = open_as(scene, "claims_handler")
    address = reverse("claims:item_facts", args=(scene.claim.pk, 2))
    page = client.get(address)
    assert page.status_code == 200
    form = page.context["form"]
    data: dict[str, Any] = {}
    for name in form.fields:
        value = form[name].value()
        if value not in (None, "", False):
            data[name] = value
    data["bi.actual_turnover"] = "15,200,000"
    data["bi.interruption_seconds"] = "120"
    answer = client.post(address, data)
    assert answer.status_code == 302, answer.context["form"].errors
    item = scene.claim.items.get(no=2)
    assert item.facts["bi.actual_turnover"] == {"value": 1_520_000_000, "evidence": []}
    assert item.facts["bi.gross_profit_rate"]["value"] == 250_000
    assert item.facts["bi.standard_turnover"]["evidence"]


def test_event_facts_survive_an_unchanged_save(scene: Scene) -> None:
    scene.report()
    scene.hand_in()
    scene.register()
    client = open_as(scene, "claims_handler")
    address = reverse("claims:facts", args=(scene.claim.pk,))
    form = client.get(address).context["form"]
    data = {}
    for name in form.fields:
        value = form[name].value()
        if value not in (None, "", False):
            data[name] = value
    before = scene.claim.facts
    assert client.post(address, data).status_code == 302
    assert scene.claim.facts == before


def test_evidence_is_handed_in_and_read_back(scene: Scene) -> None:
    scene.report()
    client = open_as(scene, "insured_admin")
    address = reverse("claims:act", args=(scene.claim.pk, "evidence"))
    answer = client.post(address, {
        "file": SimpleUploadedFile("log.txt", b"one line", "text/plain"),
        "kind": "system_outage_logs"})
    assert answer.status_code == 302
    paper = scene.claim.incident.evidence.get()
    assert paper.reference == "E-01"
    read = client.get(reverse("claims:evidence", args=(paper.pk,)))
    assert read.content == b"one line"


def test_from_registration_to_payment_by_forms(scene: Scene) -> None:
    scene.report()
    scene.hand_in()
    claim = scene.claim

    def do(role: str, event: str, **data: Any) -> None:
        address = reverse("claims:act", args=(claim.pk, event))
        client = open_as(scene, role)
        assert client.get(address).status_code == 200, (role, event)
        answer = client.post(address, data)
        assert answer.status_code == 302, (event, answer.context["form"].errors)

    do("claims_handler", "register", reserve="4000000", note="初估")
    handler = scene.actor("claims_handler")
    services.set_facts(scene.claim, scene.story.facts(scene.story.data["facts"]), actor=handler)
    for item in scene.story.data["items"]:
        services.add_item(scene.claim, item["coverage"], description=item["description"],
                          facts=scene.story.facts(item["facts"]), actor=handler)
    do("claims_handler", "request_evidence", note="请一次性补充")
    scene.hand_in(supplement=True)
    do("insured_admin", "receive")
    for item, entry in zip(scene.claim.items.all(), scene.story.data["items"], strict=True):
        if "supplement" in entry:
            services.set_item_facts(item, scene.story.facts(entry["supplement"]), actor=handler)
    do("claims_handler", "adjuster", adjuster=str(scene.adjuster.pk))
    do("loss_adjuster", "survey", text="现场查勘")
    do("loss_adjuster", "quantify", text="金额核定")
    do("claims_handler", "adjudicate")
    do("claims_approver", "approve")
    do("insured_admin", "agree")
    do("claims_payment", "pay", payee="东海家电", account_tail="1234")
    assert scene.claim.state == "paid"
    record = scene.claim.decisions.get(state="issued")
    raw = open_as(scene, "insured_admin").get(
        reverse("claims:decision_json", args=(record.pk,)))
    assert raw.content.decode() == record.content
    replayed = open_as(scene, "insured_admin").post(
        reverse("claims:replay", args=(record.pk,)), headers={"hx-request": "true"})
    assert record.hash in replayed.content.decode()


def test_roles_are_kept_apart_on_pages(scene: Scene) -> None:
    scene.report()
    claim = scene.claim
    for role, event in (("insured_admin", "register"), ("claims_approver", "register"),
                        ("claims_handler", "receive"), ("insured_admin", "reserve"),
                        ("underwriter", "register")):
        address = reverse("claims:act", args=(claim.pk, event))
        assert open_as(scene, role).get(address).status_code in {403, 409}, (role, event)
        assert open_as(scene, role).post(address, {}).status_code in {403, 409}
    assert Claim.objects.within(scene.world.insurer).get().state == "notified"


def test_responders_answer_their_order(scene: Scene) -> None:
    incident = scene.report()
    services.triage_incident(incident, actor=scene.actor("claims_handler"))
    order = services.dispatch_response(incident, scene.provider, mode="on_site",
                                       actor=scene.actor("claims_handler"))
    client = open_as(scene, "ir_lead")
    page = client.get(reverse("claims:incident", args=(incident.pk,)))
    assert page.status_code == 200
    for answer in ("accept", "arrive"):
        reply = client.post(reverse("claims:answer_order", args=(order.pk, answer)))
        assert reply.status_code == 302
    incident.refresh_from_db()
    assert incident.state == "ir_dispatched"
    handler = open_as(scene, "claims_handler")
    assert handler.post(reverse("claims:answer_order", args=(order.pk, "accept"))
                        ).status_code == 403


@pytest.mark.parametrize("state", ["premium_due", "cancelled"])
def test_a_policy_that_cannot_be_reported_under_is_not_offered(scene: Scene, state: str) -> None:
    """Also where it was while the form stood open."""
    policy = scene.policy
    type(policy).objects.within(policy.tenant).filter(pk=policy.pk).update(state=state)
    client = open_as(scene, "insured_admin")
    for way in (client.get, client.post):
        shown = way(reverse("claims:report"), {"policy": str(policy.pk), "title": "x"})
        assert shown.context["form"]["policy"].initial == ""
    assert not Incident.objects.within(policy.tenant).exists()


def test_lists_are_searched_filtered_and_leave_whole(scene: Scene) -> None:
    scene.report()
    claim = scene.claim
    client = open_as(scene, "claims_handler", "en")
    found = {"q": claim.incident.policy_no}, {"q": claim.insured.name_zh[:2]}, {"q": claim.number}
    for name in ("claims:claims", "claims:incidents"):
        for asked in (*found, {"line": "enterprise"}, {}):
            assert claim.number in client.get(reverse(name), asked).content.decode(), asked
        for asked in ({"q": "of nobody"}, {"line": "small_firm"}, {"state": "closed"}):
            page = client.get(reverse(name), asked)
            assert not page.context["page"].object_list and "Nothing matches" in (
                page.content.decode()), asked
    chinese = open_as(scene, "claims_handler").get(reverse("claims:claims"))
    assert "保单类别" in chinese.content.decode()
    address = reverse("claims:claims")
    assert claim.number in client.get(address, {"state": "open"}).content.decode()
    csv = client.get(address, {"export": "csv", "q": claim.number}).content.decode("utf-8-sig")
    heading, row = csv.splitlines()
    assert heading.split(",")[-3:] == ["Kind of policy", "Incident", "Paid"]
    assert row.split(",")[-3:] == ["Enterprise", claim.incident.number, "0.00"]


@pytest.mark.parametrize("name", ["claims:claims", "claims:incidents", "claims:report"])
def test_one_place_of_the_menu_is_the_present_one(scene: Scene, name: str) -> None:
    scene.report()
    client = open_as(scene, "claims_handler")
    for address in (reverse(name), reverse("claims:incident", args=(scene.claim.incident_id,)),
                    reverse("claims:claim", args=(scene.claim.pk,))):
        body = client.get(address).content.decode()
        menu = body[body.index('class="dh-menu"'):]
        assert menu[:menu.index("</nav>")].count("aria-current") == 1, address
