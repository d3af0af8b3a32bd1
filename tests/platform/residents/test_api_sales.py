"""Sale links and certificates as PDF through the API."""

from __future__ import annotations

import pytest
from django.test import Client

from dinghai_platform.core.worker import Worker
from dinghai_platform.residents.models import SaleLink
from tests.platform.residents.conftest import buyer, listed, row

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/residents"


@pytest.fixture
def client(sign_in, insurer):
    return sign_in("underwriter", insurer)


def post(client, path, body=None):
    return client.post(ROOT + path, body or {}, content_type="application/json")


def test_a_link_is_made_used_and_withdrawn(client, scheme, sign_in, insurer, other_insurer):
    answer = post(client, f"/schemes/{scheme.pk}/links", {"plans": ["P5"], "channel": "微信群"})
    made = answer.json()
    assert (answer.status_code, made["state"], made["sold"]) == (201, "open", 0)
    assert Client().get(made["address"].removeprefix("http://testserver")).status_code == 200
    listed_links = client.get(f"{ROOT}/schemes/{scheme.pk}/links").json()
    assert listed_links["count"] == 1
    assert "address" not in listed_links["items"][0]
    from dinghai_platform.residents.services.sales import sell
    sold = sell(SaleLink.objects.unscoped("test").select_related("tenant", "scheme").get(),
                buyer(1, scheme), key="a", terms="0" * 64)
    assert client.get(f"{ROOT}/links/{made['id']}").json()["sold"] == 1
    (scheme_now,) = client.get(f"{ROOT}/schemes").json()
    assert (scheme_now["certificates"], scheme_now["lists"]) == (1, 0)
    assert client.get(f"{ROOT}/schemes/{scheme.pk}/lists").json()["count"] == 0
    assert client.get(f"{ROOT}/lists/{sold.sale.enrolment_id}").status_code == 404
    stranger, auditor = sign_in("underwriter", other_insurer), sign_in("auditor", insurer)
    assert post(stranger, f"/links/{made['id']}/withdrawal").status_code == 404
    assert post(auditor, f"/links/{made['id']}/withdrawal").status_code == 403
    assert post(client, f"/links/{made['id']}/withdrawal").json()["state"] == "withdrawn"
    assert post(client, f"/schemes/{scheme.pk}/links",
                {"plans": ["P9"], "channel": "x"}).status_code == 400


def test_papers(client, enrol, sign_in, insurer):
    enrolment = enrol(listed([row(1), row(2)]))
    one = client.get(f"{ROOT}/certificates").json()[0]
    paper = client.get(f"{ROOT}/certificates/{one['id']}/papers/zh")
    assert paper.content.startswith(b"%PDF")
    assert client.get(f"{ROOT}/certificates/{one['id']}/papers/fr").status_code == 422
    path = f"/lists/{enrolment.pk}/papers"
    assert post(client, path, {"language": "en"}).status_code == 202
    Worker().run_until_idle()
    (order,) = client.get(ROOT + path).json()
    assert (order["state"], order["parts"][0]["certificates"]) == ("done", 2)
    part = f"{ROOT}/papers/{order['parts'][0]['id']}"
    assert client.get(part).content.startswith(b"PK")
    assert sign_in("auditor", insurer).get(part).status_code == 403
