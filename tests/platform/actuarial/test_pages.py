"""The actuary's pages, as each role: what they show, what they keep, what they say on faults."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from dinghai_platform.actuarial.kinds import KINDS
from dinghai_platform.actuarial.models import ImpactRun, TableVersion
from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.core import clock
from dinghai_platform.underwriting.models import Policy
from dinghai_platform.underwriting.services.quotes import price_quote
from tests.platform.actuarial.making import TABLE, in_force, new_draft, new_proposal, with_impact
from tests.platform.story import World, work

READERS = ("actuary", "chief_underwriter", "underwriter", "product_manager", "compliance",
           "platform_admin", "auditor")
OTHERS = ("claims_handler", "claims_approver", "claims_payment")
LISTS = ("versions", "referral", "adequacy", "adequacy_export", "calibration")


@pytest.fixture
def client_of(world: World) -> Any:
    def sign_in(role: str, organisation: Any = None, language: str = "en") -> Client:
        client: Client = world.sign_in(Client(), role, organisation)
        client.cookies["django_language"] = language
        return client

    return sign_in


def step(client: Client, version: TableVersion, verb: str, **data: str) -> Any:
    """A step taken on the page, and the page after it."""
    return client.post(reverse("actuarial:step", args=[version.pk, verb]), data, follow=True)


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_reader_sees_every_page(
    world: World, policy: Policy, client_of: Any, language: str
) -> None:
    version = new_proposal(world)
    run = with_impact(version, world)
    pages = [reverse(f"actuarial:{name}") for name in LISTS]
    pages += [reverse("actuarial:version", args=[version.pk]),
              reverse("actuarial:toml", args=[version.pk]),
              reverse("actuarial:impact", args=[run.pk]),
              reverse("actuarial:impact_export", args=[run.pk]),
              reverse("actuarial:in_force_toml") + "?table=referral/referral"]
    for role in READERS:
        client = client_of(role, language=language)
        assert {client.get(page).status_code for page in pages} == {200}, role
    for role in OTHERS:
        client = client_of(role, language=language)
        assert {client.get(page).status_code for page in pages} == {403}, role
    outsider = client_of("insured_admin", language=language)
    assert {outsider.get(page).status_code for page in pages} == {403}


def test_another_insurer_finds_nothing(world: World, policy: Policy, client_of: Any) -> None:
    version = new_draft(world)
    run = with_impact(version, world)
    stranger = client_of("actuary", world.other_insurer)
    for name, key in (("version", version.pk), ("edit", version.pk), ("toml", version.pk),
                      ("impact", run.pk), ("impact_export", run.pk)):
        assert stranger.get(reverse(f"actuarial:{name}", args=[key])).status_code == 404
    assert step(stranger, version, "propose", reason="x").status_code == 404
    listed = text_of(stranger.get(reverse("actuarial:versions")))
    assert str(version.pk) not in listed and "No version of your own yet" in listed
    trial = stranger.get(reverse("actuarial:referral"), {"quote": str(policy.quote_id)})
    assert trial.status_code == 404


def test_from_draft_to_force_on_the_pages_alone(
    world: World, policy: Policy, client_of: Any
) -> None:
    actuary, chief = client_of("actuary"), client_of("chief_underwriter")
    begun = actuary.post(reverse("actuarial:new_draft"), {
        "table": f"rating/{TABLE}", "label": "2026.2", "reason": "年度回顾"}, follow=True)
    assert "copy of the table in force" in text_of(begun)
    version = TableVersion.objects.within(world.insurer).get()
    kept = actuary.post(reverse("actuarial:edit", args=[version.pk]), {
        "f:market.factor_ppm": "170", "s:market": "经验分析", "c:market": "D",
        "h:as_of": "2026-03-11"}, follow=True)
    assert "The figures were kept." in text_of(kept)
    version.refresh_from_db()
    assert version.document["market"]["factor_ppm"] == 1_700_000
    assert version.document["as_of"] == "2026-03-11"
    assert "waits for another pair of eyes" in text_of(
        step(actuary, version, "propose", reason="赔付上升"))
    refused = step(chief, version, "approve", reason="x",
                   in_force_from=clock.today().isoformat())
    assert "no impact run of this very document" in text_of(refused)
    running = step(actuary, version, "impact")
    assert 'hx-trigger="every 1s"' in text_of(running)
    work()
    run = ImpactRun.objects.within(world.insurer).get()
    page = text_of(actuary.get(reverse("actuarial:impact", args=[run.pk])))
    assert policy.policy_no in page and "11.63%" in page and "Market factor" in page
    own = text_of(actuary.get(reverse("actuarial:version", args=[version.pk])))
    assert 'data-dialog="approve"' not in own, "whoever proposed is not asked to approve"
    approved = step(chief, version, "approve", reason="同意",
                    in_force_from=clock.today().isoformat())
    assert "The version was approved." in text_of(approved)
    version.refresh_from_db()
    assert version.state == "in_force"
    listed = text_of(chief.get(reverse("actuarial:versions")))
    assert "New version" not in listed and "An actuary drafts and proposes" in listed


@pytest.mark.parametrize(("data", "said"), [
    ({"f:market.factor_ppm": "165"}, "a changed figure needs its source"),
    ({"f:market.factor_ppm": "165", "s:market": "x"}, "a changed figure needs its confidence"),
    ({"f:market.factor_ppm": "190", "s:market": "x", "c:market": "D"},
     "the market factor is outside its filed bounds"),
    ({"f:expenses.commission.ppm": "16", "s:expenses.commission": "x",
      "c:expenses.commission": "D"}, "the commission is above the filed one"),
    ({"f:service.base_fen": "1.005", "s:service": "x", "c:service": "D"}, "write yuan"),
    ({"f:service.base_fen": "<b>", "s:service": "x", "c:service": "D"}, "write yuan"),
    ({"f:market.factor_ppm": "1e400", "s:market": "x", "c:market": "D"}, "write percent"),
    ({"f:market.factor_ppm": "NaN", "s:market": "x", "c:market": "D"}, "write percent"),
    ({"f:validity.quote_days": "0", "s:validity": "x", "c:validity": "D"}, "give at least 1"),
])
def test_a_faulty_figure_is_said_where_it_stands_and_nothing_is_kept(
    world: World, client_of: Any, data: dict[str, str], said: str
) -> None:
    version = new_draft(world)
    answer = client_of("actuary").post(reverse("actuarial:edit", args=[version.pk]), data)
    page = text_of(answer)
    assert answer.status_code == 400 and said in page and "Nothing was kept" in page
    assert "<b>" not in page and next(iter(data.values())).replace("<b>", "&lt;b&gt;") in page
    hash_before = version.document_hash
    version.refresh_from_db()
    assert version.document_hash == hash_before


def test_what_is_sent_back_unchanged_changes_nothing(world: World, client_of: Any) -> None:
    version = new_draft(world)
    client = client_of("actuary")
    page = client.get(reverse("actuarial:edit", args=[version.pk]))
    sent = {f"f:{item['figure'].place}": item["value"]
            for group in page.context["groups"] for item in group["figures"]}
    assert len(sent) == 24
    client.post(reverse("actuarial:edit", args=[version.pk]), sent)
    hash_before = version.document_hash
    version.refresh_from_db()
    assert version.document_hash == hash_before
    assert version.events.filter(event="edit").count() == 1


def test_referral_rules_are_edited_in_the_same_form(world: World, client_of: Any) -> None:
    client = client_of("actuary")
    client.post(reverse("actuarial:new_draft"), {
        "table": "referral/referral", "label": "2026.2", "reason": "x"})
    version = TableVersion.objects.within(world.insurer).get()
    place = "rules[APPETITE-INDUSTRY]"
    client.post(reverse("actuarial:edit", args=[version.pk]), {
        f"f:{place}.when[0].value": "T, S", f"f:{place}.outcome": "refer",
        f"s:{place}": "承保政策 2026-3", f"c:{place}": "T"})
    version.refresh_from_db()
    rule = next(one for one in version.document["rules"] if one["id"] == "APPETITE-INDUSTRY")
    assert rule["when"][0]["value"] == ["T", "S"] and rule["outcome"] == "refer"
    assert rule["source"] == "承保政策 2026-3"
    page = text_of(client.get(reverse("actuarial:referral"), {"version": str(version.pk)}))
    assert "T, S" in page


def test_only_a_draft_is_edited(world: World, client_of: Any) -> None:
    version = new_proposal(world)
    address = reverse("actuarial:edit", args=[version.pk])
    client = client_of("actuary")
    assert "Only a draft is changed" in text_of(client.get(address, follow=True))
    answer = client.post(address, {"f:market.factor_ppm": "150", "s:market": "x",
                                   "c:market": "D"})
    assert answer.status_code == 400 and "not possible" in text_of(answer)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_table_goes_out_and_in_by_file(world: World, client_of: Any, kind: str) -> None:
    client = client_of("actuary")
    table = KINDS[kind].table_ids()[0]
    out = client.get(reverse("actuarial:in_force_toml"), {"table": f"{kind}/{table}"})
    text = out.content.decode().replace('version = "2026.1"', 'version = "2026.7"')
    sent = client.post(reverse("actuarial:upload"), {
        "kind": kind, "reason": "x",
        "file": SimpleUploadedFile("t.toml", text.encode())}, follow=True)
    assert "The file was read" in text_of(sent)
    version = TableVersion.objects.within(world.insurer).get()
    again = client.get(reverse("actuarial:toml", args=[version.pk]))
    assert again.content.decode() == text
    wrong = SimpleUploadedFile("t.toml", text.replace("ppm", "promille").encode() + b"\n[x")
    said = client.post(reverse("actuarial:replace_file", args=[version.pk]), {"file": wrong},
                       follow=True)
    assert "not TOML" in text_of(said)
    again = client.get(reverse("actuarial:toml", args=[version.pk]))
    assert again.content.decode() == text


def test_an_upload_without_a_file_is_refused(world: World, client_of: Any) -> None:
    client = client_of("actuary")
    said = client.post(reverse("actuarial:upload"), {"kind": "rating", "reason": "x"},
                       headers={"referer": "http://testserver" + reverse("actuarial:versions")},
                       follow=True)
    assert "file, kind and reason are needed" in text_of(said)
    version = new_draft(world)
    client.post(reverse("actuarial:replace_file", args=[version.pk]), {})
    assert version.events.filter(event="edit").count() == 1


def test_a_version_is_held_against_any_other(world: World, client_of: Any) -> None:
    first = in_force(world)
    second = new_draft(world, "2026.3", 1_500_000)
    client = client_of("auditor")
    page = client.get(reverse("actuarial:version", args=[second.pk]))
    assert page.context["against"] == str(first.pk)
    rows = {one["place"]: one for one in page.context["changes"]}
    assert (rows["market.factor_ppm"]["before"], rows["market.factor_ppm"]["after"]) == (
        "170%", "150%")
    shipped = client.get(reverse("actuarial:version", args=[second.pk]), {"against": "shipped"})
    rows = {one["place"]: one for one in shipped.context["changes"]}
    assert rows["market.factor_ppm"]["before"] == "152.2911%"


def test_a_former_table_is_put_back_from_its_page(world: World, client_of: Any) -> None:
    first = in_force(world)
    in_force(world, "2026.3", 1_500_000)
    client = client_of("actuary")
    answer = step(client, first, "roll_back", label="2026.4", reason="错误")
    assert "draft again" in text_of(answer)
    shipped = client.post(reverse("actuarial:back_to_shipped"), {
        "table": f"rating/{TABLE}", "label": "2026.5", "reason": "x"}, follow=True)
    assert "draft again" in text_of(shipped)
    assert TableVersion.objects.within(world.insurer).filter(rolls_back=True).count() == 2


def test_the_impact_leaves_as_csv(world: World, policy: Policy, client_of: Any) -> None:
    run = with_impact(new_draft(world), world)
    answer = client_of("auditor").get(reverse("actuarial:impact_export", args=[run.pk]))
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    row = run.rows.get()
    assert policy.policy_no in lines[1] and f"{row.charged_after_fen / 100:.2f}" in lines[1]


def test_progress_asks_again_and_then_for_the_whole_page(
    world: World, policy: Policy, client_of: Any
) -> None:
    version = new_draft(world)
    client = client_of("actuary")
    step(client, version, "impact")
    run = ImpactRun.objects.within(world.insurer).get()
    address = reverse("actuarial:impact", args=[run.pk])
    going = client.get(address, headers={"HX-Request": "true"})
    assert "HX-Refresh" not in going.headers and b"impact-state" in going.content
    work()
    done = client.get(address, headers={"HX-Request": "true"})
    assert done.headers["HX-Refresh"] == "true"


def test_rules_are_tried_on_a_quote(world: World, policy: Policy, client_of: Any) -> None:
    client = client_of("underwriter")
    address = reverse("actuarial:referral")
    page = client.get(address, {"quote": str(policy.quote_id)})
    trial = page.context["trial"]
    assert trial.before == trial.after == "quote_with_conditions"
    states = {one["rule"].id: one["state"] for one in trial.rules}
    assert states["SANCTIONS"] == "evidence_needed" and states["LIMIT-CHIEF"] == "does_not_apply"
    supposed = client.get(address, {"quote": str(policy.quote_id),
                                    "screening.sanctions_hit": "true"})
    assert supposed.context["trial"].after == "refer"
    assert client.get(address, {"quote": "nonsense"}).status_code == 404
    assert client.get(address, {"quote": quote("<script>")}).status_code == 404


def test_a_trial_says_what_the_quote_itself_said(world: World, policy: Policy) -> None:
    """Read from documents, the same facts give the same reading as when it was priced."""
    from dinghai_platform.actuarial.in_force import rating_in_force, referral_in_force
    from dinghai_platform.actuarial.trying import quote_to_try, try_rules

    kept = quote_to_try(world.actor("actuary"), policy.quote_id)
    trial = try_rules(referral_in_force(world.insurer, clock.today()),
                      rating_in_force(world.insurer, TABLE, clock.today()), kept)
    assert trial.reading.to_dict() == kept.document["referral"]


def test_adequacy_is_charged_over_technical(
    world: World, policy: Policy, client_of: Any
) -> None:
    page = client_of("actuary").get(reverse("actuarial:adequacy"))
    whole = page.context["whole"]
    assert (whole.policies, whole.charged_fen) == (1, policy.net_premium_fen)
    assert whole.adequacy_ppm == policy.quote.adequacy_ppm
    by = {one["code"]: one["rows"][0]["name"] for one in page.context["segments"]}
    assert by["industry"].startswith("C ") and by["grade"] == "C"


def test_an_empty_book_says_what_to_do(world: World, client_of: Any) -> None:
    client = client_of("actuary")
    assert "No policy is in force" in text_of(client.get(reverse("actuarial:adequacy")))
    assert "No quote was made yet" in text_of(client.get(reverse("actuarial:referral")))
    version = new_proposal(world)
    page = text_of(client.get(reverse("actuarial:version", args=[version.pk])))
    assert "The book is empty: no impact is needed." in page


def test_calibration_is_searched_filtered_and_exported(world: World, client_of: Any) -> None:
    client = client_of("actuary")
    address = reverse("actuarial:calibration")
    whole = client.get(address)
    assert whole.context["count"] > 500
    found = client.get(address, {"table": "control_effects", "confidence": "D", "q": "GOV-01"})
    assert 0 < found.context["count"] < 5
    line = next(iter(found.context["page"]))["row"]
    assert (line.value, line.interval) == ("0.03", "0 – 0.06")
    assert "Nothing matches" in text_of(client.get(address, {"q": "nowhere to be found"}))
    export = client.get(address, {"table": "frequency", "export": "csv"})
    assert export.headers["Content-Type"].startswith("text/csv")
    assert client.get(address, {"table": "nowhere", "page": "999"}).status_code == 200


def test_lists_take_a_fixed_number_of_queries(
    world: World, policy: Policy, product: ProductVersion, client_of: Any,
    django_assert_max_num_queries: Any,
) -> None:
    for number in range(2, 8):
        new_draft(world, f"2026.{number}")
    for limit in (500_000_000, 600_000_000, 700_000_000):
        price_quote(policy.quote.assessment, product, actor=world.actor("underwriter"),
                    limit_fen=limit)
    client = client_of("actuary")
    version = new_draft(world, "2026.9")
    run = with_impact(version, world)
    pages = [(reverse("actuarial:versions"), 16), (reverse("actuarial:referral"), 16),
             (reverse("actuarial:adequacy"), 12), (reverse("actuarial:impact", args=[run.pk]), 14),
             (reverse("actuarial:impact_export", args=[run.pk]), 12),
             (reverse("actuarial:version", args=[version.pk]), 18)]
    for address, most in pages:
        with django_assert_max_num_queries(most):
            assert client.get(address).status_code == 200


def test_a_proposal_waits_on_the_dashboard_of_whoever_may_decide(
    world: World, client_of: Any
) -> None:
    version = new_proposal(world)
    address = reverse("actuarial:version", args=[version.pk])
    for role in ("chief_underwriter", "compliance"):
        page = text_of(client_of(role).get(reverse("cases:dashboard")))
        assert address in page and "Decide the rate change" in page
    for role in ("actuary", "underwriter"):
        assert address not in text_of(client_of(role).get(reverse("cases:dashboard")))
    draft = new_draft(world, "2026.3")
    mine = text_of(client_of("actuary").get(reverse("cases:dashboard")))
    assert reverse("actuarial:version", args=[draft.pk]) in mine


def test_a_document_that_a_later_engine_refuses_is_still_shown(
    world: World, client_of: Any
) -> None:
    version = new_draft(world)
    document = {**version.document, "levy_of_former_days": 1}
    TableVersion.objects.within(world.insurer).update(document=document, document_hash="f" * 64)
    page = text_of(client_of("auditor").get(reverse("actuarial:version", args=[version.pk])))
    assert "levy_of_former_days" in page
