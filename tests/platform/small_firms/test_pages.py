"""The pages: every one opens for whom it is meant, in both languages, and says what it should."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from dinghai_platform.core.worker import Worker
from dinghai_platform.small_firms.models import Batch, Firm, Policy, Quote
from dinghai_platform.small_firms.services.links import make_link
from dinghai_platform.small_firms.services.months import month_of, run_months
from tests.platform.routes.reading import read_page
from tests.platform.small_firms.making import bound, cells, file_of, firm_named, priced, unsure

pytestmark = pytest.mark.django_db
LANGUAGES = ("zh-hans", "en")


def at(name: str, *parts: Any) -> str:
    """An address of the room."""
    return reverse(f"small_firms:{name}", args=parts)


@pytest.fixture
def desk(sign_in: Any, shop: Any) -> Any:
    """The browser of the insurer's desk."""
    return sign_in("underwriter", shop)


def test_quote_to_policy_at_the_desk(desk: Any, underwriter: Any) -> None:
    made = desk.post(at("start"))
    firm = Firm.objects.within(underwriter.tenant).get()
    assert made.url == at("answers", firm.pk)
    page = desk.get(made.url).content.decode()
    assert page.count('type="radio"') >= 28 * 4 and "不清楚" in page
    sent = desk.post(made.url, {**cells(), "inception": "2026-05-01"})
    quote = Quote.objects.within(firm.tenant).get()
    assert sent.url == at("quote", firm.pk, quote.pk)
    body = desk.get(sent.url).content.decode()
    assert body.count("sf-plan-head") == 3 and "保费" in body
    terms = desk.get(at("terms", firm.pk, quote.pk, "plus")).content.decode()
    assert terms.count("<li><h3>") == 24
    taken = desk.post(at("terms", firm.pk, quote.pk, "plus"), {
        "read": ["exclusion", "deductible", "waiting", "insured_share"],
        "confirmed_by": "李青", "channel": "telephone"})
    assert taken.url == at("policy", firm.pk)
    policy = Policy.objects.within(firm.tenant).get()
    assert policy.papers.count() == 2
    desk.post(at("pay", policy.pk), {"reference": "CMBC-9"})
    policy.refresh_from_db()
    assert policy.state == "in_force"
    assert policy.policy_no in desk.get(at("policies")).content.decode()
    assert desk.get(at("paper", firm.pk, "other", "zh")).status_code == 404


def test_a_batch_from_the_file_to_the_policies(
    desk: Any, underwriter: Any, sign_in: Any
) -> None:
    def send(rows: Any) -> Any:
        return desk.post(at("batch_new"), {"file": SimpleUploadedFile("f.csv", file_of(rows))})

    refused = send([cells(4, credit_code="X")])
    assert refused.status_code == 400 and "credit_code" in refused.content.decode()
    sent = send([cells(1), cells(2, "partly"), unsure(3), cells(4, credit_code="X")])
    batch = Batch.objects.within(underwriter.tenant).get()
    assert sent.url == at("batch", batch.pk)
    assert "3" in desk.get(sent.url).content.decode()
    desk.post(at("batch_quote", batch.pk))
    waiting = desk.get(at("batch_progress", batch.pk)).content.decode()
    assert "hx-get" in waiting
    Worker().run_until_idle()
    ended = desk.get(at("batch_progress", batch.pk), headers={"HX-Request": "true"})
    assert ended.headers["HX-Refresh"] == "true"
    page = desk.get(sent.url).content.decode()
    assert page.count('name="quotes"') == 2
    only = desk.get(f"{sent.url}?outcome=referred").content.decode()
    assert cells(3)["name"] in only and cells(1)["name"] not in only
    export = desk.get(f"{sent.url}?export=csv").content.decode()
    assert cells(2)["name"] in export and "选择" not in export
    assert "统一社会信用代码" not in desk.get(at("batch_template")).content.decode()
    faults = desk.get(at("batch_faults", batch.pk)).content.decode()
    assert faults.count("\n") == 2 and "credit_code" in faults
    chosen = Quote.objects.within(batch.tenant).get(line=2)
    desk.post(at("batch_bind", batch.pk), {
        "which": "chosen", "quotes": [str(chosen.pk), "nonsense"], "confirmed_by": "王",
        "channel": "paper", "explained": "on"})
    Worker().run_until_idle()
    assert Policy.objects.within(batch.tenant).get().quote_id == chosen.pk
    waits = desk.get(at("referrals")).content.decode()
    assert cells(3)["name"] in waits
    referred = Quote.objects.within(batch.tenant).get(line=4)
    other = sign_in("chief_underwriter", underwriter.tenant)
    for who, decides in ((desk, False), (other, True)):
        shown = who.get(at("quote", referred.firm_id, referred.pk)).content.decode()
        assert (at("decide", referred.pk) in shown) == decides
    decision = {"decision": "approve", "plan": "essential", "reason": "已核实"}
    assert desk.post(at("decide", referred.pk), decision).status_code == 403  # who handed it in
    other.post(at("decide", referred.pk), decision)
    referred.refresh_from_db()
    assert referred.decided_plan == "essential"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", ["underwriter", "auditor", "broker", "insured_admin"])
