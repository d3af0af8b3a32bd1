"""Without an account: one link, one firm, its price, its policy, and nothing else."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core import clock
from dinghai_platform.core.models import AuditEntry
from dinghai_platform.core.tokens import hash_of
from dinghai_platform.small_firms.models import Firm, Link, Policy, Quote
from dinghai_platform.small_firms.rules import LINK
from dinghai_platform.small_firms.services import firms as firm_services
from dinghai_platform.small_firms.services import links as link_services
from dinghai_platform.small_firms.services.links import (
    LONGEST_DAYS,
    actor_of_link,
    live_link,
    make_link,
    revoke_link,
)
from dinghai_platform.small_firms.services.months import month_of
from dinghai_platform.small_firms.views import frame
from tests.platform.small_firms.making import SCANS, bound, cells, priced
from tests.platform.story import stand_at

pytestmark = pytest.mark.django_db
PAGES = ("link_firm", "link_answers", "link_policy", "link_month")


@pytest.fixture(autouse=True)
def _fresh_counts() -> None:
    cache.clear()


def linked(actor: Any) -> str:
    """A new link's secret."""
    return make_link(label="街角咖啡", days=7, actor=actor)[1]


def at(name: str, *parts: Any) -> str:
    """An address by the link."""
    return reverse(f"small_firms:{name}", args=parts)


def holder(secret: str) -> Client:
    """A browser that opened a link."""
    client = Client()
    answer = client.get(at("link_enter", secret))
    assert answer.url == at("link_home")
    return client


def buys(client: Client, number: int = 1) -> Policy:
    """The whole way of a firm through its link, on its phone."""
    start = client.post(at("link_home"))
    assert start.url == at("link_answers")
    sent = client.post(start.url, cells(number))
    assert sent.status_code == 302, sent.content.decode()[-2000:]
    quote = client.get(sent.url)
    assert quote.status_code == 200
    row = Quote.objects.unscoped("test").order_by("-id")[0]
    terms = at("link_terms", row.pk, "plus")
    assert terms in quote.content.decode()
    page = client.get(terms).content.decode()
    assert "战争" in page and "核、化学、生物、放射" in page
    groups = ["exclusion", "deductible", "waiting", "insured_share"]
    missing = client.post(terms, {"read": groups[:1], "confirmed_by": "李青"})
    assert missing.status_code == 400 and not Policy.objects.unscoped("test").filter(
        quote=row).exists()
    taken = client.post(terms, {"read": groups, "confirmed_by": "李青"})
    assert taken.url == at("link_policy")
    policy: Policy = Policy.objects.unscoped("test").get(quote=row)
    return policy


def test_from_the_link_to_the_policy(underwriter: Any) -> None:
    secret = linked(underwriter)
    client = holder(secret)
    policy = buys(client)
    page = client.get(at("link_policy")).content.decode()
    assert policy.policy_no in page and "李青" in page
    for kind in ("schedule", "booklet", "explanations"):
        answer = client.get(at("link_paper", kind, "zh"))
        assert answer.status_code == 200 and answer.content.startswith(b"%PDF")
        assert "sandbox" in answer.headers["Content-Security-Policy"]
    firm = Firm.objects.within(underwriter.tenant).get()
    assert (firm.channel, firm.insured, firm.state) == ("link", None, "bound")
    assert client.post(at("link_home")).url == at("link_answers")
    assert Firm.objects.within(underwriter.tenant).count() == 1
    audited = list(AuditEntry.objects.within(underwriter.tenant).filter(role=LINK))
    assert {one.action for one in audited} >= {
        "small_firms.begun", "small_firms.quoted", "small_firms.policy_bound"}
    assert all("李青" not in one.payload and secret not in one.payload for one in audited)
    month_of(firm, actor=underwriter)
    assert client.get(at("link_month")).status_code == 200
    link = Link.objects.within(underwriter.tenant).get()
    assert link.open_until == policy.expiry
    assert (link.token_hash, link.prices) == (hash_of(secret), 1)
    assert secret not in {str(value) for value in vars(link).values()}


def test_a_link_sees_its_own_firm_alone(underwriter: Any) -> None:
    mine, theirs = linked(underwriter), linked(underwriter)
    first, client = holder(mine), holder(theirs)
    policy = buys(first)
    other = priced(underwriter, 5)
    client.post(at("link_home"))
    assert first.get(at("link_quote", other.pk)).status_code == 404
    for address in (at("link_quote", policy.quote_id), at("link_quote", other.pk),
                    at("link_terms", policy.quote_id, "plus"),
                    at("link_policy"), at("link_month"),
                    at("link_paper", "schedule", "zh")):
        assert client.get(address).status_code == 404, address
    for name in ("firms", "plans", "batches", "referrals", "policies", "months", "links"):
        assert client.get(reverse(f"small_firms:{name}")).status_code == 302
    assert client.get(reverse("small_firms:firm", args=[policy.firm_id])).status_code == 302
    assert client.get(f"/api/v1/small-firms/firms/{policy.firm_id}").status_code == 401
    link = Link.objects.within(underwriter.tenant).get(token_hash=hash_of(theirs))
    with pytest.raises(PermissionDenied):
        bound(other, actor_of_link(link))
    with pytest.raises(PermissionDenied):
        month_of(policy.firm, actor=actor_of_link(link))


