"""Pages of claimants and of handlers, as browsers see them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from dinghai_platform.core import clock
from dinghai_platform.core.addresses import address_of
from dinghai_platform.core.models import AuditEntry
from dinghai_platform.resident_claims import entrance, visits
from dinghai_platform.resident_claims.models import Attempt, Claim
from dinghai_platform.resident_claims.services.deciding import decide_by_hand
from dinghai_platform.resident_claims.services.paying import pay_claim
from dinghai_platform.residents.proofs import code_of, number_of
from tests.platform.resident_claims.conftest import PDF, WORDS, decided, made
from tests.platform.residents.conftest import row
from tests.platform.routes.reading import read_page
from tests.platform.story import stand_at

pytestmark = pytest.mark.django_db
START = "/resident-claims/start/"
MINE = "/resident-claims/mine/"


def details(holder, number=0, **changes):
    """What the holder of a certificate knows."""
    _name, identity, mobile = row(number).split(",")[:3]
    return {"certificate": number_of(holder), "identity": identity, "mobile": mobile,
            **changes}


def alert_of(page):
    """What a page says in its alarm."""
    return page.partition('role="alert"')[2].partition("</div></div>")[0]


def come_in(certificate, number=0, language="zh-hans"):
    """A claimant's browser that was let in."""
    client = Client(headers={"accept-language": language})
    answer = client.post(START, details(certificate, number))
    assert answer.status_code == 302 and answer.headers["Location"] == MINE
    return client


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_help_comes_first_and_names_its_sources(language):
    text = Client(headers={"accept-language": language}).get("/resident-claims/help/").content
    page = text.decode()
    assert 'href="tel:110"' in page and 'href="tel:96110"' in page
    assert "反电信网络诈骗法20条" in page and read_page(page).faults == []


def test_every_mismatch_gives_the_same_answer(certificates, insurer):
    first = certificates[0]
    other = details(certificates[1], 1)
    wrong = [details(first, certificate="street-2027-0000009999"),
             details(first, certificate=f"other-{first.pk:010}"),
             details(first, certificate="nonsense"), details(first, identity=other["identity"]),
             details(first, mobile=other["mobile"]), details(first, identity="123"),
             details(first, mobile="1380013800"), details(first, certificate="DINGHAI1.a.b")]
    said = set()
    for one in wrong:
        answer = Client().post(START, one)
        assert answer.status_code == 400 and visits.COOKIE not in answer.cookies
        page = answer.content.decode()
        assert one["identity"] not in page and one["mobile"] not in page
        said.add(alert_of(page))
        Attempt.objects.all().delete()
    assert len(said) == 1 and str(entrance.NO_MATCH) in said.pop()
    assert not AuditEntry.objects.within(insurer).filter(
        action__startswith="resident_claims").exists()


def test_number_code_and_bare_number_let_in(certificates):
    first = certificates[0]
    for word in (number_of(first), code_of(first), str(first.pk), f" {number_of(first)} "):
        assert Client().post(START, details(first, certificate=word)).status_code == 302, word


def test_tries_are_bounded_by_certificate_and_by_address(certificates, monkeypatch):
    first = certificates[0]
    bad = details(first, mobile="13900000000")
    answers = [Client().post(START, bad, REMOTE_ADDR=f"10.0.0.{one}").status_code
               for one in range(entrance.MOST_BY_CERTIFICATE + 1)]
    assert answers == [400] * entrance.MOST_BY_CERTIFICATE + [429]
    assert Client().post(START, details(first)).status_code == 429
    assert Client().post(START, details(certificates[1], 1)).status_code == 302
    later = clock.machine_now() + entrance.WINDOW + timedelta(seconds=1)
    monkeypatch.setattr(clock, "machine_now", lambda: later)
    assert Client().post(START, details(first)).status_code == 302
    for number in range(entrance.MOST_BY_ADDRESS):
        answer = Client().post(START, details(first, certificate=str(10**9 + number)))
    assert answer.status_code == 429
    assert not {one for one in Attempt.objects.values_list("key", flat=True) if "10.0" in one}


def test_the_address_is_the_proxys_word_only_behind_a_proxy(rf, settings):
    asked = rf.get("/", REMOTE_ADDR="10.0.0.1", headers={"x-forwarded-for": "6.6.6.6, 7.7.7.7"})
    assert address_of(asked) == "10.0.0.1"
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert address_of(asked) == "7.7.7.7"


