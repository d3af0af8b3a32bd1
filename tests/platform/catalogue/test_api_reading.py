"""Reading and comparing wordings over the API, and the verbs that end a sale."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from dinghai.comparison.scenarios import shipped_scenarios
from dinghai.wording.conformance import check_product
from dinghai.wording.products import load_product, shipped_products
from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.catalogue.services import file_product, release_product
from dinghai_platform.core.models import Organisation
from dinghai_platform.underwriting.models import Assessment
from tests.platform.catalogue.conftest import Open, own_wording
from tests.platform.story import World

ROOT = "/api/v1/products"


def get(client: Any, address: str, status: int = 200) -> Any:
    answer = client.get(f"{ROOT}{address}")
    assert answer.status_code == status, answer.content[:300]
    return answer.json()


def test_the_library_by_filter_and_part(product: ProductVersion, browse: Open) -> None:
    client = browse("insured_admin")
    whole = get(client, "/library?limit=500")
    assert whole["count"] == len(whole["items"]) == len(shipped_products())
    assert whole["items"][0]["status"] == "in_use" and whole["items"][0]["insurer"]
    part = get(client, "/library?coverage=EM-AI&limit=1&offset=0")
    assert part["items"][0]["product_id"] == "ai-driven-attack"
    assert get(client, "/wording?product=hospital-pack") == load_product(
        "hospital-pack").to_dict()
    assert get(client, f"/wording?product={product.pk}") == product.document
    get(client, "/wording?product=no-such", 404)


def test_the_comparison_is_the_page_s_document(
    product: ProductVersion, assessment: Assessment, browse: Open
) -> None:
    client = browse("insured_admin")
    keys = [one["key"] for one in get(client, "/enterprises")]
    assert str(assessment.pk) in keys and "pilot-average" in keys
    found = get(client, f"/comparison?product={product.pk}&product=hospital-pack"
                        f"&enterprise={assessment.pk}")
    page = client.get(f"/products/compare/?p={product.pk}&p=hospital-pack&e={assessment.pk}"
                      "&export=json")
    assert json.loads(page.content) == found and found["schema"] == "dinghai.comparison/1"
    assert len(found["scenarios"]) == len(shipped_scenarios())
    one = get(client, f"/comparison?product={product.pk}&product=hospital-pack"
                      "&enterprise=pilot-small&scenario=insider&limit_fen=300000000")
    assert [row["scenario"] for row in one["scenarios"]] == ["insider"]
    assert one["products"][0]["aggregate_limit_fen"] == 300_000_000


@pytest.mark.parametrize(("query", "status"), [
    ("product=hospital-pack&enterprise=pilot-small", 400),
    ("product=hospital-pack&product=no-such&enterprise=pilot-small", 404),
    ("product=hospital-pack&product=system-defect&enterprise=no-such", 404),
    ("product=hospital-pack&product=system-defect&enterprise=pilot-small&scenario=x", 400),
    ("product=hospital-pack&product=system-defect&enterprise=pilot-small&limit_fen=-1", 422),
    ("product=hospital-pack&product=system-defect&enterprise=pilot-small&inception=1000-01-01",
     400),
    ("enterprise=pilot-small", 422),
])
def test_what_cannot_be_compared(browse: Open, query: str, status: int) -> None:
    get(browse("auditor"), f"/comparison?{query}", status)


def test_conformance_for_the_house_and_the_authority(
    product: ProductVersion, draft: ProductVersion, authority: Organisation, browse: Open
) -> None:
    house = get(browse("compliance"), "/conformance")
    market = get(browse("regulator_nfra", authority), "/conformance")
    assert len(house) == len(shipped_products()) + 1
    assert str(draft.pk) in {one["key"] for one in house}
    assert str(draft.pk) not in {one["key"] for one in market}
    assert str(product.pk) in {one["key"] for one in market}
    report = get(browse("regulator_nfra", authority), f"/conformance/report?product={product.pk}")
    assert report == check_product(load_product("cyber-comprehensive-standard")).to_dict()
    get(browse("regulator_nfra", authority), f"/conformance/report?product={draft.pk}", 404)
    get(browse("underwriter"), "/conformance", 403)
    get(browse("insured_admin"), "/conformance/report?product=hospital-pack", 403)


def test_differences(product: ProductVersion, draft: ProductVersion, browse: Open) -> None:
    found = get(browse("underwriter"), f"/difference?old={product.pk}&new={draft.pk}")
    assert [one["field"] for one in found["changes"]] == ["version"]
    get(browse("insured_admin"), f"/difference?old={product.pk}&new={draft.pk}", 404)


def test_needs_and_frontier(
    product: ProductVersion, assessment: Assessment, world: World, browse: Open
) -> None:
    client = browse("insured_admin")
    found = get(client, f"/needs?enterprise={assessment.pk}")
    assert found["schema"] == "dinghai.needs/1" and len(found["products"]) == 1
    assert len(get(client, f"/needs?enterprise={assessment.pk}&scope=all")["products"]) == len(
        shipped_products())
    walk = get(client, f"/frontier?enterprise={assessment.pk}&product={product.pk}")
    assert walk["reasons"] == [] and walk["frontier"]["points"][0]["indicator"] == ""
    none = get(client, f"/frontier?enterprise={assessment.pk}&product=hospital-pack")
    assert none["frontier"] is None and none["reasons"][0]["code"] == "coverages_not_modelled"
    get(client, f"/frontier?enterprise=pilot-small&product={product.pk}", 404)
    stranger = browse("insured_admin", world.stranger)
    get(stranger, f"/needs?enterprise={assessment.pk}", 404)
    get(stranger, f"/frontier?enterprise={assessment.pk}&product=hospital-pack", 404)


def test_an_own_wording_is_uploaded_and_a_sale_ends(world: World, browse: Open) -> None:
    manager, compliance = browse("product_manager"), browse("compliance")

    def upload(client: Any, content: bytes) -> Any:
        return client.post(f"{ROOT}/wordings", {
            "wording": SimpleUploadedFile("product.toml", content)})

    made = upload(manager, own_wording("3.0.0"))
    assert made.status_code == 201 and made.json()["version"] == "3.0.0"
    assert upload(manager, b"nonsense").status_code == 400
    assert upload(manager, b"#" * (1024 * 1024 + 1)).status_code == 400
    assert upload(browse("auditor"), own_wording("3.1.0")).status_code == 403
    row = ProductVersion.objects.within(world.insurer).get(pk=made.json()["id"])
    file_product(release_product(row, actor=world.system), actor=world.system)
    address = f"{ROOT}/{row.pk}"
    assert manager.post(f"{address}/revision").status_code == 409
    newer = upload(manager, own_wording("3.1.0")).json()["id"]
    manager.post(f"{ROOT}/{newer}/release")
    assert manager.post(f"{address}/revision").json()["status"] == "revised"
    file_product(ProductVersion.objects.within(world.insurer).get(pk=newer), actor=world.system)
    gone = compliance.post(f"{ROOT}/{newer}/withdrawal", {"reason": "停售"},
                           content_type="application/json")
    assert (gone.json()["status"], gone.json()["off_sale_reason"]) == ("withdrawn", "停售")
    assert compliance.post(f"{address}/withdrawal", {"reason": ""},
                           content_type="application/json").status_code == 422