def test_nobody_finds_a_link_by_trying(underwriter: Any, monkeypatch: Any) -> None:
    secret = linked(underwriter)
    monkeypatch.setattr(frame, "WRONG_LINKS", 3)
    client = Client()
    for guess in ("a" * 43, secret[:-1], secret.lower()):
        assert client.get(at("link_enter", guess)).status_code == 404
    assert client.get(at("link_home")).status_code == 404
    refused = client.get(at("link_enter", "b" * 43))
    assert refused.status_code == 429 and refused.headers["Retry-After"]
    assert client.get(at("link_enter", secret)).status_code == 302  # who has it is let in
    cache.clear()
    assert holder(secret).get(at("link_home")).status_code == 200


def test_a_link_writes_so_often_and_no_more(underwriter: Any, monkeypatch: Any) -> None:
    secret = linked(underwriter)
    client = holder(secret)
    client.post(at("link_home"))
    monkeypatch.setattr(firm_services, "MOST_PRICES", 2)
    for revenue in ("100", "200"):
        assert client.post(at("link_answers"), cells(revenue=revenue)).status_code == 302
    assert client.post(at("link_answers"), cells(revenue="300")).status_code == 400
    monkeypatch.setattr(frame, "WRITES", 1)
    assert client.post(at("link_save"), {"name": "x"}).status_code == 429


def test_its_time_is_over_or_it_is_withdrawn(underwriter: Any, settings: Any) -> None:
    for days in (0, LONGEST_DAYS + 1):
        with pytest.raises(InputError, match="60 days"):
            make_link(label="", days=days, actor=underwriter)
    link, secret = make_link(label="", days=1, actor=underwriter)
    Link.objects.within(link.tenant).filter(pk=link.pk).update(expires_at=clock.machine_now())
    assert live_link(secret) is None
    kept = linked(underwriter)
    client = holder(kept)
    policy = buys(client)
    row = Link.objects.within(link.tenant).get(token_hash=hash_of(kept))
    Link.objects.within(link.tenant).filter(pk=row.pk).update(expires_at=clock.machine_now())
    assert client.get(at("link_policy")).status_code == 200
    stand_at(f"{policy.expiry.replace(month=5)}T09:00:00")
    assert client.get(at("link_policy")).status_code == 404
    stand_at("2026-04-21T09:00:00")
    revoke_link(row, actor=underwriter)
    assert revoke_link(row, actor=underwriter).revoked_at is not None
    for name in PAGES:
        assert client.get(at(name)).status_code == 404


def test_the_link_of_a_broker_brings_the_broker_its_firm(broker: Any, underwriter: Any) -> None:
    secret = linked(broker)
    policy = buys(holder(secret))
    assert policy.broker_id == broker.organisation.pk
    assert Policy.objects.visible_to(broker).get().pk == policy.pk
    link = Link.objects.visible_to(broker).get()
    with pytest.raises(Exception, match=r"small_firms\.invite"):
        revoke_link(Link.objects.within(underwriter.tenant).get(), actor=broker.__class__(
            broker.user, broker.organisation, "insured_admin", None))
    assert revoke_link(link, actor=broker).revoked_at is not None


def test_a_scan_by_the_link(underwriter: Any) -> None:
    secret = linked(underwriter)
    client = holder(secret)
    client.post(at("link_home"))
    scan = next(one for one in sorted(next(iter(sorted(SCANS.iterdir()))).iterdir()))
    sent = {"file": SimpleUploadedFile(scan.name, scan.read_bytes())}
    client.post(at("link_answers"), cells())
    assert client.post(at("link_scan"), sent).url == at("link_firm")
    client.post(at("link_answers"), cells(consent="yes"))
    sent = {"file": SimpleUploadedFile(scan.name, scan.read_bytes())}
    assert client.post(at("link_scan"), sent).url.startswith("/small-firms/l/quotes/")
    assert Firm.objects.within(underwriter.tenant).get().scans.count() == 1
    assert client.post(at("link_scan")).status_code == 302


def test_what_is_typed_is_kept_and_escaped(underwriter: Any) -> None:
    secret = linked(underwriter)
    client = holder(secret)
    client.post(at("link_home"))
    saved = client.post(at("link_save"), {"name": "<b>咖啡</b>", "GOV-01": "unknown"},
                        headers={"HX-Request": "true"})
    assert "1" in saved.content.decode() and saved.status_code == 200
    page = client.get(at("link_answers")).content.decode()
    assert "&lt;b&gt;咖啡&lt;/b&gt;" in page and "<b>咖啡" not in page
    refused = client.post(at("link_answers"), cells(credit_code="1", revenue="x"))
    text = refused.content.decode()
    assert refused.status_code == 400 and text.count('aria-invalid="true"') == 2


def test_no_page_of_a_link_is_kept_or_told(underwriter: Any, caplog: Any) -> None:
    secret = linked(underwriter)
    client = holder(secret)
    with caplog.at_level(logging.INFO):
        buys(client)
        for name in ("link_home", "link_firm", "link_answers", "link_policy"):
            answer = client.get(at(name))
            assert "no-store" in answer.headers.get("Cache-Control", ""), name
            assert answer.headers["Referrer-Policy"] == "same-origin"
    assert not any(one in caplog.text for one in ("李青", "青禾", secret))


def test_too_many_links_wait(underwriter: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(link_services, "MOST_OPEN", 1)
    linked(underwriter)
    with pytest.raises(Refusal, match="too many"):
        linked(underwriter)
