"""Tenants: no query without a scope, foreign rows are not there, PostgreSQL backs it."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.db.models import Max
from django.http import Http404

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core import services
from dinghai_platform.core.models import Job, Relation, Share, StoredFile
from dinghai_platform.core.server import grant_use
from dinghai_platform.core.tenancy import (
    UnscopedQuery,
    crossing_tenants,
    lifted,
    scope_of,
    visible_or_404,
)

pytestmark = pytest.mark.django_db


def make_file(tenant, name="a.txt"):
    return StoredFile.objects.create(
        tenant=tenant, sha256="0" * 64, name=name, media_type="text/plain", size=1,
        bytes_in_row=b"a",
    )


def test_it_works(insurer, other_insurer, act_as):
    mine, theirs = make_file(insurer), make_file(other_insurer)
    actor = act_as("underwriter", insurer)
    assert list(StoredFile.objects.visible_to(actor)) == [mine]
    assert list(StoredFile.objects.within(other_insurer)) == [theirs]
    assert StoredFile.objects.unscoped("counting in a test").count() == 2
    assert visible_or_404(StoredFile, actor, pk=mine.pk) == mine


@pytest.mark.parametrize(
    "query",
    [
        lambda rows: list(rows.all()),
        lambda rows: list(rows.filter(name="a.txt")),
        lambda rows: rows.count(),
        lambda rows: rows.exists(),
        lambda rows: rows.first(),
        lambda rows: rows.get(name="a.txt"),
        lambda rows: rows.in_bulk(),
        lambda rows: list(rows.values("name")),
        lambda rows: list(rows.values_list("name", flat=True)),
        lambda rows: list(rows.iterator()),
        lambda rows: rows.aggregate(last=Max("name")),
        lambda rows: rows.update(name="b"),
        lambda rows: rows.delete(),
        lambda rows: rows.get_or_create(name="a.txt"),
        lambda rows: rows.raw("SELECT * FROM core_storedfile"),
        lambda rows: rows.all()[0],
        lambda rows: bool(rows.all()),
        lambda rows: len(rows.all()),
    ],
)
def test_an_unscoped_query_raises(insurer, query):
    make_file(insurer)
    with pytest.raises(UnscopedQuery):
        query(StoredFile.objects)


def test_a_scope_does_not_pass_to_another_query(insurer, other_insurer):
    make_file(insurer)
    scoped = StoredFile.objects.within(insurer)
    with pytest.raises(UnscopedQuery):
        list(scoped | StoredFile.objects.filter(name="a.txt"))
    with pytest.raises(UnscopedQuery):
        list(scoped.union(StoredFile.objects.filter(name="a.txt")))


def test_reasons_are_required(insurer):
    with pytest.raises(ValueError, match="reason"):
        StoredFile.objects.unscoped(" ")
    with pytest.raises(ValueError, match="reason"), lifted(""):
        pass


def test_a_foreign_row_and_no_row_are_the_same_404(insurer, other_insurer, act_as):
    theirs = make_file(other_insurer)
    actor = act_as("underwriter", insurer)
    for pk in (theirs.pk, insurer.pk, "no key at all"):
        with pytest.raises(Http404):
            visible_or_404(StoredFile, actor, pk=pk)


def test_an_insured_sees_what_was_shared_and_nothing_else(insurer, insured, act_as):
    shown, hidden = make_file(insurer, "shown.txt"), make_file(insurer, "hidden.txt")
    underwriter, insured_admin = act_as("underwriter", insurer), act_as("insured_admin", insured)
    assert not StoredFile.objects.visible_to(insured_admin).exists()
    services.share_row(shown, insured, reason="their schedule", actor=underwriter)
    assert list(StoredFile.objects.visible_to(insured_admin)) == [shown]
    services.end_share(shown, insured, actor=underwriter)
    assert not StoredFile.objects.visible_to(insured_admin).exists()
    assert hidden.tenant == insurer


def test_a_row_is_seen_through_its_organisation(insurer, insured, act_as):
    relation = Relation.objects.create(tenant=insurer, organisation=insured)
    assert list(Relation.objects.visible_to(act_as("insured_admin", insured))) == [relation]


def test_only_the_tenant_shares_its_rows(insurer, other_insurer, insured, act_as):
    row = make_file(other_insurer)
    with pytest.raises(Refusal, match="only the tenant"):
        services.share_row(row, insured, reason="mischief", actor=act_as("underwriter", insurer))
    with pytest.raises(PermissionDenied):
        services.share_row(row, insured, reason="mischief", actor=act_as("insured_admin", insured))
    assert not Share.objects.exists()


def test_a_share_needs_its_reason(insurer, insured, act_as):
    with pytest.raises(InputError):
        services.share_row(
            make_file(insurer), insured, reason=" ", actor=act_as("underwriter", insurer)
        )


def test_the_guard_is_in_force_again_inside_a_narrower_scope(insurer, act_as):
    actor = act_as("underwriter", insurer)
    with crossing_tenants("a test of the guard"):
        assert StoredFile.objects.count() == 0
        with scope_of(actor), pytest.raises(UnscopedQuery):
            StoredFile.objects.count()
        assert StoredFile.objects.count() == 0


def test_uniqueness_is_checked_across_tenants_by_forms(insurer, insured):
    Relation.objects.create(tenant=insurer, organisation=insured)
    with pytest.raises(ValidationError):
        Relation(tenant=insurer, organisation=insured).full_clean()


# --- PostgreSQL's row-level security, as a role that neither owns the tables nor bypasses it ---


@pytest.fixture
def site_role(db):
    """The present connection as the site's own role."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE dinghai_site_test NOLOGIN NOBYPASSRLS")
    grant_use("dinghai_site_test")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE dinghai_site_test")
    yield "dinghai_site_test"
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


