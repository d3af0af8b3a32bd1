"""Claims under small firms' policies, through the one claims room."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dinghai.foundation.clock import SHANGHAI
from dinghai.foundation.errors import Refusal
from dinghai_platform.actuarial.own_losses import own_losses
from dinghai_platform.claims import queries, services
from dinghai_platform.claims.contracts import credit_code_of
from dinghai_platform.claims.models import Claim, Incident, Payment
from dinghai_platform.claims.past import held_past
from dinghai_platform.core import clock
from dinghai_platform.core.actors import Actor, system_actor
from dinghai_platform.core.models import AuditEntry, Organisation
from dinghai_platform.core.services import introduce_organisation
from dinghai_platform.ledger.queries import balance_of, verify_books
from dinghai_platform.small_firms.models import Link
from dinghai_platform.small_firms.queries import known_claims, used_of
from dinghai_platform.small_firms.rules import LINK
from dinghai_platform.small_firms.services import incidents as firm_incidents
from dinghai_platform.small_firms.services.firms import price_firm
from dinghai_platform.small_firms.services.policies import pay_premium
from tests.platform.conftest import make_organisation
from tests.platform.small_firms.claiming import (
    RESTORING,
    Desk,
    claim_of,
    in_force,
    make_desk,
)
from tests.platform.small_firms.making import bound, cells, code_of, priced
from tests.platform.small_firms.test_links import at, buys, holder, linked
from tests.platform.story import stand_at

pytestmark = pytest.mark.django_db
API = "/api/v1/claims"


def test_two_claims_share_the_limits_of_one_policy(
    underwriter: Actor, shop: Organisation, act_as: Callable[..., Actor]
) -> None:
    """By hand: 300,000.00 less the deductible of 2,000.00 is 298,000.00; of the sublimit of
    400,000.00 that leaves 102,000.00 for the second claim of the year."""
    policy = in_force(underwriter, underwriter)
    desk = make_desk(shop, act_as)
    first, second = desk.report(policy), desk.report(policy)
    assert first.insured == second.insured and first.insured.credit_code == code_of(1)
    assert Organisation.objects.filter(credit_code=code_of(1)).count() == 1
    own = act_as("insured_admin", first.insured)
    for incident, fen in ((first, 29_800_000), (second, 10_200_000)):
        services.set_facts(claim_of(incident), {
            "incident.root_cause_id": {"value": incident.number}}, actor=desk.handler)
        record = desk.decide(claim_of(incident), FP_DATA=RESTORING)
        assert record.total_fen == fen
        services.agree_decision(claim_of(incident), actor=own)
        paid = services.pay_claim(claim_of(incident), actor=desk.payer)
        assert paid is not None and (paid.amount_fen, paid.contract) == (fen, policy)
    used = used_of(policy)
    assert (used.claims, used.paid_fen, used.left_fen) == (2, 40_000_000, 60_000_000)
    assert balance_of(shop, "claims_payable") == 0 and verify_books(shop).holds
    held = held_past(shop, first.insured)
    assert held.policies == 1 and held.since == policy.inception
    assert [one.paid_fen for one in held.claims] == [29_800_000, 10_200_000]
    known = known_claims(policy.firm, desk.handler)
    assert known is not None and (known.claims, known.open, known.paid_fen) == (2, 0, 40_000_000)
    assert known_claims(policy.firm, own) is None
    with pytest.raises(DatabaseError), transaction.atomic():
        Payment.objects.within(shop).update(amount_fen=1)  # append-only on every database
    rows = own_losses(shop).decode().splitlines()[1:]
    assert len(rows) == 2 and all(one.endswith("cyber-comprehensive-inclusive") for one in rows)


def test_who_underwrote_decides_no_claim(
    underwriter: Actor, shop: Organisation, act_as: Callable[..., Actor]
) -> None:
    policy = in_force(underwriter, underwriter)
    desk = make_desk(shop, act_as)
    both = Actor(underwriter.user, shop, "claims_approver", shop)
    claim = claim_of(desk.report(policy))
    desk_of_same = Desk(desk.handler, both, desk.payer, desk.adjuster)
    with pytest.raises(Refusal):
        desk_of_same.decide(claim, FP_DATA=RESTORING)
    assert claim_of(claim.incident).state == "adjudicated"


def test_before_the_premium_there_is_no_cover(
    underwriter: Actor, shop: Organisation, act_as: Callable[..., Actor]
) -> None:
    policy = bound(priced(underwriter), underwriter)
    desk = make_desk(shop, act_as)
    with pytest.raises(Refusal):
        desk.report(policy)
    assert not Incident.objects.within(shop).exists()
    assert not Organisation.objects.filter(credit_code=code_of(1)).exists()


@pytest.fixture
def brokered(broker: Actor, underwriter: Actor, shop: Organisation, act_as: Callable[..., Actor]
             ) -> tuple[Desk, Incident]:
    """An incident that a broker reported for a firm without an account."""
    policy = in_force(broker, underwriter)
    desk = make_desk(shop, act_as)
    return desk, desk.report(policy, actor=broker)


def test_a_broker_reports_and_follows_its_own_firms_alone(
    brokered: tuple[Desk, Incident], broker: Actor, act_as: Callable[..., Actor],
    other_insurer: Organisation, shop: Organisation,
) -> None:
    _desk, incident = brokered
    rival = act_as("broker", make_organisation("broker", "别家经纪"))
    elsewhere = act_as("claims_handler", other_insurer)
    stranger = act_as("insured_admin", make_organisation("insured", "路人甲"))
    named = act_as("insured_admin", incident.insured)
    for actor, sees in ((broker, 1), (named, 1), (rival, 0), (elsewhere, 0), (stranger, 0)):
        assert queries.incidents(actor).count() == sees, actor
        assert queries.claims(actor).count() == sees, actor
    policy = incident.contract
    for actor in (rival, elsewhere, stranger, act_as("underwriter", shop)):
        with pytest.raises(PermissionDenied):
            Desk.report(_desk, policy, actor=actor)
    said = AuditEntry.objects.within(shop).filter(action="claims.incident_reported")
    assert [one.role for one in said] == ["broker"]


def test_lists_tell_the_two_kinds_apart(
    brokered: tuple[Desk, Incident], shop: Organisation, sign_in: Callable[..., Client]
) -> None:
    client = sign_in("claims_handler", shop)
    _desk, incident = brokered
    for line, number in (("small_firm", 1), ("enterprise", 0), ("", 1)):
        for name in ("claims:claims", "claims:incidents"):
            page = client.get(reverse(name), {"line": line})
            assert len(page.context["page"].object_list) == number, (name, line)
        told = client.get(f"{API}/incidents", {"line": line} if line else {}).json()
        assert len(told["items"]) == number
    assert told["items"][0]["line"] == "small_firm"
    assert client.get(f"{API}/incidents", {"line": "else"}).status_code == 422
    csv = client.get(
        reverse("claims:claims"), {"line": "small_firm", "export": "csv"}).content.decode()
    assert incident.policy_no in csv and "小微" in csv


def test_the_report_form_takes_a_policy_or_its_number(
    underwriter: Actor, shop: Organisation, sign_in: Callable[..., Client],
    act_as: Callable[..., Actor], monkeypatch: pytest.MonkeyPatch,
) -> None:
    policies = [in_force(underwriter, underwriter, number) for number in (1, 2)]
    make_desk(shop, act_as)
    client = sign_in("claims_handler", shop)
    address = reverse("claims:report")
    given = {"title": "文件被加密", "discovered_at": "2026-06-01T09:00", "contact": "138"}
    shown = client.get(address, {"policy": str(policies[0].pk)})
    assert shown.context["form"]["policy"].initial == str(policies[0].pk)
    assert "policy_no" not in shown.context["form"].fields
    made = client.post(address, {**given, "policy": str(policies[0].pk)})
    assert made.status_code == 302, made.content.decode()[-3000:]
    monkeypatch.setattr("dinghai_platform.claims.forms.ReportForm.MOST_FIRMS", 1)
    wrong = client.post(address, {**given, "policy_no": "SP-1999-000001"})
    assert wrong.context["form"].errors.keys() == {"policy_no"}
    given["policy_no"] = policies[0].policy_no
    for title, made_now in (("文件被加密", 1), ("文件又被加密", 2)):  # the first: tapped twice
        named = client.post(address, {**given, "title": title})
        assert named.status_code == 302
        rows = list(Incident.objects.within(shop).order_by("id"))
        assert {one.contract for one in rows} == {policies[0]} and len(rows) == made_now
        assert named.url == reverse("claims:incident", args=[rows[-1].pk])


def test_from_report_to_payment_over_the_api(
    own: Actor, underwriter: Actor, shop: Organisation, sign_in: Callable[..., Client],
    act_as: Callable[..., Actor],
) -> None:
    policy = in_force(own, underwriter)
    desk = make_desk(shop, act_as)
    firm, handler, payer = (sign_in("insured_admin", own.organisation),
                            sign_in("claims_handler", shop), sign_in("claims_payment", shop))

    def post(client: Client, path: str, body: dict[str, Any]) -> Any:
        answer = client.post(f"{API}{path}", body, content_type="application/json")
        assert answer.status_code < 300, answer.content
        return answer.json()

    made = post(firm, "/incidents", {
        "policy": str(policy.pk), "title": "文件被加密",
        "discovered_at": "2026-06-01T09:00:00", "occurred_at": "2026-06-01T02:00:00",
        "facts": {"event.data_encryption": True}})
    assert (made["line"], made["policy_no"]) == ("small_firm", policy.policy_no)
    key = made["claim"]
    graded = post(handler, f"/incidents/{made['id']}/triage",
                  {"facts": {"notice.personal_data_persons": 1_000_000}})
    assert graded["clocks"], "the statutory clocks run as for anybody"
    post(handler, f"/{key}/register", {"reserve_fen": 30_000_000})
    post(handler, f"/{key}/items", {"coverage": "FP-DATA", "description": "恢复",
                                    "facts": RESTORING})
    claim = Claim.objects.within(shop).get(pk=key)
    services.appoint_adjuster(claim, desk.adjuster.organisation, actor=desk.handler)
    services.survey_claim(claim, actor=desk.adjuster, note="查勘")
    services.quantify_claim(claim, actor=desk.adjuster, note="核定")
    post(handler, f"/{key}/steps/adjudicate", {})
    post(sign_in("claims_approver", shop), f"/{key}/steps/approve", {})
    post(firm, f"/{key}/steps/agree", {})
    for _again in range(2):
        paid = post(payer, f"/{key}/payment", {"payee": "青禾设计示例001"})
        assert (paid["state"], paid["paid_fen"]) == ("paid", 29_800_000)
    assert balance_of(shop, "claims_payable") == 0 and verify_books(shop).holds
    page = firm.get(reverse("small_firms:policy", args=[policy.firm_id]))
    assert page.context["used"].left_fen == 70_200_000
    assert reverse("claims:incident", args=[made["id"]]) in firm.get(
        reverse("small_firms:incidents", args=[policy.firm_id])).content.decode()
    for name in ("claims:claim", "claims:explained"):
        assert firm.get(reverse(name, args=[key])).status_code == 200
    told = handler.get(f"/api/v1/small-firms/policies/{policy.pk}").json()
    assert told["paid_claims_fen"] == 29_800_000


def test_a_firm_without_link_or_account_agrees_on_paper(
    brokered: tuple[Desk, Incident], shop: Organisation,
) -> None:
    """The handler records who signed, when and the paper; the ten days run from the signature."""
    desk, incident = brokered
    claim = claim_of(incident)
    desk.decide(claim, FP_DATA=RESTORING)
    stand_at("2026-06-05T10:00:00")
    handler, approver = Client(), Client()
    for client, actor in ((handler, desk.handler), (approver, desk.approver)):
        client.force_login(actor.user, backend="django.contrib.auth.backends.ModelBackend")
    address = reverse("claims:act", args=[claim.pk, "agree_on_paper"])
    assert address in handler.get(reverse("claims:claim", args=[claim.pk])).content.decode()
    assert handler.get(address).status_code == 200
    assert approver.get(address).status_code == 403
    paper = b"%PDF-1 signed"

    def send(day: str, **changes: Any) -> Any:
        return handler.post(address, {
            "signed_by": "李青", "signed_on": day, **changes,
            "file": SimpleUploadedFile("同意书.pdf", paper, "application/pdf")})

    for day in ("2026-05-31", "2026-06-06"):  # before the decision, in the future
        assert send(day).status_code == 422, day
    assert send("2026-06-03", signed_by=" ").status_code == 422
    assert claim_of(incident).state == "decision_issued"
    assert send("2026-06-03").status_code == 302
    row = claim_of(incident)
    assert (row.state, row.agreed_at.astimezone(SHANGHAI).date()) == ("agreed", date(2026, 6, 3))
    held = incident.evidence.get(kind="agreement_to_decision")
    assert held.provided_by == "李青"
    entry = AuditEntry.objects.within(shop).get(action="claims.decision_agreed_on_paper")
    assert entry.user == desk.handler.user
    told = json.loads(entry.payload)
    assert (told["signed_by"], told["signed_on"], told["paper"], told["sha256"]) == (
        "李青", "2026-06-03", held.reference, held.sha256)
    with pytest.raises(Refusal):  # once
        services.record_agreement(row, paper, name="a.pdf", media_type="application/pdf",
                                  signed_by="李青", signed_on=date(2026, 6, 3), actor=desk.handler)
    services.pay_claim(row, actor=desk.payer)
    assert claim_of(incident).state == "paid"


def test_who_cancels_at_the_insurer_sees_the_claims(
    brokered: tuple[Desk, Incident], underwriter: Actor, broker: Actor,
) -> None:
    """298,000.00 paid on 1 June and another claim open: told to the underwriter, not outside."""
    desk, incident = brokered
    desk.decide(claim_of(incident), FP_DATA=RESTORING)
    services.record_agreement(
        claim_of(incident), b"%PDF-1", name="a.pdf", media_type="application/pdf",
        signed_by="李青", signed_on=clock.today(), actor=desk.handler)
    services.pay_claim(claim_of(incident), actor=desk.payer)
    waiting = claim_of(desk.report(incident.contract))
    address = reverse("small_firms:change_cancel", args=[incident.contract.firm_id])
    for actor, told in ((underwriter, True), (broker, False)):
        client = Client()
        client.force_login(actor.user, backend="django.contrib.auth.backends.ModelBackend")
        answer = client.get(address)
        shown = answer.content.decode()
        for text in ("298,000.00", waiting.number):
            assert (text in shown) is told, (actor.role, text)
        beside = answer.context["beside"]
        assert (beside is not None) is told
        if told:
            assert (beside.open, beside.paid, beside.paid_fen, beside.until) == (
                (waiting.number,), 1, 29_800_000, date(2026, 7, 1))


PAGES = ("claim", "facts", "workbench", "review", "explained", "claim_json")


@pytest.mark.parametrize("role", ["claims_handler", "loss_adjuster"])
def test_every_page_of_the_claims_room_reads_a_small_firms_claim(
    brokered: tuple[Desk, Incident], role: str, shop: Organisation,
) -> None:
    desk, incident = brokered
    claim = claim_of(incident)
    services.register_claim(claim, reserve_fen=0, actor=desk.handler)
    services.add_item(claim_of(incident), "FP-DATA", description="恢复", facts=RESTORING,
                      actor=desk.handler)
    services.appoint_adjuster(claim_of(incident), desk.adjuster.organisation, actor=desk.handler)
    client = Client()
    who = desk.handler if role == "claims_handler" else desk.adjuster
    client.force_login(who.user, backend="django.contrib.auth.backends.ModelBackend")
    pages = [reverse(f"claims:{name}", args=[claim.pk]) for name in PAGES
             if role == "claims_handler" or name not in ("review", "workbench")]
    pages += [reverse(f"claims:{name}", args=[incident.pk])
              for name in ("incident", "authority_report")]
    pages += [reverse("claims:item_facts", args=[claim.pk, 1]), reverse("claims:claims"),
              f"{API}/{claim.pk}", f"{API}/{claim.pk}/file", API]
    if role == "claims_handler":
        pages += [reverse("claims:act", args=[claim.pk, event])
                  for event in ("item", "evidence", "adjuster", "reserve", "request_evidence")]
    for address in pages:
        assert client.get(address).status_code == 200, address


def test_lists_ask_as_often_for_many_as_for_one(
    brokered: tuple[Desk, Incident], broker: Actor,
) -> None:
    desk, incident = brokered

    def asked() -> int:
        with CaptureQueriesContext(connection) as found:
            for actor in (broker, desk.handler):
                rows = list(queries.claims(actor))
                assert {(one.incident.policy_no, queries.line_of(one)) for one in rows} == {
                    (incident.policy_no, "small_firm")}
        return len(found)

    once = asked()
    for _more in range(3):
        desk.report(incident.contract)
    assert asked() == once


@pytest.fixture
def visitor(underwriter: Actor) -> tuple[Client, Any]:
    """A firm that came by a link and is insured."""
    client = holder(linked(underwriter))
    policy = buys(client)
    return client, pay_premium(policy, reference="B1", actor=underwriter)


def test_a_link_reports_answers_and_agrees_for_its_firm_alone(
    visitor: tuple[Client, Any], underwriter: Actor, shop: Organisation,
    act_as: Callable[..., Actor],
) -> None:
    client, policy = visitor
    other = holder(linked(underwriter))
    pay_premium(buys(other, 2), reference="B2", actor=underwriter)
    desk = make_desk(shop, act_as)
    assert client.get(at("link_policy")).content.decode().count(at("link_incidents")) >= 1
    report = {"title": "文件被加密", "discovered_at": "2026-06-01T09:00",
              "occurred_at": "2026-06-01T02:00", "contact": "138",
              "signs": ["event.data_encryption"]}
    refused = client.post(at("link_incidents"), {**report, "discovered_at": "2026-07-01T09:00"})
    assert refused.status_code == 422 and not Incident.objects.within(shop).exists()
    made = client.post(at("link_incidents"), report)
    again = client.post(at("link_incidents"), report, follow=True)  # a double tap
    incident = Incident.objects.within(shop).get()
    assert made.url == at("link_incident", incident.pk) == again.redirect_chain[-1][0]
    assert [one.level_tag for one in again.context["messages"]] == ["info"]
    assert Claim.objects.within(shop).count() == 1
    assert incident.contract == policy and credit_code_of(incident) == code_of(1)
    entry = AuditEntry.objects.within(shop).get(action="claims.incident_reported")
    assert (entry.role, entry.user_id) == (LINK, None)

    def act(verb: str, **data: Any) -> None:
        answer = client.post(at("link_incident_act", incident.pk, verb), data, follow=True)
        assert [one.level_tag for one in answer.context["messages"]] == ["success"], verb

    # Nobody else's browser reaches it, and the link reaches no page of the claims room.
    for name in ("link_incident", "link_incident_notice", "link_incident_act"):
        rest = {"link_incident_notice": ["zh"], "link_incident_act": ["agree"]}.get(name, [])
        assert other.get(at(name, incident.pk, *rest)).status_code == 404
        assert Client().get(at(name, incident.pk, *rest)).status_code == 404
    assert other.post(at("link_incident_act", incident.pk, "agree")).status_code == 404
    assert not other.get(at("link_incidents")).context["incidents"]
    claim = claim_of(incident)
    assert client.get(reverse("claims:claim", args=[claim.pk])).status_code == 302
    # Asked once, answered with a document, decided, agreed and paid.
    services.register_claim(claim, reserve_fen=0, actor=desk.handler)
    item = services.add_item(claim_of(incident), "FP-DATA", description="恢复", actor=desk.handler)
    services.request_evidence(claim_of(incident), actor=desk.handler)
    page = client.get(made.url)
    assert page.context["asked"] and "receive" in page.context["steps"]
    act("paper", kind="vendor_invoices", file=SimpleUploadedFile("发票.pdf", b"%PDF-1"))
    act("receive")
    paper = incident.evidence.get()
    assert paper.provided_by == incident.insured.name_zh
    services.set_item_facts(item, RESTORING, actor=desk.handler)
    services.appoint_adjuster(claim_of(incident), desk.adjuster.organisation, actor=desk.handler)
    services.survey_claim(claim_of(incident), actor=desk.adjuster, note="查勘")
    services.quantify_claim(claim_of(incident), actor=desk.adjuster, note="核定")
    services.adjudicate_claim(claim_of(incident), actor=desk.handler)
    assert "298,000.00" not in client.get(made.url).content.decode(), "not issued yet"
    services.approve_claim(claim_of(incident), actor=desk.approver)
    shown = client.get(made.url).content.decode()
    assert "298,000.00" in shown and at("link_incident_act", incident.pk, "object") in shown
    notice = client.get(at("link_incident_notice", incident.pk, "zh"))
    assert notice["Content-Type"] == "application/pdf"
    act("agree")
    services.pay_claim(claim_of(incident), actor=desk.payer)
    assert claim_of(incident).state == "paid"
    assert client.get(made.url).context["payments"].get().amount_fen == 29_800_000
    # As long as the firm may object, its link leads there; cover has long ended by then.
    stand_at("2027-12-01T09:00:00")
    assert client.get(made.url).status_code == 200


@pytest.mark.parametrize("minutes", [9, 11])
def test_a_notice_is_the_same_one_for_ten_minutes(
    visitor: tuple[Client, Any], shop: Organisation, act_as: Callable[..., Actor],
    monkeypatch: pytest.MonkeyPatch, minutes: int,
) -> None:
    client, _policy = visitor
    make_desk(shop, act_as)
    monkeypatch.setattr(firm_incidents, "MOST_REPORTS", 1)  # not counted against the link either
    report = {"title": "文件被加密", "discovered_at": "2026-06-01T09:00", "contact": "138"}
    first = client.post(at("link_incidents"), report)
    stand_at(f"2026-06-01T10:{minutes:02d}:00")
    later = client.post(at("link_incidents"), report)
    assert (later.status_code == 302 and later.url == first.url) is (minutes == 9)
    assert Incident.objects.within(shop).count() == 1


@pytest.mark.parametrize("known", [False, True])
def test_a_typed_credit_code_reaches_nobody_elses_organisation(
    known: bool, visitor: tuple[Client, Any], underwriter: Actor, shop: Organisation,
    act_as: Callable[..., Actor],
) -> None:
    """Whoever types another firm's code gets an organisation of its own, and the other's users and
    history see nothing of its claim; who the desk entered under its code is that firm."""
    client, policy = visitor
    desk = make_desk(shop, act_as)
    other = introduce_organisation(
        kind="insured", name_zh="真正的青禾", credit_code=code_of(1),
        actor=system_actor(shop)) if known else None
    report = {"discovered_at": "2026-06-01T09:00", "contact": "138"}
    for title in ("文件被加密", "网站打不开"):
        assert client.post(at("link_incidents"), {**report, "title": title}).status_code == 302
    [mine] = {one.insured for one in Incident.objects.within(shop).select_related("insured")}
    assert mine != other and mine.credit_code is None
    assert held_past(shop, mine).policies == 1
    seen = known_claims(policy.firm, desk.handler)
    assert seen is not None and seen.claims == 2, "the desk sees the claims of a code"
    later = introduce_organisation(kind="insured", name_zh="真正的青禾", credit_code=code_of(1),
                                   actor=system_actor(shop))
    assert later != mine and (other is None or later == other)
    past = held_past(shop, later)
    assert (past.policies, past.claims) == (0, ())
    owner = act_as("insured_admin", later)
    assert not Incident.objects.visible_to(owner).exists()


def test_around_a_renewal_each_section_answers_by_its_own_basis(
    visitor: tuple[Client, Any], underwriter: Actor, shop: Organisation,
    act_as: Callable[..., Actor],
) -> None:
    """Fraud answers by discovery, encrypted data by the day on which it began (the product's
    sections): the first is reported under the policy of the discovery, the second under that of the
    beginning, and the handler is told of the other one, by which the response is covered."""
    client, first = visitor
    stand_at("2027-04-10T10:00:00")
    second = pay_premium(
        bound(price_firm(first.firm, actor=underwriter, given=cells(1), inception=None),
              underwriter), reference="B2", actor=underwriter)
    assert second.inception == first.expiry + timedelta(days=1)
    stand_at(f"{second.inception + timedelta(days=4)}T10:00:00")
    handler = act_as("claims_handler", shop)
    for sign, policy, also in (
            ("event.fraudulent_instruction", second, []),
            ("event.data_encryption", first, [(second, ("FP-IR",))])):
        made = client.post(at("link_incidents"), {
            "title": sign, "contact": "138", "signs": [sign],
            "discovered_at": f"{second.inception + timedelta(days=2)}T09:00",
            "occurred_at": f"{first.expiry}T02:00"})
        assert made.status_code == 302, made.content.decode()[-2000:]
        incident = Incident.objects.within(shop).get(title=sign)
        assert incident.contract == policy
        assert claim_of(incident).terms == policy.document
        assert [(one.policy, one.sections)
                for one in firm_incidents.also_answering(incident)] == also
        desk = Client()
        desk.force_login(handler.user, backend="django.contrib.auth.backends.ModelBackend")
        page = desk.get(reverse("claims:incident", args=[incident.pk])).content.decode()
        assert (second.policy_no in page and "FP-IR" in page) is bool(also) or policy == second


def test_a_link_objects_with_a_reason_and_is_bounded(
    visitor: tuple[Client, Any], shop: Organisation, act_as: Callable[..., Actor],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client, policy = visitor
    desk = make_desk(shop, act_as)
    incident = desk.report(policy)  # by the handler: the firm called
    address = at("link_incident", incident.pk)
    assert incident.number in client.get(at("link_incidents")).content.decode()
    early = client.post(at("link_incident_act", incident.pk, "agree"), follow=True)
    assert [one.level_tag for one in early.context["messages"]] == ["error"]
    assert client.post(at("link_incident_act", incident.pk, "pay")).status_code == 404
    desk.decide(claim_of(incident), FP_DATA=RESTORING)
    client.post(at("link_incident_act", incident.pk, "object"), {"reason": "工时少算了"})
    assert claim_of(incident).state == "disputed"
    assert "工时少算了" in client.get(address).content.decode()
    monkeypatch.setattr(firm_incidents, "MOST_REPORTS", 1)
    answer = client.post(at("link_incidents"), {
        "title": "又一次", "discovered_at": "2026-06-01T09:00", "contact": "138"})
    assert answer.status_code == 422 and Incident.objects.within(shop).count() == 1
    monkeypatch.setattr(firm_incidents, "MOST_PAPERS", 0)
    full = client.post(at("link_incident_act", incident.pk, "paper"), {
        "kind": "vendor_invoices", "file": SimpleUploadedFile("a.txt", b"x")}, follow=True)
    assert [one.level_tag for one in full.context["messages"]] == ["error"]


def test_after_a_renewal_the_button_leads_to_the_policy_that_is_in_force(
    own: Actor, underwriter: Actor, shop: Organisation, sign_in: Callable[..., Client]
) -> None:
    policy = in_force(own, underwriter)
    stand_at("2027-04-10T10:00:00")
    renewed = pay_premium(bound(price_firm(policy.firm, actor=underwriter, given=cells(1),
                                           inception=None), underwriter),
                          reference="B2", actor=underwriter)
    assert renewed.inception > policy.expiry
    client = sign_in("insured_admin", own.organisation)
    shown = client.get(reverse("small_firms:incidents", args=[policy.firm_id]))
    assert shown.context["policy"] == policy
    assert client.get(reverse("claims:report")).context["form"]["policy"].initial == str(policy.pk)


def test_a_renewal_does_not_shorten_a_link_that_is_promised_longer(
    underwriter: Actor, shop: Organisation, act_as: Callable[..., Actor]
) -> None:
    policy = pay_premium(buys(holder(linked(underwriter))), reference="B1", actor=underwriter)
    desk = make_desk(shop, act_as)
    stand_at("2027-04-15T10:00:00")
    services.report_incident(policy, actor=desk.handler, title="x", discovered_at=clock.now())
    kept = Link.objects.within(shop).get().open_until
    assert kept > policy.expiry + timedelta(days=366)
    bound(price_firm(policy.firm, actor=underwriter, given=cells(1), inception=None), underwriter)
    assert Link.objects.within(shop).get().open_until == kept
