"""Needs of an enterprise: what could happen, what products leave open, controls or transfer."""

from __future__ import annotations

import csv
import io
import json

import pytest
from django.urls import reverse

from dinghai.assessment.profile import Profile
from dinghai.comparison.needs import needs
from dinghai.wording.products import load_product, shipped_products
from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.core.models import Organisation
from dinghai_platform.underwriting.models import Assessment
from tests.platform.catalogue.conftest import Open
from tests.platform.story import World

LANGUAGES = ("zh-hans", "en")
HTMX = {"HX-Request": "true"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", ["underwriter", "insured_admin", "actuary"])
def test_the_needs_of_an_assessed_dossier(
    product: ProductVersion, assessment: Assessment, browse: Open, role: str, language: str
) -> None:
    client = browse(role, language=language)
    address = f"{reverse('catalogue:needs')}?e={assessment.pk}"
    page = client.get(address)
    engine = needs(Profile.from_dict(assessment.dossier.statements["profile"]),
                   assessment.document["posture"],
                   [load_product("cyber-comprehensive-standard")])
    assert json.loads(client.get(f"{address}&export=json").content) == engine.to_dict()
    assert [row["code"] for row in page.context["rows"]] == [
        one.coverage for one in engine.needs]
    text = page.content.decode()
    assert 'id="needs-data"' in text and "/products/needs/frontier/" in text
    rows = list(csv.reader(io.StringIO(
        client.get(f"{address}&export=csv").content.decode("utf-8-sig"))))
    assert len(rows) == 1 + len(engine.needs)


def test_gaps_come_least_first_and_add_up(
    product: ProductVersion, assessment: Assessment, browse: Open
) -> None:
    page = browse("underwriter").get(
        f"{reverse('catalogue:needs')}?e={assessment.pk}&of=all")
    rows = page.context["products"]
    assert len(rows) == len(shipped_products())
    assert [row["total"] for row in rows] == sorted(row["total"] for row in rows)
    assert all(row["total"] == sum(one["gap"] for one in row["gaps"]) for row in rows)
    only = browse("underwriter").get(f"{reverse('catalogue:needs')}?e={assessment.pk}")
    assert [row["offer"].row.pk for row in only.context["products"]] == [product.pk]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_frontier_is_drawn_for_a_product_that_has_a_price(
    product: ProductVersion, assessment: Assessment, browse: Open, language: str
) -> None:
    client = browse("insured_admin", language=language)
    address = f"{reverse('catalogue:frontier')}?e={assessment.pk}&f={product.pk}"
    page = client.get(address, headers=HTMX)
    found = page.context["frontier"]
    assert found.points[0].indicator == "" and len(found.points) > 10
    assert found.points[-1].charged_net_fen < found.points[0].charged_net_fen
    assert 'id="frontier-chart-data"' in page.content.decode()
    whole = client.get(address)  # without htmx: the page that holds it
    assert whole.status_code == 302 and "/products/needs/?" in whole.headers["Location"]


def test_no_frontier_where_no_price_is_known(
    product: ProductVersion, assessment: Assessment, browse: Open
) -> None:
    page = browse("underwriter", language="en").get(
        f"{reverse('catalogue:frontier')}?e={assessment.pk}&f=hospital-pack", headers=HTMX)
    assert "frontier" not in page.context
    assert "the loss model does not know these coverages" in page.content.decode()


def test_an_example_has_needs_but_no_frontier(product: ProductVersion, browse: Open) -> None:
    client = browse("insured_admin", language="en")
    page = client.get(f"{reverse('catalogue:needs')}?e=pilot-large")
    assert page.context["frontier_for"] == ""
    assert "no fix has a worth" in page.content.decode()
    part = client.get(f"{reverse('catalogue:frontier')}?e=pilot-large&f={product.pk}",
                      headers=HTMX)
    assert "no fix has a worth" in part.content.decode()


def test_without_a_product_on_sale_all_are_looked_at(browse: Open) -> None:
    page = browse("underwriter").get(f"{reverse('catalogue:needs')}?e=pilot-small")
    assert len(page.context["products"]) == len(shipped_products())


def test_who_may_and_what_is_not_there(
    product: ProductVersion, assessment: Assessment, world: World, authority: Organisation,
    browse: Open,
) -> None:
    address = reverse("catalogue:needs")
    assert browse("regulator_nfra", authority).get(address).status_code == 403
    assert browse("insured_admin").get(address).status_code == 200
    for client in (browse("underwriter", world.other_insurer),
                   browse("insured_admin", world.stranger)):
        for page in (f"{address}?e={assessment.pk}",
                     f"{reverse('catalogue:frontier')}?e={assessment.pk}&f=hospital-pack"):
            assert client.get(page, headers=HTMX).status_code == 404
    own = browse("underwriter")
    for query in ("?e=nobody", f"?e={assessment.pk}&f=no-such"):
        assert own.get(f"{address}{query}").status_code == 404
