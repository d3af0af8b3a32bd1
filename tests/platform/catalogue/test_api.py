"""The catalogue over the API: a product is installed, released and filed."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/products"


def post(client: Any, address: str, body: dict[str, Any] | None = None) -> Any:
    return client.post(f"{ROOT}{address}", body or {}, content_type="application/json")


def test_a_product_is_installed_released_and_filed(insurer: Any, sign_in: Any) -> None:
    manager = sign_in("platform_admin", insurer)
    wanted = {"product_id": "cyber-comprehensive-standard"}
    made = post(manager, "", wanted)
    assert made.status_code == 201 and made.json()["status"] == "draft"
    key = made.json()["id"]
    assert post(manager, "", wanted).json()["id"] == key
    assert post(manager, f"/{key}/filing").status_code == 409  # not in use yet
    assert post(manager, f"/{key}/release").json()["status"] == "in_use"
    assert post(manager, f"/{key}/filing", {"filing_number": " "}).status_code == 400
    filed = post(manager, f"/{key}/filing", {"filing_number": "备-2026-1"}).json()
    assert (filed["status"], filed["filing_number"]) == ("filed", "备-2026-1")


def test_others_do_not(insurer: Any, other_insurer: Any, sign_in: Any) -> None:
    key = post(sign_in("platform_admin", insurer), "",
               {"product_id": "cyber-comprehensive-standard"}).json()["id"]
    auditor = sign_in("auditor", insurer)
    foreign = sign_in("platform_admin", other_insurer)
    assert post(auditor, "", {"product_id": "cyber-comprehensive-standard"}).status_code == 403
    for verb in ("release", "filing"):
        assert post(auditor, f"/{key}/{verb}").status_code == 403
        assert post(foreign, f"/{key}/{verb}").status_code == 404
    assert post(foreign, "", {"product_id": "no-such-product"}).status_code == 400
