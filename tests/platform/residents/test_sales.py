"""Single sale by link: once for each person and form, in every book, and no word to strangers."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import msgspec
import pytest
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from dinghai.foundation.errors import InputError, Refusal
from dinghai.schemes.resident_certificate import check_proof, read_code
from dinghai_platform.core import audit, clock
from dinghai_platform.core.checkpoints import public_key_hex
from dinghai_platform.core.models import AuditEntry
from dinghai_platform.core.worker import Worker
from dinghai_platform.ledger.models import JournalEntry
from dinghai_platform.residents import queries
from dinghai_platform.residents.checked_files import LARGEST
from dinghai_platform.residents.models import (
    Certificate,
    EnrolledPerson,
    Enrolment,
    Sale,
    SaleLink,
)
from dinghai_platform.residents.papers import paper_of
from dinghai_platform.residents.proofs import code_of, facts_of, proof_of
from dinghai_platform.residents.services import sales
from dinghai_platform.residents.services.changes import Asked, apply_changes, take_changes
from dinghai_platform.residents.services.links import make_link, withdraw_link
from dinghai_platform.residents.services.sales import (
    FormUsed,
    LinkEnded,
    NotByThisLink,
    sell,
)
from dinghai_platform.residents.services.schemes import open_scheme
from tests.platform.residents.conftest import SCHEME, buyer, listed, row
from tests.platform.routes.reading import read_page

pytestmark = pytest.mark.django_db
TERMS = "0" * 64


@pytest.fixture(autouse=True)
def _fresh_limits():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def made(scheme, underwriter):
    """A link and its secret."""
    return make_link(scheme, plans=["P5"], channel="公告栏", days=30, most=3, actor=underwriter)


@pytest.fixture
def link(made):
    return made[0]


def one(rows):
    return rows.objects.unscoped("test").get()


# --- the services --------------------------------------------------------------------------------


def test_it_is_in_every_book_as_a_list_is(link, scheme, underwriter, insurer):
    bought = sell(link, buyer(1, scheme), key="a", terms=TERMS)
    certificate = queries.certificate(underwriter, bought.sale.certificate)
    assert certificate.masked_name == "张**"
    entry = one(JournalEntry)
    assert (entry.total_fen, entry.narrative["certificates"]) == (1_200, 1)
    (found,) = queries.figures(underwriter)
    assert (found.certificates, found.sold, found.lists, found.premium_fen,
            found.sum_insured_fen) == (1, 1, 0, 1_200, 5_000_000)
    assert queries.search(underwriter, row(1).split(",")[1]) == [certificate]
    key = public_key_hex()
    assert read_code(code_of(certificate), key) == facts_of(certificate)
    assert check_proof(msgspec.to_builtins(proof_of(certificate)), key).number == certificate.pk
    assert audit.verify_chain(insurer).holds
    link.refresh_from_db()
    assert link.sold == 1


def test_cover_never_begins_before_the_day_after_the_sale(scheme, underwriter, monkeypatch):
    from dinghai_platform.core import clock
    link, _secret = make_link(scheme, plans=["P5"], channel="x", days=366, most=5,
                              actor=underwriter)
    early = sell(link, buyer(1, scheme), key="a", terms=TERMS)
    monkeypatch.setattr(clock, "today", lambda: scheme.first_day + timedelta(days=40))
    late = sell(link, buyer(2, scheme), key="b", terms=TERMS)
    days = [facts_of(queries.certificate(underwriter, sale.certificate)).first_day
            for sale in (early.sale, late.sale)]
    assert days == [scheme.first_day, scheme.first_day + timedelta(days=41)]


def test_a_form_sent_twice_is_one_sale(link, scheme):
    first = sell(link, buyer(1, scheme), key="a", terms=TERMS)
    again = sell(link, buyer(1, scheme), key="a", terms=TERMS)
    assert (first.sale, first.receipt) == (again.sale, again.receipt)
    with pytest.raises(FormUsed):
        sell(link, buyer(2, scheme), key="a", terms=TERMS)
    assert one(Sale) == first.sale


def test_a_person_is_insured_once_however_they_come(link, scheme, enrol, underwriter):
    enrol(listed([row(1)]))
    with pytest.raises(NotByThisLink):
        sell(link, buyer(1, scheme), key="a", terms=TERMS)
    sell(link, buyer(2, scheme), key="b", terms=TERMS)
    with pytest.raises(NotByThisLink):
        sell(link, buyer(2, scheme, mobile="13900000000"), key="c", terms=TERMS)
    other, _secret = make_link(scheme, plans=["P1"], channel="y", days=1, most=1,
                               actor=underwriter)
    with pytest.raises(NotByThisLink):
        sell(other, buyer(2, scheme, plan="P1"), key="d", terms=TERMS)
    second = enrol(listed([row(2), row(3)]), "second.csv")
    assert (second.number, second.rejected) == (1, 1), "a list leaves out who bought"
    assert EnrolledPerson.objects.unscoped("test").count() == 3


def test_whom_a_list_enrolled_meanwhile_is_not_sold_a_void_certificate(
    link, scheme, enrol, monkeypatch
):
    sealing = sales.seal_people

    def a_list_comes_first(*given):
        enrol(listed([row(1)]))
        return sealing(*given)

    monkeypatch.setattr(sales, "seal_people", a_list_comes_first)
    with pytest.raises(NotByThisLink):
        sell(link, buyer(1, scheme), key="a", terms=TERMS)
    assert not Sale.objects.within(link.tenant).exists()
    link.refresh_from_db()
    assert link.sold == 0


def test_no_more_than_its_number(link, scheme):
    for number in range(3):
        sell(link, buyer(number, scheme), key=str(number), terms=TERMS)
    with pytest.raises(LinkEnded):
        sell(link, buyer(9, scheme), key="9", terms=TERMS)
    assert sell(link, buyer(0, scheme), key="0", terms=TERMS).sale.certificate


def test_withdrawn_and_over(link, scheme, underwriter):
    with pytest.raises(LinkEnded):
        sell(link, buyer(1, scheme, plan="P1"), key="a", terms=TERMS)
    withdraw_link(link, actor=underwriter)
    before = AuditEntry.objects.unscoped("test").count()
    withdraw_link(link, actor=underwriter)
    assert AuditEntry.objects.unscoped("test").count() == before
    with pytest.raises(LinkEnded):
        sell(link, buyer(1, scheme), key="a", terms=TERMS)
    assert not Certificate.objects.unscoped("test").exists()


@pytest.mark.parametrize("wrong", [
    {"plans": []}, {"plans": ["P9"]}, {"channel": " "}, {"days": 0}, {"days": 367}, {"most": 0}])
def test_a_link_that_is_none(scheme, underwriter, wrong):
    asked = {"plans": ["P5"], "channel": "x", "days": 1, "most": 1, **wrong}
    with pytest.raises(InputError):
        make_link(scheme, actor=underwriter, **asked)


def test_what_cannot_be_explained_is_not_sold(underwriter):
    scheme = open_scheme({**SCHEME, "id": "own", "product": "of-my-own"}, actor=underwriter)
    with pytest.raises(InputError, match="explained"):
        make_link(scheme, plans=["P5"], channel="x", days=1, most=1, actor=underwriter)


def test_who_makes_links(scheme, link, act_as, insurer, other_insurer):
    for role, home in (("auditor", insurer), ("claims_handler", insurer),
                       ("underwriter", other_insurer)):
        with pytest.raises(PermissionDenied):
            make_link(scheme, plans=["P5"], channel="x", days=1, most=1,
                      actor=act_as(role, home))
        with pytest.raises(PermissionDenied):
            withdraw_link(link, actor=act_as(role, home))


def test_the_database_keeps_sales_and_links_as_they_are(link, scheme):
    sale = sell(link, buyer(1, scheme), key="a", terms=TERMS).sale
    for change in (
        lambda: Sale.objects.unscoped("test").filter(pk=sale.pk).update(plan="P1"),
        lambda: SaleLink.objects.unscoped("test").filter(pk=link.pk).update(most=99),
        lambda: SaleLink.objects.unscoped("test").filter(pk=link.pk).update(sold=99),
        lambda: Certificate.objects.unscoped("test").all().delete(),
        lambda: Enrolment.objects.unscoped("test").filter(pk=sale.enrolment_id).update(link=None),
    ):
        with pytest.raises((IntegrityError, Exception)), transaction.atomic():
            change()
    assert one(Sale).plan == "P5"


@pytest.mark.django_db(transaction=True)
def test_many_at_once_write_each_once(scheme, underwriter, insurer):
    link, _secret = make_link(scheme, plans=["P5"], channel="x", days=1, most=5,
                              actor=underwriter)
    gate = threading.Barrier(4)

    def run(place):
        try:
            gate.wait(10)
            said = []
            # Each of four sends the same form, the same person by a form of its own, and others.
            for number, key in ((1, "same"), (1, f"own-{place}"), (2 + place, f"p-{place}")):
                try:
                    said.append(sell(link, buyer(number, scheme), key=key,
                                     terms=TERMS).sale.certificate)
                except Refusal as error:
                    said.append(type(error))
            return said
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(run, range(4)))
    assert len({one[0] for one in answers}) == 1, "one form, one certificate"
    assert {one[1] for one in answers} == {NotByThisLink}
    bought = {one[2] for one in answers}
    assert len(bought) == 4
    link.refresh_from_db()
    assert link.sold == Sale.objects.unscoped("test").count() == 5
    assert EnrolledPerson.objects.unscoped("test").count() == 5
    assert sum(one.total_fen for one in JournalEntry.objects.unscoped("test")) == 6_000
    assert audit.verify_chain(insurer).holds


# --- the pages -----------------------------------------------------------------------------------


def form_of(client, address, **change):
    """What a buyer's browser sends."""
    text = client.get(address).content.decode()
    key = re.search(r'name="key" value="([^"]+)"', text)
    assert key is not None
    name, identity, mobile, *_rest = row(change.pop("number", 1)).split(",")
    return {"key": key[1], "plan": "P5", "name": name, "identity": identity, "mobile": mobile,
            "understood": "on", "consent": "on", **change}


