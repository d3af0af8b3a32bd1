"""The workbench: facts are tried, kept in one go, and put back; nothing else is stored."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.urls import reverse

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.claims import services
from dinghai_platform.claims.bench_form import place_key
from dinghai_platform.claims.mattering import open_matters
from dinghai_platform.claims.reading import provisional_decision
from dinghai_platform.claims.services import Trial
from dinghai_platform.claims.workbench import make_form, try_trial
from dinghai_platform.core.models import AuditEntry
from tests.platform.claims.making import Scene
from tests.platform.claims.test_pages import LANGUAGES, open_as

TURNOVER = place_key(2, "bi.actual_turnover")


@pytest.fixture
def registered(scene: Scene) -> Scene:
    """A registered claim with its facts and evidence."""
    scene.report()
    scene.hand_in()
    scene.register()
    return scene


@pytest.fixture
def complete(registered: Scene) -> Scene:
    """The same after the one request was answered: every amount is known."""
    registered.supplement()
    return registered


def address_of(scene: Scene, name: str = "claims:workbench") -> str:
    return reverse(name, args=(scene.claim.pk,))


def posted(scene: Scene, **changes: Any) -> dict[str, Any]:
    """What a browser would send of the page as it stands, with some fields changed."""
    form = make_form(scene.claim)
    data = {name: form[name].value() for name in form.fields
            if form[name].value() not in (None, False)}
    for name in data:
        widget = form.fields[name].widget
        data[name] = widget.format_value(data[name]) if hasattr(widget, "format_value") else (
            data[name])
        if isinstance(data[name], list):
            data[name] = data[name][0] if data[name] else ""
    return {name: value for name, value in data.items() if value is not None} | changes


def entries(scene: Scene, action: str) -> list[dict[str, Any]]:
    rows = AuditEntry.objects.within(scene.world.insurer).filter(
        action=f"claims.{action}").order_by("sequence")
    return [json.loads(row.payload) for row in rows]


# --- who gets in ---------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("role", "status"), [
    ("claims_handler", 200), ("claims_approver", 403), ("claims_payment", 403),
    ("underwriter", 403), ("auditor", 403), ("insured_admin", 403), ("insured_security", 403)])
def test_who_may_open_it(registered: Scene, role: str, status: int, language: str) -> None:
    answer = open_as(registered, role, language).get(address_of(registered))
    assert answer.status_code == status


def test_the_adjuster_may_once_appointed(registered: Scene) -> None:
    adjuster = open_as(registered, "loss_adjuster")
    assert adjuster.get(address_of(registered)).status_code == 404
    services.appoint_adjuster(registered.claim, registered.adjuster,
                              actor=registered.actor("claims_handler"))
    assert adjuster.get(address_of(registered)).status_code == 200


@pytest.mark.parametrize("name", ["claims:workbench", "claims:bench_preview",
                                  "claims:bench_put_back"])
def test_foreign_claims_are_not_there(registered: Scene, name: str) -> None:
    other = registered.world.actor("claims_handler", registered.world.other_insurer)
    client = open_as(registered, "claims_handler")
    client.force_login(other.user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(address_of(registered, name), {}).status_code == 404


@pytest.mark.parametrize(("language", "words"), [
    ("en", "No loss is claimed yet"), ("zh-hans", "尚未提出任何损失项目"),
])
def test_a_claim_without_a_loss_says_what_comes_first(
    registered: Scene, language: str, words: str
) -> None:
    registered.claim.items.all().delete()
    page = open_as(registered, "claims_handler", language=language).get(address_of(registered))
    text = page.content.decode()
    assert words in text
    assert "list at least one" not in text


def test_facts_are_fixed_once_a_decision_is_issued(scene: Scene) -> None:
    scene.decide()
    assert open_as(scene, "claims_handler").get(address_of(scene)).status_code == 409


# --- trying --------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_unchanged_page_is_no_change(complete: Scene, language: str) -> None:
    client = open_as(complete, "claims_handler", language)
    page = client.get(address_of(complete))
    assert page.context["bench"].tried.trial == Trial()
    answer = client.post(address_of(complete, "claims:bench_preview"), posted(complete))
    assert answer.status_code == 200
    assert answer.context["bench"].problems == ()
    assert len(answer.context["bench"].tried.trial) == 0


def test_a_changed_fact_moves_its_line_and_stores_nothing(complete: Scene) -> None:
    before = provisional_decision(complete.claim)
    count = AuditEntry.objects.within(complete.world.insurer).count()
    # ¥500,000 more turnover after all: 25% gross profit of it is ¥125,000 less.
    answer = open_as(complete, "claims_handler").post(
        address_of(complete, "claims:bench_preview"),
        posted(complete, **{TURNOVER: "15,700,000"}))
    moves = answer.context["moves"]
    assert [(one.coverage, one.delta_fen, one.direction) for one in moves.lines] == [
        ("FP-BI", -12_500_000, "down")]
    assert moves.before_fen == before["total_fen"]
    assert moves.delta_fen == -12_500_000
    body = answer.content.decode()
    assert "cl-moved-down" in body and "¥125,000.00" in body
    assert [(one.item, one.before, one.after) for one in moves.facts] == [
        (2, "¥15,200,000.00", "¥15,700,000.00")]
    assert provisional_decision(complete.claim) == before
    assert AuditEntry.objects.within(complete.world.insurer).count() == count


@pytest.mark.parametrize(("status", "moves"), [("absent", True), ("unknown", True)])
def test_status_alone_moves_the_decision(complete: Scene, status: str, moves: bool) -> None:
    answer = open_as(complete, "claims_handler").post(
        address_of(complete, "claims:bench_preview"),
        posted(complete, **{f"{place_key(1, 'item.amount')}:status": status}))
    found = answer.context["moves"]
    assert bool(found.lines) is moves
    line = found.lines[0]
    assert line.coverage == "FP-IR" and line.after_fen == 0
    if status == "unknown":
        assert any(row.place.id == "item.amount" for row in _matters(complete, status))


def _matters(scene: Scene, status: str) -> list[Any]:
    from dinghai_platform.claims.workbench import read_bench

    services.set_item_facts(scene.claim.items.get(no=1), {"item.amount": None},
                            actor=scene.actor("claims_handler"))
    return list(read_bench(scene.claim, make_form(scene.claim)).matters)


def test_evidence_alone_is_a_change(complete: Scene) -> None:
    key = f"{TURNOVER}:evidence"
    answer = open_as(complete, "claims_handler").post(
        address_of(complete, "claims:bench_preview"), posted(complete, **{key: "E-01，E-02"}))
    change = answer.context["moves"].facts[0]
    assert change.evidence_after == ("E-01", "E-02") and change.evidence_changed
    assert answer.context["moves"].delta_fen == 0
    strange = open_as(complete, "claims_handler").post(
        address_of(complete, "claims:bench_preview"), posted(complete, **{key: "E-99"}))
    assert "E-99" in strange.content.decode()
    assert strange.context["problems"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_does_not_do_is_said_and_links_to_its_row(complete: Scene, language: str) -> None:
    client = open_as(complete, "claims_handler", language)
    data = posted(complete, **{TURNOVER: "much"})
    answer = client.post(address_of(complete, "claims:bench_preview"), data)
    assert answer.status_code == 200
    assert "#fact-i2-bi-actual_turnover" in answer.content.decode()
    kept = client.post(address_of(complete), {**data, "do": "keep"})
    assert kept.status_code == 422
    assert complete.claim.items.get(no=2).facts["bi.actual_turnover"]["value"] == 1_520_000_000


def test_known_needs_a_value(complete: Scene) -> None:
    answer = open_as(complete, "claims_handler").post(
        address_of(complete, "claims:bench_preview"),
        posted(complete, **{TURNOVER: "", f"{TURNOVER}:status": "known"}))
    assert len(answer.context["problems"]) == 1


def test_an_hourly_profile_is_one_amount_for_each_hour(complete: Scene) -> None:
    key = place_key(2, "bi.hourly_gross_profit")
    answer = open_as(complete, "claims_handler").post(
        address_of(complete, "claims:bench_preview"),
        posted(complete, **{key: "100 200.50,\n300", f"{key}:status": "known"}))
    trial = answer.context["bench"].tried.trial
    assert trial.items[2]["bi.hourly_gross_profit"]["value"] == [10_000, 20_050, 30_000]
    services.keep_facts(complete.claim, trial, actor=complete.actor("claims_handler"))
    again = open_as(complete, "claims_handler").post(
        address_of(complete, "claims:bench_preview"), posted(complete))
    assert len(again.context["bench"].tried.trial) == 0


def test_a_moment_keeps_its_seconds_while_nobody_changes_it(complete: Scene) -> None:
    services.set_fact(complete.claim, "incident.first_occurrence_at", {
        "value": "2026-09-07T02:00:41+08:00"}, actor=complete.actor("claims_handler"))
    answer = open_as(complete, "claims_handler").post(
        address_of(complete, "claims:bench_preview"), posted(complete))
    assert len(answer.context["bench"].tried.trial) == 0


def test_the_buttons_work_without_script(complete: Scene) -> None:
    client = open_as(complete, "claims_handler")
    answer = client.post(address_of(complete), posted(
        complete, **{TURNOVER: "15700000", "do": "preview"}))
    assert answer.status_code == 200
    row = next(row for sheet in answer.context["bench"].sheets for _title, rows in sheet.groups
               for row in rows if row.place.key == TURNOVER)
    assert row.is_changed
    assert answer.context["moves"].delta_fen == -12_500_000


# --- what matters --------------------------------------------------------------------------------


def test_what_matters_comes_first_with_who_must_prove_it(registered: Scene) -> None:
    page = open_as(registered, "claims_handler").get(address_of(registered))
    matters = page.context["bench"].matters
    assert matters
    held = [row.matter.holds_back for row in matters]
    assert held == sorted(held, reverse=True)
    assert all(row.matter.burden for row in matters)
    first = page.content.decode().index("data-matters")
    assert first < page.content.decode().index("cl-sheet")
    waited = page.context["bench"].waited
    assert waited and not any(row.matter.presses for row in waited)
    keys = [row.place.key for row in (*matters, *waited)]
    below = [row.place.key for sheet in page.context["bench"].sheets
             for _title, rows in sheet.groups for row in rows]
    assert not set(keys) & set(below)
    assert set(keys) | set(below) == set(page.context["bench"].form.places)


def test_an_answer_that_is_tried_gives_the_total_that_was_promised(registered: Scene) -> None:
    decision = provisional_decision(registered.claim)
    answers = [(one, answer) for one in open_matters(decision) for answer in one.answers
               if answer.total_fen != decision["total_fen"]]
    assert answers
    for one, answer in answers[:12]:
        entry = {one.fact: {"value": answer.value}}
        trial = Trial(event=entry) if one.item is None else Trial(items={one.item: entry})
        tried = try_trial(registered.claim, trial)
        assert tried.decision is not None
        assert tried.decision["total_fen"] == answer.total_fen, one


def test_the_certain_part_shows_and_can_be_ordered(registered: Scene) -> None:
    certain = provisional_decision(registered.claim)["total_fen"]
    page = open_as(registered, "claims_handler").get(address_of(registered))
    assert page.context["tried"].certain_fen == certain > 0
    order = services.order_interim(registered.claim, actor=registered.actor("claims_approver"))
    assert order.amount_fen == certain
    page = open_as(registered, "claims_handler").get(address_of(registered))
    assert page.context["interim_order"] == order


# --- keeping -------------------------------------------------------------------------------------


def test_kept_in_one_go_with_its_reason_and_put_back(complete: Scene) -> None:
    client = open_as(complete, "claims_handler")
    before = provisional_decision(complete.claim)
    data = posted(complete, **{
        TURNOVER: "15700000", f"{place_key(None, 'event.extortion_threat')}:status": "unknown",
        "note": "公估人复核了九月台账", "do": "keep"})
    answer = client.post(address_of(complete), data)
    assert answer.status_code == 302
    item = complete.claim.items.get(no=2)
    assert item.facts["bi.actual_turnover"]["value"] == 1_570_000_000
    assert item.facts["bi.actual_turnover"]["evidence"]
    assert "event.extortion_threat" not in complete.claim.facts
    kept = entries(complete, "facts_kept")
    assert len(kept) == 1 and kept[0]["note"] == "公估人复核了九月台账"
    assert {(change[0], change[1]) for change in kept[0]["changes"]} == {
        (None, "event.extortion_threat"), (2, "bi.actual_turnover")}
    page = client.get(address_of(complete))
    assert page.context["may_put_back"]
    assert client.post(address_of(complete, "claims:bench_put_back")).status_code == 302
    assert provisional_decision(complete.claim) == before
    assert len(entries(complete, "facts_put_back")) == 1
    assert not client.get(address_of(complete)).context["may_put_back"]


def test_a_page_that_somebody_overtook_keeps_nothing(complete: Scene) -> None:
    data = posted(complete, **{TURNOVER: "15700000", "do": "keep"})
    services.set_fact(complete.claim, "event.extortion_threat", {"value": False},
                      actor=complete.actor("claims_handler"))
    answer = open_as(complete, "claims_handler").post(address_of(complete), data)
    assert answer.status_code == 409
    assert complete.claim.facts["event.extortion_threat"]["value"] is False
    assert complete.claim.items.get(no=2).facts["bi.actual_turnover"]["value"] == 1_520_000_000


def test_what_was_changed_since_is_not_put_back(complete: Scene) -> None:
    handler = complete.actor("claims_handler")
    services.keep_facts(complete.claim, Trial(event={
        "event.extortion_threat": {"value": False}}), actor=handler)
    services.set_fact(complete.claim, "event.extortion_threat", {"value": True}, actor=handler)
    with pytest.raises(Refusal):
        services.put_back_facts(complete.claim, actor=handler)


def test_several_are_put_back_one_after_another(complete: Scene) -> None:
    handler = complete.actor("claims_handler")
    facts = dict(complete.claim.facts)
    for value in (False, True, False):
        services.keep_facts(complete.claim, Trial(event={
            "event.extortion_threat": {"value": value}}), actor=handler)
    kept = len(entries(complete, "facts_kept"))
    for _one in range(kept):
        services.put_back_facts(complete.claim, actor=handler)
    assert complete.claim.facts["event.extortion_threat"]["value"] == (
        facts["event.extortion_threat"]["value"])
    with pytest.raises(Refusal):
        services.put_back_facts(complete.claim, actor=handler)


def test_a_bad_trial_keeps_nothing(complete: Scene) -> None:
    handler = complete.actor("claims_handler")
    facts = complete.claim.facts
    with pytest.raises(InputError):
        services.keep_facts(complete.claim, Trial(
            event={"event.extortion_threat": {"value": False}},
            items={2: {"bi.actual_turnover": {"value": -1}}}), actor=handler)
    with pytest.raises(InputError):
        services.keep_facts(complete.claim, Trial(items={99: {}}), actor=handler)
    assert complete.claim.facts == facts
    assert entries(complete, "facts_kept") == []


def test_nothing_changed_is_nothing_kept(complete: Scene) -> None:
    answer = open_as(complete, "claims_handler").post(
        address_of(complete), posted(complete, do="keep"))
    assert answer.status_code == 302
    assert entries(complete, "facts_kept") == []


# --- the API -------------------------------------------------------------------------------------


def ask(scene: Scene, role: str, method: str, path: str, body: Any = None) -> Any:
    client = open_as(scene, role)
    return getattr(client, method)(f"/api/v1/claims/{scene.claim.pk}/{path}", body or {},
                                   content_type="application/json")


def test_over_the_api(complete: Scene) -> None:
    trial = {"items": {"2": {"bi.actual_turnover": {"value": 1_570_000_000}}}}
    tried = ask(complete, "claims_handler", "post", "what-if", trial)
    assert tried.status_code == 200, tried.content
    said = tried.json()
    moved = [line for line in said["comparison"]["lines"] if line["moved"]]
    assert [(line["coverage"], line["after_fen"] - line["before_fen"]) for line in moved] == [
        ("FP-BI", -12_500_000)]
    assert said["certain_fen"] == said["total_fen"]
    assert said["matters"][0]["burden"] in {"insured", "insurer", "law"}
    kept = ask(complete, "claims_handler", "put", "kept-facts",
               {**trial, "stamp": said["stamp"], "note": "复核"})
    assert kept.json()["changed"] == 1
    again = ask(complete, "claims_handler", "put", "kept-facts",
                {**trial, "stamp": said["stamp"]})
    assert again.status_code == 409
    back = ask(complete, "claims_handler", "delete", "kept-facts")
    assert back.json() == {"changed": 1, "stamp": said["stamp"]}
    assert ask(complete, "claims_handler", "delete", "kept-facts").status_code == 409


@pytest.mark.parametrize(("role", "status"), [
    ("insured_admin", 403), ("claims_approver", 403), ("auditor", 403)])
def test_the_api_keeps_others_away(registered: Scene, role: str, status: int) -> None:
    for method, path in (("post", "what-if"), ("put", "kept-facts"), ("delete", "kept-facts")):
        assert ask(registered, role, method, path).status_code == status


@pytest.mark.parametrize("body", [
    {"facts": {"no.such.fact": True}}, {"items": {"77": {"item.amount": 1}}},
    {"facts": {"item.amount": {"value": 1}}}, {"parties": {"1": {"insured": "nobody"}}},
    {"items": {"2": {"bi.actual_turnover": {"value": "x"}}}}])
def test_the_api_refuses_in_words(registered: Scene, body: dict[str, Any]) -> None:
    for method, path in (("post", "what-if"), ("put", "kept-facts")):
        answer = ask(registered, "claims_handler", method, path, body)
        assert answer.status_code in {400, 422}, answer.content
        assert answer.json()["error"]["message"]
