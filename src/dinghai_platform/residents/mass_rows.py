"""Certificates by the thousand into the database, past the ORM: COPY where PostgreSQL allows it,
one prepared statement elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

from dinghai_platform.core.tenancy import TenantRow


def insert_rows(model: type[TenantRow], columns: Sequence[str], rows: Iterable[Sequence[Any]]
                ) -> None:
    """Insert rows of plain values in their order. Must run inside a transaction."""
    table = model._meta.db_table
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql" and not _is_bound(cursor, table):
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        marks = ", ".join(["%s"] * len(columns))
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)


def _is_bound(cursor: Any, table: str) -> bool:
    """Whether row-level security binds this role to the table: PostgreSQL refuses COPY then."""
    cursor.execute("SELECT row_security_active(%s)", [table])
    return bool(cursor.fetchone()[0])


def key_of(row: TenantRow) -> Any:
    """A row's key as the database holds it in a column of raw SQL."""
    return row.pk if connection.vendor == "postgresql" else row.pk.hex
