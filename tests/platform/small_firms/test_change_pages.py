"""Changes on the pages: by the desk, by the firm's own link, by the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from dinghai_platform.small_firms.models import Change, Firm, Link, Policy
from dinghai_platform.small_firms.services.links import actor_of_link, make_link
from dinghai_platform.small_firms.services.policies import pay_premium
from dinghai_platform.small_firms.services.renewals import renew_policy
from tests.platform.small_firms.making import bound, priced
from tests.platform.story import stand_at

pytestmark = pytest.mark.django_db
DESK = {"reason": "店铺关门", "confirmed_by": "李青", "channel": "telephone"}


@pytest.fixture
def policy(underwriter: Any) -> Policy:
    """A policy that is paid."""
    return pay_premium(bound(priced(underwriter), underwriter), reference="CMBC-1",
                       actor=underwriter)


def test_the_desk_sees_the_refund_first_and_pays_it(
    policy: Policy, underwriter: Any, client: Client
) -> None:
    stand_at("2026-05-01T09:00:00")
    client.force_login(underwriter.user)
    firm = policy.firm_id
    at = reverse("small_firms:change_cancel", args=[firm])
    seen = client.get(at, {"day": "2026-10-21"}).content.decode()
    assert "182" in seen and not policy.changes.exists()
    assert client.post(at, {"day": "2026-10-21", "reason": "店铺关门"}).status_code == 400
    assert client.post(at, {"day": "2026-04-01", **DESK}).status_code == 400
    sent = client.post(at, {"day": "", **DESK})
    assert sent.url == reverse("small_firms:changes", args=[firm])
    change = Change.objects.within(policy.tenant).get()
    text = client.get(sent.url).content.decode()
    assert change.number in text
    paper = client.get(reverse("small_firms:endorsement", args=[firm, change.pk, "en"]))
    assert paper.content.startswith(b"%PDF")
    client.post(reverse("small_firms:change_pay", args=[change.pk]), {"reference": "R-1"})
    change.refresh_from_db()
    assert change.paid_at is not None
    assert change.number in client.get(reverse("small_firms:change_list")).content.decode()
    assert change.number in client.get(reverse("small_firms:policy", args=[firm])).content.decode()


def test_a_firm_changes_its_plan_by_its_link(policy: Policy, underwriter: Any) -> None:
    cache.clear()
    link, secret = make_link(label="街角咖啡", days=7, actor=underwriter)
    Firm.objects.within(policy.tenant).filter(pk=policy.firm_id).update(link=link)
    Link.objects.within(policy.tenant).filter(pk=link.pk).update(open_until=policy.expiry)
    client = Client()
    client.get(reverse("small_firms:link_enter", args=[secret]))
    address = reverse("small_firms:link_change_plan", args=["essential"])
    assert address in client.get(reverse("small_firms:link_changes")).content.decode()
    page = client.get(address).content.decode()
    assert "战争" in page
    groups = ["exclusion", "deductible", "waiting", "insured_share"]
    own = {"day": "", "reason": "够用了", "confirmed_by": "李青"}
    assert client.post(address, {**own, "read": groups[:1]}).status_code == 400
    assert client.post(address, {**own, "read": groups}).url == reverse(
        "small_firms:link_changes")
    change = Change.objects.within(policy.tenant).get()
    assert (change.kind, change.state, change.asked_by) == ("plan", "standing", "李青")
    assert client.get(reverse("small_firms:link_endorsement", args=[
        change.pk, "zh"])).content.startswith(b"%PDF")
    client.post(reverse("small_firms:link_change_back", args=[change.pk]), {"reason": "留着"})
    change.refresh_from_db()
    assert change.state == "fallen"
    assert "留着" in client.get(reverse("small_firms:link_changes")).content.decode()
    Change.objects.within(policy.tenant).update(fallen_why="the policy was cancelled")
    told = client.get(reverse("small_firms:link_changes")).content.decode()
    assert "保单已退保" in told and "the policy was cancelled" not in told
    named = client.post(reverse("small_firms:link_change_name"), {**own, "name": "青禾新名"})
    assert named.status_code == 302
    stand_at("2027-04-01T09:00:00")
    link.refresh_from_db()
    held, policy = actor_of_link(link), Policy.objects.within(policy.tenant).get()
    assert renew_policy(policy, actor=held).outcome == "offered"  # its link may renew, too


def test_the_api_reckons_and_changes(policy: Policy, underwriter: Any, client: Client) -> None:
    client.force_login(underwriter.user)
    at = f"/api/v1/small-firms/policies/{policy.pk}"

    def post(address: str, **body: Any) -> Any:
        return client.post(address, body, content_type="application/json")

    look = post(f"{at}/changes/look", change="cancel").json()
    assert (look["days_left"], look["amount_fen"]) == (365, -policy.gross_premium_fen)
    assert post(f"{at}/name", name="青禾新名", **DESK).status_code == 201
    wrong = post(f"{at}/plan", plan="gold", read=[], **DESK)
    assert wrong.status_code in (400, 422) and "plan" in wrong.content.decode()
    made = post(f"{at}/cancellation", **DESK)
    assert (made.status_code, made.json()["refund_fen"]) == (201, policy.gross_premium_fen)
    key = made.json()["id"]
    assert client.get(f"/api/v1/small-firms/changes/{key}").json()["state"] == "done"
    assert post(f"/api/v1/small-firms/changes/{key}/payment", reference="R").status_code == 200
    assert client.get(f"{at}/changes").json()["items"][0]["id"] == key