@pytest.fixture
def two_rows(insurer, other_insurer, act_as):
    """A file of each tenant, and an actor of the first."""
    return make_file(insurer), make_file(other_insurer), act_as("underwriter", insurer)


@pytest.mark.postgres
def test_without_a_scope_the_database_shows_nothing(two_rows, site_role):
    assert StoredFile.objects.unscoped("asking the database itself").count() == 0


@pytest.mark.postgres
def test_the_database_shows_a_tenant_its_own_rows(two_rows, site_role):
    mine, theirs, actor = two_rows
    with scope_of(actor):
        rows = list(StoredFile.objects.unscoped("asking the database itself"))
        changed = (
            StoredFile.objects.unscoped("asking the database itself")
            .filter(pk=theirs.pk)
            .update(name="stolen")
        )
    assert rows == [mine]
    assert changed == 0
    with crossing_tenants("asking the database itself"):
        assert StoredFile.objects.count() == 2


@pytest.mark.postgres
def test_the_database_refuses_a_row_for_another_tenant(two_rows, site_role, other_insurer):
    from django.db import ProgrammingError

    with (
        scope_of(two_rows[2]),
        pytest.raises(ProgrammingError, match="row-level security"),
        transaction.atomic(),
    ):
        make_file(other_insurer, "smuggled.txt")


@pytest.mark.postgres
def test_the_database_shows_what_was_shared(two_rows, insured, act_as, site_role):
    mine = two_rows[0]
    Share.objects.create(
        tenant=mine.tenant, organisation=insured, subject_type="core.storedfile",
        subject_id=mine.pk, reason="a test",
    )
    with scope_of(act_as("insured_admin", insured)):
        assert list(StoredFile.objects.unscoped("asking the database itself")) == [mine]


@pytest.mark.postgres
def test_every_tenants_table_is_under_row_level_security():
    from django.apps import apps

    from dinghai_platform.core.tenancy import TenantRow

    tables = {model._meta.db_table for model in apps.get_models() if issubclass(model, TenantRow)}
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relrowsecurity")
        guarded = {name for (name,) in cursor.fetchall()}
    assert tables - guarded == set()


def test_keys_sort_by_making(insurer):
    made = [make_file(insurer, f"{n}.txt").pk for n in range(20)]
    assert made == sorted(made)
    assert {key.version for key in made} == {7}
    assert Job._meta.pk.default().version == 7