@pytest.fixture
def address(made):
    return reverse("residents:buy", args=[made[1]])


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_what_is_not_covered_stands_on_the_page(address, language):
    answer = Client().get(address, headers={"accept-language": language})
    text = answer.content.decode()
    assert read_page(text).faults == []
    assert "no-store" in answer.headers["Cache-Control"]
    said = ("¥3,000.00", "30%", "Family member", "Late notice",
            "What is NOT covered") if language == "en" else (
        "¥3,000.00", "30%", "家庭成员", "迟延通知", "不赔")
    for words in said:
        assert words in text


def test_bought_on_a_telephone(address, insurer):
    client = Client()
    sent = form_of(client, address)
    wide = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
    answer = client.post(address, {**sent, "identity": sent["identity"].translate(wide)})
    receipt = answer.headers["Location"]
    again = client.post(address, sent)
    assert again.headers["Location"] == receipt, "a double click"
    certificate = one(Certificate)
    text = Client().get(receipt).content.decode()
    assert read_page(text).faults == []
    assert f"street-2027-{certificate.pk:010}" in text
    assert sent["identity"] not in text
    assert Client().get(f"{receipt}qr.svg").content.startswith(b"<svg")
    assert Client().get(f"{receipt}zh.pdf").content.startswith(b"%PDF")
    assert Client().get(f"{receipt}xx.pdf").status_code == 404
    kept = " ".join(one.payload for one in AuditEntry.objects.within(insurer))
    for personal in (sent["identity"], sent["mobile"], sent["name"]):
        assert personal not in kept
        assert personal not in receipt
    sale = one(Sale)
    assert len(sale.terms) == 64
    assert sent["identity"] not in str(sale.__dict__)


