"""Certificates in partitions of equal numbers, on PostgreSQL: a step an operator takes once.

Numbers rise, so that only the last partition is written to: the others rest, are backed up once,
move to cheaper storage, and are detached when their time is over. The table keeps its name, keys,
guards and row security; neither the rooms nor Django's migrations see a difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection, transaction

from dinghai.foundation.errors import Refusal
from dinghai_platform.core.tenancy import crossing_tenants
from dinghai_platform.residents.models import Certificate, CertificateCounter

TABLE: Final = Certificate._meta.db_table
NUMBERS: Final = 50_000_000
"""Certificates of a partition: about 20 GiB with its indexes."""


@dataclass(frozen=True, slots=True)
class _Definition:
    """What stands around the table, in PostgreSQL's own words, by name."""

    keys: Sequence[tuple[str, str]]
    indexes: Sequence[tuple[str, str]]
    triggers: Sequence[tuple[str, str]]
    policies: Sequence[tuple[str, str]]
    references: Sequence[tuple[str, str, str]]


@transaction.atomic
def partition_certificates(*, numbers: int = NUMBERS, ahead: int = 4) -> list[str]:
    """Make the register partitioned unless it is, and partitions so far ahead of the next number.

    The certificates of before become the first partition: they are read once, to prove that they
    belong there. Meanwhile nobody else reads or writes the register. Answers all partitions.
    Raises Refusal on other databases and for sizes that are none.
    """
    if connection.vendor != "postgresql":
        raise Refusal("only PostgreSQL keeps a table in partitions")
    if numbers < 1 or ahead < 1:
        raise Refusal("a partition has one number at least, and one stands ready")
    with crossing_tenants("a table is of all tenants"), connection.cursor() as cursor:
        CertificateCounter.objects.get_or_create(pk=1)
        following = CertificateCounter.objects.select_for_update().get(pk=1).next_number
        # A table with checks still to come is not altered.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(f"LOCK TABLE {TABLE} IN ACCESS EXCLUSIVE MODE")
        if not _is_partitioned(cursor):
            _begin(cursor, _edge(following, numbers))
        end = _end(cursor)
        wanted = _edge(following, numbers) + ahead * numbers
        while end < wanted:
            cursor.execute(f"CREATE TABLE {TABLE}_from_{end} PARTITION OF {TABLE}"
                           f" FOR VALUES FROM ({end}) TO ({end + numbers})")
            # Read through the register alone, which has the policy; by itself it shows nothing.
            cursor.execute(f"ALTER TABLE {TABLE}_from_{end} ENABLE ROW LEVEL SECURITY")
            end += numbers
        return _partitions(cursor)


def _edge(following: int, numbers: int) -> int:
    """The first multiple of a partition's size above every number that was given."""
    return -(-following // numbers) * numbers


def _begin(cursor: Any, edge: int) -> None:
    """The table of before becomes the first partition of a new one of its name."""
    found, first = _definition(cursor), f"{TABLE}_first"
    for table, name, _ in found.references:
        cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    for name, _ in found.triggers:
        cursor.execute(f'DROP TRIGGER "{name}" ON {TABLE}')
    cursor.execute(f"ALTER TABLE {TABLE} RENAME TO {first}")
    for name, _ in found.keys:
        cursor.execute(f'ALTER TABLE {first} RENAME CONSTRAINT "{name}" TO "{name}_first"')
    for name, _ in found.indexes:
        cursor.execute(f'ALTER INDEX "{name}" RENAME TO "{name}_first"')
    cursor.execute(f"CREATE TABLE {TABLE} (LIKE {first} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
                   " PARTITION BY RANGE (id)")
    for name, words in found.keys:
        cursor.execute(f'ALTER TABLE {TABLE} ADD CONSTRAINT "{name}" {words}')
    for _, words in found.indexes:
        cursor.execute(words)
    cursor.execute(f"ALTER TABLE {TABLE} ATTACH PARTITION {first}"
                   f" FOR VALUES FROM (MINVALUE) TO ({edge})")
    for _, words in found.triggers:
        cursor.execute(words)
    cursor.execute(f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY")
    for name, words in found.policies:
        cursor.execute(f'CREATE POLICY "{name}" ON {TABLE} USING ({words})')
    for table, name, words in found.references:
        cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {words}')


def _definition(cursor: Any) -> _Definition:
    def rows(sql: str) -> Any:
        cursor.execute(sql)
        return cursor.fetchall()

    here = f"'{TABLE}'::regclass"
    return _Definition(
        keys=rows("SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
                  f" WHERE conrelid = {here} AND contype IN ('p', 'u', 'f')"),
        indexes=rows("SELECT c.relname, pg_get_indexdef(c.oid) FROM pg_index i"
                     f" JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = {here} AND NOT"
                     " EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = c.oid"
                     " AND k.conrelid = i.indrelid)"),
        triggers=rows("SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger"
                      f" WHERE tgrelid = {here} AND NOT tgisinternal"),
        policies=rows("SELECT polname, pg_get_expr(polqual, polrelid) FROM pg_policy"
                      f" WHERE polrelid = {here}"),
        references=rows("SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)"
                        f" FROM pg_constraint WHERE confrelid = {here} AND contype = 'f'"))


def _is_partitioned(cursor: Any) -> bool:
    cursor.execute("SELECT relkind = 'p' FROM pg_class WHERE oid = %s::regclass", [TABLE])
    return bool(cursor.fetchone()[0])


def _end(cursor: Any) -> int:
    """The number at which the last partition ends."""
    cursor.execute("SELECT max(substring(pg_get_expr(relpartbound, oid) FROM"
                   r" 'TO \(''?([0-9]+)')::bigint) FROM pg_class"
                   " WHERE oid IN (SELECT inhrelid FROM pg_inherits"
                   " WHERE inhparent = %s::regclass)", [TABLE])
    return int(cursor.fetchone()[0])


def _partitions(cursor: Any) -> list[str]:
    cursor.execute("SELECT inhrelid::regclass::text AS name FROM pg_inherits"
                   " WHERE inhparent = %s::regclass ORDER BY inhrelid", [TABLE])
    return [name for name, in cursor.fetchall()]
