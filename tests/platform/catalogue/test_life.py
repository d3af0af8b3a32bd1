"""The life of a version: own wordings, filing, revision, withdrawal; policies keep theirs."""

from __future__ import annotations

import json

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.catalogue.queries import products_on_sale
from dinghai_platform.catalogue.services import (
    advance_product,
    file_product,
    install_product,
    install_wording,
    release_product,
    revise_product,
    withdraw_product,
)
from dinghai_platform.core.models import AuditEntry
from tests.platform.catalogue.conftest import Open, own_wording
from tests.platform.story import World


@pytest.fixture
def filed(product: ProductVersion, world: World) -> ProductVersion:
    return file_product(product, actor=world.system)


def test_an_own_wording_is_installed_as_a_draft(draft: ProductVersion, world: World) -> None:
    assert (draft.version, draft.status) == ("1.1.0", "draft")
    assert install_wording(own_wording("1.1.0"), actor=world.system).pk == draft.pk
    changed = own_wording("1.1.0", hours=("seconds = 43_200", "seconds = 28_800"))
    with pytest.raises(Refusal, match="another content"):
        install_wording(changed, actor=world.system)


@pytest.mark.parametrize(("content", "message"), [
    (b"\xff\xfe", "UTF-8"), (b"schema = 1", "schema"), (b"", "schema"),
    (own_wording("1.1.0", name=('name_zh = "', f'name_zh = "{"长" * 201}')), "longer"),
])
def test_a_faulty_wording_says_what_is_wrong(
    content: bytes, message: str, world: World
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        install_wording(content, actor=world.system)
    assert all(one.file == "product.toml" for one in caught.value.faults)
    assert not ProductVersion.objects.within(world.insurer).exists()


def test_a_folder_of_the_server_is_no_product(world: World) -> None:
    with pytest.raises(InputError):
        install_product("/tmp", actor=world.system)


def test_a_filed_version_is_replaced_by_a_newer_one_on_sale(
    filed: ProductVersion, draft: ProductVersion, world: World
) -> None:
    with pytest.raises(Refusal, match="newer version"):
        revise_product(filed, actor=world.system)
    release_product(draft, actor=world.system)
    old = revise_product(filed, actor=world.system)
    assert (old.status, old.replaced_by_id) == ("revised", draft.pk)
    assert old.off_sale_at is not None
    assert [one.version for one in products_on_sale(world.insurer)] == ["1.1.0"]
    entry = AuditEntry.objects.within(world.insurer).get(action="catalogue.product_revised")
    assert json.loads(entry.payload)["replaced_by"] == "1.1.0"


def test_an_older_version_replaces_nothing(
    draft: ProductVersion, product: ProductVersion, world: World
) -> None:
    newer = file_product(release_product(draft, actor=world.system), actor=world.system)
    with pytest.raises(Refusal, match="newer version"):
        revise_product(newer, actor=world.system)


def test_what_has_ended_does_not_come_back(
    filed: ProductVersion, draft: ProductVersion, world: World
) -> None:
    release_product(draft, actor=world.system)
    old = revise_product(filed, actor=world.system)
    with pytest.raises(Refusal, match="stays what it was"):
        advance_product(old, "structure", actor=world.system)
    with pytest.raises(Refusal, match="has ended"):
        release_product(old, actor=world.system)


def test_a_withdrawal_needs_a_filed_version_and_its_reason(
    product: ProductVersion, world: World
) -> None:
    with pytest.raises(Refusal):
        withdraw_product(product, reason="赔付率过高", actor=world.system)
    filed = file_product(product, actor=world.system)
    for reason in (" ", "长" * 2_001):
        with pytest.raises(InputError):
            withdraw_product(filed, reason=reason, actor=world.system)
    gone = withdraw_product(filed, reason="赔付率过高", actor=world.actor("compliance"))
    assert (gone.status, gone.off_sale_reason) == ("withdrawn", "赔付率过高")
    assert gone.document == product.document
    with pytest.raises(Refusal):
        withdraw_product(gone, reason="再一次", actor=world.system)


@pytest.mark.parametrize("role", ["compliance", "underwriter", "insured_admin", "auditor"])
def test_others_do_not_revise(filed: ProductVersion, world: World, role: str) -> None:
    with pytest.raises(PermissionDenied):
        revise_product(filed, actor=world.actor(role))


@pytest.mark.parametrize("role", ["product_manager", "underwriter", "insured_admin", "auditor"])
def test_others_do_not_withdraw(filed: ProductVersion, world: World, role: str) -> None:
    with pytest.raises(PermissionDenied):
        withdraw_product(filed, reason="试试", actor=world.actor(role))


def test_the_pages_carry_a_version_through_its_life(world: World, browse: Open) -> None:
    manager, compliance = browse("product_manager"), browse("compliance")
    upload = SimpleUploadedFile("product.toml", own_wording("2.0.0"))
    made = manager.post(reverse("catalogue:install"), {"wording": upload})
    address = made.headers["Location"]
    assert b"/release/" in manager.get(address).content
    manager.post(f"{address}release/")
    assert b"/file/" not in manager.get(address).content
    assert b"/file/" in compliance.get(address).content
    compliance.post(f"{address}file/", {"filing_number": "C00000132612026010100001"})
    row = ProductVersion.objects.within(world.insurer).get(version="2.0.0")
    assert (row.status, row.filing_number) == ("filed", "C00000132612026010100001")
    assert manager.post(f"{address}withdraw/", {"reason": "x"}).status_code == 403
    compliance.post(f"{address}withdraw/", {"reason": "停售"})
    row.refresh_from_db()
    assert row.status == "withdrawn"
    assert "停售" in compliance.get(address).content.decode()


def test_a_faulty_upload_is_answered_in_words(world: World, browse: Open) -> None:
    manager = browse("product_manager")
    for content in (b"nonsense", b"#" * (1024 * 1024 + 1)):
        upload = SimpleUploadedFile("product.toml", content)
        answer = manager.post(reverse("catalogue:install"), {"wording": upload}, follow=True)
        assert b"dh-message" in answer.content
    assert not ProductVersion.objects.within(world.insurer).exists()
