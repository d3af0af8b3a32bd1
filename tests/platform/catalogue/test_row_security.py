"""The catalogue under PostgreSQL's row-level security, as a role that owns nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from django.urls import reverse

from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.server import grant_use
from dinghai_platform.core.tenancy import scope_of
from dinghai_platform.underwriting.models import Assessment
from tests.platform.catalogue.conftest import Open
from tests.platform.story import World

pytestmark = pytest.mark.postgres
ROLE = "dinghai_catalogue_test"


@pytest.fixture
def bound(
    product: ProductVersion, draft: ProductVersion, assessment: Assessment, world: World,
    authority: Organisation,
) -> Iterator[None]:
    """The database answers as the site's own role does."""
    for role, home in (("insured_admin", world.donghai), ("insured_admin", world.stranger),
                       ("regulator_nfra", authority), ("underwriter", world.other_insurer),
                       ("product_manager", world.insurer)):
        world.actor(role, home)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {ROLE} NOLOGIN NOBYPASSRLS")
    grant_use(ROLE)
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {ROLE}")
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


def test_the_database_itself_says_who_sees_a_product(
    bound: None, product: ProductVersion, draft: ProductVersion, world: World,
    authority: Organisation,
) -> None:
    def seen(role: str, home: Organisation) -> set[object]:
        with scope_of(world.actor(role, home)):
            rows = ProductVersion.objects.unscoped("asking the database itself")
            return set(rows.values_list("pk", flat=True))

    assert seen("product_manager", world.insurer) == {product.pk, draft.pk}
    assert seen("insured_admin", world.donghai) == {product.pk}
    assert seen("regulator_nfra", authority) == {product.pk}
    assert seen("insured_admin", world.stranger) == set()
    assert seen("underwriter", world.other_insurer) == set()


def test_nobody_else_changes_what_it_sees(
    bound: None, product: ProductVersion, world: World
) -> None:
    with scope_of(world.actor("insured_admin")):
        rows = ProductVersion.objects.unscoped("asking the database itself")
        assert rows.filter(pk=product.pk).update(status="withdrawn") == 0


def test_the_pages_answer(
    bound: None, product: ProductVersion, assessment: Assessment, world: World,
    authority: Organisation, browse: Open,
) -> None:
    own = reverse("catalogue:product", args=[product.pk])
    compare = (f"{reverse('catalogue:compare')}?p={product.pk}&p=hospital-pack"
               f"&e={assessment.pk}")
    insured = browse("insured_admin")
    for address in (own, compare, f"{reverse('catalogue:needs')}?e={assessment.pk}"):
        assert insured.get(address).status_code == 200
    regulator = browse("regulator_nfra", authority)
    for address in (own, reverse("catalogue:conformance")):
        assert regulator.get(address).status_code == 200
    assert browse("insured_admin", world.stranger).get(own).status_code == 404
