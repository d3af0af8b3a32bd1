"""Residents' cover under PostgreSQL's row-level security, as a role that owns nothing."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse

from dinghai_platform.core.server import grant_use
from dinghai_platform.core.tenancy import lifted, scope_of
from dinghai_platform.core.worker import Worker
from dinghai_platform.residents.models import Enrolment, PaperOrder, PaperPart, Sale, SaleLink
from dinghai_platform.residents.services.links import make_link
from dinghai_platform.residents.services.lists import issue_list, take_list
from dinghai_platform.residents.services.papers import order_papers
from tests.platform.residents.conftest import listed, row
from tests.platform.residents.test_sales import form_of

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]
ROLE = "dinghai_residents_test"


@pytest.fixture
def as_site(scheme, underwriter, enrol, sign_in, insurer):
    """A list and its papers, a link, and a database that answers as the site's role."""
    cache.clear()
    enrolment = enrol(listed([row(1), row(9, consent="否")]))
    order_papers(enrolment, language="zh", actor=underwriter)
    Worker().run_until_idle()
    _link, secret = make_link(scheme, plans=["P5"], channel="x", days=1, most=5,
                              actor=underwriter)
    client = sign_in("auditor", insurer)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {ROLE} NOLOGIN NOBYPASSRLS")
    grant_use(ROLE)
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {ROLE}")
    yield {"list": enrolment, "buy": reverse("residents:buy", args=[secret]), "client": client}
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


def test_a_stranger_buys_and_nobody_else_sees_it(as_site, underwriter, act_as, other_insurer):
    stranger = Client(headers={"accept-language": "en"})
    receipt = stranger.post(as_site["buy"], form_of(stranger, as_site["buy"], number=2))
    address = receipt.headers["Location"]
    assert "street-2027-" in stranger.get(address).content.decode()
    assert stranger.get(f"{address}zh.pdf").content.startswith(b"%PDF")
    again = stranger.post(as_site["buy"], form_of(stranger, as_site["buy"], number=1))
    assert again.status_code == 409, "somebody of the list"

    def seen(actor):
        with scope_of(actor), lifted("the database itself is asked"):
            return [one._base_manager.count() for one in (SaleLink, Sale, PaperOrder, PaperPart)]

    assert seen(underwriter) == [1, 1, 1, 1]
    assert seen(act_as("underwriter", other_insurer)) == [0, 0, 0, 0]


def test_a_list_is_issued_by_the_sites_own_role(as_site, scheme, underwriter):
    """PostgreSQL refuses COPY to a role that row-level security binds."""
    with scope_of(underwriter):
        made = take_list(scheme, listed([row(number) for number in range(1, 6)]),
                         name="second.csv", actor=underwriter)
    Worker().run_until_idle()
    with scope_of(underwriter):
        issue_list(Enrolment.objects.within(scheme.tenant).get(pk=made.pk), actor=underwriter)
    Worker().run_until_idle()
    with scope_of(underwriter):
        made = Enrolment.objects.within(scheme.tenant).get(pk=made.pk)
    assert (made.state, made.number, made.rejected) == ("sealed", 4, 1)


def test_files_that_stream_are_read_in_the_readers_scope(as_site):
    client, key = as_site["client"], as_site["list"].pk
    results = b"".join(client.get(
        reverse("residents:results", args=[key])).streaming_content).decode()
    assert results.count("accepted") == 1
    faults = b"".join(client.get(
        reverse("residents:faults", args=[key])).streaming_content).decode()
    assert faults.count("\n") == 2
    api = client.get(f"/api/v1/residents/lists/{key}/results")
    assert b"".join(api.streaming_content).decode().count("accepted") == 1