@pytest.mark.parametrize(("change", "said"), [
    ({"identity": "110101199003074510"}, "the last place does not check"),
    ({"identity": "12"}, "an identity number has 18 places, this has 2"),
    ({"mobile": "12"}, "this is no mobile number"), ({"name": "7"}, "not the name of a person"),
    ({"understood": ""}, "This field is required"), ({"consent": ""}, "This field is required"),
    ({"plan": "P1"}, "Select a valid choice"), ({"key": "made-up"}, "This form is too old"),
    ({"name": "<script>x</script>"}, "&lt;script&gt;"),
])
def test_a_fault_is_said_at_its_field_and_nothing_is_sold(address, change, said):
    client = Client(headers={"accept-language": "en"})
    answer = client.post(address, form_of(client, address, **change))
    text = answer.content.decode()
    assert answer.status_code == 400
    assert read_page(text).faults == []
    assert said in text
    assert "<script>x" not in text
    assert not Sale.objects.unscoped("test").exists()


def test_the_age_rule(address, scheme):
    from dinghai.schemes.people import check_digit
    child = "11010120150101001"
    client = Client(headers={"accept-language": "en"})
    answer = client.post(address, form_of(
        client, address, identity=child + check_digit(child)))
    assert "the person is 12 on the first day of cover" in answer.content.decode()
    assert answer.status_code == 400


