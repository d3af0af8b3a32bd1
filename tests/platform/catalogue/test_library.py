"""The library: who sees which products, search, filters, order, CSV; a product as it is read."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from django.urls import reverse

from dinghai.wording.products import load_product, shipped_products
from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.catalogue.offers import offers
from dinghai_platform.catalogue.services import file_product, withdraw_product
from dinghai_platform.core.models import Organisation
from tests.platform.catalogue.conftest import Open
from tests.platform.story import World

STANDARD = "cyber-comprehensive-standard"
LANGUAGES = ("zh-hans", "en")


def rows_of(client: Any, query: str = "") -> list[list[str]]:
    """The rows of the library's CSV."""
    answer = client.get(f"{reverse('catalogue:products')}?export=csv{query}")
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))[1:]


def names(client: Any, query: str = "") -> set[str]:
    return {row[0] for row in rows_of(client, query)}


def test_the_library_lists_what_is_on_sale_and_what_comes_along(
    product: ProductVersion, browse: Open
) -> None:
    rows = rows_of(browse("underwriter"))
    assert len(rows) == len(shipped_products())  # the installed one stands for the shipped one
    assert rows[0][0] == product.name_zh


@pytest.mark.parametrize("role", [
    "underwriter", "product_manager", "compliance", "auditor", "insured_admin", "insured_finance"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_role_reads_the_library_and_a_product(
    product: ProductVersion, browse: Open, role: str, language: str
) -> None:
    client = browse(role, language=language)
    for address in (reverse("catalogue:products"),
                    reverse("catalogue:product", args=[product.pk]),
                    f"{reverse('catalogue:reference')}?p=hospital-pack"):
        assert client.get(address).status_code == 200


def test_a_buyer_sees_what_is_on_sale_at_the_insurers_that_deal_with_it(
    product: ProductVersion, draft: ProductVersion, world: World
) -> None:
    def seen(role: str, home: Organisation) -> set[Any]:
        return {one.row.version for one in offers(world.actor(role, home)) if one.row}

    broker = Organisation.objects.create(kind="broker", name_zh="经纪")
    assert seen("underwriter", world.insurer) == {"1.0.0", "1.1.0"}
    assert seen("insured_admin", world.donghai) == {"1.0.0"}
    assert seen("insured_admin", world.stranger) == set()
    assert seen("broker", broker) == set()
    assert seen("underwriter", world.other_insurer) == set()


def test_a_draft_and_a_foreign_product_are_not_there(
    product: ProductVersion, draft: ProductVersion, world: World, browse: Open
) -> None:
    address = reverse("catalogue:product", args=[draft.pk])
    assert browse("underwriter").get(address).status_code == 200
    assert browse("insured_admin").get(address).status_code == 404
    assert browse("underwriter", world.other_insurer).get(address).status_code == 404
    own = reverse("catalogue:product", args=[product.pk])
    assert browse("insured_admin", world.stranger).get(own).status_code == 404


def test_an_authority_sees_the_market_but_no_draft(
    product: ProductVersion, draft: ProductVersion, world: World, authority: Organisation,
    browse: Open,
) -> None:
    regulator = browse("regulator_nfra", authority)
    assert regulator.get(reverse("catalogue:product", args=[product.pk])).status_code == 200
    assert regulator.get(reverse("catalogue:product", args=[draft.pk])).status_code == 404
    filed = file_product(product, actor=world.system)
    withdraw_product(filed, reason="停售", actor=world.system)
    assert regulator.get(reverse("catalogue:product", args=[product.pk])).status_code == 200
    # The role alone does not make an authority: somebody else's organisation is none.
    pretender = browse("regulator_nfra", world.stranger)
    assert pretender.get(reverse("catalogue:products")).status_code == 403


@pytest.mark.parametrize("role", ["resident", "ir_lead", "claims_nobody", "reinsurer"])
def test_others_do_not_read_the_catalogue(browse: Open, world: World, role: str) -> None:
    home = Organisation.objects.create(kind="provider", name_zh="别处")
    assert browse(role, home).get(reverse("catalogue:products")).status_code == 403


def test_search_and_filters(product: ProductVersion, browse: Open) -> None:
    client = browse("auditor")
    everything = names(client)
    assert names(client, "&q=hospital") == {load_product("hospital-pack").name_zh}
    assert load_product("hospital-pack").name_zh in names(client, "&q=医疗")
    for query, holds in {
        "&line=liability": lambda one: one.line == "liability",
        "&tier=demonstration": lambda one: one.tier == "demonstration",
        "&target=chain": lambda one: "chain" in one.targets,
        "&sector=Q": lambda one: not one.sectors or "Q" in one.sectors,
        "&coverage=EM-AI": lambda one: one.section("EM-AI") is not None,
        "&line=liability&tier=inclusive": lambda one: (
            one.line == "liability" and one.tier == "inclusive"),
    }.items():
        wanted = {one.name_zh for one in map(load_product, shipped_products()) if holds(one)}
        assert names(client, query) == wanted, query
    assert names(client, "&state=in_use") == {product.name_zh}
    assert names(client, "&q=nothing-like-it") == set()
    assert names(client, "&line=nonsense&sort=nonsense") == everything


def test_the_order_follows_the_headings(product: ProductVersion, browse: Open) -> None:
    client = browse("auditor")
    scores = [int(row[7]) for row in rows_of(client, "&sort=-score")]
    assert scores == sorted(scores, reverse=True)
    covers = [int(row[4]) for row in rows_of(client, "&sort=covers")]
    assert covers == sorted(covers)
    page = client.get(f"{reverse('catalogue:products')}?sort=covers").content.decode()
    assert 'aria-sort="ascending"' in page and "sort=-covers" in page


def test_a_buyer_sees_no_scores(product: ProductVersion, browse: Open) -> None:
    assert len(rows_of(browse("insured_admin"))[0]) == len(rows_of(browse("auditor"))[0]) - 1
    assert len(rows_of(browse("insured_admin"), "&sort=-score")) == len(shipped_products())


# --- one product ----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("product_id", shipped_products())
def test_every_shipped_wording_is_read_in_both_languages(
    browse: Open, product_id: str, language: str
) -> None:
    text = browse("insured_admin", language=language).get(
        f"{reverse('catalogue:reference')}?p={product_id}").content.decode()
    engine = load_product(product_id)
    for one in (*engine.sections, *engine.towers, *engine.exclusions):
        code = getattr(one, "coverage", None) or one.code
        assert f'id="{code}"' in text
    bare = re.sub(r"<[^>]+>", " ", text)
    assert "{" not in bare
    if language == "zh-hans":  # in English it is a word as well
        assert "None" not in bare


def test_a_product_says_limits_waiting_what_is_borne_and_worked_figures(
    product: ProductVersion, browse: Open
) -> None:
    text = browse("insured_admin", language="en").get(
        reverse("catalogue:product", args=[product.pk])).content.decode()
    for part in ("50% of the aggregate limit", "12 h, the higher of waiting and deductible",
                 "paid for at most 120 days", "Fees of approved experts", "without it",
                 "Two states fight", "30 days", "Insurance Law"):
        assert part in text, part


def test_an_installed_wording_is_read_where_it_is_installed(
    product: ProductVersion, browse: Open
) -> None:
    client = browse("underwriter")
    assert client.get(f"{reverse('catalogue:reference')}?p=no-such").status_code == 404
    assert client.get(reverse("catalogue:reference")).status_code == 302
    moved = client.get(f"{reverse('catalogue:reference')}?p={product.pk}")
    assert moved.headers["Location"] == reverse("catalogue:product", args=[product.pk])


def test_versions_stand_beside_each_other(
    product: ProductVersion, draft: ProductVersion, browse: Open
) -> None:
    text = browse("product_manager").get(
        reverse("catalogue:product", args=[product.pk])).content.decode()
    assert f"old={draft.pk}&amp;new={product.pk}" in text
    assert str(draft.pk) not in browse("insured_admin").get(
        reverse("catalogue:product", args=[product.pk])).content.decode()


# --- papers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["guide", "booklet", "exclusions", "examples"])
def test_papers_are_pages_and_pdfs(product: ProductVersion, browse: Open, kind: str) -> None:
    client = browse("insured_admin")
    root = f"{reverse('catalogue:paper')}?p={product.pk}&kind={kind}"
    page = client.get(f"{root}&as=html&in=en")
    assert page.headers["Content-Type"].startswith("text/html")
    assert "sandbox" in page.headers["Content-Security-Policy"]
    assert b"<script" not in page.content
    printed = client.get(f"{root}&as=pdf&in=zh")
    assert printed.content.startswith(b"%PDF")
    assert printed.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize("query", [
    "kind=nonsense&as=html&in=zh", "kind=guide&as=exe&in=zh", "kind=guide&as=html&in=xx"])
def test_no_other_papers(product: ProductVersion, browse: Open, query: str) -> None:
    address = f"{reverse('catalogue:paper')}?p={product.pk}&{query}"
    assert browse("auditor").get(address).status_code == 404


def test_papers_of_foreign_products_are_not_there(
    product: ProductVersion, world: World, browse: Open
) -> None:
    address = f"{reverse('catalogue:paper')}?p={product.pk}&kind=guide"
    assert browse("auditor", world.other_insurer).get(address).status_code == 404
