"""Certificates by the thousand into the database, past the ORM: one prepared statement or COPY."""

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
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        marks = ", ".join(["%s"] * len(columns))
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)


def key_of(row: TenantRow) -> Any:
    """A row's key as the database holds it in a column of raw SQL."""
    return row.pk if connection.vendor == "postgresql" else row.pk.hex
