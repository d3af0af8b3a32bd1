"""The register in partitions: the same rows, guards and row security, before and after."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection, transaction

from dinghai_platform.residents.models import Certificate
from dinghai_platform.residents.partitioning import TABLE, partition_certificates
from dinghai_platform.residents.queries import figures, search
from tests.platform.residents.conftest import listed, row

pytestmark = pytest.mark.django_db


def asked(sql: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def refused(sql: str) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.postgres
def test_rows_and_guards_stay_and_new_rows_go_on(enrol, underwriter):
    enrol(listed([row(number) for number in range(5)]))
    before = [one.pk for one in search(underwriter, "")]
    numbers = max(before) + 2  # the next list meets an edge in its middle
    names = partition_certificates(numbers=numbers, ahead=2)
    assert [name.removeprefix(TABLE) for name in names] == [
        "_first", f"_from_{numbers}", f"_from_{2 * numbers}"]
    enrol(listed([row(number) for number in range(5, 9)]), name="second.csv")
    assert [one.pk for one in search(underwriter, "")][:5] == before
    assert len(search(underwriter, "")) == 9 == figures(underwriter)[0].certificates
    assert [count for count, in asked(
        f"SELECT count(*) FROM {TABLE} GROUP BY tableoid ORDER BY min(id)")] == [6, 3]
    for table in (TABLE, names[0], names[1]):
        refused(f"UPDATE {table} SET masked_name = '王**'")
        refused(f"DELETE FROM {table}")


@pytest.mark.postgres
def test_row_security_and_what_refers_to_it_stay(enrol):
    def around() -> list[tuple]:
        return asked("SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE confrelid ="
                     f" '{TABLE}'::regclass AND conparentid = 0 AND contype = 'f' ORDER BY 1, 2")

    enrol(listed([row(1)]))
    before = around()
    partition_certificates(numbers=100, ahead=1)
    assert around() == before
    assert asked(f"SELECT relrowsecurity FROM pg_class WHERE oid = '{TABLE}'::regclass") == [
        (True,)]
    assert [name for name, in asked(
        f"SELECT polname FROM pg_policy WHERE polrelid = '{TABLE}'::regclass")] == [
        f"{TABLE}_tenant"]
    assert all(shown for shown, in asked(
        "SELECT relrowsecurity FROM pg_class WHERE oid IN (SELECT inhrelid FROM pg_inherits"
        f" WHERE inhparent = '{TABLE}'::regclass)"))


@pytest.mark.postgres
def test_asked_again_it_adds_what_is_missing(enrol, capsys):
    enrol(listed([row(1)]))
    call_command("partition_residents", numbers=10, ahead=2)
    first = capsys.readouterr().out.split()
    assert partition_certificates(numbers=10, ahead=2) == first
    assert len(partition_certificates(numbers=10, ahead=3)) == len(first) + 1
    assert Certificate.objects.unscoped("a test").count() == 1


@pytest.mark.postgres
@pytest.mark.parametrize("size", [{"numbers": 0}, {"ahead": 0}])
def test_sizes_that_are_none(size):
    with pytest.raises(CommandError, match="one"):
        call_command("partition_residents", **size)


def test_other_databases_refuse(settings):
    if connection.vendor == "postgresql":
        assert partition_certificates(numbers=10, ahead=1)
        return
    with pytest.raises(CommandError, match="only PostgreSQL"):
        call_command("partition_residents")