def step(client, claim, name, **data):
    """One step sent."""
    return client.post(f"{MINE}{claim.pk}/step/{name}/", data)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a40_by_phone_from_the_first_step_to_the_decision(certificates, language):
    client = come_in(certificates[0], language=language)
    client.post(f"{MINE}new/")
    claim = Claim.objects.within(certificates[0].tenant).get()
    step(client, claim, "event", story="<b>冒充客服</b>", loss_day="2027-03-01", telecom_fraud="1")
    step(client, claim, "loss", loss="4万", recovered="5,000",
         payee_account=WORDS["payee_account"], payee_bank="某银行")
    step(client, claim, "police", police_filed="1", filing_day="2027-03-02", police_case="A1",
         police_notice=SimpleUploadedFile("p.pdf", PDF))
    step(client, claim, "bank", bank_records=SimpleUploadedFile("b.pdf", PDF + b"2"))
    step(client, claim, "account", holder_account=WORDS["holder_account"], holder_bank="某某银行")
    for name in ("event", "loss", "police", "bank", "account", "declare"):
        page = client.get(f"{MINE}{claim.pk}/step/{name}/").content.decode()
        assert read_page(page).faults == [] and "<b>冒充" not in page
        assert WORDS["holder_account"] not in page and WORDS["payee_account"] not in page
    assert "•••• 4567" in client.get(f"{MINE}{claim.pk}/step/account/").content.decode()
    step(client, claim, "account", holder_account="", holder_bank="某某银行")  # keeps the number
    answer = step(client, claim, "declare", declared="on")
    assert answer.headers["Location"] == f"{MINE}{claim.pk}/"
    claim.refresh_from_db()
    assert (claim.state, claim.pay_fen) == ("approved", 2_240_000)
    page = client.get(f"{MINE}{claim.pk}/").content.decode()
    for amount in ("40,000.00", "5,000.00", "3,000.00", "9,600.00", "22,400.00"):
        assert amount in page
    assert read_page(page).faults == []
    assert ("免赔额" if language == "zh-hans" else "Deductible") in page


def test_what_is_wrong_is_said_at_the_step_and_nothing_is_kept(certificates):
    client = come_in(certificates[0])
    client.post(f"{MINE}new/")
    claim = Claim.objects.within(certificates[0].tenant).get()
    answer = step(client, claim, "loss", loss="1000", recovered="2000")
    assert answer.status_code == 400 and "追回" in answer.content.decode()
    answer = step(client, claim, "bank", bank_records=SimpleUploadedFile("x.exe", b"MZ"))
    assert answer.status_code == 400 and "PDF" in answer.content.decode()
    answer = step(client, claim, "declare", declared="on")
    assert answer.status_code == 400
    claim.refresh_from_db()
    assert claim.facts == {} and claim.state == "draft"


def test_a_visit_is_for_its_own_certificate_and_ends(certificates, monkeypatch):
    claim = made(certificates[1])
    client = come_in(certificates[0])
    for address in (f"{MINE}{claim.pk}/", f"{MINE}{claim.pk}/step/bank/"):
        assert client.get(address).status_code == 404
    assert client.post(f"{MINE}{claim.pk}/withdrawal/").status_code == 404
    cookie = client.cookies[visits.COOKIE]
    assert cookie["httponly"] and cookie["samesite"] == "Strict"
    assert cookie["path"] == "/resident-claims/"
    forged = Client()
    forged.cookies[visits.COOKIE] = cookie.value[:-2] + "xx"
    assert forged.get(MINE).status_code == 302
    later = clock.machine_now() + visits.LASTS + timedelta(seconds=5)
    monkeypatch.setattr(clock, "machine_now", lambda: later)
    assert client.get(MINE).headers["Location"] == START
    monkeypatch.undo()
    client.post(f"{MINE}leave/")
    assert client.get(MINE).headers["Location"] == START


def test_a_claimant_reports_objects_and_withdraws(certificates, people):
    claim = made(certificates[0])
    decide_by_hand(claim, pay=False, reason="凭证不符", actor=people["claims_handler"])
    client = come_in(certificates[0])
    page = client.get(f"{MINE}{claim.pk}/").content.decode()
    assert "凭证不符" in page and "objection/" in page
    client.post(f"{MINE}{claim.pk}/objection/", {"text": "<script>x</script> 有误"})
    page = client.get(f"{MINE}{claim.pk}/").content.decode()
    assert "&lt;script&gt;x&lt;/script&gt; 有误" in page and "<script>x" not in page
    other = decided(made(certificates[1]))
    pay_claim(other, actor=people["claims_payment"])
    second = come_in(certificates[1], 1)
    answer = second.post(f"{MINE}{other.pk}/recovery/",
                         {"amount": "20000", "returned_on": "2027-05-01"})
    assert answer.status_code == 302
    page = second.get(f"{MINE}{other.pk}/").content.decode()
    assert "12,600.00" in page and "7,400.00" in page
    third = made(certificates[2], papers=())
    client = come_in(certificates[2], 2)
    client.post(f"{MINE}{third.pk}/withdrawal/")
    third.refresh_from_db()
    assert third.state == "withdrawn"


def test_a_wait_without_its_first_day_asks_for_the_day(certificates, insurer, sign_in):
    claim = decided(made(certificates[0], facts={"filing_day": None, "unrecovered_days": 10}))
    assert (claim.state, claim.wait_until) == ("asked", None)
    client = come_in(certificates[0])
    handler = sign_in("claims_handler", insurer)
    desk = reverse("resident_claims:claim", args=[claim.pk])
    for page in (client.get(f"{MINE}{claim.pk}/"), handler.get(desk)):
        assert "立案日" in page.content.decode()
    step(client, claim, "police", police_filed="1", filing_day="2027-03-02")
    step(client, claim, "declare", declared="on")
    claim.refresh_from_db()
    assert (claim.state, claim.pay_fen) == ("approved", 2_240_000)
    form = client.get(f"{MINE}{claim.pk}/recovery/").content.decode()
    key = form.split('name="key" value="')[1].split('"')[0]
    back = {"amount": "1000", "returned_on": "2027-05-01", "key": key}
    for _ in range(2):
        assert client.post(f"{MINE}{claim.pk}/recovery/", back).status_code == 302
    claim.refresh_from_db()
    assert claim.facts["recovered"] == 600_000