def test_a_stranger_is_not_told_who_is_insured(address, enrol):
    enrol(listed([row(1)]))
    client = Client(headers={"accept-language": "en"})
    answer = client.post(address, form_of(client, address))
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "reason is not shown" in text
    for word in ("already insured", "enrolled", row(1).split(",")[1], "street-2027-"):
        assert word not in text
    for _ in range(3):
        client.post(address, form_of(client, address))
    assert client.post(address, form_of(client, address, number=5)).status_code == 429
    assert Sale.objects.unscoped("test").count() == 0


def test_who_asks_too_often_waits(address):
    client = Client()
    sent = form_of(client, address, identity="12")
    codes = [client.post(address, sent).status_code for _ in range(22)]
    assert codes == [400] * 20 + [429] * 2


def test_behind_a_proxy_each_has_its_own_count(address, settings):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    client = Client()
    sent = form_of(client, address, identity="12")

    def codes(forwarded, times):
        return {client.post(address, sent, headers={"X-Forwarded-For": forwarded}).status_code
                for _ in range(times)}

    assert codes("1.1.1.1", 20) == {400}
    assert codes("9.9.9.9, 1.1.1.1", 1) == {429}, "what a stranger wrote before does not count"
    assert codes("2.2.2.2", 1) == {400}


def test_a_link_that_is_over(made, address, underwriter):
    withdraw_link(made[0], actor=underwriter)
    answer = Client().get(address)
    assert answer.status_code == 410
    assert read_page(answer.content.decode()).faults == []
    assert Client().get(reverse("residents:buy", args=["nothing"])).status_code == 404
    assert Client().get(reverse("residents:receipt", args=["nothing"])).status_code == 404


def test_the_address_is_shown_once_and_kept_as_a_hash(sign_in, insurer, scheme):
    client = sign_in("underwriter", insurer)
    answer = client.post(reverse("residents:link_new", args=[scheme.pk]), {
        "plans": ["P5"], "channel": "公告栏", "days": "30", "most": "5"})
    text = answer.content.decode()
    assert read_page(text).faults == []
    secret = re.search(r"/residents/buy/([\w-]{43})/", text)[1]
    link = one(SaleLink)
    assert secret not in str(link.__dict__)
    assert "<svg" in text
    shown = client.get(reverse("residents:link", args=[link.pk])).content.decode()
    assert secret not in shown
    assert client.get(reverse("residents:buy", args=[secret])).status_code == 200
    client.post(reverse("residents:withdraw", args=[link.pk]))
    assert client.get(reverse("residents:buy", args=[secret])).status_code == 410


# --- the public check ----------------------------------------------------------------------------


def test_a_code_is_checked_by_anybody(link, scheme, underwriter):
    sale = sell(link, buyer(1, scheme), key="a", terms=TERMS).sale
    code = code_of(queries.certificate(underwriter, sale.certificate))
    address = reverse("residents:verify")
    client = Client(headers={"accept-language": "en"})
    assert read_page(client.get(address).content.decode()).faults == []
    good = client.post(address, {"code": f" {code[:50]}\n{code[50:]} "}).content.decode()
    assert "The signature holds" in good
    assert "张**" in good
    assert row(1).split(",")[1] not in good
    changed = code[:-4] + ("B" if code[-4] == "A" else "A") + code[-3:]
    for bad in (changed, "DINGHAI1.x.y", "hello"):
        assert "Not genuine" in client.post(address, {"code": bad}).content.decode()
    codes = [client.post(address, {"code": "x"}).status_code for _ in range(30)]
    assert codes[-1] == 429


