"""Products in a tenant's catalogue, and the threat tables it works with."""

from __future__ import annotations

from datetime import date
from importlib.resources import files
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.catalogue.models import FeedTable, ProductVersion
from dinghai_platform.catalogue.queries import kev_in_force, kev_of, product_of
from dinghai_platform.catalogue.services import (
    advance_product,
    file_product,
    install_product,
    keep_feed_table,
    release_product,
)
from tests.platform.story import World, stand_at
from tests.platform.underwriting.conftest import _clock, product, world  # noqa: F401

PRODUCT = "cyber-comprehensive-standard"


def _kev() -> bytes:
    return files("dinghai.data").joinpath("feeds/kev_2026-04-16.csv").read_bytes()


def test_it_works(product: ProductVersion) -> None:  # noqa: F811
    assert product.status == "in_use"
    assert product_of(product).product_id == PRODUCT


def test_a_version_is_installed_once(product: ProductVersion, world: World) -> None:  # noqa: F811
    assert install_product(PRODUCT, actor=world.system).pk == product.pk


def test_another_content_under_the_same_version_is_refused(
    product: ProductVersion, world: World  # noqa: F811
) -> None:
    ProductVersion.objects.within(world.insurer).update(document_hash="0" * 64)
    with pytest.raises(Refusal, match="another content"):
        install_product(PRODUCT, actor=world.system)


def test_an_unknown_product_is_refused(world: World) -> None:  # noqa: F811
    with pytest.raises(InputError):
        install_product("no-such-product", actor=world.system)


def test_reviews_come_in_their_order(world: World) -> None:  # noqa: F811
    draft = install_product(PRODUCT, actor=world.system)
    with pytest.raises(Refusal):
        advance_product(draft, "use", actor=world.system)
    assert advance_product(draft, "structure", actor=world.system).status == "structured"
    assert release_product(draft, actor=world.system).status == "in_use"


def test_the_filing_takes_the_bounds_of_the_rating(
    product: ProductVersion, world: World  # noqa: F811
) -> None:
    filed = file_product(product, actor=world.system)
    assert filed.status == "filed" and filed.filing_number
    assert filed.filed_factor_minimum_ppm < filed.filed_factor_maximum_ppm


def test_bounds_out_of_order_are_refused(
    product: ProductVersion, world: World  # noqa: F811
) -> None:
    with pytest.raises(InputError, match="order"):
        file_product(product, factor_minimum_ppm=2, factor_maximum_ppm=1, actor=world.system)


@pytest.mark.parametrize("role", ["underwriter", "auditor", "insured_admin"])
def test_others_do_not_install(world: World, role: str) -> None:  # noqa: F811
    with pytest.raises(PermissionDenied):
        install_product(PRODUCT, actor=world.actor(role))


def test_a_table_counts_from_the_day_it_was_loaded(world: World) -> None:  # noqa: F811
    stand_at("2026-04-20T09:00:00")
    keep_feed_table(_kev(), name="kev.csv", kind="kev", as_of=date(2026, 4, 16),
                    actor=world.actor("underwriter"))
    assert kev_in_force(world.insurer, date(2026, 4, 20)).as_of == date(2026, 4, 16)
    assert kev_in_force(world.insurer, date(2026, 4, 19)).as_of == date(2026, 4, 16)
    assert kev_in_force(world.insurer, date(2026, 3, 12)).as_of == date(2025, 8, 25)
    assert kev_of(world.insurer, date(2025, 8, 25)).as_of == date(2025, 8, 25)
    with pytest.raises(InputError):
        kev_of(world.insurer, date(2026, 1, 1))


def test_a_faulty_table_is_refused(world: World) -> None:  # noqa: F811
    with pytest.raises(InputError):
        keep_feed_table(b"a,b\n1,2\n", name="k.csv", kind="kev",
                        actor=world.actor("underwriter"))
    assert not FeedTable.objects.within(world.insurer).exists()


def test_the_pages_show_and_others_do_not_see_them(
    product: ProductVersion, world: World  # noqa: F811
) -> None:
    own: Any = world.sign_in(Client(), "underwriter")
    address = reverse("catalogue:product", args=[product.pk])
    assert own.get(reverse("catalogue:products")).status_code == 200
    assert own.get(address).status_code == 200
    assert own.get(f"/api/v1/products/{product.pk}").json()["document"]["product_id"] == PRODUCT
    foreign = world.sign_in(Client(), "underwriter", world.other_insurer)
    assert foreign.get(address).status_code == 404
    assert foreign.get(f"/api/v1/products/{product.pk}").status_code == 404
    assert world.sign_in(Client(), "insured_admin").get(address).status_code == 200
    stranger = world.sign_in(Client(), "insured_admin", world.stranger)
    assert stranger.get(address).status_code == 404