# --- handlers -------------------------------------------------------------------------------------


def test_a_handler_finds_decides_and_a_payer_pays(certificates, insurer, sign_in):
    claims = [made(one, device="shared") for one in certificates[:3]]
    handler = sign_in("claims_handler", insurer)
    root = reverse("resident_claims:claims")
    for claim in claims:
        handler.post(f"{root}{claim.pk}/rule/")
    plain = decided(made(certificates[3]))
    page = handler.get(f"{root}?flagged=True").content.decode()
    assert claims[2].number in page and plain.number not in page
    assert claims[1].number in handler.get(f"{root}?q={claims[1].number}").content.decode()
    assert claims[1].number in handler.get(
        f"{root}?q={claims[1].certificate_no}").content.decode()
    page = handler.get(f"{root}{claims[2].pk}/").content.decode()
    assert "多名被保险人使用同一设备报案" in page and "社区" in page
    assert "家庭成员" in page and "EX-FAMILY" not in page
    assert row(2).split(",")[1] not in page and "张**" in page
    for day, is_due in (("30", False), ("31", True)):  # sixty days from 1 June
        stand_at(f"2027-07-{day}T09:00:00")
        page = handler.get(f"{root}{claims[2].pk}/").content.decode()
        assert ("保险法25条" in page) == is_due
    stand_at("2027-06-01T09:00:00")
    handler.post(f"{root}{claims[2].pk}/hand/", {"pay": "1", "reason": "代办"})
    payer = sign_in("claims_payment", insurer)
    payer.post(f"{root}{claims[2].pk}/pay/")
    claims[2].refresh_from_db()
    assert claims[2].state == "paid"
    assert claims[2].number in payer.get(f"{root}recourse/").content.decode()
    exported = payer.get(f"{root}recourse/?export=csv").content.decode()
    assert "22400.00" in exported and "46" in exported
    assert "22,400.00" in payer.get(f"{root}statistics/").content.decode()


def test_looking_at_a_person_needs_a_reason_and_is_written_down(certificates, insurer, sign_in):
    claim = made(certificates[0])
    root = reverse("resident_claims:claims")
    handler = sign_in("claims_handler", insurer)
    assert handler.post(f"{root}{claim.pk}/reveal/", {"reason": ""}).status_code == 302
    answer = handler.post(f"{root}{claim.pk}/reveal/", {"reason": "核对户名"})
    page = answer.content.decode()
    assert row(0).split(",")[1] in page and WORDS["holder_account"] in page
    assert "no-store" in answer.headers["Cache-Control"]
    paper = claim.papers.first()
    answer = handler.post(f"{root}papers/{paper.pk}/", {"reason": "核对"})
    assert answer.content.startswith(b"%PDF") and "sandbox" in answer.headers[
        "Content-Security-Policy"]
    assert list(AuditEntry.objects.within(insurer).filter(
        action__in=("resident_claims.revealed", "resident_claims.paper_opened")).order_by(
        "sequence").values_list("action", flat=True)) == [
        "resident_claims.revealed", "resident_claims.paper_opened"]
    assert sign_in("underwriter", insurer).post(
        f"{root}{claim.pk}/reveal/", {"reason": "x"}).status_code == 403


def test_the_list_asks_the_database_as_often_for_many_claims(
    certificates, insurer, sign_in, django_assert_max_num_queries
):
    handler = sign_in("claims_handler", insurer)
    root = reverse("resident_claims:claims")
    made(certificates[0])
    handler.get(root)
    for one in certificates[1:]:
        made(one)
    with django_assert_max_num_queries(20):
        assert handler.get(root).status_code == 200


def test_facts_are_established_with_a_reason(certificates, insurer, sign_in):
    claim = made(certificates[0])
    handler = sign_in("claims_handler", insurer)
    address = reverse("resident_claims:facts", args=[claim.pk])
    assert read_page(handler.get(address).content.decode()).faults == []
    whole = {"loss": "40,000.00", "recovered": "5,000.00", "loss_day": "2027-03-01",
             "police_filed": "1", "filing_day": "2027-03-02", "noticed_day": "2027-06-01",
             "police_notice": "1", "bank_records": "1", "telecom_fraud": "1", "induced": "1"}
    assert handler.post(address, {**whole, "cash": "1"}).status_code == 400
    handler.post(address, {**whole, "cash": "1", "cash_caused": "1", "reason": "询问笔录"})
    claim.refresh_from_db()
    assert (claim.facts["cash"], claim.facts["loss"]) == (1, 4_000_000)
    assert decided(claim).outcome == "refused"