def test_a_file_is_checked_by_anybody(link, scheme, underwriter):
    """The PDF of one certificate, its code as broken text, its proof; nothing else."""
    sale = sell(link, buyer(1, scheme), key="a", terms=TERMS).sale
    certificate = queries.certificate(underwriter, sale.certificate)
    code, proof = code_of(certificate), msgspec.json.encode(proof_of(certificate))
    pdf = paper_of([certificate], "zh")
    address = reverse("residents:verify")

    def checked(content, name="a.pdf", **more):
        return Client(headers={"accept-language": "en"}, REMOTE_ADDR="198.51.100.7").post(
            address, {"file": SimpleUploadedFile(name, content), **more}).content.decode()

    broken = "\r\n".join(code[at:at + 70] for at in range(0, len(code), 70)).encode()
    for content in (pdf, broken, proof, b"\xef\xbb\xbf" + proof):
        text = checked(content)
        assert "Genuine" in text
        assert "张**" in text
    forged = pdf.replace(code[:40].encode(), code[:39].encode() + b"!")
    other = proof.replace(b'"certificates":1', b'"certificates":2')
    twice = broken + b"\n" + code.encode()[:-1] + (b"A" if code[-1] != "A" else b"B")
    for content, says in (
            (forged, "no code of a certificate is found"), (b"hello", "no code of a certificate"),
            (other, "the root is not signed by this key"), (b"{" * 9_999, "no proof of enrolment"),
            (b'{"number": 1}', "no proof of enrolment"), (b" " * (LARGEST + 1), "larger than"),
            (code.encode() + b"\n" + twice.split()[-1], "codes of several certificates")):
        text = checked(content)
        assert "Not genuine" in text
        assert says in text
    assert "one of the two" in checked(broken, code=code)


def test_the_check_knows_the_register(link, scheme, underwriter):
    sale = sell(link, buyer(1, scheme), key="a", terms=TERMS).sale
    code = code_of(queries.certificate(underwriter, sale.certificate))
    Certificate.objects.unscoped("test").update(state=Certificate.State.REPEATED)
    text = Client(headers={"accept-language": "en"}).post(
        reverse("residents:verify"), {"code": code}).content.decode()
    assert "it is not in force" in text


def test_check_and_receipt_say_how_it_stands_today(scheme, made, underwriter, insurer, monkeypatch):
    """A change after the sale: another plan from 1 July on, and an end on 1 August."""
    bought = sell(made[0], buyer(1, scheme), key="a", terms=TERMS)
    number = bought.sale.certificate
    code = code_of(queries.certificate(underwriter, number))
    for kind, text, day in (("plan", f"凭证号,新方案\n{number},P1\n", date(2027, 7, 1)),
                            ("cancellation", f"凭证号\n{number}\n", date(2027, 8, 1))):
        changes = take_changes(scheme, Asked(kind, day), content=text.encode(), name="a.csv",
                               actor=underwriter)
        Worker().run_until_idle()
        changes.refresh_from_db()
        apply_changes(changes, actor=underwriter)
        Worker().run_until_idle()
    client = Client(headers={"accept-language": "en"})
    receipt = reverse("residents:receipt", args=[bought.receipt])
    paper = reverse("residents:receipt_paper", args=[bought.receipt, "en"])
    for day, says, plan, status in (
            (date(2026, 12, 5), "its period has not begun", "50,000.00", 200),
            (date(2027, 7, 2), "it is in force today", "10,000.00", 200),
            (date(2027, 8, 1), "it was cancelled", "10,000.00", 404)):
        monkeypatch.setattr(clock, "today", lambda day=day: day)
        checked = client.post(reverse("residents:verify"), {"code": code}).content.decode()
        shown = client.get(receipt).content.decode()
        assert says in checked
        assert "changed after this code was made" in checked
        for page in (checked, shown):
            assert plan in page
            assert "2027-07-31" in page
            assert ("From 2027-07-01" in re.sub("<[^>]+>", "", page)) == (day.year == 2026)
        assert ("was cancelled" in shown) == (status == 404)
        assert (".pdf" in shown) == (status == 200)
        assert client.get(paper).status_code == status