def test_every_page_opens_well_made(
    sign_in: Any, underwriter: Any, broker: Any, own: Any, role: str, language: str
) -> None:
    actor = {"broker": broker, "insured_admin": own}.get(role, underwriter)
    quote = priced(actor)
    bound(quote, actor)
    month = month_of(quote.firm, actor=underwriter)
    run_months(actor=underwriter)
    make_link(label="<i>", days=3, actor=underwriter)
    home = {"broker": broker.organisation, "insured_admin": own.organisation}.get(
        role, underwriter.tenant)
    client = sign_in(role, home)
    client.cookies["django_language"] = language
    key = quote.firm_id
    pages = [at("firms"), at("plans"), at("policies"), at("months"), at("firm", key),
             at("quote", key, quote.pk), at("policy", key), at("month", key),
             at("month_at", key, month.pk)]
    if role in ("underwriter", "broker"):
        pages += [at("batches"), at("batch_new"), at("links"), at("answers", key)]
    if role != "insured_admin":
        pages.append(at("validation"))
    for address in pages:
        answer = client.get(address)
        assert answer.status_code == 200, address
        reading = read_page(answer.content.decode())
        assert reading.faults == [], address
        assert "<i>" not in answer.content.decode()
    pdf = client.get(at("month", key) + "?form=pdf&language=en")
    assert pdf.content.startswith(b"%PDF")
    word = {"zh-hans": "除外", "en": "not insured"}[language]
    assert word in client.get(at("plans")).content.decode()


def test_the_other_side_finds_nothing(sign_in: Any, underwriter: Any, other_insurer: Any,
                                      agency: Any) -> None:
    quote = priced(underwriter)
    policy = bound(quote, underwriter)
    for client in (sign_in("underwriter", other_insurer), sign_in("broker", agency)):
        key = quote.firm_id
        for address in (at("firm", key), at("answers", key), at("quote", key, quote.pk),
                        at("terms", key, quote.pk, "plus"), at("policy", key),
                        at("paper", key, "schedule", "zh")):
            assert client.get(address).status_code == 404, address
        assert client.post(at("scan", key)).status_code == 404
        assert client.post(at("pay", policy.pk)).status_code in (403, 404)
        assert client.post(at("decide", quote.pk)).status_code in (403, 404)
        assert firm_named(underwriter.tenant, 1).name not in client.get(
            at("firms")).content.decode()


def test_a_list_asks_as_often_for_many_as_for_few(
    desk: Any, underwriter: Any, django_assert_max_num_queries: Any
) -> None:
    for number in range(1, 9):
        priced(underwriter, number)
    for name in ("firms", "policies", "referrals", "months", "links", "batches"):
        with django_assert_max_num_queries(16):
            desk.get(at(name))


def test_a_firm_without_insurer_is_told(sign_in: Any, insured: Any) -> None:
    body = sign_in("insured_admin", insured).get(at("plans")).content.decode()
    assert "尚未" in body or "not on sale" in body
