"""Conformance and differences: who sees them, and that they say what the engine says."""

from __future__ import annotations

import csv
import io
import json

import pytest
from django.urls import reverse

from dinghai.wording.conformance import check_product
from dinghai.wording.difference import difference
from dinghai.wording.products import load_product, shipped_products
from dinghai_platform.catalogue.conformance_view import report_view
from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.catalogue.offers import shipped_offers
from dinghai_platform.core.models import Organisation
from tests.platform.catalogue.conftest import Open, own_wording
from tests.platform.story import World

LANGUAGES = ("zh-hans", "en")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", ["product_manager", "compliance", "actuary", "auditor"])
def test_the_house_checks_its_products(
    product: ProductVersion, draft: ProductVersion, browse: Open, role: str, language: str
) -> None:
    page = browse(role, language=language).get(reverse("catalogue:conformance"))
    assert page.status_code == 200
    rows = page.context["rows"]
    assert len(rows) == len(shipped_products()) + 1  # the draft of its own
    assert all(rows[at]["score"] <= rows[at + 1]["score"] for at in range(len(rows) - 1)
               if rows[at]["conforming"] == rows[at + 1]["conforming"])


@pytest.mark.parametrize("role", ["underwriter", "claims_handler", "insured_admin", "broker"])
def test_others_do_not(product: ProductVersion, browse: Open, role: str) -> None:
    for query in ("", f"?p={product.pk}"):
        assert browse(role).get(f"{reverse('catalogue:conformance')}{query}").status_code == 403


def test_an_authority_checks_the_whole_market(
    product: ProductVersion, draft: ProductVersion, authority: Organisation, browse: Open
) -> None:
    client = browse("regulator_nfra", authority, "en")
    page = client.get(reverse("catalogue:conformance"))
    assert product.pk in {one["offer"].row.pk for one in page.context["rows"]
                          if one["offer"].row}
    assert draft.pk not in {one["offer"].row.pk for one in page.context["rows"]
                            if one["offer"].row}
    assert "Canglan P&amp;C" in page.content.decode()
    address = f"{reverse('catalogue:conformance')}?p="
    assert client.get(f"{address}{product.pk}").status_code == 200
    assert client.get(f"{address}{draft.pk}").status_code == 404


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("product_id", ["ransomware-telecom", "supply-chain-programme"])
def test_a_report_says_rule_clause_source_and_breaks(
    browse: Open, product_id: str, language: str
) -> None:
    client = browse("compliance", language=language)
    address = f"{reverse('catalogue:conformance')}?p={product_id}"
    text = client.get(address).content.decode()
    report = check_product(load_product(product_id))
    for one in report.deviations:
        if one.rule != "MO-BREAK":
            assert one.rule in text
    for own in report.breaks:
        assert own.rule in text
    assert f"{report.score} / 100" in text
    assert json.loads(client.get(f"{address}&export=json").content) == report.to_dict()
    rows = list(csv.reader(io.StringIO(
        client.get(f"{address}&export=csv").content.decode("utf-8-sig"))))
    assert len(rows) == 1 + sum(one.rule != "MO-BREAK" for one in report.deviations)


def test_the_score_adds_up_on_the_page() -> None:
    for offer in shipped_offers():
        found = report_view(offer)
        assert offer.report.score == max(
            0, 100 - sum(one["points"] for one in found["arithmetic"]))


def test_values_found_are_in_the_language_of_the_page(browse: Open) -> None:
    address = f"{reverse('catalogue:conformance')}?p=algorithmic-bias-liability"

    def found(language: str) -> dict[str, tuple[str, str]]:
        page = browse("auditor", language=language).get(address)
        return {row["rule"]: (row["found"], row["expected"])
                for group in page.context["groups"] for row in group["rows"]}

    assert found("en")["CV-BASIS"] == ("claims made", "discovery")
    assert found("zh-hans")["CV-BASIS"] == ("索赔提出制", "发现制")


def test_the_list_leaves_as_csv(product: ProductVersion, browse: Open) -> None:
    answer = browse("auditor").get(f"{reverse('catalogue:conformance')}?export=csv")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 1 + len(shipped_products())


# --- differences ----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", ["underwriter", "insured_admin", "compliance"])
def test_two_products_clause_by_clause(
    product: ProductVersion, browse: Open, role: str, language: str
) -> None:
    client = browse(role, language=language)
    address = f"{reverse('catalogue:difference')}?old={product.pk}&new=hospital-pack"
    page = client.get(address)
    engine = difference(load_product("cyber-comprehensive-standard"),
                        load_product("hospital-pack"))
    assert page.context["total"] == len(engine)
    assert sum(part["count"] for part in page.context["parts"]) == len(engine)
    document = json.loads(client.get(f"{address}&export=json").content)
    assert document["changes"] == [one.to_dict() for one in engine]
    rows = list(csv.reader(io.StringIO(
        client.get(f"{address}&export=csv").content.decode("utf-8-sig"))))
    assert len(rows) == 1 + len(engine)


def test_a_version_that_changed_one_waiting_time(
    product: ProductVersion, world: World, browse: Open
) -> None:
    from dinghai_platform.catalogue.services import install_wording

    newer = install_wording(own_wording("1.2.0", hours=("seconds = 43_200", "seconds = 28_800")),
                            actor=world.system)
    page = browse("product_manager").get(
        f"{reverse('catalogue:difference')}?old={product.pk}&new={newer.pk}")
    text = page.content.decode()
    assert page.context["total"] == 2  # the version, and the waiting time
    assert "12 小时" in text and "8 小时" in text
    same = browse("product_manager").get(
        f"{reverse('catalogue:difference')}?old={newer.pk}&new={newer.pk}")
    assert same.context["total"] == 0


def test_the_choice_and_what_is_not_there(
    product: ProductVersion, draft: ProductVersion, world: World, browse: Open
) -> None:
    address = reverse("catalogue:difference")
    assert browse("auditor").get(address).status_code == 200
    query = f"?old={product.pk}&new={draft.pk}"
    assert browse("auditor").get(address + query).status_code == 200
    assert browse("insured_admin").get(address + query).status_code == 404
    assert browse("auditor", world.other_insurer).get(address + query).status_code == 404
