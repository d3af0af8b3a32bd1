"""What every platform test shares: tenants, people in roles, and a way to empty guarded tables."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import pytest
from django.db import connection
from django.test import Client, TransactionTestCase

from dinghai_platform.core.actors import Actor, actor_of_membership
from dinghai_platform.core.models import Membership, Organisation, User

PASSWORD = "a-sea-that-is-calm-2026"


@contextlib.contextmanager
def guards_lifted() -> Iterator[None]:
    """Let tables be emptied (and tampered with) as only the owner of a database can."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = replica")
            yield
            cursor.execute("SET session_replication_role = DEFAULT")
            return
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = cursor.fetchall()
        for name, _sql in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        try:
            yield
        finally:
            for _name, sql in triggers:
                cursor.execute(sql)


_teardown = TransactionTestCase._fixture_teardown


def _teardown_unguarded(self: Any) -> None:
    with guards_lifted():
        _teardown(self)


@pytest.fixture(autouse=True, scope="session")
def _guarded_tables_can_be_emptied() -> Iterator[None]:
    with mock.patch.object(TransactionTestCase, "_fixture_teardown", _teardown_unguarded):
        yield


@pytest.fixture
def lifted_guards() -> Any:
    """The context manager that lifts the database's triggers, for tests that tamper."""
    return guards_lifted


def make_organisation(kind: str, name: str, **fields: Any) -> Organisation:
    """An organisation without any ceremony."""
    return Organisation.objects.create(kind=kind, name_zh=name, **fields)


@pytest.fixture
def platform(db: None) -> Organisation:
    """The operator of the site."""
    return make_organisation("platform", "定海平台")


@pytest.fixture
def insurer(db: None) -> Organisation:
    """The tenant of most tests."""
    return make_organisation("insurer", "沧澜财产保险", name_en="Canglan P&C")


@pytest.fixture
def other_insurer(db: None) -> Organisation:
    """A tenant that must see nothing of the first."""
    return make_organisation("insurer", "远岸财产保险", name_en="Yuan'an P&C")


@pytest.fixture
def insured(db: None) -> Organisation:
    """An enterprise that is no tenant."""
    return make_organisation("insured", "东海家电", name_en="Donghai Home Appliances")


def make_member(organisation: Organisation, role: str) -> Membership:
    """A new person in a role."""
    number = User.objects.count() + 1
    user = User.objects.create(
        username=f"{role}-{number}", email=f"{role}-{number}@example.test", full_name=f"P{number}"
    )
    user.set_password(PASSWORD)
    user.save()
    return Membership.objects.create(user=user, organisation=organisation, role=role)


@pytest.fixture
def act_as(db: None) -> Callable[[str, Organisation], Actor]:
    """``act_as("underwriter", insurer)``: a new person's actor."""
    return lambda role, organisation: actor_of_membership(make_member(organisation, role))


@pytest.fixture
def sign_in(db: None) -> Callable[[str, Organisation], Client]:
    """``sign_in("underwriter", insurer)``: a new person's browser; `client.member` is they."""

    def signed_in(role: str, organisation: Organisation) -> Client:
        member = make_member(organisation, role)
        client = Client()
        client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
        client.member = member
        return client

    return signed_in
